"""A run's folder, brought from where runs are kept and put back while a step works in it.

The machine works on a local folder, because a journal wants a disk; where runs are kept (s3:// or a
folder) hears of it every few seconds and at the end. Must not know what the step does.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from runners.stopping import StoppedError

EVERY = 20.0
"""Seconds between two looks for what has changed."""


class Kept(Protocol):
    def fetch(self, folder: Path) -> None:
        """Puts what is kept into the folder."""
        ...

    def put(self, file: Path) -> None:
        """Keeps the file under its name."""
        ...


@dataclass(frozen=True, slots=True)
class KeptInFolder:
    home: Path

    def fetch(self, folder: Path) -> None:
        if self.home.is_dir():
            shutil.copytree(self.home, folder, dirs_exist_ok=True)

    def put(self, file: Path) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        part = self.home / f".{file.name}.part"
        shutil.copy2(file, part)
        part.replace(self.home / file.name)


@dataclass(frozen=True, slots=True)
class KeptOnS3:
    bucket: str
    prefix: str
    client: Any

    def fetch(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix):
            for one in page.get("Contents", []):
                name = one["Key"].removeprefix(self.prefix)
                if "/" not in name:
                    self.client.download_file(self.bucket, one["Key"], str(folder / name))

    def put(self, file: Path) -> None:
        self.client.upload_file(str(file), self.bucket, f"{self.prefix}{file.name}")


@dataclass(slots=True)
class Mirror:
    """`folder` is the run's own; `seen` holds what was put, by size and time."""

    folder: Path
    kept: Kept
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)

    def put_changed(self) -> None:
        for file in sorted(self.folder.iterdir()):
            told = file.stat()
            now = (told.st_size, told.st_mtime_ns)
            if file.is_file() and self.seen.get(file.name) != now:
                self.kept.put(file)
                self.seen[file.name] = now


def kept(address: str, run_id: str) -> Kept:
    """Where the run is kept, below s3://bucket/prefix or a folder."""
    if not address.startswith("s3://"):
        return KeptInFolder(Path(address) / run_id)
    import boto3

    told = urlsplit(address)
    prefix = "/".join(part for part in (told.path.strip("/"), run_id) if part)
    return KeptOnS3(told.netloc, f"{prefix}/", boto3.client("s3"))


def run(mirror: Mirror, command: Sequence[str], every: float = EVERY) -> int:
    """The exit code of the command, while which and after which the folder is put.

    A request to stop is handed on, and what the command then still writes is put, too.
    """
    mirror.kept.fetch(mirror.folder)
    with subprocess.Popen(command) as step:
        try:
            return _watched(mirror, step, every)
        except StoppedError:
            step.terminate()
            step.wait()
            raise
        finally:
            mirror.put_changed()


def _watched(mirror: Mirror, step: "subprocess.Popen[bytes]", every: float) -> int:
    while True:
        mirror.put_changed()
        try:
            return step.wait(timeout=every)
        except subprocess.TimeoutExpired:
            continue


def step(word: str, request: Path) -> list[str]:
    """The command of a step of ours."""
    return [sys.executable, "-m", "runners", word, "--request", str(request)]

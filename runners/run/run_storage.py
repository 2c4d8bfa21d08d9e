"""Copies a run's folder to where runs are kept (s3:// or a folder) while a step works in it.

A step works on a local folder, because a journal needs a disk; what changes is copied every few
seconds and at the end. The release's other runs are fetched first, because a run may go on from one
of them; and what runs of other releases left. Must not know what the step does.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, Protocol
from urllib.parse import urlsplit

from runners.records.baseline import LEFT
from runners.run.stopping import CANCEL, StoppedError

EVERY = 20.0
"""Seconds between two looks for what has changed."""

TERMINATED = 143
"""The exit code of what SIGTERM ended, as a shell says it."""

PATIENCE, UNWINDING = 2.5, 1.0
"""Seconds that a batch has to end in, and those to undo it: `stopping.GRACE` is five in all."""

RELEASE = len("2026-02-01")
"""The beginning of a run's name that it shares with the other runs of its release."""

LAUNCH = "launch"
"""The step that stands for all steps of a run."""


class RunStorage(Protocol):
    """Where runs are kept: one folder per run."""

    def fetch(self, runs: Path, beginning: str) -> None:
        """Puts the runs whose names begin so into the folder `runs`, one folder each; of the others
        what they left of their releases.
        """
        ...

    def put(self, file: Path) -> None:
        """Keeps the file under the name of its run's folder and its own name."""
        ...


@dataclass(frozen=True, slots=True)
class FolderRunStorage:
    """Runs kept in the local folder `home`."""

    home: Path

    def fetch(self, runs: Path, beginning: str) -> None:
        for folder in self.home.glob(f"{beginning}*"):
            shutil.copytree(folder, runs / folder.name, dirs_exist_ok=True)
        for file in self.home.glob(f"*/{LEFT}"):
            copy = runs / file.parent.name / LEFT
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)

    def put(self, file: Path) -> None:
        folder = self.home / file.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{file.name}.part"
        shutil.copy2(file, part)
        part.replace(folder / file.name)


@dataclass(frozen=True, slots=True)
class S3RunStorage:
    """Runs kept in a bucket of S3. `prefix` is empty or ends in a slash."""

    bucket: str
    prefix: str
    client: Any

    def fetch(self, runs: Path, beginning: str) -> None:
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix):
            for entry in page.get("Contents", []):
                name = entry["Key"].removeprefix(self.prefix)
                if name.startswith(beginning) or name.endswith(f"/{LEFT}"):
                    path = runs / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    self.client.download_file(self.bucket, entry["Key"], str(path))

    def put(self, file: Path) -> None:
        key = f"{self.prefix}{file.parent.name}/{file.name}"
        self.client.upload_file(str(file), self.bucket, key)


@dataclass(slots=True)
class Mirror:
    """The run's own `folder` and where it is kept. `seen` has size and time of each copied file."""

    folder: Path
    kept: RunStorage
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    patience: float = PATIENCE

    def put_changed(self) -> None:
        """Copies the files that have changed since the last time.

        Not those that are being written, nor the file `cancel`, which is for this machine alone.
        """
        for file in sorted(self.folder.iterdir()):
            if file.is_file() and file.suffix != ".partial" and file.name != CANCEL:
                status = file.stat()
                now = (status.st_size, status.st_mtime_ns)
                if self.seen.get(file.name) != now:
                    self.kept.put(file)
                    self.seen[file.name] = now


def run_storage_at(address: str) -> RunStorage:
    """Where runs are kept, by its address: s3://bucket/prefix or a folder."""
    if not address.startswith("s3://"):
        return FolderRunStorage(Path(address))
    import boto3

    url = urlsplit(address)
    prefix = url.path.strip("/")
    return S3RunStorage(url.netloc, f"{prefix}/" if prefix else "", boto3.client("s3"))


def run(mirror: Mirror, command: Sequence[str], every: float = EVERY, seconds: float = inf) -> int:
    """Runs the command and returns its exit code; copies the folder meanwhile and at the end.

    After so many `seconds` it asks the command to end early, and waits for that. On a signal it
    asks, too, and copies what the command then writes; one that doesn't end in time is stopped.
    """
    mirror.kept.fetch(mirror.folder.parent, mirror.folder.name[:RELEASE])
    with subprocess.Popen(command, start_new_session=True) as step:
        try:
            return _watch_until_exit(mirror, step, every, monotonic() + seconds)
        except StoppedError:
            return _end_early(mirror, step)
        finally:
            mirror.put_changed()


def _end_early(mirror: Mirror, step: "subprocess.Popen[bytes]") -> int:
    """Asks the step to end by the file `cancel`, which it looks for after each batch."""
    (mirror.folder / CANCEL).touch()
    try:
        return step.wait(timeout=mirror.patience)
    except subprocess.TimeoutExpired:
        step.terminate()
        with suppress(subprocess.TimeoutExpired):
            step.wait(timeout=UNWINDING)
        raise StoppedError(TERMINATED) from None


def _watch_until_exit(
    mirror: Mirror, step: "subprocess.Popen[bytes]", every: float, deadline: float
) -> int:
    while True:
        mirror.put_changed()
        if monotonic() > deadline:
            (mirror.folder / CANCEL).touch()
        try:
            return step.wait(timeout=every)
        except subprocess.TimeoutExpired:
            continue


def step(word: str, request: Path) -> list[str]:
    """The command of a step of `runners`; of all steps, with the manifests beside the request, if
    `word` is LAUNCH.
    """
    command = [sys.executable, "-m", "runners", word, "--request", str(request)]
    return [*command, "--repository", str(request.parent)] if word == LAUNCH else command

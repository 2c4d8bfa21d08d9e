"""Copies a run's folder to where runs are kept (s3:// or a folder) while a step works in it.

A step works on a local folder, because a journal needs a disk; what changes is copied every few
seconds and at the end. The release's other runs are fetched first, because a run may go on from one
of them; and what runs of other releases left. What isn't kept is tried again; a step of which
nothing is kept for too long is asked to end. Must not know what the step does.
"""

import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from signal import SIGTERM
from threading import Timer
from time import monotonic
from typing import Any, Protocol

from runners import progress
from runners.contract.launch_toml import bucket_and_prefix
from runners.records.baseline import LEFT
from runners.retries import OutageError, retry_outages
from runners.run.journal import JOURNAL
from runners.run.stopping import CANCEL, StoppedError, before_unwinding

EVERY = 20.0
"""Seconds between two looks for what has changed."""

TIMEOUTS = {
    "connect_timeout": 10,
    "read_timeout": 30,
    "retries": {"mode": "standard", "total_max_attempts": 2},
}
"""Of botocore, whose own would let one file wait for five minutes; we come back to it anyway."""

TERMINATED = 143
"""The exit code of what SIGTERM ended, as a shell says it."""

PATIENCE, UNWINDING = 2.5, 1.0
"""Seconds that a batch has to end in, and those to undo it: `stopping.GRACE` is five in all."""

UNKEPT = 600.0
"""Seconds that a step goes on for while what it writes can't be kept."""

RELEASE = len("2026-02-01")
"""The beginning of a run's name that it shares with the other runs of its release."""


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
        for folder in self.home.glob(f"{beginning}*/"):
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
                if name.endswith("/"):  # stands for a folder, as consoles make it
                    continue
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
    failing_since: float | None = None

    def put_changed(self) -> str | None:
        """Copies the files that have changed since the last time; says which couldn't be, and why.

        Not those that are being written, nor the file `cancel`, which is for this machine alone.
        """
        failures = {}
        for file in sorted(self.folder.iterdir()):
            if file.is_file() and file.suffix != ".partial" and file.name != CANCEL:
                try:
                    self._put(file)
                except Exception as error:  # of the storage's client, the network, a disk
                    failures[file.name] = " ".join(str(error).split()).rstrip(".")
        if not failures:
            self.failing_since = None
            return None
        self.failing_since = self.failing_since or monotonic()
        reason = next(iter(failures.values()))
        return f"run {self.folder.name}: {', '.join(failures)} can't be kept ({reason})"

    def _put(self, file: Path) -> None:
        status = file.stat()
        now = (status.st_size, status.st_mtime_ns)
        if self.seen.get(file.name) != now:
            self.kept.put(file)
            self.seen[file.name] = now


def run_storage_at(address: str) -> RunStorage:
    """Where runs are kept, by its address: s3://bucket/prefix or a folder."""
    place = bucket_and_prefix(address)
    if place is None:
        return FolderRunStorage(Path(address))
    import boto3
    from botocore.config import Config

    bucket, prefix = place
    client = boto3.client("s3", config=Config(**TIMEOUTS))
    return S3RunStorage(bucket, f"{prefix}/" if prefix else "", client)


def run(
    mirror: Mirror,
    command: Sequence[str],
    every: float = EVERY,
    seconds: float = inf,
    unkept: float = UNKEPT,
) -> int:
    """Runs the command and returns its exit code; copies the folder meanwhile and at the end.

    After so many `seconds` it asks the command to end early, and waits for that; also when what it
    writes couldn't be kept for `unkept` seconds. On a signal it asks, too, and copies what the
    command then writes; one that doesn't end in time is stopped.

    Raises:
        OutageError: the runs couldn't be fetched, and nothing was begun; or what the command wrote
            couldn't be kept, for so long, and lies in the folder alone.
    """
    retry_outages(lambda: _fetch(mirror), seconds=unkept)
    with (
        subprocess.Popen(command, start_new_session=True) as step,
        before_unwinding(lambda: _ask_to_end(mirror, step)),
    ):
        try:
            code = _watch_until_exit(mirror, step, every, monotonic() + seconds, unkept)
        except StoppedError:
            try:
                return _end_early(mirror, step)
            finally:
                if failure := mirror.put_changed():
                    progress.say(f"{failure}; they lie in {mirror.folder} alone.")
    retry_outages(lambda: _keep_all(mirror), seconds=unkept)
    return code


def _fetch(mirror: Mirror) -> None:
    """Fetches what is kept; of the run's own journal, if that goes on from it, this machine's."""
    name, journal = mirror.folder.name, mirror.folder / JOURNAL
    own = journal.read_bytes() if journal.exists() else b""
    try:
        mirror.kept.fetch(mirror.folder.parent, name[:RELEASE])
    except Exception as error:  # of the storage's client, the network, a disk
        reason = " ".join(str(error).split()).rstrip(".")
        raise OutageError(f"run {name}: what was kept can't be fetched ({reason}).") from error
    finally:
        if own and own.startswith(journal.read_bytes()):
            journal.write_bytes(own)


def _keep_all(mirror: Mirror) -> None:
    if failure := mirror.put_changed():
        raise OutageError(f"{failure}; they lie in {mirror.folder} alone.")


def _ask_to_end(mirror: Mirror, step: "subprocess.Popen[bytes]") -> None:
    """Asks the step to end by the file `cancel`, which it looks for after each batch, and has it
    stopped in time: an upload that hangs may keep us from that.
    """
    timer = Timer(mirror.patience, step.terminate)
    timer.daemon = True
    timer.start()
    (mirror.folder / CANCEL).touch()  # last: a full disk refuses it


def _end_early(mirror: Mirror, step: "subprocess.Popen[bytes]") -> int:
    """The exit code of the step that was asked to end, and did.

    Raises:
        StoppedError: it had to be stopped.
    """
    with suppress(subprocess.TimeoutExpired):
        code = step.wait(timeout=mirror.patience + UNWINDING)
        if code not in (TERMINATED, -SIGTERM):
            return code
    raise StoppedError(TERMINATED)


def _watch_until_exit(
    mirror: Mirror,
    step: "subprocess.Popen[bytes]",
    every: float,
    deadline: float,
    unkept: float,
) -> int:
    is_told = False
    while True:
        failure, since = mirror.put_changed(), mirror.failing_since
        is_over = since is not None and monotonic() > since + unkept
        if failure and not is_told:
            progress.say(f"{failure}; trying again.")
        if is_over and not (mirror.folder / CANCEL).exists():
            progress.say(f"{failure} for too long; the step is asked to end after its batch.")
        is_told = failure is not None
        if is_over or monotonic() > deadline:
            (mirror.folder / CANCEL).touch()
        try:
            return step.wait(timeout=every)
        except subprocess.TimeoutExpired:
            continue

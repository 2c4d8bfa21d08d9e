"""A machine is lost at any moment, with its folder and what its mirror hadn't kept yet: another one
goes on, or the run is taken back, and no row tells of it.

`LOST_MACHINES` seeds (six). Rows are compared as in `crashes` and `test_rollback`.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Any

import boto3
import dumps
import instances
import people
import postgres
import pytest
import refusing_s3
from crashes import LINES
from instances import Done, Place
from refusing_s3 import Refusing
from release_rows import own_rows
from remote import Remote, plain_rows
from test_rollback import rows

from runners.contract import RunRequest
from runners.run.journal import JOURNAL, added_records, read_journal
from runners.run.run_storage import S3RunStorage
from runners.sample.datasets import NEWER

pytestmark = pytest.mark.prove

SEEDS = range(int(os.environ.get("LOST_MACHINES") or 6))
BUCKET = "runs"
BATCH = 3
SCRIPT = str(Path(__file__).parents[1] / "mirrored.py")
KEYS = {
    "aws_access_key_id": "tests",
    "aws_secret_access_key": "tests",
    "region_name": "us-east-1",
}


@dataclass(frozen=True)
class S3:
    """Where runs are kept."""

    endpoint: str
    refusing: Refusing
    client: Any


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with refusing_s3.served() as (endpoint, refusing):
        client = boto3.client("s3", endpoint_url=endpoint, **KEYS)
        client.create_bucket(Bucket=BUCKET)
        yield S3(endpoint, refusing, client)


@dataclass(frozen=True)
class Machine:
    """A folder that a mirrored run works in, on an instance that lies elsewhere."""

    root: Path
    place: Place
    kept: str
    endpoint: str

    @property
    def folder(self) -> Path:
        return self.root / "runs" / "run"

    def start(self, every: float) -> "subprocess.Popen[str]":
        """A mirrored ingest, in a group of processes of its own."""
        request = self.place.request("run", NEWER.version)
        self.folder.mkdir(parents=True)
        shutil.copy(request, self.folder)
        for manifest in self.place.repository.glob("*.toml"):
            shutil.copy(manifest, self.root)
        words = ["runs/run", self.kept, str(every), str(BATCH)]
        return subprocess.Popen(
            [sys.executable, SCRIPT, *words],
            cwd=self.root,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    @property
    def environment(self) -> dict[str, str]:
        keys = {name.upper(): value for name, value in KEYS.items() if name != "region_name"}
        return {
            **self.place.environment,
            **keys,
            "AWS_DEFAULT_REGION": KEYS["region_name"],
            "AWS_ENDPOINT_URL": self.endpoint,
            "MACHINE_OF_TEST": str(self.root),
            "no_proxy": "127.0.0.1",
        }

    def lose(self, process: "subprocess.Popen[str]") -> None:
        """Ends all that works on it, at once, and takes its folder away."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes().split(b"\0")
            except OSError:  # it ended, or it is somebody else's
                continue
            if f"MACHINE_OF_TEST={self.root}".encode() in environment:
                try:
                    os.kill(int(folder.name), SIGKILL)
                except ProcessLookupError:
                    continue
        process.communicate()
        shutil.rmtree(self.root)


def work_until_lost(machine: Machine, chance: random.Random) -> None:
    """Ingests on the machine, which is lost at a random moment on the way, or after the end."""
    lines, wait = chance.randrange(LINES), chance.random() * 0.1
    process = machine.start(every=chance.choice([0.2, 1, 20]))
    journal = machine.folder / JOURNAL
    while process.poll() is None:
        if journal.exists() and journal.read_bytes().count(b"\n") >= lines:
            time.sleep(wait)
            break
        time.sleep(0.005)
    machine.lose(process)


@dataclass(frozen=True)
class Lost:
    """A place whose run has lost its machine, and where the run was kept."""

    place: Place
    kept: S3RunStorage
    second: Machine
    goes_on: bool


def lost(place: Place, s3: S3, folder: Path, seed: int) -> Lost:
    """Ingests until the machine is lost, while S3 refuses a share of what is to be kept there."""
    chance, name = random.Random(seed), f"{folder.name}-{seed}"
    kept = f"s3://{BUCKET}/{name}"
    s3.refusing.shares[name] = chance.choice([0, 0.3, 0.9, 1])
    work_until_lost(Machine(folder / "first", place, kept, s3.endpoint), chance)
    s3.refusing.shares[name] = 0
    second = Machine(folder / "second", place, kept, s3.endpoint)
    return Lost(place, S3RunStorage(BUCKET, f"{name}/", s3.client), second, bool(seed % 2))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_row_tells_of_a_machine_that_was_lost(
    older: Place, newer: Place, s3: S3, tmp_path: Path, seed: int
) -> None:
    place = instances.copy(older, tmp_path / "place")
    before = rows(place)
    found = lost(place, s3, tmp_path, seed)
    if found.goes_on:
        goes_on_elsewhere(found.second, newer)
        expected = dumps.natural(newer.database, storage=newer.storage)
        assert (
            dumps.differences(dumps.natural(place.database, storage=place.storage), expected) == []
        )
    else:
        is_taken_back(found)
        assert rows(place) == before


@postgres.needs_another_user
@pytest.mark.parametrize("seed", SEEDS[: max(len(SEEDS) // 4, 2)])
def test_nor_on_postgresql(
    remote: Remote, fresh: Place, newer: Place, s3: S3, tmp_path: Path, seed: int
) -> None:
    before = people.rows(remote.address)
    found = lost(remote.place, s3, tmp_path, seed)
    if found.goes_on:
        goes_on_elsewhere(found.second, newer)
        assert remote.own_rows() == plain_rows(own_rows(fresh, NEWER.version))
    else:
        is_taken_back(found)
        assert people.rows(remote.address) == before


def goes_on_elsewhere(machine: Machine, newer: Place) -> None:
    """Another machine ends the run; its journal tells what one tells that wasn't lost."""
    process = machine.start(every=1)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    journals = [read_journal(machine.folder / JOURNAL), newer.journal("newer")]
    assert added_records(journals[0]) == added_records(journals[1])
    outcomes = [
        {key: line["outcome"] for key, line in journal.datasets("written").items()}
        for journal in journals
    ]
    assert outcomes[0] == outcomes[1]


def is_taken_back(lost: Lost) -> None:
    place = lost.place
    request = place.root / "runs" / "run" / "request.json"
    own = RunRequest.from_file(request)
    shutil.rmtree(request.parent)
    lost.kept.fetch(place.root / "runs", "run")
    request.parent.mkdir(exist_ok=True)
    request.write_text(own.to_json())
    done = take_back(place)
    if done.returncode == 2:  # nothing was written before the machine was lost
        assert "and neither does the instance" in done.stderr
    else:
        instances.succeed(done)


def take_back(place: Place) -> Done:
    words = ["rollback", "--runs", str(place.root / "runs"), "--run", "run", "--yes"]
    return place.script("-m", "runners", *words)

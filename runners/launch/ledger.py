"""Runs as they are kept on S3 or in a folder: whether they ended, and their machines' audit trail.

The trail is only added to: lines of `machines.jsonl` in a folder, an object each on S3, which can't
be appended to. Must not read what a run did.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

from botocore.exceptions import ClientError

from runners.contract import ENDED, LAUNCHED, TrailLine
from runners.contract.launch_toml import Configuration, bucket_and_prefix
from runners.launch.aws import NO_OBJECT, client, code_of, with_clear_errors
from runners.launch.ports import Ledger

REPORT = "report.json"
TRAIL = "machines.jsonl"
_LIVES = {LAUNCHED, *ENDED}
_LINE = re.compile(r".*/machines/[^/_]+_([^/_]+)_[^/]*\.json")


def ledger(configuration: Configuration) -> Ledger:
    """The runs of a configuration, on S3 or in a folder."""
    place = bucket_and_prefix(configuration.runs)
    if place is None:
        return FolderLedger(Path(configuration.runs))
    return S3Ledger(client("s3", configuration.region), *place)


class FolderLedger:
    """The runs in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has_ended(self, run_id: str) -> bool:
        return (self._folder / run_id / REPORT).exists()

    def place(self, run_id: str, name: str, content: bytes) -> None:
        path = self._folder / run_id / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def note(self, line: TrailLine) -> None:
        path = self._folder / line.run / TRAIL
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:  # one write: lines of two processes don't mix
            file.write(_as_bytes(line))

    def trail(self, beginning: str) -> Sequence[TrailLine]:
        paths = sorted(self._folder.glob(f"{beginning}*/{TRAIL}"))
        lines = [
            TrailLine.from_json(line, source=str(path))
            for path in paths
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        ]
        return [line for line in lines if line.act in _LIVES]


class S3Ledger:
    """The runs under a prefix of a bucket; `s3` is boto3's client."""

    def __init__(self, s3: Any, bucket: str, prefix: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def has_ended(self, run_id: str) -> bool:
        with with_clear_errors(f"looking for the report of run {run_id}"):
            try:
                self._s3.head_object(Bucket=self._bucket, Key=self._key(run_id, REPORT))
            except ClientError as error:
                if code_of(error) in NO_OBJECT:
                    return False
                raise
        return True

    def place(self, run_id: str, name: str, content: bytes) -> None:
        with with_clear_errors(f"writing {name} of run {run_id}"):
            self._s3.put_object(Bucket=self._bucket, Key=self._key(run_id, name), Body=content)

    def note(self, line: TrailLine) -> None:
        """Each line has a name of its own, so that one that is there was written by an answer that
        was lost; no line is ever written over
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
        """
        moment = f"{line.at:%Y%m%dT%H%M%S.%f}-{token_hex(4)}"
        key = self._key(line.run, f"machines/{moment}_{line.act}_{line.machine or ''}.json")
        with with_clear_errors(f"adding to the audit trail of run {line.run}"):
            try:
                self._s3.put_object(
                    Bucket=self._bucket, Key=key, Body=_as_bytes(line), IfNoneMatch="*"
                )
            except ClientError as error:
                if code_of(error) != "PreconditionFailed":
                    raise

    def trail(self, beginning: str) -> Sequence[TrailLine]:
        with with_clear_errors(f"reading the audit trails of {beginning}"):
            names = [
                name for name in self._names(f"{self._prefix}{beginning}") if _act(name) in _LIVES
            ]
            bodies = [
                self._s3.get_object(Bucket=self._bucket, Key=name)["Body"].read() for name in names
            ]
        return [
            TrailLine.from_json(
                body.decode("utf-8", "replace"), source=f"s3://{self._bucket}/{name}"
            )
            for name, body in zip(names, bodies, strict=True)
        ]

    def _names(self, prefix: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def _key(self, run_id: str, name: str) -> str:
        return f"{self._prefix}{run_id}/{name}"


def _act(name: str) -> str:
    """What a line of the trail is about, by its object's name; empty for other objects."""
    found = _LINE.fullmatch(name)
    return found[1] if found else ""


def _as_bytes(line: TrailLine) -> bytes:
    return line.to_line().encode() + b"\n"

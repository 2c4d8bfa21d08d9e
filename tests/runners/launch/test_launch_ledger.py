"""The audit trail and the files of runs, in a folder and on S3 alike: only added to."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from runners.contract import ENDED, LAUNCHED, ContractError, TrailLine
from runners.launch.ledger import FolderLedger, S3Ledger
from runners.launch.ports import Ledger

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RUN, OTHER = "2025-11-08-ingest-1", "2025-11-08-ingest-10"


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {}}, "any")


@dataclass
class Bucket:
    """S3 with objects in memory; a write that has taken effect may be refused once. What is under
    `machines/` nobody may write over, as the launcher's role has it.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def head_object(self, Bucket: str, Key: str) -> None:  # noqa: N803
        if self.refusals:
            raise error(self.refusals.pop())
        if Key not in self.objects:
            raise error("404")

    def put_object(self, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str = "") -> None:  # noqa: N803
        if "/machines/" in f"/{Key}" and IfNoneMatch != "*":
            raise error("AccessDenied")
        if IfNoneMatch and Key in self.objects:
            raise error("PreconditionFailed")
        self.objects[Key] = Body
        if self.refusals:
            raise error(self.refusals.pop())

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        return {"Body": io.BytesIO(self.objects[Key])}

    def get_paginator(self, name: str) -> "Bucket":
        assert name == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        keys = sorted(key for key in self.objects if key.startswith(Prefix))
        yield {}  # a page may be empty
        for key in keys:
            yield {"Contents": [{"Key": key}]}


@pytest.fixture(params=["folder", "s3://bucket/census", "s3://bucket"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    if request.param == "folder":
        return FolderLedger(tmp_path)
    _, _, prefix = request.param.removeprefix("s3://").partition("/")
    return S3Ledger(Bucket(), "bucket", prefix)


def line(act: str, machine: str | None = None, run: str = RUN, minutes: int = 0) -> TrailLine:
    at = NOON + timedelta(minutes=minutes)
    return TrailLine(at=at, run=run, act=act, machine=machine, why="because", price=None)


def test_a_run_has_ended_once_its_report_is_there(ledger: Ledger) -> None:
    assert not ledger.has_ended(RUN)
    ledger.place(OTHER, "report.json", b"{}")
    ledger.place(RUN, "request.json", b"{}")
    assert not ledger.has_ended(RUN)
    ledger.place(RUN, "report.json", b"{}")
    assert ledger.has_ended(RUN)


@pytest.mark.parametrize("end", sorted(ENDED))
def test_a_trail_is_what_began_and_ended_a_machine_in_order(ledger: Ledger, end: str) -> None:
    acts = ["launching", LAUNCHED, "registered", "online", end]
    lines = [line(act, "i-1", minutes=n) for n, act in enumerate(acts)]
    for one in lines:
        ledger.note(one)
    ledger.note(line(LAUNCHED, "i-2", run="2025-01-30-ingest-1"))
    ledger.place(RUN, "report.json", b"{}")
    assert ledger.trail(RUN) == [lines[1], lines[4]]
    assert ledger.trail("2025-11-08") == [lines[1], lines[4]]
    assert ledger.trail("2024") == []


@pytest.mark.parametrize(
    "key", ["", ".DS_Store", "notes.txt", "a_launched_b.txt", "old/20260101-a_launched_i-9.json"]
)
def test_what_lies_beside_the_trail_is_no_line_of_it(key: str) -> None:
    """S3's console keeps a folder as an object without a name."""
    bucket = Bucket({f"census/{RUN}/machines/{key}": b""})
    ledger = S3Ledger(bucket, "bucket", "census")
    ledger.note(line(LAUNCHED, "i-1"))
    assert ledger.trail("2025-11-08") == [line(LAUNCHED, "i-1")]


def test_two_lines_of_one_moment_are_two(ledger: Ledger) -> None:
    for _ in range(2):
        ledger.note(line(LAUNCHED, "i-1"))
    assert len(ledger.trail(RUN)) == 2


@pytest.mark.parametrize(("prefix", "folder"), [("census", "census/"), ("a/b", "a/b/"), ("", "")])
def test_on_s3_a_run_has_a_folder_of_its_own_below_the_prefix(prefix: str, folder: str) -> None:
    bucket = Bucket()
    ledger = S3Ledger(bucket, "bucket", prefix)
    ledger.place(RUN, "report.json", b"{}")
    ledger.note(line(LAUNCHED, "i-1"))
    report, trail = sorted(bucket.objects, key=len)
    assert report == f"{folder}{RUN}/report.json"
    assert trail.startswith(f"{folder}{RUN}/machines/20260101T120000.000000-")
    assert trail.endswith("_launched_i-1.json")


@pytest.mark.parametrize(
    ("code", "is_told"), [("PreconditionFailed", False), ("AccessDenied", True)]
)
def test_a_line_whose_answer_was_lost_is_there(code: str, is_told: bool) -> None:
    bucket = Bucket(refusals=[code])
    if is_told:
        with pytest.raises(ContractError, match=f"adding to the audit trail of run {RUN}: AWS"):
            S3Ledger(bucket, "bucket", "").note(line(LAUNCHED, "i-1"))
    else:
        S3Ledger(bucket, "bucket", "").note(line(LAUNCHED, "i-1"))
    assert len(bucket.objects) == 1


def test_a_report_that_may_not_be_looked_for_is_not_taken_for_none() -> None:
    with pytest.raises(ContractError, match=f"looking for the report of run {RUN}: AWS"):
        S3Ledger(Bucket(refusals=["403"]), "bucket", "").has_ended(RUN)

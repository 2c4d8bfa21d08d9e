"""The journal: every whole line is kept, a torn one is dropped, an edited one is refused."""

import errno
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from full_disk import files_that_cannot_grow

from runners.census.store import CensusDataset
from runners.contract import ContractError, DatasetOutcome, Outcome, Reason
from runners.run.journal import (
    Journal,
    JournalLines,
    added_records,
    outcomes_of_journal,
    outcomes_of_runs,
    read_journal,
    summary,
    was_cancelled,
    was_rolled_back,
)


def written(path: Path) -> Path:
    with Journal(path) as journal:
        journal.write("start", counts={"genes": 3})
        journal.write("read", dataset_id="d-1")
        journal.write("written", dataset_id="d-1", outcome="registered")
    return path


def test_lines_are_on_disk_before_write_returns(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        for count in range(1, 4):
            journal.write("read", dataset_id=f"d-{count}")
            assert len(path.read_bytes().splitlines()) == count


def test_each_line_is_synced_once_all_of_it_is_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that dies keeps what was synced; the system's cache dies with it."""
    path, synced = tmp_path / "journal.jsonl", list[tuple[int, int]]()

    def sync(descriptor: int) -> None:
        synced.append((os.fstat(descriptor).st_ino, path.read_bytes().count(b"\n")))

    monkeypatch.setattr(os, "fsync", sync)
    written(path)
    assert synced == [(path.stat().st_ino, count) for count in (1, 2, 3)]


@contextmanager
def _syncs_fail() -> Iterator[None]:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        yield


@pytest.mark.parametrize(
    ("disk", "number"),
    [
        (files_that_cannot_grow, errno.EFBIG),
        (partial(files_that_cannot_grow, beyond=1_000), errno.EFBIG),
        (_syncs_fail, errno.EIO),
    ],
    ids=["full", "full after half a line", "fails"],
)
def test_a_disk_that_refuses_a_line_is_told_with_the_journals_name_and_keeps_none_of_it(
    tmp_path: Path, disk: Callable[[], AbstractContextManager[None]], number: int
) -> None:
    """Without the name it would pass for a storage that doesn't answer, and be tried again."""
    path = written(tmp_path / "journal.jsonl")
    before = path.read_bytes()
    with pytest.raises(OSError, match=re.escape(str(path))) as failed, disk(), Journal(path) as one:
        one.write("read", dataset_id="d-2", words="word " * 200)
    assert (failed.value.errno, failed.value.filename) == (number, str(path))
    assert path.read_bytes() == before


def test_after_a_line_that_was_refused_others_can_be_written(tmp_path: Path) -> None:
    path = written(tmp_path / "journal.jsonl")
    with Journal(path) as journal:
        with pytest.raises(OSError, match="File too large"), files_that_cannot_grow(beyond=1_000):
            journal.write("read", dataset_id="d-2", words="word " * 200)
        journal.write("end")
    steps = [line["step"] for line in read_journal(path).lines]
    assert steps == ["start", "read", "written", "end"]


def test_a_journal_says_again_what_was_written(tmp_path: Path) -> None:
    path = written(tmp_path / "deep" / "journal.jsonl")
    for record in (read_journal(path), Journal(path)):
        start = record.first("start")
        assert start is not None
        assert start["counts"] == {"genes": 3}
        assert record.first("end") is None
        assert [line["dataset_id"] for line in record.datasets("read").values()] == ["d-1"]
        assert record.datasets("written")["d-1"]["outcome"] == "registered"


def test_a_step_of_a_dataset_is_none_of_the_whole_release(tmp_path: Path) -> None:
    record = read_journal(written(tmp_path / "journal.jsonl"))
    assert record.first("written") is None
    assert record.datasets("start") == {}


def test_no_journal_has_no_lines(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "journal.jsonl").lines == []
    assert not (tmp_path / "journal.jsonl").exists()


def test_a_last_line_that_was_cut_short_is_dropped_at_any_byte(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.jsonl").read_bytes()
    kept = whole[: whole.rstrip(b"\n").rindex(b"\n") + 1]
    path = tmp_path / "journal.jsonl"
    for length in range(len(kept), len(whole)):
        path.write_bytes(whole[:length])
        assert len(read_journal(path).lines) == 2
        with Journal(path) as journal:
            journal.write("end")
        assert path.read_bytes().startswith(kept)
        assert [line["step"] for line in read_journal(path).lines] == ["start", "read", "end"]


def test_reading_does_not_mend_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "journal.jsonl")
    path.write_bytes(path.read_bytes()[:-5])
    before = path.read_bytes()
    read_journal(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"edited by hand", "not JSON"),
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "field step is missing"),
        (b'{"at": "now"}', "field step is missing"),
        (b'["step"]', "field step is missing"),
        (b'"a step"', "field step is missing"),
    ],
)
def test_an_edited_middle_line_gives_one_sentence(tmp_path: Path, line: bytes, fault: str) -> None:
    path = written(tmp_path / "journal.jsonl")
    lines = path.read_bytes().splitlines()
    lines[1] = line
    path.write_bytes(b"\n".join(lines) + b"\n")
    before = path.read_bytes()
    for opened in (read_journal, Journal):
        with pytest.raises(ContractError) as refused:
            opened(path)
        assert str(refused.value).startswith(f"{path}, line 2: {fault}")
        assert "\n" not in str(refused.value)
    assert path.read_bytes() == before


def test_the_first_line_of_a_dataset_and_step_wins(tmp_path: Path) -> None:
    path = written(tmp_path / "journal.jsonl")
    with Journal(path) as journal:
        journal.write("written", dataset_id="d-1", outcome="failed")
        journal.write("start", counts={})
    record = read_journal(path)
    assert record.datasets("written")["d-1"]["outcome"] == "registered"
    assert record.first("start") == json.loads(path.read_text().splitlines()[0])


def of(*steps: str, **facts: object) -> JournalLines:
    return JournalLines([{"at": "now", "step": step, **facts} for step in steps])


@pytest.mark.parametrize(
    ("steps", "cancelled"),
    [(("start",), False), (("start", "cancelled"), True), (("start", "cancelled", "end"), False)],
)
def test_a_run_was_cancelled_unless_it_went_on_to_its_end(
    steps: tuple[str, ...], cancelled: bool
) -> None:
    assert was_cancelled(of(*steps)) is cancelled


def test_what_a_run_has_added_is_what_grew_between_its_first_start_and_its_end() -> None:
    starts = [of("start", counts={"genes": n, "links": 5}).lines[0] for n in (3, 7)]
    end = of("end", counts={"genes": 9, "links": 5, "terms": 1}).lines[0]
    with_terms = {**starts[0], "counts": {"genes": 3, "links": 5, "terms": 0}}
    assert added_records(JournalLines([with_terms, starts[1], end])) == {"genes": 6, "terms": 1}
    assert added_records(JournalLines(starts)) == {}
    assert added_records(JournalLines([end])) == {}


def test_of_several_runs_the_last_word_on_a_dataset_counts_in_the_releases_order() -> None:
    def written(name: str, outcome: str, **more: object) -> JournalLines:
        facts = {"outcome": outcome, "reasons": [], "notes": [], **more}
        return of("written", dataset_id=name, **facts)

    datasets = [
        CensusDataset(n, "v", f"T {n}", "p", "c", "C", "", 1) for n in ("d-1", "d-2", "d-3")
    ]
    journals = [
        written("d-2", "registered", absent=["donor_id"]),
        written("d-1", "missing"),
        written("d-1", "revised"),
        written("d-9", "failed"),
    ]
    found = outcomes_of_runs(journals, datasets)
    told = [(one.dataset_id, one.title, one.outcome.value, one.absent) for one in found]
    assert told == [("d-1", "T d-1", "revised", ()), ("d-2", "T d-2", "registered", ("donor_id",))]
    assert summary(found) == "1 registered, 1 revised"
    assert summary([]) == "no datasets"


@pytest.mark.parametrize(("added", "told"), [(0, {}), (3, {"genes": 3}), (-2, {"genes": -2})])
def test_what_has_become_fewer_is_told_too(added: int, told: dict[str, int]) -> None:
    """As where a person deleted some meanwhile: it is no growth of nothing."""
    lines = [
        of(step, counts={"genes": n}).lines[0] for step, n in (("start", 5), ("end", 5 + added))
    ]
    assert added_records(JournalLines(lines)) == told


def test_a_line_has_its_moment_in_utc_unless_it_is_of_another(tmp_path: Path) -> None:
    with Journal(tmp_path / "deep" / "er" / "journal.jsonl") as journal:
        before = datetime.now(UTC)
        own = journal.write("start")
        other = journal.write("recorded", at="then")
        assert journal.lines == [own, other]
    moment = datetime.fromisoformat(str(own["at"]))
    assert moment.utcoffset() == timedelta(0)
    assert abs(moment - before) < timedelta(minutes=1)
    assert other["at"] == "then"
    assert read_journal(tmp_path / "deep" / "er" / "journal.jsonl").lines == journal.lines


def test_what_is_written_is_known_to_who_writes_it(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.write("start", counts={})
        journal.write("written", dataset_id="d-1")
        assert journal.first("start")
        assert list(journal.datasets("written")) == ["d-1"]
        assert len(journal.all("written")) == 1


@pytest.mark.parametrize(
    ("steps", "is_so"),
    [
        ((), False),
        (("start", "end"), False),
        (("rollback",), True),  # a kill left open whether it was
        (("rollback", "rolled back"), True),
        (("rollback", "not rolled back"), False),
        (("rollback", "not rolled back", "rollback"), True),
        (("rollback", "not rolled back", "end"), False),
        (("rollback", "rolled back", "start"), True),
    ],
)
def test_the_last_word_on_a_rollback_counts(steps: tuple[str, ...], is_so: bool) -> None:
    assert was_rolled_back(of(*steps)) is is_so


def test_an_outcome_has_all_that_its_line_says_and_a_line_of_before_lacks() -> None:
    facts: dict[str, Any] = {"outcome": "failed", "notes": ["a note"]}
    facts["reasons"] = [{"reason": "term_unknown", "column": "sex", "values": ["x"], "count": 3}]
    line = of("written", dataset_id="d-1", **facts)
    (found,) = outcomes_of_journal(line, [CensusDataset("d-1", "v", "T", "p", "c", "C", "", 1)])
    (finding,) = found.reasons
    assert (finding.reason, finding.column, finding.values, finding.count) == (
        Reason.TERM_UNKNOWN,
        "sex",
        ("x",),
        3,
    )
    assert (found.title, found.notes, found.absent) == ("T", ("a note",), ())


def test_outcomes_are_counted_in_their_own_order() -> None:
    ends = [Outcome.UNREADABLE, Outcome.FAILED, Outcome.REGISTERED, Outcome.FAILED]
    told = [
        DatasetOutcome(dataset_id=f"d-{n}", title="", outcome=end) for n, end in enumerate(ends)
    ]
    assert summary(told) == "1 registered, 2 failed, 1 unreadable"

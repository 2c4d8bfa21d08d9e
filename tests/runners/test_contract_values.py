"""What documents say of themselves, each by a table of its cases."""

import errno
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runners.contract import (
    BY_ITSELF,
    LAUNCHED,
    MEANINGS,
    MENDED_BY_REPEAT,
    OF_THE_INSTANCE,
    REMEDIES,
    AcceptedException,
    Act,
    Action,
    CheckReport,
    ContractError,
    DatasetOutcome,
    Document,
    ExceptionState,
    Finding,
    JobState,
    Machine,
    Manifest,
    Outcome,
    Reaped,
    Reason,
    RemoteJob,
    RunRequest,
    Storage,
    TrailLine,
    cost,
    exception_uses,
    excused,
    lock_name,
    manifest_path,
    release_of,
)
from runners.contract.disk import explained
from runners.contract.outcomes import LONGEST, shortened
from runners.contract.version import NAME, own_version

TODAY = date(2026, 3, 1)
TERM, GENE, SEX = Reason.TERM_UNKNOWN, Reason.GENE_UNKNOWN, Reason.VALUE_NOT_ALLOWED


def failed(dataset_id: str, *reasons: Reason) -> DatasetOutcome:
    return DatasetOutcome(
        dataset_id=dataset_id,
        title="",
        outcome=Outcome.FAILED if reasons else Outcome.REGISTERED,
        reasons=tuple(Finding(reason=reason) for reason in reasons),
    )


def accepted(reason: Reason, until: date = TODAY, dataset_id: str = "d-1") -> AcceptedException:
    return AcceptedException(dataset_id=dataset_id, reason=reason, until=until)


YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("exceptions", "reasons", "is_excused"),
    [
        ([accepted(TERM)], [TERM], True),
        ([accepted(TERM, TOMORROW)], [TERM, TERM], True),
        ([accepted(TERM, YESTERDAY)], [TERM], False),
        ([accepted(GENE)], [TERM], False),
        ([accepted(TERM)], [TERM, GENE], False),
        ([accepted(TERM), accepted(GENE)], [TERM, GENE], True),
        ([accepted(GENE), accepted(TERM)], [TERM, GENE], True),
        ([accepted(TERM), accepted(GENE, YESTERDAY)], [TERM, GENE], False),
        ([accepted(TERM), accepted(GENE), accepted(SEX)], [TERM, GENE], True),
        ([accepted(TERM, dataset_id="d-2")], [TERM], False),
        ([accepted(TERM)], [], False),
        ([], [TERM], False),
    ],
)
def test_a_failure_is_excused_where_every_reason_of_it_is_accepted_today(
    exceptions: list[AcceptedException], reasons: list[Reason], is_excused: bool
) -> None:
    outcomes = (failed("d-1", *reasons), failed("d-2", SEX))
    uses = exception_uses(exceptions, outcomes, {"d-1": "One", "d-2": "Two"}, TODAY)
    assert excused(outcomes, uses) == ({"d-1"} if is_excused else set())
    report = CheckReport(
        release="2026-02-01",
        dataset_schema_version="7.0.0",
        dataset_count=2,
        outcomes=outcomes,
        exceptions=uses,
    )
    assert report.excused() == excused(outcomes, uses)


@pytest.mark.parametrize(
    ("dataset_id", "until", "reasons", "state"),
    [
        ("d-1", TODAY, [TERM], ExceptionState.USED),
        ("d-1", TODAY, [GENE, TERM], ExceptionState.USED),
        ("d-1", TODAY, [GENE], ExceptionState.UNNEEDED),
        ("d-1", TODAY, [], ExceptionState.UNNEEDED),
        ("d-1", TODAY, None, ExceptionState.UNTOLD),
        ("d-1", YESTERDAY, [TERM], ExceptionState.RUN_OUT),
        ("d-1", YESTERDAY, None, ExceptionState.RUN_OUT),
        ("d-9", YESTERDAY, [TERM], ExceptionState.UNKNOWN_DATASET),
    ],
)
def test_what_came_of_an_exception_is_told_with_the_datasets_title(
    dataset_id: str, until: date, reasons: list[Reason] | None, state: ExceptionState
) -> None:
    outcomes = [] if reasons is None else [failed(dataset_id, *reasons)]
    own = accepted(TERM, until, dataset_id)
    (use,) = exception_uses([own], outcomes, {"d-1": "One"}, TODAY)
    assert (use.state, use.exception) == (state, own)
    assert use.title == ("One" if dataset_id == "d-1" else "")


def test_each_dataset_is_excused_by_its_own_exceptions() -> None:
    outcomes = tuple(failed(f"d-{n}", TERM) for n in (1, 2, 3))
    own = [accepted(TERM, dataset_id=f"d-{n}") for n in (1, 2)]
    uses = exception_uses(own, outcomes, {f"d-{n}": "" for n in (1, 2, 3)}, TODAY)
    report = CheckReport(
        release="2026-02-01",
        dataset_schema_version="7.0.0",
        dataset_count=3,
        outcomes=outcomes,
        exceptions=uses,
    )
    assert excused(outcomes, uses) == report.excused() == {"d-1", "d-2"}


def test_a_dataset_that_would_fail_is_one_with_reasons_whatever_its_outcome() -> None:
    missing = failed("d-3", Reason.FILE_MISSING).model_copy(update={"outcome": Outcome.MISSING})
    outcomes = (failed("d-1"), failed("d-2", TERM), missing)
    report = CheckReport(
        release="2026-02-01", dataset_schema_version="7.0.0", dataset_count=3, outcomes=outcomes
    )
    assert report.failing() == outcomes[1:]


@pytest.mark.parametrize(
    ("finding", "words", "sentence"),
    [
        ({"reason": "cells_missing"}, "cells_missing", "there are no cells"),
        (
            {"column": "sex", "values": ("a", "b"), "count": 2},
            "term_unknown sex a, b",
            "sex: a term isn't in its ontology: 'a', 'b'",
        ),
        (
            {"column": "sex", "values": ("a",), "count": 2, "detail": "name it"},
            "term_unknown sex a and 1 more name it",
            "sex: a term isn't in its ontology: 'a' and 1 more (name it)",
        ),
        (
            {"values": ("a",), "count": 5001},
            "term_unknown a and 5000 more",
            "a term isn't in its ontology: 'a' and 5,000 more",
        ),
        ({"values": ("a",)}, "term_unknown a", "a term isn't in its ontology: 'a'"),
        ({"count": 3}, "term_unknown and 3 more", "a term isn't in its ontology"),
    ],
)
def test_a_finding_says_where_what_and_the_first_values(
    finding: dict[str, Any], words: str, sentence: str
) -> None:
    own = Finding(**{"reason": "term_unknown", **finding})
    assert (str(own), own.sentence()) == (words, sentence)


def test_a_column_whose_name_begins_as_uns_does_is_no_key() -> None:
    own = Finding(reason=Reason.COLUMN_MISSING, column="unspecified")
    assert own.sentence() == "unspecified: a required column is missing"


@pytest.mark.parametrize(
    ("length", "kept"), [(0, 0), (LONGEST, LONGEST), (2 * LONGEST, 2 * LONGEST), (1001, LONGEST)]
)
def test_a_long_text_keeps_its_beginning_and_says_how_long_it_was(length: int, kept: int) -> None:
    found = shortened("x" * length)
    assert found == "x" * kept + ("" if kept == length else f"… ({length:,} characters)")
    assert shortened(found) == found


def test_every_reason_has_a_meaning_and_a_remedy() -> None:
    assert set(MEANINGS) == set(REMEDIES) == set(Reason)
    assert set(MENDED_BY_REPEAT) == {Outcome.MISSING, Outcome.UNREADABLE}
    assert {Reason.REGISTERED_OTHERWISE} == OF_THE_INSTANCE


@pytest.mark.parametrize(
    ("words", "reasons"),
    [
        ("when it is, say `/retry`", {Reason.FILE_MISSING}),
        ("`anonymous = false`", {Reason.FILE_FORBIDDEN}),
        ("RestoreObject", {Reason.FILE_ARCHIVED}),
        ("wait for an update of the bot", {one for one in Reason if "unsupported" in one}),
        ("report it with its detail", {Reason.READER_FAILED}),
        ("READER_MEGABYTES", {Reason.FILE_TOO_LARGE, Reason.READER_DIED}),
        ("say `/ingest --only ID`", set(Reason) - {
            Reason.FILE_MISSING, Reason.FILE_FORBIDDEN, Reason.FILE_ARCHIVED,
            Reason.FILE_NOT_ANSWERING, Reason.READER_FAILED, Reason.UNSUPPORTED_ORGANISM,
            Reason.UNSUPPORTED_CELL_LINE, Reason.UNSUPPORTED_SPIKE_IN,
        }),
    ],
)  # fmt: skip
def test_a_remedy_is_said_of_those_reasons_alone_that_it_mends(
    words: str, reasons: set[Reason]
) -> None:
    assert {reason for reason, remedy in REMEDIES.items() if words in remedy} == reasons


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "minutes", "is_alive"),
    [
        (JobState.LAUNCHING, 1, True),
        (JobState.WORKING, 1, True),
        (JobState.STOPPING, 1, True),
        (JobState.ENDED, 1, False),
        (JobState.WORKING, 0, False),
        (JobState.STOPPING, -1, False),
    ],
)
def test_a_job_may_write_until_it_has_ended_or_its_time_is_over(
    state: JobState, minutes: int, is_alive: bool
) -> None:
    job = RemoteJob(
        run="run-1",
        name="job",
        state=state,
        launched_at=NOON,
        expires_at=NOON + timedelta(minutes=minutes),
        seen_at=NOON,
        machine=Machine(launcher="sagemaker"),
    )
    assert job.is_alive(NOON) is is_alive


@pytest.mark.parametrize(
    ("result", "has_failed"), [("done", False), ("spared", False), ("refused", True), ("", True)]
)
def test_an_act_of_the_reaper_failed_where_its_result_says_why(
    result: str, has_failed: bool
) -> None:
    own = Reaped(act=Act.TERMINATE, machine="i-1", why="", result=result)
    assert own.has_failed is has_failed


def line(run: str, machine: str | None, hour: int, act: str, price: float | None) -> TrailLine:
    at = NOON + timedelta(hours=hour)
    return TrailLine(at=at, run=run, act=act, machine=machine, why="", price=price)


def test_each_machine_of_each_run_costs_what_it_lived_at_its_own_price() -> None:
    lines = [
        line("a", "i-1", 0, LAUNCHED, 1.0),
        line("a", "i-2", 0, LAUNCHED, 10.0),
        line("b", "i-1", 1, LAUNCHED, 100.0),  # another account's
        line("a", "i-1", 2, "terminated", None),
        line("b", "i-1", 4, BY_ITSELF, None),
    ]
    assert cost(iter(lines), NOON + timedelta(hours=3), timedelta(hours=8)) == 2 + 30 + 300
    assert cost([], NOON, timedelta(hours=8)) == 0


def test_a_repeated_launch_is_one_from_its_first_line_at_its_first_price() -> None:
    lines = [line("a", "i-1", 0, LAUNCHED, 1.0), line("a", "i-1", 2, LAUNCHED, 5.0)]
    assert cost(lines, NOON + timedelta(hours=4), timedelta(hours=8)) == 4.0


@pytest.mark.parametrize(
    ("path", "release"),
    [
        ("runners/releases/2026-02-01.toml", "2026-02-01"),
        ("runners/releases/2026-02-01.toml.bak", None),
        ("runners/releases/old/2026-02-01.toml", None),
        ("copy/runners/releases/2026-02-01.toml", None),
        ("runners/releases/newest.toml", None),
        ("runners/releases/2026-02-01_toml", None),
        ("runners/rules/2026-02-01.toml", None),
    ],
)
def test_a_manifest_is_known_by_its_place_and_name(path: str, release: str | None) -> None:
    assert release_of(path) == release
    assert release is None or manifest_path(release) == path


MANIFEST: dict[str, Any] = {
    "release": "2026-02-01",
    "census_schema_version": "2.4.0",
    "dataset_schema_version": "10.12.0",
    "dataset_count": 0,
    "storage": {"soma": "/soma", "h5ads": "/h5ads"},
}


@pytest.mark.parametrize(
    ("path", "is_its"),
    [
        ("2026-02-01.toml", True),
        ("deep/2026-02-01.toml", True),
        ("2026-02-01.old.toml", False),
        ("2026-02-01/newest.toml", False),
        ("2026-02-02.toml", False),
    ],
)
def test_a_manifest_has_the_name_of_its_release(path: str, is_its: bool) -> None:
    text = 'release = "2026-02-01"\ncensus_schema_version = "2.4.0"\ndataset_count = 0\n'
    text += 'dataset_schema_version = "7.0.0"\n[storage]\nsoma = "a"\nh5ads = "b"\n'
    if is_its:
        assert Manifest.from_named(text, path=path).storage == Storage(soma="a", h5ads="b")
    else:
        with pytest.raises(ContractError, match=r"call the file 2026-02-01\.toml or correct the"):
            Manifest.from_named(text, path=path)


def test_a_manifests_table_has_no_empty_list_and_all_else() -> None:
    table = Manifest.from_mapping(MANIFEST, source="test").to_table()
    assert table == {**MANIFEST, "pins": {}}
    assert Manifest.from_mapping(table, source="test").storage.anonymous


@pytest.mark.parametrize(("until", "has_run_out"), [(YESTERDAY, True), (TODAY, False)])
def test_an_exception_holds_up_to_and_including_its_day(until: date, has_run_out: bool) -> None:
    assert accepted(TERM, until).has_run_out(TODAY) is has_run_out


def test_a_line_says_what_is_not_as_by_default_and_nothing_more() -> None:
    request = RunRequest(
        run_id="run", action=Action.INGEST, release="2026-02-01", manifest="m", instance="a/b"
    )
    whole = (
        '{"run_id":"run","action":"ingest","release":"2026-02-01","manifest":"m","instance":"a/b"}'
    )
    assert request.to_line() == whole
    assert request.model_copy(update={"limit": 3}).to_line() == f'{whole[:-1]},"limit":3}}'
    assert request.to_json().endswith('\n  "manifest_commit": null\n}\n')
    assert request.to_mapping()["only"] == []


def test_the_lock_of_an_instance_is_a_file_of_its_own() -> None:
    names = [lock_name(name) for name in ("a/b", "a-b/c", "a/b-c", "a-b-c")]
    assert names[0] == ".a--b.lock"
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("field", "right", "wrong"),
    [
        ("release", "2026-02-01", "2026-02-01T00"),
        ("run_id", "a" * 80, "a" * 81),
        ("run_id", "run", "ru"),
        ("run_id", "0-1", "-01"),
        ("only", ["A_b-9"], ["-b"]),
        ("only", ["9"], ["a.b"]),
        ("collection", ["x" * 500], ["x" * 501]),
        ("collection", ["x"], [" x"]),
        ("limit", 1, 0),
        ("manifest_blob", "a" * 40, "a" * 39),
        ("manifest_commit", "0" * 40, "G" * 40),
    ],
)
def test_a_field_of_a_request_has_its_form(field: str, right: object, wrong: object) -> None:
    told = {
        "run_id": "run",
        "action": "verify",
        "release": "2026-02-01",
        "manifest": "m",
        "instance": "a/b",
    }
    RunRequest.from_mapping({**told, field: right}, source="test")
    with pytest.raises(ContractError, match=rf"^test: field {field}"):
        RunRequest.from_mapping({**told, field: wrong}, source="test")


@pytest.mark.parametrize(("length", "is_cut"), [(58, False), (59, True)])
def test_what_was_found_is_quoted_whole_while_it_is_short(length: int, is_cut: bool) -> None:
    """With its quotes."""
    with pytest.raises(ContractError) as refused:
        Manifest.from_mapping({**MANIFEST, "release": "x" * length}, source="test")
    assert ("xxx...)" in str(refused.value)) is is_cut


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "\ud800"])
def test_a_text_that_is_no_json_is_refused_however_deep(text: str) -> None:
    with pytest.raises(ContractError, match=r"^source: not JSON"):
        Document.from_json(text, source="source")


@pytest.mark.parametrize(
    "number",
    [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EMFILE, errno.ENFILE],
)
def test_a_limit_is_told_with_the_file_that_met_it_where_one_is_named(number: int) -> None:
    for names, told in (((), "a file"), (("here",), "here"), (("here", None, "there"), "there")):
        found = explained(OSError(number, "words", *names))
        assert str(found).startswith(f"{told}: words; ")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOENT, "name one that is there"),
        (errno.EISDIR, "name a file"),
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "this user's space"),
        (errno.EFBIG, "grow further"),
        (errno.EROFS, "a place that can be written"),
        (errno.EACCES, "give this user the right"),
        (errno.EPERM, "give this user the right"),
        (errno.ENAMETOOLONG, "a shorter one"),
        (errno.EMFILE, "ulimit -n"),
        (errno.ENFILE, "this machine open more"),
        (errno.ENOTDIR, "that stands there or above it"),
        (errno.EEXIST, "take away what is there"),
        (errno.ENOTEMPTY, "take away what is there"),
        (errno.EIO, "see what lies there, or name another"),
    ],
)
def test_an_error_of_a_file_is_told_with_what_mends_it(number: int, remedy: str) -> None:
    found = explained(OSError(number, os.strerror(number), "here"))
    assert str(found).startswith(f"here: {os.strerror(number)}; ")
    assert remedy in str(found)
    assert str(found).endswith(", and run it again.")


@pytest.mark.parametrize(
    "error",
    [
        OSError("words"),
        OSError(errno.ECONNRESET, "reset"),
        OSError(errno.EIO, "it broke"),
        OSError(errno.ENOENT, "none"),
    ],
)
def test_an_error_of_no_file_and_no_limit_is_none_of_the_disk(error: OSError) -> None:
    assert explained(error) is None
    nameless = OSError("words")
    nameless.filename = "here"
    assert explained(nameless) is None


def test_the_version_is_that_of_the_project_here() -> None:
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert f'version = "{own_version()}"' in project
    assert f'name = "{NAME}"' in project

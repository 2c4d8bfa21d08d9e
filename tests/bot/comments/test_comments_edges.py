"""Results, runs and releases in words: what is counted, what is left out, and whose turn it is."""

from datetime import UTC, date, datetime, timedelta

import pytest
from bot_reports import check, dataset, report, request

from bot.comments import dashboard, status
from bot.comments.comparison import comparison_comment
from bot.comments.details import Detail, with_details
from bot.comments.result import ResultContext, body, datasets
from bot.comments.result.datasets import accepted_until, exception_lines, how_many
from bot.comments.result.next_step import NAMED, next_step
from bot.comments.result.run import changes
from bot.model.endings import GIVEN_UP, Ending
from bot.model.look import Look
from bot.model.progress import Progress
from bot.model.release_state import ReleaseState, State
from runners.contract import (
    AcceptedException,
    Action,
    ComparedDataset,
    DatasetChanges,
    ExceptionState,
    ExceptionUse,
    Finding,
    Offender,
    Outcome,
    PreviousRelease,
    Reason,
    ReleaseComparison,
    Status,
    Verdict,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TERM = Finding(reason=Reason.TERM_UNKNOWN)
READER = Finding(reason=Reason.READER_FAILED)


# --- details --------------------------------------------------------------------------------------


def test_the_last_detail_is_whole_where_there_is_just_enough_room() -> None:
    rows = "".join(f"| {number} | value |\n" for number in range(100)).strip()
    one = Detail("One", f"| Name | Is |\n| --- | --- |\n{rows}", "x.md")
    whole = with_details("Text.", [one], 10**6)
    assert with_details("Text.", [one], len(whole) + 210) == whole
    assert "more in `x.md`" in with_details("Text.", [one], len(whole) + 100)


# --- results --------------------------------------------------------------------------------------


Run = tuple[dict[int, Outcome], Status]


def since(before: Run, now: Run) -> str:
    """What is said of a run since another: each has datasets by number, and one check."""
    earlier, later = (
        report(
            tuple(dataset(number, outcome) for number, outcome in outcomes.items()),
            (check(stands, name="c"),),
        )
        for outcomes, stands in (before, now)
    )
    text = body(later, ResultContext(earlier=earlier))
    (line,) = (line for line in text.splitlines() if line.startswith("**Since run**"))
    return line.rpartition("comment): ")[2]


GOOD, BAD = Outcome.REGISTERED, Outcome.FAILED


@pytest.mark.parametrize(
    ("before", "now", "says"),
    [
        (({1: BAD}, Status.FAILED), ({1: GOOD}, Status.FAILED), "1 dataset mended."),
        (({1: GOOD}, Status.FAILED), ({1: BAD}, Status.FAILED), "1 dataset newly failed."),
        (({1: BAD}, Status.FAILED), ({1: GOOD}, Status.PASSED), "1 dataset mended, 1 check newly"),
        (({1: GOOD}, Status.PASSED), ({1: GOOD}, Status.FAILED), "1 check newly failed."),
        (({1: GOOD}, Status.FAILED), ({2: BAD}, Status.FAILED), "nothing is better or worse."),
        (({2: BAD}, Status.PASSED), ({1: GOOD}, Status.PASSED), "nothing is better or worse."),
    ],
)
def test_what_moved_is_told_of_what_both_runs_have(before: Run, now: Run, says: str) -> None:
    assert since(before, now).startswith(says)


@pytest.mark.parametrize(
    ("status_", "accepted", "line"),
    [
        (Status.PASSED, 0, "passed its verification: 1 of 2 checks passed"),
        (Status.PASSED, 1, "passed with 1 accepted: 1 of 2 checks passed"),
        (Status.FAILED, 1, "failed its verification: 0 of 2 checks passed"),
        (Status.UNCHECKED, 1, "couldn't be verified completely: 0 of 2 checks passed"),
    ],
)
def test_the_first_line_is_the_verdict_and_counts_checks_that_apply(
    status_: Status, accepted: int, line: str
) -> None:
    excused = tuple(Offender(dataset_id=f"d{number}") for number in range(accepted))
    other = Status.UNCHECKED if status_ is Status.PASSED else status_
    checks = (
        check(status_, name="a", accepted=excused),
        check(other, name="b"),
        check(Status.NOT_APPLICABLE, name="c"),
    )
    told = report((), checks, verdict=Verdict[status_.name])
    assert body(told).splitlines()[0].endswith(line)


def test_what_a_reader_must_see_of_checks_stands_first() -> None:
    names = [
        str(one) for one in (Status.PASSED, Status.NOT_APPLICABLE, Status.UNCHECKED, Status.FAILED)
    ]
    checks = tuple(check(Status(name), name=name, title=name) for name in names)
    text = body(report((), checks))
    places = [text.index(f" {name} | 1 | 1 |") for name in names]
    assert sorted(places) == [places[3], places[2], places[0], places[1]]


@pytest.mark.parametrize(("count", "is_folded"), [(5, False), (6, True)])
def test_more_than_five_offenders_are_folded(count: int, is_folded: bool) -> None:
    offenders = tuple(Offender(dataset_id=f"d{number}") for number in range(count))
    text = body(report((), (check(Status.FAILED, offenders=offenders),)))
    assert (f"named by this check: {count}</summary>" in text) is is_folded


@pytest.mark.parametrize(
    ("told", "count"),
    [
        (report((dataset(1, GOOD),)), 1),
        (report((dataset(1, GOOD),), cancelled=True), None),
        (report((dataset(1, GOOD),), cancelled=True, dataset_count=4), 4),
        (report((dataset(1, GOOD),), dataset_count=4), 4),
    ],
)
def test_how_many_datasets_a_run_was_asked_for(told: object, count: int | None) -> None:
    assert how_many(told) == count  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("continued", "says"),
    [
        (2, "2 datasets against 5 in 2025-11-08: 2 continue, 0 new, 3 withdrawn."),
        (0, "2 datasets against 5 in 2025-11-08: 0 continue, 2 new, 5 withdrawn."),
        (3, ""),
    ],
)
def test_a_release_is_counted_against_the_one_before(continued: int, says: str) -> None:
    before = PreviousRelease(release="2025-11-08", dataset_count=5, continued=continued)
    text = datasets.outcomes(report((dataset(1, GOOD), dataset(2, GOOD)), previous=before), None)
    assert says in text
    assert ("against" in text) is bool(says)


def test_outcomes_that_only_the_release_before_had_are_told_and_reasons_once_a_dataset() -> None:
    two = dataset(1, BAD, TERM, TERM, READER)
    text = datasets.outcomes(report((two, dataset(2, BAD, TERM))), report((dataset(3, GOOD),)))
    assert "| registered (new) | 0 | 1 |" in text
    assert "`reader_failed` 1, `term_unknown` 2 |" in text
    assert "mermaid" not in text
    assert "mermaid" in datasets.outcomes(report((two, dataset(2, GOOD))), None)


def used(
    number: int, reason: Reason, month: int, state: ExceptionState = ExceptionState.USED
) -> ExceptionUse:
    name = dataset(number, BAD).dataset_id
    one = AcceptedException(
        dataset_id=name, reason=reason, until=date(2026, month, 1), because="so"
    )
    return ExceptionUse(exception=one, title="x", state=state)


def test_a_failure_is_accepted_until_its_first_reason_isnt_and_by_the_latest_day_of_it() -> None:
    uses = [
        used(1, Reason.TERM_UNKNOWN, 9),
        used(1, Reason.TERM_UNKNOWN, 4),
        used(1, Reason.READER_FAILED, 7),
        used(1, Reason.READER_FAILED, 12, ExceptionState.UNNEEDED),
        used(2, Reason.READER_FAILED, 2),
    ]
    one, two, three = (dataset(number, BAD) for number in (1, 2, 3))
    until = accepted_until(uses, {one.dataset_id, two.dataset_id})
    assert [until(each) for each in (one, two, three)] == [
        "until 2026-07-01",
        "until 2026-02-01",
        "",
    ]
    assert accepted_until(uses, set())(one) == ""


@pytest.mark.parametrize(
    ("count", "reasons", "asked", "is_offered"),
    [
        (1, (TERM,), request(), True),
        (20, (TERM,), request(), True),
        (21, (TERM,), request(), False),
        (1, (), request(), False),
        (1, (TERM,), request(limit=3), False),
        (0, (TERM,), request(), False),
    ],
)
def test_lines_to_accept_failures_are_offered_for_few_of_a_whole_release(
    count: int, reasons: tuple[Finding, ...], asked: object, is_offered: bool
) -> None:
    told = report(tuple(dataset(n, BAD, *reasons) for n in range(count)), (), asked)  # type: ignore[arg-type]
    text = exception_lines(told, ingest_on_merge=None)
    assert bool(text) is is_offered
    assert text.count("[[accepted]]") == count * is_offered


@pytest.mark.parametrize(
    ("reasons", "says"),
    [
        ((READER,), "must wait for an update of the bot"),
        ((TERM,), "when that is mended, say"),
        ((READER, TERM), "when that is mended, say"),
        ((), "when that is mended, say"),
    ],
)
def test_only_what_an_update_alone_can_mend_waits_for_one(
    reasons: tuple[Finding, ...], says: str
) -> None:
    step = next_step(report((dataset(1, BAD, *reasons),), (check(Status.FAILED),)))
    assert says in step
    assert ("update of the bot" in step) is ("update of the bot" in says)


@pytest.mark.parametrize("count", [NAMED, NAMED + 1])
def test_up_to_five_failures_are_named_in_the_command(count: int) -> None:
    some = tuple(dataset(number, BAD, TERM) for number in range(count))
    step = next_step(report(some, (check(Status.FAILED),)))
    assert ("--only" in step) is (count == NAMED)


def test_exceptions_that_are_all_in_use_need_nothing_more() -> None:
    passed = (check(Status.PASSED),)
    in_use, idle = (
        next_step(report((dataset(1, GOOD),), passed, exceptions=(one,)))
        for one in (
            used(1, Reason.TERM_UNKNOWN, 9),
            used(1, Reason.TERM_UNKNOWN, 9, ExceptionState.UNNEEDED),
        )
    )
    assert in_use.startswith("nothing. The release is complete")
    assert "drop from the manifest" in idle


def test_a_verification_changes_nothing_and_kinds_without_a_record_are_no_row() -> None:
    assert changes(report((), asked=request(Action.VERIFY)), None) == ""
    told = changes(report((), changes={"Artifact": 1200, "ULabel": 0}), None)
    assert "| Artifact | 1,200 |" in told
    assert "ULabel" not in told


# --- runs without a report ------------------------------------------------------------------------

BEGUN = Progress(read=9, written=4, began=NOON, newest=NOON + timedelta(minutes=5))


def lost(ending: Ending, action: Action = Action.INGEST, total: int | None = 3) -> str:
    return status.lost(request(action), ending, BEGUN, total, "")


def test_no_fewer_than_no_datasets_are_left() -> None:
    text = lost(Ending("run", "failure", "https://log.test"))
    assert "- Done: 4 datasets" in text
    assert "- Not done: 0 datasets, collections, verification." in text
    assert "- Not done: datasets, collections" in lost(
        Ending("run", "failure", "https://log.test"), total=None
    )


def test_only_a_comment_on_a_lost_run_says_that_it_never_began() -> None:
    given_up = status.lost(request(), GIVEN_UP, BEGUN, 3, "octocat")
    assert status.says_it_never_began(given_up)
    assert not status.says_it_never_began(lost(Ending("run", "failure", "https://log.test")))
    assert not status.says_it_never_began(f"x\n\n{given_up}")


def test_a_verification_without_a_report_has_registered_nothing() -> None:
    text = lost(Ending("run", "failure", "https://log.test"), Action.VERIFY)
    assert "Done:" not in text
    assert "batch" not in text
    assert "say `/verify` again" in text
    assert "goes on where it was" in lost(Ending("run", "failure", "https://log.test"))


# --- comparison -----------------------------------------------------------------------------------


def compared(**fields: object) -> ReleaseComparison:
    given = {"count": 3, "before": 3, "new": (), "withdrawn": (), "continued": 3, "revised": None}
    found = DatasetChanges.model_validate({**given, **fields})
    return ReleaseComparison(release="2026-02-01", previous="2025-11-08", datasets=found)


@pytest.mark.parametrize(
    ("revised", "says"),
    [(None, "3 continue, 0 withdrawn"), ((), "3 continue (0 of them revised), 0 withdrawn")],
)
def test_none_revised_is_told_and_an_unknown_number_is_not(revised: object, says: str) -> None:
    assert says in comparison_comment({"m": compared(revised=revised)})


@pytest.mark.parametrize(("count", "is_open"), [(20, True), (21, False)])
def test_few_withdrawn_datasets_stand_open_and_new_ones_never(count: int, is_open: bool) -> None:
    some = [
        ComparedDataset(dataset_id=f"d{number}", title="T", collection="C", cells=1)
        for number in range(count)
    ]
    text = comparison_comment({"m": compared(withdrawn=some, new=some)})
    assert (f"### {count} datasets withdrawn" in text) is is_open
    assert f"<summary>{count} datasets new</summary>" in text


def test_one_manifest_that_isnt_compared_is_to_be_corrected() -> None:
    whole = comparison_comment({"m": compared()})
    part = comparison_comment({"m": compared(), "n": "it broke"})
    assert "merge only if that is what you expect" in whole
    assert "correct what is named above" in part


# --- dashboard ------------------------------------------------------------------------------------


def shown(*states: ReleaseState, look: Look | None = None, now: datetime = NOON) -> str:
    return dashboard.body(states, look, now, ingest_on_merge=True)


def state(release: str = "2026-02-01", **fields: object) -> ReleaseState:
    given = {"release": release, "state": State.PROPOSED, "thread": 7, **fields}
    return ReleaseState(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "says"),
    [
        (state(), "2026-02-01 waits for a person"),
        (state(thread=None), "no release waits for a person"),
        (state(state=State.VERIFIED), "no release waits for a person"),
        (state(state=State.LOST), "2026-02-01 waits for a person"),
        (state(state=State.DECLINED), "no release waits for a person"),
    ],
)
def test_a_release_with_a_thread_may_wait_for_a_person(one: ReleaseState, says: str) -> None:
    assert says in shown(one)


@pytest.mark.parametrize(
    ("days", "is_stale"), [(timedelta(days=3), False), (timedelta(days=3, minutes=1), True)]
)
def test_after_three_days_without_a_look_its_clock_has_stopped(
    days: timedelta, is_stale: bool
) -> None:
    look = Look(at=NOON, ended="It was read.", read_at=NOON)
    assert ("the clock that starts looks has stopped" in shown(look=look, now=NOON + days)) is (
        is_stale
    )


@pytest.mark.parametrize(("failures", "often"), [(1, False), (2, True)])
def test_a_failed_look_says_how_often_and_since_when(failures: int, often: bool) -> None:
    look = Look(at=NOON, ended="It broke.", read_at=NOON - timedelta(days=1), failures=failures)
    text = shown(look=look)
    assert (f", for {failures} looks in a row" in text) is often
    assert "is older: the last whole one was 2026-02-28 12:00 UTC." in text


def test_a_chart_has_bars_from_the_oldest_on_and_two_at_least() -> None:
    new, old = state("2026-02-01", datasets=20), state("2025-11-08", datasets=10)
    assert 'x-axis ["2025-11-08", "2026-02-01"]' in shown(new, old)
    assert "bar [10, 20]" in shown(new, old)
    assert "xychart" not in shown(new)
    many = shown(state("2026-02-01", cells=1_000_000), state("2025-11-08", cells=500_000))
    assert "in millions" in many
    assert "y-axis 0 --> 1.0" in many

"""The result comment: whole, and within GitHub's limit whatever happened."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.markup import to_html
from bot.comments import result
from bot.comments.reasons import OUTCOMES, REASONS, SIGNS
from runners.contract import (
    Action,
    CheckResult,
    DatasetOutcome,
    Finding,
    Offender,
    Outcome,
    Reason,
    RunReport,
    RunRequest,
    Status,
    Verdict,
    verdict_of,
)

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def request(action: Action = Action.INGEST, **fields: object) -> RunRequest:
    given = {
        "run_id": "2026-02-01-ingest-2",
        "action": action,
        "release": "2026-02-01",
        "manifest": "runners/releases/2026-02-01.toml",
        "instance": "demo",
        **fields,
    }
    return RunRequest.model_validate(given)


def check(status: Status = Status.PASSED, **fields: object) -> CheckResult:
    given = {"name": "c", "title": "Title", "status": status, "expected": "1", "found": "1"}
    return CheckResult.model_validate({**given, **fields})


def dataset(number: int, outcome: Outcome, *reasons: Finding) -> DatasetOutcome:
    return DatasetOutcome(
        dataset_id=f"{number:08}-0000-4000-8000-000000000000",
        title=f"Atlas {number}: cells of the | lung, part `{number}`",
        outcome=outcome,
        reasons=reasons,
    )


def report(
    outcomes: tuple[DatasetOutcome, ...] = (),
    checks: tuple[CheckResult, ...] = (),
    asked: RunRequest | None = None,
    **fields: object,
) -> RunReport:
    given = {
        "request": asked or request(),
        "started_at": START,
        "ended_at": START + timedelta(hours=2, minutes=10),
        "verdict": verdict_of(checks),
        "outcomes": outcomes,
        "checks": checks,
        **fields,
    }
    return RunReport.model_validate(given)


def failing(count: int) -> RunReport:
    """A report of 1,845 datasets of which `count` failed, each named by two checks."""
    found = Finding(reason=Reason.TERM_UNKNOWN, column="disease", values=("A || B",), count=4)
    outcomes = tuple(
        dataset(number, Outcome.FAILED, found)
        if number < count
        else dataset(number, Outcome.UNCHANGED)
        for number in range(1845)
    )
    offenders = tuple(
        Offender(dataset_id=one.dataset_id, title=one.title, detail="no artifact")
        for one in outcomes[:count]
    )
    failed = check(Status.FAILED if count else Status.PASSED, offenders=offenders)
    return report(outcomes, (failed, failed), withdrawn=offenders)


@pytest.mark.parametrize("count", [0, 3, 300, 1845])
def test_it_fits_whatever_failed(count: int) -> None:
    body = result.body(failing(count))
    assert len(body) <= result.LIMIT
    good = 1845 - count
    assert f", {good:,} of 1,845 datasets registered" in body.splitlines()[0]
    assert body.count("<details>") == body.count("</details>")
    # Every table is whole: as many cells in each row as in its head.
    html = to_html(body, by_bot=True)
    for one in html.split("<table>")[1:]:
        rows = one.split("</table>")[0].split("<tr>")[1:]
        assert len({row.count("<td") + row.count("<th") for row in rows}) == 1
    if count in (0, 3):
        assert "too long for here" not in body or "All 1,845 datasets" not in body


def test_what_is_left_out_is_counted() -> None:
    body = result.body(failing(1845))
    rows = body.split("### 1,845 datasets not registered")[1].split("### Checks")[0]
    shown = rows.count("Atlas")
    assert f"… and {1845 - shown:,} more; the run's report has them all." in rows
    assert shown >= 10


def test_the_failed_checks_come_first() -> None:
    checks = (
        check(title="Fine"),
        check(Status.NOT_APPLICABLE, title="Beside the point", note="there is no earlier release"),
        check(Status.UNCHECKED, title="Unknown", note="the connection was lost"),
        check(Status.FAILED, title="Wrong", expected="3", found="2"),
    )
    table = result.body(report(checks=checks)).split("### Checks\n\n")[1].split("\n\n")[0]
    assert table.splitlines()[2:] == [
        "| ❌ Wrong | 3 | 2 | failed |",
        "| ❔ Unknown | 1 | 1 | could not be checked: the connection was lost |",
        "| ✅ Fine | 1 | 1 | passed |",
        "| ⚪ Beside the point | 1 | 1 | not applicable: there is no earlier release |",
    ]


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (
            report((dataset(1, Outcome.REGISTERED),), (check(),)),
            "## ✅ Release 2026-02-01 passed its verification: "
            "1 of 1 check passed, 1 of 1 dataset registered",
        ),
        (
            report((), (check(Status.UNCHECKED),)),
            "## ❔ Release 2026-02-01 couldn't be verified completely: 0 of 1 check passed",
        ),
        (
            report((), ()),
            "## ❔ Release 2026-02-01 couldn't be verified completely: 0 of 0 checks passed",
        ),
        (
            report((), (check(), check(Status.FAILED), check(Status.NOT_APPLICABLE))),
            "## ❌ Release 2026-02-01 failed its verification: 1 of 2 checks passed",
        ),
    ],
)
def test_the_verdict_is_the_first_line(told: RunReport, line: str) -> None:
    assert result.body(told).splitlines()[0] == line


UNREADABLE = Finding(reason=Reason.FILE_UNREADABLE)
CELL_LINE = Finding(reason=Reason.UNSUPPORTED_CELL_LINE, column="tissue")
FIRST = "00000001-0000-4000-8000-000000000000"
SECOND = "00000002-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("told", "step"),
    [
        (
            report((dataset(1, Outcome.REVISED),), (check(),)),
            "nothing. The release is complete, and this thread can be closed.",
        ),
        (
            report((dataset(1, Outcome.UNREADABLE, UNREADABLE),), (check(Status.FAILED),)),
            "1 dataset failed, for the reasons below; when they are mended, "
            f"say `/ingest --only {FIRST}`.",
        ),
        (
            report(
                (
                    dataset(1, Outcome.FAILED, CELL_LINE),
                    dataset(2, Outcome.FAILED, CELL_LINE, UNREADABLE),
                ),
                (check(Status.FAILED),),
            ),
            "1 dataset failed, for the reasons below; when they are mended, "
            f"say `/ingest --only {SECOND}`. "
            "1 dataset must wait until the bot supports what they hold; after its update "
            f"say `/ingest --only {FIRST}`.",
        ),
        (
            report((), (check(Status.UNCHECKED),)),
            "some checks couldn't be made (see their notes); say `/verify` to make them again.",
        ),
        (
            report((), (check(Status.FAILED),)),
            "look at the failed checks below; when they are mended, say `/verify`.",
        ),
        (
            report((), (check(Status.FAILED),), request(Action.VERIFY)),
            "say `/ingest` to register what is missing, or mend what the failed checks name.",
        ),
        (
            report((dataset(1, Outcome.REVISED),), (check(Status.FAILED),), request(limit=1)),
            "this run took only a part. If it looks right, say `/ingest` to register the whole "
            "release; what is done already stays as it is.",
        ),
        (
            report((dataset(1, Outcome.MISSING),), (check(Status.FAILED),), request(only=["d"])),
            "mend what failed below, then say `/ingest` to register the whole release; "
            "what is done already stays as it is.",
        ),
    ],
)
def test_the_next_step_is_said_exactly(told: RunReport, step: str) -> None:
    assert result.body(told).split("\n\n")[1] == f"**Next:** {step}"


def test_many_failures_are_done_again_by_a_run_over_everything() -> None:
    assert "say `/ingest`, which leaves the others as they are." in result.body(failing(6))


def test_every_member_has_its_words() -> None:
    assert set(OUTCOMES) == set(Outcome)
    assert set(REASONS) == set(Reason)
    assert set(SIGNS) == {*Status, *Verdict}


def test_a_reason_shows_where_and_what() -> None:
    found = Finding(
        reason=Reason.VALUE_NOT_ALLOWED,
        column="sex",
        values=("a", "b", "c", "d"),
        count=9,
        detail="only | these",
    )
    body = result.body(report((dataset(1, Outcome.FAILED, found),), (check(Status.FAILED),)))
    assert (
        "| failed | a value isn't allowed in `sex`: `a`, `b`, `c` and 6 more (only \\| these) |"
    ) in body

"""Reports of runs for tests: with as many failures as wanted, or with titles that mean harm."""

from datetime import UTC, datetime, timedelta

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
    verdict_of,
)

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DATASETS = 1845
HOSTILE = (
    "a | b `c` **bold** _it_ <b>bold</b>",
    "@maintainer fixes #1, see GH-7 and https://example.org",
    "<img src=x onerror=alert(1)> </details> <!-- cellxgene-ingestion-bot: result x -->",
    "=HYPERLINK(1)",
    "```\n# not a heading\n| - |",
    "[a](javascript:alert(1)) ![b](https://example.org/c.png)",
)
"""Titles that would break a table, ping somebody, or run something."""


def titled(*titles: str) -> list[str]:
    """The titles as a table of offenders has them."""
    lines = [" ".join(title.split()) for title in titles]
    return [f"'{line}" if line[0] in "=+-@" else line for line in lines]


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


def failing(count: int, total: int = DATASETS) -> RunReport:
    """A report of `total` datasets of which `count` failed, each named by two checks."""
    found = Finding(reason=Reason.TERM_UNKNOWN, column="disease", values=("A || B",), count=4)
    outcomes = tuple(
        dataset(number, Outcome.FAILED, found)
        if number < count
        else dataset(number, Outcome.UNCHANGED)
        for number in range(total)
    )
    offenders = tuple(
        Offender(dataset_id=outcome.dataset_id, title=outcome.title, detail="no artifact")
        for outcome in outcomes[:count]
    )
    failed = check(Status.FAILED if count else Status.PASSED, offenders=offenders)
    return report(outcomes, (failed, failed), withdrawn=offenders)


def hostile() -> RunReport:
    """A report whose datasets, all of which failed, have the titles that mean harm."""
    found = Finding(
        reason=Reason.TERM_UNKNOWN, column=HOSTILE[0], values=HOSTILE, detail=HOSTILE[1]
    )
    outcomes = tuple(
        DatasetOutcome(
            dataset_id=f"d-{number}",
            title=title,
            outcome=Outcome.FAILED,
            reasons=(found,),
            notes=(title,),
        )
        for number, title in enumerate(HOSTILE)
    )
    offenders = tuple(
        Offender(dataset_id=outcome.dataset_id, title=outcome.title, detail=outcome.title)
        for outcome in outcomes
    )
    failed = check(Status.FAILED, title=HOSTILE[0], note=HOSTILE[1], offenders=offenders)
    return report(
        outcomes,
        (failed,),
        withdrawn=offenders,
        versions={HOSTILE[2]: HOSTILE[0]},
        changes={HOSTILE[1]: 3},
    )

"""What the bot says of a run: while it goes on, its result, how it was lost, and of the reaper."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot_reports import check, dataset, report, request
from texts_of_answers import number

from bot.comments import result, status
from bot.comments.outcomes import finding
from bot.comments.result import ResultContext, datasets, run
from bot.model.endings import GIVEN_UP, Ending
from bot.model.progress import Progress
from runners.contract import (
    AcceptedException,
    Act,
    Action,
    ExceptionState,
    ExceptionUse,
    Finding,
    JobState,
    Machine,
    Offender,
    Outcome,
    PreviousRelease,
    Reaped,
    Reason,
    RemoteJob,
    RunReport,
    SourcesReport,
    SourceUse,
    Status,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ASKED = request(requested_by="octocat")
VERIFY = request(Action.VERIFY)
JOB = RemoteJob(
    run="2026-02-01-ingest-2",
    name="job-1",
    state=JobState.WORKING,
    launched_at=NOON,
    expires_at=NOON + timedelta(hours=9),
    seen_at=NOON + timedelta(hours=1),
    machine=Machine(launcher="sagemaker", type="ml.m5.large", hours=1.0, price=2.0),
    log="https://log.test/job",
)
STOPPING = JOB.model_copy(
    update={"state": JobState.STOPPING, "log": None, "machine": Machine(launcher="sagemaker")}
)


def after(minutes: float, **fields: Any) -> Progress:
    given = {"read": 20, "written": 10, "began": NOON, "newest": NOON + timedelta(minutes=minutes)}
    return Progress(**{**given, **fields})


STATUS = {
    "its journal can't be read": status.status(ASKED, None, 10, "https://log.test"),
    "no log either": status.status(VERIFY, None, None),
    "not begun": status.status(ASKED, Progress(), 10),
    "nothing to do": status.status(ASKED, Progress(), 0),
    "no total": status.status(ASKED, after(60), None),
    "one is written": status.status(ASKED, after(60, written=1), 1000),
    "two are written": status.status(ASKED, after(60, written=2), 4),
    "at once": status.status(ASKED, after(0), 20),
    "half an hour": status.status(ASKED, after(30), 20),
    "119 minutes left": status.status(ASKED, after(119), 20),
    "two hours left": status.status(ASKED, after(120), 20),
    "seconds left": status.status(ASKED, after(1), 11),
    "one is left": status.status(ASKED, after(60, written=999), 1000),
    "all are written": status.status(ASKED, after(60, written=1000), 1000),
    "more than there are": status.status(ASKED, after(60, written=1200), 1000),
    "verifying": status.status(ASKED, after(60, is_registered=True), 1200),
    "a job": status.status(ASKED, after(60), 20, job=JOB),
    "a job that is being ended": status.status(VERIFY, Progress(), None, job=STOPPING),
    "ended": status.ended(ASKED),
    "not begun, why": status.not_begun(ASKED, "it *is* late."),
    "begun by hand": status.begun_by_hand(ASKED, "octocat"),
}
LOG = "https://log.test"
ENDINGS = [
    *(
        Ending(job, outcome, LOG)
        for job in ("plan", "smoke", "launch", "work")
        for outcome in ("failure", "cancelled")
    ),
    *(Ending("", outcome, LOG) for outcome in ("skipped", "lost", "unknown")),
]
LOST = {
    **{
        f"{ending}{', begun' if progress.began else ''}": status.lost(
            ASKED, ending, progress, 20, ""
        )
        for ending in ENDINGS
        for progress in (Progress(), after(60))
    },
    "asked to stop": status.lost(
        ASKED, Ending("work", "cancelled", ""), after(60), None, "octocat", cost=1234.5
    ),
    "given up": status.lost(ASKED, GIVEN_UP, Progress(), 20, ""),
    "given up, by whom": status.lost(VERIFY, GIVEN_UP, Progress(), None, "octocat"),
    "registered": status.lost(
        VERIFY.model_copy(update={"action": Action.INGEST}),
        Ending("work", "failure", LOG, "it *died* " * 120),
        after(60, written=30, is_registered=True),
        20,
        "",
        JOB,
        1.0,
    ),
    "verification": status.lost(
        VERIFY, Ending("work", "failure", LOG), after(60), 20, "", None, 0.0
    ),
}
REAPED = {
    f"{act} {outcome}": status.machine_action(
        Reaped(act=act, machine="i-1", run=of, why="it *has* no job", result=outcome)
    )
    for act in Act
    for outcome, of in ((Reaped.DONE, "r-1"), (Reaped.SPARED, None), ("AWS *refuses*", "r-1"))
}

FINDINGS = {
    "alone": Finding(reason=Reason.TERM_UNKNOWN),
    "counted": Finding(reason=Reason.TERM_UNKNOWN, column="c|d", count=1200),
    "three values": Finding(reason=Reason.TERM_UNKNOWN, values=("a", "b", "c"), count=3),
    "four values": Finding(reason=Reason.TERM_UNKNOWN, values=("a", "b", "c", "d")),
    "more than are listed": Finding(reason=Reason.TERM_UNKNOWN, values=("a",), count=1200),
    "long": Finding(
        reason=Reason.TERM_UNKNOWN, column="x" * 99, values=("y" * 99,), detail="z" * 299
    ),
}
MACHINES = {
    "local": Machine(launcher="local"),
    "without a price": Machine(launcher="ec2", type="m7i", region="us", hours=1.99),
    "without a day": Machine(launcher="ec2", id="i-1", hours=2.0, price=1000, spot=True),
    "an instant": Machine(launcher="ec2", type="m7i", hours=0.0999, price=1),
    "minutes": Machine(
        launcher="ec2", type="m7i", spot=True, hours=0.1, price=0.0, priced_on=date(2026, 2, 1)
    ),
}
UNREAD = Finding(reason=Reason.FILE_UNREADABLE)
UNSUPPORTED = Finding(reason=Reason.UNSUPPORTED_CELL_LINE)
BROKEN = dataset(1, Outcome.FAILED, UNREAD)
WAITING = dataset(2, Outcome.FAILED, UNSUPPORTED)
DONE = dataset(3, Outcome.REVISED)


def use(of: int, state: ExceptionState, because: str | None = "it *is* so") -> ExceptionUse:
    one = dataset(of, Outcome.FAILED)
    accepted = AcceptedException(
        dataset_id=one.dataset_id,
        reason=Reason.TERM_UNKNOWN,
        until=date(2026, 6, of),
        because=because,
    )
    return ExceptionUse(exception=accepted, title=one.title, state=state)


def offending(count: int, detail: str = "no *artifact*") -> tuple[Offender, ...]:
    return tuple(Offender(dataset_id=f"d{n}", title=f"T{n}", detail=detail) for n in range(count))


def source(version: str, *current: str) -> SourceUse:
    return SourceUse(
        registry="bionty.Tissue",
        organism="all",
        name="uberon",
        version=version,
        terms=1200,
        is_pinned=bool(current),
        current=current,
    )


EVERYTHING = report(
    (BROKEN, WAITING, DONE, dataset(4, Outcome.MISSING)),
    (
        check(Status.PASSED, name="slots", title="Slots", accepted=offending(1)),
        check(Status.FAILED, name="links", title="Links", offenders=offending(5)),
        check(Status.FAILED, name="genes", title="Genes", offenders=offending(6, "")),
        check(Status.UNCHECKED, name="cells", title="Cells", note="it *failed*"),
        check(Status.NOT_APPLICABLE, name="first", title="First"),
    ),
    request(requested_by="octocat"),
    withdrawn=offending(2),
    changes={"artifacts": 1200, "features": 0, "li*nks*": 1},
    versions={"lamindb": "2.0", "py*thon*": "3.11"},
    machine=MACHINES["minutes"],
    exceptions=tuple(use(n, state) for n, state in enumerate(ExceptionState, 1)),
    previous=PreviousRelease(release="2025-06-01", dataset_count=1200, continued=3),
    sources=SourcesReport(
        uses=(source("1", "uberon 1"), source("2", "uberon 1", "uberon 3"), source("3")),
        remarks=tuple(f"*{n}*" for n in range(11)),
    ),
)
EARLIER = report(
    (dataset(1, Outcome.REVISED), dataset(2, Outcome.MISSING), dataset(3, Outcome.FAILED)),
    (
        check(Status.FAILED, name="slots"),
        check(Status.PASSED, name="links"),
        check(Status.PASSED, name="cells"),
    ),
    request(run_id="2026-02-01-ingest-1"),
)
VERIFIED = report((), (), VERIFY, sources=SourcesReport(uses=()))


def many(count: int) -> RunReport:
    """One more, or one less, than is shown at once."""
    some = tuple(dataset(n, Outcome.FAILED, UNREAD) for n in range(count))
    return report(some, (check(Status.FAILED),), withdrawn=offending(count))


def frame(text: str) -> str:
    """The text without rows and items."""
    return "\n".join(line for line in text.splitlines() if not line.startswith(("| ", "- ")))


RESULTS = {
    "everything": result.body(EVERYTHING, ResultContext(EARLIER, EARLIER, "page.html", LOG, True)),
    "nothing": result.body(VERIFIED, ResultContext(ingest_on_merge=False)),
    "stopped": result.body(report((BROKEN,), (check(),), cancelled=True)),
    "stopped, of so many": result.headline(
        report((BROKEN, DONE), (check(),), cancelled=True, dataset_count=1845)
    ),
    "as many as stand open": frame(result.body(many(20), ResultContext(ingest_on_merge=False))),
    "one more": frame(result.body(many(21))),
    "no more are new": result.body(
        report(
            (DONE,),
            (check(),),
            dataset_count=2,
            previous=PreviousRelease(release="2025-06-01", dataset_count=2, continued=2),
        )
    ),
    "five failed": result.headline(many(5)) + result.body(many(5)).split("\n\n")[1],
    "two wait for an update": result.body(
        report((WAITING, dataset(5, Outcome.FAILED, UNSUPPORTED)), (check(Status.FAILED),))
    ).split("\n\n")[1],
    "a part that failed": result.body(
        report((BROKEN,), (check(Status.FAILED),), request(only=number(2)))
    ),
    "few are shown": "\n\n".join(
        [
            datasets.failed(many(3), 2),
            datasets.withdrawn(many(3), 2),
            datasets.everything(many(3), 2),
            datasets.everything(many(3), 0),
            result.checks_table(EVERYTHING, 4),
            datasets.exceptions_used(EVERYTHING, 4),
            result.sources.where_from(EVERYTHING, 2),
            run.changes(EVERYTHING, 1),
            run.versions(EVERYTHING, 1),
        ]
    ),
}
PARTS = {
    "only": request(only=number(1200)),
    "by name": request(collection=("A", "B"), organism=("homo_sapiens",), limit=1),
    "failed": request(failed_of="2026-02-01-ingest-1"),
    "missing": request(only_missing=True),
}
TEXTS = {
    **{f"status: {name}": text for name, text in STATUS.items()},
    **{f"lost: {name}": text for name, text in LOST.items()},
    **{f"reaped: {name}": text for name, text in REAPED.items()},
    **{f"finding: {name}": finding(one) for name, one in FINDINGS.items()},
    **{f"machine: {name}": run.machine_sentence(one) for name, one in MACHINES.items()},
    **{f"part: {name}": run.run_summary(report(asked=one)) for name, one in PARTS.items()},
    **{f"result: {name}": text for name, text in RESULTS.items()},
}

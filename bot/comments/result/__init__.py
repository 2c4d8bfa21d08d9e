"""The comment on a run's result: the verdict, what didn't go well, what to do, then the rest.

Written to be understood in ten seconds from its top; what is long is collapsed or summarised.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.comments.markdown import LIMIT, code, collapsed, counted, inert, moment, table
from bot.comments.outcomes import GOOD, SIGNS, excused
from bot.comments.result import datasets, run, sources
from bot.comments.result.datasets import named
from bot.comments.result.next_step import next_step
from runners.contract import CheckResult, Offender, RunReport, Status, Verdict

FEW = 5
ORDER = (Status.FAILED, Status.UNCHECKED, Status.PASSED, Status.NOT_APPLICABLE)
# Rows of (what went wrong, everything), tried in turn until the comment fits.
SIZES = ((None, 200), (None, 0), (400, 0), (200, 0), (100, 0), (50, 0), (10, 0), (3, 0))
HEADLINES = {
    Verdict.PASSED: "passed its verification",
    Verdict.FAILED: "failed its verification",
    Verdict.UNCHECKED: "couldn't be verified completely",
}


@dataclass(frozen=True, slots=True)
class ResultContext:
    """`earlier` is the last run of this release before, `before` that of the previous release.

    `page` is the address of the whole report, as the thread's readers can open it, `log` that of
    the run's workflow run. `ingest_on_merge` is None where the repository's settings aren't known.
    """

    earlier: RunReport | None = None
    before: RunReport | None = None
    page: str | None = None
    log: str | None = None
    ingest_on_merge: bool | None = None


ALONE = ResultContext()


def body(report: RunReport, context: ResultContext = ALONE) -> str:
    """The comment. Whole rows are left out, and counted, until GitHub takes it."""
    text = whole(report, context)
    if len(text) <= LIMIT:
        return text
    for wrong, everything in SIZES:
        text = "\n\n".join(_parts(report, context, wrong, everything))
        if len(text) <= LIMIT:
            return text
    return "\n\n".join(_top(report, context))


def whole(report: RunReport, context: ResultContext = ALONE) -> str:
    """The comment with every row, whatever its length."""
    return "\n\n".join(_parts(report, context, None, None))


def headline(report: RunReport) -> str:
    """The verdict and its two numbers in one line."""
    return (
        f"## {SIGNS[report.verdict]} Release {report.request.release} {_verdict(report)}: "
        f"{_checks_counted(report)}{_datasets_counted(report)}"
    )


def verdict_in(body: str) -> Verdict | None:
    """What a comment on a result says that the run came to; None of one on a lost run."""
    return next((one for one in Verdict if body.startswith(f"## {SIGNS[one]} Release ")), None)


def _verdict(report: RunReport) -> str:
    accepted = excused(report)
    if report.verdict is Verdict.PASSED and accepted:
        return f"passed with {len(accepted):,} accepted"
    return HEADLINES[report.verdict]


def _checks_counted(report: RunReport) -> str:
    applicable = [check for check in report.checks if check.status is not Status.NOT_APPLICABLE]
    passed = sum(check.status is Status.PASSED for check in applicable)
    return f"{passed} of {counted(len(applicable), 'check')} passed"


def _datasets_counted(report: RunReport) -> str:
    if not report.outcomes:
        return ""
    good = sum(outcome.outcome in GOOD for outcome in report.outcomes)
    total = datasets.how_many(report)
    if total is None:
        return f", {counted(good, 'dataset')} registered"
    return f", {good:,} of {counted(total, 'dataset')} registered"


def _top(report: RunReport, context: ResultContext) -> list[str]:
    """What stands in every comment, however long the rest."""
    page = f"**Everything:** [the whole report]({context.page})" if context.page else ""
    parts = [headline(report), f"**Next:** {next_step(report)}", _since(report, context), page]
    return [part for part in (*parts, run.run_summary(report, context.log)) if part]


def _parts(
    report: RunReport, context: ResultContext, wrong: int | None, everything: int | None
) -> list[str]:
    *top, rest = _top(report, context)
    parts = [
        *top,
        datasets.failed(report, wrong),
        checks_table(report, wrong),
        datasets.exceptions_used(report, wrong),
        datasets.outcomes(report, context.before),
        datasets.withdrawn(report, wrong),
        run.changes(report, wrong),
        sources.where_from(report, wrong),
        datasets.exception_lines(report, ingest_on_merge=context.ingest_on_merge),
        datasets.everything(report, everything),
        run.versions(report, wrong),
        rest,
    ]
    return [part for part in parts if part]


def _since(report: RunReport, context: ResultContext) -> str:
    """What is better and what is worse than after the run before."""
    earlier = context.earlier
    if earlier is None:
        return ""
    parts = [*_moved(earlier, report)] or ["nothing is better or worse"]
    return (
        f"**Since run** {code(earlier.request.run_id)} ({moment(earlier.ended_at)}, "
        f"{SIGNS[earlier.verdict]} {earlier.verdict}, in an earlier comment): {', '.join(parts)}."
    )


def _moved(earlier: RunReport, now: RunReport) -> list[str]:
    were = {outcome.dataset_id: outcome.outcome in GOOD for outcome in earlier.outcomes}
    are = {outcome.dataset_id: outcome.outcome in GOOD for outcome in now.outcomes}
    both = were.keys() & are.keys()
    mended = sum(are[i] and not were[i] for i in both)
    broken = sum(were[i] and not are[i] for i in both)
    had = {check.name: check.status for check in earlier.checks}
    better = sum(
        check.status is Status.PASSED and had.get(check.name, check.status) is not check.status
        for check in now.checks
    )
    worse = sum(
        check.status is Status.FAILED and had.get(check.name, check.status) is not check.status
        for check in now.checks
    )
    counts = [
        (mended, f"{counted(mended, 'dataset')} mended"),
        (broken, f"{counted(broken, 'dataset')} newly failed"),
        (better, f"{counted(better, 'check')} newly passed"),
        (worse, f"{counted(worse, 'check')} newly failed"),
    ]
    return [text for number, text in counts if number]


def checks_table(report: RunReport, limit: int | None) -> str:
    """The table of checks, and beneath it who offends, to `limit` for each."""
    if not report.checks:
        return "### Checks\n\nNone was made."
    in_order = sorted(report.checks, key=lambda check: ORDER.index(check.status))
    text = table(["Check", "Expected", "Found", "Status"], [_row(check) for check in in_order])
    offenders = [_named(check, check.offenders, "named by this check", limit) for check in in_order]
    return "\n\n".join(part for part in ("### Checks", text, *offenders) if part)


def _row(result: CheckResult) -> list[str]:
    status = (
        f"{result.status}, {len(result.accepted):,} accepted"
        if result.accepted
        else str(result.status)
    )
    return [
        f"{SIGNS[result.status]} {inert(result.title, 160)}",
        inert(result.expected, 160),
        inert(result.found, 160),
        f"{status}: {inert(result.note, 200)}" if result.note else status,
    ]


def _named(check: CheckResult, offenders: Sequence[Offender], how: str, limit: int | None) -> str:
    if not offenders:
        return ""
    shown = offenders if limit is None else offenders[:limit]
    lines = [
        f"- {named(offender.title, offender.dataset_id)}"
        f"{': ' if offender.detail else ''}{inert(offender.detail, 160)}"
        for offender in shown
    ]
    left = len(offenders) - len(shown)
    lines += [f"- … and {left:,} more; the run's report has them all."] if left else []
    summary = f"{inert(check.title, 160)}, {how}: {len(offenders):,}"
    if len(lines) > FEW:
        return collapsed(summary, "\n".join(lines))
    return f"{summary}\n\n" + "\n".join(lines)

"""The comment on a run's result: the verdict, what didn't go well, what to do, then the rest.

Written to be understood in ten seconds from its top; what is long is collapsed or summarised.
"""

from collections import Counter
from collections.abc import Sequence

from bot.comments.counting import counted, duration, joined, moment
from bot.comments.escape import code, inert, mention
from bot.comments.next_step import next_step
from bot.comments.reasons import GOOD, OUTCOMES, SIGNS, finding, reasons_of
from bot.comments.table import collapsed, table
from runners.contract import (
    Action,
    CheckResult,
    DatasetOutcome,
    RunReport,
    Status,
    Verdict,
)

LIMIT = 65_000  # GitHub takes 65,536 characters; the marker comes on top.
# Rows of (what went wrong, everything), tried in turn until the comment fits.
SIZES = ((None, None), (None, 200), (None, 0), (400, 0), (150, 0), (50, 0), (10, 0), (3, 0))
FEW = 5
ORDER = (Status.FAILED, Status.UNCHECKED, Status.PASSED, Status.NOT_APPLICABLE)
HEADLINES = {
    Verdict.PASSED: "passed its verification",
    Verdict.FAILED: "failed its verification",
    Verdict.UNCHECKED: "couldn't be verified completely",
}


def body(report: RunReport) -> str:
    """The comment. Whole rows are left out, and counted, until GitHub takes it."""
    for wrong, everything in SIZES:
        text = _body(report, wrong, everything)
        if len(text) <= LIMIT:
            return text
    return "\n\n".join([headline(report), _run(report), f"**Next:** {next_step(report)}"])


def headline(report: RunReport) -> str:
    """The verdict and its two numbers in one line."""
    return (
        f"## {SIGNS[report.verdict]} Release {report.request.release} "
        f"{HEADLINES[report.verdict]}: {_checks_counted(report)}{_datasets_counted(report)}"
    )


def _body(report: RunReport, wrong: int | None, everything: int | None) -> str:
    parts = [
        headline(report),
        f"**Next:** {next_step(report)}",
        _failed_datasets(report, wrong),
        _checks(report, wrong),
        _outcomes(report),
        _withdrawn(report, wrong),
        _changes(report, wrong),
        _all_datasets(report, everything),
        _versions(report, wrong),
        _run(report),
    ]
    return "\n\n".join(part for part in parts if part)


def _checks_counted(report: RunReport) -> str:
    made = [one for one in report.checks if one.status is not Status.NOT_APPLICABLE]
    passed = sum(one.status is Status.PASSED for one in made)
    return f"{passed} of {counted(len(made), 'check')} passed"


def _datasets_counted(report: RunReport) -> str:
    if not report.outcomes:
        return ""
    good = sum(one.outcome in GOOD for one in report.outcomes)
    return f", {good:,} of {counted(len(report.outcomes), 'dataset')} registered"


def _run(report: RunReport) -> str:
    request = report.request
    who = f", asked for by {mention(request.requested_by)}" if request.requested_by else ""
    part = []
    if request.only:
        part.append(f"only {counted(len(request.only), 'named dataset')}")
    if request.limit:
        part.append(f"at most {counted(request.limit, 'dataset')}")
    some = f" ({joined(part)})" if part else ""
    return (
        f"Run {code(request.run_id)}: {request.action}{some} in {code(request.instance)}{who}; "
        f"{moment(report.started_at)}, {duration(report.started_at, report.ended_at)}."
    )


# --- what didn't go well --------------------------------------------------------------------------


def _failed_datasets(report: RunReport, limit: int | None) -> str:
    failed = [one for one in report.outcomes if one.outcome not in GOOD]
    if not failed:
        return ""
    rows = [[_dataset(one), str(one.outcome), reasons_of(one)] for one in failed]
    head = f"### {counted(len(failed), 'dataset')} not registered"
    return f"{head}\n\n{table(['Dataset', 'Outcome', 'Why'], rows, limit)}"


def _dataset(one: DatasetOutcome) -> str:
    return _named(one.title, one.dataset_id)


def _named(title: str, dataset_id: str) -> str:
    return " ".join(part for part in (inert(title, 120), code(dataset_id)) if part)


def _checks(report: RunReport, limit: int | None) -> str:
    if not report.checks:
        return "### Checks\n\nNone was made."
    rows = [
        [
            f"{SIGNS[one.status]} {inert(one.title, 160)}",
            inert(one.expected, 160),
            inert(one.found, 160),
            f"{one.status}: {inert(one.note, 200)}" if one.note else str(one.status),
        ]
        for one in sorted(report.checks, key=lambda check: ORDER.index(check.status))
    ]
    found = table(["Check", "Expected", "Found", "Status"], rows)
    offenders = [_offenders(one, limit) for one in report.checks if one.offenders]
    return "\n\n".join(["### Checks", found, *offenders])


def _offenders(check: CheckResult, limit: int | None) -> str:
    shown = check.offenders if limit is None else check.offenders[:limit]
    lines = [
        f"- {_named(one.title, one.dataset_id)}{': ' if one.detail else ''}{inert(one.detail, 160)}"
        for one in shown
    ]
    left = len(check.offenders) - len(shown)
    lines += [f"- … and {left:,} more; the run's report has them all."] if left else []
    summary = f"{inert(check.title, 160)}, named by this check: {len(check.offenders):,}"
    if len(lines) > FEW:
        return collapsed(summary, "\n".join(lines))
    return f"{summary}\n\n" + "\n".join(lines)


# --- what became of everything --------------------------------------------------------------------


def _outcomes(report: RunReport) -> str:
    if not report.outcomes:
        return ""
    counts = Counter(one.outcome for one in report.outcomes)
    rows = [
        [OUTCOMES[outcome], f"{counts[outcome]:,}", _why(report.outcomes, outcome)]
        for outcome in OUTCOMES
        if counts[outcome]
    ]
    return "### Datasets\n\n" + table(["Outcome", "Datasets:", "Reasons"], rows)


def _why(datasets: Sequence[DatasetOutcome], outcome: object) -> str:
    """The reasons by name, each with the number of datasets that have it."""
    mine = (one for one in datasets if one.outcome is outcome)
    counts = Counter(reason for one in mine for reason in {str(f.reason) for f in one.reasons})
    return ", ".join(f"{code(reason)} {n:,}" for reason, n in sorted(counts.items()))


def _withdrawn(report: RunReport, limit: int | None) -> str:
    if not report.withdrawn:
        return ""
    rows = [[_named(one.title, one.dataset_id), inert(one.detail, 160)] for one in report.withdrawn]
    head = f"### {counted(len(rows), 'dataset')} withdrawn since the release before"
    return (
        f"{head}\n\nNot in this release; what was registered of them stays.\n\n"
        f"{table(['Dataset', 'Remarks'], rows, limit)}"
    )


def _notes(one: DatasetOutcome) -> str:
    return "; ".join(inert(note, 160) for note in one.notes[:5])


def _changes(report: RunReport, limit: int | None) -> str:
    if report.request.action is Action.VERIFY:
        return ""
    rows = [[inert(name), f"{n:,}"] for name, n in report.changes.items() if n]
    found = table(["Records", "Written:"], rows, limit) if rows else "Nothing."
    return f"### What changed in the instance\n\n{found}"


def _all_datasets(report: RunReport, limit: int | None) -> str:
    if not report.outcomes:
        return ""
    if limit == 0:
        return "The list of all datasets is too long for here; the run's report has it."
    rows = [[_dataset(one), str(one.outcome), _remarks(one)] for one in report.outcomes]
    found = table(["Dataset", "Outcome", "Remarks"], rows, limit)
    return collapsed(f"All {counted(len(rows), 'dataset')}", found)


def _remarks(one: DatasetOutcome) -> str:
    return "; ".join(part for part in (*map(finding, one.reasons), _notes(one)) if part)


def _versions(report: RunReport, limit: int | None) -> str:
    if not report.versions:
        return ""
    rows = [[inert(name), inert(version)] for name, version in report.versions.items()]
    return collapsed("Versions", table(["Software", "Version"], rows, limit))

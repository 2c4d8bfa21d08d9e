"""The result comment's parts on checks, those that didn't pass first, and on the run itself.

Of the run: how long it took, on which machine, at what cost, what it changed, which versions.
"""

from collections.abc import Sequence

from bot.comments.markdown import (
    code,
    collapsed,
    counted,
    duration,
    inert,
    joined,
    mention,
    moment,
    table,
)
from bot.comments.outcomes import SIGNS
from bot.comments.result.datasets import named
from runners.contract import Action, CheckResult, Machine, Offender, RunReport, RunRequest, Status

FEW = 5
ORDER = (Status.FAILED, Status.UNCHECKED, Status.PASSED, Status.NOT_APPLICABLE)


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


def run_summary(report: RunReport) -> str:
    """The run in a sentence, and one on its machine."""
    request = report.request
    who = f", asked for by {mention(request.requested_by)}" if request.requested_by else ""
    return (
        f"Run {code(request.run_id)}: {request.action}{_part(request)} in "
        f"{code(request.instance)}{who}; {moment(report.started_at)}, "
        f"{duration(report.started_at, report.ended_at)}."
        f"{_machine(report.machine) if report.machine else ''}"
    )


def _part(request: RunRequest) -> str:
    part = []
    if request.only:
        part.append(f"only {counted(len(request.only), 'named dataset')}")
    if request.limit:
        part.append(f"at most {counted(request.limit, 'dataset')}")
    if request.failed_of:
        part.append(f"what failed in {code(request.failed_of)}")
    if request.only_missing:
        part.append("only what was missing")
    return f" ({joined(part)})" if part else ""


def _machine(machine: Machine) -> str:
    spot = " (spot)" if machine.spot else ""
    machine_text = (
        f"{code(machine.type)}{spot}" if machine.type else f"this {machine.launcher} machine"
    )
    where = f" in {inert(machine.region)}" if machine.region else ""
    name = f", {code(machine.id)}" if machine.id else ""
    return f" On {machine_text}{where}{name}{_cost(machine)}."


def _cost(machine: Machine) -> str:
    if machine.hours is None:
        return ""
    hours = f": {machine.hours:.1f} h"
    if machine.price is None:
        return hours
    day = f", by our table of {machine.priced_on}" if machine.priced_on else ""
    cost = machine.hours * machine.price
    return f"{hours} at ${machine.price:.4f} an hour, an estimated ${cost:,.2f} in all{day}"


def changes(report: RunReport, limit: int | None) -> str:
    """How many records of each kind the run has added."""
    if report.request.action is Action.VERIFY:
        return ""
    rows = [[inert(name), f"{n:,}"] for name, n in report.changes.items() if n]
    text = table(["Records", "Written:"], rows, limit) if rows else "Nothing."
    return f"### What changed in the instance\n\n{text}"


def versions(report: RunReport, limit: int | None) -> str:
    """The software that worked, collapsed."""
    if not report.versions:
        return ""
    rows = [[inert(name), inert(version)] for name, version in report.versions.items()]
    return collapsed("Versions", table(["Software", "Version"], rows, limit))

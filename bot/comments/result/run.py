"""What the run was: what it changed, how long, on which machine, at what cost, with what."""

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
from bot.comments.plan import selected_by_name
from runners.contract import Action, Machine, RunReport, RunRequest


def run_summary(report: RunReport, log: str | None = None) -> str:
    """The run in a sentence, and one on its machine; `log` is where its workflow run is read."""
    request = report.request
    who = f", asked for by {mention(request.requested_by)}" if request.requested_by else ""
    name = f"[{code(request.run_id)}]({log})" if log else code(request.run_id)
    return (
        f"Run {name}: {request.action}{_part(request)} in "
        f"{code(request.instance)}{who}; {moment(report.started_at)}, "
        f"{duration(report.started_at, report.ended_at)}."
        f"{machine_sentence(report.machine) if report.machine else ''}"
    )


def _part(request: RunRequest) -> str:
    part = []
    if request.only:
        part.append(f"only {counted(len(request.only), 'named dataset')}")
    part += selected_by_name(request)
    if request.limit:
        part.append(f"at most {counted(request.limit, 'dataset')}")
    if request.failed_of:
        part.append(f"what failed in {code(request.failed_of)}")
    if request.only_missing:
        part.append("only what was missing")
    return f" ({joined(part)})" if part else ""


def machine_sentence(machine: Machine) -> str:
    """Where the run worked, for how long and at what cost: a sentence after a space."""
    spot = " (spot)" if machine.spot else ""
    machine_text = (
        f"{code(machine.type)}{spot}" if machine.type else f"this {machine.launcher} machine"
    )
    where = f" in {inert(machine.region)}" if machine.region else ""
    name = f", {code(machine.id)}" if machine.id else ""
    return f" On {machine_text}{where}{name}{_cost(machine)}."


def time_text(hours: float) -> str:
    """A time that is precise enough to be multiplied by a price an hour."""
    if hours < 0.1:
        return f"{hours * 3600:.0f} s"
    return f"{hours * 60:.0f} min" if hours < 2 else f"{hours:.2f} h"


def _cost(machine: Machine) -> str:
    if machine.hours is None:
        return ""
    hours = f": {time_text(machine.hours)}"
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

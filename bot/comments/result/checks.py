"""The checks of a verification, those that didn't pass first, each with all whom it names."""

from collections.abc import Sequence

from bot.comments.escape import inert
from bot.comments.reasons import SIGNS
from bot.comments.result.datasets import named
from bot.comments.table import collapsed, table
from runners.contract import CheckResult, Offender, RunReport, Status

FEW = 5
ORDER = (Status.FAILED, Status.UNCHECKED, Status.PASSED, Status.NOT_APPLICABLE)


def made(report: RunReport, limit: int | None) -> str:
    """The table of checks, and beneath it who offends, to `limit` for each."""
    if not report.checks:
        return "### Checks\n\nNone was made."
    in_order = sorted(report.checks, key=lambda check: ORDER.index(check.status))
    found = table(["Check", "Expected", "Found", "Status"], [_row(one) for one in in_order])
    offenders = [_named(one, one.offenders, "named by this check", limit) for one in in_order]
    return "\n\n".join(part for part in ("### Checks", found, *offenders) if part)


def _row(one: CheckResult) -> list[str]:
    status = f"{one.status}, {len(one.accepted):,} accepted" if one.accepted else str(one.status)
    return [
        f"{SIGNS[one.status]} {inert(one.title, 160)}",
        inert(one.expected, 160),
        inert(one.found, 160),
        f"{status}: {inert(one.note, 200)}" if one.note else status,
    ]


def _named(check: CheckResult, who: Sequence[Offender], how: str, limit: int | None) -> str:
    if not who:
        return ""
    shown = who if limit is None else who[:limit]
    lines = [
        f"- {named(one.title, one.dataset_id)}{': ' if one.detail else ''}{inert(one.detail, 160)}"
        for one in shown
    ]
    left = len(who) - len(shown)
    lines += [f"- … and {left:,} more; the run's report has them all."] if left else []
    summary = f"{inert(check.title, 160)}, {how}: {len(who):,}"
    if len(lines) > FEW:
        return collapsed(summary, "\n".join(lines))
    return f"{summary}\n\n" + "\n".join(lines)

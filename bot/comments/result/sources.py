"""Where the release's terms are from, beside the sources in which people look terms up."""

from bot.comments.markdown import collapsed, inert, table
from runners.contract import RunReport, SourceUse

WHY = (
    "Each term names the source that it was made from: that of the release that needed it first. "
    "Which source is current, where `from_values`, `from_source`, `public` and curators "
    "look terms up, is the choice of the instance's people: no run changes it."
)
AMISS = 10
"""Remarks that are shown."""


def where_from(report: RunReport, limit: int | None) -> str:
    """The sources of the terms beside the current ones, collapsed; above it, what is amiss."""
    if report.sources is None or not report.sources.uses:
        return ""
    remarks = [f"- ⚠️ {inert(remark)}" for remark in report.sources.remarks]
    left = len(remarks) - AMISS
    shown = remarks[:AMISS] + ([f"- … and {left:,} more."] if left > 0 else [])
    differing = sum(_differs(use) for use in report.sources.uses)
    rows = [_row(use) for use in report.sources.uses]
    columns = ["Registry", "Organism", "Source", "Terms:", "At the pin", "Current"]
    text = collapsed(
        f"{len(rows):,} sources, of which {differing:,} aren't current",
        f"{WHY}\n\n{table(columns, rows, limit)}",
    )
    return "\n\n".join(part for part in ("### Sources of terms", "\n".join(shown), text) if part)


def _differs(use: SourceUse) -> bool:
    return _name(use) not in use.current


def _name(use: SourceUse) -> str:
    return f"{use.name} {use.version}"


def _row(use: SourceUse) -> list[str]:
    return [
        inert(use.registry, 80),
        inert(use.organism, 80),
        inert(_name(use), 80),
        f"{use.terms:,}",
        "yes" if use.is_pinned else "",
        "the same" if not _differs(use) else inert(" and ".join(use.current) or "none", 160),
    ]

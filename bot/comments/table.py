"""GitHub's Markdown tables and collapsed sections, of cells that are Markdown already."""

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], limit: int | None = None) -> str:
    """The table with its first `limit` rows; what is left out is counted beneath it.

    A column whose heading ends in a colon is set to the right; one without content is left out.
    """
    used = [any(column) for column in zip(*rows, strict=True)]
    header, rows = _kept(header, used), [_kept(row, used) for row in rows]
    heads = [head.removesuffix(":") for head in header]
    rules = ["---:" if head.endswith(":") else "---" for head in header]
    kept = rows if limit is None else rows[:limit]
    lines = [_row(row) for row in (heads, rules, *kept)] if kept else []
    left = len(rows) - len(kept)
    if left:
        lines += ["", f"… and {left:,} more; the run's report has them all."]
    return "\n".join(lines)


def _kept(cells: Sequence[str], used: Sequence[bool]) -> list[str]:
    return [cell for cell, is_used in zip(cells, used, strict=True) if is_used]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def collapsed(summary: str, content: str) -> str:
    """The content behind a line that opens it. The empty lines let Markdown work inside."""
    return f"<details>\n<summary>{summary}</summary>\n\n{content.strip()}\n\n</details>"

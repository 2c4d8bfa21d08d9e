"""The Markdown that all comments are made of: text made harmless, numbers, tables, fitting.

Text from outside can't end a table's cell, open HTML, forge a marker, ping anyone or refer to
another thread. What is shortened loses whole rows, which are counted.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

# Within a word an underscore marks nothing, and names are full of them.
SPECIAL = re.compile(r"[\\`*\[\]~|$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^[-+](?=\s)|^[-=]+$")
# https://spec.commonmark.org/0.31.2/#ordered-list-marker
NUMBER_OF_ITEM = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")
# A managed user's ends in its enterprise's short code.
LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}(?:_[A-Za-z0-9]+|\[bot\])?")
# GitHub looks for mentions and references after rendering: an entity or a backslash won't do.
UNSEEN = "\u200b"


LIMIT = 65_000  # GitHub takes 65,536 characters; the marker comes on top.
ROW_LIMITS = (64, 32, 16, 8, 4, 2, 1)


def one_line(text: str, limit: int = 300) -> str:
    """The text without line breaks and invisible or control characters, cut to `limit`."""
    if not text.isprintable():  # which has neither
        blank = (" " if unicodedata.category(c) in {"Zs", "Zl", "Zp", "Cc"} else c for c in text)
        text = "".join(c for c in blank if unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"})
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def inert(text: str, limit: int = 300) -> str:
    """The text as one line of Markdown, fit for a sentence or a table's cell."""
    line = SPECIAL.sub(r"\\\g<0>", one_line(text, limit))
    line = NUMBER_OF_ITEM.sub(r"\1\\\2", line)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"(?i)(https?|www)(?=:|\.)", rf"\1{UNSEEN}", line)
    line = re.sub(r"(?i)\b(gh)(?=-\d)", rf"\1{UNSEEN}", line)
    return re.sub(r"([@#])", rf"\1{UNSEEN}", line)


def code(text: str, limit: int = 300) -> str:
    """The text as code, in a sentence or a table's cell."""
    line = one_line(text, limit)
    if "|" in line:
        # In a code span, a cell wants the bar escaped and a sentence doesn't.
        return f"<code>{inert(line, limit)}</code>"
    if not line:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def mention(actor: str) -> str:
    """The person's name, made to notify them; a name that can't be a login is only shown."""
    return f"@{actor}" if LOGIN.fullmatch(actor) else code(actor)


def counted(number: int, text: str, many: str | None = None) -> str:
    """`1 dataset`, `1,845 datasets`."""
    return f"{number:,} {text if number == 1 else many or text + 's'}"


def joined(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def moment(when: datetime) -> str:
    """A UTC time to the minute."""
    return when.strftime("%Y-%m-%d %H:%M UTC")


def duration(start: datetime, end: datetime) -> str:
    """`42 s`, `3 min 5 s`, `2 h 10 min`."""
    seconds = max(0, round((end - start).total_seconds()))
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], limit: int | None = None) -> str:
    """The table with its first `limit` rows; what is left out is counted beneath it.

    A column whose heading ends in a colon is set to the right; one without content is left out.
    """
    used = [any(column) for column in zip(*rows, strict=True)]
    header, rows = _used_cells(header, used), [_used_cells(row, used) for row in rows]
    heads = [head.removesuffix(":") for head in header]
    rules = ["---:" if head.endswith(":") else "---" for head in header]
    shown = rows if limit is None else rows[:limit]
    lines = [_row(row) for row in (heads, rules, *shown)] if shown else []
    left = len(rows) - len(shown)
    if left:
        lines += ["", f"… and {left:,} more; the run's report has them all."]
    return "\n".join(lines)


def _used_cells(cells: Sequence[str], used: Sequence[bool]) -> list[str]:
    return [cell for cell, is_used in zip(cells, used, strict=True) if is_used]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def collapsed(summary: str, content: str) -> str:
    """The content behind a line that opens it. The empty lines let Markdown work inside."""
    return f"<details>\n<summary>{summary}</summary>\n\n{content.strip()}\n\n</details>"


def fitted(text: str, room: int, file: str) -> str | None:
    """The text in at most `room` characters, with where the rest is; None if it can't be had."""
    if len(text) <= room:
        return text
    shorter = ("\n".join(_shortened(text, rows, file)) for rows in ROW_LIMITS)
    return next((text for text in shorter if len(text) <= room), None)


def shortest(text: str, file: str) -> str:
    """The text as short as `fitted` makes it."""
    return "\n".join(_shortened(text, ROW_LIMITS[-1], file))


def _shortened(text: str, rows: int, file: str) -> Iterator[str]:
    for mark, group in groupby(text.splitlines(), key=_mark):
        lines = list(group)
        # A table begins with its header and the rule beneath it.
        limit = rows + 2 if mark == "| " else rows
        yield from lines if mark is None else lines[:limit]
        if mark is not None and len(lines) > limit:
            yield from ("", f"\u2026 and {len(lines) - limit:,} more in `{file}`.")


def _mark(line: str) -> str | None:
    """What tells the rows of a table, and the items of a list, from other lines."""
    return next((mark for mark in ("| ", "- ") if line.startswith(mark)), None)

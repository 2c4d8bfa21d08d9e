"""Text from outside -> Markdown that shows it and does nothing else.

It can't end a table's cell, open HTML, forge a marker, ping anyone or refer to another thread.
"""

import re
import unicodedata

# Within a word an underscore marks nothing, and names are full of them.
SPECIAL = re.compile(
    r"[\\`*\[\]~|$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^[-+](?=\s)|^[-=]+$|(?<=^\d)[.)](?=\s|$)"
)
LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:\[bot\])?")
# GitHub looks for mentions and references after rendering: an entity or a backslash won't do.
UNSEEN = "\u200b"


def one_line(text: str, limit: int = 300) -> str:
    """The text without line breaks and invisible or control characters, cut to `limit`."""
    blank = (" " if unicodedata.category(c) in {"Zs", "Zl", "Zp", "Cc"} else c for c in text)
    seen = (c for c in blank if unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"})
    line = " ".join("".join(seen).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def inert(text: str, limit: int = 300) -> str:
    """The text as one line of Markdown, fit for a sentence or a table's cell."""
    line = SPECIAL.sub(r"\\\g<0>", one_line(text, limit))
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

"""Text from a document, made harmless within a Markdown comment on GitHub.

Must be applied to every piece of text that a document supplied, and to nothing else.
"""

import html
import re

# GitHub looks for mentions and references after it has decoded entities: only a break hides them.
BREAK = "&#8203;"
MARKUP = {ord(mark): f"&#{ord(mark)};" for mark in "|`*[]~\\!"}
# Within a word it never marks emphasis, and names are full of it.
LOOSE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
LONGEST = 300


def escaped(text: str, longest: int = LONGEST) -> str:
    """One line that can't break a table, open a tag or comment, or call a person or an issue."""
    line = " ".join(text.split())
    if len(line) > longest:
        line = line[: longest - 1].rstrip() + "\u2026"
    safe = html.escape(line, quote=False).translate(MARKUP)
    safe = LOOSE_UNDERSCORE.sub("&#95;", safe)
    safe = re.sub(r"(?<!&)([@#])", rf"\1{BREAK}", safe)
    return re.sub(r"\b(GH|https?|www)(?=[-:.])", rf"\1{BREAK}", safe, flags=re.I)


def code(text: str) -> str:
    """The text as inline code, escaped as well."""
    return f"<code>{escaped(text)}</code>"

"""Two texts -> a unified diff that `git apply` takes. Must not know what they are."""

from difflib import unified_diff

NO_NEWLINE = "\\ No newline at end of file\n"


def unified(before: str, after: str, path: str) -> str:
    """The diff with git's header; empty if the texts are the same."""
    lines = unified_diff(_lines(before), _lines(after), f"a/{path}", f"b/{path}")
    body = "".join(line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}" for line in lines)
    return f"diff --git a/{path} b/{path}\n{body}" if body else ""


def _lines(text: str) -> list[str]:
    """The lines with their ends; only "\\n" ends one, as git has it."""
    parts = text.split("\n")
    whole = [f"{part}\n" for part in parts[:-1]]
    return [*whole, parts[-1]] if parts[-1] else whole

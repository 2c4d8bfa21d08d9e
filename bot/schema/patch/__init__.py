"""LaminDB's `_cellxgene.py` and two Specs -> a patch that makes it fit the newer one.

Edits the syntax tree and nothing that it doesn't understand; what a patch can't do is said in
`bot.schema.impact`. Must not run the module.
"""

from collections.abc import Iterator
from difflib import unified_diff

import libcst as cst

from bot.schema.diff import diff
from bot.schema.impact import Consequence, Effort, impact, read_curator
from bot.schema.impact.curator import wanted
from bot.schema.patch.columns import Columns
from bot.schema.patch.defaults import Defaults, Features
from bot.schema.patch.editing import PatchContext
from bot.schema.patch.organisms import Organisms
from bot.schema.rules import rules_of
from bot.schema.spec import Spec

PATH = "lamindb/examples/cellxgene/_cellxgene.py"
EDITS = (Organisms, Defaults, Columns, Features)


NO_NEWLINE = "\\ No newline at end of file\n"


def patched(source: str, old: Spec, new: Spec) -> tuple[str, tuple[str, ...]]:
    """The module's source as the newer schema wants it, and a sentence for each thing changed.

    Raises CuratorError if the source isn't LaminDB's module as we know it.
    """
    work = PatchContext(diff(old, new), new, read_curator(source), wanted(rules_of(new)))
    module = cst.parse_module(source)
    for edit in EDITS:
        module = module.visit(edit(work))
    return module.code, (*work.sentences, *_migration(work.retyped))


def _migration(retyped: list[str]) -> Iterator[str]:
    """LaminDB refuses to make a Feature anew with another type."""
    if retyped:
        names = ", ".join(retyped)
        yield f"Instances that hold these Features must have their types changed first: {names}."


def patch(source: str, old: Spec, new: Spec) -> str:
    """The unified diff alone; empty if nothing is to be done."""
    return unified(source, patched(source, old, new)[0], PATH)


def patch_text(source: str, old: Spec, new: Spec) -> str:
    """The patch with its reasons before it, as `git apply` takes it; empty if there is none."""
    changed, sentences = patched(source, old, new)
    patch_lines = unified(source, changed, PATH)
    if not patch_lines:
        return ""
    reasons = "\n".join(f"- {sentence}" for sentence in sentences)
    return (
        f"LaminDB's CELLxGENE module for dataset schema {new.version} (from {old.version}):\n\n"
        f"{reasons}\n\n{patch_lines}"
    )


def unpatched(source: str, old: Spec, new: Spec) -> tuple[Consequence, ...]:
    """The code edits that remain when the patch is applied: a person must make them."""
    after = read_curator(patched(source, old, new)[0])
    return impact(diff(old, new), old, new, after).of(Effort.CODE)


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

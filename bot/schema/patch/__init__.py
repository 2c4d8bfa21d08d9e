"""LaminDB's `_cellxgene.py` and two Specs -> a patch that makes it fit the newer one.

Edits the syntax tree and nothing that it doesn't understand; what a patch can't do is said in
`bot.schema.impact`. Must not run the module.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import unified_diff
from functools import lru_cache
from textwrap import shorten

import libcst as cst

from bot.schema.diff import diff
from bot.schema.impact import Consequence, Effort, impact, read_curator
from bot.schema.impact.curator import CENSUS, Curator, lacking, wanted
from bot.schema.impact.fields import is_simple_column
from bot.schema.patch.columns import Columns
from bot.schema.patch.defaults import Defaults, Features
from bot.schema.patch.editing import PatchContext
from bot.schema.patch.new_columns import NewColumns
from bot.schema.patch.organisms import Organisms
from bot.schema.rules import rules_of
from bot.schema.spec import Spec

PATH = "lamindb/examples/cellxgene/_cellxgene.py"
EDITS = (Organisms, Defaults, Columns, Features, NewColumns)
LONGEST = 120

NO_NEWLINE = "\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class Edits:
    """What a patch changes, in sentences: for the newer version, and for the older one already."""

    new: tuple[str, ...]
    overdue: tuple[str, ...]


def patched(
    source: str, old: Spec, new: Spec, census: frozenset[str] = CENSUS
) -> tuple[str, tuple[str, ...]]:
    """The module's source as the newer schema wants it for the organisms that the Census has, and a
    sentence for each thing changed.

    Raises CuratorError if the source isn't LaminDB's module as we know it.
    """
    code, work = _edited(source, old, new, census)
    return code, _told(work, work.sentences)


def edits(source: str, old: Spec, new: Spec, census: frozenset[str] = CENSUS) -> Edits:
    """The sentences of `patched`, by the version that asks for them first."""
    work = _edited(source, old, new, census)[1]
    before = _edited(source, old, old, census)[1]
    came = [sentence for sentence in work.sentences if sentence not in before.sentences]
    stood = [sentence for sentence in work.sentences if sentence in before.sentences]
    return Edits(_told(work, came), _told(work, stood))


@lru_cache(maxsize=4)
def _edited(source: str, old: Spec, new: Spec, census: frozenset[str]) -> tuple[str, PatchContext]:
    """The module as it becomes, and what was done to it. Kept, since a patch's text is told from
    four sides: nobody may change the context any more.
    """
    work = PatchContext(diff(old, new), new, read_curator(source), wanted(rules_of(new), census))
    module = cst.parse_module(source)
    for edit in EDITS:
        module = module.visit(edit(work))
    return module.code, work


def _told(work: PatchContext, sentences: list[str]) -> tuple[str, ...]:
    """The sentences, and what those ask of instances: LaminDB refuses to make a Feature anew with
    another type.
    """
    names = ", ".join(work.retyped[one] for one in sentences if one in work.retyped)
    if not names:
        return tuple(sentences)
    first = f"Instances that hold these Features must have their types changed first: {names}."
    return (*sentences, first)


def patch(source: str, old: Spec, new: Spec, census: frozenset[str] = CENSUS) -> str:
    """The unified diff alone; empty if nothing is to be done."""
    return unified(source, patched(source, old, new, census)[0], PATH)


def patch_text(source: str, old: Spec, new: Spec, census: frozenset[str] = CENSUS) -> str:
    """The patch with its reasons before it, as `git apply` takes it; empty if there is none."""
    patch_lines = patch(source, old, new, census)
    if not patch_lines:
        return ""
    parts = edits(source, old, new, census)
    left = [left_over(one) for one in open_questions(source, old, new, census)]
    sections = [
        (f"For {new.version}:", parts.new),
        (f"{old.version} asks for this already:", parts.overdue),
        (f"What {new.version} asks for, and a person must decide or write:", left),
    ]
    told = [f"{head}\n{_listed(lines)}" for head, lines in sections if lines]
    return "\n\n".join([title(parts, old, new), *told, patch_lines])


def title(parts: Edits, old: Spec, new: Spec) -> str:
    """What the patch is for, in a line."""
    module = "LaminDB's CELLxGENE module"
    if parts.new:
        return f"{module} for dataset schema {new.version} (from {old.version})"
    return f"{module} for dataset schema {old.version}: no edit of this is for {new.version}"


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def left_over(consequence: Consequence) -> str:
    """A consequence as a line of a list."""
    change_text = shorten(consequence.change, LONGEST, placeholder=" \u2026")
    return f"{consequence.subject} ({change_text}): {consequence.reason}"


def open_questions(
    source: str, old: Spec, new: Spec, census: frozenset[str] = CENSUS
) -> tuple[Consequence, ...]:
    """What remains when the patch is applied: code edits, and what a person must judge."""
    code, work = _edited(source, old, new, census)
    after = read_curator(code)
    found = impact(work.diff, old, new, after, census)
    return (*found.of(Effort.CODE), *_unmade(work, after, new), *found.of(Effort.PERSON))


def _unmade(work: PatchContext, after: Curator, new: Spec) -> Iterator[Consequence]:
    """What the module should have, by whichever version, and lacks when the patch is applied."""
    told = {field.name for field in work.diff.fields_added}
    told |= {rename.new.name for rename in work.diff.fields_renamed}
    columns = {
        field.name: "obs"
        for field in new.fields()
        if is_simple_column(field) and field.name not in {*after.fields, *after.features, *told}
    }
    for what, where in (columns | dict(lacking(work.wanted, after))).items():
        reason = f"the patch finds no place for it in {where}"
        yield Consequence("Not edited", what, "asked for, and not there", Effort.CODE, reason)


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

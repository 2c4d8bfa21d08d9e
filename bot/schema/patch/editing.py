"""What all edits of LaminDB's module share: their context, and lists changed in their own layout.

Elements are added to a list or dropped from it; must not know what they mean.
"""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import libcst as cst

from bot.schema.changes import SchemaDiff
from bot.schema.impact.curator import Curator, Wanted
from bot.schema.spec import Spec

E = TypeVar("E", cst.BaseElement, cst.SubscriptElement, cst.BaseDictElement)
A = TypeVar("A", cst.Assign, cst.AnnAssign)
SEQUENCES = (cst.List, cst.Tuple)
SPACED = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


@dataclass(slots=True)
class PatchContext:
    """`sentences` grows by one sentence for each thing that an edit changes.

    `retyped` has, by its sentence, the column whose Feature has another type then.
    """

    diff: SchemaDiff
    new: Spec
    curator: Curator
    wanted: Wanted
    sentences: list[str] = field(default_factory=list)
    retyped: dict[str, str] = field(default_factory=dict)

    def say(self, sentence: str, retyped: str | None = None) -> None:
        """Notes what an edit changed, and the column whose Feature it gave another type."""
        self.sentences.append(sentence)
        if retyped:
            self.retyped[sentence] = retyped


def string(node: cst.CSTNode) -> str | None:
    """The text of a string literal; None of anything else."""
    return str(ast.literal_eval(node.value)) if isinstance(node, cst.SimpleString) else None


def assigned(node: cst.Assign | cst.AnnAssign) -> str:
    """The name of the variable; empty of anything else that is assigned."""
    target = node.targets[0].target if isinstance(node, cst.Assign) else node.target
    return target.value if isinstance(target, cst.Name) else ""


class Assignments(cst.CSTTransformer):
    """Edits what is assigned, with an annotation or without."""

    def assign(self, node: A) -> A:
        """The edited assignment, or the same."""
        raise NotImplementedError

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:  # noqa: N802
        return self.assign(updated_node)

    def leave_AnnAssign(  # noqa: N802 (named by libcst)
        self, original_node: cst.AnnAssign, updated_node: cst.AnnAssign
    ) -> cst.AnnAssign:
        return self.assign(updated_node)


def quoted(text: str) -> cst.SimpleString:
    """The text as a string literal in double quotes."""
    return cst.SimpleString('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')


def appended(elements: Sequence[E], new: Sequence[E]) -> list[E]:
    """`new` at the end: each takes the place, and so the comma, of the last one."""
    laid_out = list(elements)
    if not laid_out:
        return [element.with_changes(comma=SPACED) for element in new]
    for added in new:
        last = laid_out[-1]
        laid_out[-1] = last.with_changes(comma=laid_out[0].comma if len(laid_out) > 1 else SPACED)
        laid_out.append(added.with_changes(comma=last.comma))
    return laid_out


def left(elements: Sequence[E], gone: Callable[[E], bool]) -> list[E]:
    """The elements without those that are gone; the last of them gets the last one's comma."""
    remaining = [element for element in elements if not gone(element)]
    if remaining and elements:
        remaining[-1] = remaining[-1].with_changes(comma=elements[-1].comma)
    return remaining


def inserted(whole: cst.List, place: int, new: cst.Element, comment: str) -> cst.List:
    """The list with `new` before the element at `place`, laid out as the one before that, or as the
    bracket; with its own comment, if it has a line of its own.
    """
    elements = whole.elements
    if elements:
        comma = elements[place - 1].comma if place else _opening(whole)
        new = new.with_changes(comma=_commented(comma, comment))
    return whole.with_changes(elements=[*elements[:place], new, *elements[place:]])


def _opening(whole: cst.List) -> cst.Comma:
    """A comma with the line break that stands behind the bracket."""
    after = whole.lbracket.whitespace_after
    broken = isinstance(after, cst.ParenthesizedWhitespace)
    return cst.Comma(whitespace_after=after) if broken else SPACED


def _first_line(comma: cst.Comma | cst.MaybeSentinel) -> cst.TrailingWhitespace | None:
    after = comma.whitespace_after if isinstance(comma, cst.Comma) else None
    return after.first_line if isinstance(after, cst.ParenthesizedWhitespace) else None


def _commented(comma: cst.Comma | cst.MaybeSentinel, comment: str) -> cst.Comma | cst.MaybeSentinel:
    line = _first_line(comma)
    if line is None or not isinstance(comma, cst.Comma):
        return comma
    written = line.with_changes(whitespace=cst.SimpleWhitespace("  "), comment=cst.Comment(comment))
    after = comma.whitespace_after.with_changes(first_line=written)
    return comma.with_changes(whitespace_after=after)

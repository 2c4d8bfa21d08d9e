"""Small faults of a source text: the operators of mutmut, and some of our own.

What they don't do: change strings (sentences are compared whole by the tests of them), annotations,
decorators, assertions and imports; two faults at once; faults over several lines, as an order of
statements. Faults that change nothing are among them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import libcst as cst
from libcst import matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators

LONGEST = 100


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a source text, which begins at this line; `code` is the line's own.

    The whole text with it is made when it is asked for.
    """

    line: int
    code: str
    before: str
    after: str
    changed: Callable[[], str] = field(compare=False, repr=False)

    @cached_property
    def text(self) -> str:
        return self.changed()

    def __str__(self) -> str:
        return f"{self.line}: {_short(self.before)}  ->  {_short(self.after)}"


def _short(code: str) -> str:
    words = " ".join(code.split())
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}..."


def dropped_statement(node: cst.Expr | cst.Raise) -> Iterator[cst.CSTNode]:
    if isinstance(node, cst.Raise) or m.matches(node, m.Expr(m.Call())):
        yield cst.Pass()


def nothing_returned(node: cst.Return) -> Iterator[cst.CSTNode]:
    if node.value is not None and not m.matches(node.value, m.Name("None")):
        yield cst.Return()


def fixed_condition(node: cst.If) -> Iterator[cst.CSTNode]:
    for value in ("True", "False"):
        yield node.with_changes(test=cst.Name(value))


def dropped_filter(node: cst.CompFor) -> Iterator[cst.CSTNode]:
    for condition in node.ifs:
        yield node.with_changes(ifs=[other for other in node.ifs if other is not condition])


def dropped_half(node: cst.BooleanOperation) -> Iterator[cst.CSTNode]:
    for half in (node.left, node.right):
        yield half.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def one_less(node: cst.Integer) -> Iterator[cst.CSTNode]:
    yield cst.parse_expression(f"({node.evaluated_value - 1})")


def dropped_argument(node: cst.Call) -> Iterator[cst.CSTNode]:
    """mutmut also gives each argument None, which a type checker finds."""
    for call in mutators.operator_arg_removal(node):
        if len(call.args) < len(node.args) and _has_meaning(set(node.args) - set(call.args)):
            yield call
    if len(node.args) == 1 and node.args[0].keyword is not None and _has_meaning(node.args):
        yield node.with_changes(args=[])


def _has_meaning(arguments: Iterable[cst.Arg]) -> bool:
    return not any(m.matches(argument, WITHOUT_MEANING) for argument in arguments)


OPERATORS: Sequence[tuple[type, Callable[[Any], Iterable[cst.CSTNode]]]] = [
    (cst.BaseNumber, mutators.operator_number),
    (cst.Name, mutators.operator_name),
    (cst.UnaryOperation, mutators.operator_remove_unary_ops),
    (cst.Call, mutators.operator_symmetric_string_methods_swap),
    (cst.Call, mutators.operator_unsymmetrical_string_methods_swap),
    (cst.CSTNode, mutators.operator_keywords),
    (cst.CSTNode, mutators.operator_swap_op),
    (cst.Match, mutators.operator_match),
    (cst.IfExp, mutators.operator_if_exp),
    (cst.Expr, dropped_statement),
    (cst.Raise, dropped_statement),
    (cst.Return, nothing_returned),
    (cst.If, fixed_condition),
    (cst.CompFor, dropped_filter),
    (cst.BooleanOperation, dropped_half),
    (cst.Integer, one_less),
    (cst.Call, dropped_argument),
]
WITHOUT_MEANING = m.Arg(keyword=m.Name("encoding") | m.Name("strict"))
"""Arguments that change nothing here: every Linux has texts in UTF-8, and a strict `zip` only ends
what is wrong already.
"""

LEFT_ALONE = (cst.Annotation, cst.Decorator, cst.Assert, cst.Import, cst.ImportFrom)
LEFT_ALONE_TOO = m.If(m.Name("TYPE_CHECKING")) | WITHOUT_MEANING


class _Faults(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, LEFT_ALONE) or m.matches(node, LEFT_ALONE_TOO):
            return False
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                position = self.get_metadata(PositionProvider, node, None)
                line = position.start.line if position else 0
                self.found += [(line, node, other) for other in operator(node)]
        return True


class _Replaced(cst.CSTTransformer):
    """As `deep_replace`, which replaces equal nodes that libcst shares, too."""

    def __init__(self, old: cst.CSTNode, new: cst.CSTNode) -> None:
        super().__init__()
        self.old, self.new = old, new

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        return self.new if original_node is self.old else updated_node


class Faults:
    """All faults of a source text; each is made when it is asked for."""

    def __init__(self, text: str) -> None:
        wrapper = MetadataWrapper(cst.parse_module(text))
        visitor = _Faults()
        wrapper.visit(visitor)
        self._lines = text.splitlines()
        self._module, self._found = wrapper.module, visitor.found

    def lines(self) -> list[int]:
        """The lines that have any."""
        return sorted({line for line, _, _ in self._found})

    def at(self, line: int) -> list[Fault]:
        return [self._fault(*found) for found in self._found if found[0] == line]

    def _fault(self, line: int, old: cst.CSTNode, new: cst.CSTNode) -> Fault:
        def changed() -> str:
            return self._module.visit(_Replaced(old, new)).code

        code = self._module.code_for_node
        own = self._lines[line - 1].strip()
        return Fault(line, own, code(old), code(new), changed)

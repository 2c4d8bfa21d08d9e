"""Edits of what `save_cellxgene_defaults` saves: special values, ULabels, features without terms.

Must not touch the ontologies' own terms, nor the features that `categoricals_to_spec` gives.
"""

import re

import libcst as cst

from bot.schema.patch.editing import SEQUENCES, PatchContext, appended, left, quoted, string

APPEND = "obs_features.append(Feature(name=name, "
GUARD = "if name not in obs_categoricals:"
Elements = cst.List | cst.Tuple


class Defaults(cst.CSTTransformer):
    """Adds the special values and labels that the schema asks for; drops labels that it dropped."""

    def __init__(self, work: PatchContext) -> None:
        super().__init__()
        self.work = work
        held = work.curator.defaults
        self.missing = [pair for pair in dict.fromkeys(work.wanted.defaults) if pair not in held]
        self.is_done = False

    def leave_For(self, original_node: cst.For, updated_node: cst.For) -> cst.For:  # noqa: N802
        loop = updated_node.iter
        if isinstance(loop, cst.Call) and _name(loop.func) == "zip" and len(loop.args) > 1:
            return updated_node.with_changes(iter=self._zip(loop))
        kind = label_kind(updated_node)
        if kind and isinstance(loop, SEQUENCES):
            return updated_node.with_changes(iter=self._labels(kind, loop))
        return updated_node

    def leave_SimpleString(  # noqa: N802 (named by libcst)
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.SimpleString:
        """The docstring's list of what is saved."""
        text = updated_node.value
        if not text.startswith('"""Save default values'):
            return updated_node
        pairs = [*sorted(self.work.curator.defaults), *self.missing]
        for value in {value for _, value in self.missing}:
            registries = dict.fromkeys(registry for registry, special in pairs if special == value)
            line = f'- "{value}" entries for {_listed(list(registries))}'
            text = re.sub(rf'- "{re.escape(value)}".*', line, text)
        return updated_node.with_changes(value=text)

    def _zip(self, call: cst.Call) -> cst.Call:
        registries, values = (arg.value for arg in call.args[:2])
        if not (isinstance(registries, SEQUENCES) and isinstance(values, SEQUENCES)):
            return call
        # What else goes in step with the two would end the loop before what is added.
        if any(arg.keyword is None for arg in call.args[2:]):
            return call
        if self.is_done or not any(isinstance(e.value, cst.Attribute) for e in registries.elements):
            return call
        self.is_done = True
        for registry, value in self.missing:
            self.work.say(f'save_cellxgene_defaults didn\'t save "{value}" in {registry}.')
        models = [
            cst.Element(cst.parse_expression(f"bt.{registry}")) for registry, _ in self.missing
        ]
        names = [cst.Element(quoted(special)) for _, special in self.missing]
        changed = [
            registries.with_changes(elements=appended(registries.elements, models)),
            values.with_changes(elements=appended(values.elements, names)),
        ]
        args = [
            argument.with_changes(value=new)
            for argument, new in zip(call.args, changed, strict=False)
        ]
        return call.with_changes(args=[*args, *call.args[2:]])

    def _labels(self, kind: str, labels: Elements) -> Elements:
        wanted = self.work.wanted.labels.get(kind, ())
        gone = {
            value
            for change in self.work.diff.allowed_values_changed
            if change.new.name == kind
            for value in change.removed
        }
        gone -= set(wanted)
        remaining = left(labels.elements, lambda element: string(element.value) in gone)
        held = {string(part.value) for part in remaining}
        missing = [value for value in wanted if value not in held]
        if len(remaining) < len(labels.elements) or missing:
            self.work.say(f"save_cellxgene_defaults saves other values of {kind} than are allowed.")
        new = appended(remaining, [cst.Element(quoted(value)) for value in missing])
        return labels.with_changes(elements=new)


def label_kind(loop: cst.For) -> str:
    """The variable of the ULabel type that a loop saves labels of."""
    for statement in loop.body.body:
        code = cst.Module([]).code_for_node(statement)
        if match := re.search(r"\bULabel\([^)]*\btype=(\w+)", code):
            return match[1]
    return ""


def has_code(node: cst.CSTNode, code: str, *, first: bool = False) -> bool:
    """Whether the code stands in the node, or first in it, wherever its lines are broken."""
    whole, part = ("".join(text.split()) for text in (cst.Module([]).code_for_node(node), code))
    return whole.startswith(part) if first else part in whole


def _name(node: cst.BaseExpression) -> str:
    return node.value if isinstance(node, cst.Name) else ""


def _listed(names: list[str]) -> str:
    if len(names) < 3:
        return " and ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"


class Features(cst.CSTTransformer):
    """Booleans become booleans, and what was added already isn't added twice."""

    def __init__(self, work: PatchContext) -> None:
        super().__init__()
        self.work = work
        self.flags = [name for name in work.wanted.flags if name not in work.curator.flags]

    def leave_For(  # noqa: N802 (named by libcst)
        self, original_node: cst.For, updated_node: cst.For
    ) -> cst.For | cst.FlattenSentinel[cst.BaseStatement]:
        loop, body = updated_node.iter, updated_node.body
        if not isinstance(loop, SEQUENCES) or not isinstance(body, cst.IndentedBlock):
            return updated_node
        if not (has_code(body, APPEND, first=True) or has_code(body, GUARD, first=True)):
            return updated_node
        return self._flagged(updated_node, loop, self._guarded(body))

    def _guarded(self, body: cst.IndentedBlock) -> cst.IndentedBlock:
        if has_code(body, GUARD, first=True):
            return body
        self.work.say("Columns of categoricals_to_spec are added twice with names requested.")
        guard = cst.parse_statement(f"{GUARD}\n    pass\n")
        assert isinstance(guard, cst.If)
        return body.with_changes(body=[guard.with_changes(body=body)])

    def _flagged(
        self, node: cst.For, loop: Elements, body: cst.IndentedBlock
    ) -> cst.For | cst.FlattenSentinel[cst.BaseStatement]:
        """The loop without booleans, which are added before it."""
        flags = [
            name for element in loop.elements if (name := string(element.value) or "") in self.flags
        ]
        remaining = left(loop.elements, lambda element: string(element.value) in flags)
        changed = node.with_changes(body=body, iter=loop.with_changes(elements=remaining))
        if not flags:
            return changed
        statements = [
            cst.parse_statement(f'obs_features.append(Feature(name="{name}", dtype=bool).save())')
            for name in flags
        ]
        for name in flags:
            self.work.say(f"{name} is a bool in the schema, and is a label here.", retyped=name)
        statements[0] = statements[0].with_changes(leading_lines=node.leading_lines)
        return cst.FlattenSentinel([*statements, changed.with_changes(leading_lines=[])])

"""Edits of `categoricals_to_spec`: columns that came, went or were renamed, and their registries.

Must not decide which columns a dataset must have.
"""

from collections.abc import Iterator

import libcst as cst

from bot.schema.impact.curator import SUFFIX, term_field
from bot.schema.impact.model import is_curated
from bot.schema.patch.editing import (
    A,
    Assignments,
    PatchContext,
    appended,
    assigned,
    left,
    quoted,
    string,
)
from bot.schema.rules.lamindb import SOURCES

WIDTH = 88
INDENT = "    "
# Registries with a source for each of several organisms, and none for all.
OF_ORGANISMS = {
    source.registry
    for source in SOURCES.values()
    if len(organisms := {s.organism for s in SOURCES.values() if s.registry == source.registry}) > 1
    and "all" not in organisms
}


class Columns(Assignments):
    """Makes the dictionary's entries those of the schema."""

    def __init__(self, work: PatchContext) -> None:
        super().__init__()
        self.work = work
        changes, held = work.diff, work.curator.fields
        # A name that went from one component may stand in another.
        there = {field.name for field in work.new.fields()}
        self.gone = {
            field.name
            for field in changes.fields_removed
            if is_curated(field.name) and field.name not in there
        }
        renamed = {
            rename.old.name: rename.new.name
            for rename in changes.fields_renamed
            if rename.kind == "rename" and rename.old.name not in there
        }
        self.gone |= {was for was, name in renamed.items() if name in held}
        self.renamed = {was: name for was, name in renamed.items() if name not in held}

    def assign(self, node: A) -> A:
        value = node.value
        if assigned(node) != "categoricals_to_spec" or not isinstance(value, cst.Dict):
            return node
        elements = [self._element(part) for part in left(value.elements, self._is_gone)]
        changed = appended(elements, list(self._added()))
        return node.with_changes(value=value.with_changes(elements=changed))

    def _is_gone(self, element: cst.BaseDictElement) -> bool:
        name = string(element.key) if isinstance(element, cst.DictElement) else None
        if name not in self.gone:
            return False
        self.work.say(f"{name} is no column of the schema any more.")
        return True

    def _element(self, element: cst.BaseDictElement) -> cst.BaseDictElement:
        if not isinstance(element, cst.DictElement):
            return element
        was = string(element.key) or ""
        name = self.renamed.get(was, was)
        if name != was:
            self.work.say(f"{was} is called {name} now.")
            element = element.with_changes(key=quoted(name))
        missing = self._missing(was, name)
        if not missing or not isinstance(element.value, cst.Call):
            return element
        # No instance holds a Feature by a name that is new.
        retyped = name if name == was else None
        self.work.say(f"Terms of {name} stand in {' and '.join(missing)} too.", retyped=retyped)
        call = _with_registries(element.value, name, missing)
        return element.with_changes(value=call)

    def _missing(self, was: str, name: str) -> list[str]:
        """Registries that the column's terms stand in, and that its older entry lacks."""
        held = self.work.curator.fields.get(was, ())
        wanted = self.work.wanted.fields.get(term_field(name), ())
        # In the order that the column of terms has them in.
        registries = dict.fromkeys((*self.work.curator.fields.get(term_field(was), ()), *wanted))
        missing = [each for each in registries if each in wanted and each not in held]
        return missing if held else []

    def _added(self) -> Iterator[cst.DictElement]:
        held = {self.renamed.get(name, name) for name in self.work.curator.fields}
        for field in self.work.wanted.fields:
            for name in (field.removesuffix(SUFFIX), field):
                if name not in held:
                    self.work.say(f"{name} is a column of the schema.")
                    registries = self.work.wanted.fields[field]
                    yield cst.DictElement(quoted(name), self._entry(name, registries))

    def _entry(self, name: str, registries: tuple[str, ...]) -> cst.Call:
        """As many arguments as the module's other entries have at most: a registry, no default, and
        whether the terms are an organism's.
        """
        fields = [f"bt.{registry}.{_attribute(name)}" for registry in registries]
        first = fields[0] if len(fields) == 1 else f"[{', '.join(fields)}]"
        needs_organism = any(registry in OF_ORGANISMS for registry in registries)
        arguments = [first, "None", str(needs_organism)][: self.work.curator.arguments]
        return _parsed(name, "CategorySpec", arguments)


def _attribute(name: str) -> str:
    return "ontology_id" if name.endswith(SUFFIX) else "name"


def _with_registries(call: cst.Call, name: str, missing: list[str]) -> cst.Call:
    """The entry with more registries, a line for each argument where one line is too long."""
    code = cst.Module([]).code_for_node
    first = call.args[0].value
    elements = first.elements if isinstance(first, cst.List) else [cst.Element(first)]
    fields = [code(element.value) for element in elements]
    fields += [f"bt.{registry}.{_attribute(name)}" for registry in missing]
    rest = [code(arg.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for arg in call.args[1:]]
    return _parsed(name, code(call.func), [f"[{', '.join(fields)}]", *map(str.strip, rest)])


def _parsed(name: str, function: str, args: list[str]) -> cst.Call:
    call = cst.parse_expression(_laid_out(name, function, args))
    assert isinstance(call, cst.Call)
    return call


def _laid_out(name: str, function: str, args: list[str]) -> str:
    """The call as LaminDB's formatter would break it: an entry of a dictionary in a function."""
    inner = ", ".join(args)
    if len(f'{INDENT * 2}"{name}": {function}({inner}),') <= WIDTH:
        return f"{function}({inner})"
    # libcst adds the function's own indentation.
    if len(f"{INDENT * 3}{inner}") <= WIDTH:
        return f"{function}(\n{INDENT * 2}{inner}\n{INDENT})"
    body = "".join(f"{INDENT * 2}{arg},\n" for arg in args)
    return f"{function}(\n{body}{INDENT})"

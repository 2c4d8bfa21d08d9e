"""What LaminDB's `_cellxgene.py` knows of the dataset schema, and what it should know by the rules.

Reads the module's syntax tree and runs nothing.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.schema.rules import Rules
from bot.schema.rules.lamindb import ORGANISMS, REGISTRIES
from runners.contract.rules import Column

CENSUS = frozenset(
    {"NCBITaxon:9606", "NCBITaxon:10090", "NCBITaxon:9544", "NCBITaxon:9483", "NCBITaxon:9598"}
)
"""The organisms of the Census of 2025-11-08, for documents that are compared for no release: a
release's are those that its page counts. Others of the schema need nothing of LaminDB.
"""
SUFFIX = "_ontology_term_id"


class CuratorError(ValueError):
    """The text isn't LaminDB's CELLxGENE module as we know it; one sentence: what is missing."""


@dataclass(frozen=True, slots=True)
class Curator:
    """What LaminDB's curator holds, as written in its source.

    `organisms` are the names of its literal, `taxa` the organisms that it saves with the comments
    beside them; `defaults` pairs of registry and value; `labels` values by column; `fields` the
    registries of each column; `slots` the columns of obs, var and uns; `flags` the columns that it
    declares as booleans; `features` the names of all columns that it declares one by one; `names`
    those that stand for something in it; `arguments` how many a column's entry has at most.
    """

    organisms: tuple[str, ...]
    taxa: Mapping[str, str]
    defaults: frozenset[tuple[str, str]]
    labels: Mapping[str, tuple[str, ...]]
    fields: Mapping[str, tuple[str, ...]]
    slots: Mapping[str, frozenset[str]]
    flags: frozenset[str]
    features: frozenset[str]
    names: frozenset[str]
    arguments: int


def read_curator(source: str) -> Curator:
    """What the module holds; raises CuratorError if it is another module, or a rebuilt one."""
    tree = _parsed(source)
    assigned = dict(_assigned(tree))
    spec = _needed(assigned, "categoricals_to_spec")
    fields = dict(_fields(spec))
    features, of_var = frozenset(_features(tree, assigned)), frozenset(_features_of_var(tree))
    uns = frozenset(_strings(_needed(assigned, "organism_fields")))
    return Curator(
        organisms=_strings(_needed(assigned, "CELLxGENEOrganisms")),
        taxa=_taxa(_strings(_needed(assigned, "taxonomy_ids")), source),
        defaults=frozenset(_defaults(tree)),
        labels=dict(_labels(tree)),
        fields=fields,
        # Features that are made by name are none of uns.
        slots={
            "obs": frozenset(fields) - uns | features - of_var,
            "var": of_var,
            "uns": uns - features,
        },
        flags=frozenset(_flags(tree)),
        features=features,
        names=frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)),
        arguments=max((len(call.args) + len(call.keywords) for call in _entries(spec)), default=3),
    )


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    # What nests too deep for Python's parser has no line, nor has a null byte.
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        place = f"Line {line}" if line else "The module"
        raise CuratorError(f"{place}: this isn't Python; give LaminDB's _cellxgene.py.") from error


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def _needed(assigned: Mapping[str, ast.expr], name: str) -> ast.expr:
    if name not in assigned:
        raise _another(f"The module assigns no {name}")
    return assigned[name]


def _another(why: str) -> CuratorError:
    return CuratorError(
        f"{why}, so it isn't LaminDB's _cellxgene.py as bot.schema knows it; give that of LaminDB "
        "2.12, or teach bot.schema.impact.curator the new one."
    )


def _taxa(taxa: tuple[str, ...], source: str) -> dict[str, str]:
    comments = dict(re.findall(r"[\"'](\w+:\d+)[\"'],?[ \t]*#[ \t]*(.*)", source))
    return {taxon: comments.get(taxon, "") for taxon in taxa}


def _strings(node: ast.AST) -> tuple[str, ...]:
    constants = (
        constant.value for constant in ast.walk(node) if isinstance(constant, ast.Constant)
    )
    return tuple(value for value in constants if isinstance(value, str))


def _loops(tree: ast.Module) -> Iterator[ast.For]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.For))


def _defaults(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Pairs that a loop over zip([registries], [values]) saves; a zip of other things is none."""
    for loop in _loops(tree):
        call = loop.iter
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "zip":
            if len(call.args) < 2:
                raise _another(f"Line {call.lineno}: zip is given no registries with their values")
            registries, values = ([*getattr(some, "elts", [])] for some in call.args[:2])
            if not any(isinstance(each, ast.Attribute) for each in registries):
                continue
            names = [getattr(each, "attr", getattr(each, "id", "")) for each in registries]
            texts = [text for each in values for text in _strings(each)]
            if not len(names) == len(texts) == len(values):
                raise _another(f"Line {call.lineno}: zip has no value for each of its registries")
            yield from zip(names, texts, strict=True)


def _labels(tree: ast.Module) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a loop over a list saves as ULabels of one type, by the variable that holds it."""
    for loop in _loops(tree):
        for call in (node for node in ast.walk(loop) if isinstance(node, ast.Call)):
            kinds = [keyword.value for keyword in call.keywords if keyword.arg == "type"]
            if getattr(call.func, "id", "") == "ULabel" and kinds:
                yield getattr(kinds[0], "id", ""), _strings(loop.iter)


def _fields(node: ast.expr) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(value, ast.Call):
                if not value.args:
                    raise _another(f"Line {value.lineno}: {key.value!r} is given no registry")
                yield str(key.value), tuple(_registries_of_fields(value.args[0]))


def _entries(node: ast.expr) -> list[ast.Call]:
    return [value for value in getattr(node, "values", []) if isinstance(value, ast.Call)]


def _registries_of_fields(node: ast.expr) -> Iterator[str]:
    """`[bt.Tissue.name, ULabel.name]` -> Tissue, ULabel."""
    for element in node.elts if isinstance(node, ast.List) else [node]:
        if isinstance(element, ast.Attribute):
            yield (
                element.value.attr
                if isinstance(element.value, ast.Attribute)
                else _name(element.value)
            )


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _made_features(tree: ast.AST) -> Iterator[Mapping[str | None, ast.expr]]:
    """The arguments of each Feature, which are named."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Feature":
            arguments = {keyword.arg: keyword.value for keyword in node.keywords}
            if "name" not in arguments:
                raise _another(f"Line {node.lineno}: a Feature is given no name=")
            yield arguments


def _flags(tree: ast.Module) -> Iterator[str]:
    for arguments in _made_features(tree):
        if getattr(arguments.get("dtype"), "id", "") == "bool":
            yield from _strings(arguments["name"])


def _features(tree: ast.Module, assigned: Mapping[str, ast.expr]) -> Iterator[str]:
    """The names of Features: literals, or the elements of the list that a loop makes them of, which
    may have a name.
    """
    for arguments in _made_features(tree):
        yield from _strings(arguments["name"])
    for loop in _loops(tree):
        calls = (node for node in ast.walk(loop) if isinstance(node, ast.Call))
        if any(getattr(call.func, "id", "") == "Feature" for call in calls):
            yield from _strings(assigned.get(getattr(loop.iter, "id", ""), loop.iter))


def _features_of_var(tree: ast.Module) -> Iterator[str]:
    """The names of Features that stand in the Schema of var."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Schema":
            named = (keyword.value for keyword in node.keywords if keyword.arg == "name")
            if any(text.startswith("var ") for value in named for text in _strings(value)):
                yield from (
                    name for each in _made_features(node) for name in _strings(each["name"])
                )


@dataclass(frozen=True, slots=True)
class Wanted:
    """As `Curator`, of which it is the part that the schema decides; `census` are the taxa for
    which it was asked.
    """

    census: frozenset[str]
    organisms: Mapping[str, str]
    defaults: tuple[tuple[str, str], ...]
    labels: Mapping[str, tuple[str, ...]]
    fields: Mapping[str, tuple[str, ...]]
    flags: tuple[str, ...]


def wanted(rules: Rules, census: frozenset[str] = CENSUS) -> Wanted:
    """What the rules ask of LaminDB's module, for the taxa that the Census has. Of columns that it
    doesn't know, nothing is wanted here: a person chooses where their values stand.
    """
    columns = {name: column for name, column in rules.columns.items() if name in REGISTRIES}
    present = [taxon for taxon in rules.organisms if taxon in census]
    return Wanted(
        census=census,
        organisms={taxon: ORGANISMS[taxon].name for taxon in present},
        defaults=tuple(
            (column.registry, value)
            for column in columns.values()
            if column.registry
            for value in column.special
        ),
        labels={
            name: column.values for name, column in columns.items() if column.registry == "ULabel"
        },
        fields={
            name: registries
            for name, column in columns.items()
            if (registries := _registries_of_column(column, census))
        },
        flags=tuple(name for name, column in columns.items() if column.dtype == "bool"),
    )


def _registries_of_column(column: Column, census: frozenset[str]) -> tuple[str, ...]:
    """Where the column's terms stand, for organisms of the Census; nowhere if none is chosen."""
    scopes = [some for taxon, some in column.terms.items() if taxon in {*census, "*"}]
    registries = (entry.registry for some in scopes for entry in some)
    return tuple(dict.fromkeys(registry for registry in registries if registry))


def lacking(wanted: Wanted, curator: Curator) -> Iterator[tuple[str, str]]:
    """What the module should have and hasn't, and where."""
    saved = "save_cellxgene_defaults"
    for taxon, name in wanted.organisms.items():
        if name not in curator.organisms:
            yield name, "CELLxGENEOrganisms"
        if taxon not in curator.taxa:
            yield taxon, saved
    for registry, value in dict.fromkeys(wanted.defaults):
        if (registry, value) not in curator.defaults:
            yield f'"{value}" of {registry}', saved
    for name, values in wanted.labels.items():
        if not set(values) <= set(curator.labels.get(name, ())):
            yield f"values of {name}", saved
    for name, registries in wanted.fields.items():
        if not set(registries) <= set(curator.fields.get(name, ())):
            yield name, "categoricals_to_spec"
    for name in wanted.flags:
        if name not in curator.flags:
            yield name, "the bool features"


def term_field(name: str) -> str:
    """The field of terms that a field of labels goes with: sex -> sex_ontology_term_id."""
    return name if name.endswith(SUFFIX) else name + SUFFIX

"""Do rules hold together, and does LaminDB have what they name? Each problem is one sentence.

The registries are looked up in the source of the installed packages: importing them needs an
instance. Must not read a dataset or a database.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from runners.contract import ContractError
from runners.contract.rules import LABELS, ORGANISM, Circumstance, Column, Rules, Terms

SLOTS = ("obs", "var", "uns")
DTYPES = ("categorical", "str", "bool", "int", "number", "dict", "list")
PLAIN = ("str", "bool", "int", "float")
"""What a declaration may have in place of a registry."""

MODULES = {"lamindb": "models/ulabel.py", "bionty": "models.py", "pertdb": "models.py"}
"""Package -> the file of its registries."""


def check_whole(rules: Rules, source: str) -> None:
    """Returns if the rules hold together.

    Raises:
        ContractError: they don't; it names the first problem, and how many more there are.
    """
    problems = list(_problems(rules))
    if problems:
        more = f" (and {len(problems) - 1} more)" if problems[1:] else ""
        raise ContractError(f"{source}: {problems[0]}{more}; correct it, or add an override.")


def _problems(rules: Rules) -> Iterator[str]:
    if not rules.organisms:
        yield "field organisms: there is none"
    if ORGANISM not in rules.columns:
        yield f"field columns: has no {ORGANISM}"
    for wheel in (rules.ontology_guide, rules.gene_tables):
        if not (wheel.version and wheel.sha256):
            yield f"{wheel.name}: names no version and sha256"
    for name, column in rules.columns.items():
        for problem in _of_column(name, column, rules):
            yield f"field columns.{name}: {problem}"


def _of_column(name: str, column: Column, rules: Rules) -> Iterator[str]:
    if column.slot not in SLOTS:
        yield f"slot {column.slot!r} is none of {', '.join(SLOTS)}"
    if column.dtype not in DTYPES:
        yield f"dtype {column.dtype!r} is none of {', '.join(DTYPES)}"
    if column.delimiter == "":
        yield "delimiter is empty"
    circumstances = (*column.present_where, *(c for case in column.cases for c in case.where))
    for circumstance in circumstances:
        yield from _of_circumstance(circumstance, rules)
    for entry in entries_of(column):
        yield from _of_entry(entry, column, rules)
    if column.keys_of is not None and column.keys_of not in rules.columns:
        yield f"keys_of {column.keys_of!r} is no column"
    elif column.keys_of is not None and rules.columns[column.keys_of].dtype != "dict":
        yield f"keys_of {column.keys_of!r} is no dictionary"
    for taxon in {taxon for terms in _all_terms(column) for taxon in terms} - {"*"}:
        if taxon not in rules.organisms:
            yield f"terms of {taxon}, which is none of the organisms"
    for between in (case.between for case in column.cases if case.between):
        if len(between) != 2 or between[0] > between[1]:
            yield f"between {list(between)} isn't a lower and an upper number"
    if any(circumstance.column == name for circumstance in column.present_where):
        yield "depends on itself"
    registries = {column.registry, *column.borrowed.values()} - {None}
    if column.lamindb:
        registries |= {each for each in column.lamindb.registries if each not in PLAIN}
    for registry in registries:
        yield from _of_registry(str(registry))
    if LABELS in column.registries() and column.labels is None:
        yield "is annotated by labels, but labels names no type for them"


def _of_circumstance(circumstance: Circumstance, rules: Rules) -> Iterator[str]:
    column = circumstance.column
    if column not in rules.columns:
        yield f"looks at {column!r}, which is no column of these rules"
    elif circumstance.under and not rules.columns[column].terms:
        yield f"looks at terms of {column!r}, which has none"
    if not (circumstance.among or circumstance.under or circumstance.present):
        yield f"looks at {column!r} for nothing"


def _of_entry(entry: Terms, column: Column, rules: Rules) -> Iterator[str]:
    if entry.ontology not in rules.ontologies:
        yield f"ontology {entry.ontology!r} is not among the ontologies"
    elif entry.registry not in (None, LABELS):
        yield from _of_place(str(entry.registry), entry.ontology, rules)
    if entry.registry is not None and column.is_annotated:
        yield from _of_registry(entry.registry)
        if entry.registry == LABELS and column.labels is None:
            yield "is annotated by labels, but labels names no type for them"


def _of_place(registry: str, ontology: str, rules: Rules) -> Iterator[str]:
    """Whether the writer can make records of the ontology's terms in a registry of terms."""
    if rules.ontologies[ontology].by_form:
        yield f"terms of {ontology} can only be labels ({LABELS}), for no file has their names"
    elif rules.ontologies[ontology].source is None and package_of(registry)[0] == "bionty":
        yield f"terms of {ontology} can't stand in {registry}: the ontology has no source of bionty"


def _of_registry(registry: str) -> Iterator[str]:
    if not registry:
        yield "registry is empty; leave it out where the column isn't annotated"
        return
    package, name = package_of(registry)
    known = registries_of(package)
    if known is not None and name not in known:
        yield f"registry {registry!r} is not in the installed {package}"


def entries_of(column: Column) -> Iterator[Terms]:
    """All that a column says of terms, in its cases too."""
    for by_taxon in _all_terms(column):
        for entries in by_taxon.values():
            yield from entries


def _all_terms(column: Column) -> list[Mapping[str, tuple[Terms, ...]]]:
    return [column.terms, *(case.terms for case in column.cases)]


def package_of(registry: str) -> tuple[str, str]:
    """The package and class of a registry: `Tissue` is bionty's, `pertdb.Compound` says so."""
    if registry == LABELS:
        return "lamindb", registry
    package, _, name = registry.rpartition(".")
    return package or "bionty", name


def modules_of(rules: Rules) -> frozenset[str]:
    """The modules that an instance needs, beside LaminDB's own, to be annotated by the rules."""
    names = {name for column in rules.columns.values() for name in column.registries()}
    return frozenset({"bionty", *(package_of(name)[0] for name in names)}) - {"lamindb"}


@cache
def registries_of(package: str) -> frozenset[str] | None:
    """The classes of a package's registries; None where it isn't installed."""
    if package not in MODULES:
        return frozenset()
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    file = Path(spec.submodule_search_locations[0]) / MODULES[package]
    tree = ast.parse(file.read_text(encoding="utf-8"))
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    return frozenset(node.name for node in classes if node.name == LABELS or _is_of_terms(node))


def _is_of_terms(node: ast.ClassDef) -> bool:
    """Whether a class is a registry of terms: neither a link nor a base."""
    return any(isinstance(base, ast.Name) and base.id == "BioRecord" for base in node.bases)

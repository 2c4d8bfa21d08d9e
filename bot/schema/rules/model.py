"""The rules of one dataset schema version, as plain frozen values and as JSON values.

The JSON is the form that the machine's side reads (`runners/rules/`). Must not decide a rule.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.schema.spec import Lines

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Terms:
    """Allowed terms of one ontology: all, or those below `under` and in `only`; less the rest.

    `prefix` is what a value has before the term's id; without `registry` it isn't annotated. What
    is `alone` stands beside no other term of a value.
    """

    ontology: str
    registry: str | None
    prefix: str = ""
    alone: bool = False
    under: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    without_under: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Circumstance:
    """That another column has one of these values, or one below, or that it is `present`.

    `otherwise`: that it isn't so.
    """

    column: str
    among: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    present: bool = False
    otherwise: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """What a column may hold where all of some circumstances are met.

    With `terms` or `values` nothing else; `refused` never; a number `between` two. With `single`
    all observations have one value; of `alone`, if one has it, all of the case.
    """

    where: tuple[Circumstance, ...]
    terms: Mapping[str, tuple[Terms, ...]] = field(default_factory=dict)
    values: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    between: tuple[int, ...] = ()
    alone: tuple[str, ...] = ()
    single: bool = False


@dataclass(frozen=True, slots=True)
class Declaration:
    """How LaminDB's own module declares a column: slot, registries (or `str`, `bool`), default."""

    slot: str
    registries: tuple[str, ...]
    default: str | None = None


@dataclass(frozen=True, slots=True)
class LabelType:
    """The type under which LaminDB keeps the labels of a column."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `terms` by taxon, or "*" for all other organisms.

    `borrowed`: special values of a column that this one follows, with their registry. `keys_of`: a
    key of uns whose keys are its values. `present_where`: in which datasets the column stands, and
    in no others; an `optional` one may be absent. The values `not_alone` are never all it has.
    """

    slot: str
    dtype: str
    registry: str | None
    labels: LabelType | None = None
    lamindb: Declaration | None = None
    terms: Mapping[str, tuple[Terms, ...]] = field(default_factory=dict)
    values: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    keys_of: str | None = None
    borrowed: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    ordered: bool = True
    distinct: bool = True
    cases: tuple[Case, ...] = ()
    present_where: tuple[Circumstance, ...] = ()
    optional: bool = False
    not_alone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that the document says at `place`, in these lines."""

    place: str
    lines: Lines
    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer to a judgement, what it does, and its changes of the rules, by path.

    With a `pattern`, any text that matches it; its groups stand in braces in the changes.
    """

    answer: str
    effect: str
    proposed: bool = False
    pattern: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement(Remark):
    """What the document leaves open; the rules are as the proposed choice has them."""

    id: str = ""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel that the rules need; its version is empty where a person must still name it."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Ontology:
    """A pinned ontology by bionty's name of its source, if it has one; `pin` is the document's
    version. `by_form`: no file of it is at hand, and whatever has the prefix counts as a term.
    """

    source: str | None
    organism: str
    pin: str
    line: int
    by_form: bool = False


@dataclass(frozen=True, slots=True)
class Organism:
    """`descendants`: whether a dataset may name a taxon below it instead."""

    name: str
    scientific_name: str
    genes: str
    reference: str
    line: int
    descendants: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """`judgements` are what a person must decide; `unchecked` is what the form can't express.

    `status` is the document's own: "Approved", "Drafting". `only_in_lamindb` are columns that
    LaminDB's module asks for and that the document doesn't have.
    """

    dataset_schema_version: str
    status: str
    ontology_guide: Wheel
    gene_tables: Wheel
    ontologies: Mapping[str, Ontology]
    organisms: Mapping[str, Organism]
    foreign_genes: Mapping[str, Organism]
    columns: Mapping[str, Column]
    only_in_lamindb: tuple[str, ...]
    lines: Mapping[str, Lines]
    judgements: tuple[Judgement, ...]
    unchecked: tuple[Remark, ...]


def to_json(rules: Rules) -> Json:
    """The rules as JSON values; what is empty or as usual is left out."""
    lines = {f"columns.{name}": lines_of_column for name, lines_of_column in rules.lines.items()}
    for part in ("ontologies", "organisms", "foreign_genes"):
        for name, value in getattr(rules, part).items():
            lines[f"{part}.{name}"] = Lines(value.line, value.line)
    return {
        "dataset_schema_version": rules.dataset_schema_version,
        "status": rules.status,
        "answers": {judgement.id: "" for judgement in rules.judgements},
        "overrides": [],
        "judgements": [_judgement(judgement) for judgement in rules.judgements],
        "ontology_guide": _present(rules.ontology_guide),
        "gene_tables": _present(rules.gene_tables),
        "ontologies": {name: _ontology(ontology) for name, ontology in rules.ontologies.items()},
        "organisms": {name: _present(organism) for name, organism in rules.organisms.items()},
        "foreign_genes": {
            name: _present(organism) for name, organism in rules.foreign_genes.items()
        },
        "columns": {name: _column(column) for name, column in rules.columns.items()},
        "only_in_lamindb": list(rules.only_in_lamindb),
        "lines": {name: _lines(lines_of_place) for name, lines_of_place in lines.items()},
        "unchecked": [_remark(remark) for remark in rules.unchecked],
    }


def to_text(rules: Rules) -> str:
    """The rules as the text of their file in `runners/rules/`."""
    return json.dumps(to_json(rules), indent=1, ensure_ascii=False) + "\n"


def _present(part: Any) -> Json:
    values = {name: getattr(part, name) for name in part.__dataclass_fields__ if name != "line"}
    present = {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
    return {
        name: value for name, value in present.items() if value not in (None, False, [], {}, "")
    }


def _ontology(ontology: Ontology) -> Json:
    values = _present(ontology)
    return {name: values[name] for name in values if (name, values[name]) != ("organism", "all")}


def _column(column: Column) -> Json:
    values = column_to_json(column)
    if column.dtype == "categorical":
        del values["dtype"]
    return values


def column_to_json(column: Column) -> Json:
    """The column as JSON values, as the machine's side reads them."""
    values = _with_terms(column)
    for name in ("ordered", "distinct"):
        if values.pop(name, False) is False:
            values[name] = False
    for name in ("labels", "lamindb"):
        if (part := getattr(column, name)) is not None:
            values[name] = _present(part)
    if column.cases:
        values["cases"] = [_case(case) for case in column.cases]
    if column.present_where:
        values["present_where"] = [_present(each) for each in column.present_where]
    return values


def _case(case: Case) -> Json:
    return _with_terms(case) | {"where": [_present(each) for each in case.where]}


def _judgement(judgement: Judgement) -> Json:
    return {
        "id": judgement.id,
        **_remark(judgement),
        "choices": [_present(choice) for choice in judgement.choices],
    }


def _with_terms(column: Column | Case) -> Json:
    values = _present(column)
    if column.terms:
        values["terms"] = terms_to_json(column.terms)
    return values


def terms_to_json(terms: Mapping[str, tuple[Terms, ...]]) -> Json:
    """Allowed terms by taxon as JSON values, as the machine's side reads them."""
    return {taxon: [_present(entry) for entry in entries] for taxon, entries in terms.items()}


def _remark(remark: Remark) -> Json:
    return {"place": remark.place, "lines": _lines(remark.lines), "text": remark.text}


def _lines(lines: Lines) -> list[int]:
    return [lines.first, lines.last]

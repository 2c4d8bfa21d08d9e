"""What was gathered from a field -> its column in the rules, with LaminDB's registries.

Must not read the field's text.
"""

import re
from collections.abc import Iterator, Mapping

from bot.schema.pinned import ORGANISM_FIELD as ORGANISM
from bot.schema.rules.annotation import ANNOTATION, annotation_choices, registry_of_terms
from bot.schema.rules.clauses import OTHERS
from bot.schema.rules.demands import Demands, Hows
from bot.schema.rules.lamindb import DECLARED, LABELS, REGISTRIES, label_type
from bot.schema.rules.presence import Presence
from runners.contract import Choice
from runners.contract.rules import Case, Circumstance, Column, Terms

DTYPES = {
    "categorical with str categories": "categorical",
    "bool": "bool",
    "str": "str",
    "int": "int",
    "float": "number",
    "dict": "dict",
}
EITHER = re.compile(r"\beither `(\d+)` .*?\bor `(\d+)`")
ByTaxon = dict[str, tuple[Terms, ...]]


def column(demands: Demands, followed: Mapping[str, Demands], presence: Presence) -> Column:
    """The field's column; `followed` has the fields whose requirements it refers to."""
    name = demands.source.name
    known = name in REGISTRIES
    plain = _of_kind(demands, followed, presence)
    _judge_values_of_all(demands, "values" if plain.values else "special")
    judged = {
        "registry": REGISTRIES[name] if known else plain.registry,
        "labels": label_type(name) if _has_labels(plain) else None,
        "lamindb": DECLARED.get(name),
        "cases": _cases(demands, followed),
        "present_where": presence.where,
        "optional": presence.optional or bool(demands.absent_if_all),
        "not_alone": tuple(dict.fromkeys([*demands.not_alone, *demands.absent_if_all])),
    }
    return plain.model_copy(update=judged)


def _judge_values_of_all(demands: Demands, part: str) -> None:
    """ "All observations MUST NOT contain X" says none of them, or not all, where X is allowed.

    `part` is that of the column which has its literals.
    """
    for value in demands.not_alone:
        if value in demands.literals:
            others = [literal for literal in demands.literals if literal != value]
            demands.judge(
                f"all {value}",
                f"whether {value!r} may stand in some observations: the document allows it, and "
                "says that all observations must not have it",
                Choice(
                    answer="in some", effect=f"not all observations may be {value!r}", proposed=True
                ),
                Choice(
                    answer="in none",
                    effect=f"a dataset with {value!r} fails",
                    changes={demands.path(part): others or None},
                ),
            )


def _of_kind(demands: Demands, followed: Mapping[str, Demands], presence: Presence) -> Column:
    """The column by the kind of its values: dictionary, flag, number, keys, terms, text."""
    field = demands.source
    dtype = _dtype(demands)
    if field.name == ORGANISM:
        return Column(slot=field.component, dtype=dtype, registry=REGISTRIES[ORGANISM])
    if dtype == "bool":
        stated = ("False", "True") if not presence.where else ()
        return Column(slot=field.component, dtype=dtype, values=stated)
    if dtype in ("dict", "int", "number"):
        either = EITHER.search(field.value) if dtype == "int" else None
        return Column(
            slot=field.component,
            dtype=dtype,
            values=either.groups() if either else (),
        )
    if demands.free_text:
        return Column(slot=field.component, dtype=dtype)
    if demands.keys_of is not None:
        return _of_keys(demands, dtype)
    return _termed(demands, followed, dtype)


def _dtype(demands: Demands) -> str:
    """The column's type; a person says which, where the document doesn't."""
    printed = demands.source.type
    if printed in DTYPES:
        return DTYPES[printed]
    choices = [
        Choice(
            answer=dtype,
            effect=f"a file whose column is no {dtype} fails",
            proposed=dtype == "str",
            changes={} if dtype == "str" else {demands.path("dtype"): dtype},
        )
        for dtype in ("str", "bool", "int", "dict", "list")
    ]
    text = f"which type the column has: {printed or 'the document names none'}"
    demands.judge("type", text, *choices)
    return "str"


def _of_keys(demands: Demands, dtype: str) -> Column:
    """Names that a dictionary of the same file explains: no other dataset knows them."""
    return Column(
        slot=demands.source.component,
        dtype=dtype,
        special=tuple(demands.literals),
        keys_of=demands.keys_of,
        delimiter=demands.delimiter,
        ordered=demands.ordered,
        distinct=demands.distinct,
    )


def _has_labels(plain: Column) -> bool:
    entries = (entry for by_taxon in plain.terms.values() for entry in by_taxon)
    return LABELS in {plain.registry, *(entry.registry for entry in entries)}


def _cases(demands: Demands, followed: Mapping[str, Demands]) -> tuple[Case, ...]:
    """What the field's values are narrowed to; a case that demands nothing of them is none."""
    cases: list[Case] = []
    for where, demanded in demands.cases.items():
        case = _case(where, demanded, followed)
        twin = next((each for each in cases if _asks_the_same(each, case)), None)
        if twin is not None:  # rows of one table
            cases[cases.index(twin)] = _merged_cases(twin, case)
        elif case != Case(where=where):
            cases.append(case)
    return tuple(cases)


def _asks_the_same(first: Case, other: Case) -> bool:
    """Whether two cases differ only in the values of one column that they are made for.

    What all observations of a case share, those of both needn't; and what isn't of one kind, or
    isn't of another, is all there is.
    """
    if len(first.where) != 1 or len(other.where) != 1:
        return False
    if first.where[0].otherwise or first.alone or first.single:
        return False
    bare = [_without_values(case.where[0]) for case in (first, other)]
    alike = first.model_copy(update={"where": other.where}) == other
    return alike and bare[0] == bare[1]


def _without_values(circumstance: Circumstance) -> Circumstance:
    return circumstance.model_copy(update={"among": (), "under": ()})


def _merged_cases(case: Case, other: Case) -> Case:
    (here,), (there,) = case.where, other.where
    values = {"among": here.among + there.among, "under": here.under + there.under}
    return case.model_copy(update={"where": (here.model_copy(update=values),)})


def _case(
    where: tuple[Circumstance, ...], demands: Demands, followed: Mapping[str, Demands]
) -> Case:
    borrowed = _borrowed(demands, followed)
    return Case(
        where=where,
        terms=_terms(demands, followed),
        values=tuple(dict.fromkeys([*demands.literals, *borrowed])),
        refused=tuple(demands.forbidden),
        between=demands.between,
        alone=demands.alone,
        single=demands.single,
    )


def _borrowed(demands: Demands, followed: Mapping[str, Demands]) -> list[str]:
    """The literals that the followed fields allow wherever they stand."""
    sources = [followed[name] for name in demands.follows if name in followed]
    return [value for source in sources for value, places in source.stated.items() if () in places]


def _termed(demands: Demands, followed: Mapping[str, Demands], dtype: str) -> Column:
    field = demands.source
    terms = _terms(demands, followed)
    known = field.name in REGISTRIES
    if not terms and not demands.literals:
        if known:
            text = "which values are allowed: the document names none"
            effect = "any text passes, and none is annotated"
            choice = Choice(
                answer="any text",
                effect=effect,
                proposed=True,
                changes={demands.path("registry"): None},
            )
            demands.judge("values", text, choice)
        else:
            demands.leave("which values it may have, the document doesn't say in terms of its own")
        return Column(slot=field.component, dtype=dtype, registry=REGISTRIES.get(field.name))
    if not known:
        demands.judge("annotation", ANNOTATION, *annotation_choices(demands, terms))
    borrowed = {
        value: registry
        for name in demands.follows
        if name in followed and (registry := REGISTRIES.get(name)) is not None
        for value in _borrowed(demands, {name: followed[name]})
    }
    return Column(
        slot=field.component,
        dtype=dtype,
        registry=REGISTRIES.get(field.name, LABELS),
        terms=terms,
        values=() if terms else tuple(demands.literals),
        special=tuple(demands.literals) if terms else (),
        borrowed=borrowed,
        delimiter=demands.delimiter,
        ordered=demands.ordered,
        distinct=demands.distinct,
    )


def _terms(demands: Demands, followed: Mapping[str, Demands]) -> ByTaxon:
    """Allowed terms by taxon: the field's own first, then those that it refers to."""
    sources = [demands, *(followed[name] for name in demands.follows if name in followed)]
    taxa = {
        taxon: None for source in sources for taxon in (*source.allowed, *source.refused) if taxon
    }
    taxa.pop(OTHERS, None)
    scopes = (*taxa, OTHERS)
    if OTHERS not in demands.allowed and None not in demands.allowed and demands.allowed:
        text = "which terms are allowed for all other organisms"
        effect = "a dataset of another organism fails where it has a term"
        demands.judge("other organisms", text, Choice(answer="none", effect=effect, proposed=True))
    terms = {
        taxon: tuple(dict.fromkeys(e for source in sources for e in _entries(source, taxon)))
        for taxon in scopes
    }
    return terms if any(terms.values()) else {}


def _entries(demands: Demands, taxon: str) -> Iterator[Terms]:
    """What the organism may have: where nothing is its own, what all others may, and more."""
    scope = taxon if taxon in demands.own else OTHERS
    refused = [demands.refused.get(key, {}) for key in dict.fromkeys((None, scope, taxon))]
    allowed = [[demands.allowed.get(key, {}) for key in (scope, None)]]
    if taxon != scope:
        allowed.append([demands.allowed.get(taxon, {})])
    for together in allowed:
        for ontology in dict.fromkeys(name for by_ontology in together for name in by_ontology):
            hows = [by_ontology.get(ontology, {}) for by_ontology in (*together, *refused)]
            entry = _entry(demands, ontology, _merged(hows))
            if entry is not None:
                yield entry


def _merged(some: list[Hows]) -> Hows:
    merged: Hows = {}
    for hows in some:
        for how, terms in hows.items():
            merged_terms = merged.setdefault(how, [])
            merged_terms += [term for term in terms if term not in merged_terms]
    return merged


def _entry(demands: Demands, called: str, hows: Hows) -> Terms | None:
    """The entry; "a MONDO term" says nothing more once the allowed MONDO terms are named, but for
    one that is named to stand alone.
    """
    if not hows.keys() & {"all", "under", "only"}:
        return None
    prefix, ontology = demands.prefixes.get(called, ("", called))
    registry = registry_of_terms(demands.source.name, ontology, prefix)
    named = {how: tuple(terms) for how, terms in hows.items() if how != "all"}
    alone = hows.keys() == {"only"} and set(hows["only"]) <= demands.alone_terms
    for term in () if alone else sorted(demands.alone_terms.intersection(hows.get("only", ()))):
        demands.leave(f"{term} stands beside no other term")
    if (
        "all" in hows
        and "under" not in hows
        and demands.alone_terms.issuperset(hows.get("only", ()))
    ):
        named.pop("only", None)
    return Terms(ontology=ontology, registry=registry, prefix=prefix, alone=alone, **named)

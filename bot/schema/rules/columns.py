"""What was gathered from a field -> its column in the rules, with LaminDB's registries.

Must not read the field's text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.schema.pinned import ORGANISM_FIELD as ORGANISM
from bot.schema.rules.clauses import OTHERS
from bot.schema.rules.demands import Demands, Hows
from bot.schema.rules.lamindb import REGISTRIES, TERM_REGISTRIES
from bot.schema.rules.model import Case, Circumstance, Column, Terms
from bot.schema.spec import Requirement

DTYPES = {"categorical with str categories": "categorical", "bool": "bool", "str": "str"}
CONDITIONAL_DTYPES = {**DTYPES, "int": "int", "dict": "dict"}
EITHER = re.compile(r"\beither `(\d+)` .*?\bor `(\d+)`")
ALWAYS = {Requirement.MUST, Requirement.UNSTATED}
ByTaxon = dict[str, tuple[Terms, ...]]


def column(demands: Demands, followed: Mapping[str, Demands]) -> Column:
    """The field's column; `followed` has the fields whose requirements it refers to."""
    field = demands.source
    dtype = DTYPES.get(field.type)
    if field.name not in REGISTRIES:
        demands.judge("in which registry of LaminDB its values stand, or that in none")
        return Column(field.component, dtype or "str", None)
    if dtype is None:
        demands.judge(f"which type the column has: {field.type or 'the document names none'}")
    if field.requirement not in ALWAYS:
        demands.judge(f"in which datasets the column must stand: {field.annotation}")
    if field.name == ORGANISM:
        return _organism(demands, dtype or "str")
    if dtype == "bool":
        plain = Column(field.component, dtype, REGISTRIES[field.name], values=("False", "True"))
    elif demands.free_text:
        plain = Column(field.component, dtype or "str", REGISTRIES[field.name])
    else:
        plain = _termed(demands, followed, dtype or "str")
    return replace(plain, cases=_cases(demands, followed))


def conditional(demands: Demands, where: tuple[Circumstance, ...]) -> Column:
    """The column of a field that LaminDB has no place for, in datasets of these circumstances."""
    dtype = CONDITIONAL_DTYPES.get(demands.source.type, "str")
    either = EITHER.search(demands.source.value) if dtype == "int" else None
    return Column(
        demands.source.component,
        dtype,
        None,
        values=either.groups() if either else (),
        cases=_cases(demands, {}),
        present_where=where,
    )


def _cases(demands: Demands, followed: Mapping[str, Demands]) -> tuple[Case, ...]:
    """What the field's values are narrowed to; a case that demands nothing of them is none."""
    cases: list[Case] = []
    for where, demanded in demands.cases.items():
        case = _case(where, demanded, followed)
        twin = next((each for each in cases if _asks_the_same(each, case)), None)
        if twin is not None:  # rows of one table
            cases[cases.index(twin)] = _merged_cases(twin, case)
        elif case != Case(where):
            cases.append(case)
    return tuple(cases)


def _asks_the_same(first: Case, other: Case) -> bool:
    """Whether two cases differ only in the values of one column that they are made for."""
    if len(first.where) != 1 or len(other.where) != 1:
        return False
    bare = [replace(case.where[0], among=(), under=()) for case in (first, other)]
    return bare[0] == bare[1] and replace(first, where=()) == replace(other, where=())


def _merged_cases(case: Case, other: Case) -> Case:
    (here,), (there,) = case.where, other.where
    both = replace(here, among=here.among + there.among, under=here.under + there.under)
    return replace(case, where=(both,))


def _case(
    where: tuple[Circumstance, ...], demands: Demands, followed: Mapping[str, Demands]
) -> Case:
    borrowed = _borrowed(demands, followed)
    return Case(
        where,
        _terms(demands, followed),
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


def _organism(demands: Demands, dtype: str) -> Column:
    """What it may hold are the rules' organisms; a column per cell could hold several."""
    if demands.source.component != "uns":
        demands.judge("of which one organism a dataset is: it stands per cell, not in uns")
    return Column(demands.source.component, dtype, REGISTRIES[ORGANISM])


def _termed(demands: Demands, followed: Mapping[str, Demands], dtype: str) -> Column:
    field = demands.source
    terms = _terms(demands, followed)
    if not terms and not demands.literals:
        demands.judge("which values are allowed: the document names none")
    borrowed = {
        value: REGISTRIES[name] or ""
        for name in demands.follows
        if name in followed
        for value in _borrowed(demands, {name: followed[name]})
    }
    return Column(
        field.component,
        dtype,
        REGISTRIES[field.name],
        terms,
        values=() if terms else tuple(demands.literals),
        special=tuple(demands.literals) if terms else (),
        borrowed=borrowed,
        delimiter=demands.delimiter,
    )


def _terms(demands: Demands, followed: Mapping[str, Demands]) -> ByTaxon:
    """Allowed terms by taxon: the field's own first, then those that it refers to."""
    sources = [demands, *(followed[name] for name in demands.follows if name in followed)]
    taxa = {taxon: None for source in sources for taxon in source.allowed if taxon}
    taxa.pop(OTHERS, None)
    scopes = (*taxa, OTHERS)
    if OTHERS not in demands.allowed and None not in demands.allowed and demands.allowed:
        demands.judge("which terms are allowed for all other organisms")
    terms = {
        taxon: tuple(entry for source in sources for entry in _entries(source, taxon))
        for taxon in scopes
    }
    return terms if any(terms.values()) else {}


def _entries(demands: Demands, taxon: str) -> Iterator[Terms]:
    for_taxon = demands.allowed.get(taxon if taxon in demands.allowed else OTHERS, {})
    for_any = demands.allowed.get(None, {})
    for ontology in for_taxon | for_any:
        hows = [by_ontology.get(ontology, {}) for by_ontology in (for_taxon, for_any)]
        hows += [demands.refused.get(key, {}).get(ontology, {}) for key in (None, taxon)]
        entry = _entry(demands.source.name, ontology, _merged(hows))
        if entry is not None:
            yield entry


def _merged(some: list[Hows]) -> Hows:
    merged: Hows = {}
    for hows in some:
        for how, terms in hows.items():
            merged_terms = merged.setdefault(how, [])
            merged_terms += [term for term in terms if term not in merged_terms]
    return merged


def _entry(name: str, ontology: str, hows: Hows) -> Terms | None:
    """The entry; "a MONDO term" says nothing more once the allowed MONDO terms are named."""
    if not hows.keys() & {"all", "under", "only"}:
        return None
    registry = TERM_REGISTRIES.get((name, ontology)) or REGISTRIES[name]
    named = {how: tuple(terms) for how, terms in hows.items() if how != "all"}
    return Terms(ontology, registry or "", **named)

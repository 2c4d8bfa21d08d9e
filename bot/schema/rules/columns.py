"""What was gathered from a field -> its column in the rules, with LaminDB's registries.

Must not read the field's text.
"""

from collections.abc import Iterator, Mapping

from bot.schema.organisms import FIELD as ORGANISM
from bot.schema.rules.clauses import OTHERS
from bot.schema.rules.gather import Gathered, Hows
from bot.schema.rules.lamindb import REGISTRIES, TERM_REGISTRIES
from bot.schema.rules.model import Column, Terms
from bot.schema.spec import Requirement

DTYPES = {"categorical with str categories": "categorical", "bool": "bool", "str": "str"}
ALWAYS = {Requirement.MUST, Requirement.UNSTATED}
ByTaxon = dict[str, tuple[Terms, ...]]


def column(found: Gathered, followed: Mapping[str, Gathered]) -> Column:
    """The field's column; `followed` has the fields whose requirements it refers to."""
    field = found.source
    dtype = DTYPES.get(field.type)
    if field.name not in REGISTRIES:
        found.judge("in which registry of LaminDB its values stand, or that in none")
        return Column(field.component, dtype or "str", None)
    if dtype is None:
        found.judge(f"which type the column has: {field.type or 'the document names none'}")
    if field.requirement not in ALWAYS:
        found.judge(f"in which datasets the column must stand: {field.annotation}")
    if field.name == ORGANISM:
        return _organism(found, dtype or "str")
    if dtype == "bool":
        return Column(field.component, dtype, REGISTRIES[field.name], values=("False", "True"))
    if found.free_text:
        return Column(field.component, dtype or "str", REGISTRIES[field.name])
    return _termed(found, followed, dtype or "str")


def _organism(found: Gathered, dtype: str) -> Column:
    """What it may hold are the rules' organisms; a column per cell could hold several."""
    if found.source.component != "uns":
        found.judge("of which one organism a dataset is: it stands per cell, not in uns")
    return Column(found.source.component, dtype, REGISTRIES[ORGANISM])


def _termed(found: Gathered, followed: Mapping[str, Gathered], dtype: str) -> Column:
    field = found.source
    terms = _terms(found, followed)
    if not terms and not found.literals:
        found.judge("which values are allowed: the document names none")
    return Column(
        field.component,
        dtype,
        REGISTRIES[field.name],
        terms,
        values=() if terms else tuple(found.literals),
        special=tuple(found.literals) if terms else (),
        delimiter=found.delimiter,
    )


def _terms(found: Gathered, followed: Mapping[str, Gathered]) -> ByTaxon:
    """Allowed terms by taxon: the field's own first, then those that it refers to."""
    sources = [found, *(followed[name] for name in found.follows if name in followed)]
    taxa = {taxon: None for one in sources for taxon in one.allowed if taxon}
    taxa.pop(OTHERS, None)
    scopes = (*taxa, OTHERS)
    if OTHERS not in found.allowed and None not in found.allowed and found.allowed:
        found.judge("which terms are allowed for all other organisms")
    terms = {
        taxon: tuple(entry for one in sources for entry in _entries(one, taxon)) for taxon in scopes
    }
    return terms if any(terms.values()) else {}


def _entries(found: Gathered, taxon: str) -> Iterator[Terms]:
    own = found.allowed.get(taxon if taxon in found.allowed else OTHERS, {})
    whatever = found.allowed.get(None, {})
    for ontology in own | whatever:
        hows = [shelf.get(ontology, {}) for shelf in (own, whatever)]
        hows += [found.refused.get(one, {}).get(ontology, {}) for one in (None, taxon)]
        entry = _entry(found.source.name, ontology, _merged(hows))
        if entry is not None:
            yield entry


def _merged(some: list[Hows]) -> Hows:
    merged: Hows = {}
    for hows in some:
        for how, terms in hows.items():
            kept = merged.setdefault(how, [])
            kept += [term for term in terms if term not in kept]
    return merged


def _entry(name: str, ontology: str, hows: Hows) -> Terms | None:
    """The entry; "a MONDO term" says nothing more once the allowed MONDO terms are named."""
    if not hows.keys() & {"all", "under", "only"}:
        return None
    registry = TERM_REGISTRIES.get((name, ontology)) or REGISTRIES[name]
    named = {how: tuple(terms) for how, terms in hows.items() if how != "all"}
    return Terms(ontology, registry or "", **named)

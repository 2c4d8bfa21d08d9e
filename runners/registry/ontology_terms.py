"""Terms of an ontology with all their ancestors, made from the reference data.

The rows are those of bionty's `from_values` and `save` (tests compare them). bionty takes terms
from the table of their source, which may be somebody else's or lie where nobody can be asked; links
a term to no parent of another source; and notes a source as wholly imported or not by the number of
terms last asked for. Must not decide which source a term has.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import lamindb as ln

from runners.registry.branches import visible
from runners.registry.registries import key, model, stored_id
from runners.rules.reference import Term

CHUNK = 500
"""Ids per statement: SQLite has a limit."""


def save_with_ancestors(
    registry: str,
    terms: Mapping[str, Term],
    term_ids: Iterable[str],
    source: Any,
    adopted: Collection[str] = (),
) -> None:
    """Saves those of the terms and their ancestors that the registry hasn't got, and links them to
    their parents.

    `adopted`: terms whose records had no id until now, and are linked as new ones are.
    """
    wanted = _with_ancestors(terms, [*term_ids, *adopted])
    present = _ids(registry, wanted)
    new = [terms[term_id] for term_id in wanted if term_id not in present]
    ln.save([new_record(registry, term, source) for term in new])
    lacking = [*new, *(terms[term_id] for term_id in sorted(adopted))]
    _link_parents(registry, lacking, _ids(registry, wanted))


def new_record(registry: str, term: Term, source: Any) -> Any:
    """The record of a term, not saved and without its parents."""
    return model(registry)(
        **{key(registry): stored_id(registry, term.term_id)},
        name=term.label,
        description=term.definition or None,
        synonyms="|".join(term.synonyms) or None,
        source=source,
        _skip_validation=True,
    )


def _with_ancestors(terms: Mapping[str, Term], term_ids: Iterable[str]) -> list[str]:
    """The terms, then their ancestors; each once."""
    found = dict.fromkeys(term_ids)
    waiting = list(found)
    while waiting:
        parents = [p for p in terms[waiting.pop()].parents if p in terms and p not in found]
        found |= dict.fromkeys(parents)
        waiting += parents
    return list(found)


def _ids(registry: str, term_ids: Sequence[str]) -> dict[str, int]:
    """Term id -> primary key of its first record, of those that the registry has."""
    field = key(registry)
    of_stored = {stored_id(registry, term_id): term_id for term_id in term_ids}
    stored = list(of_stored)
    ids: dict[str, int] = {}
    for start in range(0, len(stored), CHUNK):
        chunk = stored[start : start + CHUNK]
        records = model(registry).objects.filter(**{f"{field}__in": chunk})
        records = visible(records).order_by("-id")
        ids |= {of_stored[name]: pk for name, pk in records.values_list(field, "id")}
    return ids


def _link_parents(registry: str, terms: Iterable[Term], ids: Mapping[str, int]) -> None:
    """Links records to those of their parents, which a person may have done with some."""
    link = model(registry).parents.through
    kind = model(registry).__name__.lower()
    rows = [
        link(**{f"from_{kind}_id": ids[term.term_id], f"to_{kind}_id": ids[parent]})
        for term in terms
        for parent in term.parents
        if parent in ids
    ]
    link.objects.bulk_create(rows, ignore_conflicts=True)

"""Terms and genes that an instance has already, but not under the key that they are found by here:
made by name alone, before the key was known, or on another branch. They are given what they lack.

bionty makes a record's uid of its key, or of its name where it is given none, and wants uids to be
unique (https://github.com/laminlabs/bionty, `bionty.uids`): beside such a record, none can be made.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any

import bionty as bt
from bionty import uids

from runners import progress
from runners.contract import ContractError
from runners.registry import branches
from runners.registry.registries import key, model

KEYS = 30_000
"""Keys per statement: SQLite takes 32,766 (https://www.sqlite.org/limits.html)."""


def adopt_terms(registry: str, names: Mapping[str, str]) -> set[str]:
    """Makes visible what the registry has of the records of these keys; the keys that some lacked.

    `names`: key -> name, by which a record without a key is found.

    Raises:
        ContractError: a record has another's uid.
    """
    of_registry = model(registry)
    missing, of_uid = _missing(registry, names)
    name_field = of_registry._name_field
    alike = of_registry.objects.filter(
        **{f"{name_field}__in": [names[term] for term in missing], key(registry): None}
    )
    in_order = (*branches.hidden(alike).order_by("-id"), *branches.visible(alike).order_by("-id"))
    by_name = {getattr(row, name_field): row for row in in_order}  # the oldest in sight counts
    of_name = {term: row for term in missing if (row := by_name.pop(names[term], None)) is not None}
    _fill(registry, of_name)
    return of_uid | of_name.keys()


def adopt_genes(gene_ids: Collection[str]) -> set[str]:
    """The genes that are there already, made visible and complete; not by symbol: several genes
    may share one.

    Raises:
        ContractError: a record has another's uid.
    """
    remaining, missing = iter(gene_ids), set[str]()
    while some := list(islice(remaining, KEYS)):
        missing.update(_missing("Gene", some)[0])
    return set(gene_ids) - missing


def adopt_organism(taxon: str, *names: str) -> Any | None:
    """The organism of a taxon: its record, or one of these names that says no taxon.

    Raises:
        ContractError: one of these names is another taxon's.
    """
    record = branches.first(bt.Organism.objects.filter(ontology_id=taxon))
    if record is not None:
        return record
    wanted = set(map(_plain_name, names))
    rows = bt.Organism.objects.order_by("id")
    for row in (*branches.visible(rows), *branches.hidden(rows)):
        own = {_plain_name(name) for name in (row.name, row.scientific_name) if name}
        if own & wanted:
            _fill("Organism", {taxon: row})
            return bt.Organism.objects.get(pk=row.pk)
    return None


def _plain_name(name: str) -> str:
    """As Ensembl and NCBI write it alike: `macaca_mulatta` is `Macaca mulatta`."""
    return name.replace("_", " ").casefold()


def _missing(registry: str, keys: Iterable[str]) -> tuple[list[str], set[str]]:
    """The keys of which the registry has no record, nor one with the uid that is made of it; and
    those that such a one lacked.
    """
    rows, field, wanted = model(registry).objects, key(registry), list(keys)
    found = branches.shown_values(rows.filter(**{f"{field}__in": wanted}), field)
    terms = {uids.ontology(term): term for term in wanted if term not in found}
    of_uid = {terms[row.uid]: row for row in rows.filter(uid__in=list(terms))}
    _fill(registry, of_uid)
    return [term for term in terms.values() if term not in of_uid], set(of_uid)


def _fill(registry: str, records: Mapping[str, Any]) -> None:
    """Gives records the keys that they lack."""
    field = key(registry)
    for term, row in records.items():
        if (own := getattr(row, field)) is not None:
            raise ContractError(
                f"instance: {registry} {own} (uid {row.uid}) stands where {term} must; correct its "
                f"{field}, or its names."
            )
        model(registry).objects.filter(pk=row.pk).update(**{field: term})
        branches.restored(row)
    if records:
        progress.say(f"given their ids: {registry} {branches.shortened(records)}")

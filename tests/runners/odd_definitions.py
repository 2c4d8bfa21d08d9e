"""Questions about what a run finds or makes of sources, schemas and features, which `odd_records`
asks.
"""

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import bionty as bt
import lamindb as ln
from instances import REFERENCE
from odd_collections import TRASH, Question, failure

from runners import rules
from runners.registry import existing, schema
from runners.registry.sources import Sources, _published
from runners.rules.reference import Reference
from runners.sample.datasets import NEWER

RULES = rules.load(NEWER.dataset_schema_version)


def source_out_of_sight() -> Any:
    """A pinned source in the trash comes back: bionty looks for sources on main."""
    reference = Reference(RULES, REFERENCE)
    source = Sources(reference).pinned("CellType", "CL")
    own = bt.Source.objects.filter(pk=source.pk)
    own.update(branch_id=TRASH)
    again = Sources(reference).pinned("CellType", "CL")
    return [again.pk == source.pk, again.branch_id, own.get().branch_id]


def address_of_a_version() -> Any:
    """Where a version lies, by the oldest of the instance's that is written alike."""
    for number, version in enumerate(("12.3", "v2023-02-03", "2023-02-03", "2022-02-03")):
        fields = {"entity": "bionty.Tissue", "name": "odd", "organism": "all", "version": version}
        bt.Source(**fields, url=f"https://odd-{number}/{version}/odd.owl").save()
    asked = [SimpleNamespace(name="odd", version=version) for version in ("2024-05-06", "3")]
    return [_published(one).get("url") for one in asked]


def schema_out_of_sight() -> Any:
    """A schema in the trash comes back, whether of the whole or of a slot."""
    ids = schema.ensure_schema(RULES)
    own = ln.Schema.objects.filter(pk__in=[ids.composite, *ids.slots.values()])
    own.update(branch_id=TRASH)
    again = schema.ensure_schema(RULES)
    return [again == ids, sorted(own.values_list("branch_id", flat=True).distinct())]


def feature_of_another_kind() -> Any:
    """What a feature is refused for, and is told to be: a type of features, or another dtype,
    though a lab's of that name, which has a type, is right; hers may be anything.
    """
    features = ln.Feature.objects.filter(name="tissue_type")
    own = features.get(type=None)
    lab = ln.Feature(name="Lab", is_type=True).save()
    ln.Feature(name="tissue_type", dtype="float", type=lab).save()

    def asked() -> list[Any]:
        return [failure(lambda: schema.ensure_schema(RULES)), schema.differing_features(RULES)]

    told = asked()
    features.filter(pk=own.pk).update(is_type=True)
    told += asked()
    features.filter(pk=own.pk).update(is_type=False, _dtype_str="float")
    features.filter(type=lab).update(_dtype_str=own._dtype_str)
    return [*told, *asked()]


def feature_there_twice() -> Any:
    """Of two of a name, the one that the schema needs counts, whichever is older."""
    right = ln.Feature.objects.get(name="tissue_type", type=None)
    wrong = ln.Feature(name="odd", dtype="float").save()
    ln.Feature.objects.filter(pk=wrong.pk).update(name="tissue_type")
    told = [schema.differing_features(RULES)]
    ln.Feature.objects.filter(pk=wrong.pk).update(_dtype_str=right._dtype_str)
    ln.Feature.objects.filter(pk=right.pk).update(_dtype_str="float")
    return [*told, schema.differing_features(RULES)]


def genes_in_several_statements() -> Any:
    """Which genes are there, asked of two at a time."""
    known = list(bt.Gene.objects.order_by("id").values_list("ensembl_gene_id", flat=True)[:2])
    asked = ["none 1", known[0], "none 2", known[1], "none 3"]
    with patch.object(existing, "KEYS", 2):
        return existing.adopt_genes(asked) == set(known)


DEFINITIONS: tuple[Question, ...] = (
    source_out_of_sight,
    address_of_a_version,
    schema_out_of_sight,
    feature_of_another_kind,
    feature_there_twice,
    genes_in_several_statements,
)

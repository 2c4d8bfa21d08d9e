"""Link an artifact to the terms, genes and schemas that describe it.

Writes the link tables directly, in bulk: the rows are those of LaminDB's `AnnDataCurator`
(tests compare them), one per distinct value present. The terms must exist already.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import bionty as bt
import lamindb as ln

from runners.registry.schema import SchemaIds
from runners.registry.terms import Terms
from runners.validate import Annotation, Validation

LINKS = {
    "CellLine": "cell_lines",
    "CellType": "cell_types",
    "DevelopmentalStage": "developmental_stages",
    "Disease": "diseases",
    "Ethnicity": "ethnicities",
    "ExperimentalFactor": "experimental_factors",
    "Organism": "organisms",
    "Phenotype": "phenotypes",
    "Tissue": "tissues",
    "ULabel": "ulabels",
}
"""Registry -> the relation of Artifact that links it."""


def annotate(artifact: Any, validation: Validation, terms: Terms, schema: SchemaIds) -> None:
    """Links the artifact to its terms and genes, then to the schema and its slots."""
    by_registry: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in validation.annotations:
        by_registry[annotation.registry].append(annotation)
    for registry, annotations in sorted(by_registry.items()):
        pairs = [(terms.id_of(a), schema.features[a.column]) for a in annotations]
        _link(artifact.id, LINKS[registry], registry.lower(), pairs)
    gene_ids = [gene for genes in validation.genes.values() for gene in genes]
    if len(gene_ids) <= ln.settings.annotation.n_max_records:
        _link_genes(artifact.id, gene_ids, schema.features["var_index"])
    _link_schema(artifact, schema)


def _link(artifact_id: int, relation: str, target: str, pairs: Iterable[tuple[int, int]]) -> None:
    """Adds the (term id, feature id) pairs that aren't linked yet."""
    model = getattr(ln.Artifact, relation).through
    field = f"{target}_id"
    present = set(model.objects.filter(artifact_id=artifact_id).values_list(field, "feature_id"))
    rows = [
        model(artifact_id=artifact_id, feature_id=feature_id, **{field: term_id})
        for term_id, feature_id in sorted(set(pairs) - present)
    ]
    model.objects.bulk_create(rows, batch_size=500)


def _link_genes(artifact_id: int, gene_ids: Collection[str], feature_id: int) -> None:
    found = bt.Gene.objects.filter(ensembl_gene_id__in=list(gene_ids))
    pairs = ((pk, feature_id) for pk in found.values_list("id", flat=True))
    _link(artifact_id, "genes", "gene", pairs)


def _link_schema(artifact: Any, schema: SchemaIds) -> None:
    model = ln.models.ArtifactSchema
    present = set(model.objects.filter(artifact_id=artifact.id).values_list("slot", flat=True))
    rows = [
        model(artifact_id=artifact.id, slot=slot, schema_id=schema_id)
        for slot, schema_id in schema.slots.items()
        if slot not in present
    ]
    ln.Artifact.objects.filter(id=artifact.id).update(schema_id=schema.composite)
    model.objects.bulk_create(rows)

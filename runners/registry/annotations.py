"""Link artifacts to the terms, genes and schemas that describe them, and to their publication.

Writes the link tables directly, in bulk: the rows are those of LaminDB's `AnnDataCurator`
(tests compare them), one per distinct value present. The terms must exist already. A reference is
looked up by its DOI, or where a study has none by the address of its page, before one is made:
LaminDB's constructor would find one by its name and overwrite that one's DOI.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import bionty as bt
import lamindb as ln

from runners.census.publications import Publication, Publications
from runners.census.store import CensusDataset
from runners.registry import trash
from runners.registry.registries import links
from runners.registry.schema import SchemaIds
from runners.registry.terms import Terms
from runners.validation.validate import Validation

LinkRow = tuple[int, int, int]
"""Ids of artifact, term and feature."""


PAGE = "https://cellxgene.cziscience.com/collections/{collection_id}"


def annotate(validations: Mapping[int, Validation], terms: Terms, schema: SchemaIds) -> None:
    """Links artifacts, by id, to their terms and genes, then to the schema and its slots."""
    rows: dict[str, list[LinkRow]] = defaultdict(list)
    for artifact_id, validation in validations.items():
        for annotation in validation.annotations:
            feature_id = schema.features[annotation.column]
            rows[annotation.registry].append((artifact_id, terms.id_of(annotation), feature_id))
    for registry, wanted in sorted(rows.items()):
        _link(*links(registry), wanted)
    _link_genes(validations, schema.features["var_index"])
    _link_schema(validations, schema)


def _link(model: Any, target: str, wanted: Collection[LinkRow]) -> None:
    """Adds those of the rows that aren't there yet to a table of links."""
    fields = ("artifact_id", f"{target}_id", "feature_id")
    artifact_ids = {artifact_id for artifact_id, _, _ in wanted}
    present = set(model.objects.filter(artifact_id__in=artifact_ids).values_list(*fields))
    missing = sorted(set(wanted) - present)
    rows = [model(**dict(zip(fields, row, strict=True))) for row in missing]
    model.objects.bulk_create(rows, batch_size=500)


def _link_genes(validations: Mapping[int, Validation], feature_id: int) -> None:
    """Links genes of datasets that have no more than LaminDB annotates by."""
    genes = {
        artifact_id: [gene_id for gene_ids in validation.genes.values() for gene_id in gene_ids]
        for artifact_id, validation in validations.items()
    }
    limit = ln.settings.annotation.n_max_records
    few = {i: gene_ids for i, gene_ids in genes.items() if len(gene_ids) <= limit}
    if not few:
        return
    ids = {gene_id for gene_ids in few.values() for gene_id in gene_ids}
    gene_rows = bt.Gene.objects.filter(ensembl_gene_id__in=ids).values_list("ensembl_gene_id", "id")
    keys = dict(gene_rows)
    _link(
        ln.Artifact.genes.through,
        "gene",
        [(i, keys[gene], feature_id) for i, gene_ids in few.items() for gene in gene_ids],
    )


def _link_schema(artifact_ids: Collection[int], schema: SchemaIds) -> None:
    """The artifacts' schema and slots: the last rows, by which a dataset counts as annotated."""
    model = ln.models.ArtifactSchema
    links = model.objects.filter(artifact_id__in=artifact_ids)
    present = set(links.values_list("artifact_id", "slot"))
    rows = [
        model(artifact_id=artifact_id, slot=slot, schema_id=schema_id)
        for artifact_id in artifact_ids
        for slot, schema_id in schema.slots.items()
        if (artifact_id, slot) not in present
    ]
    ln.Artifact.objects.filter(id__in=artifact_ids).update(schema_id=schema.composite)
    model.objects.bulk_create(rows)


def attach_references(artifacts: Mapping[int, CensusDataset], publications: Publications) -> None:
    """Links artifacts, by id, to the reference of their dataset's study, made if absent."""
    studies = {dataset.collection_id: dataset for dataset in artifacts.values()}
    ids = {i: _ensure_reference(dataset, publications.get(i)).id for i, dataset in studies.items()}
    link = ln.Artifact.references.through
    links = link.objects.filter(artifact_id__in=artifacts, feature=None)
    present = set(links.values_list("artifact_id", "reference_id"))
    wanted = {(pk, ids[dataset.collection_id]) for pk, dataset in artifacts.items()}
    link.objects.bulk_create(
        link(artifact_id=artifact_id, reference_id=reference_id)
        for artifact_id, reference_id in sorted(wanted - present)
    )


def _ensure_reference(dataset: CensusDataset, publication: Publication | None) -> Any:
    page = PAGE.format(collection_id=dataset.collection_id)
    key = {"doi": dataset.collection_doi} if dataset.collection_doi else {"url": page}
    reference = trash.first(ln.Reference.objects.filter(**key))
    if reference is not None:
        return reference
    fields: dict[str, Any] = {"name": dataset.collection_name, "url": page, **key}
    if publication is not None:
        fields |= {"text": publication.text, "date": publication.published}
    return ln.Reference(**fields, _skip_validation=True).save()

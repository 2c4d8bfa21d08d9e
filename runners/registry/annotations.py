"""Link artifacts to the terms, genes and schemas that describe them, and to their publication.

Writes the link tables directly, in bulk: the rows are those of LaminDB's `AnnDataCurator`
(tests compare them), one per distinct value present. The terms must exist already. A reference is
looked up by its DOI, or where a study has none by the address of its page, before one is made:
LaminDB's constructor would find one by its name and overwrite that one's DOI.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import reduce
from operator import or_
from typing import Any

import bionty as bt
import lamindb as ln
from django.db.models import Q

from runners.census.publications import Publication, Publications
from runners.census.store import CensusDataset
from runners.registry import branches
from runners.registry.registries import fitted, links
from runners.registry.schema import INDEX, SchemaIds
from runners.registry.terms import Terms
from runners.run.named_datasets import DOI
from runners.validation.validate import Validation

LinkRow = tuple[int, int, int]
"""Ids of artifact, term and feature."""


PAGE = "https://cellxgene.cziscience.com/collections/{collection_id}"


def annotate(
    validations: Mapping[int, Validation],
    terms: Terms,
    schema: SchemaIds,
    new: Collection[int] = frozenset(),
) -> None:
    """Links artifacts, by id, to their terms and genes, then to the schema and its slots. The `new`
    ones have no links, which isn't asked again.
    """
    rows: dict[str, list[LinkRow]] = defaultdict(list)
    for artifact_id, validation in validations.items():
        for annotation in validation.annotations:
            feature_id = schema.features[annotation.column]
            rows[annotation.registry].append((artifact_id, terms.id_of(annotation), feature_id))
    for registry, wanted in sorted(rows.items()):
        _link(*links(registry), wanted, new)
    _link_genes(validations, terms, schema.features[INDEX], new)
    _link_schema(validations, schema, new)


def _link(model: Any, target: str, wanted: Collection[LinkRow], new: Collection[int]) -> None:
    """Adds those of the rows that aren't there yet to a table of links."""
    fields = ("artifact_id", f"{target}_id", "feature_id")
    artifact_ids = {artifact_id for artifact_id, _, _ in wanted}.difference(new)
    present = set(model.objects.filter(artifact_id__in=artifact_ids).values_list(*fields))
    missing = sorted(set(wanted) - present)
    rows = [model(**dict(zip(fields, row, strict=True))) for row in missing]
    model.objects.bulk_create(rows)


def _link_genes(
    validations: Mapping[int, Validation], terms: Terms, feature_id: int, new: Collection[int]
) -> None:
    """Links genes of datasets that have no more than LaminDB annotates by."""
    limit = ln.settings.annotation.n_max_records
    few = {
        artifact_id: [i for taxon, genes in by_taxon.items() for i in terms.gene_ids(taxon, genes)]
        for artifact_id, by_taxon in ((i, one.genes) for i, one in validations.items())
        if sum(map(len, by_taxon.values())) <= limit
    }
    ids = {gene_id for gene_ids in few.values() for gene_id in gene_ids}
    gene_rows = bt.Gene.objects.filter(ensembl_gene_id__in=ids).values_list("ensembl_gene_id", "id")
    keys = dict(gene_rows)
    _link(
        ln.Artifact.genes.through,
        "gene",
        [(i, keys[gene], feature_id) for i, gene_ids in few.items() for gene in gene_ids],
        new,
    )


def _link_schema(artifact_ids: Collection[int], schema: SchemaIds, new: Collection[int]) -> None:
    """The artifacts' schema and slots: the last rows, by which a dataset counts as annotated."""
    model = ln.models.ArtifactSchema
    links = model.objects.filter(artifact_id__in=set(artifact_ids).difference(new))
    present = set(links.values_list("artifact_id", "slot"))
    rows = [
        model(artifact_id=artifact_id, slot=slot, schema_id=schema_id)
        for artifact_id in artifact_ids
        for slot, schema_id in schema.slots.items()
        if (artifact_id, slot) not in present
    ]
    ln.Artifact.objects.filter(id__in=artifact_ids).update(schema_id=schema.composite)
    model.objects.bulk_create(rows)


def attach_references(
    artifacts: Mapping[int, CensusDataset],
    publications: Publications,
    new: Collection[int] = frozenset(),
) -> None:
    """Links artifacts, by id, to the reference of their dataset's study, made if absent. The `new`
    ones have no links, which isn't asked again.
    """
    studies = {dataset.collection_id: dataset for dataset in artifacts.values()}
    ids = _reference_ids(studies, publications)
    link = ln.Artifact.references.through
    links = link.objects.filter(artifact_id__in=artifacts.keys() - new, feature=None)
    present = set(links.values_list("artifact_id", "reference_id"))
    wanted = {(pk, ids[dataset.collection_id]) for pk, dataset in artifacts.items()}
    link.objects.bulk_create(
        link(artifact_id=artifact_id, reference_id=reference_id)
        for artifact_id, reference_id in sorted(wanted - present)
    )


def _reference_ids(
    studies: Mapping[str, CensusDataset], publications: Publications
) -> dict[str, int]:
    """Collection id -> the id of the study's reference; two studies of one DOI share theirs."""
    keys = {collection_id: _reference_key(study) for collection_id, study in studies.items()}
    values: dict[str, set[str]] = {"doi": set(), "url": set()}
    for field, value in keys.values():
        values[field].add(value)
    ends = (Q(doi__iendswith=doi) for doi in values["doi"])
    rows = ln.Reference.objects.filter(reduce(or_, ends, Q(url__in=values["url"])))
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        found["doi", _plain_doi(row.doi or "")].append(row)
        found["url", row.url].append(row)
    by_key: dict[tuple[str, str], Any] = {}
    made = []
    for collection_id, key in keys.items():
        if key not in by_key:
            study = studies[collection_id]
            # one in sight that is written as the Census writes it may be linked already
            alike = [
                row
                for row in found[key]
                if row.doi == study.collection_doi and not branches.is_hidden(row)
            ]
            reference = branches.first(alike or found[key])
            if reference is None:
                reference = _new_reference(study, publications.get(collection_id))
                made.append(reference)
            by_key[key] = reference
    ln.Reference.objects.bulk_create(made)
    return {collection_id: by_key[key].id for collection_id, key in keys.items()}


def _reference_key(study: CensusDataset) -> tuple[str, str]:
    """Field and value by which the study's reference is found."""
    if study.collection_doi:
        return "doi", _plain_doi(study.collection_doi)
    return "url", _page(study)


def _plain_doi(doi: str) -> str:
    """As two forms of a DOI are compared, whose case says nothing
    (https://www.doi.org/doi_handbook/2_Numbering.html).
    """
    return DOI.sub("", doi).lower()


def _page(study: CensusDataset) -> str:
    return PAGE.format(collection_id=study.collection_id)


def _new_reference(study: CensusDataset, publication: Publication | None) -> Any:
    """Not saved."""
    name, doi = fitted(ln.Reference, "name", study.collection_name), study.collection_doi or None
    fields: dict[str, Any] = {"name": name, "url": _page(study), "doi": doi}
    if publication is not None:
        fields |= {"text": publication.text, "date": publication.published}
    return ln.Reference(**fields, _skip_validation=True)

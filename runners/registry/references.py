"""The publication of a study, attached to each of its artifacts. Must not ask the network.

A reference is looked up by its DOI, or where a study has none by the address of its page, before
one is made: LaminDB's constructor would find one by its name and overwrite that one's DOI.
"""

from collections.abc import Mapping
from typing import Any

import lamindb as ln

from runners.census.publications import Publication, Publications
from runners.census.store import CensusDataset

PAGE = "https://cellxgene.cziscience.com/collections/{collection_id}"


def attach(artifacts: Mapping[int, CensusDataset], publications: Publications) -> None:
    """Links artifacts, by id, to the reference of their dataset's study, made if absent."""
    studies = {dataset.collection_id: dataset for dataset in artifacts.values()}
    ids = {i: _ensure(dataset, publications.get(i)).id for i, dataset in studies.items()}
    link = ln.Artifact.references.through
    found = link.objects.filter(artifact_id__in=artifacts, feature=None)
    present = set(found.values_list("artifact_id", "reference_id"))
    wanted = {(pk, ids[dataset.collection_id]) for pk, dataset in artifacts.items()}
    link.objects.bulk_create(
        link(artifact_id=artifact_id, reference_id=reference_id)
        for artifact_id, reference_id in sorted(wanted - present)
    )


def _ensure(dataset: CensusDataset, publication: Publication | None) -> Any:
    page = PAGE.format(collection_id=dataset.collection_id)
    key = {"doi": dataset.collection_doi} if dataset.collection_doi else {"url": page}
    found = ln.Reference.objects.filter(**key).first()
    if found is not None:
        return found
    fields: dict[str, Any] = {"name": dataset.collection_name, "url": page, **key}
    if publication is not None:
        fields |= {"text": publication.text, "date": publication.published}
    return ln.Reference(**fields, _skip_validation=True).save()

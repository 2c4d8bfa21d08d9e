"""The publication of a study, attached to each of its artifacts. Must not ask the network.

A reference is looked up by its DOI, or where a study has none by the address of its page, before
one is made: LaminDB's constructor would find one by its name and overwrite that one's DOI.
"""

from typing import Any

import lamindb as ln

from runners.census import CensusDataset

PAGE = "https://cellxgene.cziscience.com/collections/{collection_id}"


def attach(artifact: Any, dataset: CensusDataset) -> None:
    """Links the artifact to the reference of the dataset's study, made if absent."""
    reference = _ensure(dataset)
    link = ln.Artifact.references.through
    link.objects.get_or_create(artifact_id=artifact.id, reference_id=reference.id, feature=None)


def _ensure(dataset: CensusDataset) -> Any:
    page = PAGE.format(collection_id=dataset.collection_id)
    key = {"doi": dataset.collection_doi} if dataset.collection_doi else {"url": page}
    found = ln.Reference.objects.filter(**key).first()
    if found is not None:
        return found
    fields = {"name": dataset.collection_name, "url": page, **key}
    return ln.Reference(**fields, _skip_validation=True).save()

"""The datasets of a release that a request names: by their ids, their collections, their organisms.

A name that the release doesn't know is refused, with those that it was probably meant to be.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from runners import rules
from runners.census.content import CensusOrganism, read_organisms
from runners.census.store import CensusDataset
from runners.contract import ContractError, Manifest, RunRequest
from runners.contract.rules import Organism

DOI = re.compile(r"^(?:doi:\s*)?(?:(?:https?://)?(?:www\.|dx\.)?doi\.org/)?", re.IGNORECASE)
"""What may stand before a DOI."""

NEAREST = 3
"""Collections that are offered in place of one that isn't there."""


def named_datasets(
    request: RunRequest, manifest: Manifest, datasets: Sequence[CensusDataset]
) -> Sequence[CensusDataset]:
    """Those of the release's `datasets` that are of each kind that the request names: all of them
    where it names none.

    Raises:
        ContractError: an id, a collection or an organism isn't the release's; no dataset is of all
            kinds; or the store can't be read, which alone knows the organisms.
    """
    chosen = datasets
    if request.only:
        _check_ids(request, chosen)
        chosen = [dataset for dataset in chosen if dataset.dataset_id in request.only]
    if request.collection:
        wanted = _collection_ids(request, datasets)
        chosen = [dataset for dataset in chosen if dataset.collection_id in wanted]
    if request.organism:
        wanted = _ids_of_organisms(request, manifest)
        chosen = [dataset for dataset in chosen if dataset.dataset_id in wanted]
    if request.is_selective and not chosen:
        fields = [name for name in ("only", "collection", "organism") if getattr(request, name)]
        raise ContractError(
            f"request {request.run_id}: field {fields[-1]}: no dataset of release "
            f"{request.release} is of all of {', '.join(fields)}; name others."
        )
    return chosen


def _check_ids(request: RunRequest, datasets: Iterable[CensusDataset]) -> None:
    if unknown := set(request.only) - {dataset.dataset_id for dataset in datasets}:
        raise ContractError(
            f"request {request.run_id}: field only: {', '.join(sorted(unknown))} "
            f"not in release {request.release}; correct the ids."
        )


def _collection_ids(request: RunRequest, datasets: Iterable[CensusDataset]) -> set[str]:
    """The collections that the request names, each by its id, its DOI or its exact name."""
    by_name: dict[str, set[str]] = {}
    titles: dict[str, str] = {}
    for dataset in datasets:
        titles[dataset.collection_id] = dataset.collection_name
        for name in (dataset.collection_id, dataset.collection_doi, dataset.collection_name):
            if name:
                by_name.setdefault(_collection_key(name), set()).add(dataset.collection_id)
    wanted: set[str] = set()
    for name in request.collection:
        key = _collection_key(name)
        if key not in by_name:
            near = get_close_matches(key, list(by_name), n=NEAREST, cutoff=0)
            ids = dict.fromkeys(found for other in near for found in sorted(by_name[other]))
            raise _no_collection(request, name, {found: titles[found] for found in ids})
        wanted |= by_name[key]
    return wanted


def _collection_key(name: str) -> str:
    """As two ways of writing the same name are compared."""
    return " ".join(DOI.sub("", name.strip()).rstrip("/").split()).casefold()


def _no_collection(request: RunRequest, name: str, nearest: Mapping[str, str]) -> ContractError:
    """`nearest`: names by id."""
    offered = ", ".join(f"{title!r} ({found})" for found, title in nearest.items())
    return ContractError(
        f"request {request.run_id}: field collection: {name!r} is no collection of release "
        f"{request.release}; name one by its id, its DOI or its exact name: the nearest are "
        f"{offered}."
    )


def _ids_of_organisms(request: RunRequest, manifest: Manifest) -> set[str]:
    """The datasets with cells of the organisms that the request names."""
    organisms = read_organisms(manifest.storage)
    known = rules.load(manifest.dataset_schema_version).organisms
    by_name = {name: organism for organism in organisms for name in _names(organism, known)}
    wanted: set[str] = set()
    for name in request.organism:
        organism = by_name.get(_organism_key(name))
        if organism is None:
            there = ", ".join(one.name for one in organisms)
            raise ContractError(
                f"request {request.run_id}: field organism: {name!r} is no organism of release "
                f"{request.release}; name one of {there}."
            )
        wanted |= organism.dataset_ids
    return wanted


def _names(organism: CensusOrganism, known: Mapping[str, Organism]) -> set[str]:
    """What the store, and the rules, call the organism."""
    own = {_organism_key(name) for name in (organism.name, *organism.also)}
    for taxon, entry in known.items():
        names = {_organism_key(name) for name in (taxon, entry.scientific_name, entry.name)}
        if own & names:
            own |= names
    return own


def _organism_key(name: str) -> str:
    return "_".join(name.split()).casefold()

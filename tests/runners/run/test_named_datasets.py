"""Datasets chosen by their ids, their collections and their organisms."""

import re
from collections.abc import Sequence
from typing import Any

import instances
import pytest

from runners.census.store import CensusDataset, read_datasets
from runners.contract import Action, ContractError, Manifest, RunRequest
from runners.run.named_datasets import named_datasets
from runners.sample.datasets import BLOOD, BRAIN, CULTURES, NEWER, by_key, of_release
from runners.sample.vocabulary import HUMAN, MACAQUE, MOUSE
from runners.sample.world import World

MIXED = tuple(by_key(key).dataset_id for key in ("D01", "D05"))


@pytest.fixture(scope="module")
def manifest(world: World) -> Manifest:
    return instances.newer_manifest(world)


@pytest.fixture(scope="module")
def datasets(manifest: Manifest) -> Sequence[CensusDataset]:
    return read_datasets(manifest)


def request(**fields: Any) -> RunRequest:
    return RunRequest(
        run_id="run",
        action=Action.INGEST,
        release=NEWER.version,
        manifest="unread.toml",
        instance="a/b",
        **fields,
    )


def of(key: str, *values: Any) -> set[str]:
    """Ids of the newer release's datasets with one of these values."""
    return {one.dataset_id for one in of_release(NEWER) if getattr(one, key) in values}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, of("outcome", *(one.outcome for one in of_release(NEWER)))),
        ({"collection": (BRAIN.collection_id.upper(),)}, of("collection", BRAIN)),
        ({"collection": (BLOOD.doi,)}, of("collection", BLOOD)),
        ({"collection": (f"https://doi.org/{BLOOD.doi.upper()}",)}, of("collection", BLOOD)),
        ({"collection": (f"doi:{BLOOD.doi}",)}, of("collection", BLOOD)),
        ({"collection": (f"doi.org/{BLOOD.doi}",)}, of("collection", BLOOD)),
        ({"collection": (f"https://www.doi.org/{BLOOD.doi}/",)}, of("collection", BLOOD)),
        ({"collection": (f"doi:https://doi.org/{BLOOD.doi}",)}, of("collection", BLOOD)),
        ({"collection": (f"http://dx.doi.org/{BLOOD.doi}",)}, of("collection", BLOOD)),
        ({"collection": (CULTURES.name.upper(),)}, of("collection", CULTURES)),
        ({"collection": (BRAIN.doi, CULTURES.name)}, of("collection", BRAIN, CULTURES)),
        ({"organism": ("homo_sapiens",)}, of("organism", HUMAN)),
        ({"organism": ("Mus musculus",)}, of("organism", MOUSE)),
        ({"organism": ("mouse", "ncbitaxon:9544")}, of("organism", MOUSE, MACAQUE)),
        ({"organism": ("human", "HOMO_SAPIENS")}, of("organism", HUMAN)),
        (
            {"organism": ("mus_musculus",), "collection": (BRAIN.name,)},
            of("organism", MOUSE) & of("collection", BRAIN),
        ),
        (
            {
                "organism": ("mouse",),
                "only": tuple(by_key(key).dataset_id for key in ("D01", "D05")),
            },
            {by_key("D05").dataset_id},
        ),
    ],
)
def test_datasets_are_chosen_by_what_they_are_of(
    manifest: Manifest,
    datasets: Sequence[CensusDataset],
    fields: dict[str, Any],
    expected: set[str],
) -> None:
    found = named_datasets(request(**fields), manifest, datasets)
    assert {dataset.dataset_id for dataset in found} == expected
    assert list(found) == [one for one in datasets if one.dataset_id in expected]


@pytest.mark.parametrize(("named", "ids"), [("The atlas", "ab"), ("10.1/odd", "bc"), ("1", "a")])
def test_a_name_or_doi_of_several_collections_chooses_the_datasets_of_each(
    manifest: Manifest, named: str, ids: str
) -> None:
    studies = [("a", "The atlas", ""), ("b", "The atlas", "10.1/odd"), ("c", "More", "10.1/odd")]
    several = [
        CensusDataset(name, "v", "T", "d.h5ad", str(number), collection, doi, 1)
        for number, (name, collection, doi) in enumerate(studies, 1)
    ]
    found = named_datasets(request(collection=(named,)), manifest, several)
    assert "".join(dataset.dataset_id for dataset in found) == ids


def test_of_nothing_nothing_is_chosen_where_no_name_is_given(manifest: Manifest) -> None:
    assert list(named_datasets(request(), manifest, [])) == []


@pytest.mark.parametrize("first", ["a", "b"])
def test_names_are_the_releases_whatever_else_is_asked(manifest: Manifest, first: str) -> None:
    """A collection of another dataset than those that are named is one that is there."""
    several = [CensusDataset(n, "v", "T", "p", f"c-{n}", f"Of {n}", "", 1) for n in ("a", "b")]
    asked = request(only=("a",), collection=(f"c-{first}",))
    if first == "a":
        assert list(named_datasets(asked, manifest, several)) == several[:1]
        return
    with pytest.raises(ContractError, match="is of all of only, collection; name others"):
        named_datasets(asked, manifest, several)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"collection": ("sample atlas of the brain",)},
            "request run: field collection: 'sample atlas of the brain' is no collection of "
            "release 2020-07-15; name one by its id, its DOI or its exact name: the nearest are "
            f"{BRAIN.name!r} ({BRAIN.collection_id}), ",
        ),
        ({"collection": ("x" * 300,)}, f"({BLOOD.collection_id})"),
        (
            {"organism": ("homo_sapiens", "danio_rerio")},
            "request run: field organism: 'danio_rerio' is no organism of release 2020-07-15; name "
            "one of homo_sapiens, macaca_mulatta, mus_musculus.",
        ),
        (
            {"only": ("d-1", by_key("D01").dataset_id)},
            "request run: field only: d-1 not in release 2020-07-15; correct the ids.",
        ),
        (
            {"organism": ("human",), "collection": (BRAIN.doi,)},
            "request run: field organism: no dataset of release 2020-07-15 is of all of "
            "collection, organism; name others.",
        ),
    ],
)
def test_a_name_that_is_not_there_gets_one_sentence_with_what_is(
    manifest: Manifest,
    datasets: Sequence[CensusDataset],
    fields: dict[str, Any],
    expected: str,
) -> None:
    with pytest.raises(ContractError, match=re.escape(expected)) as refused:
        named_datasets(request(**fields), manifest, datasets)
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith(".")

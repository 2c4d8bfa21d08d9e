"""Two releases beside each other by what their stores list, without a store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import kept_in_memory
import pytest
import stores
from kept_in_memory import STORAGE, Silent, experiment

from runners.census.comparison import compare_inventories, describe
from runners.census.inventory import Inventory, read_inventory
from runners.contract import ComparedAssay, ComparedDataset, Manifest
from runners.records.snapshot import Unknown
from runners.retries import OutageError


def dataset(name: str, cells: int = 5) -> ComparedDataset:
    return ComparedDataset(dataset_id=name, title=f"Title {name}", collection="c", cells=cells)


def assay(name: str) -> ComparedAssay:
    return ComparedAssay(ontology_id=f"EFO:{name}", name=f"assay {name}", cells=1)


def inventory(
    versions: dict[str, str],
    cells: dict[str, int],
    genes: dict[str, str],
    assays: str,
) -> Inventory:
    """`versions` of its datasets; `genes` and `assays` are a letter each."""
    return Inventory(
        datasets={name: dataset(name) for name in versions},
        versions=versions,
        cells=cells,
        genes={organism: frozenset(letters) for organism, letters in genes.items()},
        assays={f"EFO:{name}": assay(name) for name in assays},
    )


def manifest(release: str, datasets: int) -> Manifest:
    told = {"release": release, "dataset_count": datasets}
    return stores.manifest(Path("/never/read")).model_copy(update=told)


BEFORE = inventory(
    {"gone-b": "1", "gone-a": "1", "kept": "1", "revised-b": "1", "revised-a": "1"},
    {"mouse": 1_000, "worm": 7},
    {"mouse": "abcz", "worm": "w"},
    "zyxwvuk",
)
NOW = inventory(
    {"kept": "1", "new-b": "1", "new-a": "1", "new-c": "1", "revised-b": "2", "revised-a": "2"},
    {"human": 2_000, "mouse": 1_500},
    {"human": "hg", "mouse": "abedf"},
    "kfcaebd",
)
NEWER, OLDER = manifest("2020-07-15", 6), manifest("2020-01-15", 5)


def test_what_came_continues_and_went_is_told_of_each_kind_in_order() -> None:
    assert list(describe(compare_inventories(NEWER, NOW, OLDER, BEFORE))) == [
        "2020-07-15 against 2020-01-15",
        "datasets: 6 against 5: 3 new, 3 continue, 2 of them revised, 2 withdrawn",
        "    new new-a  Title new-a",
        "    new new-b  Title new-b",
        "    new new-c  Title new-c",
        "    withdrawn gone-a  Title gone-a",
        "    withdrawn gone-b  Title gone-b",
        "    revised revised-a  Title revised-a",
        "    revised revised-b  Title revised-b",
        "cells of human: 2,000 against 0",
        "cells of mouse: 1,500 against 1,000",
        "cells of worm: 0 against 7",
        "genes of human: 2 against 0: 2 gained, 0 lost",
        "genes of mouse: 5 against 4: 3 gained, 2 lost",
        "genes of worm: 0 against 1: 0 gained, 1 lost",
        f"assays gained: {', '.join(f'assay {name} (EFO:{name})' for name in 'abcdef')}",
        f"assays lost: {', '.join(f'assay {name} (EFO:{name})' for name in 'uvwxyz')}",
    ]


def test_genes_are_told_by_their_ids_in_order() -> None:
    found = compare_inventories(NEWER, NOW, OLDER, BEFORE).genes
    assert found is not None
    told = {one.organism: (one.gained, one.lost) for one in found}
    assert told["mouse"] == (("d", "e", "f"), ("c", "z"))
    assert told["worm"] == ((), ("w",))


def test_a_dataset_is_told_as_the_newest_release_that_has_it_does() -> None:
    def of_cells(own: Inventory, cells: int) -> Inventory:
        assert not isinstance(own.datasets, Unknown)
        return replace(own, datasets={name: dataset(name, cells) for name in own.datasets})

    changes = compare_inventories(NEWER, of_cells(NOW, 2), OLDER, of_cells(BEFORE, 1)).datasets
    assert changes is not None
    assert changes.revised is not None
    assert [one.cells for one in (*changes.new, *changes.revised)] == [2] * 5
    assert [one.cells for one in changes.withdrawn] == [1] * 2


@pytest.mark.parametrize("is_newer", [True, False])
@pytest.mark.parametrize(
    ("part", "untold"),
    [
        ("datasets", {"datasets"}),
        ("versions", {"revised"}),
        ("cells", {"cells"}),
        ("genes", {"genes"}),
        ("assays", {"assays"}),
    ],
)
def test_what_one_of_them_does_not_list_is_told_of_neither_and_the_rest_is(
    part: str, untold: set[str], is_newer: bool
) -> None:
    changed: dict[str, Any] = {part: Unknown("it can't be told (why)")}
    now, before = (
        (replace(NOW, **changed), BEFORE) if is_newer else (NOW, replace(BEFORE, **changed))
    )
    found = compare_inventories(NEWER, now, OLDER, before)
    of_datasets = found.datasets.revised if found.datasets else ()
    told = {name: getattr(found, name) for name in ("datasets", "cells", "genes", "assays")}
    assert {name for name, value in (told | {"revised": of_datasets}).items() if value is None} == (
        untold
    )
    release = NEWER.release if is_newer else OLDER.release
    remark = f"of {release}, it can't be told (why), so that it isn't compared"
    assert found.remarks == (remark,)
    assert list(describe(found))[-1] == f"{remark}."


def test_every_remark_is_told_those_of_the_newer_release_first() -> None:
    unknown = replace(NOW, cells=Unknown("one"), genes=Unknown("two"))
    found = compare_inventories(manifest("2020-07-15", 1_234), unknown, OLDER, BEFORE)
    assert list(describe(found))[-3:] == [
        "of 2020-07-15, one, so that it isn't compared.",
        "of 2020-07-15, two, so that it isn't compared.",
        "the store of 2020-07-15 lists 6 datasets, its manifest says 1,234.",
    ]


def test_where_no_assay_came_or_went_that_is_told() -> None:
    found = list(describe(compare_inventories(NEWER, NOW, OLDER, NOW)))
    assert found[-3:-1] == ["assays gained: none", "assays lost: none"]


COUNTS: Mapping[str, Sequence[object]] = {
    "category": ["all", "assay", "assay", "assay", "assay", "tissue"],
    "ontology_term_id": ["na", "EFO:1", "EFO:2", "EFO:1", "EFO:3", "UBERON:1"],
    "label": ["na", "one", "two", "one", "three", "lung"],
    "total_cell_count": [9, 1, 2, 4, 0, 9],
}


def read(monkeypatch: pytest.MonkeyPatch, store: Any) -> Inventory:
    kept_in_memory.opened(monkeypatch, store)
    return read_inventory(STORAGE)


def test_an_assay_s_cells_are_those_of_all_organisms_and_one_without_cells_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = kept_in_memory.census({"summary_cell_counts": COUNTS})
    assert read(monkeypatch, store).assays == {
        "EFO:1": ComparedAssay(ontology_id="EFO:1", name="one", cells=5),
        "EFO:2": ComparedAssay(ontology_id="EFO:2", name="two", cells=2),
    }


def test_an_organism_has_the_cells_and_genes_of_all_parts_of_the_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = kept_in_memory.census(
        {},
        census_data={"human": experiment("ddd", "ab"), "mouse": experiment("d", "m")},
        census_spatial_sequencing={"human": experiment("dd", "bc")},
        census_of_tomorrow={"human": experiment("d", "x")},
    )
    found = read(monkeypatch, store)
    assert found.cells == {"human": 5, "mouse": 1}
    assert found.genes == {"human": frozenset("abc"), "mouse": frozenset("m")}


def test_a_dataset_is_listed_with_its_title_study_cells_and_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = read(monkeypatch, kept_in_memory.census({"datasets": kept_in_memory.ROWS}))
    assert found.datasets == {
        "d-1": ComparedDataset(dataset_id="d-1", title="One", collection="Second", cells=10),
        "d-2": ComparedDataset(dataset_id="d-2", title="Two", collection="First", cells=20),
    }
    assert found.versions == {"d-1": "v-1", "d-2": "v-2"}


def test_a_storage_that_stops_answering_leaves_nothing_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = kept_in_memory.census({}, census_data={"human": Silent()})
    with pytest.raises(OutageError, match=r"^how many cells it has: the storage does not answer"):
        read(monkeypatch, store)


def test_what_can_t_be_read_is_told_in_a_line_and_the_rest_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = kept_in_memory.census({}, census_data={"human": object()})
    found = read(monkeypatch, broken | {"census_info": {}})
    for value, what in (
        (found.cells, "how many cells it has can't be told ('object' object has no attribute"),
        (found.datasets, f"which datasets it has can't be told ({STORAGE.soma}: has no table"),
    ):
        assert isinstance(value, Unknown)
        assert value.why.startswith(what)
        assert "\n" not in value.why

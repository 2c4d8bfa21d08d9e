"""How a store is opened and read, told by a store in memory: what stores on a disk have no cases
of, or only slowly (`test_store`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import kept_in_memory
import numpy as np
import pandas as pd
import pytest
import stores
from kept_in_memory import ROWS, SOMA, STORAGE, Silent, experiment

from runners.census.content import CensusOrganism, read_content, read_organisms
from runners.census.slices import SliceError, read_slice
from runners.census.store import CensusDataset, open_store, raise_outages, read_datasets, read_store
from runners.contract import ContractError, Manifest, Storage
from runners.retries import OutageError

EARLY_MERGE = {"sm.query.sparse_global_order.preprocess_tile_merge": "0"}
UNSIGNED = "it was read anonymously: make it public"
SIGNED = "it was read with AWS credentials: give some that may read it"


def manifest(datasets: int = 2) -> Manifest:
    told = {"storage": STORAGE, "dataset_count": datasets}
    return stores.manifest(Path("unread")).model_copy(update=told)


# --- opening --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "endpoint", "options"),
    [
        ({"soma": "/folder/soma"}, None, {}),
        ({"soma": "/folder/soma", "region": "us-west-2"}, "http://here:1", {}),
        ({}, None, {}),
        ({"region": "us-west-2"}, None, {"vfs.s3.region": "us-west-2"}),
        ({"anonymous": False}, None, {"vfs.s3.no_sign_request": "false"}),
        (
            {"region": "eu-west-1"},
            "https://here:1",
            {
                "vfs.s3.region": "eu-west-1",
                "vfs.s3.scheme": "https",
                "vfs.s3.endpoint_override": "here:1",
                "vfs.s3.use_virtual_addressing": "false",
            },
        ),
    ],
)
def test_a_store_is_opened_with_what_differs_from_the_client_s_own_settings(
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    endpoint: str | None,
    options: dict[str, str],
) -> None:
    asked = kept_in_memory.opened(monkeypatch, {})
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    storage = Storage.model_validate({"soma": SOMA, "h5ads": "", **fields})
    with open_store(storage) as store:
        assert store == {}
    assert asked == [{"uri": storage.soma, "tiledb_config": EARLY_MERGE | options}]


@pytest.mark.parametrize("anonymous", [True, False])
@pytest.mark.parametrize(
    ("words", "is_refused"),
    [
        ("[HTTP Response Code: 401]", True),
        ("[HTTP Response Code: 403]", True),
        ("The provided token is ExpiredToken", True),
        ("InvalidToken", True),
        ("InvalidAccessKeyId", True),
        ("[HTTP Response Code: 404]", False),
        ("[HTTP Response Code: 4031]", False),
        ("there is no such\n group", False),
    ],
)
def test_a_store_that_is_refused_is_told_with_how_it_was_asked(
    monkeypatch: pytest.MonkeyPatch, words: str, is_refused: bool, anonymous: bool
) -> None:
    kept_in_memory.opened(monkeypatch, RuntimeError(words))
    storage = STORAGE.model_copy(update={"anonymous": anonymous})
    with pytest.raises(ContractError) as told:
        read_store(storage, "its tables", lambda census: census)
    said = f"{SOMA}: its tables can't be read ({{}}); {{}}"
    remedy = UNSIGNED if anonymous else SIGNED
    if is_refused:
        assert str(told.value).startswith(said.format("the storage refuses it", remedy))
    else:
        reason = " ".join(words.split())
        check = "check the field storage.soma of the manifest."
        assert str(told.value) == said.format(reason, check)


@pytest.mark.parametrize("code", [-1, 429, 500, 503, 599])
def test_a_storage_that_is_silent_busy_or_broken_is_an_outage(code: int) -> None:
    with pytest.raises(OutageError), raise_outages("the store"):
        raise RuntimeError(f"[HTTP Response Code: {code}]")


@pytest.mark.parametrize("code", [-12, 400, 403, 404, 4290, 5031])
def test_any_other_answer_is_none(code: int) -> None:
    with pytest.raises(RuntimeError), raise_outages("the store"):
        raise RuntimeError(f"[HTTP Response Code: {code}]")


# --- the table of datasets ------------------------------------------------------------------------


def read(
    monkeypatch: pytest.MonkeyPatch, columns: Mapping[str, Sequence[Any]], count: int = 2
) -> Any:
    kept_in_memory.opened(monkeypatch, kept_in_memory.census({"datasets": {**ROWS, **columns}}))
    return read_datasets(manifest(count))


def test_datasets_are_read_column_by_column_and_put_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert read(monkeypatch, {}) == (
        CensusDataset("d-1", "v-1", "One", "d-1.h5ad", "c-2", "Second", "10.1/2", 10),
        CensusDataset("d-2", "v-2", "Two", "d-2.h5ad", "c-1", "First", "10.1/1", 20),
    )


@pytest.mark.parametrize("count", [1, 3])
def test_a_store_of_fewer_or_more_datasets_than_the_manifest_says_is_refused(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    with pytest.raises(ContractError, match=rf"holds 2 datasets, but .* dataset_count is {count};"):
        read(monkeypatch, {}, count)


@pytest.mark.parametrize("column", [name for name in ROWS if not name.endswith("_count")])
def test_a_nul_character_in_any_column_is_refused(
    monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    with pytest.raises(ContractError, match=f"column {column} has a NUL character"):
        read(monkeypatch, {column: ["fine", "not\0fine"]})


@pytest.mark.parametrize("column", ROWS)
def test_a_table_that_lacks_any_column_is_refused(
    monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    columns = {name: values for name, values in ROWS.items() if name != column}
    kept_in_memory.opened(monkeypatch, kept_in_memory.census({"datasets": columns}))
    with pytest.raises(ContractError, match=f"has no column {column}, as that of a Census"):
        read_datasets(manifest())


def test_a_dataset_without_a_cell_in_the_census_is_a_dataset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = read(monkeypatch, {"dataset_total_cell_count": [0, 1]})
    assert [one.cell_count for one in found] == [1, 0]


def test_of_several_ids_that_stand_twice_the_first_is_named_and_the_others_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = {name: [*values, *values, values[0]] for name, values in ROWS.items()}
    said = r"has the dataset_id d-1 in 2 rows \(and 1 more\), where each must stand once"
    with pytest.raises(ContractError, match=said):
        read(monkeypatch, rows, 5)


# --- experiments ----------------------------------------------------------------------------------


def content(monkeypatch: pytest.MonkeyPatch, store: Any) -> Any:
    kept_in_memory.opened(monkeypatch, store, get_obs=given_none)
    return read_content(STORAGE)


def given_none(**_: object) -> pd.DataFrame:
    return pd.DataFrame({"soma_joinid": [], "dataset_id": []})


@pytest.mark.parametrize(
    ("summary", "cells", "problem"),
    [
        ({"label": ["total_cell_count"], "value": ["7"]}, 7, None),
        ({"label": ["a", "total_cell_count", "z"], "value": ["1", "2", "3"]}, 2, None),
        ({"label": ["cells"], "value": ["7"]}, None, "has no row total_cell_count"),
        (
            {"label": ["total_cell_count"], "value": ["many"]},
            None,
            "invalid literal for int() with base 10: 'many'",
        ),
    ],
)
def test_the_summary_counts_the_cells_or_says_why_it_does_not(
    monkeypatch: pytest.MonkeyPatch,
    summary: dict[str, list[str]],
    cells: int | None,
    problem: str | None,
) -> None:
    found = content(monkeypatch, kept_in_memory.census({"summary": summary}))
    assert found.summary_cells == cells
    assert found.unread == ({"census_info/summary": problem} if problem else {})


def test_an_experiment_that_does_not_answer_is_an_outage_and_one_that_is_broken_a_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = kept_in_memory.census({}, census_data={"human": object()})
    found = content(monkeypatch, store).unread["census_data/human"]
    assert found.startswith("obs can't be read: AttributeError: ")
    store = kept_in_memory.census({}, census_data={"human": Silent()})
    with pytest.raises(OutageError, match=r"^census_data/human: the storage does not answer"):
        content(monkeypatch, store)


def test_cells_and_datasets_are_those_of_all_experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    store = kept_in_memory.census(
        {},
        census_data={"human": experiment("abb"), "mouse": experiment("c"), "none": experiment("")},
        census_spatial_sequencing={"human": experiment("d")},
    )
    found = content(monkeypatch, store)
    assert (found.dataset_ids, found.cells) == (frozenset("abcd"), 5)
    assert {*found.unread} - {"census_info/summary"} == {
        "census_data/human",  # get_obs gives no cell of it
        "census_data/mouse",
        "census_spatial_sequencing/human",
    }


@pytest.mark.parametrize("has_table", [True, False])
def test_an_organism_has_its_taxon_and_label_where_the_store_says_them(
    monkeypatch: pytest.MonkeyPatch, has_table: bool
) -> None:
    organisms = {
        "organism": ["mouse", "human"],
        "organism_ontology_term_id": ["NCBITaxon:10090", "NCBITaxon:9606"],
        "organism_label": ["Mus musculus", "Homo sapiens"],
    }
    store = kept_in_memory.census(
        {"organisms": organisms} if has_table else {},
        census_data={"worm": experiment("w"), "human": experiment("ab")},
        census_spatial_sequencing={"human": experiment("bc")},
    )
    kept_in_memory.opened(monkeypatch, store)
    also = ("NCBITaxon:9606", "Homo sapiens") if has_table else ()
    assert read_organisms(STORAGE) == (
        CensusOrganism("human", also, frozenset("abc")),
        CensusOrganism("worm", (), frozenset("w")),
    )


# --- a few cells ----------------------------------------------------------------------------------


def counts(rows: list[list[int]], nnz: list[int] | None = None, column: str = "feature_id") -> Any:
    obs = pd.DataFrame(index=range(len(rows)))
    if nnz is not None:
        obs["nnz"] = nnz
    var = pd.DataFrame({column: ["g"] * len(rows[0])})
    return SimpleNamespace(n_obs=len(rows), obs=obs, var=var, X=np.array(rows))


@pytest.mark.parametrize(
    ("datasets", "given", "problem"),
    [
        ("aab", counts([[1, 2], [0, 3]], [2, 1]), None),
        ("ab", counts([[1, 2]]), None),  # of a Census that doesn't say how many there must be
        ("aab", counts([[1, 2]], [2]), "gives 1 cells, not 2"),
        ("ab", counts([[1, 2], [0, 3]], [2, 1]), "gives 2 cells, not 1"),
        ("a", counts([[1, 2]], [2], "gene"), "gives genes without feature_id"),
        (
            "aaa",
            counts([[1, 2], [0, 0], [1, 1]], [2, 2, 2]),
            "gives cells with 2, 0, 2 values, which should have 2, 2, 2",
        ),
        (
            "aa",
            counts([[1, 2], [0, 0]]),
            "gives cells with 2, 0 values, which should have 2, 1",
        ),
        (
            "a",
            counts([[1] * 1_500], [1_600]),
            "gives cells with 1,500 values, which should have 1,600",
        ),
    ],
)
def test_of_the_first_cells_each_must_have_all_its_values(
    monkeypatch: pytest.MonkeyPatch, datasets: str, given: Any, problem: str | None
) -> None:
    asked: list[dict[str, Any]] = []

    def get_obs(**words: Any) -> pd.DataFrame:
        asked.append(words)
        return pd.DataFrame({"soma_joinid": range(len(datasets)), "dataset_id": [*datasets]})

    def get_anndata(**words: Any) -> Any:
        asked.append(words)
        return given

    store = kept_in_memory.census({}, census_data={"human": experiment(datasets)})
    kept_in_memory.opened(monkeypatch, store, get_obs=get_obs, get_anndata=get_anndata)
    if problem is None:
        read_slice(store, "census_data", "human")
    else:
        with pytest.raises(SliceError) as told:
            read_slice(store, "census_data", "human")
        assert str(told.value) == f"get_anndata of dataset a {problem}"
    where = {"census": store, "organism": "human", "modality": "census_data"}
    few = slice(0, 2)
    assert asked == [
        {"coords": few, "column_names": ["soma_joinid", "dataset_id"], **where},
        {"obs_coords": few, "obs_value_filter": "dataset_id == 'a'", **where},
    ]

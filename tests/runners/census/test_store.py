"""Stores of every census schema: read by what they hold, or refused in a sentence."""

import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import cellxgene_census as client
import instances
import pandas as pd
import pytest
import stores
from instances import Place

from runners.census.content import read_content, read_organisms
from runners.census.store import raise_outages, read_datasets
from runners.contract import ContractError, Status, Storage
from runners.retries import OutageError
from runners.sample.datasets import OLDER
from runners.sample.world import World

WITHOUT_VERSIONS = ("0.1.0", "1.0.0")
RNA = "census_data/homo_sapiens/ms/RNA"


def storage(path: Path) -> Storage:
    return Storage(soma=str(path), h5ads="")


@pytest.mark.parametrize("layout", [x for x in stores.LAYOUTS if x not in WITHOUT_VERSIONS])
def test_stores_are_read_by_what_they_hold(tmp_path: Path, layout: str) -> None:
    read = read_datasets(stores.manifest(stores.write(tmp_path / "soma", layout)))
    assert [dataset.dataset_id for dataset in read] == ["d-1", "d-2"]
    assert [dataset.dataset_version_id for dataset in read] == [
        "dataset_version_id of d-1",
        "dataset_version_id of d-2",
    ]
    assert [dataset.collection_doi for dataset in read] == ["", "10.1/2"]


@pytest.mark.parametrize("layout", WITHOUT_VERSIONS)
def test_a_store_without_a_needed_column_is_refused(tmp_path: Path, layout: str) -> None:
    path = stores.write(tmp_path / "soma", layout)
    with pytest.raises(ContractError) as refused:
        read_datasets(stores.manifest(path))
    assert str(refused.value) == (
        f"{path}: the table census_info/datasets has no column dataset_version_id, as that of a "
        "Census since census schema 1.1.0 has; name a later release or, if it is only the one "
        "before, leave out the manifest's field previous."
    )


@pytest.mark.parametrize("collection", ["", "census_info"])
def test_a_store_without_a_needed_table_is_refused(tmp_path: Path, collection: str) -> None:
    path = stores.write(tmp_path / "soma")
    stores.drop(path, collection, "datasets" if collection else "census_info")
    with pytest.raises(ContractError, match="has no table census_info/datasets, so it isn't a"):
        read_datasets(stores.manifest(path))


@pytest.mark.parametrize("layout", stores.LAYOUTS)
def test_users_can_read_stores_of_every_schema(tmp_path: Path, layout: str) -> None:
    content = read_content(storage(stores.write(tmp_path / "soma", layout)))
    assert content.dataset_ids == {"d-1", "d-2"}
    assert (content.cells, content.summary_cells) == (8, 8)
    assert content.unread == {}


def test_users_can_read_the_sample(world: World) -> None:
    for release in (world.older, world.newer):
        content = read_content(storage(release.soma))
        assert content.cells == content.summary_cells
        assert content.unread == {}


@pytest.mark.parametrize("layout", ["1.0.0", "2.4.0"])
def test_a_matrix_that_lost_its_data_is_no_matrix_of_zeros(tmp_path: Path, layout: str) -> None:
    path = stores.empty(stores.write(tmp_path / "soma", layout), f"{RNA}/X/raw")
    should = "4, 5, 4" if layout >= "1.1.0" else "1, 1, 1"
    assert read_content(storage(path)).unread == {
        "census_data/homo_sapiens": "get_anndata of dataset d-1 gives cells with 0, 0, 0 values, "
        f"which should have {should}"
    }


@pytest.mark.parametrize("array", ["X/raw", "var"])
def test_files_that_were_cut_fail_the_slice_and_no_more(tmp_path: Path, array: str) -> None:
    path = stores.break_files(stores.write(tmp_path / "soma"), f"{RNA}/{array}")
    content = read_content(storage(path))
    assert content.cells == 8
    ((name, why),) = content.unread.items()
    assert name == "census_data/homo_sapiens"
    assert why.startswith("get_anndata of dataset d-1 fails: ")


@pytest.mark.parametrize(("collection", "name"), [(f"{RNA}/X", "raw"), (RNA, "var"), (RNA, "X")])
def test_what_the_client_asks_for_must_be_there(tmp_path: Path, collection: str, name: str) -> None:
    path = stores.drop(stores.write(tmp_path / "soma"), collection, name)
    ((_, why),) = read_content(storage(path)).unread.items()
    assert why.startswith("get_anndata of dataset d-1 fails: ")


def test_an_experiment_without_obs_fails_alone(tmp_path: Path) -> None:
    parts = ("census_data", "census_spatial_sequencing")
    path = stores.write(tmp_path / "soma", parts=parts)
    stores.drop(path, "census_spatial_sequencing/homo_sapiens", "obs")
    content = read_content(storage(path))
    assert content.cells == 8
    ((name, why),) = content.unread.items()
    assert name == "census_spatial_sequencing/homo_sapiens"
    assert why.startswith("obs can't be read: ")


@pytest.mark.parametrize("names", [("d-1", "d-2", "d-2", "d-2"), ("d-1", "d-1", "d-2", "d-2")])
def test_of_first_cells_of_two_datasets_one_s_are_read(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    cells_of = {"census_data": names}
    path = stores.write(tmp_path / "soma", cells_of=cells_of, cells_each=1)
    assert read_content(storage(path)).unread == {}


def test_datasets_that_an_experiment_lists_and_has_no_cell_of_are_not_its_own(
    tmp_path: Path,
) -> None:
    path = stores.write(tmp_path / "soma", cells_of={"census_data": ("d-1",)})
    stores.add_organism_without_cells(path / "census_data", "mus_musculus", ["d-2"])
    content = read_content(storage(path))
    assert content.dataset_ids == {"d-1"}
    assert content.unread == {}
    found = {one.name: one.dataset_ids for one in read_organisms(storage(path))}
    assert found == {"homo_sapiens": {"d-1"}, "mus_musculus": set()}


def test_spatial_cells_are_read_too(tmp_path: Path) -> None:
    parts = ("census_data", "census_spatial_sequencing")
    path = stores.write(tmp_path / "soma", parts=parts)
    stores.empty(path, "census_spatial_sequencing/homo_sapiens/ms/RNA/X/raw")
    assert list(read_content(storage(path)).unread) == ["census_spatial_sequencing/homo_sapiens"]


def test_a_store_without_a_summary_says_so(tmp_path: Path) -> None:
    path = stores.drop(stores.write(tmp_path / "soma"), "census_info", "summary")
    content = read_content(storage(path))
    assert content.summary_cells is None
    assert content.unread["census_info/summary"].startswith(f"{path}: has no table census_info/")


def test_a_storage_that_does_not_answer_is_not_the_stores_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PATIENCE_SECONDS", "0.1")
    silent = stores.manifest(tmp_path).model_copy(
        update={"storage": Storage(soma="s3://bucket/soma/", h5ads="")}
    )
    with pytest.raises(OutageError, match=r"^s3://bucket/soma/: the storage does not answer \("):
        read_datasets(silent)
    with pytest.raises(OutageError, match=r"^s3://bucket/soma/: the storage does not answer \("):
        read_content(silent.storage)


@pytest.mark.parametrize("name", ["get_obs", "get_anndata"])
def test_a_storage_that_stops_answering_is_not_the_stores_fault_either(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("[HTTP Response Code: 503]")

    monkeypatch.setattr(client, name, fail)
    with pytest.raises(OutageError, match=f"^{name}.*: the storage does not answer "):
        read_content(storage(world.newer.soma))


def test_few_cells_are_read_however_many_there_are(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, list[int]] = {"get_obs": [], "get_anndata": []}

    def noted(name: str, ask: Any, *args: Any, **rest: Any) -> Any:
        answer = ask(*args, **rest)
        given[name].append(len(answer))
        return answer

    for name in given:
        monkeypatch.setattr(client, name, partial(noted, name, getattr(client, name)))
    read_content(storage(world.newer.soma))
    assert given == {"get_obs": [3, 3, 3], "get_anndata": [3, 3, 3]}  # of three organisms


def test_an_outage_is_told_once() -> None:
    with (
        pytest.raises(OutageError, match=r"^census_data: the storage does not answer \(\[HTTP"),
        raise_outages("the whole store"),
        raise_outages("census_data"),
    ):
        raise RuntimeError("[HTTP Response Code: 503]")


@pytest.mark.parametrize("code", [403, 404])
def test_a_refusal_is_no_outage(code: int) -> None:
    with pytest.raises(RuntimeError), raise_outages("the store"):
        raise RuntimeError(f"[HTTP Response Code: {code}]")


def test_verification_fails_a_store_whose_users_read_zeros(older: Place, tmp_path: Path) -> None:
    place = instances.copy(older, tmp_path / "place")
    soma = tmp_path / "soma"
    shutil.copytree(place.world.older.soma, soma)
    stores.empty(soma, f"{RNA}/X/raw")
    h5ads = str(place.world.older.h5ads)
    place.manifest(OLDER.version, storage=Storage(soma=str(soma), h5ads=h5ads))
    done = place.run("verify", place.request("look", OLDER.version, action="verify"))
    assert done.returncode == 1, done.stderr
    checks = {check.name: check for check in place.report("look").checks}
    assert checks["content"].status is Status.FAILED
    ((name, why),) = [(one.dataset_id, one.detail) for one in checks["content"].offenders]
    assert name == "census_data/homo_sapiens"
    assert "gives cells with 0, 0, 0 values, which should have " in why


@pytest.mark.parametrize(
    ("field", "value"),
    [("dataset_id", "d-1"), ("dataset_version_id", "dataset_version_id of d-1")],
)
def test_a_table_with_two_rows_of_one_dataset_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str, value: str
) -> None:
    rows = stores.datasets("2.4.0", stores.PATHS)
    rows[field] = value
    monkeypatch.setattr(stores, "datasets", lambda *_: rows)
    path = stores.write(tmp_path / "soma")
    with pytest.raises(ContractError) as refused:
        read_datasets(stores.manifest(path))
    assert str(refused.value) == (
        f"{path}: the table census_info/datasets has the {field} {value} in 2 rows, where each "
        "must stand once; ask the Census's publisher which row is right."
    )


def test_a_store_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"can't be read .*check the field storage.soma"):
        read_datasets(stores.manifest(tmp_path / "nowhere"))


def test_the_client_is_imported_only_to_open_a_store() -> None:
    code = (
        "import sys; from runners.census import content, directory, slices, store; "
        "print(sorted({'tiledbsoma', 'cellxgene_census'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("layout", ["1.0.0", "2.4.0"])
def test_organisms_are_read_from_the_cells_of_all_parts_of_a_store(
    tmp_path: Path, layout: str
) -> None:
    parts = ("census_data", "census_spatial_sequencing")
    each = dict(zip(parts, [("d-1",), ("d-2",)], strict=True))
    path = stores.write(tmp_path / "soma", layout, parts=parts, cells_of=each)
    [organism] = read_organisms(stores.manifest(path).storage)
    assert (organism.name, organism.dataset_ids) == ("homo_sapiens", frozenset(stores.DATASETS))


def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    storage = stores.manifest(tmp_path / "gone").storage
    with pytest.raises(ContractError, match="gone: obs of its experiments can't be read "):
        read_organisms(storage)


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (("", "d-2.h5ad"), "is empty; have "),
        (("d-1.h5ad", "d\0.h5ad"), "has a NUL character; have "),
    ],
)
def test_a_row_by_which_nothing_can_be_registered_is_named(
    tmp_path: Path, paths: tuple[str, str], said: str
) -> None:
    path = stores.write(tmp_path / "soma", paths=paths)
    with pytest.raises(ContractError, match=f"column dataset_h5ad_path {said}") as refused:
        read_datasets(stores.manifest(path))
    assert str(refused.value).startswith("census_info/datasets: dataset 'd-")


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_has_no_title_or_name_goes_by_its_id(tmp_path: Path, nothing: str | None) -> None:
    columns = ("dataset_title", "collection_name", "collection_doi")
    values = {column: [nothing, f"its {column}"] for column in columns}
    one, other = read_datasets(stores.manifest(stores.write(tmp_path / "soma", columns=values)))
    assert (one.title, one.collection_name, one.collection_doi) == ("d-1", "c-1", "")
    told = (other.title, other.collection_name, other.collection_doi)
    assert told == tuple(f"its {column}" for column in columns)


@pytest.mark.parametrize(
    "column",
    [
        "dataset_id",
        "dataset_version_id",
        "dataset_h5ad_path",
        "collection_id",
        "dataset_total_cell_count",
    ],
)
def test_a_row_without_a_value_that_is_needed_is_named(tmp_path: Path, column: str) -> None:
    values: list[object] = ["d-1", None]
    if column == "dataset_total_cell_count":
        values = list(pd.array([0, None], dtype="Int64"))
    path = stores.write(tmp_path / "soma", columns={column: values})
    with pytest.raises(ContractError, match=f"column {column} is empty; have the release's pub"):
        read_datasets(stores.manifest(path))

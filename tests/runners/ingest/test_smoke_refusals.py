"""What a smoke test refuses before it reads a file: a name that the release hasn't."""

from pathlib import Path
from typing import Any

import pytest

from runners.census.store import CensusDataset
from runners.contract import Action, ContractError, Manifest, RunRequest, Storage
from runners.ingest import smoke_test as module
from runners.run.request import Job

DATASETS = [CensusDataset("d-1", "v", "T", "d.h5ad", "c", "C", "", 1)]


class ReadingError(Exception):
    """Files are read."""


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({}, ReadingError),
        ({"only": ("d-1",)}, ReadingError),
        ({"only": ("d-9",)}, ContractError),
        ({"only": ("d-9",), "only_missing": True}, ContractError),
        ({"failed_of": "an-earlier-one"}, ReadingError),  # its folder lies elsewhere
    ],
)
def test_what_the_release_hasnt_is_told_before_a_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], error: type[Exception]
) -> None:
    def read(*_: object) -> None:
        raise ReadingError

    monkeypatch.setattr(module, "read_datasets", lambda _: DATASETS)
    monkeypatch.setattr(module, "_judged", read)
    request = RunRequest(
        run_id="run", action=Action.INGEST, release="2020-07-15", manifest="m", instance="a/b",
        **asked,
    )  # fmt: skip
    manifest = Manifest(
        release="2020-07-15",
        census_schema_version="2.0.0",
        dataset_schema_version="7.0.0",
        dataset_count=1,
        storage=Storage(soma="/nowhere/soma", h5ads="/nowhere/h5ads"),
    )
    job = Job(request, manifest, None, tmp_path / "run", tmp_path, 1)
    with pytest.raises(error):
        module.smoke_test(job, markers=tmp_path / "markers")

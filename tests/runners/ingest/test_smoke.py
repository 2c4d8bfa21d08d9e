"""The smoke test as a command: once with the canary, then without; and where a row differs."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import instances
import pytest
import trials
from instances import Done, Place

from runners.census.store import read_datasets
from runners.contract import ContractError, Storage
from runners.registry import canary
from runners.sample.datasets import NEWER
from runners.sample.world import World

pytestmark = pytest.mark.prove

SAID = f"{NEWER.version}: canary: "
ANNOTATES = """            or key == "columns"
            or key == "var_index"
"""
LEAVES_OUT = """            or key == "suspension_type"
"""


def smoke(place: Place) -> Done:
    request = place.request("smoke", NEWER.version)
    return place.script("-m", "runners", *place.arguments("ingest", request), "--smoke")


def test_the_canary_compares_each_organism_once(empty: Place, tmp_path: Path) -> None:
    place = instances.copy(empty, tmp_path / "place", CANARY=str(tmp_path / "markers"))
    told = instances.succeed(smoke(place)).stderr
    assert f"{SAID}LaminDB's curator can't do Macaca mulatta: not compared" in told
    assert f"{SAID}human: all rows equal the curator's for " in told
    assert f"{SAID}mouse: all rows equal the curator's for " in told
    again = instances.succeed(smoke(place)).stderr
    assert f"{SAID}done before with lamindb " in again
    assert "all rows equal" not in again


def test_a_file_that_never_ends_costs_its_reader_alone(
    empty: Place, world: World, tmp_path: Path
) -> None:
    variables = {"CANARY": str(tmp_path / "markers"), "FILE_SECONDS": "3"}
    place = instances.copy(empty, tmp_path / "place", **variables)
    h5ads = tmp_path / "cell-census" / NEWER.version / "h5ads"
    shutil.copytree(world.newer.h5ads, h5ads)
    manifest = instances.newer_manifest(world)
    place.manifest(NEWER.version, storage=Storage(soma=manifest.storage.soma, h5ads=str(h5ads)))
    smallest = min(read_datasets(manifest), key=lambda dataset: dataset.cell_count)
    file = h5ads / f"{smallest.dataset_id}.h5ad"
    file.unlink()
    os.mkfifo(file)
    assert "smoke test passed" in instances.succeed(smoke(place)).stderr


def test_a_lamindb_that_annotates_otherwise_stops_the_run(empty: Place, tmp_path: Path) -> None:
    """A copy of LaminDB that leaves one column's labels out, as another version might."""
    found = find_spec("lamindb")
    assert found is not None
    assert found.origin is not None
    shutil.copytree(Path(found.origin).parent, tmp_path / "other" / "lamindb")
    core = tmp_path / "other" / "lamindb" / "curators" / "core.py"
    text = core.read_text()
    assert text.count(ANNOTATES) == 1
    core.write_text(
        text.replace(ANNOTATES, f'{ANNOTATES}            or key == "suspension_type"\n')
    )
    markers = tmp_path / "markers"
    path = os.pathsep.join([str(tmp_path / "other"), str(empty.environment["PYTHONPATH"])])
    place = instances.copy(empty, tmp_path / "place", CANARY=str(markers), PYTHONPATH=path)
    done = smoke(place)
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        "canary: table lamindb_artifactulabel, expected (curator) no such row, found (ours) "
    )
    assert "feature_id 'suspension_type'" in last
    assert last.endswith(canary.REMEDY)
    assert not markers.exists()


def test_what_the_curator_refuses_stops_the_run_where_it_was_thought_to_do_it(
    world: World, tmp_path: Path
) -> None:
    trial = trials.make(tmp_path, world, {"D02": trials.of_sample(world, "D02")})
    with pytest.raises(ContractError, match=r"^canary: dataset D02: LaminDB's curator refuses it "):
        canary.compare(trial)

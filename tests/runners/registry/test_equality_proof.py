"""Ours against LaminDB's own curator, at length: the whole command, 60,000 genes, PostgreSQL."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import dumps
import instances
import mended
import postgres
import psycopg2
import pytest
import trials
from anndata import AnnData
from dumps import Dump
from instances import REFERENCE, REPOSITORY, Place
from trials import COMPARED, EXCLUDED, REFUSED, files_of_sample

from runners import rules
from runners.contract import Outcome
from runners.registry.canary import comparison, scratch_instances
from runners.registry.canary.comparison import unlike
from runners.registry.canary.differences import SPECIAL_VALUES, ExtraRows
from runners.registry.canary.scratch_instances import OURS, THEIRS, Trial
from runners.rules.reference import Reference
from runners.sample.datasets import NEWER, by_key
from runners.sample.world import World
from runners.validation.pools import processes

pytestmark = pytest.mark.prove

GENES = 60_000


def file_of(place: Place, key: str) -> Path:
    return place.world.newer.h5ads / f"{by_key(key).dataset_id}.h5ad"


def curate(place: Place, datasets: Mapping[str, str]) -> str:
    """What the curator says of those datasets (by key, with organism) that it refuses."""
    files = [f"{organism}={file_of(place, key)}" for key, organism in datasets.items()]
    script = str(Path(__file__).parents[1] / "curate.py")
    done = place.script(script, str(place.world.newer.h5ads), NEWER.version, *files)
    return instances.succeed(done).stdout


@pytest.fixture(scope="module")
def curated(empty: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An instance that LaminDB's curator has written, and beside it `ours`, by the command."""
    theirs = instances.copy(empty, tmp_path_factory.mktemp("theirs"))
    ours = instances.copy(empty, theirs.root / "ours")
    only = sorted(by_key(key).dataset_id for key in COMPARED)
    with ours.start(ours.request("ours", NEWER.version, only=only)) as working:
        assert curate(theirs, COMPARED) == ""
        said, _ = working.communicate()
    assert working.returncode == 0, said
    return theirs


def test_the_whole_command_writes_the_curators_rows(curated: Place) -> None:
    ours = Place(curated.root / "ours", curated.world)
    one, other = (dumps.natural(p.database, storage=p.storage) for p in (ours, curated))
    assert [str(row) for row in unlike(one, other)] == []
    assert one["lamindb_artifactschema"].total() == 3 * len(COMPARED)


def test_the_curator_refuses_what_is_excluded_and_we_register_it(
    curated: Place, fresh: Place, tmp_path: Path
) -> None:
    place = instances.copy(curated, tmp_path / "place")
    said = curate(place, {key: organism for key, (organism, _) in EXCLUDED.items()})
    refused = {key for key in EXCLUDED if str(file_of(place, key)) in said}
    assert refused == set(EXCLUDED)
    written = fresh.journal("newer").datasets("written")
    ours = {key: written[by_key(key).dataset_id]["outcome"] for key in EXCLUDED}
    assert ours == {key: by_key(key).outcome for key in EXCLUDED}
    assert Outcome.FAILED not in ours.values()


def large(world: World) -> dict[str, AnnData]:
    """A dataset of each organism with 60,000 genes, and without LaminDB's special values."""
    reference = Reference(rules.load("7.0.0"), REFERENCE)
    tables = {"D01": "homo_sapiens", "D06": "mus_musculus"}
    return {
        f"{key}-large": trials.with_values(
            trials.with_genes(trials.of_sample(world, key), [*reference.genes(table)][:GENES]),
            disease_ontology_term_id=["MONDO:0005002"],
        )
        for key, table in tables.items()
    }


def write_both(trial: Trial) -> set[str]:
    """Has both sides write; returns what both refuse."""
    with processes(1) as one, processes(1) as other:
        found = (
            one.submit(scratch_instances.write_ours, trial),
            other.submit(mended.write_theirs, trial),
        )
        ours, theirs = (set(side.result()) for side in found)
    assert ours == theirs
    return ours


@pytest.fixture(scope="module")
def on_sqlite(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Dump, Dump]:
    trial = trials.make(tmp_path_factory.mktemp("large"), world, large(world))
    assert write_both(trial) == set()
    return trial.rows(OURS), trial.rows(THEIRS)


def test_datasets_of_60_000_genes_give_equal_rows(on_sqlite: tuple[Dump, Dump]) -> None:
    assert [str(one) for one in unlike(*on_sqlite)] == []
    assert on_sqlite[0]["bionty_gene"].total() == 2 * GENES
    assert on_sqlite[0]["bionty_artifactgene"].total() == 0
    assert on_sqlite[0]["lamindb_artifactschema"].total() == 6


@pytest.mark.parametrize("difference", SPECIAL_VALUES, ids=lambda one: one.name)
def test_special_values_that_no_dataset_has_are_the_curators_alone(
    on_sqlite: tuple[Dump, Dump], difference: ExtraRows
) -> None:
    found = [
        dict(row)
        for table, whose, row in dumps.differences(*on_sqlite)
        if (table, whose) == (difference.table, difference.whose)
    ]
    assert any(map(difference.are, found))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres.server(tmp_path_factory.mktemp("postgres")) as found:
        yield found


@postgres.needs_another_user
def test_on_postgresql_too_and_what_both_refuse(
    server: str, world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("remote")
    trial = trials.make(folder, world, files_of_sample(world))
    addresses = {side: postgres.create(server, side) for side in (OURS, THEIRS)}
    making = [make_instance(trial, side, address) for side, address in addresses.items()]
    assert [process.wait() for process in making] == [0, 0]
    assert write_both(trial) == REFUSED
    ours, theirs = (rows_of(trial, side, address) for side, address in addresses.items())
    assert [str(one) for one in unlike(ours, theirs)] == []
    assert ours["lamindb_artifactschema"].total() == 3 * len(COMPARED)


def make_instance(trial: Trial, side: str, address: str) -> "subprocess.Popen[bytes]":
    """A process that makes a side's instance in that database."""
    words = ["instance", "canary", str(trial.storage(side)), "--db", address]
    return subprocess.Popen(
        [sys.executable, "-m", "runners", *words],
        cwd=REPOSITORY,
        env={**os.environ, "LAMIN_SETTINGS_DIR": str(trial.folder / side)},
        stdout=subprocess.DEVNULL,
    )


def rows_of(trial: Trial, side: str, address: str) -> Dump:
    with closing(psycopg2.connect(address)) as connection:
        return comparison.natural_rows(postgres.Tables(connection), storage=trial.storage(side))

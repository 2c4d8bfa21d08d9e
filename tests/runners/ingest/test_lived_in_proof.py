"""In an instance with a history, killed on the way, and on PostgreSQL: the rows of a fresh one."""

from contextlib import closing
from pathlib import Path

import instances
import postgres
import psycopg2
import pytest
from crashes import crash_and_resume, random_crash
from instances import Place, succeed
from release_rows import own_rows, read

from runners.sample.datasets import NEWER, by_key
from runners.sample.world import World

pytestmark = pytest.mark.prove


@pytest.mark.parametrize("seed", range(100, 105))
def test_killed_and_started_again_it_ends_with_these_rows(
    lived_in: Place, newer: Place, tmp_path: Path, seed: int
) -> None:
    place = instances.copy(lived_in, tmp_path / "place")
    crashed = crash_and_resume(random_crash(seed), place)
    succeed(crashed.last)
    assert own_rows(crashed.place, NEWER.version) == own_rows(newer, NEWER.version)


def test_a_file_of_the_release_that_a_person_has_registered_is_named(
    lived_in: Place, world: World, tmp_path: Path
) -> None:
    place = instances.copy(lived_in, tmp_path / "place")
    file = world.newer.h5ads / f"{by_key('D01').dataset_id}.h5ad"
    artifacts = "lived_in.artifacts"
    storage = f"{artifacts}.ensure_storage({artifacts}.storage_root(sys.argv[1]), None)"
    register = "ln.Artifact(sys.argv[1], run=False).save()"
    succeed(instances.connected(place, f"{storage}; {register}", str(file)))
    done = place.ingest("newer", NEWER.version)
    assert done.returncode == 2, done.stderr
    said = f" is {file} already, of version None; give it the version {NEWER.version} "
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@postgres.needs_another_user
def test_on_postgresql_too(world: World, newer: Place, tmp_path: Path) -> None:
    with postgres.server(tmp_path) as server:
        address = postgres.create(server, "lived")
        place = instances.make(tmp_path / "place", world, "--db", address)
        instances.live_in(place)
        succeed(place.ingest("newer", NEWER.version))
        with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
            found = read(cursor, NEWER.version, "%s")
    expected = own_rows(newer, NEWER.version)
    for statement, rows in expected.items():
        assert sorted(map(plain, found[statement])) == sorted(map(plain, rows)), statement


def plain(row: tuple[object, ...]) -> tuple[str, ...]:
    """As both databases say it: SQLite has numbers for true and false."""
    return tuple(str(int(value) if isinstance(value, bool) else value) for value in row)

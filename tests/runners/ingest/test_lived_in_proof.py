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

from runners.sample.datasets import NEWER
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

"""A release is found wherever a person has put the root of its storage, and written there as
LaminDB would: the deepest registered root counts, and keys begin there.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import instances
import pytest
from instances import INSTANCE, Place, succeed

from runners.contract import Status
from runners.sample.datasets import NEWER, OLDER, of_release

ROOTS = {
    "above": "{parent}",
    "at cell-census": "{sample}/cell-census",
    "at the release": "{sample}/cell-census/{release}",
    "at its files": "{sample}/cell-census/{release}/h5ads",
}
LOOK = f"""
import json, sys
from runners.registry import connection
connection.connect("{INSTANCE}")
from runners.registry import artifacts, locations, revisions, snapshot
taken = snapshot.take_snapshot(sys.argv[1], with_earlier=True)
print(json.dumps({{
    "registered": sorted(artifacts.registered(sys.argv[1])),
    "neighbours": sorted(
        name for name, rows in artifacts.known(sys.argv[2:]).items()
        if revisions.neighbours(rows, "2030-01-01").earlier
    ),
    "addresses": sorted(row.address for row in (*taken.artifacts, *taken.stores)),
    "labels": len(taken.labels),
    "counted": snapshot.count_records()["artifacts"],
    "has root": locations.storage_of(taken.stores[0].address, locations.storages()) is not None,
}}))
"""


def root_of(place: Place, name: str, release: str) -> str:
    sample = place.world.root
    return ROOTS[name].format(parent=sample.parent, sample=sample, release=release)


def add_root(connection: sqlite3.Connection, root: str) -> int:
    """A Storage record as a person's, who manages nothing in it."""
    columns = "created_at, updated_at, type, created_by_id, space_id, branch_id, is_locked"
    names = [row[1] for row in connection.execute("pragma table_info(lamindb_storage)")]
    known = ", ".join(name for name in columns.split(", ") if name in names)
    cursor = connection.execute(
        f"insert into lamindb_storage (uid, root, {known}) "
        f"select 'persons' || count(*), ?, {known} from lamindb_storage limit 1",
        [root],
    )
    return int(cursor.lastrowid or 0)


def move(place: Place, root: str) -> None:
    """All artifacts in the folder `root` get it for their storage's root."""
    with closing(sqlite3.connect(place.database)) as connection, connection:
        key = add_root(connection, root)
        rows = connection.execute(
            "select a.id, s.root || '/' || a.key from lamindb_artifact a "
            "join lamindb_storage s on s.id = a.storage_id where a.version_tag is not null"
        ).fetchall()
        connection.executemany(
            "update lamindb_artifact set storage_id = ?, key = ? where id = ?",
            [
                (key, address.removeprefix(f"{root}/"), artifact_id)
                for artifact_id, address in rows
                if address.startswith(f"{root}/")
            ],
        )


def look(place: Place) -> dict[str, Any]:
    ids = [dataset.dataset_id for dataset in of_release(NEWER)]
    done = succeed(place.script("-c", LOOK, NEWER.version, *ids))
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_release_is_found_in_roots_within_roots(newer: Place, tmp_path: Path) -> None:
    expected = look(newer)
    assert len(expected["registered"]) == len(of_release(NEWER)) - 1
    place = instances.copy(newer, tmp_path / "place")
    for name in ROOTS:
        move(place, root_of(place, name, NEWER.version))
    assert look(place) == expected


@pytest.mark.prove
@pytest.mark.parametrize("name", ROOTS)
def test_a_release_is_registered_below_any_root_and_taken_back(
    older: Place, tmp_path: Path, name: str
) -> None:
    place = instances.copy(older, tmp_path / "place")
    root = root_of(place, name, NEWER.version)
    with closing(sqlite3.connect(place.database)) as connection, connection:
        add_root(connection, root)
    request = place.request("run", NEWER.version)
    succeed(place.run("ingest", request))
    place.run("verify", request)
    failed = [c.name for c in place.report("run").checks if c.status is Status.FAILED]
    assert failed == ["datasets"]  # one of the sample's files is broken
    roots = "select count(*) from lamindb_storage"
    with closing(sqlite3.connect(place.database)) as connection:
        (count,) = connection.execute(roots).fetchone()
    words = ("rollback", "--runs", str(place.root / "runs"), "--run", "run", "--yes")
    succeed(place.script("-m", "runners", *words))
    with closing(sqlite3.connect(place.database)) as connection:
        assert connection.execute(roots).fetchone() == (count,)
        tags = "select distinct version_tag from lamindb_artifact where version_tag is not null"
        assert connection.execute(tags).fetchall() == [(OLDER.version,)]


@pytest.mark.prove
def test_a_release_in_two_buckets_is_one(newer: Place, tmp_path: Path) -> None:
    """It was registered from one, and the manifest names the other."""
    place = instances.copy(newer, tmp_path / "place")
    other = tmp_path / "other"
    other.mkdir()
    (other / "cell-census").symlink_to(place.world.root / "cell-census")
    storage = place.manifest(NEWER.version).storage
    place.manifest(
        NEWER.version,
        storage=storage.model_copy(
            update={
                field: getattr(storage, field).replace(str(place.world.root), str(other))
                for field in ("soma", "h5ads")
            }
        ),
    )
    request = place.request("again", NEWER.version)
    succeed(place.run("ingest", request))
    place.run("verify", request)
    failed = [c.name for c in place.report("again").checks if c.status is Status.FAILED]
    assert failed == ["datasets"]
    assert look(place) == look(newer)

"""An instance that can't be read whole: nothing is taken for passed, and nothing is written."""

import sqlite3
from contextlib import closing

from instances import Place

from runners.contract import Action, Status, Verdict
from runners.sample.datasets import OLDER


def spoil(place: Place, table: str) -> None:
    """Overwrites the table's first page."""
    with closing(sqlite3.connect(place.database)) as connection:
        ((size,),) = connection.execute("pragma page_size").fetchall()
        query = "select rootpage from sqlite_master where name = ?"
        (page,) = connection.execute(query, (table,)).fetchone()
    with place.database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def test_an_instance_that_breaks_within_the_snapshot_could_not_be_checked(place: Place) -> None:
    spoil(place, "lamindb_collection")
    before = place.database.read_bytes()
    request = place.request("broken", OLDER.version, action=Action.VERIFY)
    done = place.run("verify", request)
    assert done.returncode == 1, done.stderr
    assert place.database.read_bytes() == before
    report = place.report("broken")
    assert report.verdict is Verdict.UNCHECKED
    statuses = {check.name: check.status for check in report.checks}
    assert statuses.pop("content") is Status.PASSED  # it asks the store alone
    assert statuses.pop("tracking") is Status.NOT_APPLICABLE
    assert set(statuses.values()) == {Status.UNCHECKED}
    notes = {check.note for check in report.checks if check.status is Status.UNCHECKED}
    assert notes == {
        "the instance can't be read: the database can't read or write its own files (database disk "
        "image is malformed); let its administrator check disk and backups."
    }

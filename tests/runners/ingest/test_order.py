"""Releases in another order than their own: what comes late stands below what is newer, and changes
nothing of it.

Rows are compared in the common form of `dumps.natural`, without vocabulary: terms are made from the
ontologies of whichever release needs them first, and are left alone ever after.
"""

import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import permutations
from pathlib import Path
from signal import SIGKILL
from typing import Any

import dumps
import instances
import postgres
import psycopg2
import pytest
import tomli_w
from crashes import interrupted, journalled, record
from instances import Done, Place, succeed

from runners.contract import Action, CheckResult, Manifest, Status, Storage
from runners.registry.canary import comparison
from runners.run.journal import START
from runners.sample.datasets import NEWER, OLDER, by_key
from runners.sample.world import World

pytestmark = pytest.mark.prove

MIDDLE = "2020-04-15"
"""A release between the sample's two, with the older one's files."""

Own = dict[str, Counter[dumps.Row]]

CHAINS = """
    select version_tag, substr(uid, -4), is_latest from lamindb_{table} as one
    where 2 = (select count(*) from lamindb_{table} as other
        where substr(other.uid, 1, 16) = substr(one.uid, 1, 16))
    order by substr(uid, 1, 16), created_at"""
"""The records of the chains of two, in LaminDB's order."""

KEYS = """
    select key, version_tag from lamindb_artifact where key not like 'df_%'
    union all select key, version_tag from lamindb_collection order by 1, 2"""


def query(place: Place, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(place.database)) as connection:
        return connection.execute(statement).fetchall()


def own_rows(place: Place) -> Own:
    """Every row that isn't vocabulary. Links name terms by id alone: names differ between versions
    of an ontology.
    """
    return without_vocabulary(dumps.natural(place.database, storage=place.storage))


def without_vocabulary(natural: dumps.Dump) -> Own:
    own = {
        table: rows if table.startswith("lamindb_") else Counter(map(_by_id, rows.elements()))
        for table, rows in natural.items()
        if not table.startswith("bionty_") or table.startswith("bionty_artifact")
    }
    artifacts = own["lamindb_artifact"].elements()
    return {**own, "lamindb_artifact": Counter(row for row in artifacts if not _is_table(row))}


def _is_table(row: dumps.Row) -> bool:
    """Whether an artifact is the table of a source, which is made with the first term from it."""
    return str(dict(row)["key"]).startswith("df_")


def _by_id(row: dumps.Row) -> dumps.Row:
    return tuple((column, str(value).partition(" / ")[0]) for column, value in row)


def current_sources(place: Place) -> set[tuple[Any, ...]]:
    statement = "select entity, name, organism, version from bionty_source where currently_used"
    return set(query(place, statement))


def changed(before: Place, after: Place) -> set[str]:
    """The tables of which a row that stood before doesn't stand so any more."""
    rows, left = dumps.exact(before.database), dumps.exact(after.database)
    tables = {table for table, of_table in rows.items() if set(of_table) - set(left[table])}
    return tables - {"lamindb_storage"}  # has the place's own folder


def checks(place: Place, release: str) -> dict[str, CheckResult]:
    """The results of a verification, by name."""
    run_id = f"verify-{release}"
    place.run("verify", place.request(run_id, release, action=Action.VERIFY))
    return {check.name: check for check in place.report(run_id).checks}


def failed(results: dict[str, CheckResult]) -> set[str]:
    fine = (Status.PASSED, Status.NOT_APPLICABLE)
    return {name for name, check in results.items() if check.status not in fine}


@pytest.fixture(scope="module")
def alone(empty: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The newer release alone."""
    place = instances.copy(empty, tmp_path_factory.mktemp("alone"))
    succeed(place.ingest("newer", NEWER.version))
    return place


@pytest.fixture(scope="module")
def late(alone: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The newer release, and then the older one."""
    place = instances.copy(alone, tmp_path_factory.mktemp("late"))
    succeed(place.ingest("older", OLDER.version))
    return place


def test_in_either_order_the_rows_are_the_same(late: Place, fresh: Place) -> None:
    assert dumps.differences(own_rows(late), own_rows(fresh)) == []
    assert current_sources(late) == current_sources(fresh)


def test_of_the_newer_release_every_row_stays(late: Place, alone: Place) -> None:
    assert changed(alone, late) == set()


@pytest.mark.parametrize(("table", "chains"), [("artifact", 5), ("collection", 4)])
def test_what_comes_late_stands_below_with_a_later_end(
    late: Place, table: str, chains: int
) -> None:
    below, above = (OLDER.version, "0001", 0), (NEWER.version, "0000", 1)
    assert query(late, CHAINS.format(table=table)) == [below, above] * chains


def test_both_are_verified_the_newer_one_as_before(late: Place, alone: Place) -> None:
    assert failed(checks(late, OLDER.version)) == set()
    assert checks(late, NEWER.version) == checks(alone, NEWER.version)


def test_taken_back_it_leaves_the_newer_release_as_it_was(
    late: Place, alone: Place, tmp_path: Path
) -> None:
    place = instances.copy(late, tmp_path / "back")
    refused = roll_back(place, "newer")
    assert f"release {OLDER.version} continues 5 of the artifacts" in refused.stdout
    succeed(roll_back(place, "older"))
    is_as_alone(place, alone)


def roll_back(place: Place, run_id: str) -> Done:
    words = ("rollback", "--runs", str(place.root / "runs"), "--run", run_id, "--yes")
    return place.script("-m", "runners", *words)


def is_as_alone(place: Place, alone: Place) -> None:
    assert changed(alone, place) == set()
    assert query(place, KEYS) == query(alone, KEYS)
    assert current_sources(place) == current_sources(alone)


def test_killed_on_the_way_it_goes_on_below(alone: Place, late: Place, tmp_path: Path) -> None:
    place = instances.copy(alone, tmp_path / "killed")
    request = place.request("run", OLDER.version)
    ends = [interrupted(place, request, journalled(n, 0), SIGKILL, batch=2) for n in (7, 34)]
    assert ends == [-SIGKILL, -SIGKILL]
    succeed(place.run("ingest", request))
    assert dumps.differences(own_rows(place), own_rows(late)) == []
    succeed(roll_back(place, "run"))
    is_as_alone(place, alone)


@pytest.fixture(scope="module")
def mended(empty: Place, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Place]:
    """Both releases, in order, of which the older one lacked all but a dataset, before and after
    it was mended.
    """
    before = instances.copy(empty, tmp_path_factory.mktemp("before"))
    succeed(before.ingest("part", OLDER.version, only=(by_key("D01").dataset_id,)))
    succeed(before.ingest("newer", NEWER.version))
    after = instances.copy(before, tmp_path_factory.mktemp("after"))
    succeed(after.ingest("older", OLDER.version, only_missing=True))
    return before, after


def test_mended_late_it_is_as_in_order(mended: tuple[Place, Place], fresh: Place) -> None:
    before, after = mended
    assert dumps.differences(own_rows(after), own_rows(fresh)) == []
    assert changed(before, after) == set()
    assert current_sources(before) == current_sources(after)
    assert failed(checks(after, OLDER.version)) == set()


def test_mended_late_the_newer_one_is_verified_as_before(mended: tuple[Place, Place]) -> None:
    before, after = (checks(place, NEWER.version) for place in mended)
    assert before.pop("previous").status is after.pop("previous").status is Status.PASSED
    assert before == after


@pytest.fixture(scope="module")
def middle(world: World, tmp_path_factory: pytest.TempPathFactory) -> Storage:
    root = tmp_path_factory.mktemp("middle") / "cell-census" / MIDDLE
    shutil.copytree(world.older.soma, root / "soma")
    shutil.copytree(world.older.h5ads, root / "h5ads")
    return Storage(soma=str(root / "soma"), h5ads=str(root / "h5ads"))


def in_order(empty: Place, root: Path, middle: Storage, releases: Sequence[str]) -> Place:
    """A place that has been given the releases in this order."""
    place = instances.copy(empty, root)
    older = Manifest.from_file(place.repository / f"{OLDER.version}.toml")
    manifest = older.model_copy(
        update={"release": MIDDLE, "previous": OLDER.version, "storage": middle}
    )
    (place.repository / f"{MIDDLE}.toml").write_text(tomli_w.dumps(manifest.to_mapping()))
    for release in releases:
        succeed(place.ingest(release, release))
    return place


def without_hashes(rows: Own) -> Own:
    """LaminDB allows one collection of a key and the same files to have their hash: the first."""
    left = Counter(
        tuple(cell for cell in row if cell[0] != "hash")
        for row in rows["lamindb_collection"].elements()
    )
    return {**rows, "lamindb_collection": left}


def test_three_releases_in_any_order_give_the_same_rows(
    empty: Place, middle: Storage, tmp_path: Path
) -> None:
    """But for those that begin with the middle one: then nothing comes between two."""
    every = permutations((OLDER.version, MIDDLE, NEWER.version))
    orders = [order for order in every if order[0] != MIDDLE]
    with ThreadPoolExecutor(2) as pool:
        places = list(
            pool.map(
                lambda order: in_order(empty, tmp_path / "-".join(order), middle, order), orders
            )
        )
    expected = without_hashes(own_rows(places[0]))
    for order, place in zip(orders, places, strict=True):
        assert dumps.differences(without_hashes(own_rows(place)), expected) == [], order
        assert current_sources(place) == current_sources(places[0]), order
        for release in order:
            wrong = {"datasets"} if release == NEWER.version else set()  # a file of it is broken
            assert failed(checks(place, release)) == wrong, (order, release)


def test_what_a_person_writes_during_a_run_stays(older: Place, tmp_path: Path) -> None:
    place = instances.copy(older, tmp_path / "edited")
    request = place.request("run", NEWER.version, only=(by_key("D01").dataset_id,))
    with place.start(request) as ingest:
        while not record(place).first(START):
            assert ingest.poll() is None
            time.sleep(0.01)
        edit = "update lamindb_artifact set description = 'hers' where version_tag = ?"
        with closing(sqlite3.connect(place.database, timeout=60)) as connection, connection:
            connection.execute(edit, (OLDER.version,))
        said, _ = ingest.communicate()
    assert ingest.returncode == 0, said
    written = (
        "select distinct description, is_latest from lamindb_artifact where description = 'hers'"
    )
    assert sorted(query(place, written)) == [("hers", 0), ("hers", 1)]


@postgres.needs_another_user
def test_on_postgresql_too(world: World, fresh: Place, tmp_path: Path) -> None:
    with postgres.server(tmp_path) as server:
        address = postgres.create(server, "late")
        place = instances.make(tmp_path / "place", world, "--db", address)
        for release in (NEWER.version, OLDER.version):
            succeed(place.ingest(release, release))
        assert failed(checks(place, OLDER.version)) == set()
        with closing(psycopg2.connect(address)) as connection:
            tables = postgres.Tables(connection)
            rows = comparison.natural_rows(tables, storage=place.storage)
    found, expected = by_column(without_vocabulary(rows)), by_column(own_rows(fresh))
    for table in ("lamindb_artifact", "lamindb_collection", "lamindb_collectionartifact"):
        assert dumps.differences({table: found[table]}, {table: expected[table]}) == []


def by_column(rows: Own) -> Own:
    """The cells in the order of their columns, which each database has another of."""
    return {
        table: Counter(tuple(sorted(row)) for row in of_table.elements())
        for table, of_table in rows.items()
    }

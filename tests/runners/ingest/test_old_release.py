"""A release that the old script registered, verified as it stands: its faults, by name.

No run of ours came before, and no request file: a manifest and an instance are all there is.
"""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import dumps
import instances
import pytest
from dumps import plain
from instances import INSTANCE, Done, Place

from runners.contract import Action, RunReport, Status, Storage
from runners.sample.datasets import BLOOD, NEWER, OLDER, by_key
from runners.sample.world import World, WorldRelease

pytestmark = pytest.mark.prove

HELD = {OLDER: ("D01", "D09"), NEWER: ("D01", "D03", "D09")}
"""The files that lie in storage; of the rest of the release, the script heard nothing."""

Tables = dict[str, list[tuple[Any, ...]]]

LIVE = by_key("D01").dataset_id
"""The only dataset that the live API still has."""


def some_files(root: Path, release: WorldRelease, keys: tuple[str, ...]) -> Path:
    folder = root / "cell-census" / release.version / "h5ads"
    folder.mkdir(parents=True)
    for key in keys:
        shutil.copy(release.h5ads / f"{by_key(key).dataset_id}.h5ad", folder)
    return folder


@pytest.fixture(scope="module")
def left(empty: Place, world: World, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An instance with both releases, as the old script left them."""
    place = instances.copy(empty, tmp_path_factory.mktemp("left"))
    older = some_files(place.root, world.older, HELD[OLDER])
    newer = some_files(place.root, world.newer, HELD[NEWER])
    words = (OLDER.version, "none", str(older), str(world.older.soma), LIVE)
    put = "import sys, old_script; old_script.put(*sys.argv[1:])"
    instances.succeed(place.script("-c", put, *words))
    script = str(Path(__file__).parents[1] / "old_script.py")
    words = (NEWER.version, OLDER.version, str(newer), str(world.newer.soma), LIVE)
    instances.succeed(place.script(script, *words))
    place.manifest(NEWER.version, storage=Storage(soma=str(world.newer.soma), h5ads=str(newer)))
    return place


def verify(place: Place) -> Done:
    manifest = str(place.repository / f"{NEWER.version}.toml")
    words = ("--manifest", manifest, "--instance", INSTANCE)
    return place.script("-m", "runners", "verify", *words, "--runs", str(place.root / "found"))


@pytest.fixture(scope="module")
def found(left: Place) -> tuple[Done, RunReport]:
    before = dumps.exact(left.database)
    done = verify(left)
    assert dumps.exact(left.database) == before
    assert done.returncode == 1, done.stdout + done.stderr
    (file,) = (left.root / "found").glob("*/report.json")
    return done, RunReport.from_file(file)


def offenders(report: RunReport, name: str) -> dict[str, str]:
    check = next(check for check in report.checks if check.name == name)
    return {offender.dataset_id: offender.detail for offender in check.offenders}


def test_it_names_the_faults_and_no_others(found: tuple[Done, RunReport]) -> None:
    _, report = found
    status = {check.name: check.status for check in report.checks}
    failed = {name for name, one in status.items() if one is Status.FAILED}
    assert failed == {
        "datasets",
        "annotations",
        "slots",
        "references",
        "collections",
        "store",
        "sources",  # the script leaves to a person what the curator doesn't use
    }
    assert {name for name, one in status.items() if one is Status.NOT_APPLICABLE} == {
        "tracking",
        "previous",
    }
    assert report.outcomes == ()


def test_datasets_that_were_registered_but_never_annotated(found: tuple[Done, RunReport]) -> None:
    unfinished = {by_key(key).dataset_id for key in ("D03", "D09")}
    assert offenders(found[1], "slots").keys() == unfinished
    assert offenders(found[1], "annotations").keys() >= unfinished


def test_the_collection_that_was_taken_from_the_release_before(
    found: tuple[Done, RunReport],
) -> None:
    wrong = offenders(found[1], "collections")[BLOOD.collection_id]
    assert wrong.endswith(
        f"is that of {OLDER.version}, marked as this release's: that release has lost it"
    )


def test_references_are_nowhere_and_the_store_has_no_otype(
    found: tuple[Done, RunReport],
) -> None:
    held = {by_key(key).dataset_id for key in HELD[NEWER]}
    assert offenders(found[1], "references").keys() == held
    (store,) = offenders(found[1], "store").values()
    assert store == "is of otype None"


def test_it_says_the_command_that_mends_what_is_missing(found: tuple[Done, RunReport]) -> None:
    assert found[0].stdout.splitlines()[-1] == (
        "no run registered this release; what is missing is filled in by: python -m runners ingest "
        f"--manifest repository/{NEWER.version}.toml --instance {INSTANCE} --only-missing"
    )


HERS = """
    create temp table hers as
        select * from lamindb_collection where version_tag = '{older}' limit 1;
    update hers set id = 1000, uid = 'hersHersHersHers0000', key = 'hers', hash = null,
        version_tag = '{newer}';
    insert into lamindb_collection select * from hers;
    create temp table files as select * from lamindb_collectionartifact
        where artifact_id = (select id from lamindb_artifact where version_tag = '{older}' limit 1)
        limit 1;
    update files set id = 1000, collection_id = 1000;
    insert into lamindb_collectionartifact select * from files;
"""
"""A person's own collection, of files of the older release, with a version of the newer's name."""


@pytest.fixture(scope="module")
def before(left: Place, found: tuple[Done, RunReport]) -> Tables:
    with closing(sqlite3.connect(left.database)) as connection:
        connection.executescript(HERS.format(older=OLDER.version, newer=NEWER.version))
    return dumps.exact(left.database)


def test_mending_the_release_before_gives_each_its_own_collection(
    left: Place, found: tuple[Done, RunReport], world: World, tmp_path: Path
) -> None:
    place = instances.copy(left, tmp_path / "older")
    h5ads = left.root / "cell-census" / OLDER.version / "h5ads"
    for file in world.older.h5ads.iterdir():
        if not (h5ads / file.name).exists():
            shutil.copy(file, h5ads)
    place.manifest(OLDER.version, storage=Storage(soma=str(world.older.soma), h5ads=str(h5ads)))
    instances.succeed(place.ingest("older", OLDER.version, only_missing=True))
    instances.succeed(place.run("verify", place.root / "runs" / "older" / "request.json"))
    request = place.request("verify", NEWER.version, action=Action.VERIFY)
    place.run("verify", request)
    report = place.report("verify")
    assert offenders(report, "collections")[BLOOD.collection_id] == "lacks 1 of 2"  # as the script
    before, after = ({c.name: c for c in r.checks} for r in (found[1], report))
    assert {name for name in before if before[name] != after[name]} == {"collections"}


@pytest.fixture(scope="module")
def mended(left: Place, found: tuple[Done, RunReport], before: Tables, world: World) -> RunReport:
    """What the command makes of it, once all files but the broken one's whole lie in storage."""
    for file in world.newer.h5ads.iterdir():
        held = left.root / "cell-census" / NEWER.version / "h5ads" / file.name
        if not held.exists():
            held.symlink_to(file)
    (command,) = re.findall("python (-m runners ingest .*)", found[0].stdout)
    runs = ("--runs", str(left.root / "runs"))
    instances.succeed(left.script(*command.split(), *runs))
    (request,) = (left.root / "runs").glob("*/request.json")
    verified = left.script("-m", "runners", "verify", "--request", str(request))
    assert verified.returncode == 1, verified.stderr
    return left.report(request.parent.name)


def test_what_is_missing_is_filled_in_by_that_command(mended: RunReport) -> None:
    failed = {check.name for check in mended.checks if check.status is Status.FAILED}
    assert failed == {"datasets"}
    assert offenders(mended, "datasets").keys() == {by_key("D12").dataset_id}
    status = {check.name: check.status for check in mended.checks}
    assert status["previous"] is Status.PASSED


def test_the_release_before_has_its_collection_back_and_a_person_hers(
    mended: RunReport, left: Place
) -> None:
    statement = """
        select c.version_tag, c.is_latest, group_concat(distinct a.version_tag)
        from lamindb_collection c join lamindb_collectionartifact l on l.collection_id = c.id
        join lamindb_artifact a on a.id = l.artifact_id where c.reference = ? group by c.id"""
    with closing(sqlite3.connect(left.database)) as connection:
        rows = connection.execute(statement, (BLOOD.collection_id,)).fetchall()
        hers = connection.execute("select version_tag from lamindb_collection where id = 1000")
        assert hers.fetchall() == [(NEWER.version,)]
    assert set(rows) == {
        (OLDER.version, 0, OLDER.version),
        (NEWER.version, 1, NEWER.version),
    }


def test_and_can_be_taken_back(mended: RunReport, left: Place, before: Tables) -> None:
    words = ("--runs", str(left.root / "runs"), "--run", mended.request.run_id, "--yes")
    instances.succeed(left.script("-m", "runners", "rollback", *words))
    after = dumps.exact(left.database)
    for table in ("lamindb_artifact", "lamindb_collection", "lamindb_collectionartifact"):
        assert stands(after[table]) == stands(before[table]), table


def stands(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    """The rows but for the ontologies' tables, which stay."""
    return [plain(row) for row in rows if "df_" not in str(row)]

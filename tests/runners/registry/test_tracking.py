"""A run that LaminDB is told of: its Run and a space, also when the run goes on after a kill."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from signal import SIGKILL
from typing import Any

import instances
import pytest
from crashes import interrupted, written_some
from instances import INSTANCE, NOWHERE, Place, succeed

from runners.contract import Manifest, RunRequest
from runners.ingest import steps
from runners.run.fingerprint import Fingerprint, git_commit
from runners.sample.datasets import NEWER, OLDER

SPACE = "Atlas"
MAKE_BEFORE = f"""
import lamindb as ln
ln.connect("{INSTANCE}")
ln.Space(name="{SPACE}", uid="atlas0000000").save()
ln.Transform(key="cellxgene-ingestion-bot", kind="pipeline").save()
"""
NEW = ("artifact", "collection")
LINKS = ("celltype", "disease", "gene", "organism", "tissue")


def query(place: Place, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(place.database)) as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def tracked(older: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The newer release, registered by a tracked run that was killed and started again."""
    place = instances.copy(older, tmp_path_factory.mktemp("tracked"))
    succeed(place.script("-c", MAKE_BEFORE))
    request = place.request("run", NEWER.version, track=True, space=SPACE)
    assert interrupted(place, request, written_some(3), SIGKILL) == -SIGKILL
    succeed(place.run("ingest", request))
    return place


@pytest.mark.prove
def test_a_run_that_goes_on_is_the_same_run(tracked: Place) -> None:
    statement = """
        select r.name, t.key, t.kind, r._status_code, r.finished_at is not null, s.name
        from lamindb_run r join lamindb_transform t on t.id = r.transform_id
        join lamindb_space s on s.id = r.space_id"""
    expected = ("run", "cellxgene-ingestion-bot", "pipeline", 0, 1, SPACE)
    assert query(tracked, statement) == [expected]


@pytest.mark.prove
def test_from_an_artifact_one_finds_what_was_asked_for_and_by_which_code_it_was_done(
    tracked: Place,
) -> None:
    statement = """
        select distinct r.params, r.entrypoint from lamindb_artifact a
        join lamindb_run r on r.id = a.run_id where a.version_tag = ? and a.suffix = '.h5ad'"""
    with closing(sqlite3.connect(tracked.database)) as connection:
        ((text, entrypoint),) = connection.execute(statement, [NEWER.version]).fetchall()
    params = json.loads(text)
    request = tracked.root / "runs" / "run" / "request.json"
    assert RunRequest.from_mapping(params["request"], source="run") == RunRequest.from_file(request)
    manifest = Manifest.from_mapping(params["manifest"], source="run")
    assert manifest == Manifest.from_file(tracked.repository / f"{NEWER.version}.toml")
    assert params["versions"] == Fingerprint.of(manifest.dataset_schema_version).to_mapping()
    assert params["commit"] == git_commit()
    assert entrypoint == "python -m runners ingest"


@pytest.mark.prove
def test_each_version_of_our_code_is_a_version_of_the_transform(tracked: Place) -> None:
    """The first one is that of a bot that noted no code."""
    code = Fingerprint.of("7.0.0").code
    statement = """
        select substr(uid, -4), version_tag, is_latest, hash is not null, source_code
        from lamindb_transform order by id"""
    (old, new) = query(tracked, statement)
    assert old == ("0000", None, 0, 0, None)
    assert new[:4] == ("0001", code, 1, 1)
    assert new[4].startswith(f"# cellxgene-ingestion-bot, code {code}\n")
    assert new[4].endswith(Path(steps.__file__).read_text())


@pytest.mark.prove
@pytest.mark.parametrize("table", NEW)
def test_new_records_have_the_run_and_the_space_and_old_ones_neither(
    tracked: Place, table: str
) -> None:
    statement = f"""
        select distinct version_tag, run_id is not null, s.name from lamindb_{table} t
        join lamindb_space s on s.id = t.space_id where key like 'cell%' or reference is not null"""
    if table == "artifact":
        statement = statement.replace(" or reference is not null", "")
    found = set(query(tracked, statement))
    assert {row for row in found if row[0] in (OLDER.version, NEWER.version)} == {
        (OLDER.version, 0, "all"),
        (NEWER.version, 1, SPACE),
    }


@pytest.mark.prove
@pytest.mark.parametrize("registry", LINKS)
def test_links_have_the_run_of_their_artifact(tracked: Place, registry: str) -> None:
    statement = f"""
        select a.version_tag, count(*), count(l.run_id) from bionty_artifact{registry} l
        join lamindb_artifact a on a.id = l.artifact_id group by 1"""
    found = {release: (rows, runs) for release, rows, runs in query(tracked, statement)}
    assert found[OLDER.version][1] == 0
    assert found[NEWER.version][0] == found[NEWER.version][1] > 0


@pytest.mark.prove
def test_terms_stay_where_everybody_can_use_them(tracked: Place) -> None:
    assert query(tracked, "select distinct space_id from bionty_celltype") == [(1,)]


def test_a_space_that_is_not_there_is_said_to_be_so(place: Place) -> None:
    done = place.ingest("run", NEWER.version, space="Nowhere")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"request run: field space: {INSTANCE} has no space 'Nowhere'; name one of all."
    )
    assert query(place, "select 1 from lamindb_artifact where version_tag = '2020-07-15'") == []


def test_the_key_that_lamindb_logs_in_with_is_shown_nowhere(place: Place, tmp_path: Path) -> None:
    key = "secret-api-key-0123456789"
    other = Place(
        place.root,
        place.world,
        (("LAMIN_API_KEY", key), ("LAMIN_SETTINGS_DIR", str(tmp_path)), ("all_proxy", NOWHERE)),
    )
    for instance in ("laminlabs/cellxgene", f"{key}/{key}"):
        done = other.ingest("keyed", NEWER.version, instance=instance)
        assert done.returncode == 2
        assert f"instance {instance!r}: can't be connected to (" in done.stderr
        assert key not in done.stdout + done.stderr.replace(f"'{instance}'", "")
    journals = [file.read_text() for file in place.root.glob("runs/*/journal.jsonl")]
    assert journals
    assert not any(key in text for text in journals)

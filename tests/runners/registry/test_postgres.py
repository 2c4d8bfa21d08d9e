"""An instance on PostgreSQL, as the real one is: the same outcomes, and one writer at a time."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import instances
import postgres
import psycopg2
import pytest
from instances import INSTANCE, Place

from runners.contract import Action
from runners.sample.datasets import NEWER, OLDER
from runners.sample.world import World

pytestmark = [pytest.mark.prove, postgres.needs_another_user]
FINE = ("passed", "not applicable")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres.server(tmp_path_factory.mktemp("postgres")) as found:
        yield postgres.create(found, "demo")


@pytest.fixture(scope="module")
def remote(address: str, world: World, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A PostgreSQL instance that holds both releases, by runs of their names."""
    place = instances.make(tmp_path_factory.mktemp("place"), world, "--db", address)
    for release in (OLDER.version, NEWER.version):
        instances.succeed(place.ingest(f"run-{release}", release))
    return place


def counts(address: str) -> dict[str, int]:
    """Rows of every table, but for what is kept of runs."""
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public' order by 1")
        tables = {table for (table,) in cursor.fetchall()} - {"lamindb_jsonvalue"}
        found = {}
        for table in sorted(tables):
            cursor.execute(f'select count(*) from "{table}"')
            (found[table],) = cursor.fetchone() or (0,)
    return found


def test_every_dataset_ends_as_it_does_on_sqlite(remote: Place, fresh: Place) -> None:
    here = fresh.journal("newer").datasets("written")
    there = remote.journal(f"run-{NEWER.version}").datasets("written")
    assert {i: line["outcome"] for i, line in there.items()} == {
        i: line["outcome"] for i, line in here.items()
    }


def test_verification_finds_the_broken_file_and_nothing_else(remote: Place) -> None:
    run = f"run-{NEWER.version}"
    done = remote.run("verify", remote.root / "runs" / run / "request.json")
    assert done.returncode == 1, done.stderr
    checks = remote.report(run).checks
    assert [check.name for check in checks if check.status not in FINE] == ["datasets"]


def test_another_run_of_the_same_release_adds_no_row(remote: Place, address: str) -> None:
    before = counts(address)
    assert sum(before.values()) > 1000
    instances.succeed(remote.ingest("again", NEWER.version))
    assert counts(address) == before


def drop(address: str, run_id: str) -> bool:
    """Ends the run's connections from the server's side; True if it had one."""
    statement = """
        select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s"""
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        cursor.execute(statement, [f"ingest {run_id}"])
        return bool(cursor.fetchall())


def test_a_connection_that_is_lost_is_made_again_and_no_row_is(remote: Place, address: str) -> None:
    """Links are taken away, so that the run has something to write when it is cut off."""
    before = counts(address)
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        for table in ("bionty_artifactcelltype", "bionty_artifactgene", "lamindb_artifactschema"):
            cursor.execute(
                f"""delete from {table} where artifact_id in
                    (select id from lamindb_artifact where version_tag = %s)""",
                [NEWER.version],
            )
        connection.commit()
    assert counts(address) != before
    drops = 0
    with remote.start(remote.request("dropped", NEWER.version)) as process:
        while process.poll() is None and drops < 4:
            begun = remote.journal("dropped").first("start") is not None
            drops += begun and drop(address, "dropped")
            time.sleep(0.7)
        said, _ = process.communicate()
    assert process.returncode == 0, said
    assert drops > 1
    assert said.count("the database does not answer (") > 1
    assert counts(address) == before


def test_of_two_at_once_the_second_says_who_writes(remote: Place, address: str) -> None:
    """Two machines: neither sees the other's lock file, so the lock is taken in the database."""
    with closing(psycopg2.connect(address, application_name="ingest elsewhere")) as other:
        other.cursor().execute("select pg_try_advisory_lock(7220415308)")
        done = remote.ingest("second", NEWER.version)
    assert done.returncode == 2, done.stdout
    said = done.stderr.splitlines()[-1]
    assert said.startswith("instance: ingest elsewhere (since ")
    assert said.endswith("is writing to it; wait for its end.")


def test_the_lock_ends_with_its_holder(remote: Place) -> None:
    request = remote.request("killed", NEWER.version)
    with remote.start(request) as process:
        while not remote.journal("killed").first("start"):
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    instances.succeed(remote.run("ingest", request))


def test_the_instance_is_on_postgresql(remote: Place) -> None:
    settings = next((remote.root / "lamin" / ".lamin").glob("instance--*demo.env"))
    assert f"lamindb_instance_name={INSTANCE.partition('/')[2]}" in settings.read_text()
    assert "lamindb_instance_db=postgresql://" in settings.read_text()


# --- verification reads only ----------------------------------------------------------------------


READER = """
create role reader login;
grant usage on schema public to reader;
grant select on all tables in schema public to reader;
"""


@pytest.fixture(scope="module")
def reader(remote: Place, address: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The same place, whose instance is reached by a role that may read and nothing else."""
    with closing(psycopg2.connect(address)) as connection, connection:
        connection.cursor().execute(READER)
    root = tmp_path_factory.mktemp("reader")
    shutil.copytree(remote.root, root, dirs_exist_ok=True)
    (settings,) = (root / "lamin" / ".lamin").glob("instance--*demo.env")
    settings.write_text(settings.read_text().replace("postgres:unused@", "reader:unused@"))
    return Place(root, remote.world)


def test_a_role_that_may_only_read_can_verify(reader: Place, address: str) -> None:
    before = counts(address)
    done = reader.run("verify", reader.request("reading", NEWER.version, action=Action.VERIFY))
    assert done.returncode == 1, done.stderr
    checks = reader.report("reading").checks
    assert [check.name for check in checks if check.status not in FINE] == ["datasets"]
    assert counts(address) == before
    refused = reader.ingest("writing", NEWER.version)
    assert refused.returncode != 0
    assert "the database refuses this to our role (permission denied" in refused.stderr


def waiting(cursor: Any) -> int | None:
    """The process that waits for the locked table, if one does."""
    cursor.execute(
        "select pid from pg_locks where not granted and relation = 'lamindb_collection'::regclass"
    )
    row = cursor.fetchone()
    return int(row[0]) if row else None


def test_a_connection_dropped_within_the_snapshot_is_made_again(
    remote: Place, address: str
) -> None:
    before = counts(address)
    request = remote.request("cut-off", NEWER.version, action=Action.VERIFY)
    command = [sys.executable, "-m", "runners", *remote.arguments("verify", request)]
    with closing(psycopg2.connect(address)) as other:
        cursor = other.cursor()
        cursor.execute("lock table lamindb_collection in access exclusive mode")
        with subprocess.Popen(command, cwd=remote.root, env=remote.environment) as process:
            while (pid := waiting(cursor)) is None:
                assert process.poll() is None
                time.sleep(0.05)
            cursor.execute("select pg_terminate_backend(%s)", [pid])
            other.rollback()
    assert process.returncode == 1
    checks = remote.report("cut-off").checks
    assert [check.name for check in checks if check.status not in FINE] == ["datasets"]
    assert counts(address) == before


def test_a_sequence_that_is_behind_is_named_before_anything_is_written(
    remote: Place, address: str
) -> None:
    sequence = "pg_get_serial_sequence('lamindb_artifactschema', 'id')"
    before = counts(address)
    with closing(psycopg2.connect(address)) as connection, connection:
        connection.cursor().execute(f"select setval({sequence}, 1)")
    done = remote.ingest("behind", NEWER.version)
    with closing(psycopg2.connect(address)) as connection, connection:
        highest = "(select max(id) from lamindb_artifactschema)"
        connection.cursor().execute(f"select setval({sequence}, {highest})")
    assert done.returncode == 2
    said = done.stderr.splitlines()[-1]
    assert said.startswith("instance: the sequence of lamindb_artifactschema.id is at 1, behind ")
    assert counts(address) == before


def test_doctor_names_a_role_that_may_only_read(remote: Place, reader: Place) -> None:
    """The instance's own role is fine; one with select alone lacks the rest."""
    words = ("-m", "runners", "doctor", "instance", "--instance", INSTANCE)
    done = remote.script(*words)
    assert (done.returncode, done.stderr) == (0, "")
    done = reader.script(*words)
    (line,) = (line for line in done.stdout.splitlines() if not line.startswith("     ok"))
    assert done.returncode == 1
    assert line.startswith("missing  role: the role reader may not read and write bionty_")
    assert "grant it select, insert, update and delete on all tables" in line


def test_after_a_person_s_edit_has_ended_a_transaction_the_next_has_the_table(
    remote: Place, address: str
) -> None:
    """Unless she keeps it for long: then the one after it is beside her again."""
    play = "import overtaken; overtaken.play(sys.argv[1])"
    said = instances.succeed(instances.connected(remote, play, address)).stdout.splitlines()
    overtaken = "written | could not serialize access due to concurrent update"
    assert said[:4] == [overtaken, "waits | written", "written | written", overtaken]
    kept, beside = said[4:]
    assert kept.startswith("nothing | the database: postgres is changing rows of lamindb_artifact")
    assert beside == "nothing | written"

"""In an instance with a history, killed on the way, and on PostgreSQL: the rows of a fresh one."""

import json
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import instances
import postgres
import psycopg2
import pytest
from crashes import crash_and_resume, random_crash
from instances import Place, succeed
from release_rows import own_rows
from remote import Remote, plain_rows

from runners.sample.datasets import NEWER, OLDER

pytestmark = pytest.mark.prove


@pytest.mark.parametrize("seed", range(100, 103))
def test_killed_and_started_again_it_ends_with_these_rows(
    older: Place, fresh: Place, tmp_path: Path, seed: int
) -> None:
    place = instances.copy(older, tmp_path / "place")
    crashed = crash_and_resume(random_crash(seed), place)
    succeed(crashed.last)
    assert own_rows(crashed.place, NEWER.version) == own_rows(fresh, NEWER.version)


@postgres.needs_another_user
@pytest.mark.parametrize("seed", range(200, 202))
def test_on_postgresql_too_it_ends_with_these_rows(remote: Remote, fresh: Place, seed: int) -> None:
    crashed = crash_and_resume(random_crash(seed), remote.place)
    succeed(crashed.last)
    assert remote.own_rows() == plain_rows(own_rows(fresh, NEWER.version))


@postgres.needs_another_user
def test_what_a_person_writes_meanwhile_stays(remote: Remote, fresh: Place) -> None:
    """A hundred times a second, into artifacts that get a revision: faster than any transaction."""
    place = replace(remote.place, variables=(("PATIENCE_SECONDS", "30"),))
    ended, written = threading.Event(), dict[int, str]()

    def edit() -> None:
        ids = "select id from lamindb_artifact where version_tag = %s"
        statement = "update lamindb_artifact set description = %s where id = %s"
        with closing(psycopg2.connect(remote.address)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(ids, [OLDER.version])
            keys = [key for (key,) in cursor.fetchall()]
            for number in count():
                if ended.wait(0.01):
                    return
                key, text = keys[number % len(keys)], f"hers {number}"
                cursor.execute(statement, [text, key])
                written[key] = text

    person = threading.Thread(target=edit)
    person.start()
    try:
        succeed(place.ingest("run", NEWER.version))
    finally:
        ended.set()
        person.join()
    assert remote.own_rows() == plain_rows(own_rows(fresh, NEWER.version))
    with closing(psycopg2.connect(remote.address)) as connection, connection.cursor() as cursor:
        described = "select id, description from lamindb_artifact where id = any(%s)"
        cursor.execute(described, [list(written)])
        assert dict(cursor.fetchall()) == written
    assert len(written) > 2


@postgres.needs_another_user
def test_a_term_that_a_person_makes_at_the_same_moment_is_used(
    remote: Remote, fresh: Place
) -> None:
    """Hers isn't committed when the run makes its own, which then waits for hers."""
    with closing(psycopg2.connect(remote.address)) as hers, hers.cursor() as cursor:
        cursor.execute("select ontology_id from bionty_celltype")
        known = {ontology_id for (ontology_id,) in cursor.fetchall()}
        term = next(row for row in cell_types(fresh) if row["ontology_id"] not in known)
        cursor.execute("select min(id) from bionty_source where entity = 'bionty.CellType'")
        ((source,),) = cursor.fetchall()
        cursor.execute("select nextval(pg_get_serial_sequence('bionty_celltype', 'id'))")
        ((own_id,),) = cursor.fetchall()
        term |= {"id": own_id, "source_id": source, "run_id": None, "created_by_id": 1}
        insert = """
            insert into bionty_celltype
            select * from jsonb_populate_record(null::bionty_celltype, %s)"""
        cursor.execute(insert, [json.dumps(term)])
        with remote.place.start(remote.place.request("run", NEWER.version)) as process:
            while not waits(remote):
                assert process.poll() is None, process.communicate()
                time.sleep(0.05)
            hers.commit()
            said, _ = process.communicate()
        assert process.returncode == 0, said
        assert "Doing it again, in case somebody did this just now." in said
        linked = "select count(*) from bionty_artifactcelltype where celltype_id = %s"
        cursor.execute(linked, [own_id])
        assert cursor.fetchall() != [(0,)]
    assert remote.own_rows() == plain_rows(own_rows(fresh, NEWER.version))


def cell_types(place: Place) -> list[dict[str, Any]]:
    """Those that the newer release's artifacts have."""
    with closing(sqlite3.connect(place.database)) as connection:
        connection.row_factory = sqlite3.Row
        statement = """
            select distinct term.* from bionty_celltype as term
            join bionty_artifactcelltype as link on link.celltype_id = term.id
            join lamindb_artifact as artifact on artifact.id = link.artifact_id
            where artifact.version_tag = ? order by term.id"""
        return [dict(row) for row in connection.execute(statement, (NEWER.version,))]


def waits(remote: Remote) -> bool:
    """Whether a run waits for somebody's transaction."""
    statement = """
        select count(*) from pg_stat_activity
        where application_name like 'ingest %' and wait_event_type = 'Lock'"""
    with closing(psycopg2.connect(remote.address)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return bool(cursor.fetchall() != [(0,)])

"""On PostgreSQL a person may write while a run does: her rows, given ids among the run's, are none
of the run's, and stay when it is rolled back.
"""

from collections.abc import Iterator
from contextlib import closing

import instances
import postgres
import psycopg2
import pytest
from crashes import interrupt, random_crash
from instances import Place
from people import EDIT, a_person, an_editor, rows

from runners.records.transaction_log import expanded
from runners.sample.datasets import NEWER, OLDER
from runners.sample.world import World

pytestmark = [pytest.mark.prove, postgres.needs_another_user]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres.server(tmp_path_factory.mktemp("postgres")) as found:
        yield postgres.create(found, "demo")


@pytest.fixture(scope="module")
def remote(address: str, world: World, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A PostgreSQL instance that holds the older release."""
    place = instances.make(tmp_path_factory.mktemp("place"), world, "--db", address)
    instances.succeed(place.ingest("older", OLDER.version))
    return place


@pytest.mark.parametrize("seed", [None, 1, 2, 3], ids=lambda seed: f"killed {seed}")
def test_rows_of_a_person_who_wrote_at_the_same_time_stay(
    remote: Place, address: str, seed: int | None
) -> None:
    run_id = "run"
    folder = remote.root / "runs" / run_id
    before = rows(address)
    with a_person(address) as hers:
        if seed is None:
            instances.succeed(remote.ingest(run_id, NEWER.version))
        else:
            interrupt(random_crash(seed), remote)
    ours = {
        key
        for line in remote.journal(run_id).all("recorded")
        for key in expanded(line["inserted"].get("lamindb_artifactulabel", {}).get("ids", ""))
    }
    assert not ours & set(hers)
    assert hers
    if seed is None:
        assert min(hers) < max(ours)
    arguments = ["rollback", "--runs", str(folder.parent), "--run", run_id, "--yes"]
    done = instances.succeed(remote.script("-m", "runners", *arguments))
    assert "differs from the state before, by other hands:" in done.stdout
    after = rows(address)
    old, new = before.pop("lamindb_artifactulabel"), after.pop("lamindb_artifactulabel")
    assert old < new
    assert len(new - old) == len(hers)
    assert after == before
    folder.rename(folder.with_name(f"rolled-back-{seed}"))


def test_what_others_do_meanwhile_is_waited_for_or_named(remote: Place, address: str) -> None:
    """Who edits all the time doesn't keep it from its end; who doesn't end is named, and so is a
    table in a schema of a lab's own.
    """
    run_id = "edited"
    instances.succeed(remote.ingest(run_id, NEWER.version))
    hasty = Place(remote.root, remote.world, (("PATIENCE_SECONDS", "1"), ("no_proxy", "127.0.0.1")))
    words = ["rollback", "--runs", str(remote.root / "runs"), "--run", run_id, "--yes"]
    with closing(psycopg2.connect(address, application_name="notebook")) as other:
        other.cursor().execute(EDIT, [OLDER.version])
        done = hasty.script("-m", "runners", *words)
    assert done.returncode == 2
    said = done.stderr.splitlines()[-1]
    assert said.startswith("the database: postgres with notebook is changing rows of lamindb_artif")
    assert said.endswith(", which this waits for; run it again when that has ended.")
    with closing(psycopg2.connect(address)) as connection, connection:
        cursor = connection.cursor()
        cursor.execute("create schema lab")
        cursor.execute("create table lab.notes (about bigint references public.lamindb_artifact)")
        latest = "select max(id) from lamindb_artifact where version_tag = %s"
        cursor.execute(f"insert into lab.notes {latest}", [NEWER.version])
    done = remote.script("-m", "runners", *words)
    assert done.returncode == 1, done.stderr
    assert "1 of lab.notes point to it, which no run here wrote" in done.stdout
    with closing(psycopg2.connect(address)) as connection, connection:
        connection.cursor().execute("drop schema lab cascade")
    with an_editor(address) as edits:
        instances.succeed(remote.script("-m", "runners", *words))
    assert edits

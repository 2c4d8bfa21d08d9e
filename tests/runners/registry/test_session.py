"""A session that is replaced in the middle of a run, while others write: none of their rows is
taken for the run's, and no other run is let in beside it.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import instances
import people
import postgres
import psycopg2
import pytest
from instances import Done, Place

from runners.records.transaction_log import expanded
from runners.sample.datasets import NEWER, OLDER
from runners.sample.world import World

pytestmark = [pytest.mark.prove, postgres.needs_another_user]
SCRIPT = str(Path(__file__).parents[1] / "replaced_session.py")
WAYS = ("idle", "terminated", "reset")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres.server(tmp_path_factory.mktemp("postgres")) as found:
        yield found


@pytest.fixture(scope="module")
def older_remote(server: str, world: World, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A PostgreSQL instance that holds the older release, whose vocabulary the newer one finds."""
    address = postgres.create(server, "demo")
    place = instances.make(tmp_path_factory.mktemp("place"), world, "--db", address)
    instances.succeed(place.ingest("older", OLDER.version))
    postgres.create(server, "older", template="demo")
    return place


@pytest.fixture
def remote(server: str, older_remote: Place) -> Place:
    postgres.drop(server, "demo")
    postgres.create(server, "demo", template="older")
    run = older_remote.root / "runs" / "run"
    if run.exists():
        run.rename(run.with_name(f"before-{len(list(run.parent.iterdir()))}"))
    return older_remote


def ingest_replaced(place: Place, how: str, rival: str = "") -> Done:
    request = place.request("run", NEWER.version)
    return place.script(SCRIPT, how, rival, *place.arguments("ingest", request))


@pytest.mark.parametrize("how", WAYS)
def test_what_somebody_writes_meanwhile_is_not_the_run_s(
    remote: Place, server: str, how: str
) -> None:
    address = f"{server}/demo"
    before = people.rows(address)
    with people.a_person(address) as hers:
        done = instances.succeed(ingest_replaced(remote, how))
    assert "the database's session was replaced by another one" in done.stderr
    ours = {
        key
        for line in remote.journal("run").all("recorded")
        for key in expanded(line["inserted"].get("lamindb_artifactulabel", {}).get("ids", ""))
    }
    assert ours
    assert min(ours) < max(hers)
    assert not ours & set(hers)
    words = ["rollback", "--runs", str(remote.root / "runs"), "--run", "run", "--yes"]
    instances.succeed(remote.script("-m", "runners", *words))
    after = people.rows(address)
    links = after.pop("lamindb_artifactulabel") - before.pop("lamindb_artifactulabel")
    assert len(links) == len(hers)
    assert after == before


@pytest.mark.parametrize("how", WAYS)
def test_another_run_that_came_in_meanwhile_is_named_and_this_one_ends(
    remote: Place, server: str, how: str
) -> None:
    done = ingest_replaced(remote, how, "ingest elsewhere")
    assert done.returncode == 2, done.stdout
    said = done.stderr.splitlines()[-1]
    assert said.startswith("instance: ingest elsewhere (since ")
    assert said.endswith("is writing to it; wait for its end.")
    recorded = [line["part"] for line in remote.journal("run").all("recorded")]
    assert recorded.count("datasets") == 1
    instances.succeed(remote.run("ingest", remote.root / "runs" / "run" / "request.json"))


def test_a_writer_of_another_database_of_the_server_is_nobody_s_business(
    remote: Place, server: str
) -> None:
    own = f"{server}/demo"
    with (
        closing(psycopg2.connect(f"{server}/postgres", application_name="ingest other")) as other,
        closing(psycopg2.connect(own, application_name="ingest own")) as holder,
    ):
        for connection in (other, holder):
            connection.cursor().execute("select pg_try_advisory_lock(7220415308)")
        done = remote.ingest("run", NEWER.version)
    assert done.returncode == 2, done.stdout
    assert done.stderr.splitlines()[-1].startswith("instance: ingest own (since ")


@pytest.mark.parametrize(
    "statement",
    [
        "update lamindb_artifact set description = 'hers' where id = %s",
        "delete from lamindb_artifact where id = %s",
    ],
    ids=["edit", "deletion"],
)
def test_who_changes_a_row_of_a_chain_that_is_being_written_waits(
    remote: Place, tmp_path: Path, statement: str
) -> None:
    """Else the batch would be undone and written again, for as long as somebody edits."""
    script, file = str(Path(__file__).parents[1] / "edited_chain.py"), tmp_path / "what came"
    arguments = remote.arguments("ingest", remote.request("run", NEWER.version))
    done = instances.succeed(remote.script(script, statement, str(file), *arguments))
    assert file.read_text() == "waits"
    assert "by somebody else" not in done.stderr

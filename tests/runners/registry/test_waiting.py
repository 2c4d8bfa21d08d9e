"""A database that goes silent behind a proxy, which keeps all connections open: it is said, a
signal is obeyed, and who comes again isn't kept out by its own dead session.
"""

import re
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM
from typing import Any
from urllib.parse import urlsplit

import instances
import postgres
import psycopg2
import pytest
from instances import Place

from runners.sample.datasets import NEWER, OLDER, by_key
from runners.sample.world import World

pytestmark = [pytest.mark.prove, postgres.needs_another_user]


@dataclass
class Proxy:
    """Passes bytes on to a server until it is silent: then it takes them, and answers nothing.

    So do load balancers and NAT gateways that have forgotten a connection
    (https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html); others
    reset it, which isn't modelled here.
    """

    server: tuple[str, int]
    is_silent: threading.Event = field(default_factory=threading.Event)
    is_over: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        while not self.is_over.is_set():
            if select.select([listener], [], [], 0.1)[0]:
                client, _ = listener.accept()
                threading.Thread(target=self._pass_on, args=[client], daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with closing(client), closing(socket.create_connection(self.server)) as server:
            pairs = {client: server, server: client}
            while not self.is_over.is_set():
                if self.is_silent.is_set():
                    self.is_over.wait(0.1)  # both ends' kernels still answer for us
                    continue
                for source in select.select(list(pairs), [], [], 0.05)[0]:
                    with suppress(OSError):
                        if not (content := source.recv(65536)):
                            return
                        pairs[source].sendall(content)


@contextmanager
def proxy_before(address: str) -> Iterator[tuple[Proxy, int]]:
    parts = urlsplit(address)
    proxy = Proxy((str(parts.hostname), int(parts.port or 0)))
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=proxy.serve, args=[listener])
        thread.start()
        try:
            yield proxy, listener.getsockname()[1]
        finally:
            proxy.is_over.set()
            thread.join()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres.server(tmp_path_factory.mktemp("postgres")) as found:
        yield postgres.create(found, "demo")


@pytest.fixture(scope="module")
def near(address: str, world: World, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A PostgreSQL instance that holds a dataset of the older release."""
    place = instances.make(tmp_path_factory.mktemp("place"), world, "--db", address)
    instances.succeed(place.ingest("older", OLDER.version, only=(first_of(place),)))
    return place


def first_of(place: Place) -> str:
    files = sorted(place.world.older.h5ads.glob("*.h5ad"))
    return files[0].stem


def behind(near: Place, address: str, port: int, root: Path) -> Place:
    """The same instance, reached through the proxy."""
    place = Place(near.root, near.world, (("PATIENCE_SECONDS", "8"),))
    (settings,) = (near.root / "lamin" / ".lamin").glob("instance--*demo.env")
    here = f":{urlsplit(address).port}/"
    own = root / "lamin" / ".lamin" / settings.name
    own.parent.mkdir(parents=True)
    for other in settings.parent.iterdir():
        if other.is_file():
            own.with_name(other.name).write_bytes(other.read_bytes())
    own.write_text(settings.read_text().replace(here, f":{port}/"))
    variables = (*place.variables, ("LAMIN_SETTINGS_DIR", str(root / "lamin")))
    return Place(near.root, near.world, variables)


@contextmanager
def silenced(place: Place, address: str, proxy: Proxy, request: Path) -> Iterator[Any]:
    """An ingest whose database goes silent when it has just taken the lock."""
    with place.start(request) as process:
        while not holds_the_lock(address, request.parent.name):
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        proxy.is_silent.set()
        yield process


def test_a_silence_is_said_and_ends_and_the_restart_goes_on(
    near: Place, address: str, tmp_path: Path
) -> None:
    request = near.request("silent", NEWER.version, only=(by_key("D01").dataset_id,))
    with proxy_before(address) as (proxy, port):
        far = behind(near, address, port, tmp_path)
        with silenced(far, address, proxy, request) as process:
            said, _ = process.communicate(timeout=100)
        assert process.returncode == 2, said
        assert re.search(r"the database has not answered for [12] s; waiting on", said)
        assert "the database does not answer (no answer for 3 s)" in said
        restarted(near, address, request)


def test_a_signal_is_obeyed_in_a_silence_and_the_restart_goes_on(
    near: Place, address: str, tmp_path: Path
) -> None:
    request = near.request("stopped", NEWER.version, only=(by_key("D02").dataset_id,))
    with proxy_before(address) as (proxy, port):
        far = behind(near, address, port, tmp_path)
        with silenced(far, address, proxy, request) as process:
            time.sleep(0.5)
            began = time.monotonic()
            process.send_signal(SIGTERM)
            said, _ = process.communicate(timeout=60)
        assert time.monotonic() - began < 7
        assert process.returncode == 128 + SIGTERM
        assert "stopped by SIGTERM" in said
        restarted(near, address, request)


def restarted(near: Place, address: str, request: Path) -> None:
    """Goes on, though the session of the process before still stands."""
    assert holds_the_lock(address, request.parent.name)
    hasty = Place(near.root, near.world, (("PATIENCE_SECONDS", "30"),))
    done = instances.succeed(hasty.run("ingest", request))
    assert f"ingest {request.parent.name} is still connected to it" in done.stderr


def test_who_is_silent_under_another_name_is_not_ended(near: Place, address: str) -> None:
    hasty = Place(near.root, near.world, (("PATIENCE_SECONDS", "4"),))
    with closing(psycopg2.connect(address, application_name="ingest other")) as other:
        other.cursor().execute("select pg_try_advisory_lock(7220415308)")
        time.sleep(3)
        done = hasty.ingest("run", NEWER.version)
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1].startswith("instance: ingest other (since ")
        other.cursor().execute("select 1")


def holds_the_lock(address: str, run_id: str) -> bool:
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_locks join pg_stat_activity using (pid) "
            "where locktype = 'advisory' and granted and application_name = %s",
            [f"ingest {run_id}"],
        )
        return bool(cursor.fetchall() != [(0,)])

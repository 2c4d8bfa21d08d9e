"""One world for all tests of this folder, and instances to start from. No test may change them.

They are made once for all processes of a test run, by the first that needs them. All tests are put
in an order in which the others seldom wait for it.
"""

import fcntl
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import instances
import postgres
import pytest
from instances import REFERENCE, Place
from remote import DATABASE, HISTORY, Remote

from runners.sample import build, read
from runners.sample.datasets import NEWER, OLDER
from runners.sample.world import World

RUNNERS = Path(__file__).parent
Shared = Callable[[str, Callable[[Path], object]], Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First a file that makes the shared instances and, at its side, files that need none; then
    those that need one, which take longest; at the end what is short.
    """
    needs: dict[Path, set[str]] = defaultdict(set)
    for item in items:
        needs[item.path].update(getattr(item, "fixturenames", ()))
    first = next((path for path in needs if {"shared", "newer"} <= needs[path]), None)

    def place(item: pytest.Item) -> int:
        if item.path == first:
            return 0
        if RUNNERS not in item.path.parents:
            return 1
        return 2 if "shared" in needs[item.path] else 3

    items.sort(key=place)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Shared:
    """The folder of a name, which is made unless another process has made it."""
    is_worker = hasattr(request.config, "workerinput")
    own = tmp_path_factory.getbasetemp()
    root = own.parent if is_worker else own

    def made_once(name: str, make: Callable[[Path], object]) -> Path:
        folder, made = root / name, root / f"{name}.made"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                make(folder)
                made.touch()
        return folder

    return made_once


@pytest.fixture(scope="session")
def world(shared: Shared) -> World:
    told: list[str] = []
    root = shared("sample", lambda folder: build(folder, REFERENCE, told.append))
    if told:  # it was this process that made it
        assert told[0] == "sample world: 2020-01-15 h5ads 1/5"
        assert told[-1] == f"sample world: ready in {root}"
    return read(root)


@pytest.fixture(scope="session")
def empty(shared: Shared, world: World) -> Place:
    """An instance that holds nothing."""
    return Place(shared("empty", lambda folder: instances.make(folder, world)), world)


@pytest.fixture(scope="session")
def older(shared: Shared, empty: Place) -> Place:
    """An instance with a history (see `lived_in`), which holds the older release, by the run
    `older`.
    """

    def make(folder: Path) -> None:
        instances.live_in(instances.copy(empty, folder))

    return Place(shared("older", make), empty.world)


@pytest.fixture(scope="session")
def fresh_older(shared: Shared, empty: Place) -> Place:
    """An instance that holds the older release, by the run `older`, and nothing else."""

    def make(folder: Path) -> None:
        instances.succeed(instances.copy(empty, folder).ingest("older", OLDER.version))

    return Place(shared("fresh_older", make), empty.world)


@pytest.fixture(scope="session")
def fresh(shared: Shared, fresh_older: Place) -> Place:
    """An instance that holds both releases, by the runs `older` and `newer`, and nothing else."""

    def make(folder: Path) -> None:
        instances.succeed(instances.copy(fresh_older, folder).ingest("newer", NEWER.version))

    return Place(shared("fresh", make), fresh_older.world)


@pytest.fixture(scope="session")
def newer(shared: Shared, older: Place) -> Place:
    """As `older`, with the newer release by the run `newer`."""

    def make(folder: Path) -> None:
        instances.succeed(instances.copy(older, folder).ingest("newer", NEWER.version))

    return Place(shared("newer", make), older.world)


@pytest.fixture(scope="session")
def versed(shared: Shared, newer: Place) -> Place:
    """An instance that holds the older release and knows the vocabulary of the newer one, which
    takes longer to make than all the rest.
    """

    def make(folder: Path) -> None:
        place = instances.copy(newer, folder)
        arguments = ("rollback", "--runs", str(place.root / "runs"), "--run", "newer", "--yes")
        instances.succeed(place.script("-m", "runners", *arguments))
        shutil.rmtree(place.root / "runs" / "newer")  # the tests' runs may be called so again

    return Place(shared("versed", make), newer.world)


@pytest.fixture(scope="session")
def unbroken(shared: Shared, versed: Place) -> Place:
    """As `newer`, from `versed`."""

    def make(folder: Path) -> None:
        instances.succeed(instances.copy(versed, folder).ingest("newer", NEWER.version))

    return Place(shared("unbroken", make), versed.world)


@pytest.fixture
def place(versed: Place, tmp_path: Path) -> Place:
    """A copy of `versed` of the test's own."""
    return instances.copy(versed, tmp_path / "place")


@pytest.fixture(scope="module")
def with_history(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    """An instance with a history on a PostgreSQL server of the module's own."""
    with postgres.server(tmp_path_factory.mktemp("server")) as server:
        root, address = tmp_path_factory.mktemp("place"), postgres.create(server, DATABASE)
        place = instances.make(root, world, "--db", address)
        instances.live_in(place)
        postgres.create(server, HISTORY, template=DATABASE)
        yield Remote(place, server)


@pytest.fixture
def remote(with_history: Remote) -> Remote:
    """As it was before the newer release."""
    with_history.begin_anew()
    return with_history

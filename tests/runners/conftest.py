"""One world for all tests of this folder, and instances to start from. No test may change them."""

from pathlib import Path

import instances
import pytest
from instances import REFERENCE, Place

from runners.sample import World, build
from runners.sample.datasets import NEWER, OLDER


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    told: list[str] = []
    made = build(tmp_path_factory.mktemp("sample") / "world", REFERENCE, told.append)
    assert told[0] == "sample world: 2020-01-15 h5ads 1/5"
    assert told[-1] == f"sample world: ready in {made.root}"
    return made


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory, world: World) -> Place:
    """An instance that holds nothing."""
    return instances.make(tmp_path_factory.mktemp("empty"), world)


@pytest.fixture(scope="session")
def older(tmp_path_factory: pytest.TempPathFactory, empty: Place) -> Place:
    """An instance that holds the older release, by the run `older`."""
    place = instances.copy(empty, tmp_path_factory.mktemp("older"))
    instances.succeed(place.ingest("older", OLDER.version))
    return place


@pytest.fixture(scope="session")
def newer(tmp_path_factory: pytest.TempPathFactory, older: Place) -> Place:
    """An instance that holds both releases, by the runs `older` and `newer`, verified."""
    place = instances.copy(older, tmp_path_factory.mktemp("newer"))
    instances.succeed(place.ingest("newer", NEWER.version))
    return place


@pytest.fixture
def place(older: Place, tmp_path: Path) -> Place:
    """An instance of the test's own, which holds the older release."""
    return instances.copy(older, tmp_path / "place")


@pytest.fixture(scope="session")
def versed(tmp_path_factory: pytest.TempPathFactory, older: Place) -> Place:
    """An instance that holds the older release and knows the vocabulary of the newer one, which
    takes longer to make than all the rest.
    """
    place = instances.copy(older, tmp_path_factory.mktemp("versed"))
    instances.succeed(place.ingest("versed", NEWER.version))
    arguments = ("rollback", "--runs", str(place.root / "runs"), "--run", "versed", "--yes")
    instances.succeed(place.script("-m", "runners", *arguments))
    return place


@pytest.fixture(scope="session")
def unbroken(tmp_path_factory: pytest.TempPathFactory, versed: Place) -> Place:
    """As `newer`, from `versed`."""
    place = instances.copy(versed, tmp_path_factory.mktemp("unbroken"))
    instances.succeed(place.ingest("newer", NEWER.version))
    return place

"""One world for all tests of this folder; no test may change it."""

import hashlib
from pathlib import Path

import pytest

from runners.sample import World, build
from runners.settings import from_environment

REFERENCE = from_environment().reference


def tree(folder: Path) -> dict[str, str]:
    """Every file below `folder` with its digest."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    told: list[str] = []
    made = build(tmp_path_factory.mktemp("sample") / "world", REFERENCE, told.append)
    assert told[0] == "sample world: 2020-01-15 h5ads 1/5"
    assert told[-1] == f"sample world: ready in {made.root}"
    return made

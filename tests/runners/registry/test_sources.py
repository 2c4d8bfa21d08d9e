"""An ingest beside bionty's own sources: whoever looks something up afterwards finds what was
found before.
"""

import json
from pathlib import Path
from typing import Any

import instances
import pytest
from instances import Place

LOOKUPS = Path(__file__).parents[1] / "lookups.py"


def lookups(place: Place, folder: Path) -> dict[str, Any]:
    """Look-up -> its answer, in a copy of the place."""
    place = instances.copy(place, folder)
    return dict(json.loads(instances.succeed(place.script(str(LOOKUPS))).stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def before(empty: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return lookups(empty, tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module")
def after(newer: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return lookups(newer, tmp_path_factory.mktemp("after"))


def test_public_look_ups_give_the_same_before_and_after_an_ingest(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert after == before


def test_they_found_something(before: dict[str, Any]) -> None:
    failed = {name: answer for name, answer in before.items() if "Error" in str(answer)}
    assert failed == {}

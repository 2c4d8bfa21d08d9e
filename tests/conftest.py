"""The order of the tests, so that the processes that run them seldom wait for each other."""

from collections import defaultdict
from pathlib import Path

import pytest

INSTANCES = {"empty", "older", "newer", "versed"}
RUNNERS = Path(__file__).parent / "runners"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First a file that makes the shared instances and, at its side, files that need none; then
    those that need one, which take longest; at the end what is short.
    """
    needs: dict[Path, set[str]] = defaultdict(set)
    for item in items:
        needs[item.path].update(getattr(item, "fixturenames", ()))
    first = next((path for path in needs if "newer" in needs[path]), None)

    def place(item: pytest.Item) -> int:
        if item.path == first:
            return 0
        if RUNNERS not in item.path.parents:
            return 1
        return 2 if INSTANCES & needs[item.path] else 3

    items.sort(key=place)

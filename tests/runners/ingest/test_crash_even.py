"""Killed at random moments and started again, an ingest ends with the rows of an unbroken one.

The even half of the seeds: two processes share them. Every fifth of them also makes the vocabulary.
"""

from pathlib import Path

import instances
import pytest
from crashes import SEEDS, crash_and_resume, is_as_unbroken, random_crash
from instances import Place

pytestmark = pytest.mark.prove


@pytest.mark.parametrize("seed", SEEDS[::2])
def test_a_run_killed_at_random_ends_with_the_rows_of_an_unbroken_one(
    older: Place, newer: Place, versed: Place, unbroken: Place, tmp_path: Path, seed: int
) -> None:
    base, expected = (older, newer) if seed % 5 == 0 else (versed, unbroken)
    place = instances.copy(base, tmp_path / "place")
    is_as_unbroken(crash_and_resume(random_crash(seed), place), expected)

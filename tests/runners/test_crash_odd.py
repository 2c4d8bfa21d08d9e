"""Killed at random moments and started again, an ingest ends with the rows of an unbroken one.

The odd half of the seeds: two processes share them.
"""

import pytest
from crashes import crash_and_resume, is_as_unbroken, random_crash
from instances import Place

pytestmark = pytest.mark.prove


@pytest.mark.parametrize("seed", range(1, 50, 2))
def test_a_run_killed_at_random_ends_with_the_rows_of_an_unbroken_one(
    place: Place, newer: Place, seed: int
) -> None:
    is_as_unbroken(crash_and_resume(random_crash(seed), place), newer)

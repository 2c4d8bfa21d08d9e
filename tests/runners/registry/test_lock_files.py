"""Who holds an instance among the runs of a folder, by a file; and which number a journal's next
transaction has.
"""

from pathlib import Path

import pytest

from runners.contract import ContractError, lock_name
from runners.registry.lock import hold_lock_file
from runners.registry.recorder import next_number
from runners.run.journal import COMMITTED, RECORDED, JournalLines


def test_who_holds_it_is_named_and_whoever_held_it_before_is_not(tmp_path: Path) -> None:
    with hold_lock_file("lab/demo", runs=tmp_path, run_id="a-run-with-a-long-name"):
        pass
    with hold_lock_file("lab/demo", runs=tmp_path, run_id="short"):
        for _ in range(2):  # whoever is refused leaves the name as it is
            with pytest.raises(ContractError) as refused:  # noqa: SIM117
                with hold_lock_file("lab/demo", runs=tmp_path, run_id="other"):
                    pytest.fail("two hold it")
            assert str(refused.value) == (
                "instance lab/demo: run short is writing to it; wait for its end."
            )
        assert (tmp_path / lock_name("lab/demo")).read_text() == "short"


def test_instances_and_folders_have_locks_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with (
        hold_lock_file("lab/demo", runs=tmp_path, run_id="a"),
        hold_lock_file("lab/other", runs=tmp_path, run_id="a"),
        hold_lock_file("lab/demo", runs=tmp_path / "other", run_id="a"),
    ):
        pass


def test_a_run_that_fails_lets_go(tmp_path: Path) -> None:
    with pytest.raises(KeyError), hold_lock_file("lab/demo", runs=tmp_path, run_id="a"):
        raise KeyError
    with hold_lock_file("lab/demo", runs=tmp_path, run_id="b"):
        pass


@pytest.mark.parametrize(
    ("numbers", "following"), [([], 1), ([1], 2), ([1, 2], 3), ([1, 3], 4), ([4, 2], 5)]
)
def test_the_next_number_is_above_all_also_where_some_are_lacking(
    numbers: list[int], following: int
) -> None:
    lines = [{"at": "t", "step": RECORDED, "number": number} for number in numbers]
    other = {"at": "t", "step": COMMITTED, "number": 99}
    assert next_number(JournalLines([*lines, other])) == following

"""The words for a rollback."""

import pytest

from runners.records.baseline import Difference
from runners.rollback.wording import SHOWN, RollbackResult, describe

DONE = RollbackResult(
    runs=("two", "one"),
    instance="anonymous/demo",
    deleted={"lamindb_artifact": 12, "bionty_artifacttissue": 30, "lamindb_collectionartifact": 4},
    restored={"lamindb_artifact": 5, "bionty_source": 2},
    stays={"lamindb_artifact": 6, "bionty_celltype": 20, "bionty_tissue": 5, "bionty_gene": 900},
    kept=("reference 3: others use it", "reference 5: others use it"),
    differing=(Difference("2020-01-15", "abc", "its links are others"),),
)


def test_what_was_done() -> None:
    lines = [
        "anonymous/demo: runs two, one",
        "takes back: 12 artifacts, 34 links",
        "gives their values back to: 5 artifacts, 2 sources",
        "stays, for all releases share it: 900 genes, 6 tables of sources, 25 terms",
        "stays: files in storage",
        "stays: reference 3: others use it",
        "stays: reference 5: others use it",
        "differs from the state before, by other hands:",
        "  2020-01-15 abc its links are others",
    ]
    end = "rolled back, and what the runs had touched found as it was before"
    assert describe(DONE, is_real=True) == [*lines, end]
    assert describe(DONE, is_real=False) == [*lines, "nothing was changed yet: say --yes to do it"]


def test_why_it_was_not_done_and_how_much_more() -> None:
    problems = tuple(f"artifact {n}: was changed since" for n in range(SHOWN + 3))
    lines = describe(RollbackResult(("one",), "anonymous/demo", problems=problems), is_real=True)
    assert lines[:3] == [
        "anonymous/demo: runs one",
        "can't be rolled back exactly, so nothing was changed:",
        "  artifact 0: was changed since",
    ]
    assert lines[-2:] == [f"  artifact {SHOWN - 1}: was changed since", "  and 3 more"]


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"bionty_cellline": 2, "bionty_tissue": 1}, "3 terms"),
        ({"bionty_artifacttissue": 2}, "2 links"),
        ({"bionty_tissue_parents": 2}, "2 links"),
        ({"lamindb_artifactreference": 2, "bionty_artifactgene": 3}, "5 links"),
        ({"lamindb_ulabel": 1, "bionty_gene": 4}, "4 genes, 1 labels"),
    ],
)
def test_a_table_without_a_name_of_its_own_holds_terms_or_links(
    tables: dict[str, int], told: str
) -> None:
    lines = describe(RollbackResult(("one",), "anonymous/demo", deleted=tables), is_real=True)
    assert lines[1] == f"takes back: {told}"


@pytest.mark.parametrize("more", [-1, 0, 1, 2])
def test_as_many_differences_are_shown_as_may_be_and_the_others_counted(more: int) -> None:
    differing = tuple(Difference("2020-01-15", f"{n}", "is gone") for n in range(SHOWN + more))
    lines = describe(RollbackResult(("one",), "anonymous/demo", differing=differing), is_real=True)
    shown = [line for line in lines if line.endswith("is gone")]
    assert len(shown) == min(SHOWN, SHOWN + more)
    assert [line for line in lines if line.startswith("  and ")] == (
        [f"  and {more} more"] if more > 0 else []
    )


@pytest.mark.parametrize("is_proved", [True, False])
@pytest.mark.parametrize("is_real", [True, False])
def test_what_is_claimed_at_the_end_is_no_more_than_is_known(
    is_real: bool, is_proved: bool
) -> None:
    lines = describe(RollbackResult(("one",), "a/b", is_proved=is_proved), is_real=is_real)
    assert any(line.startswith("nothing proves") for line in lines) is not is_proved
    assert lines[-1].startswith("rolled back, and what ") is is_real
    assert ("what the runs had touched found" in lines[-1]) is (is_real and is_proved)
    assert ("what their journals name found" in lines[-1]) is (is_real and not is_proved)

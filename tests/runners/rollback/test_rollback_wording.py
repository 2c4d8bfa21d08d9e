"""The words for a rollback."""

from runners.records.baseline import Difference
from runners.rollback.wording import SHOWN, RollbackResult, describe

DONE = RollbackResult(
    runs=("two", "one"),
    instance="anonymous/demo",
    deleted={"lamindb_artifact": 12, "bionty_artifacttissue": 30, "lamindb_collectionartifact": 4},
    restored={"lamindb_artifact": 5, "bionty_source": 2},
    stays={"lamindb_artifact": 6, "bionty_celltype": 20, "bionty_tissue": 5, "bionty_gene": 900},
    kept=("reference 3: others use it",),
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

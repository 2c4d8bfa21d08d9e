"""A release beside the one before, as a pull request's comment."""

import pytest

from bot.comments.comparison import comparison_comment
from runners.contract import (
    AssayChanges,
    CellChanges,
    ComparedAssay,
    ComparedDataset,
    DatasetChanges,
    GeneChanges,
    ReleaseComparison,
)

PATH = "runners/releases/2026-02-01.toml"


def dataset(name: str, title: str = "Title") -> ComparedDataset:
    return ComparedDataset(dataset_id=name, title=title, collection="Study", cells=1200)


def datasets(revised: tuple[ComparedDataset, ...] | None) -> DatasetChanges:
    return DatasetChanges(
        count=3,
        before=3,
        new=(dataset("d3"),),
        withdrawn=(dataset("d0", "Gone | @all"),),
        continued=2,
        revised=revised,
    )


WHOLE = ReleaseComparison(
    release="2026-02-01",
    previous="2025-11-08",
    datasets=datasets((dataset("d1"),)),
    cells=(CellChanges(organism="homo_sapiens", count=3600, before=3500),),
    genes=(
        GeneChanges(organism="homo_sapiens", count=2, before=3, gained=("E4",), lost=("E1", "E2")),
    ),
    assays=AssayChanges(
        gained=(ComparedAssay(ontology_id="EFO:1", name="10x 3' v4", cells=1),), lost=()
    ),
)


def test_all_that_is_known_is_told() -> None:
    assert comparison_comment({PATH: WHOLE}) == (
        "## Release 2026-02-01 against 2025-11-08\n\n"
        "**3 datasets** against 3: 1 new, 2 continue (1 of them revised), 1 withdrawn.\n\n"
        "| Organism | Cells | Before | Genes | Before | Gained | Lost |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| `homo_sapiens` | 3,600 | 3,500 | 2 | 3 | 1 | 2 |\n\n"
        "Assays gained: 10x 3' v4 (`EFO:1`, 1 cell). Assays lost: none.\n\n"
        "### 1 dataset withdrawn\n\n"
        "| Dataset | Collection | Cells |\n| --- | --- | ---: |\n"
        "| Gone \\| @\u200ball `d0` | Study | 1,200 |\n\n"
        "<details>\n<summary>1 dataset new</summary>\n\n"
        "| Dataset | Collection | Cells |\n| --- | --- | ---: |\n"
        "| Title `d3` | Study | 1,200 |\n\n</details>\n\n"
        "<details>\n<summary>1 dataset revised</summary>\n\n"
        "| Dataset | Collection | Cells |\n| --- | --- | ---: |\n"
        "| Title `d1` | Study | 1,200 |\n\n</details>\n\n"
        "**Next:** merge only if that is what you expect.\n\n"
        "By what the stores of both releases list; nothing was written."
    )


def test_what_is_not_known_is_not_told() -> None:
    some = WHOLE.model_copy(
        update={"datasets": datasets(None), "genes": None, "assays": None, "remarks": ("a #1",)}
    )
    told = comparison_comment({PATH: some})
    assert "1 new, 2 continue, 1 withdrawn." in told
    assert "revised" not in told
    assert "Assays" not in told
    assert "| Organism | Cells | Before |\n| --- | ---: | ---: |\n" in told
    assert "### To be known\n\n- a #\u200b1." in told
    nothing = ReleaseComparison(
        release="2026-02-01", previous="2025-11-08", remarks=("it is gone",)
    )
    assert comparison_comment({PATH: nothing}) == (
        "## Release 2026-02-01 against 2025-11-08\n\n### To be known\n\n- it is gone.\n\n"
        "**Next:** merge only if that is what you expect.\n\n"
        "By what the stores of both releases list; nothing was written."
    )


@pytest.mark.parametrize("title", ["Title", "long " * 40])
def test_a_release_of_many_datasets_fits(title: str) -> None:
    many = tuple(dataset(f"d{number}", title) for number in range(2000))
    changes = DatasetChanges(
        count=4000, before=4000, new=many, withdrawn=many, continued=2000, revised=many
    )
    told = comparison_comment({PATH: WHOLE.model_copy(update={"datasets": changes})})
    assert len(told) <= 65_000
    assert told.startswith("## Release 2026-02-01 against 2025-11-08\n\n**4,000 datasets** against")
    assert "more in `found`." in told

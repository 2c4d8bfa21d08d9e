"""A release beside the one before: what is told, and what is left untold because it wasn't seen."""

from collections.abc import Sequence
from pathlib import Path

import instances
import pandas as pd
import pytest
import stores
import tiledbsoma as soma
import tomli_w
from click.testing import CliRunner

from runners.census.comparison import compare, describe
from runners.cli.commands import main
from runners.contract import ComparedDataset, Manifest, ReleaseComparison
from runners.sample.datasets import NEWER, OLDER, RELEASES, of_release
from runners.sample.world import World

COUNTS = pd.DataFrame(
    {
        "soma_joinid": range(3),
        "organism": "Homo sapiens",
        "category": ["all", "assay", "assay"],
        "ontology_term_id": ["na", "EFO:1", "EFO:2"],
        "label": ["na", "one", "two"],
        "total_cell_count": [8, 8, 0],
    }
)


@pytest.fixture
def older_manifest(world: World) -> Manifest:
    return Manifest.from_file(world.manifests / f"{OLDER.version}.toml")


def of_store(path: Path, release: str = "2020-07-15") -> Manifest:
    return stores.manifest(path).model_copy(update={"release": release})


def previous(path: Path) -> Manifest:
    return of_store(path, "2020-01-15")


def counted(path: Path, layout: str = "2.4.0", rows: pd.DataFrame = COUNTS) -> Path:
    """A store with a table of cell counts."""
    stores.write(path, layout)
    with soma.open(str(path / "census_info"), "w") as info:
        stores.table(info, "summary_cell_counts", rows)
    return path


def ids(datasets: Sequence[ComparedDataset]) -> set[str]:
    return {dataset.dataset_id for dataset in datasets}


def test_the_samples_releases_differ_as_they_are_made_to(
    world: World, older_manifest: Manifest
) -> None:
    found = compare(instances.newer_manifest(world), older_manifest)
    newer, older = ({one.dataset_id: one for one in of_release(r)} for r in (NEWER, OLDER))
    both = newer.keys() & older.keys()
    changes = found.datasets
    assert changes is not None
    assert changes.revised is not None
    assert (changes.count, changes.before, changes.continued) == (12, 5, len(both))
    assert ids(changes.new) == newer.keys() - both
    assert ids(changes.withdrawn) == older.keys() - both
    assert ids(changes.revised) == {
        name for name in both if len({newer[name].versions[release] for release in RELEASES}) == 2
    }
    assert found.cells is not None
    assert sum(one.count for one in found.cells) == 2095
    assert [(one.organism, one.before > 0) for one in found.cells] == [
        ("homo_sapiens", True),
        ("macaca_mulatta", False),
        ("mus_musculus", True),
    ]
    assert found.genes is not None
    for genes in found.genes:
        assert genes.count - genes.before == len(genes.gained) - len(genes.lost)
    assert found.assays is not None
    assert [assay.name for assay in found.assays.gained] == ["Smart-seq2"]
    assert [assay.name for assay in found.assays.lost] == ["10x 5' v1"]
    assert found.remarks == ()


def test_a_release_beside_itself_has_neither_gained_nor_lost(tmp_path: Path) -> None:
    path = counted(tmp_path / "soma")
    found = compare(of_store(path), previous(path))
    assert found.datasets is not None
    assert (found.datasets.new, found.datasets.withdrawn, found.datasets.revised) == ((), (), ())
    assert found.assays is not None
    assert (found.assays.gained, found.assays.lost) == ((), ())
    assert "0 new, 2 continue, 0 of them revised, 0 withdrawn" in "\n".join(describe(found))


@pytest.mark.parametrize("layout", ["0.1.0", "1.0.0"])
@pytest.mark.parametrize("is_newer", [True, False])
def test_without_version_ids_nothing_is_told_of_revisions(
    tmp_path: Path, layout: str, is_newer: bool
) -> None:
    old, new = counted(tmp_path / "old", layout), counted(tmp_path / "new")
    now, before = (old, new) if is_newer else (new, old)
    found = compare(of_store(now), previous(before))
    assert found.datasets is not None
    assert (found.datasets.continued, found.datasets.revised) == (2, None)
    assert (found.cells is None, found.genes is None, found.assays is None) == (False,) * 3
    [remark] = found.remarks
    assert "which datasets were revised can't be told (" in remark
    assert "it has no dataset_version_id, which came with census schema 1.1.0)" in remark
    assert "revised, " not in "\n".join(list(describe(found))[:2])


def test_empty_version_ids_tell_nothing_of_revisions(tmp_path: Path) -> None:
    path = stores.write(tmp_path / "soma")
    rows = stores.datasets("2.4.0", stores.PATHS).assign(dataset_version_id=["", "v-2"])
    stores.drop(path, "census_info", "datasets")
    with soma.open(str(path / "census_info"), "w") as info:
        stores.table(info, "datasets_again", rows)
        info.set("datasets", info["datasets_again"])
    found = compare(of_store(path), previous(stores.write(tmp_path / "old")))
    assert found.datasets is not None
    assert found.datasets.revised is None
    assert any("dataset_version_id is empty in 1 of 2 rows" in one for one in found.remarks)


def test_a_store_without_its_tables_leaves_the_cells(tmp_path: Path) -> None:
    bare = stores.drop(stores.write(tmp_path / "bare"), "", "census_info")
    found = compare(of_store(stores.write(tmp_path / "whole")), previous(bare))
    assert (found.datasets, found.assays) == (None, None)
    assert found.cells is not None
    assert sum("has no table census_info/" in remark for remark in found.remarks) == 4


def test_the_two_parts_of_a_store_are_one_organism(tmp_path: Path) -> None:
    parts = ("census_data", "census_spatial_sequencing")
    both = stores.write(tmp_path / "both", parts=parts)
    found = compare(of_store(both), previous(stores.write(tmp_path / "one")))
    assert found.cells is not None
    assert [(one.count, one.before) for one in found.cells] == [(16, 8)]
    assert found.genes is not None
    assert [(one.gained, one.lost) for one in found.genes] == [((), ())]


def test_what_a_store_lacks_is_said_and_the_rest_compared(tmp_path: Path) -> None:
    uncounted = stores.write(tmp_path / "uncounted")
    no_assay = counted(tmp_path / "no-assay", rows=COUNTS[:1])
    found = compare(of_store(uncounted), previous(no_assay))
    assert found.assays is None
    assert found.datasets is not None
    first, second = found.remarks
    assert first.startswith("of 2020-07-15, which assays it has can't be told (")
    assert "has no table census_info/summary_cell_counts" in first
    assert second.startswith("of 2020-01-15, which assays it has can't be told (")
    assert "the table census_info/summary_cell_counts counts no assay)" in second


def test_genes_that_cannot_be_read_leave_the_cells(tmp_path: Path) -> None:
    broken = stores.write(tmp_path / "broken")
    stores.drop(broken, "census_data/homo_sapiens/ms/RNA", "var")
    found = compare(of_store(stores.write(tmp_path / "whole")), previous(broken))
    assert found.genes is None
    assert found.cells is not None
    assert any("2020-01-15, which genes it has can't be told (" in one for one in found.remarks)


def test_a_store_that_is_gone_leaves_what_the_manifests_say(tmp_path: Path) -> None:
    found = compare(of_store(counted(tmp_path / "soma")), previous(tmp_path / "gone"))
    assert (found.datasets, found.cells, found.genes, found.assays) == (None,) * 4
    [remark] = found.remarks
    assert remark.startswith(
        "the store of 2020-01-15 can't be read, so that nothing is compared with it ("
    )
    assert remark.endswith("2020-07-15 has 2 datasets and 2020-01-15 had 2")


def test_a_manifest_that_counts_otherwise_is_said(tmp_path: Path) -> None:
    path = counted(tmp_path / "soma")
    other = previous(path).model_copy(update={"dataset_count": 9})
    [remark] = compare(of_store(path), other).remarks
    assert remark == "the store of 2020-01-15 lists 2 datasets, its manifest says 9"


def test_a_first_release_says_so() -> None:
    first = of_store(Path("/never/read"))
    assert list(describe(compare(first, None))) == [
        "the manifest of 2020-07-15 names no previous release to compare with."
    ]


def test_the_command_prints_it_and_writes_it(empty: instances.Place, tmp_path: Path) -> None:
    written = tmp_path / "comparison.json"
    manifest = empty.repository / f"{NEWER.version}.toml"
    done = CliRunner().invoke(main, ["compare", str(manifest), "--json", str(written)])
    assert done.exit_code == 0, done.stderr
    comparison = ReleaseComparison.from_file(written)
    assert done.stdout.splitlines() == list(describe(comparison))
    assert "assays gained: Smart-seq2 (EFO:0008931)" in done.stdout


def test_a_release_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "2020-07-15.toml"
    file.write_text(tomli_w.dumps(of_store(tmp_path / "gone").to_mapping()))
    with_previous = of_store(tmp_path / "gone").model_copy(update={"previous": "2020-01-15"})
    done = CliRunner().invoke(main, ["compare", str(file)])
    assert (done.exit_code, done.stdout) == (
        0,
        "the manifest of 2020-07-15 names no previous release to compare with.\n",
    )
    file.write_text(tomli_w.dumps(with_previous.to_mapping()))
    done = CliRunner().invoke(main, ["compare", str(file)])
    assert done.exit_code == 2
    assert "field previous: there is no 2020-01-15.toml beside it; " in done.stderr
    beside = previous(stores.write(tmp_path / "old"))
    (tmp_path / "2020-01-15.toml").write_text(tomli_w.dumps(beside.to_mapping()))
    done = CliRunner().invoke(main, ["compare", str(file)])
    assert done.exit_code == 2
    assert "gone: its tables can't be read (" in done.stderr
    assert done.stderr.count("\n") == 1

"""The canary around its comparison: which datasets, cut how, and once per combination.

That the comparison catches a row stands in `test_equality.py`.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
import trials
from anndata import AnnData
from instances import REFERENCE, newer_manifest
from scipy import sparse

from runners import rules
from runners.census.store import location, read_datasets
from runners.contract import ContractError, Finding, Reason
from runners.registry import canary
from runners.registry.canary import subset
from runners.registry.canary.differences import SUPPORTED
from runners.registry.canary.scratch_instances import Trial
from runners.rules.reference import Reference
from runners.rules.vocabulary import Vocabulary
from runners.run.fingerprint import SOURCE, Fingerprint
from runners.sample.datasets import by_key
from runners.sample.vocabulary import HUMAN, MOUSE
from runners.sample.world import World
from runners.validation.validated import ValidatedDataset, read_and_validate

NOW = Fingerprint(lamindb="2.12.1", bionty="2.5.2", schema="7.0.0", rules="abc", code="def")


@pytest.fixture(scope="module")
def judged(world: World) -> Sequence[ValidatedDataset]:
    """The newer release's datasets, by dataset id."""
    manifest = newer_manifest(world)
    vocabulary = Vocabulary(Reference(rules.load("7.0.0"), REFERENCE))
    return [
        read_and_validate(d, location(manifest, d), vocabulary) for d in read_datasets(manifest)
    ]


def chosen(world: World, judged: Sequence[ValidatedDataset], keys: str) -> dict[str, str]:
    """Organism -> key of the dataset that is chosen of those, in their order."""
    by_id = {by_key(key).dataset_id: key for key in keys.split()}
    order = {dataset_id: number for number, dataset_id in enumerate(by_id)}
    own = sorted((j for j in judged if j.dataset.dataset_id in by_id),
                 key=lambda j: order[j.dataset.dataset_id])  # fmt: skip
    found = canary.choose(newer_manifest(world), own, SUPPORTED)
    return {one.taxon: by_id[one.dataset.dataset_id] for one in found}


def test_the_first_of_each_organism_is_chosen(
    world: World, judged: Sequence[ValidatedDataset]
) -> None:
    assert chosen(world, judged, "D09 D01 D06 D05") == {HUMAN: "D09", MOUSE: "D06"}


def test_what_the_curator_refuses_is_passed_over(
    world: World, judged: Sequence[ValidatedDataset]
) -> None:
    passed_over = "D02 D03 D08 D10 D07 D12"
    assert chosen(world, judged, f"{passed_over} D01 D05") == {HUMAN: "D01", MOUSE: "D05"}
    assert chosen(world, judged, passed_over) == {}


def test_what_is_invalid_is_passed_over(world: World, judged: Sequence[ValidatedDataset]) -> None:
    wrong = Finding(reason=Reason.GENE_UNKNOWN)
    invalid = [
        replace(dataset, validation=replace(dataset.validation, findings=(wrong,)))
        for dataset in judged
        if dataset.validation is not None
    ]
    assert chosen(world, invalid, "D01 D05") == {}


def test_a_cut_file_keeps_all_but_the_counts(world: World, tmp_path: Path) -> None:
    data = trials.of_sample(world, "D04")
    (file,) = subset.write_subsets(data, tmp_path, "D04")
    again = trials.read(file)
    assert file.name == "D04-500.h5ad"
    assert again.X.nnz == 0
    assert again.obs.astype(object).equals(data.obs.astype(object))
    assert again.var.equals(data.var)
    assert again.uns == data.uns


def test_a_cut_file_keeps_a_dictionary_of_uns_without_its_arrays(
    world: World, tmp_path: Path
) -> None:
    data = trials.of_sample(world, "D04")
    images = {"hires": np.zeros((40, 40, 3), np.uint8)}
    data.uns["spatial"] = {"is_single": True, "library": {"images": images}}
    data.uns["publisher_extra"] = {"a": "b"}
    data.write_h5ad(tmp_path / "whole.h5ad")
    (file,) = subset.write_subsets(trials.read(tmp_path / "whole.h5ad"), tmp_path, "D04")
    again = trials.read(file)
    assert again.uns["spatial"] == {"is_single": True, "library": {"images": {}}}
    assert "publisher_extra" not in again.uns


def test_a_cut_file_has_a_category_that_no_cell_uses_in_every_categorical_column(
    world: World, tmp_path: Path
) -> None:
    data = trials.of_sample(world, "D01")
    (file,) = subset.write_subsets(data, tmp_path, "D01")
    before, after = (d.obs.select_dtypes("category") for d in (data, trials.read(file)))
    assert [*before] == [*after]
    assert len([*before]) > 10
    for name in before:
        assert {*after[name].cat.categories} == {*before[name].cat.categories, subset.UNUSED}


TEXTS = pd.Index(pd.array(["a", "b"], dtype="string"))


@pytest.mark.parametrize(
    ("categories", "is_text"),
    [
        (["a", "b"], True),
        (TEXTS, True),  # as pandas 3 writes them
        ([1, 2], False),
        ([0.5, 1.5], False),
        ([False, True], False),
    ],
    ids=["texts", "nullable texts", "numbers", "fractions", "flags"],
)
def test_categories_of_any_type_that_a_file_may_have_are_kept(
    tmp_path: Path, categories: Any, is_text: bool
) -> None:
    cells = pd.Index(pd.array(["x", "y", "z"], dtype="string"))
    obs = pd.DataFrame({"cluster": pd.Categorical.from_codes([1, 0, 1], categories)}, index=cells)
    var = pd.DataFrame({"name": pd.array(["p", None], dtype="string")}, index=TEXTS)
    data = AnnData(sparse.csr_matrix((3, 2), dtype="float32"), obs=obs, var=var)
    with anndata.settings.override(allow_write_nullable_strings=True):
        data.write_h5ad(tmp_path / "whole.h5ad")
    (file,) = subset.write_subsets(trials.read(tmp_path / "whole.h5ad"), tmp_path, "cut")
    again = trials.read(file)
    assert list(again.obs["cluster"]) == list(obs["cluster"])
    added = [subset.UNUSED] if is_text else []
    assert list(again.obs["cluster"].cat.categories) == [*categories, *added]
    assert [*again.obs_names, *again.var_names] == [*cells, *TEXTS]


def test_of_many_genes_two_files_are_made_on_either_side_of_lamindbs_limit(
    world: World, tmp_path: Path
) -> None:
    data = trials.of_sample(world, "D01")
    genes = [f"ENSG{number:011}" for number in range(1500)]
    files = subset.write_subsets(trials.with_genes(data, genes), tmp_path, "D01")
    assert [file.name for file in files] == ["D01-1000.h5ad", "D01-1001.h5ad"]
    assert [list(trials.read(file).var_names) for file in files] == [
        genes[:1000],
        genes[:1001],
    ]


def test_both_sides_are_given_the_same_files_where_a_release_would_have_them(
    world: World, judged: Sequence[ValidatedDataset], tmp_path: Path
) -> None:
    manifest = newer_manifest(world)
    specimens = canary.choose(manifest, judged, [MOUSE])
    trial = canary.trial_of(manifest, specimens, reference=REFERENCE, folder=tmp_path)
    (dataset,) = trial.datasets
    name = f"{specimens[0].dataset.dataset_id}-{specimens[0].data.n_vars}"
    assert dataset == replace(specimens[0].dataset, dataset_id=name, path=f"{name}.h5ad")
    assert trial.taxa == {dataset.dataset_id: MOUSE}
    address = location(trial.manifest, dataset)
    assert address == str(tmp_path / "cell-census" / "2020-07-15" / "h5ads" / dataset.path)
    assert Path(address).exists()


def test_a_marker_is_of_one_organism_and_one_combination(tmp_path: Path) -> None:
    folder = tmp_path / "markers"
    canary.mark(folder, "human", NOW, "some-dataset")
    assert canary.is_marked(folder, "human", NOW)
    assert not canary.is_marked(folder, "mouse", NOW)
    for field in vars(NOW):
        assert not canary.is_marked(folder, "human", replace(NOW, **{field: "other"})), field


def test_a_marker_says_what_was_compared(tmp_path: Path) -> None:
    canary.mark(tmp_path, "human", NOW, "some-dataset")
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text()) == {
        "organism": "human",
        "dataset_id": "some-dataset",
        **vars(NOW),
    }


def test_another_rule_or_another_line_of_code_is_another_combination(tmp_path: Path) -> None:
    copy = tmp_path / "runners"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = Fingerprint.of("7.0.0", copy)
    assert before == Fingerprint.of("7.0.0")
    assert before.lamindb == version("lamindb")
    with (copy / "rules" / "7.0.0.json").open("a") as file:
        file.write(" ")
    after = Fingerprint.of("7.0.0", copy)
    assert after == replace(before, rules=after.rules) != before
    (copy / "registry" / "annotations.py").write_text("")
    last = Fingerprint.of("7.0.0", copy)
    assert last == replace(after, code=last.code) != after


def compare_once(world: World, judged: Iterable[ValidatedDataset], markers: Path) -> None:
    scratch = markers.with_name("scratch")
    canary.compare_once(
        newer_manifest(world), judged, reference=REFERENCE, scratch=scratch, markers=markers
    )
    assert not scratch.exists()


def test_done_before_it_is_said_and_no_dataset_is_looked_at(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    combination = Fingerprint.of("7.0.0")
    for organism in ("human", "mouse"):
        canary.mark(tmp_path / "markers", organism, combination, "some-dataset")
    compare_once(world, (pytest.fail("was looked at") for _ in range(1)), tmp_path / "markers")
    assert capsys.readouterr().err.splitlines() == [
        "2020-07-15: canary: LaminDB's curator can't do Macaca mulatta: not compared",
        f"2020-07-15: canary: done before with {combination}",
    ]


def test_organisms_without_a_dataset_that_the_curator_can_do_are_named_and_left_open(
    world: World,
    judged: Sequence[ValidatedDataset],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    refused = [
        dataset for dataset in judged if dataset.dataset.dataset_id == by_key("D02").dataset_id
    ]
    compare_once(world, refused, tmp_path / "markers")
    assert capsys.readouterr().err.splitlines()[1:] == [
        "2020-07-15: canary: no dataset of human, mouse that LaminDB's curator can do: not compared"
    ]
    assert not (tmp_path / "markers").exists()


def test_an_organism_whose_rows_differ_is_compared_again_the_next_time(
    world: World,
    judged: Sequence[ValidatedDataset],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Or else the next attempt would write the release."""
    own, compared = [j for j in judged if j.dataset.dataset_id == by_key("D05").dataset_id], []

    def differs(trial: Trial) -> None:
        compared.append(trial.folder.name)
        if len(compared) < 3:
            raise ContractError("canary: a row")

    monkeypatch.setattr(canary, "compare", differs)
    place = {"reference": REFERENCE, "markers": tmp_path / "markers"}
    for scratch in ("1", "2", "3", "4"):
        with nullcontext() if scratch in "34" else pytest.raises(ContractError, match="a row"):
            canary.compare_once(newer_manifest(world), own, scratch=tmp_path / scratch, **place)
    assert compared == ["1", "2", "3"]
    equal = [line for line in capsys.readouterr().err.splitlines() if "all rows equal" in line]
    assert len(equal) == 1

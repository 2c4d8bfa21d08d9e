"""The files hold what the table of datasets says, in terms of the pinned ontologies."""

from collections.abc import Iterator

import anndata
import pandas as pd
import pytest

from runners import rules
from runners.rules.reference import Reference, Term
from runners.sample.curated import strip_labels
from runners.sample.datasets import DATASETS, NEWER, OLDER, RELEASES, Release, by_key, of_release
from runners.sample.files import LABELS
from runners.sample.vocabulary import SPECIAL
from runners.sample.world import World, WorldRelease

from .conftest import REFERENCE

ONTOLOGY = {"AfPO": "HANCESTRO"}


def place(world: World, release: Release) -> WorldRelease:
    return world.newer if release == NEWER else world.older


def h5ad(world: World, key: str, release: Release = NEWER) -> anndata.AnnData:
    path = place(world, release).h5ads / f"{by_key(key).dataset_id}.h5ad"
    return anndata.read_h5ad(path)


def used(adata: anndata.AnnData, column: str) -> set[str]:
    return set(adata.obs[column])


@pytest.fixture(scope="session")
def references() -> dict[Release, Reference]:
    return {
        release: Reference(rules.load(release.dataset_schema_version), REFERENCE)
        for release in RELEASES
    }


def test_each_release_holds_one_file_for_each_of_its_datasets(world: World) -> None:
    for release in RELEASES:
        files = {path.name for path in place(world, release).h5ads.iterdir()}
        assert files == {f"{dataset.dataset_id}.h5ad" for dataset in of_release(release)}


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.version)
def test_labels_are_those_of_the_pinned_ontologies(
    world: World, references: dict[Release, Reference], release: Release
) -> None:
    for dataset in of_release(release):
        if dataset.key == "D12":
            continue
        adata = h5ad(world, dataset.key, release)
        terms = [(term_id, label) for term_id, label in pairs(adata.obs) if term_id not in SPECIAL]
        found = {term_id: lookup(references[release], term_id) for term_id, _ in terms}
        assert {term_id: found[term_id].label for term_id, _ in terms} == dict(terms)
        deprecated = {term_id for term_id, term in found.items() if term.deprecated}
        assert deprecated == set(dataset.noted)


def pairs(obs: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Each term id with its label, also of categories that no cell uses."""
    for column in LABELS:
        ids = obs[f"{column}_ontology_term_id"]
        seen = obs.assign(ids=ids)[["ids", column]].drop_duplicates().astype(str)
        for joined, label in seen.itertuples(index=False):
            yield from zip(joined.split(" || "), label.split(" || "), strict=True)


def lookup(reference: Reference, term_id: str) -> Term:
    prefix = term_id.replace("_", ":").split(":")[0]
    return reference.terms(ONTOLOGY.get(prefix, prefix))[term_id]


def test_values_that_join_several_terms_are_sorted(world: World) -> None:
    joined = used(h5ad(world, "D02"), "disease_ontology_term_id")
    joined |= used(h5ad(world, "D03"), "self_reported_ethnicity_ontology_term_id")
    several = [value.split(" || ") for value in joined if " || " in value]
    assert len(several) == 4
    assert several == [sorted(set(terms)) for terms in several]


def test_unchanged_dataset_is_the_same_file(world: World) -> None:
    name = f"{by_key('D01').dataset_id}.h5ad"
    assert (world.older.h5ads / name).read_bytes() == (world.newer.h5ads / name).read_bytes()


def test_revised_datasets_differ(world: World) -> None:
    for dataset in DATASETS:
        if set(dataset.versions.values()) == {1, 2}:
            assert dataset.version_id(OLDER) != dataset.version_id(NEWER)
            old, new = h5ad(world, dataset.key, OLDER), h5ad(world, dataset.key, NEWER)
            assert old.n_obs < new.n_obs


def test_unknown_values_and_unused_categories(world: World) -> None:
    adata = h5ad(world, "D04")
    for column in ("cell_type", "development_stage", "self_reported_ethnicity", "sex"):
        assert "unknown" in used(adata, column)
    assert "CL:0000540" in adata.obs["cell_type_ontology_term_id"].cat.categories
    assert "CL:0000540" not in used(adata, "cell_type_ontology_term_id")


def test_third_organism(world: World) -> None:
    adata = h5ad(world, "D07")
    assert adata.uns["organism_ontology_term_id"] == "NCBITaxon:9544"
    assert all(gene.startswith("ENSMMUG") for gene in adata.var_names)
    stages = used(adata, "development_stage_ontology_term_id")
    assert all(stage.startswith("UBERON:") for stage in stages)


def test_cell_line_has_na_elsewhere(world: World) -> None:
    obs = h5ad(world, "D08").obs
    lines = obs[obs["tissue_type"] == "cell line"]
    assert set(lines["tissue_ontology_term_id"]) == {"CVCL_0004", "CVCL_0023"}
    for column in ("cell_type", "development_stage", "donor_id", "self_reported_ethnicity", "sex"):
        assert set(lines[column]) == {"na"}


def test_cell_culture_was_renamed_between_the_schemas(world: World) -> None:
    old, new = h5ad(world, "D09", OLDER), h5ad(world, "D09", NEWER)
    assert used(old, "tissue_type") == {"cell culture", "tissue"}
    assert used(new, "tissue_type") == {"primary cell culture", "tissue"}
    assert used(new, "tissue_ontology_term_id") == {"CL:0000057", "CL:0000312", "UBERON:0002097"}


def test_spike_ins(world: World) -> None:
    var = h5ad(world, "D10").var
    ercc = var[var["feature_biotype"] == "spike-in"]
    assert len(ercc) == 20
    assert all(name.startswith("ERCC-") for name in ercc.index)


def test_broken_file_cannot_be_opened(world: World) -> None:
    with pytest.raises(OSError, match="truncated file"):
        h5ad(world, "D12")


def test_matrices_are_as_discover_publishes_them(world: World) -> None:
    adata = h5ad(world, "D05")
    counts = adata.raw.X
    assert counts.dtype == adata.X.dtype == "float32"
    assert (counts.data == counts.data.astype(int)).all()
    assert counts.sum(axis=1).min() > 0
    assert adata.X[:, adata.var["feature_is_filtered"].to_numpy()].nnz == 0
    assert "feature_is_filtered" not in adata.raw.var
    assert adata.obsm["X_umap"].shape == (adata.n_obs, 2)
    assert set(adata.uns) == {
        "citation",
        "default_embedding",
        "organism",
        "organism_ontology_term_id",
        "schema_reference",
        "schema_version",
        "title",
    }


def test_curated_form_has_no_labels(world: World) -> None:
    curated = strip_labels(h5ad(world, "D06"))
    assert not set(LABELS) & set(curated.obs)
    assert list(curated.var) == ["feature_is_filtered"]
    assert not list(curated.raw.var)
    assert set(curated.uns) == {"default_embedding", "organism_ontology_term_id", "title"}

"""A release of a dataset schema with columns that LaminDB's module doesn't know, on top of the two
before it: what becomes of its datasets, and what they are annotated by. No code knows the columns.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import instances
import pandas as pd
import pytest
import tomli_w
from instances import REFERENCE, Place, succeed

from runners import rules
from runners.contract import (
    AcceptedException,
    Action,
    Manifest,
    Outcome,
    Reason,
    Status,
    Storage,
    Verdict,
)
from runners.sample import add_latest, files, store
from runners.sample.datasets import LATEST, NEWER, Dataset, Release, by_key, of_release
from runners.sample.files import Genes
from runners.sample.world import Latest

pytestmark = pytest.mark.prove

CONDITION = "experimental_condition_ontology_term_id"
STRATEGY = "genetic_perturbation_strategy"
BY_KEY = {dataset.key: dataset for dataset in of_release(LATEST)}
FORBIDDEN = BY_KEY["C05"]


@pytest.fixture(scope="session")
def latest(shared: Callable[[str, Callable[[Path], object]], Path], unbroken: Place) -> Latest:
    root = shared("latest", lambda folder: add_latest(unbroken.world, folder, REFERENCE))
    return add_latest(unbroken.world, root, REFERENCE)


def manifest(latest: Latest, **fields: Any) -> Manifest:
    place = latest.release
    usual: dict[str, Any] = {
        "release": LATEST.version,
        "previous": NEWER.version,
        "census_schema_version": LATEST.census_schema_version,
        "dataset_schema_version": LATEST.dataset_schema_version,
        "dataset_count": len(BY_KEY),
        "storage": Storage(soma=str(place.soma), h5ads=str(place.h5ads)),
        "organisms": ("Homo sapiens", "Mus musculus"),
    }
    return Manifest(**{**usual, **fields})


@pytest.fixture(scope="module")
def place(latest: Latest, unbroken: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An instance that holds all three releases."""
    place = instances.copy(unbroken, tmp_path_factory.mktemp("next") / "place")
    put(place, manifest(latest))
    succeed(place.ingest("latest", LATEST.version))
    return place


def put(place: Place, wanted: Manifest) -> None:
    path = place.repository / f"{wanted.release}.toml"
    path.write_text(tomli_w.dumps(wanted.to_mapping()))


def query(place: Place, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(place.database)) as connection:
        return connection.execute(statement, parameters).fetchall()


LABELS = """
    select u.name, t.name, u.description from lamindb_artifactulabel l
    join lamindb_ulabel u on u.id = l.ulabel_id
    left join lamindb_ulabel t on t.id = u.type_id
    join lamindb_feature f on f.id = l.feature_id
    join lamindb_artifact a on a.id = l.artifact_id
    where a.key = ? and f.name = ?"""


def key(dataset: Dataset) -> str:
    return f"cell-census/{LATEST.version}/h5ads/{dataset.dataset_id}.h5ad"


def test_each_dataset_ends_as_it_is_made_to(place: Place) -> None:
    written = place.journal("latest").datasets("written")
    ended = {name: Outcome(written[d.dataset_id]["outcome"]) for name, d in BY_KEY.items()}
    assert ended == {name: dataset.outcome for name, dataset in BY_KEY.items()}
    (reason,) = written[FORBIDDEN.dataset_id]["reasons"]
    assert (reason["reason"], reason["column"]) == (Reason.TERM_NOT_ALLOWED, CONDITION)
    assert reason["values"] == ["CHEBI:24431"]


def test_conditions_are_annotated_by_the_registries_that_have_them(place: Place) -> None:
    conditions = BY_KEY["C01"]
    factors = query(
        place,
        """select t.ontology_id from bionty_artifactexperimentalfactor l
        join bionty_experimentalfactor t on t.id = l.experimentalfactor_id
        join lamindb_feature f on f.id = l.feature_id
        join lamindb_artifact a on a.id = l.artifact_id where a.key = ? and f.name = ?""",
        key(conditions),
        CONDITION,
    )
    assert {term for (term,) in factors} == {"EFO:0002757", "EFO:0001702"}
    proteins = query(
        place,
        """select p.uniprotkb_id, p.name, o.ontology_id from bionty_artifactprotein l
        join bionty_protein p on p.id = l.protein_id
        join bionty_organism o on o.id = p.organism_id
        join lamindb_artifact a on a.id = l.artifact_id where a.key = ?""",
        key(conditions),
    )
    assert proteins == [("P05112", "IL4_HUMAN", "NCBITaxon:9606")]
    labels = {(name, said) for name, _, said in query(place, LABELS, key(conditions), CONDITION)}
    assert labels == {
        ("na", "From CellxGene schema."),
        ("CHEBI:16412", "lipopolysaccharide"),
        ("CHEBI:41774", "tamoxifen"),
        ("anti-uniprot:Q99467", "anti-CD180_HUMAN"),
    }


def test_an_enumeration_becomes_labels_of_a_type_of_its_own(place: Place) -> None:
    labels = query(place, LABELS, key(BY_KEY["C02"]), STRATEGY)
    assert {name for name, _, _ in labels} == {
        "no perturbations",
        "CRISPR knockout screen",
        "CRISPR interference screen",
        "control",
    }
    assert {kind for _, kind, _ in labels} == {"GeneticPerturbationStrategy"}


def test_a_dataset_before_its_analysis_is_whole_without_cell_types(place: Place) -> None:
    statement = """select s.slot from lamindb_artifactschema s
        join lamindb_artifact a on a.id = s.artifact_id where a.key = ?"""
    slots = query(place, statement, key(BY_KEY["C03"]))
    assert {slot for (slot,) in slots} == {"obs", "uns", "var"}


def test_columns_that_some_datasets_lack_are_optional_in_the_schema(place: Place) -> None:
    statement = """select distinct s.name, s.n_members from lamindb_artifactschema l
        join lamindb_schema s on s.id = l.schema_id
        join lamindb_artifact a on a.id = l.artifact_id
        where a.version_tag = ? and l.slot = 'obs'"""
    ((earlier, count),) = query(place, statement, NEWER.version)
    ((name, more),) = query(place, statement, LATEST.version)
    assert earlier == "obs of CELLxGENE of ontology_id"
    assert name.startswith(f"{earlier} (")
    assert more == count + 2
    ((settings,),) = query(place, "select _aux from lamindb_schema where name = ?", name)
    optional = json.loads(settings)["af"]["1"]  # as LaminDB's SchemaOptionals keeps them
    features = query(place, "select uid, name from lamindb_feature where type_id is null")
    assert {feature for uid, feature in features if uid in optional} == {
        "cell_type_ontology_term_id",
        CONDITION,
        STRATEGY,
    }


def test_sources_are_at_the_documents_pins(place: Place) -> None:
    statement = """select name, version from bionty_source
        where entity in ('bionty.Protein', 'bionty.CellType', 'bionty.Disease')"""
    there = set(query(place, statement))
    assert {("uniprot", "2025-10-08"), ("cl", "2025-07-30"), ("mondo", "2025-09-02")} <= there
    assert rules.load("7.1.0").ontologies["uniprot"].pin == "08-Oct-2025 2025_04"


def test_it_is_verified_where_the_forbidden_term_is_accepted(place: Place, latest: Latest) -> None:
    accepted = AcceptedException(
        dataset_id=FORBIDDEN.dataset_id, reason=Reason.TERM_NOT_ALLOWED, until=date(2100, 1, 1)
    )
    put(place, manifest(latest, accepted=(accepted,)))
    request = place.request("verify-latest", LATEST.version, action=Action.VERIFY)
    succeed(place.run("verify", request))
    report = place.report("verify-latest")
    failed = {c.name: c for c in report.checks if c.status is not Status.PASSED}
    assert {name for name, c in failed.items() if c.status is Status.FAILED} == set(), failed
    assert report.verdict is Verdict.PASSED


def test_without_its_run_a_column_that_may_be_absent_isn_t_asked_for(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own = instances.copy(place, tmp_path_factory.mktemp("other") / "place")
    (own.root / "runs" / "latest" / "journal.jsonl").unlink()
    request = own.request("verify-alone", LATEST.version, action=Action.VERIFY)
    own.run("verify", request)
    (required,) = (c for c in own.report("verify-alone").checks if c.name == "annotations")
    assert [o.dataset_id for o in required.offenders] == [FORBIDDEN.dataset_id]


def test_a_cell_type_that_was_lost_is_missed(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own = instances.copy(place, tmp_path_factory.mktemp("lost") / "place")
    with closing(sqlite3.connect(own.database)) as connection:
        statement = """delete from bionty_artifactcelltype where artifact_id =
            (select id from lamindb_artifact where key = ?)"""
        connection.execute(statement, (key(BY_KEY["C01"]),))
        connection.commit()
    request = own.request("verify-lost", LATEST.version, action=Action.VERIFY)
    own.run("verify", request)
    (required,) = (c for c in own.report("verify-lost").checks if c.name == "annotations")
    assert [(o.dataset_id, o.detail) for o in required.offenders] == [
        (BY_KEY["C01"].dataset_id, "without cell_type_ontology_term_id")
    ]


EARLIER = Release("2019-07-15", "2.1.0", "5.3.0")


def of_earlier_schema(folder: Path) -> Dataset:
    """A release of a dataset schema in which the organism stands in obs, with one dataset."""
    dataset = replace(by_key("D01"), versions={EARLIER: 1})
    data = files.make(dataset, EARLIER, Genes(REFERENCE))
    for name in ("organism", "organism_ontology_term_id"):
        data.obs[name] = pd.Categorical([data.uns.pop(name)] * data.n_obs)
    h5ads = folder / "cell-census" / EARLIER.version / "h5ads"
    h5ads.mkdir(parents=True)
    files.write(data, h5ads / f"{dataset.dataset_id}.h5ad")
    store.write({dataset: data}, EARLIER, h5ads.with_name("soma"))
    return dataset


def test_a_schema_with_the_organism_in_obs_is_registered_and_verified(
    empty: Place, tmp_path: Path
) -> None:
    dataset = of_earlier_schema(tmp_path)
    place = instances.copy(empty, tmp_path / "place")
    lies = tmp_path / "cell-census" / EARLIER.version
    wanted = Manifest(
        release=EARLIER.version,
        census_schema_version=EARLIER.census_schema_version,
        dataset_schema_version=EARLIER.dataset_schema_version,
        dataset_count=1,
        storage=Storage(soma=str(lies / "soma"), h5ads=str(lies / "h5ads")),
        organisms=("Homo sapiens",),
    )
    put(place, wanted)
    succeed(place.ingest("earlier", EARLIER.version))
    succeed(place.run("verify", place.request("verify", EARLIER.version, action=Action.VERIFY)))
    assert place.report("verify").verdict is Verdict.PASSED
    statement = """select l.slot, s.name from lamindb_artifactschema l
        join lamindb_schema s on s.id = l.schema_id
        join lamindb_artifact a on a.id = l.artifact_id where a.key like ?"""
    slots = dict(query(place, statement, f"%{dataset.dataset_id}.h5ad"))
    assert slots.keys() == {"obs", "var"}
    assert slots["obs"] != "obs of CELLxGENE of ontology_id"
    statement = """select o.ontology_id from bionty_artifactorganism l
        join bionty_organism o on o.id = l.organism_id"""
    assert query(place, statement) == [("NCBITaxon:9606",)]


def test_the_smoke_test_compares_what_lamindb_knows_and_names_the_rest(
    place: Place, tmp_path: Path
) -> None:
    own = Place(place.root, place.world, (("CANARY", str(tmp_path / "markers")),))
    request = own.request("smoke", LATEST.version)
    done = succeed(own.script("-m", "runners", *own.arguments("ingest", request), "--smoke"))
    said = f"{LATEST.version}: canary: "
    unknown = f"{CONDITION}, {STRATEGY}"
    assert f"{said}LaminDB's curator doesn't know {unknown}: not compared" in done.stderr
    assert f"{said}human: all rows equal the curator's for " in done.stderr
    assert f"{said}mouse: all rows equal the curator's for " in done.stderr

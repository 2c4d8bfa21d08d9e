"""The course of a canary, without a file and an instance: what is compared of a release, in which
order, and what stops it.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from runners import rules
from runners.census.store import CensusDataset
from runners.contract import ContractError, Finding, Manifest, Reason, Storage
from runners.contract.rules import ORGANISM
from runners.registry import canary
from runners.registry.canary import scratch_instances, subset
from runners.registry.canary.differences import (
    ABSENT,
    SEVERAL,
    SEVERAL_GENOMES,
    UNDECLARED,
    UNSAVED,
    Refusal,
    known_to_lamindb,
    refusals,
)
from runners.registry.canary.scratch_instances import Trial
from runners.run.fingerprint import Fingerprint
from runners.validation.validate import Annotation, Validation
from runners.validation.validated import ValidatedDataset

RULES = rules.load("7.0.0")
VERSIONS = Fingerprint.of("7.0.0")
HUMAN, MOUSE, MACAQUE = "NCBITaxon:9606", "NCBITaxon:10090", "NCBITaxon:9544"
WRONG = Finding(reason=Reason.GENE_UNKNOWN)
MANIFEST = Manifest(
    release="2020-07-15",
    census_schema_version="2.4.0",
    dataset_schema_version="7.0.0",
    dataset_count=7,
    storage=Storage(soma="/never/read/soma", h5ads="/never/read/h5ads"),
    organisms=("Homo sapiens", "Mus musculus", "Macaca mulatta"),
)


def dataset(name: str, taxon: str, *findings: Finding, disease: str = "X:1") -> ValidatedDataset:
    annotations = (
        Annotation("disease_ontology_term_id", "Disease", disease, "MONDO"),
        Annotation(ORGANISM, "Organism", taxon, "NCBITaxon"),
    )
    own = CensusDataset(name, "v", "T", f"{disease}.h5ad", "c", "C", "", 1)
    return ValidatedDataset(own, Validation(findings, (), annotations, {}))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of what is read, each of which has the disease that its name says."""
    asked: list[str] = []

    def read_subset(address: str, _: object) -> AnnData:
        asked.append(address)
        obs = pd.DataFrame({"disease_ontology_term_id": [Path(address).stem]}, index=["cell"])
        return AnnData(np.zeros((1, 1), "float32"), obs=obs)

    monkeypatch.setattr(subset, "read_subset", read_subset)
    return asked


def until(*judged: ValidatedDataset) -> Iterator[ValidatedDataset]:
    yield from judged
    pytest.fail("more was looked at")


def test_of_each_organism_the_first_that_can_be_done_is_chosen_and_no_more_are_looked_at(
    read: list[str],
) -> None:
    unread = ValidatedDataset(CensusDataset("unread", "v", "T", "p", "c", "C", "", 1), None)
    judged = until(
        unread,
        dataset("invalid", HUMAN, WRONG),
        dataset("macaque", MACAQUE),
        dataset("several", HUMAN, disease="X:1 || X:2"),
        dataset("first", HUMAN, disease="X:3"),
        dataset("second", HUMAN, disease="X:4"),
        dataset("mouse", MOUSE, disease="X:5"),
    )
    chosen = canary.choose(MANIFEST, judged, [HUMAN, MOUSE])
    assert [(one.taxon, one.dataset.dataset_id) for one in chosen] == [
        (HUMAN, "first"),
        (MOUSE, "mouse"),
    ]
    assert [Path(address).stem for address in read] == ["X:1 || X:2", "X:3", "X:5"]


@pytest.mark.usefixtures("read")
def test_only_organisms_that_were_not_compared_before_are_and_are_noted_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    markers, compared = tmp_path / "markers", list[Trial]()
    canary.mark(markers, "human", VERSIONS, "before")
    monkeypatch.setattr(canary, "compare", compared.append)
    monkeypatch.setattr(subset, "write_subsets", lambda *words: [words[1] / f"{words[2]}.h5ad"])
    judged = until(dataset("human", HUMAN), dataset("mouse", MOUSE))
    place = {"reference": tmp_path, "scratch": tmp_path / "scratch", "markers": markers}
    canary.compare_once(MANIFEST, judged, **place)
    (trial,) = compared
    assert trial.taxa == {"mouse": MOUSE}
    assert canary.is_marked(markers, "mouse", VERSIONS)
    said = [
        line.removeprefix("2020-07-15: canary: ") for line in capsys.readouterr().err.splitlines()
    ]
    assert said == [
        "LaminDB's curator can't do Macaca mulatta: not compared",
        "mouse: all rows equal the curator's for mouse",
    ]


@pytest.mark.parametrize(
    ("organisms", "chosen"),
    [
        (("Homo sapiens",), {"human"}),
        (("Mus musculus", "Macaca mulatta"), {"mouse"}),
        ((), {"human", "mouse"}),  # a manifest needn't name any
        (("Macaca mulatta",), set()),
    ],
)
@pytest.mark.usefixtures("read")
def test_what_is_compared_is_of_the_release_s_organisms(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    organisms: Sequence[str],
    chosen: set[str],
) -> None:
    markers = tmp_path / "markers"
    monkeypatch.setattr(canary, "compare", lambda trial: None)
    monkeypatch.setattr(subset, "write_subsets", lambda *words: [words[1] / f"{words[2]}.h5ad"])
    judged = [dataset("human", HUMAN), dataset("mouse", MOUSE), dataset("macaque", MACAQUE)]
    manifest = MANIFEST.model_copy(update={"organisms": organisms})
    place = {"reference": tmp_path, "scratch": tmp_path / "scratch", "markers": markers}
    canary.compare_once(manifest, judged, **place)
    marked = {name for name in ("human", "mouse") if canary.is_marked(markers, name, VERSIONS)}
    assert marked == chosen


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ({"a": "why"}, {}, "canary: dataset a: we refuse it (why); "),
        ({}, {"b": "why"}, "canary: dataset b: LaminDB's curator refuses it (why); "),
        ({"a": "x"}, {"b": "y"}, "canary: dataset a: we refuse it (x); "),
        ({}, {}, "canary: a row; "),
    ],
)
def test_what_one_side_refuses_stops_the_run_and_else_the_rows_are_compared(
    monkeypatch: pytest.MonkeyPatch, ours: Mapping[str, str], theirs: Mapping[str, str], said: str
) -> None:
    trial = Trial(Path("/none"), MANIFEST, Path("/none"), (), {})

    def differ(_: Trial) -> None:
        raise ContractError(f"canary: a row; {canary.REMEDY}")

    monkeypatch.setattr(scratch_instances, "write_both", lambda _: (ours, theirs))
    monkeypatch.setattr(canary, "check_rows", differ)
    with pytest.raises(ContractError) as stopped:
        canary.compare(trial)
    assert str(stopped.value) == f"{said}{canary.REMEDY}"


def annotated(column: str, registry: str, term: str, ontology: str | None = "X") -> Annotation:
    return Annotation(column, registry, term, ontology)


DISEASE, TISSUE, SEX = (f"{name}_ontology_term_id" for name in ("disease", "tissue", "sex"))


@pytest.mark.parametrize(
    ("validation", "values", "expected"),
    [
        ({}, {DISEASE: ("A", "B"), "tissue_type": ("A || B",)}, ()),  # a column of one term
        ({}, {DISEASE: ("A", "A || B")}, (SEVERAL,)),
        ({}, {"a lab's": ("A || B",)}, ()),
        ({"annotations": [annotated(TISSUE, "CellType", "CL:1")]}, {}, ()),
        ({"annotations": [annotated(TISSUE, "CellLine", "C:1")]}, {}, (UNDECLARED,)),
        (
            {"annotations": [annotated(TISSUE, "Tissue", "T"), annotated(SEX, "Tissue", "T")]},
            {},
            (UNDECLARED,),
        ),
        ({"annotations": [annotated(SEX, "Phenotype", "unknown", None)]}, {}, ()),
        ({"annotations": [annotated(SEX, "Phenotype", "na", None)]}, {}, (UNSAVED,)),
        ({"annotations": [annotated(SEX, "Phenotype", "na")]}, {}, ()),  # of an ontology
        ({"annotations": [annotated(DISEASE, "Disease", "unknown", None)]}, {}, (UNSAVED,)),
        ({"annotations": [annotated("tissue_type", "ULabel", "tissue", None)]}, {}, ()),
        ({"annotations": [annotated("tissue_type", "ULabel", "slice", None)]}, {}, (UNSAVED,)),
        ({"annotations": [annotated(ORGANISM, "Organism", HUMAN, None)]}, {}, ()),
        ({"annotations": [annotated("a lab's", "Tissue", "T", None)]}, {}, ()),
        ({"genes": {HUMAN: ()}}, {}, ()),
        ({"genes": {HUMAN: (), MOUSE: ()}}, {}, (SEVERAL_GENOMES,)),
        ({"absent": (SEX,)}, {}, (ABSENT,)),
        ({"absent": ("observation_joinid",)}, {}, ()),  # LaminDB's module doesn't declare it
        ({"absent": (SEX,), "genes": {HUMAN: (), MOUSE: ()}}, {}, (SEVERAL_GENOMES, ABSENT)),
    ],
)
def test_what_of_a_dataset_the_curator_can_t_do(
    validation: dict[str, Any], values: Mapping[str, Sequence[str]], expected: tuple[Refusal, ...]
) -> None:
    whole = {"findings": (), "notes": (), "annotations": (), "genes": {}, **validation}
    assert refusals(RULES, Validation(**whole), values) == expected


def test_of_rules_lamindb_is_given_what_its_module_declares_and_that_in_every_dataset() -> None:
    name = "suspension_type"
    column = RULES.columns[name].model_copy(update={"optional": True})
    plain = next(one for one, own in RULES.columns.items() if own.lamindb is None)
    columns = {**RULES.columns, name: column}
    known = known_to_lamindb(RULES.model_copy(update={"columns": columns})).columns
    assert known.keys() == RULES.columns.keys()
    assert known[name] == RULES.columns[name].model_copy(update={"present_where": ()})
    assert (known[plain].registry, known[plain].labels) == (None, None)
    assert known[plain].slot == RULES.columns[plain].slot

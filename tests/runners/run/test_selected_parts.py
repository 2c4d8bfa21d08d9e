"""Which part of a release a request is for, and which datasets of it the instance has whole."""

from pathlib import Path
from typing import Any

import pytest
from noting_writer import DATASETS, job_of

from runners.census.store import CensusDataset
from runners.contract import ContractError
from runners.contract.rules import Rules
from runners.records.snapshot import ArtifactRow, Snapshot
from runners.run import selection
from runners.run.journal import JOURNAL, START, Journal
from runners.run.selection import (
    answered_request,
    complete,
    datasets_to_do,
    is_whole,
    selected_datasets,
)

IDS = tuple(dataset.dataset_id for dataset in DATASETS)


@pytest.mark.parametrize(
    ("asked", "whole", "selected"),
    [
        ({}, True, IDS),
        ({"limit": 2}, False, IDS[:2]),
        ({"limit": 9}, False, IDS),
        ({"only": ("d-3", "d-1")}, False, ("d-1", "d-3")),
        ({"only": ("d-3", "d-1"), "limit": 1}, False, ("d-1",)),
        ({"collection": ("c",)}, False, IDS),
        ({"only_missing": True}, True, IDS),
        ({"only_missing": True, "limit": 1}, False, IDS),  # how many is known of the instance
        ({"only_missing": True, "only": ("d-2",)}, False, ("d-2",)),
    ],
)
def test_a_run_answers_for_what_it_names_up_to_its_limit(
    tmp_path: Path, asked: dict[str, Any], whole: bool, selected: tuple[str, ...]
) -> None:
    job = job_of(tmp_path, "run", **asked)
    assert is_whole(answered_request(job)) is whole
    assert tuple(one.dataset_id for one in selected_datasets(job, DATASETS)) == selected


def test_the_releases_table_is_read_where_nobody_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tmp_path, "run")

    def read(manifest: object) -> tuple[CensusDataset, ...]:
        assert manifest is job.manifest
        return tuple(DATASETS[:1])

    monkeypatch.setattr(selection, "read_datasets", read)
    assert selected_datasets(job) == tuple(DATASETS[:1])
    assert selected_datasets(job, DATASETS) == DATASETS


@pytest.mark.parametrize(
    "also",
    [
        {"only": ("d-1",)},
        {"collection": ("c",)},
        {"organism": ("mouse",)},
        {"limit": 1},
        {"only_missing": True},
    ],
    ids=lambda also: next(iter(also)),
)
def test_what_failed_is_done_again_as_that_run_chose_it_and_not_otherwise(
    tmp_path: Path, also: dict[str, Any]
) -> None:
    job_of(tmp_path, "first")
    job = job_of(tmp_path, "again", failed_of="first", **also)
    with pytest.raises(ContractError, match="field failed_of: goes with none of only, collection"):
        answered_request(job)


def test_of_what_was_missing_a_repeat_asks_no_more_once_one_of_its_runs_has_begun(
    tmp_path: Path,
) -> None:
    """What the instance lacks by now isn't what that run was to do."""

    def look() -> Snapshot:
        raise AssertionError("asked")

    job_of(tmp_path, "first", only_missing=True)
    second = job_of(tmp_path, "second", failed_of="first")
    with Journal(second.folder / JOURNAL) as journal:
        journal.write(START, chosen=["d-2"])
    job = job_of(tmp_path, "again", failed_of="second")
    assert datasets_to_do(job, DATASETS, look, lambda _: None) == ("d-2",)
    assert datasets_to_do(job_of(tmp_path, "run"), DATASETS, look, lambda _: None) == IDS


TISSUE = {"ontology": "UBERON", "registry": "Tissue"}
WHEEL = {"name": "w", "version": "1", "sha256": "0"}
RULES = Rules.from_mapping(
    {
        "dataset_schema_version": "7.0.0",
        "ontology_guide": WHEEL,
        "gene_tables": WHEEL,
        "ontologies": {},
        "organisms": {},
        "foreign_genes": {},
        "columns": {
            "tissue": {"slot": "obs", "registry": "Tissue", "terms": {"*": [TISSUE]}},
            "donor": {"slot": "obs", "registry": "ULabel"},
            "assay": {"slot": "obs", "registry": "ULabel", "optional": True},
            "sex": {"slot": "obs", "registry": "P", "terms": {"*": [{"ontology": "PATO"}]}},
            "organism": {"slot": "uns", "registry": "ULabel"},
        },
    },
    source="test",
)
SLOTS, LABELS = {"obs", "var", "uns"}, {"tissue", "donor", "organism"}


@pytest.mark.parametrize(
    ("slots", "labels", "has_reference", "is_complete"),
    [
        (SLOTS, LABELS, True, True),
        (SLOTS | {"more"}, LABELS | {"assay", "sex"}, True, True),
        (SLOTS - {"uns"}, LABELS, True, False),
        (SLOTS, LABELS - {"donor"}, True, False),
        (SLOTS, LABELS - {"tissue"} | {"assay"}, True, False),
        (SLOTS, LABELS, False, False),
        (set(), set(), True, False),
    ],
)
def test_a_dataset_is_complete_once_it_has_all_that_every_dataset_gets(
    slots: set[str], labels: set[str], has_reference: bool, is_complete: bool
) -> None:
    """Columns that others lack, too, or that have values without a record, aren't missed."""
    rows = tuple(ArtifactRow(n, f"u{n}0000", "k", None, None, True, "/a", f"d-{n}") for n in (1, 2))
    held = Snapshot(
        release="2020-07-15",
        artifacts=rows,
        stores=(),
        earlier=(),
        labels={1: frozenset((name, "x") for name in labels)},
        slots={1: frozenset(slots)},
        with_reference=frozenset({1} if has_reference else ()),
        collections=(),
        held={},
        gene_taxa={},
        sources=(),
    )
    assert set(complete(held, RULES)) == ({"d-1"} if is_complete else set())

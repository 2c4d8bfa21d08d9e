"""What each check takes for wrong and what for right, at the edges of its rule."""

from dataclasses import replace

import pytest
from test_checks import (
    ARTIFACTS,
    OWN,
    PINNED,
    RULES,
    SNAPSHOT,
    SOMA,
    WHOLE,
    Spoil,
    dataset,
    given,
    labels,
    lies,
    row,
    snapshot,
    store,
)

from runners.contract import CheckResult, DatasetOutcome, Outcome, Status
from runners.contract.rules import ORGANISM, Terms
from runners.records.snapshot import CollectionRow, StoreContent, Stored
from runners.verification.checks import all_checks
from runners.verification.checks.answer import answer, of_artifacts
from runners.verification.checks.datasets import TOP_LEVEL
from runners.verification.facts import VerificationFacts

HUMAN, MOUSE, WILD_MOUSE = "NCBITaxon:9606", "NCBITaxon:10090", "NCBITaxon:10091"
STAGE, ETHNICITY = "development_stage_ontology_term_id", "self_reported_ethnicity_ontology_term_id"


def result(name: str, facts: VerificationFacts) -> CheckResult:
    return {each.name: each for each in all_checks.run_checks(facts)}[name]


def offenders(name: str, facts: VerificationFacts) -> list[tuple[str, str]]:
    return [(each.dataset_id, each.detail) for each in result(name, facts).offenders]


@pytest.mark.parametrize(
    ("expected", "found", "bad", "status"),
    [
        (3, 3, [], Status.PASSED),
        (3, 2, [], Status.FAILED),
        (3, 3, [("d-1", "is odd")], Status.FAILED),
        ("0", "0", [], Status.PASSED),
        ("some", "others", [], Status.PASSED),  # words are no numbers, and say what they say
        ("0", "0", [("d-1", "is odd")], Status.FAILED),
    ],
)
def test_an_answer_is_good_where_nobody_offends_and_the_numbers_agree(
    expected: int | str, found: int | str, bad: list[tuple[str, str]], status: Status
) -> None:
    assert answer(WHOLE, expected=expected, found=found, bad=bad).status is status


def test_numbers_of_an_answer_are_written_as_people_do() -> None:
    told = answer(WHOLE, expected=1_234_567, found=1_000)
    assert (told.expected, told.found) == ("1,234,567", "1,000")


def test_a_dataset_that_offends_twice_is_one_that_isn_t_right() -> None:
    twice = [("d-2", "is odd"), ("d-2", "is old")]
    assert (of_artifacts(WHOLE, twice).expected, of_artifacts(WHOLE, twice).found) == ("3", "2")
    odd = labels(**{STAGE: "MmusDv:0000110"}, tissue_type="old")
    spoiled = given(old_terms={"old": "is deprecated"})(snapshot(labels={2: odd})(WHOLE))
    terms = result("terms", spoiled)
    assert (len(terms.offenders), terms.expected, terms.found) == (2, "3", "2")
    assert str(terms.note).startswith("1 of 3 have outdated terms")


def test_what_every_dataset_has_is_demanded_though_no_run_says_anything() -> None:
    """As of a release that others have registered."""
    bare = {**SNAPSHOT.labels, 2: labels() - {("tissue_type", "x")}}
    facts = replace(snapshot(labels=bare)(WHOLE), outcomes=())
    assert offenders("annotations", facts) == [("d-2", "without tissue_type")]


@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_why_a_dataset_has_no_artifact_is_said_where_its_file_is_why(
    outcome: Outcome | None,
) -> None:
    outcomes = [
        DatasetOutcome(dataset_id="d-3", title="", outcome=each) for each in filter(None, [outcome])
    ]
    facts = replace(snapshot(artifacts=ARTIFACTS[:2])(WHOLE), outcomes=outcomes)
    by_file = {Outcome.MISSING: "missing", Outcome.UNREADABLE: "unreadable"}
    expected = by_file.get(outcome, "no artifact") if outcome else "no artifact"
    assert offenders("datasets", facts) == [("d-3", expected)]
    assert (result("datasets", facts).expected, result("datasets", facts).found) == ("3", "2")


def test_artifacts_of_other_datasets_are_neither_counted_nor_judged_in_a_part() -> None:
    odd = replace(ARTIFACTS[2], otype=None, run_id=None, key=ARTIFACTS[1].key)
    part = replace(
        snapshot(artifacts=(*ARTIFACTS[:2], odd), slots={1: RULES.slots()})(WHOLE),
        datasets=WHOLE.datasets[:1],
        is_whole=False,
    )
    for name in ("datasets", "slots", "tracking", "storage"):
        found = result(name, part)
        assert (found.status, found.expected, found.found) == (Status.PASSED, "1", "1"), name
    assert result("duplicates", part).status is Status.PASSED


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"key": ARTIFACTS[1].key, "hash": ARTIFACTS[1].hash}, "key"),
        ({"hash": ARTIFACTS[1].hash}, "hash"),
    ],
)
def test_of_several_things_that_stand_twice_the_first_is_told(
    fields: dict[str, str], what: str
) -> None:
    told = offenders("duplicates", row(2, **fields)(WHOLE))
    assert told == [(name, f"{what} stands more than once") for name in ("d-2", "d-3")]


def collections(*rows: CollectionRow) -> Spoil:
    return snapshot(collections=rows)


ALL, ONE, TWO = SNAPSHOT.collections


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ((ALL, ONE, TWO), []),
        # the whole release's is known by its key, a study's by its reference
        ((replace(ALL, key="mine", reference=TOP_LEVEL), ONE, TWO), [(TOP_LEVEL, "missing")]),
        ((ALL, replace(ONE, key="study-1", reference="mine"), TWO), [("study-1", "missing")]),
        ((ALL, replace(ALL, key="mine", reference=TOP_LEVEL), ONE, TWO), []),
        ((ALL, ONE, replace(ONE, key="study-1", reference=None), TWO), []),
        ((ALL, replace(ONE, key="under another name"), TWO), []),
    ],
)
def test_a_collection_is_known_by_what_its_maker_gives_it(
    rows: tuple[CollectionRow, ...], wrong: list[tuple[str, str]]
) -> None:
    assert offenders("collections", collections(*rows)(WHOLE)) == wrong


def test_a_study_of_which_nothing_is_registered_needs_no_collection() -> None:
    more = (*WHOLE.datasets, dataset("d-4", "study-4"))
    found = result("collections", replace(WHOLE, datasets=more))
    assert (found.status, found.expected) == (Status.PASSED, "3")


@pytest.mark.parametrize(
    ("registered", "manifest", "is_same"),
    [
        ("s3://mirror/cell-census/2020-07-15/soma", SOMA, True),
        ("/lab/cell-census/2020-07-15/soma", SOMA, True),
        ("/cell-census/old/cell-census/2020-07-15/soma", SOMA, True),
        ("s3://bucket/cell-census/2020-01-15/soma", SOMA, False),
        ("s3://bucket/soma", "s3://other/soma", False),
        ("s3://bucket/soma", "s3://bucket/soma", True),
        ("s3://bucket/soma", SOMA, False),
    ],
)
def test_a_store_is_the_same_in_whatever_bucket_its_census_lies(
    registered: str, manifest: str, is_same: bool
) -> None:
    facts = replace(snapshot(stores=(store(address=registered),))(WHOLE), soma=manifest)
    assert (result("store", facts).status is Status.PASSED) is is_same


def test_a_dataset_without_cells_isn_t_missed_in_the_store() -> None:
    more = (*WHOLE.datasets, replace(dataset("d-4", "study-1"), cell_count=0))
    found = result("content", replace(WHOLE, datasets=more))
    assert found.status is Status.PASSED
    assert found.expected == found.found == "3 datasets, 30 cells"


def test_a_summary_that_counts_nothing_is_believed_to_say_so() -> None:
    """No summary says nothing; one that says 0 is wrong."""
    ids = frozenset({"d-1", "d-2", "d-3"})
    assert offenders("content", given(content=StoreContent(ids, 30, None))(WHOLE)) == []
    assert offenders("content", given(content=StoreContent(ids, 30, 0))(WHOLE)) == [
        ("census_info/summary", "says 0 cells")
    ]


@pytest.mark.parametrize(
    ("registered", "stored", "wrong"),
    [
        ((0, "h"), (100, "h"), "has 100 bytes, registered with 0"),
        ((None, "h"), (100, "h"), None),
        ((None, "h"), (100, "other"), "has the hash other, registered with h"),
        ((100, None), (100, "other"), None),
        ((100, "h"), (100, None), None),
        ((100, "h"), (99, "other"), "has 99 bytes, registered with 100"),
        ((1_000, "h"), (2_000, "h"), "has 2,000 bytes, registered with 1,000"),
    ],
)
def test_a_file_is_compared_by_what_both_sides_tell(
    registered: tuple[int | None, str | None],
    stored: tuple[int, str | None],
    wrong: str | None,
) -> None:
    size, digest = registered
    facts = lies(1, Stored(*stored))(row(1, size=size, hash=digest)(WHOLE))
    assert offenders("storage", facts) == ([("d-2", wrong)] if wrong else [])


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ((PINNED,), []),
        ((replace(PINNED, version="2025-07-31"),), ["there is no 2025-07-30"]),
        (
            (replace(PINNED, key=("bionty.CellType", "cl", "human")),),
            ["there is no 2025-07-30"],
        ),
        ((PINNED, replace(OWN, is_usable=False)), []),
        (
            (replace(PINNED, is_usable=False), replace(OWN, is_usable=True)),
            ["2025-07-30 has neither a table nor an address"],
        ),
    ],
)
def test_a_pinned_source_is_that_of_its_entity_name_organism_and_version(
    rows: tuple[object, ...], wrong: list[str]
) -> None:
    found = offenders("sources", snapshot(sources=rows)(WHOLE))
    assert found == [("bionty.CellType cl", f"all: {each}") for each in wrong]


def odd(*pairs: tuple[str, str], genes: frozenset[str] = frozenset()) -> list[str]:
    """What is said of the second dataset's terms, with these labels alone."""
    facts = snapshot(labels={2: frozenset(pairs)}, gene_taxa={2: genes})(WHOLE)
    return [detail for _, detail in offenders("terms", facts)]


def test_what_is_foreign_is_said_of_a_dataset_of_one_organism_of_the_schema_alone() -> None:
    foreign, genes = (STAGE, "ZFS:0000044"), frozenset({MOUSE})
    assert odd((ORGANISM, HUMAN), foreign) == [f"not of {HUMAN}: ZFS:0000044"]
    assert odd((ORGANISM, HUMAN), (ORGANISM, MOUSE), foreign, genes=genes) == []
    assert odd((ORGANISM, WILD_MOUSE), foreign, genes=genes) == []
    assert odd(foreign, genes=genes) == []


def test_foreign_terms_are_named_in_order_and_once_before_foreign_genes() -> None:
    labelled = ((STAGE, "ZFS:0000044"), (STAGE, "MmusDv:0000110"), (ETHNICITY, "x"))
    genes = frozenset({MOUSE, "NCBITaxon:7955", "NCBITaxon:32630", HUMAN})
    assert odd((ORGANISM, HUMAN), *labelled, genes=genes) == [
        f"not of {HUMAN}: MmusDv:0000110, ZFS:0000044, genes of {MOUSE}, genes of NCBITaxon:7955"
    ]


@pytest.mark.parametrize(
    ("taxon", "term", "is_foreign"),
    [
        (HUMAN, "CVCL_0001", True),  # as Cellosaurus writes its ids
        (MOUSE, "CVCL_0001", False),
        (HUMAN, "BTO:0000001", True),  # of an ontology that has terms of others
        (MOUSE, "BTO:0000001", False),
        (HUMAN, "WBls:0000001", True),
        (MOUSE, "UBERON:0000178", True),
        (HUMAN, "UBERON:0000178", False),
        (MOUSE, "na", False),
    ],
)
def test_a_term_is_known_by_its_prefix_as_its_column_has_it(
    taxon: str, term: str, is_foreign: bool
) -> None:
    column = RULES.columns["tissue_ontology_term_id"]
    entries = {
        HUMAN: (Terms(ontology="UBERON"),),
        MOUSE: (
            Terms(ontology="CVCL"),
            Terms(ontology="CL", only=("BTO:0000001",)),
            Terms(ontology="CL", under=("WBls:0000000",)),
        ),
    }
    changed = column.model_copy(update={"terms": entries})
    columns = {**RULES.columns, "tissue_ontology_term_id": changed}
    named = {2: labels(taxon, tissue_ontology_term_id=term)}
    facts = replace(
        snapshot(labels=named)(WHOLE), rules=RULES.model_copy(update={"columns": columns})
    )
    expected = [("d-2", f"not of {taxon}: {term}")] if is_foreign else []
    assert offenders("terms", facts) == expected

"""Every check: passing on a whole release, failing on its own for one fault."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from runners import rules
from runners.census.store import CensusDataset
from runners.contract import DatasetOutcome, Outcome, Status, Verdict, verdict_of
from runners.contract.rules import ORGANISM
from runners.records.baseline import RecordDigest
from runners.records.snapshot import (
    ArtifactRow,
    CollectionRow,
    Label,
    Snapshot,
    SourceRow,
    StoreContent,
    Stored,
    Unknown,
)
from runners.verification.checks import all_checks
from runners.verification.checks.all_checks import CHECKS
from runners.verification.checks.datasets import TOP_LEVEL
from runners.verification.facts import VerificationFacts

RELEASE, BEFORE = "2020-07-15", "2020-01-15"
SOMA = f"s3://bucket/cell-census/{RELEASE}/soma"
RULES = rules.load("7.0.0")
REQUIRED = tuple(RULES.labelled())
"""The features of columns that every dataset of this version has."""
Spoil = Callable[[VerificationFacts], VerificationFacts]


def dataset(name: str, study: str) -> CensusDataset:
    return CensusDataset(name, f"{name}-v1", f"Title of {name}", f"{name}.h5ad", study, "", "", 10)


def artifact(pk: int, name: str, uid: str, release: str = RELEASE) -> ArtifactRow:
    key = f"cell-census/{release}/h5ads/{name}.h5ad"
    address = f"s3://bucket/{key}"
    return ArtifactRow(
        pk, uid, key, "AnnData", f"hash{pk}", True, address, name, release, size=100, run_id=5
    )


def store(otype: str | None = "tiledbsoma", address: str = SOMA) -> ArtifactRow:
    return ArtifactRow(9, "soma0001", "cell-census/soma", otype, "h", True, address, "soma")


def labels(taxon: str = "NCBITaxon:9606", **terms: str) -> frozenset[Label]:
    """A label for each required feature, some of them given."""
    given = {**dict.fromkeys(REQUIRED, "x"), ORGANISM: taxon, **terms}
    return frozenset(given.items())


ARTIFACTS = (
    artifact(1, "d-1", "aaaa0001"),
    artifact(2, "d-2", "bbbb0000"),
    artifact(3, "d-3", "cccc0000"),
)
HELD = {
    BEFORE: {
        "aaaa0000": RecordDigest("row", "links", is_latest=True),
        "collection": RecordDigest("row"),
    }
}
STORED = {row.address: Stored(100, row.hash) for row in ARTIFACTS}
CL = ("bionty.CellType", "cl", "all")
PINNED = SourceRow("pinned", CL, "2025-07-30", is_current=False, is_usable=True, terms=3)
OWN = SourceRow("own", CL, "2026-06-08", is_current=True, is_usable=True)
SNAPSHOT = Snapshot(
    release=RELEASE,
    artifacts=ARTIFACTS,
    stores=(store(),),
    earlier=(artifact(8, "d-1", "aaaa0000", BEFORE),),
    labels={pk: labels() for pk in (1, 2, 3)},
    slots=dict.fromkeys((1, 2, 3), RULES.slots()),
    with_reference=frozenset({1, 2, 3}),
    collections=(
        CollectionRow(TOP_LEVEL, None, frozenset({1, 2, 3})),
        CollectionRow("Study one", "study-1", frozenset({1, 2})),
        CollectionRow("Study two", "study-2", frozenset({3})),
    ),
    held=HELD,
    gene_taxa={1: frozenset({"NCBITaxon:9606", "NCBITaxon:32630"})},
    sources=(PINNED, OWN),
)
WHOLE = VerificationFacts(
    taken=SNAPSHOT,
    datasets=(dataset("d-1", "study-1"), dataset("d-2", "study-1"), dataset("d-3", "study-2")),
    outcomes=tuple(
        DatasetOutcome(dataset_id=name, title="", outcome=outcome)
        for name, outcome in (
            ("d-1", Outcome.REVISED),
            ("d-2", Outcome.REGISTERED),
            ("d-3", Outcome.REGISTERED),
        )
    ),
    rules=RULES,
    soma=SOMA,
    is_whole=True,
    stored=STORED,
    content=StoreContent(frozenset({"d-1", "d-2", "d-3"}), 30, 30),
    pins={CL: "2025-07-30"},
    old_terms={},
    held=HELD,
    tracked=frozenset({"d-1", "d-2", "d-3"}),
)
LOST = "marked as this release's: that release has lost it"
NAMES = tuple(check.name for check in CHECKS)


def snapshot(**fields: Any) -> Spoil:
    return lambda facts: replace(facts, taken=replace(facts.snapshot, **fields))


def given(**fields: Any) -> Spoil:
    return lambda facts: replace(facts, **fields)


def holds(**records: RecordDigest | None) -> Spoil:
    """Some records of the earlier release held otherwise now, or not at all."""
    now = {**HELD[BEFORE], **records}
    return snapshot(held={BEFORE: {uid: held for uid, held in now.items() if held}})


def lies(index: int, stored: Stored | Unknown | None) -> Spoil:
    return given(stored={**STORED, ARTIFACTS[index].address: stored})


def row(index: int, **fields: Any) -> Spoil:
    rows = list(SNAPSHOT.artifacts)
    rows[index] = replace(rows[index], **fields)
    return snapshot(artifacts=tuple(rows))


def without_collection(index: int) -> Spoil:
    rows = SNAPSHOT.collections
    return snapshot(collections=rows[:index] + rows[index + 1 :])


def with_members(index: int, *members: int) -> Spoil:
    rows = list(SNAPSHOT.collections)
    rows[index] = replace(rows[index], members=frozenset(members))
    return snapshot(collections=tuple(rows))


def unread(facts: VerificationFacts) -> VerificationFacts:
    """A broken file: no artifact, so that no collection can hold it either."""
    without = replace(
        facts.snapshot,
        artifacts=SNAPSHOT.artifacts[:2],
        collections=(
            replace(SNAPSHOT.collections[0], members=frozenset({1, 2})),
            SNAPSHOT.collections[1],
        ),
    )
    broken = DatasetOutcome(dataset_id="d-3", title="", outcome=Outcome.UNREADABLE)
    return replace(facts, taken=without, outcomes=(*facts.outcomes[:2], broken))


FAULTS: list[tuple[str, Spoil, list[tuple[str, str]]]] = [
    ("datasets", unread, [("d-3", "unreadable")]),
    ("datasets", row(2, otype=None), [("d-3", "its artifact is of otype None")]),
    (
        "datasets",
        snapshot(artifacts=(*ARTIFACTS, artifact(7, "d-7", "dddd0000"))),
        [("d-7", "not in the release")],
    ),
    (
        "annotations",
        snapshot(labels={**SNAPSHOT.labels, 2: labels() - {("tissue_type", "x")}}),
        [("d-2", "without tissue_type")],
    ),
    (
        "annotations",
        snapshot(labels={pk: SNAPSHOT.labels[pk] for pk in (1, 2)}),
        [("d-3", "without " + ", ".join(sorted(REQUIRED)))],
    ),
    (
        "slots",
        snapshot(slots={**SNAPSHOT.slots, 1: RULES.slots() - {"var"}}),
        [("d-1", "without slot var")],
    ),
    (
        "slots",
        snapshot(slots=dict.fromkeys((1, 2), RULES.slots())),
        [("d-3", "without slot obs, uns, var")],
    ),
    (
        "references",
        snapshot(with_reference=frozenset({1, 3})),
        [("d-2", "without a reference")],
    ),
    (
        "lineage",
        row(0, uid="eeee0000"),
        [("d-1", f"does not revise the artifact of release {BEFORE}")],
    ),
    ("lineage", row(1, uid="bbbb0001"), [("d-2", "is new, but revises another artifact")]),
    ("lineage", row(1, uid="aaaa0000"), [("d-2", "is new, but revises another artifact")]),
    ("lineage", row(1, is_latest=False), [("d-2", "is not marked as latest")]),
    ("lineage", snapshot(continued=frozenset({"bbbb"})), [("d-2", "is marked as latest")]),
    (
        "duplicates",
        lambda facts: lies(2, Stored(100, "hash2"))(row(2, hash="hash2")(facts)),
        [("d-2", "hash stands more than once"), ("d-3", "hash stands more than once")],
    ),
    (
        "duplicates",
        row(2, key=ARTIFACTS[1].key),
        [("d-2", "key stands more than once"), ("d-3", "key stands more than once")],
    ),
    ("collections", without_collection(0), [(TOP_LEVEL, "missing")]),
    ("collections", without_collection(2), [("study-2", "missing")]),
    ("collections", with_members(1, 1), [("study-1", "lacks 1 of 2")]),
    ("collections", with_members(0, 1, 2, 3, 8), [(TOP_LEVEL, f"is that of {BEFORE}, {LOST}")]),
    ("collections", with_members(0, 1, 2, 3, 7), [(TOP_LEVEL, "holds 1 of elsewhere")]),
    (
        "collections",
        with_members(1, 8),
        [("study-1", f"lacks 2 of 2, is that of {BEFORE}, {LOST}")],
    ),
    (
        "collections",
        snapshot(collections=(*SNAPSHOT.collections, SNAPSHOT.collections[1])),
        [("study-1", "stands 2 times")],
    ),
    ("store", snapshot(stores=()), []),
    ("store", snapshot(stores=(store(otype=None),)), [("cell-census/soma", "is of otype None")]),
    (
        "store",
        snapshot(stores=(store(address="s3://elsewhere/soma"),)),
        [("cell-census/soma", f"lies at s3://elsewhere/soma, not at {SOMA}")],
    ),
    ("store", snapshot(stores=(store(), store())), []),
    (
        "content",
        given(content=StoreContent(frozenset({"d-1", "d-2", "d-9"}), 30, 30)),
        [("d-3", "has no cell in the store"), ("d-9", "is not in census_info")],
    ),
    ("content", given(content=StoreContent(frozenset({"d-1", "d-2", "d-3"}), 29, 30)), []),
    (
        "content",
        given(content=StoreContent(frozenset({"d-1", "d-2", "d-3"}), 30, 29)),
        [("census_info/summary", "says 29 cells")],
    ),
    (
        "content",
        given(
            content=StoreContent(
                frozenset({"d-1", "d-2", "d-3"}),
                30,
                None,
                {"census_info/summary": "has no row", "census_data/homo_sapiens": "get_obs fails"},
            )
        ),
        [("census_data/homo_sapiens", "get_obs fails"), ("census_info/summary", "has no row")],
    ),
    (
        "annotations",
        given(differing={"tissue_type": "is str"}),
        [(row.dataset_id, "its feature tissue_type is str") for row in ARTIFACTS],
    ),
    ("storage", lies(0, None), [("d-1", "is not in storage any more")]),
    ("storage", lies(1, Stored(99, "hash2")), [("d-2", "has 99 bytes, registered with 100")]),
    (
        "storage",
        lies(2, Stored(100, "other")),
        [("d-3", "has the hash other, registered with hash3")],
    ),
    (
        "sources",
        snapshot(sources=(replace(PINNED, is_usable=False), OWN)),
        [("bionty.CellType cl", "all: 2025-07-30 has neither a table nor an address")],
    ),
    (
        "sources",
        snapshot(sources=(OWN,)),
        [("bionty.CellType cl", "all: there is no 2025-07-30")],
    ),
    ("tracking", row(1, run_id=None), [("d-2", "names no run")]),
    (
        "previous",
        holds(aaaa0000=RecordDigest("other", "links")),
        [("d-1", f"{BEFORE}: its record is another")],
    ),
    (
        "previous",
        holds(aaaa0000=RecordDigest("row", "other")),
        [("d-1", f"{BEFORE}: its links are others")],
    ),
    ("previous", holds(collection=None), [("collection", f"{BEFORE}: is gone")]),
    ("previous", holds(new=RecordDigest("row")), [("new", f"{BEFORE}: was not there")]),
]
ODD: list[tuple[Spoil, str]] = [
    (
        given(old_terms={"x": "is deprecated", "a term of no artifact": "is called otherwise"}),
        "x is deprecated",
    ),
    (
        snapshot(labels={2: labels(development_stage_ontology_term_id="MmusDv:0000110")}),
        "not of NCBITaxon:9606: MmusDv:0000110",
    ),
    (
        snapshot(labels={2: labels("NCBITaxon:10090", tissue_ontology_term_id="ZFA:0000001")}),
        "not of NCBITaxon:10090: ZFA:0000001",
    ),
    *(
        (
            snapshot(labels={2: labels(taxon, **{f"{column}_ontology_term_id": term})}),
            f"not of {taxon}: {term}",
        )
        for taxon, column, term in (  # of a prefix that isn't their ontology's name
            ("NCBITaxon:9606", "development_stage", "ZFS:0000044"),
            ("NCBITaxon:10090", "development_stage", "ZFS:0000044"),
            ("NCBITaxon:10090", "self_reported_ethnicity", "AfPO:0000002"),
            ("NCBITaxon:10090", "self_reported_ethnicity", "HANCESTRO:0000002"),
        )
    ),
    (
        snapshot(gene_taxa={2: frozenset({"NCBITaxon:10090"})}),
        "not of NCBITaxon:9606: genes of NCBITaxon:10090",
    ),
]
"""What `terms` names, and fails nobody for."""


def statuses(facts: VerificationFacts) -> dict[str, Status]:
    return {result.name: result.status for result in all_checks.run_checks(facts)}


def test_every_check_passes_on_a_whole_release() -> None:
    assert statuses(WHOLE) == dict.fromkeys(NAMES, Status.PASSED)
    for result in all_checks.run_checks(WHOLE):
        assert result.offenders == ()
        assert result.note is None


def test_of_a_dataset_s_earlier_artifacts_the_newest_is_the_one_before() -> None:
    """A person may have deleted one for good, after which the next began another chain."""
    oldest = artifact(6, "d-1", "zzzz0000", "2019-07-15")
    found = snapshot(earlier=(oldest, *SNAPSHOT.earlier))(WHOLE)
    assert statuses(found) == dict.fromkeys(NAMES, Status.PASSED)


def test_a_chain_goes_on_from_what_is_in_the_trash() -> None:
    alone = replace(SNAPSHOT, earlier=(), artifacts=(artifact(1, "d-1", "aaaa0001"),))
    facts = replace(WHOLE, taken=alone, datasets=WHOLE.datasets[:1], stored={}, is_whole=False)
    assert statuses(facts)["lineage"] is Status.FAILED
    in_trash = replace(facts, taken=replace(alone, trashed=frozenset({"aaaa"})))
    assert statuses(in_trash)["lineage"] is Status.PASSED


def test_every_check_has_a_fault_of_its_own() -> None:
    assert {name for name, _, _ in FAULTS} == set(NAMES) - {"terms"}


@pytest.mark.parametrize(("name", "spoil", "offenders"), FAULTS)
def test_a_fault_fails_its_own_check_alone_and_names_who_offends(
    name: str, spoil: Spoil, offenders: list[tuple[str, str]]
) -> None:
    results = all_checks.run_checks(spoil(WHOLE))
    failed = {result.name: result for result in results if result.status is not Status.PASSED}
    assert list(failed) == [name]
    result = failed[name]
    assert result.status is Status.FAILED
    assert sorted((o.dataset_id, o.detail) for o in result.offenders) == offenders
    titles = {d.dataset_id: d.title for d in WHOLE.datasets}
    assert all(o.title == titles.get(o.dataset_id, "") for o in result.offenders)
    assert verdict_of(results) is Verdict.FAILED


@pytest.mark.parametrize(("spoil", "detail"), ODD)
def test_terms_that_are_old_or_of_another_organism_are_named_and_fail_nothing(
    spoil: Spoil, detail: str
) -> None:
    found = {result.name: result for result in all_checks.run_checks(spoil(WHOLE))}["terms"]
    assert found.status is Status.PASSED
    assert ("d-2", detail) in [(o.dataset_id, o.detail) for o in found.offenders]
    assert found.note


@pytest.mark.parametrize(
    ("taxon", "column", "term"),
    [
        ("NCBITaxon:9606", "self_reported_ethnicity", "AfPO:0000002"),
        ("NCBITaxon:9606", "self_reported_ethnicity", "unknown"),
        ("NCBITaxon:10090", "self_reported_ethnicity", "na"),
        ("NCBITaxon:7955", "development_stage", "ZFS:0000044"),
        ("NCBITaxon:7955", "tissue", "ZFA:0000001"),
        ("NCBITaxon:9606", "tissue", "CVCL_0001"),
    ],
)
def test_terms_of_an_organism_s_own_ontologies_are_not_of_another(
    taxon: str, column: str, term: str
) -> None:
    own = snapshot(labels={2: labels(taxon, **{f"{column}_ontology_term_id": term})})(WHOLE)
    found = {result.name: result for result in all_checks.run_checks(own)}["terms"]
    assert found.offenders == ()


NEXT_RULES = rules.load("7.1.0")
MAY_BE_ABSENT = frozenset(
    name for name, column in NEXT_RULES.labelled().items() if not column.stands_always
)


@pytest.mark.parametrize(
    ("outcome", "absent", "missing"),
    [
        (Outcome.REGISTERED, MAY_BE_ABSENT, frozenset()),
        (Outcome.REVISED, frozenset(), MAY_BE_ABSENT),
        (Outcome.UNCHANGED, frozenset(), MAY_BE_ABSENT),
        # these annotated nothing: what an earlier run wrote isn't judged by what they saw
        (Outcome.FAILED, frozenset(), frozenset()),
        (Outcome.UNREADABLE, frozenset(), frozenset()),
        (Outcome.MISSING, frozenset(), frozenset()),
        (None, frozenset(), frozenset()),
    ],
)
def test_a_column_that_may_be_absent_is_demanded_where_the_run_that_annotated_found_it(
    outcome: Outcome | None, absent: frozenset[str], missing: frozenset[str]
) -> None:
    assert MAY_BE_ABSENT
    always = NEXT_RULES.labelled().keys() - MAY_BE_ABSENT
    annotated = snapshot(labels={pk: frozenset((n, "x") for n in always) for pk in (1, 2, 3)})
    outcomes = [
        DatasetOutcome(dataset_id="d-2", title="", outcome=each, absent=tuple(sorted(absent)))
        for each in filter(None, [outcome])
    ]
    facts = replace(annotated(WHOLE), rules=NEXT_RULES, outcomes=outcomes)
    found = {result.name: result for result in all_checks.run_checks(facts)}["annotations"]
    expected = [("d-2", "without " + ", ".join(sorted(missing)))] if missing else []
    assert [(o.dataset_id, o.detail) for o in found.offenders] == expected


def test_a_dataset_registered_twice_is_a_duplicate() -> None:
    again = artifact(4, "d-2", "ffff0000")
    spoiled = snapshot(artifacts=(*ARTIFACTS, again))(WHOLE)
    assert statuses(spoiled)["duplicates"] is Status.FAILED


def test_a_chain_that_a_later_release_continues_has_its_latest_there() -> None:
    rows = tuple(replace(one, is_latest=False) for one in SNAPSHOT.artifacts)
    stems = frozenset(one.stem for one in rows)
    later = snapshot(artifacts=rows, continued=stems)(WHOLE)
    assert statuses(later)["lineage"] is Status.PASSED


def test_one_that_came_after_a_later_release_s_is_new_in_spite_of_its_end() -> None:
    late = replace(ARTIFACTS[1], uid="bbbb0001", is_latest=False)
    rows = (ARTIFACTS[0], late, ARTIFACTS[2])
    later = snapshot(artifacts=rows, continued=frozenset({"bbbb"}))(WHOLE)
    assert statuses(later)["lineage"] is Status.PASSED


def test_artifacts_without_a_hash_are_no_duplicates() -> None:
    rows = tuple(replace(one, hash=None) for one in ARTIFACTS)
    found = statuses(snapshot(artifacts=rows)(WHOLE))
    assert found["duplicates"] is found["storage"] is Status.PASSED


@pytest.mark.parametrize("registered", ["hash1", None])
@pytest.mark.parametrize(("size", "status"), [(100, Status.PASSED), (99, Status.FAILED)])
def test_where_storage_tells_no_hash_the_size_alone_is_compared(
    registered: str | None, size: int, status: Status
) -> None:
    facts = lies(0, Stored(size, None))(row(0, hash=registered)(WHOLE))
    assert statuses(facts)["storage"] is status


def test_expected_and_found_are_counted() -> None:
    results = {result.name: result for result in all_checks.run_checks(unread(WHOLE))}
    assert (results["datasets"].expected, results["datasets"].found) == ("3", "2")
    assert (results["annotations"].expected, results["annotations"].found) == ("2", "2")
    assert (results["collections"].expected, results["collections"].found) == ("2", "2")
    store_less = {r.name: r for r in all_checks.run_checks(snapshot(stores=())(WHOLE))}["store"]
    assert (store_less.expected, store_less.found) == ("1 tiledbsoma", "none")


def test_what_the_release_directory_says_is_told_and_fails_nothing() -> None:
    listed = replace(WHOLE, listed=("release x was retracted", "it isn't marked as LTS"))
    results = {result.name: result for result in all_checks.run_checks(listed)}
    assert results["store"].note == "release x was retracted; it isn't marked as LTS"
    assert {result.status for result in results.values()} == {Status.PASSED}


def test_a_part_of_a_release_has_neither_collections_nor_store() -> None:
    part = replace(
        snapshot(stores=(), collections=())(WHOLE), datasets=WHOLE.datasets[:1], is_whole=False
    )
    found = statuses(part)
    others = {found.pop(name) for name in ("collections", "store", "content")}
    assert others == {Status.NOT_APPLICABLE}
    assert set(found.values()) == {Status.PASSED}
    assert all(r.note for r in all_checks.run_checks(part) if r.status is Status.NOT_APPLICABLE)


def test_a_release_before_may_lose_its_latest_flags() -> None:
    later = holds(aaaa0000=RecordDigest("row", "links", is_latest=False))(WHOLE)
    assert statuses(later)["previous"] is Status.PASSED


def test_a_release_before_may_have_back_what_is_its_own() -> None:
    mended = replace(holds(own=RecordDigest("row"))(WHOLE), given_back=frozenset({"own"}))
    assert statuses(mended)["previous"] is Status.PASSED


def test_a_release_before_may_have_been_mended_by_a_run_of_its_own() -> None:
    mended = {"aaaa0000": RecordDigest("row", "more"), "late": RecordDigest("row", "links", True)}
    left = [{BEFORE: HELD[BEFORE]}, {BEFORE: mended}]
    facts = replace(holds(**mended)(WHOLE), left=left)
    assert statuses(facts)["previous"] is Status.PASSED
    others = replace(holds(**mended, other=RecordDigest("row"))(WHOLE), left=left)
    assert statuses(others)["previous"] is Status.FAILED
    gone = replace(holds(**mended, collection=None)(WHOLE), left=left)
    assert statuses(gone)["previous"] is Status.FAILED
    unknown = replace(holds(**mended)(WHOLE), left=Unknown("a file is broken"))
    assert statuses(unknown)["previous"] is Status.UNCHECKED


@pytest.mark.parametrize(
    ("records", "found"),
    [
        ({"other": RecordDigest("row")}, "2"),
        ({"collection": RecordDigest("another")}, "1"),
        ({"collection": None, "other": RecordDigest("row")}, "1"),
    ],
)
def test_what_is_added_to_a_release_before_takes_nothing_from_what_is_untouched(
    records: dict[str, RecordDigest | None], found: str
) -> None:
    result = {r.name: r for r in all_checks.run_checks(holds(**records)(WHOLE))}["previous"]
    assert (result.status, result.expected, result.found) == (Status.FAILED, "2", found)


def test_without_what_earlier_releases_held_there_is_nothing_to_compare() -> None:
    found = statuses(replace(WHOLE, held=None))
    assert found.pop("previous") is Status.NOT_APPLICABLE
    assert set(found.values()) == {Status.PASSED}


@pytest.mark.parametrize("rows", [(PINNED,), (PINNED, OWN, replace(OWN, version="2"))])
def test_which_sources_are_current_fails_nothing(rows: tuple[SourceRow, ...]) -> None:
    assert statuses(snapshot(sources=rows)(WHOLE))["sources"] is Status.PASSED


def test_without_a_tracked_run_no_artifact_must_name_one() -> None:
    rows = tuple(replace(one, run_id=None) for one in ARTIFACTS)
    untracked = replace(snapshot(artifacts=rows)(WHOLE), tracked=None)
    assert statuses(untracked)["tracking"] is Status.NOT_APPLICABLE


def test_only_what_a_tracked_run_registered_must_name_one() -> None:
    facts = replace(row(1, run_id=None)(WHOLE), tracked=frozenset({"d-1"}))
    found = {result.name: result for result in all_checks.run_checks(facts)}["tracking"]
    assert (found.status, found.expected, found.found) == (Status.PASSED, "1", "1")


@pytest.mark.parametrize("tracked", [None, WHOLE.tracked])
@pytest.mark.parametrize("short", [["run a: is short"], Unknown("run a: is short")])
def test_a_journal_that_is_short_is_noted_and_fails_nothing(
    short: list[str] | Unknown, tracked: frozenset[str] | None
) -> None:
    facts = replace(WHOLE, short=short, tracked=tracked)
    found = {result.name: result for result in all_checks.run_checks(facts)}["tracking"]
    assert found.status is (Status.PASSED if tracked else Status.NOT_APPLICABLE)
    assert str(found.note).endswith("run a: is short")


def test_a_storage_that_does_not_answer_is_no_proof_of_anything() -> None:
    silent = lies(1, Unknown("no answer"))(WHOLE)
    found = {result.name: result for result in all_checks.run_checks(silent)}["storage"]
    assert (found.status, found.note) == (Status.UNCHECKED, "1 files: no answer")
    worse = replace(silent, stored={**silent.stored, ARTIFACTS[0].address: None})
    found = {result.name: result for result in all_checks.run_checks(worse)}["storage"]
    assert [offender.dataset_id for offender in found.offenders] == ["d-1"]
    assert (found.status, found.note) == (
        Status.FAILED,
        "1 files could not be looked at: no answer",
    )


class Unreadable(dict[int, Any]):
    """Facts that err when they are looked at."""

    def get(self, *_: Any) -> Any:
        raise RuntimeError("connection lost")


def test_a_check_that_errs_could_not_be_checked_and_is_never_a_pass() -> None:
    results = all_checks.run_checks(snapshot(slots=Unreadable())(WHOLE))
    broken = {result.name: result for result in results if result.status is not Status.PASSED}
    assert list(broken) == ["slots"]
    assert broken["slots"].status is Status.UNCHECKED
    assert broken["slots"].note == "RuntimeError: connection lost"
    assert verdict_of(results) is Verdict.UNCHECKED


UNKNOWN = {
    "held": {"previous"},
    "content": {"content"},
    "pins": {"sources"},
    "old_terms": {"terms"},
    "differing": {"annotations"},
    "taken": set(NAMES) - {"content"},
}


@pytest.mark.parametrize("field", UNKNOWN)
def test_what_could_not_be_gathered_could_not_be_checked(field: str) -> None:
    results = all_checks.run_checks(given(**{field: Unknown("it is on fire")})(WHOLE))
    broken = {result.name: result for result in results if result.status is not Status.PASSED}
    assert set(broken) == UNKNOWN[field]
    assert {one.status for one in broken.values()} == {Status.UNCHECKED}
    assert {one.note for one in broken.values()} == {"it is on fire"}
    assert verdict_of(results) is Verdict.UNCHECKED

"""Every check: passing on a whole release, failing on its own for one fault."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from runners import checks
from runners.census import CensusDataset
from runners.checks import CHECKS, REQUIRED_FEATURES, SLOTS, TOP_LEVEL
from runners.contract import DatasetOutcome, Outcome, Status, Verdict, verdict_of
from runners.facts import ArtifactRow, CollectionRow, Facts, Snapshot

RELEASE, BEFORE = "2020-07-15", "2020-01-15"
SOMA = f"s3://bucket/cell-census/{RELEASE}/soma"
Spoil = Callable[[Facts], Facts]


def dataset(name: str, study: str) -> CensusDataset:
    return CensusDataset(name, f"{name}-v1", f"Title of {name}", f"{name}.h5ad", study, "", "", 10)


def artifact(pk: int, name: str, uid: str, release: str = RELEASE) -> ArtifactRow:
    key = f"cell-census/{release}/h5ads/{name}.h5ad"
    return ArtifactRow(pk, uid, key, "AnnData", f"hash{pk}", True, f"s3://bucket/{key}", name)


def store(otype: str | None = "tiledbsoma", address: str = SOMA) -> ArtifactRow:
    return ArtifactRow(9, "soma0001", "cell-census/soma", otype, "h", True, address, "soma")


SNAPSHOT = Snapshot(
    release=RELEASE,
    artifacts=(
        artifact(1, "d-1", "aaaa0001"),
        artifact(2, "d-2", "bbbb0000"),
        artifact(3, "d-3", "cccc0000"),
    ),
    stores=(store(),),
    previous=(artifact(8, "d-1", "aaaa0000", BEFORE),),
    features={pk: frozenset(REQUIRED_FEATURES) for pk in (1, 2, 3)},
    slots=dict.fromkeys((1, 2, 3), SLOTS),
    with_reference=frozenset({1, 2, 3}),
    collections=(
        CollectionRow(TOP_LEVEL, None, frozenset({1, 2, 3})),
        CollectionRow("Study one", "study-1", frozenset({1, 2})),
        CollectionRow("Study two", "study-2", frozenset({3})),
    ),
    fingerprints={BEFORE: "as it was"},
)
WHOLE = Facts(
    snapshot=SNAPSHOT,
    datasets=(dataset("d-1", "study-1"), dataset("d-2", "study-1"), dataset("d-3", "study-2")),
    outcomes=tuple(
        DatasetOutcome(dataset_id=name, title="", outcome=outcome)
        for name, outcome in (
            ("d-1", Outcome.REVISED),
            ("d-2", Outcome.REGISTERED),
            ("d-3", Outcome.REGISTERED),
        )
    ),
    soma=SOMA,
    is_whole=True,
    fingerprints={BEFORE: "as it was"},
)
NAMES = tuple(check.__name__.removeprefix("check_") for check in CHECKS)


def snapshot(**fields: Any) -> Spoil:
    return lambda facts: replace(facts, snapshot=replace(facts.snapshot, **fields))


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


def unread(facts: Facts) -> Facts:
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
    return replace(facts, snapshot=without, outcomes=(*facts.outcomes[:2], broken))


FAULTS: list[tuple[str, Spoil, list[tuple[str, str]]]] = [
    ("datasets", unread, [("d-3", "unreadable")]),
    ("datasets", row(2, otype=None), [("d-3", "registered")]),
    (
        "datasets",
        snapshot(artifacts=(*SNAPSHOT.artifacts, artifact(7, "d-7", "dddd0000"))),
        [("d-7", "not in the release")],
    ),
    (
        "annotations",
        snapshot(features={**SNAPSHOT.features, 2: frozenset(REQUIRED_FEATURES[2:])}),
        [("d-2", "without assay_ontology_term_id, cell_type_ontology_term_id")],
    ),
    (
        "annotations",
        snapshot(features={pk: SNAPSHOT.features[pk] for pk in (1, 2)}),
        [("d-3", "without " + ", ".join(sorted(REQUIRED_FEATURES)))],
    ),
    (
        "slots",
        snapshot(slots={**SNAPSHOT.slots, 1: SLOTS - {"var"}}),
        [("d-1", "without slot var")],
    ),
    (
        "slots",
        snapshot(slots=dict.fromkeys((1, 2), SLOTS)),
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
        [("d-1", "does not revise the previous release's artifact")],
    ),
    ("lineage", row(1, is_latest=False), [("d-2", "is not marked as latest")]),
    ("lineage", snapshot(continued=frozenset({"bbbb"})), [("d-2", "is marked as latest")]),
    (
        "duplicates",
        row(2, hash="hash2"),
        [("d-2", "hash stands more than once"), ("d-3", "hash stands more than once")],
    ),
    (
        "duplicates",
        row(2, key=SNAPSHOT.artifacts[1].key),
        [("d-2", "key stands more than once"), ("d-3", "key stands more than once")],
    ),
    ("collections", without_collection(0), [(TOP_LEVEL, "missing or incomplete")]),
    ("collections", without_collection(2), [("study-2", "missing or incomplete")]),
    ("collections", with_members(1, 1), [("study-1", "missing or incomplete")]),
    ("collections", with_members(0, 1, 2, 3, 8), [(TOP_LEVEL, "missing or incomplete")]),
    ("store", snapshot(stores=()), []),
    ("store", snapshot(stores=(store(otype=None),)), []),
    ("store", snapshot(stores=(store(address="s3://elsewhere/soma"),)), []),
    ("store", snapshot(stores=(store(), store())), []),
    (
        "previous",
        snapshot(fingerprints={BEFORE: "something else"}),
        [(BEFORE, "holds something else now")],
    ),
    ("previous", snapshot(fingerprints={}), [(BEFORE, "holds something else now")]),
]


def statuses(facts: Facts) -> dict[str, Status]:
    return {result.name: result.status for result in checks.verify(facts)}


def test_every_check_passes_on_a_whole_release() -> None:
    assert statuses(WHOLE) == dict.fromkeys(NAMES, Status.PASSED)
    for result in checks.verify(WHOLE):
        assert result.offenders == ()
        assert result.note is None


def test_every_check_has_a_fault_of_its_own() -> None:
    assert {name for name, _, _ in FAULTS} == set(NAMES)


@pytest.mark.parametrize(("name", "spoil", "offenders"), FAULTS)
def test_a_fault_fails_its_own_check_alone_and_names_who_offends(
    name: str, spoil: Spoil, offenders: list[tuple[str, str]]
) -> None:
    results = checks.verify(spoil(WHOLE))
    failed = {result.name: result for result in results if result.status is not Status.PASSED}
    assert list(failed) == [name]
    result = failed[name]
    assert result.status is Status.FAILED
    assert sorted((o.dataset_id, o.detail) for o in result.offenders) == offenders
    titles = {d.dataset_id: d.title for d in WHOLE.datasets}
    assert all(o.title == titles.get(o.dataset_id, "") for o in result.offenders)
    assert verdict_of(results) is Verdict.FAILED


def test_a_dataset_registered_twice_is_a_duplicate() -> None:
    again = artifact(4, "d-2", "ffff0000")
    spoiled = snapshot(artifacts=(*SNAPSHOT.artifacts, again))(WHOLE)
    assert statuses(spoiled)["duplicates"] is Status.FAILED


def test_a_chain_that_a_later_release_continues_has_its_latest_there() -> None:
    rows = tuple(replace(one, is_latest=False) for one in SNAPSHOT.artifacts)
    stems = frozenset(one.stem for one in rows)
    later = snapshot(artifacts=rows, continued=stems)(WHOLE)
    assert statuses(later)["lineage"] is Status.PASSED


def test_artifacts_without_a_hash_are_no_duplicates() -> None:
    rows = tuple(replace(one, hash=None) for one in SNAPSHOT.artifacts)
    assert statuses(snapshot(artifacts=rows)(WHOLE))["duplicates"] is Status.PASSED


def test_expected_and_found_are_counted() -> None:
    results = {result.name: result for result in checks.verify(unread(WHOLE))}
    assert (results["datasets"].expected, results["datasets"].found) == ("3", "2")
    assert (results["annotations"].expected, results["annotations"].found) == ("2", "2")
    assert (results["collections"].expected, results["collections"].found) == ("2", "2")
    store_less = {r.name: r for r in checks.verify(snapshot(stores=())(WHOLE))}["store"]
    assert (store_less.expected, store_less.found) == ("1 tiledbsoma", "none")


def test_a_part_of_a_release_has_neither_collections_nor_store() -> None:
    part = replace(
        snapshot(stores=(), collections=())(WHOLE), datasets=WHOLE.datasets[:1], is_whole=False
    )
    found = statuses(part)
    assert found.pop("collections") is found.pop("store") is Status.NOT_APPLICABLE
    assert set(found.values()) == {Status.PASSED}
    assert all(r.note for r in checks.verify(part) if r.status is Status.NOT_APPLICABLE)


def test_without_what_earlier_releases_held_there_is_nothing_to_compare() -> None:
    found = statuses(replace(WHOLE, fingerprints=None))
    assert found.pop("previous") is Status.NOT_APPLICABLE
    assert set(found.values()) == {Status.PASSED}


class Unreadable(dict[int, Any]):
    """Facts that err when they are looked at."""

    def get(self, *_: Any) -> Any:
        raise RuntimeError("connection lost")


def test_a_check_that_errs_could_not_be_checked_and_is_never_a_pass() -> None:
    results = checks.verify(snapshot(features=Unreadable())(WHOLE))
    broken = {result.name: result for result in results if result.status is not Status.PASSED}
    assert list(broken) == ["annotations"]
    assert broken["annotations"].status is Status.UNCHECKED
    assert broken["annotations"].note == "RuntimeError: connection lost"
    assert verdict_of(results) is Verdict.UNCHECKED


def test_without_facts_nothing_is_checked() -> None:
    results = checks.unchecked("the instance can't be read")
    assert tuple(result.name for result in results) == NAMES
    assert {result.status for result in results} == {Status.UNCHECKED}
    assert {result.note for result in results} == {"the instance can't be read"}
    assert verdict_of(results) is Verdict.UNCHECKED

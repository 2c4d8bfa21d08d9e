"""Do the SOMA store and the storage hold what the instance and the release say? Pure."""

from collections import Counter

from runners.contract import Status
from runners.records.snapshot import (
    SOMA,
    ArtifactRow,
    Stored,
    Unknown,
    UnknownError,
    value_or_raise,
)
from runners.verification.checks.answer import (
    Answer,
    Bad,
    NotApplicable,
    of_artifacts,
    offenders_of,
    own_artifacts,
)
from runners.verification.checks.datasets import ONLY_A_PART
from runners.verification.facts import VerificationFacts


def store_registered(facts: VerificationFacts) -> Answer | NotApplicable:
    """The SOMA store that was read for this verification is the one that is registered.

    The note has what the release directory says: a release that was retracted is still registered.
    """
    if not facts.is_whole:
        return ONLY_A_PART
    stores = facts.snapshot.stores
    bad = [(store.key, wrong) for store in stores if (wrong := _wrong(store, facts.soma))]
    kinds = Counter(str(store.otype) for store in stores)
    is_good = len(stores) == 1 and not bad
    return Answer(
        expected=f"1 {SOMA}",
        found=", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "none",
        status=Status.PASSED if is_good else Status.FAILED,
        offenders=offenders_of(facts, bad),
        note="; ".join(facts.listed) or None,
    )


def _wrong(store: ArtifactRow, soma: str) -> str:
    if store.otype != SOMA:
        return f"is of otype {store.otype}"
    same = _within_census(store.address) == _within_census(soma)
    return "" if same else f"lies at {store.address}, not at {soma}"


def _within_census(address: str) -> str:
    """The address without its bucket or folder: a release lies in several, with the same files."""
    _, separator, place = address.rpartition("/cell-census/")
    return place if separator else address


def content(facts: VerificationFacts) -> Answer | NotApplicable:
    """The store's users can read its experiments, which hold the datasets and cells that its
    census_info says.
    """
    if not facts.is_whole:
        return ONLY_A_PART
    content = value_or_raise(facts.content)
    in_census_info = {dataset.dataset_id for dataset in facts.datasets if dataset.cell_count}
    cells = sum(dataset.cell_count for dataset in facts.datasets)
    bad: list[Bad] = [
        (i, "has no cell in the store") for i in sorted(in_census_info - content.dataset_ids)
    ]
    bad += [(i, "is not in census_info") for i in sorted(content.dataset_ids - in_census_info)]
    bad += sorted(content.unread.items())
    if content.summary_cells not in (None, cells):
        bad.append(("census_info/summary", f"says {content.summary_cells:,} cells"))
    expected = f"{len(in_census_info):,} datasets, {cells:,} cells"
    seen = f"{len(content.dataset_ids):,} datasets, {content.cells:,} cells"
    is_good = expected == seen and not bad
    status = Status.PASSED if is_good else Status.FAILED
    return Answer(expected, seen, status, offenders_of(facts, bad))


def files(facts: VerificationFacts) -> Answer:
    """Each artifact's file is in storage with the size and hash that were registered."""
    bad, unknown = [], []
    for row in own_artifacts(facts):
        stored = facts.stored[row.address]
        if isinstance(stored, Unknown):
            unknown.append(stored.why)
        elif wrong := _differs(row, stored):
            bad.append((row.dataset_id, wrong))
    if unknown and not bad:
        raise UnknownError(f"{len(unknown):,} files: {unknown[0]}")
    note = f"{len(unknown):,} files could not be looked at: {unknown[0]}" if unknown else None
    return of_artifacts(facts, bad, note)


def _differs(row: ArtifactRow, stored: Stored | None) -> str:
    if stored is None:
        return "is not in storage any more"
    if row.size is not None and row.size != stored.size:
        return f"has {stored.size:,} bytes, registered with {row.size:,}"
    if None not in (row.hash, stored.hash) and row.hash != stored.hash:
        return f"has the hash {stored.hash}, registered with {row.hash}"
    return ""

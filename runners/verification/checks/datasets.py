"""Are the release's datasets there, once each, in their chains, and its collections whole? Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from runners.contract import Outcome
from runners.records.snapshot import ArtifactRow, CollectionRow, Snapshot
from runners.verification.checks.answer import (
    Answer,
    Bad,
    NotApplicable,
    answer,
    of_artifacts,
    own_artifacts,
)
from runners.verification.facts import VerificationFacts

ANNDATA = "AnnData"
WITHOUT_ARTIFACT = {Outcome.MISSING, Outcome.UNREADABLE}


TOP_LEVEL = "cellxgene-census"
ONLY_A_PART = NotApplicable("only a part of the release was asked for")


def registered(facts: VerificationFacts) -> Answer:
    """Each dataset of the release has one AnnData artifact of this release."""
    rows = {row.dataset_id: row for row in facts.snapshot.artifacts}
    expected = set(facts.titles)
    good = {row.dataset_id for row in facts.snapshot.artifacts if row.otype == ANNDATA}
    ended = {outcome.dataset_id: outcome.outcome for outcome in facts.outcomes}
    bad = [(i, _lacking(rows.get(i), ended.get(i))) for i in sorted(expected - good)]
    if facts.is_whole:
        bad += [(i, "not in the release") for i in sorted(rows.keys() - expected)]
    return answer(facts, expected=len(expected), found=len(good & expected), bad=bad)


def _lacking(row: ArtifactRow | None, outcome: Outcome | None) -> str:
    if row is not None:
        return f"its artifact is of otype {row.otype}"
    return outcome.value if outcome in WITHOUT_ARTIFACT and outcome else "no artifact"


def lineage(facts: VerificationFacts) -> Answer:
    """Datasets that continue do so in their chain, others start one; each is the latest until a
    later release.
    """
    snapshot = facts.snapshot
    before = {row.dataset_id: row for row in snapshot.earlier}  # the last one is the newest
    begun = {row.stem for row in snapshot.earlier}
    bad = [
        (row.dataset_id, wrong)
        for row in own_artifacts(facts)
        if (wrong := _break(row, before.get(row.dataset_id), begun, snapshot))
    ]
    return of_artifacts(facts, bad)


def _break(
    row: ArtifactRow, before: ArtifactRow | None, begun: set[str], snapshot: Snapshot
) -> str:
    """`begun`: the stems of the chains of earlier releases."""
    continued = snapshot.continued
    if before is not None and row.stem != before.stem:
        return f"does not revise the artifact of release {before.release}"
    # one that came after a later release's has a later end
    is_new = row.stem not in begun and (row.is_first or row.stem in continued)
    if before is None and not is_new and row.stem not in snapshot.trashed:
        return "is new, but revises another artifact"
    if row.is_latest == (row.stem in continued):
        return f"is {'' if row.is_latest else 'not '}marked as latest"
    return ""


def duplicates(facts: VerificationFacts) -> Answer:
    """No key, dataset or content stands twice in the release."""
    rows = own_artifacts(facts)
    bad: dict[str, str] = {}
    for what, field in (("key", "key"), ("dataset id", "dataset_id"), ("hash", "hash")):
        counts = Counter(getattr(row, field) for row in rows)
        del counts[None]
        for row in rows:
            if counts[getattr(row, field)] > 1:
                bad.setdefault(row.dataset_id, f"{what} stands more than once")
    sorted_bad: list[Bad] = sorted(bad.items())
    return answer(facts, expected="0", found=str(len(bad)), bad=sorted_bad)


def collections_complete(facts: VerificationFacts) -> Answer | NotApplicable:
    """One collection of all artifacts and one of each study's, each of this release and whole."""
    if not facts.is_whole:
        return ONLY_A_PART
    rows, ids = facts.snapshot.collections, {row.dataset_id: row.id for row in own_artifacts(facts)}
    releases = {row.id: row.release for row in facts.snapshot.earlier}
    bad, wanted = [], _wanted_collections(facts, ids)
    for name, members in wanted.items():
        same = [r for r in rows if (r.key if name == TOP_LEVEL else r.reference) == name]
        if wrong := _wrong_collections(same, members, releases):
            bad.append((name, wrong))
    return answer(facts, expected=len(wanted), found=len(wanted) - len(bad), bad=bad)


def _wanted_collections(
    facts: VerificationFacts, ids: Mapping[str, int]
) -> dict[str, frozenset[int]]:
    """The members of the collection of everything, and of each study that has any."""
    studies: dict[str, set[int]] = {}
    for dataset in facts.datasets:
        if dataset.dataset_id in ids:
            studies.setdefault(dataset.collection_id, set()).add(ids[dataset.dataset_id])
    wanted = {name: frozenset(members) for name, members in sorted(studies.items())}
    return {TOP_LEVEL: frozenset(ids.values()), **wanted}


def _wrong_collections(
    same: Sequence[CollectionRow], members: frozenset[int], releases: Mapping[int, str]
) -> str:
    """What is wrong with the rows of one collection, if anything is."""
    if not same:
        return "missing"
    if len(same) > 1:
        return f"stands {len(same)} times"
    missing, foreign = members - same[0].members, same[0].members - members
    parts = [f"lacks {len(missing):,} of {len(members):,}"] if missing else []
    if foreign and (before := _releases(foreign, releases)):
        parts.append(f"is that of {before}, marked as this release's: that release has lost it")
    elif foreign:
        parts.append(f"holds {len(foreign):,} of elsewhere")
    return ", ".join(parts)


def _releases(ids: Iterable[int], releases: Mapping[int, str]) -> str:
    return ", ".join(sorted({releases[pk] for pk in ids if pk in releases}))

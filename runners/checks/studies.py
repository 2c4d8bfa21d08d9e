"""Are the collections of the release there, and whole? Pure."""

from collections.abc import Iterable, Mapping, Sequence

from runners.checks.finding import Found, NotApplicable, found, own
from runners.records.snapshot import CollectionRow
from runners.verification.facts import Facts

TOP_LEVEL = "cellxgene-census"
ONLY_A_PART = NotApplicable("only a part of the release was asked for")


def complete(facts: Facts) -> Found | NotApplicable:
    """One collection of all artifacts and one of each study's, each of this release and whole."""
    if not facts.is_whole:
        return ONLY_A_PART
    rows, ids = facts.snapshot.collections, {row.dataset_id: row.id for row in own(facts)}
    releases = {row.id: row.release for row in facts.snapshot.earlier}
    bad, wanted = [], _wanted(facts, ids)
    for name, members in wanted.items():
        same = [r for r in rows if (r.key if name == TOP_LEVEL else r.reference) == name]
        if wrong := _wrong(same, members, releases):
            bad.append((name, wrong))
    return found(facts, expected=len(wanted), found=len(wanted) - len(bad), bad=bad)


def _wanted(facts: Facts, ids: Mapping[str, int]) -> dict[str, frozenset[int]]:
    """The members of the collection of everything, and of each study that has any."""
    studies: dict[str, set[int]] = {}
    for dataset in facts.datasets:
        if dataset.dataset_id in ids:
            studies.setdefault(dataset.collection_id, set()).add(ids[dataset.dataset_id])
    wanted = {name: frozenset(members) for name, members in sorted(studies.items())}
    return {TOP_LEVEL: frozenset(ids.values()), **wanted}


def _wrong(
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

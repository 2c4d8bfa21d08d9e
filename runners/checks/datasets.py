"""Are the datasets of the release there, once each, and in their revision chains? Pure."""

from collections import Counter

from runners.checks.finding import Bad, Found, found, of_artifacts, own
from runners.contract import Outcome
from runners.records.snapshot import ArtifactRow
from runners.verification.facts import Facts

ANNDATA = "AnnData"
WITHOUT_ARTIFACT = {Outcome.MISSING, Outcome.UNREADABLE}


def registered(facts: Facts) -> Found:
    """Each dataset of the release has one AnnData artifact of this release."""
    rows = {row.dataset_id: row for row in facts.snapshot.artifacts}
    expected = set(facts.titles)
    good = {row.dataset_id for row in facts.snapshot.artifacts if row.otype == ANNDATA}
    ended = {one.dataset_id: one.outcome for one in facts.outcomes}
    bad = [(i, _lacking(rows.get(i), ended.get(i))) for i in sorted(expected - good)]
    if facts.is_whole:
        bad += [(i, "not in the release") for i in sorted(rows.keys() - expected)]
    return found(facts, expected=len(expected), found=len(good & expected), bad=bad)


def _lacking(row: ArtifactRow | None, outcome: Outcome | None) -> str:
    if row is not None:
        return f"its artifact is of otype {row.otype}"
    return outcome.value if outcome in WITHOUT_ARTIFACT and outcome else "no artifact"


def lineage(facts: Facts) -> Found:
    """Datasets that continue do so in their chain, others start one; each is the latest until a
    later release.
    """
    before = {row.dataset_id: row for row in facts.snapshot.earlier}  # the last one is the newest
    bad = [
        (row.dataset_id, wrong)
        for row in own(facts)
        if (wrong := _break(row, before.get(row.dataset_id), facts.snapshot.continued))
    ]
    return of_artifacts(facts, bad)


def _break(row: ArtifactRow, before: ArtifactRow | None, continued: frozenset[str]) -> str:
    if before is not None and row.stem != before.stem:
        return f"does not revise the artifact of release {before.release}"
    if before is None and not row.is_first:
        return "is new, but revises another artifact"
    if row.is_latest == (row.stem in continued):
        return f"is {'' if row.is_latest else 'not '}marked as latest"
    return ""


def duplicates(facts: Facts) -> Found:
    """No key, dataset or content stands twice in the release."""
    rows = own(facts)
    bad: dict[str, str] = {}
    for what, field in (("key", "key"), ("dataset id", "dataset_id"), ("hash", "hash")):
        counts = Counter(getattr(row, field) for row in rows)
        del counts[None]
        for row in rows:
            if counts[getattr(row, field)] > 1:
                bad.setdefault(row.dataset_id, f"{what} stands more than once")
    sorted_bad: list[Bad] = sorted(bad.items())
    return found(facts, expected="0", found=str(len(bad)), bad=sorted_bad)

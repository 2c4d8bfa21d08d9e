"""Is what surrounds the release as it should be: sources, runs, earlier releases? Pure.

Which sources are current is the instance's choice, and none of a release's: it is told
(`runners.verification.sources`), and fails nothing.
"""

from collections.abc import Mapping, Sequence

from runners.records.baseline import Baseline, Difference, RecordDigest, differences
from runners.records.snapshot import Unknown, value_or_raise
from runners.verification.checks.answer import Answer, NotApplicable, answer, own_artifacts
from runners.verification.facts import VerificationFacts


def sources(facts: VerificationFacts) -> Answer:
    """The sources at the schema's pins are there, and bionty can use them."""
    pins = value_or_raise(facts.pins)
    usable = {(row.key, row.version): row.is_usable for row in facts.snapshot.sources}
    bad = []
    for key, version in sorted(pins.items()):
        if not usable.get((key, version), False):
            is_there = (key, version) in usable
            lacks = f"{version} has neither a table nor an address"
            problem = lacks if is_there else f"there is no {version}"
            bad.append((f"{key[0]} {key[1]}", f"{key[2]}: {problem}"))
    return answer(facts, expected=len(pins), found=len(pins) - len(bad), bad=bad)


def tracking(facts: VerificationFacts) -> Answer | NotApplicable:
    """Each artifact that a tracked run registered names its LaminDB run. What journals lack is
    noted: it makes the release no other.
    """
    short = [facts.short.why] if isinstance(facts.short, Unknown) else facts.short
    if facts.tracked is None:
        return NotApplicable("; ".join(["no run was asked to be tracked", *short]))
    rows = [row for row in own_artifacts(facts) if row.dataset_id in facts.tracked]
    bad = [(row.dataset_id, "names no run") for row in rows if row.run_id is None]
    note = "; ".join(short) or None
    return answer(facts, expected=len(rows), found=len(rows) - len(bad), bad=bad, note=note)


def previous(facts: VerificationFacts) -> Answer | NotApplicable:
    """Every earlier release holds what it held before the run began, the latest flags aside, what
    was given back to it, and what a run of its own has mended since.
    """
    if facts.held is None:
        return NotApplicable("no run of this release stored what they held before")
    before, now = _unflagged(value_or_raise(facts.held)), _unflagged(facts.snapshot.held)
    names = {row.uid: row.dataset_id for row in facts.snapshot.earlier}
    left = [_unflagged(releases) for releases in value_or_raise(facts.left)]
    changed = [
        difference
        for difference in differences(before, now)
        if difference.uid not in facts.given_back and not _is_left(difference, now, left)
    ]
    bad = [
        (names.get(difference.uid, difference.uid), f"{difference.release}: {difference.what}")
        for difference in changed
    ]
    held = {(release, uid) for release, records in before.releases.items() for uid in records}
    same = held - {(difference.release, difference.uid) for difference in changed}
    return answer(facts, expected=len(held), found=len(same), bad=bad)


def _is_left(difference: Difference, now: Baseline, left: Sequence[Baseline]) -> bool:
    """True if a record is as a run of its own release has left it."""
    release, uid, _ = difference
    record = now.releases.get(release, {}).get(uid)
    lefts = (state.releases.get(release, {}).get(uid) for state in left)
    return record is not None and record in lefts


def _unflagged(releases: Mapping[str, Mapping[str, RecordDigest]]) -> Baseline:
    """What is held but for the flags, which a new release takes from the one before, by design."""
    return Baseline(
        releases={
            release: {uid: held._replace(is_latest=False) for uid, held in records.items()}
            for release, records in releases.items()
        },
        shared={},
    )

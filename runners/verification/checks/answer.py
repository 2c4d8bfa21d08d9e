"""What the answer to a check's question looks like, and how one is made. Asks nothing itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runners.contract import Offender, Status
from runners.records.snapshot import ArtifactRow
from runners.verification.facts import VerificationFacts

Bad = tuple[str, str]
"""Who offends (a dataset's id, or a record's name), and how."""


@dataclass(frozen=True)
class Answer:
    """An answer. `note` is there where the numbers don't tell enough."""

    expected: str
    found: str
    status: Status
    offenders: tuple[Offender, ...] = ()
    note: str | None = None


@dataclass(frozen=True)
class NotApplicable:
    """The question doesn't arise, and why."""

    why: str


def answer(
    facts: VerificationFacts,
    *,
    expected: int | str,
    found: int | str,
    bad: Iterable[Bad] = (),
    note: str | None = None,
) -> Answer:
    """Passed where nobody offends and the numbers agree."""
    offenders = offenders_of(facts, bad)
    is_good = not offenders and (isinstance(expected, str) or expected == found)
    status = Status.PASSED if is_good else Status.FAILED
    return Answer(formatted(expected), formatted(found), status, offenders, note)


def of_artifacts(facts: VerificationFacts, bad: Sequence[Bad], note: str | None = None) -> Answer:
    """The answer to a question that is asked of every artifact."""
    total = len(own_artifacts(facts))
    left = total - len({name for name, _ in bad})
    return answer(facts, expected=total, found=left, bad=bad, note=note)


def offenders_of(facts: VerificationFacts, bad: Iterable[Bad]) -> tuple[Offender, ...]:
    """Those who offend, with the titles of datasets."""
    titles = facts.titles
    return tuple(
        Offender(dataset_id=name, title=titles.get(name, ""), detail=detail) for name, detail in bad
    )


def own_artifacts(facts: VerificationFacts) -> list[ArtifactRow]:
    """The artifacts of the datasets that this verification is about."""
    titles = facts.titles
    return [row for row in facts.snapshot.artifacts if row.dataset_id in titles]


def formatted(value: int | str) -> str:
    """A number as people write it."""
    return f"{value:,}" if isinstance(value, int) else value

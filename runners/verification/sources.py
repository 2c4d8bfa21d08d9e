"""Where a release's terms are from, beside the sources in which its instance looks terms up.

A run changes nothing of the latter, so that all of this is told and fails nothing. Pure.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from runners.contract import SourcesReport, SourceUse
from runners.records.snapshot import SourceRow, Unknown
from runners.verification.facts import VerificationFacts

Whose = tuple[str, str]
"""Registry and organism."""


def report_sources(facts: VerificationFacts) -> SourcesReport | None:
    """The sources that the release's terms are from or its schema pins; None where the instance or
    the pins can't be read.
    """
    if isinstance(facts.taken, Unknown) or isinstance(facts.pins, Unknown):
        return None
    rows, pins = facts.taken.sources, facts.pins
    current = _current(rows)
    uses = (
        SourceUse(
            registry=row.key[0],
            organism=row.key[2],
            name=row.key[1],
            version=row.version,
            terms=row.terms,
            is_pinned=pins.get(row.key) == row.version,
            current=tuple(_name(one) for one in current.get(_whose(row), ())),
        )
        for row in rows
        if row.terms or pins.get(row.key) == row.version
    )
    remarks = (*of_look_ups(rows), *_moved(facts.was_current, rows))
    return SourcesReport(uses=tuple(uses), remarks=remarks)


def of_look_ups(rows: Sequence[SourceRow]) -> tuple[str, ...]:
    """What is wrong with the sources in which the instance looks terms up: several at once, or one
    that can't be used.
    """
    return (*_several(_current(rows)), *_unusable(rows))


def _current(rows: Sequence[SourceRow]) -> dict[Whose, list[SourceRow]]:
    current: dict[Whose, list[SourceRow]] = defaultdict(list)
    for row in rows:
        if row.is_current:
            current[_whose(row)].append(row)
    return current


def _whose(row: SourceRow) -> Whose:
    entity, _, organism = row.key
    return entity, organism


def _name(row: SourceRow) -> str:
    return f"{row.key[1]} {row.version}"


def _called(row: SourceRow) -> str:
    entity, name, organism = row.key
    return f"{entity}, {organism}: {name} {row.version}"


def _several(current: dict[Whose, list[SourceRow]]) -> Iterator[str]:
    for (entity, organism), rows in sorted(current.items()):
        if len(rows) > 1:
            names = " and ".join(map(_name, rows))
            yield (
                f"{entity}, {organism}: {names} are current at once, so that look-ups of one fail; "
                "make one of them current."
            )


def _unusable(rows: Sequence[SourceRow]) -> Iterator[str]:
    for row in rows:
        if row.is_current and not row.is_usable:
            yield (
                f"{_called(row)} is current, and has neither a table nor an address, so that "
                "look-ups find nothing; give it a table by add_source, or make another current."
            )


def _moved(before: frozenset[str] | Unknown | None, rows: Sequence[SourceRow]) -> Iterator[str]:
    """What isn't as it was before the first run of the release, which is somebody else's doing."""
    if before is None or isinstance(before, Unknown):
        return
    since = "since the first run of this release began, which no run of ours does"
    for row in rows:
        if row.is_current and row.uid not in before:
            yield f"{_called(row)} was made current {since}."
        elif row.uid in before and not row.is_current:
            yield f"{_called(row)} was put aside {since}."

"""What a rollback took back, or would, and the words for it. Must not do it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from runners.records.baseline import Difference

SHOWN = 20
"""Reasons and differences that are written out."""

KINDS = {
    "lamindb_artifact": "artifacts",
    "lamindb_collection": "collections",
    "lamindb_reference": "references",
    "lamindb_storage": "storage",
    "lamindb_feature": "features",
    "lamindb_schema": "schemas",
    "lamindb_ulabel": "labels",
    "bionty_source": "sources",
    "bionty_gene": "genes",
}
SHARED_KINDS = {**KINDS, "lamindb_artifact": "tables of sources"}
"""What stays of vocabulary: its artifacts are what bionty reads terms from."""


@dataclass(frozen=True)
class RollbackResult:
    """Rows by table that were deleted, given back their values, or stay; and why nothing was done,
    where it can't be.

    `kept` are definitions and references that others use; `differing` is what differs from the
    state before the runs and is none of their doing. `is_proved` where the instance kept all that
    the runs wrote.
    """

    runs: tuple[str, ...]
    instance: str
    deleted: Mapping[str, int] = field(default_factory=dict)
    restored: Mapping[str, int] = field(default_factory=dict)
    stays: Mapping[str, int] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    differing: tuple[Difference, ...] = ()
    is_proved: bool = True


def describe(result: RollbackResult, *, is_real: bool) -> list[str]:
    """The lines for a person, the verdict last."""
    lines = [f"{result.instance}: runs {', '.join(result.runs)}"]
    if result.problems:
        lines += ["can't be rolled back exactly, so nothing was changed:"]
        return lines + _listed(result.problems)
    if result.deleted:
        lines.append(f"takes back: {_counted(result.deleted)}")
    if result.restored:
        lines.append(f"gives their values back to: {_counted(result.restored)}")
    if result.stays:
        lines.append(f"stays, for all releases share it: {_counted(result.stays, SHARED_KINDS)}")
    lines.append("stays: files in storage")
    lines += [f"stays: {record}" for record in result.kept]
    if result.differing:
        lines += ["differs from the state before, by other hands:"]
        lines += _listed(str(difference) for difference in result.differing)
    if not result.is_proved:
        lines.append(
            "nothing proves that the journals are whole, for the instance didn't keep yet what "
            "these runs wrote"
        )
    if is_real and result.is_proved:
        return [*lines, "rolled back, and what the runs had touched found as it was before"]
    if is_real:
        return [*lines, "rolled back, and what their journals name found as it was before"]
    return [*lines, "nothing was changed yet: say --yes to do it"]


def _counted(rows: Mapping[str, int], kinds: Mapping[str, str] = KINDS) -> str:
    counts: Counter[str] = Counter()
    for table, count in rows.items():
        counts[kinds.get(table) or _kind(table)] += count
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))


def _kind(table: str) -> str:
    """Of a table that has no name here: it holds terms, or links something."""
    prefix, _, name = table.partition("_")
    is_term = prefix == "bionty" and not name.startswith("artifact") and "_" not in name
    return "terms" if is_term else "links"


def _listed(entries: Iterable[str]) -> list[str]:
    lines = [f"  {entry}" for entry in entries]
    more = len(lines) - SHOWN
    return [*lines[:SHOWN], f"  and {more} more"] if more > 0 else lines

"""The one rule for rows that people put out of sight: they are absent, and what a release needs of
them is restored.

LaminDB keeps its trash and its archive as branches that no query of its users shows
(https://docs.lamin.ai/faq/trash-archive). Their rows still hold uids and names, so that none like
them can be made.
"""

from collections.abc import Iterable
from typing import Any

from runners import progress

MAIN = 1
HIDDEN = (-1, 0)
"""The branches of the trash and of the archive."""


def visible(rows: Any) -> Any:
    """Those of a query set's rows that people see."""
    return rows.exclude(branch_id__in=HIDDEN)


def hidden(rows: Any) -> Any:
    """The others."""
    return rows.filter(branch_id__in=HIDDEN)


def first(rows: Any) -> Any | None:
    """The oldest visible one of a query set's rows, else the oldest hidden one, restored."""
    record = visible(rows).order_by("id").first()
    if record is None and (record := rows.order_by("id").first()):
        restored(record)
    return record


def restore_missing(rows: Any, field: str) -> None:
    """Of each value of the field that only hidden rows have, restores the oldest."""
    shown = visible(rows).values_list(field, flat=True)
    missing = hidden(rows).exclude(**{f"{field}__in": set(shown)}).order_by("-id")
    oldest = dict(missing.values_list(field, "id"))
    if oldest:
        restore(rows.filter(id__in=list(oldest.values())))


def restore(rows: Any) -> None:
    """Makes a query set's hidden rows visible again, and says which."""
    names = [_name(row) for row in hidden(rows)]
    if names:
        hidden(rows).update(branch_id=MAIN)
        progress.say(f"back from the trash: {rows.model.__name__} {shortened(names)}")


def restored(record: Any) -> Any:
    """The record, restored if it was hidden."""
    if record.branch_id in HIDDEN:
        restore(type(record).objects.filter(pk=record.pk))
        record.branch_id = MAIN
    return record


def shortened(names: Iterable[str], most: int = 5) -> str:
    """The names in a sentence, of many the first."""
    names = sorted(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _name(row: Any) -> str:
    fields = ("ontology_id", "ensembl_gene_id", "key", "name")
    return next((str(v) for f in fields if (v := getattr(row, f, None))), row.uid)

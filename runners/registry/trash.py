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


def first(rows: Iterable[Any]) -> Any | None:
    """The oldest visible one of the rows, else the oldest hidden one, restored."""
    in_order = sorted(rows, key=lambda row: (row.branch_id in HIDDEN, row.id))
    return restored(in_order[0]) if in_order else None


def shown_values(rows: Any, field: str) -> set[Any]:
    """The field's values in a query set; of what only hidden rows have, restores the oldest."""
    shown, oldest = set(), {}
    for value, pk, branch in rows.order_by("-id").values_list(field, "id", "branch_id"):
        if branch in HIDDEN:
            oldest[value] = pk
        else:
            shown.add(value)
    if out_of_sight := oldest.keys() - shown:
        restore(rows.model.objects.filter(id__in=[oldest[value] for value in out_of_sight]))
    return shown | oldest.keys()


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

"""The one rule for rows that users of the main branch don't see: they are absent, and what a
release needs of them is brought to main.

LaminDB keeps its trash, its archive and the work of contributors as branches; a query on main shows
only its own rows (https://docs.lamin.ai/faq/trash-archive, https://docs.lamin.ai/manage-changes).
Those of others still hold uids and names, so that none like them can be made.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import lamindb as ln

from runners import progress
from runners.contract import ContractError

MAIN = 1


def require_main(instance: str) -> None:
    """Refuses to write where LaminDB would put new records out of its users' sight.

    Raises:
        ContractError: the current branch is another one; it is named.
    """
    branch = ln.setup.settings.branch
    if branch.id != MAIN:
        raise ContractError(
            f"instance {instance}: the branch {branch.name} is current here, whose records others "
            "don't see; run `lamin switch main` first."
        )


def visible(rows: Any) -> Any:
    """Those of a query set's rows that are on main."""
    return rows.filter(branch_id=MAIN)


def hidden(rows: Any) -> Any:
    """The others."""
    return rows.exclude(branch_id=MAIN)


def is_hidden(record: Any) -> bool:
    """Whether the record is on another branch than main."""
    return bool(record.branch_id != MAIN)


def first(rows: Iterable[Any]) -> Any | None:
    """The oldest visible one of the rows, else the oldest hidden one, restored."""
    in_order = sorted(rows, key=lambda row: (is_hidden(row), row.id))
    return restored(in_order[0]) if in_order else None


def shown_values(rows: Any, field: str) -> set[Any]:
    """The field's values in a query set; of what only hidden rows have, restores the oldest."""
    shown, oldest = set(), {}
    for value, pk, branch in rows.order_by("-id").values_list(field, "id", "branch_id"):
        if branch != MAIN:
            oldest[value] = pk
        else:
            shown.add(value)
    if out_of_sight := oldest.keys() - shown:
        restore(rows.model.objects.filter(id__in=[oldest[value] for value in out_of_sight]))
    return shown | oldest.keys()


def restore(rows: Any) -> None:
    """Brings a query set's hidden rows to main, and says which."""
    names: dict[str, list[str]] = defaultdict(list)
    for row in hidden(rows).select_related("branch"):
        names[row.branch.name].append(_name(row))
    if names:  # else a round trip for nothing
        hidden(rows).update(branch_id=MAIN)
    for branch, own in sorted(names.items()):
        progress.say(f"brought from {branch} to main: {rows.model.__name__} {shortened(own)}")


def restored(record: Any) -> Any:
    """The record, restored if it was hidden."""
    if is_hidden(record):
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

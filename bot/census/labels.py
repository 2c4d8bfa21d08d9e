"""The words by which a release's tables are known, and which way round a table lies.

Must not read values: `entry` does.
"""

import re
from collections.abc import Mapping

from bot.census.outline import Table

FACTS = {
    "census_schema_version": r"census schema( version)?",
    "build_date": r"(census )?build date",
    "dataset_schema_version": r"data ?set schema( version)?",
    "dataset_count": r"(total )?(number of )?data ?sets( count)?",
}
COUNTS = {
    "total": r"total( number of)? cells?( count)?",
    "unique": r"unique( number of)? cells?( count)?",
}


def oriented(table: Table, labels: Mapping[str, str]) -> Table | None:
    """The table with the labels in its first column, or None if they stand in no edge of it."""
    if not table.rows or not table.rows[0]:
        return None
    turned = table.transposed()
    down, across = (
        sum(label(row[0].text, labels) is not None for row in t.rows) for t in (table, turned)
    )
    if not down and not across:
        return None
    return table if down >= across else turned


def label(text: str, labels: Mapping[str, str]) -> str | None:
    word = text.strip(" :*").lower()
    return next((name for name, pattern in labels.items() if re.fullmatch(pattern, word)), None)


def tells_facts(table: Table) -> bool:
    """Whether the table is the one that a release is told by."""
    upright = oriented(table, FACTS)
    if upright is None:
        return False
    return len({label(row[0].text, FACTS) for row in upright.rows} - {None}) > 1

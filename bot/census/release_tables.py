"""One entry of the release page -> one Release: which table says what, whichever way it lies.

Tables are known by the words in their cells. Nothing is guessed: what can't be read is None, with
an Oddity.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.census.outline import Block, Cell, Heading, Table, Text
from bot.census.release import CellCount, Oddity, OddityKind, Release

BLANK = {"", "-", "--", "na", "n/a", "n.a.", "none", "null", "tbd", "not available"}
VERSION = re.compile(r"v?\.? ?(\d+(?:\.\d+)+(?:[-+][\w.]+)?)")
DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
ORGANISM = re.compile(r"[A-Z][a-z]+( [a-z.]+){1,2}")
OPENED_BY = re.compile(r"census_version\W+(\d{4}-\d{2}-\d{2})")
LEVELS = (("features", r"feature|gene|\bvar"), ("cells", r"cell|\bobs"))


FACT_LABELS = {
    "census_schema_version": r"census schema( version)?",
    "build_date": r"(census )?build date",
    "dataset_schema_version": r"data ?set schema( version)?",
    "dataset_count": r"(total )?(number of )?data ?sets( count)?",
}
COUNT_LABELS = {
    "total": r"total( number of)? cells?( count)?",
    "unique": r"unique( number of)? cells?( count)?",
}


@dataclass(slots=True)
class _Draft:
    """What has been read of an entry so far."""

    version: str
    facts: dict[str, Cell] = field(default_factory=dict)
    counts: dict[str, dict[str, int | None]] = field(default_factory=dict)
    embeddings: list[Mapping[str, str | None]] = field(default_factory=list)
    oddities: list[Oddity] = field(default_factory=list)

    def note(self, kind: OddityKind, detail: str) -> None:
        self.oddities.append(Oddity(kind, self.version, detail))


def read_entry(version: str, blocks: list[Block]) -> tuple[Release, tuple[Oddity, ...]]:
    """The release that the blocks beneath its heading describe, and what was odd about them."""
    draft = _Draft(version)
    headings: list[Heading] = []
    for block in blocks:
        if isinstance(block, Heading):
            headings = [h for h in headings if h.level < block.level] + [block]
        elif isinstance(block, Table):
            _read_table(draft, block, [h.text for h in headings])
        else:
            _check_opening(draft, block)
    return _finish(draft), tuple(draft.oddities)


def is_readable(release: Release) -> bool:
    """Whether anything at all was found beneath the entry's heading."""
    facts = (release.build_date, release.dataset_schema_version, release.dataset_count)
    return any(fact is not None for fact in facts) or bool(release.cell_counts)


def _read_table(draft: _Draft, table: Table, headings: list[str]) -> None:
    # Errata quote facts that are wrong: none of their tables may stand for the entry's own.
    if any(re.search(r"\berrat", text, re.I) for text in headings):
        return
    upright = oriented(table, FACT_LABELS)
    if upright is not None:
        _read_facts(draft, upright)
    elif (counts := oriented(table, COUNT_LABELS)) is not None:
        _read_counts(draft, counts)
    elif _is_embeddings(table, headings):
        _read_embeddings(draft, table, headings)
    elif not _is_ignored(table, headings):
        corner = table.rows[0][0].text if table.rows and table.rows[0] else ""
        draft.note(OddityKind.UNKNOWN_TABLE, f"a table that begins with '{corner}' wasn't read")


def _read_facts(draft: _Draft, table: Table) -> None:
    kind = OddityKind.TWO_ENTRIES if tells_facts(table) else OddityKind.REPEATED_FACT
    for row in table.rows:
        name = label(row[0].text, FACT_LABELS)
        if name is None or len(row) < 2:
            continue
        first_cell = draft.facts.setdefault(name, row[1])
        if first_cell.text != row[1].text:
            draft.note(kind, f"{name}: '{first_cell.text}', then '{row[1].text}'")


def _read_counts(draft: _Draft, table: Table) -> None:
    """Takes a table with one row per kind of count and one column per organism."""
    if draft.counts:
        draft.note(OddityKind.REPEATED_TABLE, "there is a second table of cell counts")
    for row in table.rows:
        kind = label(row[0].text, COUNT_LABELS)
        if kind is None:
            continue
        for organism, cell in zip(table.rows[0][1:], row[1:], strict=True):
            if organism.text:
                value = _count(draft, f"{kind} cells of {organism.text}", cell.text)
                draft.counts.setdefault(organism.text, {}).setdefault(kind, value)


def _is_embeddings(table: Table, headings: list[str]) -> bool:
    corner = table.rows[0][0].text.lower() if table.rows and table.rows[0] else ""
    beneath = any(re.search(r"\bemb+e+d+ing", text, re.I) for text in headings)
    return corner in {"method", "embedding", "model"} or (beneath and not _is_ignored(table, []))


def _is_ignored(table: Table, headings: list[str]) -> bool:
    """Whether the table holds what a release isn't told by (numbers of categories, of donors)."""
    edge = {cell.text.lower() for cell in table.rows[0]} if table.rows else set()
    edge |= {row[0].text.lower() for row in table.rows if row}
    return (
        not edge
        or bool(edge & {"category", "number of donors", "cell type"})
        or any(re.search(r"\bcell metadata", text, re.I) for text in headings)
    )


def _read_embeddings(draft: _Draft, table: Table, headings: list[str]) -> None:
    first_row = sum(bool(ORGANISM.fullmatch(cell.text)) for cell in table.rows[0][1:])
    first_column = sum(bool(ORGANISM.fullmatch(row[0].text)) for row in table.rows[1:])
    if first_column > first_row:
        table = table.transposed()
    level = _level(headings)
    organisms = [cell.text for cell in table.rows[0]]
    embeddings_before = {(row["level"], row["method"]) for row in draft.embeddings}
    if embeddings_before & {(level, row[0].text) for row in table.rows[1:]}:
        draft.note(OddityKind.REPEATED_TABLE, "a second table tells of the same embeddings")
    for row in table.rows[1:]:
        if not any(cell.text for cell in row):
            continue
        names = {o: _name(c) for o, c in zip(organisms[1:], row[1:], strict=True) if o}
        draft.embeddings.append({"level": level, "method": row[0].text, **names})


def _level(headings: list[str]) -> str:
    for text in reversed(headings):
        for level, pattern in LEVELS:
            if re.search(pattern, text, re.I):
                return level
    return "cells"


def _name(cell: Cell) -> str | None:
    return None if cell.text.lower() in BLANK else cell.text


def _count(draft: _Draft, counted: str, text: str) -> int | None:
    digits = re.sub(r"(?<=\d)[ ,'_.](?=\d{3}(\D|$))", "", text)
    if digits.isascii() and digits.isdigit() and len(digits) < 16:
        return int(digits)
    draft.note(OddityKind.UNREADABLE_VALUE, f"{counted} is '{text}', not a number")
    return None


def _check_opening(draft: _Draft, block: Text) -> None:
    named = OPENED_BY.search(block.text)
    if named and named[1] != draft.version:
        detail = f"the text says census_version = {named[1]}"
        draft.note(OddityKind.OPENED_BY_ANOTHER_VERSION, detail)


def _finish(draft: _Draft) -> Release:
    for name in FACT_LABELS:
        if name not in draft.facts:
            draft.note(OddityKind.MISSING_FACT, f"the entry has no {name}")
    if not draft.counts:
        draft.note(OddityKind.MISSING_FACT, "the entry has no cell_counts")
    count = draft.facts.get("dataset_count")
    release = Release(
        draft.version,
        _matched(draft, "build_date", DATE),
        _matched(draft, "census_schema_version", VERSION),
        _matched(draft, "dataset_schema_version", VERSION),
        _count(draft, "dataset_count", count.text) if count else None,
        {o: CellCount(c.get("total"), c.get("unique")) for o, c in draft.counts.items()},
        tuple(draft.embeddings),
    )
    _check_build_date(draft, release)
    _check_link(draft, release)
    return release


def _matched(draft: _Draft, name: str, pattern: re.Pattern[str]) -> str | None:
    cell = draft.facts.get(name)
    if cell is None:
        return None
    match = pattern.search(cell.text)
    if match is None:
        draft.note(OddityKind.UNREADABLE_VALUE, f"{name} is '{cell.text}'")
        return None
    return match[match.re.groups]


def _check_build_date(draft: _Draft, release: Release) -> None:
    if release.build_date not in (None, release.version):
        detail = f"built {release.build_date}, named {release.version}"
        draft.note(OddityKind.BUILD_DATE_DIFFERS, detail)


def _check_link(draft: _Draft, release: Release) -> None:
    """The label counts; the link of a dataset schema ought to go to that version's document."""
    cell = draft.facts.get("dataset_schema_version")
    label = release.dataset_schema_version
    for link in cell.links if cell and label else ():
        if f"/schema/{label}/" not in link:
            detail = f"dataset schema is labelled {label}, but links to {link}"
            draft.note(OddityKind.LINK_DIFFERS, detail)


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
    """The name in `labels` whose pattern the whole text matches, or None."""
    word = text.strip(" :*").lower()
    return next((name for name, pattern in labels.items() if re.fullmatch(pattern, word)), None)


def tells_facts(table: Table) -> bool:
    """Whether the table is the one that a release is told by."""
    upright = oriented(table, FACT_LABELS)
    if upright is None:
        return False
    return len({label(row[0].text, FACT_LABELS) for row in upright.rows} - {None}) > 1

"""One field's section (a heading and an HTML table of Key, Annotator, Value) -> Field.

Fails loudly on a row that it doesn't know, and when a term id or a MUST of the table would be lost.
"""

import re
from collections import Counter

from bot.schema.markup import RawTable, clean, name, plain, tables
from bot.schema.sections import Section
from bot.schema.spec import DocumentError, Field, Lines, Requirement, ValueTable

ROWS = {"key": "key", "annotator": "annotation", "annotation": "annotation", "value": "value"}
TERM = re.compile(r"\b[A-Za-z]{2,12}:\d{3,}\b|\bCVCL_\w{4}\b")
WITNESS = re.compile(rf"{TERM.pattern}|\bMUST\b")
PYTHON = r"(?:str|u?int|float|bool|dict|list|tuple|numpy|pandas|scipy)\b"
PYTHON_TYPE = rf"`{PYTHON}[^`]*`"
TYPE = re.compile(rf"(?:categorical with )?(?:an? )?{PYTHON_TYPE}(?: categories)?")
CONDITION = re.compile(r" (?:if|when) ")
# "This key MUST NOT be present if A; otherwise, Curator MUST annotate": what holds stands behind.
REFUSED_FIRST = re.compile(
    r"[^.;]*\bMUST NOT (?:be present|annotate) (?:if|when) .*?\botherwise,? (.*)", re.I
)
CONVERTED = re.compile(rf"\bMUST be converted to an? ?({PYTHON_TYPE})")


def find_field_table(section: Section) -> RawTable | None:
    """The section's table with a Key row, or None: then the section isn't a field's.

    Raises DocumentError if there are two: a field without a heading of its own would be lost.
    """
    found = [table for table in tables(clean(section.text)) if "key" in _labels(table)]
    if len(found) > 1:
        raise DocumentError(
            f"Line {section.line}: beneath '{section.title}' stand the tables of {len(found)} "
            "fields; give each a heading of its own, behind a blank line."
        )
    return found[0] if found else None


def read_field(component: str, section: Section, table: RawTable) -> Field:
    """The field, named as its heading writes it with markup removed."""
    source = clean(section.text)
    parts = _parts(section, source, table)
    annotation = plain(parts["annotation"]).replace("\n", " ")
    value, inner = flatten(parts["value"])
    _check_holds_no_other(section, inner)
    read = f"{parts['key']} {annotation} {value}"
    _check_nothing_lost(section, source[table.start : table.end], read)
    return Field(
        component,
        field_name(section.title),
        plain(parts["key"]),
        _annotator(annotation),
        annotation,
        requirement(annotation),
        _type(value),
        value,
        inner,
        _lines(section, source, table),
    )


def field_name(title: str) -> str:
    """The heading without markup; `index of pandas.DataFrame` is `index`."""
    return re.sub(r"^index of .*", "index", name(title))


def flatten(source: str) -> tuple[str, tuple[ValueTable, ...]]:
    """A value cell as text, with each inner table as lines of its own, and those tables."""
    texts: list[str] = []
    inner_tables: list[ValueTable] = []
    place = 0
    for table in tables(source):
        inner = _value_table(table)
        inner_tables.append(inner)
        rows = ["| " + " | ".join(row) for row in (inner.header, *inner.rows)]
        texts += [plain(source[place : table.start]), *rows]
        place = table.end
    texts.append(plain(source[place:]))
    return "\n".join(filter(None, texts)), tuple(inner_tables)


def requirement(annotation: str) -> Requirement:
    """How binding the annotator's sentence is."""
    conditional = is_conditional(annotation)
    refused = REFUSED_FIRST.match(annotation) or (
        conditional and "MUST NOT be present" in annotation
    )
    word = re.search(r"\b(MUST NOT|MUST|MAY|SHOULD)\b", unconditional(annotation))
    if word is None:
        return Requirement.UNSTATED
    if not conditional or word[0] not in ("MUST", "MAY"):
        return Requirement(word[0])
    return Requirement(f"conditional {word[0]}{' (else MUST NOT)' if refused else ''}")


def is_conditional(annotation: str) -> bool:
    """Whether the annotator's sentence tells datasets apart."""
    return CONDITION.search(annotation) is not None or "otherwise" in annotation


def unconditional(annotation: str) -> str:
    """The annotator's sentence up to its condition; what holds otherwise if it refuses first."""
    refused_first = REFUSED_FIRST.match(annotation)
    return CONDITION.split(refused_first[1] if refused_first else annotation, maxsplit=1)[0]


def _labels(table: RawTable) -> list[str]:
    return [plain(row[0].source).strip(" :").lower() for row in table.rows if row]


def _parts(section: Section, source: str, table: RawTable) -> dict[str, str]:
    parts: dict[str, str] = {}
    for row in filter(None, table.rows):
        label = plain(row[0].source).strip(" :")
        line = section.line + 1 + source.count("\n", 0, row[0].start)
        part = ROWS.get(label.lower())
        if part is None:
            raise DocumentError(
                f"Line {line}: field '{section.title}' has a row '{label[:40]}', which isn't Key, "
                "Annotator or Value; teach bot.schema.field_table what it means."
            )
        if part in parts:
            raise DocumentError(
                f"Line {line}: field '{section.title}' has a second row '{label}'; "
                "mend the document or its heading."
            )
        parts[part] = "<br>".join(cell.source for cell in row[1:])
    missing = [part for part in ("annotation", "value") if not parts.get(part, "").strip()]
    if missing:
        raise DocumentError(
            f"Line {section.line}: field '{section.title}' has no {missing[0]} row with a text; "
            "check that its table is whole."
        )
    return parts


def _check_holds_no_other(section: Section, inner: tuple[ValueTable, ...]) -> None:
    """A table that was left open takes the next field for a part of its value."""
    for table in inner:
        labels = {row[0].strip(" :").lower() for row in (table.header, *table.rows) if row}
        if {"key", "value"} <= labels:
            raise DocumentError(
                f"Line {section.line}: the table of field '{section.title}' holds that of another "
                "field; close it before that."
            )


def _check_nothing_lost(section: Section, table: str, read_text: str) -> None:
    """Text between two cells belongs to neither: a rule that stands there must not vanish."""
    lost = _witnesses(table) - _witnesses(read_text)
    if lost:
        raise DocumentError(
            f"Line {section.line}: the table of field '{section.title}' holds {next(iter(lost))} "
            "outside of its cells; check its tags."
        )


def _witnesses(text: str) -> Counter[str]:
    return Counter(WITNESS.findall(plain(text)))


def _lines(section: Section, source: str, table: RawTable) -> Lines:
    return Lines(section.line, section.line + 1 + source.count("\n", 0, table.end))


def _value_table(table: RawTable) -> ValueTable:
    rows = [tuple(_one_line(cell.source) for cell in row) for row in table.rows if row]
    rows = [row for row in rows if any(row)]
    return ValueTable(rows[0], tuple(rows[1:])) if rows else ValueTable((), ())


def _one_line(source: str) -> str:
    return flatten(source)[0].replace("\n", " / ")


def _annotator(annotation: str) -> str:
    lowered = annotation.lower()
    for word in ("curator", "discover", "data portal", "explorer"):
        if re.search(rf"\b{word}\b", unconditional(lowered)):
            return word
    return lowered.split(" must")[0].split(" may")[0]


def _type(value: str) -> str:
    match = TYPE.match(value) or CONVERTED.search(value)
    return match[match.lastindex or 0].replace("`", "") if match else ""

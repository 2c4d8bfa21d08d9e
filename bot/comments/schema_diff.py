"""A SchemaDiff and an Impact as Markdown for a maintainer: verdict first, then what has entries.

Every text that a document supplied is escaped. Says nothing that the two don't hold.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from bot.comments.markdown import LIMIT, collapsed, fitted
from bot.schema.changes import NOT_COMPARED, FieldChange, SchemaDiff
from bot.schema.field_summary import summary
from bot.schema.impact.model import Consequence, Effort, Impact
from bot.schema.spec import Field, Lines
from bot.schema.witnesses import Witness

# GitHub looks for mentions and references after it has decoded entities: only a break hides them.
BREAK = "&#8203;"
MARKUP = {ord(mark): f"&#{ord(mark)};" for mark in "|`*[]~\\!$"}
# Within a word it never marks emphasis, and names are full of it.
LOOSE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
LONGEST = 300
LONGEST_LIST = 800


LONG = 8
OF_MANY = re.compile(r"dict\b|numpy\.ndarray\b")
RESERVED = 1_000  # for the audit entry, and for what stands around a part
ADDED_HEAD = ("Field", "Presence", "How many", "Allowed", "Forbidden", "Type", "Lines")
Row = tuple[str, ...]
Section = tuple[str, Row, Sequence[Row]]
IMPACT_HEAD = "| What | Change | Why | Lines |\n| --- | --- | --- | --- |"
UNFOLDED = {Effort.CODE: "Code edits", Effort.PERSON: "A person must judge"}
FOLDED = {Effort.SOURCE: "Bionty sources", Effort.NOTHING: "No edit needed"}


def escaped(text: str, longest: int = LONGEST) -> str:
    """One line that can't break a table, open a tag or comment, or call a person or an issue."""
    line = " ".join(text.split())
    if len(line) > longest:
        line = line[: longest - 1].rstrip() + "\u2026"
    safe = html.escape(line, quote=False).translate(MARKUP)
    safe = LOOSE_UNDERSCORE.sub("&#95;", safe)
    safe = re.sub(r"(?<!&)([@#])", rf"\1{BREAK}", safe)
    return re.sub(r"\b(GH|https?|www)(?=[-:.])", rf"\1{BREAK}", safe, flags=re.I)


def code(text: str) -> str:
    """The text as inline code, escaped as well."""
    return f"<code>{escaped(text)}</code>"


def render_diff(diff: SchemaDiff, witnesses: Sequence[Witness] = ()) -> str:
    """The whole diff, with what others say; long tables are folded away beneath their title."""
    sections = [section for section in _sections(diff) if section[2]]
    other_sections = [section for section in _other_sources(diff, witnesses) if section[2]]
    others = (*_demands(diff), *other_sections)
    parts = [
        _verdict(diff, sections),
        *(_section(*section) for section in (*sections, *others)),
    ]
    return "\n\n".join([*parts, _coda(diff)]) + "\n"


def _other_sources(diff: SchemaDiff, witnesses: Sequence[Witness]) -> Iterator[Section]:
    """What the changelog and other sources say otherwise, and which weren't compared."""
    rows = [
        (
            escaped(entry.what),
            "" if entry.line is None else str(entry.line),
            "yes" * entry.is_denied,
        )
        for entry in sorted(diff.doubts, key=lambda doubt: not doubt.is_denied)
    ]
    yield "What only the changelog says", ("Statement", "Line", "Denied by the document"), rows
    contradictions = [
        (code(witness.name), escaped(says)) for witness in witnesses for says in witness.says
    ]
    yield "What other sources say otherwise", ("Source", "What"), contradictions
    silent = [
        (code(witness.name), code(witness.address), escaped(witness.problem))
        for witness in witnesses
        if witness.problem is not None
    ]
    yield "Sources that couldn't be compared", ("Source", "Address", "Why"), silent


def _verdict(diff: SchemaDiff, sections: list[Section]) -> str:
    versions = f"{escaped(diff.old)} \u2192 {escaped(diff.new)}{_status(diff)}"
    if diff.is_empty():
        return f"**Dataset schema {versions}: nothing changes but, at most, wording.**"
    counts = ", ".join(f"{title.lower()}: {len(rows)}" for title, _, rows in sections)
    return f"**Dataset schema {versions}.** {counts.capitalize()}."


def _status(diff: SchemaDiff) -> str:
    """The documents' status, where it changed or the newer one is a draft."""
    status = diff.status
    if status.old == status.new:
        return f" ({escaped(status.new)})" if status.is_draft else ""
    return f" ({escaped(status.old or 'no status')} \u2192 {escaped(status.new or 'no status')})"


def _sections(diff: SchemaDiff) -> Iterator[Section]:
    yield from _fields(diff)
    yield from _pins(diff)
    yield from _values(diff)


def _fields(diff: SchemaDiff) -> Iterator[Section]:
    yield "Fields added", ADDED_HEAD, [_added(field) for field in diff.fields_added]
    open_ = [
        (field_code(one.field), escaped(one.what), str(one.field.lines))
        for one in diff.contradictions
    ]
    yield "Contradictions", ("Field", "What", "Lines"), open_
    head = ("Field", "Annotator", "Requirement", "Type", "Lines")
    yield "Fields removed", head, [_field(f, f.lines, None) for f in diff.fields_removed]
    renamed = [
        (
            field_code(pair.old),
            field_code(pair.new),
            pair.kind,
            _lines(pair.old.lines, pair.new.lines),
        )
        for pair in diff.fields_renamed
    ]
    yield "Fields renamed or moved", ("Was", "Is now", "Kind", "Lines"), renamed
    changed = [
        (
            field_code(change.new),
            ", ".join(change.aspects),
            _said(change, change.old, change.removed),
            _said(change, change.new, change.added),
            _lines(change.old.lines, change.new.lines),
        )
        for change in diff.fields_changed
    ]
    yield "Fields changed", ("Field", "Aspect", "No longer said", "Now said", "Lines"), changed


def _said(change: FieldChange, field: Field, rules: Sequence[str]) -> str:
    """Who annotates, where that differs, and the rules: each is cut on its own."""
    who = escaped(field.annotation) if change.is_of_annotator else ""
    return "; ".join(filter(None, [who, _joined(rules)]))


def _pins(diff: SchemaDiff) -> Iterator[Section]:
    head = ("Prefix", "Ontology", "Version", "Line")
    for title, pins in (
        ("Ontologies added", diff.ontologies_added),
        ("Ontologies removed", diff.ontologies_removed),
    ):
        rows = [(code(p.prefix), escaped(p.name), escaped(p.version), str(p.line)) for p in pins]
        yield title, head, rows
    pinned = [
        (
            code(change.new.prefix),
            escaped(change.old.version),
            escaped(change.new.version),
            f"{change.old.line} \u2192 {change.new.line}",
        )
        for change in diff.ontology_pins_changed
    ]
    yield "Ontology pins changed", ("Prefix", "Was", "Is now", "Lines"), pinned
    genes = [
        (
            escaped(change.either.title)
            + (f" ({escaped(change.either.taxon)})" if change.either.organism else ""),
            escaped(change.old.version) if change.old else "\u2013",
            escaped(change.new.version) if change.new else "\u2013",
            "wording only" if change.cosmetic else "",
        )
        for change in diff.gene_references_changed
    ]
    yield "Gene references changed", ("Organism", "Was", "Is now", "Note"), genes
    for title, organisms in (
        ("Organisms added", diff.organisms_added),
        ("Organisms removed", diff.organisms_removed),
    ):
        listed = [(escaped(o.name), escaped(o.taxon or ""), str(o.line)) for o in organisms]
        yield title, ("Organism", "Taxon", "Line"), listed


def _values(diff: SchemaDiff) -> Iterator[Section]:
    cardinality = [
        (field_code(c.new), _joined(c.was) or "one value", _joined(c.is_now) or "one value")
        for c in diff.cardinality_changed
        if c.old
    ]
    yield "Cardinalities and delimiters changed", ("Field", "Was", "Is now"), cardinality
    values = [
        (field_code(c.new), c.kind.replace("_", " "), _joined(c.added), _joined(c.removed))
        for c in diff.allowed_values_changed
        if c.old
    ]
    yield "Allowed values changed", ("Field", "Kind", "Added", "Removed"), values
    embeddings = [(code(c.key), escaped(c.what, LONGEST_LIST)) for c in diff.embeddings_changed]
    yield "Embeddings changed", ("Key of obsm", "What"), embeddings
    for title, names in (
        ("Reserved names added", diff.reserved_names_added),
        ("Reserved names removed", diff.reserved_names_removed),
    ):
        rows = [(code(f"{n.component}.{n.name}"), escaped(n.deprecated_in)) for n in names]
        yield title, ("Name", "Deprecated in"), rows
    rules = [
        (escaped(c.component), _joined(c.removed), _joined(c.added))
        for c in diff.component_rules_changed
    ]
    yield "Rules in prose changed", ("Part", "No longer said", "Now said"), rules


def _added(field: Field) -> Row:
    known = summary(field)
    return (
        field_code(field),
        escaped(known.presence, LONGEST_LIST),
        escaped(", ".join(known.number) or "one value" * (not OF_MANY.match(field.type))),
        escaped(", ".join(known.allowed), LONGEST_LIST),
        escaped(", ".join(known.forbidden), LONGEST_LIST),
        escaped(field.type),
        str(field.lines),
    )


def _demands(diff: SchemaDiff) -> Iterator[Section]:
    """What added fields demand beside that, in the document's words."""
    rows = [
        (field_code(field), escaped(text, LONGEST_LIST))
        for field in diff.fields_added
        for text in summary(field).demands
    ]
    if rows:
        yield "What added fields demand besides", ("Field", "Demand"), rows


def _field(field: Field, old: Lines | None, new: Lines | None) -> Row:
    words = (escaped(text) for text in (field.annotator, str(field.requirement), field.type))
    return (field_code(field), *words, _lines(old, new))


def field_code(field: Field) -> str:
    """The field with its component, as inline code."""
    return code(f"{field.component}: {field.name}")


def _joined(texts: Iterable[str]) -> str:
    return escaped("; ".join(texts))


def _lines(old: Lines | None, new: Lines | None) -> str:
    return " \u2192 ".join(str(lines) for lines in (old, new) if lines)


def _section(title: str, head: Row, rows: Sequence[Row]) -> str:
    table = "\n".join(_row(row) for row in (head, ("---",) * len(head), *rows))
    if len(rows) <= LONG:
        return f"### {title}\n\n{table}"
    return f"<details>\n<summary>{title}: {len(rows)}</summary>\n\n{table}\n\n</details>"


def _row(cells: Row) -> str:
    return "| " + " | ".join(cells) + " |"


def _coda(diff: SchemaDiff) -> str:
    notes = [f"- {escaped(note)}" for note in diff.notes]
    notes_text = ["Terms whose link and text differ:\n\n" + "\n".join(notes)] if notes else []
    left = "; ".join(f"{part} ({reason})" for part, reason in NOT_COMPARED.items())
    return "\n\n".join([*notes_text, f"Not compared: {left}."])


def explained_diff(diff: SchemaDiff, impact: Impact) -> str:
    """The answer to `/diff`: what changed and, where there is room, what that asks of LaminDB."""
    command = f"python -m bot diff {diff.old} {diff.new}"
    changes = render_diff(diff).strip()
    following = f"**Next:** nothing; {code(command)} prints all of it."
    text = fitted(changes, LIMIT - RESERVED, command)
    if text is None:
        text = f"{_verdict(diff, [])} The changes are too long for here."
    head, _, rest = text.partition("\n\n")
    text = "\n\n".join(part for part in (head, following, rest) if part)
    if diff.is_empty():
        return text
    title, means = "What each change asks of LaminDB", render_impact(impact)
    if len(means) > LIMIT - RESERVED - len(text):
        return f"{text}\n\n{title} is too long for here."
    return f"{text}\n\n{collapsed(title, means)}"


def render_impact(impact: Impact) -> str:
    """The whole impact, every text of the documents escaped."""
    parts = [f"**{escaped(impact.summary())}.**"]
    for effort, title in UNFOLDED.items():
        if some := impact.of(effort):
            parts.append(f"### {title}\n\n{_impact_table(some)}")
    for effort, title in FOLDED.items():
        if some := impact.of(effort):
            table = _impact_table(some)
            parts.append(
                f"<details>\n<summary>{title}: {len(some)}</summary>\n\n{table}\n\n</details>"
            )
    return "\n\n".join(parts) + "\n"


def _impact_table(some: Sequence[Consequence]) -> str:
    return "\n".join([IMPACT_HEAD, *map(_impact_row, some)])


def _impact_row(consequence: Consequence) -> str:
    lines = str(consequence.lines) if consequence.lines else ""
    change_text = (
        f"{escaped(consequence.category.lower())}: {escaped(consequence.change, LONGEST_LIST)}"
    )
    return (
        f"| {code(consequence.subject)} | {change_text} | {escaped(consequence.reason)} | {lines} |"
    )

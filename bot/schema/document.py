"""A dataset schema document (Markdown, with HTML tables in it) -> Spec.

Structural, section by section and field by field; what isn't understood is a DocumentError with its
line. Must not know any one version of the document. Its changelog is read as far as it can be: it
is a second witness, and people wrote it freely.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

from bot.schema.field_table import TERM, find_field_table, read_field
from bot.schema.markup import TAG, clean, inline, plain, prose, tables, without_comments
from bot.schema.pinned import (
    is_reserved_names,
    read_gene_references,
    read_ontologies,
    read_organisms,
    read_reserved_names,
    texts_without_pins,
)
from bot.schema.sections import Section, sections
from bot.schema.spec import (
    Component,
    Discrepancy,
    DocumentError,
    Field,
    Lines,
    Requirement,
    Spec,
    Statement,
)

COMPONENT = re.compile(r"`(X|obs|obsm|obsp|var|varm|varp|uns|layers)`")
VERSION = re.compile(
    r"^[\W_]*(?:schema )?version[\W_]+(\d+\.\d+\.\d+[^\s*_`]*)[\s*_`]*$", re.I | re.M
)
# Words of another line are the status only where that line says no more.
STATUS = re.compile(
    r"^[\W_]*document status(?:[\W_]+(?=[a-z][a-z -]*[\W_]*$)|(?:[^\w\n]|_)+)"
    r"(?=[^\W_])(.+?)[\s*_`.]*$",
    re.I | re.M,
)
OF_FOLLOWING = re.compile(
    r"\b(MUST|MAY|SHOULD)(?: NOT)?\s+(?:also\s+)?annotate\s+the\s+following\b"
)
APPENDIX = re.compile(r"[\s*_`]*(appendix\b|changelog\b)", re.I)
APPENDIX_HEADING = re.compile(r"^#+[\s*_`]*appendix\b", re.I | re.M)
ANCHOR = re.compile(r"<a\s[^<>]*href=\"([^\"]*)\"[^<>]*>(.*?)</a>", re.I | re.S)
MARKDOWN_LINK = re.compile(r"\[([^\[\]\n]*)\]\(([^()\s]*)")


CHANGELOG_HEADING = re.compile(rf"{APPENDIX_HEADING.pattern}.*changelog", re.I)
CHANGELOG_VERSION = re.compile(r"^[#\s*_`]*schema v(\d+\.\d+\.\d+)(?!\d)", re.I)
CHANGELOG_ITEM = re.compile(r"^(\s*)[*+-]\s+(.*)$")


def parse_document(text: str) -> Spec:
    """The document's Spec; raises DocumentError with what is missing, where, and the remedy."""
    text = without_comments(text)
    version = _version(text)
    parts = _before_appendix(sections(text))
    ontologies = read_ontologies(parts)
    genes = read_gene_references(parts)
    components, rules = _components(parts)
    fields = tuple(field for component in components for field in component.fields)
    _check_is_whole(text, parts, {field.component for field in fields})
    terms = Counter(TERM.findall(unquote(text)))
    return Spec(
        version,
        components,
        ontologies,
        genes,
        read_organisms(fields, genes, rules, terms),
        read_reserved_names(parts),
        rules,
        _discrepancies(text),
        read_changelog(text),
        _status(text),
    )


def _check_is_whole(text: str, parts: list[Section], described: set[str]) -> None:
    """A document that was cut must not look like one that dropped its fields."""
    for name in ("obs", "uns", "var"):
        if name not in described:
            raise DocumentError(
                f"The document describes no field of `{name}`: no heading beneath it has a table "
                "with a Key; check that the document is whole."
            )
    last = parts[-1]
    tags = re.findall(r"<(/?)table\b", clean(last.text), re.I)
    if tags.count("") > tags.count("/"):
        raise DocumentError(
            f"Line {last.line}: the document ends within the table of '{last.title}', so it is "
            "truncated; get all of it."
        )
    if "(#appendix" in text and not APPENDIX_HEADING.search(text):
        raise DocumentError(
            "The document links to its appendix but doesn't hold it, so it is truncated; get all "
            "of it."
        )


def _version(text: str) -> str:
    if not text.strip():
        raise DocumentError("The document is empty; give the schema.md of a schema version.")
    match = VERSION.search(text[:4000])
    if match is None:
        raise DocumentError(
            "The document has no line 'Version: x.y.z' at its beginning, so it isn't a dataset "
            "schema; give the schema.md of a dataset schema version."
        )
    return match[1]


def _status(text: str) -> str:
    match = STATUS.search(re.sub(r"[|\\]", " ", TAG.sub(" ", inline(text[:4000]))))
    words = " ".join(re.sub(r"[*_`]", "", match[1]).split()) if match else ""
    # What opened the parenthesis stood before the first word.
    return words if "(" in words else words.removesuffix(")")


def _before_appendix(parts: list[Section]) -> list[Section]:
    for place, section in enumerate(parts):
        if APPENDIX.match(section.title):
            return parts[:place]
    return parts


def _components(parts: list[Section]) -> tuple[tuple[Component, ...], tuple[Component, ...]]:
    """The components of the AnnData object, and the other chapters as rules in prose."""
    components: list[Component] = []
    rules: list[Component] = []
    for chapter in _chapters(parts):
        head = chapter[0]
        named = COMPONENT.match(head.title.strip()) if head.level == 2 else None
        (components if named else rules).append(
            _component(named[1] if named else plain(inline(head.title)), chapter, bool(named))
        )
    _check_unique(components)
    return tuple(components), tuple(rules)


def _chapters(parts: list[Section]) -> list[list[Section]]:
    chapters: list[list[Section]] = []
    for section in parts:
        if section.level <= 2 or not chapters:
            chapters.append([])
        chapters[-1].append(section)
    return chapters


def _component(name: str, chapter: list[Section], holds_fields: bool) -> Component:
    fields: list[Field] = []
    texts: list[str] = []
    unpinned = texts_without_pins(chapter)
    is_choice = False
    for section in chapter:
        table = find_field_table(section) if holds_fields else None
        if table is None:
            _check_is_no_field(section, holds_fields)
            text = unpinned.get(section.line)
            texts.append(_without_names(section) if text is None else text)
        else:
            field = read_field(name, section, table)
            fields.append(_of_choice(field) if is_choice else field)
            source = clean(section.text)
            texts.append(source[: table.start] + "\n\n" + source[table.end :])
        # Who annotates the fields beneath, where these only name it.
        for word in OF_FOLLOWING.findall(texts[-1]):
            is_choice = word != "MUST"
    lines = Lines(chapter[0].line, chapter[-1].lines.last)
    return Component(name, tuple(fields), prose("\n\n".join(texts)), lines)


def _of_choice(field: Field) -> Field:
    """The field, which may be left out if its own row doesn't say."""
    is_unstated = field.requirement is Requirement.UNSTATED
    return replace(field, requirement=Requirement.MAY) if is_unstated else field


def _without_names(section: Section) -> str:
    """The section's text without the tables that are read as reserved names."""
    # The lines of version and status say nothing that the Spec doesn't.
    source = STATUS.sub("", VERSION.sub("", clean(section.text)))
    for table in reversed(tables(source)):
        if is_reserved_names(table):
            source = source[: table.start] + source[table.end :]
    return source


def _check_is_no_field(section: Section, holds_fields: bool) -> None:
    """A field whose table can't be recognised must not end as prose."""
    if holds_fields and section.level > 2 and re.search(r"<table\b", section.text, re.I):
        raise DocumentError(
            f"Line {section.line}: the table of '{section.title}' has no row Key, so it can't be "
            "read as a field; check its header cells."
        )


def _check_unique(components: list[Component]) -> None:
    seen: set[tuple[str, str]] = set()
    for field in (field for component in components for field in component.fields):
        if (field.component, field.name) in seen:
            raise DocumentError(
                f"Line {field.lines.first}: {field.component} has a second field '{field.name}'; "
                "rename or remove one of them."
            )
        seen.add((field.component, field.name))


def _discrepancies(text: str) -> tuple[Discrepancy, ...]:
    """Every link whose target names one term while its text names another."""
    discrepancies = []
    source = clean(text)
    links = [(anchor.start(), anchor[1], anchor[2]) for anchor in ANCHOR.finditer(source)]
    links += [(link.start(), link[2], link[1]) for link in MARKDOWN_LINK.finditer(source)]
    for place, address, text_of_link in sorted(links):
        target = TERM.findall(unquote(address).replace("_", ":"))
        label = TERM.findall(text_of_link)
        if len(target) == 1 and len(label) == 1 and not _same(target[0], label[0]):
            line = source.count("\n", 0, place) + 1
            discrepancies.append(Discrepancy(label[0], target[0], line))
    return tuple(discrepancies)


def _same(link: str, text: str) -> bool:
    """Prefixes are compared without case: ontology browsers write them in capitals."""
    return link.lower() == text.lower().replace("_", ":")


def read_changelog(text: str) -> tuple[Statement, ...]:
    """What the changelog says of each version: the items right beneath a chapter's."""
    lines = text.splitlines()
    start = next(
        (place for place, line in enumerate(lines) if CHANGELOG_HEADING.match(line)), len(lines)
    )
    return tuple(_statements(lines, start))


def _statements(lines: list[str], start: int) -> Iterator[Statement]:
    version = chapter = ""
    depth: int | None = None
    for number, line in enumerate(lines[start:], start + 1):
        if heading := CHANGELOG_VERSION.match(line):
            version, chapter = heading[1], ""
        item = CHANGELOG_ITEM.match(line)
        if item is None or not version:
            continue
        indent = len(item[1])
        if indent == 0:
            chapter, depth = _plain(item[2]), None
            continue
        depth = indent if depth is None else depth
        # What stands deeper tells more of the item above it.
        if indent <= depth:
            yield Statement(version, chapter, _plain(item[2]), number)


def _plain(text: str) -> str:
    return " ".join(plain(inline(text)).split())

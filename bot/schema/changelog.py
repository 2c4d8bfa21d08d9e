"""The changelog of the newer document beside what the two documents say.

A changelog leaves much out, which is no news. Told is what contradicts the newer document, and what
the changelog alone says. Must not add to the diff: the documents decide.
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from bot.schema.changes import Doubt, SchemaDiff
from bot.schema.field_table import field_name
from bot.schema.spec import Field, Spec, Statement
from bot.schema.witnesses import agree
from bot.schema.wording import folded

K = TypeVar("K")
CONSTANTS = {"schema_version", "schema_reference"}
COMPONENT = re.compile(r"(obsm|obs|uns|var)\b")
VERB = re.compile(
    r"(?:breaking change\W+)?(added|updated|clarified|deprecated|removed|deleted)\b", re.I
)
CODE = re.compile(r"`([^`]*)`")
RELEASE = re.compile(r"\b(?:to(?: the)?|release)\s+(?:release\s+)?(\S.*?)(?:\s+release)?$")
GONE = {"deprecated", "removed", "deleted"}
FAMILIAR = {"(human)": "NCBITaxon:9606", "(mouse)": "NCBITaxon:10090"}


def doubts(diff: SchemaDiff, old: Spec, new: Spec) -> tuple[Doubt, ...]:
    """What the newer document's changelog says otherwise; nothing where `new` is the older one."""
    between = [
        statement for statement in new.changelog if _key(old.version) < _key(statement.version)
    ]
    between = [statement for statement in between if _key(statement.version) <= _key(new.version)]
    if _key(old.version) >= _key(new.version) or not new.changelog:
        return ()
    if not any(statement.version == new.version for statement in new.changelog):
        return (Doubt(f"The changelog has no entry for {new.version}.", None, is_denied=False),)
    return (*_of_fields(between, diff, old, new), *_of_pins(between, old, new))


def _key(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


# --- fields ---------------------------------------------------------------------------------------


def _of_fields(
    changelog: list[Statement], diff: SchemaDiff, old: Spec, new: Spec
) -> Iterator[Doubt]:
    touched = _touched(diff)
    for (component, name), statements in _latest(changelog, _subject).items():
        statement = statements[0]
        verb = _verb(statement, name)
        was, now = (_find(spec, component, name) for spec in (old, new))
        # What an earlier version changed may have been changed again, without a word.
        is_last = statement.version == new.version
        if verb == "added" and now is None:
            yield _doubt(statement, "the document doesn't describe it", is_denied=is_last)
        elif verb in GONE and now is not None:
            yield _doubt(statement, "the document still describes it", is_denied=is_last)
        elif verb == "added" and was is not None and len(statements) == 1:
            yield _doubt(statement, f"{old.version} describes it, too", is_denied=True)
        elif now is not None and (now.component, now.name) not in touched:
            yield _doubt(statement, "the documents differ in wording at most", is_denied=False)


def _subject(statement: Statement) -> tuple[str, str] | None:
    component = COMPONENT.match(statement.chapter)
    names = (code for code in CODE.findall(statement.text) if '"' not in code)
    name = field_name(next(names, ""))
    if component is None or not name or name in CONSTANTS or not VERB.match(statement.text):
        return None
    return component[1], name


def _verb(statement: Statement, name: str) -> str:
    """What happened to the field: "removed guidance in" one, or "added" a value to one, is less."""
    match = VERB.match(statement.text)
    direct = match and statement.text[match.end() :].startswith(f" `{name}`")
    return match[1].lower() if match and direct else "updated"


def _find(spec: Spec, component: str, name: str) -> Field | None:
    """The field of that name, or of the key that the name ends in: `spatial['is_single']`."""
    names = (name, *re.findall(r"\['(\w+)'\]$", name))
    return next((f for f in spec.fields() if f.component == component and f.name in names), None)


def _touched(diff: SchemaDiff) -> set[tuple[str, str]]:
    fields = [*diff.fields_added, *(pair.new for pair in diff.fields_renamed)]
    fields += [change.new for change in diff.fields_changed]
    fields += [change.new for change in diff.cardinality_changed]
    fields += [change.new for change in diff.allowed_values_changed]
    keys = {("obsm", change.key) for change in diff.embeddings_changed}
    return {(field.component, field.name) for field in fields} | keys


# --- pins -----------------------------------------------------------------------------------------


def _of_pins(changelog: list[Statement], old: Spec, new: Spec) -> Iterator[Doubt]:
    pins = {pin.prefix: pin.version for pin in new.ontologies}
    genes = {gene.taxon: gene.version for gene in new.gene_references}
    before = {pin.prefix: pin.version for pin in old.ontologies}
    before |= {gene.taxon: gene.version for gene in old.gene_references}
    for subject, statements in _latest(
        changelog, lambda statement: _pinned(statement, new)
    ).items():
        statement = statements[0]
        release = RELEASE.search(statement.text)
        version = pins.get(subject) or genes.get(subject, "")
        was = before.get(subject)
        if release and not agree(release[1], version):
            is_last = statement.version == new.version
            yield _doubt(statement, f"the document pins {_line(version)}", is_denied=is_last)
        elif was is not None and folded(was) == folded(version):
            yield _doubt(statement, f"{old.version} pins the same", is_denied=False)


def _line(version: str) -> str:
    return " ".join(version.split())


def _pinned(statement: Statement, new: Spec) -> str | None:
    """The prefix or taxon that the statement is about."""
    if not VERB.match(statement.text):
        return None
    text = statement.text.lower()
    if statement.chapter.lower() == "required ontologies":
        words = set(re.split(r"[\s()+,/:]+", text))
        named = [pin for pin in new.ontologies if pin.prefix.lower() in words]
        named += [pin for pin in new.ontologies if pin.name.lower() in text]
        return named[0].prefix if named else None
    if statement.chapter.lower() == "required gene annotations":
        named_genes = (gene for gene in new.gene_references if gene.organism)
        taxa_by_name = {gene.organism.lower(): gene.taxon for gene in named_genes} | FAMILIAR
        return next((taxon for name, taxon in taxa_by_name.items() if name in text), None)
    return None


def _latest(
    changelog: list[Statement], about: Callable[[Statement], K | None]
) -> dict[K, list[Statement]]:
    """The statements about each thing, the newest version's first."""
    by_subject: dict[K, list[Statement]] = {}
    for statement in sorted(changelog, key=lambda entry: _key(entry.version), reverse=True):
        thing = about(statement)
        if thing is not None:
            by_subject.setdefault(thing, []).append(statement)
    return by_subject


def _doubt(statement: Statement, objection: str, *, is_denied: bool) -> Doubt:
    text = statement.text.rstrip(".:")
    line = f"{statement.version}, {statement.chapter}: \u201c{text}\u201d, but {objection}."
    return Doubt(line, statement.line, is_denied)

"""Two Specs -> SchemaDiff: what a maintainer has to know, category by category.

Compares values, never lines of text: an editorial change is told apart.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from bot.schema.changelog import doubts
from bot.schema.changes import (
    CardinalityChange,
    EmbeddingChange,
    FieldChange,
    FieldRename,
    GeneReferenceChange,
    PinChange,
    RuleChange,
    SchemaDiff,
    StatusChange,
    ValuesChange,
    come_and_gone,
)
from bot.schema.contradictions import contradictions
from bot.schema.field_summary import in_short, is_always_there, summary
from bot.schema.field_table import is_conditional, requirement
from bot.schema.field_values import Kind, Value, allowed_values, cardinality, values_of_new
from bot.schema.matching import match
from bot.schema.pinned import ORGANISM_FIELD as ORGANISM
from bot.schema.spec import Field, GeneReference, Organism, Requirement, ReservedName, Spec
from bot.schema.wording import CODE, folded, originals, sentences, statements

# What every version changes by itself: its own number, and the address of its own document.
CONSTANTS = {"schema_version", "schema_reference"}
# A word that is no code is no name, unless it looks like one.
CODE_OR_NAME = re.compile(rf"{CODE.pattern}|\b[A-Za-z]+(?:_\w+)+")
COLUMN_TYPE = re.compile(r"\bcategorical with (`\w+`) categories\b")
Pair = tuple[Field, Field]


@lru_cache(maxsize=4)
def diff(old: Spec, new: Spec) -> SchemaDiff:
    """What differs from the older to the newer Spec, and what the changelog says otherwise."""
    compared = _compared(old, new)
    return replace(compared, doubts=doubts(compared, old, new))


def _compared(old: Spec, new: Spec) -> SchemaDiff:
    fields = match(old, new)
    continued = (*fields.same, *((pair.old, pair.new) for pair in fields.renamed))
    renamed = {pair.old.name: pair.new.name for pair in fields.renamed if pair.kind == "rename"}
    renamed |= {
        _placed(pair.old): _placed(pair.new) for pair in fields.renamed if pair.kind == "move"
    }
    named = _open_rules(old) | _open_rules(new)
    compared = [
        *(_field_change(*pair, renamed) for pair in fields.same),
        *(_continued_change(pair, renamed, named) for pair in fields.renamed),
    ]
    changed = sorted(filter(None, compared), key=lambda change: change.new.lines.first)
    pins_old = {pin.prefix: pin for pin in old.ontologies}
    pins_new = {pin.prefix: pin for pin in new.ontologies}
    return SchemaDiff(
        old=old.version,
        new=new.version,
        fields_added=fields.added,
        fields_removed=fields.removed,
        fields_renamed=fields.renamed,
        fields_changed=tuple(change for change in changed if change.aspects),
        fields_changed_editorial=tuple(change for change in changed if not change.aspects),
        ontologies_added=tuple(pin for prefix, pin in pins_new.items() if prefix not in pins_old),
        ontologies_removed=tuple(pin for prefix, pin in pins_old.items() if prefix not in pins_new),
        ontology_pins_changed=tuple(
            PinChange(pins_old[prefix], pin)
            for prefix, pin in pins_new.items()
            if prefix in pins_old and folded(pins_old[prefix].version) != folded(pin.version)
        ),
        gene_references_changed=tuple(_gene_changes(old, new)),
        organisms_added=_organisms_missing(old, new),
        organisms_removed=_organisms_missing(new, old),
        cardinality_changed=(*_cardinality_changes(continued), *_new_cardinalities(fields.added)),
        embeddings_changed=tuple(_embedding_changes(old, new)),
        allowed_values_changed=(*_values_changes(continued), *_new_values(fields.added)),
        reserved_names_added=_reserved_missing(old, new),
        reserved_names_removed=_reserved_missing(new, old),
        component_rules_changed=tuple(_rule_changes(old, new)),
        notes=tuple(_notes(old, new)),
        contradictions=contradictions(old, new),
        status=StatusChange(old.status, new.status),
    )


def _field_change(
    old: Field, new: Field, renamed: Mapping[str, str] = MappingProxyType({})
) -> FieldChange | None:
    """None if not a word differs; without aspects if only the wording does, or another's name."""
    if _texts(old) == _texts(new):
        return None
    was = _with_names(old, renamed)
    is_constant = old.name in CONSTANTS
    gone, come = ((), ()) if is_constant else _rule_differences(was, new)
    gone = _as_written(gone, was, old)
    differs = {"annotator": _annotation_differs(was, new), "values": bool(gone or come)}
    aspects = tuple(aspect for aspect, does in differs.items() if does)
    return None if is_constant and not aspects else FieldChange(old, new, aspects, gone, come)


def _continued_change(
    pair: FieldRename, renamed: Mapping[str, str], open_rules: Set[str]
) -> FieldChange | None:
    """As `_field_change`, of a field that was renamed or moved: what differs beside that."""
    named = was = _with_names(pair.old, renamed)
    now = pair.new
    if pair.kind == "move":
        was, now = (_placeless(field, open_rules) for field in (was, now))
    change = _field_change(was, now)
    if change is None:
        return None
    removed = _as_written(change.removed, named, pair.old)
    return replace(change, old=pair.old, new=pair.new, removed=removed)


def _placeless(field: Field, open_rules: Set[str]) -> Field:
    """The field with the type of its values, which stand in a column or a key; and without the
    organisms, which are told as such.
    """
    value = COLUMN_TYPE.sub(r"\1", field.value)
    if field.name == ORGANISM:
        told = ("| ", *open_rules)
        said = (sentence for sentence in sentences(value) if not sentence.endswith(":"))
        value = "\n".join(one for one in said if not one.removeprefix("- ").startswith(told))
    return replace(field, value=value)


def _open_rules(spec: Spec) -> set[str]:
    """The sentences that allow organisms which stand in no list."""
    return {organism.name for organism in spec.organisms if organism.taxon is None}


def _rule_differences(old: Field, new: Field) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sentences on key and value that went, and those that came."""
    key, value = _prose(old.key, new.key), _prose(old.value, new.value)
    return key[0] + value[0], key[1] + value[1]


def _placed(field: Field) -> str:
    """The field as others name it with its component."""
    return f"{field.component}['{field.name}']"


def _with_names(field: Field, renamed: Mapping[str, str]) -> Field:
    """The field, whose rules name other fields as the newer document does."""
    if not renamed:
        return field
    names = "|".join(sorted(map(re.escape, renamed), key=len, reverse=True))
    name = re.compile(rf"(?<!\w)(?:{names})(?!\w)")

    def newer(text: str) -> str:
        return name.sub(lambda old: renamed[old[0]], text)

    def told(text: str) -> str:
        return CODE_OR_NAME.sub(lambda part: _value(part[0]) or newer(part[0]), text)

    return replace(
        field, key=newer(field.key), annotation=told(field.annotation), value=told(field.value)
    )


def _value(code: str) -> str:
    """The code, if it is a quoted value: it names no field."""
    return code if code.startswith('`"') else ""


def _as_written(gone: tuple[str, ...], was: Field, old: Field) -> tuple[str, ...]:
    """Sentences of a field with newer names, as the older document has them."""
    newer, older = ((*sentences(one.key), *sentences(one.value)) for one in (was, old))
    written = dict(zip(newer, older, strict=False))
    return tuple(written.get(sentence, sentence) for sentence in gone)


def _texts(field: Field) -> tuple[str, str, str]:
    return field.key, field.annotation, field.value


def _annotation_differs(old: Field, new: Field) -> bool:
    """Whether who fills the field in, or when, differs; a bare name is that of who always must, or
    may where the chapter says so.
    """
    # The Data Portal was renamed to Discover.
    if len({field.annotator.replace("data portal", "discover") for field in (old, new)}) > 1:
        return True
    if any(requirement(field.annotation) is Requirement.UNSTATED for field in (old, new)):
        is_stated = any(is_conditional(field.annotation) for field in (old, new))
        return is_stated or is_always_there(old) != is_always_there(new)
    return statements(old.annotation) != statements(new.annotation)


def _gene_changes(old: Spec, new: Spec) -> Iterator[GeneReferenceChange]:
    before = {gene.taxon: gene for gene in old.gene_references}
    after = {gene.taxon: gene for gene in new.gene_references}
    for taxon in after | before:
        was, now = before.get(taxon), after.get(taxon)
        if was is None or now is None:
            yield GeneReferenceChange(was, now, cosmetic=False)
        elif folded(was.version) != folded(now.version):
            yield GeneReferenceChange(was, now, cosmetic=_identifiers(was) == _identifiers(now))


def _identifiers(gene: GeneReference) -> set[str]:
    """The parts of a version that identify a release: those that hold a digit."""
    return {word for word in re.split(r"[\s()/:,]+", gene.version) if re.search(r"\d", word)}


def _organisms_missing(there: Spec, here: Spec) -> tuple[Organism, ...]:
    """What `here` allows and `there` doesn't; open rules are compared by their wording."""
    keys = {_organism_key(organism) for organism in there.organisms}
    return tuple(organism for organism in here.organisms if _organism_key(organism) not in keys)


def _organism_key(organism: Organism) -> str:
    return organism.taxon or " ".join(statements(organism.name))


def _cardinality_changes(pairs: Iterable[Pair]) -> Iterator[CardinalityChange]:
    for old, new in pairs:
        was, now = cardinality(old), cardinality(new)
        if was != now:
            yield CardinalityChange(old, new, tuple(sorted(was)), tuple(sorted(now)))


def _values_changes(pairs: Iterable[Pair]) -> Iterator[ValuesChange]:
    for old, new in pairs:
        if new.name in CONSTANTS:
            continue
        was, now = allowed_values(old), allowed_values(new)
        for kind in Kind:
            added, removed = _of_kind(kind, now - was), _of_kind(kind, was - now)
            if added or removed:
                yield ValuesChange(old, new, kind, added, removed)


def _of_kind(kind: Kind, values: Iterable[Value]) -> tuple[str, ...]:
    return tuple(sorted(text for k, text in values if k is kind))


def _new_cardinalities(added: Iterable[Field]) -> Iterator[CardinalityChange]:
    """The delimiters of fields that are new; one value is what a field holds that says nothing."""
    for field in added:
        now = cardinality(field)
        if any(fact.startswith("delimiter") for fact in now):
            yield CardinalityChange(None, field, (), tuple(sorted(now)))


def _new_values(added: Iterable[Field]) -> Iterator[ValuesChange]:
    """The allowed and forbidden values of fields that are new."""
    for field in added:
        now = values_of_new(field) if field.name not in CONSTANTS else ()
        for kind in Kind:
            if values := _of_kind(kind, now):
                yield ValuesChange(None, field, kind, values, ())


def _embedding_changes(old: Spec, new: Spec) -> Iterator[EmbeddingChange]:
    before, after = (
        {field.name: field for field in spec.fields() if field.component == "obsm"}
        for spec in (old, new)
    )
    for key in after | before:
        was, now = before.get(key), after.get(key)
        lines = was.lines if was else None, now.lines if now else None
        if was is None or now is None:
            what = f"new key: {_in_words(now)}" if now else "key removed"
            yield EmbeddingChange(key, what, *lines)
        elif (change := _field_change(was, now)) and change.aspects:
            yield EmbeddingChange(key, change.full_text, *lines)
    was_all, now_all = old.component("obsm"), new.component("obsm")
    if was_all and now_all:
        gone, come = _prose(was_all.prose, now_all.prose)
        if gone or come:
            text = come_and_gone(come, gone)
            yield EmbeddingChange("*", text, was_all.lines, now_all.lines)


def _in_words(key: Field) -> str:
    """All that is demanded of a key of obsm, which no other category tells."""
    known = summary(key)
    return "; ".join([in_short(known), *known.demands])


def _prose(old: str, new: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sentences that only the older text says, and those that only the newer says."""
    was, now = statements(old), statements(new)
    before, says = originals(old), originals(new)
    gone = tuple(before[element] for element in (was - now).elements())
    return gone, tuple(says[element] for element in (now - was).elements())


def _reserved_missing(there: Spec, here: Spec) -> tuple[ReservedName, ...]:
    keys = {(name.component, name.name, name.deprecated_in) for name in there.reserved_names}
    return tuple(
        name
        for name in here.reserved_names
        if (name.component, name.name, name.deprecated_in) not in keys
    )


def _rule_changes(old: Spec, new: Spec) -> Iterator[RuleChange]:
    before, after = (_prose_by_chapter(spec) for spec in (old, new))
    for name in after | before:
        gone, come = _prose(before.get(name, ""), after.get(name, ""))
        if gone or come:
            yield RuleChange(name, gone, come)


def _prose_by_chapter(spec: Spec) -> dict[str, str]:
    """Chapters of one title stand together."""
    texts: dict[str, str] = {}
    for part in (*spec.components, *spec.rules):
        before = texts.get(part.name)
        texts[part.name] = part.prose if before is None else f"{before}\n{part.prose}"
    return texts


def _notes(old: Spec, new: Spec) -> Iterator[str]:
    for spec in (old, new):
        for discrepancy in spec.discrepancies:
            place = f"{spec.version}, line {discrepancy.line}"
            yield f"{place}: {discrepancy.text} links to {discrepancy.link}"

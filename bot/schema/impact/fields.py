"""Changed fields, embeddings, reserved names and rules in prose -> what each asks of LaminDB.

A changed field whose values or cardinality changed is judged there (`values`).
"""

import re
from collections.abc import Iterator

from bot.schema.changes import FieldChange, FieldRename, RuleChange, SchemaDiff
from bot.schema.field_summary import enumeration, in_short, is_demanded, summary
from bot.schema.field_values import cardinality, values_of_new
from bot.schema.impact.curator import term_field
from bot.schema.impact.model import (
    Consequence,
    Effort,
    ImpactContext,
    code,
    is_curated,
    is_label,
    subject,
)
from bot.schema.impact.registries import of_field
from bot.schema.rules.lamindb import REGISTRIES
from bot.schema.spec import Field, Lines, Requirement
from runners.contract.rules import Column

MINIMAL = "LaminDB's schema asks for a minimal set of columns and lets others pass"
NOT_READ = "LaminDB's curator looks at none of its values"
NO_RULES = "it has no rules any more, and LaminDB may still ask for it"
SPEC, OWN = "categoricals_to_spec", "the features that are made by name"
# Types whose values are no terms.
PLAIN = ("str", "bool", "int", "uint", "float", "numpy")
# What rules say of a column by its name and place, whatever it allows.
OF_THE_NAME = {"slot", "registry", "labels", "lamindb"}
DEMAND = re.compile(r"\b(?:MUST|MAY)\b")


DEMANDED = {
    Requirement.MUST,
    Requirement.UNSTATED,
    Requirement.CONDITIONAL_MUST,
    Requirement.CONDITIONAL_MUST_ELSE_NOT,
}
MATRICES = {"X", "obsm", "obsp", "varm", "varp", "layers"}
NAMED = re.compile(r"`(\w+)`")


def fields(diff: SchemaDiff, ctx: ImpactContext) -> Iterator[Consequence]:
    """What added, removed, renamed and changed fields ask for."""
    yield from (_added(field, ctx) for field in diff.fields_added)
    yield from (_removed(field, ctx) for field in diff.fields_removed)
    yield from (_renamed(pair, ctx) for pair in diff.fields_renamed)
    named = {change.new.name for change in diff.allowed_values_changed}
    named |= {change.new.name for change in diff.cardinality_changed}
    for change in diff.fields_changed:
        # Who fills a column in, and when, is told nowhere else.
        if change.new.name not in named or _asked_for(change, ctx):
            yield _changed(change, ctx)


def _added(field: Field, ctx: ImpactContext) -> Consequence:
    title, name, change_text = "Fields added", subject(field), in_short(summary(field))
    curator = ctx.curator
    held = {*curator.fields, *curator.features} if curator else set()
    if is_simple_column(field):
        reason = "obs needs a feature of it" + ", and its values ULabels" * (field.type != "bool")
        done = field.name in held
        return code(title, name, change_text, reason, field.lines, done=done)
    if REGISTRIES.get(field.name) or REGISTRIES.get(term_field(field.name)):
        done = curator is not None and field.name in curator.fields
        reason = f'categoricals_to_spec needs an entry "{field.name}"'
        return code(title, name, change_text, reason, field.lines, done=done)
    effort, reason = _judged_new(field, ctx)
    return Consequence(title, name, change_text, effort, reason, field.lines)


def is_simple_column(field: Field) -> bool:
    """Whether a feature of obs can hold it: a flag, or one value of an enumeration."""
    is_column = field.component == "obs" and "[" not in field.name
    curators = field.annotator == "curator" and field.requirement is not Requirement.MUST_NOT
    return is_column and curators and bool(field.type == "bool" or enumeration(field))


def _judged_new(field: Field, ctx: ImpactContext) -> tuple[Effort, str]:
    """Of a field that LaminDB's module has no place for."""
    could = "; ".join(of_field(field, ctx.new)) or "none that we know of"
    if not is_demanded(field):
        may = field.annotator == "curator" and _has_values(field)
        return Effort.NOTHING, MINIMAL + f"; registries that could hold its values: {could}" * may
    if "[" in field.name:
        return Effort.NOTHING, "it is a key within another, which is judged on its own"
    is_free = REGISTRIES.get(field.name, "") is None
    if is_free or (field.type.startswith(PLAIN) and not _has_values(field)):
        return Effort.NOTHING, f"any value of its type passes; {MINIMAL}"
    reason = f"curators must fill it in; registries that could hold its values: {could}"
    if any(fact.startswith("delimiter") for fact in cardinality(field)):
        reason += ". LaminDB's curator has no hook to split a value"
    return Effort.PERSON, reason


def _has_values(field: Field) -> bool:
    return bool(values_of_new(field)) or "many" in cardinality(field)


def _removed(field: Field, ctx: ImpactContext) -> Consequence:
    if not is_curated(field.name):
        return Consequence("Fields removed", subject(field), "removed", Effort.NOTHING, NOT_READ)
    elsewhere = next((other for other in ctx.new.fields() if other.name == field.name), None)
    if elsewhere is not None:
        reason, done = _slot(elsewhere, ctx)
        lines = elsewhere.lines
        return code("Fields removed", subject(field), "removed", reason, lines, done=done)
    places = _places(field.name, ctx)
    reason = f'the entry "{field.name}" must leave {places}'
    return code("Fields removed", subject(field), "removed", reason, None, done=not places)


def _places(name: str, ctx: ImpactContext) -> str:
    """Where LaminDB's file has the column; without the file, where most stand."""
    if ctx.curator is None:
        return SPEC
    held = {SPEC: ctx.curator.fields, OWN: ctx.curator.features}
    return " and ".join(place for place, names in held.items() if name in names)


def _renamed(pair: FieldRename, ctx: ImpactContext) -> Consequence:
    title, change = "Fields renamed or moved", f"was {subject(pair.old)}"
    new = pair.new
    if not (is_curated(pair.old.name) or is_curated(new.name)):
        return Consequence(title, subject(new), change, Effort.NOTHING, NOT_READ, new.lines)
    if pair.kind == "move":
        reason, done = _slot(new, ctx)
    elif places := _places(pair.old.name, ctx):
        done = False
        reason = f'the entry "{pair.old.name}" of {places} must become "{new.name}"'
        if ctx.curator and _places(new.name, ctx):
            reason = f'the entry "{pair.old.name}" must leave {places}'
    else:
        done = bool(_places(new.name, ctx))
        reason = f'{SPEC} needs an entry "{new.name}"'
    return code(title, subject(new), change, reason, new.lines, done=done)


def _slot(field: Field, ctx: ImpactContext) -> tuple[str, bool]:
    """That the field must be a feature of its slot, and whether the file has it there."""
    done = ctx.curator is not None and field.name in ctx.curator.slots.get(field.component, ())
    return f"it must be a feature of the slot {field.component}", done


def _asked_for(change: FieldChange, ctx: ImpactContext) -> tuple[Effort, str] | None:
    """The verdict on who fills it in, or when; None where that is as before."""
    annotation = change.new.annotation
    if not (change.is_of_annotator and is_curated(_known_name(change))):
        return None
    was, now = _columns(change, ctx)
    if now is None:
        return (Effort.PERSON, NO_RULES) if was else None
    if was and (was.optional, was.present_where) == (now.optional, now.present_where):
        return None
    if now.optional or now.present_where:
        return Effort.PERSON, f"LaminDB asks for it in every dataset: {annotation}"
    if was is None:
        return Effort.PERSON, f"LaminDB may not ask for it yet: {annotation}"
    return Effort.NOTHING, "LaminDB asks for it in every dataset"


def _known_name(change: FieldChange) -> str:
    """The name that LaminDB knows the field by, if either: a renamed one may have no other yet."""
    return change.new.name if is_curated(change.new.name) else change.old.name


def _columns(change: FieldChange, ctx: ImpactContext) -> tuple[Column | None, Column | None]:
    """What the rules of both versions say of the field."""
    return ctx.before.columns.get(change.old.name), ctx.after.columns.get(change.new.name)


def _changed(change: FieldChange, ctx: ImpactContext) -> Consequence:
    effort, reason = _judged(change, ctx)
    lines = change.new.lines
    return Consequence("Fields changed", subject(change.new), change.text, effort, reason, lines)


def _judged(change: FieldChange, ctx: ImpactContext) -> tuple[Effort, str]:
    name = _known_name(change)
    if not is_curated(name):
        return Effort.NOTHING, NOT_READ
    if verdict := _asked_for(change, ctx):
        return verdict
    if is_label(name):
        return Effort.NOTHING, "it is the label of the terms, which are judged on their own"
    if REGISTRIES[name] is None:
        return Effort.NOTHING, "any value of its type passes; LaminDB doesn't relate columns"
    if not any(map(DEMAND.search, (*change.removed, *change.added))):
        return Effort.NOTHING, "only advice changed"
    was, now = (
        column and column.model_dump(exclude=OF_THE_NAME) for column in _columns(change, ctx)
    )
    if was == now:
        return Effort.NOTHING, "the values that it allows are the same"
    return Effort.PERSON, "a demand changed that is told in words only"


def prose(diff: SchemaDiff) -> Iterator[Consequence]:
    """What embeddings, reserved names and rules in prose ask for."""
    for change in diff.embeddings_changed:
        reason = "LaminDB's schema has no slot obsm"
        title, lines = "Embeddings changed", change.new_lines
        yield Consequence(title, change.key, change.what, Effort.NOTHING, reason, lines)
    for name in diff.reserved_names_added:
        change_text, lines = f"deprecated in {name.deprecated_in}", Lines(name.line, name.line)
        where = f"{name.component}: {name.name}"
        yield Consequence(
            "Reserved names added", where, change_text, Effort.NOTHING, MINIMAL, lines
        )
    for name in diff.reserved_names_removed:
        where = f"{name.component}: {name.name}"
        yield Consequence("Reserved names removed", where, "free", Effort.NOTHING, MINIMAL)
    yield from (_rule(change) for change in diff.component_rules_changed)


def _rule(change: RuleChange) -> Consequence:
    if change.component in MATRICES:
        effort, reason = Effort.NOTHING, "LaminDB's schema has no slot for it"
    elif any(map(_concerns_curators, change.added)):
        effort, reason = Effort.PERSON, "a demand on fields that LaminDB curates, told in words"
    else:
        effort, reason = Effort.NOTHING, "it demands nothing of fields that LaminDB curates"
    return Consequence("Rules in prose changed", change.component, change.text, effort, reason)


def _concerns_curators(sentence: str) -> bool:
    """Whether it demands something of a field that LaminDB has, or of terms in general."""
    if "MUST" not in sentence or "Discover MUST" in sentence:
        return False
    return "ontology term" in sentence or any(map(is_curated, NAMED.findall(sentence)))

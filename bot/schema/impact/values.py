"""Allowed values, cardinalities and delimiters -> what each change asks of LaminDB.

Must not look at a field's wording.
"""

from collections.abc import Iterator

from bot.schema.changes import CardinalityChange, SchemaDiff, ValuesChange
from bot.schema.field_values import Kind
from bot.schema.impact.fields import NO_RULES, NOT_READ
from bot.schema.impact.model import (
    Consequence,
    Effort,
    ImpactContext,
    code,
    is_curated,
    is_label,
    subject,
)
from bot.schema.pinned import ORGANISM_FIELD as ORGANISM
from bot.schema.rules.lamindb import REGISTRIES
from bot.schema.spec import Field
from runners.contract.rules import Column, Rules, Terms

TITLE = "Allowed values changed"
Verdict = tuple[Effort, str]


def values(diff: SchemaDiff, ctx: ImpactContext) -> Iterator[Consequence]:
    """What changed cardinalities and allowed values ask for."""
    # Of a field that is new, both are told with the field.
    yield from (
        _cardinality(change, change.old) for change in diff.cardinality_changed if change.old
    )
    yield from (
        _values(change, change.old, ctx) for change in diff.allowed_values_changed if change.old
    )


def _of_unknown(old: Field, name: str) -> Verdict | None:
    """The verdict on a field that LaminDB doesn't know by its name; None if it does."""
    if is_curated(name):
        return None
    if not is_curated(old.name):
        return Effort.NOTHING, NOT_READ
    return Effort.PERSON, f'LaminDB has it as "{old.name}", and looks at its values by that name'


def _cardinality(change: CardinalityChange, old: Field) -> Consequence:
    was, now = (", ".join(some) or "one value" for some in (change.was, change.is_now))
    effort, reason = _judged_cardinality(change, old)
    title, lines = "Cardinalities and delimiters changed", change.new.lines
    return Consequence(title, subject(change.new), f"{was} \u2192 {now}", effort, reason, lines)


def _judged_cardinality(change: CardinalityChange, old: Field) -> Verdict:
    name = change.new.name
    if verdict := _of_unknown(old, name):
        return verdict
    if is_label(name):
        return Effort.NOTHING, "its terms are judged on their own"
    moved = old.component != change.new.component
    if moved and set(change.was) ^ set(change.is_now) == {"per dataset"}:
        return Effort.NOTHING, "it comes with the move, which is judged on its own"
    if any(fact.startswith("delimiter") for fact in change.is_now):
        return Effort.PERSON, (
            "LaminDB's curator has no hook to split a value: it looks for the joined value as one "
            "term and refuses it"
        )
    return Effort.PERSON, "LaminDB's curator takes one value per cell"


def _values(change: ValuesChange, old: Field, ctx: ImpactContext) -> Consequence:
    added = [f"+ {value}" for value in change.added]
    change_text = ", ".join([*added, *(f"- {value}" for value in change.removed)])
    name, lines = subject(change.new), change.new.lines
    verdict = _of_unknown(old, change.new.name) or _without_terms(change, ctx)
    if verdict is None and change.kind is Kind.SPECIAL_VALUE:
        return _special(change, change_text, ctx)
    if verdict is None and (came := _registries_added(change, old, ctx)):
        done = ctx.curator is not None and came <= set(ctx.curator.fields.get(change.new.name, ()))
        reason = f"its terms stand in {' and '.join(sorted(came))} too: a union of registries"
        return code(TITLE, name, change_text, reason, lines, done=done)
    effort, reason = verdict or _terms(change, old, ctx)
    return Consequence(TITLE, name, change_text, effort, reason, lines)


def _without_terms(change: ValuesChange, ctx: ImpactContext) -> Verdict | None:
    """The verdict on what isn't a matter of registries; None if it is."""
    name = change.new.name
    if is_label(name):
        return Effort.NOTHING, "it is the name of a record that its terms ask for"
    if name == ORGANISM:
        return Effort.NOTHING, "organisms are judged on their own"
    if REGISTRIES[name] is None:
        return Effort.NOTHING, "any value of its type passes"
    if name not in ctx.after.columns:
        return Effort.PERSON, NO_RULES
    if change.kind in (Kind.MAPPING_ROW, Kind.RANGE):
        return Effort.NOTHING, "LaminDB doesn't relate columns, and advice binds nobody"
    return None


def _special(change: ValuesChange, change_text: str, ctx: ImpactContext) -> Consequence:
    """Values outside of any ontology: ULabels of an enumeration, or records of a registry."""
    name, lines = change.new.name, change.new.lines
    registry = REGISTRIES[name]
    needed = {(registry, value) for value in change.added} & set(ctx.wanted.defaults)
    nothing = None
    if not change.added:
        nothing = "what an instance holds may stay: the rules no longer allow it"
    elif registry != "ULabel" and not needed:
        nothing = "none of these values needs a record"
    if nothing is not None:
        return Consequence(TITLE, subject(change.new), change_text, Effort.NOTHING, nothing, lines)
    if registry == "ULabel":
        held = ctx.curator.labels.get(name, ()) if ctx.curator else ()
        done = ctx.curator is not None and set(ctx.wanted.labels.get(name, ())) <= set(held)
        reason = "save_cellxgene_defaults must save these ULabels"
    else:
        done = ctx.curator is not None and needed <= ctx.curator.defaults
        reason = f"save_cellxgene_defaults must save these values in {registry}"
    return code(TITLE, subject(change.new), change_text, reason, lines, done=done)


def _registries_added(change: ValuesChange, old: Field, ctx: ImpactContext) -> set[str]:
    """Registries that the field's terms stand in now, and didn't before."""
    name = change.new.name
    before = ctx.before.columns.get(old.name)
    had = {entry.registry for entry in _entries(before)}
    return set(ctx.wanted.fields.get(name, ())) - had


def _terms(change: ValuesChange, old: Field, ctx: ImpactContext) -> Verdict:
    came = _ontologies(ctx.after, change.new.name) - _ontologies(ctx.before, old.name)
    for_census = {
        entry.ontology
        for taxon, some in ctx.after.columns[change.new.name].terms.items()
        if taxon in {*ctx.wanted.census, "*"}
        for entry in some
    }
    if came & for_census:
        return Effort.SOURCE, f"needs sources of {', '.join(sorted(came & for_census))}"
    if came:
        return Effort.NOTHING, (
            f"{', '.join(sorted(came))} only for organisms that the Census hasn't"
        )
    return Effort.NOTHING, (
        "LaminDB accepts every term of the registry; which are allowed, the rules say"
    )


def _ontologies(rules: Rules, name: str) -> set[str]:
    return {entry.ontology for entry in _entries(rules.columns.get(name))}


def _entries(column: Column | None) -> list[Terms]:
    return [entry for some in column.terms.values() for entry in some] if column else []

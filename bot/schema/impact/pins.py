"""Pinned ontologies, gene references and organisms -> what each change asks of LaminDB.

Must not know where a source is to be had.
"""

from collections.abc import Iterator

from bot.schema.changes import GeneReferenceChange, SchemaDiff
from bot.schema.impact.model import Consequence, Effort, ImpactContext, code
from bot.schema.impact.registries import of_ontology
from bot.schema.rules.lamindb import ORGANISMS, SOURCES
from bot.schema.spec import Lines, Ontology, Organism

ABSENT = "the Census has no data of it"
Verdict = tuple[Effort, str]


def pins(diff: SchemaDiff, ctx: ImpactContext) -> Iterator[Consequence]:
    """What changed ontologies, gene references and organisms ask for."""
    for pin in diff.ontologies_added:
        yield _pin("Ontologies added", pin, pin.version, ctx)
    for pin in diff.ontologies_removed:
        reason = "a source that nothing refers to may stay"
        yield Consequence("Ontologies removed", pin.prefix, pin.version, Effort.NOTHING, reason)
    for change in diff.ontology_pins_changed:
        change_text = f"{change.old.version} \u2192 {change.new.version}"
        yield _pin("Ontology pins changed", change.new, change_text, ctx)
    yield from (_gene(change, ctx) for change in diff.gene_references_changed)
    yield from (_organism_added(organism, ctx) for organism in diff.organisms_added)
    yield from (_organism_removed(organism, ctx) for organism in diff.organisms_removed)


def _pin(title: str, pin: Ontology, change_text: str, ctx: ImpactContext) -> Consequence:
    effort, reason = _source(pin, ctx)
    return Consequence(title, pin.prefix, change_text, effort, reason, Lines(pin.line, pin.line))


def _source(pin: Ontology, ctx: ImpactContext) -> Verdict:
    row = (pin.line, pin.line)
    held = [name for name in ctx.after.ontologies if ctx.after.lines[f"ontologies.{name}"] == row]
    name = next(iter(held), pin.prefix)
    source = SOURCES.get(name)
    if source is None:
        could = of_ontology(pin) or "the installed bionty has no source for it"
        return Effort.PERSON, f"no registry is chosen for it yet: {could}"
    if name != pin.prefix:
        return Effort.NOTHING, f"its terms come with the source of {name}"
    if not source.shipped and not _is_used(name, ctx):
        return Effort.NOTHING, "only for organisms that the Census hasn't"
    how = "must be current" if source.shipped else "must be added: bionty ships none"
    return Effort.SOURCE, f'bt.Source "{source.name}" of this version {how}'


def _is_used(ontology: str, ctx: ImpactContext) -> bool:
    """Whether terms of it are allowed for an organism that the Census has."""
    return any(
        entry.ontology == ontology
        for column in ctx.after.columns.values()
        for taxon, some in column.terms.items()
        if taxon in {*ctx.wanted.census, "*"}
        for entry in some
    )


def _gene(change: GeneReferenceChange, ctx: ImpactContext) -> Consequence:
    was, now = (
        reference.version if reference else "none" for reference in (change.old, change.new)
    )
    effort, reason = _judged_gene(change, ctx)
    line = change.new.line if change.new else None
    lines = Lines(line, line) if line else None
    title, change_text = "Gene references changed", f"{was} \u2192 {now}"
    return Consequence(title, change.either.title, change_text, effort, reason, lines)


def _judged_gene(change: GeneReferenceChange, ctx: ImpactContext) -> Verdict:
    taxon = change.either.taxon
    if change.cosmetic:
        return Effort.NOTHING, "only its wording changed"
    if change.new is None:
        return Effort.NOTHING, "a source that nothing refers to may stay"
    if taxon in ctx.after.organisms and taxon not in ctx.wanted.census:
        return Effort.NOTHING, ABSENT
    if taxon not in ORGANISMS:
        return Effort.PERSON, "LaminDB's name of the organism isn't known"
    return Effort.SOURCE, f"genes of {ORGANISMS[taxon].name} must come from this reference"


def _organism_added(organism: Organism, ctx: ImpactContext) -> Consequence:
    title, lines = "Organisms added", Lines(organism.line, organism.line)
    taxon = organism.taxon or "an open rule"
    name = ctx.wanted.organisms.get(organism.taxon or "")
    if organism.taxon is None:
        reason = "which organisms it allows stands in no list"
        return Consequence(title, organism.name, taxon, Effort.PERSON, reason, lines)
    if organism.taxon in ctx.wanted.census and name is None:
        reason = "LaminDB's name of the organism isn't known"
        return Consequence(title, organism.name, taxon, Effort.PERSON, reason, lines)
    if name is None:
        return Consequence(title, organism.name, taxon, Effort.NOTHING, ABSENT, lines)
    curator = ctx.curator
    done = curator is not None and name in curator.organisms and organism.taxon in curator.taxa
    reason = f'CELLxGENEOrganisms needs "{name}" and save_cellxgene_defaults {organism.taxon}'
    return code(title, organism.name, taxon, reason, lines, done=done)


def _organism_removed(organism: Organism, ctx: ImpactContext) -> Consequence:
    title = "Organisms removed"
    if organism.taxon is None:
        reason = "organisms are judged one by one, from the newer document's list"
        return Consequence(title, organism.name, "an open rule", Effort.NOTHING, reason)
    name = ORGANISMS[organism.taxon].name if organism.taxon in ORGANISMS else ""
    curator = ctx.curator
    done = curator is not None and not (name in curator.organisms or organism.taxon in curator.taxa)
    reason = "it must leave CELLxGENEOrganisms and save_cellxgene_defaults"
    return code(title, organism.name, organism.taxon, reason, None, done=done)

"""Edits of the organisms that LaminDB's module names: the literal, and the taxa that it saves.

Must not drop one: which others an instance holds is a person's to know.
"""

import libcst as cst

from bot.schema.patch.editing import (
    A,
    Assignments,
    PatchContext,
    appended,
    assigned,
    inserted,
    quoted,
    string,
)
from bot.schema.rules.lamindb import ORGANISMS

NAMES = sorted({names.name for names in ORGANISMS.values()}, key=len, reverse=True)


def missing_taxa(work: PatchContext) -> dict[str, str | None]:
    """Taxa that the file must save and doesn't -> the taxon that it has instead, if any.

    Those that the Census has, and those of which the file saves but a subspecies: it is named by
    its comment, which begins with the name of the species.
    """
    listed = {
        organism.taxon: organism.name
        for organism in work.new.organisms
        if organism.taxon in ORGANISMS
    }
    missing: dict[str, str | None] = {}
    for taxon, name in listed.items():
        if taxon is None or taxon in work.curator.taxa:
            continue
        unlisted = {taxon: text for taxon, text in work.curator.taxa.items() if taxon not in listed}
        below = (taxon for taxon, text in unlisted.items() if text.startswith(f"{name} "))
        instead = next(below, None)
        if instead or taxon in work.wanted.organisms:
            missing[taxon] = instead
    return missing


class Organisms(Assignments):
    """Adds what the schema and the Census have, and parts two names that lack their comma."""

    def __init__(self, work: PatchContext) -> None:
        super().__init__()
        self.work = work
        self.missing = missing_taxa(work)

    def assign(self, node: A) -> A:
        name, value = assigned(node), node.value
        if name == "CELLxGENEOrganisms" and isinstance(value, cst.Subscript):
            return node.with_changes(value=self._literal(value))
        if name == "taxonomy_ids" and isinstance(value, cst.List):
            return node.with_changes(value=self._taxa(value))
        return node

    def _literal(self, literal: cst.Subscript) -> cst.Subscript:
        elements = [part for element in literal.slice for part in self._parted(element)]
        held = {_text(element) for element in elements}
        names = [
            *self.work.wanted.organisms.values(),
            *(ORGANISMS[taxon].name for taxon in self.missing),
        ]
        missing = [name for name in dict.fromkeys(names) if name not in held]
        for name in missing:
            self.work.say(f'CELLxGENEOrganisms lacks "{name}".')
        new = [cst.SubscriptElement(cst.Index(quoted(name))) for name in missing]
        return literal.with_changes(slice=appended(elements, new))

    def _parted(self, element: cst.SubscriptElement) -> list[cst.SubscriptElement]:
        """Two elements where two names run together: a comma between two literals was lost."""
        text = _text(element)
        first = next((name for name in NAMES if text.startswith(name) and text != name), None)
        if first is None or not _is_name(text[len(first) :]):
            return [element]
        self.work.say(f'CELLxGENEOrganisms lacks a comma within "{text}".')
        names = (first, text[len(first) :])
        return [element.with_changes(slice=cst.Index(quoted(name))) for name in names]

    def _taxa(self, taxa: cst.List) -> cst.List:
        for taxon, instead in self.missing.items():
            names = ORGANISMS[taxon]
            held = [string(element.value) for element in taxa.elements]
            # The comment of the last element belongs to the bracket: new ones stand before it.
            place = held.index(instead) + 1 if instead in held[:-1] else max(len(held) - 1, 0)
            new = cst.Element(quoted(taxon))
            named = next(
                organism.name for organism in self.work.new.organisms if organism.taxon == taxon
            )
            taxa = inserted(taxa, place, new, f"# {named} ({names.name.capitalize()})")
            self.work.say(f"save_cellxgene_defaults doesn't save {taxon} ({named}).")
        return taxa


def _is_name(text: str) -> bool:
    """Whether it is an organism's, or of a kind of one, as "domestic pig" is."""
    return text[0].isalnum() and any(f" {text}".endswith(f" {name}") for name in NAMES)


def _text(element: cst.SubscriptElement) -> str:
    value = element.slice
    return (string(value.value) or "") if isinstance(value, cst.Index) else ""

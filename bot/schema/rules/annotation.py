"""How a column that LaminDB's module doesn't know is annotated: what is proposed, and what a person
may choose instead.
"""

from collections.abc import Mapping

from bot.schema.rules.demands import Demands
from bot.schema.rules.lamindb import (
    LABELS,
    OTHER_REGISTRIES,
    REGISTRIES,
    SOURCES,
    TERM_REGISTRIES,
    label_type,
)
from bot.schema.rules.rules_file import terms_to_json
from runners.contract import Choice
from runners.contract.rules import Terms

ByTaxon = Mapping[str, tuple[Terms, ...]]

ANNOTATION = "in which registry of LaminDB its values stand, or that in none"


def registry_of_terms(name: str, ontology: str, prefix: str) -> str | None:
    """The registry for a column's terms of an ontology: LaminDB's own, else bionty's for that
    ontology, else labels. What a prefix stands before isn't the term itself: it is a label.
    """
    if prefix:
        return LABELS
    if (name, ontology) in TERM_REGISTRIES:
        return TERM_REGISTRIES[name, ontology]
    if name in REGISTRIES:
        return REGISTRIES[name]
    source = SOURCES.get(ontology)
    return source.registry if source else LABELS


def annotation_choices(demands: Demands, terms: ByTaxon) -> list[Choice]:
    """What a person may choose from, the proposed one first."""
    kind = label_type(demands.source.name).name
    none = Choice(
        answer="none",
        effect="its values are checked and not annotated; leave the field out of the patch",
        changes={demands.path("registry"): None, demands.path("labels"): None},
    )
    if not terms:
        effect = f"each value becomes a label (ULabel) of type {kind}, as the patch has it"
        return [Choice(answer="labels", effect=effect, proposed=True), none]
    return [
        Choice(answer="registries", effect=_effect(terms, kind), proposed=True),
        *_others(demands, terms, kind),
        _as_labels(demands, terms, kind),
        none,
    ]


def _effect(terms: ByTaxon, kind: str) -> str:
    """Where the terms of each ontology stand, as a sentence."""
    places = {
        f"{entry.prefix}{entry.ontology}": entry.registry
        for entries in terms.values()
        for entry in entries
    }
    texts = [
        f"{name} as labels (ULabel) of type {kind}"
        if registry == LABELS
        else f"{name} in {registry}"
        for name, registry in places.items()
    ]
    return f"terms of {', '.join(texts)}; LaminDB's module needs the field by hand"


def _others(demands: Demands, terms: ByTaxon, kind: str) -> list[Choice]:
    """Choices with a registry of a module that an instance may lack."""
    ontologies = {entry.ontology for entries in terms.values() for entry in entries}
    choices = []
    for ontology in sorted(ontologies & OTHER_REGISTRIES.keys()):
        registry, why = OTHER_REGISTRIES[ontology]
        moved = _moved(terms, ontology, registry)
        changes = {demands.path("terms"): terms_to_json(moved)}
        choices.append(
            Choice(answer=registry, effect=f"{_effect(moved, kind)}: {why}", changes=changes)
        )
    return choices


def _as_labels(demands: Demands, terms: ByTaxon, kind: str) -> Choice:
    moved = _moved(terms, None, LABELS)
    effect = f"each term becomes a label (ULabel) of type {kind}; LaminDB's module needs it by hand"
    return Choice(
        answer="labels", effect=effect, changes={demands.path("terms"): terms_to_json(moved)}
    )


def _moved(terms: ByTaxon, ontology: str | None, registry: str) -> ByTaxon:
    """The terms with another registry: those of the ontology without a prefix, or all."""
    return {
        taxon: tuple(
            entry.model_copy(update={"registry": registry})
            if ontology is None or (entry.ontology == ontology and not entry.prefix)
            else entry
            for entry in entries
        )
        for taxon, entries in terms.items()
    }

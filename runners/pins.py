"""Which rules and sources a release needs, and at which versions. Knows no LaminDB."""

from collections.abc import Collection, Mapping

from runners import rules
from runners.contract import ContractError, Manifest
from runners.facts import SourceKey
from runners.reference import Reference
from runners.rules import Rules


def rules_of(manifest: Manifest) -> Rules:
    """The rules of the manifest's schema version, which must have the manifest's pins.

    A document says `2025-09-15 EFO 3.82.0` where a manifest may keep one of these words.

    Raises:
        ContractError: there are no such rules, or they have another pin.
    """
    found = rules.load(manifest.dataset_schema_version)
    for prefix, pin in manifest.pins.items():
        ours = found.ontologies[prefix].pin if prefix in found.ontologies else None
        if ours is not None and not set(pin.split()) <= set(ours.split()):
            raise ContractError(
                f"manifest {manifest.release}: field pins.{prefix}: {pin!r} is not what the rules "
                f"of dataset schema {manifest.dataset_schema_version} have, {ours!r}; "
                "make the rules from the document that the manifest names."
            )
    return found


def pinned(reference: Reference, organisms: Collection[str]) -> Mapping[SourceKey, str]:
    """The version of every source that datasets of these organisms (scientific names) may need.

    Without organisms, of all that the rules know.
    """
    found: dict[SourceKey, str] = {}
    for registry, ontology in needed(reference.rules, organisms):
        meta = reference.rules.ontologies[ontology]
        key = (f"bionty.{registry}", meta.source, meta.organism)
        found[key] = reference.pin(ontology).removeprefix("v")
    return found


def needed(schema: Rules, organisms: Collection[str]) -> set[tuple[str, str]]:
    """Registry and ontology of each source."""
    known = schema.organisms.items()
    taxa = [t for t, meta in known if not organisms or meta.scientific_name in organisms]
    return {
        home(entry.registry, entry.ontology)
        for column in schema.columns.values()
        for taxon in taxa
        for entry in column.terms.get(taxon, column.terms.get("*", ()))
    }


def home(registry: str, ontology: str) -> tuple[str, str]:
    """The registry whose source has the term: "normal" is a phenotype among the diseases."""
    return ("Phenotype" if ontology == "PATO" else registry), ontology

"""What LaminDB's curator must hold for one dataset schema version, as its rules ask for it.

Must not look at a curator.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.schema.rules import Rules
from bot.schema.rules.lamindb import ORGANISMS
from bot.schema.rules.model import Column

# The organisms that the Census of 2025-11-08 has; others of the schema need nothing of LaminDB.
CENSUS = frozenset(
    {"NCBITaxon:9606", "NCBITaxon:10090", "NCBITaxon:9544", "NCBITaxon:9483", "NCBITaxon:9598"}
)
SUFFIX = "_ontology_term_id"


@dataclass(frozen=True, slots=True)
class Wanted:
    """As `Curator`, of which it is the part that the schema decides."""

    organisms: Mapping[str, str]
    defaults: tuple[tuple[str, str], ...]
    labels: Mapping[str, tuple[str, ...]]
    fields: Mapping[str, tuple[str, ...]]
    flags: tuple[str, ...]


def wanted(rules: Rules, census: Collection[str] = CENSUS) -> Wanted:
    """`census` are the taxa of the organisms that the Census has."""
    columns = rules.columns
    present = [taxon for taxon in rules.organisms if taxon in census]
    return Wanted(
        organisms={taxon: ORGANISMS[taxon].name for taxon in present},
        defaults=tuple(
            (column.registry, value)
            for column in columns.values()
            if column.registry
            for value in column.special
        ),
        labels={name: one.values for name, one in columns.items() if one.registry == "ULabel"},
        fields={
            name: registries
            for name, column in columns.items()
            if (registries := _registries(column, census))
        },
        flags=tuple(name for name, one in columns.items() if one.dtype == "bool"),
    )


def _registries(column: Column, census: Collection[str]) -> tuple[str, ...]:
    """Where the column's terms stand, for organisms of the Census."""
    scopes = [some for taxon, some in column.terms.items() if taxon in census or taxon == "*"]
    return tuple(dict.fromkeys(entry.registry for some in scopes for entry in some))


def term_field(name: str) -> str:
    """The field of terms that a field of labels goes with: sex -> sex_ontology_term_id."""
    return name if name.endswith(SUFFIX) else name + SUFFIX

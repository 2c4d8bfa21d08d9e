"""The organisms that a dataset may be of.

Later documents close the list in a table; earlier ones state open rules and name the organisms only
by their gene references. Must not decide which organisms the Census has.
"""

import re
from collections import Counter
from collections.abc import Mapping

from bot.schema.pinned import TAXON
from bot.schema.spec import Component, Field, GeneReference, Organism
from bot.schema.wording import sentences

FIELD = "organism_ontology_term_id"
RULE = re.compile(r"\bMUST be from\b.*\borganism")
NO_DATASET_ORGANISMS = {"NCBITaxon:2697049", "NCBITaxon:32630"}


def read_organisms(
    fields: tuple[Field, ...],
    genes: tuple[GeneReference, ...],
    rules: tuple[Component, ...],
    seen: Counter[str],
) -> tuple[Organism, ...]:
    """The closed list if there is one, else the gene references' organisms and the open rules.

    `seen` counts the terms of the whole document, to tell a mistyped taxon from the right one.
    """
    field = next((one for one in fields if one.name == FIELD), None)
    if field is None:
        return ()
    listed = _listed(field, {gene.organism: gene.taxon for gene in genes}, seen)
    return listed or (*_referenced(genes), *_open_rules(field, rules))


def _listed(field: Field, by_name: Mapping[str, str], seen: Counter[str]) -> tuple[Organism, ...]:
    found = []
    for row in (row for table in field.tables for row in table.rows):
        taxa = TAXON.findall(" ".join(row[1:]))
        if taxa:
            organism = re.split(r" / | and its ", row[0])[0]
            # A taxon may be mistyped (6293 for 6239): what the rest of the document says is right.
            likeliest = max(taxa, key=lambda taxon: seen[taxon])
            taxon = by_name.get(organism, likeliest)
            found.append(Organism(organism, taxon, field.lines.first))
    return tuple(found)


def _referenced(genes: tuple[GeneReference, ...]) -> tuple[Organism, ...]:
    known = (gene for gene in genes if gene.taxon not in NO_DATASET_ORGANISMS)
    return tuple(Organism(gene.organism, gene.taxon, gene.line) for gene in known)


def _open_rules(field: Field, rules: tuple[Component, ...]) -> tuple[Organism, ...]:
    stated = [(one, field.lines.first) for one in sentences(field.value) if TAXON.search(one)]
    stated += [
        (one, rule.lines.first)
        for rule in rules
        for one in sentences(rule.prose)
        if RULE.search(one)
    ]
    return tuple(Organism(sentence.strip("- "), None, line) for sentence, line in stated)

"""Which registries of LaminDB could hold the values of a field or an ontology: proposals, each with
its reason, for a person to choose from.

One table of what bionty and pertdb have, compared with the installed packages by a test. Must not
decide: what is decided stands in `bot/schema/rules/lamindb.py`.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bot.schema.field_summary import enumeration
from bot.schema.field_table import TERM
from bot.schema.field_values import IDENTIFIER, Kind, forbidden, values_of_new
from bot.schema.spec import Field, Ontology, Spec


@dataclass(frozen=True, slots=True)
class Source:
    """A source of bionty's: the entity that its terms are of, and the ontology's name."""

    entity: str
    name: str


# bionty's `base/sources.yaml`; keys are its names of the sources, which are prefixes but for few.
SOURCES: Mapping[str, Source] = {
    "cellmarker": Source("CellMarker", "CellMarker"),
    "cellosaurus": Source("CellLine", "Cellosaurus"),
    "chebi": Source("Drug", "Chemical Entities of Biological Interest"),
    "cl": Source("CellType", "Cell Ontology"),
    "clo": Source("CellLine", "Cell Line Ontology"),
    "depmap": Source("CellLine", "Dependency Map"),
    "doid": Source("Disease", "Human Disease Ontology"),
    "dron": Source("Drug", "Drug Ontology"),
    "efo": Source("ExperimentalFactor", "The Experimental Factor Ontology"),
    "ensembl": Source("Gene", "Ensembl"),
    "go": Source("Pathway", "Gene Ontology"),
    "hancestro": Source("Ethnicity", "Human Ancestry Ontology"),
    "hp": Source("Phenotype", "Human Phenotype Ontology"),
    "hsapdv": Source("DevelopmentalStage", "Human Developmental Stages"),
    "icd": Source("Disease", "International Classification of Diseases (ICD)"),
    "mmusdv": Source("DevelopmentalStage", "Mouse Developmental Stages"),
    "mondo": Source("Disease", "Mondo Disease Ontology"),
    "ncbitaxon": Source("Organism", "NCBItaxon Ontology"),
    "pato": Source("Phenotype", "Phenotype And Trait Ontology"),
    "phe": Source("Phenotype", "Phecodes ICD10 map"),
    "pw": Source("Pathway", "Pathway Ontology"),
    "uberon": Source("Tissue", "Uberon multi-species anatomy ontology"),
    "uniprot": Source("Protein", "UniProt"),
}
# The field of a registry that has a term's id, where it isn't `ontology_id`.
ID_FIELDS: Mapping[str, str] = {
    "Protein": "uniprotkb_id",
    "Gene": "ensembl_gene_id",
    "CellMarker": "name",
}
# Entities that bionty has terms of and no registry for, and pertdb's registry that could hold them.
ELSEWHERE: Mapping[str, str] = {"Drug": "Compound"}


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A registry of pertdb, what a record is found by, and the source of its ids, if any."""

    name: str
    id_field: str
    source: str | None = None


PERTURBATIONS = (
    Perturbation("Biologic", "name"),
    Perturbation("Compound", "ontology_id", "chebi"),
    Perturbation("CompoundPerturbation", "name"),
    Perturbation("EnvironmentalPerturbation", "ontology_id", "efo"),
    Perturbation("GeneticPerturbation", "name"),
)


def of_ontology(pin: Ontology) -> str | None:
    """Where an ontology's terms could stand, and why; None if bionty has no source of it."""
    found = _source(pin.prefix, pin.name)
    if found is None:
        return None
    key, source = found
    has = f'bionty has it as source "{key}" of {source.entity}'
    if source.entity in ELSEWHERE:
        name = ELSEWHERE[source.entity]
        id_field = next(each.id_field for each in PERTURBATIONS if each.name == name)
        return f"{has}, without a registry; pertdb.{name} could hold its terms by {id_field}"
    return f"{has}; bionty.{source.entity} could hold its terms by {_id_field(source.entity)}"


def of_field(field: Field, spec: Spec) -> tuple[str, ...]:
    """Where a field's values could stand, each with its reason; empty if nothing fits."""
    if enumeration(field):
        return ("ULabel for its enumeration",)
    firsts = [(pin.name.lower().split() or [""])[0] for pin in spec.ontologies]
    # A word that several names begin with, as "human", is no name of an ontology.
    pins = {
        first: pin
        for first, pin in zip(firsts, spec.ontologies, strict=True)
        if first and firsts.count(first) == 1
    }
    pins |= {pin.prefix.lower(): pin for pin in spec.ontologies}
    named = {pins[name] for name in _ontologies(values_of_new(field)) if name in pins}
    of_terms = [_of_terms(pin, field) for pin in spec.ontologies if pin in named]
    return (*of_terms, *_by_name(field))


def _of_terms(pin: Ontology, field: Field) -> str:
    """The registry of an ontology's terms; of a perturbation's, what pertdb has for it as well."""
    found = _source(pin.prefix, pin.name)
    if found is None:
        return f"none that we know of for {pin.prefix}"
    key, source = found
    elsewhere = ELSEWHERE.get(source.entity)
    names = [f"pertdb.{elsewhere}" if elsewhere else f"bionty.{source.entity}"]
    if _is_perturbed(field):
        names += [f"pertdb.{each.name}" for each in PERTURBATIONS if each.source == key]
    return f"{' or '.join(dict.fromkeys(names))} for {pin.prefix} (source {key})"


def _by_name(field: Field) -> list[str]:
    """Registries of pertdb whose name's words are all in the field's name."""
    words = set(re.findall(r"[a-z]+", field.name.lower()))
    words |= {word.removesuffix("s") for word in words}
    return [
        f"pertdb.{each.name} by its name"
        for each in PERTURBATIONS
        if {word.lower() for word in re.findall(r"[A-Z][a-z]+", each.name)} <= words
    ]


def _is_perturbed(field: Field) -> bool:
    return "perturbation" in f"{field.name} {field.value}".lower()


def _ontologies(values: Collection[tuple[Kind, str]]) -> Iterator[str]:
    """The prefixes and names of ontologies that allowed values name, in lower case."""
    for kind, text in sorted(values):
        if kind is not Kind.ALLOWED_TERMS or forbidden((kind, text)):
            continue
        term = TERM.search(text) or IDENTIFIER.search(text)
        name = re.split("[:_]", term[0])[0] if term else text.split(" terms")[0]
        yield name.lower()


def _source(prefix: str, name: str) -> tuple[str, Source] | None:
    """bionty's source of an ontology, by its prefix or its name."""
    key = prefix.lower()
    if key in SOURCES:
        return key, SOURCES[key]
    return next(
        ((key, source) for key, source in SOURCES.items() if source.name.lower() == name.lower()),
        None,
    )


def _id_field(entity: str) -> str:
    return ID_FIELDS.get(entity, "ontology_id")

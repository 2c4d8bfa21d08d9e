"""A Spec -> the rules that datasets of that version are validated by, for a person to review.

What the document says comes from the document; what only LaminDB or CZI's wheels say, from one
table (`lamindb.py`). Where neither decides, the rules hold an open judgement. Must not guess.
"""

from dataclasses import replace

from bot.schema.pinned import ORGANISM_FIELD as ORGANISM
from bot.schema.pinned import TAXON
from bot.schema.rules.columns import column, conditional
from bot.schema.rules.conditions import circumstances
from bot.schema.rules.demands import Demands, gather
from bot.schema.rules.document_terms import DocumentTerms, document_terms, ontologies
from bot.schema.rules.lamindb import (
    GENE_TABLES,
    NOT_RULED,
    ONTOLOGY_GUIDE,
    ORGANISMS,
    REGISTRIES,
    WHEELS,
)
from bot.schema.rules.model import Column, Organism, Remark, Rules, Wheel, to_json, to_text
from bot.schema.spec import Field, GeneReference, Lines, Requirement, Spec

__all__ = ["Rules", "rules_of", "to_json", "to_text"]

DEMANDED = {
    Requirement.MUST,
    Requirement.UNSTATED,
    Requirement.CONDITIONAL_MUST,
    Requirement.CONDITIONAL_MUST_ELSE_NOT,
}


def rules_of(spec: Spec) -> Rules:
    """The document's rules; whether they are complete, `judgements` says."""
    document = document_terms(spec)
    pinned, remarks = ontologies(spec, document)
    guide, genes = (_wheel(name, spec, remarks) for name in (ONTOLOGY_GUIDE, GENE_TABLES))
    organisms, foreign = _organisms(spec, remarks)
    demands_by_field = _gathered(spec, document)
    columns = {
        name: column(demands, demands_by_field) for name, demands in demands_by_field.items()
    }
    some, sometimes = _conditional(spec, document)
    every = (*demands_by_field.values(), *some.values())
    return Rules(
        dataset_schema_version=spec.version,
        ontology_guide=guide,
        gene_tables=genes,
        ontologies=pinned,
        organisms=organisms,
        foreign_genes=foreign,
        columns=columns,
        conditional=sometimes,
        lines={name: demands.source.lines for name, demands in (demands_by_field | some).items()},
        judgements=(*remarks, *(each for demands in every for each in demands.judgements)),
        unchecked=tuple(each for demands in every for each in demands.unchecked),
    )


def _gathered(spec: Spec, document: DocumentTerms) -> dict[str, Demands]:
    """What each field says that curators must fill in, by the field's name."""
    return {field.name: _read(field, document) for field in spec.fields() if _is_ruled(field)}


def _conditional(
    spec: Spec, document: DocumentTerms
) -> tuple[dict[str, Demands], dict[str, Column]]:
    """What stands in some datasets and nowhere else, where the document says in which."""
    conditional_demands, columns = {}, {}
    for field in spec.fields():
        where = circumstances(_when(field.annotation))
        if (
            where
            and _stands_sometimes(field)
            and all(document.knows(circumstance.column) for circumstance in where)
        ):
            name = document.paths.get(field.name, field.name)
            conditional_demands[name] = gather(field, document)
            columns[name] = conditional(conditional_demands[name], where)
    return conditional_demands, columns


def _when(annotation: str) -> str:
    """ "Curator MUST annotate if A; otherwise, ..." -> "if A"."""
    return "if " + annotation.partition(" if ")[2].partition("; otherwise")[0]


def _stands_sometimes(field: Field) -> bool:
    demanded = field.annotator == "curator"
    exclusive = field.requirement is Requirement.CONDITIONAL_MUST_ELSE_NOT
    # Keys within a key are told by the key itself.
    return demanded and exclusive and field.component in ("obs", "uns") and "[" not in field.name


def _read(field: Field, document: DocumentTerms) -> Demands:
    if field.name == ORGANISM:  # which organisms there are, the Spec knows already
        return Demands(field)
    # Of a field that LaminDB has no place for, nothing is asked before a person says so.
    return gather(field, document) if field.name in REGISTRIES else Demands(field)


def _is_ruled(field: Field) -> bool:
    demanded = field.annotator == "curator" and field.requirement in DEMANDED
    # Keys within a key are told by the key itself.
    named = field.name not in NOT_RULED and "[" not in field.name
    return demanded and named and field.component in ("obs", "var", "uns")


def _wheel(name: str, spec: Spec, remarks: list[Remark]) -> Wheel:
    wheel = WHEELS.get((name, spec.version))
    if wheel is None:
        part = spec.ontologies if name == ONTOLOGY_GUIDE else spec.gene_references
        lines = Lines(part[0].line, part[-1].line)
        text = f"a person must say which {name} has what {spec.version} pins, and its sha256"
        remarks.append(Remark(name, lines, text))
        return Wheel(name, "", "")
    return Wheel(name, wheel.version, wheel.sha256)


def _organisms(
    spec: Spec, remarks: list[Remark]
) -> tuple[dict[str, Organism], dict[str, Organism]]:
    """The organisms of datasets, and those that only lend genes, by taxon."""
    references = {gene.taxon: gene for gene in spec.gene_references}
    listed = {organism.taxon: organism.line for organism in spec.organisms if organism.taxon}
    for organism in spec.organisms:
        if organism.taxon is None:
            text = f"a person must say which organisms this allows: {organism.name}"
            remarks.append(Remark("organisms", Lines(organism.line, organism.line), text))
    for taxon in listed.keys() - references.keys():
        text = f"a person must say by which gene reference {taxon} is checked"
        remarks.append(Remark("organisms", Lines(listed[taxon], listed[taxon]), text))
    named = {taxon: _organism(gene, remarks) for taxon, gene in references.items()}
    above = _with_descendants(spec)
    return (
        {
            taxon: replace(organism, descendants=taxon in above)
            for taxon, organism in named.items()
            if taxon in listed and organism
        },
        {taxon: organism for taxon, organism in named.items() if taxon not in listed and organism},
    )


def _with_descendants(spec: Spec) -> set[str]:
    """The taxa that the document's list of organisms allows with their descendants."""
    tables = (table for field in spec.fields() if field.name == ORGANISM for table in field.tables)
    rows = (" | ".join(row) for table in tables for row in table.rows)
    return {taxon for row in rows if "descendants" in row for taxon in TAXON.findall(row)}


def _organism(gene: GeneReference, remarks: list[Remark]) -> Organism | None:
    names = ORGANISMS.get(gene.taxon)
    if names is None:
        text = f"a person must say LaminDB's name and the gene table of {gene.organism}"
        remarks.append(Remark(f"organisms: {gene.taxon}", Lines(gene.line, gene.line), text))
        return None
    scientific = names.scientific_name or gene.organism
    return Organism(names.name, scientific, names.genes, gene.version, gene.line)

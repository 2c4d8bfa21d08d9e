"""The organisms that datasets may be of, and those that only lend genes, by taxon."""

from bot.schema.pinned import ORGANISM_FIELD as ORGANISM
from bot.schema.pinned import listed_name
from bot.schema.rules.lamindb import LENDERS, ORGANISMS
from bot.schema.spec import GeneReference, Lines, Spec
from runners.contract import Choice, Judgement
from runners.contract.rules import Organism

ByTaxon = dict[str, Organism]


def organisms_of(spec: Spec, judgements: list[Judgement]) -> tuple[ByTaxon, ByTaxon]:
    """The organisms of datasets, and those that only lend genes."""
    references = {gene.taxon: gene for gene in spec.gene_references}
    listed = {organism.taxon: organism.line for organism in spec.organisms if organism.taxon}
    _judge_open(spec, judgements)
    own = of_datasets(spec)
    for gene in spec.gene_references:
        if gene.taxon not in ORGANISMS:
            _judge_unnamed(gene, "organisms" if gene.taxon in own else "foreign_genes", judgements)
    for taxon in sorted(listed.keys() - references.keys()):
        effect = "a dataset of it fails, because its genes can't be checked"
        _judge(
            judgements,
            f"gene reference of {taxon}",
            Lines(listed[taxon], listed[taxon]),
            f"by which gene reference {taxon} is checked",
            Choice(answer="leave it out", effect=effect, proposed=True),
        )
    above = _with_descendants(spec)
    named = {t: _organism(gene) for t, gene in references.items() if t in ORGANISMS}
    return (
        {t: named[t].model_copy(update={"descendants": t in above}) for t in named if t in own},
        {t: organism for t, organism in named.items() if t not in own},
    )


def of_datasets(spec: Spec) -> set[str]:
    """The taxa with a gene reference of which datasets may be; the others only lend genes."""
    allowed = {organism.taxon for organism in spec.organisms}
    taxa = {gene.taxon for gene in spec.gene_references} - LENDERS
    return taxa if None in allowed else {taxon for taxon in taxa if taxon in allowed}


def _judge_open(spec: Spec, judgements: list[Judgement]) -> None:
    """Asks what is meant where organisms are allowed without being named ("any Metazoa")."""
    rules = [organism for organism in spec.organisms if organism.taxon is None]
    for rule in rules:
        effect = "datasets of other organisms fail, because their genes can't be checked"
        _judge(
            judgements,
            f"organisms: {rule.name}",
            Lines(rule.line, rule.line),
            f"which organisms this allows: {rule.name}",
            Choice(answer="those with a gene reference", effect=effect, proposed=True),
        )


def _judge(
    judgements: list[Judgement], name: str, lines: Lines, text: str, *choices: Choice
) -> None:
    judgements.append(
        Judgement(
            place="organisms",
            lines=lines,
            text=f"a person must say {text}",
            id=f"organisms: {name}",
            choices=choices,
        )
    )


def _with_descendants(spec: Spec) -> set[str]:
    """The taxa that the document's list of organisms allows with their descendants."""
    tables = (table for field in spec.fields() if field.name == ORGANISM for table in field.tables)
    names = {
        listed_name(row)
        for table in tables
        for row in table.rows
        if "descendants" in " | ".join(row)
    }
    # A row's own taxon may be mistyped, that of the Spec is not.
    return {each.taxon for each in spec.organisms if each.taxon and each.name in names}


def _organism(gene: GeneReference) -> Organism:
    names = ORGANISMS[gene.taxon]
    scientific = names.scientific_name or gene.organism
    return Organism(
        name=names.name,
        scientific_name=scientific,
        genes=names.genes,
        reference=gene.version,
    )


def _judge_unnamed(gene: GeneReference, part: str, judgements: list[Judgement]) -> None:
    """Asks of an organism that no name and no known gene table is there for. CZI's tables are named
    by genus and species.
    """
    table = "_".join(gene.organism.lower().split()[:2])
    organism = {
        "name": gene.organism,
        "scientific_name": gene.organism,
        "genes": table,
        "reference": gene.version,
    }
    _judge(
        judgements,
        gene.taxon,
        Lines(gene.line, gene.line),
        f"LaminDB's name and the gene table of {gene.title}",
        Choice(
            answer="leave it out", effect="a dataset of it, or with its genes, fails", proposed=True
        ),
        Choice(
            answer="by its scientific name",
            effect=f"it is called {gene.organism!r}, and its genes must stand in "
            f"genes_{table}.csv.gz of the wheel that gene_tables names",
            changes={f"{part}/{gene.taxon}": organism},
        ),
    )

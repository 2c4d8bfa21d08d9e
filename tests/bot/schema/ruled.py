"""The rules of a small document in which one field says this or that."""

from schema_documents import ONTOLOGIES, document

from bot.schema.document import parse_document
from bot.schema.rules import Rules, rules_of
from runners.contract.rules import Circumstance, Column

MUST = "Curator MUST annotate."
STR = "categorical with <code>str</code> categories. "
CELL_TYPE, TISSUE = "cell_type_ontology_term_id", "tissue_ontology_term_id"
SEX = "sex_ontology_term_id"
HUMAN = '<code>"NCBITaxon:9606"</code> for <i>Homo sapiens</i>'
TISSUE_TYPE = (
    "tissue_type",
    MUST,
    f'{STR}This MUST be <code>"cell line"</code>, <code>"organoid"</code> or '
    '<code>"tissue"</code>.',
)
A_OR_B = f'{STR}This MUST be <code>"a"</code> or <code>"b"</code>.'
IS_LINE = '<code>tissue_type</code> is <code>"cell line"</code>'
LINE = Circumstance(column="tissue_type", among=("cell line",))
IF_LINE = f"If {IS_LINE}, "


def of(name: str, value: str, annotator: str = MUST, typed: str = STR) -> Rules:
    pins = [*ONTOLOGIES, ("PATO", "PATO:", "2025-05-14")]
    obs = [(name, annotator, typed + value)]
    return rules_of(parse_document(document(obs=obs, ontologies=pins)))


def column(name: str, value: str) -> Column:
    return of(name, value).columns[name]


def judged(rules: Rules) -> list[str]:
    """The judgements but those that every small document leaves open: the wheels' versions."""
    return [
        judgement.text
        for judgement in rules.judgements
        if not judgement.place.startswith("cellxgene-")
    ]


def beside_tissue_type(name: str, value: str) -> Rules:
    return rules_of(parse_document(document(obs=[TISSUE_TYPE, (name, MUST, STR + value)])))


def beside_two(value: str) -> Rules:
    """The rules of a document with cell type, tissue type and organism, in which sex is so."""
    tissue_type = ("tissue_type", MUST, f'{STR}This MUST be <code>"tissue"</code>.')
    cell_type = (CELL_TYPE, MUST, f'{STR}This MUST be a CL term or <code>"na"</code>.')
    organism = ("organism_ontology_term_id", MUST, 'This MUST be <code>"NCBITaxon:9606"</code>.')
    text = document(
        obs=[tissue_type, cell_type, (SEX, MUST, STR + value)],
        uns=[organism],
        ontologies=[*ONTOLOGIES, ("PATO", "PATO:", "2025-05-14")],
    )
    return rules_of(parse_document(text))


def of_mood(annotator: str, value: str) -> Rules:
    """The rules of a document with tissue type, cell type and a mood, which is said to be so."""
    cell_type = (CELL_TYPE, MUST, f"{STR}This MUST be a CL term.")
    obs = [TISSUE_TYPE, cell_type, ("mood", annotator, value)]
    pins = [*ONTOLOGIES, ("UBERON", "UBERON:", "2025-05-14")]
    return rules_of(parse_document(document(obs=obs, ontologies=pins)))

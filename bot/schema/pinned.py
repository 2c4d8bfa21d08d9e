"""What the document pins in tables: ontologies, gene references, organisms, reserved names.

Later documents list the organisms in a table; earlier ones state open rules and name the organisms
only by their gene references.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping

from bot.schema.markup import RawTable, plain
from bot.schema.sections import (
    Columns,
    NamedRow,
    Section,
    check_header,
    grids,
    has_column,
    named_rows,
    pinned_rows,
    sections_titled,
)
from bot.schema.spec import (
    Component,
    DocumentError,
    Field,
    GeneReference,
    Ontology,
    Organism,
    ReservedName,
    Spec,
)
from bot.schema.wording import sentences

ONTOLOGIES, GENES = "required ontologies", "required gene annotations"
ONTOLOGY_COLUMNS = {
    "prefix": "prefix",
    "obo prefix": "prefix",
    "ontology": "name",
    "release": "version",
    "required version": "version",
    "download": "",
}
GENE_COLUMNS = {
    "ncbitaxon": "taxon",
    "source": "source",
    "required version": "version",
    "download": "",
}
# Of each title its columns, and those that every pin needs.
PINNED = {
    ONTOLOGIES: (ONTOLOGY_COLUMNS, {"prefix", "version"}),
    GENES: (GENE_COLUMNS, {"source", "version"}),
}
RESERVED_COLUMNS = {
    "reserved name": "name",
    "anndata": "component",
    "deprecated in": "deprecated_in",
}
BETWEEN_PREFIXES = re.compile(r"(?:[\s,;/&]+(?:(?:or|and)\s+)?)+")
PREFIX = re.compile(r"[A-Za-z]\w*")
# What may stand around prefixes: a second one in parentheses, the mark of a note, an end.
AROUND_PREFIX = re.compile(r"\((\w*[A-Z]\w*[:_]?)\)|\*|[,;]+$")
PINNED_LINE = re.compile(r"\s*(\||\[[^\]]*\]:)")
TAXON = re.compile(r"NCBITaxon:\d+")
# Documents before the NCBITaxon column name the organism only by these words.
FAMILIAR = {
    r"\bhuman\b": ("NCBITaxon:9606", "Homo sapiens"),
    r"\bmouse\b": ("NCBITaxon:10090", "Mus musculus"),
    r"covid|sars": ("NCBITaxon:2697049", "SARS-CoV-2"),
    r"\bercc\b": ("NCBITaxon:32630", "synthetic construct"),
}


ORGANISM_FIELD = "organism_ontology_term_id"
OPEN_ORGANISM_RULE = re.compile(r"\bMUST be from\b.*\borganism")
NO_DATASET_ORGANISMS = {"NCBITaxon:2697049", "NCBITaxon:32630"}
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def texts_without_pins(parts: list[Section]) -> dict[int, str]:
    """The text of each section that pins are read from, by its line, without them."""
    return {
        section.line: _without_pins(section, *PINNED[title])
        for title in PINNED
        for section in sections_titled(parts, title)
    }


def _without_pins(section: Section, columns: Columns, needed: set[str]) -> str:
    """The section's text with the tables of anything else."""
    others = [grid for grid in grids(section) if not has_column(grid, columns, needed)]
    kept = {line for grid in others for line in (grid.line, *(row.line for row in grid.rows))}
    lines = enumerate(section.body, section.line + 1)
    return "\n".join(
        line for number, line in lines if number in kept or not PINNED_LINE.match(line)
    )


def is_reserved_names(table: RawTable) -> bool:
    """Whether the table is that of the reserved names."""
    first = table.rows[0][0].source if table.rows and table.rows[0] else ""
    return plain(first).lower() == "reserved name"


def read_ontologies(parts: list[Section]) -> tuple[Ontology, ...]:
    """One pin per prefix; a row with two prefixes gives two."""
    pins: dict[str, Ontology] = {}
    for row in pinned_rows(parts, ONTOLOGIES, *PINNED[ONTOLOGIES]):
        prefixes = AROUND_PREFIX.sub(r" \1 ", row.text("prefix"))
        for prefix in BETWEEN_PREFIXES.split(prefixes.strip()):
            pin = _ontology(row, prefix)
            _check_is_new(pin.prefix, pins, row)
            pins[pin.prefix] = pin
    return tuple(pins.values())


def _ontology(row: NamedRow, prefix: str) -> Ontology:
    bare = prefix.rstrip(":_")
    # 2.0.0 writes "cl.owl : 2021-08-10" where others write the release alone.
    version = re.sub(r"^\S+\.(owl|obo|json)\b\s*:\s*", "", row.text("version"))
    if not bare or not version:
        raise DocumentError(
            f"Line {row.line}: the row of ontology '{row.text('name')}' lacks its prefix or "
            "version; complete it."
        )
    if not PREFIX.fullmatch(bare):
        raise DocumentError(
            f"Line {row.line}: the row of ontology '{row.text('name')}' names '{prefix}', which is "
            "no prefix of an ontology; correct it."
        )
    return Ontology(bare, row.text("name"), version, row.line)


def read_gene_references(parts: list[Section]) -> tuple[GeneReference, ...]:
    """One reference per taxon; a row with two taxa gives two."""
    genes: dict[str, GeneReference] = {}
    for row in pinned_rows(parts, GENES, *PINNED[GENES], {TAXON: "taxon"}):
        for gene in _gene_references(row):
            _check_is_new(gene.taxon, genes, row)
            genes[gene.taxon] = gene
    return tuple(genes.values())


def _gene_references(row: NamedRow) -> list[GeneReference]:
    """Each taxon of the row with what stands beside it: "NCBITaxon:9606 for Homo sapiens"."""
    version, text = row.text("version"), row.text("taxon")
    before, *rest = TAXON.split(text)
    if not rest:
        return [_familiar_reference(row)]
    names = [before] if before.strip() and len(rest) == 1 else rest
    return [
        GeneReference(
            taxon, re.sub(r"^for |(?:[,;]|[,;]? (?:or|and))$", "", name.strip()), version, row.line
        )
        for taxon, name in zip(TAXON.findall(text), names, strict=True)
    ]


def _familiar_reference(row: NamedRow) -> GeneReference:
    version = row.text("version")
    for pattern, (taxon, organism) in FAMILIAR.items():
        if re.search(pattern, row.text("source"), re.I):
            return GeneReference(taxon, organism, version, row.line)
    raise DocumentError(
        f"Line {row.line}: the gene reference '{row.text('source')}' names no organism that is "
        "known; add its NCBITaxon."
    )


def _check_is_new(key: str, keys: Collection[str], row: NamedRow) -> None:
    if key in keys:
        raise DocumentError(f"Line {row.line}: {key} is pinned a second time; remove one of them.")


def read_reserved_names(parts: list[Section]) -> tuple[ReservedName, ...]:
    """The deprecated names, of every table that the document has of them."""
    names: list[ReservedName] = []
    for grid in (grid for section in parts for grid in grids(section)):
        if "reserved name" in (header.lower() for header in grid.header):
            check_header(grid, RESERVED_COLUMNS, set(RESERVED_COLUMNS.values()))
            names += map(_reserved_name, named_rows(grid, RESERVED_COLUMNS))
    return tuple(names)


def _reserved_name(row: NamedRow) -> ReservedName:
    component, name, version = (row.text(part) for part in ("component", "name", "deprecated_in"))
    return ReservedName(component, name, version, row.line)


def read_organisms(
    fields: tuple[Field, ...],
    genes: tuple[GeneReference, ...],
    rules: tuple[Component, ...],
    seen: Counter[str],
) -> tuple[Organism, ...]:
    """The closed list if there is one, else the gene references' organisms and the open rules.

    `seen` counts the terms of the whole document, to tell a mistyped taxon from the right one.
    """
    field = next((field for field in fields if field.name == ORGANISM_FIELD), None)
    if field is None:
        return ()
    listed = _listed(field, {gene.organism: gene.taxon for gene in genes}, seen)
    return listed or (*_referenced(genes), *_open_rules(field, rules))


def _listed(field: Field, by_name: Mapping[str, str], seen: Counter[str]) -> tuple[Organism, ...]:
    organisms = []
    for row in (row for table in field.tables for row in table.rows):
        taxa = TAXON.findall(" ".join(row[1:]))
        if taxa:
            organism = listed_name(row)
            # A taxon may be mistyped (6293 for 6239): what the rest of the document says is right.
            likeliest = max(taxa, key=lambda taxon: seen[taxon])
            taxon = by_name.get(organism, likeliest)
            organisms.append(Organism(organism, taxon, field.lines.first))
    return tuple(organisms)


def listed_name(row: tuple[str, ...]) -> str:
    """The organism's name in a row of the list of organisms."""
    return re.split(r" / | and its ", row[0])[0]


def _referenced(genes: tuple[GeneReference, ...]) -> tuple[Organism, ...]:
    dataset_genes = (gene for gene in genes if gene.taxon not in NO_DATASET_ORGANISMS)
    return tuple(Organism(gene.organism, gene.taxon, gene.line) for gene in dataset_genes)


def _open_rules(field: Field, rules: tuple[Component, ...]) -> tuple[Organism, ...]:
    stated = [
        (sentence, field.lines.first)
        for sentence in sentences(field.value)
        if TAXON.search(sentence)
    ]
    stated += [
        (sentence, rule.lines.first)
        for rule in rules
        for sentence in sentences(rule.prose)
        if OPEN_ORGANISM_RULE.search(sentence)
    ]
    return tuple(Organism(sentence.strip("- "), None, line) for sentence, line in stated)


def pins_of(spec: Spec) -> Mapping[str, str]:
    """Each prefix with its pinned version, in the document's order."""
    return {pin.prefix: normalised(pin.version) for pin in spec.ontologies}


def normalised(version: str) -> str:
    """The release's date where it has one ("2025-09-15 EFO 3.82.0"), else its number ("53.0")."""
    date = DATE.search(version)
    return date[0] if date else version.strip("`() ").removeprefix("v")

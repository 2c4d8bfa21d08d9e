"""The pinned tables of the document: ontologies, gene references, organisms, reserved names.

An unknown header is an error with its line: a renamed column must not silently lose a pin.
"""

import re
from collections import Counter
from collections.abc import Mapping

from bot.schema.grids import Grid, Row, grids
from bot.schema.markup import RawTable, plain
from bot.schema.sections import Section
from bot.schema.spec import (
    Component,
    DocumentError,
    Field,
    GeneReference,
    Ontology,
    Organism,
    ReservedName,
)
from bot.schema.wording import sentences

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
RESERVED_COLUMNS = {
    "reserved name": "name",
    "anndata": "component",
    "deprecated in": "deprecated_in",
}
RESERVED_COLUMNS_READ = ("component", "name", "deprecated_in")
TAXON = re.compile(r"NCBITaxon:\d+")
ORGANISM_RULE = re.compile(r"\bMUST be from\b.*\borganism")
# Documents before the NCBITaxon column name the organism only by these words.
FAMILIAR = {
    r"\bhuman\b": ("NCBITaxon:9606", "Homo sapiens"),
    r"\bmouse\b": ("NCBITaxon:10090", "Mus musculus"),
    r"covid|sars": ("NCBITaxon:2697049", "SARS-CoV-2"),
    r"\bercc\b": ("NCBITaxon:32630", "synthetic construct"),
}
NO_DATASET_ORGANISMS = {"NCBITaxon:2697049", "NCBITaxon:32630"}


def read_ontologies(found: list[Section]) -> tuple[Ontology, ...]:
    """One pin per prefix; a row with two prefixes gives two."""
    section = _section(found, "required ontologies")
    grid = _grid(section, ONTOLOGY_COLUMNS, {"prefix", "version"})
    pins = []
    for row in grid.rows:
        cells = _named(grid, row, ONTOLOGY_COLUMNS)
        for prefix in re.split(r"[\s,/]+", cells["prefix"].strip()):
            pins.append(_ontology(cells, prefix, row.line))
    return tuple(pins)


def _ontology(cells: Mapping[str, str], prefix: str, line: int) -> Ontology:
    bare = re.sub(r"[`:_]+$", "", prefix.strip("`"))
    version = re.sub(r"^\S+\.(owl|obo|json)\b\s*:\s*", "", _one_line(cells["version"]))
    if not bare or not version:
        raise DocumentError(
            f"Line {line}: the row of ontology '{_one_line(cells.get('name', ''))}' lacks its "
            "prefix or version; complete it."
        )
    return Ontology(bare, _one_line(cells.get("name", "")), version, line)


def read_gene_references(found: list[Section]) -> tuple[GeneReference, ...]:
    section = _section(found, "required gene annotations")
    grid = _grid(section, GENE_COLUMNS, {"source", "version"})
    return tuple(_gene_reference(_named(grid, row, GENE_COLUMNS), row) for row in grid.rows)


def _gene_reference(cells: Mapping[str, str], row: Row) -> GeneReference:
    version = _one_line(cells["version"])
    stated = TAXON.search(cells.get("taxon", ""))
    if stated:
        organism = _one_line(cells["taxon"].replace(stated[0], "").replace("`", ""))
        return GeneReference(stated[0], re.sub(r"^for ", "", organism), version, row.line)
    for pattern, (taxon, organism) in FAMILIAR.items():
        if re.search(pattern, cells["source"], re.I):
            return GeneReference(taxon, organism, version, row.line)
    raise DocumentError(
        f"Line {row.line}: the gene reference '{_one_line(cells['source'])}' names no organism "
        "that is known; add its NCBITaxon."
    )


def read_reserved_names(found: list[Section]) -> tuple[ReservedName, ...]:
    """The deprecated names, where the document has a table of them."""
    for section in found:
        for grid in grids(section):
            if "reserved name" in (header.lower() for header in grid.header):
                _check_header(grid, RESERVED_COLUMNS, set(RESERVED_COLUMNS.values()))
                return tuple(_reserved_name(grid, row) for row in grid.rows)
    return ()


def _reserved_name(grid: Grid, row: Row) -> ReservedName:
    cells = _named(grid, row, RESERVED_COLUMNS)
    component, name, version = (cells[column].strip("`") for column in RESERVED_COLUMNS_READ)
    return ReservedName(component, name, version, row.line)


def read_organisms(
    fields: tuple[Field, ...],
    genes: tuple[GeneReference, ...],
    rules: tuple[Component, ...],
    seen: Counter[str],
) -> tuple[Organism, ...]:
    """What a dataset may be of: the closed list, or else gene references and open rules."""
    field = next((f for f in fields if f.name == "organism_ontology_term_id"), None)
    if field is None:
        return ()
    listed = _listed(field, {gene.organism: gene.taxon for gene in genes}, seen)
    if listed:
        return listed
    open_rules = [
        Organism(sentence.strip("- "), None, field.lines.first)
        for sentence in sentences(field.value)
        if TAXON.search(sentence)
    ]
    known = (gene for gene in genes if gene.taxon not in NO_DATASET_ORGANISMS)
    open_rules += [
        Organism(sentence, None, rule.lines.first)
        for rule in rules
        for sentence in sentences(rule.prose)
        if ORGANISM_RULE.search(sentence)
    ]
    return (*(Organism(gene.organism, gene.taxon, gene.line) for gene in known), *open_rules)


def _listed(field: Field, by_name: Mapping[str, str], seen: Counter[str]) -> tuple[Organism, ...]:
    found = []
    for row in (row for table in field.tables for row in table.rows):
        taxa = TAXON.findall(" ".join(row[1:]))
        organism = re.split(r" / | and its ", row[0])[0]
        if taxa:
            # Text and link may name two taxa; the one that the rest of the document uses is right.
            best = max(taxa, key=lambda taxon: seen[taxon])
            known = by_name.get(organism, best)
            found.append(Organism(organism, known, field.lines.first))
    return tuple(found)


def is_pinned(section: Section) -> bool:
    """Whether the section's tables are pins rather than prose."""
    return section.title.strip(" *`").lower() in (
        "required ontologies",
        "required gene annotations",
    )


def is_reserved_names(table: RawTable) -> bool:
    first = table.rows[0][0].source if table.rows and table.rows[0] else ""
    return plain(first).lower() == "reserved name"


def _section(found: list[Section], title: str) -> Section:
    for section in found:
        if section.title.strip(" *`").lower() == title:
            return section
    raise DocumentError(
        f"The document has no section '{title.title()}', so it isn't a dataset schema (2.0.0 or "
        "later); give the schema.md of a dataset schema version."
    )


def _grid(section: Section, columns: Mapping[str, str], needed: set[str]) -> Grid:
    for grid in grids(section):
        _check_header(grid, columns, needed)
        if grid.rows:
            return grid
    raise DocumentError(
        f"Line {section.line}: section '{section.title}' holds no table with a row; check that the "
        "document is whole."
    )


def _check_header(grid: Grid, columns: Mapping[str, str], needed: set[str]) -> None:
    headers = [_one_line(header).strip(" `:").lower() for header in grid.header]
    for header in headers:
        if header and header not in columns:
            raise DocumentError(
                f"Line {grid.line}: a pinned table has the unknown column '{header}'; teach "
                "bot.schema.pinned what it means."
            )
    missing = needed - {columns[header] for header in headers if header}
    if missing:
        raise DocumentError(
            f"Line {grid.line}: a pinned table has no column for {min(missing)}; check its header."
        )


def _named(grid: Grid, row: Row, columns: Mapping[str, str]) -> dict[str, str]:
    headers = [columns.get(_one_line(header).strip(" `:").lower(), "") for header in grid.header]
    cells = dict.fromkeys(headers, "")
    cells.update({h: cell for h, cell in zip(headers, row.cells, strict=False) if h})
    return cells


def _one_line(text: str) -> str:
    return " ".join(text.split())

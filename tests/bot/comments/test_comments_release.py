"""The announcement of real dataset schemas: within GitHub's limit, verdict and controls first."""

import re
from dataclasses import replace

import documents
import pytest
from flows import world

from bot.census.directory import DirectoryEntry
from bot.census.release import CellCount, Release
from bot.comments.markdown import LIMIT
from bot.comments.pull_requests import OpenRules
from bot.comments.release import body
from bot.model.announcement import LARGEST, hidden_announcement
from bot.model.events import SchemaReading
from bot.model.markers import Marker, MarkerKind, sign
from bot.model.releases import NewRelease
from bot.schema.diff import diff
from bot.schema.document import parse_document
from bot.schema.impact import impact
from bot.schema.rules import rules_of
from runners.contract import SchemaDocument

PAIRS = [("1.0.0", "2.0.0"), ("2.0.0", "2.1.0"), ("3.1.0", "7.0.0"), ("5.2.0", "7.0.0")]
pairs = pytest.mark.parametrize(("old", "new"), documents.here(*PAIRS, ("6.0.0", "7.0.0")))
GITHUB = 65_536
COUNTS = {f"Organism {number}": CellCount(10**9, 10**9) for number in range(200)}
ENTRY = DirectoryEntry("2026-02-01", "2026-02-01", True, False, None, "s3://s", "r", "s3://h")


def reading(old: str, new: str) -> SchemaReading:
    return read(new, documents.text(old), documents.text(new))


def read(new: str, *texts: str) -> SchemaReading:
    older, newer = map(parse_document, texts)
    found = diff(older, newer)
    return SchemaReading(
        new=SchemaDocument(version=new, source="x"),
        pins={},
        organisms=(),
        rules=rules_of(newer),
        diff=found,
        impact=impact(found, older, newer),
        edits=tuple(f"Edit {number} of something." for number in range(100)),
        unpatched=("obs.x",),
    )


def news(old: str, new: str) -> NewRelease:
    release = Release("2026-02-01", "2026-02-01", "2.4.0", new, 1845, COUNTS)
    before = Release("2025-06-01", "2025-06-01", "2.4.0", old, 1800, COUNTS)
    return NewRelease(release, ENTRY, new, "2.4.0", 1845, None, before, "2025-06-01")


def announced(old: str, new: str, room: int = LIMIT) -> str:
    return said(reading(old, new), old, new, room)


def said(known: SchemaReading, old: str, new: str, room: int = LIMIT) -> str:
    return body(
        news(old, new),
        known,
        instance="demo",
        oddities=(),
        manifest_path="runners/releases/2026-02-01.toml",
        ingest_on_merge=True,
        undecided=OpenRules(new, None),
        room=room,
    )


@pairs
def test_it_fits_with_what_is_hidden_in_it(old: str, new: str) -> None:
    line = hidden_announcement(news(old, new).record())
    text = announced(old, new, LIMIT - len(line))
    signed = sign(text, Marker(MarkerKind.RELEASE, "2026-02-01"), line)
    assert len(signed) <= GITHUB
    head = text.split("\n\n")
    assert f"Dataset schema {old} → {new}: " in head[0]
    assert head[1].startswith("**Next:** review and merge the proposed manifest")
    assert head[2].startswith(f"**Before that:** Dataset schema {new} has no rules yet")
    # Whatever is too long is shortened.
    for title in ("What each change asks", "Every change of"):
        assert f"<summary>{title}" in text
    assert_well_formed(text)
    assert "… and 80 more" in text


def test_a_schema_with_more_changes_than_a_text_holds_fits_as_well() -> None:
    fields = [f"field_{number}" for number in range(900)]
    known = read("2.0.0", world.document("1.0.0"), world.document("2.0.0", fields=fields))
    text = said(known, "1.0.0", "2.0.0")
    assert LIMIT - 5_000 < len(text) <= LIMIT
    assert_well_formed(text)
    assert "more in `impact.md`" in text
    assert "more in `diff.md`" in text


def assert_well_formed(text: str) -> None:
    """What is folded is unfolded, and no row is cut."""
    assert text.count("<details>") == text.count("</details>")
    assert all(line.endswith("|") for line in text.splitlines() if line.startswith("| "))


ROOMS = [("5.2.0", "7.0.0", room) for room in (12_000, 20_000, 30_000, 45_000)]
ROOMS += [("1.0.0", "2.0.0", room) for room in (10_000, 12_000, 20_000)]


@pytest.mark.parametrize(("old", "new", "room"), documents.here(*ROOMS))
def test_where_there_is_little_room_first_rows_are_kept_and_the_rest_is_counted(
    old: str, new: str, room: int
) -> None:
    text = announced(old, new, room=room)
    assert len(text) <= room
    assert_well_formed(text)
    whole = announced(old, new)
    assert len(text) < len(whole)
    told = re.findall(r"\n\n… and (\d+) more in `(?:impact|diff)\.md`\.\n", text)
    assert told


@pairs
def test_where_there_is_no_room_all_is_named(old: str, new: str) -> None:
    text = announced(old, new, room=LIMIT - LARGEST)
    assert len(announced(old, new, room=3000)) < LIMIT - LARGEST
    assert text.startswith("**Census LTS release 2026-02-01 is out")
    short = announced(old, new, room=3000)
    assert "What each change asks of LaminDB is too long for here: see `impact.md`" in short
    assert "Every change of the dataset schema is too long for here: see `diff.md`" in short
    assert "<details>" not in short


DRAFTS = documents.here(
    (
        *("2.0.0", "2.1.0", "genetic_perturbation_id"),
        *("treatment_ontology_term_id", "genetic_perturbation_id"),
    ),
    (
        *("7.0.0", "7.1.0", "experimental_condition_ontology_term_id"),
        *("genetic_perturbation_id", "genetic_perturbation_id"),
    ),
)


@pytest.mark.parametrize(("old", "new", "first", "second", "third"), DRAFTS)
def test_a_draft_and_what_it_leaves_open_are_to_be_looked_at(
    old: str, new: str, first: str, second: str, third: str
) -> None:
    text = announced(old, new)
    attention = text.partition("### \u26a0\ufe0f To look at before merging\n\n")[2].partition(
        "\n\n"
    )[0]
    lines = attention.splitlines()
    assert lines[0] == (
        f"- The document of dataset schema {new} isn't approved (its status: Drafting): what is "
        "made from it rests on a draft."
    )
    assert [line.split(":")[0] for line in lines[1:]] == [
        f"- The document leaves open for obs.{name}" for name in (first, second, third)
    ]
    assert_well_formed(text)


KNOWN = documents.here(
    ("2.0.0", "2.1.0", 5, "treatment"), ("7.0.0", "7.1.0", 9, "experimental_condition")
)


@pytest.mark.parametrize(("old", "new", "count", "filled_in"), KNOWN)
def test_what_curators_must_know_of_added_fields_is_folded_a_line_each(
    old: str, new: str, count: int, filled_in: str
) -> None:
    text = announced(old, new)
    title = "<summary>What curators must know of added fields</summary>\n\n"
    lines = text.partition(title)[2].partition("\n\n</details>")[0].splitlines()
    assert len(lines) == count  # one a field of curators, and those that Discover fills in
    assert all(line.startswith("- <code>") for line in lines[:-1])
    assert lines[-1].startswith(f"- Filled in by others: <code>obs: {filled_in}</code>")
    assert "delimiter ' &#124;&#124; ', ascending, no doubles" in lines[0]
    assert max(map(len, lines)) < 1000
    assert "What curators must know" not in announced(new, new)


def test_edits_that_an_older_version_asked_for_are_told_apart() -> None:
    known = replace(
        reading("2.0.0", "2.1.0"),
        old=SchemaDocument(version="2.0.0", source="y"),
        edits=("New.",),
        overdue=("Old.",),
    )
    text = said(known, "2.0.0", "2.1.0")
    assert (
        "`lamindb.patch` in the proposal, once applied, mends this:\n\n- New.\n\n"
        "`lamindb.patch` in the proposal, once applied, mends this, which dataset schema 2.0.0 "
        "asks for already:\n\n- Old."
    ) in text

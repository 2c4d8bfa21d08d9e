"""Our own documents and the real ones: their diffs against the truth, and changes of their form."""

import json
import re
from functools import cache
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import documents
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.comments.schema_diff import render_diff
from bot.schema.changes import ValuesChange
from bot.schema.diff import diff
from bot.schema.diff_json import to_json
from bot.schema.document import parse_document
from bot.schema.spec import DocumentError, Spec
from bot.schema.wording import folded

TRUTHS = list(documents.found("spec-truth/*.json"))
SPECS = list(documents.found("specs/*.md"))

KEYS = {
    "fields_added": ("component", "name"),
    "fields_removed": ("component", "name"),
    "fields_changed": ("component", "name"),
    "fields_renamed": ("component_old", "old", "component_new", "new"),
    "ontologies_added": ("prefix", "version"),
    "ontologies_removed": ("prefix",),
    "ontology_pins_changed": ("prefix", "old", "new"),
    "gene_references_changed": ("taxon", "old", "new"),
    "organisms_added": ("taxon",),
    "organisms_removed": ("taxon",),
    "cardinality_changed": ("component", "field"),
    "embeddings_changed": ("key",),
    "allowed_values_changed": ("component", "field"),
    "reserved_names_added": ("component", "name", "deprecated_in"),
}
PAIRED = (
    *("fields_renamed", "fields_changed", "fields_changed_editorial"),
    *("ontology_pins_changed", "gene_references_changed", "cardinality_changed"),
)
MIRRORED = (
    ("fields_added", "fields_removed"),
    ("ontologies_added", "ontologies_removed"),
    ("organisms_added", "organisms_removed"),
    ("reserved_names_added", "reserved_names_removed"),
)
VERSIONED = {"ontologies_added", "ontology_pins_changed", "gene_references_changed"}


@cache
def _spec(path: Path) -> Spec:
    return parse_document(path.read_text())


def _pair(truth: Path) -> list[Spec]:
    folder = truth.parents[1] / "specs"
    return [_spec(folder / f"{version}.md") for version in truth.stem.split("__")]


def _keys(report: dict[str, Any], category: str) -> set[tuple[str | None, ...]]:
    values = (
        tuple(entry.get(key) for key in KEYS[category])
        for entry in report[category]
        if not entry.get("cosmetic")
    )
    if category not in VERSIONED:
        return set(values)
    return {tuple(folded(text) if text else text for text in value) for value in values}


@pytest.mark.parametrize("path", TRUTHS, ids=documents.name)
@pytest.mark.parametrize("category", KEYS)
def test_a_pair_differs_as_its_truth_says(path: Path, category: str) -> None:
    truth = json.loads(path.read_text())
    assert _keys(to_json(diff(*_pair(path))), category) == _keys(truth, category)


OURS = [path for path in TRUTHS if path.is_relative_to(documents.OURS)]
MORE = {
    "fields_changed_editorial": ("component", "name"),
    "component_rules_changed": ("component", "what"),
    "organisms_added": ("taxon", "organism"),
    "reserved_names_removed": ("component", "name", "deprecated_in"),
}


@pytest.mark.parametrize("path", OURS, ids=documents.name)
def test_our_pairs_tell_apart_what_is_editorial_and_say_what_else_changed(path: Path) -> None:
    truth, said = json.loads(path.read_text()), to_json(diff(*_pair(path)))
    for category, keys in MORE.items():
        there, here = ([[one[key] for key in keys] for one in some.get(category, ())]
                       for some in (truth, said))  # fmt: skip
        assert there == here
    assert [note for note in said["notes"] if note.startswith(truth["new"])] == truth["notes"]
    doubted = [one["taxon"] for one in said["gene_references_changed"] if one["cosmetic"]]
    assert doubted == [
        one["taxon"] for one in truth["gene_references_changed"] if one.get("cosmetic")
    ]


@pytest.mark.parametrize("path", TRUTHS, ids=documents.name)
def test_a_report_has_the_truths_categories_and_can_be_written(path: Path) -> None:
    truth = json.loads(path.read_text())
    changes = diff(*_pair(path))
    assert truth.keys() <= json.loads(json.dumps(to_json(changes))).keys()
    assert len(render_diff(changes)) < 65_536


@pytest.mark.parametrize("path", SPECS, ids=documents.name)
def test_every_field_stands_where_its_lines_say(path: Path) -> None:
    lines = path.read_text().splitlines()
    for field in _spec(path).fields():
        assert lines[field.lines.first - 1].startswith("###")
        assert "</table>" in lines[field.lines.last - 1]


def _unclosed(text: str) -> str:
    return re.sub(r"</(td|tr|th|thead|tbody)>", "", text)


def _in_capitals(text: str) -> str:
    return re.sub(r"</?(table|tr|td|th|code|li)\b", lambda tag: tag[0].upper(), text)


def _headers_renamed(text: str) -> str:
    return text.replace("<th>Annotator</th>", "<th>Annotation</th>").replace("OBO Prefix", "Prefix")


def _typeset(text: str) -> str:
    """As another editor would leave it: line ends, blanks, attributes, comments."""
    text = re.sub(r"(?<=[a-z]) (?=MUST)", "&nbsp;", text).replace("<br>", "<br/>")
    text = text.replace("<td>", '<td style="x: y">').replace("<i>", "<em>")
    text = text.replace("<table>", "<!-- <th>Key</th> MUST CL:9999999 -->\n<table border=1>")
    return re.sub(r"(?<=[a-z]) (?=of )", "\u00a0", text).replace("\n", "  \r\n")


def _rows_reordered(text: str) -> str:
    """The Annotator's row before the Key's in each field's table; a table in a row stays whole.

    A row ends where the next one begins, because the document leaves some of them open.
    """
    starts: list[int] = []
    moves: list[tuple[int, int, int]] = []
    depth = 0
    for tag in re.finditer(r"<(/?)(table|tr)\b[^>]*>", text):
        if tag[2] == "table":
            depth += -1 if tag[1] else 1
            starts = starts if depth else []
        elif depth == 1 and not tag[1]:
            starts = [*starts, tag.start()]
            if len(starts) == 3 and _is_labelled(text[starts[0] :], "Key"):
                moves.append((starts[0], starts[1], starts[2]))
    for first, second, third in reversed(moves):
        rows = text[second:third] + text[first:second]
        text = text[:first] + rows + text[third:]
    return text


def _is_labelled(row: str, label: str) -> bool:
    return re.match(rf"<tr>\s*<th>{label}</th>", row) is not None


def _pins_reversed(text: str) -> str:
    head, rule, rows = re.split(r"(\| Ontology \|.*\n\|:?-.*\n)", text, maxsplit=1)
    pins, rest = rows.split("\n\n", 1)
    return head + rule + "\n".join(reversed(pins.splitlines())) + "\n\n" + rest


@pytest.mark.parametrize("path", SPECS, ids=documents.name)
@pytest.mark.parametrize(
    "mutate",
    [_unclosed, _in_capitals, _headers_renamed, _typeset, _rows_reordered, _pins_reversed],
)
def test_a_change_of_form_changes_nothing(path: Path, mutate: object) -> None:
    assert callable(mutate)
    changed = mutate(path.read_text())
    assert changed != path.read_text()
    assert diff(_spec(path), parse_document(changed)).is_empty()


@pytest.mark.parametrize(
    ("path", "other"),
    [pair for pair in combinations(SPECS, 2) if pair[0].parent == pair[1].parent],
    ids=documents.name,
)
def test_any_two_versions_mirror_each_other(path: Path, other: Path) -> None:
    there, back = diff(_spec(path), _spec(other)), diff(_spec(other), _spec(path))
    for category in PAIRED:
        # Of new fields it is told what they hold; of those that went, nothing is.
        has_old = category != "cardinality_changed"
        forth = {(one.old, one.new) for one in getattr(there, category) if has_old or one.old}
        back_again = {(one.new, one.old) for one in getattr(back, category) if has_old or one.old}
        assert forth == back_again
    for added, removed in MIRRORED:
        assert set(getattr(there, added)) == set(getattr(back, removed))
        assert set(getattr(there, removed)) == set(getattr(back, added))
    assert {_values(one) for one in there.allowed_values_changed if one.old} == {
        _values(one)[::-1] for one in back.allowed_values_changed if one.old
    }


def _values(change: ValuesChange) -> tuple[object, ...]:
    return (change.old, change.added, change.kind, change.removed, change.new)


@pytest.mark.parametrize("path", SPECS, ids=documents.name)
def test_a_version_doesnt_differ_from_itself(path: Path) -> None:
    found = diff(_spec(path), parse_document(path.read_text()))
    assert found.is_empty()
    assert found.fields_changed_editorial == ()
    assert found.component_rules_changed == ()
    assert found.doubts == ()


NOISE = [*("<table>", "</table>", "<td>", "</tr>", "<th>", "|", "## ", "<!--", "-->", "```")]
NOISE += [*("`", "[", "(", '<a href="', "&#x110000;", "\0", "\u2028", "\n", "1" * 400)]


@pytest.mark.prove
@pytest.mark.parametrize("path", SPECS, ids=documents.name)
def test_broken_documents_raise_only_the_named_error_and_some_are_read(path: Path) -> None:
    read: list[bool] = []

    @settings(max_examples=60)
    @given(st.randoms(use_true_random=False))
    def fuzzed(chance: Random) -> None:
        try:
            parse_document(broken(path.read_text(), chance))
        except DocumentError:
            read.append(False)
        else:
            read.append(True)

    fuzzed()
    assert any(read)  # one in twelve of the worst document


def broken(text: str, chance: Random) -> str:
    for _ in range(chance.choice([1, 3, 10])):
        start = chance.randrange(len(text))
        end = start + chance.choice([0, 5, 100, 3000])
        text = text[:start] + "".join(chance.choices(NOISE, k=3)) + text[end:]
    return text


@pytest.mark.parametrize("tenth", range(1, 10))
@pytest.mark.parametrize("path", [SPECS[1], SPECS[-1]], ids=documents.name)
def test_a_cut_document_is_refused(path: Path, tenth: int) -> None:
    text = path.read_text()
    with pytest.raises(DocumentError):
        parse_document(text[: text.index("## Appendix") * tenth // 10])

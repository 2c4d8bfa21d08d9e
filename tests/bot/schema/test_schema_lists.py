"""Lists of LaminDB's module as they are after an edit, and verdicts as they are told."""

from collections.abc import Callable

import libcst as cst
import pytest
from ruled import CELL_TYPE, MUST, STR, of_mood
from schema_documents import GENES, SMALL, document

from bot.schema.diff import diff
from bot.schema.document import parse_document
from bot.schema.impact import Consequence, Effort, Impact, impact
from bot.schema.impact.curator import term_field
from bot.schema.impact.model import code, is_curated, is_label
from bot.schema.patch import patched
from bot.schema.patch.editing import appended, assigned, inserted, left, quoted, string
from bot.schema.rules import rules_of
from bot.schema.spec import Lines, Spec


def edited(source: str, edit: Callable[[cst.List], cst.List]) -> str:
    """The list's code after an edit of it."""
    whole = cst.parse_expression(source)
    assert isinstance(whole, cst.List)
    return cst.Module([]).code_for_node(edit(whole))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('["a"]', '["a", "x", "y"]'),
        ('["a",]', '["a", "x", "y",]'),
        ('["a","b"]', '["a","b","x","y"]'),
        ('[\n  "a",\n  "b",\n]', '[\n  "a",\n  "b",\n  "x",\n  "y",\n]'),
    ],
)
def test_what_is_added_to_a_list_stands_last_and_as_the_others(before: str, after: str) -> None:
    new = [cst.Element(quoted(text)) for text in "xy"]
    added = edited(before, lambda it: it.with_changes(elements=appended(it.elements, new)))
    assert added == after


@pytest.mark.parametrize(
    ("before", "gone", "after"),
    [
        ('["a", "b", "c"]', "b", '["a", "c"]'),
        ('["a", "b", "c"]', "c", '["a", "b"]'),
        ('["a", "b",]', "b", '["a",]'),
        ('[\n  "a",\n  "b"\n]', "a", '[\n  "b"\n]'),
        ('["a"]', "a", "[]"),
        ('["a", b]', "b", '["a", b]'),
    ],
)
def test_what_is_left_of_a_list_ends_as_it_did(before: str, gone: str, after: str) -> None:
    def without(it: cst.List) -> cst.List:
        return it.with_changes(elements=left(it.elements, lambda one: string(one.value) == gone))

    assert edited(before, without) == after


@pytest.mark.parametrize(
    ("before", "place", "after"),
    [
        ('["a", "b"]', 0, '["x", "a", "b"]'),
        ('["a", "b"]', 1, '["a", "x", "b"]'),
        ('[\n  "a",  # A\n  "b",  # B\n]', 0, '[\n  "x",  # X\n  "a",  # A\n  "b",  # B\n]'),
        ('[\n  "a",  # A\n  "b",  # B\n]', 1, '[\n  "a",  # A\n  "x",  # X\n  "b",  # B\n]'),
        ("[]", 0, '["x"]'),
    ],
)
def test_what_is_inserted_has_a_comment_where_it_has_a_line(
    before: str, place: int, after: str
) -> None:
    new = cst.Element(quoted("x"))
    assert edited(before, lambda it: inserted(it, place, new, "# X")) == after


@pytest.mark.parametrize("text", ["a", 'a "b"', "a\\", '\\"', "a'b"])
def test_a_text_is_read_from_the_literal_that_is_made_of_it(text: str) -> None:
    assert string(quoted(text)) == text


@pytest.mark.parametrize(
    ("source", "name"), [("a = 1", "a"), ("a: int = 1", "a"), ("a.b = 1", ""), ("a[0] = 1", "")]
)
def test_only_a_variable_has_the_name_that_is_assigned(source: str, name: str) -> None:
    line = cst.parse_module(source).body[0]
    assert isinstance(line, cst.SimpleStatementLine)
    (node,) = line.body
    assert isinstance(node, cst.Assign | cst.AnnAssign)
    assert assigned(node) == name


# --- verdicts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("efforts", "says"),
    [
        ("", "no changes need code, 0 are data only"),
        ("C", "1 change needs code, 0 are data only"),
        ("CCSN", "2 changes need code, 2 are data only"),
        ("N", "no changes need code, 1 is data only"),
        ("SP", "no changes need code, 1 is data only, 1 needs a person's judgement"),
        ("PP", "no changes need code, 0 are data only, 2 need a person's judgement"),
    ],
)
def test_the_verdict_counts_each_effort_once(efforts: str, says: str) -> None:
    kinds = {"C": Effort.CODE, "S": Effort.SOURCE, "N": Effort.NOTHING, "P": Effort.PERSON}
    some = tuple(Consequence("x", "y", "z", kinds[letter], "why") for letter in efforts)
    found = Impact("1.0.0", "2.0.0", some)
    assert found.summary() == f"1.0.0 \u2192 2.0.0: {says}"
    assert len(found.of(Effort.CODE)) == efforts.count("C")
    assert all(one["lines"] is None for one in found.to_json()["consequences"])


def test_an_edit_that_is_done_is_none_and_says_so() -> None:
    done, due = (code("x", "y", "z", "why", Lines(3, 5), done=done) for done in (True, False))
    assert (done.effort, done.reason) == (Effort.NOTHING, "LaminDB's file is so already")
    assert (due.effort, due.reason) == (Effort.CODE, "why")
    assert Impact("1", "2", (due,)).to_json()["consequences"][0]["lines"] == [3, 5]


@pytest.mark.parametrize(
    ("name", "curated", "label"),
    [
        ("cell_type_ontology_term_id", True, False),
        ("cell_type", True, True),
        ("tissue_type", True, False),
        ("donor_id", True, False),
        ("mood", False, False),
    ],
)
def test_lamindbs_curator_has_columns_of_terms_and_their_labels(
    name: str, curated: bool, label: bool
) -> None:
    assert (is_curated(name), is_label(name)) == (curated, label)
    assert term_field(name).count("_ontology_term_id") == 1


def test_a_renamed_columns_terms_are_told_from_those_that_it_had() -> None:
    def spec(version: str, name: str, value: str) -> Spec:
        said = (name, MUST, f"{STR}This MUST be a Cellosaurus term. {value}")
        return parse_document(document(version, obs=[said], genes=GENES))

    refused = 'It MUST NOT be <code>"CVCL_0001"</code>.'
    old = spec("1.0.0", "ethnicity_ontology_term_id", "")
    new = spec("2.0.0", "self_reported_ethnicity_ontology_term_id", refused)
    found = impact(diff(old, new), old, new)
    (one,) = (one for one in found.consequences if one.category == "Allowed values changed")
    assert (one.effort, one.change) == (Effort.NOTHING, "+ not CVCL_0001")


def test_a_column_that_holds_keys_pulls_in_what_explains_them() -> None:
    uns = [("batch_condition", MUST, "<code>dict</code>. Names.")]
    value = (
        "categorical with <code>str</code> categories. This MUST be a key in "
        "<code>uns['batch_condition']</code>."
    )
    rules = rules_of(parse_document(document(obs=[("mood", MUST, value)], uns=uns)))
    assert rules.columns["mood"].keys_of == "batch_condition"
    assert rules.columns["batch_condition"].dtype == "dict"
    assert not any("isn't described" in one.text for one in rules.unchecked)
    without = of_mood(MUST, value)
    assert without.columns["mood"].keys_of is None
    assert any("isn't described" in one.text for one in without.unchecked)
    assert CELL_TYPE in without.columns


def test_a_label_that_went_alone_is_told_and_dropped() -> None:
    def spec(version: str, *values: str) -> Spec:
        said = " or ".join(f'<code>"{value}"</code>' for value in values)
        return parse_document(document(version, obs=[("tissue_type", MUST, f"MUST be {said}.")]))

    old, new = spec("1.0.0", "tissue", "cell culture"), spec("2.0.0", "tissue")
    source, told = patched(SMALL, old, new)
    assert 'for name in ["tissue"]:' in source
    sentence = "save_cellxgene_defaults saves other values of tissue_type than are allowed."
    assert [one for one in told if "tissue_type" in one] == [sentence]


def test_a_renamed_column_whose_older_name_stands_elsewhere_keeps_its_entry() -> None:
    was, now = "ethnicity_ontology_term_id", "self_reported_ethnicity_ontology_term_id"
    said = "This MUST be a Cellosaurus term."
    old = parse_document(document("1.0.0", obs=[(was, MUST, said)], uns=[(was, MUST, said)]))
    new = parse_document(document("2.0.0", obs=[(now, MUST, said)], uns=[(was, MUST, said)]))
    source, told = patched(SMALL, old, new)
    assert f'        "{was}": CategorySpec' in source
    assert f"{was} is called {now} now." not in told

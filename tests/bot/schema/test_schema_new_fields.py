"""What is said of a field that is new: its values and presence, and what is left open of it."""

import json
from typing import Any

import documents
import pytest
from schema_documents import OBS, ONTOLOGIES, UNS, document

from bot.comments.added_fields import render_added_fields
from bot.comments.schema_diff import render_diff, render_impact
from bot.schema.changes import SchemaDiff
from bot.schema.diff import diff
from bot.schema.diff_json import to_json
from bot.schema.document import parse_document
from bot.schema.field_summary import enumeration, says_presence, summary
from bot.schema.impact import Effort, Impact, impact

MUST = "Curator MUST annotate."
STR = "categorical with <code>str</code> categories. "
PINS = (*ONTOLOGIES, ("Made-up Ontology", "XAO:", "2026-01-01"))


def code(text: str) -> str:
    return f"<code>{text}</code>"


def quoted(text: str) -> str:
    return code(f'"{text}"')


def items(*texts: str) -> str:
    return f"<ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>"


MANY = (
    f"{STR}The value MUST be either {quoted('none')} or one or more treatment terms in ascending "
    f"lexical order separated by the delimiter {quoted(' ; ')} with no duplication of terms.<br>"
    f"The value MUST be {quoted('none')} when there is no treatment.<br>"
    "If the treatment is a drug, then the value MUST include one or more XAO terms such as "
    f"{quoted('XAO:0000099')} for a drug or a XAO term prefixed with {quoted('no-')} such as "
    f"{quoted('no-XAO:0000098')} for its absence.<br>"
    f"If it is a diet, then the value MUST include either {quoted('CL:0000001')} for diet or its "
    "most accurate descendant.<br>"
    f"If it is heat, then the value MUST include a descendant of {quoted('CL:0000002')} for heat."
    "<br>The following CL terms MUST NOT be used:"
    + items(
        f"{quoted('CL:0000003')} for role and its descendants",
        f"{quoted('CL:0000004')} for ion",
    )
)


def compared(*added: tuple[str, str, str], uns: bool = False, **other: Any) -> SchemaDiff:
    """The diff that adds these fields to the small document."""
    parts: dict[str, Any] = {"uns": [*UNS, *added]} if uns else {"obs": [*OBS, *added]}
    old = parse_document(document(ontologies=other.get("ontologies", PINS)))
    new = parse_document(document("1.1.0", **{"ontologies": PINS, **parts, **other}))
    return diff(old, new)


def report(*added: tuple[str, str, str], **other: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(to_json(compared(*added, **other))))
    return found


def values(found: dict[str, Any]) -> dict[str, list[str]]:
    assert all(entry["old"] is None for entry in found["allowed_values_changed"])
    assert all(entry["lines"]["old"] is None for entry in found["allowed_values_changed"])
    return {entry["kind"]: entry["added"] for entry in found["allowed_values_changed"]}


def test_a_new_fields_delimiter_and_values_are_changes() -> None:
    found = report(("treatment", MUST, MANY))
    (one,) = found["cardinality_changed"]
    assert (one["component"], one["field"], one["old"]) == ("obs", "treatment", None)
    assert one["new"] == "delimiter ' ; ', many, sorted, unique"
    assert values(found) == {
        "allowed_terms": [
            "CL:0000001 and its descendants",
            "XAO terms",
            "XAO terms prefixed with 'no-'",
            "descendant of CL:0000002",
            "not CL:0000003 and its descendants",
            "not CL:0000004",
        ],
        "special_value": ["none"],
    }


def test_what_a_curator_must_know_stands_with_the_field() -> None:
    (one,) = report(("treatment", MUST, MANY))["fields_added"]
    assert one["number"] == [
        "one or more treatment terms",
        "delimiter ' ; '",
        "ascending",
        "no doubles",
    ]
    assert one["forbidden"] == ["CL:0000003 and its descendants", "CL:0000004"]
    assert one["allowed"][-1] == "none"
    assert one["demands"][0] == 'The value MUST be `"none"` when there is no treatment.'
    assert len(one["demands"]) == 4


def test_what_a_new_fields_name_must_be_is_a_demand() -> None:
    named = (
        "<td>{c}_shades where {c} MUST be a column.<br>These MUST NOT be {c}:<ul><li>sex</li></ul>"
    )
    new = document("1.1.0", uns=[*UNS, ("{c}_shades", MUST, "<code>numpy.ndarray</code>.")])
    new = new.replace("<td>{c}_shades", named)
    (field,) = diff(parse_document(document()), parse_document(new)).fields_added
    assert summary(field).demands == (
        "{c}_shades where {c} MUST be a column.",
        "These MUST NOT be {c}: sex",
    )


@pytest.mark.parametrize(
    "annotator",
    [
        "Curator MAY annotate.",
        "Curator MUST annotate if <code>a</code> is present; otherwise, it MUST NOT be present.",
    ],
)
def test_presence_is_said_everywhere(annotator: str) -> None:
    added = ("treatment", annotator, f"{STR}This MUST be {quoted('a')} or {quoted('b')}.")
    found = compared(added)
    told = annotator.replace("<code>", "").replace("</code>", "").split(";")[0]
    texts = [
        json.dumps(to_json(found)),
        render_diff(found),
        render_added_fields(found),
        render_impact(of(found, added)),
    ]
    for text in texts:
        assert told.rstrip(".") in text.replace("`", "").replace("&#96;", "")


def of(found: SchemaDiff, *added: tuple[str, str, str], **other: Any) -> Impact:
    new = document("1.1.0", **{"obs": [*OBS, *added], "ontologies": PINS, **other})
    return impact(found, parse_document(document()), parse_document(new))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Its value MUST be formatted as {quoted('3 MOTIF')} such as {quoted('3 NGG')}.", 1),
        (f"STRAND MUST be either {quoted('(+)')} or {quoted('(-)')}.", 1),
        (
            f"The corresponding {code('cell_type_ontology_term_id')} MUST be one of:"
            + items(f"{quoted('CL:0000001')} for x", f"{quoted('CL:0000002')} for y"),
            1,
        ),
        ("The names MUST be updated to:" + items("Rename " + quoted("M")), 1),
        (f"All observations MUST NOT contain {quoted('na')}.", 1),
        (f"If {code('b')} is {quoted('spike-in')} then this MUST be {quoted('synthetic')}.", 1),
        (f"The value MUST be in the range between {code('0')} and {code('7')}.", 0),
    ],
)
def test_what_is_no_value_of_the_field_is_left_in_words(text: str, left: int) -> None:
    found = report(("treatment", MUST, f"{STR}{text}"))
    assert found["allowed_values_changed"] == []
    assert len(found["fields_added"][0]["demands"]) == left


def test_an_enumeration_whose_last_value_is_a_condition_is_whole() -> None:
    text = (
        f"<code>str</code>. If {code('b')} is {quoted('na')}, then the value MUST be "
        f"{quoted('nothing')}; otherwise, the value MUST be one of:"
    )
    found = compared(("treatment", MUST, text + items(quoted("x"), f"{quoted('y')} is for z.")))
    assert enumeration(found.fields_added[0]) == ("nothing", "x", "y")


def test_forbidden_values_are_no_allowed_ones() -> None:
    text = f"{STR}A CL term. The following MUST NOT be used:{items(quoted('a'), quoted('b'))}"
    known = summary(compared(("treatment", MUST, text)).fields_added[0])
    assert known.forbidden == ("a", "b")


def test_a_list_and_another_order_are_said() -> None:
    text = (
        f"{STR}One or more CL terms in descending order, separated by {quoted('|')} without any "
        "duplicates. They MUST be CL terms."
    )
    known = summary(compared(("treatment", MUST, text)).fields_added[0])
    assert known.number == ("one or more CL terms", "delimiter '|'", "descending", "no doubles")


def test_ranges_and_flags_of_new_fields_are_no_lists_of_values() -> None:
    found = compared(
        (
            "row",
            MUST,
            f"<code>int</code>. MUST be in the range between {code('0')} and {code('7')}.",
        ),
        ("flag", MUST, f"<code>bool</code>. This MUST be {code('True')} if it rains."),
        ("spot", MUST, f"<code>int</code>. It MUST be either {code('0')} or {code('1')}."),
    )
    assert found.allowed_values_changed == ()
    assert [summary(field).allowed for field in found.fields_added] == [
        ("0 to 7",),
        ("True",),
        ("0", "1"),
    ]


# --- what the document leaves open ----------------------------------------------------------------


def open_of(*added: tuple[str, str, str], uns: bool = False) -> list[str]:
    return [one.what for one in compared(*added, uns=uns).contradictions]


NOT_THERE = f"If all observations are {quoted('na')}, then this field MUST NOT be present."


def test_a_demanded_field_that_must_not_be_there_is_raised() -> None:
    value = f"{STR}This MUST be a CL term. {NOT_THERE}"
    (what,) = open_of(("treatment", MUST, value))
    assert what.startswith("\u201cCurator MUST annotate\u201d, but \u201cIf all observations")
    assert open_of(("treatment", "Curator MAY annotate.", value)) == []
    found = compared(("treatment", MUST, value))
    (one,) = (c for c in of(found).consequences if c.category == "Contradictions")
    assert one.effort is Effort.PERSON
    assert what.partition(", but")[0] in render_diff(found)


def test_an_optional_field_that_must_be_there_is_raised() -> None:
    value = f"{STR}If it rains, this column MUST be present."
    assert len(open_of(("treatment", "Curator MAY annotate.", value))) == 1
    assert open_of(("treatment", MUST, value)) == []


IF_A, ELSE_NOT = f"annotate if {code('a')} is present", "; otherwise, it MUST NOT be present"


@pytest.mark.parametrize(
    ("annotator", "is_demanded"),
    [
        ("Curator MUST annotate", True),
        (f"Curator MUST {IF_A}", True),
        (f"Curator MUST {IF_A}{ELSE_NOT}", True),
        (f"It MUST NOT be present if {code('a')} is; otherwise, Curator MUST annotate", True),
        ("Curator MUST NOT annotate", False),
        ("Curator SHOULD annotate", False),
        ("Curator MAY annotate", False),
        (f"Curator MAY {IF_A}", False),
        (f"Curator MAY {IF_A}{ELSE_NOT}", False),
    ],
)
def test_presence_contradicts_the_annotator_where_one_demands_it_and_the_other_doesnt(
    annotator: str, is_demanded: bool
) -> None:
    said = ("This field MUST be present", "This field MUST NOT be present")
    raised = [
        len(open_of(("treatment", f"{annotator}.", f"{STR}This MUST be a CL term. {one}.")))
        for one in said
    ]
    assert raised == ([0, 1] if is_demanded else [1, 0])


def test_a_value_that_is_allowed_and_refused_is_raised() -> None:
    value = f"{STR}The value MUST be {quoted('na')} or {quoted('x')}. "
    whole = f"{value}All observations MUST NOT contain {quoted('na')}."
    assert ["of none of them" in what for what in open_of(("treatment", MUST, whole))] == [True]
    twice = f"{value}The value MUST NOT be {quoted('na')}."
    assert open_of(("treatment", MUST, twice)) == ['it may be "na", and it MUST NOT be']
    assert open_of(("treatment", MUST, value)) == []


def test_two_fields_that_wait_for_each_other_are_raised() -> None:
    when = "Curator MUST annotate if <code>{}</code> is present; otherwise, it MUST NOT be present."
    fields = [(a, when.format(f"obs['{b}']"), STR) for a, b in (("ida", "idb"), ("idb", "ida"))]
    assert len(open_of(*fields)) == 1
    assert open_of(fields[0], ("idb", MUST, STR)) == []


def test_a_contradiction_that_stood_before_is_no_news() -> None:
    twice = f"This MUST be {quoted('x')} or {quoted('y')}. This MUST NOT be {quoted('x')}."
    old, new = (
        parse_document(document(obs=[*OBS, ("treatment", MUST, f"{STR}{text}")]))
        for text in (NOT_THERE, f"{NOT_THERE} {twice}")
    )
    assert diff(old, old).contradictions == ()
    (one,) = diff(old, new).contradictions
    assert one.what == 'it may be "x", and it MUST NOT be'


def statused(status: str, version: str = "1.0.0") -> str:
    return document(version).replace("\n\nVersion:", f"\n\nDocument Status: _{status}_\n\nVersion:")


@pytest.mark.parametrize(
    ("line", "status", "is_draft"),
    [
        ("_Approved_", "Approved", False),
        ("**Approved.**", "Approved", False),
        ("_Approved (2025-10-01)_", "Approved (2025-10-01)", False),
        ("_Approved_ 2025-10-01", "Approved 2025-10-01", False),
        ("_Draft v2_", "Draft v2", True),
        ("_In review_ (until 1 May)", "In review (until 1 May)", True),
        ("2nd draft", "2nd draft", True),
        ("_Approved as a draft_", "Approved as a draft", True),
        ("_Not approved_", "Not approved", True),
        ("\n\n_Drafting_", "Drafting", True),
        ("<b>Approved</b>", "Approved", False),
        ("Approved  <br>", "Approved", False),
        ("Approved\\", "Approved", False),
        ("[Approved](https://x/y)", "Approved", False),
        ("Approved on 2025-10-01", "Approved on 2025-10-01", False),
        ("Approved; see the changelog", "Approved; see the changelog", False),
        ("(Draft)", "Draft", True),
        ("Approved, pending a vote", "Approved, pending a vote", True),
        ("Approved (a) Draft (b)", "Approved (a) Draft (b)", True),
        ("Approved (but 3 (a) and 4 (b) draft)", "Approved (but 3 (a) and 4 (b) draft)", True),
        ("\n\nThis document, of 2025, tells what a dataset MUST hold.", "", False),
    ],
)
def test_a_status_is_read_however_it_is_written(line: str, status: str, *, is_draft: bool) -> None:
    text = document().replace("\n\nVersion:", f"\n\nDocument Status: {line}\n\nVersion:")
    found = diff(parse_document(document()), parse_document(text))
    assert (found.status.new, found.status.is_draft) == (status, is_draft)
    assert found.component_rules_changed == () or not status


def test_a_status_in_a_table_is_read_without_its_marks() -> None:
    row = "\n\n| Document Status | Approved |\n|:--|:--|\n| **Date** | 2025 |\n\nVersion:"
    assert parse_document(document().replace("\n\nVersion:", row)).status == "Approved"


@pytest.mark.parametrize(
    ("old", "new", "efforts"),
    [
        ("Approved", "Drafting", [Effort.PERSON]),
        ("Drafting", "In review", [Effort.PERSON]),
        ("Drafting", "Drafting", [Effort.PERSON]),
        ("Drafting", "Approved", [Effort.NOTHING]),
        ("Approved", "Approved", []),
    ],
)
def test_a_draft_is_a_persons(old: str, new: str, efforts: list[Effort]) -> None:
    specs = parse_document(statused(old)), parse_document(statused(new, "1.1.0"))
    found = diff(*specs)
    consequences = impact(found, *specs).consequences
    assert [one.effort for one in consequences if one.category == "Document status"] == efforts
    assert found.component_rules_changed == ()
    assert to_json(found)["document_status"] == {"old": old, "new": new}
    verdict = render_diff(found).splitlines()[0]
    assert (new in verdict) == bool(efforts)


# --- the real documents ---------------------------------------------------------------------------


def real_diff(old: str, new: str) -> SchemaDiff:
    return diff(*(parse_document(documents.text(one)) for one in (old, new)))


def listed(found: SchemaDiff) -> dict[str, int]:
    """How many values each new field is said to hold."""
    counts: dict[str, int] = {}
    for change in found.allowed_values_changed:
        counts[change.new.name] = counts.get(change.new.name, 0) + len(change.added)
    return counts


def test_the_fields_that_our_draft_adds() -> None:
    found = real_diff("2.0.0", "2.1.0")
    new = [change for change in found.cardinality_changed if change.old is None]
    assert {change.new.name: change.is_now for change in new} == {
        "treatment_ontology_term_id": ("delimiter ' || '", "many", "sorted", "unique"),
        "treatment": ("delimiter ' || '", "in the order of its terms", "many"),
    }
    assert listed(found) == {
        "treatment_ontology_term_id": 6,
        "treatment": 1,
        "genetic_perturbation_strategy": 4,
        "genetic_perturbations[id]['role']": 2,
    }
    known = summary(found.fields_added[0])
    assert known.allowed == (
        "EFO:0001702",
        "EFO:0002755 and its descendants",
        "descendant of CHEBI:24431",
        "na",
    )
    assert known.forbidden == ("CHEBI:24431", "CHEBI:50906 and its descendants")
    assert [one.field.name for one in found.contradictions] == [
        "genetic_perturbation_id",
        "treatment_ontology_term_id",
        "genetic_perturbation_id",
    ]
    assert (found.status.old, found.status.new) == ("Approved", "Drafting")


@documents.need("7.0.0", "7.1.0")
def test_the_fields_that_7_1_0_adds() -> None:
    found = real_diff("7.0.0", "7.1.0")
    new = [change for change in found.cardinality_changed if change.old is None]
    assert {change.new.name for change in new} == {
        "experimental_condition_ontology_term_id",
        "experimental_condition",
        "genetic_perturbation_id",
        "perturbation_types",
    }
    assert all("delimiter ' || '" in change.is_now for change in new)
    assert listed(found) == {
        "experimental_condition_ontology_term_id": 26,
        "experimental_condition": 1,
        "genetic_perturbation_id": 1,
        "genetic_perturbation_strategy": 6,
        "perturbation_types": 6,
        "genetic_perturbations[id]['role']": 2,
    }
    known = summary(found.fields_added[0])
    assert known.allowed == (
        "EFO:0001702",
        "EFO:0002755 and its descendants",
        "UniProt terms",
        "UniProt terms prefixed with 'anti-'",
        "descendant of CHEBI:24431",
        "na",
    )
    assert len(known.forbidden) == 20
    assert [text for text in known.forbidden if "descendants" in text] == [
        "CHEBI:36342 and its descendants",
        "CHEBI:50906 and its descendants",
    ]
    assert [one.field.name for one in found.contradictions] == [
        "experimental_condition_ontology_term_id",
        "genetic_perturbation_id",
        "genetic_perturbation_id",
    ]
    assert (found.status.old, found.status.new) == ("Approved", "Drafting")


VALUED = [("1.0.0", "2.0.0", {"genetic_perturbation_id"}), ("3.1.0", "5.0.0", {"tissue_type"})]
VALUED += [("5.0.0", "5.2.0", set()), ("5.2.0", "7.0.0", set())]


@pytest.mark.parametrize(("old", "new", "fields"), documents.here(*VALUED))
def test_the_new_fields_of_older_documents_list_values_only_where_they_have_them(
    old: str, new: str, fields: set[str]
) -> None:
    found = real_diff(old, new)
    new_entries = [c for c in found.allowed_values_changed if c.old is None]
    assert {change.new.name for change in new_entries} == fields
    assert all(change.old for change in found.cardinality_changed)
    assert found.contradictions == ()


@pytest.mark.parametrize("word", ["present", "included", "annotated"])
@pytest.mark.parametrize("subject", ["This field", "The key", "This column", "<code>mood</code>"])
def test_a_sentence_of_presence_is_known_in_each_of_its_words(word: str, subject: str) -> None:
    spec = parse_document(document(obs=[*OBS, ("mood", MUST, "<code>str</code>.")]))
    mood = next(one for one in spec.fields() if one.name == "mood")
    said = subject.replace("<code>", "`").replace("</code>", "`")
    assert says_presence(mood, f"{said} MUST be {word}.") is True
    assert says_presence(mood, f"{said} MUST NOT be {word} in it.") is False
    assert says_presence(mood, f"{said} MUST be right.") is None
    assert says_presence(mood, f"`other` MUST be {word}.") is None


@pytest.mark.parametrize("word", ["absent", "omitted"])
def test_a_sentence_of_absence_says_the_opposite(word: str) -> None:
    spec = parse_document(document(obs=[*OBS, ("mood", MUST, "<code>str</code>.")]))
    mood = next(one for one in spec.fields() if one.name == "mood")
    assert says_presence(mood, f"This field MUST be {word} then.") is False
    assert says_presence(mood, f"This field MUST NOT be {word}.") is True

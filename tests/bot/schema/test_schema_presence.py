"""In which datasets a column stands."""

import pytest
from ruled import (
    A_OR_B,
    CELL_TYPE,
    HUMAN,
    IS_LINE,
    LINE,
    MUST,
    STR,
    TISSUE_TYPE,
    beside_tissue_type,
    of_mood,
)
from schema_documents import OBS, document

from bot.schema.document import parse_document
from bot.schema.rules import rules_of
from bot.schema.spec import Requirement
from runners.contract.rules import Circumstance

IN_TISSUE = '<code>tissue_type</code> is <code>"organoid"</code>'
ELSE_NOT = "; otherwise, this key MUST NOT be present."
ORGANOID = Circumstance(column="tissue_type", among=("organoid",))


def test_a_column_that_some_datasets_must_have_and_others_must_not() -> None:
    annotator = (
        'Curator MUST annotate if <code>tissue_type</code> is <code>"organoid"</code>; otherwise, '
        "this key MUST NOT be present."
    )
    value = "<code>int</code>. Either <code>0</code> if out or <code>1</code> if in."
    obs = [TISSUE_TYPE, ("in_dish", annotator, value)]
    found = rules_of(parse_document(document(obs=obs))).columns["in_dish"]
    assert found.present_where == (Circumstance(column="tissue_type", among=("organoid",)),)
    assert (found.dtype, found.registry) == ("int", None)


@pytest.mark.parametrize(
    ("annotator", "where", "optional", "asked"),
    [
        (f"Curator MUST annotate if {IN_TISSUE}{ELSE_NOT}", (ORGANOID,), False, False),
        (f"Submitter MUST annotate if {IN_TISSUE}{ELSE_NOT}", (ORGANOID,), False, False),
        (f"Curator SHOULD annotate if {IN_TISSUE}{ELSE_NOT}", (ORGANOID,), True, False),
        (
            f"This key MUST NOT be present if {IN_TISSUE}; otherwise, Curator MUST annotate.",
            (ORGANOID.negated(),),
            False,
            False,
        ),
        (
            f"Curator MUST annotate. This key MUST NOT be present if {IN_TISSUE}.",
            (ORGANOID.negated(),),
            False,
            False,
        ),
        (
            f"This key MUST NOT be present if {IN_TISSUE} and <code>{CELL_TYPE}</code> is "
            '<code>"na"</code>; otherwise, Curator MUST annotate.',
            (),  # not both is no list of circumstances
            True,
            True,
        ),
        (f"Curator MUST annotate if {IN_TISSUE} for all observations{ELSE_NOT}", (), True, True),
        (
            f"Curator MUST annotate if {IN_TISSUE} or <code>obs['tissue_type']</code> is "
            f"present{ELSE_NOT}",
            (),
            True,
            True,
        ),
        (f"Curator MUST annotate if {IN_TISSUE}.", (), True, True),
        ("Curator MAY annotate.", (), True, False),
    ],
)
def test_in_which_datasets_a_column_stands(
    annotator: str, where: tuple[Circumstance, ...], optional: bool, asked: bool
) -> None:
    obs = [TISSUE_TYPE, OBS[0], ("mood", annotator, f'{STR}MUST be <code>"calm"</code>.')]
    rules = rules_of(parse_document(document(obs=obs)))
    found = rules.columns["mood"]
    assert (found.present_where, found.optional) == (where, optional)
    assert any(one.id == "obs.mood: presence" for one in rules.judgements) is asked


@pytest.mark.parametrize("subject", ["this column", "it", "<code>mood</code>"])
def test_a_column_that_must_not_stand_with_one_value_alone_may_be_absent(subject: str) -> None:
    said = f'If all observations are <code>"a"</code>, {subject} MUST NOT be present.'
    found = of_mood(MUST, f"{A_OR_B} {said}").columns["mood"]
    assert (found.optional, found.not_alone) == (True, ("a",))


@pytest.mark.parametrize(("value", "is_asked"), [("a", True), ("c", False)])
def test_whether_a_value_may_stand_in_some_is_asked_where_it_is_allowed(
    value: str, is_asked: bool
) -> None:
    said = f'All observations MUST NOT contain <code>"{value}"</code>.'
    rules = of_mood(MUST, f"{A_OR_B} {said}")
    assert rules.columns["mood"].not_alone == (value,)
    assert [one.id for one in rules.judgements if "all" in one.id] == (
        [f"obs.mood: all {value}"] if is_asked else []
    )


def test_a_condition_on_a_term_may_be_negated() -> None:
    found = beside_tissue_type(
        "mood",
        'This MUST be <code>"calm"</code> or <code>"x"</code>. If <code>cell_type</code> is NOT '
        "<code>CL:0001</code>, this MUST be a CL term.",
    )
    assert found.columns["mood"].cases == ()
    annotator = f"Curator MUST annotate if <code>organism_ontology_term_id</code> is NOT {HUMAN}"
    organism = ("organism_ontology_term_id", MUST, f"<code>str</code>. This MUST be {HUMAN}.")
    mood = ("mood", annotator + ELSE_NOT, f'{STR}MUST be <code>"calm"</code>.')
    rules = rules_of(parse_document(document(obs=[*OBS, mood], uns=[organism])))
    assert rules.columns["mood"].present_where == (
        Circumstance(column="organism_ontology_term_id", among=("NCBITaxon:9606",), otherwise=True),
    )


@pytest.mark.parametrize("annotator", [MUST, "Curator MAY annotate."])
def test_of_two_fields_of_one_name_the_first_is_ruled_and_the_other_noted(annotator: str) -> None:
    kinds = (("mood", who, f'{STR}This MUST be <code>"{value}"</code> or <code>"x"</code>.')
             for who, value in ((MUST, "calm"), (annotator, "wild")))  # fmt: skip
    of_cell, of_dataset = kinds
    rules = rules_of(parse_document(document(obs=[*OBS, of_cell], uns=[of_dataset])))
    assert (rules.columns["mood"].slot, rules.columns["mood"].values) == ("obs", ("calm", "x"))
    noted = [one.text for one in rules.unchecked if one.place == "uns: mood"]
    assert noted == [f"no rule looks at it: {MUST}"] * (annotator == MUST)


def test_a_key_within_a_key_that_no_rule_looks_at_is_noted() -> None:
    uns = [("guides", MUST, "<code>dict</code>. Keys."), ("guides['role']", MUST, "A role.")]
    rules = rules_of(parse_document(document(uns=uns)))
    assert [one.place for one in rules.unchecked] == ["uns: guides['role']"]


@pytest.mark.parametrize("who", ["Curator MUST NOT annotate", "This field MUST NOT be present"])
@pytest.mark.parametrize("word", ["if", "when"])
def test_a_column_that_is_refused_in_some_datasets_may_stand_in_the_others(
    who: str, word: str
) -> None:
    found = of_mood(f"{who} {word} {IS_LINE}.", A_OR_B)
    column = found.columns["mood"]
    assert (column.present_where, column.optional) == ((LINE.negated(),), True)


@pytest.mark.parametrize("word", ["if", "when", "only when", "only if"])
def test_a_condition_of_presence_may_begin_with_either_word(word: str) -> None:
    annotator = f"Curator MUST annotate {word} {IS_LINE}"
    asked = of_mood(f"{annotator}.", A_OR_B)
    assert asked.columns["mood"].optional
    assert "obs.mood: presence" in [one.id for one in asked.judgements]
    spec = parse_document(document(obs=[TISSUE_TYPE, ("mood", f"{annotator}.", A_OR_B)]))
    (mood,) = (each for each in spec.fields() if each.name == "mood")
    assert mood.requirement is Requirement.CONDITIONAL_MUST
    found = of_mood(f"{annotator}; otherwise, this key MUST NOT be present.", A_OR_B)
    assert found.columns["mood"].present_where == (LINE,)
    assert not found.columns["mood"].optional


@pytest.mark.parametrize(
    "subject", ["The value of", "The corresponding", "The corresponding value of"]
)
def test_what_another_column_must_be_says_where_this_one_stands(subject: str) -> None:
    value = f'{A_OR_B} {subject} <code>tissue_type</code> MUST be <code>"cell line"</code>.'
    found = of_mood(MUST, value)
    assert found.columns["mood"].present_where == (LINE,)
    assert found.columns["mood"].values == ("a", "b")


@pytest.mark.parametrize(
    "sentence",
    [
        # a condition of its own, on this column, another, or the organism
        'If this is <code>"a"</code>, the value of <code>tissue_type</code> MUST be '
        '<code>"cell line"</code>.',
        f"If {IS_LINE}, the value of <code>cell_type_ontology_term_id</code> MUST be "
        '<code>"CL:0000001"</code>.',
        'The value of <code>tissue_type</code> MUST be <code>"cell line"</code> if this is '
        '<code>"a"</code>.',
        'If <code>organism_ontology_term_id</code> is <code>"NCBITaxon:9606"</code>, the value of '
        '<code>tissue_type</code> MUST be <code>"cell line"</code>.',
        # more than terms and values
        'The value of <code>cell_type_ontology_term_id</code> MUST be <code>"CL:0000001"</code> '
        "or one of its descendants.",
        "The value of <code>tissue_type</code> MUST be right.",
        'The value of <code>tissue_type</code> MUST NOT be <code>"cell line"</code>.',
        # a column that the document doesn't describe
        'The value of <code>weather</code> MUST be <code>"dry"</code>.',
    ],
)
def test_what_can_t_be_said_of_another_column_is_noted_and_changes_nothing(sentence: str) -> None:
    plain, found = of_mood(MUST, A_OR_B), of_mood(MUST, f"{A_OR_B} {sentence}")
    assert found.columns["mood"] == plain.columns["mood"]
    assert len(found.unchecked) == len(plain.unchecked) + 1
    (noted,) = (one.text for one in found.unchecked if one not in plain.unchecked)
    assert noted.endswith(" MUST be right." if "right" in sentence else noted[-12:])


def test_a_column_that_must_stand_and_must_not_may_be_absent_as_it_is_proposed() -> None:
    said = f"{A_OR_B} If {IS_LINE}, this column MUST NOT be present."
    rules = of_mood(MUST, said)
    (asked,) = (one for one in rules.judgements if one.id == "obs.mood: presence")
    assert [(one.answer, one.proposed) for one in asked.choices] == [
        ("may be absent", True),
        ("always", False),
    ]
    assert rules.columns["mood"].optional
    assert asked.choices[1].changes == {
        "columns/mood/optional": None,
        "columns/mood/not_alone": None,
    }


def test_two_sentences_of_presence_hold_together() -> None:
    demanded = f"Curator MUST annotate if {IS_LINE}; otherwise, this key MUST NOT be present."
    refused = f'This key MUST NOT be present if <code>{CELL_TYPE}</code> is <code>"unknown"</code>.'
    unknown = Circumstance(column=CELL_TYPE, among=("unknown",), otherwise=True)
    assert of_mood(f"{demanded} {refused}", A_OR_B).columns["mood"].present_where == (LINE, unknown)
    half = of_mood(f"{demanded} This key MUST NOT be present if it rains.", A_OR_B)
    assert half.columns["mood"].present_where == ()
    assert "obs.mood: presence" in [one.id for one in half.judgements]


@pytest.mark.parametrize("where", [f" if {IS_LINE}; otherwise, it MUST NOT be present", ""])
def test_an_unknown_type_is_asked_about_wherever_the_column_stands(where: str) -> None:
    value = '<code>uint8</code>. This MUST be <code>"a"</code>.'
    rules = of_mood(f"Curator MUST annotate{where}.", value)
    assert "obs.mood: type" in [one.id for one in rules.judgements]


def test_of_two_conditions_either_of_which_will_do_a_person_is_asked() -> None:
    """Together they would be a circumstance that nothing meets."""
    organoid = '<code>tissue_type</code> is <code>"organoid"</code>'
    rules = of_mood(
        f"Curator MUST annotate if {IS_LINE}; Curator MAY annotate if {organoid}; otherwise, this "
        "key MUST NOT be present.",
        A_OR_B,
    )
    column = rules.columns["mood"]
    assert (column.present_where, column.optional) == ((), True)
    assert "obs.mood: presence" in [one.id for one in rules.judgements]

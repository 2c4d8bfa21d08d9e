"""Which values a field's text allows and refuses, as diffs and summaries tell them."""

import pytest
from ruled import MUST
from schema_documents import OBS, document

from bot.schema.document import parse_document
from bot.schema.field_summary import enumeration
from bot.schema.field_values import allowed_values


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("MUST NOT be a CL term", set()),
        ("MUST be a CL term", {"CL terms"}),
        ('MUST NOT be <code>"CL:0000001"</code>', {"not CL:0000001"}),
        ('MUST NOT be a descendant of <code>"CL:0000001"</code>', {"not descendant of CL:0000001"}),
        (
            'MUST NOT be <code>"CL:0000001"</code> or its descendants',
            {"not CL:0000001 and its descendants"},
        ),
        ('MUST NOT be <code>"unknown"</code>', {'not "unknown"'}),
        ('MUST be <code>"not reported"</code>', {"not reported"}),
        (
            'MUST NOT be <code>"unknown"</code>, but MUST be a descendant of '
            '<code>"CL:0000001"</code>',
            {'not "unknown"', "descendant of CL:0000001"},
        ),
        ('MUST be a CL term and MUST NOT be <code>"na"</code>', {"CL terms", 'not "na"'}),
        (
            'MUST be a descendant of <code>"CL:0000001"</code> excluding <code>"CL:0000002"</code>',
            {"descendant of CL:0000001", "not CL:0000002"},
        ),
    ],
)
def test_what_is_refused_is_told_apart_from_what_is_allowed(said: str, values: set[str]) -> None:
    spec = parse_document(document(obs=[("mood", MUST, f"<code>str</code>. This {said}."), *OBS]))
    (mood,) = (each for each in spec.fields() if each.name == "mood")
    assert {text for _, text in allowed_values(mood)} == values


UNKNOWN = 'this MUST be <code>"unknown"</code>'
A_OR_B = '<ul><li><code>"a"</code> (low)</li><li><code>"b"</code></li></ul>'


@pytest.mark.parametrize(
    ("said", "values"),
    [
        (f"If it lacks (e.g. {{}}), {UNKNOWN}. This MUST be one of:{A_OR_B}", "unknown a b"),
        (f"If it lacks (e.g. {{}}, {UNKNOWN}. This MUST be one of:{A_OR_B}", "unknown a b"),
        ('This MUST be <code>"a"</code> (e.g. {}. It MAY be <code>"b"</code> (low).', "a b"),
        ('This MUST be <code>"a"</code> (e.g. {}; it MAY be <code>"b"</code> (low).', "a b"),
        ('This MUST be <code>"a"</code> (e.g. {}<br><br>It MAY be <code>"b"</code>.', "a b"),
        ('This MUST be <code>"a"</code> (low; e.g. {}<br><br>It MAY be <code>"b"</code>.)', "a b"),
        ('This MUST be <code>"a"</code> (e.g. <code>"c"</code>. MAY be <code>"b"</code>.', "a b"),
        (f"This MUST be one of:{A_OR_B}".replace("(low)", "(e.g. {}"), "a b"),
    ],
)
def test_an_example_in_parentheses_takes_no_demand_along(said: str, values: str) -> None:
    text = said.format("it is told nowhere")
    spec = parse_document(document(obs=[("mood", MUST, f"<code>str</code>. {text}"), *OBS]))
    (mood,) = (each for each in spec.fields() if each.name == "mood")
    assert {text for _, text in allowed_values(mood)} == {*values.split()}


def test_terms_that_a_list_demands_say_which_of_their_ontology() -> None:
    said = (
        'This MUST be one of:<ul><li><code>"CL:0000001"</code> for x</li>'
        '<li><code>"CL:0000002"</code> for y</li></ul>It MAY be told which CL terms are near.'
    )
    spec = parse_document(document(obs=[*OBS, ("mood", MUST, f"<code>str</code>. {said}")]))
    mood = next(one for one in spec.fields() if one.name == "mood")
    assert {text for _, text in allowed_values(mood)} == {"CL:0000001", "CL:0000002"}


LISTED = '<ul><li><code>"low"</code></li><li><code>"high"</code></li></ul>'
LOW_OR_HIGH = '<code>"low"</code> or <code>"high"</code>'


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (f"This MUST be one of:{LISTED}", ("high", "low")),
        (
            f"This MUST be one or more of the following, separated by the delimiter "
            f'<code>" || "</code>:{LISTED}',
            (),
        ),
        ('This MUST be <code>"low"</code>.', ()),
        (f"This MUST be a CL term, or one of:{LISTED}", ()),
        (f"This MUST be free-text. These are RECOMMENDED:{LISTED}", ()),
        (f"This MUST NOT be free-text. It MUST be one of:{LISTED}", ("high", "low")),
        (f"This MUST be a name of the mood, or {LOW_OR_HIGH}.", ()),
        (f"This MUST be {LOW_OR_HIGH}, or an identifier of the mood.", ()),
        (f"This MUST be any word or {LOW_OR_HIGH}.", ()),
        (f"If it rains, this MUST be the name of a cloud. Else it MUST be {LOW_OR_HIGH}.", ()),
        (f"This MUST be one of:{LISTED.replace('</ul>', '<li>another mood</li></ul>')}", ()),
        (f"This MUST be either the value {LOW_OR_HIGH}.", ("high", "low")),
        (f"This MUST be either the literal string value {LOW_OR_HIGH}.", ("high", "low")),
        (f"This MUST be the correct type: {LOW_OR_HIGH}.", ("high", "low")),
        (f"This MUST be a categorical value: {LOW_OR_HIGH}.", ("high", "low")),
        (
            f"This MUST be {LOW_OR_HIGH}. This MUST be the correct state for the sample.",
            ("high", "low"),
        ),
        (f"This MUST be a value other than: {LOW_OR_HIGH}.", ()),
        (f"This MUST be the correct name for the drug, {LOW_OR_HIGH}.", ()),
        (f"This MUST be the correct value for the drug, {LOW_OR_HIGH}.", ()),
        (
            'This MUST be <code>"low"</code> for a night or a day, or <code>"high"</code>.',
            ("high", "low"),
        ),
        (
            f"This MUST be one of:{LISTED.replace('</li>', ' for a night or a day</li>')}",
            ("high", "low"),
        ),
    ],
)
def test_an_enumeration_holds_one_of_several_values_and_nothing_else(
    said: str, names: tuple[str, ...]
) -> None:
    spec = parse_document(document(obs=[*OBS, ("mood", MUST, f"<code>str</code>. {said}")]))
    mood = next(one for one in spec.fields() if one.name == "mood")
    assert enumeration(mood) == names


@pytest.mark.parametrize("type_", ["int", "uint", "float", "numpy.float32"])
def test_a_number_that_may_have_other_values_is_no_enumeration(type_: str) -> None:
    said = f"<code>{type_}</code>. This MUST be {LOW_OR_HIGH}."
    spec = parse_document(document(obs=[*OBS, ("mood", MUST, said)]))
    assert enumeration(next(one for one in spec.fields() if one.name == "mood")) == ()


def test_a_row_is_one_value_of_the_diff_whatever_it_forbids() -> None:
    table = (
        '<table><tr><th>For</th><th>Value</th></tr><tr><td><code>"p"</code></td><td>MUST NOT be '
        '<code>"a"</code>, but MUST be <code>"b"</code></td></tr></table>'
    )
    spec = parse_document(document(obs=[*OBS, ("mood", MUST, f"<code>str</code>. {table}")]))
    (told,) = (allowed_values(one) for one in spec.fields() if one.name == "mood")
    assert {text for _, text in told} == {"p -> MUST NOT be a, but MUST be b"}

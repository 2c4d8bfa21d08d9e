"""Documents in other words: what they say must neither be lost nor become what they don't say."""

from typing import Any

import pytest
from schema_documents import OBS, ONTOLOGIES, document, field

from bot.schema.changelog import doubts
from bot.schema.diff import diff
from bot.schema.document import parse_document
from bot.schema.rules import Rules, rules_of
from bot.schema.spec import Requirement, Spec
from runners.contract.rules import Case, Circumstance

MUST = "Curator MUST annotate."
STR = "categorical with <code>str</code> categories. "
TISSUE_TYPE = (
    "tissue_type",
    MUST,
    f'{STR}This MUST be <code>"cell line"</code>, <code>"organoid"</code> or '
    '<code>"tissue"</code>.',
)
CELL_TYPE = ("cell_type_ontology_term_id", MUST, f"{STR}This MUST be a CL term.")
A_OR_B = f'{STR}This MUST be <code>"a"</code> or <code>"b"</code>.'
IS_LINE = '<code>tissue_type</code> is <code>"cell line"</code>'
LINE = Circumstance(column="tissue_type", among=("cell line",))


def rules(annotator: str, value: str) -> Rules:
    """Of a document with tissue type, cell type and mood, which is said to be so."""
    obs = [TISSUE_TYPE, CELL_TYPE, ("mood", annotator, value)]
    pins = [*ONTOLOGIES, ("UBERON", "UBERON:", "2025-05-14")]
    return rules_of(parse_document(document(obs=obs, ontologies=pins)))


def names(spec: Spec) -> set[str]:
    return {each.name for each in spec.fields()}


# --- what heads a section -------------------------------------------------------------------------


def test_a_line_within_a_table_heads_nothing() -> None:
    value = "<code>str</code>. This MUST be\n# a\nor b."
    spec = parse_document(document(obs=[("mood", MUST, value), *OBS]))
    assert names(spec) >= {"mood", *(name for name, _, _ in OBS)}
    (mood,) = (each for each in spec.fields() if each.name == "mood")
    assert mood.value == "`str`. This MUST be # a or b."
    assert [part.name for part in spec.rules] == [p.name for p in parse_document(document()).rules]


OPEN_TABLE = "<table>\n<tr><td>\n# not one\n</td>\n\n# One\n\n<tr>\n# not one\n</table>\n# None\n"


def test_a_blank_line_ends_what_a_tag_began_so_that_an_open_table_hides_no_heading() -> None:
    """https://spec.commonmark.org/0.31.2/#html-blocks, the sixth kind."""
    text = document(general=OPEN_TABLE)
    assert [part.name for part in parse_document(text).rules if "ne" in part.name][1:] == [
        "One",
        "None",
    ]


@pytest.mark.parametrize("part", [field("mood", MUST, A_OR_B), "Version: 9.9.9\n", "## Chapter\n"])
def test_what_is_commented_out_is_not_there(part: str) -> None:
    before = document()
    commented = before.replace("## `var`", f"<!--\n{part}\n-->\n\n## `var`")
    assert commented != before
    there = parse_document(commented)
    assert names(there) == names(parse_document(before))
    assert there.version == "1.0.0"
    assert not diff(parse_document(before), there).component_rules_changed


@pytest.mark.parametrize("mark", ["**", "*", "_", "`"])
def test_version_and_appendix_may_be_emphasised(mark: str) -> None:
    appendix = (
        "## Appendix A. Changelog\n\n### schema v1.0.0\n\n* Required Ontologies\n"
        "  * Updated CL to release 2025-07-30\n"
    )
    bare = f"{document()}{appendix}"
    marked = bare.replace("Version: 1.0.0", f"Version: {mark}1.0.0{mark}").replace(
        "Appendix A. Changelog", f"{mark}Appendix A. Changelog{mark}"
    )
    whole = bare.replace("Version: 1.0.0", f"{mark}Version: 1.0.0{mark}").replace(
        "### schema v1.0.0", f"### {mark}schema v1.0.0{mark}"
    )
    plain = parse_document(bare)
    assert len(plain.changelog) == 1
    for text in (marked, whole):
        found = parse_document(text)
        assert (found.version, found.changelog) == (plain.version, plain.changelog)
        assert found.rules == plain.rules


def test_two_chapters_of_one_title_are_both_compared() -> None:
    def of(first: str, second: str) -> Spec:
        notes = f"\n## Notes\n\n{first}\n\n## Notes\n\n{second}\n"
        return parse_document(document() + notes)

    before = of("Each file MUST be small.", "Each name MUST be short.")
    for after in (
        of("Each file MUST be tiny.", "Each name MUST be short."),
        of("Each file MUST be small.", "Each name MUST be odd."),
    ):
        (change,) = diff(before, after).component_rules_changed
        assert change.component == "Notes"
        assert (len(change.removed), len(change.added)) == (1, 1)


# --- what the changelog is about ------------------------------------------------------------------


def test_an_organism_without_a_name_is_not_what_every_sentence_is_about() -> None:
    genes = (
        ("NCBITaxon:32630", "", "ThermoFisher ERCC"),
        ("NCBITaxon:9606", "Homo sapiens", "GENCODE v48"),
    )
    said = (
        "## Appendix A. Changelog\n\n### schema v2.0.0\n\n* Required Gene Annotations\n"
        "  * Updated GENCODE (Human) to v48\n"
    )
    old = (genes[0], ("NCBITaxon:9606", "Homo sapiens", "GENCODE v44"))
    before = parse_document(document("1.0.0", genes=old))
    after = parse_document(document("2.0.0", genes=genes) + said)
    assert doubts(diff(before, after), before, after) == ()


# --- what another column must be ------------------------------------------------------------------


@pytest.mark.parametrize(
    "subject", ["The value of", "The corresponding", "The corresponding value of"]
)
def test_what_another_column_must_be_says_where_this_one_stands(subject: str) -> None:
    value = f'{A_OR_B} {subject} <code>tissue_type</code> MUST be <code>"cell line"</code>.'
    found = rules(MUST, value)
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
    plain, found = rules(MUST, A_OR_B), rules(MUST, f"{A_OR_B} {sentence}")
    assert found.columns["mood"] == plain.columns["mood"]
    assert len(found.unchecked) == len(plain.unchecked) + 1
    (noted,) = (one.text for one in found.unchecked if one not in plain.unchecked)
    assert noted.endswith(" MUST be right." if "right" in sentence else noted[-12:])


# --- in which datasets a column stands ------------------------------------------------------------


@pytest.mark.parametrize("who", ["Curator MUST NOT annotate", "This field MUST NOT be present"])
@pytest.mark.parametrize("word", ["if", "when"])
def test_a_column_that_is_refused_in_some_datasets_may_stand_in_the_others(
    who: str, word: str
) -> None:
    found = rules(f"{who} {word} {IS_LINE}.", A_OR_B)
    column = found.columns["mood"]
    assert (column.present_where, column.optional) == ((LINE.negated(),), True)


@pytest.mark.parametrize("word", ["if", "when", "only when", "only if"])
def test_a_condition_of_presence_may_begin_with_either_word(word: str) -> None:
    annotator = f"Curator MUST annotate {word} {IS_LINE}"
    asked = rules(f"{annotator}.", A_OR_B)
    assert asked.columns["mood"].optional
    assert "obs.mood: presence" in [one.id for one in asked.judgements]
    spec = parse_document(document(obs=[TISSUE_TYPE, ("mood", f"{annotator}.", A_OR_B)]))
    (mood,) = (each for each in spec.fields() if each.name == "mood")
    assert mood.requirement is Requirement.CONDITIONAL_MUST
    found = rules(f"{annotator}; otherwise, this key MUST NOT be present.", A_OR_B)
    assert found.columns["mood"].present_where == (LINE,)
    assert not found.columns["mood"].optional


# --- cases ----------------------------------------------------------------------------------------

LOW = 'this MUST be <code>"a"</code>.'


def test_two_refusals_of_a_circumstance_are_not_one_of_both() -> None:
    """Each dataset is of one of them at least: together they hold for all."""
    found = rules(
        MUST,
        f'{A_OR_B} If <code>tissue_type</code> is NOT <code>"tissue"</code>, {LOW} '
        f'If <code>tissue_type</code> is NOT <code>"organoid"</code>, {LOW}',
    )
    where = [
        Circumstance(column="tissue_type", among=(name,), otherwise=True)
        for name in ("tissue", "organoid")
    ]
    assert found.columns["mood"].cases == tuple(Case(where=(w,), values=("a",)) for w in where)


@pytest.mark.parametrize(
    ("rest", "kept"),
    [
        ("all observations MUST contain the same value", {"single": True}),
        (
            'this MAY be <code>"a"</code>, but then all observations where '
            '<code>tissue_type</code> is {} MUST be <code>"a"</code>',
            {"alone": ("a",)},
        ),
    ],
)
def test_what_all_observations_of_a_case_share_those_of_another_need_not(
    rest: str, kept: dict[str, Any]
) -> None:
    said = " ".join(
        f"If <code>tissue_type</code> is {name}, {rest.format(name)}."
        for name in ('<code>"tissue"</code>', '<code>"organoid"</code>')
    )
    cases = [
        c for c in rules(MUST, f"{A_OR_B} {said}").columns["mood"].cases if c.single or c.alone
    ]
    where = [Circumstance(column="tissue_type", among=(name,)) for name in ("tissue", "organoid")]
    assert cases == [Case(where=(one,), **kept) for one in where]


def test_an_organism_that_all_others_stand_for_is_refused_what_they_are() -> None:
    tissue = (
        f'{STR}If <code>organism_ontology_term_id</code> is <code>"NCBITaxon:6239"</code>, this '
        "MUST be a CL term. For all other organisms, this MUST be a UBERON term. For all other "
        'organisms, this MUST NOT be <code>"UBERON:0000922"</code>. This MAY follow the '
        "requirements for <code>other</code>."
    )
    other = (
        f'{STR}If <code>organism_ontology_term_id</code> is <code>"NCBITaxon:7955"</code>, this '
        "MUST be a CL term. For all other organisms, this MUST be a CL term."
    )
    obs = [*OBS, ("mood", MUST, tissue), ("other", MUST, other)]
    pins = [*ONTOLOGIES, ("UBERON", "UBERON:", "2025-05-14")]
    found = rules_of(parse_document(document(obs=obs, ontologies=pins))).columns["mood"].terms
    of_uberon = {
        taxon: [entry.without for entry in some if entry.ontology == "UBERON"]
        for taxon, some in found.items()
    }
    refused = [("UBERON:0000922",)]
    assert of_uberon == {"NCBITaxon:6239": [], "NCBITaxon:7955": refused, "*": refused}


@pytest.mark.parametrize(
    ("bounds", "between"),
    [
        ("<code>-5</code> to <code>5</code>", (-5, 5)),
        ("<code>1</code> to <code>5</code>", (1, 5)),
        ("<code>0.5</code> to <code>5</code>", ()),
        ("at least <code>5</code>", ()),
    ],
)
def test_a_range_has_both_its_bounds_or_is_noted(bounds: str, between: tuple[int, ...]) -> None:
    table = (
        "<table><tr><th>For Assay</th><th>MUST be in the range</th></tr>"
        f'<tr><td><code>"EFO:0008930"</code> for <i>x</i></td><td>{bounds}</td></tr></table>'
    )
    assay = ("assay_ontology_term_id", MUST, f"{STR}This MUST be an EFO term.")
    obs = [*OBS, assay, ("mood", MUST, f"<code>int</code>. {table}")]
    pins = [*ONTOLOGIES, ("EFO", "EFO:", "2025-05-14")]
    found = rules_of(parse_document(document(obs=obs, ontologies=pins)))
    assert [case.between for case in found.columns["mood"].cases if case.between] == (
        [between] if between else []
    )
    assert [one.text for one in found.unchecked if one.place == "obs: mood"] == (
        [] if between else [one.text for one in found.unchecked if "EFO:0008930" in one.text]
    )
    assert bool(between) is not any("EFO:0008930" in one.text for one in found.unchecked)


def test_a_field_that_names_itself_is_known_again_whatever_its_case() -> None:
    value = (
        '<code>str</code>. The value of <code>{0}</code> MUST be <code>"count"</code> or '
        '<code>"normal"</code>. If <code>{0}</code> is <code>"count"</code>, <code>{0}</code> '
        "stays."
    )

    def of(name: str) -> Spec:
        return parse_document(document(uns=[("title", MUST, "<code>str</code>."),
                                            (name, MUST, value.format(name))]))  # fmt: skip

    old, new = of("X_approximate_distribution"), of("X_assumed_distribution_of_all_values")
    (pair,) = diff(old, new).fields_renamed
    assert (pair.old.name, pair.new.name) == (
        "X_approximate_distribution",
        "X_assumed_distribution_of_all_values",
    )


# --- one demand in each of its forms --------------------------------------------------------------

CONDITIONS = {
    IS_LINE: (LINE,),
    f'{IS_LINE} or <code>"organoid"</code>': (
        Circumstance(column="tissue_type", among=("cell line", "organoid")),
    ),
    '<code>tissue_type</code> is NOT <code>"cell line"</code>': (LINE.negated(),),
    f"the corresponding value of {IS_LINE}": (LINE,),
    f'{IS_LINE} and <code>{CELL_TYPE[0]}</code> is a descendant of <code>"CL:0000003"</code>': (
        LINE,
        Circumstance(column=CELL_TYPE[0], under=("CL:0000003",)),
    ),
}
FORMS = (
    "If {condition}, this MUST be {first} or {second}.",
    "If {condition}, then this MUST be either {first} or {second}.",
    "This MUST be {first} or {second} if {condition}.",
    "If {condition}, this MUST be one of:<ul><li>{first}</li><li>{second}</li></ul>",
)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["values", "terms"])
def test_a_demand_is_the_same_case_in_each_of_its_forms(
    condition: str, form: str, kind: str
) -> None:
    texts = {
        "values": ('<code>"a"</code>', '<code>"b"</code>'),
        "terms": ('<code>"CL:0000001"</code> for x', '<code>"CL:0000002"</code> for y'),
    }
    first, second = texts[kind]
    said = form.format(condition=condition, first=first, second=second)
    everywhere = {"values": A_OR_B, "terms": f"{STR}This MUST be a CL term."}[kind]
    found = rules(MUST, f"{everywhere.removesuffix('.')}. {said}")
    where = CONDITIONS[condition]
    (case,) = (case for case in found.columns["mood"].cases if case.where == where)
    only = [entry.only for some in case.terms.values() for entry in some]
    assert (case.values, only) == (
        (("a", "b"), []) if kind == "values" else ((), [("CL:0000001", "CL:0000002")])
    )
    assert not [one for one in found.unchecked if one.place == "obs: mood"]
    assert found.columns["mood"].values == (("a", "b") if kind == "values" else ())


@pytest.mark.parametrize(
    "half",
    [
        f"<code>{CELL_TYPE[0]}</code> is large",
        f"<code>{CELL_TYPE[0]}</code> is a CL term",
        "the moon is full",
        '<code>weather</code> is <code>"dry"</code>',
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_of_a_condition_that_is_understood_by_half_nothing_is_kept(half: str, turned: bool) -> None:
    first, second = (half, IS_LINE) if turned else (IS_LINE, half)
    found = rules(MUST, f"{A_OR_B} If {first} and {second}, {LOW}")
    assert found.columns["mood"].cases == ()
    (noted,) = (one.text for one in found.unchecked if one.place == "obs: mood")
    assert noted.startswith("If ")

"""What a change of the schema asks of LaminDB: each kind of change once, and the real pairs."""

import ast
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import documents
import pytest
from documents import OURS
from schema_documents import GENES, OBS, UNS, VAR, document

from bot.comments.schema_diff import render_impact
from bot.schema.diff import diff
from bot.schema.document import parse_document
from bot.schema.impact import (
    CENSUS,
    Consequence,
    CuratorError,
    Effort,
    Impact,
    impact,
    read_curator,
)
from bot.schema.impact.curator import wanted
from bot.schema.impact.model import ALREADY
from bot.schema.rules import rules_of
from runners.contract.rules import Column, Terms

FOUND = find_spec("lamindb")
FILE = Path(FOUND.origin if FOUND and FOUND.origin else "none").parent.joinpath(
    "examples", "cellxgene", "_cellxgene.py"
)
MUST = "Curator MUST annotate."
STR = "categorical with <code>str</code> categories. "
PINS = (("Cell Ontology", "CL:", "1"), ("Cellosaurus", "CVCL_", "1"), ("Phenotype", "PATO:", "1"))
FISH = (
    'If <code>organism_ontology_term_id</code> is <code>"NCBITaxon:7955"</code> for <i>Danio '
    "rerio</i>, "
)
CURATOR = """
CELLxGENEOrganisms = Literal["human"]
for model, name in zip([bt.CellType], ["unknown"]):
    model(name=name).save()
tissue_type = ULabel(name="TissueType", is_type=True)
for name in ["tissue"]:
    ULabel(name=name, type=tissue_type).save()
taxonomy_ids = ["NCBITaxon:9606"]
categoricals_to_spec: dict = {
    "tissue_ontology_term_id": Spec([bt.Tissue.ontology_id, bt.CellType.ontology_id], None),
    "cell_type": Spec(bt.CellType.name, None),
}
organism_fields = {"organism_ontology_term_id"}
Feature(name="feature_is_filtered", dtype=bool)
"""


def of(old: str, new: str, curator: str | None = None) -> Impact:
    specs = parse_document(old), parse_document(new)
    return impact(diff(*specs), *specs, read_curator(curator) if curator else None)


def with_obs(*obs: tuple[str, str], annotator: str = MUST, version: str = "2.0.0") -> str:
    fields = [(name, annotator, STR + value) for name, value in obs]
    return document(version, obs=fields, ontologies=PINS)


def only(found: Impact, category: str) -> Consequence:
    (one,) = (consequence for consequence in found.consequences if consequence.category == category)
    return one


def test_a_field_of_the_curator_is_a_code_edit_unless_it_stands_there() -> None:
    new = document(obs=[*OBS, ("cell_type", MUST, STR)])
    one = only(of(document(), new), "Fields added")
    assert (one.effort, one.reason) == (
        Effort.CODE,
        'categoricals_to_spec needs an entry "cell_type"',
    )
    assert only(of(document(), new, CURATOR), "Fields added").effort is Effort.NOTHING
    gone = only(of(new, document(), CURATOR), "Fields removed")
    assert (gone.effort, gone.lines) == (Effort.CODE, None)


def test_a_demanded_field_without_a_registry_is_a_persons() -> None:
    new = document(obs=[*OBS, ("mood", MUST, STR)])
    assert only(of(document(), new), "Fields added").effort is Effort.PERSON
    optional = document(obs=[*OBS, ("mood", "Curator MAY annotate.", STR)])
    assert only(of(document(), optional), "Fields added").effort is Effort.NOTHING


@pytest.mark.parametrize(
    ("rule", "effort"),
    [
        ("Each `cell_type_ontology_term_id` MUST be thus.", Effort.PERSON),
        ("Every ontology term MUST be current.", Effort.PERSON),
        ("Each `cell_type_ontology_term_id` is thus.", Effort.NOTHING),
        ("CELLxGENE Discover MUST fill in `cell_type_ontology_term_id`.", Effort.NOTHING),
        ("Each `mood` MUST be thus.", Effort.NOTHING),
    ],
)
def test_a_rule_in_prose_is_a_persons_where_it_demands_something_of_lamindbs_fields(
    rule: str, effort: Effort
) -> None:
    new = document("2.0.0", general=f"## Cells\n\n{rule}")
    assert only(of(document(), new), "Rules in prose changed").effort is effort


@pytest.mark.parametrize(
    ("annotator", "effort"),
    [
        (MUST, Effort.CODE),
        ("Curator MAY annotate.", Effort.CODE),
        ("Curator MUST NOT annotate.", Effort.NOTHING),
        ("CELLxGENE Discover MUST automatically annotate.", Effort.NOTHING),
    ],
)
def test_a_new_enumeration_is_a_feature_where_curators_may_fill_it_in(
    annotator: str, effort: Effort
) -> None:
    value = f'{STR}This MUST be <code>"a"</code> or <code>"b"</code>.'
    new = document(obs=[*OBS, ("mood", annotator, value)])
    assert only(of(document(), new), "Fields added").effort is effort


FREE = 'This MUST be free-text. <code>"a"</code> or <code>"b"</code> are RECOMMENDED.'


@pytest.mark.parametrize(
    ("name", "effort", "reason"),
    [
        ("donor_id", Effort.NOTHING, "any value of its type passes"),
        ("sample_id", Effort.PERSON, "curators must fill it in"),
    ],
)
@pytest.mark.parametrize("curator", [None, CURATOR])
def test_a_new_column_of_free_text_is_no_enumeration_of_what_is_recommended(
    name: str, effort: Effort, reason: str, curator: str | None
) -> None:
    new = document(obs=[*OBS, (name, MUST, STR + FREE)])
    one = only(of(document(), new, curator), "Fields added")
    assert one.effort is effort
    assert one.reason.startswith(reason)
    assert "ULabel" not in one.reason


def test_a_move_is_a_change_of_slot() -> None:
    organism = ("organism_ontology_term_id", MUST, "<code>str</code>. Any.")
    old, new = document(obs=[*OBS, organism]), document(uns=[*UNS, organism])
    one = only(of(old, new), "Fields renamed or moved")
    assert (one.effort, one.reason) == (Effort.CODE, "it must be a feature of the slot uns")
    assert only(of(old, new, CURATOR), "Fields renamed or moved").effort is Effort.NOTHING


def test_an_ontology_of_another_registry_is_a_union() -> None:
    name = "tissue_ontology_term_id"
    old = with_obs((name, "This MUST be a CL term."), version="1.0.0")
    new = with_obs((name, "This MUST be a CL term or a Cellosaurus term."))
    one = only(of(old, new, CURATOR), "Allowed values changed")
    assert (one.effort, one.reason) == (
        Effort.CODE,
        "its terms stand in CellLine too: a union of registries",
    )


def test_a_special_value_is_a_default_and_an_enumeration_a_label() -> None:
    name = "cell_type_ontology_term_id"
    old = with_obs((name, "This MUST be a CL term."), version="1.0.0")
    new = with_obs((name, 'This MUST be a CL term or <code>"unknown"</code>.'))
    assert only(of(old, new), "Allowed values changed").effort is Effort.CODE
    assert only(of(old, new, CURATOR), "Allowed values changed").effort is Effort.NOTHING
    none = with_obs((name, 'This MUST be a CL term and MUST NOT be <code>"unknown"</code>.'))
    for curator in (None, CURATOR):
        told = {one.change: one.reason for one in of(old, none, curator).of(Effort.NOTHING)}
        assert told['+ not "unknown"'] == "none of these values needs a record"
    two = with_obs((name, 'This MUST be a CL term, <code>"unknown"</code> or <code>"na"</code>.'))
    assert only(of(old, two, CURATOR), "Allowed values changed").effort is Effort.CODE
    more = document(obs=[OBS[0], ("tissue_type", MUST, f'{STR}This MUST be <code>"x"</code>.')])
    labels = only(of(document(), more, CURATOR), "Allowed values changed")
    assert labels.reason == "save_cellxgene_defaults must save these ULabels"


def test_a_delimiter_is_a_persons() -> None:
    name = "disease_ontology_term_id"
    old = with_obs((name, "This MUST be a CL term."), version="1.0.0")
    new = with_obs(
        (
            name,
            "This MUST be one or more CL terms in ascending lexical order separated by the "
            'delimiter <code>" || "</code> with no duplication of terms.',
        )
    )
    one = only(of(old, new), "Cardinalities and delimiters changed")
    assert one.effort is Effort.PERSON
    assert "no hook" in one.reason


MANY = 'This MUST be one or more CL terms in {} order, delimiter <code>" || "</code>.'


@pytest.mark.parametrize(
    ("old", "new", "effort", "reason"),
    [
        ("This MUST be a CL term.", MANY.format("lexical"), Effort.PERSON, "has no hook to split"),
        (MANY.format("lexical"), "This MUST be a CL term.", Effort.PERSON, "one value per cell"),
        (MANY.format("any"), MANY.format("any"), Effort.NOTHING, "it comes with the move"),
        ("This MUST be a CL term.", "It MUST be a CL term.", Effort.NOTHING, "it comes with the"),
    ],
)
def test_with_a_move_comes_one_value_for_the_dataset_and_no_delimiter(
    old: str, new: str, effort: Effort, reason: str
) -> None:
    name = "disease_ontology_term_id"
    moved = document("2.0.0", uns=[*UNS, (name, MUST, f"<code>str</code>. {new}")], ontologies=PINS)
    found = of(document(obs=[*OBS, (name, MUST, STR + old)], ontologies=PINS), moved)
    one = only(found, "Cardinalities and delimiters changed")
    assert one.effort is effort
    assert reason in one.reason


def test_pins_are_sources_and_unknown_ontologies_a_persons() -> None:
    pins = [("Cell Ontology", "CL:", "2026-01-01"), *PINS[1:], ("New", "NT:", "1")]
    found = of(document(ontologies=PINS), document(ontologies=pins))
    assert only(found, "Ontology pins changed").effort is Effort.SOURCE
    assert only(found, "Ontologies added").effort is Effort.PERSON


@pytest.mark.parametrize(
    ("value", "effort"),
    [
        (f"{FISH}this MUST be a ZFA term; otherwise, this MUST be a CL term.", Effort.NOTHING),
        (f"{FISH}this MUST be a CL term; otherwise, this MUST be a ZFA term.", Effort.SOURCE),
        ("This MUST be a ZFA term or a CL term.", Effort.SOURCE),
    ],
)
def test_a_source_that_bionty_ships_none_of_is_needed_where_the_census_has_the_organism(
    value: str, effort: Effort
) -> None:
    obs = [("cell_type_ontology_term_id", MUST, STR + value)]
    new = document("2.0.0", obs=obs, ontologies=[*PINS, ("Zebrafish Anatomy", "ZFA:", "1")])
    found = of(document(ontologies=PINS), new)
    assert only(found, "Ontologies added").effort is effort


def test_what_an_organism_asks_for_is_asked_where_the_census_has_it() -> None:
    """Of our documents those consequences that hang on Danio rerio, and of two that add ZFA."""
    obs = [("cell_type_ontology_term_id", MUST, STR + f"{FISH}this MUST be a ZFA term.")]
    with_zfa = document("2.0.0", obs=obs, ontologies=[*PINS, ("Zebrafish Anatomy", "ZFA:", "1")])
    ours = [(OURS / "specs" / f"{version}.md").read_text() for version in ("1.0.0", "2.0.0")]
    asked: dict[str, Effort] = {}
    for texts in (ours, [document(ontologies=PINS), with_zfa]):
        old, new = map(parse_document, texts)
        without, has = (
            impact(diff(old, new), old, new, census=CENSUS | more).consequences
            for more in (set(), {"NCBITaxon:7955"})
        )
        differing = [(w, h) for w, h in zip(without, has, strict=True) if w != h]
        assert {one.effort for one, _ in differing} == {Effort.NOTHING}
        asked |= {f"{one.category}: {one.subject}": one.effort for _, one in differing}
    assert asked == {
        "Gene references changed: Danio rerio": Effort.SOURCE,
        "Organisms added: Danio rerio": Effort.CODE,
        "Allowed values changed: obs: development_stage_ontology_term_id": Effort.SOURCE,
        "Ontologies added: ZFA": Effort.SOURCE,
        "Allowed values changed: obs: cell_type_ontology_term_id": Effort.CODE,
    }


HUMAN = GENES[0]
MOUSE = ("NCBITaxon:10090", "Mus musculus", "GENCODE vM37<br>(GRCm39)<br>Ensembl 114")
YEAST = ("NCBITaxon:4932", "Saccharomyces cerevisiae", "R1")


@pytest.mark.parametrize(
    ("old", "new", "effort", "reason"),
    [
        ([HUMAN], [HUMAN, YEAST], Effort.PERSON, "LaminDB's name of the organism isn't known"),
        ([HUMAN, MOUSE], [HUMAN], Effort.NOTHING, "a source that nothing refers to may stay"),
        (
            [HUMAN],
            [(*HUMAN[:2], "GENCODE v49<br>(GRCh38.p14)<br>Ensembl 115")],
            Effort.SOURCE,
            "genes of human must come from this reference",
        ),
        (
            [HUMAN],
            [(*HUMAN[:2], HUMAN[2].replace("Ensembl", "ensembl"))],
            Effort.NOTHING,
            "only its wording changed",
        ),
    ],
)
def test_a_gene_reference_is_a_source_of_an_organism_that_lamindb_names(
    old: Sequence[Sequence[str]], new: Sequence[Sequence[str]], effort: Effort, reason: str
) -> None:
    one = only(of(document(genes=old), document("2.0.0", genes=new)), "Gene references changed")
    assert (one.effort, one.reason) == (effort, reason)


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        (
            "cell_type",
            "This MUST be the name.",
            "This MUST be the readable name.",
            "it is the label of the terms, which are judged on their own",
        ),
        (
            "donor_id",
            "Free.",
            "This MUST be short.",
            "any value of its type passes; LaminDB doesn't relate columns",
        ),
        (
            "cell_type_ontology_term_id",
            "This MUST be a CL term. It is good.",
            "This MUST be a CL term. It is fine.",
            "only advice changed",
        ),
        (
            "cell_type_ontology_term_id",
            "This MUST be a CL term. It MUST be good.",
            "This MUST be a CL term. It MUST be fine.",
            "the values that it allows are the same",
        ),
        (
            "cell_type_ontology_term_id",
            "This MUST be a CL term. It MUST be good.",
            "This MUST be a CL term. It is fine.",
            "the values that it allows are the same",
        ),
        (
            "cell_type_ontology_term_id",
            "This MUST be a CL term. It is good.",
            "This MUST be a CL term. It MUST be fine.",
            "the values that it allows are the same",
        ),
    ],
)
def test_other_words_for_the_same_values_need_no_edit(
    name: str, old: str, new: str, reason: str
) -> None:
    changed = of(with_obs((name, old), version="1.0.0"), with_obs((name, new)))
    one = only(changed, "Fields changed")
    assert (one.effort, one.reason) == (Effort.NOTHING, reason)


DISCOVER = "CELLxGENE Discover MUST automatically annotate."
MAY, NOT = "Curator MAY annotate.", "Curator MUST NOT annotate."
WHERE = 'Curator MUST annotate if `donor_id` is `"x"`.'
GONE = "it has no rules any more, and LaminDB may still ask for it"
EVERY = "LaminDB asks for it in every dataset"


@pytest.mark.parametrize(
    ("old", "new", "effort", "reason"),
    [
        (MUST, DISCOVER, Effort.PERSON, GONE),
        (MAY, NOT, Effort.PERSON, GONE),
        (MUST, MAY, Effort.PERSON, f"{EVERY}: {MAY}"),
        (MUST, WHERE, Effort.PERSON, f"{EVERY}: {WHERE}"),
        (DISCOVER, MAY, Effort.PERSON, f"{EVERY}: {MAY}"),
        (DISCOVER, MUST, Effort.PERSON, f"LaminDB may not ask for it yet: {MUST}"),
        (MAY, MUST, Effort.NOTHING, EVERY),
        (DISCOVER, NOT, Effort.NOTHING, "only advice changed"),
    ],
)
def test_who_fills_a_column_in_or_when_is_no_advice(
    old: str, new: str, effort: Effort, reason: str
) -> None:
    one = ("cell_type_ontology_term_id", "This MUST be a CL term.")
    changed = of(with_obs(one, annotator=old, version="1.0.0"), with_obs(one, annotator=new))
    told = only(changed, "Fields changed")
    assert (told.effort, told.reason) == (effort, reason)


def test_a_condition_that_the_rules_can_read_is_no_advice_either() -> None:
    tissue = ("tissue_type", MUST, f'{STR}This MUST be <code>"tissue"</code> or <code>"x"</code>.')
    where = (
        'Curator MUST annotate if <code>tissue_type</code> is <code>"tissue"</code>; otherwise, '
        "this key MUST NOT be present."
    )

    def of_cells(annotator: str, version: str) -> str:
        cells = ("cell_type_ontology_term_id", annotator, f"{STR}This MUST be a CL term.")
        return document(version, obs=[tissue, cells], ontologies=PINS)

    told = only(of(of_cells(MUST, "1.0.0"), of_cells(where, "2.0.0")), "Fields changed")
    assert told.effort is Effort.PERSON
    assert told.reason.startswith(f"{EVERY}: {MUST.rstrip('.')} if `tissue_type` is ")


def test_it_is_told_beside_values_that_change() -> None:
    name = "cell_type_ontology_term_id"
    old = with_obs((name, "This MUST be a CL term."), version="1.0.0")
    new = with_obs((name, 'This MUST be a CL term or <code>"na"</code>.'), annotator=MAY)
    assert only(of(old, new), "Fields changed").reason == f"{EVERY}: {MAY}"


def test_a_column_that_lamindb_does_not_read_may_be_renamed() -> None:
    old, new = ((name, MUST, f"{STR}Any mood.") for name in ("x_mood", "y_mood"))
    renamed = of(document(obs=[*OBS, old]), document("2.0.0", obs=[*OBS, new]), CURATOR)
    one = only(renamed, "Fields renamed or moved")
    assert (one.subject, one.change, one.effort) == (
        "obs: y_mood",
        "was obs: x_mood",
        Effort.NOTHING,
    )


def test_fields_that_lamindb_does_not_have_need_nothing() -> None:
    new = document(var=[(VAR[0][0], VAR[0][1], "<code>str</code>. This MUST be new.")])
    one = only(of(document(), new), "Fields changed")
    assert (one.subject, one.effort) == ("var: feature_name", Effort.NOTHING)


def test_a_column_for_some_datasets_only_is_a_persons() -> None:
    name = "cell_type_ontology_term_id"
    old = with_obs((name, "This MUST be a CL term."))
    new = with_obs(
        (name, "This MUST be a CL term."), annotator="Curator MUST annotate if it rains."
    )
    assert only(of(old, new), "Fields changed").effort is Effort.PERSON


@pytest.mark.parametrize(
    "annotator", ["CELLxGENE Discover MUST annotate.", "This key MUST NOT be present."]
)
@pytest.mark.parametrize(
    "value",
    [
        "This MUST be a CL term or a Cellosaurus term.",
        'This MUST be a CL term or <code>"unknown"</code>.',
        'This MUST be a descendant of <code>"CL:0000540"</code>.',
    ],
)
@pytest.mark.parametrize("curator", [None, CURATOR])
def test_other_values_of_a_column_that_has_no_rules_any_more_are_a_persons(
    annotator: str, value: str, curator: str | None
) -> None:
    name = "cell_type_ontology_term_id"
    old = with_obs((name, "This MUST be a CL term."), version="1.0.0")
    found = of(old, with_obs((name, value), annotator=annotator), curator)
    assert {(one.effort, one.reason) for one in found.consequences if name in one.subject} == {
        (Effort.PERSON, "it has no rules any more, and LaminDB may still ask for it")
    }


def test_terms_without_a_chosen_registry_stand_in_none() -> None:
    """What the rules know of a column before a person has chosen where its terms stand."""
    rules = rules_of(parse_document(document()))
    unchosen = Column(
        slot="obs",
        dtype="categorical",
        registry=None,
        terms={"*": (Terms(ontology="CL", registry=None),)},
        special=("na",),
    )
    found = wanted(rules.model_copy(update={"columns": {"treatment": unchosen}}))
    assert found.fields == {}
    assert found.defaults == ()


def test_the_verdict_counts_and_the_page_leads_with_what_needs_hands() -> None:
    new = document("1.1.0", obs=[*OBS, ("cell_type", MUST, STR), ("<b>@x", MUST, STR)])
    found = of(document(), new)
    assert found.summary() == (
        "1.0.0 \u2192 1.1.0: 1 change needs code, 0 are data only, 1 needs a person's judgement"
    )
    page = render_impact(found)
    assert page.startswith(f"**{found.summary()}.**\n\n### Code edits\n\n| What | Change |")
    assert page.index("### Code edits") < page.index("### A person must judge")
    assert "<b>" not in page
    assert "@x" not in page
    assert found.to_json()["consequences"][0]["effort"] == "code edit"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("x = 1", "The module assigns no categoricals_to_spec, so"),
        ("def (", "Line 1: this isn't Python"),
        ("x = 1\0", "The module: this isn't Python"),
        ("-" * 5000 + "1", "The module: this isn't Python"),
        ("-" * 9999 + "1", "The module: this isn't Python"),
        ("x = '\ud800'", "The module: this isn't Python"),
        (f"{CURATOR}for x in zip(rows):\n    x()\n", "Line 15: zip is given no registries"),
        *(
            (CURATOR.replace("[bt.CellType]", some), "Line 3: zip has no value for each of its reg")
            for some in ("[bt.CellType, ULabel]", "[bt.CellType, bt.Tissue]")
        ),
        (CURATOR.replace('["unknown"]', "[unknown]"), "Line 3: zip has no value for each"),
        (
            CURATOR.replace("Spec(bt.CellType.name, None)", "Spec(field=bt.CellType.name)"),
            "Line 11: 'cell_type' is given no registry",
        ),
        (
            CURATOR.replace("Feature(name=", "Feature("),
            "Line 14: a Feature is given no name=",
        ),
    ],
)
def test_another_module_is_refused_in_one_sentence(source: str, why: str) -> None:
    with pytest.raises(CuratorError, match=r"_cellxgene\.py") as refused:
        read_curator(source)
    assert str(refused.value).startswith(why)


def test_what_is_saved_as_a_default_stands_beside_its_own_registry() -> None:
    there = CURATOR.replace("[bt.CellType]", "(bt.CellType, ULabel, bt.Tissue)")
    other = 'for a, b in zip([1], ["x", "y"]):\n    print(a)\n'
    held = read_curator(there.replace('["unknown"]', '("unknown", "x", "na")') + other)
    assert held.defaults == {("CellType", "unknown"), ("ULabel", "x"), ("Tissue", "na")}


def rebuilt() -> Iterator[str]:
    """The module, each time without one part of a list, or with a name instead of a part."""
    parts = [
        (place, name, index)
        for place, node in enumerate(ast.walk(ast.parse(CURATOR)))
        for name, value in ast.iter_fields(node)
        for index in range(len(value) if isinstance(value, list) else 0)
    ]
    for place, name, index in parts:
        for instead in ([], [ast.Name("x")]):
            tree = ast.parse(CURATOR)
            some = getattr([*ast.walk(tree)][place], name)
            if not instead or isinstance(some[index], ast.expr):
                some[index : index + 1] = instead
                yield ast.unparse(tree)


def test_of_a_module_that_is_rebuilt_all_is_read_or_refused_in_one_sentence() -> None:
    refused: list[str] = []
    for source in rebuilt():
        try:
            read_curator(source)
        except CuratorError as error:
            refused.append(str(error))
    assert all("_cellxgene.py" in why and why.endswith(".") for why in refused)
    assert len(set(refused)) > 5


VERDICTS = documents.here(
    ("1.0.0", "2.0.0", "4 changes need code, 35 are data only, 2 need a person's judgement"),
    ("2.0.0", "2.1.0", "1 change needs code, 6 are data only, 6 need a person's judgement"),
    ("5.2.0", "7.0.0", "5 changes need code, 92 are data only, 5 need a person's judgement"),
    ("6.0.0", "7.0.0", "4 changes need code, 35 are data only, 1 needs a person's judgement"),
)


@pytest.mark.skipif(not FILE.is_file(), reason="no LaminDB in .venv")
@pytest.mark.parametrize(("old", "new", "verdict"), VERDICTS)
def test_the_verdict_on_our_pairs_and_the_real_ones(old: str, new: str, verdict: str) -> None:
    found = of(documents.text(old), documents.text(new), FILE.read_text())
    assert found.summary() == f"{old} \u2192 {new}: {verdict}"


def test_a_column_that_lamindb_reads_is_renamed_there_whatever_it_is_called_then() -> None:
    rule = "This MUST be a CL term that is the best there is of the cells that were looked at."
    old = with_obs(("cell_type", rule), version="1.0.0")
    one = only(of(old, with_obs(("kind_of_cell_type", rule)), CURATOR), "Fields renamed or moved")
    assert (one.effort, one.reason) == (
        Effort.CODE,
        'the entry "cell_type" of categoricals_to_spec must become "kind_of_cell_type"',
    )


def test_registries_of_a_renamed_column_are_those_that_it_had() -> None:
    old = with_obs(("ethnicity_ontology_term_id", "This MUST be a CL term."), version="1.0.0")
    new = with_obs(
        (
            "self_reported_ethnicity_ontology_term_id",
            'This MUST be a CL term that is a descendant of <code>"CL:0000001"</code>.',
        )
    )
    told = [
        one.reason
        for one in of(old, new, CURATOR).consequences
        if one.category == "Allowed values changed"
    ]
    assert told
    assert not [reason for reason in told if "a union of registries" in reason]


HERE, SAVED = 'Literal["human"]', '["NCBITaxon:9606"]'
MOUSE_HERE = {HERE: 'Literal["human", "mouse"]'}
MOUSE_SAVED = {SAVED: '["NCBITaxon:9606", "NCBITaxon:10090"]'}


@pytest.mark.parametrize(
    ("there", "added", "removed"),
    [
        ({}, Effort.CODE, Effort.NOTHING),
        (MOUSE_HERE, Effort.CODE, Effort.CODE),
        (MOUSE_SAVED, Effort.CODE, Effort.CODE),
        (MOUSE_HERE | MOUSE_SAVED, Effort.NOTHING, Effort.CODE),
    ],
)
def test_an_organism_must_stand_in_both_places_or_in_neither(
    there: dict[str, str], added: Effort, removed: Effort
) -> None:
    def listed(*taxa: tuple[str, str]) -> str:
        rows = "".join(f"<tr><td>{n}</td><td><code>{t}</code></td></tr>" for t, n in taxa)
        table = f"<table><tr><th>For</th><th>MUST Use</th></tr>{rows}</table>"
        uns = [*UNS, ("organism_ontology_term_id", MUST, f"<code>str</code>.{table}")]
        return document(uns=uns, genes=[(taxon, name, "x") for taxon, name in taxa])

    human, mouse = ("NCBITaxon:9606", "Homo sapiens"), ("NCBITaxon:10090", "Mus musculus")
    module = CURATOR
    for before, after in there.items():
        assert module.count(before) == 1
        module = module.replace(before, after)
    both, one = listed(human, mouse), listed(human)
    assert only(of(one, both, module), "Organisms added").effort is added
    assert only(of(both, one, module), "Organisms removed").effort is removed


@pytest.mark.parametrize(
    ("held", "effort"),
    [
        ("[bt.Tissue.ontology_id]", Effort.CODE),
        ("[bt.Tissue.ontology_id, bt.CellType.ontology_id]", Effort.CODE),
        (
            "[bt.Tissue.ontology_id, bt.CellType.ontology_id, bt.CellLine.ontology_id]",
            Effort.NOTHING,
        ),
    ],
)
def test_a_union_is_done_once_it_has_each_registry_that_came(held: str, effort: Effort) -> None:
    name = "tissue_ontology_term_id"
    pins = [*PINS, ("Uberon", "UBERON:", "1")]
    old, new = (
        document(version, obs=[(name, MUST, f"{STR}This MUST be {said}.")], ontologies=pins)
        for version, said in (
            ("1.0.0", "a UBERON term"),
            ("2.0.0", "a UBERON term, a CL term or a Cellosaurus term"),
        )
    )
    there = "[bt.Tissue.ontology_id, bt.CellType.ontology_id]"
    assert CURATOR.count(there) == 1
    one = only(of(old, new, CURATOR.replace(there, held)), "Allowed values changed")
    assert one.effort is effort
    if effort is Effort.CODE:
        assert one.reason == "its terms stand in CellLine and CellType too: a union of registries"


ETHNICITY = "ethnicity_ontology_term_id", "self_reported_ethnicity_ontology_term_id"
UNKNOWN = "cell_type_ontology_term_id", "best_cell_type_ontology_term_id"


@pytest.mark.parametrize("names", [ETHNICITY, UNKNOWN])
@pytest.mark.parametrize(
    ("annotator", "more", "effort", "reason"),
    [
        (MAY, " The curator MUST ask the donor.", Effort.PERSON, f"{EVERY}: {MAY}"),
        (MUST, " It is good.", Effort.NOTHING, "only advice changed"),
        (MUST, " It MUST be good.", Effort.NOTHING, "the values that it allows are the same"),
    ],
)
def test_other_demands_on_a_renamed_column_are_judged_by_its_older_rules(
    names: tuple[str, str], annotator: str, more: str, effort: Effort, reason: str
) -> None:
    rule = "This MUST be a CL term."
    old = with_obs((names[0], rule), version="1.0.0")
    new = with_obs((names[1], rule + more), annotator=annotator)
    told = only(of(old, new, CURATOR), "Fields changed")
    assert (told.subject, told.effort, told.reason) == (f"obs: {names[1]}", effort, reason)
    assert told.change.endswith(more.strip())


@pytest.mark.parametrize(
    ("value", "category"),
    [
        ("This MUST be a CL term or a Cellosaurus term.", "Allowed values changed"),
        ('This MUST be a CL term or <code>"unknown"</code>.', "Allowed values changed"),
        (
            "This MUST be one or more CL terms separated by <code>&quot; || &quot;</code>.",
            "Cardinalities and delimiters changed",
        ),
    ],
)
@pytest.mark.parametrize("names", [UNKNOWN, UNKNOWN[1:] * 2])
def test_other_values_of_a_column_that_lamindb_has_by_its_older_name_are_a_persons(
    names: tuple[str, str], value: str, category: str
) -> None:
    old = with_obs((names[0], "This MUST be a CL term."), version="1.0.0")
    told = only(of(old, with_obs((names[1], value)), CURATOR), category)
    is_known = names == UNKNOWN
    assert told.effort is (Effort.PERSON if is_known else Effort.NOTHING)
    assert (f'LaminDB has it as "{UNKNOWN[0]}"' in told.reason) is is_known


AS_FEATURE = f'{CURATOR}for name in ["suspension_type"]:\n    Feature(name=name, dtype=str)\n'
IN_BOTH = AS_FEATURE.replace('"cell_type":', '"suspension_type":')
IN_SPEC = IN_BOTH.replace('["suspension_type"]', "[]")
SPEC = "categoricals_to_spec"
OWN = "the features that are made by name"


HAD, CALLED = "suspension_type", "kind_of_suspension_type"
KIND = (HAD, MUST, "<code>str</code>. Any.")


@pytest.mark.parametrize(
    ("curator", "places"),
    [
        (None, SPEC),
        (IN_SPEC, SPEC),
        (IN_BOTH, f"{SPEC} and {OWN}"),
        (AS_FEATURE, OWN),
    ],
)
@pytest.mark.parametrize(
    ("name", "category", "reason"),
    [
        (None, "Fields removed", f'the entry "{HAD}" must leave {{}}'),
        (CALLED, "Fields renamed or moved", f'the entry "{HAD}" of {{}} must become "{CALLED}"'),
    ],
)
def test_a_column_that_went_must_leave_each_place_that_has_it(
    name: str | None, category: str, reason: str, curator: str | None, places: str
) -> None:
    one = only(of(*suspension(name), curator), category)
    assert (one.effort, one.reason) == (Effort.CODE, reason.format(places))


def suspension(name: str | None) -> tuple[str, str]:
    """A column of suspension types that goes, or has another name then."""
    old, new = (
        document(version, obs=[*OBS, *((one, MUST, f"{STR}Any.") for one in names)])
        for version, names in (("1.0.0", [HAD]), ("2.0.0", [name] if name else []))
    )
    return old, new


@pytest.mark.parametrize(
    ("there", "effort"), [(CURATOR, Effort.CODE), (IN_SPEC.replace(HAD, CALLED), Effort.NOTHING)]
)
def test_a_renamed_column_that_stands_nowhere_is_needed_by_its_new_name(
    there: str, effort: Effort
) -> None:
    assert only(of(*suspension(None), there), "Fields removed").effort is Effort.NOTHING
    one = only(of(*suspension(CALLED), there), "Fields renamed or moved")
    assert one.effort is effort
    assert one.reason in (f'categoricals_to_spec needs an entry "{CALLED}"', ALREADY)


def test_a_column_that_moves_to_uns_is_no_feature_of_its_own_any_more() -> None:
    old, new = document(obs=[*OBS, KIND]), document("2.0.0", uns=[*UNS, KIND])
    moved = IN_SPEC.replace('{"organism_ontology_term_id"}', f'{{"{HAD}"}}')
    for curator, effort in (
        (moved, Effort.NOTHING),
        (f'{moved}Feature(name="{HAD}")', Effort.CODE),
    ):
        assert only(of(old, new, curator), "Fields renamed or moved").effort is effort


OF_VAR = f'Schema(name="var of CELLxGENE", features=[Feature(name="{HAD}").save()])\n'


@pytest.mark.parametrize(
    ("slots", "more", "effort"),
    [
        (("var", "obs"), "", Effort.CODE),
        (("var", "obs"), OF_VAR, Effort.CODE),
        (("var", "obs"), f'Feature(name="{HAD}")\n', Effort.NOTHING),
        (("uns", "obs"), "", Effort.CODE),
        (("uns", "obs"), f'for name in ["{HAD}"]:\n    Feature(name=name)\n', Effort.NOTHING),
        (("obs", "var"), f'Feature(name="{HAD}")\n', Effort.CODE),
        (("obs", "var"), OF_VAR, Effort.NOTHING),
        (("uns", "var"), OF_VAR.replace('"var of', 'f"var of {x} of'), Effort.NOTHING),
    ],
)
def test_a_column_has_moved_once_the_module_has_it_in_its_new_slot(
    slots: tuple[str, str], more: str, effort: Effort
) -> None:
    old, new = (
        document(
            version,
            obs=[*OBS, *[KIND] * (slot == "obs")],
            var=[*VAR, *[KIND] * (slot == "var")],
            uns=[*UNS, *[KIND] * (slot == "uns")],
        )
        for version, slot in zip(("1.0.0", "2.0.0"), slots, strict=True)
    )
    one = only(of(old, new, CURATOR + more), "Fields renamed or moved")
    assert one.effort is effort
    assert one.reason in (f"it must be a feature of the slot {slots[1]}", ALREADY)


@pytest.mark.parametrize(
    ("curator", "effort"),
    [
        (None, Effort.CODE),
        (IN_SPEC, Effort.CODE),
        (IN_SPEC.replace('{"organism_ontology_term_id"}', f'{{"{HAD}"}}'), Effort.NOTHING),
    ],
)
def test_a_column_that_leaves_one_of_two_slots_is_one_of_the_other(
    curator: str | None, effort: Effort
) -> None:
    uns = [*UNS, KIND]
    old, new = document(obs=[*OBS, KIND], uns=uns), document("2.0.0", uns=uns)
    one = only(of(old, new, curator), "Fields removed")
    assert one.effort is effort
    assert one.reason in ("it must be a feature of the slot uns", ALREADY)


def test_of_a_renamed_column_that_stands_by_both_names_the_older_must_go() -> None:
    both = IN_SPEC.replace('"organism_ontology_term_id"}', f'"x"}}\nFeature(name="{CALLED}")\n', 1)
    one = only(of(*suspension(CALLED), both), "Fields renamed or moved")
    assert (one.effort, one.reason) == (
        Effort.CODE,
        f'the entry "{HAD}" must leave categoricals_to_spec',
    )

"""The patch of LaminDB's module: what it changes, that git takes it, and that the result works."""

import ast
import json
import os
import subprocess
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import documents
import forked
import pytest
from schema_documents import OBS, SMALL, document

from bot.schema.diff import diff
from bot.schema.document import parse_document
from bot.schema.impact import Consequence, CuratorError, Effort, read_curator
from bot.schema.impact.curator import lacking, wanted
from bot.schema.impact.fields import is_simple_column
from bot.schema.patch import (
    PATH,
    edits,
    open_questions,
    patch,
    patch_text,
    patched,
    unified,
)
from bot.schema.rules import rules_of
from bot.schema.spec import Spec

ROOT = Path(__file__).parents[3]
FOUND = find_spec("lamindb")
FILE = Path(FOUND.origin if FOUND and FOUND.origin else "none").parent.joinpath(
    "examples", "cellxgene", "_cellxgene.py"
)
real = pytest.mark.skipif(not FILE.is_file(), reason="no LaminDB in .venv")
PAIRS = [("1.0.0", "2.0.0"), ("2.0.0", "2.1.0")]
PAIRS += [("5.2.0", "7.0.0"), ("6.0.0", "7.0.0"), ("5.0.0", "5.2.0"), ("7.0.0", "7.1.0")]
every_pair = pytest.mark.parametrize(("old", "new"), documents.here(*PAIRS))
MUST = "Curator MUST annotate."
STR = "categorical with <code>str</code> categories. "
TERMS = ("cell_type_ontology_term_id", MUST, f"{STR}This MUST be a CL term.")


def unpatched(source: str, old: Spec, new: Spec) -> tuple[Consequence, ...]:
    """The code edits that remain when the patch is applied: a person must make them."""
    left = open_questions(source, old, new)
    return tuple(one for one in left if one.effort is Effort.CODE)


@cache
def spec(version: str) -> Spec:
    return parse_document(documents.text(version))


def small(*obs: tuple[str, str, str], version: str = "2.0.0") -> Spec:
    genes = [("NCBITaxon:9606", "Homo sapiens", "x"), ("NCBITaxon:10090", "Mus musculus", "x")]
    organism = "<code>str</code>.<table><tr><th>For</th><th>MUST Use</th></tr>" + "".join(
        f"<tr><td>{name}</td><td><code>{taxon}</code></td></tr>" for taxon, name, _ in genes
    )
    uns = [("organism_ontology_term_id", MUST, organism + "</table>")]
    return parse_document(document(version, obs=[TERMS, *obs], uns=uns, genes=genes))


def changed(old: Spec, new: Spec) -> list[str]:
    """The lines that the patch of the small module takes and adds."""
    lines = patch(SMALL, old, new).splitlines()
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


TAXA = SMALL[SMALL.index('[\n        "NCBITaxon') : SMALL.index("]\n\n\ndef create") + 1]
MOUSE = [
    '-CELLxGENEOrganisms = Literal["human"]',
    '+CELLxGENEOrganisms = Literal["human", "mouse"]',
    '+        "NCBITaxon:10090",  # Mus musculus (Mouse)',
]


def test_an_organism_of_the_census_is_added_to_the_literal_and_to_what_is_saved() -> None:
    assert changed(small(), small()) == MOUSE


HUMAN = '"NCBITaxon:9606",  # Homo sapiens (Human)'
FISH = '"NCBITaxon:7955",  # Danio rerio (Zebrafish)'
ADDED = '"NCBITaxon:10090",  # Mus musculus (Mouse)'


@pytest.mark.parametrize(
    ("there", "after"),
    [
        (["[", HUMAN, FISH, "]"], ["[", HUMAN, ADDED, FISH, "]"]),
        (["[", HUMAN, "]"], ["[", ADDED, HUMAN, "]"]),
        (["[", HUMAN.replace(",", ""), "]"], ["[", ADDED, HUMAN.replace(",", ""), "]"]),
        (['["NCBITaxon:9606"]'], ['["NCBITaxon:10090", "NCBITaxon:9606"]']),
        (['["NCBITaxon:9606", "x:1"]'], ['["NCBITaxon:9606", "NCBITaxon:10090", "x:1"]']),
        (["[]"], ['["NCBITaxon:10090", "NCBITaxon:9606"]']),
    ],
)
def test_an_organism_stands_with_its_own_comment_in_a_list_of_whatever_length(
    there: list[str], after: list[str]
) -> None:
    source, wanted = (
        SMALL.replace(TAXA, "\n        ".join(lines).replace("        ]", "    ]"))
        for lines in (there, after)
    )
    result = patched(source, small(), small())[0]
    assert result == wanted.replace('Literal["human"]', 'Literal["human", "mouse"]')


def test_a_special_value_is_saved_and_told() -> None:
    value = f'{STR}This MUST be a CL term, <code>"unknown"</code> or <code>"na"</code>.'
    new = parse_document(document("2.0.0", obs=[(*TERMS[:2], value)]))
    assert changed(new, new) == [
        '-    for model, name in zip([bt.CellType], ["unknown"]):',
        '+    for model, name in zip([bt.CellType, bt.CellType], ["unknown", "na"]):',
    ]


@pytest.mark.parametrize("more", ["strict=True", "strict=False"])
def test_what_else_a_zip_is_told_stays_where_values_are_added(more: str) -> None:
    value = f'{STR}This MUST be a CL term, <code>"unknown"</code> or <code>"na"</code>.'
    new = parse_document(document("2.0.0", obs=[(*TERMS[:2], value)]))
    source = SMALL.replace('["unknown"])', f'["unknown"], {more})')
    assert source != SMALL
    result = patched(source, new, new)[0]
    assert f'zip([bt.CellType, bt.CellType], ["unknown", "na"], {more}):' in result


def test_labels_come_and_go_with_the_enumeration() -> None:
    old, new = (
        small(("tissue_type", MUST, f'{STR}<code>"tissue"</code>. This MUST be {values}.'))
        for values in ('<code>"cell culture"</code>', '<code>"cell line"</code>')
    )
    assert changed(old, new)[2:4] == [
        '-    for name in ["tissue", "cell culture"]:',
        '+    for name in ["tissue", "cell line"]:',
    ]


def test_a_renamed_and_a_new_column_stand_in_the_dictionary() -> None:
    rule = f"{STR}This MUST be a CL term."
    old = small(("ethnicity_ontology_term_id", MUST, rule))
    new = small(
        ("self_reported_ethnicity_ontology_term_id", MUST, rule),
        ("disease_ontology_term_id", MUST, rule),
    )
    lines = changed(old, new)
    assert (
        '-        "ethnicity_ontology_term_id": CategorySpec(bt.Ethnicity.ontology_id, None),'
        in (lines)
    )
    assert '+        "disease": CategorySpec(bt.Disease.name, None, False),' in lines
    text = patched(SMALL, old, new)[0]
    assert text.count('"self_reported_ethnicity_ontology_term_id"') == 1
    result = read_curator(text)
    assert result.fields["self_reported_ethnicity_ontology_term_id"] == ("Ethnicity",)
    assert result.fields["disease_ontology_term_id"] == ("Disease",)


def test_a_renamed_column_gains_the_registries_of_its_new_rules() -> None:
    """Its Feature is made by its new name: no instance holds one to be changed first."""

    def of(name: str, terms: str) -> Spec:
        rule = f"{STR}This MUST be {terms}."
        return small((f"{name}_ontology_term_id", MUST, rule), (name, MUST, f"{STR}A name."))

    source = SMALL.replace("Ethnicity", "Tissue").replace('"ethnicity', '"organ_tissue')
    old, new = of("organ_tissue", "a CL term"), of("tissue", "a CL term or a Cellosaurus term")
    result, sentences = patched(source, old, new)
    held = read_curator(result).fields
    union = ("Tissue", "CellType", "CellLine")
    assert {name: held[name] for name in held if "tissue" in name} == {
        "tissue": union,
        "tissue_ontology_term_id": union,
    }
    assert [sentence for sentence in sentences if "tissue" in sentence] == [
        "organ_tissue is called tissue now.",
        "Terms of tissue stand in CellType and CellLine too.",
        "organ_tissue_ontology_term_id is called tissue_ontology_term_id now.",
        "Terms of tissue_ontology_term_id stand in CellType and CellLine too.",
    ]
    assert patch(result, old, new) == ""


def test_a_renamed_column_that_the_module_has_by_no_name_is_added_by_the_newer_one() -> None:
    rule = f"{STR}This MUST be a CL term."
    old = small(("ethnicity_ontology_term_id", MUST, rule))
    new = small(("self_reported_ethnicity_ontology_term_id", MUST, rule))
    source = SMALL.replace('"ethnicity', '"other')
    held = read_curator(patched(source, old, new)[0]).fields
    assert held["self_reported_ethnicity_ontology_term_id"] == ("Ethnicity",)
    assert unpatched(source, old, new) == ()


@pytest.mark.parametrize(
    ("there", "entry"),
    [
        (SMALL, "(bt.{}.ontology_id, None, {})"),
        (SMALL.replace(", False)", ")"), "(bt.{}.ontology_id, None)"),
        (
            SMALL.replace(", None)", ", None, needs_organism=False)"),
            "(bt.{}.ontology_id, None, {})",
        ),
    ],
)
@pytest.mark.parametrize(
    ("name", "registry", "needs_organism"),
    [("development_stage", "DevelopmentalStage", True), ("disease", "Disease", False)],
)
def test_a_new_entry_has_the_arguments_that_the_modules_others_have(
    there: str, entry: str, name: str, registry: str, needs_organism: bool
) -> None:
    new = small((f"{name}_ontology_term_id", MUST, f"{STR}This MUST be a CL term."))
    result = patched(there, new, new)[0]
    (value,) = (
        value
        for node in ast.walk(ast.parse(result))
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == f"{name}_ontology_term_id"
    )
    assert ast.unparse(value) == f"CategorySpec{entry.format(registry, needs_organism)}"


@pytest.mark.parametrize(
    ("names", "taxa", "expected"),
    [
        (("human", "mouse"), ("NCBITaxon:9606", "NCBITaxon:10090"), {}),
        (("human",), ("NCBITaxon:9606", "NCBITaxon:10090"), {"mouse": "CELLxGENEOrganisms"}),
        (
            *(("human", "mouse"), ("NCBITaxon:9606",)),
            {"NCBITaxon:10090": "save_cellxgene_defaults"},
        ),
        (
            *(("human",), ("NCBITaxon:9606",)),
            {"mouse": "CELLxGENEOrganisms", "NCBITaxon:10090": "save_cellxgene_defaults"},
        ),
    ],
)
def test_an_organism_must_stand_in_the_module_by_its_name_and_by_its_taxon(
    names: tuple[str, ...], taxa: tuple[str, ...], expected: dict[str, str]
) -> None:
    module = replace(read_curator(SMALL), organisms=names, taxa=dict.fromkeys(taxa, ""))
    found = dict(lacking(wanted(rules_of(small())), module))
    asked = ("mouse", "NCBITaxon:10090", "human", "NCBITaxon:9606")
    assert {what: found[what] for what in asked if what in found} == expected


def test_a_column_that_went_leaves_the_dictionary() -> None:
    old = small(("ethnicity_ontology_term_id", MUST, STR))
    result = patched(SMALL, old, small())[0]
    assert "ethnicity_ontology_term_id" not in read_curator(result).fields


def keys(source: str) -> list[str]:
    """The columns of the dictionary, as often as they stand there."""
    (entries,) = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Dict))
    return [str(key.value) for key in entries.keys if isinstance(key, ast.Constant)]


ETHNICITY = "ethnicity_ontology_term_id"


@pytest.mark.parametrize("by", ["removal", "renaming"])
def test_a_column_that_went_from_one_component_and_stays_in_another_keeps_its_entry(
    by: str,
) -> None:
    rule = f"{STR}This MUST be a CL term."
    there = [("title", MUST, "<code>str</code>."), (ETHNICITY, MUST, rule)]
    called = [(f"self_reported_{ETHNICITY}", MUST, rule)] if by == "renaming" else []
    old, new = (
        parse_document(document(version, obs=[TERMS, *obs], uns=there))
        for version, obs in (("1.0.0", [(ETHNICITY, MUST, rule)]), ("2.0.0", called))
    )
    held = keys(patched(SMALL, old, new)[0])
    assert held.count(ETHNICITY) == 1
    assert held.count(f"self_reported_{ETHNICITY}") == len(called)


def test_a_renamed_column_that_the_module_has_by_both_names_leaves_the_older_one() -> None:
    rule = f"{STR}This MUST be a CL term."
    name = f"self_reported_{ETHNICITY}"
    old, new = small((ETHNICITY, MUST, rule)), small((name, MUST, rule))
    entry = f'        "{name}": CategorySpec(bt.Ethnicity.ontology_id, None),\n'
    source = SMALL.replace('        "ethnicity":', f'{entry}        "ethnicity":')
    result = patched(source, old, new)[0]
    assert [key for key in keys(result) if key.endswith(ETHNICITY)] == [name]
    assert unpatched(source, old, new) == ()


FEATURES = """\
    obs_features = []
    for name in ["suspension_type"]:
        if name not in obs_categoricals:
            obs_features.append(Feature(name=name, dtype=ULabel.name).save())
    return obs_features
"""
LABELS = '<code>str</code>. This MUST be <code>"low"</code> or <code>"not known"</code>.'
IF = "Curator MUST annotate if <code>a</code> is present; otherwise, it MUST NOT be present."


@pytest.mark.parametrize("name", [None, "kind_of_suspension_type"])
def test_a_feature_of_a_column_that_went_or_has_another_name_is_left_over(
    name: str | None,
) -> None:
    """The patch edits the entry of the dictionary alone."""
    entry = '        "suspension_type": CategorySpec(ULabel.name, None),\n'
    both = SMALL.replace('        "ethnicity":', f'{entry}        "ethnicity":') + FEATURES
    old = small(("suspension_type", MUST, LABELS))
    new = small(*([(name, MUST, LABELS)] if name else []))
    for source in (both, SMALL + FEATURES):
        (left,) = unpatched(source, old, new)
        verb = "of" if name and source is not both else "must leave"
        assert left.reason.startswith(
            f'the entry "suspension_type" {verb} the features that are made by name'
        )
        assert f'Feature(name="{name}"' not in patched(source, old, new)[0]
    assert entry not in patched(both, old, new)[0]
    nowhere = both.replace("suspension_type", "other")
    assert unpatched(nowhere, old, new) == ()


def test_new_flags_and_enumerations_are_features_of_obs() -> None:
    new = small(
        ("dose_level", IF, LABELS),
        ("is_fed", MUST, "<code>bool</code>."),
        ("age", MUST, "<code>int</code>."),
        ("sample_id", MUST, LABELS.replace("MUST be", "MUST be free-text, but for")),
    )
    result, sentences = patched(SMALL + FEATURES, small(), new)
    compile(result, "patched", "exec")
    assert sentences[-3:] == (
        "save_cellxgene_defaults doesn't save the values of dose_level.",
        "obs has no feature of dose_level, which only some datasets have.",
        "obs has no feature of is_fed.",
    )
    assert read_curator(result).labels["dose_level"] == ("low", "not known")
    assert result.endswith(
        """
    obs_features.append(
        Feature(name="dose_level", dtype=ULabel.name)
        .save()
        .with_config(optional=True)
    )
    obs_features.append(Feature(name="is_fed", dtype=bool).save())
    return obs_features
"""
    )
    assert patch(result, small(), new) == ""
    assert unpatched(SMALL + FEATURES, small(), new) == ()
    assert "sample_id" not in result


@pytest.mark.parametrize(
    ("annotator", "optional"),
    [
        (MUST, False),
        ("Curator", False),
        ("Curator MAY annotate.", True),
        ("Curator SHOULD annotate.", True),
        ("Curator MUST annotate if <code>a</code> is present.", True),
        (IF, True),
    ],
)
@pytest.mark.parametrize("value", [LABELS, "<code>bool</code>."])
def test_a_new_column_that_not_every_dataset_must_have_is_optional(
    value: str, annotator: str, optional: bool
) -> None:
    new = small(("dose_level", annotator, value))
    result, sentences = patched(SMALL + FEATURES, small(), new)
    assert result.count('Feature(name="dose_level"') == 1
    assert ("with_config(optional=True)" in result) is optional
    only_some = ", which only some datasets have" if optional else ""
    assert f"obs has no feature of dose_level{only_some}." in sentences


@pytest.mark.parametrize("name", ["ethnicity", "suspension_type"])
def test_a_new_column_that_the_module_has_already_gets_no_second_feature(name: str) -> None:
    """By `categoricals_to_spec`, or by a loop over names."""
    result, _ = patched(SMALL + FEATURES, small(), small((name, MUST, LABELS)))
    assert result.count(f'"{name}"') == 1


IS_FED = ("is_fed", MUST, "<code>bool</code>.")
UNGUARDED = """\
    obs_features = []
    for name in ["is_primary_data", "suspension_type"]:
        obs_features.append(Feature(name=name, dtype=ULabel.name).save())
    return obs_features
"""
BROKEN = """\
        obs_features.append(
            Feature(
                name=name, dtype=ULabel.name
            ).save()
        )
"""


GUARDED = UNGUARDED.splitlines(keepends=True)
GUARDED[2:3] = ["        if name not in obs_categoricals:\n", f"    {GUARDED[2]}"]


@pytest.mark.parametrize("names", [["is_primary_data"], []])
@pytest.mark.parametrize("loop", [UNGUARDED, "".join(GUARDED)])
def test_a_flag_that_is_made_a_label_becomes_a_bool_whether_doubles_are_guarded_against_or_not(
    loop: str, names: list[str]
) -> None:
    others = ["suspension_type"]
    old, made = '["is_primary_data", "suspension_type"]', json.dumps([*names, *others])
    assert loop.count(old) == 1
    new = small(*((name, MUST, "<code>bool</code>.") for name in names))
    result, sentences = patched(SMALL + loop.replace(old, made), new, new)
    bools = "".join(
        f'    obs_features.append(Feature(name="{name}", dtype=bool).save())\n' for name in names
    )
    wanted = "".join(GUARDED).replace(old, json.dumps(others))
    head, rest = wanted.split("    for ")
    assert result.endswith(f"{head}{bools}    for {rest}")
    told = [one for one in sentences if "is a bool in the schema" in one]
    assert told == [f"{name} is a bool in the schema, and is a label here." for name in names]
    assert read_curator(result).flags == set(names)
    assert patch(result, new, new) == ""


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("CELLxGENEOrganisms = ", "CELLxGENEOrganisms: TypeAlias = "),
        ("taxonomy_ids = ", "taxonomy_ids: list[str] = "),
        ("categoricals_to_spec: dict[str, CategorySpec] = ", "categoricals_to_spec = "),
        ('([bt.CellType], ["unknown"])', '((bt.CellType,), ("unknown",))'),
        ('["tissue", "cell culture"]', '("tissue", "cell culture")'),
        ('["is_primary_data", "suspension_type"]', '("is_primary_data", "suspension_type")'),
        (UNGUARDED.splitlines(keepends=True)[2], BROKEN),
    ],
)
def test_a_module_that_is_written_otherwise_is_edited_as_well(here: str, there: str) -> None:
    whole = SMALL + UNGUARDED
    assert whole.count(here) == 1
    value = f'{STR}This MUST be a CL term, <code>"unknown"</code> or <code>"na"</code>.'
    tissue = f'{STR}This MUST be <code>"tissue"</code> or <code>"organoid"</code>.'
    new = small(
        ("is_primary_data", MUST, "<code>bool</code>."),
        ("tissue_type", MUST, tissue),
        ("disease_ontology_term_id", MUST, f"{STR}This MUST be a CL term."),
        ("development_stage_ontology_term_id", MUST, value),
        IS_FED,
    )
    (plain, said), (other, said_of_other) = (
        patched(source, new, new) for source in (whole, whole.replace(here, there))
    )
    assert said_of_other == said
    held, wanted = (replace(read_curator(one), names=frozenset()) for one in (other, plain))
    assert held == wanted
    assert len(said) > 8
    assert patch(other, new, new) == ""


SAVED = "save_cellxgene_defaults"
NAMED = 'names = ("is_primary_data", "suspension_type")\n    obs_features = []'
UNKNOWN = f'{STR}This MUST be a CL term or <code>"unknown"</code>.'


@pytest.mark.parametrize(
    ("here", "there", "what", "where"),
    [
        ('Literal["human"]', 'Literal["human", *OTHERS]', None, ""),
        ('= Literal["human"]', '= names("human")', "mouse", "CELLxGENEOrganisms"),
        (TAXA, 'sorted(["NCBITaxon:9606"])', "NCBITaxon:10090", SAVED),
        (
            'zip([bt.CellType], ["unknown"])',
            "zip(models, texts)",
            '"unknown" of DevelopmentalStage',
            SAVED,
        ),
        (
            '["unknown"])',  # the shorter list would end the loop
            '["unknown"], ["of cells"])',
            '"unknown" of DevelopmentalStage',
            SAVED,
        ),
        ('["unknown"])', '["unknown"], *others)', '"unknown" of DevelopmentalStage', SAVED),
        ('["tissue", "cell culture"]', "types", "values of tissue_type", SAVED),
        ('["is_primary_data", "suspension_type"]', "names", "is_primary_data", "the bool features"),
        ("obs_features.append", "add", "is_fed", "obs"),
    ],
)
def test_what_the_patch_cannot_edit_is_left_to_a_person(
    here: str, there: str, what: str | None, where: str
) -> None:
    """Though no change of the schema asks for it."""
    whole = SMALL + UNGUARDED.replace("obs_features = []", NAMED)
    assert whole.count(here) == 1
    new = small(
        ("development_stage_ontology_term_id", MUST, UNKNOWN),
        ("is_primary_data", MUST, "<code>bool</code>."),
        ("tissue_type", MUST, f'{STR}This MUST be <code>"organoid"</code>.'),
        IS_FED,
    )
    assert open_questions(whole, new, new) == ()
    left = {one.subject: one for one in open_questions(whole.replace(here, there), new, new)}
    if what is None:
        assert left == {}
        return
    assert left[what].effort is Effort.CODE
    assert left[what].reason == f"the patch finds no place for it in {where}"
    assert f"- {left[what].subject} (asked for" in patch_text(whole.replace(here, there), new, new)


def test_of_several_zips_only_that_of_registries_is_extended() -> None:
    value = f'{STR}This MUST be a CL term, <code>"unknown"</code> or <code>"na"</code>.'
    new = parse_document(document("2.0.0", obs=[(*TERMS[:2], value)]))
    others = [
        'for a, b in zip([1, 2], ["x", "y"]):\n    print(a)\n',
        "for a, b in zip(some, others):\n    print(a)\n",
        'for a, b in zip([bt.CellType], ["unknown"]):\n    print(a)\n',
    ]
    result = patched("".join([SMALL, *others]), new, new)[0]
    assert result == patched(SMALL, new, new)[0] + "".join(others)


@pytest.mark.parametrize(
    ("run_together", "parts"),
    [
        ("rhesus macaquedomestic pig", ["rhesus macaque", "domestic pig"]),
        ("mousepig", ["mouse", "pig"]),
        ("pigeon", ["pigeon"]),
        ("ratfish", ["ratfish"]),
        ("pig iron", ["pig iron"]),
        ("mouse pig", ["mouse pig"]),
        ("human", ["human"]),
    ],
)
def test_two_names_are_parted_where_what_is_left_is_a_name(
    run_together: str, parts: list[str]
) -> None:
    source = SMALL.replace('Literal["human"]', f'Literal["human", "mouse", "{run_together}"]')
    result = read_curator(patched(source, small(), small())[0])
    assert list(result.organisms[2:]) == parts


def test_the_title_says_what_the_patch_is_for() -> None:
    """The small module lacks the mouse, which both versions have."""
    old = small(version="1.0.0")
    flag = small(("is_fed", MUST, "<code>bool</code>."))
    terms = small(
        ("treatment", MUST, f'{STR}This MUST be one or more CL terms, delimiter <code>";"</code>.')
    )
    told = patch_text(SMALL + FEATURES, old, flag)
    assert told.startswith("LaminDB's CELLxGENE module for dataset schema 2.0.0 (from 1.0.0)\n")
    assert "\nFor 2.0.0:\n- obs has no feature of is_fed.\n\n1.0.0 asks for this already:\n" in told
    told = patch_text(SMALL + FEATURES, old, terms)
    assert told.splitlines()[0] == (
        "LaminDB's CELLxGENE module for dataset schema 1.0.0: no edit of this is for 2.0.0"
    )
    assert "For 2.0.0:" not in told
    left = told.partition("What 2.0.0 asks for, and a person must decide or write:\n")[2]
    assert left.startswith(
        "- obs: treatment (Curator MUST annotate; one or more CL terms, delimiter"
    )
    assert "bionty.CellType for CL (source cl)" in left.splitlines()[0]


def test_edits_are_told_apart_by_the_version_that_asks_first() -> None:
    old, new = small(version="1.0.0"), small(("is_fed", MUST, "<code>bool</code>."))
    made = edits(SMALL + FEATURES, old, new)
    assert made.new == ("obs has no feature of is_fed.",)
    assert [sentence for sentence in made.overdue if "mouse" in sentence]


DOSE = ("dose_level", IF, LABELS)


@pytest.mark.parametrize("column", [IS_FED, DOSE])
def test_a_column_that_the_older_version_has_already_is_overdue(
    column: tuple[str, str, str],
) -> None:
    """Whoever left out its release mustn't lose it for ever."""
    old, new = small(column, version="1.0.0"), small(column)
    made = edits(SMALL + FEATURES, old, new)
    assert made.new == ()
    assert any(f"obs has no feature of {column[0]}" in sentence for sentence in made.overdue)
    result = patched(SMALL + FEATURES, old, new)[0]
    assert column[0] in read_curator(result).features
    assert patch(result, old, new) == ""
    assert edits(SMALL + FEATURES, small(version="1.0.0"), new).new != ()


@pytest.mark.parametrize("name", ["bt", "model", "ULabel", "obs_features", "tissue_type"])
def test_a_new_column_takes_no_name_that_stands_for_something_in_the_module(name: str) -> None:
    new = small((name, MUST, LABELS))
    result = patched(SMALL + FEATURES, small(), new)[0]
    assert f"{name} = ULabel(" not in result
    if name != "tissue_type":
        (left,) = unpatched(SMALL + FEATURES, small(), new)
        assert left.subject == f"obs: {name}"


def test_a_type_that_must_be_changed_first_is_told_with_the_edit_that_changes_it() -> None:
    def of(terms: str, version: str) -> Spec:
        rule = f"{STR}This MUST be {terms}."
        return small(("tissue_ontology_term_id", MUST, rule), version=version)

    entry = '        "tissue_ontology_term_id": CategorySpec(bt.Tissue.ontology_id, None),\n'
    source = SMALL.replace('        "ethnicity":', f'{entry}        "ethnicity":')
    first = "Instances that hold these Features must have their types changed first: {}."
    changed_first = first.format("tissue_ontology_term_id")
    old = of("a CL term", "1.0.0")
    both = of("a CL term or a Cellosaurus term", "2.0.0")
    for new, is_new in ((both, True), (of("a CL term", "2.0.0"), False)):
        made = edits(source, old, new)
        assert (changed_first in made.new, changed_first in made.overdue) == (is_new, not is_new)
        for sentences in (made.new, made.overdue):
            told = any("Terms of tissue_ontology_term_id stand in" in one for one in sentences)
            assert told is (changed_first in sentences)


@real
@every_pair
def test_git_takes_the_patch_and_a_patched_file_needs_none(
    old: str, new: str, tmp_path: Path
) -> None:
    source = FILE.read_text()
    target = tmp_path / PATH
    target.parent.mkdir(parents=True)
    target.write_text(source)
    text = patch_text(source, spec(old), spec(new))
    (tmp_path / "x.patch").write_text(text)
    for command in (["init", "-q"], ["apply", "--check", "x.patch"], ["apply", "x.patch"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True, capture_output=True)
    assert target.read_text() == patched(source, spec(old), spec(new))[0]
    assert patch_text(target.read_text(), spec(old), spec(new)) == ""
    ast.parse(target.read_text())


LEFT = (
    ("1.0.0", "2.0.0", ["genetic_perturbation_id", "disease_ontology_term_id"]),
    ("5.2.0", "7.0.0", ["disease_ontology_term_id", "self_reported_ethnicity_ontology_term_id"]),
)


@real
@pytest.mark.parametrize(("old", "new", "fields"), documents.here(*LEFT))
def test_the_patch_is_minimal_and_says_why(old: str, new: str, fields: list[str]) -> None:
    text = patch_text(FILE.read_text(), spec(old), spec(new))
    head, _, hunks = text.partition("\ndiff --git ")
    asked = f"\nWhat {new} asks for, and a person must decide or write:\n"
    told, _, left = head.partition(asked)
    heads = [line.split(" (")[0] for line in left.splitlines()]
    assert heads[:2] == [f"- obs: {name}" for name in fields]
    assert told.splitlines() == [
        f"LaminDB's CELLxGENE module for dataset schema {new} (from {old})",
        "",
        f"For {new}:",
        '- CELLxGENEOrganisms lacks "pig".',
        "- save_cellxgene_defaults doesn't save NCBITaxon:9823 (Sus scrofa).",
        '- save_cellxgene_defaults didn\'t save "na" in CellType.',
        '- save_cellxgene_defaults didn\'t save "na" in DevelopmentalStage.',
        '- save_cellxgene_defaults didn\'t save "na" in Phenotype.',
        "- Terms of tissue stand in CellType and CellLine too.",
        "- Terms of tissue_ontology_term_id stand in CellLine too.",
        "- Instances that hold these Features must have their types changed first: tissue, "
        "tissue_ontology_term_id.",
        "",
        f"{old} asks for this already:",
        '- CELLxGENEOrganisms lacks a comma within "rhesus macaquedomestic pig".',
        "- Columns of categoricals_to_spec are added twice with names requested.",
        "- is_primary_data is a bool in the schema, and is a label here.",
        "- Instances that hold these Features must have their types changed first: "
        "is_primary_data.",
    ]
    lines = hunks.splitlines()
    # Each sign stands in the header as well.
    assert [sum(line[:1] == sign for line in lines) - 1 for sign in "+-"] == [19, 7]
    assert all(len(line) <= 89 for line in lines if line[:1] == "+")


@real
@every_pair
def test_no_code_edit_of_a_pair_is_left_over(old: str, new: str) -> None:
    assert unpatched(FILE.read_text(), spec(old), spec(new)) == ()


@real
@pytest.mark.parametrize(
    ("old", "new"),
    [
        *documents.here(("2.0.0", "2.1.0")),
        *(
            pytest.param(*pair, marks=pytest.mark.prove)
            for pair in documents.here(("5.2.0", "7.0.0"), ("7.0.0", "7.1.0"))
        ),
    ],
)
def test_the_patched_module_makes_its_schemas(old: str, new: str, tmp_path: Path) -> None:
    module = tmp_path / "patched.py"
    module.write_text(patched(FILE.read_text(), spec(old), spec(new))[0])
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    script = Path(__file__).with_name("patched_module.py")
    done = forked.run(
        [str(script), str(module), str(tmp_path / "store")],
        cwd=tmp_path,
        env={
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            **nowhere,
            **{name.upper(): value for name, value in nowhere.items()},
            "LAMIN_SETTINGS_DIR": str(tmp_path / "lamin"),
            "PYTHONPATH": str(ROOT),
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert told["special"] == {name: ["na", "unknown"] for name in told["special"]}
    assert {"NCBITaxon:9823", "NCBITaxon:9825"} <= set(told["taxa"])
    for names in told["obs"].values():
        assert len(names) == len(set(names))
        assert {"is_primary_data", "suspension_type", "tissue_type"} <= set(names)
        added = {
            field.name
            for field in diff(spec(old), spec(new)).fields_added
            if is_simple_column(field)
        }
        assert added <= set(names)
        assert added == set(told["optional"])
    types = told["features"]
    assert types["is_primary_data"] == "bool"
    assert types["tissue"] == "cat[bionty.Tissue|bionty.CellType|bionty.CellLine]"
    assert types["tissue_ontology_term_id"] == (
        "cat[bionty.Tissue.ontology_id|bionty.CellType.ontology_id|bionty.CellLine.ontology_id]"
    )


def test_another_module_is_refused() -> None:
    empty = parse_document(document(obs=OBS))
    with pytest.raises(CuratorError):
        patch("x = 1\n", empty, empty)


def test_a_diff_tells_git_where_the_last_line_has_no_end() -> None:
    assert unified("a\nb", "a\nc", "f").splitlines()[-4:] == [
        "-b",
        "\\ No newline at end of file",
        "+c",
        "\\ No newline at end of file",
    ]
    assert unified("a", "a", "f") == ""


@pytest.mark.parametrize("mark", ["\f", "\v", "\r", "\x1c", "\x85", "\u2028"])
def test_a_line_of_a_diff_ends_where_git_ends_it(mark: str) -> None:
    before, after = (f"a{mark}b\nc\n{last}\n" for last in "de")
    assert unified(before, after, "f").split("\n")[3:] == [
        "@@ -1,3 +1,3 @@",
        f" a{mark}b",
        " c",
        "-d",
        "+e",
        "",
    ]


PIG = '"NCBITaxon:9825",  # Sus scrofa domesticus (Domestic pig)'
SPECIES = '"NCBITaxon:9823",  # Sus scrofa (Pig)'


def man_and_pig() -> Spec:
    genes = [("NCBITaxon:9606", "Homo sapiens", "x"), ("NCBITaxon:9823", "Sus scrofa", "x")]
    rows = "".join(f"<tr><td>{n}</td><td><code>{t}</code></td></tr>" for t, n, _ in genes)
    organism = f"<code>str</code>.<table><tr><th>For</th><th>MUST Use</th></tr>{rows}</table>"
    uns = [("organism_ontology_term_id", MUST, organism)]
    return parse_document(document("2.0.0", obs=[TERMS], uns=uns, genes=genes))


@pytest.mark.parametrize(
    ("there", "after"),
    [
        ([PIG, HUMAN], [PIG, SPECIES, HUMAN]),
        ([HUMAN, PIG], [HUMAN, SPECIES, PIG]),  # the last one's comment is the bracket's
        ([PIG], [SPECIES, PIG]),
        ([HUMAN, PIG.replace(",", "")], [HUMAN, SPECIES, PIG.replace(",", "")]),
        ([FISH, PIG, HUMAN], [FISH, PIG, SPECIES, HUMAN]),
    ],
)
def test_a_species_stands_beside_its_subspecies_and_each_with_its_own_comment(
    there: list[str], after: list[str]
) -> None:
    new = man_and_pig()
    source, wanted = (
        SMALL.replace(TAXA, "\n        ".join(["[", *lines]) + "\n    ]")
        for lines in (there, after)
    )
    found = patched(source, new, new)[0]
    saved = [
        text[text.index("taxonomy_ids") : text.index("def create")] for text in (found, wanted)
    ]
    # a module without the human gets it, too
    kept = [line for line in saved[0].splitlines() if HUMAN in there or "9606" not in line]
    assert kept == saved[1].splitlines()


@pytest.mark.parametrize(
    ("lines", "is_subspecies"),
    [
        (['"NCBITaxon:9825",  # Sus scrofa domesticus'], True),
        (['"NCBITaxon:9825"  # Sus scrofa domesticus'], True),
        (["'NCBITaxon:9825',\t#Sus scrofa domesticus"], True),
        (['"NCBITaxon:9825",', "# Sus scrofa is never a pet"], False),
        (['"NCBITaxon:9825"', "# Sus scrofa is never a pet"], False),
        (['"NCBITaxon:9825",', "", "# Sus scrofa is never a pet"], False),
        (['"NCBITaxon:9825",  # a pig', "# Sus scrofa is never a pet"], False),
        (["# Sus scrofa is never a pet", '"NCBITaxon:9825",'], False),
    ],
)
def test_a_taxon_is_a_subspecies_by_the_comment_of_its_own_line_alone(
    lines: list[str], is_subspecies: bool
) -> None:
    source = SMALL.replace(TAXA, "\n        ".join(["[", HUMAN, *lines, "]"]))
    _, sentences = patched(source, man_and_pig(), man_and_pig())
    told = "save_cellxgene_defaults doesn't save NCBITaxon:9823 (Sus scrofa)."
    assert (told in sentences) is is_subspecies

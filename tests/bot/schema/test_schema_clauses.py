"""What a clause demands, of which organism and where; and what is said of rules made of them."""

import json
from dataclasses import replace

import pytest
from fields import field_of
from ruled import A_OR_B, CELL_TYPE, IS_LINE, LINE, MUST, STR, of, of_mood
from schema_documents import GENES, OBS, ONTOLOGIES, document

from bot.errors import BotError
from bot.schema.document import parse_document
from bot.schema.rules import rules_of, to_json, to_text
from bot.schema.rules.annotation import registry_of_terms
from bot.schema.rules.answers import explained, open_judgements, with_answers, with_proposals
from bot.schema.rules.clauses import Clause, clauses, told_apart
from bot.schema.rules.conditions import TermPhrase, literals, path, prefix, term_phrases
from bot.schema.rules.demands import Demands
from bot.schema.rules.document_terms import document_terms
from bot.schema.rules.lamindb import label_type
from bot.schema.rules.presence import is_optional
from bot.schema.rules.wheels import guide_of, missing, tables_of
from bot.schema.spec import Spec, ValueTable
from runners.contract.rules import Circumstance

ORGANISM = "`organism_ontology_term_id`"
HUMAN, MOUSE = "NCBITaxon:9606", "NCBITaxon:10090"
IF_HUMAN = f'If {ORGANISM} is `"{HUMAN}"` for Homo sapiens,'


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (f'{IF_HUMAN} it MUST be `"a"`.', [(HUMAN, 'it MUST be `"a"`.', "")]),
        (
            f'If {ORGANISM} is `"{HUMAN}"` or `"{MOUSE}"`, it MUST be `"a"`.',
            [(f"{HUMAN} {MOUSE}", 'it MUST be `"a"`.', "")],
        ),
        (
            f'{IF_HUMAN} it MUST be `"a"`. Otherwise, it MUST be `"b"`.',
            [(HUMAN, 'it MUST be `"a"`.', ""), ("*", 'it MUST be `"b"`.', "")],
        ),
        (
            f'{IF_HUMAN} it MUST be `"a"` if unavailable; otherwise, it MUST be `"b"`.',
            [(HUMAN, 'it MUST be `"a"`', "if unavailable;"), (HUMAN, 'it MUST be `"b"`.', "")],
        ),
        (
            f'{IF_HUMAN} it MUST be `"a"` if unavailable; '
            'otherwise, it MUST be `"b"` and MUST NOT be `"c"`.',
            [
                (HUMAN, 'it MUST be `"a"`', "if unavailable;"),
                (HUMAN, 'it MUST be `"b"`.', ""),
                (HUMAN, 'it MUST NOT be `"c"`.', ""),
            ],
        ),
        (
            f'{IF_HUMAN} it MUST be `"a"`. Otherwise, it MUST be `"b"` and MUST NOT be `"c"`.',
            [
                (HUMAN, 'it MUST be `"a"`.', ""),
                ("*", 'it MUST be `"b"`.', ""),
                ("*", 'it MUST NOT be `"c"`.', ""),
            ],
        ),
        (
            'It MUST be `"a"` if unavailable; otherwise, it MUST be `"b"`.',
            [(None, 'It MUST be `"a"`', "if unavailable;"), (None, 'it MUST be `"b"`.', "")],
        ),
        (
            f'If {ORGANISM} is NOT `"{HUMAN}"`, it MUST be `"a"`. Otherwise, it MUST be `"b"`.',
            [("*", 'it MUST be `"a"`.', ""), (HUMAN, 'it MUST be `"b"`.', "")],
        ),
        (
            'If `x` is `"q"` then:\nFor all other organisms, it MUST be `"a"`.',
            [("*", 'it MUST be `"a"`.', 'If `x` is `"q"` then:')],
        ),
        (
            'If `x` is `"q"`, it MUST be `"b"`.\nFor all other organisms, it MUST be `"a"`.',
            [(None, 'it MUST be `"b"`.', 'If `x` is `"q"`'), ("*", 'it MUST be `"a"`.', "")],
        ),
        (
            'It MUST be one of:\n- `"a"` if `x` is `"q"`\n- `"b"`\n- a CL term',
            [
                (None, "It MUST be one of:", ""),
                (None, '- `"a"`', 'if `x` is `"q"`'),
                (None, '- `"b"`', ""),
                (None, "- a CL term", ""),
            ],
        ),
        (
            'If `x` is `"q"`, it MUST be one of:\n- `"a"`\n- `"b"` if `x` is `"r"`',
            [
                (None, "it MUST be one of:", 'If `x` is `"q"`'),
                (None, '- `"a"`', 'If `x` is `"q"`'),
                (None, '- `"b"`', 'if `x` is `"r"`'),
            ],
        ),
        (
            'It MUST be `"a"` if any of:\n- `x` is `"q"`\n- it rains',
            [
                (None, 'It MUST be `"a"`', "if any of:"),
                (None, 'It MUST be `"a"`', '`x` is `"q"`'),
            ],
        ),
        (
            "It MUST be a descendant of either:\n- `CL:0000001`",
            [
                (None, "It MUST be a descendant of either:", ""),
                (None, "- a descendant of `CL:0000001`", ""),
            ],
        ),
        (
            "These and their descendants MUST be used:\n- `CL:0000001`",
            [
                (None, "These and their descendants MUST be used:", ""),
                (None, "- `CL:0000001` and its descendants", ""),
            ],
        ),
        ('It MUST be `"a"` such as `"b"`.', [(None, 'It MUST be `"a"`.', "")]),
        ("It is nice:\n- so\n- it MAY be thus", [(None, "- it MAY be thus", "")]),
        ("It is nice.", []),
    ],
)
def test_a_clause_has_its_organism_and_its_condition(
    value: str, told: list[tuple[str | None, str, str]]
) -> None:
    found = clauses(field_of(value))
    assert [(one.taxon, one.text, one.condition) for one in found] == told


@pytest.mark.parametrize(
    ("head", "sentence", "condition"),
    [
        ("", '| `"NCBITaxon:9606"` | `"a"`', ""),
        ('If `x` is `"q"` then:\n', 'If `x` is `"q"` then:', 'If `x` is `"q"` then:'),
        ("It MUST be thus:\n", '| `"NCBITaxon:9606"` | `"a"`', ""),
    ],
)
def test_a_row_is_said_by_itself_or_by_the_condition_above_its_table(
    head: str, sentence: str, condition: str
) -> None:
    header = (f"For {ORGANISM}", "Use")
    text = f'{head}| {" | ".join(header)}\n| `"{HUMAN}"` | `"a"`'
    row = [*clauses(replace(field_of(text), tables=(ValueTable(header, ()),)))][-1]
    assert (row.text, row.taxon) == ('`"a"`', HUMAN)
    assert (row.sentence, row.condition) == (sentence, condition)


@pytest.mark.parametrize(
    ("sentence", "is_refused", "subject"),
    [
        ("It MUST NOT be `x`.", True, ""),
        ("It MAY be `x`.", False, ""),
        ("The corresponding value of `y` MUST be `x`.", False, "y"),
        ("The value of `y` MUST NOT be `x`.", True, "y"),
    ],
)
def test_a_clause_refuses_or_demands_and_of_which_column(
    sentence: str, is_refused: bool, subject: str
) -> None:
    (found,) = clauses(field_of(sentence))
    assert (found.refused, found.subject) == (is_refused, subject)


@pytest.mark.parametrize("condition", ["", "If `z` is `q`, "])
def test_both_halves_of_a_sentence_are_about_the_column_that_it_names(condition: str) -> None:
    the = "the" if condition else "The"
    sentence = f"{condition}{the} value of `y` MUST be `x` and MUST NOT be `w`."
    found = [(one.refused, one.subject) for one in clauses(field_of(sentence))]
    assert found == [(False, "y"), (True, "y")]


def said(taxon: str | None, text: str, sentence: str = "", **more: bool | str) -> Clause:
    return Clause(text, sentence or text, taxon, **more)  # type: ignore[arg-type]


OTHERS = said("*", "it MUST be b", "For all other organisms, it MUST be b")
OTHERWISE = said("*", "it MUST be b", "Otherwise, it MUST be b")


@pytest.mark.parametrize(
    ("every", "own", "refused"),
    [
        ([said(HUMAN, "it MUST be a")], {HUMAN}, set()),
        ([said(HUMAN, "it MAY be a")], set(), set()),
        ([said(HUMAN, "it MAY be a"), OTHERS], {HUMAN}, set()),
        ([said(HUMAN, "it MUST be a", condition="if unavailable")], set(), set()),
        ([said(HUMAN, "it MUST be a CL term", condition="if available")], {HUMAN}, set()),
        ([said(HUMAN, "it MUST NOT be a", refused=True)], set(), set()),
        ([said(HUMAN, "it MUST NOT be a", refused=True), OTHERS], set(), {HUMAN}),
        (
            [said(HUMAN, "it MUST NOT be a", refused=True), said(HUMAN, "it MUST be c"), OTHERS],
            {HUMAN},
            set(),
        ),
        (
            [said(HUMAN, "it MAY be a"), said(MOUSE, "it MAY be b"), OTHERS],
            {HUMAN, MOUSE},
            set(),
        ),
        ([said(HUMAN, "it MAY be a"), said(MOUSE, "it MAY be b"), OTHERWISE], {MOUSE}, set()),
        ([said("*", "it MUST be a", excepted=HUMAN)], {HUMAN}, set()),
        (
            [
                said(MOUSE, "it MAY be a"),
                said(HUMAN, "a", table="| x"),
                said("*", "b", table="| x"),
            ],
            {HUMAN},
            set(),
        ),
    ],
)
def test_the_organisms_that_have_rules_of_their_own(
    every: list[Clause], own: set[str], refused: set[str]
) -> None:
    found, only_refused = told_apart(every)
    assert (found, {*only_refused}) == (own, refused)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It MUST NOT be `CL:0001`", [("without", "CL:0001")]),
        ("or a descendant of `CL:0001`", [("without_under", "CL:0001")]),
        (
            "`CL:0001` or its descendants",
            [("without", "CL:0001"), ("without_under", "CL:0001")],
        ),
        ("a CL term", []),
    ],
)
def test_what_a_refusal_says_of_terms(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(term_phrases(text, refused=True)) == [TermPhrase(*one) for one in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a CL term except descendants of `CL:0001`",
            [("all", "CL"), ("without_under", "CL:0001")],
        ),
        (
            "`CL:0001` and `CL:0002` and all of their descendants",
            [("only", "CL:0001"), ("under", "CL:0001"), ("only", "CL:0002"), ("under", "CL:0002")],
        ),
        ("descendants of `CL:0001`, `CL:0002`", [("under", "CL:0001"), ("only", "CL:0002")]),
    ],
)
def test_what_a_demand_says_of_terms(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(term_phrases(text)) == [TermPhrase(*one) for one in expected]


def test_names_and_values_are_read_without_what_is_around_them() -> None:
    assert literals('`"a"` or `"CL:0000001"`, separated by `" || "` such as \'`"q"`\'') == [
        "a",
        "q",
    ]
    assert [prefix("CL:0000001"), prefix("CVCL_0001")] == ["CL", "CVCL"]
    paths = [path("uns['a']['b']"), path("uns['a']"), path("obs['a']"), path("a")]
    assert paths == ["a.b", "a", "a", "a"]


@pytest.mark.parametrize(
    ("annotation", "optional"),
    [
        ("Curator MUST annotate.", False),
        ("Curator MAY annotate.", True),
        ("Curator SHOULD annotate.", True),
        ("This key MUST NOT be present if `x` is `1`.", True),
        ("This key MUST NOT be present if `x` is `1`; otherwise, Curator MUST annotate.", False),
        ("Curator", False),
        ("Curator MUST NOT annotate.", False),
    ],
)
def test_what_an_annotator_is_free_to_leave_out(annotation: str, optional: bool) -> None:
    assert is_optional(field_of("x", annotation=annotation)) is optional


def spec(version: str = "1.0.0", *pins: tuple[str, str, str]) -> Spec:
    return parse_document(document(version, ontologies=[*ONTOLOGIES, *pins]))


@pytest.mark.parametrize(
    ("version", "pins", "guide"),
    [
        ("7.1.0", [], "1.10.0"),
        ("7.0.0", [], "1.11.1"),
        ("9.0.0", [], "1.11.1"),
        ("7.1.0", [("Mondo", "MONDO:", "2026-05-05")], "1.11.1"),
        ("9.0.0", [("mondo", "mondo", "2025-09-02")], "1.11.1"),
        ("7.1.0", [("Mondo", "MONDO:", "1999-01-01")], None),
    ],
)
def test_the_guide_is_one_that_has_every_pin_and_at_best_the_versions_own(
    version: str, pins: list[tuple[str, str, str]], guide: str | None
) -> None:
    found = guide_of(spec(version, *pins))
    assert (found.version if found else None) == guide


def test_which_wheel_has_a_versions_gene_tables() -> None:
    found = {version: tables_of(spec(version)) for version in ("3.0.0", "7.1.0", "9.0.0")}
    versions = {name: wheel.version if wheel else None for name, wheel in found.items()}
    assert versions == {"3.0.0": "3.1.3", "7.1.0": "7.1.2", "9.0.0": None}


def test_a_row_of_pins_is_missed_if_none_of_its_prefixes_is_there() -> None:
    newest = guide_of(spec("9.0.0"))
    assert newest is not None
    old, both, new = (
        ("Mondo", "MONDO:", "1999-01-01"),
        ("Zebrafish", "ZFA:<br>ZFS:", "2025-09-05"),
        ("New Things", "NT:<br>NU:", "1"),
    )
    assert [*missing(spec("9.0.0", old, both, new), newest).values()] == [("MONDO",), ("NT", "NU")]


def test_what_no_guide_has_in_any_version_is_proposed_by_its_form_and_else_asked() -> None:
    known = rules_of(spec("9.0.0", ("Mondo", "MONDO:", "1999-01-01")))
    (asked,) = (one for one in known.judgements if one.id == "cellxgene-ontology-guide")
    assert [choice.proposed for choice in asked.choices] == [False]
    assert not known.ontologies["MONDO"].by_form
    new = rules_of(spec("9.0.0", ("New Things", "NT:", "1")))
    (asked,) = (one for one in new.judgements if one.id == "cellxgene-ontology-guide")
    assert [choice.proposed for choice in asked.choices] == [True, False]
    assert [*asked.choices[1].changes] == [
        "ontology_guide/version",
        "ontology_guide/sha256",
        "ontologies/NT/by_form",
    ]
    assert {name for name, one in new.ontologies.items() if one.by_form} == {"NT"}


@pytest.mark.parametrize(
    ("name", "ontology", "before", "registry"),
    [
        ("tissue_ontology_term_id", "UBERON", "", "Tissue"),
        ("tissue_ontology_term_id", "CL", "", "CellType"),
        ("tissue_ontology_term_id", "CVCL", "", "CellLine"),
        ("tissue_ontology_term_id", "CL", "p:", "ULabel"),
        ("mood", "CL", "", "CellType"),
        ("mood", "NT", "", "ULabel"),
        ("donor_id", "CL", "", None),
    ],
)
def test_the_registry_of_terms_is_the_columns_or_else_the_ontologys(
    name: str, ontology: str, before: str, registry: str | None
) -> None:
    assert registry_of_terms(name, ontology, before) == registry


def test_labels_have_a_type_that_is_named_after_their_column() -> None:
    assert label_type("donor_mood_ontology_term_id").name == "DonorMood"
    assert label_type("tissue_type").description.startswith('From CellxGene schema. Is "tissue"')


def test_a_documents_terms_are_found_by_prefix_name_and_row() -> None:
    pins = [("Zebrafish Anatomy", "ZFS:<br>ZFA:", "1"), ("CL Lines", "XX:", "1")]
    terms = document_terms(spec("1.0.0", *pins))
    names = ("ZFS", "ZFA:0000001", "Zebrafish", "Cellosaurus", "CL", "XX", "none", "CVCL_0001")
    assert [terms.file(name) for name in names] == [
        "ZFA",
        "ZFA",
        "ZFA",
        "CVCL",
        "CL",
        "XX",
        None,
        "CVCL",
    ]


def test_a_key_within_uns_is_known_by_its_whole_path_alone() -> None:
    uns = [
        ("spatial", MUST, "<code>dict</code>. See <code>uns['spatial']['is_single']</code>."),
        ("is_single", MUST, "<code>bool</code>."),
    ]
    read = parse_document(document(uns=uns))
    terms = document_terms(read)
    known = [terms.knows(name) for name in ("spatial.is_single", "is_single", "spatial", "x")]
    assert known == [True, False, True, False]
    paths = {one.name: terms.path(one) for one in read.fields()}
    assert (paths["is_single"], paths["tissue_type"]) == ("spatial.is_single", "tissue_type")
    in_obs = parse_document(document(uns=uns[:1], obs=[*OBS, ("is_single", MUST, "x")]))
    found = {one.name: document_terms(in_obs).path(one) for one in in_obs.fields()}
    assert found["is_single"] == "is_single"


def test_a_question_and_what_is_left_are_noted_once_and_a_second_question_is_numbered() -> None:
    demands = Demands(field_of("x"))
    for text in ("one", "other", "one"):
        demands.judge("form", text)
        demands.leave(text)
    assert [one.id for one in demands.judgements] == ["obs.a: form", "obs.a: form 2"]
    assert [one.text for one in demands.unchecked] == ["one", "other"]


@pytest.mark.parametrize(
    ("order", "left", "is_sorted"),
    [
        ("in ascending order", [], True),
        ("in descending order", ["terms of one value stand sorted descending"], False),
        (
            "in the same order as <code>b</code>",
            ["terms of one value stand in the order of its terms"],
            False,
        ),
        ("in any way", [], False),
    ],
)
def test_the_order_of_terms_that_rules_cannot_say_is_noted(
    order: str, left: list[str], is_sorted: bool
) -> None:
    said = (
        f'This MUST be one or more CL terms separated by the delimiter <code>" | "</code> {order}'
    )
    rules = of(CELL_TYPE, f"{said}.")
    assert [one.text for one in rules.unchecked if "of one value" in one.text] == left
    found = rules.columns[CELL_TYPE]
    assert (found.delimiter, found.ordered, found.distinct) == (" | ", is_sorted, False)


def test_a_column_stands_where_its_annotator_says_and_where_its_value_says() -> None:
    where = f"if {IS_LINE}; otherwise, this key MUST NOT be present."
    beside = (
        f'The corresponding value of <code>{CELL_TYPE}</code> MUST be <code>"CL:0000001"</code>.'
    )
    rules = of_mood(f"Curator MUST annotate {where}", f"{A_OR_B} {beside}")
    assert rules.columns["mood"].present_where == (
        LINE,
        Circumstance(column=CELL_TYPE, among=("CL:0000001",)),
    )
    alone = of_mood("Curator MAY annotate.", f"{A_OR_B} {beside}").columns["mood"]
    assert (len(alone.present_where), alone.optional) == (1, True)


@pytest.mark.parametrize(
    ("condition", "taxon"),
    [
        ("", "*"),
        ("For all other organisms,", "*"),
        (f'If <code>organism_ontology_term_id</code> is <code>"{HUMAN}"</code>,', HUMAN),
    ],
)
def test_a_term_that_is_allowed_twice_stands_once_in_the_rules(condition: str, taxon: str) -> None:
    said = 'This MUST be <code>"CL:0000001"</code>.'
    again = f'{condition} this MAY be <code>"CL:0000001"</code>.'.strip()
    (entry,) = of(CELL_TYPE, f"{said} {again}").columns[CELL_TYPE].terms[taxon]
    assert entry.only == ("CL:0000001",)


# --- organisms ------------------------------------------------------------------------------------


def test_genes_of_what_no_dataset_is_of_are_foreign_and_scientific_names_are_lamindbs() -> None:
    more = [
        ("NCBITaxon:2697049", "SARS-CoV-2", "v1"),
        ("NCBITaxon:1", "Homo novus minor", "v1"),
        ("NCBITaxon:10090", "Mus musculus", "vM1"),
    ]
    table = (
        "x <table><tr><th>For</th><th>Use</th></tr><tr><td>Homo sapiens</td><td>"
        "NCBITaxon:9606</td></tr><tr><td>Mus musculus and its descendants</td><td>"
        "NCBITaxon:10090</td></tr><tr><td>Homo novus</td><td>NCBITaxon:1</td></tr>"
        "<tr><td>Danio rerio</td><td>NCBITaxon:7955</td></tr></table>"
    )
    organism = ("organism_ontology_term_id", MUST, table)
    rules = rules_of(parse_document(document(genes=[*GENES, *more], uns=[organism])))
    found = {taxon: (one.name, one.descendants) for taxon, one in rules.organisms.items()}
    assert found == {HUMAN: ("human", False), MOUSE: ("mouse", True)}
    (virus,) = rules.foreign_genes.values()
    assert virus.scientific_name == "Severe acute respiratory syndrome coronavirus 2"
    asked = {one.id: one for one in rules.judgements if one.place == "organisms"}
    assert [*asked] == [
        "organisms: NCBITaxon:1",
        "organisms: gene reference of NCBITaxon:7955",
    ]
    (_, named) = asked["organisms: NCBITaxon:1"].choices
    assert named.changes["organisms/NCBITaxon:1"]["genes"] == "homo_novus"


# --- what a person is told, and says --------------------------------------------------------------


def lines(text: str) -> dict[str, tuple[str, str]]:
    return {name: (what, who) for name, what, who in explained(text, source="x.json")}


def test_each_rule_is_explained_with_who_has_decided_it() -> None:
    where = 'if <code>tissue_type</code> is <code>"tissue"</code>; otherwise, MUST NOT be present.'
    found = lines(to_text(of_mood(f"Curator MUST annotate {where}", A_OR_B)))
    assert found["columns/mood"] == (
        "obs; categorical; values a, b; in some datasets; annotated (ULabel)",
        "the document, lines 72-87",
    )
    what, who = found[f"columns/{CELL_TYPE}"]
    assert what == "obs; categorical; terms of CL; annotated (CellType)"
    assert who == "the document, lines 54-69; LaminDB's module knows it"
    open_one = "open: proposed, and nobody has answered"
    assert found["cellxgene-schema"] == ("7.1.2", open_one)
    assert found["obs.mood: annotation"] == ("labels", open_one)
    flag = lines(to_text(of_mood("Curator MAY annotate.", "<code>bool</code>. So.")))
    assert flag["columns/mood"][0] == "obs; bool; values False, True; may be absent; not annotated"


def test_what_persons_have_answered_and_mended_is_explained_as_theirs() -> None:
    rules = to_json(of(CELL_TYPE, "This MUST be a CL term."))
    rules["answers"]["cellxgene-schema"] = "7.1.2"
    rules["overrides"] = [{"path": "columns/x", "value": ["y"], "because": "it is ours"}]
    found = lines(json.dumps(rules))
    assert found["cellxgene-schema"] == ("7.1.2", "answered by a person")
    assert found["columns/x"] == ('["y"]', "mended by a person: it is ours")


@pytest.mark.parametrize("broken", [{"columns": None}, {"columns": {"x": {}}}, {"lines": {}}])
def test_rules_that_lack_a_part_are_no_rules_to_explain(broken: dict[str, object]) -> None:
    rules = {**to_json(of(CELL_TYPE, "This MUST be a CL term.")), **broken}
    with pytest.raises(BotError, match=r"^x\.json: can't be read as rules"):
        lines(json.dumps(rules))


def test_only_what_nobody_has_answered_is_open_or_proposed() -> None:
    rules = to_json(of("mood", 'This MUST be <code>"a"</code> or <code>"b"</code>.'))
    rules["answers"] |= {"cellxgene-schema": f"9.9.9 sha256:{'a' * 64}"}
    text = json.dumps(rules)
    assert not any(one.startswith("cellxgene-schema:") for one in open_judgements(text, source="x"))
    assert any(one.startswith("obs: mood:") for one in open_judgements(text, source="x"))
    answered = json.loads(with_proposals(text))["answers"]
    assert answered["cellxgene-schema"].startswith("9.9.9")
    assert answered["obs.mood: annotation"] == "labels"


def test_a_new_question_has_no_answer_and_an_old_one_the_persons() -> None:
    text = to_text(of("mood", f"{STR}It MUST be a."))
    reviewed = json.loads(text)
    reviewed["answers"]["cellxgene-schema"] = "7.1.2"
    reviewed["answers"].pop("cellxgene-ontology-guide", None)
    answers = json.loads(with_answers(text, json.dumps(reviewed)))["answers"]
    assert answers.pop("cellxgene-schema") == "7.1.2"
    assert set(answers.values()) <= {""}

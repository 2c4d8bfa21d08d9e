"""What rules and a person's decisions about them say of themselves."""

from typing import Any

import pytest

from runners.contract import Choice, Decisions, Judgement, RunReport
from runners.contract.rules import (
    LABELS,
    Case,
    Circumstance,
    Column,
    Rules,
    is_pinned,
)

TISSUE, SEX = {"ontology": "UBERON", "registry": "Tissue"}, {"ontology": "PATO"}


def column(**fields: Any) -> Column:
    return Column.from_mapping({"slot": "obs", **fields}, source="test")


@pytest.mark.parametrize(
    ("fields", "is_annotated", "labels_all", "registries"),
    [
        ({}, False, False, ()),
        ({"terms": {"*": [TISSUE]}}, False, False, ()),
        ({"registry": LABELS}, True, True, (LABELS,)),
        ({"registry": LABELS, "terms": {"*": [TISSUE]}}, True, True, ("Tissue",)),
        (
            {"registry": LABELS, "terms": {"*": [TISSUE]}, "special": ["unknown"]},
            True,
            True,
            ("Tissue", LABELS),
        ),
        ({"registry": LABELS, "terms": {"*": [SEX]}}, True, False, (LABELS,)),
        ({"registry": LABELS, "terms": {"*": [TISSUE, SEX]}}, True, False, ("Tissue",)),
        ({"registry": LABELS, "terms": {"*": [TISSUE], "x": [SEX]}}, True, False, ("Tissue",)),
        (
            {
                "registry": "Tissue",
                "terms": {"*": [TISSUE], "x": [{**TISSUE, "registry": "CellLine"}]},
                "special": ["na"],
                "borrowed": {"unknown": LABELS, "none": "Tissue"},
            },
            True,
            True,
            ("Tissue", "CellLine", LABELS),
        ),
    ],
)
def test_a_columns_values_stand_in_the_registries_that_it_names(
    fields: dict[str, Any], is_annotated: bool, labels_all: bool, registries: tuple[str, ...]
) -> None:
    own = column(**fields)
    assert own.is_annotated is is_annotated
    assert own.labels_every_value is labels_all
    assert own.registries() == registries


WHERE = [{"column": "organism", "among": ["x"]}]


@pytest.mark.parametrize(
    ("fields", "always"),
    [
        ({}, True),
        ({"optional": True}, False),
        ({"present_where": WHERE}, False),
        ({"present_where": WHERE, "optional": True}, False),
    ],
)
def test_a_column_stands_always_where_nothing_lets_it_be_absent(
    fields: dict[str, Any], always: bool
) -> None:
    assert column(**fields).stands_always is always


def rules_of(**columns: Any) -> Rules:
    wheel = {"name": "w", "version": "1", "sha256": "0"}
    raw = {
        "dataset_schema_version": "7.0.0",
        "ontology_guide": wheel,
        "gene_tables": wheel,
        "ontologies": {},
        "organisms": {},
        "foreign_genes": {},
        "columns": columns,
    }
    return Rules.from_mapping(raw, source="test")


DECLARED = {"slot": "uns", "registries": ["str"]}
RULES = rules_of(
    title={"slot": "uns", "lamindb": DECLARED},
    tissue={"slot": "obs", "registry": LABELS, "terms": {"*": [TISSUE]}},
    sex={"slot": "obs", "registry": LABELS, "terms": {"*": [SEX]}},
    donor={"slot": "obs", "registry": LABELS},
    spatial={"slot": "spots"},
)


def test_features_are_what_is_annotated_or_declared_ontologies_first_each_by_name() -> None:
    assert list(RULES.annotated()) == ["tissue", "sex", "donor"]
    assert list(RULES.features()) == ["sex", "tissue", "donor", "title"]
    assert list(RULES.labelled()) == ["tissue", "donor"]


def test_a_schema_has_the_slots_of_its_features_and_the_two_that_every_file_has() -> None:
    assert RULES.slots() == {"obs", "var", "uns"}
    assert rules_of().slots() == {"obs", "var"}


def test_what_is_not_said_of_a_column_or_case_is_the_loosest() -> None:
    own = column()
    assert (own.dtype, own.ordered, own.distinct, own.optional) == (
        "categorical",
        True,
        True,
        False,
    )
    case = Case(where=())
    assert (case.single, case.between, case.values) == (False, (), ())


def test_a_circumstance_that_is_negated_twice_is_itself() -> None:
    own = Circumstance(column="tissue_type", among=("cell line",))
    assert own.negated() == own.model_copy(update={"otherwise": True})
    assert own.negated().negated() == own


@pytest.mark.parametrize(
    ("version", "pin", "is_so"),
    [
        ("v3.82.0", "2025-09-15 EFO 3.82.0", True),
        ("3.82.0", "v3.82.0", True),
        ("2025-10-08", "08-Oct-2025 2025_04", True),
        ("2025-10-08", "8-oct-2025", True),
        ("2025-01-31", "31-JAN-2025", True),
        ("2025-12-01", "01-Dec-2025", True),
        ("2025_04", "08-Oct-2025 2025_04", True),
        ("3.82", "EFO 3.82.0", False),
        ("2025-10-08", "08-Oct-2024", False),
        ("2025-10-08", "", False),
        ("08-Xyz-2025", "08-Xyz-2025", True),  # no month
    ],
)
def test_a_version_is_pinned_where_a_word_of_the_pin_is_it(
    version: str, pin: str, is_so: bool
) -> None:
    assert is_pinned(version, pin) is is_so


def judgement(name: str, *choices: Choice) -> Judgement:
    return Judgement(id=name, place="here", lines=(1, 2), text="?", choices=choices)


YES = Choice(answer="yes", effect="", changes={"a": 1, "b": "{x}"})
NO = Choice(answer="no", effect="")
ANY = Choice(
    answer="some",
    effect="",
    pattern=r"(?P<x>\w+) of (?P<y>\w+)",
    changes={"c": "{x}/{y}/{x}", "d": ["{x}"], "e": None, "f": 3},
)


@pytest.mark.parametrize(
    ("choices", "answer", "changes"),
    [
        ((YES, NO), "yes", {"a": 1, "b": "{x}"}),
        ((YES, NO), "no", {}),
        ((YES, NO), " yes", None),
        ((YES, NO), "Yes", None),
        ((YES, NO), "", None),
        ((YES, ANY), "one of two", {"c": "one/two/one", "d": ["{x}"], "e": None, "f": 3}),
        ((YES, ANY), " one of two\n", {"c": "one/two/one", "d": ["{x}"], "e": None, "f": 3}),
        ((ANY,), "one of two, and more", None),
        ((ANY,), "not one of two", None),
        ((ANY,), "some", None),
        ((Choice(answer="x", effect="", pattern="(", changes={"a": 1}), YES), "yes", YES.changes),
        ((Choice(answer="x", effect="", pattern="("),), "(", None),
    ],
)
def test_an_answer_sets_what_the_choice_that_it_is_says(
    choices: tuple[Choice, ...], answer: str, changes: dict[str, Any] | None
) -> None:
    assert judgement("one", *choices).changes(answer) == changes


def decisions(**answers: str) -> Decisions:
    judgements = (judgement("one", YES, NO), judgement("two", ANY), judgement("three", NO))
    return Decisions(judgements=judgements, answers=answers)


def test_what_nobody_has_answered_stays_open_also_where_the_answer_is_empty() -> None:
    assert [each.id for each in decisions(one="yes", two="").unanswered()] == ["two", "three"]
    assert decisions(one="no", two="a of b", three="no").unanswered() == ()


@pytest.mark.parametrize(
    ("answers", "problems"),
    [
        ({"one": "no", "two": "", "three": "no"}, []),  # "no" changes nothing, and is an answer
        ({}, []),
        ({"one": "maybe"}, ["one: 'maybe' is none of its choices; answer one of 'yes', 'no'."]),
        (
            {"nine": "", "two": "x"},
            [
                "nine: no judgement has this id; take it away, or correct it to one of 'one', "
                "'two', 'three'.",
                "two: 'x' is none of its choices; answer one of 'some'.",
            ],
        ),
    ],
)
def test_each_answer_that_is_none_is_named_with_those_that_are(
    answers: dict[str, str], problems: list[str]
) -> None:
    told = [f"r.json: field answers.{problem}" for problem in problems]
    assert list(decisions(**answers).problems("r.json")) == told


def test_where_there_is_no_judgement_none_is_offered() -> None:
    (problem,) = Decisions(answers={"one": "yes"}).problems("r.json")
    assert problem.endswith("or correct it to one of none.")


def test_changes_are_those_of_all_answers_and_what_goes_comes_last() -> None:
    changes = list(decisions(two="a of b", one="yes", three="unknown").changes())
    assert changes == [
        ("a", 1),
        ("b", "{x}"),
        ("c", "a/b/a"),
        ("d", ["{x}"]),
        ("f", 3),
        ("e", None),
    ]


def test_a_rules_file_holds_more_than_a_persons_decisions() -> None:
    raw = {"columns": {}, "answers": {"one": "yes"}}
    assert Decisions.from_mapping(raw, source="test").answers == {"one": "yes"}


def test_a_report_of_before_a_field_was_noted_loads() -> None:
    request = {
        "run_id": "run",
        "action": "ingest",
        "release": "2026-02-01",
        "manifest": "m",
        "instance": "a/b",
    }
    old = {
        "request": request,
        "started_at": "2026-03-01T12:00:00Z",
        "ended_at": "2026-03-01T12:00:00Z",
        "verdict": "passed",
        "outcomes": [],
        "checks": [],
    }
    report = RunReport.from_mapping(old, source="test")
    assert (report.cancelled, report.dataset_count, report.machine) == (False, None, None)
    assert (report.exceptions, report.timeline, report.changes) == ((), None, {})

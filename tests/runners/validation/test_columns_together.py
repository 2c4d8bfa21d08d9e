"""What a rule asks of a column where others have a value or stand, by rules made by hand."""

from typing import Any

import pytest
from made_rules import case, column, judged, of_cells, terms, vocabulary_of, where
from profiles import MOUSE

from runners.contract import Reason
from runners.contract.rules import ORGANISM, Case, Circumstance
from runners.h5ad.profile import ColumnProfile
from runners.validation.cases import combinations, is_of_type, where_text
from runners.validation.validate import Validation

MANY = " || "
X = of_cells("x")
Cells = dict[str, ColumnProfile]


def told(found: Validation) -> list[tuple[Reason, str | None, tuple[str, ...]]]:
    return [(finding.reason, finding.column, finding.values) for finding in found.findings]


def disagreeing(
    rule: Case, values: tuple[str, ...], obs: Cells | None = None, **others: Any
) -> tuple[str, ...]:
    """The values of `mine` that the case refuses; every other column may be missing."""
    fields = others.pop("fields", {})
    columns = {
        "mine": column(cases=(rule,), **fields),
        **{name: column(optional=True) for name in ("other", "third")},
        "listed": column(slot="uns", dtype="list", optional=True),
        "in_var": column(slot="var", optional=True),
    }
    found = judged(columns, {"other": X, **(obs or {}), "mine": of_cells(*values)}, **others)
    assert {(each.reason, each.column) for each in found.findings} <= {
        (Reason.VALUES_DISAGREE, "mine")
    }
    return tuple(value for each in found.findings for value in each.values)


ON_X = where("other", "x")


@pytest.mark.parametrize(
    ("fields", "values", "refused"),
    [
        ({"values": ("a", "b")}, ("a", "c"), ("c",)),
        ({"values": ("a", "b")}, ("a || b",), ()),
        ({"values": ("a", "b")}, ("a || c", "c || a"), ("a || c", "c || a")),
        ({"refused": ("na",)}, ("na", "a"), ("na",)),
        ({"refused": ("na",)}, ("a || na", "a || b"), ("a || na",)),
        ({"refused": ("na",), "values": ("na", "a")}, ("na", "a"), ("na",)),
        ({"terms": {"*": (terms("CL"),)}}, ("CL:1", "UB:1"), ("UB:1",)),
        ({"terms": {MOUSE: (terms("UB"),), "*": (terms("CL"),)}}, ("CL:1", "UB:1"), ("UB:1",)),
        ({"terms": {"NCBITaxon:9606": (terms("UB"),), "*": (terms("CL"),)}}, ("UB:1",), ()),
        ({"terms": {"*": (terms("CL"),)}, "values": ("na",)}, ("CL:1", "na", "b"), ("b",)),
        ({"between": (-2, 3)}, ("-2", "0", "3"), ()),
        ({"between": (-2, 3)}, ("-3", "4", "1.5", "", "x"), ("", "-3", "1.5", "4", "x")),
        ({"alone": ("na",)}, ("na", "a", "b"), ("na",)),
        ({"alone": ("na",)}, ("na",), ()),
        ({"alone": ("na",)}, ("a", "b"), ()),
        ({"single": True}, ("a", "b"), ("a", "b")),
        ({"single": True}, ("a",), ()),
        ({}, ("a", "b"), ()),
    ],
)
def test_where_a_case_is_met_it_refuses_what_it_does_not_allow(
    fields: dict[str, Any], values: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    many = {"delimiter": MANY}
    assert disagreeing(case(ON_X, **fields), values, fields=many) == refused
    # where it isn't met, it asks for nothing
    assert disagreeing(case(ON_X, **fields), values, {"other": of_cells("y")}, fields=many) == ()


def test_a_value_is_whole_where_the_column_has_one_in_a_cell() -> None:
    assert disagreeing(case(ON_X, values=("a || b",)), ("a || b",)) == ()


def test_one_value_in_all_means_those_of_cells_beyond_the_case_too() -> None:
    apart = {("other", "mine"): frozenset({("x", "a"), ("y", "b")})}
    obs = {"other": of_cells("x", "y")}
    single, alone = case(ON_X, single=True), case(ON_X, alone=("a",))
    assert disagreeing(single, ("a", "b"), obs, combinations=apart) == ("a", "b")
    assert disagreeing(alone, ("a", "b"), obs, combinations=apart) == ()


@pytest.mark.parametrize(
    ("circumstances", "obs", "others", "is_met"),
    [
        ([], {}, {}, True),
        ([ON_X], {}, {}, True),
        ([where("other", "y")], {}, {}, False),
        ([where("other", "y", "x")], {}, {}, True),
        ([where("other", "y", otherwise=True)], {}, {}, True),
        ([where("other", "x", otherwise=True)], {}, {}, False),
        ([ON_X, where("third", "z")], {"third": of_cells("z")}, {}, True),
        ([ON_X, where("third", "z")], {"third": of_cells("y")}, {}, False),
        ([where("other", "y"), where("third", "z")], {"third": of_cells("z")}, {}, False),
        # a column that is absent has no value, nor any other
        ([where("third", "z")], {}, {}, False),
        ([where("third", "z", otherwise=True)], {}, {}, False),
        ([where("third", present=True)], {"third": X}, {}, True),
        ([where("third", present=True)], {}, {}, False),
        ([where("third", present=True, otherwise=True)], {"third": X}, {}, False),
        ([where("third", present=True, otherwise=True)], {}, {}, True),
        ([where(ORGANISM, "NCBITaxon:9606")], {}, {}, True),
        ([where(ORGANISM, MOUSE)], {}, {}, False),
        ([where("in_var", "x")], {}, {"var": {"in_var": of_cells("w", "x")}}, True),
        ([where("in_var", "x")], {}, {"var": {"in_var": of_cells("w")}}, False),
        ([where("listed", "x")], {}, {"uns": {"listed": of_cells("x", dtype="list")}}, True),
        ([where("listed", "x")], {}, {"uns": {"listed": of_cells(dtype="list")}}, False),
        (  # a list of nothing is not x
            [where("listed", "x", otherwise=True)],
            {},
            {"uns": {"listed": of_cells(dtype="list")}},
            True,
        ),
    ],
)
def test_a_case_is_met_where_all_its_circumstances_are(
    circumstances: list[Circumstance], obs: Cells, others: dict[str, Any], *, is_met: bool
) -> None:
    refused = disagreeing(case(*circumstances, refused=("a",)), ("a",), obs, **others)
    assert refused == (("a",) if is_met else ())


@pytest.mark.parametrize("dtype", ["int", "bool", "list"])
def test_a_case_that_looks_at_a_column_of_another_type_is_not_judged(dtype: str) -> None:
    rule = case(where("other", "y", otherwise=True), refused=("a",))
    columns = {"other": column(), "mine": column(cases=(rule,))}
    found = judged(columns, {"other": of_cells("1", dtype=dtype), "mine": of_cells("a")})
    assert [(each.reason, each.column) for each in found.findings] == [
        (Reason.COLUMN_TYPE, "other")
    ]


def test_what_is_wrong_by_itself_is_not_told_by_a_case_again_and_the_rest_is() -> None:
    mine = column(values=("a", "b"), cases=(case(ON_X, values=("a",)),))
    found = judged({"other": column(), "mine": mine}, {"other": X, "mine": of_cells("b", "bad")})
    assert told(found) == [
        (Reason.VALUE_NOT_ALLOWED, "mine", ("bad",)),
        (Reason.VALUES_DISAGREE, "mine", ("b",)),
    ]
    assert [finding.count for finding in found.findings] == [1, 1]


def test_of_many_values_the_first_are_shown_and_all_are_counted() -> None:
    columns = {"other": column(), "mine": column(cases=(case(ON_X, values=("a",)),))}
    values = tuple(f"v{number}" for number in range(7))
    (finding,) = judged(columns, {"other": X, "mine": of_cells(*reversed(values))}).findings
    assert (finding.values, finding.count) == (values[:5], 7)


@pytest.mark.parametrize(
    ("circumstances", "fields", "sentence"),
    [
        ([ON_X], {"values": ("a",)}, "must be a where other is x"),
        ([ON_X], {"refused": ("c", "d")}, "must not be c or d where other is x"),
        ([ON_X], {"between": (7, 9)}, "must be from 7 to 9 where other is x"),
        (
            [ON_X],
            {"alone": ("c",), "single": True},
            "must be c in all observations or in none and must be the same in all observations "
            "where other is x",
        ),
        ([ON_X], {"single": True}, "must be the same in all observations where other is x"),
        ([], {"values": ("a", "b")}, "must be a or b"),
        (
            [where("uns_key", present=True), where("third", present=True, otherwise=True)],
            {"refused": ("c",)},
            "must not be c where uns.uns_key stands and third does not stand",
        ),
        (
            [where("other", "y", "z", otherwise=True)],
            {"refused": ("c",)},
            "must not be c where other is not y or z",
        ),
    ],
)
def test_a_case_says_what_it_asks_for_and_where(
    circumstances: list[Circumstance], fields: dict[str, Any], sentence: str
) -> None:
    columns = {
        "other": column(),
        "third": column(optional=True),
        "uns_key": column(slot="uns", dtype="list"),
        "mine": column(cases=(case(*circumstances, **fields),)),
    }
    found = judged(
        columns,
        {"other": X, "mine": of_cells("c", "d")},
        uns={"uns_key": of_cells("k", dtype="list")},
    )
    assert [finding.detail for finding in found.findings] == [sentence]


def test_a_branch_is_named_beside_the_values() -> None:
    rules = vocabulary_of({"other": column()}).rules
    text = where_text([where("other", "a", "b", under=("CL:1",))], rules)
    assert text == "where other is a, b or CL:1"
    assert where_text([], rules) == ""


MUST, MUST_NOT, MAY = "must stand", "must only stand", None


@pytest.mark.parametrize(
    ("circumstances", "obs", "verdict"),
    [
        ([], {}, MUST),
        ([ON_X], {"other": X}, MUST),
        ([ON_X], {"other": of_cells("y", "x")}, MUST),
        ([ON_X], {"other": of_cells("y")}, MUST_NOT),
        ([ON_X], {}, MAY),  # as long as nobody knows what it depends on
        ([ON_X], {"other": of_cells("x", dtype="int")}, MAY),
        ([where("third", "x")], {}, MUST_NOT),  # which is absent by right
        ([where("third", "x")], {"third": X}, MUST),
        ([where("third", present=True)], {"third": X}, MUST),
        ([where("third", present=True)], {}, MUST_NOT),
        ([where("third", present=True, otherwise=True)], {}, MUST),
        ([where("third", present=True, otherwise=True)], {"third": X}, MUST_NOT),
        ([ON_X, where("third", "x")], {"other": X, "third": of_cells("y")}, MUST_NOT),
        ([ON_X, where("third", "x")], {"other": X, "third": X}, MUST),
    ],
)
@pytest.mark.parametrize("is_optional", [False, True])
@pytest.mark.parametrize("stands", [False, True])
def test_a_column_stands_where_its_rule_says(
    circumstances: list[Circumstance],
    obs: Cells,
    verdict: str | None,
    *,
    is_optional: bool,
    stands: bool,
) -> None:
    mine = column(present_where=tuple(circumstances), optional=is_optional)
    columns = {"other": column(), "third": column(optional=True), "mine": mine}
    found = judged(columns, obs | ({"mine": X} if stands else {}))
    of_mine = [(each.reason, each.detail) for each in found.findings if each.column == "mine"]
    text = where_text(circumstances, vocabulary_of(columns).rules)
    if verdict == MUST and not stands and not is_optional:
        expected = [(Reason.COLUMN_MISSING, f"{verdict} {text}" if circumstances else None)]
    elif verdict == MUST_NOT and stands:
        expected = [(Reason.COLUMN_UNEXPECTED, f"{verdict} {text}")]
    else:
        expected = []
    assert of_mine == expected


def test_cells_that_have_all_of_it_at_once_are_what_makes_a_column_stand() -> None:
    mine = column(present_where=(ON_X, where("third", "z")))
    columns = {"other": column(), "third": column(), "mine": mine}
    obs = {"other": of_cells("x", "y"), "third": of_cells("z", "w"), "mine": X}
    apart = {("other", "third"): frozenset({("x", "w"), ("y", "z")})}
    assert told(judged(columns, obs)) == []
    assert told(judged(columns, obs, combinations=apart)) == [
        (Reason.COLUMN_UNEXPECTED, "mine", ())
    ]


def test_columns_are_read_together_where_a_rule_looks_at_several_of_obs() -> None:
    columns = {
        "a": column(cases=(case(where("b", "x"), where("key", "x"), refused=("c",)),)),
        "b": column(cases=(case(where("key", "x"), refused=("c",)),)),
        "c": column(present_where=(where("a", "x"), where("d", "x"), where("e", "x"))),
        "d": column(cases=(case(where("d", "x"), single=True),)),
        "e": column(present_where=(where("a", "x"),)),
        "key": column(slot="uns", dtype="str"),
    }
    assert combinations(vocabulary_of(columns).rules) == {("b", "a"), ("a", "d", "e")}


@pytest.mark.parametrize(
    ("found", "wanted", "is_same"),
    [
        ("str", "categorical", True),
        ("categorical", "str", True),
        ("list", "list", True),
        ("list", "str", False),
        ("categorical", "bool", False),
        ("int", "number", False),
    ],
)
def test_texts_may_be_categories_and_nothing_else_is_another(
    found: str, wanted: str, *, is_same: bool
) -> None:
    assert is_of_type(of_cells(dtype=found), column(dtype=wanted)) == is_same

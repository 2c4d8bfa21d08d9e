"""What a person is told of a value that is refused, by a few terms in memory."""

from collections.abc import Mapping
from typing import Any

import pytest
from test_consistency import GOOD, HUMAN

from runners.contract.rules import ORGANISM, Case, Circumstance, Column, Ontology, Organism, Terms
from runners.rules.explanation import Explanation, listed, quoted
from runners.rules.reference import Reference, Term, normalised
from runners.rules.vocabulary import Vocabulary

MOUSE = "NCBITaxon:10090"


def term(term_id: str, label: str = "", *ancestors: str, **fields: Any) -> Term:
    given = {"deprecated": False, "parents": (), "synonyms": (), "definition": "", **fields}
    return Term(term_id=term_id, label=label or term_id, ancestors=frozenset(ancestors), **given)


TERMS = [
    term("CL:0000000", "cell"),
    term("CL:0000001", "blood cell", "CL:0000000"),
    term("CL:0000002", "primary T cell", "CL:0000000", "CL:0000001"),
    term("CL:0000003", "native cell", deprecated=True, replaced_by="CL:0000001"),
    term(
        *("CL:0000004", "old cell"),
        deprecated=True,
        replaced_by="CL:0000001",
        consider=("CL:0000002",),
    ),
    term("CL:0000005", "odd cell", deprecated=True, consider=("CL:0000001", "CL:0000002")),
    term("CL:0000006", "lost cell", deprecated=True, replaced_by="False"),
    term("CL:0000007", deprecated=True, replaced_by="CL:0000008"),
    term("CL:0000008", deprecated=True),
    term("CL:0000009", "forbidden cell", "CL:0000000", deprecated=True, replaced_by="CL:0000001"),
    term("UB:0000001", "blood", "UB:0000000"),
    term("UB:0000000", "anatomy"),
    term("FB:0000001", "wing"),
]


class Known(Reference):
    """These terms alone."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        mouse = Organism(name="mouse", scientific_name="Mus musculus", genes="mouse")
        ontologies = {name: Ontology() for name in ("CL", "UB", "FB")}
        self.rules = GOOD.model_copy(
            update={
                "columns": {ORGANISM: GOOD.columns[ORGANISM], **columns},
                "organisms": {**GOOD.organisms, MOUSE: mouse},
                "ontologies": {**ontologies, "CVCL": Ontology(by_form=True, pin="52.0")},
            }
        )

    def terms(self, ontology: str) -> dict[str, Term]:  # type: ignore[override]
        return {each.term_id: each for each in TERMS if each.term_id.startswith(ontology)}

    def labels(self, ontology: str) -> dict[str, str]:  # type: ignore[override]
        return {normalised(each.label): each.term_id for each in self.terms(ontology).values()}

    def organism(self, taxon: str) -> None:  # type: ignore[override]
        return None

    def pin(self, ontology: str) -> str:
        return "v2025"


def cl(**fields: Any) -> Terms:
    return Terms(ontology="CL", **fields)


def column(*entries: Terms, **fields: Any) -> Column:
    terms = {"*": entries} if entries else {}
    return Column(slot="obs", **{"terms": terms, **fields})


def told(value: str, found: Column, taxon: str = HUMAN, **others: Column) -> str:
    """The cause, and what would be right."""
    explanation = Explanation(Vocabulary(Known({"mine": found, **others})))
    refusal = explanation.refusal(found, taxon, value)
    return "; ".join(filter(None, (refusal.cause, refusal.remedy())))


BELOW = cl(under=("CL:0000001",))
BY_TAXON = {"terms": {HUMAN: (cl(),), MOUSE: (Terms(ontology="UB"),)}}
NONE_FOR_OTHERS = {"terms": {HUMAN: (cl(),), "*": ()}, "special": ("na", "unknown")}
NO_UNKNOWN = Case(where=(Circumstance(column=ORGANISM, among=(MOUSE,)),), refused=("unknown",))
BESIDE = Case(where=(Circumstance(column="other", among=("x", MOUSE)),), refused=("na",))


@pytest.mark.parametrize(
    ("value", "found", "sentence"),
    [
        ("", column(cl()), "is empty"),
        (" ", column(cl()), "is empty"),
        ("na", column(cl(), special=("na",)), "stands alone, never beside a term"),
        ("na", column(cl(), borrowed={"na": "Tissue"}), "stands alone, never beside a term"),
        # of another ontology, or of this one beyond its bounds
        ("UB:0000001", column(cl()), "is of UB; this column has terms of CL"),
        (
            "CL:0000000",
            column(BELOW),
            "is in CL, but not below CL:0000001 (blood cell)",
        ),
        ("CL:0000001", column(BELOW), "is in CL, but only terms below it are allowed here"),
        (
            "CL:0000002",
            column(cl(without_under=("CL:0000001",))),
            "is in CL, but below CL:0000001 (blood cell), which the schema forbids here",
        ),
        (
            "CL:0000000",
            column(cl(only=("CL:0000001", "CL:0000007"))),
            "is in CL, but must be CL:0000001 (blood cell) or CL:0000007",
        ),
        (
            "CL:0000009",
            column(cl(without=("CL:0000009",)), BELOW),
            "is in CL, but the schema forbids it here",
        ),
        # of a term that is obsolete, what has replaced it goes before what is considered
        (
            "CL:0000003",
            column(BELOW),
            "is obsolete in CL; CL:0000003 was replaced by CL:0000001 (blood cell)",
        ),
        (
            "CL:0000004",
            column(BELOW),
            "is obsolete in CL; CL:0000004 was replaced by CL:0000001 (blood cell)",
        ),
        (
            "CL:0000005",
            column(BELOW),
            "is obsolete in CL; instead of CL:0000005, its editors consider CL:0000001 (blood "
            "cell) or CL:0000002 (primary T cell)",
        ),
        (
            "CL:0000006",
            column(BELOW),
            "is obsolete in CL, which gives no id of a replacement",
        ),
        (
            "CL:0000007",
            column(BELOW),
            "is obsolete in CL; CL:0000007 was replaced by CL:0000008",
        ),
        # several in one
        (
            "CL:0000001, CL:0000002",
            column(cl(), delimiter=" || "),
            "separates its terms by something else than ' || '",
        ),
        (
            "CL:0000001;na",
            column(cl(), special=("na",)),
            "names several terms, and a cell has one here",
        ),
        ("CL:0000001, mine", column(cl()), "is no id of CL"),
        # written otherwise
        (
            "cl_0000001",
            column(cl()),
            "isn't written as the ontology writes its ids; write CL:0000001 for cl_0000001",
        ),
        (
            "http://purl.obolibrary.org/obo/CL_0000001",
            column(cl()),
            "isn't written as the ontology writes its ids; write CL:0000001 for "
            "http://purl.obolibrary.org/obo/CL_0000001",
        ),
        ("Blood  cell", column(cl()), "looks like a label; the id of Blood cell is CL:0000001"),
        (
            "cell",
            column(BELOW),
            "looks like a label; the id of cell is CL:0000000, not allowed here",
        ),
        (
            "anti-blood cell",
            column(cl(), cl(prefix="anti-")),
            "looks like a label; the id of anti-blood cell is anti-CL:0000001",
        ),
        ("CL:9999999", column(cl()), "isn't in CL 2025"),
        ("CVCL:1", column(cl()), "isn't in CVCL 52.0"),
        ("YY:0000001", column(cl()), "is no id of CL"),
        # misspelt
        (
            "blod cell",
            column(cl()),
            "is no id of CL; blod cell may be blood cell, CL:0000001",
        ),
        (
            "anti-blod cell",
            column(cl(prefix="anti-")),
            "is no id of CL; anti-blod cell may be blood cell, anti-CL:0000001",
        ),
        ("nativ cell", column(BELOW), "is no id of CL"),
        ("blue sell", column(cl()), "is no id of CL"),
        ("primary T cell line", column(cl()), "is no id of CL"),
    ],
)
def test_why_a_value_is_refused_and_what_would_be_right(
    value: str, found: Column, sentence: str
) -> None:
    assert told(value, found) == sentence


def test_a_special_value_of_another_column_is_none_of_this_one() -> None:
    other = column(special=("none",))
    sentence = "isn't allowed in a column of terms of CL"
    assert told("none", column(cl()), other=other) == sentence


@pytest.mark.parametrize(
    ("value", "taxon", "found", "sentence"),
    [
        (
            "UB:0000001",
            HUMAN,
            column(**BY_TAXON),
            "is of UB, for mouse; for human this column has terms of CL",
        ),
        (
            "CL:0000001",
            MOUSE,
            column(**BY_TAXON),
            "is of CL, for human; for mouse this column has terms of UB",
        ),
        (
            "UB:0000001",
            HUMAN,
            column(terms={HUMAN: (cl(),), MOUSE: (cl(), Terms(ontology="UB"))}),
            "is of UB, for mouse; for human this column has terms of CL",
        ),
        (
            "FB:0000001",
            HUMAN,
            column(**BY_TAXON),
            "is of FB; for human this column has terms of CL",
        ),
        (
            "CL:0000001",
            MOUSE,
            column(**NONE_FOR_OTHERS, cases=(NO_UNKNOWN, BESIDE)),
            "is of CL, for human; for mouse this column has na",
        ),
        (
            "something",
            MOUSE,
            column(**NONE_FOR_OTHERS),
            "isn't allowed for mouse, which has na or unknown",
        ),
    ],
)
def test_what_a_column_has_is_said_for_the_organism(
    value: str, taxon: str, found: Column, sentence: str
) -> None:
    other = column(special=("x",))
    assert told(value, found, taxon, other=other) == sentence


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ([cl()], "a term of CL"),
        ([cl(prefix="anti-")], "a term of anti-CL"),
        ([BELOW], "a term of CL below CL:0000001 (blood cell)"),
        (
            [cl(under=("CL:0000001", "CL:0000007"), only=("CL:0000000",))],
            "a term of CL below CL:0000001 (blood cell) or CL:0000007",
        ),
        ([cl(only=("CL:0000000",))], "a term of CL (CL:0000000)"),
        ([cl(), Terms(ontology="UB")], "a term of CL or a term of UB"),
    ],
)
def test_what_entries_allow_is_said_in_words(entries: list[Terms], text: str) -> None:
    assert Explanation(Vocabulary(Known({}))).allowed(entries) == text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a or b"),
        (["a", "b", "a"], "a or b"),
        (["a", "b", "c", "d"], "a, b, c or d"),
        (["a", "b", "c", "d", "e"], "a, b, c or 2 more"),
    ],
)
def test_the_first_few_of_many_words_are_listed(words: list[str], text: str) -> None:
    assert listed(words) == text
    assert listed(words, "and") == text.replace(" or ", " and ")


def test_a_value_is_quoted_on_one_short_line() -> None:
    assert quoted(" a\n\tb\x00c  d ") == "a b c d"
    assert quoted("x" * 80) == "x" * 80
    assert quoted("x" * 81) == f"{'x' * 80}…"

"""Which terms an entry allows, which organism a taxon is and which sources columns need."""

import io
import json
from typing import Any

import pytest
from made_rules import Made, column, terms, vocabulary_of
from profiles import HUMAN, MOUSE

from runners.contract.rules import LABELS, Circumstance
from runners.rules import entries, reference
from runners.rules.reference import Term, find_entry
from runners.rules.vocabulary import Vocabulary, entries_for, needed_sources, pinned_sources

BRANCH = {"under": ("CL:2",), "only": ("CL:1",)}


@pytest.mark.parametrize(
    ("ontology", "fields", "allowed", "refused"),
    [
        ("CL", {}, ["CL:1", "CL:3"], ["CL:9", "UB:1", "", "near CL:1"]),
        ("CL", {"under": ("CL:1",)}, ["CL:2", "CL:3"], ["CL:1"]),
        ("CL", {"only": ("CL:1", "CL:3")}, ["CL:1", "CL:3"], ["CL:2"]),
        ("CL", BRANCH, ["CL:1", "CL:3"], ["CL:2"]),
        ("CL", {"without": ("CL:2",)}, ["CL:1", "CL:3"], ["CL:2"]),
        ("CL", {"without_under": ("CL:2",)}, ["CL:1", "CL:2"], ["CL:3"]),
        ("CL", {**BRANCH, "without": ("CL:1",)}, ["CL:3"], ["CL:1", "CL:2"]),
        ("CL", {"prefix": "near "}, ["near CL:1"], ["CL:1", "near UB:1"]),
        ("CVCL", {}, ["CVCL_1", "CVCL:A1"], ["CVCL1", "CVCL_", "CVCL_1 2", "CVCLX_1", "CL:1"]),
        ("CVCL", {"without": ("CVCL_1",)}, ["CVCL_2"], ["CVCL_1"]),
    ],
)
def test_an_entry_allows_the_terms_of_its_lists(
    ontology: str, fields: dict[str, Any], allowed: list[str], refused: list[str]
) -> None:
    entry, vocabulary = terms(ontology, **fields), vocabulary_of({})
    found = {value: vocabulary.entry([entry], value) for value in (*allowed, *refused)}
    assert found == {**dict.fromkeys(allowed, entry), **dict.fromkeys(refused)}
    assert not any(vocabulary.deprecated(entry, value) for value in allowed)


def test_of_several_entries_the_first_that_allows_it_has_the_value() -> None:
    first, second = terms("CL", under=("CL:2",)), terms("CL", registry="CellType")
    vocabulary = vocabulary_of({})
    assert vocabulary.entry([terms("UB"), first, second], "CL:3") == first
    assert vocabulary.entry([terms("UB"), first, second], "CL:1") == second


def test_an_organism_that_is_to_have_no_terms_has_none_of_the_others() -> None:
    others = (terms("CL"),)
    assert entries_for({HUMAN: (), "*": others}, HUMAN) == ()
    assert entries_for({HUMAN: (), "*": others}, MOUSE) == others
    assert entries_for({HUMAN: others}, MOUSE) == ()


@pytest.mark.parametrize(
    ("above", "descendants", "found"),
    [({HUMAN}, True, HUMAN), ({HUMAN}, False, None), ({"else"}, True, None), (None, True, None)],
)
def test_a_taxon_is_the_organism_above_it_where_that_may_be(
    above: set[str] | None, descendants: bool, found: str | None
) -> None:
    made = Made({})
    organisms = {
        taxon: each.model_copy(update={"descendants": descendants and taxon == HUMAN})
        for taxon, each in made.rules.organisms.items()
    }
    made.rules = made.rules.model_copy(update={"organisms": organisms})
    term = above and Term("below", "", False, (), frozenset(above), (), "")
    made.organism = lambda _: term  # type: ignore[assignment, method-assign]
    vocabulary = Vocabulary(made)
    assert vocabulary.organism("below") == found
    assert (vocabulary.organism(HUMAN), vocabulary.organism(MOUSE)) == (HUMAN, MOUSE)


@pytest.mark.parametrize(
    ("fields", "met"),
    [
        ({"among": ("CL:2",)}, ["CL:2"]),
        ({"under": ("CL:1",)}, ["CL:2", "CL:3"]),
        ({"among": ("na", "CL:1"), "under": ("CL:2",)}, ["na", "CL:1", "CL:3"]),
        ({"among": ("CL:2",), "otherwise": True}, ["na", "CL:1", "CL:3", "CVCL_1"]),
        ({"under": ("CL:1",), "otherwise": True}, ["na", "CL:1", "CVCL_1"]),
    ],
)
def test_a_value_meets_what_it_is_or_lies_below(fields: dict[str, Any], met: list[str]) -> None:
    rule = column(terms={"*": (terms("CVCL"), terms("CL"))})
    vocabulary, circumstance = (
        vocabulary_of({"other": rule}),
        Circumstance(column="other", **fields),
    )
    values = ["na", "CL:1", "CL:2", "CL:3", "CVCL_1"]
    assert [value for value in values if vocabulary.holds(circumstance, value, HUMAN)] == met


def test_sources_are_those_that_records_of_annotated_columns_come_from() -> None:
    def annotated(registry: str, by_taxon: dict[str, tuple[tuple[str, str | None], ...]]) -> Any:
        entries = {
            taxon: tuple(terms(name, registry=own) for name, own in pairs)
            for taxon, pairs in by_taxon.items()
        }
        return column(registry=registry, terms=entries)

    made = Made(
        {
            "cells": annotated(
                "CellType", {HUMAN: (("CL", "CellType"),), "*": (("UB", "Tissue"),)}
            ),
            "diseases": annotated("Disease", {"*": (("PATO", "Disease"), ("XX", "Disease"))}),
            "labels": annotated(LABELS, {"*": (("CL", LABELS), ("UB", None))}),
            "plain": column(terms={"*": (terms("UB", registry="Tissue"),)}),
        }
    )
    normal = ("Phenotype", "PATO")
    assert needed_sources(made.rules, ["human"]) == {("CellType", "CL"), normal}
    assert needed_sources(made.rules, ["mouse"]) == {("Tissue", "UB"), normal}
    every = {("CellType", "CL"), ("Tissue", "UB"), normal}
    for names in ([], ["human", "mouse"], ["human", "unknown"]):
        assert needed_sources(made.rules, names) == every
    assert pinned_sources(made, ["mouse"]) == {
        ("bionty.Tissue", "ub", "human"): "1",
        ("bionty.Phenotype", "pato", "all"): "1",
    }


@pytest.mark.parametrize("piece", [20, 33, 64, 10_000])
@pytest.mark.parametrize("term_id", ["T:1", "T:10", "T:2", "T:9"])
def test_an_entry_is_found_wherever_pieces_of_the_file_end(
    term_id: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "PIECE", piece)
    known = {f"T:{number}": {"n": number} for number in (10, 1, 2)}
    stream = io.BytesIO(json.dumps({"T:0": {}, **known, "T:3": {}}).encode())
    assert find_entry(stream, term_id) == known.get(term_id)


def test_a_label_names_its_first_term_and_goes_before_synonyms_and_obsolete_terms() -> None:
    raw: dict[str, dict[str, object]] = {
        "T:0": {"label": "Old", "deprecated": True, "synonyms": ["gone"]},
        "T:1": {"label": "One", "synonyms": ["two", "both"]},
        "T:2": {"label": "Two", "synonyms": ["both"]},
        "T:3": {"label": "one"},
        "T:4": {"label": "--"},
        "T:5": {},
    }
    found = reference._Terms(entries.Entries(entries.packed(json.dumps(raw)))).by_label()
    assert found == {"one": "T:1", "two": "T:2", "both": "T:1"}

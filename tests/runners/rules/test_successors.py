"""What an obsolete term has become, which file is the pinned one, and what a label names."""

import os
from pathlib import Path
from typing import Any

import pytest
from test_explanation import Known, term

from runners.rules.kept import kept_beside
from runners.rules.reference import _term, normalised, ontology_files

CHAIN = {
    "a": term("a", "now"),
    "b": term("b", "old", deprecated=True, replaced_by="a"),
    "c": term("c", "older", deprecated=True, replaced_by="b"),
    "d": term("d", "oldest", deprecated=True, replaced_by="c"),
    "away": term("away", "moved", deprecated=True, replaced_by="another:1"),
    "lost": term("lost", "lost", deprecated=True),
    "ring": term("ring", "round", deprecated=True, replaced_by="ring2"),
    "ring2": term("ring2", "round", deprecated=True, replaced_by="ring"),
    "current": term("current", "current", replaced_by="a"),
}


@pytest.mark.parametrize(
    ("term_id", "last"),
    [
        *((name, "a") for name in "abcd"),
        ("away", None),
        ("lost", "lost"),
        ("ring", "ring2"),
        ("current", "current"),
    ],
)
def test_a_term_became_the_last_of_those_that_replaced_each_other(
    monkeypatch: pytest.MonkeyPatch, term_id: str, last: str | None
) -> None:
    known = Known({})
    monkeypatch.setattr(known, "terms", lambda _: CHAIN, raising=False)
    found = known.successor("any", CHAIN[term_id])
    assert (found and found.term_id) == last


@pytest.mark.parametrize(
    ("label", "words"),
    [("T-cell, CD4+", "t cell cd4"), ("Straße", "strasse"), ("a_b", "a b"), ("--", "")],
)
def test_labels_are_the_same_but_for_case_and_signs(label: str, words: str) -> None:
    assert normalised(label) == words


def test_a_term_is_what_its_entry_says() -> None:
    value: dict[str, Any] = {
        "label": "x",
        "ancestors": {"p": 1, "q": 2, "o": 1},
        "deprecated": True,
        "replaced_by": "http://purl.obolibrary.org/obo/CL_1",
        "consider": ["obo.PATO_1", "CL:2"],
    }
    found = _term("CL:0", value)
    assert (found.parents, found.ancestors) == (("o", "p"), frozenset("opq"))
    assert (found.replaced_by, found.consider) == ("CL:1", ("PATO:1", "CL:2"))
    assert (found.is_named, _term("CL:0", {}).is_named) == (True, False)


def test_of_a_guide_s_files_the_newest_is_first_and_names_have_no_case(tmp_path: Path) -> None:
    for name in ("CL-ontology-v2024.json.gz", "CL-ontology-v2025.json.zst", "x-ontology-1.txt"):
        (tmp_path / name).touch()
    (found,) = ontology_files(tmp_path).items()
    assert (found[0], list(found[1])) == ("cl", ["v2025", "v2024"])


def test_a_file_of_another_size_and_the_same_moment_is_another(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for text in ("one", "another"):
        source.write_text(text)
        os.utime(source, (0, 0))
        assert bytes(kept_beside(source, "same", source.read_bytes)) == text.encode()

"""The tables that sources are given, in the columns that bionty reads."""

from typing import Any

import pytest

from runners.registry.sources import genes_table, terms_table
from runners.rules.reference import GeneRow, Term


def term(name: str, **fields: Any) -> Term:
    told = {"parents": (), "ancestors": frozenset(), "synonyms": (), "definition": "", **fields}
    return Term(name, f"label of {name}", deprecated=False, **told)


@pytest.mark.parametrize(("registry", "stored"), [("CellType", "CL:1"), ("Protein", "1")])
def test_a_term_is_told_by_its_stored_id_with_all_that_is_known_of_it(
    registry: str, stored: str
) -> None:
    every = {"synonyms": ("one", "two"), "definition": "what it is", "parents": ("CL:2", "CL:3")}
    table = terms_table(registry, [term("CL:1", **every), term("CL:9")])
    full, bare = (dict(row) for _, row in table.iterrows())
    assert next(iter(table.index)) == stored
    assert full == {
        "name": "label of CL:1",
        "definition": "what it is",
        "synonyms": "one|two",
        "parents": ["CL:2", "CL:3"],
    }
    assert bare == {"name": "label of CL:9", "definition": None, "synonyms": None, "parents": []}
    names = {"CellType": "ontology_id", "Protein": "uniprotkb_id"}
    assert table.index.name == names[registry]


def test_a_gene_is_told_by_its_id() -> None:
    table = genes_table([GeneRow("ENSG1", "A", 7, "lncRNA"), GeneRow("ENSG2", "B", 8, "protein")])
    assert table.index.name == "ensembl_gene_id"
    assert table.to_dict("index") == {
        "ENSG1": {"symbol": "A", "biotype": "lncRNA"},
        "ENSG2": {"symbol": "B", "biotype": "protein"},
    }

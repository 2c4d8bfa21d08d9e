"""Genes by their places in a table."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.contract import ContractError
from runners.rules.gene_tables import GeneTable

IDS = [f"ENSG{number}" for number in range(12)]
TABLE = GeneTable(IDS)


@given(st.lists(st.sampled_from([*IDS[3:], "TP53", "ERCC-1"])))
def test_a_table_takes_its_own_genes_once_and_leaves_the_others(ids: list[str]) -> None:
    own, rest = TABLE.split(ids)
    sent = pickle.loads(pickle.dumps(own))
    assert [TABLE.ids[place] for place in TABLE.places(sent)] == [
        *dict.fromkeys(i for i in ids if i in TABLE)
    ]
    assert len(own) == len({*ids} & {*IDS})
    assert list(rest) == [i for i in ids if i not in IDS]
    assert TABLE.mask(ids).tolist() == [i in ids for i in IDS]


def test_genes_of_another_table_are_refused() -> None:
    """Places in it would be other genes here."""
    of_another, _ = GeneTable(reversed(IDS)).split(IDS)
    with pytest.raises(ContractError, match="another table"):
        TABLE.places(of_another)

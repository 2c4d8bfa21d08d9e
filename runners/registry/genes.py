"""Records made past LaminDB's constructors, where those are the bottleneck: genes, for now.

`bt.Gene(...)` takes most of a millisecond and there are 80,000 per organism. Here one gene is
constructed as LaminDB does it, and the others are copies of it with their own values: equal row
by row to constructed ones (tests compare them). This relies on how LaminDB builds a record, so it
is tied to the versions that it was tested with.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import bionty as bt
from bionty import uids

from runners.contract import ContractError
from runners.rules.reference import GeneRow

TESTED = "2.12."
"""LaminDB's versions that this module is known to agree with."""

ROWS = 2000
"""Rows per statement."""


def create_genes(rows: Sequence[GeneRow], organism: Any, source: Any) -> None:
    """Saves a Gene record for each of `rows`, none of which may exist yet.

    Raises:
        ContractError: LaminDB is of a version that nobody has compared this with.
    """
    installed = version("lamindb")
    if not installed.startswith(TESTED):
        raise ContractError(
            f"lamindb {installed}: bulk creation of genes was tested with {TESTED}x only; install "
            "that, or run the equality tests and extend runners/registry/genes.py."
        )
    first = rows[0]
    template = bt.Gene(
        ensembl_gene_id=first.gene_id,
        symbol=first.symbol,
        biotype=first.biotype,
        organism=organism,
        source=source,
    )
    assert template.uid == uids.ontology(first.gene_id)
    names = [field.attname for field in bt.Gene._meta.concrete_fields]
    values = {name: getattr(template, name) for name in names}
    for start in range(0, len(rows), ROWS):  # all records at once would take 200 MB
        some = rows[start : start + ROWS]
        bt.Gene.objects.bulk_create([_gene(row, names, values) for row in some])


def _gene(row: GeneRow, names: Sequence[str], template: dict[str, Any]) -> Any:
    values = {
        **template,
        "uid": uids.ontology(row.gene_id),
        "ensembl_gene_id": row.gene_id,
        "symbol": row.symbol,
        "biotype": row.biotype,
    }
    return bt.Gene(*(values[name] for name in names))

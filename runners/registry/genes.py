"""Records made past LaminDB's constructors, where those are the bottleneck: genes, for now.

`bt.Gene(...)` takes most of a millisecond and there are 80,000 per organism. Here one gene is
saved as LaminDB does it, and the others are copies of its row with values of their own: equal row
by row to saved ones (tests compare them). This relies on how LaminDB builds a record, so it is
tied to the versions that it was tested with.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import bionty as bt
from bionty import uids
from django.db import connection

from runners.contract import ContractError
from runners.rules.reference import GeneRow

TESTED = "2.12."
"""LaminDB's versions that this module is known to agree with."""

ROWS = 2000
"""Rows per statement."""

OWN = ("uid", "ensembl_gene_id", "symbol", "biotype")
"""The columns in which genes of one organism differ."""


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
    model: Any = bt.Gene(
        ensembl_gene_id=first.gene_id,
        symbol=first.symbol,
        biotype=first.biotype,
        organism=organism,
        source=source,
    )
    assert model.uid == uids.ontology(first.gene_id)
    model.save()
    for start in range(1, len(rows), ROWS):
        _insert_like(model, rows[start : start + ROWS])


def _insert_like(model: Any, rows: Sequence[GeneRow]) -> None:
    """Inserts rows that have the values of `model` but for those of their own."""
    quote = connection.ops.quote_name
    table = quote(bt.Gene._meta.db_table)
    columns = (field.column for field in bt.Gene._meta.concrete_fields)
    shared = [quote(name) for name in columns if name not in ("id", *OWN)]
    into = ", ".join([*map(quote, OWN), *shared])
    values = ", ".join([f"({', '.join(['%s'] * len(OWN))})"] * len(rows))
    alike = ", ".join(f"model.{name}" for name in shared)
    words = [word for row in rows for word in _own(row)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into {table} ({into}) select new.*, {alike} "
            f"from (values {values}) as new, {table} as model where model.id = %s",
            [*words, model.pk],
        )


def _own(row: GeneRow) -> tuple[str, ...]:
    return uids.ontology(row.gene_id), row.gene_id, row.symbol, row.biotype

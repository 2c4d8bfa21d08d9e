"""Real genes for the sample: a fixed choice from CZI's tables.

Takes only rows that are equal at both schema versions of the sample, so that one file can be
valid under both. Must not invent a gene.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from runners import rules
from runners.rules.reference import GeneRow, Reference
from runners.sample.datasets import RELEASES
from runners.sample.vocabulary import SYNTHETIC

_POOL = 900  # so that datasets of one organism share many genes, but never all
_BIOTYPES = {"protein_coding", "lncRNA"}


@dataclass(frozen=True)
class Feature:
    """A row of var. `reference` is the organism that it belongs to."""

    row: GeneRow
    reference: str
    biotype: str


class Genes:
    """The genes of the sample, read once each from the gene tables below `root`."""

    def __init__(self, root: Path) -> None:
        self._references = [
            Reference(rules.load(release.dataset_schema_version), root) for release in RELEASES
        ]
        self._pool = cache(self._read_pool)

    def choose(self, organism: str, count: int, spike_ins: int, seed: int) -> tuple[Feature, ...]:
        """`count` genes of an organism and `spike_ins` ERCC controls; equal for equal arguments."""
        pool = self._pool(organism)
        chosen = np.random.default_rng(seed).choice(len(pool), count, replace=False)
        genes = (Feature(pool[index], organism, "gene") for index in sorted(chosen))
        ercc = list(self._references[-1].genes("ercc").values())[:spike_ins]
        return (*genes, *(Feature(row, SYNTHETIC, "spike-in") for row in ercc))

    def _read_pool(self, organism: str) -> list[GeneRow]:
        table = self._references[-1].rules.organisms[organism].genes
        older, newer = (reference.genes(table) for reference in self._references)
        # The pseudoautosomal copies on Y carry a suffix; the rest of the world reads plain ids.
        same = [
            row
            for gene_id, row in sorted(newer.items())
            if row.biotype in _BIOTYPES and older.get(gene_id) == row and "_" not in gene_id
        ]
        chosen = np.random.default_rng(0).choice(len(same), _POOL, replace=False)
        return [same[index] for index in sorted(chosen)]

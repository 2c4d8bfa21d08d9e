"""Genes by their places in a gene table.

A file names up to 60,000 genes. Their ids take five megabytes, and longer to be sent from a reader
and compared than all else that it found; their places take a quarter of a megabyte.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from runners.contract import ContractError
from runners.rules.places import Places


@dataclass(frozen=True)
class Genes:
    """Genes of the table with this digest, each once, in the order in which a file names them.

    `packed`: their places in the table, as unsigned integers of four bytes.
    """

    digest: str
    packed: bytes

    def __len__(self) -> int:
        return len(self.packed) // 4


class GeneTable:
    """The gene ids of one table, in its order."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._places = Places([*dict.fromkeys(ids)])

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, gene_id: object) -> bool:
        return gene_id in self._places

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """By place."""
        return tuple(self._places)

    @cached_property
    def digest(self) -> str:
        """Tells the table from any other."""
        return blake2b("\n".join(self._places).encode(), digest_size=16).hexdigest()

    def split(self, ids: Sequence[str]) -> tuple[Genes, Sequence[str]]:
        """The genes that the table has, and the ids that it doesn't have."""
        found = self._places.of(ids)
        rest = [ids[number] for number in np.flatnonzero(found < 0).tolist()]
        places = found[found >= 0].astype(np.uint32)
        is_there = np.zeros(len(self), bool)
        is_there[places] = True
        if np.count_nonzero(is_there) < len(places):
            places = np.array([*dict.fromkeys(places.tolist())], np.uint32)
        return Genes(self.digest, places.tobytes()), rest

    def places(self, genes: Genes) -> NDArray[np.uint32]:
        """Of shape (genes,).

        Raises:
            ContractError: they are of another table.
        """
        if genes.digest != self.digest:
            raise ContractError(
                "gene tables: a reader has another table than this process; let both read the same "
                "reference data."
            )
        return np.frombuffer(genes.packed, np.uint32)

    def mask(self, ids: Iterable[str]) -> NDArray[np.bool_]:
        """Of shape (genes of the table,): which of them are among the ids."""
        among = set(ids)
        return np.fromiter((gene_id in among for gene_id in self._places), bool, len(self))

"""h5ads of up to 60,000 genes: templates that truly differ, and datasets made of them.

A template is written by anndata, with genes of its own; a dataset is a copy whose cells have
other values. Must not decide how many are made.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from runners import rules
from runners.rules.reference import Reference
from runners.settings import from_environment

SCHEMA = "7.0.0"
GENES = 60_000
Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Species:
    """What differs between organisms; `genes` names the gene table."""

    taxon: str
    name: str
    genes: str
    stages: tuple[str, ...]
    ethnicities: tuple[str, ...] = ("na",)


HUMAN = Species(
    "NCBITaxon:9606",
    "Homo sapiens",
    "homo_sapiens",
    ("HsapDv:0000258", "HsapDv:0000266", "HsapDv:0000139", "unknown"),
    ("HANCESTRO:0027", "HANCESTRO:0383", "HANCESTRO:0568", "unknown"),
)
MOUSE = Species(
    "NCBITaxon:10090", "Mus musculus", "mus_musculus", ("MmusDv:0000154", "MmusDv:0000110")
)
MACAQUE = Species(
    "NCBITaxon:9544", "Macaca mulatta", "macaca_mulatta", ("UBERON:0034919", "UBERON:0018241")
)
SPECIES = (*[HUMAN] * 7, *[MOUSE] * 2, MACAQUE)
"""About the shares that a release has of each."""

TISSUES = ("UBERON:0000178", "UBERON:0002048", "UBERON:0002107", "UBERON:0000955", "UBERON:0002097")
DISEASES = ("PATO:0000461", "MONDO:0005002", "MONDO:0005044", "MONDO:0005061", "MONDO:0005148")
SEVERAL = {
    "disease_ontology_term_id": "MONDO:0005044 || MONDO:0005148",
    "self_reported_ethnicity_ontology_term_id": "HANCESTRO:0568 || HANCESTRO:0590",
}
"""Values that the schema allows and LaminDB's curator never validates."""


class Templates:
    """Makes templates, each with genes, cell types and number of cells of its own."""

    def __init__(self, seed: int = 0) -> None:
        self._reference = Reference(rules.load(SCHEMA), from_environment().reference)
        self._chance = np.random.default_rng(seed)
        self._cell_types = [
            term_id
            for term_id, term in self._reference.terms("CL").items()
            if "CL:0000600" < term_id < "CL:0002000" and not term.deprecated
        ]

    def write(
        self, path: Path, species: Species, *, is_plain: bool = False, counts: float = 0
    ) -> None:
        """Writes one; a plain one is valid for LaminDB's curator too.

        `counts` is the share of X that isn't zero: nothing here reads X, but storage keeps it.
        """
        cells = 2_000 if is_plain else int(self._chance.integers(500, 4_000))
        table = np.array(list(self._reference.genes(species.genes)))
        genes = np.sort(self._chance.choice(table, min(GENES, len(table)), replace=False))
        columns = {
            name: pd.Categorical(np.resize(np.array(values), cells))
            for name, values in self._values(species, is_plain=is_plain).items()
        }
        obs = pd.DataFrame(columns, index=[f"cell-{n}" for n in range(cells)])
        data = anndata.AnnData(
            sparse.random(cells, len(genes), counts, "csr", "float32", self._chance),
            obs=obs.assign(is_primary_data=True),
            var=pd.DataFrame({"feature_is_filtered": False}, index=genes),
        )
        data.uns = {"organism_ontology_term_id": species.taxon, "title": path.stem}
        data.write_h5ad(path)

    def _values(self, species: Species, *, is_plain: bool) -> Values:
        values: dict[str, Sequence[str]] = {
            "assay_ontology_term_id": ["EFO:0009899", "EFO:0009922"],
            "cell_type_ontology_term_id": self._chance.choice(
                self._cell_types, 20, replace=False
            ).tolist(),
            "development_stage_ontology_term_id": species.stages,
            "disease_ontology_term_id": DISEASES,
            "donor_id": ["one", "two", "three"],
            "self_reported_ethnicity_ontology_term_id": species.ethnicities,
            "sex_ontology_term_id": ["PATO:0000383", "PATO:0000384"],
            "suspension_type": ["cell", "nucleus"],
            "tissue_ontology_term_id": TISSUES,
            "tissue_type": ["tissue"],
        }
        if species is HUMAN and not is_plain:
            values |= {name: [*values[name], several] for name, several in SEVERAL.items()}
        return values


def write_dataset(template: Path, path: Path, number: int, *, is_broken: bool = False) -> None:
    """A copy of the template whose cells have some of its values, in another order.

    A broken one has a cell type that no ontology knows.
    """
    chance = np.random.default_rng(number)
    shutil.copyfile(template, path)
    with h5py.File(path, "r+") as file:
        file["uns/title"][()] = f"{template.stem} {number}"
        for column in file["obs"].values():
            if isinstance(column, h5py.Group):
                codes, known = column["codes"], len(column["categories"])
                kept = chance.choice(known, int(chance.integers(1, known + 1)), replace=False)
                codes[:] = chance.choice(kept, len(codes)).astype(codes.dtype)
        if is_broken:
            file["obs/cell_type_ontology_term_id/categories"][:] = "CL:9999999"

"""Rules made by hand, of a few columns, with a few terms and genes in memory."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import profiles
from profiles import HUMAN, MOUSE

from runners.contract.rules import (
    ORGANISM,
    Case,
    Circumstance,
    Column,
    Ontology,
    Organism,
    Rules,
    Terms,
    Wheel,
)
from runners.h5ad.profile import ColumnProfile, DatasetProfile
from runners.rules.gene_tables import GeneTable
from runners.rules.reference import Reference, Term, normalised
from runners.rules.vocabulary import Vocabulary
from runners.validation.validate import Validation

WHEEL = Wheel(name="wheel", version="1", sha256="a")
GENES = {"human": ("H1", "H2", "BOTH"), "mouse": ("M1",), "other": ("E1", "BOTH")}
SPIKES = "NCBITaxon:32630"
PARENTS = {"CL:1": None, "CL:2": "CL:1", "CL:3": "CL:2", "UB:1": None, "UB:2": "UB:1"}


class Made(Reference):
    """The terms of PARENTS, the genes of GENES, and rules of these columns."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        organisms = {
            taxon: Organism(name=name, scientific_name=name, genes=name)
            for taxon, name in ((HUMAN, "human"), (MOUSE, "mouse"), (SPIKES, "other"))
        }
        self.rules = Rules(
            dataset_schema_version="1.0.0",
            ontology_guide=WHEEL,
            gene_tables=WHEEL,
            ontologies={
                "CL": Ontology(source="cl"),
                "UB": Ontology(source="ub", organism="human"),
                "PATO": Ontology(source="pato"),
                "XX": Ontology(),
                "CVCL": Ontology(by_form=True),
            },
            foreign_genes={SPIKES: organisms.pop(SPIKES)},
            organisms=organisms,
            columns={ORGANISM: Column(slot="uns", dtype="str", registry="Organism"), **columns},
        )

    def terms(self, ontology: str) -> dict[str, Term]:  # type: ignore[override]
        assert ontology != "CVCL"  # of which no file is at hand
        return {
            term_id: Term(term_id, f"name of {term_id}", False, (), _above(term_id), (), "")
            for term_id in PARENTS
            if term_id.startswith(ontology)
        }

    def labels(self, ontology: str) -> dict[str, str]:  # type: ignore[override]
        return {normalised(each.label): each.term_id for each in self.terms(ontology).values()}

    def organism(self, taxon: str) -> None:  # type: ignore[override]
        return None

    def pin(self, ontology: str) -> str:
        return "v1"

    def gene_table(self, table: str) -> GeneTable:  # type: ignore[override]
        return GeneTable(GENES[table])


def _above(term_id: str) -> frozenset[str]:
    parent = PARENTS[term_id]
    return frozenset() if parent is None else _above(parent) | {parent}


def vocabulary_of(columns: Mapping[str, Column]) -> Vocabulary:
    return Vocabulary(Made(columns))


def of_cells(*values: str, dtype: str = "categorical", missing: int = 0) -> ColumnProfile:
    return ColumnProfile(dtype, values, missing)


def judged(
    columns: Mapping[str, Column], obs: Mapping[str, ColumnProfile], **others: Any
) -> Validation:
    """What is found of a human dataset with these columns in obs, and `others` of its profile."""
    profile = DatasetProfile(2, obs, {}, ("H1",), profiles.keys({ORGANISM: HUMAN}))
    uns = {**profile.uns, **others.pop("uns", {})}
    return profiles.validate(replace(profile, uns=uns, **others), vocabulary_of(columns))


def column(**fields: Any) -> Column:
    return Column(**{"slot": "obs", **fields})


def where(name: str = "other", *among: str, **fields: Any) -> Circumstance:
    return Circumstance(column=name, among=among, **fields)


def case(*circumstances: Circumstance, **fields: Any) -> Case:
    return Case(where=circumstances, **fields)


def terms(ontology: str, **fields: Any) -> Terms:
    return Terms(ontology=ontology, **fields)

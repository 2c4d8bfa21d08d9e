"""Profiles made by hand, for what is said of them."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product

from runners.h5ad.profile import ColumnProfile, DatasetProfile
from runners.rules.vocabulary import Vocabulary
from runners.validation.cases import combinations
from runners.validation.validate import Validation
from runners.validation.validate import validate as validate_profile

Columns = Mapping[str, tuple[str, ...]]

HUMAN, MOUSE, MACAQUE = "NCBITaxon:9606", "NCBITaxon:10090", "NCBITaxon:9544"
ORGANISM = "organism_ontology_term_id"
DISEASE, ETHNICITY = "disease_ontology_term_id", "self_reported_ethnicity_ontology_term_id"
CELL_TYPE, TISSUE = "cell_type_ontology_term_id", "tissue_ontology_term_id"
STAGE, SEX = "development_stage_ontology_term_id", "sex_ontology_term_id"
ASSAY = "assay_ontology_term_id"
GENES = ("ENSG00000141510", "ENSG00000012048")
FALSE_OR_TRUE = ColumnProfile("bool", ("False", "True"), 0)

VALUES = {
    ASSAY: ("EFO:0009922",),
    CELL_TYPE: ("CL:0000084",),
    STAGE: ("HsapDv:0000258",),
    DISEASE: ("PATO:0000461",),
    ETHNICITY: ("HANCESTRO:0027",),
    SEX: ("PATO:0000383", "PATO:0000384"),
    TISSUE: ("UBERON:0000178",),
    "donor_id": ("anybody", "or nobody"),
    "suspension_type": ("cell",),
    "tissue_type": ("tissue",),
}


def keys(values: Mapping[str, str]) -> dict[str, ColumnProfile]:
    """Keys of uns with one value each, a text or a flag."""
    return {
        name: ColumnProfile("bool" if value in ("False", "True") else "str", (value,), 0)
        for name, value in values.items()
    }


GOOD = DatasetProfile(
    n_observations=10,
    obs={
        **{name: ColumnProfile("categorical", values, 0) for name, values in VALUES.items()},
        "is_primary_data": FALSE_OR_TRUE,
    },
    var={"feature_is_filtered": FALSE_OR_TRUE},
    genes=GENES,
    uns=keys({ORGANISM: HUMAN, "title": "A title"}),
)


def validate(profile: DatasetProfile, vocabulary: Vocabulary) -> Validation:
    """Of a profile in which every value stands beside every other, unless it says otherwise."""
    there = {
        tuple(name for name in names if name in profile.obs)
        for names in combinations(vocabulary.rules)
    }
    together = {
        names: frozenset(product(*(profile.obs[name].values for name in names))) for names in there
    }
    whole = replace(profile, combinations={**together, **profile.combinations})
    return validate_profile(whole, vocabulary)


def having(columns: Columns, profile: DatasetProfile = GOOD) -> DatasetProfile:
    """The profile with other values in some columns of obs."""
    changed = {name: replace(profile.obs[name], values=values) for name, values in columns.items()}
    return replace(profile, obs={**profile.obs, **changed})


def of(taxon: str, gene: str, columns: Columns) -> DatasetProfile:
    other = replace(GOOD, uns=keys({ORGANISM: taxon}), genes=(gene,))
    return having({ETHNICITY: ("na",), **columns}, other)

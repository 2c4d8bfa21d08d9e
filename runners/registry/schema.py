"""The Features and Schemas that datasets are annotated by.

The same as `lamindb.examples.cellxgene.create_cellxgene_schema(field_types="ontology_id")` makes,
but for every organism at once: LaminDB rewrites the features' source filter at each call, so that
two organisms disturb each other. Must not touch artifacts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bionty as bt
import lamindb as ln

FEATURES: Mapping[str, Any] = {
    "assay_ontology_term_id": bt.ExperimentalFactor.ontology_id,
    "cell_type_ontology_term_id": bt.CellType.ontology_id,
    "development_stage_ontology_term_id": bt.DevelopmentalStage.ontology_id,
    "disease_ontology_term_id": bt.Disease.ontology_id,
    "self_reported_ethnicity_ontology_term_id": bt.Ethnicity.ontology_id,
    "sex_ontology_term_id": bt.Phenotype.ontology_id,
    "tissue_ontology_term_id": [bt.Tissue.ontology_id, bt.CellType.ontology_id],
    "donor_id": str,
    "is_primary_data": ln.ULabel.name,
    "suspension_type": ln.ULabel.name,
    "tissue_type": ln.ULabel.name,
}
"""The columns of obs in LaminDB's order, which the Schema's hash depends on."""

DEFAULTS = {"donor_id": "unknown"}


@dataclass(frozen=True)
class SchemaIds:
    """Primary keys: of the Schema of the whole, of each slot's, and of the features by name."""

    composite: int
    slots: Mapping[str, int]
    features: Mapping[str, int]


def ensure_schema() -> SchemaIds:
    """The ids of the schema's records, made where they are missing."""
    var_index = _feature("var_index", bt.Gene.ensembl_gene_id)
    is_filtered = _feature("feature_is_filtered", bool)
    obs_features = [_feature(name, dtype) for name, dtype in FEATURES.items()]
    organism = _feature("organism_ontology_term_id", bt.Organism.ontology_id)
    var, inferred = _var(var_index, is_filtered)
    obs = _table("obs of CELLxGENE of ontology_id", obs_features)
    uns = _table("uns of CELLxGENE version", [organism])
    composite = _ensure_saved(
        ln.Schema(
            name="CELLxGENE AnnData of ontology_id",
            otype="AnnData",
            minimal_set=True,
            coerce=True,
            slots={"var": var, "obs": obs, "uns": uns},
        )
    )
    features = [var_index, is_filtered, organism, *obs_features]
    return SchemaIds(
        composite=composite.id,
        slots={"var": inferred.id, "obs": obs.id, "uns": uns.id},
        features={feature.name: feature.id for feature in features},
    )


def _var(index: Any, is_filtered: Any) -> tuple[Any, Any]:
    """The schema that var is validated by, and the one that the curator infers from a file's var:
    the same features, without name and dtype.
    """
    common = {"index": index, "itype": ln.Feature, "coerce": True}
    # a list each: LaminDB puts the index into the one that it is given
    validating = ln.Schema(
        name="var of CELLxGENE", features=[is_filtered], dtype="DataFrame", **common
    )
    inferred = ln.Schema(features=[is_filtered], minimal_set=True, **common)
    return _ensure_saved(validating), _ensure_saved(inferred)


def _table(name: str, features: list[Any]) -> Any:
    return _ensure_saved(
        ln.Schema(name=name, features=features, otype="DataFrame", minimal_set=True, coerce=True)
    )


def _ensure_saved(schema: Any) -> Any:
    """The schema, saved if LaminDB has not found it by its hash: saving again rewrites its row."""
    return schema if schema.pk else schema.save()


def _feature(name: str, dtype: Any) -> Any:
    """The feature of that name; an existing one stays as it is."""
    existing = ln.Feature.filter(name=name).one_or_none()
    if existing is not None:
        return existing
    if name in DEFAULTS:
        return ln.Feature(name=name, dtype=dtype, default_value=DEFAULTS[name]).save()
    return ln.Feature(name=name, dtype=dtype).save()

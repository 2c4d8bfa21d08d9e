"""The Features and Schemas that datasets are annotated by, as their rules have them.

Where LaminDB's module declares the same columns, they are what
`lamindb.examples.cellxgene.create_cellxgene_schema(field_types="ontology_id")` makes, but for every
organism at once: LaminDB rewrites the features' source filter at each call, so that two organisms
disturb each other. Must not touch artifacts.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bionty as bt
import lamindb as ln
from lamindb.models.feature import serialize_dtype

from runners.contract import ContractError
from runners.contract.rules import Column, Rules
from runners.registry import branches
from runners.registry import registries as registry_of

SLOTS = {"obs": "obs of CELLxGENE of ontology_id", "uns": "uns of CELLxGENE version"}
"""Slot -> the name of its schema in LaminDB's module, in that module's order."""

INDEX = "var_index"
"""The feature of the var index, which holds genes' ids."""

PLAIN = {"str": str, "bool": bool, "int": int, "float": float}


@dataclass(frozen=True)
class SchemaIds:
    """Primary keys: of the Schema of the whole, of each slot's, and of the features by name."""

    composite: int
    slots: Mapping[str, int]
    features: Mapping[str, int]


def ensure_schema(rules: Rules) -> SchemaIds:
    """The ids of the schema's records as the rules have them, made where they are missing."""
    columns = rules.features()
    present = _features([INDEX, *columns])
    var_index = _feature(INDEX, bt.Gene.ensembl_gene_id, present[INDEX])
    features = {
        name: _feature(name, _dtype(c), present[name], _default(c)) for name, c in columns.items()
    }
    var, inferred = _var(var_index, [features[n] for n, c in columns.items() if c.slot == "var"])
    slots = {"var": var, **{slot: _table(slot, rules, features) for slot in _tables(rules)}}
    composite = _ensure_saved(
        ln.Schema(
            name=f"CELLxGENE AnnData of ontology_id{_difference(rules, SLOTS)}",
            otype="AnnData",
            minimal_set=True,
            coerce=True,
            slots=slots,
        )
    )
    slots["var"] = inferred
    ids = {feature.name: feature.id for feature in (var_index, *features.values())}
    return SchemaIds(composite.id, {slot: schema.id for slot, schema in slots.items()}, ids)


def _tables(rules: Rules) -> list[str]:
    return [slot for slot in SLOTS if slot in rules.slots()]


def _dtype(column: Column) -> Any:
    """What a feature's values are: as LaminDB's module declares it, else as the rules annotate."""
    registries = column.lamindb.registries if column.lamindb else column.registries()
    fields = [
        PLAIN.get(name) or getattr(registry_of.model(name), registry_of.key(name))
        for name in registries
    ]
    return fields[0] if len(fields) == 1 else fields


def _default(column: Column) -> str | None:
    return column.lamindb.default if column.lamindb else None


def _difference(rules: Rules, slots: Collection[str]) -> str:
    """What tells a schema's name from that of LaminDB's own: nothing where they are the same.

    Made of what it holds, not of a version: releases come in any order.
    """
    features = {n: c for n, c in rules.features().items() if c.slot in slots}
    own = [
        f"{column.slot} {name} {column.stands_always}"
        for name, column in features.items()
        if column.lamindb is None or not column.stands_always or column.lamindb.slot != column.slot
    ]
    return f" ({hashlib.sha256(' '.join(own).encode()).hexdigest()[:6]})" if own else ""


def _var(index: Any, features: list[Any]) -> tuple[Any, Any]:
    """The schema that var is validated by, and the one that the curator infers from a file's var:
    the same features, without name and dtype.
    """
    common = {"index": index, "itype": ln.Feature, "coerce": True}
    # a list each: LaminDB puts the index into the one that it is given
    validating = ln.Schema(
        name="var of CELLxGENE", features=[*features], dtype="DataFrame", **common
    )
    inferred = ln.Schema(features=[*features], minimal_set=True, **common)
    return _ensure_saved(validating), _ensure_saved(inferred)


def _table(slot: str, rules: Rules, features: Mapping[str, Any]) -> Any:
    """The schema of obs or uns; a column that some datasets lack is optional in it."""
    own = [
        features[name] if column.stands_always else features[name].with_config(optional=True)
        for name, column in rules.features().items()
        if column.slot == slot
    ]
    return _ensure_saved(
        ln.Schema(
            name=SLOTS[slot] + _difference(rules, {slot}),
            features=own,
            otype="DataFrame",
            minimal_set=True,
            coerce=True,
        )
    )


def _ensure_saved(schema: Any) -> Any:
    """The schema, saved if there is none of its hash: saving again rewrites its row, and LaminDB
    looks at main alone.
    """
    if schema.pk:
        return schema
    return branches.first(ln.Schema.objects.filter(hash=schema.hash)) or schema.save()


def _feature(name: str, dtype: Any, same_name: Sequence[Any], default: str | None = None) -> Any:
    """The feature of that name and dtype, of those in the instance; an existing one stays as it is.

    Raises:
        ContractError: the instance has one of that name that is something else.
    """
    dtype_text = serialize_dtype(dtype)
    existing = branches.first(row for row in same_name if not _difference_of(row, dtype_text))
    if existing is not None:
        return existing
    for other in same_name:
        if not branches.is_hidden(other):
            raise ContractError(
                f"instance: feature {name} (uid {other.uid}) {_difference_of(other, dtype_text)}; "
                "rename it, or give it a type of its own, so that the schema's can be made."
            )
    options = {} if default is None else {"default_value": default}
    return ln.Feature(name=name, dtype=dtype, **options).save()


def _features(names: Collection[str]) -> Mapping[str, list[Any]]:
    """Name -> those that may be the schema's, oldest first. They have no type: names are unique
    within a type.
    """
    features: dict[str, list[Any]] = {name: [] for name in names}
    for row in ln.Feature.objects.filter(name__in=names, type=None).order_by("id"):
        features[row.name].append(row)
    return features


def _difference_of(feature: Any, dtype: str) -> str:
    """What the feature is that it mustn't be; empty if it is of this dtype.

    Whatever filter it has: `create_cellxgene_schema` rewrites that of sources at each call.
    """
    if feature.is_type:
        return "is a type of features"
    is_same = _without_filters(feature._dtype_str) == _without_filters(dtype)
    return "" if is_same else f"is {feature._dtype_str}, and not {dtype}"


def _without_filters(dtype: str) -> str:
    """`cat[bionty.Gene.ensembl_gene_id[source__uid=...]]` as `bionty.Gene.ensembl_gene_id`."""
    return re.sub(r"\[[^\[\]]*\]", "", dtype.removeprefix("cat[").removesuffix("]"))


def differing_features(rules: Rules) -> Mapping[str, str]:
    """Features of the schema that are something else in the instance: name -> what is wrong.

    Features that aren't there are no concern of this.
    """
    dtypes = {name: serialize_dtype(_dtype(column)) for name, column in rules.features().items()}
    problems: dict[str, str] = {}
    same_names = ln.Feature.objects.filter(name__in=dtypes, type=None)
    for row in branches.visible(same_names).order_by("id"):
        problem = _difference_of(row, dtypes[row.name])
        # of several, the right one counts
        problems[row.name] = problem and problems.get(row.name, problem)
    return {name: problem for name, problem in sorted(problems.items()) if problem}

"""A release beside the one before, by what both stores list. Touches no instance and no file.

A number is told only of what both stores were seen to list: "0 withdrawn" means that every dataset
of the older table stands in the newer one.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from runners.census.inventory import Inventory, read_inventory
from runners.contract import (
    AssayChanges,
    CellChanges,
    ComparedDataset,
    ContractError,
    DatasetChanges,
    GeneChanges,
    Manifest,
    ReleaseComparison,
)
from runners.records.snapshot import Unknown, UnknownError, value_or_raise

Value = TypeVar("Value")


def compare(manifest: Manifest, previous: Manifest | None) -> ReleaseComparison:
    """The release beside the previous one.

    Raises:
        ContractError: the release's own store can't be read.
    """
    if previous is None:
        remark = f"the manifest of {manifest.release} names no previous release to compare with"
        return ReleaseComparison(release=manifest.release, previous=None, remarks=(remark,))
    now = read_inventory(manifest.storage)
    try:
        before = read_inventory(previous.storage)
    except ContractError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        remark = (
            f"the store of {previous.release} can't be read, so that nothing is compared with it "
            f"({reason}); by the manifests, {manifest.release} has {manifest.dataset_count:,} "
            f"datasets and {previous.release} had {previous.dataset_count:,}"
        )
        return ReleaseComparison(
            release=manifest.release, previous=previous.release, remarks=(remark,)
        )
    return compare_inventories(manifest, now, previous, before)


def compare_inventories(
    manifest: Manifest, now: Inventory, previous: Manifest, before: Inventory
) -> ReleaseComparison:
    """The comparison of two releases, as far as both inventories are known."""
    return ReleaseComparison(
        release=manifest.release,
        previous=previous.release,
        datasets=_or_none(lambda: _datasets(now, before)),
        cells=_or_none(lambda: _cells(now, before)),
        genes=_or_none(lambda: _genes(now, before)),
        assays=_or_none(lambda: _assays(now, before)),
        remarks=(*_remarks(manifest, now), *_remarks(previous, before)),
    )


def _or_none(make: Callable[[], Value]) -> Value | None:
    try:
        return make()
    except UnknownError:
        return None


def _datasets(now: Inventory, before: Inventory) -> DatasetChanges:
    newer, older = value_or_raise(now.datasets), value_or_raise(before.datasets)
    both = newer.keys() & older.keys()
    return DatasetChanges(
        count=len(newer),
        before=len(older),
        new=_by_id(newer[dataset_id] for dataset_id in newer.keys() - both),
        withdrawn=_by_id(older[dataset_id] for dataset_id in older.keys() - both),
        continued=len(both),
        revised=_or_none(
            lambda: _by_id(newer[dataset_id] for dataset_id in both & _revised(now, before))
        ),
    )


def _by_id(datasets: Iterable[ComparedDataset]) -> tuple[ComparedDataset, ...]:
    return tuple(sorted(datasets, key=lambda dataset: dataset.dataset_id))


def _revised(now: Inventory, before: Inventory) -> set[str]:
    newer, older = value_or_raise(now.versions), value_or_raise(before.versions)
    return {name for name in newer.keys() & older.keys() if newer[name] != older[name]}


def _cells(now: Inventory, before: Inventory) -> tuple[CellChanges, ...]:
    newer, older = value_or_raise(now.cells), value_or_raise(before.cells)
    return tuple(
        CellChanges(organism=name, count=newer.get(name, 0), before=older.get(name, 0))
        for name in sorted(newer.keys() | older.keys())
    )


def _genes(now: Inventory, before: Inventory) -> tuple[GeneChanges, ...]:
    newer, older = value_or_raise(now.genes), value_or_raise(before.genes)
    nothing: frozenset[str] = frozenset()
    return tuple(
        GeneChanges(
            organism=name,
            count=len(newer.get(name, nothing)),
            before=len(older.get(name, nothing)),
            gained=tuple(sorted(newer.get(name, nothing) - older.get(name, nothing))),
            lost=tuple(sorted(older.get(name, nothing) - newer.get(name, nothing))),
        )
        for name in sorted(newer.keys() | older.keys())
    )


def _assays(now: Inventory, before: Inventory) -> AssayChanges:
    newer, older = value_or_raise(now.assays), value_or_raise(before.assays)
    return AssayChanges(
        gained=tuple(newer[term] for term in sorted(newer.keys() - older.keys())),
        lost=tuple(older[term] for term in sorted(older.keys() - newer.keys())),
    )


def _remarks(manifest: Manifest, inventory: Inventory) -> Iterator[str]:
    """What isn't known of the release, and where its store and its manifest disagree."""
    for value in (
        inventory.datasets,
        inventory.versions,
        inventory.cells,
        inventory.genes,
        inventory.assays,
    ):
        if isinstance(value, Unknown):
            yield f"of {manifest.release}, {value.why}, so that it isn't compared"
    if isinstance(inventory.datasets, Unknown):
        return
    count = len(inventory.datasets)
    if count != manifest.dataset_count:
        yield (
            f"the store of {manifest.release} lists {count:,} datasets, its manifest says "
            f"{manifest.dataset_count:,}"
        )


def describe(comparison: ReleaseComparison) -> Iterator[str]:
    """The comparison in lines for a terminal."""
    if comparison.previous is not None:
        yield f"{comparison.release} against {comparison.previous}"
    if datasets := comparison.datasets:
        revised = "" if datasets.revised is None else f"{len(datasets.revised):,} of them revised, "
        yield (
            f"datasets: {datasets.count:,} against {datasets.before:,}: {len(datasets.new):,} new, "
            f"{datasets.continued:,} continue, {revised}{len(datasets.withdrawn):,} withdrawn"
        )
        kinds = {"new": datasets.new, "withdrawn": datasets.withdrawn}
        for kind, named in {**kinds, "revised": datasets.revised or ()}.items():
            yield from (f"    {kind} {one.dataset_id}  {one.title}" for one in named)
    for cells in comparison.cells or ():
        yield f"cells of {cells.organism}: {cells.count:,} against {cells.before:,}"
    for genes in comparison.genes or ():
        yield (
            f"genes of {genes.organism}: {genes.count:,} against {genes.before:,}: "
            f"{len(genes.gained):,} gained, {len(genes.lost):,} lost"
        )
    if assays := comparison.assays:
        for kind, terms in {"gained": assays.gained, "lost": assays.lost}.items():
            listed = ", ".join(f"{assay.name} ({assay.ontology_id})" for assay in terms)
            yield f"assays {kind}: {listed or 'none'}"
    yield from (f"{remark}." for remark in comparison.remarks)

"""What the bot says in a manifest's pull request of its release beside the one before."""

from collections.abc import Mapping, Sequence

from bot.comments.markdown import LIMIT, code, collapsed, counted, fitted, inert, joined, table
from bot.comments.pull_requests import ARTIFACT, block
from bot.comments.result.datasets import MANY, named
from runners.contract import (
    AssayChanges,
    CellChanges,
    ComparedAssay,
    ComparedDataset,
    DatasetChanges,
    GeneChanges,
    ReleaseComparison,
)

SHOWN_ASSAYS = 30


def comparison_comment(results: Mapping[str, ReleaseComparison | str]) -> str:
    """By manifest, what its release has gained and lost, or why it couldn't be compared."""
    parts = [_section(path, result) for path, result in results.items()]
    is_whole = all(isinstance(result, ReleaseComparison) for result in results.values())
    following = (
        "merge only if that is what you expect."
        if is_whole
        else "correct what is named above in this pull request; it is compared again."
    )
    ending = (
        f"**Next:** {following}\n\nBy what the stores of both releases list; nothing was written."
    )
    whole = "\n\n".join([*parts, ending])
    return fitted(whole, LIMIT, ARTIFACT) or f"The artifact `{ARTIFACT}` has the comparison."


def _section(path: str, result: ReleaseComparison | str) -> str:
    if isinstance(result, str):
        return f"## ⚠️ Not compared\n\n{code(path)} can't be compared:\n\n{block(result)}"
    remarks = "\n".join(f"- {inert(remark, 600)}." for remark in result.remarks)
    if result.previous is None:
        return f"## Release {result.release}, the first\n\n{remarks}"
    parts = [
        f"## Release {result.release} against {result.previous}",
        _datasets(result.datasets) if result.datasets else "",
        _organisms(result.cells, result.genes),
        _assays(result.assays) if result.assays else "",
        *(_listed_datasets(result.datasets) if result.datasets else ()),
        f"### To be known\n\n{remarks}" if remarks else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _datasets(changes: DatasetChanges) -> str:
    revised = "" if changes.revised is None else f" ({len(changes.revised):,} of them revised)"
    return (
        f"**{counted(changes.count, 'dataset')}** against {changes.before:,}: "
        f"{len(changes.new):,} new, {changes.continued:,} continue{revised}, "
        f"{len(changes.withdrawn):,} withdrawn."
    )


def _organisms(cells: Sequence[CellChanges] | None, genes: Sequence[GeneChanges] | None) -> str:
    """Cells and genes of each organism; what isn't known has no column."""
    rows: dict[str, list[str]] = {}
    for organism in cells or ():
        rows[organism.organism] = [f"{organism.count:,}", f"{organism.before:,}"]
    blank = ["", ""]
    gene_rows = {
        one.organism: [
            f"{one.count:,}",
            f"{one.before:,}",
            f"{len(one.gained):,}",
            f"{len(one.lost):,}",
        ]
        for one in genes or ()
    }
    header = ["Organism", "Cells:", "Before:", "Genes:", "Before:", "Gained:", "Lost:"]
    listed = [
        [code(name), *rows.get(name, blank), *gene_rows.get(name, blank * 2)]
        for name in sorted(rows.keys() | gene_rows.keys())
    ]
    return table(header, listed) if listed else ""


def _assays(changes: AssayChanges) -> str:
    return f"Assays gained: {_terms(changes.gained)}. Assays lost: {_terms(changes.lost)}."


def _terms(assays: Sequence[ComparedAssay]) -> str:
    shown = [
        f"{inert(assay.name)} ({code(assay.ontology_id)}, {counted(assay.cells, 'cell')})"
        for assay in assays[:SHOWN_ASSAYS]
    ]
    left = len(assays) - len(shown)
    return joined([*shown, *([f"{left:,} more"] if left > 0 else [])]) or "none"


def _listed_datasets(changes: DatasetChanges) -> list[str]:
    kinds = {"withdrawn": changes.withdrawn, "new": changes.new, "revised": changes.revised or ()}
    return [_list(kind, datasets) for kind, datasets in kinds.items() if datasets]


def _list(kind: str, datasets: Sequence[ComparedDataset]) -> str:
    rows = [
        [named(one.title, one.dataset_id), inert(one.collection, 120), f"{one.cells:,}"]
        for one in datasets
    ]
    text = table(["Dataset", "Collection", "Cells:"], rows)
    summary = f"{counted(len(datasets), 'dataset')} {kind}"
    is_short = kind == "withdrawn" and len(datasets) <= MANY
    return f"### {summary}\n\n{text}" if is_short else collapsed(summary, text)

"""The canary: before a release is written, LaminDB's own curator and we write the same datasets.

One dataset per organism that the curator can do goes into two scratch instances, by the curator
and by us, and every row of every table is compared. What may differ stands in `differences`;
anything else stops the run. Done once per organism and fingerprint, which a small file remembers.
Never touches the instance of the run.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anndata import AnnData

from runners import progress, rules
from runners.census.store import CensusDataset, location
from runners.contract import ContractError, Manifest, Storage
from runners.contract.rules import ORGANISM, Organism
from runners.registry.canary import comparison, scratch_instances, subset
from runners.registry.canary.differences import (
    SUPPORTED,
    obstacles,
    refusals,
    unknown_to_lamindb,
)
from runners.registry.canary.scratch_instances import OURS, THEIRS, Trial
from runners.run.fingerprint import Fingerprint
from runners.validation.validated import ValidatedDataset

REMEDY = (
    "mend runners/registry, or name the difference in runners/registry/canary/differences.py, "
    "before this release is written."
)


def is_marked(folder: Path, organism: str, combination: Fingerprint) -> bool:
    """True if the organism was compared with this combination."""
    return _marker_file(folder, organism, combination).exists()


def mark(folder: Path, organism: str, combination: Fingerprint, dataset_id: str) -> None:
    """Notes in `folder` that the organism was compared, and by which dataset."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"organism": organism, "dataset_id": dataset_id, **combination.to_mapping()}
    _marker_file(folder, organism, combination).write_text(json.dumps(content, indent=2) + "\n")


def _marker_file(folder: Path, organism: str, combination: Fingerprint) -> Path:
    key = hashlib.sha256(str(combination).encode()).hexdigest()[:12]
    return folder / f"{organism}-{key}.json"


@dataclass(frozen=True)
class Specimen:
    """A dataset that both sides can write, without its counts."""

    taxon: str
    dataset: CensusDataset
    data: AnnData


def compare_once(
    manifest: Manifest,
    judged: Iterable[ValidatedDataset],
    *,
    reference: Path,
    scratch: Path,
    markers: Path,
) -> None:
    """Compares one of the judged datasets per organism, and notes it in the folder `markers`.

    A line of progress names what was compared before, or can't be.

    Raises:
        ContractError: a row differs, or a side refuses what the other writes.
    """
    versions = Fingerprint.of(manifest.dataset_schema_version)
    organisms = _organisms(manifest)
    wanted = {t for t in organisms if not is_marked(markers, organisms[t].name, versions)}
    if not wanted:
        _say(manifest, f"done before with {versions}")
        return
    chosen = choose(manifest, judged, wanted)
    if absent := wanted - {specimen.taxon for specimen in chosen}:
        names = ", ".join(sorted(organisms[taxon].name for taxon in absent))
        _say(manifest, f"no dataset of {names} that LaminDB's curator can do: not compared")
    if not chosen:
        return
    compare(trial_of(manifest, chosen, reference=reference, folder=scratch))
    for specimen in chosen:
        name, dataset_id = organisms[specimen.taxon].name, specimen.dataset.dataset_id
        mark(markers, name, versions, dataset_id)
        _say(manifest, f"{name}: all rows equal the curator's for {dataset_id}")


def _organisms(manifest: Manifest) -> Mapping[str, Organism]:
    """The release's organisms that the curator can do, by taxon; progress names the others."""
    schema = rules.load(manifest.dataset_schema_version)
    if why := obstacles(schema):
        _say(manifest, f"LaminDB's curator can't do it, because {', '.join(why)}: not compared")
        return {}
    if unknown := unknown_to_lamindb(schema):
        _say(manifest, f"LaminDB's curator doesn't know {', '.join(unknown)}: not compared")
    organisms = schema.organisms
    taxa = [t for t, o in organisms.items() if o.scientific_name in manifest.organisms] or [
        *organisms
    ]
    if unsupported := [
        organisms[taxon].scientific_name for taxon in taxa if taxon not in SUPPORTED
    ]:
        _say(manifest, f"LaminDB's curator can't do {', '.join(unsupported)}: not compared")
    return {taxon: organisms[taxon] for taxon in SUPPORTED if taxon in taxa}


def _say(manifest: Manifest, line: str) -> None:
    progress.say(f"{manifest.release}: canary: {line}")


def choose(
    manifest: Manifest, judged: Iterable[ValidatedDataset], taxa: Collection[str]
) -> Sequence[Specimen]:
    """Of each taxon the first dataset that is valid and that the curator can do."""
    chosen: dict[str, Specimen] = {}
    schema = rules.load(manifest.dataset_schema_version)
    for dataset in judged:
        taxon = _taxon(dataset)
        if taxon is None or taxon in chosen or taxon not in taxa:
            continue
        data = subset.read_subset(location(manifest, dataset.dataset), schema)
        values = {str(name): data.obs[name].astype(str).unique() for name in data.obs.columns}
        assert dataset.validation is not None  # it has a taxon
        if not refusals(schema, dataset.validation, values):
            chosen[taxon] = Specimen(taxon, dataset.dataset, data)
        if len(chosen) == len(taxa):
            break
    return tuple(chosen.values())


def _taxon(judged: ValidatedDataset) -> str | None:
    """The organism of a valid dataset."""
    if judged.validation is None or judged.validation.findings:
        return None
    return next(a.term_id for a in judged.validation.annotations if a.column == ORGANISM)


def trial_of(
    manifest: Manifest, specimens: Iterable[Specimen], *, reference: Path, folder: Path
) -> Trial:
    """The specimens as files in `folder`, where a release would have them, for both sides."""
    h5ads = folder / "cell-census" / manifest.release / "h5ads"
    h5ads.mkdir(parents=True)
    taxa, datasets = {}, []
    for specimen in specimens:
        for file in subset.write_subsets(specimen.data, h5ads, specimen.dataset.dataset_id):
            datasets.append(replace(specimen.dataset, dataset_id=file.stem, path=file.name))
            taxa[file.stem] = specimen.taxon
    storage = Storage(soma=str(h5ads.with_name("soma")), h5ads=str(h5ads))
    trial_manifest = manifest.model_copy(update={"storage": storage})
    return Trial(folder, trial_manifest, reference, tuple(datasets), taxa)


def compare(trial: Trial) -> None:
    """Returns if both sides write the same of the trial's datasets, else raises ContractError."""
    ours, theirs = scratch_instances.write_both(trial)
    for side_text, refused in (("we refuse", ours), ("LaminDB's curator refuses", theirs)):
        for dataset_id, reason_text in refused.items():
            raise ContractError(
                f"canary: dataset {dataset_id}: {side_text} it ({reason_text}); {REMEDY}"
            )
    check_rows(trial)


def check_rows(trial: Trial) -> None:
    """Returns if both sides have written the same.

    Raises:
        ContractError: they haven't; it names the first row.
    """
    unexplained = comparison.unlike(trial.rows(OURS), trial.rows(THEIRS))
    if unexplained:
        more = f" (and {len(unexplained) - 1} more rows)" if unexplained[1:] else ""
        raise ContractError(f"canary: {unexplained[0]}{more}; {REMEDY}")

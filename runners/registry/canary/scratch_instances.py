"""Both sides of a trial, each in an instance and a process of its own: LaminDB's curator, and us.

LaminDB allows one instance in a process. The instances lie in the trial's folder, and nothing
outside of it is written to.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runners import rules
from runners.census.store import CensusDataset, location
from runners.contract import Manifest
from runners.registry import connection
from runners.registry.canary import comparison
from runners.registry.canary.differences import known_to_lamindb
from runners.rules.reference import Reference
from runners.rules.vocabulary import Vocabulary
from runners.validation.pools import processes
from runners.validation.validated import read_and_validate

OURS, THEIRS = "ours", "theirs"

Refusals = Mapping[str, str]
"""Dataset id -> why a side refuses it."""


@dataclass(frozen=True)
class Trial:
    """What both sides are given. `manifest` names the datasets' files, which lie in `folder`;
    `taxa` is dataset id -> taxon.
    """

    folder: Path
    manifest: Manifest
    reference: Path
    datasets: tuple[CensusDataset, ...]
    taxa: Mapping[str, str]

    def storage(self, side: str) -> Path:
        """The folder of a side's instance."""
        return self.folder / side / "storage"

    def rows(self, side: str) -> comparison.Rows:
        """What a side has written, in the form that can be compared."""
        storage = self.storage(side)
        return comparison.of_file(storage / ".lamindb" / "lamin.db", storage=storage)


def write_both(trial: Trial) -> tuple[Refusals, Refusals]:
    """What we and the curator refuse, once both have written the rest."""
    with processes(1) as our_pool, processes(1) as their_pool:
        ours, theirs = our_pool.submit(write_ours, trial), their_pool.submit(write_theirs, trial)
        return ours.result(), theirs.result()


def write_ours(trial: Trial) -> Refusals:
    """Writes our rows, in this process's only instance."""
    reference = connect(trial, OURS)
    from runners.registry.writer import Writer

    writer = Writer(trial.manifest, reference, {})
    writer.prepare()
    vocabulary = Vocabulary(reference)
    batch = [read_and_validate(d, location(trial.manifest, d), vocabulary) for d in trial.datasets]
    written = writer.write(batch)
    return {
        dataset.dataset_id: "; ".join(map(str, dataset.reasons))
        for dataset in written
        if dataset.reasons
    }


def write_theirs(trial: Trial) -> Refusals:
    """Writes the curator's rows, in this process's only instance."""
    reference = connect(trial, THEIRS)
    from runners.registry import artifacts
    from runners.registry.canary import curator

    curator.prepare(reference, trial.manifest.organisms)
    artifacts.ensure_storage(artifacts.storage_root(trial.manifest.storage.h5ads), None)
    refusals = {
        dataset.dataset_id: curator.curate(
            Path(location(trial.manifest, dataset)),
            release=trial.manifest.release,
            title=dataset.title,
            organism=reference.rules.organisms[trial.taxa[dataset.dataset_id]].name,
        )
        for dataset in trial.datasets
    }
    return {dataset_id: refusal for dataset_id, refusal in refusals.items() if refusal}


def connect(trial: Trial, side: str) -> Reference:
    """The trial's ontologies; this process's instance is the side's, made if absent."""
    os.environ["LAMIN_SETTINGS_DIR"] = str(trial.folder / side)  # before lamindb is imported
    connection.connect(connection.create("canary", trial.storage(side)))
    schema = rules.load(trial.manifest.dataset_schema_version)
    return Reference(known_to_lamindb(schema), trial.reference)

"""One dataset of the release, registered in an instance made for it and thrown away.

Then the canary: what LaminDB's curator would write is what we write. Runs in a process of its own,
with LaminDB's settings in a folder of its own, so that the user's instances aren't even seen.
"""

import os
import tempfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice, tee
from pathlib import Path

from runners import progress, rules
from runners.census.store import CensusDataset, location, read_datasets
from runners.contract import Action, ContractError, Outcome, RunRequest
from runners.ingest.steps import ingest
from runners.rules.consistency import modules_of
from runners.run.journal import summary
from runners.run.request import Job
from runners.run.selection import selected_datasets
from runners.validation.readers import Readers
from runners.validation.validated import ValidatedDataset, outcome_of

DATASETS_TRIED = 10
"""Datasets that are tried before the release as a whole is held to be at fault."""

REASONS = 5
"""Reasons that are named where none of them is valid."""

COMPARABLE = 50
"""Datasets that are looked at for one per organism that the canary can compare."""


def smoke_test(job: Job, *, markers: Path) -> None:
    """Returns if one dataset could be registered and annotated, and the canary found no other row
    than LaminDB's curator writes; `markers` is where the canary keeps what it has compared.

    Raises:
        ContractError: the request names what the release hasn't, which is told before a machine is
            paid for; none of the first datasets is valid, the registration went wrong, or a row
            differs from the curator's.
    """
    table = read_datasets(job.manifest)
    if job.request.failed_of is None:  # else the earlier run, which lies elsewhere, selects
        selected_datasets(job, table)
    with (
        closing(_judged(job, table)) as judged,
        tempfile.TemporaryDirectory(prefix="smoke-") as scratch,
    ):
        for_smoke, for_canary = tee(judged)
        _register(job, table, _first_valid(job, for_smoke), Path(scratch))
        from runners.registry import canary

        canary.compare_once(
            job.manifest,
            islice(for_canary, COMPARABLE),
            reference=job.reference,
            scratch=Path(scratch) / "canary",
            markers=markers,
        )
    progress.say(f"{job.manifest.release}: smoke test passed")


def _register(job: Job, table: Sequence[CensusDataset], dataset_id: str, scratch: Path) -> None:
    progress.say(f"{job.manifest.release}: smoke test with dataset {dataset_id}")
    os.environ["LAMIN_SETTINGS_DIR"] = str(scratch)  # before lamindb is imported
    from runners.registry import connection

    schema = rules.load(job.manifest.dataset_schema_version)
    slug = connection.create("smoke", scratch / "storage", modules=modules_of(schema))
    request = RunRequest(
        run_id="smoke",
        action=Action.INGEST,
        release=job.request.release,
        manifest=job.request.manifest,
        instance=slug,
        only=(dataset_id,),
    )
    outcomes_found = ingest(replace(job, request=request, folder=scratch / "run"), table)
    if [outcome.outcome for outcome in outcomes_found] != [Outcome.REGISTERED]:
        raise ContractError(f"smoke test: dataset {dataset_id} ended as {summary(outcomes_found)}.")


def _judged(job: Job, table: Sequence[CensusDataset]) -> Generator[ValidatedDataset]:
    """The release's datasets, the smallest first, each judged a little before it is asked for, in
    a process of its own that a file may end.
    """
    datasets = sorted(table, key=lambda candidate: candidate.cell_count)
    tasks = [(dataset, location(job.manifest, dataset)) for dataset in datasets]
    readers = Readers(job.manifest.dataset_schema_version, job.reference, workers=1)
    yield from readers.judged(tasks)


def _first_valid(job: Job, judged: Iterable[ValidatedDataset]) -> str:
    reasons: list[str] = []
    for dataset in islice(judged, DATASETS_TRIED):
        ended = outcome_of(dataset, Outcome.REGISTERED)
        if ended.outcome is Outcome.REGISTERED:
            return ended.dataset_id
        reasons += [f"{ended.dataset_id}: {reason}" for reason in ended.reasons]
    raise ContractError(
        f"release {job.manifest.release}: none of the {DATASETS_TRIED} smallest datasets is valid "
        f"({'; '.join(reasons[:REASONS])}); check the rules of dataset schema "
        f"{job.manifest.dataset_schema_version}, or the datasets."
    )

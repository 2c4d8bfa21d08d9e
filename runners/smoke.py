"""One dataset of the release, registered in an instance made for it and thrown away.

Runs in a process of its own, with LaminDB's settings in a folder of its own, so that the user's
instances aren't even seen.
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from runners import progress, rules
from runners.census import location, read_datasets
from runners.contract import Action, ContractError, Outcome, RunRequest
from runners.ingest import ingest
from runners.job import Job
from runners.judgement import judge
from runners.outcomes import summary
from runners.reference import Reference
from runners.vocabulary import Vocabulary

TRIED = 10
"""Datasets that are tried before the release as a whole is held to be at fault."""


def smoke(job: Job) -> None:
    """Returns if one dataset could be registered and annotated.

    Raises:
        ContractError: none of the first datasets is valid, or the registration went wrong.
    """
    dataset_id = _first_valid(job)
    progress.say(f"{job.manifest.release}: smoke test with dataset {dataset_id}")
    with tempfile.TemporaryDirectory(prefix="smoke-") as scratch:
        os.environ["LAMIN_SETTINGS_DIR"] = scratch  # before lamindb is imported
        from runners.registry import instance

        slug = instance.create("smoke", Path(scratch) / "storage")
        request = RunRequest(
            run_id="smoke",
            action=Action.INGEST,
            release=job.request.release,
            manifest=job.request.manifest,
            instance=slug,
            only=(dataset_id,),
        )
        found = ingest(replace(job, request=request, folder=Path(scratch) / "run"))
    if [outcome.outcome for outcome in found] != [Outcome.REGISTERED]:
        raise ContractError(f"smoke test: dataset {dataset_id} ended as {summary(found)}.")
    progress.say(f"{job.manifest.release}: smoke test passed")


def _first_valid(job: Job) -> str:
    reference = Reference(rules.load(job.manifest.dataset_schema_version), job.reference)
    vocabulary = Vocabulary(reference)
    tried = read_datasets(job.manifest)[:TRIED]
    for dataset in tried:
        judged = judge(dataset, location(job.manifest, dataset), vocabulary)
        if judged.validation is not None and not judged.validation.findings:
            return dataset.dataset_id
    raise ContractError(
        f"release {job.manifest.release}: none of the first {len(tried)} datasets is valid; "
        f"check the rules of dataset schema {job.manifest.dataset_schema_version}."
    )

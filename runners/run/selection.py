"""Which datasets of the release a run answers for, and which of them it processes.

Must not touch an instance: a snapshot says what the instance lacks.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from runners import rules
from runners.census.store import CensusDataset, read_datasets
from runners.contract import ContractError, RunRequest
from runners.contract.rules import Rules
from runners.records.snapshot import Snapshot
from runners.run import repeats
from runners.run.fingerprint import Fingerprint
from runners.run.journal import START
from runners.run.named_datasets import named_datasets
from runners.run.request import Job


def is_whole(request: RunRequest) -> bool:
    """Whether the request is for the whole release; a part gets no store, and no collections but
    where a whole run has made the release's.
    """
    return not request.is_part


def answered_request(job: Job) -> RunRequest:
    """The request that says which part of the release the run answers for: its own, or that of the
    run whose failures it does again.

    Raises:
        ContractError: that run can't be found, or the request selects in two ways.
    """
    request = job.request
    if request.failed_of is None:
        return request
    if request.is_part or request.only_missing:
        raise ContractError(
            f"request {request.run_id}: field failed_of: goes with none of only, collection, "
            "organism, only_missing and limit; leave them out."
        )
    return repeats.earlier_ingests(request, job.folder.parent)[0].request


def selected_datasets(
    job: Job, table: Sequence[CensusDataset] | None = None
) -> Sequence[CensusDataset]:
    """The datasets that the run answers for, by dataset id. `table`: all of the release, where they
    were read already.

    Raises:
        ContractError: the release's table can't be read, or as in `named_datasets` and
            `answered_request`.
    """
    request = answered_request(job)
    datasets = named_datasets(request, job.manifest, table or read_datasets(job.manifest))
    return datasets if request.only_missing else datasets[: request.limit]


def datasets_to_do(
    job: Job,
    datasets: Sequence[CensusDataset],
    look: Callable[[], Snapshot],
    say: Callable[[str], None],
) -> tuple[str, ...]:
    """Ids of those of the datasets that the run processes; `say` prints how they were chosen.

    `look` takes a snapshot of the release; it is called only if the request needs one.

    Raises:
        ContractError: a run that this one goes on from was rolled back.
    """
    ids = [dataset.dataset_id for dataset in datasets]
    request = job.request
    if request.failed_of is not None:
        now = Fingerprint.of(job.manifest.dataset_schema_version)
        earlier = repeats.earlier_ingests(request, job.folder.parent)
        repeats.require_standing(request, earlier)
        first = earlier[0].request
        if first.only_missing and not any(run.journal.first(START) for run in earlier):
            ids = _lacking(job, ids, look, say)[: first.limit]
        repeat = repeats.repeat(ids, earlier, now)
        say(f"failed of {request.failed_of}: {repeat}")
        return tuple(repeat.again)
    if request.only_missing:
        return tuple(_lacking(job, ids, look, say)[: request.limit])
    return tuple(ids)


def _lacking(
    job: Job, ids: Sequence[str], look: Callable[[], Snapshot], say: Callable[[str], None]
) -> list[str]:
    there = complete(look(), rules.load(job.manifest.dataset_schema_version))
    lacking = [dataset_id for dataset_id in ids if dataset_id not in there]
    say(f"only missing: {len(lacking)} of {len(ids)} datasets are missing or incomplete")
    return lacking


def complete(snapshot: Snapshot, rules: Rules) -> Collection[str]:
    """Ids of the datasets whose artifact has all that an ingest gives any of the release."""
    features = {n for n, column in rules.labelled().items() if column.stands_always}
    return {
        row.dataset_id
        for row in snapshot.artifacts
        if _has_all(snapshot.slots, row.id, rules.slots())
        and _has_all(snapshot.features, row.id, features)
        and row.id in snapshot.with_reference
    }


def _has_all(held: Mapping[int, Collection[str]], key: int, wanted: Collection[str]) -> bool:
    return set(wanted) <= set(held.get(key, ()))

"""Register one release in one instance, step by step, resumable at any point.

Reads and validates the datasets, writes them in batches (one transaction each), then the
collections and the SOMA store; the journal says what came of each. What an outage rolled back is
done again by a writer made anew, because a writer remembers ids. Never verifies itself:
`runners.verification` looks with fresh eyes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, TypeVar

from runners import progress, settings
from runners.census import directory, publications
from runners.census.store import CensusDataset, location, read_datasets
from runners.contract import Action, ContractError, DatasetOutcome
from runners.records.baseline import BASELINE, LEFT, store_baseline, stored_baseline
from runners.records.proof import KeptRun, Opening
from runners.registry.lock import hold_lock_file
from runners.retries import retry_outages
from runners.rules.reference import Reference
from runners.rules.vocabulary import rules_of
from runners.run.completion import IS_KEPT, complete, first_kept
from runners.run.fingerprint import Fingerprint
from runners.run.journal import (
    CANCELLED,
    END,
    JOURNAL,
    READ,
    START,
    WRITTEN,
    Journal,
    outcomes_of_journal,
)
from runners.run.request import Job, RunFolder
from runners.run.selection import answered_request, datasets_to_do, is_whole, selected_datasets
from runners.run.stopping import CANCEL, is_cancelled
from runners.validation.readers import Readers
from runners.validation.validated import ValidatedDataset

if TYPE_CHECKING:
    from runners.registry.writer import Writer

Result = TypeVar("Result")


BATCH = 50
"""Datasets that are written together, by some sixty statements however many they are, each of which
is a round trip to the database; what isn't written when a machine dies is read again."""

AHEAD = 6 * BATCH
"""Datasets that are read while a batch is written, a quarter of a megabyte each. The first takes as
long as many later ones: it writes the genes and terms that all need.
"""

CLASHES = 2
"""Repeats of a step that met somebody else's row; one that still stands in the way then stays."""


class RetryingWriter:
    """Does steps with a writer that `ready` connects and prepares, first and after an outage."""

    def __init__(self, ready: "Callable[[], Writer]", *, seconds: float) -> None:
        """`seconds`: how long a step is tried again."""
        self._ready = ready
        self._seconds = seconds
        self._writer: Writer | None = None

    def do(self, step: "Callable[[Writer], Result]") -> Result:
        """What the step returns, which may be done several times and must be done once.

        Raises:
            OutageError: database or storage did not answer for all that time.
            ContractError: the database refuses the step, and a person must see to it.
        """
        from runners.registry.failures import ClashError  # Django, which takes a second

        for _ in range(CLASHES):
            try:
                return retry_outages(lambda: self._once(step), seconds=self._seconds)
            except ClashError as error:
                progress.say(f"{error} Doing it again, in case somebody did this just now.")
        return retry_outages(lambda: self._once(step), seconds=self._seconds)

    def _once(self, step: "Callable[[Writer], Result]") -> Result:
        from runners.registry import failures

        writer, self._writer = self._writer, None
        with failures.explained():
            writer = writer or self._ready()
            result = step(writer)
        self._writer = writer
        return result


def ingest(job: Job, table: Sequence[CensusDataset] | None = None) -> tuple[DatasetOutcome, ...]:
    """The outcome of every dataset that was asked for, once all of them are in the instance; of
    those that are, where the run was cancelled. `table` is as in `selected_datasets`.

    Calling it again, after an end or a kill, changes only what is missing.

    Raises:
        ContractError: the job can't be done (the release was retracted, say), and nothing was
            changed; or storage or database did not answer for too long, and what was written stays
            for the run to go on from.
    """
    if job.request.action is not Action.INGEST:
        raise ContractError(
            f"request {job.request.run_id}: field action: is {job.request.action.value}; "
            "name the request of an ingest."
        )
    listing = directory.look_up(job.manifest)
    for sentence in listing.sentences:
        progress.say(f"{sentence}.")
    datasets = selected_datasets(job, table)
    request, path = job.request, job.folder / JOURNAL
    holding = hold_lock_file(request.instance, runs=job.folder.parent, run_id=request.run_id)
    with holding, Journal(path) as journal:
        if RunFolder(request, job.folder, journal).was_rolled_back:
            raise ContractError(
                f"request {request.run_id}: field run_id: this run was rolled back; "
                "start a new one under another id."
            )
        if journal.first(END):
            progress.say(f"{job.request.run_id}: ended before; nothing to do")
        elif is_cancelled(job.folder):
            _cancel(job, journal)
        else:
            directory.refuse_retracted(job.manifest, listing)
            with _readers(job) as readers:
                _work(job, datasets, journal, readers)
        return outcomes_of_journal(journal, datasets)


@contextmanager
def _readers(job: Job) -> Iterator[Readers]:
    version = job.manifest.dataset_schema_version
    if job.scheduler is None:
        yield Readers(version, job.reference, job.workers, ahead=AHEAD)
        return
    from runners.validation.cluster import connect_cluster  # an optional dependency

    with connect_cluster(job.scheduler) as (threads, pool):
        yield Readers(version, job.reference, threads, pool, ahead=AHEAD)


def _work(job: Job, datasets: Sequence[CensusDataset], journal: Journal, readers: Readers) -> None:
    seconds = settings.from_environment().patience_seconds
    writing = RetryingWriter(lambda: _ready(job, datasets, journal), seconds=seconds)
    writing.do(lambda writer: None)  # the journal has its first line now
    _register(job, _chosen(datasets, journal), journal, writing, readers)
    if is_cancelled(job.folder):
        writing.do(lambda writer: _finish(job, writer, completed=False))
        _cancel(job, journal)
        return
    whole = is_whole(answered_request(job))
    writing.do(lambda writer: writer.collections(datasets, is_whole=whole))
    if whole:
        writing.do(lambda writer: writer.store())
    writing.do(lambda writer: _finish(job, writer, completed=True))
    journal.write(END, counts=writing.do(lambda writer: writer.counts()))


def _ready(job: Job, datasets: Sequence[CensusDataset], journal: Journal) -> "Writer":
    """A writer that has all that datasets need; the run's first line comes before its first row."""
    writer = _writer(job, journal)
    kept = _complete(job, journal)
    if not journal.first(START):
        _start(job, datasets, journal, writer)
    writer.begin(job.request, None if kept.opening else _opening(job, journal, writer))
    writer.give_back()
    writer.prepare()
    return writer


def _complete(job: Job, journal: Journal) -> KeptRun:
    """What the instance keeps of the run, which its journal then has, too."""
    from runners.registry import proofs

    kept = proofs.kept_run(job.request.run_id)
    if lacked := complete(job.folder, journal, job.request, kept):
        progress.say(f"{lacked}; they are taken from there.")
    return kept


def _opening(job: Job, journal: Journal, writer: "Writer") -> Opening:
    """What the instance will keep of the run's beginning, of a run of older code from now on."""
    start = journal.first(START)
    assert start is not None
    if start.get(IS_KEPT) and not (job.folder / BASELINE).exists():
        # lost with a machine, before the run wrote: what it found is there still
        store_baseline(job.folder, writer.holdings())
    return Opening(
        request=job.request,
        start={name: value for name, value in start.items() if name != "step"},
        holdings=stored_baseline(job.folder),
        since=first_kept(journal),
    )


def _start(job: Job, datasets: Sequence[CensusDataset], journal: Journal, writer: "Writer") -> None:
    """Notes what the run begins with, before it writes; a resumed run must do the same datasets."""
    ids = datasets_to_do(job, datasets, writer.snapshot, progress.say)
    store_baseline(job.folder, writer.holdings())
    if owed := writer.misplaced():
        progress.say(f"{job.manifest.release}: gives {len(owed)} collections back to others")
    journal.write(
        START,
        counts=writer.counts(),
        combination=Fingerprint.of(job.manifest.dataset_schema_version).to_mapping(),
        chosen=ids,
        given_back=owed,
        is_kept=True,
    )


def _finish(job: Job, writer: "Writer", *, completed: bool) -> None:
    writer.finish(completed=completed)
    store_baseline(job.folder, writer.left(), LEFT)


def _chosen(datasets: Sequence[CensusDataset], journal: Journal) -> Sequence[CensusDataset]:
    start = journal.first(START)
    assert start is not None
    ids = set(start["chosen"])
    return [dataset for dataset in datasets if dataset.dataset_id in ids]


def _cancel(job: Job, journal: Journal) -> None:
    if not journal.first(CANCELLED):
        journal.write(CANCELLED)
    done = len(journal.datasets(WRITTEN))
    progress.say(
        f"{job.request.run_id}: cancelled after {done} datasets, which stay; start another run, or "
        f"remove {job.folder / CANCEL} and start this one again"
    )


def _writer(job: Job, journal: Journal) -> "Writer":
    from runners.registry import connection

    connection.connect(job.request.instance)
    from runners.registry import (
        branches,
        lock,
        rows,
        sequences,
    )  # LaminDB has models once connected
    from runners.registry.writer import Writer

    lock.take_database_lock(job.request.run_id)
    branches.require_main(job.request.instance)
    sequences.require_ahead(rows.highest_ids())
    reference = Reference(rules_of(job.manifest), job.reference)
    before = read_datasets(job.previous) if job.previous else ()
    versions = {dataset.dataset_id: dataset.dataset_version_id for dataset in before}
    publications_of_run = publications.publications_of_run(job.manifest, job.folder)
    return Writer(job.manifest, reference, versions, journal, publications_of_run)


def _register(
    job: Job,
    datasets: Sequence[CensusDataset],
    journal: Journal,
    writing: RetryingWriter,
    readers: Readers,
) -> None:
    finished = journal.datasets(WRITTEN)
    open_ones = [dataset for dataset in datasets if dataset.dataset_id not in finished]
    if finished:
        progress.say(f"resumed: {len(finished)} of {len(datasets)} datasets are done already")
    tasks = [(dataset, location(job.manifest, dataset)) for dataset in open_ones]
    what = f"{job.manifest.release}: reading and registering"
    batch: list[ValidatedDataset] = []
    with closing(readers.judged(tasks, until=lambda: is_cancelled(job.folder))) as reading:
        for judged in progress.steps(reading, what, len(open_ones)):
            journal.write(READ, dataset_id=judged.dataset.dataset_id)
            batch.append(judged)
            if len(batch) == BATCH:
                _write(batch, journal, writing)
                batch = []
    _write(batch, journal, writing)


def _write(batch: Sequence[ValidatedDataset], journal: Journal, writing: RetryingWriter) -> None:
    for outcome in writing.do(lambda writer: writer.write(batch)):
        journal.write(
            WRITTEN,
            dataset_id=outcome.dataset_id,
            **outcome.model_dump(mode="json", exclude={"dataset_id", "title"}),
        )

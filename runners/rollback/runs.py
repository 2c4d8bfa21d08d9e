"""Which runs are taken back, in which order, and their transactions. Must not touch an instance."""

from collections.abc import Sequence
from pathlib import Path

from runners.contract import ROLLED_BACK as NOTE
from runners.contract import Action, ContractError, RunRequest
from runners.records.baseline import BASELINE
from runners.rollback.undo import LoggedTransaction, newest_first
from runners.run.completion import IS_KEPT, recordings
from runners.run.journal import COMMITTED, JOURNAL, RECORDED, ROLLED_BACK, START, was_rolled_back
from runners.run.request import RunFolder, runs_in


def find_runs(
    runs: Path, *, release: str | None, run_id: str | None, instance: str | None
) -> list[RunFolder]:
    """The runs that wrote, newest first: all of a release, or one by its id.

    Raises:
        ContractError: not one of both is given, there is no such run, they are of several
            instances, or a journal can't be used.
    """
    if (release is None) == (run_id is None):
        raise ContractError("rollback: takes either --release or --run; give one.")
    what = f"run {run_id}" if run_id else f"release {release}"

    def is_wanted(request: RunRequest) -> bool:
        is_named = request.run_id == run_id if run_id else request.release == release
        is_here = instance in (None, request.instance)
        return request.action is Action.INGEST and is_named and is_here

    recorded_runs = runs_in(runs, is_wanted)
    standing = _standing(recorded_runs, what, runs)
    if len(instances := {run.request.instance for run in standing}) > 1:
        raise ContractError(
            f"{what}: was ingested in {', '.join(sorted(instances))}; name one with --instance."
        )
    return standing


def _standing(recorded_runs: Sequence[RunFolder], what: str, runs: Path) -> list[RunFolder]:
    """Those of the runs that weren't rolled back, newest first. One whose journal is lost may have
    written: the instance knows.
    """
    told = [(run, _told_of_rollback(run)) for run in recorded_runs]
    standing = [run for run, words in told if words is None]
    if not standing:
        if told:
            raise ContractError(f"{what}: was rolled back already, {told[-1][1]}.")
        raise ContractError(f"{_no_journal(runs)}; name the folder of the runs with --runs.")
    for run in standing:
        if is_of_older_code(run):
            _require_records(run)
    return newest_runs_first(standing)


def _told_of_rollback(run: RunFolder) -> str | None:
    """What says that the run was taken back; None where nothing does, or its journal leaves open
    whether it was: the notes come first, and may lack of other runs.
    """
    if line := run.journal.first(ROLLED_BACK):
        return f"at {line['at']}"
    note = run.folder / NOTE
    return f"as {note} says" if note.is_file() and not was_rolled_back(run.journal) else None


def _no_journal(runs: Path) -> str:
    return f"{runs}: holds no journal that could be rolled back"


def is_of_older_code(run: RunFolder) -> bool:
    """True if the instance doesn't keep all that the run wrote."""
    start = run.journal.first(START)
    return start is not None and not start.get(IS_KEPT)


def newest_runs_first(recorded_runs: Sequence[RunFolder]) -> list[RunFolder]:
    """By the first transaction of each; those that have none by when they began, as the newest."""
    by_time = sorted(recorded_runs, key=_started_at, reverse=True)
    begins = {entry.run: place for place, entry in enumerate(transactions_of(by_time))}
    return sorted(by_time, key=lambda run: begins.get(run.request.run_id, -1))


def _started_at(run: RunFolder) -> str:
    line = run.journal.first(START)
    return str(line["at"]) if line else ""


def _require_records(run: RunFolder) -> None:
    """Refuses a run whose folder doesn't say all that it wrote."""
    unkept = [line for line in run.journal.all(RECORDED) if not line.get("is_kept")]
    numbers = [line["number"] for line in unkept]
    if numbers != list(range(1, len(numbers) + 1)):
        raise ContractError(
            f"{run.folder / JOURNAL}: lines are missing, so that it doesn't say all that was "
            "written; bring the whole file back."
        )
    if not (run.folder / BASELINE).exists():
        raise ContractError(
            f"{run.folder / BASELINE}: is missing, so that nothing says how the instance was "
            "before the run; bring the file back."
        )


def begun(recorded_runs: Sequence[RunFolder]) -> list[RunFolder]:
    """Those of the runs that may have written, newest first.

    Raises:
        ContractError: there is none.
    """
    found = [run for run in recorded_runs if run.journal.first(START)]
    if not found:
        runs = recorded_runs[0].folder.parent
        raise ContractError(
            f"{_no_journal(runs)}, and neither does the instance; see what is registered with "
            "`runners verify`."
        )
    return newest_runs_first(found)


def transactions_of(recorded_runs: Sequence[RunFolder]) -> list[LoggedTransaction]:
    """The runs' transactions, newest first."""
    return list(newest_first([_logged(run) for run in recorded_runs]))


def _logged(run: RunFolder) -> list[LoggedTransaction]:
    """A run's transactions, newest first."""
    committed = {line["number"] for line in run.journal.all(COMMITTED)}
    at = {line["number"]: str(line["at"]) for line in run.journal.all(RECORDED)}
    recorded = recordings(run.journal, source=str(run.folder / JOURNAL))
    # by number: what a journal lacked stands at its end
    return [
        LoggedTransaction(record, number in committed, run.request.run_id, at[number])
        for number, record in sorted(recorded.items(), reverse=True)
        if number in committed or not record.is_kept  # else the instance would have it
    ]

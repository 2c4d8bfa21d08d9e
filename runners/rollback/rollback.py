"""Take back what runs wrote into an instance, exactly, by what their journals recorded.

All of it in one transaction, or nothing. Not taken back: files in storage, the vocabulary that all
releases share, and what anybody else has made since, which makes it refuse. A dry run does the same
and does not commit.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Sized
from dataclasses import replace
from itertools import islice
from pathlib import Path

from runners.contract import Action, ContractError, RunRequest
from runners.records.baseline import BASELINE, Difference, differences, stored_baseline
from runners.records.transaction_log import Tables, TransactionRecord
from runners.registry.lock import hold_lock_file
from runners.retries import OutageError
from runners.rollback.undo import (
    LoggedTransaction,
    UndoPlan,
    is_undone,
    newest_first,
    plan_undo,
    row_name,
    rows_to_read,
    union,
)
from runners.rollback.whole import lost_runs, whole
from runners.rollback.wording import RollbackResult
from runners.run.completion import IS_KEPT, is_forgotten
from runners.run.journal import (
    COMMITTED,
    JOURNAL,
    NOT_ROLLED_BACK,
    RECORDED,
    ROLLBACK,
    ROLLED_BACK,
    START,
    Journal,
    read_journal,
    was_rolled_back,
)
from runners.run.request import RunFolder, runs_in

REFERENCES = "lamindb_reference"
MEMBERS = "lamindb_collectionartifact"
"""Links that a run may have moved from a collection to one of its own."""


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
    standing = [run for run in recorded_runs if not run.journal.first(ROLLED_BACK)]
    if not standing:
        over = [line for run in recorded_runs if (line := run.journal.first(ROLLED_BACK))]
        if over:
            raise ContractError(f"{what}: was rolled back already, at {over[-1]['at']}.")
        raise ContractError(f"{_no_journal(runs)}; name the folder of the runs with --runs.")
    for run in standing:
        if _is_of_older_code(run):
            _require_records(run)
    return _newest_first(standing)


def _no_journal(runs: Path) -> str:
    return f"{runs}: holds no journal that could be rolled back"


def _is_of_older_code(run: RunFolder) -> bool:
    """True if the instance doesn't keep all that the run wrote."""
    start = run.journal.first(START)
    return start is not None and not start.get(IS_KEPT)


def _newest_first(recorded_runs: Sequence[RunFolder]) -> list[RunFolder]:
    """By the first transaction of each; those that have none by when they began, as the newest."""
    by_time = sorted(recorded_runs, key=_started_at, reverse=True)
    begins = {entry.run: place for place, entry in enumerate(_entries(by_time))}
    return sorted(by_time, key=lambda run: begins.get(run.request.run_id, -1))


def _started_at(run: RunFolder) -> str:
    line = run.journal.first(START)
    return str(line["at"]) if line else ""


def _require_records(run: RunFolder) -> None:
    """Refuses a run whose folder doesn't say all that it wrote."""
    numbers = [line["number"] for line in run.journal.all(RECORDED)]
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


def rollback(
    recorded_runs: Sequence[RunFolder], *, is_real: bool, of_release: bool = False
) -> RollbackResult:
    """What came of taking back the runs (newest first), of one instance; kept if it is real. With
    `of_release` also runs of their release that the instance knows and no folder does.

    Raises:
        OutageError: its database did not answer for too long, or somebody else's transaction
            didn't end.
        ContractError: another run writes to the instance, it can't be connected to, or it refuses
            the commit; nothing was changed then.
    """
    first = recorded_runs[-1]
    with hold_lock_file(
        first.request.instance, runs=first.folder.parent, run_id=_name(recorded_runs)
    ):
        from runners.registry import failures

        try:
            return failures.patiently(lambda: _rollback(recorded_runs, is_real, of_release))
        except OutageError:  # it may have been committed: the next look tells
            raise
        except Exception:
            _write([run for run in _as_they_are(recorded_runs) if _is_open(run)], NOT_ROLLED_BACK)
            raise


def _rollback(
    recorded_runs: Sequence[RunFolder], is_real: bool, of_release: bool
) -> RollbackResult:
    from runners.registry import connection as instances

    instance, runs = recorded_runs[0].request.instance, recorded_runs[0].folder.parent
    instances.connect(instance)
    from runners.registry import lock

    lock.take_database_lock(_name(recorded_runs))
    if all(map(_is_open, _as_they_are(recorded_runs))) and _is_done(recorded_runs):
        result = RollbackResult(_ids(recorded_runs), instance)
    else:
        lost = lost_runs(recorded_runs[0].request, runs) if of_release else []
        recorded_runs = _begun([whole(run) for run in [*recorded_runs, *lost]])
        result = _attempt(recorded_runs, is_real=is_real)
    if is_real and not result.problems:
        _write(recorded_runs, ROLLED_BACK)
    return replace(result, is_proved=not any(map(_is_of_older_code, recorded_runs)))


def _begun(recorded_runs: Sequence[RunFolder]) -> list[RunFolder]:
    """Those of the runs that may have written, newest first.

    Raises:
        ContractError: there is none.
    """
    begun = [run for run in recorded_runs if run.journal.first(START)]
    if not begun:
        runs = recorded_runs[0].folder.parent
        raise ContractError(
            f"{_no_journal(runs)}, and neither does the instance; see what is registered with "
            "`runners verify`."
        )
    return _newest_first(begun)


def _name(recorded_runs: Sequence[RunFolder]) -> str:
    return f"rollback-{recorded_runs[-1].request.release}"


def _as_they_are(recorded_runs: Sequence[RunFolder]) -> list[RunFolder]:
    """The runs with what their journals say by now."""
    return [replace(run, journal=read_journal(run.folder / JOURNAL)) for run in recorded_runs]


def _is_open(run: RunFolder) -> bool:
    """True if a rollback came to its commit, and the journal doesn't say what became of it."""
    return was_rolled_back(run.journal) and not run.journal.first(ROLLED_BACK)


def _is_done(recorded_runs: Sequence[RunFolder]) -> bool:
    """True if a rollback was committed, and killed before the journals said so."""
    from runners.registry import proofs
    from runners.registry import rows as registry

    if not any(map(_is_of_older_code, recorded_runs)):
        kept = [(run.journal, proofs.kept_run(run.request.run_id)) for run in recorded_runs]
        is_empty = not any(own.transactions for _, own in kept)
        return is_empty and any(is_forgotten(journal, own) for journal, own in kept)
    entries = _entries(recorded_runs)
    return is_undone(entries, registry.read_rows(rows_to_read(entries)))


def _write(recorded_runs: Sequence[RunFolder], step: str) -> None:
    for run in recorded_runs:
        with Journal(run.folder / JOURNAL) as journal:
            journal.write(step)


def _entries(recorded_runs: Sequence[RunFolder]) -> list[LoggedTransaction]:
    """The runs' transactions, newest first."""
    return list(newest_first([_logged(run) for run in recorded_runs]))


def _logged(run: RunFolder) -> list[LoggedTransaction]:
    """A run's transactions, newest first."""
    committed = {line["number"] for line in run.journal.all(COMMITTED)}
    entries = []
    for line in reversed(run.journal.all(RECORDED)):
        facts = {name: value for name, value in line.items() if name not in ("at", "step")}
        recording = TransactionRecord.from_mapping(facts, source=str(run.folder / JOURNAL))
        is_committed = recording.number in committed
        if recording.is_kept and not is_committed:
            continue  # the instance would have it
        entry = LoggedTransaction(recording, is_committed, run.request.run_id, str(line["at"]))
        entries.append(entry)
    return entries


def _attempt(recorded_runs: Sequence[RunFolder], *, is_real: bool) -> RollbackResult:
    from runners.registry import baseline, exclusive, proofs
    from runners.registry import rows as registry

    first, entries = recorded_runs[-1], _entries(recorded_runs)
    release, before = first.request.release, stored_baseline(first.folder)
    left: list[Difference] = []
    wanted = rows_to_read(entries)
    with exclusive.transaction(wanted):
        earlier = differences(before, baseline.take_baseline(before=release))
        now = registry.read_rows(wanted)
        undoing = plan_undo(entries, now)
        kept = _keep_what_others_use(undoing)
        problems = [*_continued(undoing), *undoing.problems, *_pointed_to(undoing, now)]
        if not problems:
            registry.delete_rows(undoing.deleted)
            registry.restore_rows(undoing.restored)
            proofs.forget(_ids(recorded_runs))
            exclusive.check_references()
            left = differences(before, baseline.take_baseline(before=release))
            problems = [str(difference) for difference in left if difference not in earlier]
        if problems or not is_real:
            registry.give_up()
        else:
            _write(recorded_runs, ROLLBACK)
    given_back, taken = _counted(undoing.restored), _counted(undoing.deleted)
    why, stays = tuple(problems), undoing.stays
    instance = first.request.instance
    return RollbackResult(
        _ids(recorded_runs), instance, taken, given_back, stays, tuple(kept), why, tuple(left)
    )


def _ids(recorded_runs: Sequence[RunFolder]) -> tuple[str, ...]:
    return tuple(run.request.run_id for run in recorded_runs)


def _counted(rows_by_table: Mapping[str, Sized]) -> dict[str, int]:
    return {table: len(rows) for table, rows in sorted(rows_by_table.items()) if rows}


def _keep_what_others_use(undoing: UndoPlan) -> list[str]:
    """Takes definitions and references that others use out of what is deleted, and names them."""
    from runners.registry import rows as registry

    ours = union(undoing.deleted, undoing.definitions)
    kept = [
        f"features, schemas and storage: {user} uses them"
        for table, ids in undoing.definitions.items()
        for user, *_ in islice(registry.users(table, ids, ours), 1)
    ][:1]
    if not kept:
        for table, ids in undoing.definitions.items():
            undoing.deleted[table] |= ids
    references = undoing.deleted[REFERENCES]
    used = {to for _, _, to in registry.users(REFERENCES, references, ours)}
    references -= used
    return kept + [f"reference {key}: others use it" for key in sorted(used)]


def _continued(undoing: UndoPlan) -> list[str]:
    from runners.registry import rows as registry

    later: dict[str, list[str]] = defaultdict(list)
    for release, key in registry.continuing(undoing.deleted):
        later[release].append(key)
    return [
        f"release {release} continues {len(keys)} of the artifacts, e.g. as {keys[0]}; "
        "take that back first"
        for release, keys in sorted(later.items())
    ]


def _pointed_to(undoing: UndoPlan, now: Tables) -> list[str]:
    from runners.registry import rows as registry

    references: Counter[tuple[str, int, str]] = Counter()
    ours = union(undoing.deleted, {MEMBERS: set(undoing.restored.get(MEMBERS, {}))})
    for table, ids in undoing.deleted.items():
        for user, _, to in registry.users(table, ids, ours):
            references[table, to, user] += 1
    return [
        f"{row_name(table, now[table][key])}: {count} of {user} point to it, "
        "which no run here wrote"
        for (table, key, user), count in sorted(references.items())
        if key in now.get(table, {})
    ]

"""Take back what runs wrote into an instance, exactly, by what their journals recorded.

All of it in one transaction, or nothing. Not taken back: files in storage, the vocabulary that all
releases share, and what anybody else has made since, which makes it refuse. A dry run does the same
and does not commit.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Sized
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from runners import progress
from runners.contract import ROLLED_BACK as NOTE
from runners.contract import ContractError
from runners.files import write_whole
from runners.records.baseline import Difference, differences, stored_baseline
from runners.records.transaction_log import Ids, Tables
from runners.registry.lock import hold_lock_file
from runners.retries import OutageError
from runners.rollback.runs import begun, is_of_older_code, transactions_of
from runners.rollback.undo import (
    LoggedTransaction,
    UndoPlan,
    changed_columns,
    is_undone,
    plan_undo,
    row_name,
    rows_to_read,
    union,
)
from runners.rollback.whole import lost_runs, whole
from runners.rollback.wording import RollbackResult
from runners.run.completion import is_forgotten
from runners.run.journal import (
    JOURNAL,
    NOT_ROLLED_BACK,
    ROLLBACK,
    ROLLED_BACK,
    START,
    Journal,
    read_journal,
    was_rolled_back,
)
from runners.run.request import RunFolder

REFERENCES = "lamindb_reference"
MEMBERS = "lamindb_collectionartifact"
"""Links that a run may have moved from a collection to one of its own."""


def rollback(
    recorded_runs: Sequence[RunFolder], *, is_real: bool, of_release: bool = False
) -> RollbackResult:
    """What came of taking back the runs (newest first), of one instance; kept if it is real. With
    `of_release` also runs of their release that the instance knows and no folder does.

    Raises:
        OutageError: its database did not answer for too long, or somebody else's transaction
            didn't end.
        ContractError: another run writes to the instance, it can't be connected to, or it refuses
            the commit; nothing was changed then. Or a journal can't be written to any more.
        OSError: what was done can't be noted. That it was done is said, in both cases.
    """
    first, runs = recorded_runs[-1], list(recorded_runs)
    with hold_lock_file(
        first.request.instance, runs=first.folder.parent, run_id=_name(recorded_runs)
    ):
        from runners.registry import failures

        return failures.patiently(lambda: _rollback(runs, is_real, of_release))


def _rollback(runs: list[RunFolder], is_real: bool, of_release: bool) -> RollbackResult:
    """As `rollback`. Adds to `runs` those that it makes a folder of, by which `lost_runs` finds
    them no more when this is done again.
    """
    _connect(runs)
    since: list[str] = []
    known = [run for run in _as_they_are(runs) if run.journal.first(START)]
    if known and all(map(_is_open, known)) and _is_done(known):
        taken_back, result = known, RollbackResult(_ids(known), known[0].request.instance)
        since = _standing(known) if of_release else []
    else:
        if of_release:
            runs += lost_runs(runs[0].request, runs[0].folder.parent)
        taken_back = begun([whole(run) for run in runs])
        result = _attempt_or_say_so(taken_back, is_real)
    if is_real and not result.problems:
        _close(taken_back)
    if since:
        release, runs_since = taken_back[0].request.release, ", ".join(since)
        progress.say(
            f"release {release}: {runs_since} began since and stands; roll it back again for that"
        )
    return replace(result, is_proved=not any(map(is_of_older_code, taken_back)))


def _connect(runs: Sequence[RunFolder]) -> None:
    from runners.registry import connection as instances

    instances.connect(runs[0].request.instance)
    from runners.registry import lock

    lock.take_database_lock(_name(runs))


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

    if not any(map(is_of_older_code, recorded_runs)):
        kept = [(run.journal, proofs.kept_run(run.request.run_id)) for run in recorded_runs]
        is_empty = not any(own.transactions for _, own in kept)
        return is_empty and any(is_forgotten(journal, own) for journal, own in kept)
    entries = transactions_of(recorded_runs)
    return is_undone(entries, registry.read_rows(_rows_to_read(entries)))


def _standing(taken_back: Sequence[RunFolder]) -> list[str]:
    """The other runs of their release that the instance keeps: begun since they were taken back."""
    from runners.registry import proofs

    return sorted(proofs.runs_of(taken_back[0].request.release).keys() - {*_ids(taken_back)})


def _close(recorded_runs: Sequence[RunFolder]) -> None:
    """Says what was committed. Where that fails the journals leave it open, and the next look finds
    it done.
    """
    try:
        _note(recorded_runs)
        _write(recorded_runs, ROLLED_BACK)
    except (OSError, ContractError):
        progress.say(f"runs {', '.join(_ids(recorded_runs))}: rolled back, but it can't be noted")
        raise


def _note(recorded_runs: Sequence[RunFolder]) -> None:
    """Says so where the bot sees it without reading journals: beside each run's report."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    for run in recorded_runs:
        told = json.dumps({"run_id": run.request.run_id, "at": at})
        write_whole(run.folder / NOTE, f"{told}\n")


def _write(recorded_runs: Sequence[RunFolder], step: str) -> None:
    for run in recorded_runs:
        with Journal(run.folder / JOURNAL) as journal:
            journal.write(step)


def _attempt_or_say_so(recorded_runs: Sequence[RunFolder], is_real: bool) -> RollbackResult:
    """As `_attempt`; where nothing came of it, and that is known, the journals say so."""
    from runners.registry import failures

    try:
        with failures.explained():
            result = _attempt(recorded_runs, is_real=is_real)
    except OutageError:  # it may have been committed: the next look tells
        raise
    except Exception:
        _write_none(recorded_runs)
        raise
    if is_real and result.problems:
        _write_none(recorded_runs)
    return result


def _write_none(recorded_runs: Sequence[RunFolder]) -> None:
    """Says that the runs stand, where their journals left it open."""
    _write([run for run in _as_they_are(recorded_runs) if _is_open(run)], NOT_ROLLED_BACK)


def _attempt(recorded_runs: Sequence[RunFolder], *, is_real: bool) -> RollbackResult:
    from runners.registry import baseline, exclusive, proofs
    from runners.registry import rows as registry

    first, entries = recorded_runs[-1], transactions_of(recorded_runs)
    release, before = first.request.release, stored_baseline(first.folder)
    left: list[Difference] = []
    wanted = _rows_to_read(entries)
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


def _rows_to_read(entries: Sequence[LoggedTransaction]) -> Ids:
    """As `rows_to_read`, of tables that are still those of then.

    Raises:
        ContractError: LaminDB has changed one of them since.
    """
    from runners.registry import rows as registry

    wanted = rows_to_read(entries)
    gone = [f"there is no table {table}" for table in wanted.keys() - registry.models().keys()]
    gone += [
        f"{table} has no column {column}"
        for table, column in sorted(changed_columns(entries))
        if table in registry.models() and column not in registry.columns(table)
    ]
    if gone:
        raise ContractError(
            f"instance: {sorted(gone)[0]} any more, which the runs wrote to: LaminDB's tables were "
            "changed since, and what stands can't be compared; restore a backup of the database "
            "instead."
        )
    return wanted


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

"""Take back what runs wrote into an instance, exactly, by what their journals recorded.

All of it in one transaction, or nothing. Not taken back: files in storage, the vocabulary that all
releases share, and what anybody else has made since, which makes it refuse. A dry run does the same
and does not commit.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from runners.contract import Action, ContractError, RunRequest
from runners.records.baseline import BASELINE, Difference, differences, stored_baseline
from runners.records.transaction_log import Tables, TransactionRecord
from runners.registry.lock import hold_lock_file
from runners.rollback.result import RollbackResult
from runners.rollback.undo import (
    LoggedTransaction,
    UndoPlan,
    is_undone,
    plan_undo,
    row_name,
    rows_to_read,
    union,
)
from runners.run.journal import (
    COMMITTED,
    JOURNAL,
    RECORDED,
    ROLLBACK,
    ROLLED_BACK,
    START,
    Journal,
    JournalLines,
    read_journal,
)

ARTIFACTS, COLLECTIONS, REFERENCES = "lamindb_artifact", "lamindb_collection", "lamindb_reference"
MEMBERS = "lamindb_collectionartifact"
"""Links that a run may have moved from a collection to one of its own."""


@dataclass(frozen=True)
class RecordedRun:
    """A run that may be taken back: its request, folder and journal."""

    request: RunRequest
    folder: Path
    record: JournalLines

    @property
    def started_at(self) -> str:
        line = self.record.first(START)
        return str(line["at"]) if line else ""


def find_runs(
    runs: Path, *, release: str | None, run_id: str | None, instance: str | None
) -> list[RecordedRun]:
    """The runs that wrote, newest first: all of a release, or one by its id.

    Raises:
        ContractError: not one of both is given, there is no such run, they are of several
            instances, or a journal can't be used.
    """
    if (release is None) == (run_id is None):
        raise ContractError("rollback: takes either --release or --run; give one.")
    what = f"run {run_id}" if run_id else f"release {release}"
    found = []
    for file in sorted(runs.glob("*/request.json")):
        request = _request(file)
        if request is None or request.action is not Action.INGEST:
            continue
        is_wanted = request.run_id == run_id if run_id else request.release == release
        if is_wanted and instance in (None, request.instance):
            found.append(RecordedRun(request, file.parent, read_journal(file.parent / JOURNAL)))
    standing = _standing(found, what, runs)
    if len(instances := {run.request.instance for run in standing}) > 1:
        raise ContractError(
            f"{what}: was ingested in {', '.join(sorted(instances))}; name one with --instance."
        )
    return standing


def _standing(found: Sequence[RecordedRun], what: str, runs: Path) -> list[RecordedRun]:
    """Those of the runs that wrote and weren't rolled back, newest first."""
    begun = [r for r in found if r.record.first(START) and not r.record.first(ROLLED_BACK)]
    if not begun:
        over = [line for run in found if (line := run.record.first(ROLLED_BACK))]
        if over:
            raise ContractError(f"{what}: was rolled back already, at {over[-1]['at']}.")
        raise ContractError(
            f"{runs}: holds no journal of {what} that could be rolled back; name the folder of the "
            "runs with --runs, or see what is registered with `runners verify`."
        )
    for run in begun:
        _require_records(run)
    return sorted(begun, key=lambda run: run.started_at, reverse=True)


def _request(file: Path) -> RunRequest | None:
    try:
        return RunRequest.from_file(file)
    except ContractError:
        return None  # another run's request is no business of this one


def _require_records(run: RecordedRun) -> None:
    """Refuses a run whose folder doesn't say all that it wrote."""
    numbers = [line["number"] for line in run.record.all(RECORDED)]
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


def rollback(found: Sequence[RecordedRun], *, is_real: bool) -> RollbackResult:
    """What came of taking back the runs (newest first), of one instance; kept if it is real.

    Raises:
        ContractError: another run writes to the instance, or it can't be connected to.
    """
    first = found[-1]
    instance, folder = first.request.instance, first.folder.parent
    name = f"rollback-{first.request.release}"
    with hold_lock_file(instance, runs=folder, run_id=name):
        from runners.registry import connection as instances

        instances.connect(instance)
        from runners.registry import lock

        lock.take_database_lock(name)
        if all(run.record.first(ROLLBACK) for run in found) and _is_done(found):
            result = RollbackResult(_ids(found), instance)
        else:
            result = _attempt(found, is_real=is_real)
        if is_real and not result.problems:
            _write(found, ROLLED_BACK)
        return result


def _is_done(found: Sequence[RecordedRun]) -> bool:
    """True if a rollback was committed, and killed before the journals said so."""
    from runners.registry import rows as registry

    entries = _entries(found)
    return is_undone(entries, registry.read_rows(rows_to_read(entries)))


def _write(found: Sequence[RecordedRun], step: str) -> None:
    for run in found:
        with Journal(run.folder / JOURNAL) as journal:
            journal.write(step)


def _entries(found: Sequence[RecordedRun]) -> list[LoggedTransaction]:
    """The runs' transactions, newest first."""
    entries = []
    for run in found:
        committed = {line["number"] for line in run.record.all(COMMITTED)}
        for line in reversed(run.record.all(RECORDED)):
            facts = {name: value for name, value in line.items() if name not in ("at", "step")}
            recording = TransactionRecord.from_mapping(facts, source=str(run.folder / JOURNAL))
            entries.append(LoggedTransaction(recording, recording.number in committed))
    return entries


def _attempt(found: Sequence[RecordedRun], *, is_real: bool) -> RollbackResult:
    from runners.registry import baseline
    from runners.registry import rows as registry

    first, entries = found[-1], _entries(found)
    release, before = first.request.release, stored_baseline(first.folder)
    left: list[Difference] = []
    with registry.transaction():
        earlier = differences(before, baseline.take_baseline(before=release))
        now = registry.read_rows(rows_to_read(entries))
        undoing = plan_undo(entries, now)
        kept = _keep_what_others_use(undoing)
        problems = [*_continued(undoing), *undoing.problems, *_pointed_to(undoing, now)]
        if not problems:
            registry.delete_rows(undoing.deleted)
            registry.restore_rows(undoing.restored)
            left = differences(before, baseline.take_baseline(before=release))
            problems = [str(one) for one in left if one not in earlier]
        if problems or not is_real:
            registry.give_up()
        else:
            _write(found, ROLLBACK)
    given_back, taken = _counted(undoing.restored), _counted(undoing.deleted)
    why, stays = tuple(problems), undoing.stays
    instance = first.request.instance
    return RollbackResult(
        _ids(found), instance, taken, given_back, stays, tuple(kept), why, tuple(left)
    )


def _ids(found: Sequence[RecordedRun]) -> tuple[str, ...]:
    return tuple(run.request.run_id for run in found)


def _counted(found: Mapping[str, Sized]) -> dict[str, int]:
    return {table: len(rows) for table, rows in sorted(found.items()) if rows}


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

    found: Counter[tuple[str, int, str]] = Counter()
    ours = union(undoing.deleted, {MEMBERS: set(undoing.restored.get(MEMBERS, {}))})
    for table in (ARTIFACTS, COLLECTIONS):
        ids = undoing.deleted.get(table, set())
        for user, _, to in registry.users(table, ids, ours):
            found[table, to, user] += 1
    return [
        f"{row_name(table, now[table][key])}: {count} of {user} point to it, "
        "which no run here wrote"
        for (table, key, user), count in sorted(found.items())
        if key in now[table]
    ]

"""What a rollback makes of an instance's answers, which are given here instead of asked for."""

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError

from runners import registry
from runners.contract import Action, ContractError, RunRequest
from runners.records.baseline import Baseline, store_baseline
from runners.records.proof import KeptRun, kept
from runners.records.transaction_log import (
    Inserted,
    Part,
    TransactionRecord,
    ValueChange,
    compressed,
)
from runners.rollback.rollback import (
    MEMBERS,
    _attempt_or_say_so,
    _is_done,
    _keep_what_others_use,
    _pointed_to,
    _rows_to_read,
    _standing,
)
from runners.rollback.undo import LoggedTransaction, UndoPlan
from runners.rollback.whole import lost_runs
from runners.run.journal import COMMITTED, JOURNAL, RECORDED, ROLLBACK, START, Journal, read_journal
from runners.run.request import REQUEST, RunFolder

Users = list[tuple[str, int | None, int]]
Give = Callable[..., None]
COLLECTIONS, REFERENCES = "lamindb_collection", "lamindb_reference"


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Give:
    """Puts doubles in the place of modules that want an instance."""

    def put(**doubles: Any) -> None:
        for name, double in doubles.items():
            monkeypatch.setitem(sys.modules, f"runners.registry.{name}", double)
            monkeypatch.setattr(registry, name, double, raising=False)

    return put


# --- is it done already? --------------------------------------------------------------------------


def run(runs: Path, name: str, *, numbers: tuple[int, ...]) -> RunFolder:
    """A run of today's code with so many transactions, all committed."""
    folder = runs / name
    folder.mkdir()
    with Journal(folder / JOURNAL) as journal:
        journal.write(START, is_kept=True)
        for number in numbers:
            inserted = {"lamindb_artifact": Inserted(ids=compressed([number]))}
            record = TransactionRecord(
                number=number, part=Part.DATASETS, inserted=inserted, changed={}, is_kept=True
            )
            journal.write(RECORDED, **record.model_dump(mode="json", exclude_none=True))
            journal.write(COMMITTED, number=number)
    request = RunRequest(
        run_id=name, action=Action.INGEST, release="2020-07-15", manifest="m", instance="a/b"
    )
    return RunFolder(request, folder, read_journal(folder / JOURNAL))


RECORD = TransactionRecord(number=1, part=Part.DATASETS, inserted={}, changed={})
HOLDS = KeptRun(transactions={1: kept(RECORD, at="then")})


@pytest.mark.parametrize(
    ("held", "is_done"),
    [
        ({}, True),  # one of them has written nothing, which says nothing
        ({"first": HOLDS}, False),
        ({"second": HOLDS}, False),
    ],
)
def test_a_rollback_is_done_where_nothing_is_held_of_any_of_its_runs(
    tmp_path: Path, give: Give, held: dict[str, KeptRun], is_done: bool
) -> None:
    runs = [
        run(tmp_path, "first", numbers=(1, 2)),
        run(tmp_path, "silent", numbers=()),
        run(tmp_path, "second", numbers=(1,)),
    ]
    proofs = SimpleNamespace(kept_run=lambda name: held.get(name, KeptRun()))
    give(proofs=proofs, rows=SimpleNamespace())
    assert _is_done(runs) is is_done


def test_nothing_is_done_of_runs_that_have_written_nothing(tmp_path: Path, give: Give) -> None:
    give(proofs=SimpleNamespace(kept_run=lambda _: KeptRun()), rows=SimpleNamespace())
    assert _is_done([run(tmp_path, "silent", numbers=())]) is False


@pytest.mark.parametrize(
    ("there", "text"),
    [
        (None, ""),
        ("left.json", ""),
        (JOURNAL, ""),
        (REQUEST, ""),  # the disk was full
        (REQUEST, '{"run_id": '),
        (REQUEST, '{"run_id": "lost", "of_another_version": 1}'),
    ],
)
def test_a_run_without_a_request_that_reads_is_lost_whatever_else_its_folder_has(
    tmp_path: Path, give: Give, there: str | None, text: str
) -> None:
    known = run(tmp_path, "known", numbers=(1,))
    (known.folder / REQUEST).write_text(known.request.to_json())
    lost = known.request.model_copy(update={"run_id": "lost"})
    if there is not None:
        (tmp_path / "lost").mkdir()
        (tmp_path / "lost" / there).write_text(text)
    asked = {"known": known.request, "lost": lost}
    give(proofs=SimpleNamespace(runs_of=lambda release: asked if release == "2020-07-15" else {}))
    (found,) = lost_runs(known.request, tmp_path)
    assert (found.request, found.folder) == (lost, tmp_path / "lost")
    assert RunRequest.from_json((found.folder / REQUEST).read_text(), source="it") == lost
    assert lost_runs(known.request, tmp_path) == []  # it has a folder now


# --- are its tables what they were? ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("tables", "lacks"),
    [
        ({COLLECTIONS: ("id", "branch_id")}, None),
        ({COLLECTIONS: ("id", "other_id")}, f"{COLLECTIONS} has no column branch_id"),
        ({}, f"there is no table {COLLECTIONS}"),
    ],
)
def test_tables_that_lamindb_has_changed_since_are_named(
    give: Give, tables: dict[str, tuple[str, ...]], lacks: str | None
) -> None:
    changed = {COLLECTIONS: {7: {"branch_id": ValueChange(old=1, new=2)}}}
    inserted = {COLLECTIONS: Inserted(ids="8", digests=("x",))}
    entries = [
        LoggedTransaction(RECORD.model_copy(update=fields), is_committed=True)
        for fields in ({"inserted": inserted}, {"changed": changed})
    ]
    give(rows=SimpleNamespace(models=lambda: tables, columns=tables.__getitem__))
    if lacks is None:
        assert _rows_to_read(entries) == {COLLECTIONS: {7, 8}}
        return
    with pytest.raises(ContractError) as refused:
        _rows_to_read(entries)
    assert str(refused.value) == (
        f"instance: {lacks} any more, which the runs wrote to: LaminDB's tables were changed "
        "since, and what stands can't be compared; restore a backup of the database instead."
    )


# --- would the commit be refused? -----------------------------------------------------------------


class OfPostgresql(Exception):  # noqa: N818 - as psycopg2 raises it
    pgcode, diag = "23503", SimpleNamespace(message_primary="neen", message_detail=None)


def test_a_dry_run_is_refused_by_what_would_refuse_the_commit(tmp_path: Path, give: Give) -> None:
    """As by a constraint that is looked at then, in a table that a lab added."""
    own = run(tmp_path, "own", numbers=())
    held = Baseline(releases={}, shared={})
    store_baseline(own.folder, held)
    deleted: list[object] = []

    def check_references() -> None:
        if deleted:
            raise IntegrityError("neen") from OfPostgresql("neen")

    give(
        exclusive=SimpleNamespace(
            transaction=lambda _: nullcontext(), check_references=check_references
        ),
        baseline=SimpleNamespace(take_baseline=lambda before: held),
        proofs=SimpleNamespace(forget=lambda _: None),
        rows=SimpleNamespace(
            models=dict,
            read_rows=lambda _: {},
            users=users_of({}),
            continuing=lambda _: (),
            delete_rows=deleted.append,
            restore_rows=lambda _: None,
            give_up=lambda: None,
        ),
    )
    with pytest.raises(ContractError, match=r"^the database refuses a row, because of one that st"):
        _attempt_or_say_so([own], is_real=False)
    assert not read_journal(own.folder / JOURNAL).first(ROLLBACK)


# --- who points to what goes? ---------------------------------------------------------------------


def users_of(users: dict[str, Users]) -> Callable[..., Iterator[tuple[str, int | None, int]]]:
    """`rows.users`: who points to rows of a table, without ours."""

    def answer(table: str, ids: set[int], ours: dict[str, set[int]]) -> Iterator[Any]:
        for user, key, to in users.get(table, ()):
            if to in ids and (key is None or key not in ours.get(user, ())):
                yield user, key, to

    return answer


@pytest.mark.parametrize(
    ("links", "told"),
    [
        ([], []),
        ([(MEMBERS, 3, 7)], []),  # given back to the collection that it was taken from
        ([(MEMBERS, 4, 7)], []),  # goes with it
        (
            [(MEMBERS, 5, 7), (MEMBERS, 6, 7), (MEMBERS, 3, 7)],
            [f"collection ours: 2 of {MEMBERS} point to it, which no run here wrote"],
        ),
    ],
)
def test_what_goes_or_is_given_back_points_to_nothing(
    give: Give, links: Users, told: list[str]
) -> None:
    undoing = UndoPlan()
    undoing.deleted[COLLECTIONS], undoing.deleted[MEMBERS] = {7}, {4}
    undoing.restored[MEMBERS] = {3: {"collection_id": 1}}
    give(rows=SimpleNamespace(users=users_of({COLLECTIONS: links})))
    assert _pointed_to(undoing, {COLLECTIONS: {7: {"id": 7, "key": "ours"}}}) == told


FEATURES, SLOTS, OF_ARTIFACTS = (
    "lamindb_feature",
    "lamindb_schemafeature",
    "lamindb_artifactreference",
)
DEFINITIONS = {FEATURES: {5}, SLOTS: {8}}


@pytest.mark.parametrize(
    ("users", "told", "gone"),
    [
        ({}, [], {REFERENCES: {1, 2}, **DEFINITIONS}),
        # those of the run itself go with them
        ({FEATURES: [(SLOTS, 8, 5)]}, [], {REFERENCES: {1, 2}, **DEFINITIONS}),
        ({FEATURES: [(OF_ARTIFACTS, 3, 5)]}, [], {REFERENCES: {1, 2}, **DEFINITIONS}),
        ({REFERENCES: [(OF_ARTIFACTS, 3, 2)]}, [], {REFERENCES: {1, 2}, **DEFINITIONS}),
        (
            {REFERENCES: [(OF_ARTIFACTS, 3, 1), (OF_ARTIFACTS, 9, 2)]},
            ["reference 2: others use it"],
            {REFERENCES: {1}, **DEFINITIONS},
        ),
        (
            {FEATURES: [(SLOTS, 8, 5), (SLOTS, 9, 5)]},
            [f"features, schemas and storage: {SLOTS} uses them"],
            {REFERENCES: {1, 2}},
        ),
        (
            {SLOTS: [("lab notes", None, 8)]},
            ["features, schemas and storage: lab notes uses them"],
            {REFERENCES: {1, 2}},
        ),
    ],
)
def test_what_others_use_stays_and_who_goes_as_well_is_none_of_them(
    give: Give, users: dict[str, Users], told: list[str], gone: dict[str, set[int]]
) -> None:
    undoing = UndoPlan()
    undoing.deleted[REFERENCES], undoing.deleted[OF_ARTIFACTS] = {1, 2}, {3}
    undoing.definitions.update({table: set(ids) for table, ids in DEFINITIONS.items()})
    give(rows=SimpleNamespace(users=users_of(users)))
    assert _keep_what_others_use(undoing) == told
    left = {table: ids for table, ids in undoing.deleted.items() if ids}
    assert left == {OF_ARTIFACTS: {3}, **gone}


def test_what_the_instance_keeps_of_other_runs_of_the_release_stands(
    tmp_path: Path, give: Give
) -> None:
    taken_back = [run(tmp_path, name, numbers=(1,)) for name in ("first", "second")]
    kept = {"second", "third", "fourth"}
    give(proofs=SimpleNamespace(runs_of=lambda release: dict.fromkeys(kept)))
    assert _standing(taken_back) == ["fourth", "third"]

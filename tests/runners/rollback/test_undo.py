"""Undoing on values: transactions in any number and order, and everything that may stand against.

A small model of a database stands in for the real one: tables of rows by primary key, written to by
transactions that insert rows and change earlier ones.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.records.transaction_log import (
    CommitProof,
    Inserted,
    Part,
    TransactionRecord,
    ValueChange,
    compressed,
    digest,
    digests,
)
from runners.rollback.undo import (
    LoggedTransaction,
    UndoPlan,
    is_undone,
    newest_first,
    plan_undo,
    row_name,
    rows_to_read,
)

ARTIFACTS, LINKS, SOURCES = "lamindb_artifact", "bionty_artifacttissue", "bionty_source"
Rows = dict[int, dict[str, Any]]


@dataclass
class Database:
    """`tables` hold two rows that nobody's run has written."""

    tables: dict[str, Rows] = field(
        default_factory=lambda: {
            ARTIFACTS: {n: artifact(n, is_latest=True) for n in (1, 2)},
            LINKS: {n: {"id": n, "created_at": "then"} for n in (1, 2)},
            SOURCES: {n: source(n, "once") for n in (1, 2)},
        }
    )
    entries: list[LoggedTransaction] = field(default_factory=list)

    def write(
        self,
        part: Part = Part.DATASETS,
        artifacts: int = 0,
        links: int = 0,
        demoted: int | None = None,
        *,
        is_committed: bool = True,
    ) -> None:
        """A transaction, which is recorded."""
        inserted, witness, changed = {}, None, {}
        for table, count in ((ARTIFACTS, artifacts), (LINKS, links)):
            if count:
                keys = self._insert(table, count)
                rows = [tuple(self.tables[table][key].values()) for key in keys]
                own = digests(rows, self.tables[table][keys[0]])
                inserted[table] = Inserted(ids=compressed(keys), digests=own)
                witness = CommitProof(table=table, id=keys[0], created_at=f"then {keys[0]}")
        if demoted is not None and self.tables[ARTIFACTS][demoted]["is_latest"]:
            self.tables[ARTIFACTS][demoted]["is_latest"] = False
            changed = {ARTIFACTS: {demoted: {"is_latest": ValueChange(old=True, new=False)}}}
        number = len(self.entries) + 1
        recording = TransactionRecord(
            number=number, part=part, inserted=inserted, changed=changed, witness=witness
        )
        self.entries.append(LoggedTransaction(recording, is_committed))

    def _insert(self, table: str, count: int) -> list[int]:
        top = max(self.tables[table])
        keys = list(range(top + 1, top + 1 + count))
        for key in keys:
            new = artifact(key, is_latest=True) if table == ARTIFACTS else {"id": key}
            self.tables[table][key] = {**new, "created_at": f"then {key}"}
        return keys

    def undo(self) -> UndoPlan:
        """What the entries ask for, carried out if nothing stands against it."""
        newest_first = self.entries[::-1]
        needed = rows_to_read(newest_first)
        now = {
            table: {key: self.tables[table][key] for key in keys if key in self.tables[table]}
            for table, keys in needed.items()
        }
        found = plan_undo(newest_first, now)
        if not found.problems:
            for table, keys in found.deleted.items():
                for key in keys:
                    del self.tables[table][key]
            for table, values in found.restored.items():
                for key, row in values.items():
                    self.tables[table][key] |= row
        return found


def artifact(key: int, *, is_latest: bool) -> dict[str, Any]:
    return {
        "id": key,
        "uid": f"u{key}",
        "key": f"a{key}",
        "is_latest": is_latest,
        "created_at": "then",
    }


WRITTEN = st.tuples(st.integers(0, 3), st.integers(0, 3), st.none() | st.integers(1, 5))
"""Of a transaction: artifacts, links, and the artifact that is the latest no longer."""


@given(st.lists(WRITTEN, max_size=6), st.data())
def test_undone_is_as_before_and_a_strange_hand_is_noticed(
    written: list[tuple[int, int, int | None]], data: st.DataObject
) -> None:
    database = Database()
    before = copy.deepcopy(database.tables)
    for artifacts, links, demoted in written:
        is_there = demoted in database.tables[ARTIFACTS]
        database.write(artifacts=artifacts, links=links, demoted=demoted if is_there else None)
    touched = Database(copy.deepcopy(database.tables), database.entries)
    assert database.undo().problems == []
    assert database.tables == before
    keys = sorted(rows_to_read(database.entries)[ARTIFACTS])
    if keys:
        row = touched.tables[ARTIFACTS][data.draw(st.sampled_from(keys))]
        row["is_latest"] = not row["is_latest"]
        after = copy.deepcopy(touched.tables)
        assert touched.undo().problems != []
        assert touched.tables == after


@given(st.tuples(*[st.lists(WRITTEN, min_size=1, max_size=3)] * 3))
def test_of_three_releases_one_goes_alone_only_if_no_later_one_has_changed_its_rows(
    releases: tuple[list[tuple[int, int, int | None]], ...],
) -> None:
    """Newest first, each to what was there before it."""
    database, before, runs = Database(), [], []
    for written in releases:
        before.append(copy.deepcopy(database.tables))
        database.entries = []
        for artifacts, links, demoted in written:
            is_there = demoted in database.tables[ARTIFACTS]
            database.write(artifacts=artifacts, links=links, demoted=demoted if is_there else None)
        runs.append(database.entries)
    middle = Database(copy.deepcopy(database.tables), runs[1])
    of_later = {key for entry in runs[2] for key in entry.recording.changed.get(ARTIFACTS, {})}
    is_free = not of_later & set(rows_to_read(runs[1]).get(ARTIFACTS, ()))
    assert (middle.undo().problems == []) is is_free
    if is_free:
        of_middle = before[2][ARTIFACTS].keys() - before[1][ARTIFACTS].keys()
        assert middle.tables[ARTIFACTS].keys() == database.tables[ARTIFACTS].keys() - of_middle
    else:
        assert middle.tables == database.tables
    for tables, entries in zip(before[::-1], runs[::-1], strict=True):
        database.entries = entries
        assert database.undo().problems == []
        assert database.tables == tables


@pytest.fixture
def database() -> Database:
    """One transaction: artifacts 3 and 4, two links, and artifact 1 is the latest no longer."""
    made = Database()
    made.write(artifacts=2, links=2, demoted=1)
    return made


def test_a_row_that_is_gone_is_a_problem(database: Database) -> None:
    del database.tables[ARTIFACTS][3]
    assert database.undo().problems == ["lamindb_artifact: 1 of 2 rows are gone, e.g. 3"]


def test_a_changed_row_is_named(database: Database) -> None:
    database.tables[ARTIFACTS][4]["key"] = "moved"
    assert database.undo().problems == ["artifact moved: was changed since"]


def test_a_changed_link_is_a_problem(database: Database) -> None:
    database.tables[LINKS][3]["created_at"] = "later"
    assert database.undo().problems == [
        "bionty_artifacttissue: some of the rows 3-4 were changed since"
    ]


def test_a_value_that_was_given_back_by_hand_is_a_problem(database: Database) -> None:
    database.tables[ARTIFACTS][1]["is_latest"] = True
    assert database.undo().problems == ["artifact a1: is_latest was changed since"]


def test_a_row_that_was_changed_and_is_gone_is_a_problem(database: Database) -> None:
    del database.tables[ARTIFACTS][1]
    assert database.undo().problems == ["lamindb_artifact 1, which the run changed, is gone"]


def test_what_was_never_committed_is_left_alone_also_where_its_ids_were_given_again() -> None:
    database = Database()
    before = copy.deepcopy(database.tables)
    database.write(artifacts=2, demoted=1, is_committed=False)
    assert not is_undone(database.entries, database.tables)
    database.tables = copy.deepcopy(before)
    assert is_undone(database.entries, database.tables)
    database.tables[ARTIFACTS][3] = artifact(3, is_latest=True)
    other = copy.deepcopy(database.tables)
    assert database.undo() == UndoPlan()
    assert database.tables == other


def test_what_was_committed_as_the_process_died_is_undone() -> None:
    database = Database()
    before = copy.deepcopy(database.tables)
    database.write(artifacts=2, demoted=1, is_committed=False)
    assert database.undo().problems == []
    assert database.tables == before


@pytest.mark.parametrize(
    ("value", "problems"),
    [(True, []), (False, []), (None, ["artifact a1: is_latest was changed since"])],
)
def test_of_a_change_alone_the_value_tells_whether_it_was_committed(
    value: bool | None, problems: list[str]
) -> None:
    """No inserted row does; and a third value is a strange hand's."""
    database = Database()
    database.write(demoted=1, is_committed=False)
    database.tables[ARTIFACTS][1]["is_latest"] = value
    assert database.undo().problems == problems
    assert database.tables[ARTIFACTS][1]["is_latest"] is (None if problems else True)


def source(key: int, created_at: str) -> dict[str, Any]:
    return {"id": key, "name": f"s{key}", "currently_used": True, "created_at": created_at}


def vocabulary(*, is_committed: bool = True) -> Database:
    """A transaction that has put source 3 in the place of source 1."""
    database = Database()
    database.tables[SOURCES][3] = source(3, "then")
    database.tables[SOURCES][1]["currently_used"] = False
    change = {SOURCES: {1: {"currently_used": ValueChange(old=True, new=False)}}}
    recording = TransactionRecord(
        number=1,
        part=Part.VOCABULARY,
        inserted={SOURCES: Inserted(ids="3"), "bionty_gene": Inserted(ids="1-900")},
        changed=change,
        witness=CommitProof(table=SOURCES, id=3, created_at="then"),
    )
    database.entries.append(LoggedTransaction(recording, is_committed))
    return database


def test_vocabulary_stays_and_the_source_before_is_current_again() -> None:
    database = vocabulary()
    found = database.undo()
    assert (found.problems, found.deleted) == ([], {})
    assert found.stays == {SOURCES: 1, "bionty_gene": 900}
    current = {key: row["currently_used"] for key, row in database.tables[SOURCES].items()}
    assert current == {1: True, 2: True, 3: False}


@pytest.mark.parametrize(
    ("left", "value", "done"),
    [({3, 4}, False, False), ({4}, True, False), (set(), False, False), (set(), True, True)],
)
def test_it_is_undone_once_no_row_stands_and_each_value_is_back(
    database: Database, left: set[int], value: bool, done: bool
) -> None:
    for key in {3, 4} - left:
        del database.tables[ARTIFACTS][key]
    database.tables[LINKS] = {}
    database.tables[ARTIFACTS][1]["is_latest"] = value
    assert is_undone(database.entries, database.tables) is done


def test_a_row_that_a_run_made_and_changed_is_missed_by_nobody_once_it_is_undone() -> None:
    database = Database()
    database.write(artifacts=1)
    database.write(demoted=3)
    database.undo()
    assert is_undone(database.entries[::-1], database.tables)


def test_of_a_value_that_was_changed_twice_the_first_one_is_given_back() -> None:
    database = Database()
    database.write(demoted=1)
    database.tables[ARTIFACTS][1]["is_latest"] = True
    database.write(demoted=1)
    key = ValueChange(old="a1", new="a2")
    for number, change in ((3, key), (4, ValueChange(old="a2", new="a3"))):
        changed = {ARTIFACTS: {1: {"key": change}}}
        recording = TransactionRecord(
            number=number, part=Part.DATASETS, inserted={}, changed=changed
        )
        database.entries.append(LoggedTransaction(recording, is_committed=True))
    del database.entries[:2]
    database.tables[ARTIFACTS][1]["key"] = "a3"
    assert not is_undone(database.entries[::-1], database.tables)
    assert database.undo().restored[ARTIFACTS] == {1: {"key": "a1"}}
    assert is_undone(database.entries[::-1], database.tables)


ASIDE = {1: {"currently_used": ValueChange(old=True, new=False)}}
RENAMED = {1: {"name": ValueChange(old="s0", new="s1")}}


@pytest.mark.parametrize(
    ("changed", "is_current", "since", "told"),
    [
        ({}, True, {}, "put aside"),  # of a kind that had none: nobody has made it theirs
        ({}, True, {"name": "hers"}, "stays"),
        ({}, False, {}, "stays"),
        (RENAMED, True, {"name": "hers"}, "stays"),
        (RENAMED, False, {"currently_used": True}, "stays"),
        (ASIDE, True, {}, "put aside"),
        (ASIDE, True, {"name": "hers"}, "put aside"),  # else two of a kind would be current
        (ASIDE, False, {}, "stays"),
        (ASIDE, True, {"currently_used": False}, "was changed"),
    ],
)
def test_a_source_of_the_runs_stays_current_only_where_a_person_has_made_it_hers(
    changed: dict[int, Any], is_current: bool, since: dict[str, Any], told: str
) -> None:
    database = Database()
    written = {**source(3, "then"), "currently_used": is_current}
    database.tables[SOURCES] |= {
        1: {**source(1, "once"), **{c: v.new for c, v in changed.get(1, {}).items()}},
        3: {**written, **since},
    }
    inserted = Inserted(ids="3", digests=(digest(tuple(written.values())),))
    recording = TransactionRecord(
        number=1,
        part=Part.VOCABULARY,
        inserted={SOURCES: inserted},
        changed={SOURCES: changed} if changed else {},
    )
    database.entries = [LoggedTransaction(recording, is_committed=True)]
    found = database.undo()
    aside = {3: {"currently_used": False}} if told == "put aside" else {}
    assert found.restored[SOURCES].get(3, {}) == aside.get(3, {})
    assert bool(found.problems) is (told == "was changed")
    assert found.stays == {SOURCES: 1}


def test_a_source_that_was_given_the_id_of_one_never_committed_stays_current() -> None:
    database = vocabulary(is_committed=False)
    database.tables[SOURCES] |= {1: source(1, "once"), 3: source(3, "later")}
    before = copy.deepcopy(database.tables)
    assert database.undo() == UndoPlan()
    assert database.tables == before


def test_a_source_that_is_still_aside_is_not_undone() -> None:
    database = vocabulary()
    assert not is_undone(database.entries, database.tables)
    database.undo()
    assert is_undone(database.entries, database.tables)


def test_a_source_that_a_person_has_put_aside_is_a_problem() -> None:
    database = vocabulary()
    database.tables[SOURCES][3]["currently_used"] = False
    assert database.undo().problems == ["source s3: was changed since"]


@pytest.mark.parametrize("since", [{}, {"currently_used": True}, {"name": "hers"}])
def test_a_source_that_the_run_left_aside_stays_as_people_have_it(since: dict[str, Any]) -> None:
    database = vocabulary()
    late = {**source(3, "then"), "currently_used": False}
    database.tables[SOURCES] |= {1: source(1, "once"), 3: {**late, **since}}
    recording = TransactionRecord(
        number=1,
        part=Part.VOCABULARY,
        inserted={SOURCES: Inserted(ids="3", digests=(digest(tuple(late.values())),))},
        changed={},
    )
    database.entries = [LoggedTransaction(recording, is_committed=True)]
    before = copy.deepcopy(database.tables)
    assert database.undo().problems == []
    assert database.tables == before


def test_all_that_stays_of_a_table_is_counted_together() -> None:
    database = vocabulary()
    genes = TransactionRecord(
        number=2,
        part=Part.VOCABULARY,
        inserted={"bionty_gene": Inserted(ids="901-1000")},
        changed={},
    )
    database.entries.append(LoggedTransaction(genes, is_committed=True))
    assert database.undo().stays == {SOURCES: 1, "bionty_gene": 1000}


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"key": "k", "name": "n", "url": "u"}, "k"),
        ({"name": "n", "url": "u"}, "n"),
        ({"key": None, "name": "", "url": "doi.org/1"}, "doi.org/1"),
        ({"key": None}, "7"),
    ],
)
def test_a_row_is_called_by_the_best_name_that_it_has(row: dict[str, Any], name: str) -> None:
    assert row_name("lamindb_reference", {"id": 7, **row}) == f"reference {name}"


def test_definitions_stand_apart() -> None:
    database = Database()
    database.write(part=Part.DEFINITIONS, artifacts=1)
    database.write(demoted=3)  # which goes, so that nothing of it is given back
    found = database.undo()
    assert (found.deleted, found.definitions) == ({}, {ARTIFACTS: {3}})
    assert not any(found.restored.values())


def entry(run: str, at: int, *, height: int | None = None, **ids: str) -> LoggedTransaction:
    recording = TransactionRecord(
        number=1,
        part=Part.DATASETS,
        inserted={table: Inserted(ids=text) for table, text in ids.items()},
        changed={},
        height=height,
    )
    return LoggedTransaction(recording, is_committed=True, run=run, at=str(at))


@pytest.mark.parametrize("clock", [1, -1], ids=["right", "put back"])
@given(owners=st.lists(st.sampled_from("abc"), max_size=12))
def test_transactions_of_several_runs_are_ordered_whatever_the_clock_says(
    clock: int, owners: list[str]
) -> None:
    """Each inserts into one of two tables, whose ids tell nothing of each other."""
    entries = [
        entry(owner, 50 + clock * n, height=n, **{"odd" if n % 2 else "even": f"{n + 1}-{n + 2}"})
        for n, owner in enumerate(owners)
    ]
    runs = [[e for e in reversed(entries) if e.run == name] for name in "abc"]
    assert list(newest_first(runs)) == entries[::-1]


@pytest.mark.parametrize(
    ("heights", "newest"),
    [((5, 5), "b"), ((5, None), "b"), ((None, 5), "b"), ((6, 5), "a"), ((5, 6), "b")],
)
def test_where_heights_tell_nothing_the_clock_does(
    heights: tuple[int | None, int | None], newest: str
) -> None:
    """Runs that changed rows, and inserted none that both have tables of."""
    early = entry("a", 1, height=heights[0], artifacts="1")
    late = entry("b", 2, height=heights[1], genes="1")
    for runs in ([[early], [late]], [[late], [early]]):
        assert next(newest_first(runs)).run == newest


def test_runs_whose_journals_say_no_height_are_ordered_by_ids_and_then_by_time() -> None:
    early, late = entry("a", 2, artifacts="1-3"), entry("b", 1, artifacts="4", links="9")
    unrelated = entry("c", 3, genes="1")
    assert list(newest_first([[early], [late], [unrelated]])) == [unrelated, late, early]

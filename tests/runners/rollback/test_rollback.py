"""Taken back, a release leaves every row as it was, what all releases share aside; and nothing is
taken back where that can't be exact.
"""

import fcntl
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import dumps
import instances
import pytest
from crashes import SEEDS, interrupt, random_crash
from dumps import plain
from instances import Done, Place, succeed

from runners.contract import ROLLED_BACK as NOTE
from runners.contract import ContractError
from runners.records.transaction_log import expanded
from runners.rollback.rollback import REFERENCES
from runners.rollback.runs import find_runs
from runners.run.journal import RECORDED, ROLLBACK, ROLLED_BACK, Journal, was_rolled_back
from runners.sample.datasets import NEWER, OLDER, of_release

SHARED = ("bionty_gene", "lamindb_ulabel", "bionty_organism")
Tables = dict[str, list[tuple[Any, ...]]]


def rollback(place: Place, *options: str) -> Done:
    return place.script("-m", "runners", "rollback", "--runs", str(place.root / "runs"), *options)


def rows(place: Place) -> Tables:
    """Every row but those of the vocabulary that stays: terms, genes, labels, sources that are not
    current, and the tables of sources. SQLite has moments with and without the zeros at their end.
    """
    found = {table: own for table, own in dumps.exact(place.database).items() if is_own(table)}
    with closing(sqlite3.connect(place.database)) as connection:
        statement = "select id from lamindb_artifact where key like 'df_%.parquet'"
        tables = {key for (key,) in connection.execute(statement)}
        statement = "select entity, name, version, organism from bionty_source where currently_used"
        found["current"] = sorted(connection.execute(statement).fetchall())
        artifacts = connection.execute("select id, * from lamindb_artifact").fetchall()
    found["lamindb_artifact"] = [own for key, *own in artifacts if key not in tables]
    return {table: sorted(map(plain, own)) for table, own in found.items()}


def is_own(table: str) -> bool:
    shares = table.startswith("bionty_") and not table.startswith("bionty_artifact")
    return not shares and table != "lamindb_ulabel"


@pytest.fixture(scope="module")
def both(newer: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return instances.copy(newer, tmp_path_factory.mktemp("both"))


@pytest.fixture(scope="module")
def back(both: Place, older: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Both releases, of which the newer was rolled back."""
    place = instances.copy(both, tmp_path_factory.mktemp("back"))
    done = succeed(rollback(place, "--release", NEWER.version, "--yes"))
    assert done.stdout.splitlines()[0] == "anonymous/demo: runs newer"
    assert done.stdout.splitlines()[-1].startswith("rolled back, and what the runs had touched")
    return place


def test_without_yes_nothing_changes(both: Place) -> None:
    before, journal = dumps.exact(both.database), both.journal("newer").lines
    said = succeed(rollback(both, "--run", "newer")).stdout.splitlines()
    assert dumps.exact(both.database) == before
    assert both.journal("newer").lines == journal
    assert not (both.root / "runs" / "newer" / NOTE).exists()
    assert said[0] == "anonymous/demo: runs newer"
    assert re.fullmatch(r"takes back: 12 artifacts, 4 collections, \d+ links", said[1])
    assert said[2] == (
        "gives their values back to: 3 artifacts, 1 collections, 1 references, 1 schemas"
    )
    assert said[-1] == "nothing was changed yet: say --yes to do it"


def test_rolled_back_every_row_is_as_before(back: Place, older: Place) -> None:
    other = rows(older)
    for table, own in rows(back).items():
        if table != "lamindb_storage":  # it names the folder of the copy
            assert own == other[table], table


def test_the_vocabulary_stays(back: Place, both: Place) -> None:
    before, after = dumps.exact(both.database), dumps.exact(back.database)
    for table in SHARED:
        assert after[table] == before[table], table


@pytest.mark.parametrize("is_copy", [False, True])
def test_a_run_that_was_rolled_back_does_not_go_on(back: Place, is_copy: bool) -> None:
    """Nor where its journal says nothing of it: in a copy, whose note alone is put back."""
    before = dumps.exact(back.database)
    journal = back.root / "runs" / "newer" / "journal.jsonl"
    whole = journal.read_bytes()
    if is_copy:
        journal.write_bytes(b"".join(whole.splitlines(keepends=True)[:-2]))
        assert not was_rolled_back(back.journal("newer"))
    done = back.run("ingest", back.root / "runs" / "newer" / "request.json")
    journal.write_bytes(whole)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "request newer: field run_id: this run was rolled back; start a new one under another id."
    )
    assert dumps.exact(back.database) == before


def test_a_rollback_that_was_killed_before_it_was_closed_is_closed(back: Place) -> None:
    journal = back.root / "runs" / "newer" / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    record = back.journal("newer")
    assert record.first(ROLLBACK)
    assert not record.first(ROLLED_BACK)
    before = dumps.exact(back.database)
    succeed(rollback(back, "--run", "newer", "--yes"))
    assert dumps.exact(back.database) == before
    assert back.journal("newer").first(ROLLED_BACK)
    note = json.loads((back.root / "runs" / "newer" / NOTE).read_text())
    assert note["run_id"] == "newer"


def test_registered_again_it_is_as_never_rolled_back(unbroken: Place, newer: Place) -> None:
    one, other = (dumps.natural(p.database, storage=p.storage) for p in (unbroken, newer))
    assert dumps.differences(one, other) == []


PERSON = """
    insert into lamindb_ulabel (uid, name, is_type, created_by_id, space_id, branch_id,
        created_on_id, is_locked, created_at, updated_at)
    select 'aPerson1', 'hers', 0, 1, 1, 1, 1, 0, '2026-01-01', '2026-01-01';
    insert into lamindb_artifactulabel (artifact_id, ulabel_id, created_by_id, created_at)
    select a.id, u.id, 1, '2026-01-01' from lamindb_artifact a, lamindb_ulabel u
    where a.key = '{key}' and u.name = 'hers';
    update lamindb_artifact set description = 'better' where key = '{other}';
    delete from bionty_artifacttissue where artifact_id in
        (select id from lamindb_artifact where key = '{key}');
"""


def test_what_a_person_made_since_stands_against_it(newer: Place, tmp_path: Path) -> None:
    place = instances.copy(newer, tmp_path / "place")
    with closing(sqlite3.connect(place.database)) as connection:
        statement = "select key from lamindb_artifact where version_tag = ? and suffix = '.h5ad'"
        (key,), (other,), *_ = connection.execute(statement, [NEWER.version]).fetchall()
        connection.executescript(PERSON.format(key=key, other=other))
    before = dumps.exact(place.database)
    done = rollback(place, "--release", NEWER.version, "--yes")
    assert done.returncode == 1, done.stderr
    said = done.stdout.splitlines()
    assert said[1] == "can't be rolled back exactly, so nothing was changed:"
    assert f"  artifact {other}: was changed since" in said
    mine = "1 of lamindb_artifactulabel point to it, which no run here wrote"
    assert f"  artifact {key}: {mine}" in said
    assert any(re.match(r"  bionty_artifacttissue: \d of \d+ rows are gone", line) for line in said)
    assert dumps.exact(place.database) == before
    assert not place.journal("newer").first(ROLLBACK)


USE = """
    insert into lamindb_artifactreference (artifact_id, reference_id, created_by_id, created_at)
    select min(id), {reference}, 1, '2026-01-01' from lamindb_artifact where key like 'df_%'
"""
"""Somebody's link to a reference of ours, from an artifact that stays."""


def test_a_reference_that_others_use_by_now_stays_and_no_other(
    fresh_older: Place, tmp_path: Path
) -> None:
    place = instances.copy(fresh_older, tmp_path / "place")
    inserted = (line["inserted"] for line in place.journal("older").all(RECORDED))
    own = (of_table[REFERENCES]["ids"] for of_table in inserted if REFERENCES in of_table)
    used, *others = [key for ids in own for key in expanded(ids)]
    instances.change(place, USE.format(reference=used))
    done = succeed(rollback(place, "--release", OLDER.version, "--yes"))
    stays = [line for line in done.stdout.splitlines() if "others use it" in line]
    assert stays == [f"stays: reference {used}: others use it"]
    with closing(sqlite3.connect(place.database)) as connection:
        left = connection.execute("select id from lamindb_reference").fetchall()
    assert others
    assert left == [(used,)]


LAB = """
    create table "lab notes" (
        code text primary key,
        about integer not null references lamindb_artifact (id) {rule}
    );
    insert into "lab notes" select uid, id from lamindb_artifact where version_tag = '{release}';
"""
"""A table of a lab's own, which LaminDB knows nothing of."""


@pytest.mark.parametrize("rule", ["", "on delete cascade"])
def test_a_table_that_is_not_lamindbs_stands_against_it(
    newer: Place, tmp_path: Path, rule: str
) -> None:
    place = instances.copy(newer, tmp_path / "place")
    with closing(sqlite3.connect(place.database)) as connection:
        connection.executescript(LAB.format(rule=rule, release=NEWER.version))
    before = dumps.exact(place.database)
    for words in ((), ("--yes",)):
        done = rollback(place, "--run", "newer", *words)
        assert done.returncode == 1, done.stderr
        said = done.stdout.splitlines()
        assert said[1] == "can't be rolled back exactly, so nothing was changed:"
        assert len([line for line in said if "1 of lab notes point to it" in line]) == 12
    assert dumps.exact(place.database) == before
    assert not was_rolled_back(place.journal("newer"))


AUDIT = """
    create table audit (about integer references lamindb_artifact (id)
        deferrable initially deferred);
    create trigger audited after delete on lamindb_artifact
        begin insert into audit values (old.id); end;
"""
"""A trigger by which the database refuses the commit, and nothing before it."""


@pytest.mark.prove
def test_where_the_commit_is_refused_the_journal_says_that_nothing_came_of_it(
    newer: Place, tmp_path: Path
) -> None:
    place = instances.copy(newer, tmp_path / "place")
    with closing(sqlite3.connect(place.database)) as connection:
        connection.executescript(AUDIT)
    before = dumps.exact(place.database)
    done = rollback(place, "--run", "newer", "--yes")
    assert done.returncode == 2
    assert done.stderr.startswith("the database refuses a row, because of one that stands or one")
    assert dumps.exact(place.database) == before
    record = place.journal("newer")
    assert record.first(ROLLBACK)
    assert not was_rolled_back(record)
    with closing(sqlite3.connect(place.database)) as connection:
        connection.execute("drop trigger audited")
    succeed(rollback(place, "--run", "newer", "--yes"))
    assert was_rolled_back(place.journal("newer"))


@pytest.mark.prove
def test_a_database_that_somebody_writes_to_is_waited_for(place: Place) -> None:
    hasty = instances.Place(place.root, place.world, (("PATIENCE_SECONDS", "0.1"),))
    with closing(sqlite3.connect(place.database, isolation_level=None)) as other:
        other.execute("begin immediate")
        done = rollback(hasty, "--run", "older", "--yes")
    assert done.returncode == 2
    assert done.stderr == (
        "the database is locked by another process (database is locked); run it again later: it "
        "goes on.\n"
    )


@pytest.mark.parametrize(
    ("lock", "instance"),
    [("storage/.lamindb/lamin.db.writer", ""), ("runs/.anonymous--demo.lock", " anonymous/demo")],
    ids=["in another folder", "in the same folder"],
)
def test_another_run_is_waited_for(place: Place, lock: str, instance: str) -> None:
    """One lock lies beside the database, one among the runs, held before there is a connection."""
    with (place.root / lock).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("elsewhere")
        file.flush()
        done = rollback(place, "--run", "older")
    assert done.returncode == 2
    sentence = f"instance{instance}: run elsewhere is writing to it; wait for its end.\n"
    assert done.stderr == sentence


def test_runs_are_ordered_by_what_they_wrote_and_not_by_a_clock(
    newer: Place, tmp_path: Path
) -> None:
    """One run's journal is made that of two, the clock of the second of which was put back."""
    folder = newer.root / "runs" / "newer"
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    place = next(n for n, line in enumerate(lines) if line["step"] == "written")
    start = next(line for line in lines if line["step"] == "start")
    parts = {"first": lines[:place], "second": [start, *lines[place:]]}
    for name, part in parts.items():
        own = [{**line, "at": line["at"].replace("20", "19", name == "second")} for line in part]
        recorded = [line["number"] for line in own if line["step"] == "recorded"]
        for line in own:
            if "number" in line:
                line["number"] -= recorded[0] - 1
        (tmp_path / name).mkdir()
        (tmp_path / name / "holdings.json").write_bytes((folder / "holdings.json").read_bytes())
        (tmp_path / name / "journal.jsonl").write_text("".join(f"{json.dumps(x)}\n" for x in own))
        request = json.loads((folder / "request.json").read_text())
        (tmp_path / name / "request.json").write_text(json.dumps({**request, "run_id": name}))
    found = find_runs(tmp_path, release=NEWER.version, run_id=None, instance=None)
    assert [run.request.run_id for run in found] == ["second", "first"]


def test_a_later_release_stands_against_it(newer: Place) -> None:
    before = dumps.exact(newer.database)
    done = rollback(newer, "--release", OLDER.version, "--yes")
    assert done.returncode == 1, done.stderr
    assert re.match(
        rf"  release {NEWER.version} continues 3 of the artifacts, e\.g\. as cell-census/.*; "
        "take that back first",
        done.stdout.splitlines()[2],
    )
    assert dumps.exact(newer.database) == before


def break_journal(change: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    def broken(folder: Path) -> None:
        journal = folder / "journal.jsonl"
        journal.write_text("".join(change(journal.read_text().splitlines(keepends=True))))

    return broken


def without_a_recording(lines: list[str]) -> list[str]:
    place = next(n for n, line in enumerate(lines) if json.loads(line)["step"] == "recorded")
    return lines[:place] + lines[place + 1 :]


def without_the_end(lines: list[str]) -> list[str]:
    """As a machine leaves it that was lost before its last lines were mirrored."""
    return lines[: len(lines) // 2]


def without_marks(lines: list[str]) -> list[str]:
    """As older code wrote it, which kept nothing in the instance."""
    marks = ('"is_kept":true,', ',"is_kept":true')
    return [line.replace(marks[0], "").replace(marks[1], "") for line in lines]


def of_older_code(place: Place) -> None:
    """Makes the run `newer` one of older code."""
    break_journal(without_marks)(place.root / "runs" / "newer")
    with closing(sqlite3.connect(place.database)) as connection, connection:
        connection.execute('delete from lamindb_jsonvalue where value like \'%"run": "newer"%\'')


def without_holdings(folder: Path) -> None:
    (folder / "holdings.json").unlink()


def without_folder(folder: Path) -> None:
    """Of the release another run's folder is left, which only asked."""
    request = json.loads((folder / "request.json").read_text())
    shutil.rmtree(folder)
    other = folder.with_name("other")
    other.mkdir()
    (other / "request.json").write_text(json.dumps({**request, "run_id": "other"}))


DAMAGES = {
    "a line": break_journal(without_a_recording),
    "the folder": without_folder,
    "the end": break_journal(without_the_end),
    "all lines": break_journal(lambda _: []),
    "holdings": without_holdings,
}


@pytest.mark.parametrize(
    "lost",
    [
        "a line",
        "the folder",
        *(
            pytest.param(one, marks=pytest.mark.prove)
            for one in ("the end", "all lines", "holdings")
        ),
    ],
)
def test_what_a_folder_has_lost_the_instance_has_kept(
    newer: Place, older: Place, tmp_path: Path, lost: str
) -> None:
    place = instances.copy(newer, tmp_path / "place")
    DAMAGES[lost](place.root / "runs" / "newer")
    done = succeed(rollback(place, "--release", NEWER.version, "--yes"))
    assert done.stdout.splitlines()[-1].startswith("rolled back, and what the runs had touched")
    assert ("run newer: its journal is short: it lacks" in done.stderr) is (lost != "holdings")
    expected = {**rows(older), "lamindb_storage": rows(place)["lamindb_storage"]}
    assert rows(place) == expected
    assert place.journal("newer").first(ROLLED_BACK)


@pytest.mark.parametrize("words", [(), ("--yes",)])
def test_of_a_run_of_older_code_no_more_is_claimed_than_its_journal_names(
    newer: Place, tmp_path: Path, words: tuple[str, ...]
) -> None:
    place = instances.copy(newer, tmp_path / "place")
    of_older_code(place)
    said = succeed(rollback(place, "--run", "newer", *words)).stdout.splitlines()
    assert said[-2] == (
        "nothing proves that the journals are whole, for the instance didn't keep yet what these "
        "runs wrote"
    )
    assert said[-1] == (
        "rolled back, and what their journals name found as it was before"
        if words
        else "nothing was changed yet: say --yes to do it"
    )


def test_a_run_that_another_machine_took_back_is_not_taken_back_again(
    back: Place, newer: Place, tmp_path: Path
) -> None:
    """Its journal was fetched before; the instance says what came of it since."""
    place = instances.copy(back, tmp_path / "place")
    journal = place.root / "runs" / "newer" / "journal.jsonl"
    shutil.copy(newer.root / "runs" / "newer" / "journal.jsonl", journal)
    journal.with_name(NOTE).unlink()
    before = dumps.exact(place.database)
    request = place.root / "runs" / "newer" / "request.json"
    break_journal(lambda lines: lines[:-1])(request.parent)  # it hasn't ended
    for done in (rollback(place, "--run", "newer", "--yes"), place.run("ingest", request)):
        assert done.returncode == 2, done.stdout
        assert "that the instance holds no more: the run was taken back by" in done.stderr
    assert dumps.exact(place.database) == before


def test_what_the_instance_keeps_and_somebody_has_changed_is_named(
    newer: Place, tmp_path: Path
) -> None:
    place = instances.copy(newer, tmp_path / "place")
    with closing(sqlite3.connect(place.database)) as connection, connection:
        edit = 'update lamindb_jsonvalue set value = replace(value, \'"part": "datasets\', ?)'
        connection.execute(edit, ['"part": "vocabulary'])
    done = rollback(place, "--run", "newer", "--yes")
    assert done.returncode == 2, done.stdout
    assert "of run newer (a row of lamindb_jsonvalue) was changed; restore" in done.stderr


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (break_journal(lambda lines: [lines[0], lines[1][:9] + "\n", *lines[2:]]), "not JSON"),
        (break_journal(without_a_recording), "lines are missing"),
        (without_holdings, "is missing, so that nothing says"),
        (shutil.rmtree, "holds no journal that could be rolled back"),
    ],
    ids=["torn", "line missing", "no holdings", "no folder"],
)
def test_without_its_records_a_run_of_older_code_is_not_rolled_back(
    newer: Place, tmp_path: Path, damage: Callable[[Path], None], said: str
) -> None:
    folder = tmp_path / "newer"
    folder.mkdir()
    for name in ("request.json", "journal.jsonl", "holdings.json"):
        (folder / name).write_bytes((newer.root / "runs" / "newer" / name).read_bytes())
    break_journal(without_marks)(folder)
    damage(folder)
    with pytest.raises(ContractError, match=said):
        find_runs(tmp_path, release=NEWER.version, run_id=None, instance=None)


def test_what_was_rolled_back_is_not_rolled_back_again(newer: Place, tmp_path: Path) -> None:
    folder = tmp_path / "newer"
    folder.mkdir()
    for name in ("request.json", "journal.jsonl"):
        (folder / name).write_bytes((newer.root / "runs" / "newer" / name).read_bytes())
    with Journal(folder / "journal.jsonl") as journal:
        journal.write(ROLLED_BACK)
    with pytest.raises(ContractError, match=r"run newer: was rolled back already, at 20\d\d-"):
        find_runs(tmp_path, release=None, run_id="newer", instance=None)


def test_either_a_release_or_a_run_is_named(tmp_path: Path) -> None:
    for release, run_id in ((None, None), (NEWER.version, "newer")):
        with pytest.raises(ContractError, match="takes either --release or --run; give one"):
            find_runs(tmp_path, release=release, run_id=run_id, instance=None)


@pytest.mark.prove
def test_the_first_release_leaves_nothing(fresh_older: Place, empty: Place, tmp_path: Path) -> None:
    place = instances.copy(fresh_older, tmp_path / "place")
    succeed(rollback(place, "--release", OLDER.version, "--yes"))
    expected = {**rows(empty), "lamindb_storage": rows(place)["lamindb_storage"]}
    assert rows(place) == expected
    assert len(rows(place)["lamindb_storage"]) == len(rows(empty)["lamindb_storage"])


@pytest.mark.prove
def test_runs_of_a_release_go_one_by_one_newest_first_or_all_together(place: Place) -> None:
    before = rows(place)
    only = [dataset.dataset_id for dataset in of_release(NEWER)][:4]
    succeed(place.ingest("part", NEWER.version, only=only))
    after_part = rows(place)
    succeed(place.ingest("whole", NEWER.version))
    refused = rollback(place, "--run", "part", "--yes")
    assert refused.returncode == 1, refused.stderr
    assert "of lamindb_collectionartifact point to it, which no run here wrote" in refused.stdout
    succeed(rollback(place, "--run", "whole", "--yes"))
    assert rows(place) == after_part
    succeed(place.ingest("again", NEWER.version))
    said = succeed(rollback(place, "--release", NEWER.version, "--yes")).stdout
    assert said.splitlines()[0] == "anonymous/demo: runs again, part"
    assert rows(place) == before


@pytest.mark.prove
@pytest.mark.parametrize("seed", SEEDS[:6])
def test_killed_at_random_and_rolled_back_every_row_is_as_before(place: Place, seed: int) -> None:
    before = rows(place)
    interrupt(random_crash(seed), place)
    if place.journal("run").first("start"):
        succeed(rollback(place, "--run", "run", "--yes"))
    assert rows(place) == before

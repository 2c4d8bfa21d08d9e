"""What database and disk refuse is told in a sentence with its remedy, by codes and not by words;
what time mends is an outage.
"""

import errno
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import instances
import pytest
from click.testing import CliRunner
from django.db import IntegrityError, OperationalError
from django.db.transaction import TransactionManagementError
from full_disk import files_that_cannot_grow
from instances import INSTANCE, Done, Place

from runners.cli.commands import main
from runners.cli.options import with_clear_errors
from runners.contract import ContractError, disk
from runners.registry import failures, migrations
from runners.registry.failures import explained, failure_of
from runners.retries import OutageError
from runners.run.journal import Journal, was_rolled_back
from runners.sample.datasets import NEWER, OLDER, by_key

Database = sqlite3.Connection


class Refused(Exception):  # noqa: N818 - as psycopg2 raises it
    """An error of PostgreSQL's, in a language that nobody here reads."""

    def __init__(
        self, code: str | None, constraint: str | None = None, words: str = "neen"
    ) -> None:
        super().__init__(words)
        self.pgcode = code
        self.diag = SimpleNamespace(
            message_primary=words, message_detail=None, constraint_name=constraint
        )


def of_django(cause: Exception) -> OperationalError:
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("08006", failures.SILENT),
        ("40001", failures.CONTENDED),
        ("40P01", failures.CONTENDED),
        ("55P03", failures.CONTENDED),
        ("57014", failures.TIMED_OUT),
        ("57P01", failures.SILENT),
        ("53300", failures.SILENT),
        ("53100", failures.FULL),
        ("25006", failures.READ_ONLY),
        ("25P03", failures.SILENT),
        ("42501", failures.DENIED),
        ("28P01", failures.NO_LOGIN),
        ("23503", failures.IN_THE_WAY),
        ("22021", failures.REFUSED_VALUE),
        ("XX001", failures.DAMAGED),
        (None, failures.SILENT),
        ("42601", None),  # a statement of ours that is wrong
    ],
)
def test_postgresql_is_understood_by_its_codes(
    code: str | None, expected: failures.Failure | None
) -> None:
    assert failure_of(of_django(Refused(code))) == expected


def test_a_key_that_is_given_twice_is_told_from_a_record_that_stands() -> None:
    primary = of_django(Refused("23505", "lamindb_artifact_pkey"))
    other = of_django(Refused("23505", "bionty_source_entity_name_key"))
    assert failure_of(primary) == failures.SEQUENCE_BEHIND
    assert failure_of(other) == failures.IN_THE_WAY


def test_a_server_that_lets_nobody_in_is_not_asked_for_ten_minutes() -> None:
    for words in ('FATAL:  database "x" does not exist', 'password authentication failed for "y"'):
        assert failure_of(of_django(Refused(None, words=words))) == failures.NO_LOGIN


def full(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("pragma max_page_count = 1")
        database.execute("create table more (x)")


def read_only(path: Path) -> None:
    sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute("create table more (x)")


def locked(path: Path) -> None:
    one = sqlite3.connect(path, isolation_level=None)
    one.execute("begin immediate")
    sqlite3.connect(path, timeout=0).execute("create table more (x)")


def in_the_way(path: Path) -> None:
    sqlite3.connect(path).execute("insert into t values (1)")


def not_a_database(path: Path) -> None:
    path.write_bytes(b"nonsense" * 1000)
    sqlite3.connect(path).execute("select * from t")


def nowhere(path: Path) -> None:
    sqlite3.connect(path.parent / "none" / "db")


def wrong_statement(path: Path) -> None:
    sqlite3.connect(path).execute("select * from nowhere")


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (full, failures.FULL),
        (read_only, failures.READ_ONLY),
        (locked, failures.SQLITE[sqlite3.SQLITE_BUSY]),
        (in_the_way, failures.IN_THE_WAY),
        (not_a_database, failures.DAMAGED),
        (nowhere, failures.UNREADABLE),
        (wrong_statement, None),
    ],
)
def test_sqlite_is_understood_by_its_codes(
    tmp_path: Path, spoil: Callable[[Path], None], expected: failures.Failure | None
) -> None:
    path = tmp_path / "db"
    with sqlite3.connect(path) as database:
        database.execute("create table t (x primary key)")
        database.execute("insert into t values (1)")
    with pytest.raises(sqlite3.Error) as refused:
        spoil(path)
    assert failure_of(of_django(refused.value)) == expected


def test_the_error_behind_a_broken_transaction_is_the_one_that_counts() -> None:
    broken = TransactionManagementError("can't execute queries until the end of the block")
    first = IntegrityError("one stands")
    first.__cause__ = Refused("23505", "lamindb_storage_root_key")
    broken.__context__ = first
    assert failure_of(broken) == failures.IN_THE_WAY


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("53100", ContractError, "the database has no space left on its disk (neen); free some"),
        ("57014", OutageError, "raise statement_timeout for this role, or run it again later"),
        ("40001", OutageError, "is being written to by somebody else, at the same rows (neen); "),
    ],
)
def test_a_sentence_says_what_it_is_and_what_to_do(
    code: str, kind: type[ContractError], said: str
) -> None:
    with pytest.raises(kind) as told, explained():
        raise of_django(Refused(code))
    assert type(told.value) is kind
    assert said in str(told.value)
    assert str(told.value).endswith(".")


@pytest.mark.parametrize(
    ("code", "is_configured", "is_closed"),
    [
        ("57P01", True, True),  # the server restarts, outside of any transaction
        (None, True, True),  # it is gone
        ("40001", True, True),
        ("57P01", False, False),  # before an instance is connected to, there is none
        ("53100", True, False),
        ("23503", True, False),
    ],
)
def test_a_repeat_has_a_connection_of_its_own_where_time_mends_what_fails(
    monkeypatch: pytest.MonkeyPatch, code: str | None, is_configured: bool, is_closed: bool
) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(failures, "connection", SimpleNamespace(close=lambda: closed.append(True)))
    monkeypatch.setattr(failures, "django_settings", SimpleNamespace(configured=is_configured))
    with pytest.raises(ContractError), explained():
        raise of_django(Refused(code))
    assert closed == [True] * is_closed


def test_a_fault_of_ours_keeps_its_trace() -> None:
    error = of_django(Refused("42601"))
    with pytest.raises(OperationalError) as told, explained():
        raise error
    assert told.value is error


# --- the disk -------------------------------------------------------------------------------------


def test_a_journal_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "journal.jsonl"

    @with_clear_errors
    def command() -> None:
        journal = Journal(path)
        with files_that_cannot_grow():
            journal.write("start")

    with pytest.raises(SystemExit) as ended:
        command()
    assert ended.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"{path}: File too large; let files of this user grow further, and run it again."
    ]


LIMITS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EMFILE, errno.ENFILE)
OF_ONE_FILE = (
    *(errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY, errno.EISDIR),
    *(errno.EACCES, errno.EPERM, errno.ENAMETOOLONG),
)


@pytest.mark.parametrize("code", [*LIMITS, *OF_ONE_FILE], ids=errno.errorcode.get)
def test_errors_of_the_disk_have_a_remedy_of_their_own(code: int) -> None:
    sentence = str(disk.explained(OSError(code, "neen", "a/file")))
    assert sentence.startswith("a/file: neen; ")
    assert sentence.endswith(", and run it again.")
    assert "see what lies there" not in sentence


@pytest.mark.parametrize("code", [errno.EIO, errno.ELOOP, errno.ETXTBSY])
def test_what_has_no_remedy_of_its_own_is_told_of_the_file(code: int) -> None:
    sentence = disk.explained(OSError(code, "neen", "a/file"))
    assert str(sentence) == "a/file: neen; see what lies there, or name another, and run it again."


def test_of_two_files_the_one_that_was_aimed_at_is_named() -> None:
    sentence = disk.explained(OSError(errno.EISDIR, "neen", "part", None, "whole"))
    assert str(sentence).startswith("whole: neen; ")


@pytest.mark.parametrize("code", LIMITS, ids=errno.errorcode.get)
def test_a_limit_of_disk_user_or_machine_is_told_without_a_file(
    code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of a file that was open when the limit was met: Python names none then."""

    def write() -> None:
        raise OSError(code, "neen")

    with pytest.raises(SystemExit) as ended:
        with_clear_errors(write)()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("a file: neen; ")


@pytest.mark.parametrize("code", [None, errno.EBADF, errno.EPIPE, errno.ECONNRESET, *OF_ONE_FILE])
def test_errors_that_name_no_file_are_none_of_the_disk(code: int | None) -> None:
    error = OSError("no code") if code is None else OSError(code, "neen")
    assert disk.explained(error) is None


@pytest.mark.parametrize("name", ["file/x", "file/x/y"])
@pytest.mark.parametrize("words", [("sample",), ("reference",)])
def test_a_place_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], name: str
) -> None:
    (tmp_path / "file").touch()
    place = str(tmp_path / name)
    monkeypatch.setenv("REFERENCE", place)
    done = CliRunner().invoke(main, [*words, *([place] if words == ("sample",) else [])])
    assert done.exit_code == 2
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"{tmp_path / 'file'}/")
    assert ": Not a directory; name another, or take away the file that stands there" in said


# --- an instance that isn't as the client has it --------------------------------------------------


NEWER_TABLES = "insert into django_migrations (app, name, applied) values ('{}', '9999_x', '2030')"
OLDER_TABLES = "delete from django_migrations where app = '{}'"


def spoil(place: Place, statement: str) -> bytes:
    with sqlite3.connect(place.database) as database:
        database.execute(statement)
    database.close()
    return place.database.read_bytes()


def rollback(place: Place) -> Done:
    runs = str(place.root / "runs")
    return place.script("-m", "runners", "rollback", "--runs", runs, "--run", "older", "--yes")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (NEWER_TABLES.format("lamindb"), "has the migration 9999_x of lamindb, which lamindb 2."),
        (OLDER_TABLES.format("bionty"), "lacks the migration 0065_squashed of bionty 2."),
    ],
)
def test_an_instance_of_other_tables_is_refused_before_the_first_write(
    place: Place, statement: str, said: str
) -> None:
    before = spoil(place, statement)
    done = rollback(place)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"instance {INSTANCE!r}: its database {said}")
    assert "; install the " in line or "or install the " in line
    assert place.database.read_bytes() == before


def test_a_migration_is_newer_than_what_is_known_also_beside_the_last_one() -> None:
    """Of two branches of LaminDB, say; what a squash has taken the place of is older."""
    known = {("lamindb", "0200_squashed"), ("lamindb", "0201_here")}
    newer = [("lamindb", "0201_there"), ("lamindb", "0202_later")]
    applied = {*known, *newer, ("lamindb", "0199_gone"), ("lab", "9999_hers")}
    assert migrations._newer(applied, known, [("lamindb", "0201_here")]) == newer


@pytest.mark.prove
@pytest.mark.parametrize("app", ["lamindb", "bionty"])
@pytest.mark.parametrize("statement", [NEWER_TABLES, OLDER_TABLES])
def test_so_it_is_by_ingest_and_verify(place: Place, statement: str, app: str) -> None:
    before = spoil(place, statement.format(app))
    for word in ("ingest", "verify"):
        done = place.run(word, place.request(f"{word}-now", OLDER.version, action=word))
        assert done.returncode == 2
        assert f" of {app}" in done.stderr.splitlines()[-1]
    assert place.database.read_bytes() == before


@pytest.mark.prove
def test_migrations_of_modules_that_we_do_not_write_are_none_of_ours(
    fresh_older: Place, tmp_path: Path
) -> None:
    place = instances.copy(fresh_older, tmp_path / "place")
    spoil(place, NEWER_TABLES.format("lab"))
    assert rollback(place).returncode == 0


def test_a_database_that_is_gone_is_not_made_anew(place: Place) -> None:
    place.database.unlink()
    done = rollback(place)
    assert done.returncode == 2
    assert "can't be connected to (SQLite file " in done.stderr
    assert not place.database.exists()


PRAGMA = """
from django.db.backends.signals import connection_created
def spoil(connection, **_):
    connection.cursor().execute("pragma {}")
connection_created.connect(spoil, weak=False)
from runners.__main__ import main
main()
"""


@pytest.mark.prove
@pytest.mark.parametrize(
    ("pragma", "said"),
    [
        ("query_only = on", "the database can only be read ("),
        ("max_page_count = 1", "the database has no space left on its disk ("),
    ],
)
def test_sqlite_refuses_in_a_sentence(older: Place, tmp_path: Path, pragma: str, said: str) -> None:
    place = instances.copy(older, tmp_path / "place")  # where nothing was freed by a rollback
    only = [by_key("D01").dataset_id]
    request = place.request("newer", NEWER.version, only=only)
    done = place.script("-c", PRAGMA.format(pragma), *place.arguments("ingest", request))
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith(said)
    assert "Traceback" not in done.stderr


@pytest.mark.prove
def test_a_rollback_that_may_not_write_says_so_and_takes_nothing_back(
    fresh_older: Place, tmp_path: Path
) -> None:
    place = instances.copy(fresh_older, tmp_path / "place")
    runs = ("rollback", "--runs", str(place.root / "runs"), "--run", "older", "--yes")
    before = place.database.read_bytes()
    done = place.script("-c", PRAGMA.format("query_only = on"), *runs)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("the database can only be read (")
    assert place.database.read_bytes() == before
    assert not was_rolled_back(place.journal("older"))

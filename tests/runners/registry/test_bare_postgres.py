"""Sessions, locks and exclusive transactions in PostgreSQL, without an instance, which would take
longer than all of these.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import bare_postgres
import forked
import postgres
import pytest

pytestmark = postgres.needs_another_user

SCRIPT = str(Path(bare_postgres.__file__))
PATIENCE = 5
"""Seconds, of which a server may be silent for two: any statement here is answered sooner."""
LOST = "OutageError: the database's session was replaced by another one"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres.server(tmp_path_factory.mktemp("postgres")) as address:
        postgres.create(address, "demo")
        postgres.create(address, "other")
        yield address


def seen(server: str, case: str, *words: str, patience: float = 600) -> Any:
    environment = {**os.environ, "PATIENCE_SECONDS": str(patience)}
    folder = Path(SCRIPT).parents[2]
    done = forked.run([SCRIPT, f"{server}/demo", case, *words], cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# --- sessions -------------------------------------------------------------------------------------

Session = Mapping[str, object]
EVERY: Session = {
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "60000",
    "libpq keepalives": "1",
    "libpq keepalives_idle": "30",
    "libpq keepalives_interval": "10",
    "libpq keepalives_count": "3",
    "libpq tcp_user_timeout": "60000",
}
"""Of each session; milliseconds, where it isn't seconds."""

READER: Session = {
    **EVERY,
    "isolation": "read committed",
    "ends idle": True,
    "application_name": "",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}


def writer(name: str, lock_timeout: str = "30000") -> Session:
    return {
        **EVERY,
        "isolation": "repeatable read",
        "ends idle": False,
        "application_name": name,
        "lock_timeout": lock_timeout,
        "idle_in_transaction_session_timeout": "600000",
    }


@pytest.mark.parametrize(
    ("case", "writers", "patience", "given"),
    [
        ("given", ("",), 600, [READER] * 2),
        ("given", ("ingest a",), 600, [writer("ingest a")] * 2),
        ("given", ("", "ingest a"), 600, [writer("ingest a")] * 2),
        ("given", ("ingest a", "ingest b"), 10, [writer("ingest b", "2000")] * 2),
        ("given_while_connected", ("ingest a",), 600, [writer("ingest a")]),
    ],
)
def test_a_session_and_what_replaces_it_are_given_what_they_need(
    server: str,
    case: str,
    writers: tuple[str, ...],
    patience: float,
    given: list[Session],
) -> None:
    assert seen(server, case, *writers, patience=patience) == given


# --- the lock -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoiled", ["nothing", "replaced", "isolation", "let go", "another's", "another key"]
)
def test_a_transaction_is_proved_by_its_own_session_s_lock_and_isolation(
    server: str, spoiled: str
) -> None:
    before, after = seen(server, "proved", spoiled)
    assert before == ""
    assert after.startswith(LOST) if spoiled != "nothing" else after == ""


STILL = (
    "OutageError: instance: ingest mine is still connected to it; run it again later: it goes on."
)


def test_who_holds_the_lock_is_named_and_lives_on(server: str) -> None:
    said, is_alive = seen(server, "taken", "ingest other", "demo")
    assert re.fullmatch(
        r"ContractError: instance: ingest other \(since [-\d]+ [\d:]+ UTC\) is writing to it; "
        r"wait for its end\.",
        said,
    )
    assert is_alive == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "ingest other",
            "ContractError: instance: ingest other is writing to it; wait for its end.",
        ),
        ("ingest mine", STILL),
    ],
)
def test_who_holds_the_lock_is_named_to_a_role_that_may_see_no_more(
    server: str, name: str, said: str
) -> None:
    assert seen(server, "taken_by_another_role", name) == [said, 1]


@pytest.mark.parametrize("run_id", ["mine", "a" * 57, "a" * 80])
def test_a_run_knows_its_own_session_however_long_its_id(server: str, run_id: str) -> None:
    assert seen(server, "taken_by_a_process", run_id, run_id) == STILL.replace("mine", run_id)


def test_runs_whose_long_ids_begin_alike_are_two(server: str) -> None:
    said = seen(server, "taken_by_a_process", "a" * 79 + "1", "a" * 79 + "2")
    assert said.startswith("ContractError: instance: ingest aaa")
    assert said.endswith(" is writing to it; wait for its end.")


def test_each_database_of_a_server_has_a_lock_of_its_own(server: str) -> None:
    assert seen(server, "taken", "ingest other", "other") == ["", 1]


@pytest.mark.prove
def test_a_run_s_own_session_is_ended_once_it_is_silent(server: str) -> None:
    assert seen(server, "taken", "ingest mine", "demo") == [STILL, 1]
    assert seen(server, "taken_from_a_silent_one", patience=PATIENCE) == [STILL, "lost", ""]
    assert seen(server, "taken_from_a_silent_one") == [STILL, 1, STILL]


def test_a_process_ends_its_own_lost_session_at_once(server: str) -> None:
    assert seen(server, "taken_again") == [STILL, "", ""]


def test_who_has_gone_on_with_a_run_is_left_alone(server: str) -> None:
    said = "ContractError: instance: another process goes on with ingest mine; wait for its end."
    assert seen(server, "taken_over") == [said, 1]


# --- exclusive transactions -----------------------------------------------------------------------


def test_nobody_else_writes_to_the_tables_of_an_exclusive_transaction(server: str) -> None:
    within, without_tables, after = seen(server, "alone")
    assert within == [False, True, 1]  # of the table; of another one; reading it
    assert (without_tables, after) == ([True], [True])


def test_who_keeps_an_exclusive_transaction_waiting_is_named(server: str) -> None:
    said, of_another_table = seen(server, "kept_out", patience=PATIENCE)
    assert re.fullmatch(
        r"OutageError: the database: postgres with editor is changing rows of donor since "
        r"[-\d]+ [\d:]+ UTC, which this waits for; run it again when that has ended\.",
        said,
    )
    assert of_another_table == ""


def test_an_exclusive_transaction_sees_what_it_has_waited_for(server: str) -> None:
    assert seen(server, "seen_after_waiting") == [2]


def test_an_exclusive_transaction_is_the_writer_s_alone(server: str) -> None:
    assert seen(server, "unproved").startswith(LOST)


def test_the_next_transaction_after_one_that_was_overtaken_has_its_tables_to_itself(
    server: str,
) -> None:
    before, is_refused, of_the_other, of_it, after = seen(server, "overtaken")
    assert is_refused
    assert of_it == [False, True]
    assert before == of_the_other == after == [True, True]


def test_what_the_commit_would_refuse_is_refused_before(server: str) -> None:
    assert seen(server, "referring") == ["written"]


# --- sequences ------------------------------------------------------------------------------------

TAKEN = "23505"


@pytest.mark.parametrize(
    ("setting", "at", "following"),
    [
        ("select setval('copied_id_seq', 4)", None, 5),
        ("select setval('copied_id_seq', 5, false)", None, 5),
        ("alter table copied alter id restart with 7", None, 7),
        ("select nextval('copied_id_seq') from generate_series(1, 4)", None, 5),
        ("select setval('copied_id_seq', 3)", 3, TAKEN),
        ("select setval('copied_id_seq', 4, false)", 3, TAKEN),
        ("alter sequence copied_id_seq restart with 2", 1, TAKEN),
        ("select", 0, TAKEN),  # never asked
    ],
)
def test_a_sequence_is_behind_where_the_next_row_gets_an_id_that_stands(
    server: str, setting: str, at: int | None, following: object
) -> None:
    said, found = seen(server, "sequence_of_copied_rows", setting, "usage, select")
    assert found == following
    assert said == ("" if at is None else behind(at))


def test_a_sequence_that_is_set_and_can_t_be_read_counts_as_never_asked(server: str) -> None:
    """Of the two, only that can do harm."""
    setting = "select setval('copied_id_seq', 5, false)"
    assert seen(server, "sequence_of_copied_rows", setting, "usage") == [behind(0), 5]


def behind(at: int) -> str:
    return (
        f"ContractError: instance: the sequence of copied.id is at {at}, behind its highest id 4; "
        "let its administrator run: select setval(pg_get_serial_sequence('copied', 'id'), 4);"
    )


# --- waiting --------------------------------------------------------------------------------------


@pytest.mark.prove
def test_a_server_that_doesn_t_answer_in_time_is_given_up(server: str) -> None:
    assert seen(server, "waited", "0.1", patience=PATIENCE) == ""
    assert seen(server, "waited", "60", patience=PATIENCE) == "OperationalError: no answer for 2 s"

"""The grammar: every command well formed, malformed and mistyped."""

import pytest
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st

from bot.model.commands import GRAMMAR, Command, Mistake, Verb, parse


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ("/ingest", Command(Verb.INGEST)),
        ("/ingest  \r\nplease", Command(Verb.INGEST)),
        ("/Ingest", Command(Verb.INGEST)),
        ("/ingest --limit 10", Command(Verb.INGEST, limit=10)),
        ("/ingest --limit=10", Command(Verb.INGEST, limit=10)),
        ("/ingest --only a b-1 a", Command(Verb.INGEST, only=("a", "b-1"))),
        ("/ingest --only a,b --only c", Command(Verb.INGEST, only=("a", "b", "c"))),
        ("/ingest --dry-run --only a", Command(Verb.INGEST, only=("a",), dry_run=True)),
        (
            "/ingest --only a --limit 1 --dry-run",
            Command(Verb.INGEST, limit=1, only=("a",), dry_run=True),
        ),
        ("/verify", Command(Verb.VERIFY)),
        ("/retry", Command(Verb.RETRY)),
        ("/status", Command(Verb.STATUS)),
        ("/cancel", Command(Verb.CANCEL)),
        ("/help", Command(Verb.HELP)),
    ],
)
def test_what_is_well_formed(body: str, command: Command) -> None:
    assert parse(body) == command


@pytest.mark.parametrize(
    ("body", "problem", "suggestion"),
    [
        ("/ingets", "there is no command /ingets", "/ingest"),
        ("/stat", "there is no command /stat", "/status"),
        ("/deploy", "there is no command /deploy", None),
        ("/ingest now", "/ingest has no option now", None),
        ("/ingest --limt 5", "/ingest has no option --limt", "/ingest --limit 5"),
        ("/ingest \u2014dry-run", "/ingest has no option \u2014dry-run", "/ingest --dry-run"),
        ("/ingest --force", "/ingest has no option --force", None),
        ("/ingest --dry-run=y", "--dry-run takes no value, but y was given", "/ingest --dry-run"),
        ("/verify now", "/verify takes no options, but now was given", "/verify"),
        ("/help me", "/help takes no options, but me was given", "/help"),
    ],
)  # fmt: skip
def test_what_is_malformed_gets_a_hint(body: str, problem: str, suggestion: str | None) -> None:
    assert parse(body) == Mistake(problem, suggestion)


@pytest.mark.parametrize("given", ["", "0", "1 2", "-3", "\u0663", "ten", "99999999"])
def test_a_limit_is_one_number_from_one_on(given: str) -> None:
    problem = f"--limit wants one number from 1 on, but got {given or 'nothing'}"
    assert parse(f"/ingest --limit {given}") == Mistake(problem, "/ingest --limit 10")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", "--only wants at least one dataset id"),
        (",", "--only wants at least one dataset id"),
        ("a ../x", "--only got ../x, which is no dataset id"),
        ("<b>", "--only got <b>, which is no dataset id"),
    ],
)
def test_only_takes_dataset_ids(given: str, problem: str) -> None:
    assert parse(f"/ingest --only {given}") == Mistake(problem, "/ingest --only DATASET_ID")


@pytest.mark.parametrize(
    "body",
    ["", "\n/ingest", " /ingest", "> /ingest", "`/ingest`", "/", "//", "/ ingest", "/etc/passwd",
     "/1", "say /ingest", "```\n/ingest"],
)  # fmt: skip
def test_what_is_no_command(body: str) -> None:
    assert parse(body) is None


@settings(deadline=None)
@given_any(st.text())
def test_any_comment_is_a_command_a_mistake_or_talk(body: str) -> None:
    first = body.split("\n", 1)[0]
    assert parse(body) == parse(first)
    if not first.startswith("/"):
        assert parse(body) is None


@settings(deadline=None)
@given_any(
    st.integers(1, 10**6) | st.none(),
    st.lists(st.from_regex(r"[0-9A-Za-z][0-9A-Za-z_-]{0,40}", fullmatch=True), unique=True),
    st.booleans(),
)
def test_a_command_says_itself(limit: int | None, only: list[str], dry_run: bool) -> None:
    command = Command(Verb.INGEST, limit, tuple(only), dry_run)
    assert parse(str(command)) == command


def test_each_command_has_its_line_in_the_grammar() -> None:
    assert set(GRAMMAR) == set(Verb)
    for verb, entry in GRAMMAR.items():
        assert entry.usage.split()[0] == f"/{verb}"

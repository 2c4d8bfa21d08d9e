"""The grammar: every command well formed, malformed and mistyped."""

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from bot.model.commands import GRAMMAR, Command, Mistake, Verb, parse
from runners.contract import Action, RunRequest


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
        ("/ingest --collection c-1", Command(Verb.INGEST, collection=("c-1",))),
        (
            "/ingest --collection Tabula Sapiens, the first --limit 2",
            Command(Verb.INGEST, limit=2, collection=("Tabula Sapiens, the first",)),
        ),
        (
            "/ingest --collection \u201cAtlas \u2013 --only part\u201d 'n --only d",
            Command(Verb.INGEST, only=("d",), collection=("Atlas \u2013 --only part", "'n")),
        ),
        (
            '/ingest --collection "A B" Human Cell Atlas "C"',
            Command(Verb.INGEST, collection=("A B", "Human Cell Atlas", "C")),
        ),
        (
            '/ingest --organism "Homo sapiens" NCBITaxon:10090,mus_musculus',
            Command(Verb.INGEST, organism=("Homo sapiens", "NCBITaxon:10090", "mus_musculus")),
        ),
        (
            '/ingest --organism "Homo sapiens" , Mus musculus',
            Command(Verb.INGEST, organism=("Homo sapiens", "Mus musculus")),
        ),
        ('/ingest --collection="A  b"', Command(Verb.INGEST, collection=("A b",))),
        (
            "/ingest --collection 10.1/a https://doi.org/10.22/b,doi:10.3/c",
            Command(Verb.INGEST, collection=("10.1/a", "https://doi.org/10.22/b", "doi:10.3/c")),
        ),
        (
            "/ingest --organism homo_sapiens,NCBITaxon:10090 --organism Macaca mulatta",
            Command(Verb.INGEST, organism=("homo_sapiens", "NCBITaxon:10090", "Macaca mulatta")),
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
        ("/ingest --organisms a", "/ingest has no option --organisms", "/ingest --organism a"),
        ("/ingest --collection", "--collection wants a name", '/ingest --collection "NAME"'),
        ('/ingest --organism ""', "--organism wants a name", '/ingest --organism "NAME"'),
        (
            '/ingest --collection a "b',
            "--collection got quotation marks within a name, or more than 500 letters",
            "/ingest --collection ID",
        ),
        (
            f"/ingest --organism {'x' * 501}",
            "--organism got quotation marks within a name, or more than 500 letters",
            "/ingest --organism ID",
        ),
        ("/ingest --force", "/ingest has no option --force", None),
        ("/ingest --dry-run=y", "--dry-run takes no value, but y was given", "/ingest --dry-run"),
        ("/verify now", "/verify takes no options, but now was given", "/verify"),
        ("/help me", "/help takes no options, but me was given", "/help"),
    ],
)  # fmt: skip
def test_what_is_malformed_gets_a_hint(body: str, problem: str, suggestion: str | None) -> None:
    assert parse(body) == Mistake(problem, suggestion)


@pytest.mark.parametrize("given", ["7.0.0/../../main", "7.0.0?x", "https://x.test/7.0.0", "7.0.0-"])
def test_a_comment_names_versions_and_no_addresses(given: str) -> None:
    for body in (f"/diff 6.0.0 {given}", f"/diff {given} 6.0.0"):
        problem = f"/diff wants two dataset schema versions, but got {body.removeprefix('/diff ')}"
        assert parse(body) == Mistake(problem, "/diff 6.0.0 7.0.0")


@pytest.mark.parametrize("given", ["2026-02-01/x", "x2026-02-01", "2026-02-010"])
def test_a_release_is_a_date_and_nothing_more(given: str) -> None:
    assert isinstance(parse(f"/thread {given}"), Mistake)
    assert isinstance(parse(f"/verify {given}"), Mistake)


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


@given_any(st.text())
def test_any_comment_is_a_command_a_mistake_or_talk(body: str) -> None:
    first = body.split("\n", 1)[0]
    assert parse(body) == parse(first)
    if not first.startswith("/"):
        assert parse(body) is None


def test_what_is_understood_can_be_asked_of_the_machine_and_a_share_is_understood() -> None:
    understood: list[bool] = []

    @given_any(st.text(), st.sampled_from(["--collection", "--organism", "--collection="]))
    def fuzzed(text: str, option: str) -> None:
        command = parse(f"/ingest {option} {text}".split("\n", 1)[0])
        understood.append(isinstance(command, Command))
        if isinstance(command, Command):
            request = RunRequest(
                run_id="2020-07-15-ingest-1",
                action=Action.INGEST,
                release="2020-07-15",
                manifest="m.toml",
                instance="a/b",
                only=command.only,
                collection=command.collection,
                organism=command.organism,
            )
            assert RunRequest.from_json(request.to_json(), source="test") == request

    fuzzed()
    assert sum(understood) > len(understood) / 20


def is_name(text: str) -> bool:
    """What a line may hold between quotation marks, as it is kept."""
    return text == " ".join(text.split()) and not set(text) & set('"\u201c\u201d')


@given_any(
    st.integers(1, 10**6) | st.none(),
    st.lists(st.from_regex(r"[0-9A-Za-z][0-9A-Za-z_-]{0,40}", fullmatch=True), unique=True),
    st.booleans(),
    *[st.lists(st.text(min_size=1).filter(is_name), unique=True)] * 2,
)
def test_a_command_says_itself(
    limit: int | None,
    only: list[str],
    dry_run: bool,
    collection: list[str],
    organism: list[str],
) -> None:
    names = (tuple(collection), tuple(organism))
    command = Command(Verb.INGEST, limit, tuple(only), dry_run, *names)
    assert parse(str(command)) == command


def test_each_command_has_its_line_in_the_grammar() -> None:
    assert set(GRAMMAR) == set(Verb)
    for verb, entry in GRAMMAR.items():
        assert entry.usage.split()[0] == f"/{verb}"

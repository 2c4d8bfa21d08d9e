"""What an instance's releases lack is filled in, the oldest first, until one doesn't pass."""

from datetime import date

import dumps
import instances
import pytest
import tomli_w
from click.testing import CliRunner
from instances import INSTANCE, Done, Place

from runners.cli.commands import main
from runners.contract import Verdict, manifest_path
from runners.launch import local
from runners.sample.datasets import NEWER, OLDER, by_key
from runners.verification import survey
from runners.verification.backfill import ReleaseState, Words, describe, fill_in

INGEST, VERIFY = ("ingest", "--new", "R"), ("verify", "--new", "R")
WHOLE = ReleaseState("2020-01-01", 5, 5, verdict=Verdict.PASSED)
GAP = ReleaseState(
    "2020-02-01",
    *(1, 5),
    missing=("a", "b", "c", "d"),
    verdict=Verdict.FAILED,
    failed=("Every dataset has its artifact",),
    report="runs/R/report.json",
    commands=(INGEST, VERIFY),
)
STUCK = ReleaseState(
    "2020-03-01", *(5, 5), verdict=Verdict.FAILED, failed=("Nothing twice",), report="runs/S"
)
STORELESS = ReleaseState("2019-01-01", 5, problem="no manifest (its store is gone)", is_left=True)
UNVERIFIED = ReleaseState("2020-05-01", 5, 5)
UNREAD = ReleaseState("2020-04-01", 5, 5, problem="can't be verified: not TOML")


def fill(*states: ReleaseState, fails: Words = ()) -> tuple[int, list[Words], list[str]]:
    """The exit code, what was done, and what was said, where the step `fails` ends with 1."""
    done: list[Words] = []
    said: list[str] = []

    def step(words: Words) -> int:
        done.append(words)
        return int(words == fails)

    return fill_in(states, step, said.append), done, said


def test_each_step_is_said_before_it_is_done_and_what_is_whole_is_passed_over() -> None:
    said = ["$ python -m runners ingest --new R", "$ python -m runners verify --new R"]
    assert fill(STORELESS, WHOLE, GAP) == (0, [INGEST, VERIFY], said)
    assert fill(WHOLE) == (0, [], [])


@pytest.mark.parametrize(("fails", "done"), [(INGEST, [INGEST]), (VERIFY, [INGEST, VERIFY])])
def test_the_first_step_that_fails_ends_it(fails: Words, done: list[Words]) -> None:
    code, steps, said = fill(GAP, GAP, fails=fails)
    assert (code, steps) == (1, done)
    assert said[-1].startswith("2020-02-01: stopped here: the last command ended with 1. Mend it")


@pytest.mark.parametrize(
    ("state", "why"),
    [(STUCK, "not passed: Nothing twice"), (UNREAD, "can't be verified: not TOML")],
)
def test_what_no_ingest_mends_keeps_back_what_is_newer(state: ReleaseState, why: str) -> None:
    code, steps, (said,) = fill(state, GAP)
    assert (code, steps) == (1, [])
    assert said.startswith(f"{state.release}: stopped here: {why}. Mend it")


def test_of_many_datasets_some_are_named() -> None:
    first, gap, *commands, last = describe([WHOLE, GAP, STORELESS])
    assert first == "What is missing, the oldest first:"
    assert gap == (
        "2020-02-01: 4 of 5 datasets (a, b, c and 1 more); "
        "not passed: Every dataset has its artifact"
    )
    assert len(commands) == 2
    assert last.startswith("--backfill --yes does")
    assert list(describe([STUCK]))[1] == (
        "2020-03-01: not passed: Nothing twice; no ingest mends that: runs/S has the details"
    )


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([WHOLE], "Nothing is missing."),
        ([WHOLE, UNVERIFIED], "No dataset is missing (--verify sees the rest)."),
        ([STORELESS, WHOLE], "Nothing is missing, but for what is said above."),
    ],
)
def test_where_nothing_is_missing_it_says_of_what_that_is_known(
    states: list[ReleaseState], said: str
) -> None:
    assert list(describe(states)) == [said]


@pytest.mark.parametrize(
    ("words", "done"),
    [
        (("--yes",), []),
        (("--verify", "--yes"), []),
        (("--backfill",), []),
        (("--backfill", "--yes"), [INGEST, VERIFY]),
    ],
)
def test_only_with_both_words_is_anything_done(
    monkeypatch: pytest.MonkeyPatch, words: Words, done: list[Words]
) -> None:
    """The command, of an instance that lacks something of one release."""
    steps: list[Words] = []

    def step(words: Words) -> int:
        steps.append(words)
        return 0

    monkeypatch.setattr(survey, "held_releases", lambda _: ["held"])
    monkeypatch.setattr(survey, "stored_releases", lambda held: [(one, None) for one in held])
    monkeypatch.setattr(survey.Survey, "look", lambda *_: (GAP, ("looked at",)))
    monkeypatch.setattr(local, "run_step", step)
    said = CliRunner().invoke(main, ["survey", "--instance", INSTANCE, *words])
    assert steps == done, said.output
    assert said.exit_code == (0 if done else 1)
    assert "looked at\nWhat is missing, the oldest first:\n" in said.stdout


@pytest.fixture(scope="module")
def partly(empty: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Both releases in part, and the manifests where the bot looks for them."""
    place = instances.copy(empty, tmp_path_factory.mktemp("partly"))
    instances.succeed(place.ingest("older", OLDER.version, limit=4))
    instances.succeed(place.ingest("newer", NEWER.version, only=(by_key("D02").dataset_id,)))
    for release in (OLDER.version, NEWER.version):
        (place.root / "own" / manifest_path(release)).parent.mkdir(parents=True, exist_ok=True)
        text = (place.repository / f"{release}.toml").read_text()
        (place.root / "own" / manifest_path(release)).write_text(text)
    return place


def backfill(place: Place, *words: str) -> Done:
    instance = ("--instance", INSTANCE, "--repository", "own", "--runs", "filled")
    return place.script("-m", "runners", "survey", *instance, "--backfill", *words)


@pytest.mark.prove
def test_without_yes_nothing_is_filled_in(partly: Place) -> None:
    before = dumps.exact(partly.database)
    done = backfill(partly)
    assert done.returncode == 1
    assert dumps.exact(partly.database) == before
    assert "\n$ python" not in done.stdout
    commands = [line for line in done.stdout.splitlines() if line.startswith("  python -m runners")]
    assert [line.split()[3:6] for line in commands] == [
        [word, "--new", release]
        for release in (OLDER.version, NEWER.version)
        for word in ("ingest", "verify")
    ]


@pytest.mark.prove
def test_it_goes_with_no_json(partly: Place) -> None:
    done = backfill(partly, "--json")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.prove
def test_oldest_first_until_one_does_not_pass_and_again_from_there(partly: Place) -> None:
    done = backfill(partly, "--yes")
    assert done.returncode == 1, done.stderr
    steps = [line.split()[4:7] for line in done.stdout.splitlines() if line.startswith("$ ")]
    assert steps == [
        [word, "--new", release]
        for release in (OLDER.version, NEWER.version)
        for word in ("ingest", "verify")
    ]
    passed, failed = done.stdout.split("verdict: ")[1:]
    assert passed.startswith("passed\n")
    assert failed.startswith(f"failed\n{NEWER.version}: stopped here: the last command ended with")

    file = partly.root / "own" / manifest_path(NEWER.version)
    entry = {"dataset_id": by_key("D12").dataset_id, "reason": "file_unreadable"}
    accepted = {**entry, "until": date(2100, 1, 1), "because": "it is made so"}
    file.write_text(f"{file.read_text()}\n{tomli_w.dumps({'accepted': [accepted]})}")
    before = dumps.exact(partly.database)
    again = backfill(partly, "--yes")
    assert again.returncode == 0, again.stdout
    assert again.stdout.splitlines()[-1] == "Nothing is missing."
    assert dumps.exact(partly.database) == before

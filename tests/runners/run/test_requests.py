"""Runs that are asked for by words on the command line instead of a request's file."""

import fcntl
import re
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import tomli_w
from click.testing import CliRunner, Result

from runners.cli.commands import main
from runners.contract import ROLLED_BACK as NOTE
from runners.contract import Action, ContractError, Manifest, RunRequest
from runners.run.journal import Journal, JournalLines
from runners.run.request import (
    RunFolder,
    ensure_request_file,
    kept_once_begun,
    named_manifest,
)
from runners.settings import REPOSITORY

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)
MANIFEST = Manifest.from_mapping(
    {
        "release": "2020-07-15",
        "previous": "2020-01-15",
        "census_schema_version": "2.0.0",
        "dataset_schema_version": "7.0.0",
        "dataset_count": 1,
        "storage": {"soma": "/nowhere/soma", "h5ads": "/nowhere/cell-census/h5ads"},
    },
    source="test",
)
INGEST = {"action": Action.INGEST, "instance": "a/b"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the manifests of two releases."""
    folder = tmp_path / "repository" / "runners" / "releases"
    folder.mkdir(parents=True)
    older = MANIFEST.model_copy(update={"release": "2020-01-15", "previous": None})
    for manifest in (MANIFEST, older):
        text = tomli_w.dumps(manifest.to_mapping())
        (folder / f"{manifest.release}.toml").write_text(text)
    return tmp_path / "repository"


def manifest_of(repository: Path) -> Path:
    return named_manifest(repository, manifest=None, new="2020-07-15", previous=None)


def test_a_release_names_its_manifest(repository: Path) -> None:
    file = manifest_of(repository)
    assert file == repository / "runners" / "releases" / "2020-07-15.toml"
    assert named_manifest(repository, manifest=file, new=None, previous="2020-01-15") == file


@pytest.mark.parametrize(
    ("new", "previous", "expected"),
    [
        (None, None, "name the release by --manifest or by --new; "),
        ("2020-07-16", None, "name the folder that has .*2020-07-16.toml by --repository, or "),
        ("2020-07-15", "2019-01-15", "field previous: is 2020-01-15, not 2019-01-15; "),
        ("2020-01-15", "2019-01-15", "field previous: is None, not 2019-01-15; "),
    ],
)
def test_a_release_without_its_manifest_is_refused(
    repository: Path, new: str | None, previous: str | None, expected: str
) -> None:
    with pytest.raises(ContractError, match=expected):
        named_manifest(repository, manifest=None, new=new, previous=previous)


def test_a_request_is_kept_in_the_folder_of_its_run(repository: Path, tmp_path: Path) -> None:
    fields = {**INGEST, "only": ("d-1",), "track": True}
    file = ensure_request_file(
        tmp_path / "runs", repository, manifest_of(repository), NOW, **fields
    )
    assert file == tmp_path / "runs" / "2020-07-15-ingest-20260102-030405" / "request.json"
    assert RunRequest.from_file(file) == RunRequest(
        run_id=file.parent.name,
        action=Action.INGEST,
        release="2020-07-15",
        manifest="runners/releases/2020-07-15.toml",
        instance="a/b",
        only=("d-1",),
        track=True,
    )


def test_a_manifest_elsewhere_is_found_from_everywhere(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    file = ensure_request_file(tmp_path / "runs", other, manifest_of(repository), NOW, **INGEST)
    assert other / RunRequest.from_file(file).manifest == manifest_of(repository)


def test_the_same_words_go_on_with_their_run_until_it_has_ended(
    repository: Path, tmp_path: Path
) -> None:
    runs, manifest = tmp_path / "runs", manifest_of(repository)
    first = ensure_request_file(runs, repository, manifest, NOW, **INGEST)
    assert ensure_request_file(runs, repository, manifest, LATER, **INGEST) == first
    other = ensure_request_file(runs, repository, manifest, LATER, **INGEST, limit=1)
    assert other != first
    with Journal(first.parent / "journal.jsonl") as journal:
        journal.write("end")
    (other.parent / "cancel").touch()
    (runs / "torn").mkdir()
    (runs / "torn" / "request.json").write_text('{"run_id": "to')
    after = datetime(2026, 1, 2, 3, 4, 7, tzinfo=UTC)
    third = ensure_request_file(runs, repository, manifest, after, **INGEST)
    assert third.parent.name.endswith("030407")
    last = datetime(2026, 1, 2, 3, 4, 8, tzinfo=UTC)
    assert ensure_request_file(runs, repository, manifest, last, **INGEST, limit=1) != other


@pytest.mark.parametrize(
    ("steps", "goes_on"),
    [
        ([], True),
        (["start", NOTE], False),  # taken back in a copy, from which the note alone was put back
        (["start"], True),
        (["start", "end"], False),
        (["start", "rollback"], False),
        (["start", "rolled back"], False),
        (["start", "rollback", "not rolled back"], True),
        (["start", "not rolled back", "rollback"], False),
    ],
)
def test_a_run_that_was_taken_back_is_not_gone_on_with(
    repository: Path, tmp_path: Path, steps: list[str], goes_on: bool
) -> None:
    runs, manifest = tmp_path / "runs", manifest_of(repository)
    first = ensure_request_file(runs, repository, manifest, NOW, **INGEST)
    with Journal(first.parent / "journal.jsonl") as journal:
        for step in steps:
            if step == NOTE:
                (first.parent / NOTE).write_text("{}")
            else:
                journal.write(step)
    again = ensure_request_file(runs, repository, manifest, LATER, **INGEST)
    assert (again == first) is goes_on


@pytest.mark.parametrize("is_asked", [False, True])
@pytest.mark.parametrize(
    ("action", "steps", "told"),
    [
        (Action.INGEST, [], "if asked"),
        (Action.INGEST, ["start"], "if asked"),  # a signal ended it before it could say so
        (Action.INGEST, ["start", "cancelled"], "always"),
        (Action.INGEST, ["start", "end"], "never"),
        (Action.INGEST, ["start", "cancelled", "end"], "never"),
        (Action.VERIFY, [], "never"),
    ],
)
def test_a_run_was_cancelled_if_it_was_asked_to_end_and_did_not_come_to_its_end(
    repository: Path, tmp_path: Path, action: Action, steps: list[str], told: str, is_asked: bool
) -> None:
    fields = {**INGEST, "action": action}
    file = ensure_request_file(tmp_path, repository, manifest_of(repository), NOW, **fields)
    if is_asked:
        (file.parent / "cancel").touch()
    lines = JournalLines([{"step": step} for step in steps])
    run = RunFolder(RunRequest.from_file(file), file.parent, lines)
    assert run.was_cancelled is (told == "always" or (told == "if asked" and is_asked))


def test_a_run_whose_journal_is_broken_is_not_gone_on_with(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As its own words want it: a new one is begun, and why is said."""
    runs, manifest = tmp_path / "runs", manifest_of(repository)
    first = ensure_request_file(runs, repository, manifest, NOW, **INGEST)
    journal = first.with_name("journal.jsonl")
    journal.write_bytes(b'{"step":"start"}\n\0\0\n{"step":"end"}\n')
    again = ensure_request_file(runs, repository, manifest, LATER, **INGEST)
    assert again != first
    said = capsys.readouterr().err
    assert said.startswith(f"{journal}, line 2: not JSON ")
    assert said.endswith("; start a new run, which keeps what is registered.\n")


def test_a_verification_is_made_anew_once_it_has_its_report(
    repository: Path, tmp_path: Path
) -> None:
    runs, manifest = tmp_path / "runs", manifest_of(repository)
    fields = {"action": Action.VERIFY, "instance": "a/b"}
    first = ensure_request_file(runs, repository, manifest, NOW, **fields)
    assert ensure_request_file(runs, repository, manifest, LATER, **fields) == first
    (first.parent / "report.json").touch()
    assert ensure_request_file(runs, repository, manifest, LATER, **fields) != first


def test_two_runs_of_one_second_are_refused(repository: Path, tmp_path: Path) -> None:
    runs, manifest = tmp_path / "runs", manifest_of(repository)
    ensure_request_file(runs, repository, manifest, NOW, **INGEST)
    with pytest.raises(ContractError, match="was made this second; say it again"):
        ensure_request_file(runs, repository, manifest, NOW, **INGEST, limit=1)


def say(command: str, repository: Path, *words: str) -> Result:
    options = ["--repository", str(repository), "--runs", str(repository.parent / "runs")]
    return CliRunner().invoke(main, [command, *options, *words])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--new", "2020-07-15"], "command line: name the instance by --instance, "),
        (["--instance", "a/b"], "command line: name the release by --manifest or by --new; "),
        (
            ["--new", "2020-07-15", "--instance", "a/b", "--only", "no id"],
            "command line: field only.0: string should match ",
        ),
        (["--request", "r.json", "--only-missing"], "leave out --runs, --only-missing."),
    ],
)
def test_words_that_make_no_request_get_one_sentence(
    repository: Path, words: list[str], expected: str
) -> None:
    done = say("ingest", repository, *words)
    assert done.exit_code == 2
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (repository.parent / "runs").exists()


@pytest.mark.parametrize("command", ["ingest", "verify"])
def test_words_make_the_request_that_is_then_worked_on(repository: Path, command: str) -> None:
    done = say(command, repository, "--new", "2020-07-15", "--instance", "a/b")
    assert done.exit_code == 2
    said = done.stderr.splitlines()
    runs = repository.parent / "runs"
    run_id = said[0].rpartition("/")[2]
    assert said[0] == f"run {run_id}; it is kept in {runs / run_id}"
    assert said[-2] == f"run {run_id}: nothing was begun, so that it isn't kept"
    assert said[-1].startswith("/nowhere/soma: census_info/datasets can't be read ")
    assert not list(runs.glob("*/request.json"))


@pytest.mark.parametrize("action", list(Action))
def test_only_a_request_for_an_ingest_is_ingested(
    repository: Path, tmp_path: Path, action: Action
) -> None:
    """What a verification wrote by mistake couldn't be rolled back: no run would have ingested."""
    fields = {**INGEST, "action": action}
    file = ensure_request_file(tmp_path, repository, manifest_of(repository), NOW, **fields)
    options = ["--request", str(file), "--repository", str(repository)]
    done = CliRunner().invoke(main, ["ingest", *options])
    assert done.exit_code == 2
    refused = (
        f"request {file.parent.name}: field action: is verify; name the request of an ingest.\n"
    )
    assert (done.stderr == refused) is (action is Action.VERIFY)
    assert not (file.parent / "journal.jsonl").exists()


@pytest.mark.parametrize("name", ["journal.jsonl", "report.json"])
def test_a_run_that_has_begun_is_kept(repository: Path, tmp_path: Path, name: str) -> None:
    runs, manifest = tmp_path / "runs", manifest_of(repository)
    make = partial(ensure_request_file, runs, repository, manifest, NOW, **INGEST)

    def write_and_fail(file: Path) -> None:
        (file.parent / name).write_text("{}\n")
        raise ContractError("later")

    with pytest.raises(ContractError), kept_once_begun(runs, make) as file:
        write_and_fail(file)
    assert file.exists()


def test_a_run_that_opened_its_journal_and_wrote_nothing_is_not_kept(
    repository: Path, tmp_path: Path
) -> None:
    """As one that the instance's lock, or a retracted release, keeps from beginning."""
    runs, manifest = tmp_path / "runs", manifest_of(repository)
    make = partial(ensure_request_file, runs, repository, manifest, NOW, **INGEST)

    def open_and_fail(file: Path) -> None:
        (file.parent / "journal.jsonl").touch()
        raise ContractError("the instance is locked")

    with pytest.raises(ContractError), kept_once_begun(runs, make) as file:
        open_and_fail(file)
    assert not file.exists()


@pytest.mark.parametrize("error", [ContractError("refused"), KeyboardInterrupt(), SystemExit(143)])
def test_a_run_that_is_stopped_before_it_began_is_not_kept_and_that_is_said(
    repository: Path, tmp_path: Path, error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    runs, manifest = tmp_path / "runs", manifest_of(repository)
    make = partial(ensure_request_file, runs, repository, manifest, NOW, **INGEST)
    with pytest.raises(type(error)), kept_once_begun(runs, make) as file:
        raise error
    assert not file.parent.exists()
    said = f"run {file.parent.name}: nothing was begun, so that it isn't kept\n"
    assert capsys.readouterr().err == said


def test_a_run_that_ends_well_is_kept_though_nothing_was_begun(
    repository: Path, tmp_path: Path
) -> None:
    runs, manifest = tmp_path / "runs", manifest_of(repository)
    make = partial(ensure_request_file, runs, repository, manifest, NOW, **INGEST)
    with kept_once_begun(runs, make) as file:
        pass
    assert file.exists()


def test_a_run_that_another_process_has_made_is_left_to_it(
    repository: Path, tmp_path: Path
) -> None:
    runs, manifest = tmp_path / "runs", manifest_of(repository)
    make = partial(ensure_request_file, runs, repository, manifest, NOW, **INGEST)
    file = make()
    with pytest.raises(ContractError), kept_once_begun(runs, make) as same:
        raise ContractError("it holds the lock")
    assert same == file
    assert file.exists()


def test_a_run_that_another_process_goes_on_with_is_left_to_it(
    repository: Path, tmp_path: Path
) -> None:
    """Who began it and failed doesn't take it from the other, who had it a moment later."""
    runs, manifest = tmp_path / "runs", manifest_of(repository)
    make = partial(ensure_request_file, runs, repository, manifest, NOW, **INGEST)
    script = f"""
import sys
from pathlib import Path
from runners.run.request import kept_once_begun
with kept_once_begun(Path({str(runs)!r}), lambda: Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
    others: list[subprocess.Popen[str]] = []

    def fail_beside_another(file: Path) -> None:
        command = [sys.executable, "-c", script, str(file)]
        pipe = subprocess.PIPE
        other = subprocess.Popen(command, cwd=REPOSITORY, text=True, stdin=pipe, stdout=pipe)
        others.append(other)
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        raise ContractError("the other holds the lock")

    with pytest.raises(ContractError), kept_once_begun(runs, make) as file:
        fail_beside_another(file)
    assert file.exists()
    others[0].communicate()
    assert others[0].returncode == 0


def test_a_run_that_was_taken_away_meanwhile_is_told_to_be_said_again(tmp_path: Path) -> None:
    gone = tmp_path / "run" / "request.json"
    said = re.escape(f"{gone}: was taken away this second; say it again.")
    with pytest.raises(ContractError, match=said), kept_once_begun(tmp_path, lambda: gone):
        raise AssertionError


def test_a_run_that_is_taken_away_as_it_is_opened_is_told_too(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes it away holds it alone until it is gone; then a file without a name is held."""
    runs, manifest = tmp_path / "runs", manifest_of(repository)
    make = partial(ensure_request_file, runs, repository, manifest, NOW, **INGEST)
    file = make()
    monkeypatch.setattr(fcntl, "flock", lambda *_: file.unlink())
    with pytest.raises(ContractError, match="taken away this second"), kept_once_begun(runs, make):
        raise AssertionError


def test_what_a_file_that_is_missing_ends_is_told_as_it_is(
    repository: Path, tmp_path: Path
) -> None:
    runs, manifest = tmp_path / "runs", manifest_of(repository)
    make = partial(ensure_request_file, runs, repository, manifest, NOW, **INGEST)
    with pytest.raises(FileNotFoundError, match="hers"), kept_once_begun(runs, make):
        raise FileNotFoundError("hers")

"""Which runs the demo goes by, in the order in which they were asked for, and what it calls."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from flows import world

from bot.adapters.local.ports import local
from bot.adapters.local.runs import CANCEL
from bot.cli.demo import EC2, HELD, TEST_DOUBLES, _absolute, _alone, detect_real, main, play
from bot.cli.demo_folder import NEWER, OLDER, DemoFolder
from bot.errors import BotError
from bot.model.commands import Role
from bot.model.labels import Label
from bot.model.markers import Marker, MarkerKind, sign
from bot.settings import load_settings
from runners.contract import ROLLED_BACK, Action, RunRequest, manifest_path


def asked(folder: DemoFolder, number: int, *, reported: bool = True, **fields: object) -> Path:
    """A run that was asked for at second `number`, whose folder was written to later."""
    action = fields.setdefault("action", Action.INGEST)
    run = folder.run(f"{NEWER}-{action}-{number}")
    run.mkdir(parents=True)
    where = {"release": NEWER, "manifest": "m.toml", "instance": "a/demo"}
    request = RunRequest.from_mapping({"run_id": run.name, **where, **fields}, source="test")
    (run / "request.json").write_text(request.to_json())
    os.utime(run / "request.json", (number, number))
    if reported:
        (run / "report.json").touch()
    os.utime(run, (1000 - number, 1000 - number))
    return run


def test_they_follow_each_other_as_they_were_asked_for(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    runs = [asked(folder, number) for number in (3, 20, 100)]
    assert folder.runs_of(NEWER) == runs
    assert folder.waiting() == []
    waiting = asked(folder, 101, reported=False)
    assert folder.waiting() == [waiting]


def test_what_was_taken_back_counts_no_more(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    first, second = asked(folder, 1), asked(folder, 2)
    (second / ROLLED_BACK).touch()
    assert folder.runs_of(NEWER) == [first]
    assert folder.last_word_on(NEWER) == first
    assert not folder.is_first(NEWER)


def test_what_was_cancelled_before_it_began_isnt_done(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    begun = asked(folder, 1, reported=False, requested_by="octocat")
    given_up = asked(folder, 2, reported=False, requested_by="octocat")
    for run in (begun, given_up):
        (run / CANCEL).touch()
    (begun / "journal.jsonl").write_text("{}\n")
    assert folder.waiting() == [begun]


def test_what_no_thread_says_is_told_and_nothing_twice(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    (tmp_path / "bot.toml").write_text('instance = "a/demo"\nhome = "."\n')
    threads = local(load_settings(tmp_path / "bot.toml")).threads
    first, second = asked(folder, 1), asked(folder, 2)
    assert folder.untold() == []
    threads.open("t", sign("b", Marker(MarkerKind.RELEASE, NEWER)), Label.RUNNING)
    assert folder.untold() == [first, second]
    threads.comment(1, sign("passed", Marker(MarkerKind.RESULT, first.name)))
    threads.say(1, "mallory", sign("passed", Marker(MarkerKind.RESULT, second.name)))
    assert folder.untold() == [second]


def test_a_merged_manifest_is_seen(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    assert not folder.is_merged(NEWER)
    manifest = folder.repository / "runners" / "releases" / f"{NEWER}.toml"
    manifest.parent.mkdir(parents=True)
    manifest.touch()
    assert folder.is_merged(NEWER)


def test_the_last_word_on_a_release_is_of_a_run_over_all_of_it(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    assert folder.last_word_on(NEWER) is None
    part = asked(folder, 0, limit=2)
    assert folder.last_word_on(NEWER) == part
    shutil.rmtree(part)
    asked(folder, 1)
    assert folder.is_first(NEWER)
    verified = asked(folder, 2, action=Action.VERIFY)
    asked(folder, 3, limit=2)
    asked(folder, 4, reported=False)
    assert folder.last_word_on(NEWER) == verified


# --- what is called ---------------------------------------------------------------------------


Calls = Callable[..., list[str]]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """The commands that a demo calls; they only end, with 0 or as `codes` says."""
    manifest = tmp_path / "world" / "releases" / f"{OLDER}.toml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("older")
    log, python = tmp_path / "calls", tmp_path / "python"
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("LAMIN_CURRENT_INSTANCE", "another/instance")

    def played(play: Callable[[], int], *, code: int = 0, codes: str = "") -> list[str]:
        log.write_text("")
        told = '"$LAMIN_SETTINGS_DIR $LAMIN_CURRENT_INSTANCE $PYTHONPATH|$*"'
        verified = f"verify) touch {tmp_path}/runs/{OLDER}-ingest-0/report.json;;"
        cases = f"case $3 in {verified} {codes} esac"
        python.write_text(f"#!/bin/sh\necho {told} >> {log}\n{cases}\n")
        python.chmod(0o700)
        assert play() == code
        lines = [line.split("|-m ") for line in log.read_text().splitlines()]
        for variables, words in lines:
            path = TEST_DOUBLES if words.startswith("launch.") else os.environ.get("PYTHONPATH", "")
            home = tmp_path / "detection" if "detection" in words else tmp_path
            assert variables == f"{home / 'lamin'}  {path}"
        return [words.replace(str(tmp_path), "~") for _, words in lines]

    return played


WORLD = ["runners sample ~/world", "runners instance demo ~/instance"]
OLDER_RUN = f"--request ~/runs/{OLDER}-ingest-0/request.json --repository ~/repository"
HISTORY = [f"runners ingest {OLDER_RUN}", f"runners verify {OLDER_RUN}"]
BOT = "bot --settings ~/bot.toml"


NOTHING = "All runs have ended, and their results stand there: nothing to do."


def headings(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return re.findall(r"^(?:\d\. |All ).*", capsys.readouterr().out, re.MULTILINE)


def test_a_fresh_demo_calls_what_a_person_would(
    tmp_path: Path, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [f"{BOT} say 1 {text} --as maintainer" for text in ("/ingest --dry-run", "/ingest")]
    asked_for = [f"{BOT} detect", f"{BOT} merge {NEWER} --as maintainer", *said]
    never_reported = [*WORLD, *HISTORY, *asked_for, f"{BOT} show 1"]
    assert calls(lambda: play(tmp_path), code=1) == never_reported
    assert headings(capsys) == [
        "1. A sample world: two releases of a small Census, their page and their documents",
        "2. Detection: what does the release page say?",
        "3. A maintainer merges the manifest and says /ingest",
        "5. The result, in the thread",
        NOTHING,
    ]
    text = (tmp_path / "bot.toml").read_text()
    told = load_settings(tmp_path / "bot.toml", environ={})
    assert told.roles == {"maintainer": Role.MAINTAIN}
    assert (told.home, told.instance, told.ingest_on_merge) == (tmp_path, "anonymous/demo", False)
    assert text.count(str(tmp_path / "world")) == 3
    assert (tmp_path / "repository" / manifest_path(OLDER)).read_text() == "older"
    request = RunRequest.from_file(tmp_path / "runs" / f"{OLDER}-ingest-0" / "request.json")
    assert (request.action, request.release, request.requested_by) == ("ingest", OLDER, None)
    assert (request.manifest, request.instance) == (manifest_path(OLDER), "anonymous/demo")


def test_the_machine_of_a_demo_finds_the_doubles_that_it_is_made_of(tmp_path: Path) -> None:
    module, _ = EC2
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        env=os.environ | {"PYTHONPATH": TEST_DOUBLES},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("action", [Action.INGEST, Action.VERIFY])
@pytest.mark.parametrize(
    ("launcher", "words"),
    [
        ("local", "runners launch --launcher local"),
        ("ec2", "launch.played_machine play --home ~"),
    ],
)
def test_a_demo_goes_on_with_the_run_that_waits(
    tmp_path: Path,
    calls: Calls,
    capsys: pytest.CaptureFixture[str],
    launcher: str,
    words: str,
    action: Action,
) -> None:
    (tmp_path / "runs" / f"{OLDER}-ingest-0").mkdir(parents=True)
    (tmp_path / "runs" / f"{OLDER}-ingest-0" / "report.json").touch()
    asker = "maintainer"
    run = asked(DemoFolder(tmp_path), 1, reported=False, requested_by=asker, action=action)
    request = f"--request ~/runs/{run.name}/request.json --repository ~/repository"
    called = [*WORLD, f"{BOT} detect", f"{words} {request}", f"{BOT} show 1"]
    worked = "launch|--launcher|play) exit 1;;"
    assert calls(lambda: play(tmp_path, launcher), code=1, codes=worked) == called
    work = f"4. The machine works on {run.name}: smoke test, registration, verification"
    assert headings(capsys)[2:] == [work, "5. The result, in the thread", NOTHING]


def test_the_verdict_is_compared_with_that_of_the_last_report(tmp_path: Path, calls: Calls) -> None:
    (tmp_path / "runs" / f"{OLDER}-ingest-0").mkdir(parents=True)
    (tmp_path / "runs" / f"{OLDER}-ingest-0" / "report.json").touch()
    folder = DemoFolder(tmp_path)
    run = asked(folder, 1)
    words = f"runners sample ~/world --compare ~/runs/{run.name}/report.json"
    assert calls(lambda: play(tmp_path))[-1] == words
    with pytest.raises(BotError, match=r"^`python -m runners .*` ended with code 3\.$"):
        calls(lambda: play(tmp_path), codes="sample) exit 3;;")
    later = asked(folder, 2)
    assert calls(lambda: play(tmp_path))[-1] == f"{words.replace(run.name, later.name)} --later"
    compared = "case $5 in --compare) exit 1;; esac;;"
    assert calls(lambda: play(tmp_path), code=1, codes=f"*) {compared}")[-1].endswith("--later")


def test_results_that_no_thread_says_are_reported(
    tmp_path: Path, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = DemoFolder(tmp_path)
    (tmp_path / "bot.toml").write_text('instance = "a/demo"\nhome = "."\n')
    threads = local(load_settings(tmp_path / "bot.toml")).threads
    threads.open("t", sign("b", Marker(MarkerKind.RELEASE, NEWER)), Label.RUNNING)
    run = asked(folder, 1)
    called = calls(lambda: play(tmp_path))
    printed = capsys.readouterr().out
    assert NOTHING not in printed
    assert printed.endswith(f"\nThe thread as a page: {tmp_path}/threads/1/thread.html\n")
    assert f"{BOT} report {run.name}" in called
    assert f"{BOT} detect" in called
    assert f"{BOT} say 1 /ingest --as maintainer" not in called


def test_a_manifest_that_was_merged_stays(
    tmp_path: Path, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "repository" / manifest_path(NEWER)
    manifest.parent.mkdir(parents=True)
    manifest.touch()
    called = calls(lambda: play(tmp_path), code=1)
    assert f"{BOT} say 1 /ingest --as maintainer" in called
    assert f"{BOT} merge {NEWER} --as maintainer" not in called
    said = "3. A maintainer says /ingest; the manifest was merged before, and stays as it is"
    assert headings(capsys)[2] == said


def test_real_documents_are_detected_in_a_folder_of_their_own(tmp_path: Path, calls: Calls) -> None:
    pages = tmp_path / "world" / "pages"
    pages.mkdir()
    page = world.page(world.entry("2026-02-01", schema="7.0.0"))
    (pages / "release_info.html").write_text(page)
    new = tmp_path / "new.md"
    new.write_text(world.document("7.1.0", cl="2025-07-30"))
    stale = tmp_path / "detection" / "threads"
    stale.mkdir(parents=True)
    bot = "bot --settings ~/detection/bot.toml"

    def detect(
        page: str | None = None, old: str | None = None, new: str | None = None
    ) -> list[str]:
        called = calls(lambda: detect_real(tmp_path, page=page, old=old, new=new))
        assert called[0] == WORLD[0]
        assert not stale.exists()
        return called[1:]

    shown = f"{bot} show 1"
    assert detect(new=str(new)) == [f"{bot} detect --new-spec ~/new.md", shown]
    told = load_settings(tmp_path / "detection" / "bot.toml", environ={})
    assert told.release_page == str(tmp_path / "detection" / "release_info.html")
    assert told.release_directory == str(tmp_path / "detection" / "release.json")
    assert Path(told.release_page).read_text() == page.replace("7.0.0", "7.1.0")
    entry = json.loads(Path(told.release_directory).read_text())["2026-02-01"]
    assert entry["flags"] == {"lts": True}
    for what in ("soma", "h5ads"):
        uri = f"s3://cellxgene-census-public-us-west-2/cell-census/2026-02-01/{what}/"
        assert entry[what] == {"uri": uri, "s3_region": "us-west-2"}
    given = tmp_path / "given.html"
    given.write_text(page)
    assert detect(page=str(given)) == [f"{bot} detect", shown]
    told = load_settings(tmp_path / "detection" / "bot.toml", environ={})
    assert told.release_page == str(given)
    shutil.rmtree(tmp_path / "detection")
    old = {"old": str(new), "new": str(new)}
    assert detect(**old) == [f"{bot} detect --old-spec ~/new.md --new-spec ~/new.md", shown]
    for broken in ({"page": f"{given}x"}, {"old": str(given)}, {"new": str(given)}):
        stale.mkdir(exist_ok=True)
        with pytest.raises(BotError):
            detect(**broken)
        assert stale.exists()


@pytest.mark.parametrize(("given", "found"), [(None, None), ("https://a/b", "https://a/b")])
def test_an_address_stays_as_it_is(given: str | None, found: str | None) -> None:
    assert _absolute(given) == found


def test_a_file_is_named_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _absolute("a.html") == str(tmp_path / "a.html")


def test_two_at_once_play_in_one_folder_one_after_the_other(tmp_path: Path) -> None:
    """And the second doesn't empty it under the first."""
    kept = tmp_path / "kept"
    kept.touch()
    with _alone(tmp_path):
        refused = CliRunner().invoke(main, ["--home", str(tmp_path), "--fresh"])
    assert refused.exit_code == 2
    assert refused.stderr == (
        f"{tmp_path}: another demo plays in this folder; wait for its end, or play in another: "
        "make demo DEMO=FOLDER.\n"
    )
    assert kept.exists()


def test_the_commands_that_it_runs_can_take_turns_by_the_folder(tmp_path: Path) -> None:
    """Detection holds the folder itself: it would wait for the demo, and the demo for it."""
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        with _alone(tmp_path):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(folder)


@pytest.mark.parametrize("options", [(), ("--fresh",), ("--page", "x.html")])
@pytest.mark.parametrize("name", ["bot.toml", "world/thesis.txt"])
def test_a_folder_that_is_somebodys_own_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], name: str
) -> None:
    (tmp_path / "world").mkdir()
    (tmp_path / name).write_text("hers")
    monkeypatch.setattr("bot.cli.demo.play", lambda *_: 0)
    before = sorted(tmp_path.rglob("*"))
    refused = CliRunner().invoke(main, ["--home", str(tmp_path), *options])
    assert refused.exit_code == 2
    assert refused.stderr == (
        f"{tmp_path}: has files, and no demo's; play in a new or empty folder: make demo "
        "DEMO=FOLDER.\n"
    )
    assert (sorted(tmp_path.rglob("*")), (tmp_path / name).read_text()) == (before, "hers")


@pytest.mark.parametrize("is_there", [True, False])
def test_a_new_or_empty_folder_is_played_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    home = tmp_path / "home"
    if is_there:
        home.mkdir()
    monkeypatch.setattr("bot.cli.demo.play", lambda *_: 0)
    for _ in range(2):
        assert CliRunner().invoke(main, ["--home", str(home), "--fresh"]).exit_code == 0


def test_fresh_begins_with_nothing_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / HELD).touch()
    (tmp_path / "world" / "a").mkdir(parents=True)
    (tmp_path / "bot.toml").touch()
    (tmp_path / "link").symlink_to(tmp_path.parent)
    seen: list[list[Path]] = []

    def played(home: Path, _: str) -> int:
        seen.append([*home.iterdir()])
        return 0

    monkeypatch.setattr("bot.cli.demo.play", played)
    assert CliRunner().invoke(main, ["--home", str(tmp_path), "--fresh"]).exit_code == 0
    assert [[path.name for path in paths] for paths in seen] == [[HELD]]

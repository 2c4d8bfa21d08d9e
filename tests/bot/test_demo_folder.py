"""Which runs the demo goes by: in the order in which they were asked for."""

import os
from pathlib import Path

from bot.adapters.local.ports import local
from bot.adapters.local.runs import CANCEL
from bot.cli.demo_folder import NEWER, DemoFolder
from bot.model.labels import Label
from bot.model.markers import Marker, MarkerKind, sign
from bot.settings import load_settings
from runners.contract import ROLLED_BACK, Action, RunRequest


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
    asked(folder, 1)
    assert folder.is_first(NEWER)
    verified = asked(folder, 2, action=Action.VERIFY)
    asked(folder, 3, limit=2)
    asked(folder, 4, reported=False)
    assert folder.last_word_on(NEWER) == verified

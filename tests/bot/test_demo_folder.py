"""Which runs the demo goes by: in the order in which they were asked for."""

import os
from pathlib import Path

from bot.cli.demo_folder import NEWER, DemoFolder
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


def test_the_last_word_on_a_release_is_of_a_run_over_all_of_it(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    asked(folder, 1)
    verified = asked(folder, 2, action=Action.VERIFY)
    asked(folder, 3, limit=2)
    asked(folder, 4, reported=False)
    assert folder.last_word_on(NEWER) == verified

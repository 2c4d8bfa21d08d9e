"""The demo as a user sees it: to its end, once more, and killed on the way.

Takes minutes, so that it is a proof of its own (`make prove`).
"""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from signal import SIGKILL

import dumps
import pytest

from bot.adapters.local.ports import local
from bot.model.labels import Label
from bot.settings import load_settings
from runners.sample.datasets import by_key

REPOSITORY = Path(__file__).resolve().parents[1]
RUN = "runs/2020-07-15-ingest-*/journal.jsonl"

pytestmark = pytest.mark.prove


def start(home: Path, *options: str) -> "subprocess.Popen[str]":
    """A running demo, in a process group of its own, which can be killed as a whole."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot.cli.demo", "--home", str(home), *options],
        cwd=REPOSITORY,
        env={**os.environ, "COLUMNS": "100"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def play(home: Path, *options: str) -> str:
    """What a demo that ends well has printed."""
    demo = start(home, *options)
    said, _ = demo.communicate()
    assert demo.returncode == 0, said
    return said


def kill_at(home: Path, count: int) -> None:
    """Plays until so many of the newer release's datasets have been read, and kills everything."""
    demo = start(home)
    with demo:
        while _read(home) < count:
            assert demo.poll() is None, f"ended before {count} datasets were read"
            time.sleep(0.005)
        os.killpg(demo.pid, SIGKILL)


def _read(home: Path) -> int:
    texts = [file.read_text() for file in home.glob(RUN)]
    return sum(text.count('"step":"read"') for text in texts)


def natural(home: Path) -> dumps.Dump:
    """The instance's rows, without what tells one sample world's SOMA stores from another's.

    TileDB names its files by the time they were written at, which size and hash depend on.
    """
    dump = dumps.natural(home / "instance" / ".lamindb" / "lamin.db", storage=home)
    dump["lamindb_artifact"] = Counter(map(_without_store_content, dump["lamindb_artifact"]))
    return dump


def _without_store_content(row: dumps.Row) -> dumps.Row:
    is_store = str(dict(row)["key"]).endswith("/soma")
    return tuple((k, v) for k, v in row if not (is_store and k in {"hash", "size"}))


def files(home: Path, folder: str) -> dict[str, bytes]:
    found = (path for path in (home / folder).rglob("*") if path.is_file())
    return {str(path.relative_to(home)): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("demo") / "home"
    said = play(home)
    assert "Verdict 'failed': the one that the sample is made to give." in said
    assert "12 of 13 checks passed, 11 of 12 datasets registered" in said
    return home


def test_played_again_it_finds_nothing_new_and_changes_nothing(played: Path) -> None:
    database = played / "instance" / ".lamindb" / "lamin.db"
    before = dumps.exact(database), files(played, "threads"), files(played, "runs")
    said = play(played)
    assert "Nothing new." in said
    assert (dumps.exact(database), files(played, "threads"), files(played, "runs")) == before


def test_killed_twice_and_played_again_it_ends_with_the_rows_of_an_unbroken_one(
    played: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    for read in (4, 12):  # amid the reading, and when only writing is left
        kill_at(home, read)
        assert not list(home.glob("runs/2020-07-15-*/report.json"))
    play(home)
    assert dumps.differences(natural(home), natural(played)) == []


def test_it_detects_on_real_documents_in_a_folder_of_its_own(played: Path) -> None:
    before = files(played, "threads")
    spec = played / "world" / "schema" / "{version}" / "schema.md"
    words = ["--home", str(played)]
    for name, version in (("old", "6.0.0"), ("new", "7.0.0")):
        words += [f"--{name}-spec", str(spec).format(version=version)]
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli.demo", *words],
        cwd=REPOSITORY,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "dataset schema 6.0.0 → 7.0.0" in done.stdout
    assert files(played, "threads") == before


def test_on_a_machine_of_ec2_it_ends_the_same_and_leaves_nothing(tmp_path: Path) -> None:
    said = play(tmp_path / "home", "--launcher", "ec2")
    assert "Verdict 'failed': the one that the sample is made to give." in said
    assert "Nothing was left." in said


def ask(home: Path, command: str) -> None:
    """Says the command in the release's thread."""
    say = ["--settings", str(home / "bot.toml"), "say", "1", command, "--as", "maintainer"]
    subprocess.run([sys.executable, "-m", "bot", *say], cwd=REPOSITORY, check=True)


def labels(home: Path) -> list[str]:
    return list(local(load_settings(home / "bot.toml")).threads.read(1).labels)


def roll_back(home: Path) -> None:
    """Takes the newer release back by hand."""
    words = ["rollback", "--runs", str(home / "runs"), "--release", "2020-07-15", "--yes"]
    subprocess.run(
        [sys.executable, "-m", "runners", *words],
        cwd=REPOSITORY,
        env={**os.environ, "LAMIN_SETTINGS_DIR": str(home / "lamin")},
        check=True,
    )


def test_what_was_cancelled_before_it_began_isnt_done(played: Path) -> None:
    ask(played, "/verify")
    (asked,) = played.glob("runs/2020-07-15-verify-*")
    ask(played, "/cancel")
    said = play(played)
    assert "The machine works on" not in said
    assert f"{asked.name} was stopped before anybody began it, as @maintainer asked" in said
    assert labels(played) == [Label.FAILED]
    assert "nothing to do" in play(played)
    shutil.rmtree(asked)


def test_what_is_asked_for_in_its_thread_is_done_when_it_is_played_again(played: Path) -> None:
    ask(played, "/verify")
    (asked,) = played.glob("runs/2020-07-15-verify-*")
    assert not (asked / "report.json").exists()
    assert f"The machine works on {asked.name}" in play(played)
    assert (asked / "report.json").exists()
    assert "nothing to do" in play(played)


def test_once_its_broken_file_is_accepted_all_is_verified_and_again_anew(played: Path) -> None:
    (manifest,) = (played / "repository").rglob("2020-07-15.toml")
    with manifest.open("a") as file:
        file.write(f'''
[[accepted]]
dataset_id = "{by_key("D12").dataset_id}"
reason = "file_unreadable"
until = 2100-01-01
because = "it is made so"
''')
    ask(played, "/verify")
    assert "Verdict 'passed': all of the sample is registered and verified." in play(played)
    once = files(played, "threads")
    said = play(played)
    assert "nothing to do" in said
    assert "Verdict 'passed': all of the sample is registered and verified." in said
    assert files(played, "threads") == once
    assert labels(played) == [Label.VERIFIED]
    roll_back(played)
    text = manifest.read_text()
    said = play(played)
    assert "A maintainer says /ingest; the manifest was merged before, and stays as it is" in said
    assert "Verdict 'passed': all of the sample is registered and verified." in said
    assert manifest.read_text() == text

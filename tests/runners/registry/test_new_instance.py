"""`runners instance`: what can't be made is refused in a sentence, with its remedy."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import lamindb_setup
import pytest

from runners.contract import ContractError
from runners.registry import connection
from runners.run.stopping import StoppedError

ROOT = Path(__file__).resolve().parents[3]
PLACE = "file"
"""A file that stands where a folder is wanted."""


def made(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / PLACE).touch()
    settings = folder / "settings"
    settings.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LAMIN_SETTINGS_DIR": str(settings)}
    return subprocess.run(
        [sys.executable, "-m", "runners", "instance", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a/b", "new"), "instance 'a/b': is no such name; take letters, digits"),
        (("bad name", "new"), "instance 'bad name': is no such name; "),
        (("..", "new"), "instance '..': is no such name; "),
        (("x", PLACE + "/new"), f"{PLACE}/new: Not a directory; name another"),
        (("x" * 300, "new"), "File name too long; name a shorter one"),
        (("x", "new", "--db", "nonsense"), "instance 'anonymous/x': can't be made in new (db: "),
        (("x", "new", "--db", "nonsense"), "; give --db as postgresql://"),
        (("x", "new", "--modules", "nonsense"), "; name in --modules what is installed, "),
    ],
)
def test_what_cannot_be_made_is_refused(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = made(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert said in line
    assert line.endswith(".")


def test_a_folder_is_one_instances(tmp_path: Path) -> None:
    for _ in range(2):
        done = made(tmp_path, "one", "storage")
        assert (done.returncode, done.stdout, done.stderr) == (0, "anonymous/one\n", "")
    assert (tmp_path / "storage" / ".lamindb" / "lamin.db").is_file()
    assert {file.name for file in tmp_path.iterdir()} == {PLACE, "settings", "storage"}
    done = made(tmp_path, "one", "other")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"instance 'anonymous/one': is there already, with its storage in {tmp_path / 'storage'}; "
        "name that folder, or another NAME.\n"
    )
    assert not (tmp_path / "other").exists()
    done = made(tmp_path, "two", "storage")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.endswith("; name a folder that is no other instance's, and run it again.")


def test_a_signal_is_no_refusal_of_the_instance(monkeypatch: pytest.MonkeyPatch) -> None:
    """LaminDB ends the process where it has no database, and so does a signal."""

    def stopped(*_: object) -> None:
        raise StoppedError(130)

    monkeypatch.setattr(lamindb_setup.logger, "set_verbosity", stopped)
    monkeypatch.setenv("LAMIN_CURRENT_INSTANCE", "")  # which connect() sets
    with pytest.raises(StoppedError):
        connection.connect("anonymous/none")


@pytest.mark.parametrize("is_there", [True, False])
def test_what_lamindb_refuses_a_login_with_is_told_without_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("nobody has the key a-secret-key, a-secret-key is none.")

    monkeypatch.setenv("LAMIN_API_KEY", "a-secret-key")
    monkeypatch.setenv("LAMIN_CURRENT_INSTANCE", "")  # which connect() sets
    owner, name = (lamindb_setup.logger, "set_verbosity") if is_there else (lamindb_setup, "init")
    monkeypatch.setattr(owner, name, refuse)
    connect = partial(connection.connect, "anonymous/none")
    create = partial(connection.create, "none", tmp_path / "new")
    with pytest.raises(ContractError) as told:
        (connect if is_there else create)()
    assert "(nobody has the key (API key), (API key) is none)" in str(told.value)
    assert "a-secret-key" not in str(told.value)

"""`make demo GITHUB=1` beside what an interrupted one has left."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT
from subprocess import PIPE

import pytest
from fake_github import people
from fake_github.server import serving
from fake_github.state import FakeGithub

from workflows.act import ROOT, ActRepository
from workflows.demo import _keep
from workflows.leftovers import at_work_in, start_over


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with the pages of an earlier play."""
    (tmp_path / "home" / "pages").mkdir(parents=True)
    return tmp_path / "home"


@contextmanager
def waiting(
    *words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that has begun, so that `/proc` has its words and environment: `Popen` returns when
    execve has closed the old program's files, which is before it has either.
    """
    begin = [sys.executable, "-c", "print(flush=True); input()", *words]
    with subprocess.Popen(begin, cwd=cwd, env=env, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        yield process
        process.kill()


@pytest.fixture
def orphan(home: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that an interrupted play has left."""
    with waiting(env={**os.environ, "LAMIN_SETTINGS_DIR": f"{home}/lamin"}) as process:
        yield process


def test_what_is_still_at_work_is_named(home: Path, orphan: "subprocess.Popen[bytes]") -> None:
    demo = [sys.executable, "-m", "workflows.demo", "--home", str(home)]
    environment = {**os.environ, "PYTHONPATH": "tests"}
    done = subprocess.run(
        demo, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        f"{home}: an earlier play, or what it has started, is still at work there; wait until it "
        f"has ended, or end it by `kill {orphan.pid}`, and play again.\n"
    )
    assert (home / "pages").exists()


def test_so_is_the_play_itself(home: Path) -> None:
    with waiting("--home", home.name, cwd=home.parent) as process:
        assert at_work_in(home) == [process.pid]
        assert at_work_in(home / "pages") == []
    assert at_work_in(home) == []


def test_it_starts_over_once_that_has_ended(home: Path, orphan: "subprocess.Popen[bytes]") -> None:
    orphan.kill()
    orphan.wait()
    start_over(home)
    assert not home.exists()
    start_over(home)


def test_who_only_stands_there_is_not_at_work(home: Path) -> None:
    environment = {"PWD": f"{home}/pages", "OLDPWD": f"{home}/pages", "A": f"{home}-other/pages"}
    with waiting(env=environment):
        assert at_work_in(home) == []


ASK = (
    "import pathlib, sys, workflows.leftovers as w; print(w.at_work_in(pathlib.Path(sys.argv[1])))"
)
ASK_FROM_A_CHILD = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]])"


def test_neither_are_those_who_ask(home: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": ".:tests", "LAMIN_SETTINGS_DIR": f"{home}/lamin"}
    asking = [sys.executable, "-c", ASK_FROM_A_CHILD, "-c", ASK, str(home)]
    done = subprocess.run(
        asking, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr


class Sleeping(ActRepository):
    """Whose workflows never end by themselves."""

    def _command(self, *_: object) -> list[str]:
        return ["sleep", "600"]


def test_an_interrupted_play_ends_what_it_has_started(tmp_path: Path) -> None:
    with serving(FakeGithub()) as server:
        repo = Sleeping(tmp_path, server, {}, {})
        started = repo.struck("detect.yml")
        assert started.process.poll() is None
        repo.stop()
        assert started.process.poll() == -SIGINT


def test_the_pages_that_it_leaves_lead_nowhere_but_to_each_other(tmp_path: Path) -> None:
    with serving(FakeGithub()) as server:
        fake, place = server.fake, f"{server.fake.address}/{server.fake.full_name}"
        person = fake.user("maintainer", "maintain")
        people.open_issue(fake, person, "One", "")
        people.open_issue(fake, person, "Two", f"[one]({place}/issues/1), [here]({place}/pull/1#a)")
        _keep(fake, tmp_path / "pages")
    texts = {path.name: path.read_text() for path in (tmp_path / "pages").iterdir()}
    assert sorted(texts) == ["1.html", "2.html", "index.html"]
    assert 'href="2.html"' in texts["index.html"]
    assert 'href="1.html"' in texts["2.html"]
    assert 'href="1.html#a"' in texts["2.html"]

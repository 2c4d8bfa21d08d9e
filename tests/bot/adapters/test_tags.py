"""The commit of a tag, asked of a repository on disk that stands for GitHub's."""

import subprocess
from pathlib import Path

import pytest

from bot.adapters.tags import commit_of
from bot.errors import BotError

NOBODY = ("-c", "user.name=x", "-c", "user.email=x@x.invalid")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *NOBODY, *words], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


WEBS = ("https://github.com", "https://octocorp.ghe.com", "https://ghe.test")


@pytest.fixture(params=WEBS)
def web(request: pytest.FixtureRequest) -> str:
    """Where GitHub, an enterprise's own domain of it, or a server of one's own is."""
    return str(request.param)


@pytest.fixture
def github(web: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder whose repositories git takes for GitHub's.

    https://git-scm.com/docs/git-config#Documentation/git-config.txt-urlbaseinsteadOf
    """
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{tmp_path.as_uri()}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"{web}/")
    return tmp_path


def test_a_tag_is_its_commit_whether_it_has_a_text_or_not(github: Path, web: str) -> None:
    folder = github / "octo" / "bot"
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    git(folder, "tag", "v1.0.0")
    git(folder, "tag", "--annotate", "v1.0.1", "-m", "A release.")
    first = git(folder, "rev-parse", "HEAD")
    git(folder, "commit", "-q", "--allow-empty", "-m", "two")
    git(folder, "tag", "other/v1.0.0")
    for tag in ("v1.0.0", "v1.0.1"):
        assert commit_of("octo/bot", tag, web) == first
    assert commit_of("octo/bot", "v1.0", web) is None
    assert commit_of("octo/bot", "main", web) is None  # it can be moved


def test_a_repository_that_git_cannot_read_is_named(
    github: Path, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = rf"{web}/octo/none: git can't read its tags \(.+\); give --code a commit"
    with pytest.raises(BotError, match=sentence):
        commit_of("octo/none", "v1", web)
    monkeypatch.setenv("PATH", str(github))
    with pytest.raises(BotError, match=r"tags \(FileNotFoundError\)"):
        commit_of("octo/none", "v1", web)

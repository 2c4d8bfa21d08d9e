"""What decides on files has a digest: any change of it, and nothing else, is another."""

import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from runners.run.fingerprint import (
    SOURCE,
    Fingerprint,
    code_digest,
    git_commit,
    judging_digest,
)

FILES = {
    "first.py": "1",
    "deep/second.py": "2",
    "rules/7.0.0.json": "{}",
    "rules/7.1.0.json": "{}",
    "rules/kept.py": "3",
    "releases/2020-07-15.toml": "x = 1",
    "readme.md": "hello",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "runners"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def edit(name: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text(f"{FILES[name]} ")


CHANGES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "code": (edit("first.py"), {"code", "judging"}),
    "code deep down": (edit("deep/second.py"), {"code", "judging"}),
    "code beside rules": (edit("rules/kept.py"), {"code", "judging"}),
    "a file's name": (
        lambda root: (root / "first.py").rename(root / "third.py"),
        {"code", "judging"},
    ),
    "its rules": (edit("rules/7.0.0.json"), {"rules", "judging"}),
    "other rules": (edit("rules/7.1.0.json"), {"judging"}),
    "a manifest": (edit("releases/2020-07-15.toml"), set()),
    "words": (edit("readme.md"), set()),
}


def digests(root: Path) -> dict[str, str]:
    own = Fingerprint.of("7.0.0", root)
    return {"code": code_digest(root), "rules": own.rules, "judging": judging_digest(root)}


@pytest.mark.parametrize("change", CHANGES)
def test_what_decides_changes_its_digest_and_nothing_else_does(source: Path, change: str) -> None:
    act, changed = CHANGES[change]
    before = digests(source)
    act(source)
    after = digests(source)
    assert {name for name, own in after.items() if own != before[name]} == changed
    assert Fingerprint.of("7.0.0", source).code == after["code"]


def test_a_digest_is_the_same_wherever_the_code_lies(source: Path, tmp_path: Path) -> None:
    before = digests(source)
    assert digests(source.rename(tmp_path / "elsewhere")) == before


def test_a_fingerprint_says_each_version_by_its_name() -> None:
    own = Fingerprint.of("7.0.0")
    versions = {"lamindb": version("lamindb"), "bionty": version("bionty"), "schema": "7.0.0"}
    own_digests = {"rules": own.rules, "code": code_digest()}
    assert own.to_mapping() == {**versions, **own_digests}
    assert str(own) == (
        f"lamindb {versions['lamindb']}, bionty {versions['bionty']}, rules 7.0.0 ({own.rules}), "
        f"code {own.code}"
    )


def git(folder: Path, *words: str) -> str:
    person = ("-c", "user.name=tests", "-c", "user.email=tests@localhost")
    command = ["git", "-C", str(folder), *person, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_the_commit_is_named_whole_and_marked_where_files_differ(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert git_commit(tmp_path) is None  # there is none yet
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    git(tmp_path, "tag", "--annotate", "--message", "v", "v1.0.0")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert git_commit(tmp_path) == commit
    (tmp_path / "file").write_text("two")
    assert git_commit(tmp_path) == f"{commit}-dirty"


def test_what_is_no_checkout_has_no_commit_though_a_folder_above_is_one(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "one")
    (tmp_path / "code").mkdir()
    assert git_commit(tmp_path / "code") is None


def test_without_git_nothing_is_said_of_a_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit(tmp_path) is None


def test_the_digests_are_of_this_code() -> None:
    assert (SOURCE / "run" / "fingerprint.py").is_file()
    assert code_digest() == code_digest(SOURCE)
    assert judging_digest() == judging_digest(SOURCE)

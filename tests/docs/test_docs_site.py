"""The site builds without a warning, a broken link ends it, and its pages fetch nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from workflows.test_clean_pip import pip
from workflows.test_clean_pip import python as _python

python = _python
pytestmark = pytest.mark.prove
ROOT = Path(__file__).resolve().parents[2]
FETCHED = re.compile(
    r"<(?:script|img|iframe|source)[^>]+src=\"?https?:[^>]*|<link[^>]+href=\"?https?:[^>]*"
)


def build(
    root: Path, site: Path, python: str | Path = sys.executable
) -> "subprocess.CompletedProcess[str]":
    """What `make docs` does, of the pages in `root`."""
    words = ["-m", "mkdocs", "build", "--strict", "--config-file", "docs/site/mkdocs.yml"]
    return subprocess.run(
        [str(python), *words, "--site-dir", str(site)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = build(ROOT, folder)
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    return folder


def test_the_group_that_the_workflow_installs_suffices(python: Path, tmp_path: Path) -> None:
    installed = pip(python, "install", "--group", "docs", "--constraint", "constraints.txt")
    assert installed.returncode == 0, installed.stderr
    built = build(ROOT, tmp_path / "site", python)
    assert built.returncode == 0, built.stderr


def test_every_page_is_there(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    assert all((site / page).with_suffix(".html").is_file() for page in pages)
    assert not list(site.rglob("*.py"))


def test_the_reference_stands_on_the_site(site: Path) -> None:
    for page, words in {
        "bot": "least role",
        "checks": "file_unreadable",
        "settings": "BOT_INSTANCE",
        "manifest": "dataset_count",
    }.items():
        text = (site / "reference" / f"{page}.html").read_text(encoding="utf-8")
        assert "from the code:" not in text
        assert words in text if page != "bot" else 'id="detect"' in text


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    found = {
        (path.name, address)
        for path in site.rglob("*.html")
        for address in FETCHED.findall(path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize("link", ["how-to/github.md#nowhere", "how-to/nowhere.md", "/tutorial.md"])
def test_a_broken_link_ends_the_build(tmp_path: Path, link: str) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / ".github").symlink_to(ROOT / ".github")
    index = tmp_path / "docs" / "index.md"
    index.write_text(index.read_text(encoding="utf-8") + f"\n[broken]({link})\n", encoding="utf-8")
    built = build(tmp_path, tmp_path / "site")
    assert built.returncode != 0
    assert link in built.stderr

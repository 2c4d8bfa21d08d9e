"""The README's pictures: there, small, and left alone where they can't be or needn't be taken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pictures
import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 150_000


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The pages alone: what makes the thread's page is gone, and so has changed."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    return tmp_path


def run(checkout: Path, words: str = "home") -> str:
    """What it says where no browser is on the PATH."""
    done = subprocess.run(
        [sys.executable, str(checkout / "docs/site/pictures.py"), words],
        cwd=checkout,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def kept(checkout: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (checkout / "docs/pictures").iterdir()}


@pytest.mark.parametrize("scheme", pictures.SCHEMES)
def test_the_readme_has_them_and_they_are_small(scheme: str) -> None:
    picture = pictures.PICTURES / f"thread-{scheme}.png"
    assert f"docs/pictures/{picture.name}" in (ROOT / "README.md").read_text(encoding="utf-8")
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG\r\n")
    assert len(content) < MOST_BYTES


def test_without_a_browser_they_stay_and_that_is_said(checkout: Path) -> None:
    before = kept(checkout)
    assert (
        run(checkout) == "No Chromium on the PATH: the pictures of the thread stay as they were.\n"
    )
    assert kept(checkout) == before


def test_they_show_what_the_code_makes_now() -> None:
    assert pictures.is_as_the_code(), (
        f"{', '.join(pictures.SHOWN)}: one of these has changed since docs/pictures were taken. If "
        "it shows there, `make docs` takes them anew (with Chromium); else say so by "
        f"`.venv/bin/python docs/site/pictures.py {pictures.UNCHANGED}`."
    )


@pytest.mark.parametrize("name", pictures.SHOWN)
def test_each_part_that_they_show_is_there(name: str) -> None:
    assert (ROOT / name).exists()


def test_what_makes_the_page_is_compared(checkout: Path) -> None:
    shutil.copytree(ROOT / "bot/html", checkout / "bot/html")
    page = checkout / "bot/html/thread_page.py"
    before = kept(checkout)
    assert run(checkout, pictures.UNCHANGED) == ""
    assert {name for name, content in kept(checkout).items() if content != before[name]} == {
        pictures.DIGEST.name
    }
    assert run(checkout) == "The pictures of the thread are as the code that makes them.\n"
    page.write_text(page.read_text() + "\n# changed\n")
    assert run(checkout).startswith("No Chromium")

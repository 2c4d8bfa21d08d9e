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


def run(checkout: Path) -> str:
    """What it says where no browser is on the PATH."""
    done = subprocess.run(
        [sys.executable, str(checkout / "docs/site/pictures.py"), str(checkout / "home")],
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


def test_what_makes_the_page_is_compared(checkout: Path) -> None:
    (checkout / "bot/comments").mkdir(parents=True)
    shutil.copytree(ROOT / "bot/html", checkout / "bot/html")
    page = checkout / "bot/html/thread_page.py"
    digest = checkout / "docs/pictures/made-from.sha256"
    script = "import pictures; print(pictures.digest_of_code())"
    told = subprocess.run(
        [sys.executable, "-c", script],
        cwd=checkout / "docs/site",
        capture_output=True,
        text=True,
        check=True,
    )
    digest.write_text(told.stdout)
    assert run(checkout) == "The pictures of the thread are as the code that makes them.\n"
    page.write_text(page.read_text() + "\n# changed\n")
    assert run(checkout).startswith("No Chromium")

"""The two pictures of a thread, light and dark: the demo's own page, seen by headless Chromium.

They are taken again only where what they show may have changed: the digest of the modules whose
words and looks they have lies beside them. Without Chromium, those that are there stay, and that is
said. Who has seen that nothing of what they show has changed, says `--unchanged`.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
DIGEST = PICTURES / "made-from.sha256"
SHOWN = (
    "bot/comments/markdown.py",
    "bot/comments/outcomes.py",
    "bot/comments/release.py",  # the title
    "bot/comments/replies.py",
    "bot/comments/result",
    "bot/html/rendering.py",
    "bot/html/thread_page.py",
    "runners/sample/datasets.py",
)
"""What says how the page looks, and what is in it: nothing else of the code has a word there."""

UNCHANGED = "--unchanged"

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SCHEMES = {"dark": 0, "light": 1}
"""`PreferredColorScheme` as Blink numbers it:
https://source.chromium.org/chromium/chromium/src/+/main:third_party/blink/public/mojom/css/preferred_color_scheme.mojom
"""
SIZE = "1040,835"
ARTICLE = re.compile(r"<article.*?</article>\n?", re.DOTALL)
LAST = 3  # `/ingest`, that it was accepted, and the result


def main(home: Path) -> None:
    """Takes the pictures of a demo that is played in `home`, where they are out of date."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if is_as_the_code():
        click.echo("The pictures of the thread are as the code that makes them.")
    elif browser is None:
        click.echo("No Chromium on the PATH: the pictures of the thread stay as they were.")
    else:
        click.echo("The pictures of the thread are taken anew: the demo is played, some minutes.")
        page = _page(home)
        for scheme in SCHEMES:
            _take(browser, page, scheme)
        stamp()


def is_as_the_code() -> bool:
    """Whether nothing that they show has changed since they were taken."""
    return DIGEST.is_file() and DIGEST.read_text(encoding="ascii").strip() == digest_of_code()


def stamp() -> None:
    """Says that they show what the code makes now."""
    DIGEST.write_text(digest_of_code() + "\n", encoding="ascii")


def digest_of_code() -> str:
    """The digest of every file that says how the page looks, and what is in it."""
    found = hashlib.sha256()
    for name in SHOWN:
        path = ROOT / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            if file.is_file():
                found.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


def _page(home: Path) -> Path:
    """The demo's thread with its last comments alone."""
    demo = [sys.executable, "-m", "bot.cli.demo", "--home", str(home), "--fresh"]
    subprocess.run(demo, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    whole = (home / "threads" / "1" / "thread.html").read_text(encoding="utf-8")
    for article in ARTICLE.findall(whole)[:-LAST]:
        whole = whole.replace(article, "", 1)
    page = home / "picture.html"
    page.write_text(whole, encoding="utf-8")
    return page


def _take(browser: str, page: Path, scheme: str) -> None:
    """Raises CalledProcessError: the browser can't show the page."""
    # Chromium refuses its sandbox to root; the page is our own.
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
    look = (f"--window-size={SIZE}", f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}")
    picture = PICTURES / f"thread-{scheme}.png"
    subprocess.run(
        [browser, *options, *look, f"--screenshot={picture}", page.resolve().as_uri()],
        check=True,
        timeout=120,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    if sys.argv[1] == UNCHANGED:
        stamp()
    else:
        main(Path(sys.argv[1]))

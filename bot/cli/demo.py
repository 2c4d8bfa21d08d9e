"""Plays a whole release on this machine: the parts of GitHub, the maintainer and the machine.

Every step is the command that a workflow or a person would run, in a process of its own; steps that
are done are left out, so that a killed demo goes on. Must not do any of the work itself.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import rich_click as click
import tomli_w

from bot.adapters.files import write
from bot.adapters.web import HttpPages
from bot.cli.demo_folder import NEWER, OLDER, DemoFolder
from bot.errors import BotError
from bot.gather.releases import read_page
from bot.gather.schema_documents import read_spec
from bot.settings import environment

INSTANCE = "demo"
SCHEMAS = {"old": "6.0.0", "new": "7.0.0"}
HELD = ".playing"
"""The file that a demo holds while it plays."""

EC2 = ("launch.played_machine", "play")
ROOT = Path(__file__).resolve().parents[2]
TEST_DOUBLES = os.pathsep.join(map(str, (ROOT, ROOT / "tests", ROOT / "tests" / "runners")))
"""Where AWS, GitHub and the machine are played: they are no part of the software."""

HOSTED = "s3://cellxgene-census-public-us-west-2/cell-census/{version}/{what}/"


def play(home: Path, launcher: str = "local") -> int:
    """Plays the sample's newer release to its verified comment; 0 if that says what it should."""
    folder = DemoFolder(home.resolve())
    _say(1, "A sample world: two releases of a small Census, their page and their documents")
    _write_settings(folder)
    history(folder)
    _say(2, "Detection: what does the release page say?")
    _bot(folder, "detect")
    if not folder.runs_of(NEWER) and not folder.waiting():
        _maintainer(folder)
    for run in folder.waiting():
        _work(folder, run, launcher)
    untold = folder.untold()
    _say(5, "The result, in the thread")
    for run in untold:
        _bot(folder, "report", run.name)
    if not untold:
        click.echo("All runs have ended, and their results stand there: nothing to do.")
    _bot(folder, "show", "1")
    click.echo(f"\nThe thread as a page: {folder.home / 'threads' / '1' / 'thread.html'}")
    return _compare(folder)


def detect_real(home: Path, *, page: str | None, old: str | None, new: str | None) -> int:
    """Only detects, in a folder of its own, with the given page or documents; 1 if it left any of
    the page's entries unread.

    Without a page, the sample's is taken with the documents' versions put in. The release
    directory is out of reach: one is made that hosts what the page lists.
    """
    folder = DemoFolder(home.resolve())
    _runners(folder, "sample", str(folder.world))
    real = DemoFolder(folder.home / "detection")
    _refuse_unreadable(page, old, new)
    shutil.rmtree(real.home, ignore_errors=True)
    address = page or _page_for(folder, real, old, new)
    _write_directory(real, address)
    _write_settings(folder, real, release_page=address)
    options = [(f"--{name}-spec", path) for name, path in (("old", old), ("new", new)) if path]
    words = (word for option in options for word in option)
    ended = _bot(real, "detect", *words, allowed=(0, 1))
    _bot(real, "show", "1")
    return ended


def _refuse_unreadable(page: str | None, *documents: str | None) -> None:
    """Raises BotError for what detection would refuse, while the earlier one is still there."""
    if page is not None:
        read_page(HttpPages(), page)
    for document in filter(None, documents):
        read_spec(HttpPages().get(document))


def _say(number: int, heading: str) -> None:
    click.secho(f"\n{number}. {heading}", bold=True)


def _write_settings(folder: DemoFolder, real: DemoFolder | None = None, **overrides: str) -> None:
    """The settings file of the embedded bot in `real`, else in the demo's own folder."""
    settings = {
        "instance": f"anonymous/{INSTANCE}",
        "home": ".",
        "release_page": str(folder.world / "pages" / "release_info.html"),
        "release_directory": str(folder.world / "pages" / "release.json"),
        "schema_document": str(folder.world / "schema" / "{version}" / "schema.md"),
        "ingest_on_merge": False,
        "roles": {"maintainer": "maintain"},
    }
    if real is not None:
        settings |= {"release_directory": str(real.home / "release.json"), **overrides}
    write((real or folder).home / "bot.toml", tomli_w.dumps(settings))


def history(folder: DemoFolder) -> None:
    """A world, and the instance as its older release left it: registered by the same commands."""
    _runners(folder, "sample", str(folder.world))
    _runners(folder, "instance", INSTANCE, str(folder.home / "instance"))
    manifest = f"runners/releases/{OLDER}.toml"
    source = folder.world / "releases" / f"{OLDER}.toml"
    write(folder.repository / manifest, source.read_text(encoding="utf-8"))
    run = folder.run(f"{OLDER}-ingest-0")
    if (run / "report.json").exists():
        return
    request = {
        "run_id": run.name,
        "action": "ingest",
        "release": OLDER,
        "manifest": manifest,
        "instance": f"anonymous/{INSTANCE}",
    }
    write(run / "request.json", json.dumps(request, indent=2) + "\n")
    _runners(folder, "ingest", *_request(folder, run))
    _runners(folder, "verify", *_request(folder, run))


def _maintainer(folder: DemoFolder) -> None:
    """What a person does: ask what would happen, merge, and let it happen.

    After a rollback the manifest is there, and stays as a person may have changed it.
    """
    if folder.is_merged(NEWER):
        _say(3, "A maintainer says /ingest; the manifest was merged before, and stays as it is")
    else:
        _say(3, "A maintainer merges the manifest and says /ingest")
        _bot(folder, "merge", NEWER, "--as", "maintainer")
    _bot(folder, "say", "1", "/ingest --dry-run", "--as", "maintainer")
    _bot(folder, "say", "1", "/ingest", "--as", "maintainer")


def _work(folder: DemoFolder, run: Path, launcher: str) -> None:
    _say(4, f"The machine works on {run.name}: smoke test, registration, verification")
    if launcher == "ec2":
        words = [*EC2, "--home", str(folder.home), *_request(folder, run)]
        _process(folder, words, (0, 1), PYTHONPATH=TEST_DOUBLES)
    else:
        _runners(folder, "launch", "--launcher", "local", *_request(folder, run), allowed=(0, 1))


def _compare(folder: DemoFolder) -> int:
    """0 if the last report says of each dataset what the sample is made to give, or a later one
    that all was verified.
    """
    run = folder.last_word_on(NEWER)
    if run is None:
        click.echo(f"No run of {NEWER} has a report.")
        return 1
    later = [] if folder.is_first(NEWER) else ["--later"]
    words = ["sample", str(folder.world), "--compare", str(run / "report.json"), *later]
    return _runners(folder, *words, allowed=(0, 1))


def _request(folder: DemoFolder, run: Path) -> list[str]:
    return ["--request", str(run / "request.json"), "--repository", str(folder.repository)]


def _bot(folder: DemoFolder, *words: str, allowed: Sequence[int] = (0,)) -> int:
    return _process(folder, ["bot", "--settings", str(folder.home / "bot.toml"), *words], allowed)


def _runners(folder: DemoFolder, *words: str, allowed: Sequence[int] = (0,)) -> int:
    return _process(folder, ["runners", *words], allowed)


def _process(
    folder: DemoFolder, words: Sequence[str], allowed: Sequence[int], **variables: str
) -> int:
    """The exit code of `python -m WORDS`, which has LaminDB's settings within the demo's folder."""
    lamin = str(folder.home / "lamin")
    child_environment = environment(
        LAMIN_SETTINGS_DIR=lamin, LAMIN_CURRENT_INSTANCE=None, **variables
    )
    process = subprocess.run([sys.executable, "-m", *words], env=child_environment, check=False)
    if process.returncode not in allowed:
        raise BotError(f"`python -m {' '.join(words)}` ended with code {process.returncode}.")
    return process.returncode


def _page_for(folder: DemoFolder, real: DemoFolder, old: str | None, new: str | None) -> str:
    """The sample's page as it would be if its releases had the documents' schema versions."""
    text = (folder.world / "pages" / "release_info.html").read_text(encoding="utf-8")
    for which, path in (("old", old), ("new", new)):
        if path is not None:
            text = text.replace(SCHEMAS[which], read_spec(HttpPages().get(path)).version)
    page = real.home / "release_info.html"
    write(page, text)
    return str(page)


def _write_directory(real: DemoFolder, page: str) -> None:
    entries = {
        release.version: {
            "release_build": release.build_date or release.version,
            "soma": {
                "uri": HOSTED.format(version=release.version, what="soma"),
                "s3_region": "us-west-2",
            },
            "h5ads": {
                "uri": HOSTED.format(version=release.version, what="h5ads"),
                "s3_region": "us-west-2",
            },
            "flags": {"lts": True},
        }
        for release in read_page(HttpPages(), page).releases
    }
    write(real.home / "release.json", json.dumps(entries, indent=2) + "\n")


def _absolute(address: str | None) -> str | None:
    """A file's whole path: the settings that will hold it lie in another folder."""
    is_file = address is not None and "://" not in address
    return str(Path(address).resolve()) if address and is_file else address


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Holds the folder, which the kernel lets go of however this ends.

    By a file in it: the commands that the demo runs take turns by a lock on the folder itself.

    Raises:
        BotError: another demo plays in it.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / HELD).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BotError(
                f"{home}: another demo plays in this folder; wait for its end, or play in another: "
                "make demo DEMO=FOLDER."
            ) from error
        yield


def _refuse_others(home: Path) -> None:
    """Raises BotError if the folder has something, and no demo was ever there: it would be written
    over, or removed.
    """
    if home.is_dir() and any(home.iterdir()) and not (home / HELD).exists():
        raise BotError(
            f"{home}: has files, and no demo's; play in a new or empty folder: make demo "
            "DEMO=FOLDER."
        )


def _empty(home: Path) -> None:
    """Removes what is in the folder, but not what it is held by."""
    for path in home.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != HELD:
            path.unlink()


@click.command()
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".demo"),
    show_default=True,
    help="The folder that everything is kept in.",
)
@click.option("--fresh", is_flag=True, help="Forget what was played before, and start over.")
@click.option(
    "--launcher",
    type=click.Choice(["local", "ec2"]),
    default="local",
    show_default=True,
    help="Where the run works; ec2 with stand-ins for AWS and GitHub.",
)
@click.option("--page", help="Only detect, on this release page (a file or an address).")
@click.option("--old-spec", help="Only detect, with this document of the earlier schema version.")
@click.option("--new-spec", help="Only detect, with this document of the newer schema version.")
def main(
    home: Path,
    fresh: bool,
    launcher: str,
    page: str | None,
    old_spec: str | None,
    new_spec: str | None,
) -> None:
    """Play a complete release on this machine, from its page to the verified comment.

    Needs no account, no token and no network. Played again, it finds nothing new; killed, it goes
    on. Exit code 0: the sample's release was given the verdict that it is made to give.
    """
    page, old_spec, new_spec = map(_absolute, (page, old_spec, new_spec))
    try:
        _refuse_others(home)
        with _alone(home):
            if fresh:
                _empty(home)
            if page or old_spec or new_spec:
                sys.exit(detect_real(home, page=page, old=old_spec, new=new_spec))
            sys.exit(play(home, launcher))
    except BotError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main(prog_name="python -m bot.cli.demo")

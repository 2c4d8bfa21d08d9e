"""The loop on GitHub, played on this machine: `make demo GITHUB=1`.

The double stands for GitHub, `act` for its runners; the workflow files, the bot and the machine's
work are the real ones. Its pages can be read in a browser while it plays and afterwards.
"""

import re
import sys
from pathlib import Path
from time import sleep

import rich_click as click
from fake_github import people
from fake_github.pages import page_of
from fake_github.server import serving
from fake_github.state import FakeGithub

from bot.cli.demo import history
from bot.cli.demo_folder import NEWER, OLDER
from bot.cli.demo_folder import DemoFolder as Folder
from bot.errors import BotError
from workflows.act import ROOT, ActRepository
from workflows.leftovers import start_over

INSTANCE = "anonymous/demo"


def play(home: Path) -> bool:
    """Whether every step ended as it should. The pages are left in `home`/pages."""
    folder = Folder(home.resolve())
    history(folder)
    with serving(FakeGithub()) as server:
        fake = server.fake
        fake.user("maintainer", "maintain")
        _long_ago(fake, folder)
        address = f"{fake.address}/{fake.full_name}/issues"
        repo = ActRepository(folder.home / "jobs", server, _variables(folder), _machine(folder))
        click.secho(f"\nWhile it plays, GitHub is at {address}", bold=True)
        try:
            said = _loop(repo)
        finally:
            repo.stop()
        _keep(fake, folder.home / "pages")
        for line in said + server.broken:
            click.echo(line)
        if sys.stdin.isatty():
            click.echo(f"Read {address} in a browser; Ctrl-C ends it.")
            _wait()
    click.echo(f"What it held is kept as pages: read {folder.home / 'pages' / 'index.html'}")
    return not server.broken and any("11 of 12 datasets registered" in marker for marker in said)


def _loop(repo: ActRepository) -> list[str]:
    """The headlines of what the bot said in the release's thread."""
    _say(repo, "The clock strikes: detect.yml", [repo.strikes("detect.yml")])
    pull = next(issue for issue in repo.fake.issues.values() if issue.pull is not None)
    thread = next(issue for issue in repo.fake.issues.values() if issue.pull is None)
    people.merge(repo.fake, "maintainer", pull.number)
    _say(repo, f"A maintainer merges #{pull.number}: commands.yml", repo.deliver())
    for text in ("/ingest --dry-run", "/ingest"):
        people.comment(repo.fake, "maintainer", thread.number, text)
        _say(repo, f"A maintainer says {text} in #{thread.number}", repo.deliver())
    return [comment.body.splitlines()[0] for comment in thread.comments]


def _say(repo: ActRepository, what: str, ended: list[str]) -> None:
    click.secho(f"\n{what}", bold=True)
    for one, log in zip(ended, repo.logs[-len(ended) :], strict=True):
        click.echo(f"  {one}  (its log: {log})")


def _long_ago(fake: FakeGithub, folder: Folder) -> None:
    path = f"runners/releases/{OLDER}.toml"
    files: dict[str, str | None] = {path: (folder.repository / path).read_text()}
    for rules in (ROOT / "runners/rules").glob("*.json"):
        files[f"runners/rules/{rules.name}"] = rules.read_text()
    fake.branches[fake.default_branch] = fake.commit(
        files, f"The release before {NEWER}", fake.branches[fake.default_branch]
    )


def _variables(folder: Folder) -> dict[str, str]:
    runs = str(folder.home / "kept")
    return {"BOT_INSTANCE": INSTANCE, "RUNS": runs, "BOT_INGEST_ON_MERGE": "false"}


def _machine(folder: Folder) -> dict[str, str]:
    return {
        "LAMIN_SETTINGS_DIR": str(folder.home / "lamin"),
        "REFERENCE": str(ROOT / ".reference"),
        "CANARY": str(ROOT / ".canary"),
        "BOT_RELEASE_PAGE": str(folder.world / "pages" / "release_info.html"),
        "BOT_RELEASE_DIRECTORY": str(folder.world / "pages" / "release.json"),
        "BOT_SCHEMA_DOCUMENT": str(folder.world / "schema" / "{version}" / "schema.md"),
        "BOT_GITHUB_PACE": "0",
    }


def _keep(fake: FakeGithub, pages: Path) -> None:
    """Writes its pages, with links to each other that lead somewhere when it is gone."""
    pages.mkdir()
    place = rf"(?:{re.escape(fake.address)})?/{re.escape(fake.full_name)}"
    for name in ("index", *map(str, fake.issues)):
        path = "issues" if name == "index" else f"issues/{name}"
        text = page_of(fake, f"/{fake.full_name}/{path}") or ""
        text = re.sub(rf'"{place}/(?:issues|pull)/(\d+)((?:#[\w-]+)?)"', r'"\1.html\2"', text)
        (pages / f"{name}.html").write_text(text, encoding="utf-8")


def _wait() -> None:
    try:
        while True:
            sleep(1)
    except KeyboardInterrupt:
        click.echo("")


@click.command()
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), required=True)
def main(home: Path) -> None:
    """Play a release on GitHub's double. Starts over each time. Exit code 2: an earlier play, or
    what it has started, is still at work.
    """
    try:
        start_over(home)
        sys.exit(0 if play(home) else 1)
    except BotError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        click.echo("Interrupted. Played again it starts over.", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main(prog_name="python -m workflows.demo")

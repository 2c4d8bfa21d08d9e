"""The loop on GitHub, played on this machine: `make demo GITHUB=1`.

The double stands for GitHub, `act` for its runners; the workflow files, the bot and the machine's
work are the real ones. Its pages can be read in a browser while it plays and afterwards.
"""

import shutil
import sys
from pathlib import Path
from time import sleep

import rich_click as click
from hub import deeds
from hub.pages import page_of
from hub.server import serving
from hub.state import Hub

from acting.stage import ROOT, Stage
from bot.cli.demo import NEWER, OLDER, history
from bot.cli.demo import DemoFolder as Folder

INSTANCE = "anonymous/demo"


def play(home: Path) -> bool:
    """Whether every step ended as it should. The pages are left in `home`/pages."""
    folder = Folder(home.resolve())
    history(folder)
    with serving(Hub()) as server:
        hub = server.hub
        hub.user("maintainer", "maintain")
        _long_ago(hub, folder)
        address = f"{hub.address}/{hub.full_name}/issues"
        stage = Stage(folder.home / "jobs", server, _variables(folder), _machine(folder))
        click.secho(f"\nGitHub is at {address}", bold=True)
        said = _loop(stage)
        _keep(hub, folder.home / "pages")
        for line in said + server.broken:
            click.echo(line)
        click.echo(f"The pages are kept in {folder.home / 'pages'}.")
        if sys.stdin.isatty():
            click.echo(f"Read {address} in a browser; Ctrl-C ends it.")
            _wait()
    return not server.broken and any("11 of 12 datasets registered" in one for one in said)


def _loop(stage: Stage) -> list[str]:
    """The headlines of what the bot said in the release's thread."""
    _say(stage, "The clock strikes: detect.yml", [stage.strikes("detect.yml")])
    pull = next(one for one in stage.hub.issues.values() if one.pull is not None)
    thread = next(one for one in stage.hub.issues.values() if one.pull is None)
    deeds.merge(stage.hub, "maintainer", pull.number)
    _say(stage, f"A maintainer merges #{pull.number}: commands.yml", stage.deliver())
    for text in ("/ingest --dry-run", "/ingest"):
        deeds.comment(stage.hub, "maintainer", thread.number, text)
        _say(stage, f"A maintainer says {text} in #{thread.number}", stage.deliver())
    return [one.body.splitlines()[0] for one in thread.comments]


def _say(stage: Stage, what: str, ended: list[str]) -> None:
    click.secho(f"\n{what}", bold=True)
    for one, log in zip(ended, stage.logs[-len(ended) :], strict=True):
        click.echo(f"  {one}  (its log: {log})")


def _long_ago(hub: Hub, folder: Folder) -> None:
    path = f"runners/releases/{OLDER}.toml"
    files: dict[str, str | None] = {path: (folder.repository / path).read_text()}
    for rules in (ROOT / "runners/rules").glob("*.json"):
        files[f"runners/rules/{rules.name}"] = rules.read_text()
    hub.branches[hub.default_branch] = hub.commit(
        files, f"The release before {NEWER}", hub.branches[hub.default_branch]
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


def _keep(hub: Hub, pages: Path) -> None:
    pages.mkdir()
    for number in hub.issues:
        text = page_of(hub, f"/{hub.full_name}/issues/{number}")
        (pages / f"{number}.html").write_text(text or "", encoding="utf-8")


def _wait() -> None:
    try:
        while True:
            sleep(1)
    except KeyboardInterrupt:
        click.echo("")


@click.command()
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), required=True)
def main(home: Path) -> None:
    """Play a release on GitHub's double. Starts over each time."""
    shutil.rmtree(home, ignore_errors=True)
    sys.exit(0 if play(home) else 1)


if __name__ == "__main__":
    main(prog_name="python -m acting.demo")

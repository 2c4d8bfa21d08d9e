"""The command that a maintainer runs: says what it will make and spend, plays, takes it away."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import rich_click as click

from live.play import Play
from live.scratch import LiveError, Scratch

SECONDS = 15.0


def report(play: Play, *, is_sure: bool) -> bool:
    """Plays if a person says yes; whether all was as the doubles have it, and nothing is left."""
    scratch = play.scratch
    instance = play.ready()
    at_aws = play.machines.prospect() if play.machines else "Nothing is made at AWS."
    click.echo(
        f"In {scratch.name} this makes a thread, a pull request that it merges, a dashboard and "
        f"some five workflow runs, and registers {play.limit} datasets of the newest release in "
        f"{instance}. It takes about an hour of a hosted runner's time, which is free in a public "
        f"repository. {at_aws} At the end threads are closed, branch, manifest and "
        "workflow runs are deleted, and the instance is rolled back; what stays are closed "
        f"threads, labels and the instance's vocabulary: delete {scratch.name} and the instance."
    )
    if not is_sure and not click.confirm("Do it?"):
        return False
    problem = ""
    try:
        click.secho(play.play(), bold=True)
    except (LiveError, httpx.HTTPError) as error:
        problem = str(error) or type(error).__name__
    except (Exception, KeyboardInterrupt) as error:  # whatever it is, what is left is said
        problem = repr(error)
    finally:
        play.take_away(instance)
    for behaviour, is_so in play.seen.items():
        click.echo(f"{'as the doubles' if is_so else 'OTHERWISE'}: {behaviour}")
    for one in play.running:
        click.secho(f"left: {one}", bold=True, fg="red")
    for one in play.left:
        click.echo(f"left: {one}")
    click.echo(f"ended early: {problem}" if problem else "played to its end")
    return not (problem or play.running or play.left) and all(play.seen.values())


@contextmanager
def connected(name: str, token: str, api: str) -> Iterator[Scratch]:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    with httpx.Client(base_url=api, headers=headers, timeout=60) as client:
        yield Scratch(name, client, lambda: time.sleep(SECONDS), SECONDS)


@click.command()
@click.option("--repository", envvar="REPOSITORY", help="The scratch repository, as OWNER/NAME.")
@click.option("--token", envvar="BOT_GITHUB_TOKEN", help="A maintainer's, there.")
@click.option("--detect", default="detect.yml", help="cellxgene.yml, where it calls bot.yml.")
@click.option("--limit", default=2, help="How many datasets are registered.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option("--fake", type=click.Path(path_type=Path), help="Play on the double, in this folder.")
@click.option("--aws", is_flag=True, help="On the machine that the repository's launcher starts.")
def main(
    repository: str | None,
    token: str | None,
    detect: str,
    limit: int,
    yes: bool,
    fake: Path | None,
    aws: bool,
) -> None:
    """Play a release in a scratch repository, from detection to result."""
    try:
        if fake:
            from live.fake import doubled

            with doubled(fake, on_aws=aws) as (scratch, environment):
                play = Play(scratch, detect, limit, environment, click.echo, on_aws=aws)
                sys.exit(0 if report(play, is_sure=yes) else 1)
        if not repository or not token:
            raise LiveError("REPOSITORY, BOT_GITHUB_TOKEN: one of them is missing; give both.")
        with connected(repository, token, "https://api.github.com") as scratch:
            # It ends a machine's runner, too, if it may.
            environment = {"RUNNERS_TOKEN": token, **os.environ}
            play = Play(scratch, detect, limit, environment, click.echo, on_aws=aws)
            sys.exit(0 if report(play, is_sure=yes) else 1)
    except LiveError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main(prog_name="python -m live")

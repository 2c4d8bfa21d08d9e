"""The double in place of GitHub, and act in place of its runners: pauses play what waits."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
from fake_github.server import Server, serving
from fake_github.state import FakeGithub
from workflows.act import ROOT, ActRepository
from workflows.demo import _long_ago, _machine, _variables
from workflows.leftovers import start_over

from bot.cli.demo import history
from bot.cli.demo_folder import DemoFolder
from bot.errors import BotError
from live.scratch import LiveError, Scratch

PERSON = dict.fromkeys(("contents", "pull_requests", "issues", "actions"), "write") | {
    "variables": "read"
}


def scratch_of(server: Server, pause: object) -> Scratch:
    """As a maintainer's token has it."""
    fake = server.fake
    fake.user("maintainer", "maintain")
    token = fake.token(PERSON, "maintainer")
    client = httpx.Client(
        base_url=fake.address, headers={"Authorization": f"Bearer {token}"}, trust_env=False
    )
    return Scratch(fake.full_name, client, pause, 0)  # type: ignore[arg-type]


@contextmanager
def doubled(home: Path) -> Iterator[tuple[Scratch, Mapping[str, str]]]:
    """A scratch repository on the double, and the environment of this machine's LaminDB. Starts
    over each time. Raises LiveError if the double found something broken.
    """
    try:
        start_over(home)
    except BotError as error:
        raise LiveError(str(error)) from error
    folder = DemoFolder(home.resolve())
    history(folder)
    machine = _machine(folder)
    with serving(FakeGithub()) as server:
        _long_ago(server.fake, folder)
        server.fake.variables = {n: v for n, v in _variables(folder).items() if n != "RUNS"}
        repo = ActRepository(folder.home / "jobs", server, server.fake.variables, machine)
        scratch = scratch_of(server, repo.deliver)
        with scratch.client:
            yield scratch, {**os.environ, **machine, "PYTHONPATH": str(ROOT)}
        if server.broken:
            raise LiveError("; ".join(server.broken))

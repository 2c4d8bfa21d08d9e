"""The double in place of GitHub, and act in place of its runners: pauses play what waits.

With AWS: moto, and a double of SageMaker whose jobs are processes (`fake_job`). Not modelled then:

- EC2, which wants an App and a runner of the machine's own: act is told the labels of runners
  before it plays. `test_live_aws` plays EC2 by the commands alone, without workflow files.
- Roles: who looks, launches and works has the same key, which may do all.
- Time: a job works while the repository waits, and then the watch looks once. No image is built or
  fetched, and none of AWS's limits, logs or bills is there.
- A workflow run that is cancelled while act works on it: none is, for a pause ends with its runs.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
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
from live.fake_job import jobs_of
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
def doubled(home: Path, *, on_aws: bool = False) -> Iterator[tuple[Scratch, Mapping[str, str]]]:
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
    with ExitStack() as closing:
        server = closing.enter_context(serving(FakeGithub()))
        _long_ago(server.fake, folder)
        server.fake.variables = {n: v for n, v in _variables(folder).items() if n != "RUNS"}
        repo = ActRepository(folder.home / "jobs", server, server.fake.variables, machine)
        closing.callback(repo.stop)
        environment = {**machine, "PYTHONPATH": str(ROOT), "GITHUB_API_URL": server.fake.address}
        pause: Callable[[], object] = repo.deliver
        if on_aws:
            jobs, of_aws = closing.enter_context(jobs_of(repo))
            pause, environment = jobs.go_on, environment | of_aws
        scratch = scratch_of(server, pause)
        with scratch.client:
            yield scratch, {**os.environ, **environment}
        if server.broken:
            raise LiveError("; ".join(server.broken))

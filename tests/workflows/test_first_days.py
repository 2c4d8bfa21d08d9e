"""The first day without any cloud: a fresh repository, and another one that calls bot.yml.

The work is done on a hosted runner; each job has a Python with what it has installed itself.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_github import people
from fake_github.server import serving
from fake_github.state import FakeGithub
from instances import Place, copy

from runners.sample.datasets import NEWER
from workflows import workflow_files
from workflows.act import BOT, ROOT, ActRepository
from workflows.test_workflows import _long_ago, _machine, _variables, announced, said, speaks
from workflows.test_workflows import older as _older

pytestmark = pytest.mark.prove
older = _older
DOCS = (ROOT / "docs/how-to/github.md").read_text()


def callers() -> dict[str, str]:
    """The workflow file of the documentation."""
    block = DOCS.split("## In another repository")[1].split("```yaml\n")[1].split("```")[0]
    return {"cellxgene.yml": block}


@pytest.fixture(params=["own", "caller"])
def repo(older: Place, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ActRepository]:
    """A repository with the older release's manifest; runs are kept nowhere but on GitHub."""
    place = copy(older, tmp_path / "place")
    variables = {n: v for n, v in _variables(tmp_path).items() if n != "RUNS"}
    files = callers() if request.param == "caller" else {}
    with serving(FakeGithub()) as server:
        for login, role in (("maintainer", "maintain"), ("stranger", "read")):
            server.fake.user(login, role)
        _long_ago(server.fake, place.world)
        yield ActRepository(tmp_path, server, variables, _machine(place), files)
        assert server.broken == []


def test_a_callers_file_grants_what_is_asked_for() -> None:
    (text,) = callers().values()
    (job,) = workflow_files.read(text)["jobs"].values()
    wanted: dict[str, str] = {}
    bot = workflow_files.read((ROOT / ".github/workflows/bot.yml").read_text())
    for granted in workflow_files.grants(bot).values():
        for permission, level in granted.items():
            wanted[permission] = max(level, wanted.get(permission, ""))
    assert {k.replace("-", "_"): v for k, v in job["permissions"].items()} == wanted
    assert job["uses"].startswith(f"{BOT}/.github/workflows/bot.yml@")
    assert set(job["secrets"]) == set(bot["on"]["workflow_call"]["secrets"])


def test_a_release_is_found_asked_for_and_verified(repo: ActRepository) -> None:
    clock = next(iter(repo.callers), "detect.yml")
    commands = next(iter(repo.callers), "commands.yml")
    run = next(iter(repo.callers), "ingest.yml")
    thread = announced(repo, clock)
    assert repo.fake.enabled_at, repo.told()
    assert repo.deliver() == [f"{commands} success"], repo.told()
    asked = speaks(repo, "maintainer", "/ingest")
    # A check fails on purpose, so that the machine's job does, and the workflow run with it.
    assert repo.deliver() == [f"{commands} success", f"{run} failure"], repo.told()
    result = said(repo)[-1].body
    assert result.splitlines()[0].endswith("11 of 12 datasets registered"), repo.told()
    assert thread.labels == ["verification failed"]
    run_id = f"{NEWER.version}-ingest-{asked.id}"
    assert [a.name for a in repo.fake.artifacts.values()] == [f"run-{run_id}"]

    speaks(repo, "maintainer", "/retry")
    assert repo.deliver() == [f"{commands} success", f"{run} failure"], repo.told()
    assert f"what failed in `{run_id}`" in said(repo)[-1].body
    speaks(repo, "stranger", "/status")
    assert repo.deliver() == [f"{commands} success"], repo.told()
    assert "nothing is running in this instance" in said(repo)[-1].body

    # By hand, it looks for releases; asked for a look at runs, it does just that.
    people.dispatch(repo.fake, repo.fake.user("maintainer"), clock, {})
    assert repo.deliver() == [f"{clock} success"], repo.told()
    assert "Nothing new." in repo.logs[-1].read_text()
    if repo.callers:
        people.dispatch(repo.fake, repo.fake.user("maintainer"), clock, {"title": "Watch runs"})
        assert repo.deliver() == [f"{clock} success"], repo.told()
        log = repo.logs[-1].read_text()
        assert "Progress" in log
        assert "Nothing new." not in log

"""`reap.yml` with a reaper that fails half-way: what it did is said, and the job stays red."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub import deeds
from hub.server import serving
from hub.state import ACTIONS, Hub
from launch.amazon import amazon
from launch.hub import hub as runners_hub
from launch.stage import RUN
from launch.stage import Stage as Machines

from acting.stage import Stage
from bot.comments.markers import Marker, MarkerKind, sign

pytestmark = pytest.mark.prove
RELEASE = Marker(MarkerKind.RELEASE, "2025-11-08")


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """A machine whose lifetime is over when it is there."""
    with amazon() as aws, runners_hub() as github:
        made = Machines(tmp_path / "machines", aws, github)
        made.ask()
        aws.client("iam").create_instance_profile(InstanceProfileName="ingestion-machine")
        made.configure(lifetime_hours=0.0001)
        launched = made.call(made.launch_words())
        assert launched.exit_code == 0, launched.output
        yield made


def test_what_a_failing_reaper_did_is_said_in_the_thread(
    machines: Machines, tmp_path: Path
) -> None:
    (host_id,) = machines.live()
    environment = {k: v for k, v in machines.environment.items() if k.startswith("AWS_")}
    with serving(Hub()) as server:
        hub = server.hub
        files = {"launch.toml": (machines.root / "launch.toml").read_text()}
        hub.branches["main"] = hub.commit(files, "Long ago", hub.branches["main"])
        thread = deeds.open_issue(hub, hub.user(ACTIONS), "Release", sign("It is there.", RELEASE))
        variables = {"LAUNCHER": "ec2", "RUNS": str(tmp_path / "runs")}
        stage = Stage(tmp_path, server, variables, {**environment, "BOT_GITHUB_PACE": "0"})
        # Without RUNNERS_TOKEN, which only an App could make, time alone decides.
        assert stage.strikes("reap.yml") == "reap.yml failure", stage.told()
        (said,) = thread.comments
        assert said.body.startswith(
            f"🧹 The reaper ended machine `{host_id}` of run `{RUN}`: its lifetime ended at "
        )
    assert machines.live() == []

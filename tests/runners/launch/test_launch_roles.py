"""From cold, under the stack's own roles: the stack, launch, work, end and reaping.

Whoever acts has the access key of one role and of no other, as a job on GitHub or a machine has;
where a right is lacking, AWS's refusal shows. The machine's script runs as a process of this one.
"""

import json
import threading
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from launch.account import BUCKET, Account
from launch.fake_aws import FakeAws
from launch.fake_runner_api import REPOSITORY, fake_runner_api
from launch.played_machine import Machine, boot_when_launched, pinned, until
from launch.site import RUN, LaunchSite

pytestmark = pytest.mark.prove


@pytest.fixture
def account(running_amazon: FakeAws) -> Account:
    running_amazon.reset()
    made = Account(running_amazon)
    made.stack("laminlabs/other-bot")
    made.stack(REPOSITORY)
    return made


def configure(site: LaunchSite, account: Account) -> None:
    """As the stack's outputs say, and nothing else."""
    outputs = account.stacks[REPOSITORY].outputs
    site.configure(
        runs=f"s3://{BUCKET}/{REPOSITORY}",
        ec2__subnets=account.subnets,
        ec2__security_group=outputs["SecurityGroup"],
        ec2__role=outputs["MachineProfile"],
        ec2__log_group=outputs["LogGroup"],
        ec2__runner=pinned(),
        lamindb_secret=None,
    )


def test_a_run_from_the_stack_to_its_end_needs_no_other_right(
    account: Account, tmp_path: Path
) -> None:
    with ExitStack() as closing:
        github = closing.enter_context(fake_runner_api())
        github.online_after = None
        site = LaunchSite(tmp_path, account.amazon, github)
        site.key = account.key_of(REPOSITORY, "LauncherRole")
        configure(site, account)
        site.ask()
        machine_key = account.key_of(REPOSITORY, "MachineRole")
        boot = (site, closing, machine_key)
        threading.Thread(target=boot_when_launched, args=boot, daemon=True).start()
        launched = site.call(site.launch_words())
        assert launched.exit_code == 0, launched.output
        said = json.loads(launched.stdout)
        machine = Machine(site, said["machine"]["id"], machine_key)
        report = f"{REPOSITORY}/{RUN}/report.json"
        (machine.folder / "keeps-aws").touch()
        (machine.folder / "job.partial").write_text(
            'file=$STAND_INS/report.json; echo "{}" >"$file"\n'
            f'"$PYTHON" -m launch.machine_aws put "$file" {BUCKET} {report}\n'
        )
        (machine.folder / "job.partial").rename(machine.folder / "job")
        until("the job", lambda: machine.said("ended"), patience=60)
        assert machine.said("ended") == "0"
        github.runners.clear()  # as GitHub does after a JIT runner's job
        until("the machine's own end", lambda: not site.live(), patience=60)
        for words in (site.words("terminate", "--run", RUN), site.reap_words(timedelta())):
            done = site.call(words)
            assert done.exit_code == 0, done.output
        site.assert_nothing_is_left()
    assert account.amazon.iam.denied == []
    reporter = account.amazon.client_as(account.key_of(REPOSITORY, "ReporterRole"), "s3")
    assert reporter.get_object(Bucket=BUCKET, Key=report)["Body"].read() == b"{}\n"
    trail = f"{REPOSITORY}/{RUN}/machines/"
    names = [
        one["Key"].removeprefix(trail).split("_")[1]
        for one in reporter.list_objects_v2(Bucket=BUCKET, Prefix=trail)["Contents"]
    ]
    assert names == ["launching", "launched", "registered", "online", "ended"]


def test_a_role_of_another_repository_launches_nothing_here(
    account: Account, tmp_path: Path
) -> None:
    with fake_runner_api() as github:
        site = LaunchSite(tmp_path, account.amazon, github)
        site.key = account.key_of("laminlabs/other-bot", "LauncherRole")
        configure(site, account)
        site.ask()
        done = site.call(site.launch_words())
        assert done.exit_code == 2
        assert "give the role this right" in done.stderr
        site.assert_nothing_is_left()

"""The stack of `runners/launch/aws`, made in a stand-in that refuses what AWS refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from launch.account import BUCKET, Account, github_token
from launch.fake_aws import FakeAws
from launch.fake_ec2 import IMAGE
from launch.stack import StackError

OURS, THEIRS = "laminlabs/census-bot", "laminlabs/other-bot"


@pytest.fixture
def account(running_amazon: FakeAws) -> Account:
    running_amazon.reset()
    return Account(running_amazon)


def test_the_stack_comes_up_and_its_outputs_are_there(account: Account) -> None:
    stack = account.stack(OURS)
    iam, ec2 = account.amazon.client("iam"), account.amazon.client("ec2")
    profile = iam.get_instance_profile(InstanceProfileName=stack.outputs["MachineProfile"])
    (role,) = profile["InstanceProfile"]["Roles"]
    assert role["Arn"] == stack.outputs["MachineRole"]
    (group,) = ec2.describe_security_groups(GroupIds=[stack.outputs["SecurityGroup"]])[
        "SecurityGroups"
    ]
    assert group["IpPermissions"] == []


def test_two_repositories_have_a_stack_each_in_one_account(account: Account) -> None:
    first, second = account.stack(OURS), account.stack(THEIRS)
    assert not set(first.outputs.values()) & set(second.outputs.values())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"Repository": "no-owner"}, "Parameter Repository"),
        ({"RepositoryId": "laminlabs"}, "Parameter RepositoryId"),
        ({"RunsPrefix": "/runs/"}, "Parameter RunsPrefix"),
        ({"LogRetentionDays": "soon"}, "Parameter LogRetentionDays"),
        ({"Region": "us-west-2"}, "do not exist in the template"),
    ],
)
def test_wrong_parameters_are_refused(account: Account, changes: Any, said: str) -> None:
    with pytest.raises(StackError, match=said):
        account.stack(OURS, **changes)


NEW_FORM = "repo:laminlabs@11/census-bot@42"
MAIN = "refs/heads/main"


@pytest.mark.parametrize(
    ("environment", "claims", "trusted"),
    [
        ("", {}, True),
        ("", {"sub": f"{NEW_FORM}:ref:{MAIN}"}, True),
        ("", {"sub": f"repo:{OURS}:ref:refs/heads/evil", "ref": "refs/heads/evil"}, False),
        ("", {"sub": f"{NEW_FORM}:ref:refs/heads/evil", "ref": "refs/heads/evil"}, False),
        ("", {"sub": f"repo:{OURS}:pull_request", "ref": "refs/pull/1/merge"}, False),
        ("", {"sub": f"repo:{OURS}:ref:refs/tags/main", "ref": "refs/tags/main"}, False),
        ("", {"sub": f"repo:{OURS}:environment:bot"}, False),
        ("", {"repository_id": "43"}, False),  # another repository that took the name
        ("", {"sub": f"repo:laminlabs@12/census-bot@42:ref:{MAIN}"}, False),
        ("", {"aud": "https://github.com/laminlabs"}, False),
        ("bot", {"sub": f"repo:{OURS}:environment:bot"}, True),
        ("bot", {"sub": f"{NEW_FORM}:environment:bot"}, True),
        ("bot", {"sub": f"{NEW_FORM}:environment:bot", "ref": "refs/heads/evil"}, False),
        ("bot", {"sub": f"repo:{OURS}:environment:other"}, False),
        ("bot", {}, False),
    ],
)
@pytest.mark.parametrize("role", ["LauncherRole", "ReporterRole"])
def test_only_this_repositorys_default_branch_takes_a_role(
    account: Account, role: str, environment: str, claims: dict[str, str], trusted: bool
) -> None:
    stack = account.stack(OURS, Environment=environment)
    token = github_token(OURS, **claims)
    if trusted:
        assert account.key_by_token(stack.outputs[role], token)
        return
    with pytest.raises(ClientError, match="Not authorized to perform sts:AssumeRole"):
        account.key_by_token(stack.outputs[role], token)


def test_nobody_on_github_takes_the_machines_role(account: Account) -> None:
    stack = account.stack(OURS)
    with pytest.raises(ClientError, match="Not authorized"):
        account.key_by_token(stack.outputs["MachineRole"], github_token(OURS))


Act = Callable[[Account, str], Any]
"""What a role of ours tries, with its access key."""


def _secret(name: str, repository: str) -> Act:
    def act(account: Account, key: str) -> Any:
        host_id = "i-0002" if name == "delete_secret" else "i-0001"
        asked = {"SecretId": f"ingestion/{repository}/runner/{host_id}"}
        return getattr(account.amazon.client_as(key, "secretsmanager"), name)(**asked)

    return act


def _put(name: str, **more: str) -> Act:
    def act(account: Account, key: str) -> Any:
        s3 = account.amazon.client_as(key, "s3")
        return s3.put_object(Bucket=BUCKET, Key=f"{name}", Body=b"{}", **more)

    return act


def _delete(account: Account, key: str) -> Any:
    name = f"{OURS}/run-1/machines/1.json"
    return account.amazon.client_as(key, "s3").delete_object(Bucket=BUCKET, Key=name)


def _stop_job(repository: str) -> Act:
    def act(account: Account, key: str) -> Any:
        name = f"ingestion-{repository.replace('/', '-')}"
        return account.amazon.client_as(key, "sagemaker").stop_processing_job(
            ProcessingJobName=name
        )

    return act


def _terminate(repository: str) -> Act:
    def act(account: Account, key: str) -> Any:
        ec2 = account.amazon.client_as(key, "ec2")
        return ec2.terminate_instances(InstanceIds=[account.machines[repository]])

    return act


def _last_words(repository: str) -> Act:
    def act(account: Account, key: str) -> Any:
        logs = account.amazon.client_as(key, "logs")
        return logs.create_log_stream(logGroupName=f"/ingestion/{repository}", logStreamName="x")

    return act


TRAIL, REPORT = f"{OURS}/run-1/machines/2.json", f"{OURS}/run-1/report.json"
CASES: dict[str, tuple[str, Act, bool]] = {
    "launcher ends our machine": ("LauncherRole", _terminate(OURS), True),
    "launcher ends their machine": ("LauncherRole", _terminate(THEIRS), False),
    "launcher deletes our secret": ("LauncherRole", _secret("delete_secret", OURS), True),
    "launcher deletes their secret": ("LauncherRole", _secret("delete_secret", THEIRS), False),
    "launcher reads our secret": ("LauncherRole", _secret("get_secret_value", OURS), False),
    "launcher stops our job": ("LauncherRole", _stop_job(OURS), True),
    "launcher stops their job": ("LauncherRole", _stop_job(THEIRS), False),
    "launcher adds to the trail": ("LauncherRole", _put(TRAIL, IfNoneMatch="*"), True),
    "launcher writes over the trail": ("LauncherRole", _put(TRAIL), False),
    "launcher deletes from the trail": ("LauncherRole", _delete, False),
    "launcher writes their runs": ("LauncherRole", _put(f"{THEIRS}/run-1/x"), False),
    "machine reads our secret": ("MachineRole", _secret("get_secret_value", OURS), True),
    "machine reads their secret": ("MachineRole", _secret("get_secret_value", THEIRS), False),
    "machine deletes their secret": ("MachineRole", _secret("delete_secret", THEIRS), False),
    "machine writes its report": ("MachineRole", _put(REPORT), True),
    "machine adds to the trail": ("MachineRole", _put(TRAIL, IfNoneMatch="*"), False),
    "machine writes their runs": ("MachineRole", _put(f"{THEIRS}/run-1/report.json"), False),
    "machine says last words": ("MachineRole", _last_words(OURS), True),
    "machine speaks in their name": ("MachineRole", _last_words(THEIRS), False),
    "machine ends our machine": ("MachineRole", _terminate(OURS), False),
    "reporter writes a report": ("ReporterRole", _put(REPORT), False),
}


@pytest.fixture(scope="module")
def shared(running_amazon: FakeAws) -> Account:
    """An account with two repositories' stacks, and of each a machine, a secret and a job."""
    running_amazon.reset()
    account = Account(running_amazon)
    for repository in (OURS, THEIRS):
        account.stack(repository)
        account.populate(repository)
    return account


@pytest.mark.parametrize(("role", "act", "allowed"), CASES.values(), ids=CASES)
def test_each_role_does_its_own_and_no_more(
    shared: Account, role: str, act: Act, allowed: bool
) -> None:
    key = shared.key_of(OURS, role)
    if allowed:
        act(shared, key)
        return
    with pytest.raises(ClientError, match="not authorized"):
        act(shared, key)


def test_a_report_that_is_not_there_is_no_fault(shared: Account) -> None:
    for role in ("LauncherRole", "ReporterRole"):
        s3 = shared.amazon.client_as(shared.key_of(OURS, role), "s3")
        with pytest.raises(s3.exceptions.NoSuchKey):
            s3.get_object(Bucket=BUCKET, Key=f"{OURS}/run-9/report.json")


def test_the_trail_keeps_what_was_written_first(shared: Account) -> None:
    s3 = shared.amazon.client_as(shared.key_of(OURS, "LauncherRole"), "s3")
    s3.put_object(Bucket=BUCKET, Key=f"{OURS}/run-3/machines/1.json", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(
            Bucket=BUCKET, Key=f"{OURS}/run-3/machines/1.json", Body=b"2", IfNoneMatch="*"
        )


def _machine(account: Account, **changes: Any) -> dict[str, Any]:
    outputs = account.stacks[OURS].outputs
    tags = [{"Key": "ingestion-bot:repository", "Value": OURS}]
    return {
        "ImageId": IMAGE,
        "InstanceType": "r7i.8xlarge",
        "MinCount": 1,
        "MaxCount": 1,
        "ClientToken": str(sorted(changes)),
        "SubnetId": account.subnets[0],
        "SecurityGroupIds": [outputs["SecurityGroup"]],
        "IamInstanceProfile": {"Name": outputs["MachineProfile"]},
        "MetadataOptions": {"HttpTokens": "required"},
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}],
        "TagSpecifications": [
            {"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")
        ],
        "DryRun": True,
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "DryRunOperation"),
        ({"InstanceType": "p5.48xlarge"}, "UnauthorizedOperation"),
        ({"MetadataOptions": {"HttpTokens": "optional"}}, "UnauthorizedOperation"),
        ({"BlockDeviceMappings": [{"DeviceName": "a", "Ebs": {}}]}, "UnauthorizedOperation"),
        ({"ImageId": "ami-0bad"}, "UnauthorizedOperation"),
        ({"TagSpecifications": []}, "UnauthorizedOperation"),
        ({"IamInstanceProfile": {"Name": "administrator"}}, "UnauthorizedOperation"),
        ({"SubnetId": "subnet-0bad"}, "UnauthorizedOperation"),
    ],
    ids=lambda value: next(iter(value), "as ours") if isinstance(value, dict) else value,
)
def test_the_launcher_makes_machines_of_ours_alone(
    shared: Account, changes: Any, code: str
) -> None:
    ec2 = shared.amazon.client_as(shared.key_of(OURS, "LauncherRole"), "ec2")
    with pytest.raises(ClientError, match=code):
        ec2.run_instances(**_machine(shared, **changes))

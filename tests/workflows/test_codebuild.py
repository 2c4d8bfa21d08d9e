"""The stack that gives runners of CodeBuild, and what the workflow files make of its output.

No moto here: it knows neither webhooks of CodeBuild's nor GitHub's jobs. What it would check, the
pattern of each name and the shapes of CreateProject, botocore's model does.
"""

import re
from pathlib import Path
from subprocess import run
from typing import Any

import botocore.session
import pytest
import yaml

from bot.model.limits import CODEBUILD_HOURS, codebuild_output
from runners.contract import Machine
from workflows import workflow_files
from workflows.act import ROOT
from workflows.environments import Environment, Settings
from workflows.expressions import evaluate

TEMPLATE = ROOT / "runners/launch/aws/codebuild.yaml"
WORK = workflow_files.read((ROOT / ".github/workflows/run.yml").read_text())["jobs"]["work"]


class Loader(yaml.SafeLoader):  # type: ignore[misc]
    """CloudFormation's short functions, as their arguments alone."""


def _argument(loader: Loader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return None


Loader.add_multi_constructor("!", _argument)
STACK: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader)
PROJECT = STACK["Resources"]["Project"]["Properties"]


def output(**values: str) -> str:
    """The stack's output Codebuild, for these parameters."""
    with_price, without = STACK["Outputs"]["Codebuild"]["Value"][1:]
    text = str(with_price if "Price" in values else without)
    names = {"Project": "ingestion", "AWS::Region": "us-west-2", **values}
    return re.sub(r"\$\{([\w:]+)\}", lambda match: names[match[1]], text)


def worth(text: str, **variables: str) -> Any:
    github = {"run_id": "17", "run_attempt": "2"}
    contexts = {"vars": variables, "github": github, "needs": {"launch": {"outputs": {}}}}
    return evaluate(text, contexts, {})


@pytest.mark.parametrize("price", [{}, {"Price": "1.2"}])
def test_the_jobs_label_is_made_of_the_stacks_output(price: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/codebuild/latest/userguide/sample-github-action-runners-update-labels.html"""
    variable = output(ComputeType="BUILD_GENERAL1_LARGE", **price)
    label = worth(WORK["runs-on"], LAUNCHER="codebuild", CODEBUILD=variable)
    assert label == "codebuild-ingestion-17-2"
    assert codebuild_output(variable)["project"] == "ingestion"


@pytest.mark.parametrize("launcher", ["", "hosted", "ec2"])
def test_other_launchers_get_no_such_label(launcher: str) -> None:
    variables = {"LAUNCHER": launcher, "CODEBUILD": output(ComputeType="X")}
    assert worth(WORK["runs-on"], **variables) == "ubuntu-latest"
    assert worth(WORK["runs-on"], LAUNCHER=launcher) == "ubuntu-latest"


@pytest.mark.parametrize(
    ("launcher", "longest"),
    [("codebuild", PROJECT["TimeoutInMinutes"]), ("hosted", 360), ("", 360)],
)
def test_the_job_ends_by_itself_before_its_runner_does(launcher: str, longest: int) -> None:
    """And its registration before that: what was registered is verified yet."""
    minutes = worth(WORK["timeout-minutes"], LAUNCHER=launcher)
    registers = int(worth(WORK["env"]["MINUTES"], LAUNCHER=launcher))
    assert registers + 30 < minutes < longest
    assert PROJECT["TimeoutInMinutes"] == CODEBUILD_HOURS * 60


def test_a_runner_is_made_for_our_workflows_and_the_bot_alone() -> None:
    """One group, whose filters must all hold."""
    (group,) = PROJECT["Triggers"]["FilterGroups"]
    filters = {one["Type"]: one["Pattern"] for one in group}
    assert filters == {
        "EVENT": "WORKFLOW_JOB_QUEUED",
        "WORKFLOW_NAME": "Workflows",
        "ACTOR_ACCOUNT_ID": "Actors",
    }
    names = STACK["Parameters"]["Workflows"]["Default"]
    files = (ROOT / ".github/workflows").glob("*.yml")
    started = {workflow_files.read(path.read_text())["name"] for path in files}
    other = {"re-ingest", "verify docs"}  # of the repository's own
    assert {name for name in started | other if re.search(names, name)} == {"ingest", "verify"}
    actors = STACK["Parameters"]["Actors"]["AllowedPattern"]
    for pattern, is_allowed in (
        ("^41898282$", True),
        ("^(1|23)$", True),
        (".*", False),
        ("", False),
    ):
        assert bool(re.fullmatch(actors, pattern)) == is_allowed, pattern


def test_its_role_has_neither_lamindbs_key_nor_anything_that_costs() -> None:
    (policy,) = STACK["Resources"]["Role"]["Properties"]["Policies"]
    statements = [
        one if isinstance(one, dict) else one[1] for one in policy["PolicyDocument"]["Statement"]
    ]
    services = set()
    for one in statements:
        actions = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
        services |= {action.split(":")[0] for action in actions}
        assert "*" not in "".join(actions)
        assert one["Resource"] != "*", one["Sid"]
    assert services == {"codeconnections", "codestar-connections", "logs", "s3"}
    conditional = [one[0] for one in policy["PolicyDocument"]["Statement"] if isinstance(one, list)]
    assert conditional == ["HasRuns", "HasRuns"]


def test_lamindbs_key_is_given_to_the_job_of_the_default_branch_alone() -> None:
    environment = Environment({"LAMIN_API_KEY": "key"}, frozenset({"main"}))
    settings = Settings({"LAUNCHER": "codebuild"}, environments={"instance": environment})
    assert settings.secrets_of(WORK, "main") == {"LAMIN_API_KEY": "key"}
    assert settings.refusal(WORK, "theirs")


def test_the_project_is_one_that_codebuild_takes() -> None:
    """By botocore's model of CreateProject and CreateWebhook, which has AWS's limits and words."""
    model = botocore.session.get_session().get_service_model("codebuild")
    project = model.operation_model("CreateProject").input_shape.members
    limits = project["timeoutInMinutes"].metadata
    assert limits["min"] <= PROJECT["TimeoutInMinutes"] <= limits["max"]
    limits = project["queuedTimeoutInMinutes"].metadata
    assert limits["min"] <= PROJECT["QueuedTimeoutInMinutes"] <= limits["max"]
    environment = project["environment"].members
    assert PROJECT["Environment"]["Type"] in environment["type"].enum
    assert set(STACK["Parameters"]["ComputeType"]["AllowedValues"]) < set(
        environment["computeType"].enum
    )
    assert PROJECT["Source"]["Type"] in project["source"].members["type"].enum
    auth = project["source"].members["auth"].members["type"]
    assert PROJECT["Source"]["Auth"]["Type"] in auth.enum
    webhook = model.operation_model("CreateWebhook").input_shape.members
    kinds = webhook["filterGroups"].member.member.members["type"].enum
    assert {one["Type"] for one in PROJECT["Triggers"]["FilterGroups"][0]} < set(kinds)
    assert PROJECT["Triggers"]["BuildType"] in webhook["buildType"].enum


def test_the_machine_is_named_with_what_the_stack_says(tmp_path: Path) -> None:
    """As a report has it: the step's own words, run as the job runs them."""
    step = next(step for step in WORK["steps"] if step.get("name") == "Name the machine")
    assert step["if"] == "vars.LAUNCHER == 'codebuild'"
    file = tmp_path / "env"
    told = {
        "CODEBUILD": output(ComputeType="BUILD_GENERAL1_LARGE", Price="1.2"),
        "RUNNER_NAME": "runner-1",
        "GITHUB_ENV": str(file),
        "PATH": "/usr/bin:/bin",
    }
    run(["bash", "-e", "-o", "pipefail", "-c", step["run"]], env=told, check=True)
    lines = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert lines["AWS_REGION"] == "us-west-2"
    assert Machine.from_json(lines["MACHINE"], source="MACHINE") == Machine(
        launcher="codebuild",
        type="BUILD_GENERAL1_LARGE",
        region="us-west-2",
        id="runner-1",
        price=1.2,
    )

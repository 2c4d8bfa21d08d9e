"""`runners stack`: what it prints makes the stack, of which launch.toml is made."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import jmespath  # type: ignore[import-untyped]  # it has no types
import pytest
from click.testing import CliRunner, Result

from runners.cli.commands import main
from runners.contract.launch_toml import Configuration
from runners.launch.stack import TEMPLATE

WORDS = (
    *("stack", "commands", "--repository", "lab/cell.census", "--region", "us-west-2"),
    *("--runs", "s3://lab-runs/ingestion/census/", "--storage", "s3://lab-lamin/cellxgene"),
    *("--storage", "s3://lab-lamin/second", "--subnet", "subnet-0a", "--subnet", "subnet-0b"),
)
SHIM = """\
#!/bin/sh
echo "$(basename "$0")" "$@" >> "$CALLS"
case "$*" in
  *get-caller-identity*) echo 123456789012;;
  *describe-subnets*) echo vpc-0c;;
  *get-parameter*) echo ami-0d;;
  *describe-secret*) echo arn:aws:secretsmanager:us-west-2:1:secret:ingestion/lamindb-AbCdEf;;
  *.owner.id) echo 41;;
  *.id) echo 42;;
  *deploy*) shift 7; for one; do echo "$one"; done > "$DEPLOYED";;
  *describe-stacks*--query*) printf "$STACKS";;
  *describe-stacks*) echo '{}';;
esac
"""


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words, catch_exceptions=False)


def names(part: str) -> dict[str, str]:
    """The template's parameters or outputs, each with its text."""
    text = re.search(rf"(?ms)^{part}:\n(.*?)(?=^\S|\Z)", TEMPLATE.read_text())
    assert text
    split = re.split(r"(?m)^  (\w+):\n", text[1])[1:]
    return dict(zip(split[::2], split[1::2], strict=True))


def deployed(folder: Path, *words: str, stacks: str = "") -> dict[str, str]:
    """The stack's parameters, where a shell runs what is printed; AWS and GitHub are stand-ins.
    `stacks` is what AWS says of those that have one of the two names.
    """
    for name in ("aws", "gh"):
        (folder / name).write_text(SHIM)
        (folder / name).chmod(0o755)
    done = run(*WORDS, *words)
    assert done.exit_code == 0, done.output
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "CALLS": str(folder / "calls"),
        "DEPLOYED": str(folder / "deployed"),
        "STACKS": stacks,
    }
    subprocess.run(["sh", "-c", done.output], cwd=folder, env=environment, check=True)
    given = (folder / "deployed").read_text().splitlines()
    at = given.index("--parameter-overrides")
    assert "--capabilities CAPABILITY_IAM" in " ".join(given[:at])
    return dict(one.split("=", 1) for one in given[at + 1 :])


def test_what_is_printed_gives_the_stack_all_that_it_asks_for(tmp_path: Path) -> None:
    given = deployed(tmp_path)
    known = names("Parameters")
    assert set(given) <= set(known)
    assert {name for name, text in known.items() if "Default:" not in text} <= set(given)
    assert given == {
        "Repository": "lab/cell.census",
        "OwnerId": "41",
        "RepositoryId": "42",
        "Vpc": "vpc-0c",
        "LaminDbSecretArn": "arn:aws:secretsmanager:us-west-2:1:secret:ingestion/lamindb-AbCdEf",
        "Branch": "main",
        "Environment": "",
        "SubnetArns": (
            "arn:aws:ec2:us-west-2:123456789012:subnet/subnet-0a,"
            "arn:aws:ec2:us-west-2:123456789012:subnet/subnet-0b"
        ),
        "ImageArns": "arn:aws:ec2:us-west-2::image/ami-0d",
        "RunsBucket": "lab-runs",
        "RunsPrefix": "ingestion/census",
        "InstanceStorageArns": "arn:aws:s3:::lab-lamin/cellxgene/*,arn:aws:s3:::lab-lamin/second/*",
        "InstanceBucketArns": "arn:aws:s3:::lab-lamin",
    }
    assert (tmp_path / "stack.json").is_file()


def test_what_the_template_has_by_itself_is_given_only_where_it_is_said(tmp_path: Path) -> None:
    provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    given = deployed(
        tmp_path, "--type", "r7i.8xlarge", "--type", "r6i.8xlarge", "--provider", provider,
        "--image", "ami-0e", "--environment", "bot",
    )  # fmt: skip
    assert given["InstanceTypes"] == "r7i.8xlarge,r6i.8xlarge"
    assert given["ExistingOidcProvider"] == provider
    assert given["ImageArns"].endswith("::image/ami-0e")
    assert given["Environment"] == "bot"


PLAIN = "ingestion-lab-cell-census"
LONGER = f"{PLAIN}-2e13f371"


@pytest.mark.parametrize(
    ("stacks", "name"),
    [
        ("", PLAIN),
        (f"{PLAIN}\tlab/cell.census\n", PLAIN),
        (f"{PLAIN}\tlab/cell-census\n", LONGER),
        (f"{PLAIN}\tlab/cell.census-2\n", LONGER),
        (f"{PLAIN}\tNone\n", LONGER),
        (f"{LONGER}\tlab/cell.census\n", LONGER),
        (f"{LONGER}\tlab/cell.census\n{PLAIN}\tlab-cell/census\n", LONGER),
        (f"{LONGER}\tlab/cell.census\n{PLAIN}\tlab/cell.census\n", PLAIN),
    ],
)
def test_a_stack_that_is_there_keeps_its_name_and_no_other_is_taken(
    tmp_path: Path, stacks: str, name: str
) -> None:
    """Two of one repository would want one log group, and one name for two would be one stack."""
    deployed(tmp_path, stacks=stacks)
    calls = (tmp_path / "calls").read_text()
    assert re.findall("--stack-name (\\S+)", calls) == [name, name]
    query = re.search("describe-stacks --query (.*)", calls)
    assert query
    other = {"StackName": "another", "Parameters": [{"ParameterKey": "Repository"}]}
    ours = {
        "StackName": PLAIN,
        "Parameters": [{"ParameterKey": "Repository", "ParameterValue": "lab/cell.census"}],
    }
    unnamed = {"StackName": LONGER}
    asked = jmespath.search(query[1], {"Stacks": [other, ours, unnamed]})
    assert asked == [[PLAIN, "lab/cell.census"], [LONGER, None]]


def test_each_repository_can_have_a_stack_of_its_own() -> None:
    """`deploy` would make one stack of two that have one name. AWS takes 128 characters."""
    alike = ("lab/census-bot", "lab-census/bot", "lab/census.bot", "lab/census_bot")
    repositories = (*alike, "lab/census-bot-", *(f"{'a' * 39}/{'b' * 99}{end}" for end in "cd"))
    found = [
        re.findall("stack=(\\S+) ;;", run(*WORDS, "--repository", one).output)
        for one in repositories
    ]
    assert {names[0] for names in found[:4]} == {"ingestion-lab-census-bot"}
    assert len({longer for _, longer, _ in found}) == len(repositories)
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9-]{0,127}", one) for names in found for one in names)


@pytest.mark.parametrize("prefix", ["r", "r2", "runs/census", "a/b/c"])
def test_the_template_takes_each_prefix_that_is_printed(tmp_path: Path, prefix: str) -> None:
    given = deployed(tmp_path, "--runs", f"s3://b/{prefix}")
    pattern = re.search('AllowedPattern: "(.*)"', names("Parameters")["RunsPrefix"])
    assert pattern
    assert re.fullmatch(pattern[1], given["RunsPrefix"])
    assert not re.fullmatch(pattern[1], f"/{prefix}")
    assert not re.fullmatch(pattern[1], f"{prefix}/")


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--repository", "lab"),
        ("--region", "west; rm"),
        ("--subnet", "arn:aws:ec2:::subnet/x"),
        ("--image", "al2023"),
        ("--runs", "s3://bucket"),
        ("--storage", "bucket/prefix"),
    ],
)
def test_a_value_that_is_none_is_refused(option: str, text: str) -> None:
    done = run(*WORDS, option, text)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{option}: '{text}' is n")
    assert done.stdout == ""


# --- launch.toml ----------------------------------------------------------------------------------


def described(**changes: Any) -> str:
    """What `aws cloudformation describe-stacks` prints of a stack of the template."""
    parameters = {
        "Repository": "lab/census",
        "LaminDbSecretArn": "arn:aws:secretsmanager:us-west-2:1:secret:ingestion/lamindb-AbCdEf",
        "SubnetArns": ",".join(f"arn:aws:ec2:us-west-2:1:subnet/subnet-0{one}" for one in "ab"),
        "ImageArns": "arn:aws:ec2:us-west-2::image/ami-0d",
        "InstanceTypes": "r7i.8xlarge,r6i.8xlarge",
        "RunsBucket": "lab-runs",
        "RunsPrefix": "ingestion/census",
    }
    outputs = {
        "LauncherRole": "arn:aws:iam::123456789012:role/launcher",
        "ReporterRole": "arn:aws:iam::123456789012:role/reporter",
        "MachineProfile": "census-MachineProfile-1",
        "MachineRole": "arn:aws:iam::123456789012:role/machine",
        "SecurityGroup": "sg-0f",
        "LogGroup": "/ingestion/lab/census",
    }
    assert set(parameters) <= set(names("Parameters"))
    assert set(outputs) == set(names("Outputs"))
    stack = {
        "StackId": "arn:aws:cloudformation:us-west-2:123456789012:stack/ingestion/1",
        "StackStatus": "CREATE_COMPLETE",
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()],
        **changes,
    }
    return json.dumps({"Stacks": [stack]})


def configured(folder: Path, text: str) -> Result:
    (folder / "stack.json").write_text(text)
    words = ("stack", "configuration", "--outputs", str(folder / "stack.json"))
    return run(*words, "--budget", "60", "--to", str(folder / "launch.toml"))


def test_launch_toml_is_filled_from_the_stack(tmp_path: Path) -> None:
    done = configured(tmp_path, described())
    assert done.exit_code == 0, done.output
    file = tmp_path / "launch.toml"
    assert Configuration.from_file(file).for_ec2().log_group == "/ingestion/lab/census"
    assert tomllib.loads(file.read_text())["launch"] == {
        "repository": "lab/census",
        "runs": "s3://lab-runs/ingestion/census",
        "region": "us-west-2",
        "lifetime_hours": 24.0,
        "budget": 60.0,
        "lamindb_secret": "ingestion/lamindb",
        "ec2": {
            "types": ["r7i.8xlarge", "r6i.8xlarge"],
            "subnets": ["subnet-0a", "subnet-0b"],
            "security_group": "sg-0f",
            "image": "ami-0d",
            "role": "census-MachineProfile-1",
            "log_group": "/ingestion/lab/census",
        },
    }
    reads = (
        "gh variable set READ_ROLE --repo lab/census --body arn:aws:iam::123456789012:role/reporter"
    )
    assert reads in done.output
    assert f"gh variable set LAUNCH_TOML --repo lab/census < {file}\n" in done.output


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "launch.toml").write_text("hers")
    done = configured(tmp_path, described())
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is there, and left so" in done.stderr
    assert (tmp_path / "launch.toml").read_text() == "hers"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", "isn't what `aws cloudformation describe-stacks` prints of one stack (KeyError)"),
        ("no", "isn't what `aws cloudformation describe-stacks` prints"),
        (described(StackStatus="ROLLBACK_COMPLETE"), "the stack is ROLLBACK_COMPLETE"),
        (described(Outputs=[]), "The stack has no SecurityGroup"),
    ],
)
def test_what_is_no_such_stack_is_told(tmp_path: Path, text: str, problem: str) -> None:
    done = configured(tmp_path, text)
    assert done.exit_code == 2
    assert problem in done.stderr
    assert not (tmp_path / "launch.toml").exists()

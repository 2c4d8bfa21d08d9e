"""The stack that machines need: the shell commands that make it, and launch.toml from what AWS says
of it.

What is known of the template runners/launch/aws/ingestion.yaml: its parameters and outputs.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from runners.contract import ContractError
from runners.contract.launch_toml import Configuration, bucket_and_prefix

TEMPLATE = Path(__file__).parent / "aws" / "ingestion.yaml"
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
"""https://docs.aws.amazon.com/linux/al2023/ug/ec2.html#launch-via-aws-cli"""
MOST_NAME = 128
OF_ARN = re.compile(r"arn:[\w-]+:secretsmanager:[\w-]+:\d+:secret:(.+)-\w{6}")
"""https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html"""


@dataclass(frozen=True, slots=True)
class WantedStack:
    """`runs` and `storage` are s3:// addresses; `image` is None for the newest Amazon Linux 2023,
    `provider` for an account that has none of GitHub's yet.
    """

    repository: str
    region: str
    runs: str
    storage: Sequence[str]
    subnets: Sequence[str]
    secret: str
    image: str | None = None
    types: Sequence[str] = ()
    branch: str = "main"
    environment: str = ""
    provider: str | None = None

    @property
    def names(self) -> tuple[str, str]:
        """The stack's name, and that which it has if the first is another repository's stack's: an
        account can have several, and `a-b/c` is written as `a/b-c` is.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html
        """
        name = "ingestion-" + re.sub(r"[^A-Za-z0-9-]", "-", self.repository)
        digest = hashlib.sha256(self.repository.encode()).hexdigest()[:8]
        longer = f"{name[: MOST_NAME - 9]}-{digest}"
        return (name if len(name) <= MOST_NAME else longer), longer


def commands(wanted: WantedStack, template: str) -> Iterator[str]:
    """What makes or updates the stack, and writes what AWS says of it to stack.json.

    Raises:
        ContractError: an address is none.
    """
    aws = f"aws --region {quote(wanted.region)}"
    asks = f"{aws} --output text"
    yield f'account="$({asks} sts get-caller-identity --query Account)"'
    subnet = quote(wanted.subnets[0])
    of_subnet = f"ec2 describe-subnets --subnet-ids {subnet} --query 'Subnets[0].VpcId'"
    yield f'vpc="$({asks} {of_subnet})"'
    if wanted.image is None:
        newest = f"ssm get-parameter --name {IMAGE} --query Parameter.Value"
        yield f'image="$({asks} {newest})"'
    else:
        yield f"image={quote(wanted.image)}"
    of_secret = f"secretsmanager describe-secret --secret-id {quote(wanted.secret)} --query ARN"
    yield f'secret="$({asks} {of_secret})"'
    for name, place in (("owner_id", ".owner.id"), ("repository_id", ".id")):
        yield f'{name}="$(gh api repos/{quote(wanted.repository)} --jq {place})"'
    yield from _choice_of_name(wanted, asks)
    stack = '--stack-name "$stack"'
    yield (
        f"{aws} cloudformation deploy {stack} --template-file {quote(template)} "
        f"--capabilities CAPABILITY_IAM --parameter-overrides {' '.join(_parameters(wanted))}"
    )
    yield f"{aws} --output json cloudformation describe-stacks {stack} > stack.json"


def _choice_of_name(wanted: WantedStack, asks: str) -> Iterator[str]:
    """Gives `$stack` its name: a stack that the repository has keeps its own, and none is made of
    another repository's.
    """
    name, longer = wanted.names
    of_both = f"StackName=='{name}' || StackName=='{longer}'"
    repository = "Parameters[?ParameterKey=='Repository'].ParameterValue | [0]"
    query = f"Stacks[?{of_both}].[StackName, {repository}]"
    yield f'there="$({asks} cloudformation describe-stacks --query "{query}")"'
    yield """case " $(echo "$there" | tr '\\t\\n' '  ') " in"""
    yield f'  *" {name} {wanted.repository} "*) stack={name} ;;'
    yield f'  *" {name} "* | *" {longer} "*) stack={longer} ;;'
    yield f"  *) stack={name} ;;"
    yield "esac"


def _parameters(wanted: WantedStack) -> Iterator[str]:
    """As `Name=value`, for a shell. What isn't named keeps the value that the stack has."""
    of = _partition(wanted.region)
    bucket, prefix = _address(wanted.runs, "--runs")
    places = [_address(storage, "--storage") for storage in wanted.storage]
    buckets = list(dict.fromkeys(name for name, _ in places))
    within = [f"arn:{of}:s3:::{'/'.join(filter(None, (b, p)))}/*" for b, p in places]
    yield f"Repository={quote(wanted.repository)}"
    yield 'OwnerId="$owner_id" RepositoryId="$repository_id" Vpc="$vpc" LaminDbSecretArn="$secret"'
    yield f"Branch={quote(wanted.branch)} Environment={quote(wanted.environment)}"
    arns = [f"arn:{of}:ec2:{wanted.region}:$account:subnet/{one}" for one in wanted.subnets]
    yield f'SubnetArns="{",".join(arns)}"'
    yield f'ImageArns="arn:{of}:ec2:{wanted.region}::image/$image"'
    yield f"RunsBucket={quote(bucket)} RunsPrefix={quote(prefix)}"
    yield f"InstanceStorageArns={quote(','.join(within))}"
    yield f"InstanceBucketArns={quote(','.join(f'arn:{of}:s3:::{name}' for name in buckets))}"
    if wanted.types:
        yield f"InstanceTypes={quote(','.join(wanted.types))}"
    if wanted.provider:
        yield f"ExistingOidcProvider={quote(wanted.provider)}"


def _partition(region: str) -> str:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""
    kinds = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}
    return next((of for begin, of in kinds.items() if region.startswith(begin)), "aws")


def _address(text: str, option: str) -> tuple[str, str]:
    found = bucket_and_prefix(text)
    if found is None or (option == "--runs" and not found[1]):
        raise ContractError(f"{option}: {text!r} is no s3://BUCKET/PREFIX; give one.")
    return found


# --- launch.toml ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stack:
    """What AWS says of a stack that is there."""

    region: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    @classmethod
    def from_file(cls, path: Path) -> "Stack":
        """Of what `aws cloudformation describe-stacks` has printed.

        Raises:
            ContractError: it is something else, or of a stack that isn't complete.
        """
        try:
            (told,) = json.loads(path.read_text(encoding="utf-8"))["Stacks"]
            status, region = told["StackStatus"], told["StackId"].split(":")[3]
            parameters = {p["ParameterKey"]: p["ParameterValue"] for p in told["Parameters"]}
            outputs = {o["OutputKey"]: o["OutputValue"] for o in told.get("Outputs", ())}
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise ContractError(
                f"{path}: isn't what `aws cloudformation describe-stacks` prints of one stack "
                f"({type(error).__name__}); let it print that, as JSON."
            ) from error
        if status not in COMPLETE:
            raise ContractError(f"{path}: the stack is {status}; mend or await it, and ask again.")
        return cls(region, parameters, outputs)

    def said(self, name: str) -> str:
        """A parameter or an output. Raises ContractError if the stack has neither."""
        if value := self.outputs.get(name) or self.parameters.get(name):
            return value
        raise ContractError(f"The stack has no {name}: is it of ingestion.yaml, and up to date?")


COMPLETE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


def launch_table(stack: Stack, *, budget: float, hours: float) -> dict[str, Any]:
    """The table [launch] with what the stack says. Raises ContractError if it doesn't hold."""
    secret = OF_ARN.fullmatch(stack.said("LaminDbSecretArn"))
    table = {
        "repository": stack.said("Repository"),
        "runs": f"s3://{stack.said('RunsBucket')}/{stack.said('RunsPrefix')}",
        "region": stack.region,
        "lifetime_hours": hours,
        "budget": budget,
        "lamindb_secret": secret[1] if secret else stack.said("LaminDbSecretArn"),
        "ec2": {
            "types": stack.said("InstanceTypes").split(","),
            "subnets": [arn.split("/")[-1] for arn in stack.said("SubnetArns").split(",")],
            "security_group": stack.said("SecurityGroup"),
            "image": stack.said("ImageArns").split(",")[0].split("/")[-1],
            "role": stack.said("MachineProfile"),
            "log_group": stack.said("LogGroup"),
        },
    }
    Configuration.from_mapping(table, source="launch.toml, [launch]")
    return table


def as_toml(table: Mapping[str, Any], name: str = "launch") -> str:
    """The table and those in it. What JSON writes of texts, numbers and lists is TOML, too."""
    inner = {key: value for key, value in table.items() if isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(table[key])}" for key in table if key not in inner]
    return "\n".join(
        [
            f"[{name}]",
            *lines,
            *(f"\n{as_toml(value, f'{name}.{key}')}" for key, value in inner.items()),
        ]
    )


def variables(stack: Stack, file: Path) -> Iterator[str]:
    """The commands of `gh` that set the repository's variables."""
    at = f"--repo {quote(stack.said('Repository'))}"
    values = {
        "AWS_REGION": stack.region,
        "RUNS": f"s3://{stack.said('RunsBucket')}/{stack.said('RunsPrefix')}",
        "READ_ROLE": stack.said("ReporterRole"),
        "LAUNCH_ROLE": stack.said("LauncherRole"),
    }
    for name, value in values.items():
        yield f"gh variable set {name} {at} --body {quote(value)}"
    yield f"gh variable set LAUNCH_TOML {at} < {quote(str(file))}"
    yield f"gh variable set LAUNCHER {at} --body ec2"

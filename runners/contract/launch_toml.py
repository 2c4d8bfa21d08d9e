"""The `[launch]` table of a TOML file: where machines come from, and what they may cost.

Checked whole before anything is asked of AWS or GitHub.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from runners.contract.document import ContractError, Document, text_of

Count = Annotated[int, Field(ge=1)]
Dollars = Annotated[float, Field(gt=0)]
Subnet = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]+$")]
REGION = r"[a-z]{2,4}(-[a-z]+)+-\d+"
"""A region of AWS in any of its partitions, as us-west-2, us-gov-west-1 and eusc-de-east-1."""
MOST_HOURS = 216
EC2_HOURS = 120
SecurityGroup = Annotated[str, Field(pattern=r"^sg-[0-9a-f]+$")]


class RunnerPin(Document):
    """GitHub's runner application, exactly one. GitHub refuses it 30 days after the next, and a JIT
    runner doesn't update itself.
    """

    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Ec2(Document):
    """A virtual machine as GitHub's runner. `types` and `subnets` stand in order of preference.

    `role` names the instance profile; `image` is an Amazon Linux 2023 whose root is `root_device`.
    `online_within_minutes` is what a machine has to become a runner, `idle_minutes` what a runner
    has to be given its job. `runner` pins GitHub's application; else a launch takes the newest.
    """

    types: Annotated[tuple[str, ...], Field(min_length=1)]
    subnets: Annotated[tuple[Subnet, ...], Field(min_length=1)]
    security_group: SecurityGroup
    image: Annotated[str, Field(pattern=r"^ami-[0-9a-f]+$")]
    role: str
    root_device: str = "/dev/xvda"
    disk_gib: Annotated[int, Field(ge=20, le=16384)] = 500
    spot: bool = False
    online_within_minutes: Annotated[float, Field(gt=0, le=60)] = 15
    idle_minutes: Annotated[float, Field(gt=0, le=240)] = 30
    poll_seconds: Annotated[float, Field(gt=0, le=60)] = 10
    runner_group: Count = 1
    log_group: str | None = None
    runner: RunnerPin | None = None


class SageMaker(Document):
    """A Processing job that does the same work; `image` is made from the Dockerfile beside this.

    In a network of one's own it takes both `subnets` and `security_group`; without, AWS's own way
    to the internet.
    """

    type: Annotated[str, Field(pattern=r"^ml\.")]
    image: str
    role: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/")]
    subnets: tuple[Subnet, ...] = ()
    security_group: SecurityGroup | None = None
    disk_gib: Annotated[int, Field(ge=1, le=16384)] = 500

    @model_validator(mode="after")
    def _network_is_whole(self) -> Self:
        """AWS wants both: `VpcConfig` of
        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html
        """
        if bool(self.subnets) != bool(self.security_group):
            lacking = "security_group" if self.subnets else "subnets"
            raise ValueError(
                f"{lacking} is missing: AWS takes subnets and security_group together or not at all"
            )
        return self


class Configuration(Document):
    """What may be launched for `repository`, for how long, and for how much.

    `runs` (s3://bucket/prefix, or a folder) is where requests, reports and the machines' audit
    trail lie. `organisation` registers runners there instead of in the repository. `prices`, in US
    dollars an hour by type, go before the table of this software.
    """

    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$")]
    runs: Annotated[str, Field(min_length=1)]
    region: Annotated[str, Field(pattern=rf"^{REGION}$")]
    lifetime_hours: Annotated[float, Field(gt=0, le=MOST_HOURS)]
    budget: Dollars
    lamindb_secret: str | None = None
    organisation: bool = False
    prices: Mapping[str, Dollars] = Field(default_factory=dict)
    ec2: Ec2 | None = None
    sagemaker: SageMaker | None = None

    @model_validator(mode="after")
    def _life_is_as_long_as_its_place_allows(self) -> Self:
        """216 hours are the most of a Processing job's `MaxRuntimeInSeconds`, five days GitHub's
        for a job on a machine: https://docs.github.com/en/actions/reference/limits
        """
        if self.ec2 and self.lifetime_hours > EC2_HOURS:
            raise ValueError(f"lifetime_hours must be {EC2_HOURS} at most, with [launch.ec2]")
        return self

    @model_validator(mode="after")
    def _machines_read_runs_from_s3(self) -> Self:
        if self.sagemaker and not self.runs.startswith("s3://"):
            raise ValueError("runs must be an s3:// address for sagemaker")
        return self

    @property
    def lifetime(self) -> timedelta:
        """How long a machine may live."""
        return timedelta(hours=self.lifetime_hours)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The table in the file at `path`. Raises ContractError as `from_text` does, and where it
        can't be read.
        """
        return cls.from_text(text_of(path), source=str(path))

    @classmethod
    def from_text(cls, text: str, *, source: str) -> Self:
        """The table in TOML; `source` (a path or a variable) names it in errors.

        Raises:
            ContractError: no TOML, no such table, or a field that is missing, unknown or wrong.
        """
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ContractError(f"{source}: not TOML ({error}); correct it.") from error
        if "launch" not in raw:
            raise ContractError(f"{source}: table [launch] is missing; add it.")
        return cls.from_mapping(raw["launch"], source=f"{source}, [launch]")

    def for_ec2(self) -> Ec2:
        """The `[launch.ec2]` table. Raises ContractError if there is none."""
        if self.ec2 is None:
            raise ContractError("table [launch.ec2] is missing; add it, or use another launcher.")
        return self.ec2

    def for_sagemaker(self) -> SageMaker:
        """The `[launch.sagemaker]` table. Raises ContractError if there is none."""
        if self.sagemaker is None:
            raise ContractError(
                "table [launch.sagemaker] is missing; add it, or use another launcher."
            )
        return self.sagemaker


def bucket_and_prefix(address: str) -> tuple[str, str] | None:
    """Bucket and prefix of an s3:// address, without slashes at its end; None for a folder."""
    if match := re.fullmatch(r"s3://([^/]+)/?(.*?)/*", address):
        return match[1], match[2]
    return None

"""What an account of AWS has of what launches need, looked at part by part.

Changes nothing but one object, `doctor.json`, where runs are kept.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runners.contract.launch_toml import Configuration, Ec2, SageMaker, bucket_and_prefix
from runners.h5ad.address import is_refused
from runners.launch.aws import client, code_of
from runners.launch.aws_requests import run_instances
from runners.launch.ports import Candidate, Order

PROBE = "doctor.json"

QUOTAS = {False: ("L-1216C47A", "On-Demand"), True: ("L-34B43A08", "Spot")}
"""Code and kind, by whether machines are spot, of the quota of vCPUs for the families STANDARD:
https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
"""

STANDARD = re.compile(r"(?:[acdhmrtz]|i[ms]?)\d")
"""How a type of these families begins: with all of the family's letters, before its generation
(https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html). Im and Is are I's
with another ratio of memory to storage; trn, hpc, inf and dl are families of their own.
"""

ARCHITECTURE = "x86_64"
"""Of the runner that a machine fetches, and of the packages that it installs."""

SPOT_ROLE = "AWSServiceRoleForEC2Spot"
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html"""


class MissingError(Exception):
    """A sentence that says what is missing, and the remedy."""


class Account:
    """Each look returns what was seen, in a sentence.

    Raises:
        MissingError: what is missing, and the remedy.
        ClientError, BotoCoreError: AWS says no, or nothing.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self._clients: dict[str, Any] = {}

    def _client(self, service: str) -> Any:
        """Made once: that takes longer than what is then asked."""
        if service not in self._clients:
            self._clients[service] = client(service, self.configuration.region)
        return self._clients[service]

    def credentials(self) -> str:
        try:
            who = self._client("sts").get_caller_identity()
        except BotoCoreError as error:
            if is_refused(error):
                raise
            raise MissingError(f"AWS can't be asked ({error}); try again.") from error
        return f"AWS answers to {who['Arn']}."

    def runs(self, now: datetime) -> str:
        return kept(self.configuration.runs, self.configuration.region, now)

    def secret(self) -> str:
        name = self.configuration.lamindb_secret
        if name is None:
            return "[launch] names no lamindb_secret: machines log in to LaminDB by no key."
        try:
            described = self._client("secretsmanager").describe_secret(SecretId=name)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            raise MissingError(
                f"[launch]: lamindb_secret: there is no secret {name} in "
                f"{self.configuration.region}; make it, with LaminDB's API key as its text."
            ) from error
        if described.get("DeletedDate"):
            raise MissingError(f"the secret {name} is being deleted; restore it.")
        return f"the secret {name} is there; its text wasn't read."

    def image(self, ec2: Ec2) -> str:
        images = self._client("ec2").describe_images(ImageIds=[ec2.image])["Images"]
        if not images or images[0]["State"] != "available":
            raise MissingError(
                f"[launch.ec2]: image {ec2.image} isn't available in {self.configuration.region}; "
                "name an image of Amazon Linux 2023 of that region."
            )
        if (architecture := images[0].get("Architecture")) != ARCHITECTURE:
            raise MissingError(
                f"[launch.ec2]: image {ec2.image} is for {architecture}, and machines are "
                f"{ARCHITECTURE}; name an image of Amazon Linux 2023 for that."
            )
        device = images[0].get("RootDeviceName")
        if device != ec2.root_device:
            raise MissingError(
                f"[launch.ec2]: root_device is {ec2.root_device}, and the image's is {device}; "
                "correct it, else the disk stays as small as the image."
            )
        return f"it is {images[0].get('Name', 'there')}, with its root on {device}."

    def way_out(self, subnet: str, *, is_job: bool = False) -> str:
        """A machine of ours asks for no public address, and gets one where its subnet gives it; a
        Processing job gets none.
        """
        ec2 = self._client("ec2")
        (described,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
        own = [{"Name": "association.subnet-id", "Values": [subnet]}]
        main = [
            {"Name": "association.main", "Values": ["true"]},
            {"Name": "vpc-id", "Values": [described["VpcId"]]},
        ]
        tables = ec2.describe_route_tables(Filters=own)["RouteTables"]
        tables = tables or ec2.describe_route_tables(Filters=main)["RouteTables"]
        routes = [route for table in tables for route in table["Routes"] if _leads_out(route)]
        if not routes:
            raise MissingError(
                f"{subnet} has no route to 0.0.0.0/0; add one to a NAT gateway or an internet "
                "gateway, else a machine reaches neither GitHub nor the Census."
            )
        gateway = str(routes[0].get("GatewayId", ""))
        if gateway.startswith("igw-") and (is_job or not described["MapPublicIpOnLaunch"]):
            raise MissingError(
                f"{subnet} leads to the internet gateway {gateway}, and gives no public address; "
                "let it lead to a NAT gateway" + ("." if is_job else ", or let it give addresses.")
            )
        return f"{subnet} leads out{f' by {gateway}' if gateway else ''}."

    def quota(self, ec2: Ec2, kind: str) -> str:
        if STANDARD.match(kind) is None:
            return f"{kind} is of a family with a quota of its own, which wasn't looked at."
        types = self._client("ec2").describe_instance_types(InstanceTypes=[kind])["InstanceTypes"]
        needed = types[0]["VCpuInfo"]["DefaultVCpus"]
        code, name = QUOTAS[ec2.spot]
        allowed = self._allowed(code)
        if allowed < needed:
            raise MissingError(
                f"{kind} has {needed} vCPUs, and the account may have {allowed:g} of {name} "
                f"standard machines; ask AWS to raise the quota {code}, or name a smaller type."
            )
        return f"{kind} has {needed} vCPUs, of {allowed:g} that the account may have."

    def _allowed(self, code: str) -> float:
        """A quota of EC2's, which is AWS's default where the account has none of its own
        (https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html).
        """
        quotas, wanted = self._client("service-quotas"), {"ServiceCode": "ec2", "QuotaCode": code}
        try:
            answer = quotas.get_service_quota(**wanted)
        except ClientError as error:
            if code_of(error) != "NoSuchResourceException":
                raise
            answer = quotas.get_aws_default_service_quota(**wanted)
        return float(answer["Quota"]["Value"])

    def spot_role(self) -> str:
        command = "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"
        try:
            self._client("iam").get_role(RoleName=SPOT_ROLE)
        except ClientError as error:
            if code_of(error) != "NoSuchEntity":
                raise
            raise MissingError(f"the account has no {SPOT_ROLE}; run: {command}") from error
        return f"{SPOT_ROLE} is there."

    def dry_run(self, candidate: Candidate, now: datetime) -> str:
        """Rights and arguments; not whether AWS has such a machine now
        (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html).
        """
        order = Order(
            candidate=candidate,
            run_id="doctor",
            release="2000-01-01",
            expires_at=now + self.configuration.lifetime,
            user_data="",
        )
        try:
            self._client("ec2").run_instances(
                **run_instances(self.configuration, order), DryRun=True
            )
        except ClientError as error:
            if code_of(error) != "DryRunOperation":
                raise
        return "AWS would take the request."

    def job_image(self, sagemaker: SageMaker) -> str:
        registry, _, path = sagemaker.image.partition("/")
        name, _, digest = path.partition("@")
        repository, _, tag = name.partition(":")
        answer = self._client("ecr").describe_images(
            registryId=registry.partition(".")[0],
            repositoryName=repository,
            imageIds=[{"imageDigest": digest} if digest else {"imageTag": tag or "latest"}],
        )
        pushed = answer["imageDetails"][0]["imagePushedAt"]
        return f"{sagemaker.image} was pushed on {pushed:%Y-%m-%d}."

    def job_role(self, sagemaker: SageMaker) -> str:
        name = sagemaker.role.rpartition("/")[2]
        role = self._client("iam").get_role(RoleName=name)["Role"]
        if "sagemaker.amazonaws.com" not in str(role["AssumeRolePolicyDocument"]):
            raise MissingError(
                f"[launch.sagemaker]: role {name} can't be taken by SageMaker; name the stack's "
                "MachineRole."
            )
        return f"{name} can be taken by SageMaker."

    def job_quota(self, sagemaker: SageMaker) -> str:
        name = f"{sagemaker.type} for processing job usage"
        lists = (
            "list_service_quotas",
            "list_aws_default_service_quotas",
        )  # the account's own first
        quotas: Iterator[Mapping[str, Any]] = (
            quota
            for wanted in lists
            for page in self._client("service-quotas")
            .get_paginator(wanted)
            .paginate(ServiceCode="sagemaker")
            for quota in page["Quotas"]
        )
        quota = next((quota for quota in quotas if quota["QuotaName"] == name), None)
        if quota is None or quota["Value"] < 1:
            raise MissingError(
                f"the account may have no {sagemaker.type} in a Processing job; ask AWS to raise "
                f'the quota "{name}".'
            )
        return f"the account may have {quota['Value']:g} at once."


def kept(runs: str, region: str | None, now: datetime) -> str:
    """Writes an object where runs are kept, and reads it back. Raises as `Account` does."""
    place = bucket_and_prefix(runs)
    if place is None:
        raise MissingError(
            f"{runs} is a folder, which no machine can read; give s3://BUCKET/PREFIX."
        )
    bucket, prefix = place
    key, body = f"{prefix}/{PROBE}".lstrip("/"), now.isoformat().encode()
    s3 = client("s3", region)
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    if s3.get_object(Bucket=bucket, Key=key)["Body"].read() != body:
        raise MissingError(
            f"s3://{bucket}/{key} isn't what was just written; see who else writes there."
        )
    return f"s3://{bucket}/{key} was written and read back."


def _leads_out(route: Mapping[str, Any]) -> bool:
    return (
        route.get("DestinationCidrBlock") == "0.0.0.0/0"
        and route.get("State", "active") == "active"
    )

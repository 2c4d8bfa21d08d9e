"""An account of AWS in which repositories have their stacks, and who calls from where."""

from dataclasses import dataclass, field
from typing import Any

from launch.fake_aws import REGION, FakeAws
from launch.fake_ec2 import IMAGE
from launch.fake_iam import GITHUB, web_identity_token
from launch.iam_rights import ACCOUNT, ec2_arn
from launch.site import ROOT
from launch.stack import Stack, create

BUCKET = "our-runs"
TEMPLATE = ROOT / "runners" / "launch" / "aws" / "ingestion.yaml"
OWNER_ID = "11"
IDS = {"laminlabs/census-bot": "42", "laminlabs/other-bot": "77"}


def github_token(repository: str, **claims: str) -> str:
    """What GitHub gives a job of the default branch; `claims` go before
    (https://docs.github.com/en/actions/reference/security/oidc).
    """
    usual = {
        "iss": f"https://{GITHUB}",
        "aud": "sts.amazonaws.com",
        "sub": f"repo:{repository}:ref:refs/heads/main",
        "ref": "refs/heads/main",
        "repository": repository,
        "repository_id": IDS[repository],
    }
    return web_identity_token({**usual, **claims})


@dataclass
class Account:
    """`machines` has one machine's id for each repository."""

    amazon: FakeAws
    stacks: dict[str, Stack] = field(default_factory=dict)
    machines: dict[str, str] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        place = {"LocationConstraint": REGION}
        self.amazon.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        subnets = self.amazon.client("ec2").describe_subnets()["Subnets"]
        self.vpc = subnets[0]["VpcId"]
        self.subnets = [subnet["SubnetId"] for subnet in subnets[:2]]

    def stack(self, repository: str, **changes: str) -> Stack:
        """The repository's stack, as its people make it."""
        given = {
            "Repository": repository,
            "OwnerId": OWNER_ID,
            "RepositoryId": IDS[repository],
            "Vpc": self.vpc,
            "SubnetArns": ",".join(ec2_arn(f"subnet/{subnet}") for subnet in self.subnets),
            "ImageArns": f"arn:aws:ec2:{REGION}::image/{IMAGE}",
            "RunsBucket": BUCKET,
            "RunsPrefix": repository,
            "InstanceStorageArns": "arn:aws:s3:::our-instance/lamindb/*",
            "InstanceBucketArns": "arn:aws:s3:::our-instance",
            "LaminDbSecretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:lamindb-*",
        }
        if self.stacks:
            provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"
            given["ExistingOidcProvider"] = provider
        name = repository.replace("/", "-")
        self.stacks[repository] = create(self.amazon, name, TEMPLATE, {**given, **changes})
        return self.stacks[repository]

    def key_by_token(self, role: str, token: str) -> str:
        """The access key that a job on GitHub gets for its token."""
        sts = self.amazon.client_as("unsigned", "sts")
        credentials: Any = sts.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="GitHubActions", WebIdentityToken=token
        )["Credentials"]
        return str(credentials["AccessKeyId"])

    def key_of(self, repository: str, output: str) -> str:
        """The access key of one of the stack's roles: a job's, or a machine's."""
        if (repository, output) not in self.keys:
            arn = self.stacks[repository].outputs[output]
            if output == "MachineRole":
                role = self.amazon.iam.roles[arn.rpartition("/")[2]]
                self.keys[repository, output] = self.amazon.iam.key_for(role)
            else:
                token = github_token(repository)
                self.keys[repository, output] = self.key_by_token(arn, token)
        return self.keys[repository, output]

    def populate(self, repository: str) -> None:
        """A machine, a secret and a Processing job of the repository's, by the administrator."""
        tags = [{"Key": "ingestion-bot:repository", "Value": repository}]
        secrets, sagemaker = (self.amazon.client(name) for name in ("secretsmanager", "sagemaker"))
        for host_id in ("i-0001", "i-0002"):
            secrets.create_secret(Name=f"ingestion/{repository}/runner/{host_id}", SecretString="x")
        machine = self.amazon.client("ec2").run_instances(
            ImageId=IMAGE,
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )
        self.machines[repository] = machine["Instances"][0]["InstanceId"]
        sagemaker.create_processing_job(
            ProcessingJobName=f"ingestion-{repository.replace('/', '-')}",
            AppSpecification={"ImageUri": "image"},
            ProcessingResources={
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.r5.4xlarge",
                    "VolumeSizeInGB": 1,
                }
            },
            RoleArn=self.stacks[repository].outputs["MachineRole"],
            Tags=tags,
        )

"""What is missing at AWS is said part by part, before anything is launched."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
import tomli_w
from click.testing import CliRunner
from moto.ec2.models import ec2_backends

from launch.account import BUCKET, Account
from launch.fake_aws import REGION, FakeAws, Fault
from launch.fake_runner_api import REPOSITORY
from launch.iam_rights import ACCOUNT
from launch.site import TYPES, LaunchSite
from runners.cli.commands import main
from runners.launch.account import STANDARD as STANDARD_FAMILIES

REGISTRY = "123456789012.dkr.ecr.us-west-2.amazonaws.com"
JOB = {
    "type": "ml.r5.8xlarge",
    "image": f"{REGISTRY}/ingestion:latest",
    "role": "arn:aws:iam::123456789012:role/job",
}
STANDARD, SPOT = "L-1216C47A", "L-34B43A08"
JOBS = "ml.r5.8xlarge for processing job usage"


@pytest.fixture
def place(site: LaunchSite) -> LaunchSite:
    """A site whose account has all that a launch needs."""
    amazon = site.amazon
    account = Account(amazon)
    ec2, iam = amazon.client("ec2"), amazon.client("iam")
    image = registered_image(amazon, "x86_64")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=account.vpc)
    route(amazon, account.vpc, GatewayId=gateway)
    # the last one is made by AWS itself, under another name in moto
    services = {"job": "sagemaker", "other": "ec2", "AWSServiceRoleForEC2Spot": "spot"}
    for name, service in services.items():
        principal = {"Service": f"{service}.amazonaws.com"}
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    amazon.client("secretsmanager").create_secret(Name="ingestion/lamindb", SecretString="x")
    ecr = amazon.client("ecr")
    ecr.create_repository(repositoryName="ingestion")
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    empty = {"schemaVersion": 2, "mediaType": kind, "layers": [], "config": {"size": 1}}
    manifest = json.dumps(empty)
    ecr.put_image(repositoryName="ingestion", imageManifest=manifest, imageTag="latest")
    amazon.quotas |= {STANDARD: 64, SPOT: 64, JOBS: 1}
    amazon.default_quotas |= {JOBS: 0}  # which an account may have had raised
    site.configure(
        runs=f"s3://{BUCKET}/census",
        ec2__image=image,
        ec2__root_device="/dev/sda1",  # that of all images of moto's
        ec2__subnets=[account.subnets[0]],
        sagemaker=JOB,
    )
    return site


def registered_image(amazon: FakeAws, architecture: str) -> str:
    image = str(amazon.client("ec2").register_image(Name="al2023")["ImageId"])
    amazon.ec2.images.add(image)
    # moto forgets what it is told of it
    ec2_backends[ACCOUNT][REGION].amis[image].architecture = architecture
    return image


def route(amazon: FakeAws, vpc: str, **target: str) -> None:
    ec2 = amazon.client("ec2")
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    (table,) = ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", **target)


def configure_again(site: LaunchSite, **changes: Any) -> None:
    """Changes fields of launch.toml; a dotted name reaches into a table."""
    path = site.root / "launch.toml"
    written = tomllib.loads(path.read_text())
    for name, value in changes.items():
        part, _, field = name.rpartition("__")
        (written["launch"][part] if part else written["launch"])[field] = value
    path.write_text(tomli_w.dumps(written))


def examined(site: LaunchSite, code: int = 0, *words: str) -> dict[str, tuple[str, str]]:
    """Part -> how it is, and its sentence with the remedy, which each has that is missing."""
    done = site.call(["doctor", *(words or site.words("aws")), "--json"])
    assert done.exit_code == code, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(line["remedy"] for line in lines if line["health"] == "missing")
    texts = {line["part"]: f"{line['sentence']} {line['remedy']}".rstrip() for line in lines}
    return {line["part"]: (line["health"], texts[line["part"]]) for line in lines}


def subnet_of(site: LaunchSite) -> str:
    subnets = site.amazon.client("ec2").describe_subnets()["Subnets"]
    return str(subnets[0]["SubnetId"])


def test_an_account_that_has_all_is_fine_and_nothing_is_started(place: LaunchSite) -> None:
    found = examined(place)
    assert {health for health, _ in found.values()} == {"ok"}
    subnet = subnet_of(place)
    assert {f"launch of {kind} in {subnet}" for kind in TYPES} < found.keys()
    assert {f"quota for {kind}" for kind in (*TYPES, "ml.r5.8xlarge")} < found.keys()
    assert place.live() == []
    assert found["runs"][1] == f"s3://{BUCKET}/census/doctor.json was written and read back."


def without_route(site: LaunchSite) -> None:
    ec2 = site.amazon.client("ec2")
    for table in ec2.describe_route_tables()["RouteTables"]:
        if any(one.get("DestinationCidrBlock") == "0.0.0.0/0" for one in table["Routes"]):
            ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")


def without_addresses(site: LaunchSite) -> None:
    site.amazon.client("ec2").modify_subnet_attribute(
        SubnetId=subnet_of(site), MapPublicIpOnLaunch={"Value": False}
    )


def few_processors(site: LaunchSite) -> None:
    site.amazon.quotas[STANDARD] = 5


def no_job(site: LaunchSite) -> None:
    del site.amazon.quotas[JOBS]


def no_bucket(site: LaunchSite) -> None:
    configure_again(site, runs="s3://nobodys-runs/census")


def no_secret(site: LaunchSite) -> None:
    configure_again(site, lamindb_secret="ingestion/another")


def other_device(site: LaunchSite) -> None:
    configure_again(site, ec2__root_device="/dev/xvda")


def other_architecture(site: LaunchSite) -> None:
    configure_again(site, ec2__image=registered_image(site.amazon, "arm64"))


def other_role(site: LaunchSite) -> None:
    configure_again(site, sagemaker={**JOB, "role": "arn:aws:iam::123456789012:role/other"})


def other_image(site: LaunchSite) -> None:
    configure_again(site, sagemaker={**JOB, "image": f"{REGISTRY}/ingestion:v2"})


@pytest.mark.parametrize(
    ("spoil", "parts", "said"),
    [
        (
            without_route,
            {"way out of SUBNET"},
            "SUBNET has no route to 0.0.0.0/0; add one",
        ),
        (without_addresses, {"way out of SUBNET"}, "gives no public address; let it lead to a NAT"),
        (
            few_processors,
            {f"quota for {kind}" for kind in TYPES},
            "the account may have 5 of On-Demand standard machines; ask AWS to raise the quota L-1",
        ),
        (no_job, {"quota for ml.r5.8xlarge"}, "may have no ml.r5.8xlarge in a Processing job"),
        (no_bucket, {"runs"}, "NoSuchBucket"),
        (
            no_secret,
            {"LaminDB's key"},
            "there is no secret ingestion/another in us-west-2",
        ),
        (other_device, {"image IMAGE"}, "root_device is /dev/xvda, and the image's is /dev/sda1;"),
        (other_architecture, {"image IMAGE"}, "is for arm64, and machines are x86_64; name an"),
        (other_role, {"role of Processing jobs"}, "role other can't be taken by SageMaker; name"),
        (other_image, {"image of Processing jobs"}, "ImageNotFoundException"),
    ],
)
def test_what_is_missing_is_named_alone_with_its_remedy(
    place: LaunchSite, spoil: Callable[[LaunchSite], None], parts: set[str], said: str
) -> None:
    spoil(place)
    subnet = subnet_of(place)
    found = examined(place, code=1)
    missing = {part: text for part, (health, text) in found.items() if health != "ok"}
    (image,) = (part for part in found if part.startswith("image ami-"))
    named = {part.replace("SUBNET", subnet).replace("image IMAGE", image) for part in parts}
    assert missing.keys() == named
    for text in missing.values():
        assert said.replace("SUBNET", subnet) in text


@pytest.mark.parametrize(("gives_addresses", "is_behind_nat"), [(True, False), (False, True)])
def test_a_job_leads_out_by_no_internet_gateway_whatever_its_subnet_gives(
    place: LaunchSite, gives_addresses: bool, is_behind_nat: bool
) -> None:
    """A Processing job gets no public address, and a machine one where its subnet gives it."""
    subnet, group = subnet_of(place), place.configuration.for_ec2().security_group
    if not gives_addresses:
        without_addresses(place)
    if is_behind_nat:
        ec2 = place.amazon.client("ec2")
        without_route(place)
        nat = ec2.create_nat_gateway(SubnetId=subnet)["NatGateway"]["NatGatewayId"]
        route(place.amazon, ec2.describe_vpcs()["Vpcs"][0]["VpcId"], NatGatewayId=nat)
    configure_again(place, sagemaker={**JOB, "subnets": [subnet], "security_group": group})
    done = place.call(["doctor", *place.words("aws"), "--json"])
    ways = [line for line in map(json.loads, done.stdout.splitlines()) if "way out" in line["part"]]
    machine, job = (line["health"] == "ok" for line in ways)
    assert (machine, job) == (True, is_behind_nat)
    assert job or ways[1]["remedy"] == "let it lead to a NAT gateway."


@pytest.mark.parametrize("form", ["", ":latest", "@DIGEST", ":latest@DIGEST", ":v2@DIGEST"])
def test_an_image_is_looked_for_as_it_is_named(place: LaunchSite, form: str) -> None:
    """By its digest, if it has one: what Docker pulls then, whatever the tag is."""
    (listed,) = place.amazon.client("ecr").list_images(repositoryName="ingestion")["imageIds"]
    named = f"{REGISTRY}/ingestion{form}"
    image = named.replace("DIGEST", listed["imageDigest"])
    configure_again(place, sagemaker={**JOB, "image": image})
    health, said = examined(place)["image of Processing jobs"]
    assert (health, said.partition(" was pushed on ")[0]) == ("ok", image)
    if "DIGEST" in form:
        absent = named.replace("DIGEST", f"sha256:{'0' * 64}")
        configure_again(place, sagemaker={**JOB, "image": absent})
        health, said = examined(place, code=1)["image of Processing jobs"]
        assert (health, "ImageNotFoundException" in said) == ("missing", True)


def test_a_quota_is_compared_with_the_types_of_its_own_families(place: LaunchSite) -> None:
    others = ("trn1.2xlarge", "inf2.8xlarge", "hpc6a.48xlarge", "dl1.24xlarge", "vt1.3xlarge")
    configure_again(place, ec2__types=["r5.8xlarge", *others])
    few_processors(place)
    found = examined(place, code=1)
    assert {kind for kind in others if found[f"quota for {kind}"][0] != "ok"} == set()
    assert found["quota for r5.8xlarge"][0] == "missing"


def test_of_all_families_those_that_the_quota_names_are_standard(place: LaunchSite) -> None:
    kinds = place.amazon.client("ec2").meta.service_model.shape_for("InstanceType").enum
    families = {re.split(r"[\d-]", kind)[0] for kind in kinds if STANDARD_FAMILIES.match(kind)}
    assert families == {*"acdhimrtz", "im", "is"}


def test_the_role_for_spot_machines_is_made_by_a_command(place: LaunchSite) -> None:
    configure_again(place, ec2__spot=True)
    assert examined(place)["role for spot machines"][0] == "ok"
    place.amazon.client("iam").delete_role(RoleName="AWSServiceRoleForEC2Spot")
    health, said = examined(place, code=1)["role for spot machines"]
    assert health == "missing"
    assert said.endswith(
        "run: aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"
    )


def test_without_credentials_nothing_else_is_looked_at(
    place: LaunchSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(place.root / "none"))
    words = ["doctor", *place.words("aws")]
    done = CliRunner().invoke(main, words, env={**place.environment, **nobody})
    assert done.exit_code == 1
    sentence = (
        "there are no credentials here; log in, or take the launcher's role in a job on GitHub."
    )
    assert done.stdout == f"missing  credentials: {sentence}\n"
    words = ["doctor", "runs", "--runs", f"s3://{BUCKET}/census"]
    done = CliRunner().invoke(main, words, env={**place.environment, **nobody})
    assert (done.exit_code, done.stdout) == (1, f"missing  runs: {sentence}\n")
    half = {"AWS_SECRET_ACCESS_KEY": None}
    done = CliRunner().invoke(main, words, env={**place.environment, **half})
    assert done.exit_code == 1
    assert done.stdout.startswith("missing  runs: the credentials are of no use (Partial cred")
    assert done.stdout.endswith("; log in, or take the launcher's role in a job on GitHub.\n")


@pytest.mark.parametrize(
    ("action", "code", "status", "health", "remedy"),
    [
        ("GetCallerIdentity", "ExpiredToken", 403, "missing", "log in, or take the launcher's"),
        ("GetCallerIdentity", "InvalidClientTokenId", 403, "missing", "log in, or take the"),
        ("GetCallerIdentity", "SignatureDoesNotMatch", 403, "missing", "log in, or take the"),
        ("GetCallerIdentity", "InternalFailure", 501, "unknown", "try again."),
        ("s3:PUT", "ExpiredToken", 400, "missing", "log in, or take the launcher's role"),
        ("s3:PUT", "NotImplemented", 501, "unknown", "try again."),
        ("DescribeSubnets", "InvalidSubnetID.NotFound", 400, "missing", "correct [launch]."),
    ],
)
def test_only_what_launch_toml_says_is_corrected_there(
    place: LaunchSite, action: str, code: str, status: int, health: str, remedy: str
) -> None:
    place.amazon.faults.append(Fault(action, code, status, times=99))
    found = examined(place, 1 if health == "missing" else 0)
    (line,) = (line for line in found.values() if line[0] != "ok")
    assert line[0] == health
    assert f"AWS answers {code} (said the proxy); {remedy}" in line[1]


@pytest.mark.parametrize(
    ("values", "health"), [([1, 0], "ok"), ([0, 0], "missing"), ([], "missing")]
)
def test_a_quota_that_nobody_has_changed_is_the_default(
    place: LaunchSite, values: list[int], health: str
) -> None:
    """Which AWS doesn't list among those of the account."""
    place.amazon.quotas.clear()
    place.amazon.default_quotas |= dict(zip((JOBS, "another"), values, strict=False))
    place.amazon.default_quotas[STANDARD] = 64
    found = examined(place, 1 if health == "missing" else 0)
    assert {found[f"quota for {kind}"][0] for kind in TYPES} == {"ok"}
    assert found["quota for ml.r5.8xlarge"][0] == health


def test_what_a_role_may_not_look_at_is_unknown_and_what_it_must_do_is_missing(
    site: LaunchSite,
) -> None:
    """The launcher's role may launch, and look at little else; the reporter's may do neither."""
    account = Account(site.amazon)
    outputs = account.stack(REPOSITORY).outputs
    site.configure(
        runs=f"s3://{BUCKET}/{REPOSITORY}",
        ec2__subnets=account.subnets[:1],
        ec2__security_group=outputs["SecurityGroup"],
        ec2__role=outputs["MachineProfile"],
    )
    launches = {f"launch of {kind} in {account.subnets[0]}" for kind in TYPES}
    site.key = account.key_of(REPOSITORY, "LauncherRole")
    found = examined(site)
    fine = {part for part, (health, _) in found.items() if health == "ok"}
    assert fine == {"credentials", "runs", *launches}
    assert {found[part][0] for part in found.keys() - fine} == {"unknown"}
    site.key = account.key_of(REPOSITORY, "ReporterRole")
    found = examined(site, code=1)
    missing = {part for part, (health, _) in found.items() if health == "missing"}
    assert missing == {"runs", *launches}
    assert found["runs"][1].endswith("or give it this right as ingestion.yaml does.")


def test_for_people_a_line_a_part(place: LaunchSite) -> None:
    few_processors(place)
    done = place.call(["doctor", *place.words("aws")])
    assert done.exit_code == 1
    assert f"missing  quota for {TYPES[0]}: {TYPES[0]} has " in done.stdout
    assert "     ok  runs: s3://" in done.stdout


MAKE = "stack configuration --outputs stack.json --budget 60"


def test_without_launch_toml_the_first_line_says_what_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for program, runners in (("python -m runners", "python -m runners"), ("cxg-ingest",) * 2):
        done = CliRunner().invoke(main, ["doctor", "aws"], prog_name=program)
        first = "missing  launch.toml: launch.toml isn't there; "
        says = f"once the stack is (`{runners} stack commands`), make it: {runners} {MAKE}\n"
        assert (done.exit_code, done.stdout) == (1, f"{first}{says}")
    done = CliRunner().invoke(main, ["doctor", "aws", "--config", "my own.toml"])
    assert done.stdout.endswith(f" python -m runners {MAKE} --to 'my own.toml'\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("=", "not TOML ("),
        ("a = 1", "table [launch] is missing; add it."),
        ("[launch]\nbudget = 'x'", "field "),
    ],
)
def test_a_broken_launch_toml_is_the_first_line_with_what_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "launch.toml").write_text(text)
    done = CliRunner().invoke(main, ["doctor", "aws", "--json"])
    assert (done.exit_code, done.stderr) == (1, "")
    line = json.loads(done.stdout)
    assert (line["part"], line["health"]) == ("launch.toml", "missing")
    assert said in f"{line['sentence']} {line['remedy']}"
    assert line["remedy"]


def test_runs_are_written_and_read_back_without_launch_toml(site: LaunchSite) -> None:
    Account(site.amazon)
    place = f"s3://{BUCKET}/census"
    found = examined(site, 0, "runs", "--runs", f"{place}/")
    assert found == {"runs": ("ok", f"{place}/doctor.json was written and read back.")}
    found = examined(site, 1, "runs", "--runs", "s3://nobodys-runs/census")
    assert found["runs"][1].endswith("; correct RUNS.")
    found = examined(site, 1, "runs", "--runs", "folder")
    said = "folder is a folder, which no machine can read; give s3://BUCKET/PREFIX."
    assert found == {"runs": ("missing", said)}


def test_runs_that_a_role_may_not_write_are_missing(site: LaunchSite) -> None:
    account = Account(site.amazon)
    assert account.stack(REPOSITORY)
    site.key = account.key_of(REPOSITORY, "ReporterRole")
    found = examined(site, 1, "runs", "--runs", f"s3://{BUCKET}/{REPOSITORY}")
    assert found["runs"][1].endswith("or give it this right as codebuild.yaml does.")

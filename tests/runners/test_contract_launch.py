"""The [launch] table at its bounds, and what holds where it says nothing."""

from datetime import timedelta
from typing import Any

import pytest

from runners.contract import ContractError
from runners.contract.launch_toml import Configuration, Ec2, SageMaker, bucket_and_prefix

EC2: dict[str, Any] = {
    "types": ["r7i.8xlarge"],
    "subnets": ["subnet-0a"],
    "security_group": "sg-0a",
    "image": "ami-0a",
    "role": "machine",
}
SAGEMAKER: dict[str, Any] = {
    "type": "ml.r5.8xlarge",
    "image": "image",
    "role": "arn:aws:iam::123456789012:role/job",
}
NETWORK = {"subnets": ["subnet-0a"], "security_group": "sg-0a"}


def configuration(**fields: Any) -> Configuration:
    told = {
        "repository": "lab_x/census",
        "runs": "s3://bucket/runs",
        "region": "us-west-2",
        "lifetime_hours": 10,
        "budget": 50,
    }
    return Configuration.from_mapping({**told, **fields}, source="test")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"lifetime_hours": 216}, None),
        ({"lifetime_hours": 216, "sagemaker": SAGEMAKER}, None),
        ({"lifetime_hours": 120, "ec2": EC2}, None),
        ({"lifetime_hours": 120.5, "ec2": EC2}, "120 at most"),
        ({"lifetime_hours": 216.5}, "less than or equal to 216"),
        ({"lifetime_hours": 0}, "greater than 0"),
        ({"budget": 0}, "greater than 0"),
        ({"budget": 0.01, "prices": {"x": 0.01}}, None),
        ({"runs": "/runs", "ec2": EC2}, None),
        ({"runs": "/runs", "sagemaker": SAGEMAKER}, "runs must be an s3:// address"),
        ({"runs": ""}, "at least 1 character"),
        ({"region": "us-gov-west-1"}, None),
        ({"sagemaker": {**SAGEMAKER, **NETWORK}}, None),
        ({"sagemaker": {**SAGEMAKER, "subnets": ["subnet-0a"]}}, "security_group is missing"),
        ({"sagemaker": {**SAGEMAKER, "security_group": "sg-0a"}}, "subnets is missing"),
        ({"sagemaker": {**SAGEMAKER, "role": "job"}}, "field sagemaker.role"),
        ({"sagemaker": {**SAGEMAKER, "type": "r5.8xlarge"}}, "field sagemaker.type"),
        ({"sagemaker": {**SAGEMAKER, "disk_gib": 1}}, None),
        ({"ec2": {**EC2, "disk_gib": 20}}, None),
        ({"ec2": {**EC2, "disk_gib": 19}}, "field ec2.disk_gib"),
        ({"ec2": {**EC2, "idle_minutes": 240, "online_within_minutes": 60}}, None),
        ({"ec2": {**EC2, "idle_minutes": 241}}, "field ec2.idle_minutes"),
        ({"ec2": {**EC2, "online_within_minutes": 61}}, "field ec2.online_within_minutes"),
        ({"ec2": {**EC2, "poll_seconds": 0}}, "field ec2.poll_seconds"),
    ],
)
def test_a_table_is_taken_up_to_its_bounds(fields: dict[str, Any], said: str | None) -> None:
    if said is None:
        configuration(**fields)
    else:
        with pytest.raises(ContractError, match=said):
            configuration(**fields)


def test_what_a_table_does_not_say_is_as_it_was_agreed() -> None:
    own = configuration(ec2=EC2, sagemaker=SAGEMAKER)
    ec2, job = own.for_ec2(), own.for_sagemaker()
    assert (ec2.root_device, ec2.disk_gib, ec2.spot, ec2.runner_group) == (
        "/dev/xvda",
        500,
        False,
        1,
    )
    assert (ec2.online_within_minutes, ec2.idle_minutes, ec2.poll_seconds) == (15, 30, 10)
    assert (ec2.runner, ec2.log_group) == (None, None)
    assert (job.disk_gib, job.subnets, job.security_group) == (500, (), None)
    assert (own.organisation, own.lamindb_secret, own.prices) == (False, None, {})
    assert own.lifetime == timedelta(hours=10)


def test_a_table_for_one_launcher_is_none_for_the_other() -> None:
    assert isinstance(configuration(ec2=EC2).for_ec2(), Ec2)
    assert isinstance(configuration(sagemaker=SAGEMAKER).for_sagemaker(), SageMaker)
    with pytest.raises(ContractError, match=r"table \[launch\.sagemaker\] is missing; add it"):
        configuration(ec2=EC2).for_sagemaker()
    with pytest.raises(ContractError, match=r"table \[launch\.ec2\] is missing; add it"):
        configuration(sagemaker=SAGEMAKER).for_ec2()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[launch", r"^place: not TOML "),
        ("[other]", r"^place: table \[launch\] is missing; add it\.$"),
        ("[launch]\nregion = 1", r"^place, \[launch\]: field "),
    ],
)
def test_a_text_without_a_table_is_refused_by_its_place(text: str, said: str) -> None:
    with pytest.raises(ContractError, match=said):
        Configuration.from_text(text, source="place")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("s3://bucket", ("bucket", "")),
        ("s3://bucket/", ("bucket", "")),
        ("s3://bucket//a/b//", ("bucket", "a/b")),
        ("s3://bucket/a", ("bucket", "a")),
        ("folder/s3://x", None),
        ("/folder", None),
    ],
)
def test_an_address_has_a_bucket_and_a_prefix_or_is_a_folder(
    address: str, found: tuple[str, str] | None
) -> None:
    assert bucket_and_prefix(address) == found


@pytest.mark.parametrize("address", ["s3://", "s3:///prefix"])
def test_an_address_without_a_bucket_is_refused(address: str) -> None:
    with pytest.raises(ContractError, match="names no bucket; give s3://BUCKET/PREFIX"):
        bucket_and_prefix(address)

"""That the stand-in for AWS refuses: what it took would prove nothing."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from launch.fake_aws import FakeAws, fake_aws
from launch.iam_policies import allows

DOCUMENT = {"Version": "2012-10-17", "Statement": []}
LONG = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Action": "s3:GetObject",
            "Resource": ["arn:aws:s3:::" + "a" * 100] * 110,
        }
    ],
}


@pytest.mark.parametrize(
    ("service", "action", "words", "said"),
    [
        (
            "ec2",
            "create_security_group",
            {"GroupName": "g", "Description": "the lab's", "VpcId": "vpc-1"},
            'description "the lab\'s"',
        ),
        ("logs", "create_log_group", {"logGroupName": "/a b"}, "doesn't match"),
        ("secretsmanager", "create_secret", {"Name": "a b"}, "character"),
        ("secretsmanager", "create_secret", {"Name": "a" * 513}, "isn't between"),
        (
            "iam",
            "create_role",
            {
                "RoleName": "r",
                "Description": "“quoted”",
                "AssumeRolePolicyDocument": json.dumps(DOCUMENT),
            },
            "Description",
        ),
        (
            "iam",
            "create_role",
            {"RoleName": "r" * 65, "AssumeRolePolicyDocument": json.dumps(DOCUMENT)},
            "RoleName",
        ),
        (
            "ec2",
            "run_instances",
            {"MinCount": 1, "MaxCount": 1, "InstanceType": "r7i.9xlarge", "ImageId": "ami-1"},
            "none of its values",
        ),
        (
            "ec2",
            "run_instances",
            {"MinCount": 1, "MaxCount": 1, "ClientToken": "t" * 65, "ImageId": "ami-1"},
            "more than 64",
        ),
    ],
)
def test_what_aws_does_not_take_is_refused(
    running_amazon: FakeAws, service: str, action: str, words: dict[str, Any], said: str
) -> None:
    running_amazon.reset()
    client = running_amazon.client_as("AKIAPERSON", service)
    with pytest.raises(ClientError) as refusal:
        getattr(client, action)(**words)
    assert said in str(refusal.value)


def test_a_roles_policies_have_a_length(running_amazon: FakeAws) -> None:
    running_amazon.reset()
    iam = running_amazon.client_as("AKIAPERSON", "iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(DOCUMENT))
    with pytest.raises(ClientError, match="LimitExceeded"):
        iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(LONG))


ALLOW = {"Effect": "Allow", "Action": "s3:*Object", "Resource": "arn:aws:s3:::b/*"}
DENY = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*/trail/*"}


@pytest.mark.parametrize(
    ("condition", "context", "allowed"),
    [
        ({}, {}, True),
        ({"StringEquals": {"aws:RequestTag/a": ["x", "y"]}}, {"aws:requesttag/A": "y"}, True),
        ({"StringEquals": {"aws:RequestTag/a": "x"}}, {}, False),
        ({"StringEqualsIfExists": {"k": "x"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "x"}}, {"k": "z"}, False),
        ({"StringLike": {"s3:prefix": "runs/*"}}, {"s3:prefix": "runs/1/"}, True),
        ({"StringLike": {"s3:prefix": "runs/*"}}, {"s3:prefix": "run"}, False),
        ({"Null": {"s3:if-none-match": "true"}}, {}, True),
        ({"Null": {"s3:if-none-match": "true"}}, {"s3:if-none-match": "*"}, False),
        ({"Bool": {"ec2:Encrypted": "true"}}, {"ec2:Encrypted": "false"}, False),
        ({"StringNotEquals": {"k": "x"}}, {}, True),
    ],
)
def test_conditions_are_asked_as_iam_asks(
    condition: dict[str, Any], context: dict[str, str], allowed: bool
) -> None:
    statement = {**ALLOW, "Condition": condition}
    assert allows([statement], "s3:GetObject", "arn:aws:s3:::b/c", context) is allowed


def test_a_denial_goes_before_all() -> None:
    assert allows([ALLOW, DENY], "s3:PutObject", "arn:aws:s3:::b/c", {})
    assert not allows([ALLOW, DENY], "s3:PutObject", "arn:aws:s3:::b/trail/c", {})
    assert not allows([], "s3:GetObject", "arn:aws:s3:::b/c", {})
    with pytest.raises(NotImplementedError):
        allows([{**ALLOW, "NotAction": "x"}], "s3:GetObject", "b", {})


def test_an_account_begins_empty() -> None:
    """moto keeps one account for a process, which a test before may have filled."""
    with fake_aws() as first:
        first.client("sns").create_topic(Name="kept")
    with fake_aws() as second:
        assert second.client("sns").list_topics()["Topics"] == []

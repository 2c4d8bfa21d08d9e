"""The rights that a call needs: actions, resources and what conditions can ask about them.

By AWS's Service Authorization Reference, for the calls that this software makes; a call that isn't
known here is nobody's right:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
.../list_awssecretsmanager.html .../list_amazons3.html .../list_amazoncloudwatchlogs.html
.../list_amazonsagemaker.html
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from launch.aws_calls import AwsCall

ACCOUNT = "123456789012"
REGION = "us-west-2"
Tags: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Right:
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def rights(
    call: AwsCall, tags_of: Callable[[str], Tags], role_of: Callable[[str], str]
) -> list[Right]:
    """What the caller must be allowed. `tags_of` gives the tags of what is there, by its id;
    `role_of` the ARN of an instance profile's role.
    """
    if call.action == "RunInstances":
        return [*_run_instances(call.params, role_of)]
    if call.service == "s3":
        return [_of_s3(call)]
    if call.service == "secretsmanager":
        return [*_of_secrets(call)]
    if call.service == "logs":
        return [_of_logs(call.action, call.params)]
    if call.service == "sagemaker":
        return [*_of_sagemaker(call, tags_of)]
    if call.action in ("TerminateInstances", "GetConsoleOutput"):
        named = call.params.get("InstanceIds") or [call.params["InstanceId"]]
        return [
            Right(f"ec2:{call.action}", ec2_arn(f"instance/{name}"), _resource_tags(tags_of(name)))
            for name in named
        ]
    return [Right(f"{call.service}:{call.action}", "*")]


def ec2_arn(resource: str) -> str:
    return f"arn:aws:ec2:{REGION}:{ACCOUNT}:{resource}"


def _run_instances(params: Mapping[str, Any], role_of: Callable[[str], str]) -> Iterator[Right]:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html#iam-example-runinstances"""
    run = "ec2:RunInstances"
    tags = {
        one["ResourceType"]: _request_tags(one["Tags"])
        for one in params.get("TagSpecifications", ())
    }
    profile = params.get("IamInstanceProfile", {}).get("Name")
    instance = {
        **tags.get("instance", {}),
        "ec2:InstanceType": params["InstanceType"],
        "ec2:MetadataHttpTokens": params.get("MetadataOptions", {}).get("HttpTokens", "optional"),
    }
    if profile:
        instance["ec2:InstanceProfile"] = f"arn:aws:iam::{ACCOUNT}:instance-profile/{profile}"
        context = {"iam:PassedToService": "ec2.amazonaws.com"}
        yield Right("iam:PassRole", role_of(profile), context)
    yield Right(run, ec2_arn("instance/*"), instance)
    for device in params.get("BlockDeviceMappings", ()):
        encrypted = str(device.get("Ebs", {}).get("Encrypted", False)).lower()
        yield Right(
            run, ec2_arn("volume/*"), {**tags.get("volume", {}), "ec2:Encrypted": encrypted}
        )
    subnet = ec2_arn(f"subnet/{params['SubnetId']}")
    yield Right(run, ec2_arn("network-interface/*"), {"ec2:Subnet": subnet})
    yield Right(run, subnet)
    yield Right(run, f"arn:aws:ec2:{REGION}::image/{params['ImageId']}")
    for group in params.get("SecurityGroupIds", ()):
        yield Right(run, ec2_arn(f"security-group/{group}"))
    for resource, asked in tags.items():
        context = {**asked, "ec2:CreateAction": "RunInstances"}
        yield Right("ec2:CreateTags", ec2_arn(f"{resource}/*"), context)


def _of_s3(call: AwsCall) -> Right:
    """A HEAD wants the right to read. Put's header can be asked about:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    bucket = f"arn:aws:s3:::{call.params['Bucket']}"
    if call.action == "ListObjectsV2":
        return Right("s3:ListBucket", bucket, {"s3:prefix": call.params["Prefix"]})
    action = {"HeadObject": "GetObject"}.get(call.action, call.action)
    if_none_match = call.headers.get("if-none-match")
    context = {"s3:if-none-match": if_none_match} if if_none_match else {}
    return Right(f"s3:{action}", f"{bucket}/{call.params.get('Key', '')}", context)


def _of_secrets(call: AwsCall) -> Iterator[Right]:
    if call.action == "ListSecrets":
        yield Right("secretsmanager:ListSecrets", "*")
        return
    name = call.params.get("Name") or call.params["SecretId"]
    # AWS ends a secret's ARN in a hyphen and six characters.
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf"
    context = _request_tags(call.params.get("Tags", ()))
    yield Right(f"secretsmanager:{call.action}", arn, context)
    if call.params.get("Tags"):
        yield Right("secretsmanager:TagResource", arn, context)


def _of_logs(action: str, params: Mapping[str, Any]) -> Right:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{params['logGroupName']}"
    stream = params.get("logStreamName")
    return Right(f"logs:{action}", f"{group}:log-stream:{stream}" if stream else group)


def _of_sagemaker(call: AwsCall, tags_of: Callable[[str], Tags]) -> Iterator[Right]:
    name = call.params["ProcessingJobName"]
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:processing-job/{name}"
    if call.action != "CreateProcessingJob":
        yield Right(f"sagemaker:{call.action}", arn, _resource_tags(tags_of(name)))
        return
    asked = _request_tags(call.params.get("Tags", ()))
    yield Right("sagemaker:CreateProcessingJob", arn, asked)
    if asked:
        context = {**asked, "sagemaker:TaggingAction": "CreateProcessingJob"}
        yield Right("sagemaker:AddTags", arn, context)
    context = {"iam:PassedToService": "sagemaker.amazonaws.com"}
    yield Right("iam:PassRole", call.params["RoleArn"], context)


def _request_tags(tags: Any) -> dict[str, str]:
    return {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags}


def _resource_tags(tags: Tags) -> dict[str, str]:
    return {f"aws:ResourceTag/{key}": value for key, value in tags.items()}

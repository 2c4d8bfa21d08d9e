"""What AWS refuses of a call's arguments, which moto takes: lengths, patterns, enumerations and
members that botocore's service models name, and what only the documentation says.

Not modelled: combinations of arguments, and quotas but the size of a role's policies.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import Shape

from launch.aws_calls import AwsCall, operation

# "Valid characters: a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*", 255 of them:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
_EC2_DESCRIPTION = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
_SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]+")
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
_MOST_KEY, _MOST_VALUE = 128, 256
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
_MOST_TOKEN, _MOST_USER_DATA = 64, 16384
MOST_POLICY = 10240
"""Characters of all inline policies of a role, without white space:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""


_CLASSES = {r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s"}
"""Java's names for classes of characters in the models' patterns, and Python's."""


def complaints(call: AwsCall) -> list[str]:
    """What AWS would say of the arguments; empty if it takes them."""
    if call.service == "s3":
        return []
    shape = operation(call.service, call.action).input_shape
    found = [*_shape_complaints(shape, call.params, "")] if shape is not None else []
    return found + list(_documented(call))


def _shape_complaints(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name in shape.required_members:
            if name not in value:
                yield f"{path}{name}: is missing"
        for name, part in value.items():
            if name not in shape.members:
                yield f"{path}{name}: there is no such member"
            else:
                yield from _shape_complaints(shape.members[name], part, f"{path}{name}.")
    elif shape.type_name == "list":
        yield from _size_complaints(shape, len(value), path)
        for number, part in enumerate(value):
            yield from _shape_complaints(shape.member, part, f"{path}{number}.")
    elif shape.type_name == "string":
        yield from _size_complaints(shape, len(value), path)
        pattern = shape.metadata.get("pattern", "")
        for java, python in _CLASSES.items():
            pattern = pattern.replace(java, python)
        if pattern and not re.fullmatch(pattern, value):
            yield f"{path[:-1]}: {value!r} doesn't match {pattern}"
        if shape.metadata.get("enum") and value not in shape.metadata["enum"]:
            yield f"{path[:-1]}: {value!r} is none of its values"
    elif shape.type_name in ("integer", "long"):
        yield from _size_complaints(shape, value, path)


def _size_complaints(shape: Shape, size: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if (least is not None and size < least) or (most is not None and size > most):
        yield f"{path[:-1]}: {size} isn't between {least} and {most}"


def _documented(call: AwsCall) -> Iterator[str]:
    params = call.params
    for description in _ec2_descriptions(call):
        if not _EC2_DESCRIPTION.fullmatch(description):
            yield f"description {description!r}: AWS allows a-zA-Z0-9 and ._-:/()#,@[]+=&;{{}}!$*"
    if call.action == "CreateSecret" and not _SECRET_NAME.fullmatch(params["Name"]):
        yield f"Name: {params['Name']!r} has a character that a secret's name can't have"
    if call.action == "RunInstances":
        if len(params.get("ClientToken", "")) > _MOST_TOKEN:
            yield "ClientToken: more than 64 characters"
        if len(base64.b64decode(params.get("UserData", ""))) > _MOST_USER_DATA:
            yield "UserData: more than 16384 bytes"
    for tag in _tags(params):
        if not 0 < len(tag["Key"]) <= _MOST_KEY or len(tag.get("Value", "")) > _MOST_VALUE:
            yield f"tag {tag['Key']!r}: too long"
    if call.action in ("CreateRole", "PutRolePolicy"):
        yield from _policy_complaints(params)


def _ec2_descriptions(call: AwsCall) -> Iterator[str]:
    if call.action == "CreateSecurityGroup":
        yield call.params["Description"]
    for rule in call.params.get("IpPermissions", ()):
        yield from (part.get("Description", "") for part in rule.get("IpRanges", ()))


def _tags(params: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    if isinstance(tags := params.get("Tags", []), list):
        yield from tags
    for specification in params.get("TagSpecifications", ()):
        yield from specification.get("Tags", ())


def _policy_complaints(params: Mapping[str, Any]) -> Iterator[str]:
    text = params.get("PolicyDocument") or params["AssumeRolePolicyDocument"]
    for statement in json.loads(text)["Statement"]:
        if not re.fullmatch("[A-Za-z0-9]*", statement.get("Sid", "")):  # IAM's grammar of policies
            yield f"Sid {statement['Sid']!r}: letters and digits alone"


def policy_size(document: Mapping[str, Any]) -> int:
    """Characters of a policy as IAM counts them."""
    return len(re.sub(r"\s", "", json.dumps(document)))

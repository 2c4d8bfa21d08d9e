"""A request to AWS as it comes over the wire -> what is called, with which arguments, by whom.

Knows the protocols `ec2`, `query` and `json`, by botocore's service models, and of S3 the object
calls that this software makes.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.utils import get_service_model

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_S3_ACTIONS = {
    "GET": "GetObject",
    "HEAD": "HeadObject",
    "PUT": "PutObject",
    "DELETE": "DeleteObject",
}


@dataclass(frozen=True)
class AwsCall:
    """`service` is the name that requests are signed for; `action` is AWS's; `key` is the access
    key that signed it, empty for a request without a signature.
    """

    service: str
    action: str
    params: Mapping[str, Any]
    key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


_MODELS = {"servicequotas": "service-quotas"}
"""Services whose requests are signed for another name than botocore's."""


def operation(service: str, action: str) -> Any:
    """botocore's model of the call."""
    return get_service_model(_MODELS.get(service, service)).operation_model(action)


def parsed(method: str, path: str, headers: Mapping[str, str], body: bytes) -> AwsCall:
    """The call that a request makes."""
    low = {name.lower(): value for name, value in headers.items()}
    signed = re.search(r"Credential=([^/]+)/[^/]+/[^/]+/([^/]+)/", low.get("authorization", ""))
    key, service = (signed[1], signed[2]) if signed else ("", "sts")
    if target := low.get("x-amz-target"):
        return AwsCall(service, target.partition(".")[2], json.loads(body or b"{}"), key, low)
    if b"Action=" in body:
        form = {name: values[0] for name, values in parse_qs(body.decode(), True).items()}
        model = operation(service, form["Action"])
        parser: Any = PROTOCOL_PARSERS["ec2" if service == "ec2" else "query"](model)
        return AwsCall(service, form["Action"], parser.parse({"values": form}), key, low)
    return _of_s3(method, path, low, key)


def _of_s3(method: str, path: str, headers: Mapping[str, str], key: str) -> AwsCall:
    url = urlsplit(path)
    bucket, _, name = unquote(url.path).lstrip("/").partition("/")
    query = {name: values[0] for name, values in parse_qs(url.query, True).items()}
    if not name:
        action = "ListObjectsV2" if method == "GET" else f"{method.title()}Bucket"
        return AwsCall("s3", action, {"Bucket": bucket, "Prefix": query.get("prefix", "")}, key)
    return AwsCall("s3", _S3_ACTIONS[method], {"Bucket": bucket, "Key": name}, key, headers)

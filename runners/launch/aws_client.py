"""Clients of AWS that repeat what may be repeated, and say in one sentence what went wrong.

Credentials are found by boto3 itself: a role on GitHub by OIDC, a profile on a desk. Must not hold
any.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from runners.launch.ports import LaunchError

# Throttling and 5xx are repeated by botocore; a repeated RunInstances is harmless by its token.
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 6}, connect_timeout=10, read_timeout=60
)
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_DENIED = {"AccessDenied", "AccessDeniedException", "AuthFailure", "UnauthorizedOperation"}


def client(service: str, region: str) -> Any:
    return boto3.client(service, region_name=region, config=_CONFIG)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turns an error of AWS into a LaunchError that begins with `what`."""
    try:
        yield
    except ClientError as error:
        answer = error.response.get("Error", {})
        code, message = answer.get("Code", "?"), answer.get("Message", "")
        raise LaunchError(f"{what}: AWS answers {code} ({message}); {_remedy(code)}.") from error
    except BotoCoreError as error:
        raise LaunchError(f"{what}: AWS can't be asked ({error}); try again.") from error


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _remedy(code: str) -> str:
    if code in _EXPIRED:
        return "the role's credentials have expired, so begin a new job"
    if code in _DENIED:
        return "give the role this right, as runners/launch/aws/ingestion.yaml does"
    return "correct [launch], or try again"

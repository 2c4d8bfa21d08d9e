"""Clients of AWS whose errors are one sentence each, and the secrets on their way to a machine.

boto3 itself finds credentials: a role on GitHub by OIDC, a profile on a desk. Must not print or
keep any.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from secrets import token_hex
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from runners.contract.launch_toml import Configuration
from runners.h5ad.address import is_refused
from runners.launch.fleet import TAG, Fleet
from runners.launch.ports import LaunchError

# Throttling and 5xx are repeated by botocore; a repeated RunInstances is harmless by its token.
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 6}, connect_timeout=10, read_timeout=60
)
# https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_UNKNOWN_KEY = {
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_PASSING = {"RequestTimeout", "SlowDown", "Throttling", "ThrottlingException"}
# A HEAD's refusal has no text, and so no name.
_DENIED = {"403", "AccessDenied", "AccessDeniedException", "AuthFailure", "UnauthorizedOperation"}

NO_OBJECT = {"404", "NoSuchKey"}
"""What S3 answers of an object that isn't there."""

LOG_IN = "log in, or take the launcher's role in a job on GitHub"
"""What helps where AWS finds nobody to ask as."""


def client(service: str, region: str | None) -> Any:
    """boto3's client of a service, which repeats what AWS throttles. Without a region it is that of
    the environment; S3 says itself where a bucket is.
    """
    return boto3.client(service, region_name=region, config=_CONFIG)


@contextmanager
def with_clear_errors(what: str) -> Iterator[None]:
    """Turns an error of AWS into a LaunchError that begins with `what`."""
    try:
        yield
    except ClientError as error:
        details = error.response.get("Error", {})
        code, message = details.get("Code", "?"), details.get("Message", "")
        raise LaunchError(f"{what}: AWS answers {code} ({message}); {_remedy(error)}.") from error
    except BotoCoreError as error:
        remedy = LOG_IN if is_refused(error) else "try again"
        raise LaunchError(f"{what}: AWS can't be asked ({error}); {remedy}.") from error


def code_of(error: ClientError) -> str:
    """The error's code, as AWS names it; empty if it has none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_denied(error: ClientError) -> bool:
    """Whether the caller lacks the right to what it asked for."""
    return code_of(error) in _DENIED


def is_by_nobody(error: ClientError) -> bool:
    """Whether AWS doesn't know, or knows no more, who asks."""
    return code_of(error) in _EXPIRED | _UNKNOWN_KEY


def is_passing(error: ClientError) -> bool:
    """Whether AWS may answer otherwise in a while: it has failed, or is asked too much."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or code_of(error) in _PASSING


def _remedy(error: ClientError) -> str:
    if code_of(error) in _EXPIRED:
        return "the role's credentials have expired, so begin a new job"
    if is_by_nobody(error):
        return LOG_IN
    if is_denied(error):
        return "give the role this right, as runners/launch/aws/ingestion.yaml does"
    return "try again" if is_passing(error) else "correct [launch], or try again"


class SecretsManager:
    """Handovers as secrets of AWS. A secret without a value is a claim: AWS lets one caller alone
    create it (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html).
    """

    def __init__(self, configuration: Configuration) -> None:
        self._fleet = Fleet.of(configuration)
        self._client: Any = client("secretsmanager", configuration.region)

    def claim(self, host_id: str) -> bool:
        """Of a claim whose answer was lost, the caller's own mark says that it was granted."""
        name, mark = self._fleet.secrets + host_id, {"Key": f"{TAG}claim", "Value": token_hex(8)}
        tags = [{"Key": f"{TAG}repository", "Value": self._fleet.repository}, mark]
        with with_clear_errors(f"claiming the handover to {host_id}"):
            try:
                self._client.create_secret(Name=name, Tags=tags)
            except ClientError as error:
                if code_of(error) != "ResourceExistsException":
                    raise
                return mark in self._client.describe_secret(SecretId=name).get("Tags", [])
        return True

    def put(self, host_id: str, secret: str) -> None:
        with with_clear_errors(f"handing the runner over to {host_id}"):
            self._client.put_secret_value(
                SecretId=self._fleet.secrets + host_id, SecretString=secret
            )

    def drop(self, host_id: str) -> None:
        with with_clear_errors(f"deleting what was handed to {host_id}"):
            try:
                self._client.delete_secret(
                    SecretId=self._fleet.secrets + host_id, ForceDeleteWithoutRecovery=True
                )
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise

    def all(self) -> Mapping[str, datetime]:
        """AWS lists what is older than five minutes, and what is newer perhaps
        (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html).
        """
        name_filter = {"Key": "name", "Values": [self._fleet.secrets]}
        with with_clear_errors("listing handovers"):
            pages = list(self._client.get_paginator("list_secrets").paginate(Filters=[name_filter]))
        secrets = (secret for page in pages for secret in page["SecretList"])
        return {
            secret["Name"].removeprefix(self._fleet.secrets): secret["CreatedDate"]
            for secret in secrets
        }

    def claimed_at(self, host_id: str) -> datetime | None:
        with with_clear_errors(f"looking for the handover to {host_id}"):
            try:
                answer = self._client.describe_secret(SecretId=self._fleet.secrets + host_id)
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    return None
                raise
        created_at: datetime = answer["CreatedDate"]
        return created_at

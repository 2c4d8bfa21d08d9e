"""Secrets on their way to a machine, in Secrets Manager. Must not print or keep any.

A secret without a value is a claim: AWS lets one caller alone create it.
"""

from typing import Any

from botocore.exceptions import ClientError

from runners.launch.aws_client import client, code_of, told
from runners.launch.configuration import Configuration
from runners.launch.fleet import TAG, Fleet


class SecretsManager:
    def __init__(self, configuration: Configuration) -> None:
        self._fleet = Fleet.of(configuration)
        self._client: Any = client("secretsmanager", configuration.region)

    def claim(self, host_id: str) -> bool:
        labels = [{"Key": f"{TAG}repository", "Value": self._fleet.repository}]
        with told(f"claiming the handover to {host_id}"):
            try:
                self._client.create_secret(Name=self._fleet.secrets + host_id, Tags=labels)
            except ClientError as error:
                if code_of(error) == "ResourceExistsException":
                    return False
                raise
        return True

    def put(self, host_id: str, secret: str) -> None:
        with told(f"handing the runner over to {host_id}"):
            self._client.put_secret_value(
                SecretId=self._fleet.secrets + host_id, SecretString=secret
            )

    def drop(self, host_id: str) -> None:
        with told(f"deleting what was handed to {host_id}"):
            try:
                self._client.delete_secret(
                    SecretId=self._fleet.secrets + host_id, ForceDeleteWithoutRecovery=True
                )
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise

    def all(self) -> frozenset[str]:
        mine = {"Key": "name", "Values": [self._fleet.secrets]}
        with told("listing handovers"):
            pages = list(self._client.get_paginator("list_secrets").paginate(Filters=[mine]))
        names = (secret["Name"] for page in pages for secret in page["SecretList"])
        return frozenset(name.removeprefix(self._fleet.secrets) for name in names)

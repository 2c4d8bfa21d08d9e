"""Where the machine writes the files of runs: object storage (S3) or a folder. Only read here.

runs/2026-02-01-ingest-2/request.json, journal.jsonl, report.json
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from bot.errors import BotError
from runners.contract.launch_toml import bucket_and_prefix


class RunStore(Protocol):
    """The files of all runs, by their path within the store.

    `is_live`: what a run writes can be read while it goes on.
    """

    @property
    def is_live(self) -> bool: ...

    def modified(self) -> dict[str, datetime]:
        """The files by their path within the store, with when they were written."""
        ...

    def text(self, path: str) -> str:
        """The file's text. Raises BotError if it can't be read."""
        ...


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A store in a folder of this machine."""

    folder: Path
    is_live: bool = True

    def modified(self) -> dict[str, datetime]:
        """Without those that are being written, whose names begin with a dot."""
        files: dict[str, datetime] = {}
        for path in self.folder.glob("[!.]*/[!.]*"):
            with suppress(FileNotFoundError):  # it was taken away since
                if path.is_file():
                    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    files[str(path.relative_to(self.folder))] = at
        return files

    def text(self, path: str) -> str:
        try:
            return (self.folder / path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BotError(f"{self.folder / path}: can't be read ({error}).") from error


@dataclass(frozen=True, slots=True)
class S3Store:
    """A store in S3. `address` is s3://bucket/prefix; `client` is boto3's, with its credentials."""

    address: str
    client: Any
    is_live: bool = True

    def modified(self) -> dict[str, datetime]:
        return dict(self._listed())

    def text(self, path: str) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        bucket, prefix = self._place()
        try:
            answer = self.client.get_object(Bucket=bucket, Key=f"{prefix}{path}")
            return str(answer["Body"].read().decode("utf-8"))
        except (ClientError, BotoCoreError, UnicodeDecodeError) as error:
            raise BotError(f"{self.address}/{path}: can't be read ({error}).") from error

    def _listed(self) -> Iterator[tuple[str, datetime]]:
        from botocore.exceptions import BotoCoreError, ClientError

        bucket, prefix = self._place()
        pages = self.client.get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=bucket, Prefix=prefix):
                for entry in page.get("Contents", []):
                    yield entry["Key"].removeprefix(prefix), entry["LastModified"]
        except (ClientError, BotoCoreError) as error:
            raise BotError(f"{self.address}: can't be listed ({error}).") from error

    def _place(self) -> tuple[str, str]:
        place = bucket_and_prefix(self.address)
        assert place is not None
        bucket, prefix = place
        return bucket, f"{prefix}/" if prefix else ""


def run_store(address: str) -> RunStore:
    """The store at s3://... or in a folder."""
    if bucket_and_prefix(address) is None:
        return FolderStore(Path(address))
    import boto3  # takes most of a second, and a folder needs none of it

    return S3Store(address, boto3.client("s3"))

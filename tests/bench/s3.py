"""What a registration asks of S3: requests and bytes, counted before moto, which stands in for it.

moto knows no latency and no throttling: nothing here tells a time.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import plain_s3
from werkzeug.wsgi import ClosingIterator

from runners.contract import Storage
from runners.progress import say

from .intervals import Interval
from .processes import run
from .release import VERSION, Release, make, make_templates, settle

BUCKET = "bench-census"
DENSITY = 0.05
"""Share of X that isn't zero, so that a file has about the 30 MB of a small real one."""


@dataclass(frozen=True)
class Asked:
    """Per dataset; `bytes_ratio` is what was fetched, of all bytes of the h5ads."""

    datasets: int
    megabytes: float
    requests: float
    bytes_ratio: float


class Counting:
    """A WSGI application that counts what it passes on about h5ads, and when."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Begins anew."""
        self.bytes = 0
        self._asked: list[tuple[str, Interval]] = []

    @property
    def requests(self) -> int:
        return len(self._asked)

    def of_files(self) -> dict[str, list[Interval]]:
        """When requests about each file came and were answered."""
        files: dict[str, list[Interval]] = {}
        for path, interval in self._asked:
            files.setdefault(path, []).append(interval)
        return files

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        start = time.time()
        answer = self._application(environ, start_response)
        path = environ["PATH_INFO"]
        if not path.endswith(".h5ad"):
            return answer

        def close() -> None:
            getattr(answer, "close", lambda: None)()
            with self._lock:
                self._asked.append((path, (start, time.time())))

        return ClosingIterator(self._count(answer), [close])

    def _count(self, answer: Iterable[bytes]) -> Iterator[bytes]:
        for part in answer:
            with self._lock:
                self.bytes += len(part)
            yield part


def ask(folder: Path, datasets: int) -> Asked:
    """Registers a small release of files that hold counts, from a read-only bucket."""
    say(f"making {datasets} files with counts")
    templates = make_templates(folder / "templates", datasets, is_plain=True, counts=DENSITY)
    release = make(folder / "release", datasets, templates, is_plain=True)
    counting = Counting(plain_s3.moto())
    with plain_s3.serving(counting) as endpoint:
        upload(endpoint, release)
        root = f"s3://{BUCKET}/cell-census/{VERSION}"
        manifest = release.manifest(Storage(soma=f"{root}/soma", h5ads=f"{root}/h5ads"))
        place = settle(folder / "place", manifest, **plain_s3.variables(endpoint))
        counting.clear()
        say("registering them from S3")
        _, _, *words = place.command("ingest", "--workers", "2")
        run(place, *words)
    size = sum(path.stat().st_size for path in release.paths())
    return Asked(
        datasets=datasets,
        megabytes=size / datasets / 1e6,
        requests=counting.requests / datasets,
        bytes_ratio=counting.bytes / size,
    )


def upload(endpoint: str, release: Release) -> None:
    """Puts the release into a bucket that anybody may read and nobody may write to."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
    )
    client.create_bucket(Bucket=BUCKET)
    client.delete_bucket_policy(Bucket=BUCKET)  # an earlier part's: moto's state is the process's
    for file in sorted((release.folder / "cell-census").rglob("*")):
        if file.is_file():
            key = file.relative_to(release.folder).as_posix()
            client.upload_file(str(file), BUCKET, key, ExtraArgs={"ACL": "public-read"})
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:PutObject", "s3:DeleteObject"],
        "Resource": [f"arn:aws:s3:::{BUCKET}/*"],
    }
    policy = {"Version": "2012-10-17", "Statement": [denied]}
    client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))

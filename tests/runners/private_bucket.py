"""A bucket that shows nothing to whoever asks without credentials, and takes nothing from anybody.

moto stands in for Amazon; it doesn't check signatures, nor who may do what. So a request passes if
it is signed at all. Served by a process of its own: TileDB waits for some answers with Python's
lock in its hand.

python private_bucket.py FOLDER     # prints the endpoint's address, serves until it is killed
"""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

BUCKET = "private-census"
DENIED = (
    b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
)
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "tests"}
NOBODY = {
    "AWS_EC2_METADATA_DISABLED": "true",  # else a machine's role is looked for
    "AWS_CONFIG_FILE": "/nowhere",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
}
"""An environment in which AWS finds no credentials."""


@dataclass(frozen=True)
class PrivateBucket:
    """The endpoint's `address`, and the `folder` in which its process keeps what it refused."""

    address: str
    folder: Path

    def refused(self) -> list[str]:
        """Each request that was refused: its method, and whether it was signed."""
        log = self.folder / "refused"
        return log.read_text().splitlines() if log.exists() else []


@contextmanager
def serving(folder: Path, files: Mapping[str, Path]) -> Iterator[PrivateBucket]:
    """The bucket with the files by their keys."""
    server = subprocess.Popen(
        [sys.executable, __file__, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        client = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id="tests",
            aws_secret_access_key="tests",
        )
        client.create_bucket(Bucket=BUCKET)
        for key, file in files.items():
            client.upload_file(str(file), BUCKET, key)
        (folder / "closed").touch()
        yield PrivateBucket(address, folder)
    finally:
        server.kill()
        server.wait()


def files_below(root: Path) -> dict[str, Path]:
    """All files below the folder by their paths in it."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {file.relative_to(root).as_posix(): file for file in files}


def serve(folder: Path) -> None:
    from plain_s3 import moto, with_hub
    from werkzeug.serving import make_server

    s3 = moto()

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method, is_signed = environ["REQUEST_METHOD"], "HTTP_AUTHORIZATION" in environ
        if is_signed and (method in ("GET", "HEAD") or not (folder / "closed").exists()):
            return list(s3(environ, start))
        with (folder / "refused").open("a") as log:
            log.write(f"{method} {'signed' if is_signed else 'unsigned'}\n")
        start("403 Forbidden", [("Content-Type", "application/xml")])
        return [] if method == "HEAD" else [DENIED]

    server = make_server("127.0.0.1", 0, with_hub(app), threaded=True)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))

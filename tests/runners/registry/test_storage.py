"""What lies in storage now: in a folder, and on S3 (moto knows no latency and no throttling)."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import boto3
import plain_s3
import pytest
import s3fs
from lamindb_setup.core.hashing import to_b64_str
from moto.server import ThreadedMotoServer

from runners.records.snapshot import Stored, Unknown
from runners.registry.storage import stored_files

CONTENT = b"some h5ad"
STORED = Stored(len(CONTENT), to_b64_str(hashlib.md5(CONTENT).digest())[:22])
FOLDER = "s3://sample-files/cell-census/2020-07-15/h5ads"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    """S3 with one file in it, which this process takes for Amazon's."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    address = f"http://{host}:{port}"
    monkeypatch.setenv(plain_s3.ENDPOINT, address)
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="tests",
        aws_secret_access_key="tests",
    )
    client.create_bucket(Bucket="sample-files")
    client.put_object(
        Bucket="sample-files",
        Key="cell-census/2020-07-15/h5ads/d-1.h5ad",
        Body=CONTENT,
        ACL="public-read",
    )
    s3fs.S3FileSystem.clear_instance_cache()
    yield moto
    moto.stop()
    s3fs.S3FileSystem.clear_instance_cache()


def test_files_on_s3_are_listed_with_size_and_hash(server: ThreadedMotoServer) -> None:
    there, gone, elsewhere = f"{FOLDER}/d-1.h5ad", f"{FOLDER}/d-2.h5ad", "s3://no-bucket/x/y.h5ad"
    found = stored_files([there, gone, elsewhere])
    assert found[there] == STORED
    assert found[gone] is None
    assert isinstance(found[elsewhere], Unknown)


def test_a_storage_that_does_not_answer_tells_nothing(server: ThreadedMotoServer) -> None:
    server.stop()
    found = stored_files([f"{FOLDER}/d-1.h5ad"])[f"{FOLDER}/d-1.h5ad"]
    assert isinstance(found, Unknown)
    assert "can't be listed: Could not connect" in found.why


def test_files_of_a_folder_are_hashed_as_lamindb_does(tmp_path: Path) -> None:
    (tmp_path / "d-1.h5ad").write_bytes(CONTENT)
    there, gone, folder = str(tmp_path / "d-1.h5ad"), str(tmp_path / "d-2.h5ad"), str(tmp_path)
    found = stored_files([there, gone, folder])
    assert found[there] == STORED
    assert found[gone] is None
    assert isinstance(found[folder], Unknown)

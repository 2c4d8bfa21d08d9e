"""What lies in storage now: in a folder, and on S3 (moto knows no latency and no throttling)."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import plain_s3
import pytest
import s3fs
from lamindb_setup.core.hashing import to_b64_str
from moto.server import ThreadedMotoServer

from runners.records.snapshot import Stored, Unknown
from runners.registry.storage import stats_of, stored_files

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


class Bucket:
    """S3 by what a folder lists: sizes and entity tags by key, or an error."""

    def __init__(self, folders: Mapping[str, Mapping[str, tuple[int, str]] | Exception]) -> None:
        self.folders = folders
        self.listed: list[str] = []

    def find(self, folder: str, *, detail: bool) -> dict[str, dict[str, Any]]:
        assert detail
        self.listed.append(folder)
        found = self.folders[folder]
        if isinstance(found, Exception):
            raise found
        place = folder.removeprefix("s3://")
        return {f"{place}/{k}": {"size": n, "ETag": f'"{tag}"'} for k, (n, tag) in found.items()}


TAG = hashlib.md5(CONTENT).hexdigest()


@pytest.mark.parametrize("anonymous", [True, False])
def test_each_folder_is_listed_once_and_one_that_is_refused_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anonymous: bool
) -> None:
    refused = PermissionError("Forbidden\n twice")
    bucket = Bucket(
        {
            "s3://b/one": {"a.h5ad": (len(CONTENT), TAG), "b.h5ad": (7, TAG)},
            "s3://b/two": {"a.h5ad": (8, TAG)},
            "s3://b/three": refused,
            "s3://b/four": OSError("who knows"),
        }
    )
    asked: list[tuple[object, object]] = []

    def filesystem(name: str, *, anon: bool, config_kwargs: object, **words: object) -> Bucket:
        asked.append((name, anon))
        assert words == {"use_listings_cache": False}
        return bucket

    monkeypatch.setattr("fsspec.filesystem", filesystem)
    local = str(tmp_path / "a.h5ad")
    Path(local).write_bytes(CONTENT)
    names = ("one/a", "one/b", "one/c", "two/a", "two/b", "three/a", "three/b", "four/a")
    addresses = [local, *(f"s3://b/{name}.h5ad" for name in names)]
    found = stored_files(addresses, anonymous=anonymous)
    assert found.keys() == set(addresses)
    told = [found[address] for address in addresses]
    sizes = [one.size if isinstance(one, Stored) else one for one in told[:6]]
    assert sizes == [len(CONTENT), len(CONTENT), 7, None, 8, None]
    assert told[1] == STORED
    reasons = [one.why for one in told[6:] if isinstance(one, Unknown)]
    how = "read anonymously: " if anonymous else "read with AWS credentials: "
    assert [reason.startswith("s3://b/three can't be listed: Forbidden twice (") for reason in
            reasons] == [True, True, False]  # fmt: skip
    assert [how in reason for reason in reasons] == [True, True, False]
    assert reasons[2] == "s3://b/four can't be listed: who knows"
    assert bucket.listed == [f"s3://b/{name}" for name in ("one", "two", "three", "four")]
    assert set(asked) == {("s3", anonymous)}


def test_a_file_is_registered_by_what_its_reader_saw_or_by_its_own_bytes(tmp_path: Path) -> None:
    local = str(tmp_path / "a.h5ad")
    Path(local).write_bytes(CONTENT)
    seen = {"s3://b/a.h5ad": (9, TAG), "s3://b/parts.h5ad": (9, f"{TAG}-3"), local: (1, None)}
    stats = stats_of(seen)
    assert list(stats) == list(seen)
    assert [one["size"] for one in stats.values()] == [9, 9, len(CONTENT)]
    assert [one["hash_type"] for one in stats.values()] == ["md5", "md5-3", "md5"]
    assert stats["s3://b/a.h5ad"]["hash"] == stats[local]["hash"] == STORED.hash
    with pytest.raises(FileNotFoundError):
        stats_of({str(tmp_path / "gone.h5ad"): (1, None)})

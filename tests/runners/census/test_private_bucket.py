"""A release in a bucket of one's own: read with credentials where the manifest says so."""

import pickle
from collections.abc import Iterator
from pathlib import Path

import plain_s3
import pytest
import s3fs
import stores
from private_bucket import BUCKET, CREDENTIALS, NOBODY, PrivateBucket, files_below, serving

from runners.census.content import read_content, read_organisms
from runners.census.store import CensusDataset, location, read_datasets, store_address
from runners.contract import ContractError, Manifest, Storage
from runners.h5ad.address import PrivateAddress, address_of, is_anonymous
from runners.h5ad.errors import FileForbiddenError
from runners.h5ad.profile import read_profile
from runners.records.snapshot import Stored, Unknown
from runners.registry.storage import stored_files
from runners.sample.datasets import by_key
from runners.sample.world import World

ANONYMOUS = "it was read anonymously: make it public or, if it is a bucket of your own, set "
SIGNED = "it was read with AWS credentials: give some that may read it, in AWS_ACCESS_KEY_ID and "
FILE = f"{by_key('D01').dataset_id}.h5ad"


@pytest.fixture(scope="module")
def served(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateBucket]:
    root = tmp_path_factory.mktemp("private")
    stores.write(root / "files" / "soma")
    files = {**files_below(root / "files"), FILE: world.newer.h5ads / FILE}
    with serving(root, files) as bucket:
        yield bucket


@pytest.fixture
def bucket(served: PrivateBucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateBucket]:
    """The bucket, which this process takes for Amazon's, without credentials for it."""
    variables = {**NOBODY, **plain_s3.variables(served.address), "PATIENCE_SECONDS": "1"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for name in CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    s3fs.S3FileSystem.clear_instance_cache()
    yield served
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def credentials(bucket: PrivateBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


def manifest(*, anonymous: bool) -> Manifest:
    storage = Storage(
        soma=f"s3://{BUCKET}/soma/",
        h5ads=f"s3://{BUCKET}",
        region="us-east-1",
        anonymous=anonymous,
    )
    return stores.manifest(Path("unread")).model_copy(update={"storage": storage})


def dataset(path: str = FILE) -> CensusDataset:
    return CensusDataset("d-1", "v-1", "title", path, "c-1", "name", "", 4)


@pytest.mark.usefixtures("credentials")
def test_store_and_files_are_read_with_credentials(bucket: PrivateBucket) -> None:
    before = bucket.refused()
    own = manifest(anonymous=False)
    assert [one.dataset_id for one in read_datasets(own)] == ["d-1", "d-2"]
    assert [one.name for one in read_organisms(own.storage)] == ["homo_sapiens"]
    assert read_content(own.storage).unread == {}
    assert read_profile(location(own, dataset()), ["assay"]).n_observations > 0
    address = str(location(own, dataset()))
    assert isinstance(stored_files([address], anonymous=False)[address], Stored)
    assert bucket.refused() == before


@pytest.mark.usefixtures("credentials")
def test_credentials_are_not_used_unless_the_manifest_says_so(bucket: PrivateBucket) -> None:
    before = bucket.refused()
    with pytest.raises(ContractError, match=f"the storage refuses it.*{ANONYMOUS}"):
        read_datasets(manifest(anonymous=True))
    with pytest.raises(FileForbiddenError, match=f"refuses to show it .*{ANONYMOUS}"):
        read_profile(location(manifest(anonymous=True), dataset()), [])
    (stored,) = stored_files([str(location(manifest(anonymous=True), dataset()))]).values()
    assert isinstance(stored, Unknown)
    assert ANONYMOUS in stored.why
    new = bucket.refused()[len(before) :]
    assert new
    assert all(line.endswith(" unsigned") for line in new)


@pytest.mark.usefixtures("bucket")
def test_credentials_that_are_not_there_are_asked_for_at_once() -> None:
    own = manifest(anonymous=False)
    with pytest.raises(ContractError, match=f"the storage refuses it.*{SIGNED}"):
        read_datasets(own)
    with pytest.raises(FileForbiddenError, match=f"refuses to show it .*{SIGNED}"):
        read_profile(location(own, dataset()), [])


@pytest.mark.usefixtures("credentials")
def test_a_file_that_is_refused_half_way_tells_how_it_was_read() -> None:
    address = location(manifest(anonymous=False), dataset())
    with s3fs.S3FileSystem(anon=False).open(address) as stream:
        assert address_of(stream) == address
        assert not is_anonymous(address_of(stream))
    with s3fs.S3FileSystem(anon=True).open("s3://any/thing", size=1) as stream:
        assert is_anonymous(address_of(stream))


def test_an_address_says_how_it_is_read_wherever_it_goes() -> None:
    address = location(manifest(anonymous=False), dataset("x.h5ad"))
    assert address == f"s3://{BUCKET}/x.h5ad"
    assert not is_anonymous(pickle.loads(pickle.dumps(address)))
    assert is_anonymous(location(manifest(anonymous=True), dataset("x.h5ad")))
    assert is_anonymous(f"s3://{BUCKET}/x.h5ad")
    whole = location(manifest(anonymous=False), dataset("s3://elsewhere/x.h5ad"))
    assert (str(whole), is_anonymous(whole)) == ("s3://elsewhere/x.h5ad", False)
    assert store_address(manifest(anonymous=False).storage) == PrivateAddress(f"s3://{BUCKET}/soma")

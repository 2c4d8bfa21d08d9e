"""What reading a dataset on S3 costs: bytes and requests, of a file with 60,000 genes.

moto stands in for Amazon, behind a counter. It doesn't model latency or throttling.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import h5py
import numpy as np
import pandas as pd
import plain_s3
import pytest
from h5ad_files import obs_of, write
from hostile_files import POINTING, opened_files, secret_files
from profiles import HUMAN, ORGANISM, VALUES
from s3fs import S3FileSystem

from runners import rules
from runners.h5ad.errors import FilePointsElsewhereError
from runners.h5ad.profile import read_profile
from runners.h5ad.ranges import open_h5ad
from runners.retries import OutageError
from runners.rules.reference import Reference
from runners.settings import from_environment
from runners.validation.cases import combinations

pytestmark = pytest.mark.prove
BUCKET, CELLS, GENES = "counted", 2_000, 60_000


class Counter:
    """Passes requests on, and counts those that read, with the bytes of their answers."""

    def __init__(self) -> None:
        self.app = plain_s3.moto()
        self.requests = self.bytes = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        parts = list(self.app(environ, start))
        self.requests += 1
        self.bytes += sum(map(len, parts)) if environ["REQUEST_METHOD"] == "GET" else 0
        return parts


def large(path: Path) -> Path:
    """A valid dataset whose X takes most of its bytes."""
    columns = {name: pd.Categorical([values[0]] * CELLS) for name, values in VALUES.items()}
    obs = obs_of(**columns, is_primary_data=[True] * CELLS)
    write(path, obs, uns={ORGANISM: HUMAN, "title": "T"})
    found = rules.load("7.0.0")
    table = Reference(found, from_environment().reference).genes("homo_sapiens")
    with h5py.File(path, "r+") as file:
        del file["X"], file["var"]
        data = np.random.default_rng(0).random(8_000_000, dtype=np.float32)
        file.create_dataset("X/data", data=data, chunks=(100_000,), compression="gzip")
        for number, part in enumerate(data.reshape(20, CELLS, -1)):
            file[f"obsm/embedding-{number}"] = part  # each with its header far from the others'
        genes = list(table)[:GENES]
        var = file.create_group("var")
        var.attrs["_index"] = "_index"
        var.create_dataset("_index", data=genes, dtype=h5py.string_dtype(), compression="gzip")
        var["feature_is_filtered"] = np.zeros(len(genes), dtype=bool)
    return path


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "tests")
    counter = Counter()
    with plain_s3.serving(counter) as address:
        monkeypatch.setenv(plain_s3.ENDPOINT, address)
        S3FileSystem.clear_instance_cache()  # one of before knows another server
        yield counter


def uploaded(file: Path) -> str:
    """The address of the file in a new bucket that everybody may read."""
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    client.upload_file(str(file), BUCKET, file.name, ExtraArgs={"ACL": "public-read"})
    return f"s3://{BUCKET}/{file.name}"


def test_reading_takes_a_tenth_of_the_bytes_and_few_requests(
    tmp_path: Path, counter: Counter
) -> None:
    file, found = large(tmp_path / "large.h5ad"), rules.load("7.0.0")
    address = uploaded(file)
    counter.requests = counter.bytes = 0
    columns, together = found.columns, combinations(found)
    remote = read_profile(address, columns, together)
    assert replace(remote, etag=None) == read_profile(str(file), columns, together)
    size = file.stat().st_size
    print(f"{counter.requests} requests, {counter.bytes} of {size} bytes")  # noqa: T201
    assert counter.requests <= 12
    assert counter.bytes <= size / 10
    head = boto3.client("s3", region_name="us-east-1").head_object(Bucket=BUCKET, Key=file.name)
    assert (remote.size, remote.etag) == (size, head["ETag"])


def test_a_file_on_s3_that_names_one_of_this_machine_is_refused(
    tmp_path: Path, counter: Counter
) -> None:
    secrets, file = secret_files(tmp_path / "secrets"), tmp_path / "small.h5ad"
    write(file, obs_of(column=pd.Categorical(["x", "y"])), uns={"title": "T"})
    with h5py.File(file, "r+") as hostile:
        del hostile["uns/title"]
        POINTING["external storage of a scalar"](hostile["uns"], "title", secrets)
    address = uploaded(file)
    with opened_files(secrets) as opened, pytest.raises(FilePointsElsewhereError) as error:
        read_profile(address, ["title"])
    assert opened == []
    assert str(error.value).startswith(f"{address}: uns/title is a dataset with external storage")
    assert counter.requests


def test_a_file_that_is_replaced_while_it_is_read_gives_nothing_of_the_new_one(
    tmp_path: Path, counter: Counter
) -> None:
    file = large(tmp_path / "large.h5ad")
    address = uploaded(file)
    with open_h5ad(address) as opened:
        assert opened.blocks is not None
        client = boto3.client("s3", region_name="us-east-1")
        body = b"\1" * file.stat().st_size
        client.put_object(Bucket=BUCKET, Key=file.name, Body=body, ACL="public-read")
        with pytest.raises(OutageError, match="does not answer"):
            opened.blocks.fetch_ahead([(2**20, 2**20 + 1), (2**21, 2**21 + 1)])

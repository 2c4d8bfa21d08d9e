"""A release in a bucket of one's own, registered and verified: every request is signed."""

from collections.abc import Iterator

import instances
import plain_s3
import pytest
from instances import Place, succeed
from private_bucket import BUCKET, CREDENTIALS, NOBODY, PrivateBucket, files_below, serving

from runners.contract import Storage
from runners.sample.datasets import OLDER, of_release

pytestmark = pytest.mark.prove
RELEASE = f"s3://{BUCKET}/cell-census/{OLDER.version}"


@pytest.fixture(scope="module")
def bucket(empty: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateBucket]:
    files = files_below(empty.world.root)
    older = {
        key: file for key, file in files.items() if key.startswith(f"cell-census/{OLDER.version}")
    }
    with serving(tmp_path_factory.mktemp("bucket"), older) as bucket:
        yield bucket


@pytest.fixture(scope="module")
def place(empty: Place, bucket: PrivateBucket, tmp_path_factory: pytest.TempPathFactory) -> Place:
    variables = {**NOBODY, **CREDENTIALS, **plain_s3.variables(bucket.address)}
    made = instances.copy(empty, tmp_path_factory.mktemp("private"), **variables)
    made.manifest(
        OLDER.version,
        storage=Storage(soma=f"{RELEASE}/soma/", h5ads=f"{RELEASE}/h5ads/", anonymous=False),
    )
    return made


def test_it_is_registered_and_verified_by_signed_requests_that_only_read(
    place: Place, bucket: PrivateBucket
) -> None:
    succeed(place.ingest("private", OLDER.version))
    succeed(place.run("verify", place.root / "runs" / "private" / "request.json"))
    report = place.report("private")
    assert len(report.outcomes) == len(of_release(OLDER))
    checked = {check.name: check.status for check in report.checks}
    assert (checked["storage"], checked["content"]) == ("passed", "passed")
    assert bucket.refused() == []


def test_the_check_and_the_comparison_are_made_with_credentials_too(
    place: Place, bucket: PrivateBucket
) -> None:
    manifest = place.repository / f"{OLDER.version}.toml"
    assert "5 registered" in succeed(place.script("-m", "runners", "check", str(manifest))).stdout
    newer = place.repository / "2020-07-15.toml"
    told = succeed(place.script("-m", "runners", "compare", str(newer))).stdout
    assert told.startswith("2020-07-15 against 2020-01-15\ndatasets: 12 against 5: ")
    assert bucket.refused() == []

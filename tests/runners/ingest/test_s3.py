"""A release that lies on S3: anonymous, read-only, by ranges, into a local instance. Its addresses
are plain ones, but for a lab that has an endpoint of its own.

moto stands in for Amazon. It doesn't model latency, throttling, or regions.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import dumps
import instances
import plain_s3
import pytest
from instances import NOWHERE, Place

from runners.contract import Outcome, Storage
from runners.sample.datasets import NEWER, OLDER, by_key, of_release
from runners.sample.world import World

BUCKET = "sample-census"
FINE = ("passed", "not applicable")
pytestmark = pytest.mark.prove
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:PutObject", "s3:DeleteObject"],
            "Resource": [f"arn:aws:s3:::{BUCKET}/*"],
        }
    ],
}


def upload(client: Any, world: World) -> None:
    """The sample's releases in a public bucket that nobody may write to any more."""
    client.create_bucket(Bucket=BUCKET)
    for file in sorted((world.root / "cell-census").rglob("*")):
        if file.is_file():
            key = file.relative_to(world.root).as_posix()
            client.upload_file(str(file), BUCKET, key, ExtraArgs={"ACL": "public-read"})
    client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(POLICY))


def objects(client: Any) -> dict[str, str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return {one["Key"]: one["ETag"] for page in pages for one in page.get("Contents", ())}


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """What the server was asked: method and path of each request."""
    return []


@pytest.fixture(scope="module")
def endpoint(asked: list[str]) -> Iterator[str]:
    s3 = plain_s3.moto()

    def noted(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        return s3(environ, start)

    with plain_s3.serving(noted) as address:
        yield address


@pytest.fixture(scope="module")
def client(endpoint: str, world: World) -> Any:
    made = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="tests",
        aws_secret_access_key="tests",
    )
    upload(made, world)
    return made


@pytest.fixture(scope="module")
def remote(
    empty: Place, tmp_path_factory: pytest.TempPathFactory, endpoint: str, client: Any
) -> Place:
    """A local instance that holds both releases, read from the bucket by runs of their names."""
    root = tmp_path_factory.mktemp("s3")
    place = instances.copy(empty, root, **plain_s3.variables(endpoint))
    note_updates_of_storages(place)
    ingest(place, OLDER.version)
    ingest(place, NEWER.version)
    return place


def ingest(place: Place, release: str) -> None:
    """Registers a release from the bucket, by a run of its name."""
    address = f"s3://{BUCKET}/cell-census/{release}"
    place.manifest(release, storage=Storage(soma=f"{address}/soma/", h5ads=f"{address}/h5ads/"))
    instances.succeed(place.ingest(f"run-{release}", release))


def note_updates_of_storages(place: Place) -> None:
    """From now on the instance keeps the root of each Storage row that is written again."""
    instances.change(
        place,
        "create table updated_storages (root text)",
        "create trigger updates after update on lamindb_storage"
        " begin insert into updated_storages values (new.root); end",
    )


def updates_of_storages(place: Place) -> list[str]:
    with closing(sqlite3.connect(place.database)) as connection:
        return [root for (root,) in connection.execute("select root from updated_storages")]


def test_every_dataset_ends_as_it_does_from_a_folder(remote: Place, fresh: Place) -> None:
    here = fresh.journal("newer").datasets("written")
    there = remote.journal(f"run-{NEWER.version}").datasets("written")
    assert {i: line["outcome"] for i, line in there.items()} == {
        i: line["outcome"] for i, line in here.items()
    }
    assert there[by_key("D12").dataset_id]["outcome"] == Outcome.UNREADABLE


def test_links_are_those_of_a_release_in_a_folder(remote: Place, fresh: Place) -> None:
    here, there = dumps.natural(fresh.database), dumps.natural(remote.database)
    linked = [t for t in here if "_artifact" in t and t != "lamindb_artifact"]
    assert sum(here[table].total() for table in linked) > 1000
    assert {t: here[t] for t in linked} == {t: there[t] for t in linked}


def test_no_row_of_a_storage_is_written_again(remote: Place) -> None:
    assert updates_of_storages(remote) == []


def test_a_lab_with_an_endpoint_of_its_own_pays_no_more(
    empty: Place, tmp_path: Path, endpoint: str, client: Any
) -> None:
    place = instances.copy(empty, tmp_path / "place", AWS_ENDPOINT_URL=endpoint)
    note_updates_of_storages(place)
    ingest(place, OLDER.version)
    instances.succeed(place.run("verify", place.root / f"runs/run-{OLDER.version}/request.json"))
    assert updates_of_storages(place) == []


def test_verification_finds_the_broken_file_and_nothing_else(remote: Place) -> None:
    run = f"run-{NEWER.version}"
    done = remote.run("verify", remote.root / "runs" / run / "request.json")
    assert done.returncode == 1, done.stderr
    report = remote.report(run)
    assert [check.name for check in report.checks if check.status not in FINE] == ["datasets"]
    assert len(report.outcomes) == len(of_release(NEWER))


def test_nothing_in_the_bucket_was_written(remote: Place, client: Any, world: World) -> None:
    files = (world.root / "cell-census").rglob("*")
    names = {file.relative_to(world.root).as_posix() for file in files if file.is_file()}
    assert objects(client).keys() == names


def test_the_check_before_money_is_spent_needs_no_credentials(remote: Place) -> None:
    manifest = remote.repository / f"{NEWER.version}.toml"
    done = remote.script("-m", "runners", "check", str(manifest))
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1] == "11 registered, 1 unreadable"
    assert by_key("D12").dataset_id in done.stdout


def test_single_files_are_checked_where_they_lie(remote: Place) -> None:
    folder = f"s3://{BUCKET}/cell-census/{NEWER.version}/h5ads"
    names = [f"{folder}/{each}.h5ad" for each in (by_key("D02").dataset_id, "absent")]
    done = remote.script("-m", "runners", "check", *names)
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines() == [
        f"{names[0]}: passes dataset schema 7.0.0",
        f"{names[1]}: is missing",
        f"    there is no file in the storage ({names[1]})",
        "1 of 2 files pass",
    ]


def test_a_storage_that_does_not_answer_stops_the_run_and_condemns_no_file(
    place: Place, tmp_path: Path
) -> None:
    variables = {**plain_s3.variables(NOWHERE), "PATIENCE_SECONDS": "1"}
    silent = instances.copy(place, tmp_path / "silent", **variables)
    h5ads = f"s3://{BUCKET}/cell-census/{NEWER.version}/h5ads"
    silent.manifest(NEWER.version, storage=Storage(soma=str(place.world.newer.soma), h5ads=h5ads))
    done = silent.ingest("silent", NEWER.version)
    assert done.returncode == 2, done.stdout
    assert "the storage does not answer" in done.stderr.splitlines()[-1]
    assert silent.journal("silent").datasets("written") == {}


def test_where_laminhub_is_away_the_store_waits_for_it_and_no_dataset_does(
    empty: Place, endpoint: str, client: Any, tmp_path: Path
) -> None:
    variables = {**plain_s3.variables(endpoint), "PATIENCE_SECONDS": "1"}
    place = instances.copy(empty, tmp_path / "place", **variables)
    away = replace(place, variables=(*place.variables, ("SUPABASE_API_URL", NOWHERE)))
    address = f"s3://{BUCKET}/cell-census/{OLDER.version}"
    place.manifest(OLDER.version, storage=Storage(soma=f"{address}/soma", h5ads=f"{address}/h5ads"))
    done = away.ingest("run", OLDER.version)
    assert done.returncode == 2, done.stdout
    assert "LaminHub does not answer" in done.stderr.splitlines()[-1]
    journal = place.journal("run")
    assert len(journal.datasets("written")) == len(of_release(OLDER))
    assert [line["part"] for line in journal.all("recorded")][-1] == "collections"
    instances.succeed(place.run("ingest", place.root / "runs" / "run" / "request.json"))


def test_the_smoke_test_reads_the_table_once_and_its_canary_compares_what_lies_there(
    remote: Place, endpoint: str, asked: list[str], tmp_path: Path
) -> None:
    variables = {**plain_s3.variables(endpoint), "CANARY": str(tmp_path / "markers")}
    place = instances.copy(remote, tmp_path / "place", **variables)
    request = place.request("smoke", NEWER.version)
    asked.clear()
    done = place.script("-m", "runners", *place.arguments("ingest", request), "--smoke")
    said = instances.succeed(done).stderr
    for organism in ("human", "mouse"):
        assert f"canary: {organism}: all rows equal the curator's for " in said
    schema = f"GET /{BUCKET}/cell-census/{NEWER.version}/soma/census_info/datasets/__schema/"
    assert sum(each.startswith(schema) for each in asked) == 1

"""Where runs are kept, read by the bot: a folder, or S3."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from bot.adapters.stored_runs import FolderStore, RunStore, S3Store, run_store
from bot.errors import BotError
from runners.run.run_storage import Mirror, S3RunStorage, run_storage_at

FILES = {"run-1/request.json": "{}", "run-1/journal.jsonl": "é\n"}


@pytest.fixture(params=["folder", "s3"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunStore]:
    if request.param == "folder":
        for path, text in FILES.items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(text)
        yield run_store(str(tmp_path))
        return
    with s3() as client:
        for path, text in FILES.items():
            client.put_object(Bucket="data", Key=f"some/runs/{path}", Body=text.encode())
        for key in ("some/runs-of-others/run-1/request.json", "run-2/request.json"):
            client.put_object(Bucket="data", Key=key, Body=b"{}")
        yield run_store("s3://data/some/runs")


class s3:  # noqa: N801 - a context, as moto's own
    """A bucket `data`, in this process."""

    def __enter__(self) -> Any:
        self._mock = mock_aws()
        self._mock.start()
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="data")
        return client

    def __exit__(self, *_: object) -> None:
        self._mock.stop()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def test_it_lists_and_reads(filled: RunStore) -> None:
    assert set(filled.modified()) == set(FILES)
    assert {path: filled.text(path) for path in FILES} == FILES


def test_what_is_being_written_or_taken_away_in_a_folder_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("run-1/request.json", "run-1/gone.json", "run-1/.journal.jsonl.part", ".x/y"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    is_file = Path.is_file

    def and_then_goes(path: Path) -> bool:
        found = is_file(path)
        if path.name == "gone.json":
            path.unlink()
        return found

    monkeypatch.setattr(Path, "is_file", and_then_goes)
    assert set(run_store(str(tmp_path)).modified()) == {"run-1/request.json"}


def test_more_than_a_page_of_files_is_listed() -> None:
    client = boto3.client("s3", region_name="us-east-1")
    when = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with Stubber(client) as stub:
        for key, more in (
            ("a/x", {"IsTruncated": True, "NextContinuationToken": "n"}),
            ("b/x", {}),
        ):
            page = {"Contents": [{"Key": f"runs/{key}", "LastModified": when}], **more}
            stub.add_response("list_objects_v2", page)
        assert S3Store("s3://data/runs", client).modified() == {"a/x": when, "b/x": when}


def test_what_isnt_there_is_one_sentence(filled: RunStore) -> None:
    with pytest.raises(BotError, match="nothing: can't be read"):
        filled.text("run-1/nothing")


def test_an_empty_place_has_nothing(tmp_path: Path) -> None:
    assert FolderStore(tmp_path / "none").modified() == {}
    with s3() as client:
        assert S3Store("s3://data", client).modified() == {}
        with pytest.raises(BotError, match="s3://nowhere/x: can't be listed"):
            S3Store("s3://nowhere/x", client).modified()


def test_what_the_machine_mirrors_is_what_the_bot_reads(tmp_path: Path) -> None:
    with s3():
        folder = tmp_path / "run-2"
        folder.mkdir()
        mirror = Mirror(folder, run_storage_at("s3://data/runs"))
        assert isinstance(mirror.kept, S3RunStorage)
        (folder / "journal.jsonl").write_text("one\n")
        mirror.put_changed()
        assert run_store("s3://data/runs").text("run-2/journal.jsonl") == "one\n"
        mirror.kept.fetch(tmp_path / "other", "run-")
        assert (tmp_path / "other" / "run-2" / "journal.jsonl").read_text() == "one\n"

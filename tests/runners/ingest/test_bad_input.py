"""Bad input: one sentence that says what to do, exit code 2, and nothing changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dumps
import pytest
import tomli_w
from click.testing import CliRunner
from instances import INSTANCE, Place

from runners.cli.commands import main
from runners.contract import Action, Storage
from runners.sample.datasets import NEWER, OLDER, by_key

Wrong = tuple[str, Callable[[Place], Path], str]


def spoiled(place: Place, release: str, **fields: Any) -> Path:
    """A request whose manifest has other fields, be they allowed or not."""
    path = place.repository / f"{release}.toml"
    raw = {**place.manifest(release).to_mapping(), **fields}
    path.write_text(tomli_w.dumps({key: value for key, value in raw.items() if value is not None}))
    return place.request("bad", release)


def without_manifest(place: Place) -> Path:
    return place.request("bad", NEWER.version, manifest="2020-07-16.toml")


def of_another_release(place: Place) -> Path:
    return place.request("bad", NEWER.version, manifest=f"{OLDER.version}.toml")


def misnamed(place: Place) -> Path:
    (place.repository / f"{NEWER.version}.toml").rename(place.repository / "newest.toml")
    return place.request("bad", NEWER.version, manifest="newest.toml")


def failed_of(place: Place, earlier: str, **fields: Any) -> Path:
    return place.request("bad", NEWER.version, failed_of=earlier, **fields)


def failed_of_a_verification(place: Place) -> Path:
    place.request("verify", NEWER.version, action=Action.VERIFY)
    return failed_of(place, "verify")


def unreadable_request(place: Place) -> Path:
    request = place.request("bad", NEWER.version)
    request.write_text(request.read_text()[:-10])
    return request


def edited_journal(place: Place) -> Path:
    request = place.request("bad", NEWER.version)
    (request.parent / "journal.jsonl").write_text('{"step":"start"}\nhello\n{"step":"read"}\n')
    return request


BEFORE_THE_INSTANCE: list[Wrong] = [
    (
        "no request",
        lambda place: place.root / "runs" / "nothing" / "request.json",
        "request.json: can't be read",
    ),
    ("a request that was cut", unreadable_request, "request.json: not JSON"),
    ("a manifest that is not there", without_manifest, "2020-07-16.toml: can't be read"),
    ("a manifest of another release", of_another_release, "request.json: field manifest: "),
    ("a manifest of another name", misnamed, "newest.toml: field release: "),
    (
        "a manifest with a field of a wrong form",
        lambda place: spoiled(place, NEWER.version, dataset_schema_version="seven"),
        "2020-07-15.toml: field dataset_schema_version: ",
    ),
    (
        "a manifest with a field that nobody knows",
        lambda place: spoiled(place, NEWER.version, colour="blue"),
        "2020-07-15.toml: field colour: ",
    ),
    (
        "a manifest without a field",
        lambda place: spoiled(place, NEWER.version, storage=None),
        "2020-07-15.toml: field storage: ",
    ),
    (
        "a manifest with another number of datasets",
        lambda place: spoiled(place, NEWER.version, dataset_count=13),
        "soma/: holds 12 datasets, but the manifest's dataset_count is 13; ",
    ),
    (
        "a store that is not there",
        lambda place: spoiled(place, NEWER.version, storage={"soma": "/nowhere", "h5ads": "/no"}),
        "/nowhere: census_info/datasets can't be read (",
    ),
    (
        "an id that the release has not",
        lambda place: place.request("bad", NEWER.version, only=("d-1", by_key("D01").dataset_id)),
        "request bad: field only: d-1 not in release 2020-07-15; ",
    ),
    (
        "a collection that the release has not",
        lambda place: place.request("bad", NEWER.version, collection=("10.1/none",)),
        "request bad: field collection: '10.1/none' is no collection of release 2020-07-15; ",
    ),
    (
        "an organism that the release has not",
        lambda place: place.request("bad", NEWER.version, organism=("zebrafish",)),
        "request bad: field organism: 'zebrafish' is no organism of release 2020-07-15; ",
    ),
    ("an edited journal", edited_journal, "journal.jsonl, line 2: not JSON"),
    (
        "failures of a run that is not there",
        lambda place: failed_of(place, "nothing"),
        "request bad: field failed_of: there is no run nothing in ",
    ),
    (
        "failures of a run of another release",
        lambda place: failed_of(place, "older"),
        "field failed_of: run older has release 2020-01-15, not 2020-07-15; ",
    ),
    (
        "failures of a run of another instance",
        lambda place: place.request(
            "bad", OLDER.version, failed_of="older", instance="anonymous/other"
        ),
        f"field failed_of: run older has instance {INSTANCE}, not anonymous/other; ",
    ),
    ("failures of itself", lambda place: failed_of(place, "bad"), "run bad names itself; "),
    ("failures of a verification", failed_of_a_verification, "run verify only verified; "),
    (
        "failures of a run, and a limit",
        lambda place: failed_of(place, "older", limit=1),
        "field failed_of: goes with none of only, collection, organism, only_missing and limit; ",
    ),
]
AT_THE_INSTANCE: list[Wrong] = [
    (
        "an instance that is not there",
        lambda place: place.request("bad", NEWER.version, instance="anonymous/other"),
        "instance 'anonymous/other': can't be connected to (",
    ),
    (
        "an instance out of reach",
        lambda place: place.request("bad", NEWER.version, instance="nobody/nothing"),
        "instance 'nobody/nothing': can't be connected to (",
    ),
    (
        "an instance without owner",
        lambda place: place.request("bad", NEWER.version, instance="demo"),
        "instance 'demo': is not owner/name; ",
    ),
    (
        "a storage without the folder cell-census",
        lambda place: spoiled(
            place,
            NEWER.version,
            storage=Storage(soma=f"{place.world.newer.soma}/", h5ads="/elsewhere").to_mapping(),
        ),
        "/elsewhere: has no folder cell-census; ",
    ),
    (
        "rules that there are not",
        lambda place: spoiled(place, NEWER.version, dataset_schema_version="99.0.0"),
        "runners/rules/99.0.0.json: no rules for dataset schema 99.0.0; ",
    ),
    (
        "pins of another document",
        lambda place: spoiled(place, NEWER.version, pins={"EFO": "3.82.0", "CL": "1999-01-01"}),
        "manifest 2020-07-15: field pins.CL: '1999-01-01' is not what the rules ",
    ),
    (
        "a previous release without a manifest",
        lambda place: spoiled(place, NEWER.version, previous="2019-01-15"),
        "field previous: there is no 2019-01-15.toml beside it; ",
    ),
]


def is_one_sentence(text: str, expected: str) -> None:
    assert text.count("\n") == 1
    assert text.endswith(".\n")
    assert expected in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("make", "expected"),
    [pytest.param(make, expected, id=name) for name, make, expected in BEFORE_THE_INSTANCE],
)
@pytest.mark.parametrize("command", ["ingest", "verify"])
def test_bad_documents_end_before_an_instance_is_looked_at(
    place: Place, command: str, make: Callable[[Place], Path], expected: str
) -> None:
    request = make(place)
    before = dumps.exact(place.database)
    options = ["--request", str(request), "--repository", str(place.repository)]
    done = CliRunner().invoke(main, [command, *options])
    assert done.exit_code == 2
    assert done.stdout == ""
    is_one_sentence(done.stderr, expected)
    assert dumps.exact(place.database) == before
    assert not (request.parent / "report.json").exists()


def test_a_name_that_is_not_there_is_told_before_the_smoke_test(place: Place) -> None:
    request = place.request("bad", NEWER.version, organism=("zebrafish",))
    options = ["--request", str(request), "--repository", str(place.repository), "--smoke"]
    done = CliRunner().invoke(main, ["ingest", *options])
    assert done.exit_code == 2
    is_one_sentence(done.stderr, "field organism: 'zebrafish' is no organism of release ")


@pytest.mark.parametrize(
    ("make", "expected"),
    [pytest.param(make, expected, id=name) for name, make, expected in AT_THE_INSTANCE],
)
def test_what_an_instance_refuses_changes_no_row(
    place: Place, make: Callable[[Place], Path], expected: str
) -> None:
    request = make(place)
    before = dumps.exact(place.database)
    done = place.run("ingest", request)
    assert done.returncode == 2, done.stderr
    is_one_sentence(done.stderr, expected)
    assert dumps.exact(place.database) == before
    assert place.journal("bad").lines == []


def test_verify_refuses_an_instance_that_is_not_there(place: Place) -> None:
    fields = {"instance": "anonymous/other", "action": Action.VERIFY}
    done = place.run("verify", place.request("bad", OLDER.version, **fields))
    assert done.returncode == 2
    is_one_sentence(done.stderr, "instance 'anonymous/other': can't be connected to (")
    settings = place.root / "lamin" / ".lamin"
    assert f"is read from {settings}; say LAMIN_SETTINGS_DIR where it lies" in done.stderr
    assert INSTANCE not in done.stderr

"""What an instance with a history holds becomes manifests; it, and those that are there, stay."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dumps
import instances
import pytest
import tomli_w
from instances import INSTANCE, Done, Place

from runners.contract import (
    ContractError,
    ExceptionState,
    Manifest,
    RunReport,
    manifest_path,
)
from runners.sample.datasets import NEWER, OLDER, by_key
from runners.sample.world import World
from runners.verification.backfill import fill_in
from runners.verification.survey import HeldRelease, StoredRelease, Survey, stored_releases


@pytest.fixture
def place(fresh: Place, tmp_path: Path) -> Place:
    """Both releases, and no manifest where the bot would look for one."""
    return instances.copy(fresh, tmp_path / "place")


def survey(place: Place, *words: str) -> Done:
    repository = ("--instance", INSTANCE, "--repository", str(place.root / "own"))
    return place.script("-m", "runners", "survey", *repository, *words)


def found(place: Place) -> dict[str, Manifest]:
    folder = (place.root / "own" / manifest_path("2020-01-15")).parent
    return {file.stem: Manifest.from_file(file) for file in sorted(folder.glob("*.toml"))}


def test_its_manifests_say_what_its_releases_say_of_themselves(place: Place) -> None:
    before = dumps.exact(place.database)
    done = survey(place, "--yes")
    assert done.returncode == 0, done.stderr
    assert [line.partition(";")[0] for line in done.stdout.splitlines()[:2]] == [
        f"{OLDER.version}: 5 of 5 datasets",
        f"{NEWER.version}: 11 of 12 datasets",
    ]
    manifests = found(place)
    assert list(manifests) == [OLDER.version, NEWER.version]
    made, known = manifests[NEWER.version], place.manifest(NEWER.version)
    named = {"census_schema_version", "dataset_schema_version", "dataset_count", "previous"}
    named |= {"previous_dataset_schema_version"}
    assert made.model_dump(include=named) == known.model_dump(include=named)
    assert set(made.organisms) == set(known.organisms)
    assert Path(made.storage.soma) == Path(known.storage.soma)
    assert dumps.exact(place.database) == before


def test_what_is_hidden_from_its_users_does_not_count(newer: Place, tmp_path: Path) -> None:
    """In an instance with a history most of the older release is in trash and on a branch."""
    place = instances.copy(newer, tmp_path / "place")
    assert f"{OLDER.version}: 2 of 5 datasets" in survey(place).stdout


def test_without_yes_it_writes_nothing(place: Place) -> None:
    assert "--yes writes" in survey(place).stdout
    assert not (place.root / "own").exists()


def test_a_manifest_that_is_there_stays_as_it_is(place: Place) -> None:
    survey(place, "--yes")
    hers = place.root / "own" / manifest_path(OLDER.version)
    hers.write_text(hers.read_text() + "# hers\n")
    assert "is there, and left as it is" in survey(place, "--yes").stdout
    assert hers.read_text().endswith("# hers\n")


def test_each_release_gets_its_verdict(place: Place) -> None:
    done = survey(place, "--yes", "--verify", "--runs", str(place.root / "verified"))
    assert done.returncode == 1
    assert f"{OLDER.version}: passed (" in done.stdout
    assert f"{NEWER.version}: failed: Every dataset has its artifact" in done.stdout


def accept_d12(place: Place, reason: str) -> None:
    file = place.root / "own" / manifest_path(NEWER.version)
    entry = {"dataset_id": by_key("D12").dataset_id, "reason": reason, "until": date(2100, 1, 1)}
    accepted = tomli_w.dumps({"accepted": [{**entry, "because": "it is made so"}]})
    file.write_text(f"{file.read_text()}\n{accepted}")


def test_what_a_manifest_accepts_fails_no_release_though_no_run_is_known(place: Place) -> None:
    survey(place, "--yes")
    accept_d12(place, "file_unreadable")
    said = survey(place, "--verify", "--runs", str(place.root / "verified"))
    assert said.returncode == 0
    assert f"{NEWER.version}: passed, with 1 accepted (" in said.stdout
    (report,) = (place.root / "verified").glob(f"{NEWER.version}-*/report.json")
    (use,) = RunReport.from_file(report).exceptions
    assert use.state is ExceptionState.USED


def test_what_is_accepted_must_be_why_it_fails(place: Place) -> None:
    survey(place, "--yes")
    accept_d12(place, "term_unknown")
    said = survey(place, "--verify", "--runs", str(place.root / "verified")).stdout
    assert f"{NEWER.version}: failed: Every dataset has its artifact (" in said


def test_it_says_first_where_it_writes(place: Place) -> None:
    said = survey(place, "--runs", "elsewhere").stderr.splitlines()
    own = (place.root / "own" / "runners" / "releases").resolve()
    assert said == [f"manifests: {own} (--repository names another)"]
    first, second, *_ = survey(place, "--verify", "--runs", "elsewhere").stderr.splitlines()
    assert first == said[0]
    assert second == f"reports: {place.root / 'elsewhere'} (--runs names another folder)"


def test_a_manifest_that_cannot_be_read_costs_its_own_release_alone(place: Place) -> None:
    survey(place, "--yes")
    hers = place.root / "own" / manifest_path(OLDER.version)
    hers.write_text("release = ")
    (hers.parent / f"{NEWER.version}.toml").unlink()
    done = survey(place, "--yes", "--verify", "--runs", str(place.root / "verified"))
    assert done.returncode == 1, done.stderr
    assert f"{OLDER.version}: can't be verified: {hers}: not TOML" in done.stdout
    assert list(hers.parent.glob("*.part")) == []
    assert f"; wrote {hers.with_name(f'{NEWER.version}.toml')}" in done.stdout


def test_a_store_that_is_gone_costs_its_own_release_alone(place: Place) -> None:
    """The older release's files are registered where there is no store."""
    moved = "update lamindb_artifact set key = 'gone/' || key where key like ?"
    with closing(sqlite3.connect(place.database)) as connection, connection:
        connection.execute(moved, (f"%cell-census/{OLDER.version}/h5ads/%",))
    done = survey(place, "--yes")
    assert done.returncode == 1
    assert f"{OLDER.version}: 5 datasets registered; no manifest (" in done.stdout
    assert list(found(place)) == [NEWER.version]
    assert found(place)[NEWER.version].previous is None


def test_a_manifest_names_the_nearest_release_before_that_has_one(world: World) -> None:
    """Also where the store of one between them is gone."""
    root = world.newer.h5ads.parents[1]
    held = [
        HeldRelease(release, str(root / release), frozenset())
        for release in (OLDER.version, "2020-03-15", NEWER.version)
    ]
    older, gone, newer = (stored for _, stored in stored_releases(held))
    assert isinstance(gone, ContractError)
    assert isinstance(older, StoredRelease)
    assert isinstance(newer, StoredRelease)
    assert (older.manifest.previous, newer.manifest.previous) == (None, OLDER.version)


def test_at_its_end_it_says_what_is_missing_and_the_commands_that_fill_it_in(place: Place) -> None:
    own, broken = str(place.root / "own"), by_key("D12").dataset_id
    of = f"--new {NEWER.version} --instance {INSTANCE}"
    where = f"--repository {own} --runs runs"
    ingest = f"python -m runners ingest {of} --only-missing {where}"
    verify = f"python -m runners verify {of} {where}"
    assert survey(place).stdout.splitlines()[2:] == [
        "What is missing, the oldest first:",
        f"{NEWER.version}: 1 of 12 datasets ({broken})",
        f"  {ingest}",
        f"  {verify}",
        "--backfill --yes does these commands in turn, and stops at the first that doesn't end "
        "well.",
    ]
    older, newer = map(json.loads, survey(place, "--json").stdout.splitlines())
    assert (older["missing"], older["commands"], older["verdict"]) == ([], [], None)
    assert newer["commands"] == [ingest, verify]
    assert (newer["release"], newer["registered"], newer["datasets"]) == (NEWER.version, 11, 12)
    assert newer["missing"] == [broken]


def test_what_is_accepted_is_not_missing(place: Place) -> None:
    survey(place, "--yes")
    accept_d12(place, "file_unreadable")
    said = survey(place).stdout.splitlines()
    assert said[2:] == ["No dataset is missing (--verify sees the rest)."]
    said = survey(place, "--verify").stdout.splitlines()
    assert said[-1] == "Nothing is missing."


def test_an_instance_without_releases_says_so(empty: Place, tmp_path: Path) -> None:
    done = survey(instances.copy(empty, tmp_path / "place"), "--yes")
    assert (done.returncode, done.stdout) == (0, f"{INSTANCE}: holds no release of the Census.\n")


HELD = HeldRelease("2020-01-15", "/nowhere/cell-census/2020-01-15", frozenset({"d-1.h5ad"}))


def own_manifest(**fields: object) -> Manifest:
    """A release of two datasets, as its store says."""
    return Manifest.from_mapping(
        {
            "release": HELD.release,
            "census_schema_version": "2.0.0",
            "dataset_schema_version": "7.0.0",
            "dataset_count": 2,
            "storage": HELD.storage.to_mapping(),
            **fields,
        },
        source="test",
    )


@pytest.mark.parametrize("verifies", [True, False])
@pytest.mark.parametrize(("version", "is_known"), [("5.1.0", False), ("7.0.0", True)])
def test_a_release_without_rules_keeps_back_nothing_that_is_newer(
    version: str, is_known: bool, verifies: bool, tmp_path: Path
) -> None:
    stored = StoredRelease(own_manifest(dataset_schema_version=version), ("d-2",))
    survey = Survey(INSTANCE, tmp_path, tmp_path / "runs", is_real=False, verifies=verifies)
    state, sentences = survey.look(HELD, stored)
    said: list[str] = []
    assert fill_in([state], lambda words: 0, said.append) == 0
    assert bool(said) == is_known
    why = "there are no rules for its dataset schema 5.1.0, so that it is left"
    assert (sentences[-1] == f"{HELD.release}: {why}") == (state.problem == why) == (not is_known)
    assert (state.datasets, state.missing) == (2, ("d-2",))


@pytest.mark.parametrize("verifies", [True, False])
def test_a_whole_release_without_rules_is_a_problem_only_where_it_is_to_be_verified(
    verifies: bool, tmp_path: Path
) -> None:
    stored = StoredRelease(own_manifest(dataset_schema_version="3.1.0"), ())
    survey = Survey(INSTANCE, tmp_path, tmp_path / "runs", is_real=False, verifies=verifies)
    state, _ = survey.look(HELD, stored)
    assert (state.datasets, state.problem is not None) == (2, verifies)


@pytest.mark.parametrize(("days", "missing"), [(-1, ("d-2",)), (0, ()), (1, ())])
def test_a_dataset_is_missing_once_its_exception_has_run_out(
    days: int, missing: tuple[str, ...], tmp_path: Path
) -> None:
    until = datetime.now(UTC).date() + timedelta(days)
    accepted = {"dataset_id": "d-2", "reason": "file_unreadable", "until": until}
    file = tmp_path / manifest_path(HELD.release)
    file.parent.mkdir(parents=True)
    file.write_text(tomli_w.dumps(own_manifest(accepted=[accepted]).to_table()))
    survey = Survey(INSTANCE, tmp_path, tmp_path / "runs", is_real=False, verifies=False)
    state, _ = survey.look(HELD, StoredRelease(own_manifest(), ("d-2",)))
    assert state.missing == missing

"""A request's file with the documents that it names, and the folder that it stands in."""

import re
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from runners.contract import Action, ContractError, Manifest, RunRequest, manifest_path
from runners.run.request import REQUEST, RunFolder, load_job, named_manifest, runs_in

RELEASE, BEFORE = "2020-07-15", "2020-01-15"


def manifest(release: str, previous: str | None) -> Manifest:
    return Manifest.from_mapping(
        {
            "release": release,
            "previous": previous,
            "census_schema_version": "2.0.0",
            "dataset_schema_version": "7.0.0",
            "dataset_count": 1,
            "storage": {"soma": "/nowhere/soma", "h5ads": "/nowhere/h5ads"},
        },
        source="test",
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the manifests of two releases."""
    for one in (manifest(RELEASE, BEFORE), manifest(BEFORE, None)):
        file = tmp_path / "repository" / manifest_path(one.release)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(tomli_w.dumps(one.to_mapping()))
    return tmp_path / "repository"


def request(folder: Path, **fields: Any) -> Path:
    """The file of a request, in the folder."""
    told = {"release": RELEASE, "manifest": manifest_path(RELEASE), "action": Action.INGEST}
    own = RunRequest.from_mapping(
        {"run_id": "run", "instance": "a/b", **told, **fields}, source="test"
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / REQUEST).write_text(own.to_json())
    return folder / REQUEST


@pytest.mark.parametrize("scheduler", [None, "tcp://10.0.0.1:8786"])
@pytest.mark.parametrize("workers", [None, 1, 5])
def test_a_job_has_what_it_was_told_and_both_manifests(
    repository: Path, tmp_path: Path, workers: int | None, scheduler: str | None
) -> None:
    job = load_job(
        request(tmp_path / "runs" / "run"),
        repository=repository,
        reference=tmp_path / "reference",
        workers=workers,
        scheduler=scheduler,
    )
    assert (job.workers, job.scheduler) == (workers, scheduler)
    assert (job.folder, job.reference) == (tmp_path / "runs" / "run", tmp_path / "reference")
    assert job.request.run_id == "run"
    assert job.manifest == manifest(RELEASE, BEFORE)
    assert job.previous == manifest(BEFORE, None)


def test_the_first_release_has_no_manifest_before_it(repository: Path, tmp_path: Path) -> None:
    file = request(tmp_path / "run", release=BEFORE, manifest=manifest_path(BEFORE))
    job = load_job(file, repository=repository, reference=tmp_path)
    assert (job.manifest.release, job.previous) == (BEFORE, None)
    assert job.workers == 1


def test_a_request_whose_manifest_is_of_another_release_is_refused(
    repository: Path, tmp_path: Path
) -> None:
    file = request(tmp_path / "run", release=BEFORE)
    with pytest.raises(ContractError) as refused:
        load_job(file, repository=repository, reference=tmp_path)
    path = repository / manifest_path(RELEASE)
    assert str(refused.value) == (
        f"{file}: field manifest: {path} is of release {RELEASE}, not {BEFORE}; correct the "
        "request."
    )


def test_the_manifest_of_the_release_before_must_lie_beside_it(
    repository: Path, tmp_path: Path
) -> None:
    (repository / manifest_path(BEFORE)).unlink()
    with pytest.raises(ContractError, match=rf"field previous: there is no {BEFORE}\.toml beside"):
        load_job(request(tmp_path / "run"), repository=repository, reference=tmp_path)


@pytest.mark.parametrize("previous", [None, BEFORE])
def test_a_release_is_named_by_its_manifest_or_by_its_date_and_not_by_both(
    repository: Path, previous: str | None
) -> None:
    file = repository / manifest_path(RELEASE)
    for by_file, by_date in ((file, None), (None, RELEASE)):
        found = named_manifest(repository, manifest=by_file, new=by_date, previous=previous)
        assert found == file
    for by_file, by_date in ((file, RELEASE), (None, None)):
        with pytest.raises(ContractError, match="by --manifest or by --new; give one"):
            named_manifest(repository, manifest=by_file, new=by_date, previous=previous)


def test_a_manifest_that_is_not_there_is_told_by_the_option_that_named_it(
    repository: Path, tmp_path: Path
) -> None:
    with pytest.raises(ContractError, match=r"^--new 2021-01-01: there is no "):
        named_manifest(repository, manifest=None, new="2021-01-01", previous=None)
    missing = tmp_path / "2021-01-01.toml"
    with pytest.raises(ContractError, match=rf"^{re.escape(str(missing))}: can't be read"):
        named_manifest(repository, manifest=missing, new=None, previous=None)


def folders(runs: Path) -> list[str]:
    wanted: list[str] = []

    def is_wanted(one: RunRequest) -> bool:
        wanted.append(one.run_id)
        return one.action is Action.INGEST

    found = runs_in(runs, is_wanted)
    assert sorted(wanted) == ["run-a", "run-b", "run-c"]
    return [run.folder.name for run in found]


def test_runs_are_found_by_name_without_those_that_are_not_wanted_or_can_t_be_read(
    tmp_path: Path,
) -> None:
    request(tmp_path / "c", run_id="run-a")
    request(tmp_path / "a", run_id="run-b")
    request(tmp_path / "b", run_id="run-c", action=Action.VERIFY)
    (tmp_path / "b" / "journal.jsonl").write_text("broken\n")  # no business of who asks
    (tmp_path / "aa").mkdir()
    (tmp_path / "aa" / REQUEST).write_text("{")
    (tmp_path / "empty").mkdir()
    request(tmp_path / "deep" / "d")
    assert folders(tmp_path) == ["a", "c"]


def test_a_broken_journal_is_passed_over_only_where_somebody_takes_the_reason(
    tmp_path: Path,
) -> None:
    for name in ("a", "b"):
        request(tmp_path / name)
    (tmp_path / "a" / "journal.jsonl").write_text("broken\n")
    reasons: list[str] = []
    found: list[RunFolder] = runs_in(tmp_path, lambda _: True, reasons.append)
    assert [run.folder.name for run in found] == ["b"]
    assert [reason.partition(": ")[0] for reason in reasons] == [
        f"{tmp_path / 'a' / 'journal.jsonl'}, line 1"
    ]
    with pytest.raises(ContractError, match="line 1: not JSON"):
        runs_in(tmp_path, lambda _: True)


@pytest.mark.parametrize(
    ("here", "named"),
    [
        (".", "runs/one/request.json"),
        ("runs", "one/request.json"),
        ("runs/one", "request.json"),
        ("runs/one/logs", "../request.json"),
        ("runs/two", "../one/request.json"),
    ],
)
def test_a_runs_folder_stands_among_the_others_wherever_it_is_named_from(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: str, named: str
) -> None:
    for folder in ("one/logs", "two"):
        (tmp_path / "runs" / folder).mkdir(parents=True)
    request(tmp_path / "runs" / "one")
    monkeypatch.chdir(tmp_path / here)
    job = load_job(Path(named), repository=repository, reference=tmp_path)
    assert job.folder.name == "one"
    assert sorted(path.name for path in job.folder.parent.iterdir()) == ["one", "two"]


def test_a_run_whose_folder_lies_elsewhere_stands_among_those_where_it_is_named(
    repository: Path, tmp_path: Path
) -> None:
    file = request(tmp_path / "big" / "run")
    run = tmp_path / "runs" / file.parent.name
    run.parent.mkdir()
    run.symlink_to(file.parent)
    assert load_job(run / file.name, repository=repository, reference=tmp_path).folder == run

"""Which runs a verification goes by, and what it takes from each of them. Without an instance."""

import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from test_checks import ARTIFACTS, SNAPSHOT, WHOLE

from runners import registry
from runners.census import content
from runners.census.store import CensusDataset
from runners.contract import (
    ROLLED_BACK,
    AcceptedException,
    Action,
    CheckResult,
    DatasetOutcome,
    ExceptionState,
    Finding,
    Manifest,
    Offender,
    Outcome,
    Reason,
    RunRequest,
    Status,
    Storage,
)
from runners.records.baseline import Baseline, store_baseline
from runners.records.snapshot import StoreContent, Stored, Unknown
from runners.run.journal import JOURNAL, WRITTEN, JournalLines
from runners.run.request import REQUEST, Job, RunFolder
from runners.settings import from_environment
from runners.verification import verify as module
from runners.verification.checks import all_checks
from runners.verification.facts import VerificationFacts
from runners.verification.gather import (
    _baseline,
    _given_back,
    _shortages,
    _stored,
    _tracked,
)
from runners.verification.verify import _ingests, verify

RELEASE = "2020-07-15"
MANIFEST = Manifest(
    release=RELEASE,
    census_schema_version="2.0.0",
    dataset_schema_version="7.0.0",
    dataset_count=1,
    storage=Storage(soma="/nowhere/soma", h5ads="/nowhere/h5ads"),
)


def request(run_id: str, **fields: Any) -> RunRequest:
    given = {"release": RELEASE, "manifest": "m.toml", "instance": "a/b", "action": Action.INGEST}
    return RunRequest(run_id=run_id, **{**given, **fields})


def run(run_id: str, *written: str, **fields: Any) -> RunFolder:
    lines = [{"step": "written", "dataset_id": name} for name in written]
    return RunFolder(request(run_id, **fields), Path(run_id), JournalLines(lines))


@pytest.mark.parametrize(
    ("tracked", "expected"),
    [
        ([], None),
        (["one"], {"a", "b"}),
        (["two"], {"c"}),  # the first run has registered the others
        (["one", "two"], {"a", "b", "c"}),
        (["three"], set()),
    ],
)
def test_a_tracked_run_is_named_by_what_it_was_the_first_to_register(
    tracked: list[str], expected: set[str] | None
) -> None:
    written = {"one": "ab", "two": "bc", "three": "a"}
    runs = [run(name, *ids, track=name in tracked) for name, ids in written.items()]
    assert _tracked(runs) == expected


def test_what_any_run_gave_back_counts() -> None:
    starts = [{"step": "start", "given_back": back} for back in (["x"], [], ["y", "z"])]
    runs = [RunFolder(request("one"), Path("one"), JournalLines([start])) for start in starts]
    assert _given_back([*runs, run("without")]) == {"x", "y", "z"}


def test_what_the_first_run_found_is_what_was_there_before_the_release(tmp_path: Path) -> None:
    runs = []
    for name in ("one", "two"):
        held = Baseline(releases={}, shared={"current sources": {name: name}})
        (tmp_path / name).mkdir()
        store_baseline(tmp_path / name, held)
        runs.append(RunFolder(request(name), tmp_path / name, JournalLines([])))
    found = _baseline(runs)
    assert isinstance(found, Baseline)
    assert found.shared == {"current sources": {"one": "one"}}
    assert _baseline([]) is None


@pytest.mark.parametrize(
    ("steps", "is_known"), [(["start"], True), (["start", "committed"], False)]
)
def test_a_run_that_wrote_nothing_and_lost_what_it_found_leaves_that_to_the_next(
    tmp_path: Path, steps: list[str], is_known: bool
) -> None:
    """As one whose machine was lost before the note of it was kept."""
    journal = JournalLines([{"step": step} for step in steps])
    runs = [RunFolder(request(name), tmp_path / name, journal) for name in ("lost", "next")]
    runs[1].folder.mkdir()
    store_baseline(runs[1].folder, Baseline(releases={}, shared={}))
    assert isinstance(_baseline(runs), Baseline) is is_known
    assert isinstance(_baseline(runs[:1]), Unknown)


def test_the_runs_of_a_release_are_those_into_this_instance_that_stand(tmp_path: Path) -> None:
    """In the order of their beginnings, whatever their names."""
    runs: dict[str, tuple[dict[str, Any], list[str]]] = {
        "b-first": ({}, ["start", "end"]),
        "a-second": ({}, ["start"]),
        "back": ({}, ["start", "rolled back"]),
        "back-by-note": ({}, ["start", "end"]),
        "not-back": ({}, ["start", "rollback", "not rolled back"]),
        "waiting": ({}, []),
        "torn": ({}, ["start", '"', "end"]),
        "elsewhere": ({"instance": "a/c"}, ["start", "end"]),
        "other": ({"release": "2020-01-15"}, ["start", "end"]),
        "verify": ({"action": Action.VERIFY}, ["start"]),
    }
    for number, (name, (fields, steps)) in enumerate(runs.items()):
        (tmp_path / name).mkdir()
        (tmp_path / name / REQUEST).write_text(request(name, **fields).to_json())
        at = f"2026-01-01T00:00:{number:02}+00:00"
        lines = [f'{{"at":"{at}","step":"{step}"}}\n' for step in steps]
        (tmp_path / name / JOURNAL).write_text("".join(lines))
    (tmp_path / "back-by-note" / ROLLED_BACK).write_text("{}")
    unread: list[str] = []
    job = Job(request("own"), MANIFEST, None, tmp_path / "own", tmp_path, 1)
    found = _ingests(job, unread.append)
    assert [one.folder.name for one in found] == ["b-first", "a-second", "not-back"]
    (why,) = unread
    assert why.startswith(f"{tmp_path / 'torn' / JOURNAL}, line 2: not JSON ")
    assert _shortages([], unread) == [f"left out: {why.rstrip('.')}"]


def test_storage_is_asked_for_the_files_that_are_verified_alone() -> None:
    asked: list[str] = []

    def look(addresses: list[str]) -> dict[str, Stored | Unknown | None]:
        asked.extend(addresses)
        return dict.fromkeys(addresses)

    first, second, _ = ARTIFACTS
    assert _stored(SNAPSHOT, WHOLE.datasets[:2], look) == {
        first.address: None,
        second.address: None,
    }
    assert asked == [first.address, second.address]
    assert _stored(Unknown("no answer"), WHOLE.datasets, look) == {}


def dataset(name: str) -> CensusDataset:
    return CensusDataset(name, "v", "T", f"{name}.h5ad", "c", "C", "", 1)


@pytest.mark.parametrize(
    ("asked", "is_whole"), [({}, True), ({"limit": 1}, False), ({"only": ("d-1",)}, False)]
)
@pytest.mark.parametrize("repeats", [0, 1, 2])
def test_what_only_a_whole_release_can_lack_is_asked_of_no_part_and_of_no_repeat_of_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: dict[str, Any],
    is_whole: bool,
    repeats: int,
) -> None:
    before = MANIFEST.model_copy(update={"release": "2020-01-15"})
    tables = {RELEASE: ["d-1", "d-2"], before.release: ["d-1", "d-0"]}
    for name in ("connection", "schema", "snapshot", "storage"):
        double = SimpleNamespace(connect=lambda _: None, stored_files=dict)
        monkeypatch.setitem(sys.modules, f"runners.registry.{name}", double)
        monkeypatch.setattr(registry, name, double, raising=False)
    monkeypatch.setattr(
        module, "read_datasets", lambda manifest: [dataset(d) for d in tables[manifest.release]]
    )
    monkeypatch.setattr(content, "read_content", lambda _: StoreContent(frozenset(), 0, 0))
    seen: list[VerificationFacts] = []

    def look(facts: VerificationFacts) -> tuple[()]:
        seen.append(facts)
        return ()

    monkeypatch.setattr(all_checks, "run_checks", look)
    for number in range(repeats + 1):
        fields = {"failed_of": f"run-{number - 1}"} if number else asked
        own = request(f"run-{number}", **fields)
        folder = tmp_path / own.run_id
        folder.mkdir()
        (folder / REQUEST).write_text(own.to_json())
    report = verify(Job(own, MANIFEST, before, folder, from_environment().reference, 1))
    (facts,) = seen
    assert facts.is_whole is isinstance(facts.content, StoreContent) is is_whole
    assert [offender.dataset_id for offender in report.withdrawn] == (["d-0"] if is_whole else [])
    assert (report.previous is not None) is is_whole
    assert report.dataset_count == (2 if is_whole else 1)


def told(*reasons: Reason) -> dict[str, Any]:
    return {
        "dataset_id": "d-1",
        "outcome": Outcome.FAILED if reasons else Outcome.REGISTERED,
        "reasons": tuple(Finding(reason=reason) for reason in reasons),
        "notes": (),
    }


@pytest.mark.parametrize(
    ("run_said", "file_says", "status", "state"),
    [
        # the file was mended since the run gave it up, which is what lacks an artifact
        ([Reason.FILE_UNREADABLE], [], Status.PASSED, ExceptionState.USED),
        ([Reason.FILE_UNREADABLE], [Reason.GENE_UNKNOWN], Status.PASSED, ExceptionState.USED),
        ([Reason.GENE_UNKNOWN], [Reason.FILE_UNREADABLE], Status.FAILED, ExceptionState.UNNEEDED),
        (None, [Reason.FILE_UNREADABLE], Status.PASSED, ExceptionState.USED),
        (None, [], Status.FAILED, ExceptionState.UNNEEDED),
        (None, None, Status.FAILED, ExceptionState.UNTOLD),
    ],
)
def test_why_a_dataset_fails_is_what_a_run_said_and_else_what_its_file_says(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_said: list[Reason] | None,
    file_says: list[Reason] | None,
    status: Status,
    state: ExceptionState,
) -> None:
    said = DatasetOutcome(title="", **told(*(run_said or ()))).model_dump(mode="json")
    lines = [] if run_said is None else [{**said, "step": WRITTEN}]
    ingest = RunFolder(request("ingest"), tmp_path, JournalLines(lines))
    judged = [] if file_says is None else [DatasetOutcome(title="", **told(*file_says))]
    fails = CheckResult(
        name="datasets",
        title="",
        status=Status.FAILED,
        expected="1",
        found="0",
        offenders=(Offender(dataset_id="d-1"),),
    )
    monkeypatch.setattr(module, "read_datasets", lambda _: [dataset("d-1")])
    monkeypatch.setattr(module, "_ingests", lambda *_: [ingest])
    monkeypatch.setattr(module, "gather", lambda *_, **__: WHOLE)
    monkeypatch.setattr(all_checks, "run_checks", lambda _: (fails,))
    entry = AcceptedException(dataset_id="d-1", reason=Reason.FILE_UNREADABLE, until=date.max)
    manifest = MANIFEST.model_copy(update={"accepted": (entry,)})
    own = request("own", action=Action.VERIFY)
    (tmp_path / REQUEST).write_text(own.to_json())
    report = verify(Job(own, manifest, None, tmp_path, from_environment().reference, 1), judged)
    assert [check.status for check in report.checks] == [status]
    assert [use.state for use in report.exceptions] == [state]

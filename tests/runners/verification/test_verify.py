"""What a verification looks at, and what of it stands in its report. Without an instance."""

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from test_checks import ARTIFACTS, SNAPSHOT, WHOLE
from test_gather import MANIFEST, dataset, request, run

from runners import registry
from runners.census import content
from runners.contract import (
    CheckResult,
    ContractError,
    DatasetOutcome,
    Machine,
    Outcome,
    RunReport,
    RunRequest,
    Status,
    Storage,
    Verdict,
)
from runners.records.baseline import LEFT, Baseline, store_baseline
from runners.records.snapshot import Snapshot, StoreContent, Stored, Unknown
from runners.run.journal import JOURNAL
from runners.run.request import REQUEST, Job, RunFolder
from runners.settings import from_environment
from runners.verification import verify as module
from runners.verification.checks import all_checks
from runners.verification.facts import VerificationFacts
from runners.verification.gather import gather
from runners.verification.sources import report_sources
from runners.verification.verify import remedy_command, this_machine, verify


@dataclass
class World:
    """Doubles of all that a verification asks, each of which may fail."""

    errors: dict[str, Exception] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)

    def answer(self, name: str, value: Any, *asked: Any) -> Any:
        self.asked[name] = asked
        if name in self.errors:
            raise self.errors[name]
        return value

    def take_snapshot(self, release: str, *, with_earlier: bool) -> Snapshot:
        taken: Snapshot = self.answer("snapshot", SNAPSHOT, release, with_earlier)
        return taken

    def stored_files(self, addresses: list[str], *, anonymous: bool) -> dict[str, Stored]:
        stored = dict.fromkeys(addresses, Stored(1, None))
        found: dict[str, Stored] = self.answer("storage", stored, addresses, anonymous)
        return found


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    doubles = {
        "connection": SimpleNamespace(connect=lambda name: made.answer("connection", None, name)),
        "schema": SimpleNamespace(
            differing_features=lambda _: made.answer("features", {"x": "is str"})
        ),
        "snapshot": SimpleNamespace(take_snapshot=made.take_snapshot),
        "storage": SimpleNamespace(stored_files=made.stored_files),
        "proofs": SimpleNamespace(kept_run=lambda name: made.answer("proofs", None, name)),
        "failures": SimpleNamespace(patiently=lambda do: do()),
    }
    for name, double in doubles.items():
        monkeypatch.setitem(sys.modules, f"runners.registry.{name}", double)
        monkeypatch.setattr(registry, name, double, raising=False)
    held = StoreContent(frozenset({"d-1"}), 1, 1)
    monkeypatch.setattr(content, "read_content", lambda place: made.answer("content", held, place))
    return made


def job(folder: Path, **storage: Any) -> Job:
    place = Storage(soma="/nowhere/soma//", h5ads="/nowhere/h5ads", **storage)
    manifest = MANIFEST.model_copy(update={"storage": place})
    return Job(request("own"), manifest, None, folder, from_environment().reference, 1)


def gathered(
    folder: Path, *ingests: RunFolder, is_whole: bool = True, **storage: Any
) -> VerificationFacts:
    datasets = WHOLE.datasets[:2]
    return gather(job(folder, **storage), datasets, (), ingests, (), is_whole=is_whole)


def ingested(folder: Path) -> RunFolder:
    folder.mkdir()
    store_baseline(folder, Baseline(releases={"2020-01-15": {}}, shared={"current source": {}}))
    return replace(run("one", "d-1"), folder=folder)


def test_what_is_looked_at_is_that_of_the_release(world: World, tmp_path: Path) -> None:
    facts = gathered(tmp_path / "own")
    assert world.asked["connection"] == ("a/b",)
    assert world.asked["snapshot"] == (MANIFEST.release, False)
    assert facts.soma == "/nowhere/soma"
    assert (facts.taken, facts.differing) == (SNAPSHOT, {"x": "is str"})
    assert list(facts.stored) == [row.address for row in ARTIFACTS[:2]]
    assert (facts.held, facts.was_current, facts.tracked, facts.short) == (None, None, None, [])
    assert facts.content == StoreContent(frozenset({"d-1"}), 1, 1)


def test_what_earlier_releases_hold_is_read_where_it_was_kept(world: World, tmp_path: Path) -> None:
    """Else there is nothing to compare it with, and it is most of an instance."""
    facts = gathered(tmp_path / "own", ingested(tmp_path / "one"))
    assert world.asked["snapshot"] == (MANIFEST.release, True)
    assert (facts.held, facts.was_current) == ({"2020-01-15": {}}, frozenset())


@pytest.mark.parametrize("anonymous", [True, False])
def test_storage_is_asked_as_the_manifest_says(
    world: World, tmp_path: Path, anonymous: bool
) -> None:
    gathered(tmp_path / "own", anonymous=anonymous)
    assert world.asked["storage"] == ([row.address for row in ARTIFACTS[:2]], anonymous)


def test_of_a_part_the_store_is_not_opened(world: World, tmp_path: Path) -> None:
    facts = gathered(tmp_path / "own", is_whole=False)
    assert facts.content == Unknown("only a part of the release was asked for")
    assert "content" not in world.asked


def test_what_runs_of_all_releases_left_is_read(world: World, tmp_path: Path) -> None:
    left = Baseline(releases={"2020-01-15": {}}, shared={})
    for name in ("own", "other"):
        (tmp_path / name).mkdir()
    store_baseline(tmp_path / "other", left, LEFT)
    assert gathered(tmp_path / "own").left == [left.releases]


Part = Callable[[VerificationFacts], object]


@pytest.mark.parametrize("error", [ContractError("no\n answer"), RuntimeError("no\n answer")])
@pytest.mark.parametrize(
    ("asked", "part", "what"),
    [
        ("snapshot", lambda facts: facts.taken, "the instance can't be read"),
        ("content", lambda facts: facts.content, "the store can't be read"),
        ("features", lambda facts: facts.differing, "the features can't be read"),
        (
            "storage",
            lambda facts: facts.stored[ARTIFACTS[1].address],
            "storage can't be read",
        ),
    ],
)
def test_what_can_t_be_read_is_unknown_and_all_else_is_judged(
    world: World, tmp_path: Path, asked: str, part: Part, what: str, error: Exception
) -> None:
    world.errors[asked] = error
    facts = gathered(tmp_path / "own")
    kind = "" if isinstance(error, ContractError) else "RuntimeError: "
    assert part(facts) == Unknown(f"{what}: {kind}no answer")
    known = (facts.taken, facts.content, facts.differing, *facts.stored.values())
    unknown = [each for each in known if isinstance(each, Unknown)]
    assert len(unknown) == (2 if asked == "storage" else 1)


def test_what_an_instance_keeps_of_a_run_that_isn_t_its_is_told(
    world: World, tmp_path: Path
) -> None:
    world.errors["proofs"] = ContractError("run one: its journal is another's.")
    facts = gathered(tmp_path / "own", ingested(tmp_path / "one"))
    assert facts.short == ["run one: its journal is another's"]
    world.errors["proofs"] = RuntimeError("no answer")
    facts = gathered(tmp_path / "own", ingested(tmp_path / "two"))
    why = "what the instance keeps of runs can't be read: RuntimeError: no answer"
    assert facts.short == Unknown(why)


def test_an_instance_that_can_t_be_connected_to_ends_a_verification(
    world: World, tmp_path: Path
) -> None:
    world.errors["connection"] = ContractError("no such instance")
    with pytest.raises(ContractError, match="no such instance"):
        gathered(tmp_path / "own")


def passed(name: str, status: Status = Status.PASSED) -> CheckResult:
    return CheckResult(name=name, title=name, status=status, expected="1", found="1")


@dataclass
class Verified:
    """A verification of a release with the datasets d-1 and d-2 in a folder of its own."""

    folder: Path
    judges: pytest.MonkeyPatch

    def report(
        self,
        *lines: dict[str, Any],
        before: tuple[str, ...] | None = None,
        results: tuple[CheckResult, ...] = (passed("datasets"),),
        judged: tuple[DatasetOutcome, ...] = (),
    ) -> RunReport:
        tables = {MANIFEST.release: ("d-1", "d-2"), "2020-01-15": before or ()}
        self.judges.setattr(
            module, "read_datasets", lambda one: [dataset(name) for name in tables[one.release]]
        )
        self.judges.setattr(module, "gather", lambda *_, **__: replace(WHOLE, datasets=()))
        self.judges.setattr(all_checks, "run_checks", lambda _: results)
        earlier = MANIFEST.model_copy(update={"release": "2020-01-15"})
        self.folder.mkdir(exist_ok=True)
        own = request("own")
        (self.folder / REQUEST).write_text(own.to_json())
        journal = "".join(f"{json.dumps(line)}\n" for line in lines)
        (self.folder / JOURNAL).write_text(journal)
        previous = None if before is None else earlier
        reference = from_environment().reference
        return verify(Job(own, MANIFEST, previous, self.folder, reference, 1), judged)


@pytest.fixture
def verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Verified:
    return Verified(tmp_path / "own", monkeypatch)


def test_a_report_says_what_went_on_and_what_was_withdrawn(verified: Verified) -> None:
    report = verified.report(before=("d-0", "d-1", "d-9"))
    assert [(each.dataset_id, each.title) for each in report.withdrawn] == [
        ("d-0", "T"),
        ("d-9", "T"),
    ]
    assert report.previous is not None
    assert (report.previous.release, report.previous.dataset_count) == ("2020-01-15", 3)
    assert report.previous.continued == 1
    assert report.dataset_count == 2


def test_the_first_release_has_none_before(verified: Verified) -> None:
    report = verified.report()
    assert (report.previous, report.withdrawn) == (None, ())


START = {"step": "start", "at": "2026-01-01T12:00:00+00:00", "counts": {"artifacts": 3, "runs": 1}}
AGAIN = {**START, "at": "2026-01-02T12:00:00+00:00", "counts": {"artifacts": 7, "runs": 1}}
END = {**AGAIN, "step": "end", "counts": {"artifacts": 8, "runs": 1}}


def test_a_run_began_with_its_first_process_and_added_what_all_of_them_did(
    verified: Verified,
) -> None:
    report = verified.report(START, AGAIN, END)
    assert report.started_at == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert report.ended_at > report.started_at
    assert report.changes == {"artifacts": 5}
    assert not report.cancelled


def test_what_only_verifies_begins_when_it_looks(verified: Verified) -> None:
    begun = datetime.now(UTC)
    report = verified.report()
    assert begun <= report.started_at <= report.ended_at
    assert (report.changes, report.cancelled) == ({}, False)


def test_what_only_its_file_says_of_a_dataset_is_no_outcome_of_a_run(verified: Verified) -> None:
    judged = DatasetOutcome(dataset_id="d-1", title="", outcome=Outcome.FAILED)
    assert verified.report(judged=(judged,)).outcomes == ()


def test_a_report_has_the_sources_and_the_machine(
    verified: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MACHINE", MACHINE.to_json())
    report = verified.report()
    assert report.sources == report_sources(WHOLE)
    assert report.machine == MACHINE


def test_a_run_that_was_ended_early_says_so(verified: Verified) -> None:
    cancelled = {"step": "cancelled", "at": "2026-01-01T12:30:00+00:00"}
    assert verified.report(START, cancelled).cancelled


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ((Status.PASSED, Status.NOT_APPLICABLE), Verdict.PASSED),
        ((Status.PASSED, Status.UNCHECKED), Verdict.UNCHECKED),
        ((Status.UNCHECKED, Status.FAILED), Verdict.FAILED),
    ],
)
def test_its_verdict_is_that_of_all_checks_and_it_is_kept_as_it_is_told(
    verified: Verified, statuses: tuple[Status, ...], verdict: Verdict
) -> None:
    results = tuple(passed(f"check {n}", status) for n, status in enumerate(statuses))
    report = verified.report(results=results)
    assert (report.verdict, report.checks) == (verdict, results)
    assert (verified.folder / "report.json").read_text() == report.to_json()


def test_a_report_says_by_which_versions_it_was_made(
    verified: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMIT", "abc")
    versions = verified.report().versions
    assert list(versions) == sorted(versions)
    assert versions["dataset schema"] == MANIFEST.dataset_schema_version
    assert versions["ingestion bot, commit"] == "abc"
    assert versions["python"] == sys.version.split()[0]
    assert {"lamindb", "bionty", "anndata", "tiledbsoma"} <= set(versions)


def failed_report(*failed: str, known: bool = False, status: Status = Status.FAILED) -> RunReport:
    """Of a release of which runs have told something, if it is known."""
    told = DatasetOutcome(dataset_id="d-1", title="", outcome=Outcome.FAILED)
    return RunReport(
        request=RunRequest(**{**request("own").model_dump(), "manifest": "in it/m.toml"}),
        started_at=datetime.now(UTC),
        ended_at=datetime.now(UTC),
        verdict=Verdict.FAILED,
        dataset_count=1,
        outcomes=(told,) if known else (),
        checks=tuple(passed(name, status) for name in failed),
    )


@pytest.mark.parametrize(
    ("report", "has_remedy"),
    [
        *((failed_report(name), True) for name in sorted(module.MENDED_BY_INGEST)),
        (failed_report("duplicates", "datasets"), True),
        (failed_report("duplicates"), False),
        (failed_report("previous", "lineage", "content", "storage", "tracking"), False),
        (failed_report("datasets", status=Status.UNCHECKED), False),
        (failed_report("datasets", status=Status.PASSED), False),
        (failed_report("datasets", known=True), False),
        (failed_report(), False),
    ],
)
def test_a_release_that_no_run_registered_has_a_command_where_an_ingest_mends_it(
    report: RunReport, has_remedy: bool
) -> None:
    command = remedy_command(report, Path("/its place"))
    assert (command is not None) is has_remedy
    if command is not None:
        assert shlex.split(command) == [
            *("python", "-m", "runners", "ingest"),
            *("--manifest", "/its place/in it/m.toml", "--instance", "a/b", "--only-missing"),
        ]


def test_an_ingest_mends_what_lacks_and_nothing_that_somebody_else_did() -> None:
    mended = "annotations collections datasets references slots sources store"
    assert sorted(module.MENDED_BY_INGEST) == mended.split()


MACHINE = Machine(launcher="ec2", type="r7i.8xlarge", id="i-1", price=2.0)
BEGUN = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "hours"),
    [
        ("2026-01-01T12:00:00Z", 1.5),
        ("2026-01-01T14:00:00+01:00", 0.5),
        ("2026-01-01T13:29:59+00:00", 0.0),
        ("2026-01-01T13:29:00+00:00", 0.017),
        ("2026-01-01T13:31:00+00:00", 0.0),  # its clock is ahead of ours
    ],
)
def test_a_machine_lives_since_it_was_told_so(since: str, hours: float) -> None:
    settings = from_environment({"MACHINE": MACHINE.to_json(), "MACHINE_SINCE": since})
    now = BEGUN + timedelta(minutes=90)
    assert this_machine(settings, now) == MACHINE.model_copy(update={"hours": hours})


def test_a_machine_that_wasn_t_told_since_when_has_no_hours() -> None:
    settings = from_environment({"MACHINE": MACHINE.to_json()})
    assert this_machine(settings, BEGUN) == MACHINE
    only_since = from_environment({"MACHINE_SINCE": "2026-01-01T12:00:00Z"})
    assert this_machine(only_since, BEGUN) is None


@pytest.mark.parametrize("since", ["noon", "2026-01-01T12:00:00", "12:00"])
def test_a_time_without_its_zone_is_refused(since: str) -> None:
    settings = from_environment({"MACHINE": MACHINE.to_json(), "MACHINE_SINCE": since})
    with pytest.raises(ContractError, match=f"MACHINE_SINCE: '{since}' is no time with its zone"):
        this_machine(settings, BEGUN)


def test_a_machine_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ContractError, match="environment, MACHINE"):
        this_machine(from_environment({"MACHINE": "{}"}), BEGUN)

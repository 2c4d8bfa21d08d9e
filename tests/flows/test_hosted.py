"""A repository without a place for runs: they are artifacts, which can be read at a run's end."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fake_github import people
from fake_github.state import Artifact, Run

from bot.model.labels import Label
from flows.github_scenario import GithubScenario
from flows.scenario import bad, good, report
from flows.test_jobs import RUN, done, ended, job
from flows.test_jobs import request_file as _request_file
from flows.test_on_github import empty_scenario as _empty_scenario
from runners.contract import DatasetOutcome, RunRequest

empty_scenario = _empty_scenario
request_file = _request_file


@pytest.fixture
def workflow_run(scenario: GithubScenario, request_file: Path) -> Run:
    """The maintainer's /ingest, as a workflow run that goes on."""
    (run,) = scenario.fake.runs.values()
    run.status = "in_progress"
    return run


def upload(scenario: GithubScenario, run: Run, files: dict[str, str]) -> Artifact:
    told = {"request.json": str(run.inputs["request"]), **files}
    return people.upload(scenario.fake, run, f"run-{RUN}", told)


def log_of(scenario: GithubScenario, run: Run) -> str:
    return f"{scenario.fake.address}/octo/cellxgene/actions/runs/{run.id}"


def test_what_a_run_does_meanwhile_isnt_invented(
    scenario: GithubScenario, workflow_run: Run
) -> None:
    output = scenario.home / "output"
    words = ("progress", "--minutes", "45", "--output", str(output))
    done(job(scenario, *words, BOT_RUNS=""))
    assert (
        f"⏳ **`{RUN}` is ingesting release 2026-02-01** in `demo`. How far it is, "
        f"[its log]({log_of(scenario, workflow_run)}) says; what it does is kept when its job has "
        "ended."
    ) in scenario.heard()
    assert not output.exists()


def test_of_a_run_that_kept_nothing_nothing_is_known(
    scenario: GithubScenario, workflow_run: Run, request_file: Path
) -> None:
    done(job(scenario, *ended(request_file, "failure"), BOT_RUNS=""))
    heard = scenario.heard()
    assert f"## 🛑 Run `{RUN}` ended without a report" in heard
    assert "[Its log](https://github.com/octo/cellxgene/actions/runs/1) says why it ended." in heard
    assert "It left no journal: what it did isn't known." in heard
    assert "Done:" not in heard


def test_of_a_run_that_kept_its_journal_it_is_said(
    scenario: GithubScenario, workflow_run: Run, request_file: Path
) -> None:
    lines = [
        {"step": "start", "at": "2026-03-01T12:00:00+00:00", "chosen": ["d1", "d2"]},
        {"step": "written", "dataset_id": "d1", "at": "2026-03-01T12:05:00+00:00"},
    ]
    journal = "".join(json.dumps(line) + "\n" for line in lines)
    upload(scenario, workflow_run, {"journal.jsonl": journal})
    done(job(scenario, *ended(request_file, "cancelled"), BOT_RUNS=""))
    assert "- Done: 1 dataset of release 2026-02-01.\n- Not done: 1 dataset," in scenario.heard()


def test_the_result_the_status_and_a_retry_come_from_the_artifact(
    scenario: GithubScenario, workflow_run: Run, request_file: Path
) -> None:
    told = report(RunRequest.from_file(request_file), good("d1"), bad("d2"))
    upload(scenario, workflow_run, {"report.json": told.to_json(), "journal.jsonl": "one\n"})
    page = scenario.home / "page"
    done(job(scenario, "fetch-report", str(request_file), str(page), BOT_RUNS=""))
    assert (page / "report.html").is_file()
    done(job(scenario, *ended(request_file, "success"), BOT_RUNS=""))
    assert "1 of 2 datasets registered" in scenario.heard()
    people.end(scenario.fake, workflow_run, "success")

    scenario.set(runs=None)
    scenario.says("maintainer", "/status")
    assert f"`{RUN}`" in scenario.heard()
    scenario.says("maintainer", "/retry")
    scenario.heard()
    again = list(scenario.fake.runs.values())[-1]
    assert json.loads(again.inputs["request"])["failed_of"] == RUN

    retry, kept = scenario.home / "retry.json", scenario.home / "kept"
    retry.write_text(again.inputs["request"])
    done(job(scenario, "fetch-runs", str(retry), str(kept), BOT_RUNS=""))
    assert (kept / RUN / "journal.jsonl").read_text() == "one\n"
    assert (kept / RUN / "report.json").read_text() == told.to_json()


VERIFIED = "✅ verified | 12 | #2 | #1 | nothing"
PART = "🧩 a part verified | 12 | #2 | #1 | say `/ingest` in #2 to register the rest"
FAILED = "❌ failed | 12 | #2 | #1 | read the result in #2: it says what mends it"


@pytest.mark.parametrize(
    ("asked", "outcome", "verdict", "state"),
    [
        ("/ingest", good("d1"), "passed", VERIFIED),
        ("/ingest --limit 1", good("d1"), "passed", PART),
        ("/ingest", bad("d1"), "failed", FAILED),
    ],
)
@pytest.mark.parametrize("is_listed", [True, False])
def test_a_result_holds_when_github_has_deleted_the_report(
    scenario: GithubScenario,
    asked: str,
    outcome: DatasetOutcome,
    verdict: str,
    state: str,
    is_listed: bool,
) -> None:
    """It does after some months, and lists an artifact that has expired for a while."""
    scenario.set(runs=None, dashboard=True)
    scenario.says("maintainer", asked)
    (run,) = scenario.fake.runs.values()
    file = scenario.home / "request.json"
    file.write_text(str(run.inputs["request"]))
    told = report(RunRequest.from_file(file), outcome)
    artifact = upload(scenario, run, {"report.json": told.to_json()})
    done(job(scenario, *ended(file, "success"), BOT_RUNS=""))
    people.end(scenario.fake, run, "success")
    scenario.heard()

    gone = {artifact.id: replace(artifact, expired=True)} if is_listed else {}
    scenario.fake.artifacts = gone
    scenario.says("maintainer", "/status")
    heard = scenario.heard()
    kept = "its report isn't kept any more"
    assert f"| `{RUN}` | `maintainer` | {kept} | {verdict} |" in heard
    assert "**Next:** what the newest result says." in heard
    scenario.the_clock_strikes()
    assert f"| 2026-02-01 | {state} |" in scenario.heard()
    assert scenario.ports().runs.all()[0].is_going_on() is False


@pytest.mark.parametrize("failed", ["plan", "smoke"])
def test_a_run_that_never_began_says_nothing_of_its_release(
    scenario: GithubScenario, failed: str
) -> None:
    """However often: artifacts keep nothing of it."""
    scenario.set(runs=None, dashboard=True)
    scenario.says("maintainer", "/ingest")
    (run,) = scenario.fake.runs.values()
    file = scenario.home / "request.json"
    file.write_text(str(run.inputs["request"]))
    told = report(RunRequest.from_file(file), good("d1"))
    upload(scenario, run, {"report.json": told.to_json()})
    done(job(scenario, *ended(file, "success"), BOT_RUNS=""))
    people.end(scenario.fake, run, "success")
    for number in (1, 2):
        scenario.says("maintainer", "/verify")
        verify = list(scenario.fake.runs.values())[number]
        file.write_text(str(verify.inputs["request"]))
        done(job(scenario, *ended(file, "skipped", **{failed: "failure"}), BOT_RUNS=""))
        people.end(scenario.fake, verify, "failure")
        assert "didn't begin" in scenario.heard()
        scenario.the_clock_strikes()
        assert scenario.fake.issues[2].labels == [str(Label.VERIFIED)]
        board = max(scenario.fake.issues)
        assert "| 2026-02-01 | ✅ verified |" in scenario.fake.issues[board].body
        scenario.heard()


def test_what_is_kept_elsewhere_isnt_fetched(scenario: GithubScenario, request_file: Path) -> None:
    kept = scenario.home / "kept"
    done(job(scenario, "fetch-runs", str(request_file), str(kept)))
    assert list(kept.iterdir()) == []


# --- who watches a run ----------------------------------------------------------------------------


def test_a_run_that_can_be_read_is_watched_until_it_ends_or_the_job_does(
    scenario: GithubScenario, workflow_run: Run
) -> None:
    output = scenario.home / "output"
    words = ("progress", "--minutes", "0.01", "--every", "0.002", "--output", str(output))
    done(job(scenario, *words))
    assert "waiting for its machine" in scenario.heard()
    assert output.read_text() == "going-on=true\n"
    people.end(scenario.fake, workflow_run, "success")
    output.unlink()
    done(job(scenario, *words))
    assert "has ended, and nobody said how" in scenario.heard()
    assert not output.exists()


@pytest.mark.usefixtures("workflow_run")
def test_a_watch_is_asked_for_where_there_is_something_to_be_read(
    scenario: GithubScenario,
) -> None:
    done(job(scenario, "watch"))
    watch = scenario.fake.runs.popitem()[1]
    assert (watch.workflow, watch.event, dict(watch.inputs)) == (
        "reap.yml", "workflow_dispatch", {}
    )  # fmt: skip
    done(job(scenario, "watch", BOT_RUNS=""))
    assert len(scenario.fake.runs) == 1


def test_schedules_are_kept_alive(scenario: GithubScenario) -> None:
    assert done(job(scenario, "keep-alive")) == "detect.yml: enabled.\nreap.yml: enabled.\n"
    assert sorted(scenario.fake.enabled_at) == ["detect.yml", "reap.yml"]

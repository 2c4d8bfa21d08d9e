"""What the reaper did is said in the release's thread: once, and up to date."""

from pathlib import Path

import pytest
from fake_github import people
from fake_github.faults import Fault

from bot.comments.status import machine_action
from bot.decide.runs import reaper_actions
from flows.github_scenario import GithubScenario
from flows.test_jobs import done, job
from flows.test_on_github import empty_scenario as _empty_scenario
from runners.contract import Act, Reaped

empty_scenario = _empty_scenario
RUN = "2026-02-01-ingest-2"
FAILED = "terminating i-1: AWS answers UnauthorizedOperation (<no>); give the role this right."


def line(**changes: str | None) -> str:
    """One of the reaper's lines."""
    told = {
        "act": Act.TERMINATE,
        "machine": "i-1",
        "run": RUN,
        "release": "2026-02-01",
        "why": "its run has ended",
        "result": Reaped.DONE,
    }
    return Reaped.model_validate({**told, **changes}).model_dump_json(exclude_none=True) + "\n"


@pytest.fixture
def file(scenario: GithubScenario) -> Path:
    return scenario.home / "reaped.jsonl"


def test_each_action_is_said_once_and_brought_up_to_date(
    scenario: GithubScenario, file: Path
) -> None:
    file.write_text(line(result=FAILED) + line(act=Act.NOTE, why="found running, unnoted"))
    for _ in "12":
        done(job(scenario, "reaped", str(file)))
    assert scenario.heard() == (
        f"[says in 1, comment 2] ⚠️ The reaper could not end machine `i-1` of run `{RUN}` (its run "
        "has ended); it tries again. terminating i-1: AWS answers UnauthorizedOperation "
        "(&lt;no&gt;); give the role this right.\n"
        f"[says in 1, comment 3] 🧹 The reaper noted machine `i-1` of run `{RUN}`: found running, "
        "unnoted."
    )
    file.write_text(line())
    done(job(scenario, "reaped", str(file)))
    assert scenario.heard() == (
        f"[says in 1, comment 2 again] 🧹 The reaper ended machine `i-1` of run `{RUN}`: its run "
        "has ended."
    )


def test_whatever_it_did_is_said_once(scenario: GithubScenario, file: Path) -> None:
    file.write_text("".join(line(act=act) for act in Act))
    done(job(scenario, "reaped", str(file)))
    assert scenario.heard().count("[says in 1, comment ") == len(Act)
    done(job(scenario, "reaped", str(file)))
    assert scenario.heard() == ""


def test_the_summary_has_what_no_thread_is_about(scenario: GithubScenario, file: Path) -> None:
    summary = scenario.home / "summary"
    ghost = line(act=Act.REMOVE_RUNNER, machine="i-9", run=None, release=None)
    file.write_text(ghost + line(release="2031-01-01") + line())
    told = done(job(scenario, "reaped", str(file), "--summary", str(summary)))
    assert told.count("No thread is about its release.") == 2
    ended = f"🧹 The reaper ended machine `i-1` of run `{RUN}`: its run has ended."
    assert summary.read_text() == (
        "- 🧹 The reaper removed the runner of machine `i-9`: its run has ended.\n"
        f"- {ended}\n- {ended}\n"
    )
    assert scenario.heard() == f"[says in 1, comment 2] {ended}"


def test_what_cant_be_said_keeps_nothing_else_back(scenario: GithubScenario, file: Path) -> None:
    summary = scenario.home / "summary"
    file.write_text("{}\n" + line() + line(machine="i-2") + '{"act": "termi')
    scenario.server.faults += [Fault("POST", "/comments$", 422, times=2)]
    result = job(scenario, "reaped", str(file), "--summary", str(summary))
    assert result.exit_code == 2
    assert "reaped.jsonl, line 1: field act: field required" in result.output
    assert "reaped.jsonl, line 4: not JSON" in result.output
    assert summary.read_text().count("🧹") == 2
    scenario.server.faults.clear()
    assert job(scenario, "reaped", str(file)).exit_code == 2
    assert scenario.heard().count("[says in 1") == 2


def test_a_person_cant_speak_for_the_reaper(scenario: GithubScenario, file: Path) -> None:
    file.write_text(line())
    forged = "<!-- cellxgene-ingestion-bot: reaped i-1-terminate -->"
    people.comment(scenario.fake, "stranger", 2, forged)
    scenario.delivered()
    done(job(scenario, "reaped", str(file)))
    assert "🧹 The reaper ended machine `i-1`" in scenario.heard()


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("result", [Reaped.DONE, Reaped.SPARED, FAILED])
def test_every_action_has_its_sentence(act: Act, result: str) -> None:
    (found,), broken = reaper_actions(line(act=act, result=result), "reaped.jsonl")
    assert broken == ()
    assert "machine `i-1`" in machine_action(found)
    assert found.has_failed == (result == FAILED)
    assert ("could not" in machine_action(found)) == found.has_failed
    assert ("a job is running" in machine_action(found)) == (result == Reaped.SPARED)

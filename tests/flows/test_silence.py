"""Whatever fails, whoever asked for something hears of it, and nothing stays running for ever."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fake_github import faults, people
from fake_github.state import ACTIONS
from workflows import workflow_files
from workflows.act import ROOT

from bot.errors import BotError
from bot.model.labels import Label
from bot.model.look import Look, hidden_look
from bot.model.markers import DASHBOARD, reply_marker, sign
from flows.github_scenario import AT_ONCE, GithubScenario
from flows.scenario import good
from flows.test_jobs import done, ended, job, payload
from flows.test_on_github import empty_scenario as _empty_scenario

empty_scenario = _empty_scenario
LOG = "https://github.com/octo/cellxgene/actions/runs/1"


def asks(scenario: GithubScenario, text: str, login: str = "maintainer", thread: int = 2) -> str:
    """The file of the comment's payload, as a job finds it."""
    people.comment(scenario.fake, login, thread, text)
    return payload(scenario, scenario.fake.outbox.pop().payload)


def handled(scenario: GithubScenario, event: str, **changes: str) -> int:
    words = ("handle", "--event", "issue_comment", "--payload", event, "--log", LOG)
    return job(scenario, *words, **changes).exit_code


def last_step(scenario: GithubScenario, *words: str, **changes: str) -> int:
    """The job's last step, on a Python that has nothing but itself."""
    told = scenario.settings
    environment = {
        "BOT_GITHUB_TOKEN": str(told.github_token),
        "GITHUB_REPOSITORY": str(told.github),
        "GITHUB_API_URL": told.github_api,
        **changes,
    }
    command = [sys.executable, "-S", "-m", "bot.cli.last_word", *words, "--log", LOG]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"BOT_MINIMUM_ROLES": "ingest=king"}, "'king' is not a role"),
        ({"BOT_INGEST_ON_MERGE": "flase"}, "'flase' is neither true nor false"),
        ({"BOT_INSTANCE": "two words"}, "'two words' is no LaminDB instance; give it as OWNER"),
        ({"BOT_NONSENSE": "1"}, "field nonsense: there is no such setting"),
        ({"BOT_RUNS": "s3://somebodys-bucket/runs"}, "s3://somebodys-bucket/runs: can't be listed"),
    ],
)
def test_what_is_mistyped_is_told_to_whoever_asked(
    scenario: GithubScenario, changes: dict[str, str], why: str
) -> None:
    away = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    event = asks(scenario, "/status")
    assert handled(scenario, event, **{**away, **changes}) == 2
    heard = scenario.heard()
    assert "⚠️ **Not answered:** I couldn't carry this out: " in heard
    assert why.replace("_", "") in heard.replace("\\", "").replace("_", "").replace("\u200b", "")
    assert f"**Next:** [the log]({LOG}) has it all. When that is mended, say it again." in heard
    assert heard.endswith("> You said: `/status`")
    # Neither again nor by the job's last step is that said twice.
    assert handled(scenario, event, **{**away, **changes}) == 2
    assert last_step(scenario, "--event", "issue_comment", "--payload", event) == 0
    assert scenario.heard() == ""
    # Once it is mended, the same event is answered.
    assert handled(scenario, event) == 0
    assert "nothing is running in this instance." in scenario.heard()


def test_every_command_gets_its_reaction_before_anything_else(scenario: GithubScenario) -> None:
    event = asks(scenario, "/ingest", "stranger")
    scenario.server.asked.clear()
    assert handled(scenario, event) == 0
    first = next(asked for asked in scenario.server.asked if asked.startswith("POST"))
    assert first.endswith("/reactions")
    assert "manifest" not in " ".join(scenario.server.asked[: scenario.server.asked.index(first)])
    assert "eyes confused" in scenario.heard()


def test_a_github_that_fails_half_way_is_told_by_the_command_or_by_the_last_step(
    scenario: GithubScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.adapters.github.ports.RetryPolicy", lambda **_: AT_ONCE)
    event = asks(scenario, "/ingest")
    scenario.server.faults.append(faults.unavailable("POST", "/dispatches$", times=99))
    scenario.server.faults.append(faults.unavailable("POST", "/comments$"))
    assert handled(scenario, event) == 2
    assert "Not answered" not in scenario.heard()
    assert last_step(scenario, "--event", "issue_comment", "--payload", event) == 0
    assert "its job failed before it could say why." in scenario.heard()


def test_what_the_bot_doesnt_answer_fails_without_a_word(scenario: GithubScenario) -> None:
    people.open_issue(scenario.fake, scenario.fake.user("writer"), "Theirs", "")
    wrong = {"BOT_INSTANCE": "two words"}
    for event in (
        asks(scenario, "/ingest", thread=3),
        asks(scenario, "not a command"),
        asks(scenario, "/ingest", "other-app[bot]"),
    ):
        assert handled(scenario, event, **wrong) == 2
        assert last_step(scenario, "--event", "issue_comment", "--payload", event) == 0
    del scenario.fake.issues[3]
    assert scenario.heard() == ""


def test_where_the_apps_token_couldnt_be_made_the_jobs_own_says_so(
    scenario: GithubScenario,
) -> None:
    """The thread is the App's, and who speaks is `github-actions[bot]`: it's said for all that."""
    app = scenario.fake.user("our-app[bot]")
    scenario.fake.issues[2].user = app
    event = asks(scenario, "/ingest")
    for _ in range(2):
        assert last_step(scenario, "--event", "issue_comment", "--payload", event) == 0
    assert scenario.heard().count("⚠️ **Not answered:**") == 1


def test_a_last_step_that_cant_speak_says_so_in_its_log(scenario: GithubScenario) -> None:
    event = asks(scenario, "/ingest")
    words = ("--event", "issue_comment", "--payload", event)
    assert last_step(scenario, *words, BOT_GITHUB_TOKEN="nonsense") == 1
    assert last_step(scenario, "--event", "issue_comment", "--payload", "/nowhere") == 1
    assert scenario.heard() == ""


def test_a_merge_that_isnt_seen_to_is_told_in_its_pull_request(
    announced_scenario: GithubScenario,
) -> None:
    scenario = announced_scenario
    pull = next(issue for issue in scenario.fake.issues.values() if issue.pull)
    people.merge(scenario.fake, "maintainer", pull.number)
    event = payload(scenario, scenario.fake.outbox.pop().payload)
    words = ("handle", "--event", "push", "--payload", event, "--log", LOG)
    assert job(scenario, *words, BOT_INSTANCE="two words").exit_code == 2
    assert last_step(scenario, "--event", "push", "--payload", event) == 0
    (said,) = pull.comments
    assert said.body.startswith("⚠️ **Not answered:** I couldn't see to this merge: ")
    assert "'two words' is no LaminDB instance" in said.body
    assert "say `/ingest` in the release's thread." in said.body


def test_a_result_that_cant_be_said_is_told_by_the_last_step(scenario: GithubScenario) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.heard()
    file = scenario.home / "request.json"
    (run,) = scenario.fake.runs.values()
    file.write_text(run.inputs["request"])
    assert job(scenario, *ended(file, "success"), BOT_INSTANCE="two words").exit_code == 2
    heard = scenario.heard()
    assert "⚠️ **Not said:** `2026-02-01-ingest-2` has ended, and I couldn't say" in heard
    assert last_step(scenario, "--request", str(file)) == 0
    assert scenario.heard() == ""


def bare_job(scenario: GithubScenario, file: str, job: str, **environment: str) -> int:
    """The job that speaks for one that couldn't: the runner's own tools, and what it is granted."""
    read = workflow_files.read((ROOT / f".github/workflows/{file}.yml").read_text())
    (step,) = read["jobs"][job]["steps"]
    told = {
        "PATH": os.environ["PATH"],
        "GITHUB_REPOSITORY": str(scenario.settings.github),
        "GITHUB_API_URL": scenario.settings.github_api,
        **{name: re.sub(r"\$\{\{.*?\}\}", "1", text) for name, text in step["env"].items()},
        "TOKEN": scenario.fake.token(workflow_files.grants(read)[job]),
        **environment,
    }
    command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
    return subprocess.run(command, cwd=scenario.home, env=told, check=False).returncode


LONG_AGO = "2000-01-01T00:00:00Z"


def test_a_job_that_couldnt_begin_is_told_to_whoever_asked_once(scenario: GithubScenario) -> None:
    event = asks(scenario, "/status")
    comment = json.loads(Path(event).read_text())["comment"]
    told = {"THREAD": "2", "KEY": str(comment["id"]), "SINCE": comment["created_at"]}
    quoted = sign("I was answered.", reply_marker(comment["id"]))
    people.add_comment(scenario.fake, scenario.fake.user("writer"), 2, quoted)
    for _ in range(2):
        assert bare_job(scenario, "commands", "unanswered", **told) == 0
    heard = scenario.heard()
    assert heard.count("⚠️ **Not answered:** my job couldn't begin, or couldn't fetch my own") == 1
    assert "says which. When that is mended, say it again;" in heard
    # Nor does the last step say it again, nor is that said where the answer is.
    assert last_step(scenario, "--event", "issue_comment", "--payload", event) == 0
    assert scenario.heard() == ""
    answered = asks(scenario, "/status")
    assert handled(scenario, answered) == 0
    scenario.heard()
    comment = json.loads(Path(answered).read_text())["comment"]
    told = {"THREAD": "2", "KEY": str(comment["id"]), "SINCE": comment["created_at"]}
    assert bare_job(scenario, "commands", "unanswered", **told) == 0
    assert scenario.heard() == ""


def test_a_job_that_couldnt_begin_after_a_merge_is_told_in_its_pull_request(
    announced_scenario: GithubScenario,
) -> None:
    scenario = announced_scenario
    pull = next(issue for issue in scenario.fake.issues.values() if issue.pull)
    merged = people.merge(scenario.fake, "maintainer", pull.number)
    told = {"THREAD": "", "KEY": merged, "GITHUB_SHA": merged, "SINCE": LONG_AGO}
    for _ in range(2):
        assert bare_job(scenario, "commands", "unanswered", **told) == 0
    (said,) = pull.comments
    assert said.body.startswith("⚠️ **Not answered:** my job couldn't begin, or couldn't fetch")


LEFT = "⚠️ **A machine may still run, and cost:** the job *Terminate* didn't come to its end."
UNSAID = "⚠️ **Not said:** a run has ended, and the job that says what came of it couldn't"


@pytest.mark.parametrize(
    ("terminate", "say", "code", "said"),
    [
        ("failure", "success", "success", {LEFT}),
        ("cancelled", "failure", "success", {LEFT}),
        ("skipped", "failure", "", {UNSAID}),
        ("success", "cancelled", "failure", {UNSAID}),
        ("failure", "failure", "", {LEFT, UNSAID}),
    ],
)
def test_what_a_run_has_left_is_told_in_its_thread(
    scenario: GithubScenario, terminate: str, say: str, code: str, said: set[str]
) -> None:
    request = json.dumps({"run_id": "2026-02-01-ingest-2", "thread": 2})
    told = {"REQUEST": request, "TERMINATE": terminate, "SAY": say, "CODE": code}
    assert bare_job(scenario, "run", "unsaid", **told) == 0
    heard = scenario.heard()
    assert {text for text in (LEFT, UNSAID) if text in heard} == said
    assert heard.count("**Next:**") == len(said)
    for nowhere in ({"thread": None}, {"thread": "2/../3"}):
        told["REQUEST"] = json.dumps(nowhere)
        assert bare_job(scenario, "run", "unsaid", **told) == 0
    assert scenario.heard() == ""


@pytest.mark.parametrize("state", ["queued", "in_progress", "success", "failure", "waiting"])
def test_work_that_nobody_begins_is_told_in_its_thread(
    scenario: GithubScenario, state: str
) -> None:
    """It waits for a runner of CodeBuild's; a reviewer of its environment is another matter."""
    scenario.says("maintainer", "/ingest")
    scenario.heard()
    (run,) = scenario.fake.runs.values()
    run.jobs = {"Run / Plan": "success", "Run / Register and verify": state}
    told = {"REQUEST": run.inputs["request"], "GITHUB_RUN_ID": str(run.id)}
    assert bare_job(scenario, "run", "waits", LOOKS="2", PAUSE="0", **told) == 0
    heard = scenario.heard()
    assert ("⚠️ **Nothing works on it yet:**" in heard) == (state == "queued")
    assert ("Say `/cancel`, or the run waits for a day." in heard) == (state == "queued")


def test_looks_that_couldnt_begin_are_told_once_in_the_dashboard(scenario: GithubScenario) -> None:
    """By the marker of the last step, which then doesn't say it either."""
    assert bare_job(scenario, "detect", "unlooked") == 0  # before the first look: nowhere
    assert scenario.heard() == ""
    now = scenario.fake.now() - timedelta(hours=1)
    for at in (now, now - timedelta(days=1, microseconds=7)):
        body = sign("It is so.", DASHBOARD, hidden_look(Look(at, "nothing new")))
        board = people.open_issue(scenario.fake, scenario.fake.user(ACTIONS), "Dashboard", body)
        board.labels.append("dashboard")
    later = sign("Mine.", DASHBOARD, hidden_look(Look(scenario.fake.now(), "nothing new")))
    persons = people.open_issue(scenario.fake, scenario.fake.user("writer"), "Dashboard", later)
    persons.labels.append("dashboard")
    for _ in range(2):
        assert bare_job(scenario, "detect", "unlooked") == 0
    assert last_step(scenario, "--look", "skipped") == 0
    newest = scenario.fake.issues[board.number - 1]
    (said,) = newest.comments
    assert said.body.startswith("⚠️ **Not looked:** the job that looks for releases couldn't begin")
    assert (board.comments, persons.comments) == ([], [])
    newest.body = sign("Without the line.", DASHBOARD)
    board.body = newest.body
    assert bare_job(scenario, "detect", "unlooked") == 0
    assert len(newest.comments) + len(board.comments) == 2
    scenario.heard()


# --- what stays running ---------------------------------------------------------------------------


def test_a_run_that_ended_without_a_word_is_told_by_the_next_look_at_progress(
    scenario: GithubScenario,
) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.heard()
    (run,) = scenario.fake.runs.values()
    people.end(scenario.fake, run, "cancelled")  # while it was queued: none of its jobs ran
    done(job(scenario, "progress"))
    heard = scenario.heard()
    assert "[labels thread 1] verification incomplete" in heard
    assert "## 🛑 Run `2026-02-01-ingest-2` has ended, and nobody said how" in heard
    done(job(scenario, "progress"))
    assert scenario.heard() == ""


def test_a_run_that_was_refused_leaves_no_label(scenario: GithubScenario) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.has_rules("7.0.0", {"place": "obs", "text": "Is it?"})
    (run,) = scenario.fake.runs.values()
    file = scenario.home / "request.json"
    file.write_text(run.inputs["request"])
    words = ("begin", str(file), "--actor", ACTIONS, "--workflow-run", str(run.id))
    done(job(scenario, *words, "--wait", "0"))
    assert scenario.fake.issues[2].labels == [str(Label.MERGED)]
    people.end(scenario.fake, run, "success")
    scenario.heard()
    done(job(scenario, "progress"))
    assert scenario.heard() == ""


# --- who asks, and for how much -------------------------------------------------------------------


def test_many_ids_are_carried_and_too_many_are_refused(scenario: GithubScenario) -> None:
    ids = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(1760)]
    scenario.says("maintainer", f"/ingest --only {','.join(ids)}")
    heard = scenario.heard()
    assert "you named 1,760 datasets, and a run's request has room for about 1,500." in heard
    assert scenario.fake.runs == {}
    scenario.says("maintainer", f"/ingest --only {','.join(ids[:1400])}")
    heard = scenario.heard()
    assert "and 1,380 more" in heard
    (run,) = scenario.fake.runs.values()
    assert len(json.loads(run.inputs["request"])["only"]) == 1400


def test_a_command_of_a_deleted_account_is_refused_and_its_comment_breaks_nothing(
    scenario: GithubScenario,
) -> None:
    people.comment(scenario.fake, "leaver", 2, "/ingest")
    told = scenario.fake.outbox.pop().payload
    comment = {**told["comment"], "user": None}
    scenario.fake.deletes("leaver")
    assert handled(scenario, payload(scenario, {**told, "comment": comment})) == 0
    assert "needs the role *maintain*; @ghost has no role here." in scenario.heard()
    scenario.says("maintainer", "/ingest")
    assert "🚀 **Accepted:**" in scenario.heard()


# --- detection ------------------------------------------------------------------------------------


def test_a_look_that_cant_even_gather_counts_as_a_failed_one(
    announced_scenario: GithubScenario,
) -> None:
    trees = faults.unavailable("GET", "/git/trees/", times=999)
    announced_scenario.server.faults.append(trees)
    for _ in range(3):
        assert "GitHub can't be reached" in announced_scenario.is_refused()
    assert announced_scenario.tally.failures() == 3
    heard = announced_scenario.heard()
    assert "3 looks in a row couldn't read all of page" in heard
    assert "GitHub can't be reached" in heard
    announced_scenario.server.faults.clear()
    announced_scenario.the_clock_strikes()
    assert "Everything can be read again" in announced_scenario.heard()


def test_a_check_that_cant_be_made_leaves_neither_result_nor_label_undone(
    scenario: GithubScenario,
) -> None:
    scenario.says("maintainer", "/ingest")
    refused = faults.Fault("POST", "/check-runs$", 403, times=99, message="Resource not accessible")
    scenario.server.faults.append(refused)
    with pytest.raises(BotError, match="Resource not accessible"):
        scenario.ends("2026-02-01-ingest-2", good("d1"))
    assert scenario.fake.issues[2].labels == ["verified"]
    assert "## ✅ Release 2026-02-01 passed its verification" in scenario.heard()


def test_a_look_that_failed_before_it_began_is_told_once_in_the_dashboard(
    announced_scenario: GithubScenario,
) -> None:
    scenario = announced_scenario
    assert last_step(scenario, "--look", "skipped") == 0  # no look has opened a dashboard yet
    scenario.set(dashboard=True)
    scenario.the_clock_strikes()
    scenario.heard()
    for outcome in ("skipped", "failure", "skipped"):
        assert last_step(scenario, "--look", outcome) == 0
    heard = scenario.heard()
    assert heard == (
        "[says in 2, comment 1] ⚠️ **Not looked:** this look for releases didn't come to its end: "
        f"its job failed before it could say why.\n\n**Next:** [the log]({LOG}) has it all. When "
        "that is mended, say `/detect` here. I don't repeat this until a look has come to its end."
    )
    # After a look that came to its end, it is another row.
    scenario.now += timedelta(days=1)
    scenario.the_clock_strikes()
    scenario.heard()
    for _ in range(2):
        assert last_step(scenario, "--look", "skipped") == 0
    assert scenario.heard().count("**Not looked:**") == 1


def test_a_failed_look_that_the_dashboard_tells_isnt_told_again(
    announced_scenario: GithubScenario,
) -> None:
    scenario = announced_scenario
    scenario.set(dashboard=True)
    scenario.now = datetime.now(UTC) - timedelta(days=1)
    scenario.the_clock_strikes()
    scenario.now = datetime.now(UTC)
    scenario.pages.texts.clear()
    scenario.is_refused()
    assert "⚠️ **The last look failed**" in scenario.heard()
    assert last_step(scenario, "--look", "failure") == 0
    assert scenario.heard() == ""


def test_a_look_whose_settings_are_mistyped_is_told(announced_scenario: GithubScenario) -> None:
    """The command has begun, and couldn't remember in the dashboard that it failed."""
    scenario = announced_scenario
    scenario.set(dashboard=True)
    scenario.now = datetime.now(UTC) - timedelta(days=1)
    scenario.the_clock_strikes()
    scenario.heard()
    assert job(scenario, "detect", BOT_MINIMUM_ROLES="ingest=king").exit_code == 2
    assert last_step(scenario, "--look", "failure") == 0
    assert "⚠️ **Not looked:**" in scenario.heard()

"""A run's own job begins, goes on, ends without a report: on GitHub, where jobs are processes."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from fake_github import people
from fake_github.state import ACTIONS

from bot.adapters.github.runs import GithubRuns
from bot.model.endings import Ending
from bot.model.events import RunAsked, RunGoesOn, RunLost
from bot.model.ports import Run
from bot.model.progress import Progress
from flows.github_scenario import GithubScenario
from flows.scenario import NOON, good
from flows.test_on_github import empty_scenario as _empty_scenario
from runners.contract import RunRequest

empty_scenario = _empty_scenario
RUN = "2026-02-01-ingest-2"
LOG = "https://github.com/octo/cellxgene/actions/runs/1"
FAILED = Ending("work", "failure", LOG)
HALF = Progress(7, 6, NOON - timedelta(hours=1), NOON)


@pytest.fixture
def started(scenario: GithubScenario) -> GithubScenario:
    """A maintainer has said /ingest, and the workflow waits."""
    scenario.says("maintainer", "/ingest")
    scenario.heard()
    return scenario


def request(scenario: GithubScenario, **changes: object) -> RunRequest:
    (run,) = scenario.fake.runs.values()
    sent = RunRequest.from_json(run.inputs["request"], source="input")
    return sent.model_copy(update=changes)


def begins(scenario: GithubScenario, actor: str = ACTIONS, **changes: object) -> None:
    is_first = bool(changes.pop("is_first", True))
    asked = request(scenario, **changes)
    scenario.happens(RunAsked(asked, actor, by_bot=actor == ACTIONS, is_first=is_first))


def test_what_the_bot_asked_for_begins_without_a_word(started: GithubScenario) -> None:
    begins(started)
    assert started.heard() == ""


def test_what_a_person_starts_by_hand_is_told_once(started: GithubScenario) -> None:
    for _ in range(2):
        begins(started, "maintainer")
    told = "which @maintainer has started by hand. **Next:** nothing; I'll post its result here."
    assert started.heard() == f"[says in 1, comment 5] ▶️ **Begun:** `{RUN}`, {told}"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"actor": "writer"}, "@writer may not start it; ask somebody who is maintain."),
        ({"actor": "stranger"}, "@stranger may not start it; ask somebody who is maintain."),
        ({"is_first": False}, "it was dispatched twice; the other one goes on."),
        (
            {"run_id": "2025-06-01-ingest-2"},
            "its name says another release or another action than its request.",
        ),
        (
            {"manifest_blob": "0" * 40},
            "no answer of mine in the thread says that I have started it, and any workflow of this "
            "repository could start one in my name. Say the command in the thread.",
        ),
        (
            {"actor": "maintainer", "manifest_blob": "0" * 40},
            "the manifest was changed since it was asked for; say it again.",
        ),
        (
            {"actor": "maintainer", "instance": "theirs"},
            "it is for `theirs`, and this bot works on `demo`.",
        ),
        (
            {"actor": "maintainer", "manifest": "../../elsewhere.toml"},
            "`../../elsewhere.toml` isn't the release's manifest on the default branch.",
        ),
        (
            {"actor": "maintainer", "run_id": "2026-02-01-ingest-10"},
            f"`{RUN}` was asked for before, and an instance takes one.",
        ),
    ],
)
def test_what_may_not_begin_is_told_why(
    started: GithubScenario, changes: dict[str, object], why: str
) -> None:
    begins(started, **changes)  # type: ignore[arg-type]
    run_id = changes.get("run_id", RUN)
    assert started.heard() == (f"[says in 1, comment 5] ⛔ **Not begun:** `{run_id}`: {why}")


def test_who_repeats_a_workflow_run_that_has_ended_wipes_out_no_result(
    started: GithubScenario,
) -> None:
    started.ends(RUN, good("d1"))
    started.heard()
    begins(started, "writer")
    told = "@writer may not start it; ask somebody who is maintain."
    assert started.heard() == f"[says in 1, comment 6] ⛔ **Not begun:** `{RUN}`: {told}"


class Late(GithubRuns):
    """What others have started isn't seen at the first look."""

    looks: ClassVar[list[int]] = []

    def all(self) -> tuple[Run, ...]:
        return () if self.looks and self.looks.pop() else super().all()


def test_a_command_that_comes_second_by_a_moment_is_told_so(started: GithubScenario) -> None:
    runs = started.adapters.runs
    started.adapters = replace(
        started.adapters,
        runs=Late(runs.workflows, runs.store, runs.patience, runs.bot, runs.accepted, runs.results),
    )
    Late.looks.append(1)
    started.says("maintainer", "/verify")
    assert Late.looks == []
    heard = started.heard()
    assert "[reacts to comment 5] eyes confused" in heard
    assert f"⛔ **Not done:** `{RUN}` has been ingesting release 2026-02-01" in heard
    assert len(started.fake.runs) == 1


def test_rules_that_lost_their_answers_meanwhile_keep_it_from_beginning(
    started: GithubScenario,
) -> None:
    started.has_rules("7.0.0", {"place": "obs", "text": "Is it?"})
    begins(started)
    assert "⛔ **Not begun:**" in started.heard()


def test_one_that_goes_on_is_told_in_one_comment(started: GithubScenario) -> None:
    asked = request(started)
    started.happens(RunGoesOn(asked, Progress()))
    assert started.heard() == (
        f"[says in 1, comment 5] ⏳ **`{RUN}` is ingesting release 2026-02-01** in `demo`: "
        "waiting for its machine, or in its smoke test.\n\n"
        "`░░░░░░░░░░░░░░░░░░░░` 0 of 12 datasets, 0%"
    )
    started.happens(RunGoesOn(asked, HALF))
    assert started.heard() == (
        f"[says in 1, comment 5 again] ⏳ **`{RUN}` is ingesting release 2026-02-01** in `demo`: "
        "reading and registering.\n\n"
        "`██████████░░░░░░░░░░` 6 of 12 datasets, 50%\n\n"
        "6 datasets an hour, about 60 minutes left; last sign of life 2026-03-01 12:00 UTC."
    )
    started.ends(RUN, good("d1"))
    heard = started.heard()
    assert f"[says in 1, comment 5 again] 🏁 `{RUN}` has ended" in heard
    assert "[says in 1, comment 6] ## ✅ Release 2026-02-01 passed its verification" in heard


@pytest.mark.parametrize(
    "fields", [{"collection": ("c",)}, {"organism": ("human",)}, {"only_missing": True}]
)
def test_how_many_datasets_a_name_means_is_told_once_the_machine_knows(
    started: GithubScenario, fields: dict[str, object]
) -> None:
    asked = request(started).model_copy(update=fields)
    started.happens(RunGoesOn(asked, Progress()))
    assert started.heard().endswith("waiting for its machine, or in its smoke test.")
    started.happens(RunGoesOn(asked, replace(HALF, chosen=8)))
    assert "6 of 8 datasets, 75%" in started.heard()
    started.happens(RunLost(asked, FAILED, HALF))
    assert "- Not done: datasets, collections, verification." in started.heard()
    started.happens(RunLost(asked, FAILED, replace(HALF, chosen=8)))
    assert "- Not done: 2 datasets, collections, verification." in started.heard()


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ("cancelled", "was stopped: by hand, or as its job took longer than it may"),
        ("failure", "ended without a report"),
    ],
)
def test_one_that_is_lost_says_what_was_done_and_what_wasnt(
    started: GithubScenario, result: str, why: str
) -> None:
    (run,) = started.fake.runs.values()
    people.end(started.fake, run, result)
    started.happens(RunLost(request(started), Ending("work", result, LOG), HALF))
    assert started.heard() == (
        "[labels thread 1] verification incomplete\n"
        f"[says in 1, comment 5] ## 🛑 Run `{RUN}` {why}\n\n"
        "**Next:** `/ingest` goes on where it was: what is registered and unchanged stays as it "
        f"is. [Its log]({LOG}) says why it ended.\n\n"
        "- Done: 6 datasets of release 2026-02-01.\n"
        "- Not done: 6 datasets, collections, verification.\n\n"
        f"Run `{RUN}`, asked for by @maintainer, in `demo`. A batch that was being written was "
        "either finished or undone."
    )
    started.says("maintainer", "/ingest")
    assert "[starts 2026-02-01-ingest-6]" in started.heard()


def test_what_a_lost_runs_machine_has_cost_is_told(started: GithubScenario) -> None:
    (run,) = started.fake.runs.values()
    people.end(started.fake, run, "failure")
    started.happens(RunLost(request(started), Ending("work", "failure", LOG), HALF, cost=0.534))
    assert started.heard().endswith("Its machine has cost an estimated $0.53.")


def test_a_run_is_linked_to_its_workflow_run(started: GithubScenario) -> None:
    (run,) = started.fake.runs.values()
    link = f"[`{RUN}`]({started.fake.address}/{started.fake.full_name}/actions/runs/{run.id})"
    started.says("maintainer", "/ingest")
    started.says("maintainer", "/status")
    started.ends(RUN, good("d1"))
    started.says("maintainer", "/status")
    said = [c.body for c in started.fake.issues[2].comments if c.user.login == ACTIONS]
    busy, status, result, again = (text for text in said if link in text)
    assert f"⛔ **Not done:** {link} has been ingesting" in busy
    assert f"; {link} has been ingesting" in status
    assert f"\n\nRun {link}: ingest in `demo`, asked for by @maintainer; " in result
    assert f"| {link} | `maintainer` | " in again
    started.heard()


@pytest.mark.parametrize(
    ("ending", "why", "next_step"),
    [
        (Ending("plan", "failure", LOG), "didn't begin: its first job failed", "written"),
        (Ending("plan", "cancelled", LOG), "didn't begin: its first job was stopped", "written"),
        (Ending("smoke", "failure", LOG), "didn't begin: its smoke test failed", "written"),
        (Ending("smoke", "cancelled", LOG), "didn't begin: its smoke test was stopped", "written"),
        (
            Ending("launch", "failure", LOG),
            "didn't begin: the launch of its machine failed",
            "written",
        ),
        (Ending("work", "failure", LOG), "ended without a report", "no journal"),
        (Ending("", "skipped", LOG), "was repeated in part, and so did nothing", "all jobs"),
        (Ending("", "lost", ""), "has ended, and nobody said how", "no journal"),
    ],
)
def test_each_jobs_failure_has_its_own_sentence_and_invents_no_counts(
    started: GithubScenario, ending: Ending, why: str, next_step: str
) -> None:
    (run,) = started.fake.runs.values()
    people.end(started.fake, run, "failure")
    started.happens(RunLost(request(started), ending, Progress()))
    heard = started.heard()
    assert f"## 🛑 Run `{RUN}` {why}\n\n**Next:** " in heard
    assert {"written": "nothing was written"}.get(next_step, next_step) in heard
    assert LOG in heard or ending.result == "lost"
    assert "Not done:" not in heard
    label = "manifest merged" if next_step == "written" else "verification incomplete"
    assert f"[labels thread 1] {label}" in heard


def test_one_that_somebody_cancelled_says_who(started: GithubScenario) -> None:
    asked = request(started)
    started.says("maintainer", "/cancel")
    started.heard()
    started.happens(RunLost(asked, Ending("work", "cancelled", LOG), HALF))
    assert f"## 🛑 Run `{RUN}` was stopped, as @maintainer asked\n" in started.heard()


def test_a_verification_that_is_lost_has_written_nothing(scenario: GithubScenario) -> None:
    scenario.says("maintainer", "/verify")
    asked = request(scenario)
    scenario.heard()
    scenario.happens(RunLost(asked, FAILED, HALF))
    heard = scenario.heard()
    assert f"**Next:** [Its log]({LOG}) says why it ended; say `/verify` again." in heard
    assert "Done:" not in heard


def test_a_command_in_the_proposal_is_obeyed_and_labels_the_thread(
    scenario: GithubScenario,
) -> None:
    said = people.comment(scenario.fake, "maintainer", 1, "/ingest")
    scenario.delivered()
    pull, thread = scenario.fake.issues[1], scenario.fake.issues[2]
    assert pull.comments[1].body.startswith("🚀 **Accepted:** ingesting release 2026-02-01")
    assert (pull.labels, thread.labels) == ([], ["running"])
    assert said.reactions == [(ACTIONS, "eyes"), (ACTIONS, "rocket")]
    assert "I'll post the result in #2." in pull.comments[1].body
    scenario.heard()


def test_the_store_tells_of_a_run_that_no_workflow_speaks_of(scenario: GithubScenario) -> None:
    """Its machine wrote a request, but no report; GitHub has forgotten the workflow run."""
    folder: Path = scenario.home / "runs" / RUN
    folder.mkdir(parents=True)
    told = {
        "run_id": RUN,
        "action": "ingest",
        "release": "2026-02-01",
        "manifest": "runners/releases/2026-02-01.toml",
        "instance": "demo",
    }
    (folder / "request.json").write_text(json.dumps(told))
    (run,) = scenario.adapters.runs.all()
    assert run.is_lost
    (folder / "journal.jsonl").write_text("{}\n")
    assert scenario.adapters.runs.journal(RUN) == "{}\n"

"""What counts as the bot's own run: everybody who may push can dispatch in its name."""

import json

from fake_github import people
from fake_github.state import ACTIONS

from bot.model.audit_entry import AuditEntry, Decision, hidden_audit_entry, proof_of
from bot.model.endings import Ending
from bot.model.events import RunAsked, RunLost
from bot.model.markers import reply_marker, sign
from bot.model.progress import Progress
from flows.github_scenario import GithubScenario
from flows.scenario import good
from flows.test_merged_state import sent
from flows.test_on_github import empty_scenario as _empty_scenario
from runners.contract import RunRequest

empty_scenario = _empty_scenario


def begins(scenario: GithubScenario, request: RunRequest, actor: str = ACTIONS) -> str:
    """What is said when a run's job begins that this login has dispatched."""
    by_bot = actor == scenario.settings.bot
    scenario.happens(RunAsked(request, actor, by_bot=by_bot, is_first=True))
    return scenario.heard()


def forged(request: RunRequest, comment_id: int) -> str:
    """The answer that a writer's workflow writes as the bot, where the bot is `github-actions`."""
    entry = AuditEntry(
        "maintainer", "maintain", "/ingest", Decision.ACCEPTED, "yes", request.run_id,
        proof_of(request),
    )  # fmt: skip
    return sign("🚀 **Accepted**", reply_marker(comment_id), hidden_audit_entry(entry))


def test_a_dispatch_in_the_bots_name_isnt_the_bots(scenario: GithubScenario) -> None:
    scenario.says("maintainer", "/ingest --limit 1")
    scenario.heard()
    asked = sent(scenario)
    assert begins(scenario, asked) == ""
    for changes in ({"limit": None}, {"run_id": f"{asked.run_id}9"}, {"thread": None}):
        heard = begins(scenario, asked.model_copy(update=changes))
        assert "no answer of mine in the thread says that I have started it" in heard or (
            changes == {"thread": None} and heard == ""
        )


def test_whoever_writes_the_bots_answer_can_write_no_maintainers_command(
    scenario: GithubScenario,
) -> None:
    """With `issues: write`, a writer's workflow speaks as the bot, but never as a person."""
    said = scenario.says("writer", "/status")
    refused = scenario.says("writer", "/ingest")
    other = people.comment(scenario.fake, "maintainer", 2, "Looks good to me.")
    scenario.delivered()
    scenario.heard()
    base = {
        "action": "ingest", "release": "2026-02-01", "instance": "demo", "thread": 2,
        "manifest": "runners/releases/2026-02-01.toml", "requested_by": "maintainer",
    }  # fmt: skip
    for comment in (said.comment_id, refused.comment_id, other.id, 4711):
        told = {**base, "run_id": f"2026-02-01-ingest-{comment}", "comment": comment}
        request = RunRequest.from_json(json.dumps(told), source="forged")
        bot = scenario.fake.user(ACTIONS)
        people.add_comment(scenario.fake, bot, 2, forged(request, 90_000 + comment))
        heard = begins(scenario, request)
        assert "the comment that it names doesn't ask for it, or no longer." in heard
    scenario.fake.issues[2].comments.clear()
    scenario.heard()


def test_an_answer_that_a_person_wrote_proves_nothing(scenario: GithubScenario) -> None:
    said = scenario.says("maintainer", "/ingest --limit 1")
    scenario.heard()
    run_id = f"2026-02-01-ingest-{said.comment_id}"
    asked = sent(scenario).model_copy(update={"run_id": run_id, "limit": 2})
    people.comment(scenario.fake, "writer", 2, forged(asked, said.comment_id))
    scenario.delivered()
    assert "no answer of mine in the thread says that I have" in begins(scenario, asked)


def test_a_command_in_a_thread_that_isnt_the_bots_starts_nothing(
    scenario: GithubScenario,
) -> None:
    """Where a writer's workflow, which speaks as the bot there, answers it."""
    fake = scenario.fake
    thread = people.open_issue(fake, fake.user("writer"), "Try it here", "").number
    said = people.comment(fake, "maintainer", thread, "/ingest")
    scenario.delivered()
    told = {
        "action": "ingest", "release": "2026-02-01", "instance": "demo", "thread": thread,
        "manifest": "runners/releases/2026-02-01.toml", "requested_by": "maintainer",
        "run_id": f"2026-02-01-ingest-{said.id}", "comment": said.id,
    }  # fmt: skip
    request = RunRequest.from_json(json.dumps(told), source="forged")
    people.add_comment(fake, fake.user(ACTIONS), thread, forged(request, said.id))
    scenario.happens(RunAsked(request, ACTIONS, by_bot=True, is_first=True))
    del fake.issues[thread]  # what isn't the bot's is no conversation of its
    heard = scenario.heard()
    assert "no answer of mine in the thread says that I have started it" in heard


def test_a_forged_run_whose_first_job_fails_is_no_news(scenario: GithubScenario) -> None:
    """Its job can be made to fail; that mustn't change a label or take a result's place."""
    said = scenario.says("maintainer", "/ingest")
    asked = sent(scenario)
    scenario.ends(asked.run_id, good("d1"))
    scenario.heard()
    ending = Ending("plan", "failure", "https://github.com/octo/cellxgene/actions/runs/1")
    forged_request = asked.model_copy(update={"only": ("d1",), "comment": said.comment_id})
    scenario.happens(RunLost(forged_request, ending, Progress()))
    assert scenario.heard() == ""


def test_a_role_that_was_lost_meanwhile_is_lost_when_the_run_begins(
    scenario: GithubScenario,
) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.heard()
    scenario.fake.user("maintainer", "read")
    assert begins(scenario, sent(scenario)) == (
        "[labels thread 1] manifest merged\n"
        "[says in 1, comment 5] ⛔ **Not begun:** `2026-02-01-ingest-2`: @maintainer may "
        "not start it; ask somebody who is maintain."
    )


def test_with_an_app_the_jobs_own_token_is_nobody(scenario: GithubScenario) -> None:
    """The bot is the App then: who dispatches as `github-actions[bot]` is asked for a role."""
    scenario.says("maintainer", "/ingest")
    scenario.heard()
    asked = sent(scenario)
    scenario.set(bot="our-app[bot]")
    scenario.happens(RunAsked(asked, ACTIONS, by_bot=False, is_first=True))
    scenario.fake.issues[2].comments.clear()
    scenario.set(bot=ACTIONS)
    scenario.heard()


def test_a_run_that_begins_is_the_only_one_that_keeps_others_out(
    scenario: GithubScenario,
) -> None:
    title = "2026-02-01-ingest-77 in demo for maintainer"
    for login in ("writer", ACTIONS):
        user = scenario.fake.user(login)
        people.dispatch(scenario.fake, user, "verify.yml", {"title": title, "request": "{}"})
    scenario.fake.outbox.clear()
    scenario.says("maintainer", "/verify")
    assert "🚀 **Accepted:** verifying" in "".join(
        comment.body for comment in scenario.fake.issues[2].comments
    )
    assert scenario.adapters.runs.all()[0].request.action == "verify"
    scenario.fake.runs = {k: r for k, r in scenario.fake.runs.items() if r.title != title}
    scenario.heard()

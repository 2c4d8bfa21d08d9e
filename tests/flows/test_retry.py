"""`/retry`: what failed in the last ingest is done again."""

import pytest

from bot.model.commands import Role, Verb
from bot.model.events import CommentCreated
from bot.model.markers import Marker, MarkerKind
from flows.scenario import Scenario, bad, good
from runners.contract import Action, DatasetOutcome, Finding, Outcome, Reason, RunRequest

FIRST = "2026-02-01-ingest-2"


def wrong(dataset_id: str, *reasons: Reason) -> DatasetOutcome:
    """A dataset that failed for its content."""
    found = tuple(Finding(reason=reason, column="sex") for reason in reasons)
    return DatasetOutcome(
        dataset_id=dataset_id, title="Atlas", outcome=Outcome.FAILED, reasons=found
    )


@pytest.fixture
def failed_scenario(scenario: Scenario) -> Scenario:
    """The first ingest has ended, and not all went well."""
    scenario.says("maintainer", "/ingest")
    term, value = Reason.TERM_UNKNOWN, Reason.VALUE_NOT_ALLOWED
    missing = DatasetOutcome(dataset_id="d4", title="Gone", outcome=Outcome.MISSING)
    contents = wrong("d5", term, value, term), wrong("d6", term)
    scenario.ends(FIRST, good("d1"), bad("d2"), bad("d3"), missing, *contents)
    scenario.heard()
    return scenario


def test_a_maintainer_has_what_failed_done_again(failed_scenario: Scenario) -> None:
    failed_scenario.says("maintainer", "/retry")
    assert failed_scenario.heard() == (
        "[labels thread 1] running\n"
        "[reacts to comment 6] eyes rocket\n"
        "[starts 2026-02-01-ingest-6] ingest in demo for maintainer, thread 1, "
        f"runners/releases/2026-02-01.toml; what failed in {FIRST}\n"
        "[says in 1, comment 7] 🚀 **Accepted:** ingesting release 2026-02-01 in `demo`, "
        "as @maintainer asked.\n"
        "\n"
        "- Run: `2026-02-01-ingest-6`\n"
        f"- Datasets: what failed in `{FIRST}`\n"
        "- Done again: 1 dataset missing and 2 datasets unreadable\n"
        "- Failed for their content: 2 datasets (a term isn't in its ontology (2); "
        "a value isn't allowed (1)). The machine does them again only if rules, LaminDB or our "
        "code have changed since; the result says how they stand\n"
        "- Manifest: `runners/releases/2026-02-01.toml`, dataset schema 7.0.0\n"
        f"- Earlier: `{FIRST}` ended with the verdict *failed*. What it registered and is "
        "unchanged stays as it is.\n"
        "\n"
        "**Next:** nothing; I'll post the result here. Until then no other run starts in this "
        "instance; `/status` says how it stands, `/cancel` ends it early."
    )


def test_what_failed_for_a_record_of_the_instance_is_done_again_and_not_for_its_content(
    scenario: Scenario,
) -> None:
    scenario.says("maintainer", "/ingest")
    otherwise = Reason.REGISTERED_OTHERWISE
    scenario.ends(FIRST, wrong("d1", otherwise), wrong("d2", Reason.TERM_UNKNOWN, otherwise))
    scenario.heard()
    scenario.says("maintainer", "/retry")
    told = scenario.heard()
    assert "\n- Done again: 2 datasets registered as something else\n" in told
    assert "Failed for their content" not in told


def test_a_retry_of_a_retry_goes_on_from_that(failed_scenario: Scenario) -> None:
    failed_scenario.says("maintainer", "/retry")
    failed_scenario.ends("2026-02-01-ingest-6", good("d1"), bad("d2"), good("d3"))
    failed_scenario.says("maintainer", "/retry")
    told = failed_scenario.heard()
    assert "what failed in 2026-02-01-ingest-6\n" in told
    assert "- Done again: 1 dataset unreadable\n" in told


@pytest.mark.parametrize(
    ("ended", "says"),
    [
        ((), "what the run didn't reach before it was stopped"),
        ((bad("d2"),), "1 dataset unreadable and what the run didn't reach before it was stopped"),
    ],
)
def test_what_a_stopped_run_didnt_reach_is_done(
    scenario: Scenario, ended: tuple[DatasetOutcome, ...], says: str
) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.ends_early(FIRST, good("d1"), *ended)
    scenario.heard()
    scenario.says("maintainer", "/retry")
    told = scenario.heard()
    assert f"; what failed in {FIRST}\n" in told
    assert f"- Done again: {says}\n- Manifest: " in told


@pytest.mark.parametrize("actor", ["writer", "stranger"])
def test_it_takes_a_maintainer(failed_scenario: Scenario, actor: str) -> None:
    failed_scenario.says(actor, "/retry")
    told = failed_scenario.heard()
    assert f"⛔ **Not done:** `/retry` needs the role *maintain*; @{actor} has the role" in told
    assert "[starts" not in told


def test_who_may_say_it_can_be_set(failed_scenario: Scenario) -> None:
    failed_scenario.set(minimum_roles={Verb.RETRY: Role.WRITE})
    failed_scenario.says("writer", "/retry")
    assert "[starts 2026-02-01-ingest-6]" in failed_scenario.heard()


def test_it_takes_no_options(failed_scenario: Scenario) -> None:
    failed_scenario.says("maintainer", "/retry d2")
    assert "/retry takes no options, but d2 was given. Did you mean `/retry`?" in (
        failed_scenario.heard()
    )


def test_without_an_earlier_run_there_is_nothing_to_do_again(scenario: Scenario) -> None:
    scenario.says("maintainer", "/verify")
    scenario.ends("2026-02-01-verify-2", good("d1"))
    scenario.heard()
    scenario.says("maintainer", "/retry")
    assert scenario.heard() == (
        "[reacts to comment 6] confused\n"
        "[says in 1, comment 7] ⛔ **Not done:** no ingest of this release has left a report "
        "here, so it isn't known what failed.\n"
        "\n"
        "Say `/ingest`: it leaves what is unchanged as it is. `/status` says what is going on.\n"
        "\n"
        "> You said: `/retry`"
    )


def test_where_nothing_failed_there_is_nothing_to_do_again(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.ends(FIRST, good("d1"))
    scenario.heard()
    scenario.says("maintainer", "/retry")
    assert scenario.heard() == (
        "[reacts to comment 6] confused\n"
        f"[says in 1, comment 7] ⛔ **Not done:** in `{FIRST}`, the last ingest of this release, "
        "no dataset failed.\n"
        "\n"
        "Say `/ingest` to do all of it again, or `/verify` to check what is registered.\n"
        "\n"
        "> You said: `/retry`"
    )


def test_another_release_and_another_instance_are_no_business_of_it(scenario: Scenario) -> None:
    base = RunRequest(
        run_id="2025-06-01-ingest-10",
        action=Action.INGEST,
        release="2025-06-01",
        manifest="runners/releases/2025-06-01.toml",
        instance="demo",
        requested_by="maintainer",
    )
    other = {"run_id": "2026-02-01-ingest-10", "release": "2026-02-01", "instance": "else"}
    for request in (base, base.model_copy(update=other)):
        scenario.runs.start(request)
        scenario.ends(request.run_id, bad("d1"))
    scenario.heard()
    scenario.says("maintainer", "/retry")
    assert "no ingest of this release has left a report here" in scenario.heard()


def test_while_a_run_is_going_on_it_waits(failed_scenario: Scenario) -> None:
    failed_scenario.says("maintainer", "/ingest")
    failed_scenario.heard()
    failed_scenario.says("maintainer", "/retry")
    told = failed_scenario.heard()
    assert "⛔ **Not done:** `2026-02-01-ingest-6` has been ingesting release 2026-02-01" in told
    assert (
        "Say `/retry` again when its result is here; `/cancel` in the thread of its release" in told
    )


def test_it_waits_for_decided_rules(failed_scenario: Scenario) -> None:
    failed_scenario.has_rules("7.0.0", {"place": "obs: x", "text": "which?"})
    failed_scenario.says("maintainer", "/retry")
    assert "a person must still answer 1 question" in failed_scenario.heard()


def test_the_same_comment_twice_starts_one_run(failed_scenario: Scenario) -> None:
    event = failed_scenario.says("maintainer", "/retry")
    failed_scenario.heard()
    failed_scenario.happens(event)
    assert failed_scenario.heard() == ""


def test_an_answer_that_was_cut_short_is_finished(failed_scenario: Scenario) -> None:
    """Killed after the run was asked for: the same run is found, though it has ended by now."""
    number = failed_scenario.threads.say(1, "maintainer", "/retry")
    event = CommentCreated(1, number, "maintainer", "/retry")
    failed_scenario.happens(event)
    said = failed_scenario.home / "threads" / "1"
    marker = f"\n{Marker(MarkerKind.REPLY, str(number))}"
    (reply,) = [path for path in said.rglob("*.md") if marker in path.read_text()]
    reply.unlink()
    failed_scenario.ends(f"2026-02-01-ingest-{number}", good("d1"))
    failed_scenario.heard()
    failed_scenario.happens(event)
    assert f"- Datasets: what failed in `{FIRST}`\n" in failed_scenario.heard()
    assert len(failed_scenario.runs.all()) == 2

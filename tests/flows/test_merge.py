"""A manifest reaches the default branch."""

import pytest

from bot.errors import BotError
from bot.model.commands import Role
from flows.scenario import Scenario, bad, good


def test_the_merge_starts_the_ingestion(announced_scenario: Scenario) -> None:
    event = announced_scenario.merges("maintainer", "2026-02-01")
    run_id = f"2026-02-01-ingest-{event.commit[:8]}"
    assert announced_scenario.heard() == (
        "[labels thread 1] running\n"
        f"[starts {run_id}] ingest in demo for maintainer, thread 1, "
        "runners/releases/2026-02-01.toml; all\n"
        "[says in 1, comment 1] 🚀 **Accepted:** ingesting release 2026-02-01 in `demo`, "
        "as @maintainer asked.\n"
        "\n"
        f"- Run: `{run_id}`\n"
        "- Datasets: all 12 of the release\n"
        "- Manifest: `runners/releases/2026-02-01.toml`, dataset schema 7.0.0\n"
        "\n"
        "**Next:** nothing; I'll post the result here. Until then no other run starts in this "
        "instance; `/status` says how it stands, `/cancel` ends it early."
    )
    announced_scenario.happens(event)
    assert announced_scenario.heard() == ""


def test_where_a_person_starts_it_the_merge_says_how(announced_scenario: Scenario) -> None:
    announced_scenario.set(ingest_on_merge=False)
    event = announced_scenario.merges("maintainer", "2026-02-01")
    assert announced_scenario.heard() == (
        "[labels thread 1] manifest merged\n"
        "[says in 1, comment 1] ✅ The manifest of 2026-02-01 was merged by `maintainer`.\n"
        "\n"
        "**Next:** say `/ingest` to register the release, or `/ingest --dry-run` to see what that "
        "would do."
    )
    announced_scenario.happens(event)
    assert announced_scenario.heard() == ""


def accepts_failures(scenario: Scenario) -> str:
    """The release has run, and its manifest is changed and merged; what is said of that."""
    scenario.says("maintainer", "/ingest")
    scenario.ends("2026-02-01-ingest-2", good("d1"), bad("d2"))
    scenario.heard()
    proposal = scenario.home / "proposals" / "2026-02-01" / "2026-02-01.toml"
    accepted = '[[accepted]]\ndataset_id = "d2"\nreason = "file_unreadable"\nuntil = 2026-06-01\n'
    proposal.write_text(f'{proposal.read_text()}\n{accepted}because = "so it is"\n')
    scenario.merges("maintainer", "2026-02-01")
    return scenario.heard()


def test_a_merge_that_accepts_failures_asks_for_a_verification(scenario: Scenario) -> None:
    assert accepts_failures(scenario).endswith(
        "**Next:** say `/verify` if it only accepts failures, else `/ingest`; what is registered "
        "and unchanged stays as it is."
    )


def test_a_merge_that_accepts_failures_says_that_it_starts_an_ingest(scenario: Scenario) -> None:
    scenario.set(ingest_on_merge=True)
    told = accepts_failures(scenario)
    assert "🚀 **Accepted:** ingesting release 2026-02-01 in `demo`, as @maintainer asked." in told
    assert (
        "- Earlier: `2026-02-01-ingest-2` ended with the verdict *failed*. What it registered and "
        "is unchanged stays as it is."
    ) in told


def test_while_another_run_is_going_on_the_merge_starts_nothing(scenario: Scenario) -> None:
    scenario.says("maintainer", "/verify")
    scenario.heard()
    scenario.set(ingest_on_merge=True)
    scenario.merges("maintainer", "2026-02-01")
    # The same state of the manifest was merged before, and spoken of then.
    assert scenario.heard() == ""
    proposal = scenario.home / "proposals" / "2026-02-01" / "2026-02-01.toml"
    proposal.write_text(proposal.read_text() + "\n# corrected\n")
    scenario.merges("maintainer", "2026-02-01")
    assert scenario.heard() == (
        "[labels thread 1] manifest merged\n"
        "[says in 1, comment 5] ⏳ The manifest of 2026-02-01 was merged, but its ingestion isn't "
        "started: `2026-02-01-verify-2` has been verifying release 2026-02-01 in `demo` since "
        "2026-03-01 12:00 UTC, asked for by `maintainer`; an instance takes one run at a time.\n"
        "\n"
        "**Next:** say `/ingest` when that result is here."
    )


@pytest.mark.parametrize("ingest_on_merge", [True, False])
def test_the_job_of_a_push_that_is_repeated_leaves_what_came_of_it(
    announced_scenario: Scenario, ingest_on_merge: bool
) -> None:
    announced_scenario.set(ingest_on_merge=ingest_on_merge)
    event = announced_scenario.merges("maintainer", "2026-02-01")
    run_id = f"2026-02-01-ingest-{event.commit[:8]}"
    if not ingest_on_merge:
        run_id = f"2026-02-01-ingest-{announced_scenario.says('maintainer', '/ingest').comment_id}"
    announced_scenario.ends(run_id, good("d1"))
    assert "[labels thread 1] verified" in announced_scenario.heard()
    announced_scenario.happens(event)
    assert announced_scenario.heard() == ""


def test_a_merge_that_was_refused_starts_nothing_when_its_job_is_repeated(
    announced_scenario: Scenario,
) -> None:
    announced_scenario.set(roles={"writer": Role.WRITE})
    event = announced_scenario.merges("writer", "2026-02-01")
    assert "Accepted" not in announced_scenario.heard()
    announced_scenario.set(roles={"writer": Role.MAINTAIN})
    announced_scenario.happens(event)
    assert announced_scenario.heard() == ""


def test_a_release_without_a_thread_is_passed_over(scenario: Scenario) -> None:
    text = (scenario.home / "repository/runners/releases/2025-06-01.toml").read_text()
    proposal = scenario.home / "proposals" / "2025-06-01" / "2025-06-01.toml"
    proposal.parent.mkdir()
    proposal.write_text(text)
    scenario.heard()
    scenario.merges("maintainer", "2025-06-01")
    assert scenario.heard() == ""


def test_what_wasnt_proposed_cant_be_merged(scenario: Scenario) -> None:
    with pytest.raises(BotError, match="there is no proposal 2030-01-01; there is 2026-02-01"):
        scenario.merges("maintainer", "2030-01-01")


def test_the_next_release_follows_the_one_that_passed(scenario: Scenario) -> None:
    from bot.decide.new_releases import previous_manifest
    from bot.gather.facts import gather

    facts = gather(None, scenario.ports(), scenario.settings)
    newest = previous_manifest("2026-08-01", facts)
    assert newest is not None
    assert newest.release == "2026-02-01"

    _ran(scenario, "2025-06-01")
    facts = gather(None, scenario.ports(), scenario.settings)
    passed = previous_manifest("2026-08-01", facts)
    assert passed is not None
    assert passed.release == "2025-06-01"
    scenario.heard()


def _ran(scenario: Scenario, release: str) -> None:
    from runners.contract import Action, RunRequest

    request = RunRequest(
        run_id=f"{release}-ingest-1",
        action=Action.INGEST,
        release=release,
        manifest=f"runners/releases/{release}.toml",
        instance="demo",
        requested_by="maintainer",
    )
    scenario.runs.start(request)
    scenario.ends(request.run_id, good("d1"))

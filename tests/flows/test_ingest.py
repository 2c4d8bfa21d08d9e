"""`/ingest` in a release's thread, from the wish to the result."""

from pathlib import Path

import pytest

from bot.model.commands import Role, Verb
from bot.model.events import CommentCreated
from flows.scenario import Scenario, bad, good
from runners.contract import Outcome

EXPECTED = Path(__file__).parent / "expected"


def test_a_maintainer_says_ingest_and_reads_the_result(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest")
    assert scenario.heard() == (
        "[labels thread 1] running\n"
        "[reacts to comment 2] eyes rocket\n"
        "[starts 2026-02-01-ingest-2] ingest in demo for maintainer, thread 1, "
        "runners/releases/2026-02-01.toml; all\n"
        "[says in 1, comment 3] 🚀 **Accepted:** ingesting release 2026-02-01 in `demo`, "
        "as @maintainer asked.\n"
        "\n"
        "- Run: `2026-02-01-ingest-2`\n"
        "- Datasets: all 12 of the release\n"
        "- Manifest: `runners/releases/2026-02-01.toml`, dataset schema 7.0.0\n"
        "\n"
        "**Next:** nothing; I'll post the result here. Until then no other run starts in this "
        "instance; `/status` says how it stands, `/cancel` ends it early."
    )

    scenario.ends("2026-02-01-ingest-2", good("d1"), good("d2", Outcome.REVISED), bad("d3"))
    assert scenario.heard() == (EXPECTED / "result.txt").read_text()


def test_a_part_of_the_release_can_be_named(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest --only d1 d2 --limit 1\nbecause they are small")
    assert scenario.heard() == (
        "[labels thread 1] running\n"
        "[reacts to comment 2] eyes rocket\n"
        "[starts 2026-02-01-ingest-2] ingest in demo for maintainer, thread 1, "
        "runners/releases/2026-02-01.toml; only d1 d2, limit 1\n"
        "[says in 1, comment 3] 🚀 **Accepted:** ingesting release 2026-02-01 in `demo`, "
        "as @maintainer asked.\n"
        "\n"
        "- Run: `2026-02-01-ingest-2`\n"
        "- Datasets: only `d1` and `d2`; at most 1 of them\n"
        "- Manifest: `runners/releases/2026-02-01.toml`, dataset schema 7.0.0\n"
        "\n"
        "**Next:** nothing; I'll post the result here. Until then no other run starts in this "
        "instance; `/status` says how it stands, `/cancel` ends it early."
    )


def test_collections_and_organisms_can_be_named(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest --organism human --dry-run")
    assert "in `demo` (of the organism `human`)" in scenario.heard()
    scenario.says(
        "maintainer", '/ingest --collection "Atlas of @all" --organism homo_sapiens mus_musculus'
    )
    heard = scenario.heard()
    assert (
        "2026-02-01.toml; collection Atlas of @all, organism homo_sapiens, organism mus_musculus\n"
    ) in heard
    assert (
        "- Datasets: only of the collection `Atlas of @all`, of the organisms `homo_sapiens` and "
        "`mus_musculus`\n"
    ) in heard


def test_a_dry_run_says_what_would_happen_and_starts_nothing(scenario: Scenario) -> None:
    scenario.says("writer", "/ingest --limit 3 --dry-run")
    assert scenario.heard() == (
        "[reacts to comment 2] eyes\n"
        "[says in 1, comment 3] 🔍 **Dry run:** `/ingest --limit 3 --dry-run` changed nothing. "
        "Without `--dry-run` it would now:\n"
        "\n"
        "1. start run `2026-02-01-ingest-2`: ingest release 2026-02-01 in `demo` "
        "(at most 3 datasets)\n"
        "2. label thread 1 “running”\n"
        "\n"
        "**Next:** say `/ingest --limit 3` to have it done."
    )


@pytest.mark.parametrize("actor", ["stranger", "writer"])
def test_somebody_without_the_role_is_refused(scenario: Scenario, actor: str) -> None:
    scenario.says(actor, "/ingest")
    has = {"stranger": "read", "writer": "write"}[actor]
    assert scenario.heard() == (
        "[reacts to comment 2] confused\n"
        "[says in 1, comment 3] ⛔ **Not done:** `/ingest` needs the role *maintain*; "
        f"@{actor} has the role *{has}*.\n"
        "\n"
        "Ask somebody with the role *maintain* to say it.\n"
        "\n"
        "> You said: `/ingest`"
    )


def test_a_stranger_may_not_even_ask_for_a_dry_run(scenario: Scenario) -> None:
    scenario.says("stranger", "/ingest --dry-run")
    assert "needs the role *write*; @stranger has the role *read*" in scenario.heard()


@pytest.mark.parametrize(
    ("least", "actor"), [(Role.READ, "stranger"), (Role.WRITE, "writer"), (Role.ADMIN, "writer")]
)
def test_who_may_ingest_may_ask_for_a_dry_run(scenario: Scenario, least: Role, actor: str) -> None:
    """A dry run never needs more than the command, and write is always enough for it."""
    scenario.set(minimum_roles={Verb.INGEST: least})
    scenario.says(actor, "/ingest --dry-run")
    assert "⛔" not in scenario.heard()
    assert not scenario.runs.all()


def test_before_the_manifest_is_merged_it_is_refused(announced_scenario: Scenario) -> None:
    announced_scenario.says("maintainer", "/ingest")
    what = "#1" if announced_scenario.settings.github else "the manifest"
    assert announced_scenario.heard() == (
        "[reacts to comment 1] confused\n"
        "[says in 1, comment 2] ⛔ **Not done:** the manifest `runners/releases/2026-02-01.toml` "
        "isn't on the default branch.\n"
        "\n"
        f"Review and merge {what} first; that starts the ingest.\n"
        "\n"
        "> You said: `/ingest`"
    )


def test_while_a_run_is_going_on_a_second_one_is_refused(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.heard()
    scenario.says("maintainer", "/ingest --limit 5")
    assert scenario.heard() == (
        "[reacts to comment 5] confused\n"
        "[says in 1, comment 6] ⛔ **Not done:** `2026-02-01-ingest-2` has been ingesting release "
        "2026-02-01 in `demo` since 2026-03-01 12:00 UTC, asked for by `maintainer`; "
        "an instance takes one run at a time.\n"
        "\n"
        "Say `/ingest --limit 5` again when its result is here; `/cancel` in the thread of its "
        "release ends it early.\n"
        "\n"
        "> You said: `/ingest --limit 5`"
    )


def test_a_run_in_another_instance_is_in_nobodys_way(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.heard()
    scenario.set(instance="other")
    scenario.says("maintainer", "/ingest")
    assert "[starts 2026-02-01-ingest-5] ingest in other" in scenario.heard()


def test_a_later_run_refers_to_the_earlier_one(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.ends("2026-02-01-ingest-2", good("d1"), bad("d2"))
    scenario.heard()
    scenario.says("maintainer", "/ingest")
    assert (
        "- Earlier: `2026-02-01-ingest-2` ended with the verdict *failed*. "
        "What it registered and is unchanged stays as it is."
    ) in scenario.heard()


def test_a_comment_that_is_delivered_twice_is_answered_once(scenario: Scenario) -> None:
    event = scenario.says("maintainer", "/ingest")
    scenario.heard()
    scenario.happens(event)
    assert scenario.heard() == ""


def test_an_answer_that_was_cut_short_is_finished_and_starts_no_second_run(
    scenario: Scenario,
) -> None:
    event = scenario.says("maintainer", "/ingest")
    first = scenario.heard()
    # The process died between starting the run and saying so.
    (scenario.home / "threads" / "1" / "comments" / "0003.md").unlink()
    scenario.happens(event)
    assert scenario.heard() == first[first.index("[says in 1, comment 3]") :].replace("3]", "5]", 1)
    assert len(scenario.runs.all()) == 1


def test_a_mistyped_command_gets_one_helpful_answer(scenario: Scenario) -> None:
    scenario.says("stranger", "/ingset now")
    assert scenario.heard() == (
        "[reacts to comment 2] confused\n"
        "[says in 1, comment 3] 🤔 **Not understood:** there is no command /ingset. "
        "Did you mean `/ingest`?\n"
        "\n"
        "`/help` lists the commands.\n"
        "\n"
        "> You said: `/ingset now`"
    )


def test_what_was_typed_is_shown_without_doing_anything(scenario: Scenario) -> None:
    scenario.says("stranger", "/ingest --limit <!--x--> @all | `sh` \u202e")
    assert scenario.heard() == (
        "[reacts to comment 2] confused\n"
        "[says in 1, comment 3] 🤔 **Not understood:** --limit wants one number from 1 on, but got "
        "&lt;!--x--&gt; @\u200ball \\| \\`sh\\`. Did you mean `/ingest --limit 10`?\n"
        "\n"
        "`/help` lists the commands.\n"
        "\n"
        "> You said: <code>/ingest --limit &lt;!--x--&gt; @\u200ball \\| \\`sh\\`</code>"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Shall we /ingest?",
        "> /ingest",
        "    /ingest",
        "```\n/ingest\n```",
        "`/ingest`",
        "\n/ingest",
        "/usr/bin/ingest",
        "/",
        "",
    ],
)
def test_talk_is_left_alone(scenario: Scenario, text: str) -> None:
    scenario.says("maintainer", text)
    assert scenario.heard() == ""


@pytest.mark.parametrize("kind", ["edited", "is_bot"])
def test_edited_comments_and_bots_are_left_alone(scenario: Scenario, kind: str) -> None:
    number = scenario.threads.say(1, "maintainer", "/ingest")
    flags = {"edited": kind == "edited", "is_bot": kind == "is_bot"}
    scenario.happens(CommentCreated(1, number, "maintainer", "/ingest", **flags))
    assert scenario.heard() == ""


def test_a_persons_forged_answer_doesnt_silence_the_bot(scenario: Scenario) -> None:
    scenario.says("mallory", "Done.\n\n<!-- cellxgene-ingestion-bot: reply 3 -->")
    scenario.says("maintainer", "/ingest")
    assert "[starts 2026-02-01-ingest-3] ingest in demo for maintainer" in scenario.heard()


def test_a_thread_that_isnt_the_bots_is_left_alone(scenario: Scenario) -> None:
    """Its text ends in the right marker, but somebody else wrote it."""
    stolen = (scenario.home / "threads" / "1" / "thread.md").read_text()
    forged = scenario.home / "threads" / "2" / "thread.md"
    forged.parent.mkdir()
    forged.write_text(stolen.replace('author = "bot"', 'author = "mallory"'))
    scenario.heard()
    scenario.says("maintainer", "/ingest", thread=2)
    assert scenario.heard() == ""

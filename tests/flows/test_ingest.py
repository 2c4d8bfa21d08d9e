"""`/ingest` in a release's thread, from the wish to the result."""

from pathlib import Path

import pytest

from bot.model.events import CommentCreated
from flows.town import Town, bad, good
from runners.contract import Outcome

EXPECTED = Path(__file__).parent / "expected"


def test_a_maintainer_says_ingest_and_reads_the_result(town: Town) -> None:
    town.says("maintainer", "/ingest")
    assert town.heard() == (
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
        "I'll post the result here. Until then no other run starts in this instance; "
        "`/status` says how it stands."
    )

    town.ends("2026-02-01-ingest-2", good("d1"), good("d2", Outcome.REVISED), bad("d3"))
    assert town.heard() == (EXPECTED / "result.txt").read_text()


def test_a_part_of_the_release_can_be_named(town: Town) -> None:
    town.says("maintainer", "/ingest --only d1 d2 --limit 1\nbecause they are small")
    assert town.heard() == (
        "[labels thread 1] running\n"
        "[reacts to comment 2] eyes rocket\n"
        "[starts 2026-02-01-ingest-2] ingest in demo for maintainer, thread 1, "
        "runners/releases/2026-02-01.toml; only d1 d2, limit 1\n"
        "[says in 1, comment 3] 🚀 **Accepted:** ingesting release 2026-02-01 in `demo`, "
        "as @maintainer asked.\n"
        "\n"
        "- Run: `2026-02-01-ingest-2`\n"
        "- Datasets: only `d1` and `d2`; the first 1 of them\n"
        "- Manifest: `runners/releases/2026-02-01.toml`, dataset schema 7.0.0\n"
        "\n"
        "I'll post the result here. Until then no other run starts in this instance; "
        "`/status` says how it stands."
    )


def test_a_dry_run_says_what_would_happen_and_starts_nothing(town: Town) -> None:
    town.says("writer", "/ingest --limit 3 --dry-run")
    assert town.heard() == (
        "[reacts to comment 2] hooray\n"
        "[says in 1, comment 3] 🔍 **Dry run:** `/ingest --limit 3 --dry-run` changed nothing. "
        "Without `--dry-run` it would now:\n"
        "\n"
        "1. start run `2026-02-01-ingest-2`: ingest release 2026-02-01 in `demo` "
        "(at most 3 datasets)\n"
        "2. label thread 1 “running”"
    )


@pytest.mark.parametrize("actor", ["stranger", "writer"])
def test_somebody_without_the_role_is_refused(town: Town, actor: str) -> None:
    town.says(actor, "/ingest")
    has = {"stranger": "read", "writer": "write"}[actor]
    assert town.heard() == (
        "[reacts to comment 2] confused\n"
        "[says in 1, comment 3] ⛔ **Not done:** `/ingest` needs the role *maintain*; "
        f"@{actor} has the role *{has}*.\n"
        "\n"
        "Ask somebody with the role *maintain* to say it.\n"
        "\n"
        "> You said: `/ingest`"
    )


def test_a_stranger_may_not_even_ask_for_a_dry_run(town: Town) -> None:
    town.says("stranger", "/ingest --dry-run")
    assert "needs the role *write*; @stranger has the role *read*" in town.heard()


def test_before_the_manifest_is_merged_it_is_refused(announced_town: Town) -> None:
    announced_town.says("maintainer", "/ingest")
    assert announced_town.heard() == (
        "[reacts to comment 1] confused\n"
        "[says in 1, comment 2] ⛔ **Not done:** the manifest `runners/releases/2026-02-01.toml` "
        "isn't on the default branch.\n"
        "\n"
        "Review and merge the manifest first, then say `/ingest` again.\n"
        "\n"
        "> You said: `/ingest`"
    )


def test_while_a_run_is_going_on_a_second_one_is_refused(town: Town) -> None:
    town.says("maintainer", "/ingest")
    town.heard()
    town.says("maintainer", "/ingest --limit 5")
    assert town.heard() == (
        "[reacts to comment 5] confused\n"
        "[says in 1, comment 6] ⛔ **Not done:** `2026-02-01-ingest-2` is ingesting release "
        "2026-02-01 in `demo` since 2026-03-01 12:00 UTC, asked for by `maintainer`; "
        "an instance takes one run at a time.\n"
        "\n"
        "Say `/ingest --limit 5` again when its result is here.\n"
        "\n"
        "> You said: `/ingest --limit 5`"
    )


def test_a_run_in_another_instance_is_in_nobodys_way(town: Town) -> None:
    town.says("maintainer", "/ingest")
    town.heard()
    town.set(instance="other")
    town.says("maintainer", "/ingest")
    assert "[starts 2026-02-01-ingest-5] ingest in other" in town.heard()


def test_a_later_run_refers_to_the_earlier_one(town: Town) -> None:
    town.says("maintainer", "/ingest")
    town.ends("2026-02-01-ingest-2", good("d1"), bad("d2"))
    town.heard()
    town.says("maintainer", "/ingest")
    assert (
        "- Earlier: `2026-02-01-ingest-2` ended with the verdict *failed*. "
        "What it registered and is unchanged stays as it is."
    ) in town.heard()


def test_a_comment_that_is_delivered_twice_is_answered_once(town: Town) -> None:
    event = town.says("maintainer", "/ingest")
    town.heard()
    town.happens(event)
    assert town.heard() == ""


def test_an_answer_that_was_cut_short_is_finished_and_starts_no_second_run(town: Town) -> None:
    event = town.says("maintainer", "/ingest")
    first = town.heard()
    # The process died between starting the run and saying so.
    (town.home / "threads" / "1" / "comments" / "0003.md").unlink()
    town.happens(event)
    assert town.heard() == first[first.index("[says in 1, comment 3]") :].replace("3]", "5]", 1)
    assert len(town.runs.all()) == 1


def test_a_mistyped_command_gets_one_helpful_answer(town: Town) -> None:
    town.says("stranger", "/ingset now")
    assert town.heard() == (
        "[reacts to comment 2] confused\n"
        "[says in 1, comment 3] 🤔 **Not understood:** there is no command /ingset. "
        "Did you mean `/ingest`?\n"
        "\n"
        "`/help` lists the commands.\n"
        "\n"
        "> You said: `/ingset now`"
    )


def test_what_was_typed_is_shown_without_doing_anything(town: Town) -> None:
    town.says("stranger", "/ingest --limit <!--x--> @all | `sh` \u202e")
    assert town.heard() == (
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
def test_talk_is_left_alone(town: Town, text: str) -> None:
    town.says("maintainer", text)
    assert town.heard() == ""


@pytest.mark.parametrize("kind", ["edited", "is_bot"])
def test_edited_comments_and_bots_are_left_alone(town: Town, kind: str) -> None:
    number = town.threads.say(1, "maintainer", "/ingest")
    flags = {"edited": kind == "edited", "is_bot": kind == "is_bot"}
    town.happens(CommentCreated(1, number, "maintainer", "/ingest", **flags))
    assert town.heard() == ""


def test_a_persons_forged_answer_doesnt_silence_the_bot(town: Town) -> None:
    town.says("mallory", "Done.\n\n<!-- cellxgene-ingestion-bot: reply 3 -->")
    town.says("maintainer", "/ingest")
    assert "[starts 2026-02-01-ingest-3] ingest in demo for maintainer" in town.heard()


def test_a_thread_that_isnt_the_bots_is_left_alone(town: Town) -> None:
    """Its text ends in the right marker, but somebody else wrote it."""
    stolen = (town.home / "threads" / "1" / "thread.md").read_text()
    forged = town.home / "threads" / "2" / "thread.md"
    forged.parent.mkdir()
    forged.write_text(stolen.replace('author = "bot"', 'author = "mallory"'))
    town.heard()
    town.says("maintainer", "/ingest", thread=2)
    assert town.heard() == ""

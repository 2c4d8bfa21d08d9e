"""The table of what was asked and decided, in each thread where something was."""

from dataclasses import replace
from typing import ClassVar

from hub import deeds, faults

from bot.adapters.github.threads import GithubThreads
from bot.model.audit_entry import audit_entry_in
from bot.model.events import RunAsked
from flows.github_town import GithubTown
from flows.test_injection import NASTY, is_inert
from flows.test_on_github import empty_town as _empty_town
from flows.town import is_table, rows_of

empty_town = _empty_town
NOON = "2026-03-01 12:00 UTC"


def rows(town: GithubTown, thread: int = 2) -> list[str]:
    return rows_of([one.body for one in town.hub.issues[thread].comments])


def tables(town: GithubTown, thread: int = 2) -> list[str]:
    return [one.body for one in town.hub.issues[thread].comments if is_table(one.body)]


def test_every_command_has_its_row(town: GithubTown) -> None:
    for who, said in (
        ("stranger", "/ingest"),
        ("maintainer", "/ingest --limit 3\nas we agreed"),
        ("writer", "/ingest --dry-run"),
        ("writer", "/ingset now"),
        ("maintainer", "/cancel"),
        ("stranger", "/help"),
    ):
        town.says(who, said)
    (table,) = tables(town)
    assert table == (
        "### 🗒️ Asked and decided\n\n"
        "What was asked of me here, and what I decided, oldest first; I only ever add to it.\n\n"
        "| When | Who | Role | Asked | Decided | Run |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        f"| {NOON} <!-- reply 2 --> | `stranger` | read | `/ingest` "
        "| refused: stranger may not say /ingest. | - |\n"
        f"| {NOON} <!-- reply 5 --> | `maintainer` | maintain | `/ingest --limit 3` "
        "| accepted: maintainer may say /ingest --limit 3: the run starts. | "
        "`2026-02-01-ingest-5` |\n"
        f"| {NOON} <!-- reply 7 --> | `writer` | write | `/ingest --dry-run` "
        "| refused: 2026-02-01-ingest-5 is running. | - |\n"
        f"| {NOON} <!-- reply 9 --> | `writer` | write | `/ingset now` "
        "| refused: Not understood. | - |\n"
        f"| {NOON} <!-- reply 11 --> | `maintainer` | maintain | `/cancel` "
        "| accepted: maintainer may say /cancel: 2026-02-01-ingest-5 is asked to stop. | "
        "`2026-02-01-ingest-5` |\n"
        f"| {NOON} <!-- reply 13 --> | `stranger` | read | `/help` "
        "| answered: Asked for help. | - |\n\n"
        "<!-- cellxgene-ingestion-bot: audit 1 -->\n"
    )
    town.heard()


def test_what_is_said_in_the_proposal_stands_there(town: GithubTown) -> None:
    deeds.comment(town.hub, "maintainer", 1, "/status")
    town.delivered()
    assert len(rows(town, 1)) == 1
    assert rows(town) == []
    town.heard()


def test_a_merge_that_starts_a_run_has_its_row_and_one_that_waits_for_a_person_has_none(
    announced_town: GithubTown,
) -> None:
    announced_town.merges("maintainer", "2026-02-01")
    commit = announced_town.hub.branches["main"]
    assert rows(announced_town) == [
        f"| {NOON} <!-- merged {commit} --> | `maintainer` | - | `merge {commit[:8]}` "
        "| accepted: The manifest of 2026-02-01 was merged: its ingestion starts. | "
        f"`2026-02-01-ingest-{commit[:8]}` |"
    ]
    announced_town.heard()


def test_a_merge_by_itself_asks_for_nothing(town: GithubTown) -> None:
    assert rows(town) == []


def test_a_run_that_is_started_by_hand_has_its_row_whatever_comes_of_it(town: GithubTown) -> None:
    town.says("maintainer", "/ingest")
    (run,) = town.house.runs.all()
    for actor in ("writer", "maintainer", "writer", "maintainer"):
        town.happens(RunAsked(run.request, actor, by_bot=False, is_first=True))
    run_id = "2026-02-01-ingest-2"
    assert rows(town)[1:] == [
        f"| {NOON} <!-- begun {run_id}-writer-refused --> | `writer` | write "
        f"| `start {run_id} by hand` | refused: {run_id} doesn't begin: @\u200bwriter may not "
        "start it; ask somebody who is maintain. | - |",
        f"| {NOON} <!-- begun {run_id}-maintainer --> | `maintainer` | maintain "
        f"| `start {run_id} by hand` | accepted: {run_id} begins. | `{run_id}` |",
    ]
    town.heard()


def test_what_comes_twice_has_one_row_and_what_was_cut_short_gets_it(town: GithubTown) -> None:
    event = town.says("maintainer", "/help")
    (before,) = tables(town)
    town.happens(event)
    assert tables(town) == [before]
    # Killed between the answer and its row.
    thread = town.hub.issues[2]
    thread.comments = [one for one in thread.comments if not is_table(one.body)]
    town.happens(event)
    assert [row.split(" | ", 1)[1] for row in rows(town)] == [
        rows_of([before])[0].split(" | ", 1)[1]
    ]
    town.heard()


def test_a_github_that_loses_its_answer_makes_no_second_table(town: GithubTown) -> None:
    town.server.faults += [faults.lost_answer("POST", "/comments$") for _ in range(2)]
    town.says("maintainer", "/help")
    town.server.faults += [faults.lost_answer("PATCH", "/comments/")]
    town.says("maintainer", "/help")
    assert len(tables(town)) == 1
    assert len(rows(town)) == 2
    town.heard()


def test_a_row_outlives_its_answer_and_a_persons_hand(town: GithubTown) -> None:
    """Whoever may delete comments may delete the bot's: what it has written down stays."""
    town.says("maintainer", "/help")
    first = rows(town)
    thread = town.hub.issues[2]
    thread.comments = [one for one in thread.comments if audit_entry_in(one.body) is None]
    (table,) = [one for one in thread.comments if is_table(one.body)]
    table.body = table.body.replace("### 🗒️ Asked and decided", "Nothing to see here.")
    town.says("maintainer", "/status")
    assert rows(town)[:1] == first
    assert len(rows(town)) == 2
    assert tables(town)[0].startswith("### 🗒️ Asked and decided\n")
    thread.comments.clear()
    town.heard()


def test_a_persons_entry_is_none(town: GithubTown) -> None:
    town.says("maintainer", "/help")
    answer = next(one.body for one in town.hub.issues[2].comments if audit_entry_in(one.body))
    row = rows(town)[0].replace("reply 2", "reply 77")
    deeds.comment(town.hub, "mallory", 2, answer.replace("reply 2", "reply 78"))
    deeds.comment(town.hub, "mallory", 2, f"{row}\n\n<!-- cellxgene-ingestion-bot: audit 9 -->")
    town.delivered()
    town.says("maintainer", "/status")
    assert "reply 77" not in tables(town)[0]
    assert "reply 78" not in tables(town)[0]
    town.heard()


def test_commands_with_stings_make_whole_rows(town: GithubTown) -> None:
    for nasty in NASTY:
        town.says("mallory", f"/ingest --only {nasty} <!-- reply 99 --> |")
        town.says("mallory", "/ingset " + nasty)
    (table,) = tables(town)
    is_inert(table)
    assert [row.count(" | ") for row in rows(town)] == [5] * 2 * len(NASTY)
    town.heard()


class Overtaken(GithubThreads):
    """Somebody else's older text comes right after each of the first two edits."""

    older: ClassVar[list[str]] = []

    def edit(self, thread: int, comment_id: int, body: str) -> None:
        super().edit(thread, comment_id, body)
        if self.older:
            super().edit(thread, comment_id, self.older.pop())


def test_a_row_that_is_written_over_at_once_is_written_again(town: GithubTown) -> None:
    town.says("maintainer", "/help")
    threads = town.house.threads
    Overtaken.older[:] = tables(town) * 2
    town.house = replace(town.house, threads=Overtaken(threads.repo, threads.bot, threads.patience))
    town.says("maintainer", "/status")
    assert Overtaken.older == []
    assert len(rows(town)) == 2
    town.heard()

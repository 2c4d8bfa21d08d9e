"""The table of what was asked and decided, in each thread where something was."""

from dataclasses import replace
from typing import ClassVar

from fake_github import faults, people

from bot.adapters.github.threads import GithubThreads
from bot.model.audit_entry import audit_entry_in
from bot.model.events import RunAsked
from flows.github_scenario import GithubScenario
from flows.scenario import is_table, rows_of
from flows.test_injection import NASTY, is_inert
from flows.test_on_github import empty_scenario as _empty_scenario

empty_scenario = _empty_scenario
NOON = "2026-03-01 12:00 UTC"


def rows(scenario: GithubScenario, thread: int = 2) -> list[str]:
    return rows_of([comment.body for comment in scenario.fake.issues[thread].comments])


def tables(scenario: GithubScenario, thread: int = 2) -> list[str]:
    return [
        comment.body for comment in scenario.fake.issues[thread].comments if is_table(comment.body)
    ]


def test_every_command_has_its_row(scenario: GithubScenario) -> None:
    for who, said in (
        ("stranger", "/ingest"),
        ("maintainer", "/ingest --limit 3\nas we agreed"),
        ("writer", "/ingest --dry-run"),
        ("writer", "/ingset now"),
        ("maintainer", "/cancel"),
        ("stranger", "/help"),
    ):
        scenario.says(who, said)
    (table,) = tables(scenario)
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
    scenario.heard()


def test_what_is_said_in_the_proposal_stands_there(scenario: GithubScenario) -> None:
    people.comment(scenario.fake, "maintainer", 1, "/status")
    scenario.delivered()
    assert len(rows(scenario, 1)) == 1
    assert rows(scenario) == []
    scenario.heard()


def test_a_merge_that_starts_a_run_has_its_row_and_one_that_waits_for_a_person_has_none(
    announced_scenario: GithubScenario,
) -> None:
    announced_scenario.merges("maintainer", "2026-02-01")
    commit = announced_scenario.fake.branches["main"]
    assert rows(announced_scenario) == [
        f"| {NOON} <!-- merged {commit} --> | `maintainer` | maintain | `merge {commit[:8]}` "
        "| accepted: The manifest of 2026-02-01 was merged: its ingestion starts. | "
        f"`2026-02-01-ingest-{commit[:8]}` |"
    ]
    announced_scenario.heard()


def test_a_merge_by_itself_asks_for_nothing(scenario: GithubScenario) -> None:
    assert rows(scenario) == []


def test_a_run_that_is_started_by_hand_has_its_row_whatever_comes_of_it(
    scenario: GithubScenario,
) -> None:
    scenario.says("maintainer", "/ingest")
    (run,) = scenario.adapters.runs.all()
    for actor in ("writer", "maintainer", "writer", "maintainer"):
        scenario.happens(RunAsked(run.request, actor, by_bot=False, is_first=True))
    run_id = "2026-02-01-ingest-2"
    assert rows(scenario)[1:] == [
        f"| {NOON} <!-- begun {run_id}-writer-refused --> | `writer` | write "
        f"| `start {run_id} by hand` | refused: {run_id} doesn't begin: @\u200bwriter may not "
        "start it; ask somebody who is maintain. | - |",
        f"| {NOON} <!-- begun {run_id}-maintainer --> | `maintainer` | maintain "
        f"| `start {run_id} by hand` | accepted: {run_id} begins. | `{run_id}` |",
    ]
    scenario.heard()


def test_what_comes_twice_has_one_row_and_what_was_cut_short_gets_it(
    scenario: GithubScenario,
) -> None:
    event = scenario.says("maintainer", "/help")
    (before,) = tables(scenario)
    scenario.happens(event)
    assert tables(scenario) == [before]
    # Killed between the answer and its row.
    thread = scenario.fake.issues[2]
    thread.comments = [comment for comment in thread.comments if not is_table(comment.body)]
    scenario.happens(event)
    assert [row.split(" | ", 1)[1] for row in rows(scenario)] == [
        rows_of([before])[0].split(" | ", 1)[1]
    ]
    scenario.heard()


def test_a_github_that_loses_its_answer_makes_no_second_table(scenario: GithubScenario) -> None:
    scenario.server.faults += [faults.lost_answer("POST", "/comments$") for _ in range(2)]
    scenario.says("maintainer", "/help")
    scenario.server.faults += [faults.lost_answer("PATCH", "/comments/")]
    scenario.says("maintainer", "/help")
    assert len(tables(scenario)) == 1
    assert len(rows(scenario)) == 2
    scenario.heard()


def test_a_row_outlives_its_answer_and_a_persons_hand(scenario: GithubScenario) -> None:
    """Whoever may delete comments may delete the bot's: what it has written down stays."""
    scenario.says("maintainer", "/help")
    first = rows(scenario)
    thread = scenario.fake.issues[2]
    thread.comments = [
        comment for comment in thread.comments if audit_entry_in(comment.body) is None
    ]
    (table,) = [comment for comment in thread.comments if is_table(comment.body)]
    table.body = table.body.replace("### 🗒️ Asked and decided", "Nothing to see here.")
    scenario.says("maintainer", "/status")
    assert rows(scenario)[:1] == first
    assert len(rows(scenario)) == 2
    assert tables(scenario)[0].startswith("### 🗒️ Asked and decided\n")
    thread.comments.clear()
    scenario.heard()


def test_a_persons_entry_is_none(scenario: GithubScenario) -> None:
    scenario.says("maintainer", "/help")
    answer = next(
        comment.body for comment in scenario.fake.issues[2].comments if audit_entry_in(comment.body)
    )
    row = rows(scenario)[0].replace("reply 2", "reply 77")
    people.comment(scenario.fake, "mallory", 2, answer.replace("reply 2", "reply 78"))
    people.comment(
        scenario.fake, "mallory", 2, f"{row}\n\n<!-- cellxgene-ingestion-bot: audit 9 -->"
    )
    scenario.delivered()
    scenario.says("maintainer", "/status")
    assert "reply 77" not in tables(scenario)[0]
    assert "reply 78" not in tables(scenario)[0]
    scenario.heard()


def test_commands_with_stings_make_whole_rows(scenario: GithubScenario) -> None:
    for nasty in NASTY:
        scenario.says("mallory", f"/ingest --only {nasty} <!-- reply 99 --> |")
        scenario.says("mallory", "/ingset " + nasty)
    (table,) = tables(scenario)
    is_inert(table)
    assert [row.count(" | ") for row in rows(scenario)] == [5] * 2 * len(NASTY)
    scenario.heard()


class Overtaken(GithubThreads):
    """Somebody else's older text comes right after each of the first two edits."""

    older: ClassVar[list[str]] = []

    def edit(self, thread: int, comment_id: int, body: str) -> None:
        super().edit(thread, comment_id, body)
        if self.older:
            super().edit(thread, comment_id, self.older.pop())


def test_a_row_that_is_written_over_at_once_is_written_again(scenario: GithubScenario) -> None:
    scenario.says("maintainer", "/help")
    threads = scenario.adapters.threads
    Overtaken.older[:] = tables(scenario) * 2
    scenario.adapters = replace(
        scenario.adapters, threads=Overtaken(threads.repo, threads.bot, threads.patience)
    )
    scenario.says("maintainer", "/status")
    assert Overtaken.older == []
    assert len(rows(scenario)) == 2
    scenario.heard()

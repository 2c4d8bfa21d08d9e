"""`/detect` and `/diff` in any thread of the bot's, on GitHub and in a folder."""

import documents
import pytest
from fake_github import faults, people
from fake_github.state import ACTIONS

from bot.comments.schema_diff import explained_diff
from bot.model.events import RunAsked
from bot.schema.diff import diff
from bot.schema.document import parse_document
from bot.schema.impact import impact
from flows import test_on_github, world
from flows.github_scenario import GithubScenario
from flows.scenario import rows_of
from runners.contract import RunRequest

empty_scenario = test_on_github.empty_scenario


@pytest.fixture
def kept_scenario(empty_scenario: GithubScenario) -> GithubScenario:
    """A release was announced: its proposal is 1, its thread 2, the dashboard 3."""
    empty_scenario.set(dashboard=True)
    empty_scenario.the_clock_strikes()
    empty_scenario.heard()
    return empty_scenario


def asks(scenario: GithubScenario, number: int, actor: str, text: str) -> str:
    """What the bot answers to a comment in an issue or pull request."""
    people.comment(scenario.fake, actor, number, text)
    scenario.delivered()
    scenario.heard()
    comments = [c for c in scenario.fake.issues[number].comments if c.user.login.endswith("[bot]")]
    return next(c.body for c in comments if "reply" in c.body.splitlines()[-1])


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_look_is_started_from_any_thread(kept_scenario: GithubScenario, number: int) -> None:
    kept_scenario.fake.user("helper", "triage")
    answer = asks(kept_scenario, number, "helper", "/detect")
    assert answer.startswith(
        "🔭 **Looking:** page and directory are read now, as @helper asked.\n\n"
        "**Next:** wait a few minutes; the dashboard (#3) then says how that look ended. A new "
        "release gets a thread of its own.\n"
    )
    (run,) = kept_scenario.fake.runs.values()
    assert (run.workflow, run.event, dict(run.inputs)) == ("detect.yml", "workflow_dispatch", {})
    (row,) = rows_of([c.body for c in kept_scenario.fake.issues[number].comments])
    assert "| `/detect` | accepted: helper may say /detect: page and directory are" in row


def test_a_look_enables_the_schedules_that_github_disabled(kept_scenario: GithubScenario) -> None:
    """After 60 quiet days; one that a person has disabled stays so, and the answer says it."""
    kept_scenario.fake.disabled = {
        "detect.yml": "disabled_inactivity", "reap.yml": "disabled_inactivity"
    }  # fmt: skip
    assert asks(kept_scenario, 3, "maintainer", "/detect").startswith("🔭 **Looking:**")
    assert kept_scenario.fake.disabled == {}
    kept_scenario.fake.runs.clear()
    kept_scenario.fake.disabled = {"detect.yml": "disabled_manually"}
    answer = asks(kept_scenario, 2, "maintainer", "/detect")
    assert "disabled workflow" in answer
    assert kept_scenario.fake.runs == {}


def test_a_comment_that_is_delivered_twice_starts_one_look(kept_scenario: GithubScenario) -> None:
    event = kept_scenario.says("maintainer", "/detect")
    kept_scenario.heard()
    kept_scenario.happens(event)
    assert kept_scenario.heard() == ""
    assert len(kept_scenario.fake.runs) == 1


def test_it_takes_triage(kept_scenario: GithubScenario) -> None:
    answer = asks(kept_scenario, 2, "stranger", "/detect")
    assert "`/detect` needs the role *triage*; @stranger has the role *read*." in answer
    assert not kept_scenario.fake.runs


def test_where_there_is_no_such_workflow_it_says_so(kept_scenario: GithubScenario) -> None:
    """GitHub answers 404 for a file that isn't there."""
    del kept_scenario.fake.run_names["detect.yml"]
    answer = asks(kept_scenario, 2, "maintainer", "/detect")
    assert answer.startswith(
        "⛔ **Not done:** a look can't be started: .github/workflows/detect.yml isn't on the "
        "default branch; copy it from the documentation.\n\n"
    )
    (row,) = rows_of([c.body for c in kept_scenario.fake.issues[2].comments])
    assert "| refused: .github/workflows/detect.yml isn't on the default branch; copy it" in row


def test_a_dispatch_whose_answer_is_lost_is_asked_for_again(kept_scenario: GithubScenario) -> None:
    kept_scenario.server.faults += [faults.unavailable("POST", "/dispatches$")]
    assert "🔭 **Looking:**" in asks(kept_scenario, 2, "maintainer", "/detect")
    assert len(kept_scenario.fake.runs) == 1


@pytest.mark.parametrize("number", [1, 2, 3])
def test_two_versions_are_explained_in_any_thread(
    kept_scenario: GithubScenario, number: int
) -> None:
    answer = asks(kept_scenario, number, "stranger", "/diff 6.0.0 v7.0.0")
    head, following, *rest = answer.split("\n\n")
    assert head == ("**Dataset schema 6.0.0 → 7.0.0.** Fields added: 1, ontology pins changed: 1.")
    assert following == (
        "**Next:** nothing; <code>python -m bot diff 6.0.0 7.0.0</code> prints all of it."
    )
    assert rest[0] == "### Fields added"
    assert "<summary>What each change asks of LaminDB</summary>" in answer
    assert (
        "Asked what changed: 6.0.0 → 7.0.0."
        in (rows_of([c.body for c in kept_scenario.fake.issues[number].comments])[0])
    )


def test_equal_documents_are_said_to_be_equal(kept_scenario: GithubScenario) -> None:
    answer = asks(kept_scenario, 2, "stranger", "/diff 7.0.0 7.0.0")
    assert answer.startswith("**Dataset schema 7.0.0 → 7.0.0: nothing changes but, at most,")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("/diff 6.0.0 9.9.9", "a schema document can't be read: https\u200b://schemas.test/9.9.9"),
        ("/diff 6.0.0", "/diff wants two dataset schema versions, but got 6.0.0. Did you mean"),
        ("/diff", "/diff wants two dataset schema versions, but got nothing. Did you mean"),
        ("/diff 6.0.0 /etc/passwd", "/diff wants two dataset schema versions, but got 6.0.0 /etc"),
        ("/diff 6.0.0 https://x.test", "/diff wants two dataset schema versions, but got 6.0.0"),
        ("/detect now", "/detect takes no options, but now was given. Did you mean `/detect`?"),
    ],
)
def test_what_cant_be_explained_says_why(
    kept_scenario: GithubScenario, said: str, why: str
) -> None:
    assert why in asks(kept_scenario, 2, "maintainer", said)


def test_no_document_is_read_for_what_is_said_elsewhere(kept_scenario: GithubScenario) -> None:
    people.open_issue(kept_scenario.fake, kept_scenario.fake.user("stranger"), "Mine", "Text")
    kept_scenario.pages.texts.pop(world.TEMPLATE.format(version="6.0.0"))
    people.comment(kept_scenario.fake, "stranger", 4, "/diff 6.0.0 7.0.0")
    kept_scenario.delivered()
    assert [c.user.login for c in kept_scenario.fake.issues[4].comments] == ["stranger"]
    del kept_scenario.fake.issues[4]
    kept_scenario.heard()


def test_a_verification_that_was_asked_for_in_the_dashboard_begins_and_keeps_others_out(
    kept_scenario: GithubScenario,
) -> None:
    kept_scenario.set(ingest_on_merge=False)
    kept_scenario.merges("maintainer", "2026-02-01")
    people.comment(kept_scenario.fake, "writer", 3, "/verify 2026-02-01")
    kept_scenario.delivered()
    assert "[starts 2026-02-01-verify-" in kept_scenario.heard()
    (run,) = kept_scenario.fake.runs.values()
    request = RunRequest.from_json(run.inputs["request"], source="input")
    assert request.thread == 3  # where the bot has said that it starts it
    kept_scenario.happens(RunAsked(request, ACTIONS, by_bot=True, is_first=True))
    assert kept_scenario.heard() == ""
    kept_scenario.says("maintainer", "/ingest")
    assert f"`{request.run_id}` has been verifying release" in kept_scenario.heard()


def test_issue_and_pull_request_name_each_other(kept_scenario: GithubScenario) -> None:
    pull, thread = kept_scenario.fake.issues[1], kept_scenario.fake.issues[2]
    path = "`runners/releases/2026-02-01.toml`"
    assert f"review and merge the proposed manifest {path} (#1); merging it starts" in thread.body
    assert "review the manifest of `2026-02-01` and merge it; #2 says what is new." in pull.body
    assert "| 📬 proposed | 12 | #2 | #1 | review and merge #1; that starts the ingest |" in (
        kept_scenario.fake.issues[3].body
    )


PAIRS = [("1.0.0", "2.0.0"), ("2.0.0", "2.1.0"), ("3.1.0", "7.0.0"), ("5.2.0", "7.0.0")]


@pytest.mark.parametrize("versions", documents.here(*PAIRS, ("6.0.0", "7.0.0")))
def test_it_fits_into_a_comment(versions: tuple[str, str]) -> None:
    text = explained(*(documents.text(version) for version in versions))
    assert len(text) <= 65_536 - 500
    assert "What each change asks of LaminDB" in text


@pytest.mark.parametrize(
    ("count", "kept", "said"),
    [
        (200, 200, "<summary>What each change asks of LaminDB</summary>"),
        (500, 500, "\n\nWhat each change asks of LaminDB is too long for here."),
        (600, 64, "\n\n… and 536 more in `python -m bot diff 1.0.0 2.0.0`.\n"),
    ],
)
def test_what_is_too_long_for_a_comment_is_shortened(count: int, kept: int, said: str) -> None:
    """More new fields than any schema version has had yet."""
    fields = [f"field_{number}" for number in range(count)]
    text = explained(world.document("1.0.0"), world.document("2.0.0", fields=fields))
    assert len(text) <= 65_536 - 500
    assert text.count("</code> | Curator MUST annotate. | one value |") == kept
    assert said in text


def explained(older: str, newer: str) -> str:
    old, new = parse_document(older), parse_document(newer)
    found = diff(old, new)
    text = explained_diff(found, impact(found, old, new))
    assert text.count("<details>") == text.count("</details>")
    return text


def test_a_thread_that_is_asked_for_starts_a_look_which_opens_it(
    kept_scenario: GithubScenario,
) -> None:
    answer = asks(kept_scenario, 3, "maintainer", "/thread 2025-06-01")
    assert answer.startswith(
        "🧵 **Asked for:** the next look at page and directory opens a thread about 2025-06-01, as "
        "@maintainer asked.\n\n**Next:** wait a few minutes for the look that begins now, or for "
        "the clock's; the dashboard (#3) then says where it is.\n"
    )
    (run,) = kept_scenario.fake.runs.values()
    assert run.workflow == "detect.yml"
    assert kept_scenario.the_clock_strikes() == "Asked for: 2025-06-01."
    assert "[opens thread 3] Census 2025-06-01" in kept_scenario.heard()
    assert kept_scenario.the_clock_strikes() == "Nothing new."
    kept_scenario.heard()


def test_one_that_no_look_can_be_started_for_is_opened_by_the_clock(
    kept_scenario: GithubScenario,
) -> None:
    del kept_scenario.fake.run_names["detect.yml"]
    assert "🧵 **Asked for:**" in asks(kept_scenario, 3, "maintainer", "/thread 2025-06-01")
    assert kept_scenario.the_clock_strikes() == "Asked for: 2025-06-01."
    kept_scenario.heard()

"""What is announced outside GitHub: each state that a person must act on, once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from bot.model.endings import Ending
from bot.model.events import RunLost
from bot.model.ports import Ports
from bot.model.progress import Progress
from flows import test_on_github, world
from flows.github_scenario import GithubScenario
from flows.scenario import bad, good
from flows.test_failing_looks import BOTH, broken

empty_scenario = test_on_github.empty_scenario
RUN = "2026-02-01-ingest-2"


@dataclass
class Heard:
    """A webhook that takes everything, unless it `fails`; the job may die just after it took it.

    `meanwhile` happens while it is asked.
    """

    lines: list[str] = field(default_factory=list)
    fails: bool = False
    dies: int = 0
    meanwhile: Callable[[], object] = lambda: None

    def announce(self, text: str) -> bool:
        self.lines.append(text)
        self.meanwhile()
        if self.dies:
            self.dies -= 1
            raise KeyboardInterrupt
        return not self.fails

    def taken(self) -> list[str]:
        lines, self.lines = self.lines, []
        return lines


@pytest.fixture
def outside(empty_scenario: GithubScenario, monkeypatch: pytest.MonkeyPatch) -> Heard:
    """What is heard outside of all that happens in the scenario."""
    heard, ports = Heard(), empty_scenario.ports

    def with_outside() -> Ports:
        return replace(ports(), outside=heard)

    monkeypatch.setattr(empty_scenario, "ports", with_outside)
    return heard


def lost(scenario: GithubScenario) -> RunLost:
    """The one run has ended without a report."""
    (run,) = scenario.adapters.runs.all()
    return RunLost(run.request, Ending("work", "failure", ""), Progress())


def place(scenario: GithubScenario, number: int) -> str:
    return f"{scenario.fake.address}/{scenario.fake.full_name}/issues/{number}"


def test_a_new_release_is_announced_once(outside: Heard, empty_scenario: GithubScenario) -> None:
    for _ in range(2):
        empty_scenario.the_clock_strikes()
    assert outside.lines == [
        "📬 New release, to be reviewed: Census 2026-02-01 (LTS): 12 datasets, dataset schema "
        f"6.0.0 → 7.0.0.\n{place(empty_scenario, 2)}"
    ]
    empty_scenario.heard()


def test_an_older_one_that_somebody_asked_for_is_none(
    outside: Heard, empty_scenario: GithubScenario
) -> None:
    empty_scenario.the_clock_strikes()
    outside.taken()
    empty_scenario.says("maintainer", "/thread 2025-06-01")
    assert empty_scenario.the_clock_strikes() == "Asked for: 2025-06-01."
    assert outside.taken() == []
    empty_scenario.heard()


def test_how_a_run_ended_is_announced_once(outside: Heard, scenario: GithubScenario) -> None:
    outside.taken()
    scenario.says("maintainer", "/ingest")
    assert outside.taken() == []
    event = scenario.ends(RUN, good("d1"), bad("d2"))
    scenario.happens(event)
    assert outside.taken() == [
        "❌ Release 2026-02-01 failed its verification: 0 of 1 check passed, 1 of 2 datasets "
        f"registered\n{place(scenario, 2)}"
    ]
    scenario.heard()


def test_a_run_that_was_lost_is_announced(outside: Heard, scenario: GithubScenario) -> None:
    scenario.says("maintainer", "/ingest")
    outside.taken()
    for _ in range(2):
        scenario.happens(lost(scenario))
    assert outside.taken() == [
        f"🛑 Run {RUN} ended without a report\n{place(scenario, 2)}",
    ]
    scenario.heard()


def test_what_was_retracted_is_announced_once(
    outside: Heard, announced_scenario: GithubScenario
) -> None:
    outside.taken()
    retracted = world.directory(BOTH, v2026_02_01="x")
    announced_scenario.pages.texts[world.DIRECTORY] = retracted
    for _ in range(2):
        announced_scenario.the_clock_strikes()
    assert outside.taken() == [
        "🚨 Release 2026-02-01 was retracted. A person must decide what becomes of it.\n"
        f"{place(announced_scenario, 2)}"
    ]
    announced_scenario.heard()


def test_looks_that_fail_are_announced_with_the_third(
    outside: Heard, announced_scenario: GithubScenario
) -> None:
    outside.taken()
    broken(announced_scenario)
    for _ in range(5):
        announced_scenario.is_refused()
    assert outside.taken() == [
        "🚨 A person must look: The bot can't read all of page, directory and schema documents.\n"
        f"{place(announced_scenario, 3)}"
    ]
    announced_scenario.heard()


def test_questions_and_refusals_are_nobodys_matter_outside(
    outside: Heard, scenario: GithubScenario
) -> None:
    outside.taken()
    for said in ("/status", "/help", "/ingset", "/ingest --dry-run", "/verify"):
        scenario.says("maintainer", said)
    assert outside.taken() == []
    scenario.heard()


# --- at least once, and never endlessly -----------------------------------------------------------


def texts(scenario: GithubScenario) -> list[str]:
    issues = scenario.fake.issues.values()
    said = [comment.body for issue in issues for comment in issue.comments]
    return [*said, *(issue.body for issue in issues)]


def owing(scenario: GithubScenario) -> int:
    return sum("cellxgene-ingestion-bot: owed" in text for text in texts(scenario))


def test_what_was_announced_leaves_no_trace(outside: Heard, empty_scenario: GithubScenario) -> None:
    empty_scenario.the_clock_strikes()
    assert outside.taken()
    assert owing(empty_scenario) == 0
    empty_scenario.heard()


def test_a_job_that_dies_before_the_post_leaves_it_to_the_next_look(
    outside: Heard, scenario: GithubScenario
) -> None:
    """GitHub takes the comment, and the job is gone."""
    scenario.says("maintainer", "/ingest")
    outside.taken()
    event = lost(scenario)
    outside.dies = 1
    with pytest.raises(KeyboardInterrupt):
        scenario.happens(event)
    (line,) = outside.taken()
    assert owing(scenario) == 1
    scenario.the_clock_strikes()
    assert outside.taken() == [line]
    assert owing(scenario) == 0
    scenario.the_clock_strikes()
    assert outside.taken() == []
    scenario.heard()


def test_a_job_that_dies_before_the_post_leaves_it_to_the_same_event(
    outside: Heard, scenario: GithubScenario
) -> None:
    scenario.says("maintainer", "/ingest")
    outside.taken()
    event = lost(scenario)
    outside.dies = 1
    with pytest.raises(KeyboardInterrupt):
        scenario.happens(event)
    (line,) = outside.taken()
    for _ in range(2):
        scenario.happens(event)
    assert outside.taken() == [line]
    assert owing(scenario) == 0
    scenario.heard()


def test_a_new_release_whose_look_dies_is_announced_by_the_next(
    outside: Heard, empty_scenario: GithubScenario
) -> None:
    outside.dies = 1
    with pytest.raises(KeyboardInterrupt):
        empty_scenario.the_clock_strikes()
    (line,) = outside.taken()
    empty_scenario.the_clock_strikes()
    assert outside.taken() == [line]
    assert owing(empty_scenario) == 0
    empty_scenario.heard()


@pytest.mark.parametrize("how", ["fails", "dies"])
def test_a_webhook_that_never_takes_it_is_tried_three_times_in_all(
    outside: Heard, scenario: GithubScenario, how: str
) -> None:
    scenario.says("maintainer", "/ingest")
    outside.taken()
    event = lost(scenario)
    outside.fails, outside.dies = how == "fails", 99 if how == "dies" else 0
    for happens in (lambda: scenario.happens(event), *[scenario.the_clock_strikes] * 5):
        try:
            happens()
        except KeyboardInterrupt:
            assert how == "dies"
    assert len(outside.taken()) == 3
    outside.fails, outside.dies = False, 0
    scenario.the_clock_strikes()
    assert outside.taken() == []
    scenario.heard()


@pytest.mark.parametrize("is_gone", [False, True])
def test_what_a_person_does_to_the_text_meanwhile_stays(
    outside: Heard, scenario: GithubScenario, *, is_gone: bool
) -> None:
    scenario.says("maintainer", "/ingest")
    event = lost(scenario)

    def meanwhile() -> None:
        comments = scenario.fake.issues[2].comments
        said = next(comment for comment in comments if "owed" in comment.body)
        said.body = f"A person's words.\n\n{said.body}"
        if is_gone:
            comments.remove(said)

    outside.meanwhile = meanwhile
    scenario.happens(event)
    assert owing(scenario) == 0
    assert any(text.startswith("A person's words.") for text in texts(scenario)) == (not is_gone)
    scenario.heard()


@pytest.mark.parametrize("next_is_a_look", [False, True])
def test_what_was_edited_in_a_browser_owes_and_is_paid_as_any_text(
    outside: Heard, scenario: GithubScenario, *, next_is_a_look: bool
) -> None:
    """GitHub keeps a browser's line ends, which are others than ours."""
    scenario.says("maintainer", "/ingest")
    outside.taken()
    event = lost(scenario)
    outside.fails = True
    scenario.happens(event)
    (line,) = outside.taken()
    for issue in scenario.fake.issues.values():
        issue.body = issue.body.replace("\n", "\r\n")
        for comment in issue.comments:
            comment.body = comment.body.replace("\n", "\r\n")
    outside.fails = False
    for _ in range(2):
        if next_is_a_look:
            scenario.the_clock_strikes()
        else:
            scenario.happens(event)
    assert outside.taken() == [line]
    assert owing(scenario) == 0
    scenario.heard()


def test_texts_from_before_there_was_a_webhook_owe_nothing(
    scenario: GithubScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.ends(RUN, bad("d1"))
    heard, ports = Heard(), scenario.ports
    monkeypatch.setattr(scenario, "ports", lambda: replace(ports(), outside=heard))
    scenario.the_clock_strikes()
    assert heard.lines == []
    scenario.heard()

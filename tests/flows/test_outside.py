"""What is announced outside GitHub: each state that a person must act on, once."""

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
    """A webhook that takes everything."""

    lines: list[str] = field(default_factory=list)

    def announce(self, text: str) -> None:
        self.lines.append(text)

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
    (run,) = scenario.adapters.runs.all()
    for _ in range(2):
        scenario.happens(RunLost(run.request, Ending("work", "failure", ""), Progress()))
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

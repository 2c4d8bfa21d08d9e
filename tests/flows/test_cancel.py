"""`/cancel`: the ingest that is going on ends early."""

import pytest

from bot.adapters.local.runs import CANCEL
from bot.engine import apply
from bot.model.commands import Role, Verb
from bot.model.effects import CancelRun, Plan
from flows import world
from flows.scenario import Scenario, good
from runners.run import stopping

RUN = "2026-02-01-ingest-2"


@pytest.fixture
def working_scenario(scenario: Scenario) -> Scenario:
    """An ingest is going on."""
    scenario.says("maintainer", "/ingest")
    scenario.heard()
    return scenario


def test_a_maintainer_stops_the_run_and_has_the_rest_done(working_scenario: Scenario) -> None:
    working_scenario.says("maintainer", "/cancel")
    assert working_scenario.heard() == (
        "[reacts to comment 5] eyes rocket\n"
        f"[stops {RUN}] early\n"
        f"[says in 1, comment 6] 🛑 **Asked to stop:** `{RUN}` ends early, as @maintainer asked. "
        "What it has registered stays.\n"
        "\n"
        "**Next:** wait; I'll post what was done and what wasn't, and which command goes on with "
        "the rest."
    )
    working_scenario.ends_early(RUN, good("d1"))
    told = working_scenario.heard()
    assert "[says in 1, comment 7] ## " in told
    assert "**Next:** this run was stopped before its end; say `/retry` to go on" in told
    working_scenario.says("maintainer", "/retry")
    told = working_scenario.heard()
    assert f"what failed in {RUN}" in told
    assert "- Done again: what the run didn't reach before it was stopped\n" in told


def test_the_machine_knows_the_file_by_that_name() -> None:
    assert CANCEL == stopping.CANCEL


def test_it_takes_a_maintainer(working_scenario: Scenario) -> None:
    working_scenario.says("writer", "/cancel")
    told = working_scenario.heard()
    assert "⛔ **Not done:** `/cancel` needs the role *maintain*; @writer has the role" in told
    assert "[stops" not in told
    working_scenario.set(minimum_roles={Verb.CANCEL: Role.WRITE})
    working_scenario.says("writer", "/cancel")
    assert f"[stops {RUN}] early" in working_scenario.heard()


def test_it_takes_no_options(working_scenario: Scenario) -> None:
    working_scenario.says("maintainer", f"/cancel {RUN}")
    assert f"/cancel takes no options, but {RUN} was given. Did you mean `/cancel`?" in (
        working_scenario.heard()
    )


def test_where_nothing_runs_there_is_nothing_to_stop(working_scenario: Scenario) -> None:
    working_scenario.ends(RUN, good("d1"))
    working_scenario.heard()
    working_scenario.says("maintainer", "/cancel")
    assert working_scenario.heard() == (
        "[reacts to comment 6] confused\n"
        "[says in 1, comment 7] ⛔ **Not done:** nothing is running in this instance.\n"
        "\n"
        "`/status` says how runs ended.\n"
        "\n"
        "> You said: `/cancel`"
    )


def test_a_verification_is_stopped_too(scenario: Scenario) -> None:
    """It may wait for a reviewer of its environment for a month, and nothing else runs then."""
    scenario.says("writer", "/verify")
    scenario.heard()
    scenario.says("maintainer", "/cancel")
    told = scenario.heard()
    assert "[stops 2026-02-01-verify-2]" in told
    assert (
        "🛑 **Asked to stop:** `2026-02-01-verify-2` ends early, as @maintainer asked. "
        "A verification writes nothing.\n\n**Next:** say `/verify` when it is to be done."
    ) in told


def test_another_release_s_run_is_stopped_in_its_own_thread(working_scenario: Scenario) -> None:
    versions = ("2025-06-01", "2026-02-01", "2026-08-01")
    working_scenario.has_releases(*map(world.entry, versions), hosted=versions)
    working_scenario.the_clock_strikes()
    working_scenario.heard()
    working_scenario.says("maintainer", "/cancel", thread=2)
    told = working_scenario.heard()
    assert f"⛔ **Not done:** `{RUN}` has been ingesting release 2026-02-01 in `demo`" in told
    assert "Say `/cancel` in thread #1 instead." in told
    assert "[stops" not in told


def test_twice_is_as_good_as_once(working_scenario: Scenario) -> None:
    event = working_scenario.says("maintainer", "/cancel")
    working_scenario.heard()
    working_scenario.happens(event)
    assert working_scenario.heard() == ""
    apply(Plan((CancelRun(RUN), CancelRun(RUN)), ""), working_scenario.ports())
    assert working_scenario.heard() == ""


def test_a_run_that_has_ended_or_never_was_is_left_alone(working_scenario: Scenario) -> None:
    working_scenario.ends(RUN, good("d1"))
    working_scenario.heard()
    apply(Plan((CancelRun(RUN), CancelRun("none")), ""), working_scenario.ports())
    assert working_scenario.heard() == ""
    assert sorted(path.name for path in (working_scenario.home / "runs").iterdir()) == [RUN]

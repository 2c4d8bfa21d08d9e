"""A run that somebody has rolled back by hand: `/status` says so, and the next look does, once."""

import os
from datetime import timedelta

from bot.model.labels import Label
from bot.model.markers import DASHBOARD
from flows.scenario import NOON, Scenario, good
from runners.contract import ROLLED_BACK

RUN = "2026-02-01-ingest-2"
LATER = NOON + timedelta(minutes=10)


def ingested(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.ends(RUN, good("d1"))
    assert "[labels thread 1] verified\n" in scenario.heard()


def is_rolled_back(scenario: Scenario) -> None:
    """As `python -m runners rollback --yes` leaves it."""
    note = scenario.home / "runs" / RUN / ROLLED_BACK
    note.write_text("{}\n")
    os.utime(note, (LATER.timestamp(), LATER.timestamp()))


def state(scenario: Scenario) -> str:
    """The release's row of the dashboard, from the state on."""
    (text,) = [text for text in scenario.threads.texts().values() if str(DASHBOARD) in text]
    return text.partition("\n| 2026-02-01 | ")[2]


def test_the_next_look_says_so_and_the_release_waits_again(scenario: Scenario) -> None:
    ingested(scenario)
    is_rolled_back(scenario)
    assert scenario.the_clock_strikes() == f"Rolled back: 2026-02-01 ({RUN})."
    assert scenario.heard() == (
        "[labels thread 1] manifest merged\n"
        f"[says in 1, comment 6] ↩️ **Rolled back:** `{RUN}` was taken back by hand at 2026-03-01 "
        "12:10 UTC. What it had written isn't in `demo` any more, and what was said of it here no "
        "longer holds.\n"
        "\n"
        "**Next:** say `/ingest` to register the release anew, or `/verify` to see what the "
        "instance holds."
    )
    assert scenario.the_clock_strikes() == "Nothing new."
    assert scenario.heard() == ""


def test_status_says_so_at_once(scenario: Scenario) -> None:
    ingested(scenario)
    is_rolled_back(scenario)
    scenario.says("stranger", "/status")
    told = scenario.heard()
    row = f"| `{RUN}` | `maintainer` | 2026-03-01 12:03 UTC | passed; rolled back 2026-03-01 12:10"
    assert row in told
    assert "**Next:** say `/ingest` to register the release anew, or `/verify`" in told


def test_a_retry_has_nothing_of_it_to_go_on_from(scenario: Scenario) -> None:
    ingested(scenario)
    is_rolled_back(scenario)
    scenario.says("maintainer", "/retry")
    assert "no ingest of this release has left a report here" in scenario.heard()


def test_what_has_been_registered_since_stands(scenario: Scenario) -> None:
    ingested(scenario)
    is_rolled_back(scenario)
    scenario.says("maintainer", "/ingest")
    assert "- Earlier: " not in scenario.heard()
    (run,) = [run for run in scenario.runs.all() if run.is_going_on()]
    folder = scenario.home / "runs" / run.request.run_id
    scenario.ends(folder.name, good("d1"))
    since = LATER + timedelta(minutes=1)
    os.utime(folder / "request.json", (since.timestamp(), since.timestamp()))
    scenario.heard()
    scenario.the_clock_strikes()
    (told,) = scenario.heard().split("\n[")
    assert "↩️ **Rolled back:** " in told
    assert scenario.threads.read(1).labels == [Label.VERIFIED]


def test_the_dashboard_has_it_as_merged(scenario: Scenario) -> None:
    scenario.set(dashboard=True)
    ingested(scenario)
    scenario.the_clock_strikes()
    assert state(scenario).startswith("✅ verified ")
    is_rolled_back(scenario)
    scenario.the_clock_strikes()
    scenario.heard()
    assert state(scenario).startswith("📥 merged ")

"""A run ends: its result is posted once, kept up to date, and found by its label."""

from datetime import timedelta

from bot.decide.plan import plan
from bot.gather.facts import gather
from bot.model.effects import Conclude, SetLabel
from bot.model.events import RunEnded
from flows.scenario import Scenario, bad, good, report
from runners.contract import ROLLED_BACK


def test_a_report_that_is_posted_twice_stands_there_once(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest")
    event = scenario.ends("2026-02-01-ingest-2", good("d1"))
    scenario.heard()
    scenario.happens(event)
    assert scenario.heard() == ""


def test_a_report_that_was_mended_replaces_the_comment(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.ends("2026-02-01-ingest-2", good("d1"), bad("d2"))
    scenario.heard()
    scenario.ends("2026-02-01-ingest-2", good("d1"), good("d2"))
    assert scenario.heard().startswith(
        "[labels thread 1] verified\n"
        "[says in 1, comment 5 again] ## ✅ Release 2026-02-01 passed its verification"
    )


def test_while_the_next_run_is_going_on_the_label_stays(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest")
    ended = scenario.ends("2026-02-01-ingest-2", good("d1"))
    scenario.says("maintainer", "/ingest")
    scenario.heard()
    scenario.happens(RunEnded(ended.report.model_copy(update={"versions": {"lamindb": "2.12.2"}})))
    assert scenario.heard().startswith("[says in 1, comment 5 again] ## ✅ Release 2026-02-01")
    assert scenario.threads.read(1).labels == ["running"]


def test_the_verdict_of_the_run_that_ended_last_stands(scenario: Scenario) -> None:
    """An ingest's result that is told, or mended, after that of a later verification."""
    scenario.says("maintainer", "/ingest")
    ingest = scenario.ends("2026-02-01-ingest-2", good("d1"), bad("d2"))
    scenario.says("maintainer", "/verify")
    later = scenario.runs.all()[-1].request
    told = report(later, good("d1"), good("d2"))
    ended_at = told.ended_at + timedelta(minutes=1)
    scenario.reports(told.model_copy(update={"ended_at": ended_at}))
    scenario.heard()
    scenario.happens(RunEnded(ingest.report.model_copy(update={"versions": {"lamindb": "2.12.2"}})))
    assert scenario.heard().startswith("[says in 1, comment 5 again] ## ❌ Release 2026-02-01")
    assert scenario.threads.read(1).labels == ["verified"]
    facts = gather(ingest, scenario.ports(), scenario.settings)
    effects = plan(ingest, facts).effects
    assert not [effect for effect in effects if isinstance(effect, SetLabel | Conclude)]


def test_what_was_rolled_back_sets_no_label(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest")
    event = scenario.ends("2026-02-01-ingest-2", good("d1"))
    (scenario.home / "runs" / "2026-02-01-ingest-2" / ROLLED_BACK).write_text("{}\n")
    scenario.the_clock_strikes()
    scenario.happens(event)
    scenario.heard()
    assert scenario.threads.read(1).labels == ["manifest merged"]


def test_a_persons_copy_of_a_result_isnt_taken_for_it(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.says(
        "mallory", "## ✅ Passed\n\n<!-- cellxgene-ingestion-bot: result 2026-02-01-ingest-2 -->"
    )
    scenario.heard()
    scenario.ends("2026-02-01-ingest-2", bad("d1"))
    assert scenario.heard().startswith(
        "[labels thread 1] verification failed\n"
        "[says in 1, comment 6] ## ❌ Release 2026-02-01 failed its verification"
    )

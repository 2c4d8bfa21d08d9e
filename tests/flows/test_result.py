"""A run ends: its result is posted once, kept up to date, and found by its label."""

from bot.model.events import RunEnded
from flows.town import Town, bad, good


def test_a_report_that_is_posted_twice_stands_there_once(town: Town) -> None:
    town.says("maintainer", "/ingest")
    event = town.ends("2026-02-01-ingest-2", good("d1"))
    town.heard()
    town.happens(event)
    assert town.heard() == ""


def test_a_report_that_was_mended_replaces_the_comment(town: Town) -> None:
    town.says("maintainer", "/ingest")
    town.ends("2026-02-01-ingest-2", good("d1"), bad("d2"))
    town.heard()
    town.ends("2026-02-01-ingest-2", good("d1"), good("d2"))
    assert town.heard().startswith(
        "[labels thread 1] verified\n"
        "[says in 1, comment 5 again] ## ✅ Release 2026-02-01 passed its verification"
    )


def test_while_the_next_run_is_going_on_the_label_stays(town: Town) -> None:
    town.says("maintainer", "/ingest")
    ended = town.ends("2026-02-01-ingest-2", good("d1"))
    town.says("maintainer", "/ingest")
    town.heard()
    town.happens(RunEnded(ended.report.model_copy(update={"versions": {"lamindb": "2.12.2"}})))
    assert town.heard().startswith("[says in 1, comment 5 again] ## ✅ Release 2026-02-01")
    assert town.threads.read(1).labels == ["running"]


def test_a_persons_copy_of_a_result_isnt_taken_for_it(town: Town) -> None:
    town.says("maintainer", "/ingest")
    town.says(
        "mallory", "## ✅ Passed\n\n<!-- cellxgene-ingestion-bot: result 2026-02-01-ingest-2 -->"
    )
    town.heard()
    town.ends("2026-02-01-ingest-2", bad("d1"))
    assert town.heard().startswith(
        "[labels thread 1] verification failed\n"
        "[says in 1, comment 6] ## ❌ Release 2026-02-01 failed its verification"
    )

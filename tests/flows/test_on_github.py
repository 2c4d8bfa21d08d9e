"""The flows of the folders, told again on GitHub: the same words, by issues and pull requests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_github.server import serving
from fake_github.state import FakeGithub

from flows import conftest, world
from flows.github_scenario import GithubScenario
from flows.scenario import NOON
from flows.test_ingest import (  # noqa: F401 - the tests themselves
    test_a_comment_that_is_delivered_twice_is_answered_once,
    test_a_dry_run_says_what_would_happen_and_starts_nothing,
    test_a_later_run_refers_to_the_earlier_one,
    test_a_maintainer_says_ingest_and_reads_the_result,
    test_a_mistyped_command_gets_one_helpful_answer,
    test_a_part_of_the_release_can_be_named,
    test_a_run_in_another_instance_is_in_nobodys_way,
    test_a_stranger_may_not_even_ask_for_a_dry_run,
    test_before_the_manifest_is_merged_it_is_refused,
    test_somebody_without_the_role_is_refused,
    test_talk_is_left_alone,
    test_what_was_typed_is_shown_without_doing_anything,
    test_while_a_run_is_going_on_a_second_one_is_refused,
)
from flows.test_merge import (  # noqa: F401 - as above
    test_the_merge_starts_the_ingestion,
    test_where_a_person_starts_it_the_merge_says_how,
)
from flows.test_retry import (  # noqa: F401 - as above, with what they are given
    failed_scenario,
    test_a_maintainer_has_what_failed_done_again,
    test_a_retry_of_a_retry_goes_on_from_that,
    test_where_nothing_failed_there_is_nothing_to_do_again,
)
from flows.test_rolled_back import (  # noqa: F401 - as above
    test_status_says_so_at_once,
    test_the_next_look_says_so_and_the_release_waits_again,
)


@pytest.fixture
def empty_scenario(tmp_path: Path) -> Iterator[GithubScenario]:
    """As in the folders: two releases stand on the page, the older with a manifest."""
    with serving(FakeGithub(now=lambda: NOON)) as server:
        scenario = GithubScenario(tmp_path, server)
        older = world.entry("2025-06-01", schema="6.0.0", datasets="10", cells="700")
        scenario.has_releases(world.entry("2026-02-01"), older, hosted=("2025-06-01", "2026-02-01"))
        scenario.has_document("6.0.0")
        scenario.has_document(
            "7.0.0", world.document("7.0.0", cl="2025-07-30", fields=["donor_age"])
        )
        scenario.has_manifest(conftest.OLDER)
        yield scenario
        assert scenario.heard() == ""
        scenario.is_told_whole()
        assert server.broken == []

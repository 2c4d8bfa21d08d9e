"""A release that only the directory knows: an early notice, which refers to its thread later."""

from flows import world
from flows.scenario import Scenario

BOTH = ("2025-06-01", "2026-02-01")
THREE = (*BOTH, "2026-08-01")


def hosts(scenario: Scenario, *versions: str) -> None:
    scenario.pages.texts[world.DIRECTORY] = world.directory(versions)


def lists(scenario: Scenario, *versions: str) -> None:
    scenario.pages.texts[world.PAGE] = world.page(*map(world.entry, versions))


def test_what_only_the_directory_knows_is_noticed_once(announced_scenario: Scenario) -> None:
    hosts(announced_scenario, *THREE)
    assert announced_scenario.the_clock_strikes() == "Early notice: 2026-08-01."
    assert announced_scenario.heard() == (
        "[opens thread 2] Early notice: Census 2026-08-01 is hosted as LTS, but not announced\n"
        "🔭 **The release directory has LTS release 2026-08-01; the release page doesn't list it "
        "yet.** It may still change, so nothing is proposed.\n"
        "\n"
        "**Next:** nothing. When the page lists it, it gets a thread of its own with what changed "
        "and the proposed manifest, and this one refers to it.\n"
        "\n"
        "Storage (us-west-2): `s3://census/cell-census/2026-08-01/h5ads/` and "
        "`s3://census/cell-census/2026-08-01/soma/`.\n"
        "[labels thread 2] early notice"
    )
    assert announced_scenario.the_clock_strikes() == "Nothing new."
    assert announced_scenario.heard() == ""


def test_when_the_page_lists_it_the_notice_refers_to_its_thread(
    announced_scenario: Scenario,
) -> None:
    hosts(announced_scenario, *THREE)
    announced_scenario.the_clock_strikes()
    announced_scenario.heard()
    lists(announced_scenario, "2026-08-01", "2026-02-01", "2025-06-01")
    assert announced_scenario.the_clock_strikes().startswith("New: 2026-08-01.")
    told = announced_scenario.heard()
    assert "[proposes 2026-08-01] 2026-08-01.toml\n[opens thread 3] Census 2026-08-01" in told
    assert "[labels thread 2] early notice, closed" in told
    assert told.endswith(
        "[says in 2, comment 1] 📢 The release page lists 2026-08-01 now: it goes on in thread #3."
    )
    assert announced_scenario.the_clock_strikes() == "Nothing new."
    assert announced_scenario.heard() == ""


def test_a_look_that_was_killed_before_it_referred_is_made_up_for(
    announced_scenario: Scenario,
) -> None:
    hosts(announced_scenario, *THREE)
    announced_scenario.the_clock_strikes()
    lists(announced_scenario, "2026-08-01", "2026-02-01", "2025-06-01")
    announced_scenario.the_clock_strikes()
    announced_scenario.heard()
    said = announced_scenario.home / "threads" / "2" / "comments" / "0001.md"
    text = said.read_bytes()
    said.unlink()
    assert announced_scenario.the_clock_strikes() == "Nothing new."
    assert said.read_bytes() == text


def test_what_is_older_than_the_known_is_no_notice(announced_scenario: Scenario) -> None:
    hosts(announced_scenario, "2024-01-01", "2025-12-01", *BOTH)
    assert announced_scenario.the_clock_strikes() == "Nothing new."


def test_where_nothing_is_known_only_the_newest_is_noticed(empty_scenario: Scenario) -> None:
    next(empty_scenario.home.glob("repository/**/*.toml")).unlink()
    lists(empty_scenario)
    hosts(empty_scenario, *THREE)
    assert empty_scenario.the_clock_strikes() == "Early notice: 2026-08-01."
    assert "[opens thread 1] Early notice" in empty_scenario.heard()


def test_a_retracted_one_is_no_notice(announced_scenario: Scenario) -> None:
    announced_scenario.pages.texts[world.DIRECTORY] = world.directory(THREE, v2026_08_01="x")
    assert announced_scenario.the_clock_strikes() == "Nothing new."


def test_a_person_who_closes_a_notice_isnt_told_again(announced_scenario: Scenario) -> None:
    hosts(announced_scenario, *THREE)
    announced_scenario.the_clock_strikes()
    announced_scenario.threads.close_as(2, "maintainer")
    announced_scenario.heard()
    assert announced_scenario.the_clock_strikes() == "Nothing new."
    assert announced_scenario.heard() == ""

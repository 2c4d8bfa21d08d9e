"""A release that only the directory knows: an early notice, which refers to its thread later."""

from flows import world
from flows.town import Town

BOTH = ("2025-06-01", "2026-02-01")
THREE = (*BOTH, "2026-08-01")


def hosts(town: Town, *versions: str) -> None:
    town.pages.texts[world.DIRECTORY] = world.directory(versions)


def lists(town: Town, *versions: str) -> None:
    town.pages.texts[world.PAGE] = world.page(*map(world.entry, versions))


def test_what_only_the_directory_knows_is_noticed_once(announced_town: Town) -> None:
    hosts(announced_town, *THREE)
    assert announced_town.the_clock_strikes() == "Early notice: 2026-08-01."
    assert announced_town.heard() == (
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
    assert announced_town.the_clock_strikes() == "Nothing new."
    assert announced_town.heard() == ""


def test_when_the_page_lists_it_the_notice_refers_to_its_thread(announced_town: Town) -> None:
    hosts(announced_town, *THREE)
    announced_town.the_clock_strikes()
    announced_town.heard()
    lists(announced_town, "2026-08-01", "2026-02-01", "2025-06-01")
    assert announced_town.the_clock_strikes().startswith("New: 2026-08-01.")
    told = announced_town.heard()
    assert "[proposes 2026-08-01] 2026-08-01.toml\n[opens thread 3] Census 2026-08-01" in told
    assert "[labels thread 2] early notice, closed" in told
    assert told.endswith(
        "[says in 2, comment 1] 📢 The release page lists 2026-08-01 now: it goes on in thread #3."
    )
    assert announced_town.the_clock_strikes() == "Nothing new."
    assert announced_town.heard() == ""


def test_a_look_that_was_killed_before_it_referred_is_made_up_for(announced_town: Town) -> None:
    hosts(announced_town, *THREE)
    announced_town.the_clock_strikes()
    lists(announced_town, "2026-08-01", "2026-02-01", "2025-06-01")
    announced_town.the_clock_strikes()
    announced_town.heard()
    said = announced_town.home / "threads" / "2" / "comments" / "0001.md"
    text = said.read_bytes()
    said.unlink()
    assert announced_town.the_clock_strikes() == "Nothing new."
    assert said.read_bytes() == text


def test_what_is_older_than_the_known_is_no_notice(announced_town: Town) -> None:
    hosts(announced_town, "2024-01-01", "2025-12-01", *BOTH)
    assert announced_town.the_clock_strikes() == "Nothing new."


def test_where_nothing_is_known_only_the_newest_is_noticed(empty_town: Town) -> None:
    next(empty_town.home.glob("repository/**/*.toml")).unlink()
    lists(empty_town)
    hosts(empty_town, *THREE)
    assert empty_town.the_clock_strikes() == "Early notice: 2026-08-01."
    assert "[opens thread 1] Early notice" in empty_town.heard()


def test_a_retracted_one_is_no_notice(announced_town: Town) -> None:
    announced_town.pages.texts[world.DIRECTORY] = world.directory(THREE, v2026_08_01="x")
    assert announced_town.the_clock_strikes() == "Nothing new."


def test_a_person_who_closes_a_notice_isnt_told_again(announced_town: Town) -> None:
    hosts(announced_town, *THREE)
    announced_town.the_clock_strikes()
    announced_town.threads.close_as(2, "maintainer")
    announced_town.heard()
    assert announced_town.the_clock_strikes() == "Nothing new."
    assert announced_town.heard() == ""

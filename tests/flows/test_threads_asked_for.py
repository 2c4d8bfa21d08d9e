"""`/thread RELEASE`: the next look opens a thread about a release that is older than threads."""

import pytest

from flows import world
from flows.scenario import Scenario

BOTH = ("2025-06-01", "2026-02-01")
OLDEST = "2024-07-01"


def has_an_older_release(scenario: Scenario, **told: str) -> None:
    """Nobody has registered it; it stands on the page and in the directory."""
    scenario.has_releases(
        world.entry("2026-02-01"),
        world.entry("2025-06-01", schema="6.0.0", datasets="10", cells="700"),
        world.entry(OLDEST, **{"schema": "6.0.0", "datasets": "5", "cells": "300"} | told),
        hosted=(OLDEST, *BOTH),
    )


def test_one_with_a_manifest_gets_a_thread_with_the_next_look(
    announced_scenario: Scenario,
) -> None:
    said = announced_scenario.says("maintainer", "/thread 2025-06-01")
    assert announced_scenario.heard() == (
        "[reacts to comment 1] eyes\n"
        "[says in 1, comment 2] 🧵 **Asked for:** the next look at page and directory opens a "
        "thread about 2025-06-01, as @maintainer asked.\n\n"
        "**Next:** say `python -m bot detect` where the bot is."
    )
    announced_scenario.happens(said)
    assert announced_scenario.the_clock_strikes() == "Asked for: 2025-06-01."
    assert announced_scenario.heard() == (
        "[opens thread 2] Census 2025-06-01 (LTS): 10 datasets, dataset schema 6.0.0\n"
        "**Census LTS release 2025-06-01 has a manifest here already;** this thread was opened "
        "because @maintainer asked for it.\n"
        "\n"
        "**Next:** say `/verify` to see how it stands in `demo`, and `/ingest` to "
        "register what is missing: what is there and unchanged stays as it is. `/help` lists the "
        "commands.\n"
        "\n"
        "### The release\n"
        "\n"
        "|  | 2025-06-01 |\n"
        "| --- | ---: |\n"
        "| Built | 2025-06-01 |\n"
        "| Datasets | 10 |\n"
        "| Census schema | 2.4.0 |\n"
        "| Dataset schema | 6.0.0 |\n"
        "| Cells of Homo sapiens: total (unique) | 700 (800) |\n"
        "\n"
        "Storage (us-west-2): `s3://census/cell-census/2025-06-01/h5ads/` and "
        "`s3://census/cell-census/2025-06-01/soma/`. No earlier release has a manifest here, so "
        "none is named as its predecessor.\n"
        "[labels thread 2] manifest merged"
    )
    for _ in range(2):
        assert announced_scenario.the_clock_strikes() == "Nothing new."
        assert announced_scenario.heard() == ""


@pytest.mark.parametrize("waits_for", ["place", "fact", "schema"])
def test_the_newest_that_waits_meanwhile_is_announced_when_it_can_be(
    empty_scenario: Scenario, waits_for: str
) -> None:
    """A new bot, which has spoken of no release, is asked for an older one."""
    document = empty_scenario.pages.texts.pop(world.TEMPLATE.format(version="7.0.0"))
    if waits_for != "schema":
        empty_scenario.has_document("7.0.0", document)
    broken = {"datasets": "many"} if waits_for == "fact" else {}
    older = world.entry("2025-06-01", schema="6.0.0", datasets="10", cells="700")
    hosted = BOTH[:1] if waits_for == "place" else BOTH
    (empty_scenario.home / "repository/runners/releases/2025-06-01.toml").unlink()
    empty_scenario.has_releases(world.entry("2026-02-01", **broken), older, hosted=hosted)
    empty_scenario.set(dashboard=True)
    empty_scenario.the_clock_strikes()
    empty_scenario.says("maintainer", "/thread 2025-06-01")
    assert empty_scenario.the_clock_strikes().startswith("New: 2025-06-01.")
    empty_scenario.heard()
    empty_scenario.has_document("7.0.0", document)
    empty_scenario.has_releases(world.entry("2026-02-01"), older, hosted=BOTH)
    assert empty_scenario.the_clock_strikes() == "New: 2026-02-01."
    empty_scenario.heard()


def test_it_can_be_ingested_and_verified_there(announced_scenario: Scenario) -> None:
    announced_scenario.says("maintainer", "/thread 2025-06-01")
    announced_scenario.the_clock_strikes()
    announced_scenario.heard()
    announced_scenario.says("maintainer", "/ingest", thread=2)
    told = announced_scenario.heard()
    assert "[starts 2025-06-01-ingest-1]" in told
    assert "[labels thread 2] running" in told


def test_one_that_nobody_knew_is_proposed_and_no_newer_one_with_it(
    announced_scenario: Scenario,
) -> None:
    has_an_older_release(announced_scenario)
    assert announced_scenario.the_clock_strikes() == "Nothing new."
    announced_scenario.says("maintainer", f"/thread {OLDEST}")
    announced_scenario.heard()
    assert announced_scenario.the_clock_strikes().startswith(f"New: {OLDEST}.")
    told = announced_scenario.heard()
    assert f"[proposes {OLDEST}] {OLDEST}.toml\n[opens thread 2] Census {OLDEST}" in told
    assert announced_scenario.the_clock_strikes() == "Nothing new."
    assert announced_scenario.heard() == ""


def test_a_bot_that_has_announced_nothing_goes_on_where_it_would_have(
    empty_scenario: Scenario,
) -> None:
    """The history is known by manifests; a thread about an old release is the first of all."""
    releases = empty_scenario.home / "repository" / "runners" / "releases"
    text = (releases / "2025-06-01.toml").read_text()
    (releases / "2026-02-01.toml").write_text(text.replace("2025-06-01", "2026-02-01"))
    has_an_older_release(empty_scenario)
    empty_scenario.set(dashboard=True)
    assert empty_scenario.the_clock_strikes() == "Nothing new."
    empty_scenario.says("maintainer", "/thread 2025-06-01")
    assert empty_scenario.the_clock_strikes() == "Asked for: 2025-06-01."
    empty_scenario.has_releases(
        world.entry("2026-08-01"),
        *(world.entry(version) for version in ("2026-02-01", "2025-12-01", "2025-06-01")),
        hosted=("2025-12-01", "2026-08-01", *BOTH),
    )
    assert empty_scenario.the_clock_strikes().startswith("New: 2026-08-01. Corrected: 2025-06-01")
    assert "2025-12-01.toml" not in empty_scenario.heard()


@pytest.mark.parametrize("fact", ["census", "schema", "datasets"])
def test_what_the_page_lacks_the_manifest_says(announced_scenario: Scenario, fact: str) -> None:
    told = {"schema": "6.0.0", "datasets": "10", "cells": "700"} | {fact: "unknown"}
    announced_scenario.has_releases(
        world.entry("2026-02-01"), world.entry("2025-06-01", **told), hosted=BOTH
    )
    announced_scenario.says("maintainer", "/thread 2025-06-01")
    announced_scenario.heard()
    assert announced_scenario.the_clock_strikes() == "Asked for: 2025-06-01."
    title = "Census 2025-06-01 (LTS): 10 datasets, dataset schema 6.0.0"
    assert f"[opens thread 2] {title}\n" in announced_scenario.heard()


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("2020-01-01", "the release page doesn't list it"),
        (OLDEST, "dataset_count can't be read on the release page"),
        ("2024-01-01", "the release directory doesn't have it"),
    ],
)
def test_what_cannot_be_opened_is_said_and_is_no_failed_look(
    announced_scenario: Scenario, asked: str, problem: str
) -> None:
    announced_scenario.has_releases(
        *(world.entry(version) for version in (*reversed(BOTH), "2024-01-01")),
        world.entry(OLDEST, datasets="some"),
        hosted=(OLDEST, *BOTH),
    )
    announced_scenario.the_clock_strikes()
    announced_scenario.heard()
    announced_scenario.says("maintainer", f"/thread {asked}")
    announced_scenario.heard()
    for _ in range(4):
        assert announced_scenario.the_clock_strikes() == (
            f"Nothing new. A thread about {asked} was asked for, but {problem}: waiting."
        )
        assert announced_scenario.heard() == ""


def test_one_that_has_a_thread_is_referred_to_it(announced_scenario: Scenario) -> None:
    announced_scenario.says("maintainer", "/thread 2026-02-01")
    assert "⛔ **Not done:** that release has one.\n\nIt is #1; go on there." in (
        announced_scenario.heard()
    )
    assert announced_scenario.the_clock_strikes() == "Nothing new."


def test_one_whose_manifest_is_broken_says_so(announced_scenario: Scenario) -> None:
    path = announced_scenario.home / "repository" / "runners" / "releases" / "2025-06-01.toml"
    path.write_text("release = 1")
    announced_scenario.says("maintainer", "/thread 2025-06-01")
    assert "the release's manifest on the default branch can't be used" in (
        announced_scenario.heard()
    )


def test_who_may_not_ask_gets_none(announced_scenario: Scenario) -> None:
    announced_scenario.says("stranger", "/thread 2025-06-01")
    assert "`/thread` needs the role *write*; @stranger has the role *read*." in (
        announced_scenario.heard()
    )
    assert announced_scenario.the_clock_strikes() == "Nothing new."


def test_a_promise_that_another_has_written_counts_for_nothing(
    announced_scenario: Scenario,
) -> None:
    announced_scenario.says("maintainer", "/thread 2025-06-01")
    promise = announced_scenario.threads.comments(1)[-2].body
    assert "🧵" in promise
    for path in (announced_scenario.home / "threads" / "1" / "comments").glob("*.md"):
        path.unlink()
    announced_scenario.threads.say(1, "stranger", promise)
    announced_scenario.heard()
    assert announced_scenario.the_clock_strikes() == "Nothing new."


@pytest.mark.parametrize("said", ["/thread", "/thread 2025-06-01 2024-07-01", "/thread newest"])
def test_it_takes_one_release(announced_scenario: Scenario, said: str) -> None:
    announced_scenario.says("maintainer", said)
    assert "/thread wants one LTS release, but got " in announced_scenario.heard()

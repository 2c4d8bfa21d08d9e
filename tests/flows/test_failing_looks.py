"""Page or directory can't be read: nothing is decided, and a person is asked in the end."""

from contextlib import nullcontext

import pytest

from bot.engine import detect
from bot.errors import BotError
from flows import world
from flows.scenario import Scenario

BOTH = ("2025-06-01", "2026-02-01")


def broken(scenario: Scenario) -> None:
    scenario.pages.texts[world.PAGE] = world.page(world.entry("2026-08-01"))[:-20]


def mended(scenario: Scenario) -> None:
    scenario.has_releases(*map(world.entry, BOTH), hosted=BOTH)


# --- the other witness ----------------------------------------------------------------------------


def test_where_the_page_is_refused_its_source_is_read(announced_scenario: Scenario) -> None:
    versions = ("2026-08-01", "2026-02-01", "2025-06-01")
    announced_scenario.has_releases(*map(world.entry, versions), hosted=versions)
    broken(announced_scenario)
    announced_scenario.pages.texts[world.SOURCE] = world.source(versions)
    assert announced_scenario.the_clock_strikes() == (
        "New: 2026-08-01. The release page was refused, and its Markdown source read instead: "
        f"{world.PAGE}: The release page is truncated: it has no closing </html>. "
        "Nothing was changed; give the whole page."
    )
    assert "[opens thread 2] Census 2026-08-01 (LTS)" in announced_scenario.heard()
    assert announced_scenario.tally.failures() == 0


def test_an_empty_list_is_no_page_either(announced_scenario: Scenario) -> None:
    announced_scenario.pages.texts[world.PAGE] = world.page()
    announced_scenario.pages.texts[world.SOURCE] = world.source(BOTH[::-1])
    assert announced_scenario.the_clock_strikes().startswith(
        "Nothing new. The release page was refused, and its Markdown source read instead: "
        "The release page lists no release, though 2026-02-01 is known;"
    )


def test_the_source_is_no_witness_of_what_isnt_there(announced_scenario: Scenario) -> None:
    """Markdown has no end: a part of it would be read as if the rest had vanished."""
    broken(announced_scenario)
    announced_scenario.pages.texts[world.SOURCE] = world.source(["2025-06-01"])
    reason = announced_scenario.the_clock_strikes()
    assert reason.startswith("Nothing new. The release page was refused")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (None, "releases.md: answered 404 Not Found; correct the address."),
        ("# Welcome\n", "releases.md: The page isn't the release page"),
        (world.source(BOTH)[:-3], "it ends within a table's row."),
    ],
)
def test_where_both_are_refused_nothing_is_done(
    announced_scenario: Scenario, source: str | None, says: str
) -> None:
    broken(announced_scenario)
    if source is not None:
        announced_scenario.pages.texts[world.SOURCE] = source
    refusal = announced_scenario.is_refused()
    assert refusal.startswith(f"{world.PAGE}: The release page is truncated")
    assert " Nor could its Markdown source be read: " in refusal
    assert says in refusal


# --- again and again ------------------------------------------------------------------------------


def test_three_failures_in_a_row_ask_a_person_once(announced_scenario: Scenario) -> None:
    broken(announced_scenario)
    for _ in range(2):
        announced_scenario.is_refused()
        assert announced_scenario.heard() == ""
    announced_scenario.is_refused()
    assert announced_scenario.heard() == (
        "[opens thread 2] The bot can't read all of page, directory and schema documents\n"
        "🚨 **3 looks in a row couldn't read all of page, directory and schema documents.** What "
        "can't be read is left alone, so a release may go unnoticed until this is mended.\n"
        "\n"
        "- https\u200b://census.test/releases.html: The release page is truncated: it has no "
        "closing &lt;/html&gt;. Nothing was changed; give the whole page. Nor could its Markdown "
        "source be read: https\u200b://census.test/releases.md: answered 404 Not Found; correct "
        "the address.\n"
        "\n"
        "**Next:** a person must look. If the address is wrong, correct the bot's settings; if "
        "the page has a new form, its parser must learn it; if a server is down, wait. `/detect` "
        "looks at once; I'll say here when a look succeeds.\n"
        "[labels thread 2] needs a person"
    )
    for _ in range(3):
        announced_scenario.is_refused()
    assert announced_scenario.heard() == ""


def test_the_next_success_closes_the_matter(announced_scenario: Scenario) -> None:
    fails(announced_scenario, 3)
    announced_scenario.heard()
    mended(announced_scenario)
    announced_scenario.the_clock_strikes()
    assert announced_scenario.heard().splitlines()[-4:] == [
        "[labels thread 2] needs a person, closed",
        "[says in 2, comment 1] ✅ **Everything can be read again.** The last look was "
        "complete; what it found, if anything, stands in the releases' own threads.",
        "",
        "**Next:** nothing.",
    ]
    announced_scenario.the_clock_strikes()
    assert announced_scenario.heard() == ""


def fails(scenario: Scenario, times: int) -> None:
    broken(scenario)
    for _ in range(times):
        scenario.is_refused()


def test_a_success_in_between_starts_the_count_anew(announced_scenario: Scenario) -> None:
    for _ in range(2):
        fails(announced_scenario, 2)
        mended(announced_scenario)
        announced_scenario.the_clock_strikes()
        announced_scenario.heard()
    assert announced_scenario.threads.numbers() == [1]


def test_another_row_of_failures_is_another_matter(announced_scenario: Scenario) -> None:
    for _ in range(2):
        fails(announced_scenario, 4)
        mended(announced_scenario)
        announced_scenario.the_clock_strikes()
    announced_scenario.heard()
    assert announced_scenario.threads.numbers() == [1, 2, 3]
    assert announced_scenario.threads.closed() == {2, 3}


def test_a_matter_that_a_person_closed_stays_closed(announced_scenario: Scenario) -> None:
    fails(announced_scenario, 3)
    announced_scenario.threads.close_as(2, "maintainer")
    announced_scenario.heard()
    fails(announced_scenario, 3)
    assert announced_scenario.heard() == ""


def test_a_lost_count_opens_no_second_thread(announced_scenario: Scenario) -> None:
    fails(announced_scenario, 3)
    (announced_scenario.home / "detection.json").write_text("{")
    fails(announced_scenario, 3)
    assert announced_scenario.threads.numbers() == [1, 2]
    mended(announced_scenario)
    announced_scenario.the_clock_strikes()
    announced_scenario.heard()
    assert announced_scenario.threads.closed() == {2}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "8.0.0/schema.md: answered 404 Not Found; correct the address."),
        (world.document("8.1.0"), "field Version: 8.1.0 is not 8.0.0; correct the setting"),
        ("# Welcome\n", "8.0.0/schema.md: The document has no line 'Version: x.y.z'"),
        (world.document("8.0.0")[:-90], "the document ends within the table of"),
    ],
)
def test_a_document_that_cant_be_read_keeps_its_own_release_back(
    announced_scenario: Scenario, text: str | None, says: str
) -> None:
    versions = ("2026-08-01", "2026-10-01", *BOTH)
    entries = [world.entry("2026-08-01", schema="8.0.0"), *map(world.entry, versions[1:])]
    announced_scenario.has_releases(*entries, hosted=versions)
    if text is not None:
        announced_scenario.has_document("8.0.0", text)
    first = announced_scenario.the_clock_strikes()
    assert first.startswith("New: 2026-10-01. 2026-08-01 waits for its dataset schema: https://")
    assert says in first
    assert "[opens thread 2] Census 2026-10-01" in announced_scenario.heard()
    announced_scenario.the_clock_strikes()
    assert announced_scenario.heard() == ""
    announced_scenario.the_clock_strikes()
    told = announced_scenario.heard()
    assert "[opens thread 3] The bot can't read" in told
    assert "- 2026-08-01 waits for its dataset schema: " in told
    announced_scenario.has_document("8.0.0")
    assert announced_scenario.the_clock_strikes() == "New: 2026-08-01."
    assert "[labels thread 3] needs a person, closed" in announced_scenario.heard()


@pytest.mark.parametrize(
    ("told", "fact"),
    [
        ({"datasets": "many"}, "dataset_count"),
        ({"census": "soon"}, "census_schema_version"),
        ({"census": "2.5"}, "census_schema_version"),  # no manifest can hold such a version
        ({"census": "2.4.0-rc1"}, "census_schema_version"),
        ({"schema": "7.0"}, "dataset_schema_version"),
    ],
)
def test_a_new_entry_that_cant_be_read_waits_and_is_asked_about(
    announced_scenario: Scenario, told: dict[str, str], fact: str
) -> None:
    versions = ("2026-08-01", "2026-10-01", *BOTH)
    entries = [world.entry("2026-08-01", **told), *map(world.entry, versions[1:])]
    announced_scenario.has_releases(*entries, hosted=versions)
    # The other one doesn't wait for it.
    stuck = f"2026-08-01: {fact} can't be read: waiting."
    assert announced_scenario.the_clock_strikes().startswith("New: 2026-10-01. ")
    assert "[opens thread 2] Census 2026-10-01" in announced_scenario.heard()
    assert announced_scenario.the_clock_strikes() == stuck
    assert announced_scenario.heard() == ""
    assert announced_scenario.the_clock_strikes() == stuck
    assert f"- 2026-08-01: {fact} can't be read" in announced_scenario.heard()
    announced_scenario.has_releases(*map(world.entry, versions), hosted=versions)
    assert announced_scenario.the_clock_strikes() == "New: 2026-08-01."
    heard = announced_scenario.heard()
    assert "[labels thread 3] needs a person, closed" in heard
    assert "The manifest follows that of 2025-06-01." in heard


def test_what_is_refused_keeps_nothing_else_back_and_is_asked_about(
    announced_scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a repository doesn't let Actions open pull requests."""

    def refuse(*_: object) -> None:
        raise BotError("GitHub Actions may open no pull request; allow it in the settings.")

    versions = ("2026-08-01", "2026-10-01", *BOTH)
    announced_scenario.has_releases(*map(world.entry, versions), hosted=versions)
    retracted = world.directory(versions, v2026_02_01="x")
    announced_scenario.pages.texts[world.DIRECTORY] = retracted
    monkeypatch.setattr(type(announced_scenario.repository), "propose", refuse)
    refusal = announced_scenario.is_refused()
    assert refusal.count("GitHub Actions may open no pull request") == 2
    told = announced_scenario.heard()
    assert told.startswith("[says in 1, comment 1] 🚨 **Release 2026-02-01 was retracted.")
    assert "[opens thread" not in told
    announced_scenario.is_refused()
    assert announced_scenario.heard() == ""
    announced_scenario.is_refused()
    told = announced_scenario.heard()
    assert told.startswith("[opens thread 2] The bot can't read")
    assert "- GitHub Actions may open no pull request; allow it in the settings." in told
    announced_scenario.is_refused()
    assert announced_scenario.heard() == ""
    monkeypatch.undo()
    assert announced_scenario.the_clock_strikes() == "New: 2026-08-01. New: 2026-10-01."
    told = announced_scenario.heard()
    assert "[opens thread 3] Census 2026-08-01" in told
    assert "[labels thread 2] needs a person, closed" in told


@pytest.mark.parametrize("what_fails", ["page", "facts", "effect"])
@pytest.mark.parametrize(("dry_run", "is_counted"), [(True, True), (False, False), (False, True)])
def test_a_look_that_is_to_change_nothing_counts_for_nothing(
    announced_scenario: Scenario,
    monkeypatch: pytest.MonkeyPatch,
    what_fails: str,
    dry_run: bool,
    is_counted: bool,
) -> None:
    """Whether its own page can't be read, or what the repository knows, or it can do nothing."""

    def fail(*_: object) -> None:
        raise BotError("GitHub doesn't answer; try again.")

    if what_fails == "facts":
        monkeypatch.setattr(type(announced_scenario.runs), "all", fail)
    elif what_fails == "effect":
        versions = ("2026-08-01", *BOTH)
        announced_scenario.has_releases(*map(world.entry, versions), hosted=versions)
        monkeypatch.setattr(type(announced_scenario.repository), "propose", fail)
    else:
        broken(announced_scenario)
    is_refused = what_fails != "effect" or not dry_run
    for _ in range(3):
        with pytest.raises(BotError) if is_refused else nullcontext():
            detect(
                announced_scenario.ports(),
                announced_scenario.settings,
                dry_run=dry_run,
                is_counted=is_counted,
            )
    monkeypatch.undo()
    counts = is_counted and not dry_run
    assert announced_scenario.tally.failures() == (3 if counts else 0)
    assert ("[opens thread 2]" in announced_scenario.heard()) is counts

"""The dashboard: one thread that tells how every release stands, and when the last look was."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.census.release import CellCount, Release
from bot.comments.dashboard import SIGNS, body
from bot.decide.dashboard import cells_of
from bot.model.commands import Role, Verb
from bot.model.endings import Ending
from bot.model.events import RunGoesOn, RunLost
from bot.model.look import Look, hidden_look, look_in
from bot.model.markers import DASHBOARD, sign
from bot.model.progress import Progress
from bot.model.release_state import ReleaseState, State
from flows import world
from flows.scenario import NOON, Scenario, bad, good, unsigned
from flows.test_failing_looks import broken
from flows.test_injection import NASTY, is_inert
from flows.test_known import BOTH, OLDER, now_says
from runners.contract import Outcome

RUN = "2026-02-01-ingest-2"
ROW = "| 2026-02-01 | "


@pytest.fixture
def empty_scenario(empty_scenario: Scenario) -> Scenario:
    """As elsewhere, and the bot keeps its dashboard."""
    empty_scenario.set(dashboard=True)
    return empty_scenario


def dashboard(scenario: Scenario) -> str:
    """Its text. There is one, whatever happened."""
    (text,) = [text for text in scenario.threads.texts().values() if str(DASHBOARD) in text]
    return unsigned(text)


def row(scenario: Scenario, release: str = "2026-02-01") -> str:
    """What it tells of a release, from the state on."""
    (line,) = [one for one in dashboard(scenario).splitlines() if one.startswith(f"| {release} |")]
    return line.removeprefix(f"| {release} | ").removesuffix(" |")


def test_the_first_look_makes_it(empty_scenario: Scenario) -> None:
    empty_scenario.the_clock_strikes()
    told = empty_scenario.heard()
    assert told.split("[opens thread 2] ")[1] == (
        "Census releases: the bot's dashboard\n"
        "**Next:** 2026-02-01 waits for a person; the table says for what.\n"
        "\n"
        "**Last look** at page and directory: 2026-03-01 12:00 UTC. New: 2026-02-01.\n"
        "\n"
        "| Release | State | Datasets | Thread | Next |\n"
        "| --- | --- | ---: | --- | --- |\n"
        "| 2026-02-01 | 📬 proposed | 12 | #1 | review and merge "
        "`runners/releases/2026-02-01.toml`; that starts the ingest |\n"
        "| 2025-06-01 | 📥 merged | 10 |  | nothing: it is older than my threads |\n"
        "\n"
        "<details>\n"
        "<summary>Datasets and cells by release</summary>\n"
        "\n"
        "```mermaid\n"
        "xychart-beta\n"
        '    title "Datasets"\n'
        '    x-axis ["2025-06-01", "2026-02-01"]\n'
        "    y-axis 0 --> 12\n"
        "    bar [10, 12]\n"
        "```\n"
        "\n"
        "```mermaid\n"
        "xychart-beta\n"
        '    title "Cells without duplicates"\n'
        '    x-axis ["2025-06-01", "2026-02-01"]\n'
        "    y-axis 0 --> 800\n"
        "    bar [800, 800]\n"
        "```\n"
        "\n"
        "</details>\n"
        "\n"
        "**Here you can say** `/detect` to look now, `/verify RELEASE` to verify one now, "
        "`/diff OLD NEW` to have two dataset schema versions explained, `/thread RELEASE` for a "
        "thread about an older release; `/help` lists the rest. "
        "I keep this text up to date: what others write into it is lost.\n"
        "[labels thread 1] manifest proposed\n"
        "[labels thread 2] dashboard"
    )


def test_a_second_look_changes_nothing_but_its_time(announced_scenario: Scenario) -> None:
    before = dashboard(announced_scenario)
    announced_scenario.now = NOON + timedelta(days=1)
    announced_scenario.the_clock_strikes()
    told = announced_scenario.heard()
    assert told.startswith("[opens thread 2] Census releases: the bot's dashboard\n")
    assert dashboard(announced_scenario) == before.replace(
        "2026-03-01 12:00 UTC. New: 2026-02-01.", "2026-03-02 12:00 UTC. Nothing new."
    )
    announced_scenario.the_clock_strikes()
    assert announced_scenario.heard() == ""


def test_it_follows_a_release_to_its_end(announced_scenario: Scenario) -> None:
    scenario = announced_scenario
    scenario.set(ingest_on_merge=False)
    scenario.merges("maintainer", "2026-02-01")
    assert row(scenario) == "📥 merged | 12 | #1 | say `/ingest` in #1"
    scenario.says("maintainer", "/ingest")
    waits = "wait for the result in #1; `/cancel` there ends it early"
    assert row(scenario) == f"⏳ running | 12 | #1 | {waits}"
    (run,) = scenario.runs.all()
    assert "**Next:** nothing; no release waits for a person." in dashboard(scenario)
    scenario.happens(RunGoesOn(run.request, Progress(6, 5, NOON, NOON)))
    assert row(scenario) == f"⏳ running | 5 of 12 | #1 | {waits}"
    scenario.ends(RUN, good("d1"), bad("d2"))
    assert (
        row(scenario) == "❌ failed | 1 of 12 | #1 | read the result in #1: it says what mends it"
    )
    assert "**Next:** 2026-02-01 waits for a person" in dashboard(scenario)
    scenario.says("maintainer", "/ingest")
    again = next(run.request.run_id for run in scenario.runs.all() if run.is_going_on())
    scenario.ends(again, good("d1"), good("d2", Outcome.UNCHANGED))
    assert row(scenario) == "✅ verified | 2 of 12 | #1 | nothing"
    scenario.heard()


def test_a_part_is_no_whole_release(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest --limit 1")
    scenario.ends(RUN, good("d1"))
    assert row(scenario) == (
        "🧩 a part verified | 1 of 12 | #1 | say `/ingest` in #1 to register the rest"
    )
    scenario.heard()


@pytest.mark.parametrize(("said", "command"), [("/ingest", "/ingest"), ("/verify", "/verify")])
def test_a_run_that_is_lost_says_what_goes_on_with_it(
    scenario: Scenario, said: str, command: str
) -> None:
    """GitHub's workflow run still works on saying so: the event knows better."""
    scenario.says("maintainer", said)
    (run,) = scenario.runs.all()
    scenario.happens(
        RunLost(run.request, Ending("work", "failure", ""), Progress(3, 2, NOON, NOON))
    )
    assert (
        row(scenario)
        == f"🛑 without a result | 2 of 12 | #1 | say `{command}` in #1: it goes on where it was"
    )
    scenario.heard()


def test_what_was_retracted_waits_for_a_person(announced_scenario: Scenario) -> None:
    now_says(announced_scenario, hosted=world.directory(BOTH, v2026_02_01="doubled"))
    announced_scenario.the_clock_strikes()
    decides = "decide what becomes of it: #1 says how"
    assert row(announced_scenario) == f"🚨 retracted | 12 | #1 | {decides}"
    # A merge doesn't make it forget what the look saw.
    announced_scenario.merges("maintainer", "2026-02-01")
    assert row(announced_scenario).startswith("🚨 retracted")
    announced_scenario.heard()


@pytest.mark.parametrize("gone", ["page", "directory"])
def test_what_was_withdrawn_waits_for_a_person(announced_scenario: Scenario, gone: str) -> None:
    if gone == "page":
        announced_scenario.pages.texts[world.PAGE] = world.page(OLDER)
    else:
        announced_scenario.pages.texts[world.DIRECTORY] = world.directory(BOTH[:1])
    announced_scenario.the_clock_strikes()
    assert "| 🚨 withdrawn | " in dashboard(announced_scenario)
    now_says(announced_scenario)
    announced_scenario.the_clock_strikes()
    assert "| 📬 proposed | " in dashboard(announced_scenario)
    announced_scenario.heard()


def test_what_only_the_pages_source_lacks_isnt_withdrawn(announced_scenario: Scenario) -> None:
    """Cut off, it has no end that could be missed; what the directory lacks is, though."""
    broken(announced_scenario)
    announced_scenario.pages.texts[world.SOURCE] = world.source(["2025-06-01"])
    announced_scenario.the_clock_strikes()
    assert row(announced_scenario).startswith("📬 proposed | ")
    announced_scenario.pages.texts[world.DIRECTORY] = world.directory(BOTH[:1])
    announced_scenario.the_clock_strikes()
    assert row(announced_scenario).startswith("🚨 withdrawn | ")
    announced_scenario.heard()


def test_what_is_on_the_page_alone_is_seen(announced_scenario: Scenario) -> None:
    announced_scenario.has_releases(
        world.entry("2026-08-01"), world.entry("2026-02-01"), hosted=BOTH
    )
    announced_scenario.the_clock_strikes()
    assert row(announced_scenario, "2026-08-01") == (
        "🔭 seen |  |  | nothing: it is proposed once page, directory and schema say all of it"
    )
    announced_scenario.heard()


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_manifest_that_cant_be_used_waits_for_a_person(
    announced_scenario: Scenario, *, is_closed: bool
) -> None:
    """Also where a person has closed its thread, as all was done: merged, it isn't declined."""
    if is_closed:
        announced_scenario.threads.close_as(1, "maintainer")
    path = "runners/releases/2026-02-01.toml"
    (announced_scenario.home / "repository" / path).write_text("release = ")
    announced_scenario.the_clock_strikes()
    assert row(announced_scenario) == (
        f"❌ not usable | 12 | #1 | correct `{path}`: as it is, it can't be used"
    )
    assert "2026-02-01 waits for a person" in dashboard(announced_scenario)
    announced_scenario.heard()


def test_what_a_person_declined_waits_for_nobody(announced_scenario: Scenario) -> None:
    announced_scenario.threads.close_as(1, "maintainer")
    announced_scenario.the_clock_strikes()
    assert row(announced_scenario) == (
        "💤 declined | 12 | #1 | nothing: #1 was closed and its manifest isn't merged"
    )
    announced_scenario.heard()


def test_a_look_that_fails_says_so_and_keeps_what_was_seen(announced_scenario: Scenario) -> None:
    now_says(announced_scenario, hosted=world.directory(BOTH, v2026_02_01="doubled"))
    announced_scenario.the_clock_strikes()
    broken(announced_scenario)
    for day in (1, 2):
        announced_scenario.now = NOON + timedelta(days=day)
        announced_scenario.is_refused()
    look = dashboard(announced_scenario).split("\n\n")[1]
    assert look.startswith(
        "⚠️ **The last look failed** (2026-03-03 12:00 UTC, for 2 looks in a row): "
        "https\u200b://census.test/releases.html: The release page is truncated"
    )
    assert look.endswith(
        "What is told of page and directory is older: the last whole one was 2026-03-01 12:00 UTC."
    )
    assert row(announced_scenario).startswith("🚨 retracted")
    announced_scenario.heard()


def test_a_watch_that_has_stopped_is_told_by_whatever_happens_next(scenario: Scenario) -> None:
    scenario.now = NOON + timedelta(days=9)
    scenario.says("maintainer", "/ingest")
    assert (
        "⚠️ That was 9 days ago: the clock that starts looks has stopped. See under Actions "
        "whether its workflow is enabled, and say `/detect`."
    ) in dashboard(scenario)
    scenario.heard()


def test_what_changes_no_state_touches_no_dashboard(scenario: Scenario) -> None:
    scenario.now = NOON + timedelta(days=9)
    before = dashboard(scenario)
    scenario.says("maintainer", "/status")
    assert dashboard(scenario) == before
    scenario.heard()


def test_what_a_person_writes_into_it_is_lost_and_a_broken_look_is_no_harm(
    scenario: Scenario,
) -> None:
    file = scenario.home / "threads" / "2" / "thread.md"
    file.write_text(file.read_text().replace('"failures"', '"failings').replace("**Next:**", "Ha"))
    scenario.says("maintainer", "/ingest")
    assert "**Last look:** not known. Say `/detect` to look now." in dashboard(scenario)
    assert "**Next:** nothing" in dashboard(scenario)
    scenario.the_clock_strikes()
    assert "**Last look** at page and directory: 2026-03-01 12:00 UTC." in dashboard(scenario)
    scenario.heard()


def test_one_that_a_person_closed_stays_closed_and_is_kept(scenario: Scenario) -> None:
    scenario.threads.close_as(2, "maintainer")
    scenario.says("maintainer", "/ingest")
    assert row(scenario).startswith("⏳ running")
    assert 2 in scenario.threads.closed()
    scenario.heard()


def test_it_can_be_left_out(empty_scenario: Scenario) -> None:
    empty_scenario.set(dashboard=False)
    empty_scenario.the_clock_strikes()
    assert "dashboard" not in empty_scenario.heard()


def test_where_nothing_is_known_it_says_when_the_look_was(empty_scenario: Scenario) -> None:
    (empty_scenario.home / "repository/runners/releases/2025-06-01.toml").unlink()
    empty_scenario.has_releases(hosted=())
    broken(empty_scenario)
    empty_scenario.is_refused()
    assert dashboard(empty_scenario).split("\n\n")[1].endswith("older: none was.")
    assert "No LTS release is known yet." in dashboard(empty_scenario)
    empty_scenario.heard()


def test_a_look_comes_back_as_it_was_kept() -> None:
    counts = {"2026-02-01": 12}
    look = Look(NOON, "--> <!-- x", 2, NOON, counts, counts, ("a",), ("b",), ("c",))
    assert look_in(f"text\n{hidden_look(look)}\nmore") == look
    assert look_in("text") is None


def test_one_that_was_kept_before_cells_were_counted_is_read() -> None:
    old = '<!-- cellxgene-ingestion-bot: look {"at": "2026-03-01T12:00:00Z", "ended": "New."} -->'
    assert look_in(old) == Look(NOON, "New.")


def test_cells_are_drawn_where_the_page_has_them_of_all_organisms() -> None:
    human, mouse = CellCount(20_000_000, 12_340_000), CellCount(3_000_000, 2_000_000)
    known = {"Homo sapiens": human, "Mus musculus": mouse}
    assert cells_of(release(known)) == 14_340_000
    assert cells_of(release({**known, "Mus musculus": CellCount(3_000_000, None)})) is None
    assert cells_of(release({})) is None
    states = [
        ReleaseState(version, State.VERIFIED, cells=cells)
        for version, cells in (("2026-02-01", 14_340_000), ("2025-06-01", 0), ("2025-01-01", None))
    ]
    text = body(states, None, NOON, ingest_on_merge=True)
    assert 'title "Cells without duplicates, in millions"\n' in text
    assert '"2026-02-01"]\n    y-axis 0 --> 14.3\n    bar [0.0, 14.3]\n' in text
    assert 'title "Datasets"' not in text  # nobody knows how many
    nothing = [replace(state, cells=0) for state in states]
    assert "xychart" not in body(nothing, None, NOON, ingest_on_merge=True)
    assert "xychart" not in body(states[:1], None, NOON, ingest_on_merge=True)


@pytest.mark.parametrize("newest_is_highest", [True, False])
@pytest.mark.parametrize(
    ("counts", "bars"),
    [
        ((9, 10), ("9", "10")),
        ((990, 1573), ("990", "1573")),
        ((9_500_000, 74_300_000), ("9.5", "74.3")),
        ((900_000, 1_000_000), ("0.9", "1.0")),
        ((99_000_000, 101_000_000), ("99.0", "101.0")),
    ],
)
def test_a_charts_axis_ends_at_its_highest_bar(
    counts: tuple[int, int], bars: tuple[str, str], newest_is_highest: bool
) -> None:
    versions = ["2025-06-01", "2026-02-01"] if newest_is_highest else ["2026-02-01", "2025-06-01"]
    states = [
        ReleaseState(version, State.VERIFIED, datasets=count, cells=count)
        for version, count in zip(versions, counts, strict=True)
    ]
    text = body(states, None, NOON, ingest_on_merge=True)
    drawn = ", ".join(bars if newest_is_highest else reversed(bars))
    assert text.count(f"    y-axis 0 --> {bars[1]}\n    bar [{drawn}]\n") == 2


def release(cell_counts: Mapping[str, CellCount]) -> Release:
    return Release("2026-02-01", None, None, None, None, cell_counts)


@pytest.mark.parametrize("nasty", NASTY)
def test_what_a_page_says_with_a_sting_is_harmless_in_it(nasty: str) -> None:
    text = body((), Look(NOON, nasty, 1), NOON, ingest_on_merge=True)
    is_inert(sign(text, DASHBOARD, hidden_look(Look(NOON, nasty))))


def test_every_state_has_its_sign_and_its_next_step() -> None:
    assert set(SIGNS) == set(State)
    states = [ReleaseState("2026-02-01", state, thread=1) for state in State]
    rows = body(states, None, NOON, ingest_on_merge=False).split("\n\n")[2].splitlines()[2:]
    assert len({row.rsplit(" | ", 1)[1] for row in rows}) >= len(State) - 2
    assert all(row.rsplit(" | ", 1)[1] != " |" for row in rows)


# --- what is said in it ---------------------------------------------------------------------------


def test_a_release_is_verified_from_there(scenario: Scenario) -> None:
    scenario.heard()
    scenario.says("writer", "/verify 2026-02-01", thread=2)
    told = scenario.heard()
    assert "[labels thread 1] running" in told
    assert "[starts 2026-02-01-verify-1] verify in demo for writer, thread 2, " in told
    assert "I'll post the result in #1." in told
    assert row(scenario).endswith("| wait for the result in #1")
    scenario.ends("2026-02-01-verify-1", good("d1"))
    assert "[says in 1, comment 2] ## ✅ Release 2026-02-01" in scenario.heard()


@pytest.mark.parametrize(
    ("thread", "said", "why"),
    [
        (2, "/ingest", "`/ingest` is about one release, and this thread is about none."),
        (2, "/verify", "`/verify` is about one release, and this thread is about none."),
        (2, "/verify 2020-01-01", "I have no thread about 2020-01-01."),
        (1, "/verify 2025-06-01", "I have no thread about 2025-06-01."),
    ],
)
def test_what_names_no_release_is_told_where_to_say_it(
    scenario: Scenario, thread: int, said: str, why: str
) -> None:
    scenario.heard()
    scenario.says("maintainer", said, thread=thread)
    told = scenario.heard()
    assert f"⛔ **Not done:** {why}\n\nSay `{said.split()[0]}` in #1 (2026-02-01).\n\n" in told


def test_its_help_has_what_works_there(scenario: Scenario) -> None:
    scenario.heard()
    scenario.says("stranger", "/help", thread=2)
    told = scenario.heard()
    commands = re.findall(r"^\| `/(\w+)", told, re.MULTILINE)
    assert commands == ["verify", "status", "detect", "diff", "thread", "help"]
    assert "What writes to the instance is said in the thread of its release." in told


def test_its_status_is_what_is_running(scenario: Scenario) -> None:
    scenario.heard()
    scenario.says("stranger", "/status", thread=2)
    assert scenario.heard().endswith(
        "**Now:** nothing is running in this instance. How every release stands is told above."
    )


def test_in_a_folder_a_look_is_refused_with_what_to_say(scenario: Scenario) -> None:
    scenario.heard()
    scenario.set(minimum_roles={Verb.DETECT: Role.READ})
    scenario.says("stranger", "/detect", thread=2)
    assert scenario.heard().endswith(
        "⛔ **Not done:** no workflow looks at page and directory here.\n\n"
        "Say `python -m bot detect` where the bot is.\n\n> You said: `/detect`"
    )


def test_what_waits_is_what_the_look_says_that_waits(empty_scenario: Scenario) -> None:
    """Newer than what was there before the bot, wherever the oldest thread stands."""
    empty_scenario.the_clock_strikes()
    between = world.entry("2025-10-01")
    empty_scenario.has_releases(world.entry("2026-02-01"), between, OLDER, hosted=BOTH)
    waiting = "2025-10-01 is on the page, but not hosted yet: waiting."
    assert empty_scenario.the_clock_strikes() == f"Nothing new. {waiting}"
    assert row(empty_scenario, "2025-10-01").startswith("🔭 seen")
    empty_scenario.says("maintainer", "/thread 2024-07-01")
    older = [world.entry(one, schema="6.0.0") for one in ("2024-12-01", "2024-07-01")]
    hosted = ("2024-07-01", *BOTH)
    empty_scenario.has_releases(world.entry("2026-02-01"), between, OLDER, *older, hosted=hosted)
    assert empty_scenario.the_clock_strikes() == f"New: 2024-07-01. {waiting}"
    assert empty_scenario.the_clock_strikes() == f"Nothing new. {waiting}"
    assert row(empty_scenario, "2025-10-01").startswith("🔭 seen")
    assert "2024-12-01" not in dashboard(empty_scenario)
    empty_scenario.heard()

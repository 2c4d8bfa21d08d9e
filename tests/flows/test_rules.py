"""The rules of a dataset schema: proposed where there are none, and waited for."""

import json
from pathlib import Path

import pytest

from bot.adapters.local.repository import LocalRepository
from bot.cli.context import installed_lamindb_module
from flows import world
from flows.scenario import Scenario

ASKED: dict[str, object] = {
    "place": "obs: donor_age",
    "lines": [44, 50],
    "text": "which registry @has it?",
}
BOTH = ("2026-02-01", "2026-08-01")


def has_schema_8(scenario: Scenario) -> None:
    """A release of a dataset schema without rules."""
    newer = world.entry("2026-08-01", schema="8.0.0")
    scenario.has_releases(newer, world.entry("2026-02-01"), hosted=BOTH)
    scenario.has_document("8.0.0", world.document("8.0.0", cl="2026-01-01", fields=["donor_age"]))


@pytest.fixture
def town_of_8(scenario: Scenario) -> Scenario:
    """The release's manifest was merged before anybody looked at the rules."""
    has_schema_8(scenario)
    scenario.the_clock_strikes()
    scenario.merges("maintainer", "2026-08-01")
    scenario.heard()
    return scenario


def test_a_schema_without_rules_gets_some_proposed(scenario: Scenario) -> None:
    has_schema_8(scenario)
    scenario.the_clock_strikes()
    told = scenario.heard()
    assert "[opens thread 2] Census 2026-08-01 (LTS)" in told
    proposed = scenario.home / "proposals" / "2026-08-01" / "rules" / "8.0.0.json"
    rules = json.loads(proposed.read_text())
    assert rules["dataset_schema_version"] == "8.0.0"
    assert (
        "**Before that:** Dataset schema 8.0.0 has no rules yet "
        f"({len(rules['judgements'])} questions for a person). "
        "Answer what `runners/rules/8.0.0.json` of the proposal asks, and merge the proposal. "
        "`/ingest` waits for it."
    ) in told


def test_a_schema_with_rules_gets_none_proposed(scenario: Scenario) -> None:
    has_schema_8(scenario)
    scenario.has_rules("8.0.0")
    scenario.the_clock_strikes()
    assert "Before that" not in scenario.heard()
    assert not (scenario.home / "proposals" / "2026-08-01" / "rules").exists()


def test_ingest_is_refused_without_rules(town_of_8: Scenario) -> None:
    town_of_8.says("maintainer", "/ingest", thread=2)
    assert town_of_8.heard() == (
        "[reacts to comment 2] confused\n"
        "[says in 2, comment 3] ⛔ **Not done:** there are no rules for dataset schema 8.0.0: "
        "`runners/rules/8.0.0.json` isn't there.\n"
        "\n"
        "Answer what `runners/rules/8.0.0.json` of the proposal asks, and merge the proposal. "
        "Then say `/ingest` again.\n"
        "\n"
        "> You said: `/ingest`"
    )


def test_ingest_is_refused_while_a_judgement_is_open(town_of_8: Scenario) -> None:
    town_of_8.has_rules("8.0.0", ASKED, {**ASKED, "answer": "in none"})
    town_of_8.says("maintainer", "/ingest", thread=2)
    told = town_of_8.heard()
    assert (
        "⛔ **Not done:** in `runners/rules/8.0.0.json` a person must still answer 1 question:\n"
        "\n"
        "- obs: donor_age: which registry @\u200bhas it?\n"
        "\n"
        "Set each under `answers` in `runners/rules/8.0.0.json` to one of its choices, by a pull "
        "request, and merge it. Then say `/ingest` again."
    ) in told


def test_when_the_last_judgement_is_answered_it_starts(town_of_8: Scenario) -> None:
    town_of_8.has_rules("8.0.0", {**ASKED, "answer": "in none"})
    town_of_8.says("maintainer", "/ingest", thread=2)
    assert "[starts 2026-08-01-ingest-2]" in town_of_8.heard()


def test_a_merge_doesnt_start_what_has_no_rules(announced_scenario: Scenario) -> None:
    has_schema_8(announced_scenario)
    announced_scenario.the_clock_strikes()
    announced_scenario.heard()
    announced_scenario.merges("maintainer", "2026-08-01")
    assert announced_scenario.heard() == (
        "[labels thread 2] manifest merged\n"
        "[says in 2, comment 1] ⏳ The manifest of 2026-08-01 was merged, but its ingestion isn't "
        "started: there are no rules for dataset schema 8.0.0: `runners/rules/8.0.0.json` isn't "
        "there.\n"
        "\n"
        "**Next:** Answer what `runners/rules/8.0.0.json` of the proposal asks, and merge the "
        "proposal. Then say `/ingest`."
    )


def test_broken_rules_are_named_where_they_are_needed(scenario: Scenario) -> None:
    (scenario.home / "rules" / "7.0.0.json").write_text('{"judgements": [3]}')
    scenario.says("maintainer", "/ingest")
    heard = scenario.heard()
    assert "⛔ **Not done:** the rules of dataset schema 7.0.0 can't be used: " in heard
    assert "7.0.0.json: can't be read as rules: " in heard
    assert "judgements" in heard
    assert (
        "Mend `runners/rules/7.0.0.json` by a pull request, and merge it. Then say `/ingest` again."
    ) in heard


def test_a_merge_under_broken_rules_says_so(announced_scenario: Scenario) -> None:
    (announced_scenario.home / "rules" / "7.0.0.json").write_text("{")
    announced_scenario.merges("maintainer", "2026-02-01")
    heard = announced_scenario.heard()
    assert "isn't started: the rules of dataset schema 7.0.0 can't be used: " in heard
    assert "**Next:** Mend `runners/rules/7.0.0.json` by a pull request, and merge it." in heard


def test_broken_rules_are_told_with_a_new_release_of_theirs(scenario: Scenario) -> None:
    """Nothing is proposed in their place: a person may have answered them."""
    has_schema_8(scenario)
    (scenario.home / "rules" / "8.0.0.json").write_text("{")
    scenario.the_clock_strikes()
    heard = scenario.heard()
    assert (
        "**Before that:** The rules of dataset schema 8.0.0 can't be used. Mend "
        "`runners/rules/8.0.0.json` by a pull request, and merge it. `/ingest` waits for it."
    ) in heard
    assert not (scenario.home / "proposals" / "2026-08-01" / "rules").exists()


@pytest.mark.parametrize("text", ["", "{", '{"judgements": [3]}', "[1]", "\udcff"])
def test_broken_rules_of_another_schema_stop_nothing(scenario: Scenario, text: str) -> None:
    path = scenario.home / "rules" / "8.0.0.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    scenario.says("maintainer", "/ingest")
    assert "[starts 2026-02-01-ingest-2]" in scenario.heard()
    scenario.the_clock_strikes()
    assert scenario.heard() == ""


def test_the_bots_own_rules_count_as_reviewed(scenario: Scenario) -> None:
    own = LocalRepository(scenario.home / "repository", scenario.home / "proposals").rules()
    assert own.open["7.0.0"] == ()
    assert own.broken == {}


@pytest.fixture
def lamindb(scenario: Scenario) -> str:
    """Where the scenario finds the installed module."""
    file = installed_lamindb_module()
    if file is None:
        pytest.skip("LaminDB isn't installed")
    address = "https://lamindb.test/_cellxgene.py"
    scenario.pages.texts[address] = Path(file).read_text()
    scenario.set(lamindb=address)
    return address


def test_a_patch_of_lamindb_is_proposed_and_told(scenario: Scenario, lamindb: str) -> None:
    has_schema_8(scenario)
    scenario.the_clock_strikes()
    assert lamindb in scenario.pages.texts
    told = scenario.heard()
    assert (
        "### LaminDB's code\n\n`lamindb.patch` in the proposal, once applied, mends this, which "
        "dataset schema 7.0.0 asks for already; nothing of it is for 8.0.0:\n\n- "
    ) in told
    patch = (scenario.home / "proposals" / "2026-08-01" / "lamindb.patch").read_text()
    assert "+++ b/lamindb/examples/cellxgene/_cellxgene.py" in patch


def test_a_module_that_lamindb_rebuilt_keeps_no_release_back(
    scenario: Scenario, lamindb: str
) -> None:
    scenario.pages.texts[lamindb] = "x = 1\n"
    has_schema_8(scenario)
    assert scenario.the_clock_strikes() == "New: 2026-08-01."
    assert "- LaminDB's code can't be compared or patched: " in scenario.heard()
    assert not (scenario.home / "proposals" / "2026-08-01" / "lamindb.patch").exists()

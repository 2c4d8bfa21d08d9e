"""The rules of a dataset schema: proposed where there are none, and waited for."""

import json
from pathlib import Path

import pytest

from bot.adapters.local.repository import LocalRepository
from bot.cli.context import installed_lamindb_module
from bot.errors import BotError
from flows import world
from flows.town import Town

ASKED: dict[str, object] = {
    "place": "obs: donor_age",
    "lines": [44, 50],
    "text": "which registry @has it?",
}
BOTH = ("2026-02-01", "2026-08-01")


def has_schema_8(town: Town) -> None:
    """A release of a dataset schema without rules."""
    newer = world.entry("2026-08-01", schema="8.0.0")
    town.has_releases(newer, world.entry("2026-02-01"), hosted=BOTH)
    town.has_document("8.0.0", world.document("8.0.0", cl="2026-01-01", fields=["donor_age"]))


@pytest.fixture
def town_of_8(town: Town) -> Town:
    """The release's manifest was merged before anybody looked at the rules."""
    has_schema_8(town)
    town.the_clock_strikes()
    town.merges("maintainer", "2026-08-01")
    town.heard()
    return town


def test_a_schema_without_rules_gets_some_proposed(town: Town) -> None:
    has_schema_8(town)
    town.the_clock_strikes()
    told = town.heard()
    assert "[opens thread 2] Census 2026-08-01 (LTS)" in told
    proposed = town.home / "proposals" / "2026-08-01" / "rules" / "8.0.0.json"
    rules = json.loads(proposed.read_text())
    assert rules["dataset_schema_version"] == "8.0.0"
    assert (
        "**Before that:** Dataset schema 8.0.0 has no rules yet "
        f"({len(rules['judgements'])} judgements for a person). "
        "Review `rules/8.0.0.json` of the proposal, answer its judgements, and merge it as "
        "`runners/rules/8.0.0.json`. `/ingest` waits for it."
    ) in told


def test_a_schema_with_rules_gets_none_proposed(town: Town) -> None:
    has_schema_8(town)
    town.has_rules("8.0.0")
    town.the_clock_strikes()
    assert "Before that" not in town.heard()
    assert not (town.home / "proposals" / "2026-08-01" / "rules").exists()


def test_ingest_is_refused_without_rules(town_of_8: Town) -> None:
    town_of_8.says("maintainer", "/ingest", thread=2)
    assert town_of_8.heard() == (
        "[reacts to comment 2] confused\n"
        "[says in 2, comment 3] ⛔ **Not done:** there are no rules for dataset schema 8.0.0: "
        "`runners/rules/8.0.0.json` isn't there.\n"
        "\n"
        "Review `rules/8.0.0.json` of the proposal, answer its judgements, and merge it as "
        "`runners/rules/8.0.0.json`. Then say `/ingest` again.\n"
        "\n"
        "> You said: `/ingest`"
    )


def test_ingest_is_refused_while_a_judgement_is_open(town_of_8: Town) -> None:
    town_of_8.has_rules("8.0.0", ASKED, {**ASKED, "answer": "in none"})
    town_of_8.says("maintainer", "/ingest", thread=2)
    told = town_of_8.heard()
    assert (
        "⛔ **Not done:** in `runners/rules/8.0.0.json` a person must still answer 1 judgement:\n"
        "\n"
        "- obs: donor_age: which registry @\u200bhas it?\n"
        "\n"
        "Mend the rules where they need it, give each judgement an `answer`, and merge "
        "`runners/rules/8.0.0.json`. Then say `/ingest` again."
    ) in told


def test_when_the_last_judgement_is_answered_it_starts(town_of_8: Town) -> None:
    town_of_8.has_rules("8.0.0", {**ASKED, "answer": "in none"})
    town_of_8.says("maintainer", "/ingest", thread=2)
    assert "[starts 2026-08-01-ingest-2]" in town_of_8.heard()


def test_a_merge_doesnt_start_what_has_no_rules(announced_town: Town) -> None:
    has_schema_8(announced_town)
    announced_town.the_clock_strikes()
    announced_town.heard()
    announced_town.merges("maintainer", "2026-08-01")
    assert announced_town.heard() == (
        "[labels thread 2] manifest merged\n"
        "[says in 2, comment 1] ⏳ The manifest of 2026-08-01 was merged, but its ingestion isn't "
        "started: there are no rules for dataset schema 8.0.0: `runners/rules/8.0.0.json` isn't "
        "there.\n"
        "\n"
        "**Next:** Review `rules/8.0.0.json` of the proposal, answer its judgements, and merge it "
        "as `runners/rules/8.0.0.json`. Then say `/ingest`."
    )


def test_broken_rules_are_named(town: Town) -> None:
    (town.home / "rules" / "7.0.0.json").write_text('{"judgements": [3]}')
    with pytest.raises(BotError, match=r"7\.0\.0\.json: can't be read as rules"):
        town.says("maintainer", "/ingest")
    town.heard()


def test_the_bots_own_rules_count_as_reviewed(town: Town) -> None:
    own = LocalRepository(town.home / "repository", town.home / "proposals").rules()
    assert own["7.0.0"] == ()


@pytest.fixture
def lamindb(town: Town) -> str:
    """Where the town finds the installed module."""
    file = installed_lamindb_module()
    if file is None:
        pytest.skip("LaminDB isn't installed")
    address = "https://lamindb.test/_cellxgene.py"
    town.pages.texts[address] = Path(file).read_text()
    town.set(lamindb=address)
    return address


def test_a_patch_of_lamindb_is_proposed_and_told(town: Town, lamindb: str) -> None:
    has_schema_8(town)
    town.the_clock_strikes()
    assert lamindb in town.pages.texts
    told = town.heard()
    assert "### LaminDB's code\n\n`lamindb.patch` in the proposal mends this:\n\n- " in told
    patch = (town.home / "proposals" / "2026-08-01" / "lamindb.patch").read_text()
    assert "+++ b/lamindb/examples/cellxgene/_cellxgene.py" in patch


def test_a_module_that_lamindb_rebuilt_keeps_no_release_back(town: Town, lamindb: str) -> None:
    town.pages.texts[lamindb] = "x = 1\n"
    has_schema_8(town)
    assert town.the_clock_strikes() == "New: 2026-08-01."
    assert "- LaminDB's code can't be compared or patched: " in town.heard()
    assert not (town.home / "proposals" / "2026-08-01" / "lamindb.patch").exists()

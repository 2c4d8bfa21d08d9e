"""A new release on the page: one thread and one proposal, once."""

import json
from pathlib import Path

import pytest

from bot.errors import BotError
from flows import world
from flows.scenario import Scenario

EXPECTED = Path(__file__).parent / "expected"


def test_a_new_release_gets_a_proposal_and_a_thread(empty_scenario: Scenario) -> None:
    assert empty_scenario.the_clock_strikes() == "New: 2026-02-01."
    proposal = empty_scenario.home / "proposals" / "2026-02-01"
    # What the diff itself says is its own tests' business.
    diff, impact = ((proposal / name).read_text().strip() for name in ("diff.md", "impact.md"))
    expected = (EXPECTED / "announcement.txt").read_text()
    expected = expected.replace("DIFF", diff).replace("IMPACT", impact)
    assert empty_scenario.heard() == expected

    assert sorted(path.name for path in proposal.iterdir()) == [
        "2026-02-01.toml",
        "diff.json",
        "diff.md",
        "impact.json",
        "impact.md",
    ]
    manifest = (proposal / "2026-02-01.toml").read_text()
    assert manifest == (EXPECTED / "2026-02-01.toml").read_text()
    found = json.loads((proposal / "diff.json").read_text())
    assert [field["name"] for field in found["fields_added"]] == ["donor_age"]


def test_a_second_look_finds_nothing_new(announced_scenario: Scenario) -> None:
    assert announced_scenario.the_clock_strikes() == "Nothing new."
    assert announced_scenario.heard() == ""


def test_a_release_without_a_schema_change_is_announced_without_a_diff(scenario: Scenario) -> None:
    scenario.has_releases(
        world.entry("2026-08-01"), world.entry("2026-02-01"), hosted=("2026-02-01", "2026-08-01")
    )
    assert scenario.the_clock_strikes() == "New: 2026-08-01."
    told = scenario.heard()
    assert "[opens thread 2] Census 2026-08-01 (LTS): 12 datasets, dataset schema unchanged" in told
    assert "Its dataset schema is unchanged (7.0.0)." in told
    files = [path.name for path in (scenario.home / "proposals" / "2026-08-01").iterdir()]
    assert files == ["2026-08-01.toml"]


def test_several_new_releases_get_a_thread_each_oldest_first(announced_scenario: Scenario) -> None:
    versions = ("2027-01-01", "2026-08-01", "2026-02-01")
    announced_scenario.has_releases(*map(world.entry, versions), hosted=versions)
    assert announced_scenario.the_clock_strikes() == "New: 2026-08-01. New: 2027-01-01."
    titles = [announced_scenario.threads.read(number).title for number in (2, 3)]
    assert [title.split()[1] for title in titles] == ["2026-08-01", "2027-01-01"]
    announced_scenario.heard()


def test_where_nothing_is_known_only_the_newest_release_is_news(empty_scenario: Scenario) -> None:
    next(empty_scenario.home.glob("repository/**/*.toml")).unlink()
    assert empty_scenario.the_clock_strikes() == "New: 2026-02-01."
    told = empty_scenario.heard()
    assert "No earlier release has a manifest here, so none is named as its predecessor." in told
    # It is compared with the release before it on the page all the same.
    assert "Dataset schema 6.0.0 → 7.0.0: no changes need code" in told


def test_a_release_from_before_the_bot_is_left_alone(announced_scenario: Scenario) -> None:
    versions = ("2026-02-01", "2025-06-01", "2025-01-01")
    announced_scenario.has_releases(*map(world.entry, versions), hosted=versions)
    assert announced_scenario.the_clock_strikes() == "Nothing new."
    assert announced_scenario.heard() == ""


def test_a_release_that_the_page_adds_after_a_newer_one_is_news(
    announced_scenario: Scenario,
) -> None:
    """It follows what is older than it, whatever was announced before it."""
    versions = ("2026-02-01", "2025-09-09", "2025-06-01")
    announced_scenario.has_releases(*map(world.entry, versions), hosted=versions)
    assert announced_scenario.the_clock_strikes() == "New: 2025-09-09."
    assert "The manifest follows that of 2025-06-01." in announced_scenario.heard()


def test_what_waited_while_a_newer_one_was_announced_is_news_then(empty_scenario: Scenario) -> None:
    versions = ("2026-08-01", "2026-02-01", "2025-06-01")
    entries = [world.entry(version) for version in versions]
    empty_scenario.has_releases(*entries, hosted=("2025-06-01", "2026-08-01"))
    assert empty_scenario.the_clock_strikes() == (
        "New: 2026-08-01. 2026-02-01 is on the page, but not hosted yet: waiting."
    )
    empty_scenario.heard()
    empty_scenario.has_releases(*entries, hosted=versions)
    assert empty_scenario.the_clock_strikes() == "New: 2026-02-01."
    assert "[opens thread 2] Census 2026-02-01 (LTS)" in empty_scenario.heard()


def test_a_release_that_isnt_hosted_yet_is_waited_for(announced_scenario: Scenario) -> None:
    announced_scenario.has_releases(
        world.entry("2026-08-01"), world.entry("2026-02-01"), hosted=("2026-02-01",)
    )
    assert announced_scenario.the_clock_strikes() == (
        "Nothing new. 2026-08-01 is on the page, but not hosted yet: waiting."
    )
    assert announced_scenario.heard() == ""


def test_what_page_and_directory_disagree_on_is_said(empty_scenario: Scenario) -> None:
    listed = json.loads(world.directory(["2026-02-01"], v2026_02_01="doubled | @cells"))
    listed["2026-02-01"]["release_build"] = "2026-01-15"
    listed["2026-02-01"]["flags"]["lts"] = False
    empty_scenario.pages.texts[world.DIRECTORY] = json.dumps(listed)
    empty_scenario.the_clock_strikes()
    told = empty_scenario.heard()
    section = told.split("### ⚠️ To look at before merging\n\n")[1].split("\n\n###")[0]
    assert section.splitlines() == [
        "- The release directory says that it was retracted on 2026-02-03 "
        "(doubled \\| @\u200bcells).",
        "- The page lists it as LTS; the release directory doesn't.",
        "- The page says that it was built 2026-02-01, the directory 2026-01-15.",
    ]


GUIDE = "https://guide.test/ontology_info.json"


def test_other_sources_are_heard_and_keep_nothing_back(empty_scenario: Scenario) -> None:
    genes = "https://genes.test/{version}/gene_info.yml"
    empty_scenario.set(witnesses={"ontology_guide": GUIDE, "gene_info": genes})
    pins = {"CL": {"version": "v2025-09-01"}, "PATO": {"version": "@v1"}}
    empty_scenario.pages.texts[GUIDE] = json.dumps({"7.0.0": {"ontologies": pins}})
    assert empty_scenario.the_clock_strikes() == "New: 2026-02-01."
    told = empty_scenario.heard()
    assert (
        "### Other sources on the dataset schema\n"
        "\n"
        "The document decides. These say otherwise, or couldn't be asked:\n"
        "\n"
        "- gene_info couldn't be compared: answered 404 Not Found; correct the address.\n"
        "- ontology_guide: CL: the document pins 2025-07-30 (line 18), it has v2025-09-01.\n"
        "- ontology_guide: PATO @\u200bv1: the document doesn't pin it.\n"
    ) in told
    proposed = empty_scenario.home / "proposals" / "2026-02-01"
    guide, missing = json.loads((proposed / "diff.json").read_text())["witnesses"]
    assert guide["address"] == GUIDE
    assert guide["disagreements"][0].startswith("CL: the document pins 2025-07-30")
    assert (missing["address"], missing["disagreements"]) == (genes.format(version="7.0.0"), [])
    assert "### Sources that couldn't be compared" in (proposed / "diff.md").read_text()


def test_sources_that_agree_are_no_matter_for_the_thread(empty_scenario: Scenario) -> None:
    empty_scenario.set(witnesses={"ontology_guide": GUIDE})
    pins = {"CL": {"version": "v2025-07-30"}}
    empty_scenario.pages.texts[GUIDE] = json.dumps({"7.0.0": {"ontologies": pins}})
    empty_scenario.has_document("6.0.0")
    text = empty_scenario.pages.texts[world.TEMPLATE.format(version="7.0.0")]
    log = "* obs (Cell metadata)\n  * Added `donor_age`\n  * Removed `donor_id`\n"
    text += f"\n## Appendix A. Changelog\n\n### schema v7.0.0\n\n{log}"
    empty_scenario.has_document("7.0.0", text)
    empty_scenario.the_clock_strikes()
    told = empty_scenario.heard()
    (line,) = [line for line in told.splitlines() if line.startswith("- Changelog of ")]
    assert line == (
        "- Changelog of 7.0.0, obs (Cell metadata): “Removed \\`donor_id\\`”, "
        "but the document still describes it."
    )
    assert "ontology_guide" not in told


def truncated(scenario: Scenario) -> None:
    scenario.pages.texts[world.PAGE] = world.page(world.entry("2026-02-01"))[:-20]


def emptied(scenario: Scenario) -> None:
    scenario.pages.texts[world.PAGE] = world.page()


def gone(scenario: Scenario) -> None:
    del scenario.pages.texts[world.PAGE]


def with_a_broken_directory(scenario: Scenario) -> None:
    scenario.pages.texts[world.DIRECTORY] = "{"


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (truncated, "releases.html: The release page is truncated"),
        (emptied, "lists no release, though 2025-06-01 is known; check the setting release_page."),
        (gone, "releases.html: answered 404 Not Found"),
        (with_a_broken_directory, "release.json: The release directory isn't JSON"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_cant_be_read_is_refused_and_changes_nothing(
    empty_scenario: Scenario, broken: object, says: str
) -> None:
    assert callable(broken)
    broken(empty_scenario)
    with pytest.raises(BotError) as refusal:
        empty_scenario.the_clock_strikes()
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert empty_scenario.heard() == ""

"""What the bot says of a release that it has announced, and when it says nothing."""

import json
from collections.abc import Callable

import pytest

from bot.model.markers import Marker, MarkerKind, sign
from flows import world
from flows.scenario import Scenario, bad, good

BOTH = ("2025-06-01", "2026-02-01")
OLDER = world.entry("2025-06-01", schema="6.0.0", datasets="10", cells="700")


def now_says(scenario: Scenario, *, hosted: str | None = None, **told: str) -> None:
    """The newer release's entry says this, and the directory that, if anything else."""
    scenario.pages.texts[world.PAGE] = world.page(world.entry("2026-02-01", **told), OLDER)
    scenario.pages.texts[world.DIRECTORY] = hosted or world.directory(BOTH)


def looks(scenario: Scenario) -> str:
    """What a look says; a second and a third must say nothing."""
    reason = scenario.the_clock_strikes()
    told = scenario.heard()
    for _ in range(2):
        assert scenario.the_clock_strikes() == "Nothing new."
        assert scenario.heard() == ""
    assert reason
    return f"{reason}\n{told}"


# --- corrections ----------------------------------------------------------------------------------


def test_a_correction_is_one_comment_in_the_releases_thread(announced_scenario: Scenario) -> None:
    now_says(announced_scenario, datasets="11", cells="850", census="2.4.1", embedding="scvi")
    assert looks(announced_scenario) == (
        "Corrected: 2026-02-01 (dataset_count, census_schema_version, cell_counts, embeddings).\n"
        "[says in 1, comment 1] ✏️ **The release page now says otherwise of 2026-02-01.**\n"
        "\n"
        "**Next:** correct `dataset_count` and `census_schema_version` in the proposed manifest "
        "`runners/releases/2026-02-01.toml`; I don't change it.\n"
        "\n"
        "|  | Announced | Now |\n"
        "| --- | --- | --- |\n"
        "| Datasets | 12 | 11 |\n"
        "| Census schema | 2.4.0 | 2.4.1 |\n"
        "| Cells of Homo sapiens: total (unique) | 900 (800) | 850 (800) |\n"
        "| Embedding scVI (cells) | \u2013 | Homo sapiens: scvi |"
    )


def test_a_later_correction_is_compared_with_the_earlier_one(announced_scenario: Scenario) -> None:
    for datasets, before in (("11", "12"), ("12", "11"), ("11", "12")):
        now_says(announced_scenario, datasets=datasets)
        assert f"| Datasets | {before} | {datasets} |" in looks(announced_scenario)
    assert len(announced_scenario.threads.comments(1)) == 3


def test_another_dataset_schema_makes_the_comparison_void(announced_scenario: Scenario) -> None:
    now_says(announced_scenario, schema="7.1.0")
    assert (
        "`runners/releases/2026-02-01.toml`; I don't change it. What was said above of the dataset "
        "schema holds for the announced version only."
    ) in looks(announced_scenario)


def test_what_no_manifest_holds_asks_for_nothing(announced_scenario: Scenario) -> None:
    now_says(announced_scenario, cells="901")
    assert "**Next:** nothing; the manifest doesn't hold this." in looks(announced_scenario)


def test_a_correction_of_what_is_registered_asks_a_person(scenario: Scenario) -> None:
    ingested(scenario)
    now_says(scenario, datasets="11")
    assert (
        "**Next:** a person decides. The release is registered as it was announced "
        "(`dataset_count`); if that is wrong now, correct `dataset_count` in "
        "`runners/releases/2026-02-01.toml` and say `/ingest`."
    ) in looks(scenario)


def test_where_a_merge_starts_an_ingest_the_correction_says_so(scenario: Scenario) -> None:
    ingested(scenario)
    scenario.set(ingest_on_merge=True)
    now_says(scenario, datasets="11")
    assert "in `runners/releases/2026-02-01.toml`: its merge starts an ingest." in looks(scenario)


def ingested(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest")
    (run,) = scenario.runs.all()
    scenario.ends(run.request.run_id, good("d1"))
    scenario.heard()


def test_an_edit_on_the_day_of_a_new_release(announced_scenario: Scenario) -> None:
    """As on 2023-05-15: one entry is corrected while another is added."""
    versions = ("2025-06-01", "2026-02-01", "2026-08-01")
    corrected = world.entry("2026-02-01", datasets="11")
    announced_scenario.has_releases(world.entry("2026-08-01"), corrected, OLDER, hosted=versions)
    assert looks(announced_scenario).startswith(
        "New: 2026-08-01. Corrected: 2026-02-01 (dataset_count).\n"
    )


def test_a_bucket_move_is_a_correction_until_the_release_is_ingested(
    announced_scenario: Scenario,
) -> None:
    now_says(announced_scenario, hosted=world.directory(BOTH, bucket="moved"))
    assert looks(announced_scenario) == (
        "Corrected: 2026-02-01 (storage.soma, storage.h5ads).\n"
        "[says in 1, comment 1] ✏️ **The release directory now says otherwise of 2026-02-01.**\n"
        "\n"
        "**Next:** correct `storage` in the proposed manifest "
        "`runners/releases/2026-02-01.toml`; I don't change it.\n"
        "\n"
        "|  | Announced | Now |\n"
        "| --- | --- | --- |\n"
        "| SOMA | s3://census/cell-census/2026-02-01/soma "
        "| s3://moved/cell-census/2026-02-01/soma |\n"
        "| H5ADs | s3://census/cell-census/2026-02-01/h5ads "
        "| s3://moved/cell-census/2026-02-01/h5ads |"
    )


def test_a_bucket_move_of_an_ingested_release_is_nothing(scenario: Scenario) -> None:
    ingested(scenario)
    now_says(scenario, hosted=world.directory(BOTH, bucket="moved"))
    assert looks(scenario) == "Nothing new.\n"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"datasets": "many"}, "dataset_count"),
        ({"census": "soon"}, "census_schema_version"),
        ({"cells": "lots"}, "cell_counts"),
        ({"datasets": "many", "cells": "1"}, "dataset_count"),
    ],
)
def test_what_cant_be_read_any_more_is_no_change(
    announced_scenario: Scenario, told: dict[str, str], name: str
) -> None:
    now_says(announced_scenario, **told)
    assert announced_scenario.the_clock_strikes() == (
        f"2026-02-01: {name} can't be read any more: waiting."
    )
    assert announced_scenario.heard() == ""
    now_says(announced_scenario)
    assert announced_scenario.the_clock_strikes() == "Nothing new."


def test_a_table_that_isnt_known_any_more_takes_no_embeddings_away(
    announced_scenario: Scenario,
) -> None:
    now_says(announced_scenario, embedding="scvi")
    looks(announced_scenario)
    page = announced_scenario.pages.texts[world.PAGE]
    announced_scenario.pages.texts[world.PAGE] = page.replace("Method", "Way")
    assert announced_scenario.the_clock_strikes() == (
        "2026-02-01: embeddings can't be read any more: waiting."
    )


# --- retracted, vanished --------------------------------------------------------------------------


def test_a_retraction_asks_a_person_once(announced_scenario: Scenario) -> None:
    now_says(announced_scenario, hosted=world.directory(BOTH, v2026_02_01="doubled @cells"))
    assert looks(announced_scenario) == (
        "Retracted: 2026-02-01.\n"
        "[says in 1, comment 1] 🚨 **Release 2026-02-01 was retracted. "
        "A person must decide what becomes of it.**\n"
        "\n"
        "**Next:** don't merge the proposed manifest `runners/releases/2026-02-01.toml` before "
        "that is known.\n"
        "\n"
        "The release directory calls it retracted on 2026-02-03: doubled @\u200bcells."
    )


def test_what_to_do_about_a_retraction_depends_on_how_far_it_went(scenario: Scenario) -> None:
    retracted = world.directory(BOTH, v2026_02_01="x")
    now_says(scenario, hosted=retracted)
    assert (
        "**Next:** don't say `/ingest`, and take `runners/releases/2026-02-01.toml` off the "
        "default branch unless it is to stay."
    ) in looks(scenario)


def test_a_retraction_while_it_is_ingested(scenario: Scenario) -> None:
    scenario.says("maintainer", "/ingest")
    scenario.heard()
    now_says(scenario, hosted=world.directory(BOTH, v2026_02_01="x"))
    assert "`2026-02-01-ingest-2` is going on; decide whether it may go on." in looks(scenario)


def test_a_retraction_of_what_is_registered(scenario: Scenario) -> None:
    ingested(scenario)
    # A thread that a person closed because all was done is still told.
    scenario.threads.close_as(1, "maintainer")
    scenario.heard()
    now_says(scenario, hosted=world.directory(BOTH, v2026_02_01="x"))
    told = looks(scenario)
    assert "it is registered in `demo`; decide whether it stays." in told
    assert 1 in scenario.threads.closed()


@pytest.mark.parametrize("what", ["retracted", "corrected", "vanished", "unhosted"])
def test_one_whose_manifest_was_broken_since_is_not_declined(scenario: Scenario, what: str) -> None:
    """Its thread was closed once it was merged: what comes of it is said there as before."""
    scenario.threads.close_as(1, "maintainer")
    (scenario.home / "repository" / "runners/releases/2026-02-01.toml").write_text("release = ")
    scenario.heard()
    if what == "vanished":
        scenario.pages.texts[world.PAGE] = world.page(OLDER)
    else:
        hosted = BOTH[:1] if what == "unhosted" else BOTH
        why = {"v2026_02_01": "x"} if what == "retracted" else {}
        datasets = "11" if what == "corrected" else "12"
        now_says(scenario, datasets=datasets, hosted=world.directory(hosted, **why))
    assert "[says in 1, comment " in looks(scenario)


@pytest.mark.parametrize("command", ["/ingest", "/ingest --limit 1"])
def test_a_retraction_of_what_is_registered_in_part(scenario: Scenario, command: str) -> None:
    """A dataset failed, or no more was asked for."""
    scenario.says("maintainer", command)
    failed = () if "limit" in command else (bad("d2"),)
    scenario.ends("2026-02-01-ingest-2", good("d1"), *failed)
    scenario.heard()
    now_says(scenario, hosted=world.directory(BOTH, v2026_02_01="x"))
    assert (
        "**Next:** don't say `/ingest`: a part of it is registered in `demo`; decide whether that "
        "stays. The bot takes nothing away."
    ) in looks(scenario)


def test_a_retraction_of_a_part_that_was_done_again(scenario: Scenario) -> None:
    """What was done again is a part still."""
    scenario.says("maintainer", "/ingest --limit 2")
    scenario.ends("2026-02-01-ingest-2", good("d1"), bad("d2"))
    scenario.says("maintainer", "/retry")
    (again,) = (run for run in scenario.runs.all() if run.is_going_on())
    scenario.ends(again.request.run_id, good("d1"), good("d2"))
    scenario.heard()
    now_says(scenario, hosted=world.directory(BOTH, v2026_02_01="x"))
    assert "a part of it is registered in `demo`" in looks(scenario)


def test_a_retraction_of_what_may_be_registered_in_part(scenario: Scenario) -> None:
    """The run was lost, and so was what it had done."""
    scenario.says("maintainer", "/ingest")
    scenario.says("maintainer", "/cancel")
    (scenario.home / "runs" / "2026-02-01-ingest-2" / "journal.jsonl").write_text("{}\n")
    scenario.heard()
    now_says(scenario, hosted=world.directory(BOTH, v2026_02_01="x"))
    assert "a part of it may be registered in `demo`" in looks(scenario)


def test_a_retraction_of_what_has_a_manifest_only_gets_its_own_thread(
    empty_scenario: Scenario,
) -> None:
    empty_scenario.has_releases(OLDER, hosted=("2025-06-01",))
    empty_scenario.pages.texts[world.DIRECTORY] = world.directory(("2025-06-01",), v2025_06_01="x")
    told = looks(empty_scenario)
    assert told.startswith("Retracted: 2025-06-01.\n[opens thread 1] Census 2025-06-01: retracted")
    assert told.endswith("[labels thread 1] needs a person")


def test_what_was_retracted_when_it_was_announced_is_said_there_alone(
    empty_scenario: Scenario,
) -> None:
    empty_scenario.pages.texts[world.DIRECTORY] = world.directory(BOTH, v2026_02_01="x")
    assert looks(empty_scenario).startswith("New: 2026-02-01.\n")


def test_a_retraction_of_an_unknown_release_is_nothing(announced_scenario: Scenario) -> None:
    versions = ("2024-01-01", *BOTH)
    now_says(announced_scenario, hosted=world.directory(versions, v2024_01_01="x"))
    assert looks(announced_scenario) == "Nothing new.\n"


def test_an_entry_that_vanished_asks_a_person_once(announced_scenario: Scenario) -> None:
    announced_scenario.pages.texts[world.PAGE] = world.page(OLDER)
    assert looks(announced_scenario) == (
        "Gone from the release page: 2026-02-01.\n"
        "[says in 1, comment 1] 🚨 **The release page lists 2026-02-01 no longer. "
        "A person must find out why.**\n"
        "\n"
        "**Next:** don't merge the proposed manifest `runners/releases/2026-02-01.toml` before "
        "that is known.\n"
        "\n"
        "The page was read whole, with other releases in it. This is said once."
    )
    # It comes back as it was: nothing is said.
    now_says(announced_scenario)
    assert looks(announced_scenario) == "Nothing new.\n"


def test_a_release_that_the_directory_lost_asks_a_person_once(announced_scenario: Scenario) -> None:
    now_says(announced_scenario, hosted=world.directory(("2025-06-01",)))
    told = looks(announced_scenario)
    assert told.startswith("Gone from the release directory: 2026-02-01.\n[says in 1, comment 1]")


# --- what isn't the bot's, or was decided by a person ---------------------------------------------


def test_a_declined_release_is_left_in_peace(announced_scenario: Scenario) -> None:
    announced_scenario.threads.close_as(1, "maintainer")
    assert announced_scenario.heard() == "[labels thread 1] manifest proposed, closed"
    now_says(announced_scenario, datasets="11", hosted=world.directory(BOTH, v2026_02_01="x"))
    assert looks(announced_scenario) == "Nothing new.\n"
    announced_scenario.pages.texts[world.PAGE] = world.page(OLDER)
    assert looks(announced_scenario) == "Nothing new.\n"


def test_a_record_counts_only_if_the_bot_made_it(announced_scenario: Scenario) -> None:
    text = announced_scenario.threads.texts()[1]
    forged = text.replace('"dataset_count":12', '"dataset_count":99')
    assert forged != text
    announced_scenario.threads.say(1, "mallory", forged)
    forged = sign("x", Marker(MarkerKind.ALERT, "retracted-2026-02-01"))
    announced_scenario.threads.say(1, "mallory", forged)
    assert looks(announced_scenario) == "Nothing new.\n"
    now_says(announced_scenario, hosted=world.directory(BOTH, v2026_02_01="x"))
    assert looks(announced_scenario).startswith("Retracted: 2026-02-01.\n")


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: f"{text}\n\nEdited by a person.",
        lambda text: text.replace("is out", "is in"),
    ],
)
def test_an_edited_thread_stays_as_it_is(
    announced_scenario: Scenario, edit: Callable[[str], str]
) -> None:
    file = announced_scenario.home / "threads" / "1" / "thread.md"
    file.write_text(edit(file.read_text()))
    before = file.read_bytes()
    announced_scenario.heard()
    assert looks(announced_scenario) == "Nothing new.\n"
    assert file.read_bytes() == before


def breaks_the_record(scenario: Scenario) -> None:
    file = scenario.home / "threads" / "1" / "thread.md"
    file.write_text(file.read_text().replace('"dataset_count":12', '"dataset_count":'))
    scenario.heard()


def test_a_broken_record_is_said_once_and_corrections_go_on(announced_scenario: Scenario) -> None:
    breaks_the_record(announced_scenario)
    assert looks(announced_scenario) == (
        "Remembered anew: 2026-02-01.\n"
        "[says in 1, comment 1] 📌 **I can't tell any more what I announced of 2026-02-01: the "
        "hidden line in my text was edited.** From now on I compare with what page and directory "
        "say today; if they were corrected meanwhile, I have missed it.\n"
        "\n"
        "**Next:** check the proposed manifest `runners/releases/2026-02-01.toml` against this.\n"
        "\n"
        "|  | Now |\n"
        "| --- | --- |\n"
        "| Built | 2026-02-01 |\n"
        "| Datasets | 12 |\n"
        "| Census schema | 2.4.0 |\n"
        "| Dataset schema | 7.0.0 |"
    )
    now_says(announced_scenario, datasets="11")
    assert "| Datasets | 12 | 11 |" in looks(announced_scenario)


def test_a_broken_record_is_made_up_for_by_the_manifest(scenario: Scenario) -> None:
    breaks_the_record(scenario)
    now_says(scenario, datasets="11")
    told = looks(scenario)
    assert "**Next:** a person decides whether `runners/releases/2026-02-01.toml` is to be" in told
    assert "|  | Manifest | Now |\n| --- | --- | --- |\n| Datasets | 12 | 11 |" in told
    # Broken a second time, it is said a second time.
    for file in (scenario.home / "threads" / "1").rglob("*.md"):
        file.write_text(file.read_text().replace('"dataset_count":11', '"dataset_count":'))
    scenario.heard()
    now_says(scenario, datasets="12")
    told = looks(scenario)
    assert "**Next:** nothing; `runners/releases/2026-02-01.toml` says the same as page" in told


def test_a_broken_record_waits_for_what_can_be_read(announced_scenario: Scenario) -> None:
    breaks_the_record(announced_scenario)
    now_says(announced_scenario, datasets="many")
    assert announced_scenario.the_clock_strikes() == "Nothing new."
    assert announced_scenario.heard() == ""


def test_an_edited_proposal_stays_as_it_is(empty_scenario: Scenario) -> None:
    """Killed between the proposal and the thread; meanwhile a person edits the proposal."""
    proposal = empty_scenario.home / "proposals" / "2026-02-01"
    proposal.mkdir(parents=True)
    (proposal / "2026-02-01.toml").write_text("edited")
    empty_scenario.the_clock_strikes()
    assert "[opens thread 1]" in empty_scenario.heard()
    assert [file.read_text() for file in proposal.iterdir()] == ["edited"]


def test_a_page_that_lists_none_of_several_known_releases_is_refused(
    announced_scenario: Scenario,
) -> None:
    versions = ("2026-02-01", "2026-08-01")
    announced_scenario.has_releases(*map(world.entry, versions), hosted=versions)
    announced_scenario.the_clock_strikes()
    announced_scenario.heard()
    announced_scenario.pages.texts[world.PAGE] = world.page(world.entry("2027-01-01"))
    refusal = announced_scenario.is_refused()
    assert refusal.startswith("The release page lists none of the 3 releases that are known;")
    assert announced_scenario.heard() == ""


def test_a_directory_that_has_none_of_several_releases_is_refused(
    announced_scenario: Scenario,
) -> None:
    versions = ("2026-02-01", "2026-08-01")
    announced_scenario.has_releases(*map(world.entry, versions), hosted=versions)
    announced_scenario.the_clock_strikes()
    announced_scenario.heard()
    announced_scenario.pages.texts[world.DIRECTORY] = world.directory(["2024-01-01"])
    refusal = announced_scenario.is_refused()
    assert refusal.startswith(
        "The release directory has none of the 2 releases that were announced;"
    )
    assert announced_scenario.heard() == ""


def test_flags_that_arent_lts_and_aliases_are_nothing(announced_scenario: Scenario) -> None:
    listed = json.loads(announced_scenario.pages.texts[world.DIRECTORY])
    weekly = json.loads(world.directory(["2026-12-01"]))["2026-12-01"]
    listed |= {"latest": "2026-12-01", "stable": "2025-06-01"}
    listed["2026-12-01"] = {**weekly, "flags": {}, "do_not_delete": True}
    announced_scenario.pages.texts[world.DIRECTORY] = json.dumps(listed)
    assert looks(announced_scenario) == "Nothing new.\n"

"""A merge on GitHub, as a job of Actions sees it: who merged what, and what the run works on."""

from dataclasses import replace

import pytest
from fake_github import people

from bot.model.events import ManifestMerged, RunAsked
from flows.conftest import OLDER
from flows.github_scenario import GithubScenario
from flows.scenario import good
from flows.test_jobs import done, job
from flows.test_on_github import empty_scenario as _empty_scenario
from runners.contract import RunRequest

empty_scenario = _empty_scenario
PATH = "runners/releases/2026-02-01.toml"


def sent(scenario: GithubScenario) -> RunRequest:
    """The request of the newest run."""
    *_, run = scenario.fake.runs.values()
    return RunRequest.from_json(run.inputs["request"], source="input")


def manifest(scenario: GithubScenario) -> str:
    return scenario.fake.files("main")[PATH]


def pushes(scenario: GithubScenario, login: str, text: str) -> str:
    """Straight to the default branch; returns the commit."""
    commit = people.push(scenario.fake, login, {PATH: text})
    scenario.delivered()
    return commit


def test_the_run_carries_what_was_merged(announced_scenario: GithubScenario) -> None:
    event = announced_scenario.merges("maintainer", "2026-02-01")
    asked = sent(announced_scenario)
    assert (asked.manifest_commit, asked.manifest_blob) == (event.commit, event.blob)
    assert announced_scenario.fake.blobs[event.blob].decode() == manifest(announced_scenario)
    assert announced_scenario.fake.runs
    announced_scenario.heard()


def test_a_commands_run_carries_where_the_manifest_was_merged(scenario: GithubScenario) -> None:
    merged = scenario.fake.branches["main"]
    people.push(scenario.fake, "writer", {"README.md": "Something else."})
    said = scenario.says("maintainer", "/ingest")
    asked = sent(scenario)
    assert (asked.manifest_commit, asked.comment) == (merged, said.comment_id)
    assert asked.manifest_blob == scenario.fake.blob(manifest(scenario).encode())
    scenario.heard()


def test_the_check_lands_on_the_state_that_the_run_worked_on(scenario: GithubScenario) -> None:
    merged = scenario.fake.branches["main"]
    scenario.says("maintainer", "/ingest")
    pushes(scenario, "maintainer", manifest(scenario) + "\n# corrected\n")
    assert scenario.fake.branches["main"] != merged
    scenario.ends("2026-02-01-ingest-2", good("d1"))
    assert [check.sha for check in scenario.fake.checks.values()] == [merged]
    scenario.heard()


@pytest.mark.parametrize(
    ("who", "has"), [("writer", "has the role *write*"), ("stranger", "has the role *read*")]
)
def test_who_may_not_say_ingest_may_not_start_it_by_a_merge(
    announced_scenario: GithubScenario, who: str, has: str
) -> None:
    announced_scenario.merges(who, "2026-02-01")
    assert announced_scenario.heard() == (
        "[labels thread 1] manifest merged\n"
        "[says in 1, comment 1] ⏳ The manifest of 2026-02-01 was merged, but its ingestion isn't "
        f"started: @{who}, who merged it, {has}, and "
        "starting it needs *maintain*.\n\n"
        "**Next:** somebody with the role *maintain* says `/ingest`."
    )
    announced_scenario.says("maintainer", "/ingest")
    assert "[starts 2026-02-01-ingest-3]" in announced_scenario.heard()


QUEUE = "github-merge-queue[bot]"


def test_after_a_merge_queue_a_person_says_who_starts_it(
    announced_scenario: GithubScenario,
) -> None:
    """The push is the queue's own, and says nothing of who has put the pull request in it:
    https://github.com/ahrefs/monorobot/pull/205
    The queue has no role: https://github.com/chdsbd/kodiak/pull/231
    """
    event = announced_scenario.merges(QUEUE, "2026-02-01")
    assert event.actor == QUEUE
    assert announced_scenario.heard() == (
        "[labels thread 1] manifest merged\n"
        "[says in 1, comment 1] ⏳ The manifest of 2026-02-01 was merged, but its ingestion isn't "
        "started: GitHub's merge queue merged it, and doesn't say who had put it there.\n\n"
        "**Next:** somebody with the role *maintain* says `/ingest`."
    )
    announced_scenario.says("writer", "/ingest")
    assert "⛔ **Not done:**" in announced_scenario.heard()
    announced_scenario.says("maintainer", "/ingest")
    assert "[starts 2026-02-01-ingest-" in announced_scenario.heard()


def test_the_branches_of_a_merge_queue_are_no_merge(announced_scenario: GithubScenario) -> None:
    """It pushes to `gh-readonly-queue/...` first, with the same files. See
    https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
    """
    proposal = next(pull for pull in announced_scenario.fake.issues.values() if pull.pull)
    people.merge(announced_scenario.fake, QUEUE, proposal.number)
    (delivery,) = announced_scenario.fake.outbox
    branch = f"refs/heads/gh-readonly-queue/main/pr-{proposal.number}-{'a' * 40}"
    announced_scenario.fake.outbox = [
        replace(delivery, payload={**delivery.payload, "ref": branch})
    ]
    assert announced_scenario.delivered() == []
    assert announced_scenario.heard() == ""


def test_the_settings_role_holds_for_a_merge_too(announced_scenario: GithubScenario) -> None:
    from bot.model.commands import Role, Verb

    announced_scenario.set(minimum_roles={Verb.INGEST: Role.ADMIN})
    announced_scenario.merges("maintainer", "2026-02-01")
    assert "starting it needs *admin*" in announced_scenario.heard()
    assert announced_scenario.fake.runs == {}


def test_a_merge_that_a_later_one_overtook_is_left_to_that(
    announced_scenario: GithubScenario,
) -> None:
    scenario = announced_scenario
    proposal = next(pull for pull in scenario.fake.issues.values() if pull.pull)
    people.merge(scenario.fake, "writer", proposal.number)
    people.push(scenario.fake, "maintainer", {PATH: manifest(scenario) + "\n# corrected\n"})
    first, second = scenario.delivered()
    assert isinstance(first, ManifestMerged)
    assert isinstance(second, ManifestMerged)
    assert sent(scenario).manifest_blob == second.blob != first.blob
    assert len(scenario.fake.runs) == 1
    heard = scenario.heard()
    assert "as @maintainer asked" in heard
    assert heard.count("[says in ") == 1


@pytest.mark.parametrize("before", ["0" * 40, "ab" * 20])
def test_a_push_with_force_starts_what_its_newest_commit_brought(
    announced_scenario: GithubScenario, before: str
) -> None:
    proposal = next(pull for pull in announced_scenario.fake.issues.values() if pull.pull)
    assert proposal.pull is not None
    text = announced_scenario.fake.files(proposal.pull.head_sha)[PATH]
    rules = {p: t for p, t in announced_scenario.fake.files("main").items() if "rules" in p}
    people.force_push(announced_scenario.fake, "maintainer", {**rules, PATH: text}, before)
    (event,) = announced_scenario.delivered()
    assert isinstance(event, ManifestMerged)
    assert f"[starts 2026-02-01-ingest-{event.commit[:8]}]" in announced_scenario.heard()


def test_a_broken_manifest_is_told_in_its_own_thread_and_stops_no_other(
    scenario: GithubScenario,
) -> None:
    text = manifest(scenario)
    wrong = text.replace('release = "2026-02-01"', 'release = "2026-02-02"', 1)
    pushes(scenario, "maintainer", wrong)
    heard = scenario.heard()
    assert "⏳ The manifest of 2026-02-01 was merged, but its ingestion isn't started" in heard
    assert "2026-02-02.toml or correct the field." in heard
    assert "**Next:** correct it, by another pull request." in heard
    scenario.says("maintainer", "/ingest")
    heard = scenario.heard()
    assert "the release's manifest on the default branch can't be used:" in heard
    assert "Correct it there, by a pull request, then say `/ingest` again." in heard
    scenario.says("maintainer", "/status")
    assert "on the default branch, but can't be used" in scenario.heard()
    pushes(scenario, "maintainer", text)
    scenario.heard()
    other = {"runners/releases/2030-01-01.toml": "= ", "runners/releases/2099-01-01.toml": OLDER}
    people.push(scenario.fake, "maintainer", other)
    scenario.delivered()
    assert scenario.heard() == ""
    scenario.says("maintainer", "/ingest")
    assert "[starts 2026-02-01-ingest-" in scenario.heard()


@pytest.mark.parametrize("data", [b"\xff", b"", b"{", b"[1]", b"= "])
@pytest.mark.parametrize(
    "path",
    ["runners/rules/8.0.0.json", "runners/rules/notes.json", "runners/releases/2025-06-01.toml"],
)
def test_no_other_single_file_stops_a_release(
    scenario: GithubScenario, path: str, data: bytes
) -> None:
    """Neither its command, nor the run that begins, nor the next look."""
    text = manifest(scenario)
    people.push(scenario.fake, "maintainer", {path: "to be broken"})
    scenario.fake.blobs[scenario.fake.blob(b"to be broken")] = data
    scenario.fake.outbox.clear()
    scenario.says("maintainer", "/ingest")
    heard = scenario.heard()
    assert "[starts 2026-02-01-ingest-2]" in heard
    asked = sent(scenario)
    (run,) = scenario.fake.runs.values()
    file = scenario.home / "request.json"
    file.write_text(run.inputs["request"])
    words = ("--actor", scenario.settings.bot, "--workflow-run", str(run.id))
    written = scenario.home / "documents"
    done(job(scenario, "begin", str(file), *words, "--documents", str(written)))
    assert scenario.heard() == ""
    assert (written / asked.manifest).read_text() == text
    assert (written / path).exists() == (data != b"\xff")
    scenario.the_clock_strikes()
    scenario.heard()


def test_a_manifest_that_isnt_text_is_named_in_its_thread(scenario: GithubScenario) -> None:
    blob = scenario.fake.blob(manifest(scenario).encode())
    scenario.fake.blobs[blob] = b"release = \xff"
    scenario.says("maintainer", "/ingest")
    assert f"{PATH}: isn't text in UTF-8 (byte 10); save it as UTF-8." in scenario.heard()


ELSEWHERE = "s3://somebodys-bucket/2026-02-01/soma/"


def elsewhere(scenario: GithubScenario) -> str:
    lines = manifest(scenario).splitlines()
    return "\n".join(f'soma = "{ELSEWHERE}"' if "soma =" in line else line for line in lines) + "\n"


def test_a_release_that_lies_elsewhere_wants_a_persons_word(scenario: GithubScenario) -> None:
    scenario.set(ingest_on_merge=True)
    pushes(scenario, "maintainer", elsewhere(scenario))
    why = (
        f"its manifest says that it lies in `{ELSEWHERE}`: that is in no bucket of the release "
        "directory, and the setting `storage` doesn't name it."
    )
    heard = scenario.heard()
    assert f"its ingestion isn't started: {why}" in heard
    assert "adds the place to `BOT_STORAGE`. Then say `/ingest`." in heard
    for command in ("/ingest", "/verify"):
        scenario.says("maintainer", command)
        assert f"⛔ **Not done:** {why}" in scenario.heard()
    scenario.set(storage=("s3://somebodys-bucket/2026-02-01", "s3://census/"))
    scenario.says("maintainer", "/ingest")
    assert "🚀 **Accepted:**" in scenario.heard()
    asked = sent(scenario)
    scenario.set(storage=("s3://somebodys-bucket/2026-02", "s3://census/"))
    scenario.happens(RunAsked(asked, scenario.settings.bot, by_bot=True, is_first=True))
    assert f"⛔ **Not begun:** `{asked.run_id}`: {why}" in scenario.heard()


def test_a_release_directory_that_cant_be_read_is_named_where_it_matters(
    scenario: GithubScenario,
) -> None:
    del scenario.pages.texts[scenario.settings.release_directory]
    scenario.says("maintainer", "/ingest")
    assert "The release directory couldn't be read:" in scenario.heard()
    scenario.set(storage=("s3://census/",))
    scenario.says("maintainer", "/ingest")
    assert "🚀 **Accepted:**" in scenario.heard()

"""The commands of the workflow files, as a job calls them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_github import people
from fake_github.state import ACTIONS

from bot.__main__ import cli
from flows import world
from flows.github_scenario import GithubScenario
from flows.scenario import bad, good, report
from flows.test_on_github import empty_scenario as _empty_scenario
from runners.contract import CheckReport, ReleaseComparison, RunRequest

empty_scenario = _empty_scenario
RUN = "2026-02-01-ingest-2"


def job(scenario: GithubScenario, *words: str, **changes: str) -> Result:
    """What came of `python -m bot WORDS` with a job's environment."""
    told = scenario.settings
    environment = {
        "BOT_GITHUB": str(told.github),
        "BOT_GITHUB_TOKEN": str(told.github_token),
        "GITHUB_API_URL": told.github_api,
        "BOT_GITHUB_PACE": "0",
        "BOT_INSTANCE": told.instance,
        "BOT_INGEST_ON_MERGE": "false",
        "BOT_BOT": told.bot,
        "BOT_RUNS": str(told.runs),
        "BOT_STORAGE": "s3://census/",
        **changes,
    }
    return CliRunner().invoke(cli, words, env=environment)


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def ended(request_file: Path, work: str, **others: str) -> tuple[str, ...]:
    """The words of `end`, where the job of the work and those before it ended so."""
    results = {"plan": "success", "smoke": "success", "launch": "skipped", "work": work, **others}
    needs = {name: {"result": result, "outputs": {}} for name, result in results.items()}
    log = "https://github.com/octo/cellxgene/actions/runs/1"
    return ("end", str(request_file), "--jobs", json.dumps(needs), "--log", log)


def payload(scenario: GithubScenario, told: Mapping[str, object]) -> str:
    file = scenario.home / "event.json"
    file.write_text(json.dumps(told))
    return str(file)


@pytest.fixture
def request_file(scenario: GithubScenario) -> Path:
    """A maintainer has said /ingest; the request as the dispatch brought it."""
    scenario.says("maintainer", "/ingest")
    scenario.heard()
    (run,) = scenario.fake.runs.values()
    file = scenario.home / "request.json"
    file.write_text(run.inputs["request"])
    return file


def test_a_comment_comes_as_githubs_payload(scenario: GithubScenario) -> None:
    people.comment(scenario.fake, "maintainer", 2, "/status")
    event = payload(scenario, scenario.fake.outbox.pop().payload)
    assert "Asked for the status." in done(
        job(scenario, "handle", "--event", "issue_comment", "--payload", event)
    )
    assert "nothing is running in this instance" in scenario.heard()
    again = done(job(scenario, "handle", "--event", "issue_comment", "--payload", event))
    assert "was answered before" in again


def test_what_doesnt_concern_the_bot_is_said(scenario: GithubScenario) -> None:
    event = payload(scenario, {})
    assert "watch: nothing that concerns the bot." in done(
        job(scenario, "handle", "--event", "watch", "--payload", event)
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"BOT_GITHUB_TOKEN": ""}, "BOT_GITHUB_TOKEN is missing"),
        ({"BOT_GITHUB": ""}, "BOT_GITHUB is missing"),
        ({"BOT_GITHUB": "cellxgene"}, "'cellxgene' is no repository; give it as OWNER/NAME"),
        ({"BOT_GITHUB_PACE": "fast"}, "'fast' is no number of seconds"),
        ({"BOT_GITHUB_TOKEN": "nonsense"}, "GitHub refuses the token"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    scenario: GithubScenario, changes: dict[str, str], said: str
) -> None:
    result = job(scenario, "progress", **changes)
    assert result.exit_code == 2
    assert said in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_a_broken_payload_is_one_sentence(scenario: GithubScenario) -> None:
    (scenario.home / "event.json").write_text("{")
    words = ("handle", "--event", "push", "--payload", str(scenario.home / "event.json"))
    result = job(scenario, *words)
    assert result.exit_code == 2
    assert "not JSON" in result.output


def test_a_run_begins_goes_on_and_ends(scenario: GithubScenario, request_file: Path) -> None:
    output, summary = scenario.home / "output", scenario.home / "summary"
    (run,) = scenario.fake.runs.values()
    begin = ("begin", str(request_file), "--actor", scenario.settings.bot)
    done(job(scenario, *begin, "--workflow-run", str(run.id), "--output", str(output)))
    assert output.read_text() == f"run-id={RUN}\naction=ingest\n"
    assert scenario.heard() == ""

    folder = scenario.home / "runs" / RUN
    folder.mkdir(parents=True)
    (folder / "request.json").write_text(request_file.read_text())
    (folder / "journal.jsonl").write_text('{"at":"2026-03-01T11:00:00+00:00","step":"start"}\n')
    done(job(scenario, "progress"))
    assert "reading and registering" in scenario.heard()

    request = RunRequest.from_file(request_file)
    (folder / "report.json").write_text(report(request, good("d1")).to_json())
    people.end(scenario.fake, run, "success")
    done(job(scenario, *ended(request_file, "success"), "--summary", str(summary)))
    heard = scenario.heard()
    assert "## ✅ Release 2026-02-01 passed its verification" in heard
    assert "has ended; its result stands in a comment of its own" in heard
    assert summary.read_text().startswith("## ✅ Release 2026-02-01 passed")
    place = f"{scenario.fake.address}/{scenario.fake.full_name}/issues/2"
    assert summary.read_text().endswith(f"\n\nIn its thread: {place}\n")
    assert done(job(scenario, "progress")) == ""


def test_a_run_gets_the_default_branchs_manifests_and_rules(
    scenario: GithubScenario, request_file: Path
) -> None:
    """Its code may be another repository's, which has documents of its own."""
    scenario.has_rules("7.0.0")
    own = {"runners/releases/2026-02-01.toml", "runners/rules/7.0.0.json"}
    (scenario.home / "code/runners/releases").mkdir(parents=True)
    (scenario.home / "code/runners/releases/2026-02-01.toml").write_text("the bot's own")
    (run,) = scenario.fake.runs.values()
    words = ("begin", str(request_file), "--actor", scenario.settings.bot, "--workflow-run")
    done(job(scenario, *words, str(run.id), "--documents", str(scenario.home / "code")))
    files = scenario.fake.files("main")
    assert own <= files.keys()
    for path in own:
        assert (scenario.home / "code" / path).read_text() == files[path]


def test_a_reports_page_is_kept_and_linked(scenario: GithubScenario, request_file: Path) -> None:
    kept, output = scenario.home / "kept", scenario.home / "output"
    words = ("fetch-report", str(request_file), str(kept), "--output", str(output))
    done(job(scenario, *words))
    assert not kept.exists()
    assert not output.exists()

    (run,) = scenario.fake.runs.values()
    folder = scenario.home / "runs" / RUN
    folder.mkdir(parents=True)
    (folder / "request.json").write_text(request_file.read_text())
    told = report(RunRequest.from_file(request_file), good("d1"))
    (folder / "report.json").write_text(told.to_json())
    done(job(scenario, *words))
    assert sorted(path.name for path in kept.iterdir()) == [
        "offenders.csv", "report.html", "report.json"
    ]  # fmt: skip
    assert output.read_text() == "page=report.html\n"
    people.end(scenario.fake, run, "success")
    end = (*ended(request_file, "success"), "--page")
    done(job(scenario, *end, ""))
    assert "the whole report" not in scenario.heard()
    done(job(scenario, *end, "https://github.com/octo/cellxgene/actions/runs/1/artifacts/2"))
    assert (
        "**Everything:** [the whole report]"
        "(https://github.com/octo/cellxgene/actions/runs/1/artifacts/2)"
    ) in scenario.heard()


def test_a_run_that_is_repeated_by_hand_is_asked_for_again(
    scenario: GithubScenario, request_file: Path
) -> None:
    """The request is the bot's, as it was; who repeats its workflow run is somebody else."""
    (run,) = scenario.fake.runs.values()
    people.end(scenario.fake, run, "failure")
    output = scenario.home / "output"
    for login, said in (("writer", "⛔ **Not begun:**"), ("maintainer", "▶️ **Begun:**")):
        people.repeat(scenario.fake, run, login)
        words = ("begin", str(request_file), "--actor", login, "--workflow-run", str(run.id))
        assert not output.exists()
        done(job(scenario, *words, "--output", str(output)))
        assert said in scenario.heard()
        people.end(scenario.fake, run, "failure")
    assert output.read_text() == f"run-id={RUN}\naction=ingest\n"
    assert run.attempt == 3


def test_a_dispatch_that_came_twice_begins_once(
    scenario: GithubScenario, request_file: Path
) -> None:
    (run,) = scenario.fake.runs.values()
    second = people.dispatch(scenario.fake, run.actor, run.workflow, run.inputs)
    output = scenario.home / "output"
    words = ("begin", str(request_file), "--actor", scenario.settings.bot)
    done(job(scenario, *words, "--workflow-run", str(second.id), "--output", str(output)))
    assert not output.exists()
    assert "it was dispatched twice; the other one goes on." in scenario.heard()


def test_a_run_of_a_release_without_a_thread_is_refused_too(scenario: GithubScenario) -> None:
    """There is nowhere to say why; it mustn't begin for all that."""
    told = {"run_id": "2025-06-01-ingest-1", "action": "ingest", "release": "2025-06-01"}
    told |= {"manifest": "runners/releases/2025-06-01.toml", "instance": "demo"}
    file, output = scenario.home / "request.json", scenario.home / "output"
    file.write_text(json.dumps(told))
    inputs = {"title": "2025-06-01-ingest-1 in demo", "request": json.dumps(told)}
    run = people.dispatch(scenario.fake, scenario.fake.user("writer"), "ingest.yml", inputs)
    words = ("begin", str(file), "--workflow-run", str(run.id), "--output", str(output), "--actor")
    assert "doesn't begin: @writer may not start it" in done(job(scenario, *words, "writer"))
    assert not output.exists()
    done(job(scenario, *words, "maintainer"))
    assert output.read_text() == "run-id=2025-06-01-ingest-1\naction=ingest\n"
    assert "[starts 2025-06-01-ingest-1] ingest in demo for None" in scenario.heard()


@pytest.mark.parametrize("title", ["anything", "2025-06-01-ingest-1 in theirs"])
def test_a_run_whose_title_hides_it_from_others_is_refused(
    scenario: GithubScenario, title: str
) -> None:
    told = {"run_id": "2025-06-01-ingest-1", "action": "ingest", "release": "2025-06-01"}
    told |= {"manifest": "runners/releases/2025-06-01.toml", "instance": "demo"}
    inputs = {"title": title, "request": json.dumps(told)}
    run = people.dispatch(scenario.fake, scenario.fake.user("maintainer"), "ingest.yml", inputs)
    file = scenario.home / "request.json"
    file.write_text(json.dumps(told))
    words = ("begin", str(file), "--workflow-run", str(run.id), "--actor", "maintainer")
    said = done(job(scenario, *words))
    assert "its workflow run must be called 2025-06-01-ingest-1 in demo" in said
    scenario.fake.runs.clear()


def test_a_run_without_a_report_ends_too(scenario: GithubScenario, request_file: Path) -> None:
    summary = scenario.home / "summary"
    (run,) = scenario.fake.runs.values()
    people.end(scenario.fake, run, "cancelled")
    done(job(scenario, *ended(request_file, "cancelled"), "--summary", str(summary)))
    assert f"## 🛑 Run `{RUN}` was stopped" in scenario.heard()
    assert summary.read_text().startswith(f"## Run {RUN}: no report (work: cancelled)\n\nIn its ")


def test_a_pull_requests_manifests_are_fetched_and_what_was_found_is_said(
    scenario: GithubScenario,
) -> None:
    files = {
        "runners/releases/2026-08-01.toml": "release = 1\n",
        "runners/rules/9.0.0.json": "{}",
        "runners/evil.py": "x",
    }
    pull = people.propose(scenario.fake, "writer", "edit", files)
    changed, found = scenario.home / "changed", scenario.home / "found"
    done(job(scenario, "fetch-manifests", str(pull.number), str(changed)))
    there = (path for path in changed.rglob("*") if path.is_file())
    assert {str(path.relative_to(changed)): path.read_text() for path in there} == {
        "2026-08-01.toml": "release = 1\n",
        "rules/9.0.0.json": "{}",
    }
    found.mkdir()
    (found / "2026-08-01.txt").write_text("what it said\n")
    outcomes = (good("d1"), bad("d2"))
    sound = CheckReport(
        release="2026-08-01", dataset_schema_version="7.0.0", dataset_count=2, outcomes=outcomes
    )
    (found / "2026-08-01.json").write_text(sound.to_json())
    (found / "2026-09-01.txt").write_text("2026-09-01.toml: field x: unknown\n    as it stands\n")
    (found / "compared").mkdir()
    (found / "compared" / "2026-08-01.txt").write_text("what it said\n")
    first = ReleaseComparison(release="2026-08-01", previous=None, remarks=("nothing before",))
    (found / "compared" / "2026-08-01.json").write_text(first.to_json())
    (found / "compared" / "2026-09-01.txt").write_text("2026-09-01.toml: field x: unknown\n")
    for _ in range(2):
        done(job(scenario, "checked", str(pull.number), str(found)))
    compared, said = pull.comments
    assert compared.body == (
        "## Release 2026-08-01, the first\n\n- nothing before.\n\n"
        "## ⚠️ Not compared\n\n`runners/releases/2026-09-01.toml` can't be compared:\n\n"
        "    2026-09-01.toml: field x: unknown\n\n"
        "**Next:** correct what is named above in this pull request; it is compared again.\n\n"
        "By what the stores of both releases list; nothing was written.\n\n"
        f"<!-- cellxgene-ingestion-bot: compared {pull.number} -->\n"
    )
    assert said.body == (
        "## ❌ To be mended\n\n"
        "**Next:** correct what is named below in this pull request; it is checked again.\n\n"
        "`runners/releases/2026-08-01.toml`: 1 of 2 datasets will fail.\n\n"
        "| Dataset | Outcome | Why |\n| --- | --- | --- |\n"
        "| Broken d2 `d2` | unreadable | the file can't be read as h5ad (truncated file) |\n\n"
        "`runners/releases/2026-09-01.toml` can't be checked:\n\n"
        "    2026-09-01.toml: field x: unknown\n        as it stands\n\n"
        "The check is red, because something can't be checked or used, or none of a release's "
        "datasets would be registered.\n\n"
        "Checked by reading the files; nothing was written.\n\n"
        f"<!-- cellxgene-ingestion-bot: checked {pull.number} -->\n"
    )


def look(scenario: GithubScenario) -> Result:
    """What came of the look's command, with page and directory as files, and no documents."""
    pages = scenario.home / "pages"
    pages.mkdir(exist_ok=True)
    for name, address in (("page.html", world.PAGE), ("release.json", world.DIRECTORY)):
        (pages / name).write_text(scenario.pages.texts[address])
    return job(
        scenario,
        "detect",
        BOT_RELEASE_PAGE=str(pages / "page.html"),
        BOT_RELEASE_DIRECTORY=str(pages / "release.json"),
        BOT_SCHEMA_DOCUMENT=str(pages / "{version}.md"),
        BOT_HOME=str(scenario.home / "home"),
    )


def test_detection_is_the_same_command_on_github(scenario: GithubScenario) -> None:
    assert "Nothing new." in done(look(scenario))
    assert "[opens thread 2] Census releases: the bot's dashboard" in scenario.heard()


def test_looks_that_leave_something_unread_are_counted_by_how_their_jobs_end(
    scenario: GithubScenario,
) -> None:
    done(look(scenario))
    known = ("2026-02-01", "2025-06-01")
    versions = ("2026-08-01", *known)
    scenario.has_releases(*map(world.entry, versions), hosted=versions)
    for number in range(1, 5):
        result = look(scenario)
        assert "2026-08-01 waits for its dataset schema" in result.stdout
        is_asked = "[opens thread 3] The bot can't read all" in scenario.heard()
        assert is_asked is (number == 3)
        began = people.start(scenario.fake, "detect.yml", "schedule", scenario.fake.user(ACTIONS))
        people.end(scenario.fake, began, "failure" if result.exit_code else "success")
    scenario.has_releases(*map(world.entry, known), hosted=known)
    done(look(scenario))
    assert "Everything can be read again" in scenario.heard()

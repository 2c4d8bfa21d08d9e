"""`python -m bot doctor`: what is well is ok from end to end, and what can't be seen is unknown."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fake_github import people
from fake_github.faults import primary_limit, unavailable
from instances import REPOSITORY, Place

from launch.set_ups import MANIFEST, WRITING, SetUp, calls, of_machines, push
from runners.rules.wheels import newest_rules

READING_RUNS = {"READ_ROLE": "arn:aws:iam::123456789012:role/bot", "AWS_REGION": "us-west-2"}


def test_a_healthy_set_up_is_ok_from_end_to_end(healthy: SetUp, own: Place) -> None:
    healthy.place, healthy.words = own, []
    rules = newest_rules()
    found = healthy.examined(0)
    assert {line["health"] for line in found.values()} == {"ok"}, found
    assert list(found) == [
        "Python", "packages", "settings", "token", "Actions", "workflow files", "labels",
        "variables", "environment instance", "secret LAMIN_API_KEY", "environment bot",
        "secret APP_PRIVATE_KEY", "secrets of the repository", "App", "release page",
        "release directory", "schema document 7.0.0",
        *(f"{wheel.name} {wheel.version}" for wheel in (rules.ontology_guide, rules.gene_tables)),
        "release 2026-02-01", "instance", "migrations", "branch", "role",
        "sequences", "modules", "features", "sources", "trash", "registered", "runs",
    ]  # fmt: skip


def test_what_the_token_may_not_see_is_unknown_and_never_fine(healthy: SetUp) -> None:
    """A job's own token, which can be given no permission for settings, secrets and variables."""
    healthy.variables["BOT_GITHUB_TOKEN"] = healthy.fake.token(WRITING)
    del healthy.variables["BOT_APP_PRIVATE_KEY"]
    found = healthy.examined(0)
    unknown = {part: line["sentence"] for part, line in found.items() if line["health"] != "ok"}
    assert unknown.keys() == {
        "Actions", "variables", "other secrets", "secrets of the repository", "App", "runs",
    }  # fmt: skip
    assert "it needs the permission administration=read" in unknown["Actions"]
    assert "it needs the permission variables=read" in unknown["App"]


@pytest.mark.parametrize(
    ("name", "value", "unknown"),
    [
        ("BOT_GITHUB", "octo", {"GitHub", "releases"}),
        ("BOT_RELEASE_PAGE", " ", {"release page", "schema document", "releases"}),
        ("BOT_RUNS", " ", {"runs"}),
        ("BOT_INSTANCE", "a b", {"instance"}),
    ],
)
def test_what_hangs_on_a_setting_that_is_refused_is_unknown(
    healthy: SetUp, name: str, value: str, unknown: set[str]
) -> None:
    """It would be judged by the default, which nobody means."""
    healthy.variables[name] = value
    found = healthy.examined(1)
    assert {part for part, line in found.items() if line["health"] == "missing"} == {"settings"}
    assert {part for part, line in found.items() if line["health"] == "unknown"} == unknown


def test_where_runs_are_kept_the_repositorys_variables_say(healthy: SetUp) -> None:
    healthy.variables["BOT_RUNS"] = str(healthy.root)
    assert "as artifacts" in healthy.examined(0)["runs"]["sentence"]
    healthy.fake.variables |= {"RUNS": "s3://ours/runs", **READING_RUNS}
    assert "s3://ours/runs" in healthy.examined(0)["runs"]["sentence"]


def test_what_an_organization_shares_counts_unless_the_repository_has_its_own(
    healthy: SetUp,
) -> None:
    fake = healthy.fake
    fake.shared_variables |= {name: fake.variables.pop(name) for name in ("BOT_INSTANCE",)}
    fake.variables["RUNS"], fake.shared_variables["RUNS"] = "s3://ours/runs", "s3://theirs/runs"
    fake.shared_variables |= READING_RUNS
    assert "s3://ours/runs" in healthy.examined(0)["runs"]["sentence"]


def test_a_job_gives_the_variables_that_its_token_may_not_list(healthy: SetUp) -> None:
    healthy.variables["BOT_GITHUB_TOKEN"] = healthy.fake.token(WRITING)
    of_machines(healthy)
    healthy.variables["REPOSITORY_VARIABLES"] = json.dumps(
        {**healthy.fake.variables, "READ_ROLE": "", "READ_ROL": "arn"}
    )
    found = healthy.examined(1)
    missing = {part for part, line in found.items() if line["health"] == "missing"}
    assert missing == {"App", "variable READ_ROL", "variable READ_ROLE"}
    assert found["secret APP_PRIVATE_KEY"]["health"] == "unknown"


def test_a_github_that_does_not_answer_is_unknown_and_the_rest_is_looked_at(healthy: SetUp) -> None:
    healthy.server.faults.append(unavailable("GET", "/repos/octo/cellxgene", times=1000))
    found = healthy.examined(0)
    unknown = {part for part, line in found.items() if line["health"] == "unknown"}
    assert unknown == {"token", "releases"}
    assert found["release page"]["health"] == "ok"


def test_a_probe_that_is_not_answered_is_no_missing_permission(healthy: SetUp) -> None:
    healthy.server.faults += [
        unavailable("GET", "/check-runs$", times=1000),
        primary_limit("GET", "/pulls$", reset=2_000_000_000),
    ]
    found = healthy.examined(0)
    assert found["token"]["health"] == "unknown"
    assert "whether it reads pull_requests, checks" in found["token"]["sentence"]


def test_one_answer_that_is_missing_keeps_nothing_else_back(healthy: SetUp) -> None:
    healthy.server.faults.append(unavailable("GET", "/environments$", times=1000))
    found = healthy.examined(0)
    unknown = {part for part, line in found.items() if line["health"] != "ok"}
    assert unknown == {"environments"}


def test_a_key_that_is_none_is_said_to_be_so_and_never_shown(healthy: SetUp) -> None:
    healthy.variables["BOT_APP_PRIVATE_KEY"] = "hunter2"
    line = healthy.examined(1)["App"]
    assert line["health"] == "missing"
    assert "is no private key" in line["sentence"]
    assert "hunter2" not in line["sentence"]


def test_a_release_that_nobody_has_proposed_is_a_warning(healthy: SetUp) -> None:
    fake = healthy.fake
    files = {"runners/releases/2026-02-01.toml": None}
    fake.branches["main"] = fake.commit(files, "Take it away", fake.branches["main"])
    line = healthy.examined(0)["release 2026-02-01"]
    assert (line["health"], line["remedy"]) == (
        "warning",
        "gh workflow run detect.yml --repo octo/cellxgene",
    )
    people.propose(fake, "maintainer", "census/2026-02-01", {"x.toml": "x"})
    line = healthy.examined(0)["release 2026-02-01"]
    assert line["health"] == "ok"
    assert "waits for a maintainer to merge it" in line["sentence"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cellxgene.yml", "on: push\n"),
        ("ours.yaml", "jobs:\n  a:\n    uses: 'a/b/.github/workflows/bot.yml@main'\n"),
    ],
)
def test_the_one_file_that_calls_the_bot_is_found(healthy: SetUp, name: str, text: str) -> None:
    calls(healthy, name, text)
    push(healthy.fake, {"runners/releases/2026-02-01.toml": None})
    found = healthy.examined(0)
    assert found["workflow files"]["sentence"] == f"{name} are there and enabled."
    look = f"gh workflow run {name} --repo octo/cellxgene"
    assert found["release 2026-02-01"]["remedy"] == look


def test_of_two_files_that_call_the_bot_none_is_taken(healthy: SetUp) -> None:
    call = "jobs:\n  bot:\n    uses: octo/bot/.github/workflows/bot.yml@0123\n"
    calls(healthy, "one.yml", call)
    push(healthy.fake, {".github/workflows/two.yml": call})
    found = healthy.examined(1)
    assert found["workflow files"]["health"] == "missing"
    assert "BOT_WORKFLOW" in found["workflow files"]["sentence"]


def test_a_repository_without_commits_is_no_fault_of_the_token(healthy: SetUp) -> None:
    healthy.fake.is_empty = True
    found = healthy.examined(1)
    assert found["repository"]["health"] == "missing"
    assert found["token"]["health"] == "ok"


def test_the_app_is_the_one_that_the_repositorys_variables_name(healthy: SetUp) -> None:
    del healthy.fake.variables["APP_CLIENT_ID"]
    healthy.variables["BOT_APP_CLIENT_ID"] = "Iv1.0123456789"
    assert "there is none" in healthy.examined(0)["App"]["sentence"]


def test_a_token_of_somebody_who_may_not_push_is_a_warning(healthy: SetUp) -> None:
    healthy.fake.user("maintainer", "triage")
    healthy.variables["BOT_GITHUB_TOKEN"] = healthy.token()
    line = healthy.examined(0)["token"]
    assert (line["health"], "may not push" in line["sentence"]) == ("warning", True)


def test_from_an_installed_wheel_only_the_checkouts_own_parts_are_unknown(
    healthy: SetUp, tmp_path: Path
) -> None:
    """A wheel has the packages, and neither pyproject.toml nor constraints.txt nor workflows."""
    site = tmp_path / "site"
    for package in ("bot", "runners"):
        shutil.copytree(REPOSITORY / package, site / package)
    healthy.code = site
    found = healthy.examined(0)
    unknown = {part for part, line in found.items() if line["health"] == "unknown"}
    assert unknown == {"packages", "variables"}


def test_for_people_a_line_a_part(healthy: SetUp) -> None:
    healthy.fake.actions_enabled = False
    done = subprocess.run(
        [sys.executable, "-m", "bot", "doctor", "--no-instance"],
        cwd=healthy.root,
        env=healthy.environment,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    address = f"{healthy.fake.address}/octo/cellxgene/settings/actions"
    line = f"missing  Actions: they are disabled in the repository; enable them: {address}\n"
    assert line in done.stdout
    assert "     ok  labels: 0 of 9; the others are made when first used.\n" in done.stdout


def test_a_bot_in_a_folder_is_told_nothing_of_github(healthy: SetUp) -> None:
    for name in ("BOT_GITHUB", "BOT_GITHUB_TOKEN", "BOT_APP_PRIVATE_KEY"):
        del healthy.variables[name]
    releases = healthy.root / "mine" / "repository" / "runners" / "releases"
    releases.mkdir(parents=True)
    (releases / "2026-02-01.toml").write_text(MANIFEST)
    (healthy.root / "bot.toml").write_text('home = "mine"\n')
    found = healthy.examined(0)
    sentences = {part: str(line["sentence"]) for part, line in found.items()}
    assert sentences["GitHub"].endswith("the bot lives in the folder mine.")
    assert sentences["runs"] == "they are kept in the folder mine/runs."
    assert sentences["release 2026-02-01"] == "its manifest is in mine/repository."
    for words in ("artifact", "workflow", "default branch", "token"):
        assert not [sentence for sentence in sentences.values() if words in sentence], words


def test_a_folder_in_which_no_run_can_be_kept_is_named(healthy: SetUp) -> None:
    for name in ("BOT_GITHUB", "BOT_GITHUB_TOKEN", "BOT_APP_PRIVATE_KEY"):
        del healthy.variables[name]
    (healthy.root / "bot.toml").write_text('home = "/proc/nothing"\n')
    line = healthy.examined(1)["runs"]
    assert (line["health"], line["remedy"]) == ("missing", "export BOT_HOME=FOLDER")

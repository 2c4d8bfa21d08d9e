"""What the workflow files promise, beyond what their linters know and `meaning/` lists."""

import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.github.last_word import LONGEST_LOOK
from bot.adapters.github.workflows import LOOK_JOB
from runners.contract.launch_toml import EC2_HOURS
from workflows import workflow_files
from workflows.act import ROOT
from workflows.environments import Environment, Settings

FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
READ = {path.stem: workflow_files.read(path.read_text()) for path in FILES}
JOBS = [(file, name, job) for file, one in READ.items() for name, job in one["jobs"].items()]
STEPS = [(file, name, step) for file, name, job in JOBS for step in job.get("steps", [])]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_permission_has_its_reason(path: Path) -> None:
    granted = re.findall(r"(?m)^ {6}[a-z-]+: (?:read|write).*$", path.read_text())
    assert [line for line in granted if " # " not in line] == []
    assert workflow_files.grants(READ[path.stem]) is not None


@pytest.mark.parametrize(("file", "name", "job"), JOBS, ids=lambda one: str(one)[:12])
def test_every_job_has_an_end(file: str, name: str, job: dict[str, Any]) -> None:
    minutes = re.findall(r"\d+", str(job.get("timeout-minutes")))
    assert "uses" in job or 0 < max(map(int, minutes)) <= EC2_HOURS * 60, f"{file}: {name}"


def test_a_machine_ends_by_its_lifetime_before_its_job_is_cancelled() -> None:
    """GitHub would do that in the middle of a batch, and before the verification."""
    longest = str(READ["run"]["jobs"]["work"]["timeout-minutes"])
    assert f"vars.LAUNCHER == 'ec2' && {EC2_HOURS * 60} ||" in longest


@pytest.mark.parametrize(("file", "name", "step"), STEPS, ids=lambda one: str(one)[:12])
def test_no_value_is_pasted_into_a_script(file: str, name: str, step: dict[str, Any]) -> None:
    assert "${{" not in step.get("run", ""), f"{file}: {name}"


def test_who_holds_data_speaks_nowhere_and_who_speaks_holds_no_data() -> None:
    work = READ["run"]["jobs"]["work"]
    assert work["permissions"] == {}
    assert "token" not in str(work)
    for file, name, job in JOBS:
        told = str(job.get("steps"))
        if "write" in job.get("permissions", {}).get("issues", ""):
            assert "LAUNCH_ROLE" not in told, f"{file}: {name}"
            assert "runners mirror" not in told, f"{file}: {name}"


def test_jobs_that_work_run_only_where_it_was_asked_in_the_same_attempt() -> None:
    """Who repeats failed jobs gets the outputs of those that passed: the plan's are no answer then.

    https://docs.github.com/en/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs
    """
    jobs = READ["run"]["jobs"]
    assert jobs["plan"]["outputs"]["attempt"] == "${{ github.run_attempt }}"
    for name in ("smoke", "launch", "work"):
        assert "needs.plan.outputs.attempt == github.run_attempt" in jobs[name]["if"], name
        assert "plan" in jobs[name]["needs"], name


SPEAKING = {
    ("commands", "handle"): "unanswered",
    ("detect", "detect"): "unlooked",
    ("run", "say"): "unsaid",
}
"""Jobs that answer, and who speaks for one that never began or could fetch no code."""


@pytest.mark.parametrize(("file", "job"), SPEAKING)
def test_jobs_that_answer_say_it_where_they_fail(file: str, job: str) -> None:
    """The last step says it; where there is no code, another job does, with the runner's tools."""
    jobs = READ[file]["jobs"]
    last = jobs[job]["steps"][-1]
    assert last["if"] == "(failure() || cancelled()) && steps.code.outcome == 'success'"
    assert last["run"].startswith("python3 -m bot.cli.last_word")
    assert jobs[job]["outputs"] == {"code": "${{ steps.code.outcome }}"}
    (checkout,) = [step for step in jobs[job]["steps"] if step.get("id") == "code"]
    assert checkout["uses"].startswith("actions/checkout@")
    other = jobs[SPEAKING[file, job]]
    assert "environment" not in other
    for step in (last, *other["steps"]):
        assert "secrets" not in str(step)
        assert "app-slug" not in str(step)
    (bare,) = other["steps"]
    assert "python" not in bare["run"]
    assert "vars." not in str(other)


def test_the_code_knows_the_looks_job_by_its_name_and_its_time() -> None:
    job = READ["detect"]["jobs"]["detect"]
    assert job["name"] == LOOK_JOB
    assert timedelta(minutes=job["timeout-minutes"]) == LONGEST_LOOK


def test_what_is_done_one_at_a_time_is_so_in_all_runs_together() -> None:
    groups = [one["concurrency"]["group"] for one in READ.values() if "concurrency" in one]
    groups += [job["concurrency"]["group"] for _, _, job in JOBS if "concurrency" in job]
    assert len(groups) > 4
    assert [group for group in groups if "github." in group] == []


def test_whoever_asks_for_a_role_knows_which_are_the_least() -> None:
    asking = {file for file, _, step in STEPS if re.search(r"bot (handle|begin)\b", str(step))}
    assert asking == {"commands", "run"}
    for file in asking:
        assert READ[file]["env"]["BOT_MINIMUM_ROLES"] == "${{ vars.BOT_MINIMUM_ROLES }}"


def test_a_processing_job_needs_no_runner_and_outlives_the_workflow_run() -> None:
    jobs = READ["run"]["jobs"]
    assert "vars.LAUNCHER != 'sagemaker'" in jobs["work"]["if"]
    assert "launch" in jobs["say"]["needs"]
    assert "toJSON(needs)" in str(jobs["say"])
    # Only a launch that failed, and who cancels, end it.
    ends = jobs["terminate"]["if"]
    assert (
        "(vars.LAUNCHER != 'sagemaker' || needs.launch.result != 'success' || cancelled())" in ends
    )
    assert "--work packed/work.tar" in jobs["launch"]["steps"][-1]["run"]


def test_no_job_needs_its_role_longer_than_the_role_lives() -> None:
    lives = re.findall(
        r"MaxSessionDuration: (\d+)", (ROOT / "runners/launch/aws/ingestion.yaml").read_text()
    )
    for file, name, job in JOBS:
        if "LAUNCH_ROLE" in str(job.get("steps")):
            assert job["timeout-minutes"] * 60 <= min(map(int, lives)), f"{file}: {name}"


def test_jobs_that_nobody_waits_for_are_looked_at_in_each_watch() -> None:
    """Those that are to end are found without waiting for who watches already."""
    jobs = READ["reap"]["jobs"]
    assert jobs["follow"]["needs"] == "jobs"
    assert "concurrency" not in str(jobs["jobs"]) + str(jobs["follow"])
    assert jobs["progress"]["needs"] == "follow"
    assert jobs["progress"]["if"] == "!cancelled()"
    # What couldn't be said keeps nobody from asking for the next look.
    steps = {step.get("id") or step.get("name"): step for step in jobs["progress"]["steps"]}
    assert "failure()" in steps["progress"]["if"]
    assert "failure()" in steps["Ask for the next look"]["if"]


def test_a_pull_requests_own_code_is_never_run_with_a_grant_to_write() -> None:
    for file, name, step in STEPS:
        if str(step.get("uses", "")).startswith("actions/checkout@") and file != "ci":
            if "ref" in step["with"]:
                assert "head" not in step["with"]["ref"], f"{file}: {name}"
            else:  # then it is the event's, which mustn't be a pull request's
                assert set(READ[file]["on"]) <= {"push", "schedule", "workflow_dispatch"}


def test_a_caller_grants_what_the_called_jobs_ask_for() -> None:
    for file, name, job in JOBS:
        if "uses" not in job:
            continue
        called = READ[Path(job["uses"]).stem]
        wanted: dict[str, str] = {}
        for granted in workflow_files.grants(called).values():
            for permission, level in granted.items():
                wanted[permission] = max(level, wanted.get(permission, ""))
        assert workflow_files.grants(READ[file])[name] == wanted, f"{file}: {name}"


def test_each_job_gets_its_own_token() -> None:
    text = "jobs:\n  one:\n    env: ${{ github.token }}\n  two:\n    env: ${{ github.token }}\n"
    assert workflow_files.with_tokens(text, {"one": "A", "two": "B"}) == (
        "jobs:\n  one:\n    env: ${{ 'A' }}\n  two:\n    env: ${{ 'B' }}\n"
    )


def test_each_job_gets_its_environments_secrets_or_no_step() -> None:
    text = (
        "permissions: {}\njobs:\n  one:\n    environment: bot\n    steps:\n"
        "      - run: ${{ secrets.KEY }} ${{ secrets.OTHER }}\n"
        "  two:\n    steps:\n      - run: ${{ secrets.KEY }}\n"
    )
    limited = Environment({"KEY": "inner"}, frozenset({"main"}))
    settings = Settings({}, {"KEY": "outer"}, {"bot": limited})
    given = workflow_files.with_secrets(text, settings, "main")
    assert given == (
        "permissions: {}\njobs:\n  one:\n    environment: bot\n    steps:\n"
        "      - run: ${{ 'inner' }} ${{ '' }}\n"
        "  two:\n    steps:\n      - run: ${{ 'outer' }}\n"
    )
    refused = workflow_files.read(workflow_files.with_secrets(text, settings, "theirs"))
    (step,) = refused["jobs"]["one"]["steps"]
    assert "is not allowed to deploy" in step["run"]


def test_secrets_are_read_in_an_environment_and_lamindbs_key_where_it_is_used() -> None:
    """Whoever can push a branch could read a repository's secrets; an environment has branches."""
    keyed = []
    for file, name, job in JOBS:
        secrets = set(re.findall(r"secrets\.(\w+)", str(job.get("steps"))))
        if "LAMIN_API_KEY" in secrets:
            assert secrets == {"LAMIN_API_KEY"}, f"{file}: {name}"
            assert job["environment"] == "instance", f"{file}: {name}"
            keyed += [step["name"] for step in job["steps"] if "LAMIN_API_KEY" in str(step)]
        elif secrets:
            assert job["environment"] == "${{ vars.BOT_ENVIRONMENT }}", f"{file}: {name}"
    assert keyed == ["Look at the instance", "Register", "Verify"]


READS_RUNS = re.compile(
    r"python -m bot (detect|handle|begin|fetch-runs|progress|jobs|ended|fetch-report|end)"
)


def test_whoever_reads_runs_has_the_role_for_it() -> None:
    """Where they are kept in S3, a job without it couldn't list them."""
    found = []
    for file, name, job in JOBS:
        if READS_RUNS.search(str(job.get("steps"))):
            found.append(f"{file}: {name}")
            roles = [step.get("with", {}).get("role-to-assume") for step in job["steps"]]
            assert "${{ vars.READ_ROLE }}" in roles, found[-1]
            assert job["permissions"]["id-token"] == "write", found[-1]
    assert len(found) == 6


def test_what_the_plan_job_packed_is_compared_and_unpacked_beside_the_code() -> None:
    for file, name, job in JOBS:
        for index, step in enumerate(job.get("steps", [])):
            if step.get("with", {}).get("name") == "work" and "download" in step["uses"]:
                assert step["with"]["path"] == "packed"
                unpacks = job["steps"][index + 1]
                assert unpacks["env"]["DIGEST"] == "${{ needs.plan.outputs.digest }}"
                check, extract = unpacks["run"].strip().splitlines()
                assert check == 'echo "$DIGEST  packed/work.tar" | sha256sum --check'
                assert extract.endswith("--file packed/work.tar --directory work"), (
                    f"{file}: {name}"
                )
    launch = READ["run"]["jobs"]["launch"]["steps"]
    assert not any(step.get("working-directory") for step in launch)


def test_packages_are_installed_from_the_lock() -> None:
    action = workflow_files.read((ROOT / ".github/actions/install/action.yml").read_text())
    scripts = [step.get("run", "") for _, _, step in STEPS]
    scripts += [step.get("run", "") for step in action["runs"]["steps"]]
    groups = [line for text in scripts for line in text.splitlines() if "--group" in line]
    assert len(groups) == 2
    for line in groups:
        assert line.endswith(" --constraint constraints.txt")


def test_a_summary_has_what_others_wrote_as_a_block_of_code() -> None:
    written = r'>> "\$GITHUB_STEP_SUMMARY"|tee -a "\$GITHUB_STEP_SUMMARY"'
    steps = [step["run"] for _, _, step in STEPS if re.search(written, step.get("run", ""))]
    assert len(steps) == 5
    for script in steps:
        assert re.search(rf"sed 's/\^/    /'[^;]*?({written})", script)


def test_the_clock_starts_nothing_oftener_than_once_a_day() -> None:
    crons = [cron["cron"] for one in READ.values() for cron in (one["on"].get("schedule") or ())]
    assert crons
    assert all(re.fullmatch(r"\d+ \d+ \* \* \*", cron) for cron in crons)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_branch_and_no_cron_line_is_named(path: Path) -> None:
    if path.stem != "ci":
        assert "branches:" not in path.read_text()
        assert "github.event.schedule" not in path.read_text()


def test_the_site_is_published_from_the_default_branch_and_where_it_is_asked_for() -> None:
    build, deploy = READ["docs"]["jobs"]["build"], READ["docs"]["jobs"]["deploy"]
    assert build["if"] == "github.ref_name == github.event.repository.default_branch"
    assert deploy["needs"] == "build"
    assert deploy["if"] == "vars.PAGES == 'true'"
    assert [step["uses"].split("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]


@pytest.mark.parametrize(
    ("outcomes", "said", "code"),
    [
        (("success", "skipped", "success"), ["ok READ_ROLE", "ok LAUNCH_ROLE"], 0),
        (("skipped", "failure", "success"), ["missing DATA_ROLE", "ok LAUNCH_ROLE"], 1),
        (("skipped", "skipped", "skipped"), [], 0),
    ],
)
def test_doctor_says_which_roles_its_job_can_take(
    tmp_path: Path, outcomes: tuple[str, ...], said: list[str], code: int
) -> None:
    steps = READ["doctor"]["jobs"]["aws"]["steps"]
    (script,) = (one["run"] for one in steps if one.get("name", "").startswith("Say which"))
    roles = ("READ_ROLE", "DATA_ROLE", "LAUNCH_ROLE")
    environment = {**os.environ, **dict(zip(roles, outcomes, strict=True))}
    environment["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary")
    # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    done = subprocess.run(bash, env=environment, capture_output=True, text=True, check=False)
    lines = [line.partition(":")[0].split() for line in done.stdout.splitlines()]
    assert (done.returncode, [" ".join(words) for words in lines]) == (code, said)
    assert (tmp_path / "summary").read_text() == done.stdout

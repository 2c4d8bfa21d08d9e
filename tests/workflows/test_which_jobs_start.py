"""After each way that a run's jobs may end, which jobs start: by the workflow files' conditions."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from workflows import workflow_files
from workflows.act import ROOT
from workflows.environments import Environment, Settings
from workflows.jobs import Ended, Situation, kept, played

FOLDER = ROOT / ".github/workflows"
READ = {path.stem: workflow_files.read(path.read_text()) for path in FOLDER.glob("*.yml")}
RUN, COMMANDS, DETECT = READ["run"], READ["commands"], READ["detect"]
RESULTS = ("success", "failure", "cancelled")
HOSTED = ("", "hosted", "local", "codebuild")
MACHINES = ("ec2", "sagemaker")


def accepted(action: str, attempt: int = 1) -> dict[str, str]:
    """What the plan job puts out of a run that may begin."""
    return {"run-id": "r", "action": action, "digest": "d", "commit": "c", "attempt": str(attempt)}


def plans(action: str) -> Iterator[Ended]:
    """Every way that the plan job may end: refused, too, and after or before it has decided."""
    for result, outputs in product(RESULTS, ({}, accepted(action), {"attempt": "1"})):
        yield Ended(result, outputs)


def endings(action: str) -> Iterator[dict[str, Ended]]:
    others = product(RESULTS, repeat=3)
    for plan, (smoke, launch, work) in product(plans(action), list(others)):
        jobs = {"smoke": Ended(smoke), "launch": Ended(launch, {"label": "l"}), "work": Ended(work)}
        yield {"plan": plan, **jobs}


def situation(launcher: str, *, is_cancelled: bool = False) -> Situation:
    return Situation(
        Settings({"LAUNCHER": launcher} if launcher else {}), is_cancelled=is_cancelled
    )


def launched(run: Mapping[str, Ended]) -> bool:
    return run["launch"].result == "success"


def words(run: Mapping[str, Ended]) -> str:
    return ", ".join(f"{name}: {one.result}" for name, one in run.items())


@pytest.mark.parametrize("launcher", [*HOSTED, *MACHINES])
@pytest.mark.parametrize("action", ["ingest", "verify"])
@pytest.mark.parametrize("is_cancelled", [False, True])
def test_each_job_starts_only_after_those_that_let_it(
    launcher: str, action: str, *, is_cancelled: bool
) -> None:
    """The rules, said once more in Python; every combination of endings is tried."""
    for ways in endings(action):
        # Whoever cancels does it while the plan job runs, or later.
        plan = {"plan": ways["plan"]}
        run = played(RUN, ways, situation(launcher, is_cancelled=is_cancelled), plan)
        has_begun = ways["plan"].result == "success" and "run-id" in ways["plan"].outputs
        begins = has_begun and not is_cancelled
        assert run["smoke"].has_started == (begins and action == "ingest"), words(run)
        is_tested = begins and (action == "verify" or run["smoke"].result == "success")
        assert run["launch"].has_started == (is_tested and launcher in MACHINES), words(run)
        if launcher != "sagemaker":
            is_there = launcher in HOSTED or run["launch"].result == "success"
            assert run["work"].has_started == (is_tested and is_there), words(run)
            waits = launcher == "codebuild" and run["work"].has_started
            assert run["waits"].has_started == waits, words(run)
        ends = run["terminate"].has_started
        # A Processing job that was launched may work on by itself: then a look ends it.
        may_work_on = launcher == "sagemaker" and launched(run) and not is_cancelled
        assert ends == run["launch"].has_started or may_work_on, words(run)
        is_owed = ways["plan"].result != "success" or "run-id" in ways["plan"].outputs
        assert run["say"].has_started == is_owed, words(run)


@pytest.mark.parametrize("launcher", MACHINES)
@pytest.mark.parametrize("launch", RESULTS)
def test_whoever_cancels_while_it_works_has_its_machine_ended(launcher: str, launch: str) -> None:
    done = {"plan": Ended("success", accepted("verify")), "smoke": Ended("skipped")}
    done |= {"launch": Ended(launch, {"label": "l"}), "work": Ended("cancelled")}
    run = played(RUN, {}, situation(launcher, is_cancelled=True), done)
    assert run["terminate"].has_started, words(run)
    assert run["say"].has_started, words(run)


OWN = {"event": {"pull_request": {"head": {"repo": {"full_name": "o/r"}}}}, "repository": "o/r"}


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize(
    ("file", "failing", "job", "starts"),
    [
        ("ci", "check", "all", True),  # GitHub takes a required job that is skipped for passed
        ("check", "check", "say", True),
        ("reap", "progress", "reap", True),
        ("release", "check", "publish", False),
        ("release", "build", "publish", False),
        ("release", "image", "publish", False),
    ],
)
def test_what_starts_whatever_failed_and_what_only_after_a_success(
    file: str, failing: str, job: str, result: str, *, starts: bool
) -> None:
    around = replace(situation("ec2"), github=OWN)
    run = played(READ[file], {failing: Ended(result, {"artifact": "1"})}, around)
    assert run[job].has_started == (starts or result == "success"), words(run)


@pytest.mark.parametrize(
    ("event", "inputs", "jobs"),
    [
        ("schedule", {}, {"detect", "reap"}),
        ("workflow_dispatch", {}, {"detect", "reap"}),
        ("workflow_dispatch", {"title": "Watch runs"}, {"reap"}),
        ("workflow_dispatch", {"title": "r", "request": "{}"}, {"run"}),
        ("issue_comment", {}, {"commands"}),
        ("push", {}, {"commands"}),
        ("pull_request", {}, {"check"}),
    ],
)
def test_which_part_of_the_bot_another_repositorys_event_is_for(
    event: str, inputs: dict[str, str], jobs: set[str]
) -> None:
    run = played(READ["bot"], {}, Situation(github={"event_name": event}, inputs=inputs))
    assert {name for name, one in run.items() if one.has_started} == jobs


@pytest.mark.parametrize("file", [name for name, read in READ.items() if "schedule" in read["on"]])
def test_what_the_clock_starts_needs_nothing_of_an_event(file: str) -> None:
    """Its payload may lack the repository: https://github.com/github/codeql-action/pull/1211"""
    told = {"event_name": "schedule", "ref_name": "main", "ref": "refs/heads/main"}
    named = {**told, "event": {"repository": {"default_branch": "main"}}}
    bare, whole = (played(READ[file], {}, Situation(github=github)) for github in (told, named))
    assert words(bare) == words(whole)


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("branch", ["main", "mine"])
def test_a_night_by_hand_is_told_of_the_default_branch_alone(branch: str, result: str) -> None:
    event = {"repository": {"default_branch": "main"}}
    by_hand = {"event_name": "workflow_dispatch", "ref_name": branch, "event": event}
    run = played(READ["newest"], {"test": Ended(result)}, Situation(github=by_hand))
    assert run["tell"].has_started == (branch == "main"), words(run)


FETCHED = {"code": "success"}


@pytest.mark.parametrize("terminate", RESULTS)
@pytest.mark.parametrize("say", RESULTS)
@pytest.mark.parametrize("outputs", [FETCHED, {"code": "failure"}, {}])
def test_a_machine_that_may_be_left_and_a_result_that_nobody_said_are_told(
    terminate: str, say: str, outputs: dict[str, str]
) -> None:
    ways = {
        "plan": Ended("success", accepted("ingest")),
        "terminate": Ended(terminate),
        "say": Ended(say, outputs),
    }
    run = played(RUN, ways, situation("ec2"))
    is_unsaid = say != "success" and outputs != FETCHED
    assert run["unsaid"].has_started == (terminate != "success" or is_unsaid), words(run)
    hosted = played(RUN, ways, situation("hosted"))
    assert hosted["unsaid"].has_started == is_unsaid, words(hosted)


COMMENT = {
    "event_name": "issue_comment",
    "event": {
        "comment": {"body": "/ingest", "user": {"type": "User"}},
        "issue": {
            "user": {"type": "Bot"},
            "body": "<!-- cellxgene-ingestion-bot: release 2026-02-01 -->",
        },
    },
}
PUSH = {
    "event_name": "push",
    "ref": "refs/heads/trunk",
    "event": {"repository": {"default_branch": "trunk"}},
}


@pytest.mark.parametrize("github", [COMMENT, PUSH], ids=["comment", "push"])
@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("outputs", [FETCHED, {"code": "failure"}, {}])
def test_an_answer_that_never_began_is_told(
    github: dict[str, object], result: str, outputs: dict[str, str]
) -> None:
    run = played(COMMANDS, {"handle": Ended(result, outputs)}, Situation(github=github))
    assert run["handle"].has_started
    is_owed = result != "success" and outputs != FETCHED
    assert run["unanswered"].has_started == is_owed, words(run)
    nobody = Situation(github={**github, "event_name": "schedule"})
    assert {one.result for one in played(COMMANDS, {}, nobody).values()} == {"skipped"}


def test_what_an_environment_refuses_is_told_by_a_job_that_has_none() -> None:
    """The environment's branches are others than the default branch, after a renaming, say."""
    elsewhere = Environment(branches=frozenset({"master"}))
    settings = Settings({"BOT_ENVIRONMENT": "bot"}, environments={"bot": elsewhere})
    for workflow, job, speaks in (
        (COMMANDS, "handle", "unanswered"),
        (DETECT, "detect", "unlooked"),
        (RUN, "plan", "unsaid"),
    ):
        run = played(workflow, {}, Situation(settings, COMMENT))
        assert run[job].is_refused
        assert run[speaks].has_started, words(run)


def test_a_look_that_gave_its_place_to_a_later_one_is_nobodys_matter() -> None:
    """GitHub keeps one pending job of a concurrency group, and cancels the one before. See
    https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
    """
    run = played(DETECT, {"detect": Ended("cancelled")}, Situation())
    assert not run["unlooked"].has_started


def choices(first: Mapping[str, Ended]) -> Iterator[set[str]]:
    """What may be repeated: failed jobs, with those that took too long or without, or one job."""
    failed = {name for name, one in first.items() if one.result == "failure"}
    yield failed
    yield failed | {name for name, one in first.items() if one.result == "cancelled"}
    yield from ({name} for name, one in first.items() if one.has_started)


@pytest.mark.parametrize("launcher", ["hosted", "codebuild", *MACHINES])
@pytest.mark.parametrize("action", ["ingest", "verify"])
def test_who_repeats_jobs_is_asked_again_or_starts_no_work(launcher: str, action: str) -> None:
    """Whatever had failed, the machine is ended and the result said once more."""
    around = situation(launcher)
    for ways in endings(action):
        first = played(RUN, ways, around)
        for chosen in choices(first):
            left = kept(RUN, first, chosen)
            again = played(RUN, {}, replace(around, attempt=2), left)
            for name in ("smoke", "launch", "work"):
                assert name in left or not again[name].has_started, f"{chosen}: {words(again)}"
            may_work_on = launcher == "sagemaker" and launched(again)
            if again["launch"].has_started and "terminate" not in left and not may_work_on:
                assert again["terminate"].has_started, f"{chosen}: {words(again)}"
            if "plan" in left and "say" not in left:
                is_owed = ways["plan"].result != "success" or "run-id" in ways["plan"].outputs
                assert again["say"].has_started == is_owed, f"{chosen}: {words(again)}"


@pytest.mark.parametrize("launcher", [*HOSTED, *MACHINES])
def test_a_plan_that_is_repeated_starts_the_run_by_its_new_answer(launcher: str) -> None:
    around = replace(situation(launcher), attempt=2)
    run = played(RUN, {"plan": Ended("success", accepted("ingest", attempt=2))}, around)
    assert run["smoke"].has_started
    assert run["launch"].has_started == (launcher in MACHINES)


def test_a_mistyped_launcher_starts_no_work() -> None:
    """The launch fails, and says what is wrong with it."""
    ways = {"plan": Ended("success", accepted("verify")), "launch": Ended("failure")}
    run = played(RUN, ways, situation("ec-2"))
    assert run["launch"].has_started
    assert not run["work"].has_started
    assert run["say"].has_started


LIMITED = Environment(
    {"APP_PRIVATE_KEY": "key", "PATCH_TOKEN": "token", "LAMIN_API_KEY": "lamin"},
    frozenset({"main"}),
)
WITH_ENVIRONMENTS = Settings(
    {"BOT_ENVIRONMENT": "bot"}, environments={"bot": LIMITED, "instance": LIMITED}
)


@pytest.mark.parametrize("file", sorted(READ))
def test_a_job_of_another_branch_gets_no_secret(file: str) -> None:
    for name, job in READ[file]["jobs"].items():
        refusal = WITH_ENVIRONMENTS.refusal(job, "theirs")
        assert WITH_ENVIRONMENTS.secrets_of(job, "theirs") == {}, name
        if "secrets." in str(job.get("steps")):
            assert refusal, f"{name} reads secrets, and any branch may start it"
            assert WITH_ENVIRONMENTS.secrets_of(job, "main") == LIMITED.secrets


def test_a_run_on_another_branch_starts_nothing_at_all() -> None:
    """Whoever dispatches it there: the first job's environment refuses it."""
    around = Situation(WITH_ENVIRONMENTS, branch="theirs")
    run = played(RUN, {"plan": Ended("success", accepted("ingest"))}, around)
    assert run["plan"].is_refused
    assert not any(run[name].has_started for name in ("smoke", "launch", "work", "say"))


def test_a_reviewer_who_rejects_the_work_is_followed_by_a_result() -> None:
    rejects = replace(LIMITED, is_rejected=True)
    settings = Settings({"LAUNCHER": "ec2"}, environments={"instance": rejects})
    run = played(RUN, {"plan": Ended("success", accepted("ingest"))}, Situation(settings))
    assert run["work"].is_refused
    assert run["terminate"].has_started
    assert run["say"].has_started


def by_act(folder: Path, action: str, launcher: str, failing: str) -> set[str]:
    """The jobs of a run that act starts, each of them a step that only ends as it is to end."""
    jobs = {
        name: {
            **{key: job[key] for key in ("needs", "if") if key in job},
            "runs-on": "ubuntu-latest",
            "outputs": {key: "${{ steps.one.outputs." + key + " }}" for key in accepted(action)},
            "steps": [{"id": "one", "run": step(name, action, is_well=name != failing)}],
        }
        for name, job in RUN["jobs"].items()
    }
    (folder / "run.yml").write_text(json.dumps({"on": "push", "jobs": jobs}))  # is YAML as well
    (folder / "home").mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    words = ["push", "-W", "run.yml", "--var", f"LAUNCHER={launcher}", "--no-cache-server"]
    words += ["-P", "ubuntu-latest=-self-hosted", "--pull=false", "--action-offline-mode"]
    environment = {"HOME": str(folder / "home"), "PATH": os.environ["PATH"], "TERM": "dumb"}
    done = subprocess.run(
        [ROOT / ".venv/bin/act", *words],
        cwd=folder, env=environment, text=True, capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode == 0) is (failing == ""), done.stdout + done.stderr
    return set(re.findall(r"started: (\w+)", done.stdout))


def step(name: str, action: str, *, is_well: bool) -> str:
    told = [f"echo started: {name}", *([] if is_well else ["exit 1"])]
    if name == "plan":
        told += [f"echo {key}={value} >> $GITHUB_OUTPUT" for key, value in accepted(action).items()]
    return "\n".join(told)


@pytest.mark.parametrize(
    ("action", "launcher", "failing", "is_ended"),
    [
        ("ingest", "ec2", "", True),
        ("verify", "ec2", "work", True),
        ("verify", "ec2", "launch", True),
        ("ingest", "ec2", "smoke", False),
        ("ingest", "ec2", "plan", False),
        ("verify", "sagemaker", "", False),
        ("verify", "sagemaker", "launch", True),
        ("verify", "hosted", "work", False),
    ],
)
def test_act_ends_a_machine_after_the_same_jobs(
    tmp_path: Path, action: str, launcher: str, failing: str, *, is_ended: bool
) -> None:
    """Another evaluator of conditions than ours. It plays no job that is cancelled."""
    started = by_act(tmp_path, action, launcher, failing)
    assert ("terminate" in started) is is_ended
    ways = {"plan": Ended("success", accepted(action))}
    if failing:
        ways[failing] = Ended("failure")
    run = played(RUN, ways, situation(launcher))
    assert started == {name for name, one in run.items() if one.has_started}

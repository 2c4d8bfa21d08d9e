"""Workflow runs, checks, runners and tokens: how the double answers."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from fake_github import people, shapes
from fake_github.call import Answer, Call, Handler, RefusedError, found, page
from fake_github.state import CheckRun, Runner

MOST_INPUTS = 25
LONGEST_INPUTS = 65_535
ACTIVE = frozenset({"queued", "in_progress", "waiting", "pending", "requested"})


def _workflow_of(call: Call) -> str:
    """The workflow file that the path names, or its number; 404 where there is no such file.

    https://docs.github.com/en/rest/actions/workflows#get-a-workflow
    """
    names = {str(shapes.workflow_id(name)): name for name in call.fake.run_names}
    return found({**{name: name for name in names.values()}, **names}, call.path["workflow_id"])


def _runs(call: Call) -> Answer:
    workflow, wanted = _workflow_of(call), call.query.get("status")
    runs = [
        run
        for run in reversed(call.fake.runs.values())
        if run.workflow == workflow
        and wanted in {None, run.status, run.conclusion}
        and call.query.get("event") in {None, run.event}
    ]
    part, headers = page(call, runs)
    told = [shapes.run(call.fake, one) for one in part]
    return Answer(200, {"total_count": len(runs), "workflow_runs": told}, headers)


def _jobs(call: Call) -> Answer:
    """https://docs.github.com/en/rest/actions/workflow-jobs#list-jobs-for-a-workflow-run"""
    one = found(call.fake.runs, int(call.path["run_id"]))
    jobs = [shapes.job(call.fake, one, name) for name in one.jobs]
    part, headers = page(call, jobs)
    return Answer(200, {"total_count": len(jobs), "jobs": part}, headers)


def _dispatch(call: Call) -> Answer:
    fake = call.fake
    workflow = _workflow_of(call)
    if workflow in fake.disabled:
        message = "Cannot trigger a 'workflow_dispatch' on a disabled workflow"
        raise RefusedError(422, message)
    if call.body["ref"].removeprefix("refs/heads/") not in fake.branches:
        raise RefusedError(422, f"No ref found for: {call.body['ref']}")
    _check_inputs(call.body.get("inputs", {}))
    one = people.dispatch(fake, call.token.user, workflow, call.body.get("inputs", {}))
    if not call.body.get("return_run_details"):
        return Answer(204)
    told = shapes.run(fake, one)
    places = {"run_url": told["url"], "html_url": told["html_url"]}
    return Answer(200, {"workflow_run_id": one.id, **places})


def _check_inputs(inputs: Mapping[str, Any]) -> None:
    """At most 25 inputs, and 65,535 characters of them. See
    https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#providing-inputs
    and `inputs` of https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
    """
    if len(inputs) > MOST_INPUTS or len(json.dumps(inputs)) > LONGEST_INPUTS:
        raise RefusedError(422, "inputs are too large.")


def _workflow(call: Call) -> Answer:
    return Answer(200, shapes.workflow(call.fake, _workflow_of(call)))


def _enable(call: Call) -> Answer:
    """https://docs.github.com/en/rest/actions/workflows#enable-a-workflow"""
    workflow = _workflow_of(call)
    call.fake.disabled.pop(workflow, None)
    call.fake.enabled_at[workflow] = call.fake.now()
    return Answer(204)


def _artifacts(call: Call) -> Answer:
    """Newest first; of all workflow runs, those of forks' pull requests, too.

    https://docs.github.com/en/rest/actions/artifacts#list-artifacts-for-a-repository
    """
    call.fake.find_artifacts()
    wanted = call.query.get("name")
    artifacts = [one for one in call.fake.artifacts.values() if wanted in {None, one.name}]
    part, headers = page(call, artifacts[::-1])
    told = [shapes.artifact(call.fake, one) for one in part]
    return Answer(200, {"total_count": len(artifacts), "artifacts": told}, headers)


def _download(call: Call) -> Answer:
    """The address where the zip is, for a minute: elsewhere, and without this token.

    https://docs.github.com/en/rest/actions/artifacts#download-an-artifact
    """
    one = found(call.fake.artifacts, int(call.path["artifact_id"]))
    if one.expired:
        raise RefusedError(410, "Artifact has expired")
    elsewhere = call.fake.address.replace("127.0.0.1", "localhost")
    return Answer(302, headers={"Location": f"{elsewhere}/stored-artifacts/{one.id}"})


def _cancel(call: Call) -> Answer:
    one = found(call.fake.runs, int(call.path["run_id"]))
    if one.status not in ACTIVE:
        raise RefusedError(409, "Cannot cancel a workflow run that is completed.")
    people.end(call.fake, one, "cancelled")
    return Answer(202, {})


def _create_check(call: Call) -> Answer:
    fake = call.fake
    found(fake.commits, call.body["head_sha"])
    number = fake.new_id()
    told = {k: v for k, v in call.body.items() if k not in {"name", "head_sha"}}
    one = CheckRun(number, call.body["name"], call.body["head_sha"], told, fake.now(), _app(call))
    fake.checks[number] = one
    return Answer(201, shapes.check_run(fake, one))


def _app(call: Call) -> str:
    """The App whose token it is, as GitHub writes it in an address."""
    return call.token.user.login.removesuffix("[bot]")


def _update_check(call: Call) -> Answer:
    """Refused to others than the App that has made it: databricks/cli, issue 4563."""
    one = found(call.fake.checks, int(call.path["check_run_id"]))
    if one.app != _app(call):
        raise RefusedError(
            403,
            "Invalid app_id - check run can only be modified by the GitHub App that created it.",
        )
    one.told |= call.body
    return Answer(200, shapes.check_run(call.fake, one))


def _checks(call: Call) -> Answer:
    name = call.query.get("check_name")
    checks = [
        check
        for check in call.fake.checks.values()
        if check.sha == call.path["ref"] and name in {None, check.name}
    ]
    part, headers = page(call, checks)
    told = [shapes.check_run(call.fake, one) for one in part]
    return Answer(200, {"total_count": len(checks), "check_runs": told}, headers)


def _runners(call: Call) -> Answer:
    part, headers = page(call, list(call.fake.runners.values()))
    told: list[Any] = [shapes.runner(one) for one in part]
    return Answer(200, {"total_count": len(call.fake.runners), "runners": told}, headers)


def _jit(call: Call) -> Answer:
    name = call.body["name"]
    if any(runner.name == name for runner in call.fake.runners.values()):
        raise RefusedError(409, "Already exists")
    number = call.fake.new_id()
    one = Runner(number, name, tuple(call.body["labels"]))
    call.fake.runners[number] = one
    secret = base64.b64encode(f"jit of {name}".encode()).decode()
    return Answer(201, {"runner": shapes.runner(one), "encoded_jit_config": secret})


def _remove_runner(call: Call) -> Answer:
    number = int(call.path["runner_id"])
    if found(call.fake.runners, number).busy:
        message = f"Runner {number} is currently running a job and cannot be deleted."
        raise RefusedError(422, message)
    del call.fake.runners[number]
    return Answer(204)


def _delete_run(call: Call) -> Answer:
    """https://docs.github.com/en/rest/actions/workflow-runs#delete-a-workflow-run"""
    one = found(call.fake.runs, int(call.path["run_id"]))
    if one.status != "completed":
        raise RefusedError(403, "Could not delete the workflow run")
    del call.fake.runs[one.id]
    return Answer(204)


HANDLERS: dict[str, Handler] = {
    "actions/delete-workflow-run": _delete_run,
    "actions/list-workflow-runs": _runs,
    "actions/list-jobs-for-workflow-run": _jobs,
    "actions/create-workflow-dispatch": _dispatch,
    "actions/cancel-workflow-run": _cancel,
    "actions/get-workflow": _workflow,
    "actions/enable-workflow": _enable,
    "actions/list-artifacts-for-repo": _artifacts,
    "actions/download-artifact": _download,
    "checks/create": _create_check,
    "checks/update": _update_check,
    "checks/list-for-ref": _checks,
    "actions/list-self-hosted-runners-for-repo": _runners,
    "actions/generate-runner-jitconfig-for-repo": _jit,
    "actions/delete-self-hosted-runner-from-repo": _remove_runner,
}

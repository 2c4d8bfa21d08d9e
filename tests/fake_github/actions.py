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


def _runs(call: Call) -> Answer:
    wanted = call.query.get("status")
    runs = [
        run
        for run in reversed(call.fake.runs.values())
        if run.workflow == call.path["workflow_id"] and wanted in {None, run.status, run.conclusion}
    ]
    part, headers = page(call, runs)
    told = [shapes.run(call.fake, one) for one in part]
    return Answer(200, {"total_count": len(runs), "workflow_runs": told}, headers)


def _dispatch(call: Call) -> Answer:
    fake = call.fake
    workflow = call.path["workflow_id"]
    if workflow not in fake.run_names:
        raise RefusedError(404, "Not Found")
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
    one = CheckRun(number, call.body["name"], call.body["head_sha"], told, fake.now())
    fake.checks[number] = one
    return Answer(201, shapes.check_run(fake, one))


def _update_check(call: Call) -> Answer:
    one = found(call.fake.checks, int(call.path["check_run_id"]))
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


HANDLERS: dict[str, Handler] = {
    "actions/list-workflow-runs": _runs,
    "actions/create-workflow-dispatch": _dispatch,
    "actions/cancel-workflow-run": _cancel,
    "checks/create": _create_check,
    "checks/update": _update_check,
    "checks/list-for-ref": _checks,
    "actions/list-self-hosted-runners-for-repo": _runners,
    "actions/generate-runner-jitconfig-for-repo": _jit,
    "actions/delete-self-hosted-runner-from-repo": _remove_runner,
}

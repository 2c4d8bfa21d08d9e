"""Which jobs of a workflow file start, after each way in which those before them may end. Pure.

    played(workflow, {"plan": Ended("success", {"run-id": "r"})}, situation)["smoke"].result

act plays neither timeouts nor a run's second attempt, nor environments. So the jobs are played here
by their conditions alone:

- Without a status function, a condition holds only if `success()` does:
  https://docs.github.com/en/actions/reference/workflows-and-actions/expressions#status-check-functions
  It looks at all jobs before, through the chain (same page, `failure()`); "if a job fails or is
  skipped, all jobs that need it are skipped unless the jobs use a conditional expression":
  https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idneeds
- `needs.X.result` is success, failure, cancelled or skipped:
  https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#needs-context
- GitHub cancels a job that takes longer than `timeout-minutes`, so that its result is `cancelled`
  while `cancelled()`, the workflow's, is false:
  https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idtimeout-minutes
  https://github.com/tenstorrent/tt-metal/pull/36611
- A job that failed half-way may have set outputs.
- Who repeats failed jobs, or one job, repeats those that depend on them, too. "Jobs that aren't
  included keep their outputs from the previous attempt", and their results; `github.run_attempt`
  grows:
  https://docs.github.com/en/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs
- A job whose environment refuses it fails without a step: `environments.py`.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from workflows.environments import Settings
from workflows.expressions import Functions, evaluate, is_true


@dataclass(frozen=True)
class Ended:
    """How a job ended, in GitHub's words, with what it put out. `is_refused`: it had no step."""

    result: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    is_refused: bool = False

    @property
    def has_started(self) -> bool:
        """Whether a step of it ran, as far as its result tells."""
        return self.result != "skipped" and not self.is_refused


@dataclass(frozen=True)
class Situation:
    """Around the jobs. `is_cancelled`: somebody has cancelled the workflow run."""

    settings: Settings = field(default_factory=Settings)
    github: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    branch: str = "main"
    attempt: int = 1
    is_cancelled: bool = False


def played(
    workflow: Mapping[str, Any],
    endings: Mapping[str, Ended],
    situation: Situation,
    before: Mapping[str, Ended] | None = None,
) -> dict[str, Ended]:
    """Job -> how it ended: as `endings` says if it starts, in success where they say nothing.

    `before` are jobs that have ended already, as those of an earlier attempt that are `kept`.
    """
    jobs, ended = workflow["jobs"], dict(before or {})
    waiting = [name for name in jobs if name not in ended]
    while waiting:
        name = next(one for one in waiting if needs(jobs[one]) <= ended.keys())
        waiting.remove(name)
        ended[name] = _ended(jobs, name, endings.get(name, Ended("success")), ended, situation)
    return ended


def kept(
    workflow: Mapping[str, Any], first: Mapping[str, Ended], chosen: Set[str]
) -> dict[str, Ended]:
    """The jobs that aren't repeated with the chosen ones, as the first attempt has left them."""
    jobs = workflow["jobs"]
    return {
        name: one
        for name, one in first.items()
        if name not in chosen and not ancestors(jobs, name) & chosen
    }


def needs(job: Mapping[str, Any]) -> set[str]:
    """The jobs that it names."""
    told = job.get("needs", [])
    return {told} if isinstance(told, str) else set(told)


def ancestors(jobs: Mapping[str, Any], name: str) -> set[str]:
    """The jobs before it, through the chain."""
    before = needs(jobs[name])
    return before.union(*(ancestors(jobs, one) for one in before))


def _ended(
    jobs: Mapping[str, Any],
    name: str,
    ending: Ended,
    ended: Mapping[str, Ended],
    situation: Situation,
) -> Ended:
    if not _starts(jobs, name, ended, situation):
        return Ended("skipped")
    if situation.settings.refusal(jobs[name], situation.branch):
        return Ended("failure", is_refused=True)
    return ending


def _starts(
    jobs: Mapping[str, Any], name: str, ended: Mapping[str, Ended], situation: Situation
) -> bool:
    results = [ended[one].result for one in ancestors(jobs, name)]
    is_asked = False

    def asked(value: bool) -> bool:
        nonlocal is_asked
        is_asked = True
        return value

    succeeded = not situation.is_cancelled and all(one == "success" for one in results)
    functions: Functions = {
        "success": lambda: asked(succeeded),
        "failure": lambda: asked(not situation.is_cancelled and "failure" in results),
        "cancelled": lambda: asked(situation.is_cancelled),
        "always": lambda: asked(True),
    }
    contexts = {
        "github": {"run_attempt": str(situation.attempt), **situation.github},
        "vars": situation.settings.variables,
        "inputs": situation.inputs,
        "needs": {
            one: {"result": ended[one].result, "outputs": ended[one].outputs}
            for one in needs(jobs[name])
        },
    }
    holds = is_true(evaluate(str(jobs[name].get("if", "true")), contexts, functions))
    return holds and (is_asked or succeeded)

"""A workflow file as a mapping: which events start it, and what its jobs may do. Pure."""

import fnmatch
import re
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

import yaml
from fake_github.state import Delivery, FakeGithub

from workflows.environments import Settings

LEVELS = {"read", "write"}
JOB = re.compile(r"(?m)^(?=  [a-z]+:$)")
"""Where a job's part of a file begins."""


def read(text: str) -> dict[str, Any]:
    """The file; YAML takes the key `on` for true."""
    told = yaml.safe_load(text)
    told["on"] = told.pop(True, told.get("on"))
    return dict(told)


def is_started(workflow: Mapping[str, Any], delivery: Delivery, paths: Sequence[str]) -> bool:
    """Whether GitHub would start the workflow for this event: its types, branches and `paths`."""
    events = workflow["on"]
    if delivery.name not in events:
        return False
    wanted = events[delivery.name] or {}
    payload = delivery.payload
    if "types" in wanted and payload.get("action") not in wanted["types"]:
        return False
    branch = str(payload.get("ref", "")).removeprefix("refs/heads/")
    if "branches" in wanted and branch not in wanted["branches"]:
        return False
    patterns = wanted.get("paths", ["*"])
    return any(fnmatch.fnmatch(path, pattern) for path in paths or [""] for pattern in patterns)


def paths_of(fake: FakeGithub, delivery: Delivery) -> list[str]:
    """The files that a push or a pull request touches."""
    kinds = ("added", "modified", "removed")
    commits = delivery.hook.get("commits", [])
    pushed = [path for commit in commits for kind in kinds for path in commit[kind]]
    if delivery.name != "pull_request":
        return pushed
    head = fake.commits[delivery.payload["pull_request"]["head"]["sha"]]
    return list(fake.changed(head.parents[0], head.sha))


def grants(workflow: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Job -> the permissions of its GITHUB_TOKEN. A job that doesn't say has the file's: none."""
    assert workflow["permissions"] == {}, "every workflow begins with nothing"
    return {name: _granted(job) for name, job in workflow["jobs"].items()}


def _granted(job: Mapping[str, Any]) -> dict[str, str]:
    told = {name.replace("-", "_"): level for name, level in job.get("permissions", {}).items()}
    assert set(told.values()) <= LEVELS
    return told


def actions(workflow: Mapping[str, Any]) -> set[str]:
    """The remote actions that its steps use, each with its commit."""
    steps = [step for job in workflow["jobs"].values() for step in job.get("steps", [])]
    used = {step["uses"] for step in steps if "uses" in step}
    return {one for one in used if not one.startswith("./")}


def called_here(text: str, repository: str) -> str:
    """A caller's file that finds the called workflows of `repository` in its own."""
    return re.sub(rf"uses: {repository}/(\S+)@\S+", r"uses: ./\1", text)


def with_secrets(text: str, settings: Settings, branch: str) -> str:
    """The file with what each job's environment gives it; one that is refused has a failing step.

    A secret that a job may not read, or that isn't there, is an empty word:
    https://docs.github.com/en/actions/reference/security/secrets
    A called workflow gets its job's environment's own, whatever the caller passes on:
    https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations
    """
    jobs = read(text)["jobs"]
    parts = re.split(JOB, text)
    return "".join(
        _with_secrets(part, jobs.get(_name(part), {}), settings, branch) for part in parts
    )


def _with_secrets(part: str, job: Mapping[str, Any], settings: Settings, branch: str) -> str:
    if "steps" not in job:
        return part
    if refusal := settings.refusal(job, branch):
        head = part.split("    steps:\n")[0]
        # act knows no job without a step; this one has none of the file's.
        part = f"{head}    steps:\n      - run: echo {quote(refusal)}; exit 1\n"
    given = settings.secrets_of(job, branch)
    return re.sub(r"secrets\.(\w+)", lambda match: f"'{given.get(match[1], '')}'", part)


def with_tokens(text: str, tokens: Mapping[str, str], reference: str = "") -> str:
    """The file with each job's own token where it says `github.token`, and the reference of the
    workflow that was started where it says `github.workflow_ref`.

    act doesn't know `triggering_actor`, which differs from `actor` where a run is repeated only,
    nor another job's output in `runs-on`; here, every machine is this one.
    """
    text = text.replace("github.triggering_actor", "github.actor")
    text = text.replace("github.workflow_ref", f"'{reference}'")
    text = re.sub(r"runs-on: >-\n(?: {6}.*\n)+", "runs-on: ubuntu-latest\n", text)
    parts = re.split(JOB, text)
    return "".join(_with_token(part, tokens) for part in parts)


def _with_token(part: str, tokens: Mapping[str, str]) -> str:
    token = tokens.get(_name(part))
    return part.replace("github.token", f"'{token}'") if token else part


def _name(part: str) -> str:
    return part.split(":", 1)[0].strip()

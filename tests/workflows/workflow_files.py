"""A workflow file as a mapping: which events start it, and what its jobs may do. Pure."""

import fnmatch
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from fake_github.state import Delivery, FakeGithub

LEVELS = {"read", "write"}


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


def with_tokens(text: str, tokens: Mapping[str, str]) -> str:
    """The file with each job's own token where it says `github.token`.

    act doesn't know `triggering_actor`, which differs from `actor` where a run is repeated only,
    nor another job's output in `runs-on`; here, every machine is this one.
    """
    text = text.replace("github.triggering_actor", "github.actor")
    text = re.sub(r"runs-on: \$\{\{ needs\..*", "runs-on: ubuntu-latest", text)
    parts = re.split(r"(?m)^(?=  [a-z]+:$)", text)
    return "".join(_with_token(part, tokens) for part in parts)


def _with_token(part: str, tokens: Mapping[str, str]) -> str:
    name = part.split(":", 1)[0].strip()
    return part.replace("github.token", f"'{tokens[name]}'") if name in tokens else part

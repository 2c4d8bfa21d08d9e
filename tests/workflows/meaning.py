"""What a workflow file, an action or a CloudFormation template means, in lines. Pure.

    PYTHONPATH=.:tests:tests/runners python -m workflows.meaning          prints the tables
    PYTHONPATH=.:tests:tests/runners python -m workflows.meaning --write  writes them in `meaning/`

A section is a job, an event list, a role's statement; a line is one thing that is true of it. What
a rule of `test_meaning.py` says of every job or step isn't repeated here: that a checkout keeps no
credentials, that an action is pinned, and that a script has no value pasted into it.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from launch.stack import template_of

from workflows import workflow_files

ROOT = Path(__file__).resolve().parents[2]
TABLES = Path(__file__).parent / "meaning"
Sections = dict[str, list[str]]
"""Section -> its lines."""

_JOB = {
    "name", "needs", "if", "environment", "runs-on", "timeout-minutes", "uses", "concurrency",
    "permissions", "strategy", "env", "with", "secrets", "outputs", "steps",
}  # fmt: skip
_STEP_LINES = ("if", "shell", "working-directory", "continue-on-error")
_STEP = {"id", "name", "uses", "run", "with", "env", *_STEP_LINES}


def meanings() -> dict[str, Sections]:
    """Table -> its sections, of each workflow file, action and template."""
    files = sorted((ROOT / ".github/workflows").glob("*.yml"))
    found = {path.stem: of_workflow(workflow_files.read(path.read_text())) for path in files}
    for path in sorted((ROOT / ".github/actions").glob("*/action.yml")):
        found[f"action-{path.parent.name}"] = of_action(workflow_files.read(path.read_text()))
    for path in sorted((ROOT / "runners/launch/aws").glob("*.yaml")):
        found[f"stack-{path.stem}"] = of_template(template_of(path))
    texts = [path.read_text() for path in sorted((ROOT / ".github").rglob("*.yml"))]
    pins = {pin for text in texts for pin in re.findall(r"uses: ([^.\s]\S*@.+)", text)}
    return found | {"pins": {"actions": sorted(pins)}}


def read_table(text: str) -> Sections:
    """The kept sections: a heading, and its indented lines."""
    sections: Sections = {}
    for part in text.strip("\n").split("\n\n"):
        heading, *lines = part.split("\n")
        sections[heading] = [line.removeprefix("  ") for line in lines]
    return sections


def write_table(sections: Sections) -> str:
    parts = [
        "\n".join([name, *(f"  {line}" for line in lines)]) for name, lines in sections.items()
    ]
    return "\n\n".join(parts) + "\n"


def of_workflow(workflow: Mapping[str, Any]) -> Sections:
    """What starts it and what it is given, and a section for each job."""
    starts = [line for event, one in workflow["on"].items() for line in _event(event, one)]
    whole = [
        *_entries("may", workflow["permissions"] or {"nothing": ""}),
        *_alone(workflow),
        *_entries("env", workflow.get("env", {})),
    ]
    named = [
        f"is called {_plain(workflow[key])}" for key in ("name", "run-name") if key in workflow
    ]
    jobs = {f"job {name}": list(_job(job)) for name, job in workflow["jobs"].items()}
    return {"starts": starts, "whole": named + whole, **jobs}


def of_action(action: Mapping[str, Any]) -> Sections:
    """A composite action: its inputs and steps."""
    inputs = [_input("input", *one) for one in action["inputs"].items()]
    steps = [line for step in action["runs"]["steps"] for line in _step(step)]
    return {"inputs": inputs, "steps": steps}


def _event(event: str, one: Any) -> Iterator[str]:
    if isinstance(one, list):
        yield from (f"{event} {entry['cron']}" for entry in one)
        return
    one = one or {}
    filters = [f"{key} {' '.join(one[key])}" for key in one if key not in ("inputs", "secrets")]
    yield " ".join([event, *filters])
    for kind in ("inputs", "secrets"):
        yield from (_input(f"{event} {kind[:-1]}", *entry) for entry in one.get(kind, {}).items())


def _input(kind: str, name: str, told: Mapping[str, Any]) -> str:
    more = [f"{key} {told[key]}" for key in ("type", "default") if key in told]
    return ", ".join([f"{kind} {name}", *more, *(["required"] if told.get("required") else [])])


def _job(job: Mapping[str, Any]) -> Iterator[str]:
    assert job.keys() <= _JOB, f"{job.keys() - _JOB} of a job has no line in the tables"
    yield f"is shown as {_plain(job['name'])}"
    needs = job.get("needs", [])
    if needs:
        yield f"needs {needs if isinstance(needs, str) else ', '.join(needs)}"
    if "if" in job:
        yield f"if {_plain(job['if'])}"
    place = job.get("environment")
    if place:
        yield f"environment {_plain(place['name'] if isinstance(place, dict) else place)}"
    for key, word in (("runs-on", "on"), ("timeout-minutes", "minutes"), ("uses", "calls")):
        if key in job:
            yield f"{word} {_plain(job[key])}"
    yield from _alone(job)
    yield from _entries("may", job["permissions"] or {"nothing": ""})
    yield from _entries("strategy", job.get("strategy", {}))
    for key in ("env", "with", "secrets", "outputs"):
        inherited = job.get(key) if isinstance(job.get(key), str) else None
        yield from [f"{key} {inherited}"] if inherited else _entries(key, job.get(key, {}))
    for step in job.get("steps", []):
        yield from _step(step)


def _step(step: Mapping[str, Any]) -> Iterator[str]:
    assert step.keys() <= _STEP, f"{step.keys() - _STEP} of a step has no line in the tables"
    does = step.get("uses", "").split("@")[0] or step.get("name") or _command(step["run"])
    called = f" ({step['id']})" if "id" in step else ""
    yield f"step{called} {does}"
    yield from (f"    {key} {_plain(step[key])}" for key in _STEP_LINES if key in step)
    given = dict(step.get("with", {}))
    if does == "actions/checkout":
        given.pop("persist-credentials", None)
    yield from (f"    {line}" for line in (*_entries("with", given), *_env(step.get("env", {}))))


def _env(entries: Mapping[str, Any]) -> Iterator[str]:
    """Where values come from; of a sentence, that it is one, and what it takes."""
    for name, value in entries.items():
        taken = re.findall(r"\$\{\{ *(.+?) *\}\}", str(value))
        is_sentence = len(str(value)) > 120
        sentence = f"a sentence with {', '.join(sorted(set(taken)))}"
        yield f"env {name} {sentence if is_sentence else _plain(value)}"


def _command(script: str) -> str:
    """The command that a script is for, or how it begins; other tests run the scripts."""
    found = re.search(r"python3? -m \S+ [a-z-]+", script)
    return found[0] if found else script.split("\n")[0].split("$")[0][:40].strip()


def _alone(one: Mapping[str, Any]) -> Iterator[str]:
    if "concurrency" in one:
        cancels = one["concurrency"].get("cancel-in-progress")
        yield f"one at a time: {_plain(one['concurrency']['group'])}, cancels: {_plain(cancels)}"


def _entries(kind: str, entries: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{kind} {name} {_plain(value)}".rstrip() for name, value in entries.items())


def _plain(value: Any) -> str:
    """An expression without its braces, on one line."""
    text = " ".join(str(value).split())
    text = text.lower() if isinstance(value, bool) else text
    whole = re.fullmatch(r"\$\{\{ ((?:(?!\$\{\{).)+) \}\}", text)
    return whole[1] if whole else text


def of_template(template: Mapping[str, Any]) -> Sections:
    """Parameters, conditions, a section for each resource and each statement, and outputs."""
    sections: Sections = {
        f"parameter {name}": [*_flat("", {k: v for k, v in one.items() if k != "Description"})]
        for name, one in template["Parameters"].items()
    }
    sections["conditions"] = [*_flat("", template["Conditions"])]
    for name, resource in template["Resources"].items():
        sections[name], statements = [], dict(_statements(resource.get("Properties", {})))
        rest = _without_statements(resource)
        sections[name] = [*_flat("", rest)]
        sections.update({f"{name}, {key}": [*_flat("", one)] for key, one in statements.items()})
    sections["outputs"] = [*_flat("", {k: v["Value"] for k, v in template["Outputs"].items()})]
    return sections


def _statements(properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Name -> statement, of a role's trust and policies, or of a policy."""
    if trust := properties.get("AssumeRolePolicyDocument"):
        yield from ((f"trust {index}", one) for index, one in enumerate(trust["Statement"], 1))
    policies = properties.get("Policies", [properties] if "PolicyDocument" in properties else [])
    for policy in policies:
        for one in policy["PolicyDocument"]["Statement"]:
            inner = one["Fn::If"][1] if "Fn::If" in one else one
            only = {"only where": one["Fn::If"][0]} if "Fn::If" in one else {}
            rest = {key: value for key, value in inner.items() if key != "Sid"}
            yield f"{policy['PolicyName']}: {inner['Sid']}", {**only, **rest}


def _without_statements(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_statements(one) for one in node]
    if not isinstance(node, dict):
        return node
    left = {key: value for key, value in node.items() if key not in ("Statement", "Description")}
    return {key: _without_statements(value) for key, value in left.items()}


def _flat(path: str, node: Any) -> Iterator[str]:
    """One line for each value: the names that lead to it, and what it says."""
    if isinstance(node, dict) and not (len(node) == 1 and _is_function(next(iter(node)))):
        for key, value in node.items():
            yield from _flat(f"{path} {key}".strip(), value)
    elif isinstance(node, list):
        for value in node:
            yield from _flat(path, value)
    else:
        yield f"{path} {_cloud(node)}".strip()


def _is_function(key: str) -> bool:
    return key == "Ref" or key.startswith("Fn::")


def _cloud(node: Any) -> str:
    """A value as CloudFormation's functions make it, short."""
    if isinstance(node, list):
        return "[" + ", ".join(map(_cloud, node)) + "]"
    if not isinstance(node, dict):
        text = _plain(node)
        here = re.sub(r"arn:\$\{AWS::Partition\}:(\w*):\$\{AWS::Region\}:\$\{AWS::AccountId\}:",
                      r"\1 here: ", text)  # fmt: skip
        return here.replace("arn:${AWS::Partition}:s3:::", "s3: ")
    ((name, value),) = node.items()
    return f"the {value}" if name == "Ref" else f"{name.removeprefix('Fn::')}({_cloud(value)})"


def main() -> None:
    """Prints the tables, or keeps them."""
    for name, sections in meanings().items():
        if "--write" in sys.argv:
            TABLES.mkdir(exist_ok=True)
            (TABLES / f"{name}.txt").write_text(write_table(sections))
        else:
            print(f"=== {name}\n{write_table(sections)}")  # noqa: T201


if __name__ == "__main__":
    main()

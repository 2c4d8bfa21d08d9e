"""Small faults for workflow files: a file's text -> (what is wrong now, the faulty text). Pure.

Each fault is one that a person could make.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

import yaml

Fault = tuple[str, str]
Rule = Callable[[list[str]], Iterator[tuple[str, list[str]]]]

_KEY = re.compile(r"^( *)(?:- )?([\w-]+):(?: (.*))?$")
_SWAPS = [
    ("github.triggering_actor", "github.actor"),
    ("github.event.repository.default_branch", "github.ref_name"),
    ("github.ref_name", "github.head_ref"),
    ("head.repo.full_name == github.repository", "base.repo.full_name == github.repository"),
    ("github.event.comment.user.type", "github.event.issue.user.type"),
    ("github.run_attempt", "github.run_id"),
    ("github.run_id", "github.run_number"),
    ("github.sha", "github.ref"),
    ("steps.app.outputs.token || github.token", "github.token"),
    ("steps.app.outputs.app-slug || ", ""),
    ("vars.READ_ROLE", "vars.LAUNCH_ROLE"),
    ("vars.LAUNCH_ROLE", "vars.DATA_ROLE"),
    ("vars.BOT_INSTANCE", "github.run_id"),
    ("needs.plan.outputs.commit", "github.sha"),
    ("needs.plan.outputs.run-id", "github.run_id"),
    (".result", ".outputs"),
    (" && ", " || "),
    (" || ", " && "),
    (" == ", " != "),
    (" != ", " == "),
    ("!cancelled()", "always()"),
    ("always()", "!cancelled()"),
    ("failure()", "success()"),
]  # fmt: skip
_LITERALS = [
    ("persist-credentials: false", "persist-credentials: true"),
    ("cancel-in-progress: false", "cancel-in-progress: true"),
    ("continue-on-error: true", "continue-on-error: false"),
    ("required: true", "required: false"),
    ("fail-fast: false", "fail-fast: true"),
    ("overwrite: true", "overwrite: false"),
    ("environment: instance", "environment: bot"),
    ("types: [created]", "types: [created, edited]"),
    ("branches: [main]", "branches: ['**']"),
    ('tags: ["v*"]', 'tags: ["*"]'),
    ("path: packed", "path: ."),
    ("fetch-depth: 0", "fetch-depth: 1"),
]
_DROPPED = {
    "if", "needs", "timeout-minutes", "environment", "concurrency", "branches", "paths", "types",
    "tags", "cancel-in-progress", "persist-credentials", "ref", "repository", "outputs", "env",
    "role-to-assume", "private-key", "continue-on-error", "shell", "working-directory", "with",
    "secrets", "permissions", "run-name",
}  # fmt: skip


def faults(text: str) -> Iterator[Fault]:
    """Every fault of every rule; one may change nothing, which `is_fault` sees."""
    lines = text.splitlines()
    for rule in RULES:
        yield from ((what, "\n".join(mutated) + "\n") for what, mutated in rule(lines))


def is_fault(right: str, wrong: str) -> bool:
    """Whether the second text is YAML, and means something else than the first."""
    return _meaning(wrong) not in ("", _meaning(right))


def block(lines: list[str], index: int) -> range:
    """The lines of the key at `index`: itself and what is indented deeper."""
    depth = _depth(lines[index])
    end = index + 1
    while end < len(lines) and (not lines[end].strip() or _depth(lines[end]) > depth):
        end += 1
    return range(index, end)


def keys(lines: list[str]) -> Iterator[tuple[int, int, str, str]]:
    """(line, indentation, key, what follows on the line), outside of scripts and folded texts."""
    skipped = range(0)
    for index, line in enumerate(lines):
        found = _KEY.match(line)
        if index in skipped or not found:
            continue
        if (found[3] or "").startswith(("|", ">")) and found[2] == "run":
            skipped = block(lines, index)
        yield index, len(found[1]), found[2], found[3] or ""


def without(lines: list[str], removed: range) -> list[str]:
    """The lines without these; a list's dash stays on the key that follows."""
    rest = lines[removed.stop :]
    if lines[removed.start].lstrip().startswith("- ") and rest:
        depth = _depth(lines[removed.start])
        rest = [" " * (depth - 2) + "- " + rest[0].lstrip(), *rest[1:]]
    return lines[: removed.start] + rest


def replaced(lines: list[str], index: int, line: str) -> list[str]:
    return [*lines[:index], line, *lines[index + 1 :]]


def _depth(line: str) -> int:
    """Where its key begins, after a list's dash."""
    return (
        len(line) - len(line.lstrip(" -"))
        if line.lstrip().startswith("- ")
        else len(line) - len(line.lstrip())
    )


@cache
def _meaning(text: str) -> str:
    """The file without comments; empty where it is no YAML."""
    try:
        return str(yaml.serialize(yaml.compose(text, yaml.CSafeLoader)))
    except yaml.YAMLError:
        return ""


def _at(index: int, said: str) -> str:
    return f"line {index + 1}: {said}"


def _dropped_keys(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, _, key, _ in keys(lines):
        if key in _DROPPED:
            yield _at(index, f"{key} dropped"), without(lines, block(lines, index))


def _permissions(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, line in enumerate(lines):
        granted = re.match(r"( +)((?:permission-)?[a-z-]+): (read|write)\b", line)
        if granted:
            other = {"read": "write", "write": "read"}[granted[3]]
            changed = line.replace(f": {granted[3]}", f": {other}", 1)
            yield _at(index, f"{granted[2]}: {other}"), replaced(lines, index, changed)
            yield _at(index, f"{granted[2]} dropped"), without(lines, range(index, index + 1))
            more = f"{granted[1]}packages: write"
            yield _at(index, "packages: write added"), [*lines[:index], more, *lines[index:]]
        if line.strip() == "permissions: {}":
            depth = " " * (_depth(line) + 2)
            given = [line.replace(" {}", ""), f"{depth}contents: write"]
            yield _at(index, "contents: write"), lines[:index] + given + lines[index + 1 :]


def _conditions(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, _, key, value in keys(lines):
        if key == "if" and value and not value.startswith((">", "'", "$")):
            for added in (f"always() && ({value})", f"always() || ({value})", f"(!({value}))"):
                said = f"if: {added}"
                line = lines[index].replace(f"if: {value}", said)
                yield _at(index, said), replaced(lines, index, line)


def _needs(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, _, key, value in keys(lines):
        names = re.findall(r"\w+", value) if key == "needs" and "[" in value else []
        for name in names:
            rest = ", ".join(one for one in names if one != name)
            line = lines[index].replace(value, f"[{rest}]")
            yield _at(index, f"needs without {name}"), replaced(lines, index, line)


def _events(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    start = lines.index("on:")
    inside = block(lines, start)
    for index in inside:
        if re.match(r"  \w+:", lines[index]):
            yield _at(index, f"{lines[index].strip()} dropped"), without(lines, block(lines, index))
    for event in ("pull_request_target", "workflow_dispatch", "push", "workflow_run"):
        if not any(lines[one].startswith(f"  {event}:") for one in inside):
            added = [f"  {event}:"]
            yield _at(start, f"{event} added"), lines[: start + 1] + added + lines[start + 1 :]


def _concurrency(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, _, key, value in keys(lines):
        if key == "group" and lines[index - 1].strip() == "concurrency:":
            for other in (f"{value}-${{{{ github.run_id }}}}", "all"):
                line = lines[index].replace(value, other)
                yield _at(index, f"group: {other}"), replaced(lines, index, line)


def _entries(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """An entry of env, with, outputs, inputs or secrets dropped, or another secret taken."""
    for start, _, key, value in keys(lines):
        if key not in ("env", "with", "outputs", "inputs", "secrets") or value:
            continue
        inside = block(lines, start)
        for index, depth, name, told in keys(lines):
            if index in inside and depth == _depth(lines[start]) + 2:
                yield _at(index, f"{key} without {name}"), without(lines, block(lines, index))
                if "secrets." in told:
                    other = re.sub(r"secrets\.\w+", "secrets.GITHUB_TOKEN", lines[index])
                    yield _at(index, f"{name} of another secret"), replaced(lines, index, other)
        if key == "secrets":
            line = lines[start].replace("secrets:", "secrets: inherit")
            rest = lines[inside.stop :]
            yield _at(start, "secrets: inherit"), [*lines[:start], line, *rest]


def _swaps(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    scripts = {one for i, _, key, _ in keys(lines) if key == "run" for one in block(lines, i)}
    for index, line in enumerate(lines):
        if index in scripts or line.lstrip().startswith("#"):
            continue
        for one, other in (*_SWAPS, *_LITERALS):
            if one in line:
                changed = line.replace(one, other, 1)
                yield _at(index, f"{other!r} for {one!r}"), replaced(lines, index, changed)


def _pins(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, line in enumerate(lines):
        if pinned := re.search(r"@([0-9a-f]{40}) # (v\S+)", line):
            for other in (f"@{pinned[2]}", f"@{pinned[1][::-1]}"):
                changed = line.replace(f"@{pinned[1]}", other)
                yield _at(index, f"pinned {other[:12]}"), replaced(lines, index, changed)


def _times(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, _, key, value in keys(lines):
        if key in ("timeout-minutes", "retention-days") and value.isdigit():
            line = lines[index].replace(value, str(int(value) * 10))
            yield _at(index, f"{key} of {line.strip()}"), replaced(lines, index, line)


RULES: Iterable[Rule] = (
    _dropped_keys, _permissions, _conditions, _needs, _events, _concurrency, _entries, _swaps,
    _pins, _times,
)  # fmt: skip

"""Small faults for CloudFormation templates: a text -> (what is wrong, the faulty text). Pure."""

import re
from collections.abc import Iterator

from mutants.workflow_rules import Fault, block, keys, replaced, without

_SWAPS = [
    ("Effect: Allow", "Effect: Deny"),
    ("Effect: Deny", "Effect: Allow"),
    ("StringEquals:", "StringLike:"),
    ("StringEquals:", "StringNotEquals:"),
    ("StringLike:", "StringNotLike:"),
    ("StringLikeIfExists:", "StringNotLike:"),
    ("StringEqualsIfExists:", "StringNotEquals:"),
    ("ArnEquals:", "ArnNotEquals:"),
    ('"true"', '"false"'),
    ("/${RunsPrefix}/*", "/*"),
    ("${RunsPrefix}/*", "*"),
    ("/*/machines/*", "/*"),
    ("${Repository}/runner/*", "*"),
    ("instance/*", "*"),
    ("ingestion-*", "*"),
    ("refs/heads/${Branch}", "refs/heads/*"),
    ("!Ref RepositoryId", "!Ref OwnerId"),
    ("!Ref Repository", '"*"'),
    ("!Ref Connection", '"*"'),
    ("!GetAtt MachineRole.Arn", '"*"'),
    ("!GetAtt MachineProfile.Arn", '"*"'),
    ("[ec2.amazonaws.com, sagemaker.amazonaws.com]", "[ec2.amazonaws.com, lambda.amazonaws.com]"),
    ("ec2:MetadataHttpTokens: required", "ec2:MetadataHttpTokens: optional"),
    ("cell-census/*", "*"),
    ("0.0.0.0/0", "10.0.0.0/8"),
    ("PrivilegedMode: false", "PrivilegedMode: true"),
    ("DeletionPolicy: Delete", "DeletionPolicy: Retain"),
    ("HasRuns", "HasPrice"),
    ("sub:", "aud2:"),
]  # fmt: skip
_DROPPED = {
    "Condition", "AllowedPattern", "AllowedValues", "Default", "Effect", "MaxSessionDuration",
    "DeletionPolicy", "UpdateReplacePolicy", "Resource", "Principal", "ConcurrentBuildLimit",
    "TimeoutInMinutes", "QueuedTimeoutInMinutes", "ManagedPolicyArns", "RetentionInDays",
}  # fmt: skip


def faults(text: str) -> Iterator[Fault]:
    """Every fault of every rule; one may change nothing, which `is_fault` sees."""
    lines = text.splitlines()
    for rule in (_dropped, _actions, _resources, _swaps, _patterns, _numbers, _list_entries):
        yield from ((what, "\n".join(mutated) + "\n") for what, mutated in rule(lines))


def _at(index: int, said: str) -> str:
    return f"line {index + 1}: {said}"


def _dropped(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, _, key, _ in keys(lines):
        inside_condition = ":" in key or re.match(
            r" +(aws|ec2|iam|s3|token\.\S+):\S+:", lines[index]
        )
        if key in _DROPPED or inside_condition:
            yield _at(index, f"{key} dropped"), without(lines, block(lines, index))
    for index, line in enumerate(lines):
        if re.match(r" +(aws|ec2|iam|s3|sagemaker|token\.[a-z.]+):[\w:/.-]+:( |$)", line):
            removed = without(lines, block(lines, index))
            yield _at(index, f"{line.strip().split(': ')[0]} dropped"), removed


def _actions(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, line in enumerate(lines):
        found = re.match(r"( +)(Action: |- )([a-z0-9-]+):([A-Z]\w+)$", line)
        if not found:
            continue
        for other in (f"{found[3]}:*", f"{found[3]}:Delete{found[4]}"):
            changed = f"{found[1]}{found[2]}{other}"
            yield _at(index, f"{other} for {found[4]}"), replaced(lines, index, changed)
        if found[2] == "- ":
            yield _at(index, f"without {found[4]}"), lines[:index] + lines[index + 1 :]
            more = f"{found[1]}- {found[3]}:Delete{found[4]}"
            yield _at(index, f"{more.strip()} added"), [*lines[:index], more, *lines[index:]]


def _resources(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, _, key, value in keys(lines):
        if key == "Resource" and value != '"*"':
            indent = lines[index][: lines[index].index("Resource")]
            rest = lines[block(lines, index).stop :]
            yield _at(index, "any resource"), [*lines[:index], f'{indent}Resource: "*"', *rest]


def _swaps(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, line in enumerate(lines):
        if line.lstrip().startswith("#") or "Description:" in line:
            continue
        for one, other in _SWAPS:
            if one in line:
                changed = line.replace(one, other, 1)
                yield _at(index, f"{other!r} for {one!r}"), replaced(lines, index, changed)


def _patterns(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, _, key, _ in keys(lines):
        if key == "AllowedPattern":
            indent = lines[index].split("AllowedPattern")[0]
            yield _at(index, "any text"), replaced(lines, index, f'{indent}AllowedPattern: ".*"')


def _numbers(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, _, key, value in keys(lines):
        if value.isdigit():
            line = lines[index].replace(value, f"{value}0")
            yield _at(index, f"{key}: {value}0"), replaced(lines, index, line)


def _list_entries(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    for index, line in enumerate(lines):
        if re.match(r" +- (!Sub|BUILD_)", line):
            yield _at(index, f"without {line.strip()[2:40]}"), lines[:index] + lines[index + 1 :]

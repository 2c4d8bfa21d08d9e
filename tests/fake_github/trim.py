"""GitHub's OpenAPI document -> the part of it that the double answers by, as openapi.json.

    npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
    PYTHONPATH=tests python -m fake_github.trim package/generated/api.github.com.json

Keeps operations, webhooks and the schemas that they name; drops prose, examples and headers.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

OPENAPI = Path(__file__).with_name("openapi.json")
NAMES = """
actions/cancel-workflow-run actions/create-workflow-dispatch actions/delete-workflow-run
actions/delete-self-hosted-runner-from-repo actions/download-artifact actions/enable-workflow
actions/generate-runner-jitconfig-for-repo
actions/get-github-actions-default-workflow-permissions-repository
actions/get-github-actions-permissions-repository actions/get-workflow
actions/list-artifacts-for-repo actions/list-environment-secrets actions/list-jobs-for-workflow-run
actions/list-repo-organization-secrets actions/list-repo-organization-variables
actions/list-repo-secrets actions/list-repo-variables actions/list-repo-workflows
actions/list-self-hosted-runners-for-repo actions/list-workflow-runs
apps/create-from-manifest apps/get-repo-installation
checks/create checks/list-for-ref checks/update
git/create-commit git/create-ref git/create-tree git/delete-ref git/get-blob git/get-commit
git/get-ref git/get-tree
issues/add-labels issues/create issues/create-comment issues/get issues/get-comment
issues/list-comments issues/list-for-repo issues/list-labels-for-repo issues/list-labels-on-issue
issues/remove-label issues/update issues/update-comment
pulls/create pulls/get pulls/list pulls/list-files pulls/merge
reactions/create-for-issue-comment
repos/create-or-update-file-contents repos/delete-file
repos/get repos/get-all-environments repos/get-collaborator-permission-level repos/get-content
repos/list-branches repos/list-commits repos/list-deployment-branch-policies
repos/list-pull-requests-associated-with-commit
"""
OPERATIONS = frozenset(NAMES.split())
WEBHOOKS = (
    "issue-comment-created",
    "pull-request-opened",
    "pull-request-synchronize",
    "push",
    "workflow-dispatch",
)
PROSE = frozenset(
    {"description", "summary", "tags", "externalDocs", "example", "examples", "title", "headers"}
)
NAMED = frozenset({"properties", "schemas", "parameters", "responses", "patternProperties"})


def trimmed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document's part, complete in itself."""
    kept: dict[str, Any] = {
        "openapi": document["openapi"],
        "info": document["info"],
        "paths": dict(_operations(document["paths"])),
        "x-webhooks": {name: _bare(document["x-webhooks"][name]) for name in WEBHOOKS},
        "components": {},
    }
    open_ones = set(_references(kept))
    while open_ones:
        pointer = open_ones.pop()
        _, _, kind, name = pointer.split("/")
        part = kept["components"].setdefault(kind, {})
        if name not in part:
            part[name] = _bare(document["components"][kind][name])
            open_ones |= set(_references(part[name])) - {pointer}
    return kept


def _operations(paths: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for path, methods in paths.items():
        wanted = {
            method: _bare(one)
            for method, one in methods.items()
            if isinstance(one, dict) and one.get("operationId") in OPERATIONS
        }
        if wanted:
            yield path, wanted


def _bare(node: Any, named: bool = False) -> Any:
    """Without prose and GitHub's own notes; `named`: the keys are names, not the format's."""
    if isinstance(node, list):
        return [_bare(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = (k for k in node if named or not (k in PROSE or k.startswith("x-")))
    return {k: _bare(node[k], named=not named and k in NAMED) for k in kept}


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for one in node.values():
            yield from _references(one)
    elif isinstance(node, list):
        for one in node:
            yield from _references(one)


if __name__ == "__main__":
    whole = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    OPENAPI.write_text(json.dumps(trimmed(whole), separators=(",", ":")) + "\n", encoding="utf-8")

"""What the repository holds -> GitHub's JSON for it. Pure.

Fields that nobody here reads are filled with addresses and nothing.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.state import CheckRun, Comment, Commit, Hub, Issue, Run, Runner, User

USERS = """
avatar events followers following gists organizations received_events repos starred subscriptions
"""
REPOSITORIES = """
archive assignees blobs branches collaborators comments commits compare contents contributors
deployments downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events
issues keys labels languages merges milestones notifications pulls releases stargazers statuses
subscribers subscription tags teams trees clone git ssh svn
"""
COUNTS = """
forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count
network_count subscribers_count
"""
SHARED = """
number title body user labels state assignee assignees milestone locked active_lock_reason
author_association created_at updated_at closed_at
"""
"""The fields that a pull request has from being an issue."""

ABILITIES = ("issues", "projects", "wiki", "pages", "discussions", "downloads")
SIGNS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


def moment(when: datetime | None) -> str | None:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def user(hub: Hub, one: User) -> dict[str, Any]:
    url = f"{hub.address}/users/{one.login}"
    return {
        **{f"{place}_url": f"{url}/{place}" for place in USERS.split()},
        "login": one.login,
        "id": one.id,
        "node_id": f"U_{one.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{hub.address}/{one.login}",
        "type": one.type,
        "site_admin": False,
    }


def repository(hub: Hub) -> dict[str, Any]:
    url = _url(hub)
    return {
        **{f"{place}_url": f"{url}/{place}" for place in REPOSITORIES.split()},
        **dict.fromkeys(COUNTS.split(), 0),
        **{f"has_{ability}": True for ability in ABILITIES},
        **dict.fromkeys(("description", "homepage", "language", "license", "mirror_url")),
        "id": 1,
        "node_id": "R_1",
        "name": hub.full_name.split("/")[1],
        "full_name": hub.full_name,
        "owner": user(hub, hub.user(hub.owner, "admin")),
        "url": url,
        "html_url": _html(hub),
        "default_branch": hub.default_branch,
        **dict.fromkeys(("private", "fork", "archived", "disabled"), False),
        **dict.fromkeys(("created_at", "updated_at", "pushed_at"), moment(hub.created)),
        "topics": [],
        "visibility": "public",
    }


def label(hub: Hub, name: str) -> dict[str, Any]:
    return {
        "id": sum(map(ord, name)),
        "node_id": f"L_{name}",
        "url": f"{_url(hub)}/labels/{name.replace(' ', '%20')}",
        "name": name,
        "description": None,
        "color": "ededed",
        "default": False,
    }


def issue(hub: Hub, one: Issue) -> dict[str, Any]:
    """As an issue; a pull request is one, too."""
    url = f"{_url(hub)}/issues/{one.number}"
    kind = "pull" if one.pull else "issues"
    told = {
        "id": 10_000 + one.number,
        "node_id": f"I_{one.number}",
        **{f"{place}_url": f"{url}/{place}" for place in ("comments", "events", "labels")},
        "timeline_url": f"{url}/timeline",
        "url": url,
        "html_url": f"{_html(hub)}/{kind}/{one.number}",
        "repository_url": _url(hub),
        "number": one.number,
        "title": one.title,
        "body": one.body,
        "user": user(hub, one.user),
        "labels": [label(hub, name) for name in one.labels],
        "state": one.state,
        "state_reason": "completed" if one.state == "closed" else None,
        "comments": len(one.comments),
        "assignees": [],
        **dict.fromkeys(("assignee", "milestone", "active_lock_reason")),
        "performed_via_github_app": None,
        "locked": False,
        "author_association": "NONE",
        "reactions": reactions(url, []),
        "created_at": moment(one.created),
        "updated_at": moment(one.updated),
        "closed_at": moment(one.closed),
    }
    pull_url = f"{_url(hub)}/pulls/{one.number}"
    places = {"url": pull_url, **{f"{p}_url": f"{pull_url}.{p}" for p in ("html", "diff", "patch")}}
    return told | ({"pull_request": places} if one.pull else {})


def reactions(url: str, given: list[tuple[str, str]]) -> dict[str, Any]:
    counts = {sign: sum(content == sign for _, content in given) for sign in SIGNS}
    return {"url": f"{url}/reactions", "total_count": len(given), **counts}


def comment(hub: Hub, one: Comment) -> dict[str, Any]:
    url = f"{_url(hub)}/issues/comments/{one.id}"
    return {
        "id": one.id,
        "node_id": f"IC_{one.id}",
        "url": url,
        "html_url": f"{_html(hub)}/issues/{one.issue}#issuecomment-{one.id}",
        "issue_url": f"{_url(hub)}/issues/{one.issue}",
        "body": one.body,
        "user": user(hub, one.user),
        "author_association": "NONE",
        "performed_via_github_app": None,
        "reactions": reactions(url, one.reactions),
        "created_at": moment(one.created),
        "updated_at": moment(one.updated),
    }


def reaction(hub: Hub, number: int, login: str, content: str, when: datetime) -> dict[str, Any]:
    told = {"id": number, "node_id": f"RE_{number}", "user": user(hub, hub.user(login))}
    return {**told, "content": content, "created_at": moment(when)}


def pull(hub: Hub, one: Issue) -> dict[str, Any]:
    """As a pull request, with the fields of both the list and the single one."""
    told = one.pull
    assert told is not None
    as_issue = issue(hub, one)
    url = f"{_url(hub)}/pulls/{one.number}"
    html = f"{_html(hub)}/pull/{one.number}"
    places = {
        "self": url,
        "html": html,
        "issue": as_issue["url"],
        "comments": as_issue["comments_url"],
        "review_comments": f"{url}/comments",
        "review_comment": f"{url}/comments/1",
        "commits": f"{url}/commits",
        "statuses": f"{_url(hub)}/statuses/{told.head_sha}",
    }
    return {
        **{name: as_issue[name] for name in SHARED.split()},
        "id": 20_000 + one.number,
        "node_id": f"PR_{one.number}",
        "url": url,
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": as_issue["url"],
        **{f"{name}_url": places[name] for name in places if name not in {"self", "html", "issue"}},
        "_links": {name: {"href": place} for name, place in places.items()},
        "head": _side(hub, told.head, told.head_sha, told.fork),
        "base": _side(hub, told.base, hub.branches[told.base], None),
        "draft": told.draft,
        "auto_merge": None,
        "requested_reviewers": [],
        "requested_teams": [],
        **dict.fromkeys(("additions", "changed_files", "deletions", "review_comments"), 0),
        "comments": len(one.comments),
        "commits": 1,
        "merged": told.merged_as is not None,
        "merged_at": moment(one.closed) if told.merged_as else None,
        "merged_by": None,
        "merge_commit_sha": told.merged_as,
        "mergeable": None,
        "mergeable_state": "unknown",
        "maintainer_can_modify": False,
    }


def _side(hub: Hub, ref: str, sha: str, fork: str | None) -> dict[str, Any]:
    repo = repository(hub)
    if fork is not None:
        owner = user(hub, hub.user(fork.split("/")[0]))
        repo |= {"full_name": fork, "id": 2, "fork": True, "owner": owner}
    return {
        "label": f"{repo['full_name'].split('/')[0]}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": repo["owner"],
        "repo": repo,
    }


def reference(hub: Hub, branch: str) -> dict[str, Any]:
    url = f"{_url(hub)}/git"
    sha = hub.branches[branch]
    return {
        "ref": f"refs/heads/{branch}",
        "node_id": f"REF_{branch}",
        "url": f"{url}/refs/heads/{branch}",
        "object": {"type": "commit", "sha": sha, "url": f"{url}/commits/{sha}"},
    }


def commit(hub: Hub, one: Commit) -> dict[str, Any]:
    url = f"{_url(hub)}/git"
    signed = {"name": "Somebody", "email": "somebody@example.org", "date": moment(one.date)}
    return {
        "sha": one.sha,
        "node_id": f"C_{one.sha}",
        "url": f"{url}/commits/{one.sha}",
        "html_url": f"{_html(hub)}/commit/{one.sha}",
        "author": signed,
        "committer": signed,
        "message": one.message,
        "tree": {"sha": one.tree, "url": f"{url}/trees/{one.tree}"},
        "parents": [
            {"sha": p, "url": f"{url}/commits/{p}", "html_url": f"{_html(hub)}/commit/{p}"}
            for p in one.parents
        ],
        "verification": {
            "verified": False,
            "reason": "unsigned",
            **dict.fromkeys(("signature", "payload", "verified_at")),
        },
    }


def listed_commit(hub: Hub, one: Commit) -> dict[str, Any]:
    """As a commit of the repository rather than of its git."""
    told = commit(hub, one)
    url = f"{_url(hub)}/commits/{one.sha}"
    inner = {name: told[name] for name in ("author", "committer", "message", "tree")}
    return {
        **{name: told[name] for name in ("sha", "node_id", "html_url", "parents")},
        "url": url,
        "comments_url": f"{url}/comments",
        "commit": {**inner, "url": told["url"], "comment_count": 0},
        "author": None,
        "committer": None,
    }


def tree(hub: Hub, sha: str) -> dict[str, Any]:
    entries = [
        {
            "path": path,
            "mode": "100644",
            "type": "blob",
            "sha": blob,
            "size": len(hub.blobs[blob]),
            "url": f"{_url(hub)}/git/blobs/{blob}",
        }
        for path, blob in sorted(hub.trees[sha].items())
    ]
    return {
        "sha": sha,
        "url": f"{_url(hub)}/git/trees/{sha}",
        "tree": entries,
        "truncated": False,
    }


def blob(hub: Hub, sha: str) -> dict[str, Any]:
    data = hub.blobs[sha]
    return {
        "sha": sha,
        "node_id": f"B_{sha}",
        "url": f"{_url(hub)}/git/blobs/{sha}",
        "size": len(data),
        "content": base64.b64encode(data).decode(),
        "encoding": "base64",
    }


def content(hub: Hub, path: str, sha: str, ref: str) -> dict[str, Any]:
    """A file as the contents of a repository."""
    url = f"{_url(hub)}/contents/{path}?ref={ref}"
    html, git = f"{_html(hub)}/blob/{ref}/{path}", f"{_url(hub)}/git/blobs/{sha}"
    told = blob(hub, sha)
    return {
        **{name: told[name] for name in ("sha", "size", "content", "encoding")},
        "type": "file",
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "url": url,
        "git_url": git,
        "html_url": html,
        "download_url": f"{html}?raw=1",
        "_links": {"self": url, "git": git, "html": html},
    }


def change(hub: Hub, path: str, status: str, sha: str, ref: str) -> dict[str, Any]:
    """A file of a pull request."""
    return {
        "filename": path,
        "status": status,
        "sha": sha,
        **dict.fromkeys(("additions", "deletions", "changes"), 0),
        "blob_url": f"{_html(hub)}/blob/{ref}/{path}",
        "raw_url": f"{_html(hub)}/raw/{ref}/{path}",
        "contents_url": f"{_url(hub)}/contents/{path}?ref={ref}",
    }


def run(hub: Hub, one: Run) -> dict[str, Any]:
    url = f"{_url(hub)}/actions/runs/{one.id}"
    workflow = f"{_url(hub)}/actions/workflows/{one.workflow}"
    places = ("jobs", "logs", "cancel", "rerun", "artifacts")
    return {
        **{f"{place}_url": f"{url}/{place}" for place in places},
        "id": one.id,
        "name": one.workflow,
        "node_id": f"WR_{one.id}",
        "head_branch": hub.default_branch,
        "head_sha": one.sha,
        "path": f".github/workflows/{one.workflow}",
        "display_title": one.title,
        "run_number": one.number,
        "run_attempt": 1,
        "event": one.event,
        "status": one.status,
        "conclusion": one.conclusion,
        "workflow_id": 1 + sum(map(ord, one.workflow)),
        "url": url,
        "html_url": f"{_html(hub)}/actions/runs/{one.id}",
        "workflow_url": workflow,
        "check_suite_url": f"{_url(hub)}/check-suites/{one.id}",
        "pull_requests": [],
        "actor": user(hub, one.actor),
        "triggering_actor": user(hub, one.actor),
        "created_at": moment(one.created),
        "updated_at": moment(one.updated),
        "run_started_at": moment(one.created),
        "head_commit": None,
        "repository": repository(hub),
        "head_repository": repository(hub),
    }


def check_run(hub: Hub, one: CheckRun) -> dict[str, Any]:
    url = f"{_url(hub)}/check-runs/{one.id}"
    output = one.told.get("output") or {}
    return {
        "id": one.id,
        "node_id": f"CR_{one.id}",
        "name": one.name,
        "head_sha": one.sha,
        "url": url,
        "html_url": f"{_html(hub)}/runs/{one.id}",
        "details_url": None,
        "external_id": one.told.get("external_id"),
        "status": one.told.get("status", "queued"),
        "conclusion": one.told.get("conclusion"),
        "started_at": moment(one.created),
        "completed_at": moment(one.created) if one.told.get("conclusion") else None,
        "output": {
            **{name: output.get(name) for name in ("title", "summary", "text")},
            "annotations_count": 0,
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": 1},
        "app": None,
        "pull_requests": [],
    }


def runner(one: Runner) -> dict[str, Any]:
    labels = [{"id": n, "name": name, "type": "custom"} for n, name in enumerate(one.labels, 1)]
    told: Mapping[str, Any] = {"id": one.id, "name": one.name, "os": "linux", "busy": one.busy}
    return {**told, "status": one.status, "labels": labels}


def _url(hub: Hub) -> str:
    return f"{hub.address}/repos/{hub.full_name}"


def _html(hub: Hub) -> str:
    return f"{hub.address}/{hub.full_name}"

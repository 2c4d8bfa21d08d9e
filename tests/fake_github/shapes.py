"""What the repository holds -> GitHub's JSON for it. Pure.

Fields that nobody here reads are filled with addresses and nothing.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from fake_github.state import (
    Artifact,
    CheckRun,
    Comment,
    Commit,
    FakeGithub,
    Issue,
    Run,
    Runner,
    User,
)

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


def author(fake: FakeGithub, one: User) -> dict[str, Any] | None:
    """Who wrote an issue or a comment: nobody, if the account was deleted since."""
    return None if one.login in fake.deleted else user(fake, one)


def user(fake: FakeGithub, one: User) -> dict[str, Any]:
    url = f"{fake.address}/users/{one.login}"
    return {
        **{f"{place}_url": f"{url}/{place}" for place in USERS.split()},
        "login": one.login,
        "id": one.id,
        "node_id": f"U_{one.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{fake.address}/{one.login}",
        "type": one.type,
        "site_admin": False,
    }


def repository(fake: FakeGithub) -> dict[str, Any]:
    url = _url(fake)
    return {
        **{f"{place}_url": f"{url}/{place}" for place in REPOSITORIES.split()},
        **dict.fromkeys(COUNTS.split(), 0),
        **{f"has_{ability}": True for ability in ABILITIES},
        "has_issues": fake.has_issues,
        **dict.fromkeys(("description", "homepage", "language", "license", "mirror_url")),
        "id": 1,
        "node_id": "R_1",
        "name": fake.full_name.split("/")[1],
        "full_name": fake.full_name,
        "owner": user(fake, fake.user(fake.owner, "admin")),
        "url": url,
        "html_url": _html(fake),
        "default_branch": fake.default_branch,
        **dict.fromkeys(("fork", "disabled"), False),
        "archived": fake.is_archived,
        "private": fake.is_private,
        **dict.fromkeys(("created_at", "updated_at", "pushed_at"), moment(fake.created)),
        "topics": [],
        "visibility": "private" if fake.is_private else "public",
    }


def label(fake: FakeGithub, name: str) -> dict[str, Any]:
    return {
        "id": sum(map(ord, name)),
        "node_id": f"L_{name}",
        "url": f"{_url(fake)}/labels/{name.replace(' ', '%20')}",
        "name": name,
        "description": None,
        "color": "ededed",
        "default": False,
    }


def issue(fake: FakeGithub, one: Issue) -> dict[str, Any]:
    """As an issue; a pull request is one, too."""
    url = f"{_url(fake)}/issues/{one.number}"
    kind = "pull" if one.pull else "issues"
    told = {
        "id": 10_000 + one.number,
        "node_id": f"I_{one.number}",
        **{f"{place}_url": f"{url}/{place}" for place in ("comments", "events", "labels")},
        "timeline_url": f"{url}/timeline",
        "url": url,
        "html_url": f"{_html(fake)}/{kind}/{one.number}",
        "repository_url": _url(fake),
        "number": one.number,
        "title": one.title,
        "body": one.body,
        "user": author(fake, one.user),
        "labels": [label(fake, name) for name in one.labels],
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
    pull_url = f"{_url(fake)}/pulls/{one.number}"
    places = {"url": pull_url, **{f"{p}_url": f"{pull_url}.{p}" for p in ("html", "diff", "patch")}}
    return told | ({"pull_request": places} if one.pull else {})


def reactions(url: str, given: list[tuple[str, str]]) -> dict[str, Any]:
    counts = {sign: sum(content == sign for _, content in given) for sign in SIGNS}
    return {"url": f"{url}/reactions", "total_count": len(given), **counts}


def comment(fake: FakeGithub, one: Comment) -> dict[str, Any]:
    url = f"{_url(fake)}/issues/comments/{one.id}"
    return {
        "id": one.id,
        "node_id": f"IC_{one.id}",
        "url": url,
        "html_url": f"{_html(fake)}/issues/{one.issue}#issuecomment-{one.id}",
        "issue_url": f"{_url(fake)}/issues/{one.issue}",
        "body": one.body,
        "user": author(fake, one.user),
        "author_association": "NONE",
        "performed_via_github_app": None,
        "reactions": reactions(url, one.reactions),
        "created_at": moment(one.created),
        "updated_at": moment(one.updated),
    }


def reaction(
    fake: FakeGithub, number: int, login: str, content: str, when: datetime
) -> dict[str, Any]:
    told = {"id": number, "node_id": f"RE_{number}", "user": user(fake, fake.user(login))}
    return {**told, "content": content, "created_at": moment(when)}


def pull(fake: FakeGithub, one: Issue) -> dict[str, Any]:
    """As a pull request, with the fields of both the list and the single one."""
    told = one.pull
    assert told is not None
    as_issue = issue(fake, one)
    url = f"{_url(fake)}/pulls/{one.number}"
    html = f"{_html(fake)}/pull/{one.number}"
    places = {
        "self": url,
        "html": html,
        "issue": as_issue["url"],
        "comments": as_issue["comments_url"],
        "review_comments": f"{url}/comments",
        "review_comment": f"{url}/comments/1",
        "commits": f"{url}/commits",
        "statuses": f"{_url(fake)}/statuses/{told.head_sha}",
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
        "head": _side(fake, told.head, told.head_sha, told.fork),
        "base": _side(fake, told.base, fake.branches[told.base], None),
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


def _side(fake: FakeGithub, ref: str, sha: str, fork: str | None) -> dict[str, Any]:
    repo = repository(fake)
    if fork is not None:
        owner = user(fake, fake.user(fork.split("/")[0]))
        repo |= {"full_name": fork, "id": 2, "fork": True, "owner": owner}
    return {
        "label": f"{repo['full_name'].split('/')[0]}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": repo["owner"],
        "repo": repo,
    }


def reference(fake: FakeGithub, branch: str) -> dict[str, Any]:
    url = f"{_url(fake)}/git"
    sha = fake.branches[branch]
    return {
        "ref": f"refs/heads/{branch}",
        "node_id": f"REF_{branch}",
        "url": f"{url}/refs/heads/{branch}",
        "object": {"type": "commit", "sha": sha, "url": f"{url}/commits/{sha}"},
    }


def commit(fake: FakeGithub, one: Commit) -> dict[str, Any]:
    url = f"{_url(fake)}/git"
    signed = {"name": "Somebody", "email": "somebody@example.org", "date": moment(one.date)}
    return {
        "sha": one.sha,
        "node_id": f"C_{one.sha}",
        "url": f"{url}/commits/{one.sha}",
        "html_url": f"{_html(fake)}/commit/{one.sha}",
        "author": signed,
        "committer": signed,
        "message": one.message,
        "tree": {"sha": one.tree, "url": f"{url}/trees/{one.tree}"},
        "parents": [
            {"sha": p, "url": f"{url}/commits/{p}", "html_url": f"{_html(fake)}/commit/{p}"}
            for p in one.parents
        ],
        "verification": {
            "verified": False,
            "reason": "unsigned",
            **dict.fromkeys(("signature", "payload", "verified_at")),
        },
    }


def listed_commit(fake: FakeGithub, one: Commit) -> dict[str, Any]:
    """As a commit of the repository rather than of its git."""
    told = commit(fake, one)
    url = f"{_url(fake)}/commits/{one.sha}"
    inner = {name: told[name] for name in ("author", "committer", "message", "tree")}
    return {
        **{name: told[name] for name in ("sha", "node_id", "html_url", "parents")},
        "url": url,
        "comments_url": f"{url}/comments",
        "commit": {**inner, "url": told["url"], "comment_count": 0},
        "author": None,
        "committer": None,
    }


def tree(fake: FakeGithub, sha: str, *, recursive: bool = False) -> dict[str, Any]:
    """Files and folders, also those within folders if `recursive`; cut where GitHub cuts.

    https://docs.github.com/en/rest/git/trees#get-a-tree
    """
    files = fake.trees[sha]
    inner = {parent for path in files for parent in _parents(path)}
    folders = {path: fake.folder(files, path) for path in inner}
    paths = {path for path in {*files, *folders} if recursive or "/" not in path}
    entries = [_entry(fake, path, files.get(path), folders.get(path)) for path in sorted(paths)]
    return {
        "sha": sha,
        "url": f"{_url(fake)}/git/trees/{sha}",
        "tree": entries[: fake.most_entries],
        "truncated": len(entries) > fake.most_entries,
    }


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _entry(fake: FakeGithub, path: str, blob: str | None, folder: str | None) -> dict[str, Any]:
    if blob is None:
        url = f"{_url(fake)}/git/trees/{folder}"
        return {"path": path, "mode": "040000", "type": "tree", "sha": folder, "url": url}
    return {
        "path": path,
        "mode": "100644",
        "type": "blob",
        "sha": blob,
        "size": len(fake.blobs[blob]),
        "url": f"{_url(fake)}/git/blobs/{blob}",
    }


def blob(fake: FakeGithub, sha: str) -> dict[str, Any]:
    data = fake.blobs[sha]
    return {
        "sha": sha,
        "node_id": f"B_{sha}",
        "url": f"{_url(fake)}/git/blobs/{sha}",
        "size": len(data),
        "content": base64.b64encode(data).decode(),
        "encoding": "base64",
    }


def content(fake: FakeGithub, path: str, sha: str, ref: str) -> dict[str, Any]:
    """A file as the contents of a repository."""
    url = f"{_url(fake)}/contents/{path}?ref={ref}"
    html, git = f"{_html(fake)}/blob/{ref}/{path}", f"{_url(fake)}/git/blobs/{sha}"
    told = blob(fake, sha)
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


def change(fake: FakeGithub, path: str, status: str, sha: str, ref: str) -> dict[str, Any]:
    """A file of a pull request."""
    return {
        "filename": path,
        "status": status,
        "sha": sha,
        **dict.fromkeys(("additions", "deletions", "changes"), 0),
        "blob_url": f"{_html(fake)}/blob/{ref}/{path}",
        "raw_url": f"{_html(fake)}/raw/{ref}/{path}",
        "contents_url": f"{_url(fake)}/contents/{path}?ref={ref}",
    }


def run(fake: FakeGithub, one: Run) -> dict[str, Any]:
    url = f"{_url(fake)}/actions/runs/{one.id}"
    workflow = f"{_url(fake)}/actions/workflows/{one.workflow}"
    places = ("jobs", "logs", "cancel", "rerun", "artifacts")
    return {
        **{f"{place}_url": f"{url}/{place}" for place in places},
        "id": one.id,
        "name": one.workflow,
        "node_id": f"WR_{one.id}",
        "head_branch": fake.default_branch,
        "head_sha": one.sha,
        "path": f".github/workflows/{one.workflow}",
        "display_title": one.title,
        "run_number": one.number,
        "run_attempt": one.attempt,
        "event": one.event,
        "status": one.status,
        "conclusion": one.conclusion,
        "workflow_id": workflow_id(one.workflow),
        "url": url,
        "html_url": f"{_html(fake)}/actions/runs/{one.id}",
        "workflow_url": workflow,
        "check_suite_url": f"{_url(fake)}/check-suites/{one.id}",
        "pull_requests": [],
        "actor": user(fake, one.actor),
        "triggering_actor": user(fake, one.repeated_by or one.actor),
        "created_at": moment(one.created),
        "updated_at": moment(one.updated),
        "run_started_at": moment(one.created),
        "head_commit": None,
        "repository": repository(fake),
        "head_repository": repository(fake),
    }


def job(fake: FakeGithub, one: Run, name: str) -> dict[str, Any]:
    """A job of a run. Its number is made of the run's, and of its place there."""
    number = one.id * 100 + list(one.jobs).index(name)
    state = one.jobs[name]
    has_ended = state not in {"queued", "in_progress", "waiting", "pending"}
    return {
        "id": number,
        "run_id": one.id,
        "run_url": f"{_url(fake)}/actions/runs/{one.id}",
        "run_attempt": one.attempt,
        "node_id": f"CR_{number}",
        "head_sha": one.sha,
        "url": f"{_url(fake)}/actions/jobs/{number}",
        "html_url": f"{_html(fake)}/actions/runs/{one.id}/job/{number}",
        "status": "completed" if has_ended else state,
        "conclusion": state if has_ended else None,
        "created_at": moment(one.created),
        "started_at": moment(one.created),
        "completed_at": moment(one.updated) if has_ended else None,
        "name": name,
        "steps": [],
        "check_run_url": f"{_url(fake)}/check-runs/{number}",
        "labels": ["ubuntu-latest"],
        **dict.fromkeys(("runner_id", "runner_name", "runner_group_id", "runner_group_name")),
        "workflow_name": one.workflow,
        "head_branch": fake.default_branch,
    }


def workflow(fake: FakeGithub, name: str) -> dict[str, Any]:
    made = moment(fake.created)
    return {
        "id": workflow_id(name),
        "node_id": f"W_{workflow_id(name)}",
        "name": name,
        "path": f".github/workflows/{name}",
        "state": fake.disabled.get(name, "active"),
        "created_at": made,
        "updated_at": made,
        "url": f"{_url(fake)}/actions/workflows/{workflow_id(name)}",
        "html_url": f"{_html(fake)}/blob/{fake.default_branch}/.github/workflows/{name}",
        "badge_url": f"{_html(fake)}/workflows/{name}/badge.svg",
    }


def workflow_id(name: str) -> int:
    return 1 + sum(map(ord, name))


def artifact(fake: FakeGithub, one: Artifact) -> dict[str, Any]:
    url = f"{_url(fake)}/actions/artifacts/{one.id}"
    return {
        "id": one.id,
        "node_id": f"A_{one.id}",
        "name": one.name,
        "size_in_bytes": len(one.data),
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": one.expired,
        "created_at": moment(one.created),
        "expires_at": moment(one.created),
        "updated_at": moment(one.created),
        "digest": f"sha256:{sha256(one.data).hexdigest()}",
        "workflow_run": {
            "id": one.run.id,
            "repository_id": 1,
            "head_repository_id": 2 if one.fork else 1,
            "head_branch": fake.default_branch,
            "head_sha": one.run.sha,
        },
    }


def check_run(fake: FakeGithub, one: CheckRun) -> dict[str, Any]:
    url = f"{_url(fake)}/check-runs/{one.id}"
    output = one.told.get("output") or {}
    return {
        "id": one.id,
        "node_id": f"CR_{one.id}",
        "name": one.name,
        "head_sha": one.sha,
        "url": url,
        "html_url": f"{_html(fake)}/runs/{one.id}",
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
        "app": _app(fake, one.app),
        "pull_requests": [],
    }


def _app(fake: FakeGithub, slug: str) -> dict[str, Any]:
    return {
        "id": 1,
        "node_id": "A_1",
        "slug": slug,
        "name": slug,
        "owner": user(fake, fake.user("github", "read")),
        "description": None,
        **dict.fromkeys(("external_url", "html_url"), f"{fake.address}/apps/{slug}"),
        **dict.fromkeys(("created_at", "updated_at"), "2020-01-01T00:00:00Z"),
        "permissions": {},
        "events": [],
    }


def made_app(fake: FakeGithub, manifest: Mapping[str, Any], key: str) -> dict[str, Any]:
    """An App that was just made, with the secrets that nobody is told again."""
    slug = manifest["name"].lower()
    return {
        **_app(fake, slug),
        "name": manifest["name"],
        "owner": user(fake, fake.user(fake.owner)),
        "permissions": manifest["default_permissions"],
        "events": manifest["default_events"],
        "client_id": "Iv23liabcdef",
        "client_secret": "s" * 40,
        "webhook_secret": None,
        "pem": key,
    }


def runner(one: Runner) -> dict[str, Any]:
    labels = [{"id": n, "name": name, "type": "custom"} for n, name in enumerate(one.labels, 1)]
    told: Mapping[str, Any] = {"id": one.id, "name": one.name, "os": "linux", "busy": one.busy}
    return {**told, "status": one.status, "labels": labels}


def _url(fake: FakeGithub) -> str:
    return f"{fake.address}/repos/{fake.full_name}"


def _html(fake: FakeGithub) -> str:
    return f"{fake.address}/{fake.full_name}"

"""What people and events do in the repository, each with the event that it causes.

    comment(hub, "maintainer", 1, "/ingest")

An event that a job's own token causes starts no workflow, but for a dispatch. Must not know HTTP.
"""

from collections.abc import Mapping
from typing import Any

from hub import shapes
from hub.schemas import event_problems
from hub.state import Comment, Delivery, Hub, Issue, Pull, Run, User


def open_issue(
    hub: Hub,
    user: User,
    title: str,
    body: str,
    labels: tuple[str, ...] = (),
    pull: Pull | None = None,
) -> Issue:
    """A new issue, or a pull request if `pull` describes one."""
    number = len(hub.issues) + 1
    now = hub.now()
    one = Issue(number, title, body, user, now, now, list(labels), pull=pull)
    hub.issues[number] = one
    return one


def comment(hub: Hub, login: str, number: int, body: str) -> Comment:
    """A person's comment, on its way to the workflows."""
    one = add_comment(hub, hub.user(login), number, body)
    told = {"action": "created", "issue": shapes.issue(hub, hub.issues[number])}
    send(hub, "issue_comment", "issue-comment-created", login, told | _comment(hub, one))
    return one


def add_comment(hub: Hub, user: User, number: int, body: str) -> Comment:
    """A comment without its event."""
    now = hub.now()
    one = Comment(hub.new_comment_id(), number, user, body, now, now)
    hub.issues[number].comments.append(one)
    hub.issues[number].updated = now
    return one


def _comment(hub: Hub, one: Comment) -> dict[str, Any]:
    return {"comment": shapes.comment(hub, one)}


def push(
    hub: Hub, login: str, files: Mapping[str, str | None], message: str = "Change files"
) -> str:
    """A person's commit on the default branch; returns its name."""
    before = hub.branches[hub.default_branch]
    after = hub.commit(files, message, before)
    hub.branches[hub.default_branch] = after
    _pushed(hub, login, before, after, message)
    return after


def merge(hub: Hub, login: str, number: int) -> str:
    """A person merges a pull request, as one commit; returns its name."""
    one = hub.issues[number]
    assert one.pull is not None
    assert one.state == "open"
    head = hub.commits[one.pull.head_sha]
    before = hub.branches[one.pull.base]
    base = head.parents[0] if head.parents else before
    texts = hub.files(head.sha)
    changed = {p: texts.get(p) for p in hub.changed(base, head.sha)}
    one.state, one.closed = "closed", hub.now()
    one.pull.merged_as = hub.commit(changed, f"{one.title} (#{number})", before)
    hub.branches[one.pull.base] = one.pull.merged_as
    _pushed(hub, login, before, one.pull.merged_as, one.title)
    return one.pull.merged_as


def _pushed(hub: Hub, login: str, before: str, after: str, message: str) -> None:
    kinds: dict[str, list[str]] = {"added": [], "modified": [], "removed": []}
    for path, kind in hub.changed(before, after).items():
        kinds[kind].append(path)
    signed = {"name": login, "email": f"{login}@example.org"}
    commit = {
        "id": after,
        "tree_id": hub.commits[after].tree,
        "distinct": True,
        "message": message,
        "timestamp": shapes.moment(hub.commits[after].date),
        "url": f"{hub.address}/{hub.full_name}/commit/{after}",
        "author": signed,
        "committer": signed,
        **kinds,
    }
    told = {
        "ref": f"refs/heads/{hub.default_branch}",
        "before": before,
        "after": after,
        **dict.fromkeys(("created", "deleted", "forced"), False),
        "base_ref": None,
        "compare": f"{hub.address}/{hub.full_name}/compare/{before}...{after}",
        "commits": [commit],
        "head_commit": commit,
        "pusher": signed,
    }
    send(hub, "push", "push", login, told)


def propose(
    hub: Hub, login: str, branch: str, files: Mapping[str, str], *, fork: str | None = None
) -> Issue:
    """A person's pull request, from a branch of this repository or of a fork."""
    base = hub.default_branch
    head = hub.commit(files, "Propose", hub.branches[base])
    if fork is None:
        hub.branches[branch] = head
    pull = Pull(branch, base, draft=False, head_sha=head, fork=fork)
    one = open_issue(hub, hub.user(login), "Proposal", "", pull=pull)
    pull_request(hub, login, one)
    return one


def pull_request(hub: Hub, login: str, one: Issue) -> None:
    """The event of a pull request that was opened."""
    told = {"action": "opened", "number": one.number, "pull_request": shapes.pull(hub, one)}
    send(hub, "pull_request", "pull-request-opened", login, told)


def dispatch(hub: Hub, user: User, workflow: str, inputs: Mapping[str, Any]) -> Run:
    """A workflow's run that waits to be started."""
    told = {
        "inputs": dict(inputs) or None,
        "ref": f"refs/heads/{hub.default_branch}",
        "workflow": f".github/workflows/{workflow}",
    }
    one = start(hub, workflow, "workflow_dispatch", user, inputs)
    send(hub, "workflow_dispatch", "workflow-dispatch", user.login, told, one)
    return one


def start(
    hub: Hub, workflow: str, event: str, user: User, inputs: Mapping[str, Any] | None = None
) -> Run:
    """A new run of a workflow, which nobody works on yet."""
    number = 1 + sum(one.workflow == workflow for one in hub.runs.values())
    name = hub.run_names.get(workflow)
    title = name(inputs or {}) if name else workflow
    now, sha = hub.now(), hub.branches[hub.default_branch]
    one = Run(hub.new_id(), number, workflow, title, event, user, sha, now, now, dict(inputs or {}))
    hub.runs[one.id] = one
    return one


def end(hub: Hub, run: Run, conclusion: str) -> None:
    """The run has ended so."""
    run.status, run.conclusion, run.updated = "completed", conclusion, hub.now()


def send(
    hub: Hub,
    name: str,
    webhook: str,
    login: str,
    told: Mapping[str, Any],
    run: Run | None = None,
) -> None:
    """Puts the event into the outbox. Raises AssertionError if it isn't one of GitHub's."""
    sender = shapes.user(hub, hub.user(login))
    payload = {**told, "repository": shapes.repository(hub), "sender": sender}
    assert event_problems(webhook, payload) == []
    hub.outbox.append(Delivery(name, webhook, payload, run))

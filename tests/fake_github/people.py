"""What people and events do in the repository, each with the event that it causes.

    comment(fake, "maintainer", 1, "/ingest")

An event that a job's own token causes starts no workflow, but for a dispatch. Must not know HTTP.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from fake_github import shapes
from fake_github.schemas import event_problems
from fake_github.state import Artifact, Comment, Delivery, FakeGithub, Issue, Pull, Run, User


def open_issue(
    fake: FakeGithub,
    user: User,
    title: str,
    body: str,
    labels: tuple[str, ...] = (),
    pull: Pull | None = None,
) -> Issue:
    """A new issue, or a pull request if `pull` describes one."""
    number = len(fake.issues) + 1
    now = fake.now()
    one = Issue(number, title, body, user, now, now, list(labels), pull=pull)
    fake.issues[number] = one
    return one


def comment(fake: FakeGithub, login: str, number: int, body: str) -> Comment:
    """A person's comment, on its way to the workflows."""
    one = add_comment(fake, fake.user(login), number, body)
    told = {"action": "created", "issue": shapes.issue(fake, fake.issues[number])}
    send(fake, "issue_comment", "issue-comment-created", login, told | _comment(fake, one))
    return one


def add_comment(fake: FakeGithub, user: User, number: int, body: str) -> Comment:
    """A comment without its event."""
    now = fake.now()
    one = Comment(fake.new_comment_id(), number, user, body, now, now)
    fake.issues[number].comments.append(one)
    fake.issues[number].updated = now
    return one


def _comment(fake: FakeGithub, one: Comment) -> dict[str, Any]:
    return {"comment": shapes.comment(fake, one)}


def push(
    fake: FakeGithub, login: str, files: Mapping[str, str | None], message: str = "Change files"
) -> str:
    """A person's commit on the default branch; returns its name."""
    before = fake.branches[fake.default_branch]
    after = fake.commit(files, message, before)
    fake.branches[fake.default_branch] = after
    _pushed(fake, login, before, after, message)
    return after


def force_push(fake: FakeGithub, login: str, files: Mapping[str, str | None], before: str) -> str:
    """As `push`, onto the first commit; says `before`, zeros for a branch that wasn't there. See
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
    """
    first = next(iter(fake.commits))
    after = fake.commit(files, "Start over", first)
    fake.branches[fake.default_branch] = after
    _pushed(fake, login, first, after, "Start over", before)
    return after


def merge(fake: FakeGithub, login: str, number: int) -> str:
    """A person merges a pull request, as one commit; returns its name."""
    one = fake.issues[number]
    assert one.pull is not None
    assert one.state == "open"
    head = fake.commits[one.pull.head_sha]
    before = fake.branches[one.pull.base]
    base = head.parents[0] if head.parents else before
    texts = fake.files(head.sha)
    changed = {p: texts.get(p) for p in fake.changed(base, head.sha)}
    one.state, one.closed = "closed", fake.now()
    one.pull.merged_as = fake.commit(changed, f"{one.title} (#{number})", before)
    fake.branches[one.pull.base] = one.pull.merged_as
    _pushed(fake, login, before, one.pull.merged_as, one.title)
    return one.pull.merged_as


def _pushed(
    fake: FakeGithub, login: str, before: str, after: str, message: str, said: str | None = None
) -> None:
    """The push from one commit to another, which says another `before` where one is `said`."""
    kinds: dict[str, list[str]] = {"added": [], "modified": [], "removed": []}
    for path, kind in fake.changed(before, after).items():
        kinds[kind].append(path)
    signed = {"name": login, "email": f"{login}@example.org"}
    commit = {
        "id": after,
        "tree_id": fake.commits[after].tree,
        "distinct": True,
        "message": message,
        "timestamp": shapes.moment(fake.commits[after].date),
        "url": f"{fake.address}/{fake.full_name}/commit/{after}",
        "author": signed,
        "committer": signed,
        **kinds,
    }
    told = {
        "ref": f"refs/heads/{fake.default_branch}",
        "before": said or before,
        "after": after,
        **dict.fromkeys(("created", "deleted", "forced"), False),
        "base_ref": None,
        "compare": f"{fake.address}/{fake.full_name}/compare/{before}...{after}",
        "commits": [commit],
        "head_commit": commit,
        "pusher": signed,
    }
    send(fake, "push", "push", login, told)


def propose(
    fake: FakeGithub,
    login: str,
    branch: str,
    files: Mapping[str, str],
    *,
    fork: str | None = None,
    title: str = "Proposal",
) -> Issue:
    """A person's pull request, from a branch of this repository or of a fork."""
    base = fake.default_branch
    head = fake.commit(files, "Propose", fake.branches[base])
    if fork is None:
        fake.branches[branch] = head
    pull = Pull(branch, base, draft=False, head_sha=head, fork=fork)
    one = open_issue(fake, fake.user(login), title, "", pull=pull)
    pull_request(fake, login, one)
    return one


def pull_request(fake: FakeGithub, login: str, issue: Issue) -> None:
    """The event of a pull request that was opened."""
    told = {"action": "opened", "number": issue.number, "pull_request": shapes.pull(fake, issue)}
    send(fake, "pull_request", "pull-request-opened", login, told)


def dispatch(fake: FakeGithub, user: User, workflow: str, inputs: Mapping[str, Any]) -> Run:
    """A workflow's run that waits to be started."""
    told = {
        "inputs": dict(inputs) or None,
        "ref": f"refs/heads/{fake.default_branch}",
        "workflow": f".github/workflows/{workflow}",
    }
    one = start(fake, workflow, "workflow_dispatch", user, inputs)
    send(fake, "workflow_dispatch", "workflow-dispatch", user.login, told, one)
    return one


def start(
    fake: FakeGithub, workflow: str, event: str, user: User, inputs: Mapping[str, Any] | None = None
) -> Run:
    """A new run of a workflow, which nobody works on yet."""
    number = 1 + sum(run.workflow == workflow for run in fake.runs.values())
    name = fake.run_names.get(workflow)
    title = (name(inputs or {}) if name else "") or workflow  # a blank run-name names nothing
    now, sha = fake.now(), fake.branches[fake.default_branch]
    one = Run(
        fake.new_id(), number, workflow, title, event, user, sha, now, now, dict(inputs or {})
    )
    fake.runs[one.id] = one
    return one


def upload(
    fake: FakeGithub, run: Run, name: str, files: Mapping[str, str], *, fork: str | None = None
) -> Artifact:
    """A job of the run uploads the files. Jobs of a fork's pull request may do that, too."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    one = Artifact(fake.new_id(), name, run, data.getvalue(), fake.now(), fork=fork)
    fake.artifacts[one.id] = one
    return one


def repeat(fake: FakeGithub, run: Run, login: str) -> None:
    """A person repeats a run that has ended, or its failed jobs: with its first event and commit,
    another attempt, and that person as `triggering_actor`. It wants the role write. See
    https://docs.github.com/en/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs
    """
    assert run.status == "completed"
    user = fake.user(login)
    assert (user.base or user.role) in {"write", "maintain", "admin"}
    run.status, run.conclusion, run.updated = "queued", None, fake.now()
    run.attempt, run.repeated_by = run.attempt + 1, user


def end(fake: FakeGithub, run: Run, conclusion: str, jobs: Mapping[str, str] | None = None) -> None:
    """The run has ended so, and its jobs, by name."""
    run.jobs = dict(jobs or {})
    run.status, run.conclusion, run.updated = "completed", conclusion, fake.now()


def send(
    fake: FakeGithub,
    name: str,
    webhook: str,
    login: str,
    told: Mapping[str, Any],
    run: Run | None = None,
) -> None:
    """Puts the event into the outbox. Raises AssertionError if it isn't one of GitHub's."""
    sender = shapes.user(fake, fake.user(login))
    payload = {**told, "repository": shapes.repository(fake), "sender": sender}
    assert event_problems(webhook, payload) == []
    fake.outbox.append(Delivery(name, webhook, _seen_by_jobs(payload), run, payload))


def _seen_by_jobs(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A job's payload: commits don't say which files they added, removed or modified. See
    https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#push
    https://github.blog/changelog/2019-10-16-changes-in-github-actions-push-event-payload
    """
    seen = dict(payload)
    if "commits" in payload:
        seen["commits"] = [_without_files(commit) for commit in payload["commits"]]
        seen["head_commit"] = _without_files(payload["head_commit"])
    return seen


def _without_files(commit: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in commit.items() if k not in {"added", "removed", "modified"}}

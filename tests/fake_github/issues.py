"""Issues, comments, labels, reactions and roles: how the double answers."""

from datetime import datetime
from typing import Any

from fake_github import people, shapes
from fake_github.call import Answer, Call, Handler, RefusedError, found, invalid, page
from fake_github.state import Comment

LONGEST_BODY = 65_536
LONGEST_TITLE = 256
PERMISSIONS = ("read", "triage", "write", "maintain", "admin")
BY_ROLE = {"read": "pull", "write": "push"}


def _list(call: Call) -> Answer:
    wanted = call.query.get("state", "open")
    creator = call.query.get("creator")
    label = set(filter(None, call.query.get("labels", "").split(",")))
    issues = [
        issue
        for issue in call.fake.issues.values()
        if wanted in {"all", issue.state}
        and creator in {None, issue.user.login}
        and label <= set(issue.labels)
    ]
    newest_first = call.query.get("direction", "desc") == "desc"
    issues.sort(key=lambda one: one.number, reverse=newest_first)
    part, headers = page(call, issues)
    return Answer(200, [shapes.issue(call.fake, one) for one in part], headers)


def _create(call: Call) -> Answer:
    _check_texts("Issue", call.body)
    labels = tuple(call.body.get("labels", ()))
    title, body = call.body["title"], call.body.get("body") or ""
    one = people.open_issue(call.fake, call.token.user, title, body, labels)
    return Answer(201, shapes.issue(call.fake, one))


def _get(call: Call) -> Answer:
    return Answer(200, shapes.issue(call.fake, call.issue()))


def _update(call: Call) -> Answer:
    one = call.issue()
    _check_texts("Issue", call.body)
    one.title = call.body.get("title", one.title)
    one.body = call.body.get("body", one.body)
    state = call.body.get("state", one.state)
    if state != one.state:
        one.state, one.closed = state, call.fake.now() if state == "closed" else None
    one.updated = call.fake.now()
    return Answer(200, shapes.issue(call.fake, one))


def _comments(call: Call) -> Answer:
    """Oldest first; with `since`, those that were written or changed then or later.

    https://docs.github.com/en/rest/issues/comments#list-issue-comments
    """
    since = datetime.fromisoformat(call.query.get("since", "1970-01-01T00:00:00Z"))
    part, headers = page(call, [one for one in call.issue().comments if one.updated >= since])
    return Answer(200, [shapes.comment(call.fake, one) for one in part], headers)


def _add_comment(call: Call) -> Answer:
    number = call.issue().number
    _check_texts("IssueComment", call.body)
    if not call.body["body"].strip():
        raise invalid("IssueComment", "body", "body cannot be blank")
    if call.token.is_workflows:
        one = people.add_comment(call.fake, call.token.user, number, call.body["body"])
    else:
        one = people.comment(call.fake, call.token.user.login, number, call.body["body"])
    return Answer(201, shapes.comment(call.fake, one))


def _get_comment(call: Call) -> Answer:
    return Answer(200, shapes.comment(call.fake, comment_of(call)))


def _edit_comment(call: Call) -> Answer:
    one = comment_of(call)
    if one.user != call.token.user:
        raise RefusedError(403, "Must have admin rights to Repository.")
    _check_texts("IssueComment", call.body)
    one.body, one.updated = call.body["body"], call.fake.now()
    return Answer(200, shapes.comment(call.fake, one))


def _react(call: Call) -> Answer:
    one, login = comment_of(call), call.token.user.login
    content = call.body["content"]
    is_there = (login, content) in one.reactions
    if not is_there:
        one.reactions.append((login, content))
    told = shapes.reaction(call.fake, call.fake.new_id(), login, content, call.fake.now())
    return Answer(200 if is_there else 201, told)


def _labels(call: Call) -> Answer:
    part, headers = page(call, call.issue().labels)
    return Answer(200, [shapes.label(call.fake, name) for name in part], headers)


def _add_labels(call: Call) -> Answer:
    one = call.issue()
    given: Any = call.body if isinstance(call.body, list) else call.body.get("labels", [])
    one.labels += [name for name in dict.fromkeys(given) if name not in one.labels]
    return Answer(200, [shapes.label(call.fake, name) for name in one.labels])


def _remove_label(call: Call) -> Answer:
    one, name = call.issue(), call.path["name"]
    if name not in one.labels:
        raise RefusedError(404, "Label does not exist")
    one.labels.remove(name)
    return Answer(200, [shapes.label(call.fake, name) for name in one.labels])


def _role(call: Call) -> Answer:
    """The coarse `permission` knows no maintain and no triage; `role_name` does, and has a name of
    its own for a custom role, whose base the person's `permissions` tell. See
    https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
    It knows no bots: https://github.com/chdsbd/kodiak/pull/231
    """
    known = call.fake.users.get(call.path["username"])
    if known is None or known.type == "Bot":
        raise RefusedError(404, f"{call.path['username']} is not a user")
    base = known.base or known.role
    coarse = {"maintain": "write", "triage": "read"}.get(base, base)
    if coarse not in {"admin", "write", "read", "none"}:
        base = coarse = "read"
    held = PERMISSIONS[: PERMISSIONS.index(base) + 1] if base in PERMISSIONS else ()
    may = {BY_ROLE.get(role, role): role in held for role in PERMISSIONS}
    person = {**shapes.user(call.fake, known), "role_name": known.role, "permissions": may}
    return Answer(200, {"permission": coarse, "role_name": known.role, "user": person})


def comment_of(call: Call) -> Comment:
    """The comment that the path names. Raises RefusedError if there is none."""
    comments = {c.id: c for issue in call.fake.issues.values() for c in issue.comments}
    return found(comments, int(call.path["comment_id"]))


def _check_texts(resource: str, body: Any) -> None:
    for name, longest in (("title", LONGEST_TITLE), ("body", LONGEST_BODY)):
        if len(body.get(name) or "") > longest:
            message = f"{name} is too long (maximum is {longest} characters)"
            raise invalid(resource, name, message)


HANDLERS: dict[str, Handler] = {
    "issues/list-for-repo": _list,
    "issues/create": _create,
    "issues/get": _get,
    "issues/update": _update,
    "issues/list-comments": _comments,
    "issues/create-comment": _add_comment,
    "issues/get-comment": _get_comment,
    "issues/update-comment": _edit_comment,
    "reactions/create-for-issue-comment": _react,
    "issues/list-labels-on-issue": _labels,
    "issues/add-labels": _add_labels,
    "issues/remove-label": _remove_label,
    "repos/get-collaborator-permission-level": _role,
}

"""Trees, commits, branches, contents and pull requests: how the double answers."""

from base64 import b64decode
from collections.abc import Mapping

from fake_github import people, shapes
from fake_github.call import Answer, Call, Handler, RefusedError, found, invalid, page
from fake_github.issues import LONGEST_BODY
from fake_github.state import Pull


def _repository(call: Call) -> Answer:
    told = shapes.repository(call.fake)
    if call.fake.full_name != f"{call.path['owner']}/{call.path['repo']}":
        raise RefusedError(404, "Not Found")
    return Answer(200, {**told, "permissions": _permissions(call)})


def _permissions(call: Call) -> dict[str, bool]:
    """What whoever the token is of may do by his role, whatever the token itself may.

    https://docs.github.com/en/rest/repos/repos#get-a-repository
    """
    held = call.token.user.base or call.token.user.role
    order = ("read", "triage", "write", "maintain", "admin")
    names = ("pull", "triage", "push", "maintain", "admin")
    rank = order.index(held) if held in order else -1
    return {name: rank >= at for at, name in enumerate(names)}


def _content(call: Call) -> Answer:
    ref = call.query.get("ref", call.fake.default_branch)
    sha = call.fake.branches.get(ref, ref)
    files = call.fake.trees[found(call.fake.commits, sha).tree]
    path = call.path["path"]
    return Answer(200, shapes.content(call.fake, path, found(files, path), ref))


def _write_content(call: Call) -> Answer:
    """Makes a file, and with it a repository's first commit; or replaces the one whose blob the
    caller knows. For a file that isn't there, any `sha` does:
    https://github.com/octokit/octokit.rb/issues/581

    https://docs.github.com/en/rest/repos/contents#create-or-update-file-contents
    """
    fake, path, body = call.fake, call.path["path"], call.body
    _allow_workflows(call, path)
    branch = body.get("branch", fake.default_branch)
    before = None if fake.is_empty else _blobs(call, branch).get(path)
    if before is not None:
        _refuse_another(path, before, body.get("sha"))
    if fake.is_empty:
        fake.branches.clear()
    text = b64decode(body["content"]).decode()
    fake.branches[branch] = fake.commit(
        {path: text}, body["message"], fake.branches.get(branch, "")
    )
    fake.is_empty = False
    told = shapes.content(fake, path, fake.blob(text.encode()), branch)
    commit = shapes.commit(fake, fake.commits[fake.branches[branch]])
    return Answer(201 if before is None else 200, {"content": told, "commit": commit})


def _blobs(call: Call, branch: str) -> Mapping[str, str]:
    """Path -> the name of its blob."""
    fake = call.fake
    return fake.trees[fake.commits[found(fake.branches, branch)].tree]


def _refuse_another(path: str, blob: str, sha: str | None) -> None:
    if sha is None:
        raise RefusedError(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if sha != blob:
        raise RefusedError(409, f"{path} does not match {sha}")


def _delete_content(call: Call) -> Answer:
    """A commit without the file, whose blob the caller must know.

    https://docs.github.com/en/rest/repos/contents#delete-a-file
    """
    fake, path, body = call.fake, call.path["path"], call.body
    _allow_workflows(call, path)
    branch = body.get("branch", fake.default_branch)
    _refuse_another(path, found(_blobs(call, branch), path), body["sha"])
    fake.branches[branch] = fake.commit({path: None}, body["message"], fake.branches[branch])
    commit = shapes.commit(fake, fake.commits[fake.branches[branch]])
    return Answer(200, {"content": None, "commit": commit})


def _delete_ref(call: Call) -> Answer:
    """https://docs.github.com/en/rest/git/refs#delete-a-reference"""
    branch = call.path["ref"].removeprefix("heads/")
    if call.fake.branches.pop(branch, None) is None:
        raise RefusedError(422, "Reference does not exist")
    return Answer(204)


def _merge(call: Call) -> Answer:
    """https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request"""
    one = call.issue()
    if one.pull is None:
        raise RefusedError(404, "Not Found")
    if one.state != "open":
        raise RefusedError(405, "Pull Request is not mergeable")
    sha = people.merge(call.fake, call.token.user.login, one.number)
    if call.token.is_workflows:
        call.fake.outbox.pop()
    message = "Pull Request successfully merged"
    return Answer(200, {"sha": sha, "merged": True, "message": message})


def _allow_workflows(call: Call, path: str) -> None:
    """As if it weren't there: https://github.com/github/docs/pull/4770,
    https://github.com/octokit/rest.js/issues/368, https://github.com/octokit/octokit.rb/issues/1184
    """
    if path.startswith(".github/workflows/") and not call.token.may("workflows", "write"):
        raise RefusedError(404, "Not Found")


def _refuse_if_empty(call: Call) -> None:
    """https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-your-git-database"""
    if call.fake.is_empty:
        raise RefusedError(409, "Git Repository is empty.")


def _ref(call: Call) -> Answer:
    _refuse_if_empty(call)
    branch = call.path["ref"].removeprefix("heads/")
    found(call.fake.branches, branch)
    return Answer(200, shapes.reference(call.fake, branch))


def _create_ref(call: Call) -> Answer:
    _refuse_if_empty(call)
    branch, sha = call.body["ref"].removeprefix("refs/heads/"), call.body["sha"]
    if branch in call.fake.branches:
        raise RefusedError(422, "Reference already exists")
    if sha not in call.fake.commits:
        raise RefusedError(422, "Object does not exist")
    call.fake.branches[branch] = sha
    return Answer(201, shapes.reference(call.fake, branch))


def _tree(call: Call) -> Answer:
    _refuse_if_empty(call)
    sha = call.path["tree_sha"]
    sha = call.fake.branches.get(sha, sha)
    if sha in call.fake.commits:
        sha = call.fake.commits[sha].tree
    found(call.fake.trees, sha)
    # Any value asks for it: https://docs.github.com/en/rest/git/trees#get-a-tree
    return Answer(200, shapes.tree(call.fake, sha, recursive="recursive" in call.query))


def _create_tree(call: Call) -> Answer:
    _refuse_if_empty(call)
    base = call.body.get("base_tree")
    files = dict(found(call.fake.trees, base)) if base else {}
    for entry in call.body["tree"]:
        _allow_workflows(call, entry["path"])
        files[entry["path"]] = call.fake.blob(entry["content"].encode())
    return Answer(201, shapes.tree(call.fake, call.fake.tree(files)))


def _create_commit(call: Call) -> Answer:
    _refuse_if_empty(call)
    tree, parents = call.body["tree"], tuple(call.body.get("parents", ()))
    if tree not in call.fake.trees or any(parent not in call.fake.commits for parent in parents):
        raise RefusedError(422, "Tree SHA or parent does not exist")
    sha = call.fake.commit_tree(tree, call.body["message"], parents)
    return Answer(201, shapes.commit(call.fake, call.fake.commits[sha]))


def _commit(call: Call) -> Answer:
    _refuse_if_empty(call)
    return Answer(200, shapes.commit(call.fake, found(call.fake.commits, call.path["commit_sha"])))


def _commits(call: Call) -> Answer:
    """The commits that changed a path, newest first."""
    fake, path = call.fake, call.query.get("path", "")
    _refuse_if_empty(call)
    sha = call.query.get("sha", fake.default_branch)
    line = [found(fake.commits, fake.branches.get(sha, sha))]
    while line[-1].parents:
        line.append(fake.commits[line[-1].parents[0]])
    wanted = [one for one in line if one.parents and path in fake.changed(one.parents[0], one.sha)]
    part, headers = page(call, wanted)
    return Answer(200, [shapes.listed_commit(fake, one) for one in part], headers)


def _blob(call: Call) -> Answer:
    _refuse_if_empty(call)
    sha = call.path["file_sha"]
    found(call.fake.blobs, sha)
    return Answer(200, shapes.blob(call.fake, sha))


def _pulls(call: Call) -> Answer:
    wanted, head = call.query.get("state", "open"), call.query.get("head")
    pulls = [
        issue
        for issue in call.fake.issues.values()
        if issue.pull is not None
        and wanted in {"all", issue.state}
        and head in {None, f"{call.fake.owner}:{issue.pull.head}"}
    ]
    part, headers = page(call, pulls)
    return Answer(200, [shapes.pull(call.fake, one) for one in part], headers)


def _pull(call: Call) -> Answer:
    one = call.issue()
    if one.pull is None:
        raise RefusedError(404, "Not Found")
    return Answer(200, shapes.pull(call.fake, one))


def _pulls_of_commit(call: Call) -> Answer:
    """The pull requests that were merged as the commit. See
    https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit
    """
    sha = call.path["commit_sha"]
    found(call.fake.commits, sha)
    pulls = (issue for issue in call.fake.issues.values() if issue.pull is not None)
    merged = [one for one in pulls if one.pull and one.pull.merged_as == sha]
    part, headers = page(call, merged)
    return Answer(200, [shapes.pull(call.fake, one) for one in part], headers)


def _files(call: Call) -> Answer:
    one = call.issue()
    if one.pull is None:
        raise RefusedError(404, "Not Found")
    head = call.fake.commits[one.pull.head_sha]
    blobs = call.fake.trees[head.tree]
    changed = call.fake.changed(head.parents[0], head.sha)
    told = [
        shapes.change(call.fake, path, kind, blobs.get(path, ""), head.sha)
        for path, kind in changed.items()
    ]
    part, headers = page(call, told)
    return Answer(200, part, headers)


def _create_pull(call: Call) -> Answer:
    fake, body = call.fake, call.body
    if call.token.is_workflows and not fake.actions_may_open_pulls:
        raise RefusedError(
            403, "GitHub Actions is not permitted to create or approve pull requests."
        )
    head, base = body["head"], body["base"]
    if head not in fake.branches or base not in fake.branches:
        raise invalid("PullRequest", "head" if head not in fake.branches else "base", "invalid")
    if _is_open(call, head, base):
        message = f"A pull request already exists for {fake.owner}:{head}."
        raise invalid("PullRequest", "base", message)
    if len(body.get("body") or "") > LONGEST_BODY:
        raise invalid("PullRequest", "body", f"body is too long (maximum is {LONGEST_BODY})")
    pull = Pull(head, base, bool(body.get("draft")), fake.branches[head])
    text = body.get("body") or ""
    one = people.open_issue(fake, call.token.user, body["title"], text, pull=pull)
    if not call.token.is_workflows:
        people.pull_request(fake, call.token.user.login, one)
    return Answer(201, shapes.pull(fake, one))


def _is_open(call: Call, head: str, base: str) -> bool:
    pulls = (issue.pull for issue in call.fake.issues.values() if issue.state == "open")
    return any(pull is not None and (pull.head, pull.base) == (head, base) for pull in pulls)


HANDLERS: dict[str, Handler] = {
    "repos/get": _repository,
    "repos/get-content": _content,
    "repos/create-or-update-file-contents": _write_content,
    "git/get-ref": _ref,
    "git/create-ref": _create_ref,
    "git/get-tree": _tree,
    "git/create-tree": _create_tree,
    "git/create-commit": _create_commit,
    "git/get-commit": _commit,
    "repos/list-commits": _commits,
    "git/get-blob": _blob,
    "git/delete-ref": _delete_ref,
    "repos/delete-file": _delete_content,
    "pulls/merge": _merge,
    "pulls/list": _pulls,
    "pulls/get": _pull,
    "pulls/list-files": _files,
    "pulls/create": _create_pull,
    "repos/list-pull-requests-associated-with-commit": _pulls_of_commit,
}

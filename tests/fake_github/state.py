"""What a repository on GitHub holds, and what people and tokens do to it.

What people do are methods of `FakeGithub`; they put the events that they cause into its outbox.
Must not know HTTP, nor the form in which GitHub tells of these things.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any

ACTIONS = "github-actions[bot]"


@dataclass(frozen=True)
class User:
    """`base` is what a custom role of the organisation, which `role` then names, is made from."""

    login: str
    id: int
    role: str
    base: str = ""

    @property
    def type(self) -> str:
        return "Bot" if self.login.endswith("[bot]") else "User"


@dataclass
class Comment:
    id: int
    issue: int
    user: User
    body: str
    created: datetime
    updated: datetime
    reactions: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Pull:
    """`head` is a branch of this repository, or of `fork` if one is named."""

    head: str
    base: str
    draft: bool
    head_sha: str
    merged_as: str | None = None
    fork: str | None = None


@dataclass
class Issue:
    """An issue or, with `pull`, a pull request: they share their numbers."""

    number: int
    title: str
    body: str
    user: User
    created: datetime
    updated: datetime
    labels: list[str] = field(default_factory=list)
    state: str = "open"
    closed: datetime | None = None
    pull: Pull | None = None
    comments: list[Comment] = field(default_factory=list)


@dataclass(frozen=True)
class Commit:
    sha: str
    tree: str
    message: str
    parents: tuple[str, ...]
    date: datetime


@dataclass
class Run:
    """A workflow's run. `workflow` is its file's name, `repeated_by` who started it again.

    `jobs` says how those ended that matter, by name, or the status of those that haven't.
    """

    id: int
    number: int
    workflow: str
    title: str
    event: str
    actor: User
    sha: str
    created: datetime
    updated: datetime
    inputs: Mapping[str, Any]
    status: str = "queued"
    conclusion: str | None = None
    attempt: int = 1
    repeated_by: User | None = None
    jobs: Mapping[str, str] = field(default_factory=dict)


@dataclass
class CheckRun:
    id: int
    name: str
    sha: str
    told: dict[str, Any]
    created: datetime
    app: str


@dataclass(frozen=True)
class Artifact:
    """A zip that a job of the workflow run has uploaded; `fork` is where the job's code was."""

    id: int
    name: str
    run: Run
    data: bytes
    created: datetime
    expired: bool = False
    fork: str | None = None


@dataclass
class Runner:
    id: int
    name: str
    labels: tuple[str, ...]
    status: str = "offline"
    busy: bool = False


@dataclass
class Environment:
    """`branches`: names and patterns of those that may use it; None: each may. With `protected`,
    each protected branch may. `tags`: patterns of the tags that may, too.
    """

    branches: list[str] | None = None
    tags: list[str] = field(default_factory=list)
    protected: bool = False
    secrets: set[str] = field(default_factory=set)


@dataclass
class App:
    """A GitHub App, installed here or not; `key` is the public one, as PEM."""

    client_id: str
    key: str
    permissions: dict[str, str]
    is_installed: bool = True
    suspended: datetime | None = None


@dataclass(frozen=True)
class Token:
    """`is_workflows`: a job's GITHUB_TOKEN, whose events start no workflow."""

    text: str
    user: User
    permissions: Mapping[str, str]
    expires: datetime
    is_workflows: bool

    def may(self, permission: str, level: str) -> bool:
        order = ["none", "read", "write", "admin"]
        held = "read" if permission == "metadata" else self.permissions.get(permission, "none")
        return order.index(held) >= order.index(level)


@dataclass(frozen=True)
class Delivery:
    """An event on its way to the workflows; `webhook` is its name in GitHub's document.

    `payload` is what a job finds at GITHUB_EVENT_PATH, `hook` what a webhook would bring.
    """

    name: str
    webhook: str
    payload: Mapping[str, Any]
    run: Run | None = None
    hook: Mapping[str, Any] = field(default_factory=dict)


class FakeGithub:
    """One repository with everything around it. `lock` is held while a request is answered.

    `run_names` has the workflow files that there are, each with the title of its runs; `disabled`
    the state of those that aren't active. `find_artifacts` is called before artifacts are listed.
    `manifests` are those of Apps that a person had made, by the code that stands for each.
    `most_entries` is how many GitHub lists of a tree. With `is_empty`, no commit was ever pushed.
    """

    def __init__(
        self,
        full_name: str = "octo/cellxgene",
        now: Callable[[], datetime] = lambda: datetime.now(UTC).replace(microsecond=0),
    ) -> None:
        self.full_name = full_name
        self.now = now
        self.lock = threading.RLock()
        self.address = "http://127.0.0.1:0"
        self.default_branch = "main"
        self.created = now()
        self.users: dict[str, User] = {}
        self.deleted: set[str] = set()
        self.issues: dict[int, Issue] = {}
        self.blobs: dict[str, bytes] = {}
        self.trees: dict[str, dict[str, str]] = {}
        self.most_entries = 100_000
        self.commits: dict[str, Commit] = {}
        self.branches: dict[str, str] = {}
        self.protected: set[str] = set()
        self.runs: dict[int, Run] = {}
        self.run_names: dict[str, Callable[[Mapping[str, Any]], str]] = {}
        self.disabled: dict[str, str] = {}
        self.enabled_at: dict[str, datetime] = {}
        self.artifacts: dict[int, Artifact] = {}
        self.find_artifacts: Callable[[], None] = lambda: None
        self.checks: dict[int, CheckRun] = {}
        self.runners: dict[int, Runner] = {}
        self.tokens: dict[str, Token] = {}
        self.outbox: list[Delivery] = []
        self.actions_may_open_pulls = True
        self.actions_enabled = True
        self.allowed_actions = "all"
        self.environments: dict[str, Environment] = {}
        self.secrets: set[str] = set()
        self.variables: dict[str, str] = {}
        # What the organization shares with the repository.
        self.shared_secrets: set[str] = set()
        self.shared_variables: dict[str, str] = {}
        self.labels: set[str] = set()
        self.has_issues = True
        self.is_private = False
        self.is_archived = False
        self.is_empty = False
        self.app: App | None = None
        self.manifests: dict[str, tuple[dict[str, Any], datetime]] = {}
        self._ids = 0
        self._comment_ids = 0
        self.user(ACTIONS, "write")
        self.branches[self.default_branch] = self.commit({"README.md": "A repository.\n"}, "First")

    # --- people, tokens, numbers ----------------------------------------------------------------

    @property
    def owner(self) -> str:
        return self.full_name.split("/")[0]

    def new_id(self) -> int:
        self._ids += 1
        return 1000 + self._ids

    def new_comment_id(self) -> int:
        self._comment_ids += 1
        return self._comment_ids

    def user(self, login: str, role: str | None = None, base: str = "") -> User:
        """The person of this name; whoever isn't known yet may read, as in a public repository."""
        known = self.users.get(login)
        if known is None or (role is not None and known.role != role):
            number = known.id if known else self.new_id()
            self.users[login] = User(login, number, role or "read", base)
        return self.users[login]

    def deletes(self, login: str) -> None:
        """The account is gone: what it wrote stays, and its author is null in every answer. See
        https://docs.github.com/en/account-and-profile/concepts/account-management#deletion-of-your-personal-account
        and `nullable-simple-user` in GitHub's OpenAPI document.
        """
        self.deleted.add(login)
        del self.users[login]

    def token(
        self,
        permissions: Mapping[str, str],
        login: str = ACTIONS,
        lifetime: timedelta = timedelta(hours=1),
    ) -> str:
        """A new token with these permissions: a job's, or an App's if `login` is another bot."""
        # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats
        kind = "ghs" if login.endswith("[bot]") else "ghp"
        text = f"{kind}_{sha1(f'{self.new_id()} {login}'.encode()).hexdigest()}"
        expires = self.now() + lifetime
        is_workflows = login == ACTIONS
        self.tokens[text] = Token(text, self.user(login), permissions, expires, is_workflows)
        return text

    # --- git ------------------------------------------------------------------------------------

    def blob(self, data: bytes) -> str:
        sha = sha1(b"blob %d\0" % len(data) + data).hexdigest()
        self.blobs[sha] = data
        return sha

    def tree(self, files: Mapping[str, str]) -> str:
        """The name of the tree with these blobs, by path; its folders are trees, too."""
        for folder in {path.split("/")[0] for path in files if "/" in path}:
            self.folder(files, folder)
        told = "\n".join(f"{path} {sha}" for path, sha in sorted(files.items()))
        sha = sha1(f"tree {told}".encode()).hexdigest()
        self.trees[sha] = dict(files)
        return sha

    def folder(self, files: Mapping[str, str], name: str) -> str:
        """The name of the tree of one folder of these files."""
        within = {p: sha for p, sha in files.items() if p.startswith(f"{name}/")}
        return self.tree({path.removeprefix(f"{name}/"): sha for path, sha in within.items()})

    def commit(self, files: Mapping[str, str | None], message: str, parent: str = "") -> str:
        """The name of a new commit: the parent's files with these texts; None removes one."""
        before = self.trees[self.commits[parent].tree] if parent else {}
        texts = {path: self.blob(text.encode()) for path, text in files.items() if text is not None}
        gone = {path for path, text in files.items() if text is None}
        after = {path: sha for path, sha in {**before, **texts}.items() if path not in gone}
        return self.commit_tree(self.tree(after), message, (parent,) if parent else ())

    def commit_tree(self, tree: str, message: str, parents: tuple[str, ...]) -> str:
        told = f"{tree} {message} {parents} {self.new_id()}"
        sha = sha1(f"commit {told}".encode()).hexdigest()
        self.commits[sha] = Commit(sha, tree, message, parents, self.now())
        return sha

    def files(self, ref: str) -> dict[str, str]:
        """Path -> text of a branch or commit."""
        sha = self.branches.get(ref, ref)
        tree = self.trees[self.commits[sha].tree]
        return {path: self.blobs[blob].decode() for path, blob in tree.items()}

    def changed(self, before: str, after: str) -> dict[str, str]:
        """Path -> added, modified or removed, from one commit to another."""
        old, new = (self.trees[self.commits[sha].tree] for sha in (before, after))
        found = {path: "removed" for path in old if path not in new}
        found |= {path: "added" for path in new if path not in old}
        return found | {p: "modified" for p in new if p in old and old[p] != new[p]}

"""How a repository on GitHub is set up, as values. What can't be seen is Unseen, never absent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

UNLISTED = "unlisted"
"""The state of a workflow file that is in the repository, and not among GitHub's."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """Why something couldn't be looked at, and what would be needed; a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why GitHub lets nobody in by this token. `is_final`: time won't mend it."""

    why: str
    is_final: bool


@dataclass(frozen=True, slots=True)
class ActionsSetUp:
    """Whether Actions run, whose (`all`, `local_only`, `selected`; None where they don't), and
    whether a job's own token may open pull requests.
    """

    is_enabled: bool
    allowed: str | None
    may_open_pulls: bool


@dataclass(frozen=True, slots=True)
class Environment:
    """`branches`: names and patterns of those that may use it, None where each may; with
    `is_protected` those that are protected now. `tags`: patterns of the tags that may, too.
    """

    branches: tuple[str, ...] | Unseen | None
    is_protected: bool
    secrets: frozenset[str] | Unseen
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Installation:
    """What an App was given in the repository: permission -> level."""

    permissions: Mapping[str, str]
    suspended: datetime | None
    address: str


@dataclass(frozen=True, slots=True)
class RepositorySetUp:
    """`address` is where a browser finds it. `unreadable`: permission -> why the token can't even
    read there; of those in `unanswered` nothing is known. `workflows`: file -> its state in
    GitHub's words. `environments` by name, `secrets` those of the repository itself,
    `shared_secrets` those that its organization shares with it, `variables` those that jobs see.
    `workflows` and `callers`, those files which call bot.yml, are of the default branch;
    `has_launch_toml`: so is launch.toml. Of the callers, those in `half_renewed` call one commit,
    and have jobs check out another. `may_push` is what whoever the token is of may, None of an
    App's or a job's. `onboarding`: the address of an open pull request that adds what is needed.
    """

    name: str
    address: str
    default_branch: str
    is_private: bool
    has_issues: bool
    unreadable: Mapping[str, str]
    unanswered: tuple[str, ...]
    actions: ActionsSetUp | Unseen
    workflows: Mapping[str, str] | Unseen
    environments: Mapping[str, Environment] | Unseen
    secrets: frozenset[str] | Unseen
    shared_secrets: frozenset[str] | Unseen
    variables: Mapping[str, str] | Unseen
    labels: frozenset[str] | Unseen
    callers: frozenset[str] = frozenset()
    half_renewed: frozenset[str] = frozenset()
    has_launch_toml: bool | Unseen = False
    is_archived: bool = False
    is_empty: bool = False
    may_push: bool | None = None
    onboarding: str | None = None


@dataclass(frozen=True, slots=True)
class Checkout:
    """What the code here says of itself. `locked`: package -> the lock's version, `wanted` those of
    the group, `installed` those that are here. `variables` are the names that the workflow files
    read, `schema` the newest dataset schema version that has rules. An installed wheel has neither
    lock nor workflow files: `wanted` and `variables` are None then.
    """

    python: tuple[int, int]
    oldest_python: tuple[int, int]
    group: str
    locked: Mapping[str, str]
    wanted: frozenset[str] | None
    installed: Mapping[str, str]
    variables: frozenset[str] | None
    schema: str | None

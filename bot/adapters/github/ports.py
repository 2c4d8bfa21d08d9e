"""All ports of the bot on GitHub, put together from the settings; with roles and failures here.

Nothing of these is stored: GitHub is asked for a person's role when it is needed, and for how the
last detections ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from github.GithubException import GithubException
from github.Repository import Repository

from bot.adapters.github.artifacts import ArtifactStore
from bot.adapters.github.client import RetryPolicy, connect, with_clear_refusals
from bot.adapters.github.repository import GithubRepository
from bot.adapters.github.runs import GithubRuns
from bot.adapters.github.threads import GithubThreads
from bot.adapters.github.upstream import GithubUpstream
from bot.adapters.github.workflows import GithubWorkflows, WorkflowFiles
from bot.adapters.stored_runs import run_store
from bot.adapters.web import HttpPages
from bot.adapters.webhook import Webhook
from bot.errors import BotError
from bot.model.commands import Role
from bot.model.events import GHOST
from bot.model.ports import Pages, Ports
from bot.settings import Settings

BY_NAME = {role.name.lower(): role for role in Role}
BY_PERMISSION = {
    "pull": Role.READ,
    "triage": Role.TRIAGE,
    "push": Role.WRITE,
    "maintain": Role.MAINTAIN,
    "admin": Role.ADMIN,
}


@dataclass(frozen=True, slots=True)
class GithubRoles:
    """What each person may do in the repository, as GitHub says it at that moment."""

    repo: Repository

    @with_clear_refusals
    def role_of(self, actor: str) -> Role:
        """The person's role by `role_name`, as `permission` calls a maintainer a writer.

        A custom role of the organisation counts as the role that it is made from, which the
        person's own `permissions` tell. Someone without an account has none. See
        https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
        """
        if actor == GHOST:
            return Role.NONE
        place = f"{self.repo.url}/collaborators/{quote(actor)}/permission"
        try:
            _, answer = self.repo.requester.requestJsonAndCheck("GET", place)
            return BY_NAME.get(answer["role_name"]) or _base_role(answer)
        except GithubException as error:
            if error.status == 404:
                return Role.NONE
            raise


def _base_role(answer: Mapping[str, Any]) -> Role:
    """What a custom role is made from; by `permission` where GitHub doesn't say more."""
    held = (answer.get("user") or {}).get("permissions") or {}
    may = [role for name, role in BY_PERMISSION.items() if held.get(name)]
    return max(may, default=BY_NAME[answer["permission"]])


@dataclass(frozen=True, slots=True)
class GithubFailureCount:
    """How many detections failed in a row, by how the workflow's last runs ended."""

    workflows: GithubWorkflows

    @with_clear_refusals
    def failures(self) -> int:
        """The failures since the last look that did not fail, of the newest ones."""
        return self.workflows.failures()

    def count(self, failures: int) -> None:
        """Does nothing: GitHub keeps how each workflow run ended."""


@dataclass(frozen=True, slots=True)
class GithubClock:
    """The workflow that looks at page and directory."""

    workflows: GithubWorkflows

    @with_clear_refusals
    def look_now(self) -> None:
        """Dispatches the workflow, which GitHub may have disabled since: a person wants it now.

        A dispatch that was taken twice makes one look more.
        """
        self.workflows.keep_alive()
        self.workflows.dispatch(self.workflows.files.detect, {}, lambda: False)


@dataclass(frozen=True, slots=True)
class Github:
    """The adapters on GitHub, by their own types: some can do more than the port asks for."""

    threads: GithubThreads
    roles: GithubRoles
    repository: GithubRepository
    runs: GithubRuns
    workflows: GithubWorkflows
    tally: GithubFailureCount
    pages: Pages
    clock: GithubClock
    outside: Webhook | None
    upstream: GithubUpstream | None

    def ports(self) -> Ports:
        """The same adapters, as ports."""
        return Ports(
            self.threads,
            self.roles,
            self.repository,
            self.runs,
            self.pages,
            self.tally,
            self.upstream,
            self.clock,
            self.outside,
        )


def github(settings: Settings, patience: RetryPolicy | None = None) -> Github:
    """The ports in the repository that the settings name. Asks nothing of GitHub yet.

    Raises:
        BotError: there is no token.
    """
    if settings.github is None or settings.github_token is None:
        raise BotError("environment: BOT_GITHUB_TOKEN is missing; give the job's or the App's.")
    patience = patience or RetryPolicy(pace=settings.github_pace)
    token = settings.github_token
    repo = connect(settings.github, token, settings.github_api, patience)
    threads = GithubThreads(repo, settings.bot, patience)
    workflows = GithubWorkflows(repo, WorkflowFiles(settings.workflow), patience)
    store = (
        run_store(settings.runs)
        if settings.runs
        else ArtifactStore(repo, workflows, token, patience)
    )
    return Github(
        threads,
        GithubRoles(repo),
        GithubRepository(repo, settings.bot, patience),
        GithubRuns(
            workflows, store, patience, settings.bot, threads.accepted_runs, threads.results
        ),
        workflows,
        GithubFailureCount(workflows),
        HttpPages(),
        GithubClock(workflows),
        Webhook(settings.announce) if settings.announce else None,
        _upstream(settings, patience),
    )


def _upstream(settings: Settings, patience: RetryPolicy) -> GithubUpstream | None:
    """Where LaminDB's patch is proposed; None if the settings lack its repository or its token."""
    if settings.patch_repository is None or settings.patch_token is None:
        return None
    name, token = settings.patch_repository, settings.patch_token
    return GithubUpstream(connect(name, token, settings.github_api, patience), patience)

"""All ports of the bot on GitHub.

Who may do what, by GitHub's permission API, asked at the moment of use.

How many looks have failed in a row: GitHub itself remembers how the workflow's runs ended."""

from dataclasses import dataclass
from itertools import takewhile

from github.GithubException import GithubException
from github.Repository import Repository

from bot.adapters.github.client import RetryPolicy, connect, with_clear_refusals
from bot.adapters.github.repository import GithubRepository, GithubUpstream
from bot.adapters.github.runs import GithubRuns
from bot.adapters.github.threads import GithubThreads
from bot.adapters.run_store import run_store
from bot.adapters.web import HttpPages
from bot.errors import BotError
from bot.model.commands import Role
from bot.model.ports import Pages, Ports
from bot.settings import Settings

BY_NAME = {role.name.lower(): role for role in Role}


@dataclass(frozen=True, slots=True)
class GithubRoles:
    repo: Repository

    @with_clear_refusals
    def role_of(self, actor: str) -> Role:
        """By `role_name`: the coarse `permission` calls a maintainer a writer.

        A role that the organisation made itself counts as what it was made from.
        """
        try:
            name = self.repo.get_collaborator_role_name(actor)
            return BY_NAME.get(name) or BY_NAME[self.repo.get_collaborator_permission(actor)]
        except GithubException as error:
            if error.status == 404:
                return Role.NONE
            raise


DETECT_WORKFLOW = "detect.yml"


MOST_COUNTED = 20


@dataclass(frozen=True, slots=True)
class GithubFailureCount:
    """A detection that fails ends its workflow run as a failure; nothing is written."""

    repo: Repository

    @with_clear_refusals
    def failures(self) -> int:
        ended = self.repo.get_workflow(DETECT_WORKFLOW).get_runs(status="completed")
        conclusions = [run.conclusion for run, _ in zip(ended, range(MOST_COUNTED), strict=False)]
        return sum(1 for _ in takewhile(lambda conclusion: conclusion == "failure", conclusions))

    def count(self, failures: int) -> None:
        """Nothing: the workflow run's own end is the count."""


@dataclass(frozen=True, slots=True)
class Github:
    threads: GithubThreads
    roles: GithubRoles
    repository: GithubRepository
    runs: GithubRuns
    tally: GithubFailureCount
    pages: Pages
    upstream: GithubUpstream | None

    def ports(self) -> Ports:
        return Ports(
            self.threads,
            self.roles,
            self.repository,
            self.runs,
            self.pages,
            self.tally,
            self.upstream,
        )


def github(settings: Settings, patience: RetryPolicy | None = None) -> Github:
    """The ports in the repository that the settings name. Asks nothing of GitHub yet.

    Raises:
        BotError: there is no token.
    """
    if settings.github is None or settings.github_token is None:
        raise BotError("environment: BOT_GITHUB_TOKEN is missing; give the job's or the App's.")
    patience = patience or RetryPolicy(pace=settings.github_pace)
    repo = connect(settings.github, settings.github_token, settings.github_api, patience)
    return Github(
        GithubThreads(repo, settings.bot, patience),
        GithubRoles(repo),
        GithubRepository(repo, settings.bot, patience),
        GithubRuns(repo, run_store(settings.runs) if settings.runs else None, patience),
        GithubFailureCount(repo),
        HttpPages(),
        _upstream(settings, patience),
    )


def _upstream(settings: Settings, patience: RetryPolicy) -> GithubUpstream | None:
    """Where LaminDB's patch is proposed; None if no repository is named, or none of its tokens."""
    if settings.patch_repository is None or settings.patch_token is None:
        return None
    name, token = settings.patch_repository, settings.patch_token
    return GithubUpstream(connect(name, token, settings.github_api, patience), patience)

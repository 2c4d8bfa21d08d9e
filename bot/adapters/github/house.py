"""All ports of the bot on GitHub."""

from dataclasses import dataclass

from bot.adapters.github.repository import GithubRepository
from bot.adapters.github.roles import GithubRoles
from bot.adapters.github.runs import GithubRuns
from bot.adapters.github.speaking import Patience, connect
from bot.adapters.github.tally import GithubTally
from bot.adapters.github.threads import GithubThreads
from bot.adapters.github.upstream import GithubUpstream
from bot.adapters.pages import HttpPages
from bot.adapters.store import store
from bot.errors import BotError
from bot.model.ports import Pages, Ports
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Github:
    threads: GithubThreads
    roles: GithubRoles
    repository: GithubRepository
    runs: GithubRuns
    tally: GithubTally
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


def github(settings: Settings, patience: Patience | None = None) -> Github:
    """The house in the repository that the settings name. Asks nothing of GitHub yet.

    Raises:
        BotError: there is no token.
    """
    if settings.github is None or settings.github_token is None:
        raise BotError("environment: BOT_GITHUB_TOKEN is missing; give the job's or the App's.")
    patience = patience or Patience(pace=settings.github_pace)
    repo = connect(settings.github, settings.github_token, settings.github_api, patience)
    return Github(
        GithubThreads(repo, settings.bot, patience),
        GithubRoles(repo),
        GithubRepository(repo, settings.bot, patience),
        GithubRuns(repo, store(settings.runs) if settings.runs else None, patience),
        GithubTally(repo),
        HttpPages(),
        _upstream(settings, patience),
    )


def _upstream(settings: Settings, patience: Patience) -> GithubUpstream | None:
    """Where LaminDB's patch is proposed; None if no repository is named, or none of its tokens."""
    if settings.patch_repository is None or settings.patch_token is None:
        return None
    name, token = settings.patch_repository, settings.patch_token
    return GithubUpstream(connect(name, token, settings.github_api, patience), patience)

"""LaminDB's own repository, or another that keeps its module: read, and given a draft to review.

Its token is its own. Whoever may push there may have made the branch: it is taken as it is.
"""

from dataclasses import dataclass

from github.ContentFile import ContentFile
from github.PullRequest import PullRequest
from github.Repository import Repository

from bot.adapters.github.branches import base_of, branched, pulls_from
from bot.adapters.github.speaking import Patience, clear, made
from bot.comments.pull_requests import patch_body, patch_branch, patch_title
from bot.errors import BotError
from bot.model.effects import Draft
from bot.model.ports import DraftPullRequest, ModuleSource
from bot.schema.patch import PATH


@dataclass(frozen=True, slots=True)
class GithubUpstream:
    repo: Repository
    patience: Patience

    @clear
    def source(self) -> ModuleSource:
        base = base_of(self.repo)
        found = self.repo.get_contents(PATH, ref=base)
        if not isinstance(found, ContentFile):
            raise BotError(f"{self.repo.full_name}: {PATH} is a folder; name LaminDB's repository.")
        return ModuleSource(base, found.decoded_content.decode("utf-8"))

    @clear
    def propose(self, draft: Draft) -> DraftPullRequest:
        head = patch_branch(draft)
        there = self._pull(head)
        if there is None:
            branched(
                self.repo, head, draft.base, {PATH: draft.text}, patch_title(draft), self.patience
            )
            target = self.repo.default_branch

            def make() -> PullRequest:
                return self.repo.create_pull(
                    target, head, title=patch_title(draft), body=patch_body(draft), draft=True
                )

            there = made(make, lambda: self._pull(head), self.patience)
        return DraftPullRequest(there.html_url, there.state == "open")

    def _pull(self, head: str) -> PullRequest | None:
        return next(pulls_from(self.repo, head), None)

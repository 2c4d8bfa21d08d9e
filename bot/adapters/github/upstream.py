"""LaminDB's module and the patch of it, in LaminDB's repository, with a token of its own."""

from dataclasses import dataclass

from github.ContentFile import ContentFile
from github.PullRequest import PullRequest
from github.Repository import Repository

from bot.adapters.github.client import (
    RetryPolicy,
    base_of,
    ensure_branch,
    make_once,
    pulls_from,
    with_clear_refusals,
)
from bot.comments.pull_requests import patch_body, patch_branch, patch_title
from bot.errors import BotError
from bot.model.effects import Draft
from bot.model.ports import DraftPullRequest, ModuleSource
from bot.schema.patch import PATH


@dataclass(frozen=True, slots=True)
class GithubUpstream:
    """LaminDB's repository. A branch that exists there is used as it is, whoever made it."""

    repo: Repository
    patience: RetryPolicy

    @with_clear_refusals
    def source(self) -> ModuleSource:
        """The module on the default branch, with the commit that it was read from."""
        base = base_of(self.repo)
        content = self.repo.get_contents(PATH, ref=base)
        if not isinstance(content, ContentFile):
            raise BotError(f"{self.repo.full_name}: {PATH} is a folder; name LaminDB's repository.")
        return ModuleSource(base, content.decoded_content.decode("utf-8"))

    @with_clear_refusals
    def propose(self, draft: Draft, origin: str | None = None) -> DraftPullRequest:
        """The draft pull request with the patch; the one that there is or was, if any."""
        head = patch_branch(draft)
        pull_request = self._pull(head)
        if pull_request is None:
            ensure_branch(
                self.repo, head, draft.base, {PATH: draft.text}, patch_title(draft), self.patience
            )
            target = self.repo.default_branch

            def make() -> PullRequest:
                return self.repo.create_pull(
                    target,
                    head,
                    title=patch_title(draft),
                    body=patch_body(draft, origin),
                    draft=True,
                )

            pull_request = make_once(make, lambda: self._pull(head), self.patience)
        return DraftPullRequest(pull_request.html_url, pull_request.state == "open")

    def _pull(self, head: str) -> PullRequest | None:
        return next(pulls_from(self.repo, head), None)

"""The pull request that prepares a repository for the bot: its files, on a branch of their own."""

from collections.abc import Mapping
from dataclasses import dataclass

from github.GithubException import GithubException
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
from bot.comments.onboarding import BRANCH, FIRST, TITLE
from bot.errors import BotError
from bot.model.ports import DraftPullRequest

IS_EMPTY = 409
"""https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-your-git-database"""
IS_THERE = 422
"""Of a file that is to be created (https://docs.github.com/en/rest/repos/contents)."""
WORKFLOWS = ".github/workflows/"


@dataclass(frozen=True, slots=True)
class GithubOnboarding:
    """The repository that is to be prepared, by a person's token."""

    repo: Repository
    patience: RetryPolicy

    @with_clear_refusals
    def blobs(self) -> Mapping[str, str] | None:
        """Path -> git's name for the text, on the default branch; None if there is no commit."""
        try:
            tree = self.repo.get_git_tree(self.repo.default_branch, recursive=True)
        except GithubException as error:
            if error.status == IS_EMPTY:
                return None
            raise
        if tree.raw_data["truncated"]:
            raise BotError(
                f"{self.repo.full_name}: has more files than GitHub lists; have a clone prepared, "
                "by `bot init --yes FOLDER`."
            )
        return {one.path: one.sha for one in tree.tree if one.type == "blob"}

    @with_clear_refusals
    def proposed(self) -> DraftPullRequest | None:
        """The pull request that there is or was."""
        pull = self._pull()
        return DraftPullRequest(pull.html_url, pull.state == "open") if pull else None

    @with_clear_refusals
    def begin(self) -> None:
        """Makes the first commit of a repository that has none: nothing can be proposed to it."""
        name = self.repo.full_name.split("/")[1]
        text = f"# {name}\n\nThe CELLxGENE ingestion bot lives here.\n"

        def make() -> bool:
            try:
                return bool(self.repo.create_file("README.md", FIRST, text))
            except GithubException as error:
                # the client repeats a PUT whose answer was lost, and the file is there then
                if error.status != IS_THERE or self.blobs() is None:
                    raise
                return True

        make_once(make, lambda: self.blobs() is not None or None, self.patience)

    @with_clear_refusals
    def propose(self, files: Mapping[str, str], body: str) -> str:
        """Opens the pull request, and returns its address; the one that there is or was stays, and
        so does its branch.
        """
        if (there := self._pull()) is not None:
            return there.html_url
        self._ensure_branch(files)

        def make() -> PullRequest:
            return self.repo.create_pull(self.repo.default_branch, BRANCH, title=TITLE, body=body)

        return make_once(make, self._pull, self.patience).html_url

    def _ensure_branch(self, files: Mapping[str, str]) -> None:
        base = base_of(self.repo)
        try:
            ensure_branch(self.repo, BRANCH, base, files, TITLE, self.patience)
        except GithubException as error:
            # 404 for want of a right: https://github.com/github/docs/pull/4770
            if error.status not in (403, 404) or not any(p.startswith(WORKFLOWS) for p in files):
                raise
            raise BotError(
                f"GitHub refuses to let this token write {WORKFLOWS} ({error.status}): it needs "
                "the permissions contents and workflows (write), a classic one the scopes repo and "
                "workflow, `gh auth refresh --scopes workflow`; or have a clone prepared, by "
                "`bot init --yes FOLDER`, and push that."
            ) from error

    def _pull(self) -> PullRequest | None:
        return next(pulls_from(self.repo, BRANCH), None)

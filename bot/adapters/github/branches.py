"""A branch with one commit, and the pull requests from it; the same for every repository."""

from collections.abc import Iterator, Mapping

from github import InputGitTreeElement
from github.GithubException import UnknownObjectException
from github.PullRequest import PullRequest
from github.Repository import Repository

from bot.adapters.github.speaking import Patience, made


def pulls_from(repo: Repository, head: str) -> Iterator[PullRequest]:
    """The pull requests from this branch of the repository, open or not, newest first."""
    owner = repo.full_name.split("/")[0]
    return iter(repo.get_pulls(state="all", head=f"{owner}:{head}"))


def base_of(repo: Repository) -> str:
    """The commit that the default branch is at."""
    return repo.get_git_ref(f"heads/{repo.default_branch}").object.sha


def branched(
    repo: Repository,
    head: str,
    base: str,
    files: Mapping[str, str],
    said: str,
    patience: Patience,
) -> None:
    """The branch is then there, with the files on top of `base`; what is there stays as it is."""
    if _is_there(repo, head):
        return
    before = repo.get_git_commit(base)
    entries = [
        InputGitTreeElement(path, "100644", "blob", content=text) for path, text in files.items()
    ]
    tree = made(lambda: repo.create_git_tree(entries, before.tree), lambda: None, patience)
    commit = made(lambda: repo.create_git_commit(said, tree, [before]), lambda: None, patience)

    def make() -> bool:
        return bool(repo.create_git_ref(f"refs/heads/{head}", commit.sha))

    made(make, lambda: _is_there(repo, head) or None, patience)


def _is_there(repo: Repository, head: str) -> bool:
    try:
        return bool(repo.get_git_ref(f"heads/{head}").object.sha)
    except UnknownObjectException:
        return False

"""What the adapters on GitHub share: the connection, retries, error messages and branches.

A request that may be repeated is retried by PyGithub. A POST isn't: sent again after an error, it
could make the same issue twice. What creates something goes through `make_once` instead.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from github import Auth, Github, InputGitTreeElement
from github.GithubException import (
    GithubException,
    RateLimitExceededException,
    UnknownObjectException,
)
from github.GithubRetry import GithubRetry
from github.NamedUser import NamedUser
from github.Organization import Organization
from github.PullRequest import PullRequest
from github.Repository import Repository
from requests.exceptions import RequestException

from bot.errors import BotError
from bot.model.events import GHOST

P = ParamSpec("P")
T = TypeVar("T")
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
LIMITED = (403, 429)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request that fails is sent again, and how long to wait before; in seconds.

    `attempts` limits the tries. The first wait is `backoff`, each further one twice the one before.
    Where GitHub limits the rate, the wait is what its headers say, or at least `secondary` where
    they say nothing; if it is longer than `longest`, the request fails at once. `pace` is the time
    between two writes, `timeout` how long GitHub may be silent. See
    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    """

    attempts: int = 5
    backoff: float = 1.0
    secondary: float = 60.0
    longest: float = 900.0
    pace: float = 1.0
    timeout: int = 15
    sleep: Callable[[float], None] = time.sleep


def connect(name: str, token: str, api: str, patience: RetryPolicy) -> Repository:
    """The repository NAME (OWNER/NAME), of which no request is made yet."""
    retry = GithubRetry(
        total=patience.attempts,
        backoff_factor=patience.backoff,
        secondary_rate_wait=patience.secondary,
        max_rate_limit_wait=patience.longest,
        allowed_methods=REPEATABLE,
        status_forcelist=[429, *range(500, 600)],
    )
    client = Github(
        auth=Auth.Token(token),
        base_url=api,
        retry=retry if patience.attempts > 1 else None,
        per_page=100,
        timeout=patience.timeout,
        lazy=True,
        seconds_between_requests=0,
        seconds_between_writes=patience.pace,
    )
    return client.get_repo(name)


def with_clear_refusals(method: Callable[P, T]) -> Callable[P, T]:
    """The method, which raises an error of GitHub's as a BotError of one sentence."""

    @wraps(method)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except (GithubException, RequestException) as error:
            raise BotError(sentence_of(error)) from error

    return wrapped


def make_once(make: Callable[[], T], look: Callable[[], T | None], patience: RetryPolicy) -> T:
    """What `make` creates, but once only.

    A request that failed may still have been carried out: before another attempt, `look` returns
    what is there already, or None.

    Raises:
        GithubException, RequestException: the last attempt's error, or one that won't pass.
    """
    for attempt in range(1, patience.attempts + 1):
        try:
            return make()
        except (GithubException, RequestException) as error:
            wait = _wait(error, attempt, patience)
            if wait is None or wait > patience.longest or attempt == patience.attempts:
                raise
        patience.sleep(wait)
        existing = look()
        if existing is not None:
            return existing
    raise AssertionError


def _wait(error: Exception, attempt: int, patience: RetryPolicy) -> float | None:
    """The seconds before another attempt; None where another would fail as well."""
    backoff = patience.backoff * 2.0 ** (attempt - 1)
    if not isinstance(error, GithubException) or error.status >= 500:
        return backoff
    if not _is_limit(error):
        return None
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if headers.get("retry-after", "").isdigit():
        return float(headers["retry-after"])
    if headers.get("x-ratelimit-remaining") == "0":
        return max(0.0, float(headers.get("x-ratelimit-reset", 0)) - time.time()) + 1
    return max(patience.secondary, backoff)


def _is_limit(error: GithubException) -> bool:
    return isinstance(error, RateLimitExceededException) or error.status == 429


def is_forbidden(error: Exception) -> bool:
    """Whether GitHub refuses this to the token, and not for a limit of its own."""
    return isinstance(error, GithubException) and error.status == 403 and not _is_limit(error)


def sentence_of(error: Exception) -> str:
    """What an error of GitHub's says to a person, and what to do."""
    if not isinstance(error, GithubException):
        return f"GitHub can't be reached ({type(error).__name__}); try again later."
    message = error.data.get("message", "") if isinstance(error.data, dict) else ""
    if error.status == 401:
        return f"GitHub refuses the token ({message}): it has ended or isn't one; make another."
    if _is_limit(error):
        return f"GitHub's rate limit is used up ({message}); try again later."
    if error.status == 403:
        headers = {name.lower(): value for name, value in (error.headers or {}).items()}
        wanted = headers.get("x-accepted-github-permissions", "more")
        return f"GitHub forbids this to the token ({message}); it needs the permission {wanted}."
    return f"GitHub answered {error.status} ({message or 'without a word'}); mend it or try again."


def login_of(user: NamedUser | Organization | None) -> str:
    """The person's login; `ghost`, as GitHub's pages say, if the account was deleted.

    In the API there is no person then: `user` is nullable in
    https://docs.github.com/en/rest/issues/comments#list-issue-comments
    """
    return user.login if user is not None else GHOST


def pulls_from(repo: Repository, head: str) -> Iterator[PullRequest]:
    """The pull requests from this branch of the repository, open or not, newest first."""
    owner = repo.full_name.split("/")[0]
    return iter(repo.get_pulls(state="all", head=f"{owner}:{head}"))


def base_of(repo: Repository) -> str:
    """The SHA of the default branch's newest commit."""
    return repo.get_git_ref(f"heads/{repo.default_branch}").object.sha


def ensure_branch(
    repo: Repository,
    head: str,
    base: str,
    files: Mapping[str, str],
    message: str,
    patience: RetryPolicy,
) -> None:
    """Makes the branch with the files on top of the commit `base`; leaves one that exists."""
    if _is_there(repo, head):
        return
    before = repo.get_git_commit(base)
    entries = [
        InputGitTreeElement(path, "100644", "blob", content=text) for path, text in files.items()
    ]
    tree = make_once(lambda: repo.create_git_tree(entries, before.tree), lambda: None, patience)
    commit = make_once(
        lambda: repo.create_git_commit(message, tree, [before]), lambda: None, patience
    )

    def make() -> bool:
        return bool(repo.create_git_ref(f"refs/heads/{head}", commit.sha))

    make_once(make, lambda: _is_there(repo, head) or None, patience)


def _is_there(repo: Repository, head: str) -> bool:
    try:
        return bool(repo.get_git_ref(f"heads/{head}").object.sha)
    except UnknownObjectException:
        return False

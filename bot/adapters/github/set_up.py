"""How the repository is set up, as far as a token may see. Reads only.

Each part is asked for by itself, side by side: what GitHub refuses or doesn't answer is Unseen, and
the rest is looked at all the same. Permissions by operation:
https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from github import Auth, Github
from github.GithubException import GithubException
from github.Repository import Repository
from requests.exceptions import RequestException

from bot.adapters.github.client import RetryPolicy, connect, is_forbidden, sentence_of
from bot.adapters.github.code_set_up import Code, look_at_code
from bot.comments.onboarding import BRANCH
from bot.model.set_up import (
    UNLISTED,
    ActionsSetUp,
    Environment,
    Installation,
    Refused,
    RepositorySetUp,
    Unseen,
)

Value = TypeVar("Value")

QUICK = RetryPolicy(attempts=1, backoff=0.1, secondary=0, longest=1, pace=0, timeout=5)
"""For a look that ends within seconds: what isn't answered by then is told as unknown."""

PAGE = 30
"""Entries a page: GitHub gives no more of variables, where more are asked for.
https://docs.github.com/en/rest/actions/variables#list-repository-variables"""

MOST_PAGES = 20
SIDE_BY_SIDE = 16
"""As many parts are asked for at a time: GitHub takes a hundred requests.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"""

OF_APPS = "ghs_"
"""Tokens of Apps and jobs begin so; a role in the repository is a person's.
https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats"""


def look(
    name: str, token: str, api: str, variables: Mapping[str, str] | None = None
) -> RepositorySetUp | Refused:
    """The set-up of the repository NAME (OWNER/NAME); `variables` as the caller's job sees them,
    which its token may not list.
    """

    def asked(part: Callable[[Repository], Value]) -> Value:
        return part(connect(name, token, api, QUICK))  # PyGithub's client is for one thread

    try:
        told = asked(lambda repo: _ask(repo, ""))
    except (GithubException, RequestException) as error:
        return _refused(error, name)
    branch = told["default_branch"]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:

        def seen(part: Callable[[Repository], Value]) -> Future[Value | Unseen]:
            return pool.submit(lambda: _seen(lambda: asked(part)))

        probes = {
            permission: pool.submit(asked, partial(_probe, place.format(branch=quote(branch))))
            for permission, place in PROBES.items()
        }
        code = pool.submit(asked, partial(_code_and_states, branch))
        actions, environments = seen(_actions), seen(_environments)
        secrets = seen(lambda repo: _names(repo, "/actions/secrets", "secrets"))
        shared = seen(lambda repo: frozenset(one["name"] for one in _shared(repo, "secrets")))
        of_jobs = seen(_variables) if variables is None else None
        labels = seen(lambda repo: frozenset(one["name"] for one in _listed(repo, "/labels")))
        onboarding = pool.submit(asked, partial(_onboarding, told["owner"]["login"]))
    found = {permission: probe.result() for permission, probe in probes.items()}
    files, states = code.result()
    return RepositorySetUp(
        name=told["full_name"],
        address=told["html_url"],
        default_branch=branch,
        is_private=told["private"],
        has_issues=told["has_issues"],
        unreadable={one: why for one, why in found.items() if isinstance(why, str)},
        unanswered=tuple(one for one, probe in found.items() if probe is Probe.UNANSWERED),
        actions=actions.result(),
        workflows=states,
        callers=frozenset() if isinstance(files, Unseen) else files.callers,
        half_renewed=frozenset() if isinstance(files, Unseen) else files.half_renewed,
        has_launch_toml=files if isinstance(files, Unseen) else files.has_launch_toml,
        is_archived=told["archived"],
        is_empty=found["contents"] is Probe.EMPTY,
        may_push=None if token.startswith(OF_APPS) else told.get("permissions", {}).get("push"),
        environments=environments.result(),
        secrets=secrets.result(),
        shared_secrets=shared.result(),
        variables=of_jobs.result() if of_jobs else variables or {},
        labels=labels.result(),
        onboarding=onboarding.result(),
    )


def look_at_app(
    name: str, client_id: str, key: str, api: str
) -> Installation | Refused | Unseen | None:
    """What the App was given in the repository, by a token that the App signs itself; None if it
    isn't installed there.

    https://docs.github.com/en/rest/apps/apps#get-a-repository-installation-for-the-authenticated-app
    """
    auth = Auth.AppAuth(client_id, key)
    try:
        _ = auth.token  # signs
    except Exception as error:  # the libraries below have several for what is no key
        return Refused(f"APP_PRIVATE_KEY is no private key ({type(error).__name__})", True)
    client = Github(auth=auth, base_url=api, retry=None, timeout=QUICK.timeout, lazy=True)
    try:
        requester = client.get_repo(name).requester
        _, told = requester.requestJsonAndCheck("GET", f"/repos/{name}/installation")
    except (GithubException, RequestException) as error:
        if isinstance(error, GithubException) and error.status == 404:
            return None
        if isinstance(error, GithubException) and error.status == 401:
            return Refused("GitHub doesn't know the App by this client id and private key", True)
        return Unseen(sentence_of(error).rstrip("."))
    return Installation(told["permissions"], told["suspended_at"], told["html_url"])


def _refused(error: Exception, name: str) -> Refused:
    status = error.status if isinstance(error, GithubException) else 0
    if status == 404:
        sentence = f"there is no repository {name}, or the token may not see it; correct"
        return Refused(f"{sentence} BOT_GITHUB, or make a token that may:", True)
    return Refused(sentence_of(error), status in (401, 451) or is_forbidden(error))


def _ask(repo: Repository, place: str) -> Any:
    return repo.requester.requestJsonAndCheck("GET", f"{repo.url}{place}")[1]


def _listed(repo: Repository, place: str, key: str | None = None) -> Iterator[Any]:
    sign = "&" if "?" in place else "?"
    for number in range(1, MOST_PAGES + 1):
        told = _ask(repo, f"{place}{sign}per_page={PAGE}&page={number}")
        entries = told if key is None else told[key]
        yield from entries
        if len(entries) < PAGE:
            return


def _seen(ask: Callable[[], Value]) -> Value | Unseen:
    try:
        return ask()
    except (GithubException, RequestException) as error:
        return Unseen(_why(error))


def _why(error: Exception) -> str:
    """Of a person's token GitHub says 404 where a right is missing, and names no permission."""
    if isinstance(error, GithubException) and error.status == 404:
        return "the token may not see it: it needs to be an administrator's"
    return sentence_of(error).rstrip(".")


PROBES = {
    "contents": "/commits?per_page=1",
    "issues": "/issues?per_page=1",
    "pull_requests": "/pulls?per_page=1",
    "actions": "/actions/workflows?per_page=1",
    "checks": "/commits/{branch}/check-runs?per_page=1",
}
"""What a token must at least be able to read, by permission."""


class Probe(Enum):
    """What a probe came to that wasn't refused. `EMPTY`: let in, where no commit was ever pushed.

    https://docs.github.com/en/rest/commits/commits#list-commits answers 409 then
    """

    READ = "read"
    EMPTY = "empty"
    UNANSWERED = "unanswered"


def _probe(place: str, repo: Repository) -> Probe | str:
    """What comes of it, or why the token is refused."""
    try:
        _ask(repo, place)
    except (GithubException, RequestException) as error:
        if isinstance(error, GithubException) and error.status == 409:
            return Probe.EMPTY
        return sentence_of(error).rstrip(".") if is_forbidden(error) else Probe.UNANSWERED
    return Probe.READ


def _onboarding(owner: str, repo: Repository) -> str | None:
    head = quote(f"{owner}:{BRANCH}", safe="")
    found = _seen(lambda: [one["html_url"] for one in _ask(repo, f"/pulls?state=open&head={head}")])
    return None if isinstance(found, Unseen) or not found else str(found[0])


def _actions(repo: Repository) -> ActionsSetUp:
    told = _ask(repo, "/actions/permissions")
    of_workflows = _ask(repo, "/actions/permissions/workflow")
    return ActionsSetUp(
        is_enabled=told["enabled"],
        allowed=told.get("allowed_actions"),
        may_open_pulls=of_workflows["can_approve_pull_request_reviews"],
    )


def _code_and_states(
    branch: str, repo: Repository
) -> tuple[Code | Unseen, Mapping[str, str] | Unseen]:
    """What the default branch has, and the state of each of its workflow files."""
    code = _seen(lambda: look_at_code(repo, branch))
    return code, code if isinstance(code, Unseen) else _seen(lambda: _states(repo, code))


def _states(repo: Repository, code: Code) -> dict[str, str]:
    """The state of each file of the default branch; GitHub's list has those of others, too."""
    listed = _listed(repo, "/actions/workflows", "workflows")
    states = {one["path"].rsplit("/", 1)[-1]: one["state"] for one in listed}
    return {file: states.get(file, UNLISTED) for file in code.workflows}


def _environments(repo: Repository) -> dict[str, Environment]:
    listed = _listed(repo, "/environments", "environments")
    return {one["name"]: _environment(repo, one) for one in listed}


def _environment(repo: Repository, told: Mapping[str, Any]) -> Environment:
    place = f"/environments/{quote(told['name'], safe='')}"
    policy = told.get("deployment_branch_policy")
    branches: tuple[str, ...] | Unseen | None = None
    tags: tuple[str, ...] = ()
    if policy is not None and policy["protected_branches"]:
        branches = _seen(lambda: _protected(repo))
    elif policy is not None:
        policies = _seen(lambda: _policies(repo, place))
        branches, tags = (policies, ()) if isinstance(policies, Unseen) else policies
    return Environment(
        branches=branches,
        tags=tags,
        is_protected=policy is not None and policy["protected_branches"],
        secrets=_seen(lambda: _names(repo, f"{place}/secrets", "secrets")),
    )


def _protected(repo: Repository) -> tuple[str, ...] | None:
    """The protected branches; None where none is: each branch may use the environment then.

    https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments#deployment-branches-and-tags
    https://docs.github.com/en/rest/branches/branches#list-branches
    """
    return tuple(one["name"] for one in _listed(repo, "/branches?protected=true")) or None


def _policies(repo: Repository, place: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The patterns of branches, and those of tags.

    https://docs.github.com/en/rest/deployments/branch-policies#list-deployment-branch-policies
    """
    branches, tags = list[str](), list[str]()
    for one in _listed(repo, f"{place}/deployment-branch-policies", "branch_policies"):
        (tags if one.get("type") == "tag" else branches).append(one["name"])
    return tuple(branches), tuple(tags)


def _names(repo: Repository, place: str, key: str) -> frozenset[str]:
    return frozenset(one["name"] for one in _listed(repo, place, key))


def _variables(repo: Repository) -> dict[str, str]:
    """Those that jobs see: the repository's own counts where its organization has one of the name.

    https://docs.github.com/en/actions/reference/workflows-and-actions/variables#configuration-variable-precedence
    """
    shared = _shared(repo, "variables")
    listed = _listed(repo, "/actions/variables", "variables")
    return {one["name"]: one["value"] for one in (*shared, *listed)}


def _shared(repo: Repository, kind: str) -> list[Any]:
    """What the organization shares with the repository; nothing in a person's own.

    https://docs.github.com/en/rest/actions/variables#list-repository-organization-variables
    """
    try:
        return list(_listed(repo, f"/actions/organization-{kind}", kind))
    except GithubException as error:
        if error.status == 404:
            return []
        raise

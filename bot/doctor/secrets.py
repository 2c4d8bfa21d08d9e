"""Who can read the secrets, and what the App was given.

Whoever can push a branch reads the repository's secrets by a workflow of that branch, and those of
an environment that doesn't say which branches may use it:
https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatchcase

from bot.doctor.lines import missing, ok, shortened, unknown, warning
from bot.model.set_up import Environment, Installation, Refused, RepositorySetUp, Unseen
from runners.contract import PartHealth

WORK = "instance"
"""The environment of the job that works, by its fixed name in run.yml."""
ON_GITHUB = ("hosted", "codebuild", "local")
"""Launchers whose job gets LaminDB's key from its environment."""
APP = dict.fromkeys(("actions", "checks", "contents", "issues", "pull_requests"), "write")
GUARDED = frozenset({"LAMIN_API_KEY", "APP_PRIVATE_KEY", "PATCH_TOKEN"})
LEVELS = ("none", "read", "write", "admin")
CHANGE_APP = (
    "https://docs.github.com/en/apps/maintaining-github-apps/modifying-a-github-app-registration"
    "#changing-the-permissions-of-a-github-app"
)


def environments(
    found: RepositorySetUp, variables: Mapping[str, str] | Unseen
) -> Iterator[PartHealth]:
    """A line for each environment that jobs use, and for each secret that must be in one."""
    if isinstance(found.environments, Unseen):
        sentence = f"they couldn't be looked at ({found.environments.why}); see"
        yield unknown("environments", sentence, _settings(found))
    else:
        # https://docs.github.com/en/actions/how-tos/deploy/configure-and-manage-deployments/manage-environments
        # "Environment names are not case sensitive."
        there = {name.lower(): one for name, one in found.environments.items()}
        for name, secrets in _wanted(variables).items():
            yield from _environment(name, there.get(name.lower()), secrets, found)
        if isinstance(variables, Unseen):
            sentence = f"whether LAMIN_API_KEY must be in {WORK}, and which other one jobs use, "
            sentence += f"the variables say, which couldn't be seen ({variables.why})."
            yield unknown("other secrets", sentence)
    yield from _loose(found, {} if isinstance(variables, Unseen) else variables)


def _environment(
    name: str, environment: Environment | None, secrets: list[str], found: RepositorySetUp
) -> Iterator[PartHealth]:
    part, branch = f"environment {name}", found.default_branch
    if environment is not None:
        yield _limited(part, environment, found)
    elif name == WORK and not secrets:
        return  # one that a job names is made, and gives nothing away
    else:
        sentence = f"it isn't there; make it, limited to the branch {branch}:"
        yield _line(found, secrets)(part, sentence, _settings(found))
    for secret in secrets:
        yield _secret(name, environment, secret, found)


def _line(found: RepositorySetUp, secrets: Collection[str]) -> Callable[..., PartHealth]:
    """How bad it is that the environment doesn't keep these secrets. In private repositories of
    free plans there is none that does: there, those of the repository work all the same.

    https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments
    """
    held = found.secrets if isinstance(found.secrets, frozenset) else frozenset()
    return warning if found.is_private and secrets and held.issuperset(secrets) else missing


def _wanted(variables: Mapping[str, str] | Unseen) -> dict[str, list[str]]:
    """Environment -> the secrets that must be there."""
    if isinstance(variables, Unseen):
        return {WORK: []}
    wanted = {WORK: ["LAMIN_API_KEY"] if launcher_of(variables) in ON_GITHUB else []}
    if name := variables.get("BOT_ENVIRONMENT"):
        same = next((one for one in wanted if one.lower() == name.lower()), name)
        wanted.setdefault(same, []).extend(_of_speaking(variables))
    return wanted


def launcher_of(variables: Mapping[str, str]) -> str:
    """Where jobs work by the repository's variables."""
    return (variables.get("LAUNCHER") or "hosted").lower()


def _speaking(variables: Mapping[str, str] | Unseen) -> str:
    """The environment of the jobs that speak, or what it is to be called."""
    given = {} if isinstance(variables, Unseen) else variables
    return given.get("BOT_ENVIRONMENT") or "bot"


def _of_speaking(variables: Mapping[str, str]) -> list[str]:
    needs = {"APP_PRIVATE_KEY": "APP_CLIENT_ID", "PATCH_TOKEN": "BOT_PATCH_REPOSITORY"}
    return [secret for secret, variable in needs.items() if variables.get(variable)]


def _settings(found: RepositorySetUp) -> str:
    return f"{found.address}/settings/environments"


def _limited(part: str, environment: Environment, found: RepositorySetUp) -> PartHealth:
    branch, place = found.default_branch, _settings(found)
    if isinstance(environment.branches, Unseen):
        sentence = f"its branches couldn't be looked at ({environment.branches.why}); see"
        return unknown(part, sentence, place)
    if environment.tags:
        names = shortened(list(environment.tags))
        sentence = f"tags matching {names} may use it, and whoever can push can push such a tag;"
        return missing(part, f"{sentence} let in the branch {branch} alone:", place)
    if environment.branches is None:
        none = "no branch is protected, so that " if environment.is_protected else ""
        sentence = f"{none}each branch may use it, and so read its secrets; limit it to {branch}:"
        return missing(part, sentence, place)
    if not any(matches(branch, pattern) for pattern in environment.branches):
        names = shortened(list(environment.branches))
        may = f"only {names} may use it, and" if names else "no branch may use it, and"
        sentence = f"{may} the default branch is {branch}: GitHub refuses every job; let"
        return missing(part, f"{sentence} {branch} in:", place)
    if environment.is_protected:
        sentence = f"every protected branch may use it; limit it to {branch}:"
        return warning(part, sentence, place)
    others = [pattern for pattern in environment.branches if pattern != branch]
    if others:
        sentence = f"{shortened(others)} may use it, too; limit it to {branch}:"
        return warning(part, sentence, place)
    return ok(part, f"only {branch} may use it.")


def matches(branch: str, pattern: str) -> bool:
    """Whether the pattern of an environment lets the branch in: `*` doesn't match `/`, and `**/`
    matches any folders, as Ruby's File.fnmatch has it with FNM_PATHNAME.

    https://docs.github.com/en/rest/deployments/branch-policies#create-a-deployment-branch-policy
    """
    return _match(branch.split("/"), pattern.split("/"))


def _match(names: list[str], patterns: list[str]) -> bool:
    if not (names and patterns):
        return names == patterns
    first, *rest = patterns
    if first == "**" and rest:
        return _match(names, rest) or _match(names[1:], patterns)
    return fnmatchcase(names[0], first) and _match(names[1:], rest)


def _secret(
    name: str, environment: Environment | None, secret: str, found: RepositorySetUp
) -> PartHealth:
    part = f"secret {secret}"
    there: frozenset[str] | Unseen = environment.secrets if environment else frozenset()
    if isinstance(there, Unseen):
        sentence = f"it couldn't be looked for ({there.why}); see"
        return unknown(part, sentence, _settings(found))
    if secret in there:
        return ok(part, f"it is in the environment {name}.")
    remedy = f"gh secret set {secret} --env {name} --repo {found.name}"
    sentence = f"it isn't in the environment {name}; set it there:"
    return _line(found, [secret])(part, sentence, remedy)


def _loose(found: RepositorySetUp, variables: Mapping[str, str]) -> Iterator[PartHealth]:
    """Secrets of the repository, or its organization, that must be an environment's. In private
    repositories of free plans environments have no rules.
    """
    part = "secrets of the repository"
    if isinstance(found.secrets, Unseen):
        address = f"{found.address}/settings/secrets/actions"
        yield unknown(part, f"they couldn't be looked at ({found.secrets.why}); see", address)
        return
    if not variables.get("BOT_ENVIRONMENT"):
        yield from _nowhere(found, found.secrets, variables)
    shared = frozenset() if isinstance(found.shared_secrets, Unseen) else found.shared_secrets
    for secret in sorted(GUARDED & (found.secrets | shared)):
        env = WORK if secret == "LAMIN_API_KEY" else _speaking(variables)
        sentence = f"whoever can push a branch can read it; set it in the environment {env}, and:"
        line = warning if found.is_private else missing
        if secret in found.secrets:
            remedy = f"gh secret delete {secret} --repo {found.name}"
            yield line(f"secret {secret} of the repository", sentence, remedy)
        if secret in shared:
            remedy = f"keep it from this repository: {_shared_settings(found)}"
            yield line(f"secret {secret} of the organization", sentence, remedy)
    if isinstance(found.shared_secrets, Unseen):
        sentence = f"its organization's couldn't be looked at ({found.shared_secrets.why}); see"
        yield unknown(part, sentence, _shared_settings(found))
    elif not GUARDED & (found.secrets | shared):
        yield ok(part, "none that must be an environment's is among them.")


def _web(found: RepositorySetUp) -> str:
    return found.address.removesuffix(f"/{found.name}")


def _shared_settings(found: RepositorySetUp) -> str:
    return f"{_web(found)}/organizations/{found.name.partition('/')[0]}/settings/secrets/actions"


def _nowhere(
    found: RepositorySetUp, there: frozenset[str], variables: Mapping[str, str]
) -> Iterator[PartHealth]:
    """Secrets of the jobs that speak, which have no environment, and so the repository's alone."""
    for secret in _of_speaking(variables):
        if secret not in there:
            sentence = (
                "neither the repository has it nor an environment of the jobs that speak; name"
            )
            sentence += " one, and ask doctor again, which then says how to make it:"
            remedy = f"gh variable set BOT_ENVIRONMENT --body {_speaking({})} --repo {found.name}"
            yield missing(f"secret {secret}", sentence, remedy)


def app(
    found: Installation | Refused | Unseen | None,
    client_id: str | Unseen | None,
    launcher: str | Unseen,
    repository: RepositorySetUp,
) -> Iterator[PartHealth]:
    """The App, if there is one, and its permissions; `found` is None where it isn't installed.
    Unseen are the variables that say whether there is one, and where jobs work.
    """
    if isinstance(client_id, Unseen):
        why = f"the variables say it, which couldn't be seen: {client_id.why}"
        yield unknown("App", f"whether there is one isn't known ({why}).")
    elif not client_id:
        yield _no_app(launcher, repository.name)
    elif isinstance(found, Unseen):
        yield unknown("App", f"it couldn't be looked at ({found.why}).")
    elif isinstance(found, Refused):
        remedy = f"gh secret set APP_PRIVATE_KEY --env {_speaking(repository.variables)}"
        sentence = f"{found.why}; set the secret anew:"
        yield missing("App", sentence, f"{remedy} --repo {repository.name}")
    elif found is None:
        sentence = "it isn't installed in the repository; install it:"
        yield missing("App", sentence, f"{_web(repository)}/settings/apps")
    elif found.suspended:
        yield missing("App", "it is suspended here; let it work again:", found.address)
    else:
        yield _given(found.permissions, launcher)


def _no_app(launcher: str | Unseen, repository: str) -> PartHealth:
    if isinstance(launcher, Unseen):
        return unknown("App", f"whether one is needed isn't known ({launcher.why}).")
    if launcher == "ec2":
        sentence = (
            "there is none, and only an App can register the machines' runners; have one made:"
        )
        words = f"--app --repository {repository} --key-file key.pem --yes"
        return missing("App", sentence, f"BOT_LAUNCHER=ec2 python -m bot init {words}")
    return ok("App", "there is none; the jobs' own tokens speak.")


def app_permissions(launcher: str | None) -> dict[str, str]:
    """What the App must have where jobs work there: permission -> level."""
    return {**APP, **({"administration": "write"} if launcher == "ec2" else {})}


def _given(permissions: Mapping[str, str], launcher: str | Unseen) -> PartHealth:
    wanted = app_permissions(None if isinstance(launcher, Unseen) else launcher)
    lacking = [
        f"{name} ({level})"
        for name, level in sorted(wanted.items())
        if LEVELS.index(permissions.get(name, "none")) < LEVELS.index(level)
    ]
    if lacking:
        return missing("App", f"it lacks {', '.join(lacking)}; give it that:", CHANGE_APP)
    if "workflows" in permissions:
        sentence = "it may change workflow files, which it needn't; take `workflows` away:"
        return warning("App", sentence, CHANGE_APP)
    if isinstance(launcher, Unseen) and permissions.get("administration") != "write":
        why = f"{launcher.why}; `LAUNCHER=ec2` does"
        return unknown("App", f"whether it needs administration (write) isn't known ({why}).")
    return ok("App", f"it has {', '.join(f'{name} ({wanted[name]})' for name in sorted(wanted))}.")

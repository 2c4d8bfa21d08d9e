"""Who can read the secrets, and what the App was given.

Whoever can push a branch reads the repository's secrets by a workflow of that branch, and those of
an environment that doesn't say which branches may use it:
https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from bot.doctor.lines import GUIDE, missing, ok, shortened, unknown, warning
from bot.model.set_up import Environment, Installation, RepositorySetUp, Unseen
from runners.contract import PartHealth

WORK = "instance"
"""The environment of the job that works, by its fixed name in run.yml."""
ON_GITHUB = ("hosted", "codebuild", "local")
"""Launchers whose job gets LaminDB's key from its environment."""
APP = dict.fromkeys(("actions", "checks", "contents", "issues", "pull_requests"), "write")
LEVELS = ("none", "read", "write", "admin")
CHANGE_APP = (
    "https://docs.github.com/en/apps/maintaining-github-apps/modifying-a-github-app-registration"
    "#changing-the-permissions-of-a-github-app"
)


def environments(
    found: RepositorySetUp, variables: Mapping[str, str], launcher: str
) -> Iterator[PartHealth]:
    """A line for each environment that jobs use, and for each secret that must be in one."""
    wanted = _wanted(variables, launcher)
    if isinstance(found.environments, Unseen):
        sentence = f"they couldn't be looked at ({found.environments.why}); see"
        yield unknown("environments", sentence, _settings(found))
        return
    for name, secrets in wanted.items():
        environment = found.environments.get(name)
        part = f"environment {name}"
        if environment is None:
            if name == WORK and not secrets:
                continue  # one that a job names is made, and gives nothing away
            branch = found.default_branch
            sentence = f"it isn't there; make it, limited to the branch {branch}, as {GUIDE} says:"
            yield missing(part, sentence, _settings(found))
        else:
            yield _limited(part, environment, found)
        yield from _secrets(name, environment, secrets, found)
    yield from _loose(found, variables)


def _wanted(variables: Mapping[str, str], launcher: str) -> dict[str, list[str]]:
    """Environment -> the secrets that must be there."""
    wanted = {WORK: ["LAMIN_API_KEY"] if launcher in ON_GITHUB else []}
    if name := variables.get("BOT_ENVIRONMENT"):
        wanted.setdefault(name, []).extend(_of_speaking(variables))
    return wanted


def _of_speaking(variables: Mapping[str, str]) -> list[str]:
    needs = {"APP_PRIVATE_KEY": "APP_CLIENT_ID", "PATCH_TOKEN": "BOT_PATCH_REPOSITORY"}
    return [secret for secret, variable in needs.items() if variables.get(variable)]


def _settings(found: RepositorySetUp) -> str:
    return f"{found.address}/settings/environments"


def _limited(part: str, environment: Environment, found: RepositorySetUp) -> PartHealth:
    branch, place = found.default_branch, _settings(found)
    if environment.is_protected:
        sentence = f"every protected branch may use it; limit it to {branch}:"
        return warning(part, sentence, place)
    if isinstance(environment.branches, Unseen):
        sentence = f"its branches couldn't be looked at ({environment.branches.why}); see"
        return unknown(part, sentence, place)
    if environment.tags:
        names = shortened(list(environment.tags))
        sentence = f"tags matching {names} may use it, and whoever can push can push such a tag;"
        return missing(part, f"{sentence} let in the branch {branch} alone:", place)
    if environment.branches is None:
        sentence = f"each branch may use it, and so read its secrets; limit it to {branch}:"
        return missing(part, sentence, place)
    if not any(fnmatchcase(branch, pattern) for pattern in environment.branches):
        names = shortened(list(environment.branches)) or "no branch"
        sentence = f"only {names} may use it, and the default branch is {branch}: GitHub refuses"
        return missing(part, f"{sentence} every job; let {branch} in:", place)
    others = [pattern for pattern in environment.branches if pattern != branch]
    if others:
        sentence = f"{shortened(others)} may use it, too; limit it to {branch}:"
        return warning(part, sentence, place)
    return ok(part, f"only {branch} may use it.")


def _secrets(
    name: str, environment: Environment | None, wanted: list[str], found: RepositorySetUp
) -> Iterator[PartHealth]:
    for secret in wanted:
        part = f"secret {secret}"
        remedy = f"gh secret set {secret} --env {name} --repo {found.name}"
        there: frozenset[str] | Unseen = environment.secrets if environment else frozenset()
        if isinstance(there, Unseen):
            yield unknown(part, f"it couldn't be looked for ({there.why}); see", _settings(found))
        elif secret in there:
            yield ok(part, f"it is in the environment {name}.")
        else:
            yield missing(part, f"it isn't in the environment {name}; set it there:", remedy)


def _loose(found: RepositorySetUp, variables: Mapping[str, str]) -> Iterator[PartHealth]:
    """Secrets of the repository itself that must be an environment's alone. In private
    repositories of free plans environments have no rules.
    """
    part = "secrets of the repository"
    if isinstance(found.secrets, Unseen):
        address = f"{found.address}/settings/secrets/actions"
        yield unknown(part, f"they couldn't be looked at ({found.secrets.why}); see", address)
        return
    guarded = {"LAMIN_API_KEY", "APP_PRIVATE_KEY", "PATCH_TOKEN"}
    loose = sorted(guarded & found.secrets)
    for secret in loose:
        env = WORK if secret == "LAMIN_API_KEY" else variables.get("BOT_ENVIRONMENT", "bot")
        sentence = f"whoever can push a branch can read it; set it in the environment {env}, and:"
        remedy = f"gh secret delete {secret} --repo {found.name}"
        line = warning if found.is_private else missing
        yield line(f"secret {secret} of the repository", sentence, remedy)
    if not loose:
        yield ok(part, "none that must be an environment's is among them.")


def app(
    found: Installation | Unseen | None, client_id: str | None, launcher: str
) -> Iterator[PartHealth]:
    """The App, if there is one, and its permissions; `found` is None where it isn't installed."""
    if not client_id:
        if launcher == "ec2":
            sentence = "there is none, and only an App can register the machines' runners; make one"
            yield missing("App", f"{sentence} as this says:", f"{GUIDE}#setting-it-up")
        else:
            yield ok("App", "there is none; the jobs' own tokens speak.")
        return
    if isinstance(found, Unseen):
        yield unknown("App", f"it couldn't be looked at ({found.why}).")
    elif found is None:
        sentence = "it isn't installed in the repository; install it:"
        yield missing("App", sentence, "https://github.com/settings/apps")
    elif found.suspended:
        yield missing("App", "it is suspended here; let it work again:", found.address)
    else:
        yield _given(found.permissions, launcher)


def _given(permissions: Mapping[str, str], launcher: str) -> PartHealth:
    wanted = {**APP, **({"administration": "write"} if launcher == "ec2" else {})}
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
    return ok("App", f"it has {', '.join(f'{name} ({wanted[name]})' for name in sorted(wanted))}.")

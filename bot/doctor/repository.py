"""The repository on GitHub: the token, Actions, workflow files, labels, variables."""

from collections.abc import Collection, Iterator, Mapping

from bot.doctor.checkout import meant
from bot.doctor.lines import missing, ok, shortened, unknown, warning
from bot.model.labels import Label, Topic
from bot.model.set_up import UNLISTED, ActionsSetUp, Refused, RepositorySetUp, Unseen
from runners.contract import PartHealth

INIT = "python -m bot init --pull-request --yes --code OWNER/NAME@COMMIT --instance OWNER/INSTANCE"
CALLER = "cellxgene.yml"
"""What the documentation calls the file that calls bot.yml."""
TOKENS = "settings/personal-access-tokens"
"""The page at GitHub where whoever is logged in makes and mends tokens."""
DISABLED = {
    "disabled_manually": "a person has disabled it",
    "disabled_inactivity": "GitHub has disabled its schedule for want of activity",
    "disabled_fork": "GitHub disables it in a fork",
    UNLISTED: "it is there, and GitHub doesn't run it",
}
"""https://docs.github.com/en/rest/actions/workflows#get-a-workflow"""


def token(found: RepositorySetUp | Refused, web: str) -> PartHealth:
    """Whether the token lets us in and reads what the bot must read; `web` is GitHub's address for
    a browser.
    """
    tokens = f"{web}/{TOKENS}"
    if isinstance(found, Refused):
        if found.is_final:
            return missing("token", found.why, tokens)
        return unknown("token", found.why)
    if found.unanswered and not found.unreadable:
        names = shortened(list(found.unanswered))
        return unknown("token", f"GitHub didn't say whether it reads {names}; ask again later.")
    if not found.unreadable and found.may_push is False:
        sentence = f"whoever it is of may not push to {found.name}, nor can the bot by it; take"
        return warning("token", f"{sentence} one of somebody who may:", tokens)
    if not found.unreadable:
        names = "contents, issues, pull requests, actions and checks"
        return ok("token", f"it reads {names} of {found.name}; writing shows when it is tried.")
    permission, why = next(iter(found.unreadable.items()))
    kinds = shortened(sorted(found.unreadable))
    return missing("token", f"it may not read {kinds} ({permission}: {why}); give it that:", tokens)


def repository(
    found: RepositorySetUp,
    files: Collection[str],
    known: Collection[str] | None,
    client_id: str | Unseen | None,
) -> Iterator[PartHealth]:
    """The repository's lines. `files` are the workflow files that must be there, `known` the
    variables that they read (None: not known); `client_id` that of the App which opens the pull
    requests, if there is one.
    """
    yield from _writable(found)
    yield from _actions(found, found.actions, client_id)
    yield from _workflows(found, files)
    yield _labels(found)
    yield from _variables(found, known)


def workflow_of(found: RepositorySetUp) -> str | None:
    """The one file of a repository that calls bot.yml, as its jobs name it to the bot; None where
    there is a file for each purpose, or not exactly one that calls.
    """
    if isinstance(found.workflows, Unseen) or "detect.yml" in found.workflows:
        return None
    callers = found.callers | ({CALLER} & found.workflows.keys())
    return next(iter(callers)) if len(callers) == 1 else None


def _writable(found: RepositorySetUp) -> Iterator[PartHealth]:
    if found.is_archived:
        sentence = "it is archived, so that nothing can be written; unarchive it:"
        yield missing("repository", sentence, f"{found.address}/settings")
    if found.is_empty:
        sentence = "it has no commit yet; have what it needs proposed there:"
        yield missing("repository", sentence, f"{INIT} --repository {found.name}")


def _actions(
    found: RepositorySetUp, actions: ActionsSetUp | Unseen, client_id: str | Unseen | None
) -> Iterator[PartHealth]:
    settings = f"{found.address}/settings/actions"
    if isinstance(actions, Unseen):
        yield unknown("Actions", f"they couldn't be looked at ({actions.why}); see", settings)
    elif not actions.is_enabled:
        yield missing("Actions", "they are disabled in the repository; enable them:", settings)
    elif actions.allowed == "local_only":
        sentence = "no actions but the owner's own may run, and jobs need GitHub's; allow those:"
        yield missing("Actions", sentence, settings)
    elif not actions.may_open_pulls and isinstance(client_id, Unseen):
        sentence = "they may not open pull requests, and whether an App does isn't known"
        yield unknown("Actions", f"{sentence} ({client_id.why}); see", settings)
    elif not actions.may_open_pulls and not client_id:
        sentence = "they may not open pull requests, and there is no App that does; allow it:"
        yield missing("Actions", sentence, settings)
    elif actions.allowed == "selected":
        sentence = "only selected actions may run; see that those of the workflow files are among"
        yield warning("Actions", f"{sentence} them:", settings)
    else:
        yield ok("Actions", "they are enabled, and proposals can be opened.")


def _workflows(found: RepositorySetUp, files: Collection[str]) -> Iterator[PartHealth]:
    if isinstance(found.workflows, Unseen):
        sentence = f"they couldn't be looked at ({found.workflows.why}); see"
        yield unknown("workflow files", sentence, f"{found.address}/actions")
        return
    lacking = [file for file in files if file not in found.workflows]
    if lacking and not found.is_empty:
        yield missing("workflow files", *_lacking(found, lacking, len(lacking) == len(files)))
    idle = {
        file: found.workflows[file]
        for file in files
        if found.workflows.get(file, "active") != "active"
    }
    for file, state in idle.items():
        if state == UNLISTED:
            sentence = f"{DISABLED[state]}: see what Actions say of it, and enable workflows there:"
            yield missing(f"workflow {file}", sentence, f"{found.address}/actions")
        else:
            why = DISABLED.get(state, state)
            remedy = f"gh workflow enable {file} --repo {found.name}"
            yield missing(f"workflow {file}", f"{why}; enable it:", remedy)
    for file in sorted(found.half_renewed):
        sentence = "it calls one commit of the code, and `bot-ref` has jobs check out another, as"
        sentence += " after Dependabot or Renovate; write the same commit in both places:"
        address = f"{found.address}/edit/{found.default_branch}/.github/workflows/{file}"
        yield missing(f"workflow {file}", sentence, address)
    if not (lacking or idle or found.half_renewed):
        yield ok("workflow files", f"{', '.join(files)} are there and enabled.")


def _lacking(found: RepositorySetUp, files: list[str], are_all: bool) -> tuple[str, str]:
    """What is said of workflow files that aren't there, and the remedy."""
    are, them, last = ("is", "it", f"/{files[0]}") if len(files) == 1 else ("are", "them", "")
    sentence = f"{', '.join(files)} {are} not in .github/workflows of {found.default_branch}"
    sentence += _OR_CALLER if are_all else ""
    if found.onboarding:
        return f"{sentence}; merge the pull request that adds what is needed:", found.onboarding
    if are_all:
        return f"{sentence}; have what is needed proposed:", f"{INIT} --repository {found.name}"
    # the page of a file that is gone says which commit took it away
    history = f"{found.address}/commits/{found.default_branch}/.github/workflows{last}"
    return f"{sentence}; bring {them} back from the commits here:", history


_OR_CALLER = ", nor does just one file there call bot.yml (or name that one by BOT_WORKFLOW)"


def _labels(found: RepositorySetUp) -> PartHealth:
    """GitHub makes a label that an issue is given:
    https://docs.github.com/en/rest/issues/labels#add-labels-to-an-issue
    """
    if not found.has_issues:
        sentence = "the repository has no issues, which are the bot's threads; switch them on:"
        return missing("issues", sentence, f"{found.address}/settings#features")
    if isinstance(found.labels, Unseen):
        return unknown("labels", f"they couldn't be looked at ({found.labels.why}).")
    own = {*Label, *Topic}
    there = {name.lower() for name in found.labels} & {name.lower() for name in own}
    return ok("labels", f"{len(there)} of {len(own)}; the others are made when first used.")


def _variables(found: RepositorySetUp, known: Collection[str] | None) -> Iterator[PartHealth]:
    if isinstance(found.variables, Unseen):
        sentence = f"they couldn't be looked at ({found.variables.why}); see"
        address = f"{found.address}/settings/variables/actions"
        yield unknown("variables", sentence, address)
        return
    if known is None:
        sentence = "an installed wheel has no workflow files, which say what is read; see them in"
        yield unknown("variables", f"{sentence} a checkout.")
        return
    misspelt = {
        name: close
        for name in sorted(found.variables)
        if name not in known and (close := meant(name, known)) and not found.variables.get(close)
    }
    for name, close in misspelt.items():
        remedy = f"gh variable set {close} --repo {found.name}"
        sentence = f"nothing reads it; {close} is probably meant:"
        yield missing(f"variable {name}", sentence, remedy)
    if not misspelt:
        yield ok("variables", f"{shortened(_read(found.variables, known)) or 'none is set'}.")


def _read(variables: Mapping[str, str], known: Collection[str]) -> list[str]:
    return sorted(name for name in variables if name in known)

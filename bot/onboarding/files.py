"""The files that such a repository needs, how they compare with those that it has, and what is
left to a person. Writes nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha1
from importlib.resources import files as resources
from pathlib import Path
from shlex import quote

from bot.errors import BotError

WORKFLOW = ".github/workflows/cellxgene.yml"
OWNERS = ".github/CODEOWNERS"
OWNERS_PLACES = (OWNERS, "CODEOWNERS", "docs/CODEOWNERS")
RULES = "runners/rules"
TEMPLATE = "bot/onboarding/cellxgene.yml"
"""Of the workflow file, in our own repository, whose rules lie where the other's do."""
OWNED = ("/.github/", "/runners/releases/", "/runners/rules/")
REPOSITORY = re.compile(r"[A-Za-z0-9][\w-]*/[\w.-]+")
OWNER = re.compile(r"@[\w-]+(?:/[\w-]+)?")
CALL = re.compile(
    rf"uses: (?P<repository>{REPOSITORY.pattern})/\.github/workflows/bot\.yml"
    r"@(?P<commit>[0-9a-f]{40})(?: # (?P<tag>\S+))?$",
    re.MULTILINE,
)
REF = re.compile(r"bot-ref: (?P<commit>[0-9a-f]{40})(?: # (?P<tag>\S+))?$", re.MULTILINE)
"""The second pin, which Dependabot and Renovate leave as it was where they renew the first."""
CODE = re.compile(rf"(?P<repository>{REPOSITORY.pattern})@(?P<ref>[\w.][\w./-]*)")
COMMIT = re.compile(r"[0-9a-fA-F]{40}")
CommitOf = Callable[[str, str], str | None]
"""Of a repository and its tag: the commit, if there is such a tag."""


@dataclass(frozen=True)
class Code:
    """The repository (OWNER/NAME) and commit of the bot's code, and the release's tag that named
    it.
    """

    repository: str
    commit: str
    tag: str | None = None

    @classmethod
    def from_text(cls, text: str, commit_of: CommitOf) -> "Code":
        """Of `OWNER/NAME@TAG`, whose commit is taken: a tag can be moved; or of
        `OWNER/NAME@COMMIT`.

        Raises:
            BotError: it is neither, or there is no such tag.
        """
        match = CODE.fullmatch(text)
        if match is None:
            raise BotError(f"--code: {text!r} is no OWNER/NAME@TAG or @COMMIT; correct it.")
        repository, ref = match["repository"], match["ref"]
        if COMMIT.fullmatch(ref):
            return cls(repository, ref.lower())
        commit = commit_of(repository, ref)
        if commit is None:
            raise BotError(
                f"--code: {repository} has no tag {ref!r}; give a release's tag, or a commit with "
                "all its 40 digits (`git rev-parse HEAD` says them)."
            )
        return cls(repository, commit, ref)


class State(StrEnum):
    """How a file that is needed compares with the one that is there."""

    NEW = "new"
    SAME = "as it is"
    EARLIER = "as an earlier commit had it"
    OTHER = "there with other text, and left so"


def check_words(repository: str, instance: str, owners: Sequence[str]) -> None:
    """Raises BotError for a name that can't be one: it would stand in files and commands."""
    for option, text in (("--repository", repository), ("--instance", instance)):
        if REPOSITORY.fullmatch(text) is None:
            raise BotError(f"{option}: {text!r} is no OWNER/NAME; correct it.")
    for text in owners:
        if OWNER.fullmatch(text) is None:
            raise BotError(f"--owner: {text!r} is neither @person nor @org/team; correct it.")


def owner_lines(owners: Sequence[str]) -> str:
    """What asks for the review of one of the owners where workflows, manifests or rules change, if
    the branch's protection wants it
    (https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners).
    """
    return "".join(f"{path} {' '.join(owners)}\n" for path in OWNED) if owners else ""


def other_owners(folder: Path) -> Path | None:
    """The file of code owners that the folder has: GitHub takes the first of these alone."""
    places = (folder / place for place in OWNERS_PLACES)
    return next((place for place in places if place.is_file()), None)


def files(code: Code, owners: Sequence[str], rules: Path) -> Mapping[str, str]:
    """Their texts by path. `rules` is the folder of ours, which the repository's own begin with."""
    texts = {WORKFLOW: caller(code)}
    if owners:
        texts[OWNERS] = owner_lines(owners)
    for file in sorted(rules.glob("*.json")):
        texts[f"{RULES}/{file.name}"] = file.read_text("utf-8")
    return texts


def caller(code: Code, template: str | None = None) -> str:
    """The workflow file that calls the code, by today's template or the one given."""
    text = template or (resources(__package__) / "cellxgene.yml").read_text("utf-8")
    # the tag as a comment is what Dependabot and Renovate renew the call's pin by
    pin = f"{code.commit} # {code.tag}" if code.tag else code.commit
    values = {"OWNER/NAME": code.repository, "SHA": pin}
    return re.sub(r"OWNER/NAME|SHA", lambda found: values[found[0]], text)


def called(workflow: str) -> Code | None:
    """The code by which a workflow file was written, if it calls one by a commit."""
    call = CALL.search(workflow)
    if call is None:
        return None
    pin = REF.search(workflow) or call
    return Code(call["repository"], pin["commit"], pin["tag"])


def with_call_of(workflow: str, other: str) -> str:
    """The workflow file with the call that the other one has."""
    call = CALL.search(other)
    return CALL.sub(lambda _: call[0], workflow) if call else workflow


def compare(
    texts: Mapping[str, str], folder: Path, earlier: Mapping[str, str]
) -> Mapping[str, State]:
    """How each file compares with the folder's, and with what an `earlier` commit had of it."""
    return {path: _state(text, folder / path, earlier.get(path)) for path, text in texts.items()}


def compare_blobs(texts: Mapping[str, str], blobs: Mapping[str, str]) -> Mapping[str, State]:
    """How each file compares with those of a commit, which has git's names for their texts."""
    return {path: _state_of_blob(text, blobs.get(path)) for path, text in texts.items()}


def _state_of_blob(text: str, blob: str | None) -> State:
    if blob is None:
        return State.NEW
    data = text.encode("utf-8")
    is_same = sha1(b"blob %d\0" % len(data) + data).hexdigest() == blob
    return State.SAME if is_same else State.OTHER


def _state(text: str, file: Path, earlier: str | None) -> State:
    if not file.exists():
        return State.NEW
    there = file.read_text("utf-8", errors="replace") if file.is_file() else None
    if there == text:
        return State.SAME
    return State.OTHER if there is None or there != earlier else State.EARLIER


def git_steps(folder: Path, remote: str, message: str | None) -> Iterator[str]:
    """What is left to a person in the clone: a commit, unless there is no `message`, and a push."""
    git = f"git -C {quote(str(folder))}"
    push = f"{git} push --set-upstream {remote} HEAD"
    if message is None:
        yield push
        return
    yield f"{git} add .github runners"
    yield f"{git} commit -m {quote(message)} && {push}"


def next_steps(repository: str, instance: str) -> Iterator[str]:
    """What is left to a person once the files are there, as commands of GitHub's `gh`, in their
    order.
    """
    yield f"gh variable set BOT_INSTANCE --repo {repository} --body {instance}"
    yield (
        f"gh api --method PUT repos/{repository}/actions/permissions/workflow "
        "-F can_approve_pull_request_reviews=true"
    )
    yield from environment_steps(repository, "instance")
    yield f"gh secret set LAMIN_API_KEY --repo {repository} --env instance"
    yield f"gh workflow run cellxgene.yml --repo {repository}  # the first look"


def environment_steps(repository: str, name: str) -> Iterator[str]:
    """The commands that make the environment, limited to the default branch."""
    environment = f"repos/{repository}/environments/{name}"
    policy = "deployment_branch_policy"
    yield (
        f"gh api --method PUT {environment} -F '{policy}[protected_branches]=false' "
        f"-F '{policy}[custom_branch_policies]=true'"
    )
    yield (
        f"gh api --method POST {environment}/deployment-branch-policies -f "
        f'name="$(gh repo view {repository} --json defaultBranchRef --jq .defaultBranchRef.name)"'
    )

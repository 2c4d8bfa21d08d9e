"""The files that such a repository needs, how they compare with those that it has, and what is
left to a person. Writes nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files as resources
from pathlib import Path

from bot.errors import BotError

WORKFLOW = ".github/workflows/cellxgene.yml"
OWNERS = ".github/CODEOWNERS"
RULES = "runners/rules"
CODE = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)@(?P<commit>[0-9a-f]{40})")


@dataclass(frozen=True)
class Code:
    """The repository (OWNER/NAME) and commit of the bot's code."""

    repository: str
    commit: str

    @classmethod
    def from_text(cls, text: str) -> "Code":
        """Of `OWNER/NAME@COMMIT`.

        Raises:
            BotError: it isn't that, with the whole commit: a tag or branch can be moved.
        """
        match = CODE.fullmatch(text)
        if match is None:
            raise BotError(
                f"--code: {text!r} is no OWNER/NAME@COMMIT with all 40 digits of the commit; a "
                "release of the bot names its commit."
            )
        return cls(match["repository"], match["commit"])


class State(StrEnum):
    """How a file that is needed compares with the one that is there."""

    NEW = "new"
    SAME = "as it is"
    OTHER = "there with other text, and left so"


def files(code: Code, owners: Sequence[str], rules: Path) -> Mapping[str, str]:
    """Their texts by path. `rules` is the folder of ours, which the repository's own begin with.

    With `owners` (`@person`, `@org/team`), a change of workflows, manifests or rules asks for the
    review of one, where the branch's protection wants it
    (https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners).
    """
    workflow = (resources(__package__) / "cellxgene.yml").read_text("utf-8")
    texts = {WORKFLOW: workflow.replace("OWNER/NAME", code.repository).replace("SHA", code.commit)}
    if owners:
        paths = ("/.github/", "/runners/releases/", "/runners/rules/")
        texts[OWNERS] = "".join(f"{path} {' '.join(owners)}\n" for path in paths)
    for file in sorted(rules.glob("*.json")):
        texts[f"{RULES}/{file.name}"] = file.read_text("utf-8")
    return texts


def compare(texts: Mapping[str, str], folder: Path) -> Mapping[str, State]:
    """How each file compares with the folder's."""
    return {path: _state(text, folder / path) for path, text in texts.items()}


def _state(text: str, file: Path) -> State:
    if not file.exists():
        return State.NEW
    return State.SAME if file.read_text("utf-8", errors="replace") == text else State.OTHER


def next_steps(repository: str, instance: str) -> Iterator[str]:
    """What is left to a person, each as a command of GitHub's `gh`, or a sentence."""
    yield "git add .github runners && git commit -m 'Let the CELLxGENE bot live here' && git push"
    yield f"gh variable set BOT_INSTANCE --repo {repository} --body {instance}"
    yield (
        f"gh api --method PUT repos/{repository}/actions/permissions/workflow "
        "-f default_workflow_permissions=read -F can_approve_pull_request_reviews=true"
    )
    yield f"gh workflow run cellxgene.yml --repo {repository}  # the first look"

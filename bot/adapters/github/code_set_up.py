"""What the default branch has of the bot's set-up: workflow files and launch.toml.

GitHub's own list of workflows has those of other branches, too, without saying so.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from github.Repository import Repository

from bot.settings import LAUNCH_FILE

OWN = "detect.yml"
"""Where it is, the repository has a workflow file for each purpose and calls nothing."""
CALL = re.compile(r"^[\s-]*uses:\s*[\"']?\S*\.github/workflows/bot\.ya?ml\b", re.MULTILINE)

PIN = re.compile(r"^[^#\n]*(?:/bot\.ya?ml@|\bbot-ref:\s*[\"']?)([0-9a-f]{40})\b", re.MULTILINE)
"""The commit of the code, which such a file names twice."""


@dataclass(frozen=True, slots=True)
class Code:
    """Names of workflow files, those that call bot.yml, and whether launch.toml is there. Of the
    callers, those in `half_renewed` call one commit of the code, and have jobs check out another.
    """

    workflows: frozenset[str]
    callers: frozenset[str]
    has_launch_toml: bool
    half_renewed: frozenset[str] = frozenset()


def look_at_code(repo: Repository, branch: str) -> Code:
    """What the branch has. Raises GithubException or RequestException."""
    root = _tree(repo, quote(branch))
    folder = _within(repo, _within(repo, root, ".github"), "workflows")
    files = {name: sha for name, sha in folder.items() if name.endswith((".yml", ".yaml"))}
    texts = {} if OWN in files else {name: _text(repo, sha) for name, sha in files.items()}
    calling = frozenset(name for name, text in texts.items() if CALL.search(text))
    half_renewed = frozenset(name for name in calling if len(set(PIN.findall(texts[name]))) > 1)
    return Code(frozenset(files), calling, str(LAUNCH_FILE) in root, half_renewed)


def _within(repo: Repository, tree: Mapping[str, str], name: str) -> Mapping[str, str]:
    return _tree(repo, tree[name]) if name in tree else {}


def _tree(repo: Repository, sha: str) -> Mapping[str, str]:
    """Name -> its SHA. https://docs.github.com/en/rest/git/trees#get-a-tree"""
    return {one["path"]: one["sha"] for one in _ask(repo, f"/git/trees/{sha}")["tree"]}


def _text(repo: Repository, sha: str) -> str:
    """https://docs.github.com/en/rest/git/blobs#get-a-blob"""
    data = b64decode(_ask(repo, f"/git/blobs/{sha}")["content"])
    return data.decode(errors="replace")


def _ask(repo: Repository, place: str) -> Any:
    return repo.requester.requestJsonAndCheck("GET", f"{repo.url}{place}")[1]

"""A folder that stands in for the repository: its `runners/releases/` is the default branch.

Proposals lie in a folder of their own, one per release; to merge one is to copy its manifest.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

from bot.adapters.files import write, write_folder
from bot.effects import ProposeManifest
from bot.errors import BotError
from runners.contract import Manifest

OWN_RULES = Path(__file__).parents[2] / "runners" / "rules"


@dataclass(frozen=True, slots=True)
class LocalRepository:
    """`rules_folder` holds the rules that count as reviewed: those of the bot's own checkout."""

    repository: Path
    proposals: Path
    rules_folder: Path = OWN_RULES

    def manifests(self) -> Mapping[str, Manifest]:
        paths = sorted((self.repository / "runners" / "releases").glob("*.toml"))
        found = (Manifest.from_file(path) for path in paths)
        return {manifest.release: manifest for manifest in found}

    def rules(self) -> Mapping[str, tuple[str, ...]]:
        paths = sorted(self.rules_folder.glob("*.json"))
        return {path.stem: _open_judgements(path) for path in paths}

    def propose(self, proposal: ProposeManifest) -> None:
        files = {f"{proposal.release}.toml": proposal.manifest_toml, **proposal.beside}
        folder = self.proposals / proposal.release
        if not folder.exists():
            write_folder(folder, files)

    def merge(self, release: str) -> str:
        """Puts the proposed manifest on the default branch and returns the name of that state.

        A manifest that is merged already is replaced only by a proposal that differs.

        Raises:
            BotError: there is no such proposal.
            ContractError: a person has broken it.
        """
        proposed = self.proposals / release / f"{release}.toml"
        if not proposed.is_file():
            names = sorted(path.name for path in self.proposals.glob("[!.]*"))
            raise BotError(
                f"{self.proposals}: there is no proposal {release}; "
                f"there is {', '.join(names) or 'none so far'}."
            )
        Manifest.from_file(proposed)
        text = proposed.read_text(encoding="utf-8")
        path = self.repository / "runners" / "releases" / f"{release}.toml"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write(path, text)
        return sha1(text.encode()).hexdigest()


def _open_judgements(path: Path) -> tuple[str, ...]:
    """What a person must still say, each with its place. Raises BotError if the file is broken."""
    try:
        asked = json.loads(path.read_text(encoding="utf-8")).get("judgements", [])
        return tuple(f"{one['place']}: {one['text']}" for one in asked if not one.get("answer"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BotError(f"{path}: can't be read as rules ({error!r}); correct it.") from error

"""A folder in place of the repository: its `runners/releases/` is what the default branch holds.

Proposals are in another folder, one per release; merging one copies its manifest and rules. The
machine reads the rules of its own checkout, so merged ones count at once only where that is this
folder.
"""

import math
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

from bot.adapters.files import write, write_folder
from bot.errors import BotError
from bot.model.effects import ProposeManifest
from bot.model.ports import MergedManifests, MergedRules
from bot.schema.rules.answers import open_judgements
from runners.contract import ContractError, Manifest, Verdict, manifest_path, release_of

OWN_RULES = Path(__file__).parents[3] / "runners" / "rules"


@dataclass(frozen=True, slots=True)
class LocalRepository:
    """`rules_folder` holds the reviewed rules, which are those of the bot's own checkout."""

    repository: Path
    proposals: Path
    rules_folder: Path = OWN_RULES

    def manifests(self) -> MergedManifests:
        whole, broken = {}, {}
        for path in sorted((self.repository / "runners" / "releases").glob("*.toml")):
            if release_of(manifest_path(path.stem)) is None:
                continue
            try:
                whole[path.stem] = Manifest.from_file(path)
            except ContractError as error:
                broken[path.stem] = str(error)
        return MergedManifests(whole, broken)

    def merged_in(self, release: str) -> str:
        """Nothing: a folder has no commits."""
        return ""

    def rules(self) -> MergedRules:
        left, broken = {}, {}
        for path in sorted(self.rules_folder.glob("*.json")):
            try:
                left[path.stem] = _open_judgements(path)
            except BotError as error:
                broken[path.stem] = str(error)
        return MergedRules(left, broken)

    def rules_of(self, version: str) -> Path:
        """Where the reviewed rules of a dataset schema version are, if there are any."""
        return self.rules_folder / f"{version}.json"

    def propose(self, proposal: ProposeManifest) -> None:
        files = {f"{proposal.release}.toml": proposal.manifest_toml, **proposal.beside}
        folder = self.proposals / proposal.release
        if not folder.exists():
            write_folder(folder, files)

    def conclude(self, release: str, verdict: Verdict, headline: str, commit: str | None) -> None:
        """Does nothing: a folder has no commits to mark."""

    def merge(self, release: str) -> str:
        """Copies the proposed manifest and rules to the repository; returns the manifest's SHA-1.

        What is merged already is replaced only by a proposal that differs; rules, only by some that
        leave no more open (a person may have answered them there) or where those there are broken.

        Raises:
            BotError: there is no such proposal, or its rules are broken.
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
        branch = self.repository / "runners"
        for rules in sorted((self.proposals / release / "rules").glob("*.json")):
            path = branch / "rules" / rules.name
            open_count = len(_open_judgements(rules))
            if open_count <= _most_open(path):
                _put(rules, path)
        return _put(proposed, branch / "releases" / f"{release}.toml")


def _put(proposed: Path, path: Path) -> str:
    """Writes the proposed text to the path; returns the text's SHA-1."""
    text = proposed.read_text(encoding="utf-8")
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write(path, text)
    return sha1(text.encode()).hexdigest()


def _most_open(path: Path) -> float:
    """How many judgements the rules leave open; any number may replace none, or broken ones."""
    try:
        return len(_open_judgements(path))
    except BotError:
        return math.inf


def _open_judgements(path: Path) -> tuple[str, ...]:
    """As `open_judgements`, of a file. Raises BotError if it is broken."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BotError(f"{path}: can't be read as rules ({error!r}); correct it.") from error
    return open_judgements(text, source=str(path))

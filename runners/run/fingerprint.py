"""The versions of code, rules and libraries that decide whether and how a file is annotated.

A dataset that failed for its content would fail again with the same versions.
"""

import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

SOURCE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Fingerprint:
    """The versions in use; `rules` and `code` are digests."""

    lamindb: str
    bionty: str
    schema: str
    rules: str
    code: str

    @classmethod
    def of(cls, schema_version: str, runners: Path = SOURCE) -> Self:
        """The versions in use here, for a dataset schema version that has rules."""
        return cls(
            lamindb=version("lamindb"),
            bionty=version("bionty"),
            schema=schema_version,
            rules=_digest(runners, [runners / "rules" / f"{schema_version}.json"]),
            code=code_digest(runners),
        )

    def to_mapping(self) -> dict[str, Any]:
        """Plain values, as a journal keeps them."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"lamindb {self.lamindb}, bionty {self.bionty}, "
            f"rules {self.schema} ({self.rules}), code {self.code}"
        )


def code_digest(runners: Path = SOURCE) -> str:
    """The digest of all Python files below `runners`."""
    return _digest(runners, sorted(runners.rglob("*.py")))


def judging_digest(runners: Path = SOURCE) -> str:
    """The digest of all that decides on files: code, and the rules of every schema version."""
    return _digest(runners, sorted([*runners.rglob("*.py"), *runners.glob("rules/*.json")]))


def git_commit(checkout: Path = SOURCE.parent) -> str | None:
    """The commit that is checked out, with `-dirty` where files differ from it; None where this
    isn't a checkout, as on a machine that got the code as an artifact.
    """
    if not (checkout / ".git").exists():
        return None
    words = ("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    try:
        done = subprocess.run(
            ["git", "-C", str(checkout), *words], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _digest(root: Path, files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:12]

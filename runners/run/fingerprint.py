"""By what, besides its own file, it is decided whether and how a dataset is annotated.

Datasets that failed for their content would fail again with the same combination. Says nothing of
datasets or releases.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

SOURCE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Fingerprint:
    """The versions at work; `rules` and `code` are digests."""

    lamindb: str
    bionty: str
    schema: str
    rules: str
    code: str

    @classmethod
    def of(cls, schema_version: str, runners: Path = SOURCE) -> Self:
        """The combination at work here, for a dataset schema version that has rules."""
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
    """The digest of our own code."""
    return _digest(runners, sorted(runners.rglob("*.py")))


def _digest(root: Path, files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:12]

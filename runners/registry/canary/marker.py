"""What the canary has compared already: one small file per organism and combination of versions.

A combination is lamindb, bionty, the rules and our own code. Says nothing of datasets: another
release with the same combination isn't compared again.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

RUNNERS = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Combination:
    """By what the rows of a dataset are decided; `rules` and `code` are digests."""

    lamindb: str
    bionty: str
    schema: str
    rules: str
    code: str

    def __str__(self) -> str:
        return (
            f"lamindb {self.lamindb}, bionty {self.bionty}, "
            f"rules {self.schema} ({self.rules}), code {self.code}"
        )


def combination(schema_version: str, runners: Path = RUNNERS) -> Combination:
    """The combination at work here, for a dataset schema version that has rules."""
    rules = runners / "rules" / f"{schema_version}.json"
    return Combination(
        lamindb=version("lamindb"),
        bionty=version("bionty"),
        schema=schema_version,
        rules=_digest(runners, [rules]),
        code=_digest(runners, sorted(runners.rglob("*.py"))),
    )


def _digest(root: Path, files: Sequence[Path]) -> str:
    found = hashlib.sha256()
    for file in files:
        found.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    return found.hexdigest()[:12]


def exists(folder: Path, organism: str, combination: Combination) -> bool:
    """True if the organism was compared with this combination."""
    return _file(folder, organism, combination).exists()


def write(folder: Path, organism: str, combination: Combination, dataset_id: str) -> None:
    """Says that the organism was compared, by which dataset."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"organism": organism, "dataset_id": dataset_id, **asdict(combination)}
    _file(folder, organism, combination).write_text(json.dumps(content, indent=2) + "\n")


def _file(folder: Path, organism: str, combination: Combination) -> Path:
    key = hashlib.sha256(str(combination).encode()).hexdigest()[:12]
    return folder / f"{organism}-{key}.json"

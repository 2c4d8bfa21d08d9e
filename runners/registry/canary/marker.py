"""What the canary has compared already: one small file per organism and combination of versions.

Says nothing of datasets: another release with the same combination isn't compared again.
"""

import hashlib
import json
from pathlib import Path

from runners.run.fingerprint import Fingerprint


def exists(folder: Path, organism: str, combination: Fingerprint) -> bool:
    """True if the organism was compared with this combination."""
    return _file(folder, organism, combination).exists()


def write(folder: Path, organism: str, combination: Fingerprint, dataset_id: str) -> None:
    """Says that the organism was compared, by which dataset."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"organism": organism, "dataset_id": dataset_id, **combination.to_mapping()}
    _file(folder, organism, combination).write_text(json.dumps(content, indent=2) + "\n")


def _file(folder: Path, organism: str, combination: Fingerprint) -> Path:
    key = hashlib.sha256(str(combination).encode()).hexdigest()[:12]
    return folder / f"{organism}-{key}.json"

"""What the tests of the sample share; the world itself is made one folder up."""

import hashlib
from pathlib import Path

from runners.settings import from_environment

REFERENCE = from_environment().reference


def tree(folder: Path) -> dict[str, str]:
    """Every file below `folder` with its digest."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }

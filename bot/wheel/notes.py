"""What a release says: `python -m bot.wheel.notes vX.Y.Z` prints its section of the changelog."""

import re
import sys
import tomllib
from pathlib import Path


def notes(tag: str, root: Path) -> str:
    """The changelog's section of the version that the tag names.

    Raises:
        ValueError: the tag isn't that of `pyproject.toml`'s version, or the section is missing.
    """
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if tag != f"v{version}":
        raise ValueError(f"tag {tag}: pyproject.toml says version {version}; tag v{version}.")
    text = (root / "CHANGELOG.md").read_text("utf-8")
    heading = rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$"
    found = re.search(rf"{heading}\n+(?P<section>.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None or not found["section"].strip():
        raise ValueError(
            f"CHANGELOG.md: has no section '## {version} - YYYY-MM-DD' with text; make one of "
            "what stands under Unreleased."
        )
    return found["section"].strip() + "\n"


if __name__ == "__main__":
    try:
        sys.stdout.write(notes(sys.argv[1], Path.cwd()))
    except ValueError as error:
        sys.exit(str(error))

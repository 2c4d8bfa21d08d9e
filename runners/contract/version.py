"""The version of this software, which is that of both programs."""

import tomllib
from importlib import metadata
from pathlib import Path

NAME = "cellxgene-ingestion-bot"


def own_version() -> str:
    """That of `pyproject.toml` in a checkout, of the package where it is installed, else "unknown":
    a machine gets the code alone.
    """
    project = Path(__file__).parents[2] / "pyproject.toml"
    if project.is_file():
        return str(tomllib.loads(project.read_text("utf-8"))["project"]["version"])
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return "unknown"

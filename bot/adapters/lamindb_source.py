"""Where LaminDB's CELLxGENE module is installed, without importing LaminDB."""

from importlib.util import find_spec
from pathlib import Path

MODULE = Path("examples") / "cellxgene" / "_cellxgene.py"


def installed() -> str | None:
    """The module's file; None where LaminDB isn't installed, or keeps it elsewhere."""
    found = find_spec("lamindb")
    folders = (found.submodule_search_locations or []) if found else []
    files = (Path(folder) / MODULE for folder in folders)
    return next((str(file) for file in files if file.is_file()), None)

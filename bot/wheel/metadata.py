"""Gives the wheel the dependency groups of `pyproject.toml` as extras, so that they stand once.

Called by hatchling when it builds (https://hatch.pypa.io/latest/plugins/metadata-hook/custom/).
"""

import tomllib
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

EXTRAS = ("bot", "launch", "ingest", "dask")


class Extras(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        text = (Path(self.root) / "pyproject.toml").read_text(encoding="utf-8")
        groups = tomllib.loads(text)["dependency-groups"]
        metadata["optional-dependencies"] = {name: groups[name] for name in EXTRAS}

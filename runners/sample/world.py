"""Where the parts of a sample world lie."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WorldRelease:
    """Where a release of the world lies."""

    version: str
    soma: Path
    h5ads: Path
    schema: Path


@dataclass(frozen=True)
class World:
    """Where the parts of a world lie. `manifests` holds the one of the older release."""

    root: Path
    page: Path
    directory: Path
    manifests: Path
    older: WorldRelease
    newer: WorldRelease


@dataclass(frozen=True)
class Latest:
    """A third release, in a folder of its own, with a page and a directory that name all three."""

    root: Path
    world: World
    release: WorldRelease
    page: Path
    directory: Path

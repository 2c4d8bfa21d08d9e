"""A small Census world in a folder: two releases, their pages, their schema documents.

For the demo and the tests; the same arguments always build the same world. Must never reach for
the network beyond the pinned reference data, nor touch anything outside its folder.
"""

import hashlib
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from runners import rules
from runners.contract import ContractError
from runners.sample.datasets import LATEST, NEWER, OLDER, RELEASES, Release
from runners.sample.world import Latest, World, WorldRelease

_STAMP = "builder.sha256"


def build(root: Path, reference_root: Path, progress: Callable[[str], None]) -> World:
    """Builds the world in `root`, or leaves it alone when this builder already has.

    Safe when killed: the folder appears whole or not at all. `reference_root` holds the unpacked
    gene tables; `progress` gets a line per step. Not for two builders of one folder at a time.

    Raises:
        ContractError: `root` holds something else, or the reference data can't be had.
    """
    root = root.resolve()
    stamp = _stamp(root)
    if _built(root) == stamp:
        return _world(root)
    if root.exists() and not _built(root) and any(root.iterdir()):
        raise ContractError(f"{root}: holds something else than a sample world; name another.")
    partial = root.with_name(f".{root.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    from runners.sample.building import build_parts  # anndata and tiledbsoma take seconds

    build_parts(_world(partial), _world(root), reference_root, progress)
    (partial / _STAMP).write_text(stamp + "\n", encoding="utf-8")
    _replace(root, partial)
    progress(f"sample world: ready in {root}")
    return _world(root)


def add_latest(world: World, folder: Path, reference_root: Path) -> Latest:
    """The latest release, built in a folder of its own beside the world, where it isn't yet.

    Not for two builders of one folder at a time.
    """
    place = Latest(
        folder,
        world,
        _release(folder, LATEST),
        folder / "pages" / "release_info.html",
        folder / "pages" / "release.json",
    )
    if not place.directory.exists():  # it is written last
        from runners.sample.building import build_latest  # anndata and tiledbsoma take seconds

        build_latest(place, reference_root)
    return place


def read(root: Path) -> World:
    """The world in `root`.

    Raises:
        ContractError: there is none.
    """
    root = root.resolve()
    if not _built(root):
        raise ContractError(f"{root}: no sample world here; run `make demo` to build it.")
    return _world(root)


def _world(root: Path) -> World:
    return World(
        root=root,
        page=root / "pages" / "release_info.html",
        directory=root / "pages" / "release.json",
        manifests=root / "releases",
        older=_release(root, OLDER),
        newer=_release(root, NEWER),
    )


def _release(root: Path, release: Release) -> WorldRelease:
    folder = root / "cell-census" / release.version
    schema = root / "schema" / release.dataset_schema_version / "schema.md"
    return WorldRelease(release.version, folder / "soma", folder / "h5ads", schema)


def _built(root: Path) -> str:
    stamp = root / _STAMP
    return stamp.read_text(encoding="utf-8").strip() if stamp.is_file() else ""


def _stamp(root: Path) -> str:
    """Changes with the builder's source, the reference data, and the folder that pages name."""
    digest = hashlib.sha256(str(root).encode())
    package = Path(str(resources.files(__name__)))
    for file in sorted(package.rglob("*")):
        if file.suffix in {".py", ".md", ".html", ".toml"}:
            digest.update(file.relative_to(package).as_posix().encode() + file.read_bytes())
    for release in RELEASES:
        digest.update(rules.load(release.dataset_schema_version).gene_tables.to_json().encode())
    return digest.hexdigest()


def _replace(root: Path, partial: Path) -> None:
    """Puts `partial` in the place of `root`; between the two renames there is no world at all."""
    outdated = root.with_name(f".{root.name}.outdated")
    shutil.rmtree(outdated, ignore_errors=True)
    if root.exists():
        root.rename(outdated)
    partial.rename(root)
    shutil.rmtree(outdated, ignore_errors=True)

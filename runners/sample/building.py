"""Fills a sample world's folder: h5ads and SOMA store of each release, pages and documents."""

import hashlib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from string import Template

from runners.sample import files, pages, store
from runners.sample.datasets import LATEST, NEWER, OLDER, RELEASES, Release, of_release
from runners.sample.files import Genes
from runners.sample.pages import Counts, read_counts
from runners.sample.world import Latest, World, WorldRelease

BROKEN = "D12"


def build_parts(
    world: World, final: World, reference_root: Path, progress: Callable[[str], None]
) -> None:
    """Fills the folder of `world`; documents name the places of `final`, where it will be moved."""
    genes = Genes(reference_root)
    for release, place in ((OLDER, world.older), (NEWER, world.newer)):
        _build_release(release, place, genes, progress)
    progress("sample world: pages and documents")
    _write_documents(world, final)


def build_latest(place: Latest, reference_root: Path) -> None:
    """Writes the latest release's files, and the page and directory that name it."""
    _build_release(LATEST, place.release, Genes(reference_root), lambda line: None)
    world = place.world
    stores = {OLDER: world.older.soma, NEWER: world.newer.soma, LATEST: place.release.soma}
    counts_by_release = {release: read_counts(path) for release, path in stores.items()}
    _write(place.release.schema, _document(f"{LATEST.dataset_schema_version}.md"))
    _write(place.page, pages.release_page(counts_by_release))
    roots = {**dict.fromkeys(RELEASES, world.root), LATEST: place.root}
    _write(place.directory, pages.release_directory(roots))


def _build_release(
    release: Release, place: WorldRelease, genes: Genes, progress: Callable[[str], None]
) -> None:
    datasets = of_release(release)
    place.h5ads.mkdir(parents=True)
    adatas = {}
    for number, dataset in enumerate(datasets, start=1):
        progress(f"sample world: {release.version} h5ads {number}/{len(datasets)}")
        adatas[dataset] = files.make(dataset, release, genes)
        path = place.h5ads / f"{dataset.dataset_id}.h5ad"
        files.write(adatas[dataset], path)
        if dataset.key == BROKEN:
            files.truncate(path)
    progress(f"sample world: {release.version} SOMA store")
    store.write(adatas, release, place.soma)


def _write_documents(world: World, final: World) -> None:
    for place, release in zip((world.older, world.newer), RELEASES, strict=True):
        _write(place.schema, _document(f"{release.dataset_schema_version}.md"))
    stores = {OLDER: world.older.soma, NEWER: world.newer.soma}
    counts_by_release = {release: read_counts(path) for release, path in stores.items()}
    _write(world.page, pages.release_page(counts_by_release))
    _write(world.directory, pages.release_directory(dict.fromkeys(RELEASES, final.root)))
    _write(
        world.manifests / f"{OLDER.version}.toml", _manifest(final.older, counts_by_release[OLDER])
    )


def _manifest(older: WorldRelease, counts_read: Counts) -> str:
    return Template(_document(f"{older.version}.toml")).substitute(
        count=counts_read.datasets,
        soma=older.soma,
        h5ads=older.h5ads,
        schema=older.schema,
        blob=_blob_sha(_document(f"{OLDER.dataset_schema_version}.md").encode()),
    )


def _blob_sha(content: bytes) -> str:
    """The name that git gives a file of this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _document(name: str) -> str:
    return (resources.files(__package__) / "documents" / name).read_text("utf-8")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")

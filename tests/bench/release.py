"""A release for the benchmark: files, the Census's own table of them, a manifest, an instance.

Laid out as the Census lays it out, in one folder that the caller throws away.
"""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import tiledbsoma as soma
import tomli_w

from runners.contract import Action, Manifest, RunRequest, Storage
from runners.ingest.steps import AHEAD, BATCH
from runners.run.journal import JOURNAL, JournalLines, read_journal
from runners.settings import from_environment

from .files import SCHEMA, SPECIES, Species, Templates, write_dataset

REPOSITORY = Path(__file__).resolve().parents[2]
VERSION = "2020-07-15"
STUDY = 6
"""Datasets of one study."""
BROKEN, MISSING = 100, 600
"""Every so manieth dataset is invalid, or has no file."""

STEADY = BATCH + AHEAD
"""Datasets after which an ingest is steady: while the first batch is written, and with it the genes
and terms that all need, so many others are read, which nobody waits for later."""


@dataclass(frozen=True)
class Release:
    """A release in a folder; `ids` are its datasets', in the order of their files' making."""

    folder: Path
    ids: tuple[str, ...]

    @property
    def h5ads(self) -> Path:
        return self.folder / "cell-census" / VERSION / "h5ads"

    @property
    def soma(self) -> Path:
        return self.folder / "cell-census" / VERSION / "soma"

    def paths(self) -> list[Path]:
        return [self.h5ads / f"{dataset_id}.h5ad" for dataset_id in self.ids]

    def manifest(self, storage: Storage | None = None) -> Manifest:
        return Manifest(
            release=VERSION,
            census_schema_version="2.4.0",
            dataset_schema_version=SCHEMA,
            dataset_count=len(self.ids),
            organisms=tuple(sorted({species.name for species in SPECIES})),
            storage=storage or Storage(soma=str(self.soma), h5ads=str(self.h5ads)),
        )


def make(folder: Path, datasets: int, templates: Sequence[Path], *, is_plain: bool) -> Release:
    """A release of so many datasets; unless it is plain, some are invalid or missing."""
    made = uuid.uuid5(uuid.NAMESPACE_DNS, "bench.invalid")
    ids = tuple(str(uuid.uuid5(made, str(number))) for number in range(datasets))
    release = Release(folder, ids)
    release.h5ads.mkdir(parents=True)
    for number, path in enumerate(release.paths(), start=1):
        if is_plain or number % MISSING:
            is_broken = not is_plain and number % BROKEN == 0
            write_dataset(templates[number % len(templates)], path, number, is_broken=is_broken)
    _write_census(release)
    return release


def make_templates(
    folder: Path,
    count: int,
    species: Sequence[Species] = SPECIES,
    *,
    is_plain: bool = False,
    counts: float = 0,
) -> list[Path]:
    """So many templates, of each species in turn."""
    folder.mkdir(parents=True)
    paths = [folder / f"{number}.h5ad" for number in range(count)]
    maker = Templates()
    for number, path in enumerate(paths):
        maker.write(path, species[number % len(species)], is_plain=is_plain, counts=counts)
    return paths


def _write_census(release: Release) -> None:
    """census_info as far as a registration reads it: the table of datasets."""
    table = pa.Table.from_pandas(pd.DataFrame(list(_rows(release))), preserve_index=False)
    with soma.Collection.create(str(release.soma)) as root:
        info = root.add_new_collection("census_info")
        datasets = info.add_new_dataframe(
            "datasets",
            schema=table.schema,
            index_column_names=["soma_joinid"],
            domain=[(0, len(table) - 1)],
        )
        datasets.write(table)


def _rows(release: Release) -> Iterator[Mapping[str, object]]:
    for place, dataset_id in enumerate(release.ids):
        study = place // STUDY
        yield {
            "soma_joinid": place,
            "collection_id": f"study-{study}",
            "collection_name": f"Study {study}",
            "collection_doi": f"10.5555/bench.{study}" if study % 5 else "",
            "dataset_id": dataset_id,
            "dataset_version_id": f"version-{place}",
            "dataset_title": f"Dataset {place}",
            "dataset_h5ad_path": f"{dataset_id}.h5ad",
            "dataset_total_cell_count": 500,
        }


@dataclass(frozen=True)
class Place:
    """An instance of its own with one request, in which processes work on a release."""

    folder: Path
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def request(self) -> Path:
        return self.folder / "runs" / "bench" / "request.json"

    @property
    def journal(self) -> JournalLines:
        return read_journal(self.request.parent / JOURNAL)

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "LAMIN_SETTINGS_DIR": str(self.folder / "lamin"),
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "tests" / "runners")]),
            "REFERENCE": str(from_environment().reference),
            **dict(self.variables),
        }

    def command(self, *arguments: str) -> list[str]:
        """`python -m runners ARGUMENTS` on this place's request."""
        own = ["--request", str(self.request), "--repository", str(self.folder)]
        return [sys.executable, "-m", "runners", *arguments, *own]


def settle(
    folder: Path, manifest: Manifest, database: str | None = None, **variables: str
) -> Place:
    """A place with an empty instance, on SQLite or in the database of that address."""
    place = Place(folder, tuple(variables.items()))
    place.request.parent.mkdir(parents=True)
    name = f"{manifest.release}.toml"
    (folder / name).write_text(tomli_w.dumps(manifest.to_mapping()))
    request = RunRequest(
        run_id="bench",
        action=Action.INGEST,
        release=manifest.release,
        manifest=name,
        instance="anonymous/bench",
    )
    place.request.write_text(request.to_json())
    options = ["--db", database] if database else []
    command = [sys.executable, "-m", "runners", "instance", "bench", str(folder / "storage")]
    subprocess.run(
        [*command, *options], env=place.environment, check=True, stdout=subprocess.DEVNULL
    )
    return place

"""What the sample world holds, and what each dataset is made to give.

Releases, collections and datasets, as the demo and the tests read them. `unchanged` across a major
schema version never happens in truth, because CZI migrates every dataset then; the sample has it
so that all outcomes appear in one release, and the content of that dataset is valid under both
schema versions.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from runners.contract import Outcome
from runners.sample.vocabulary import HUMAN, MACAQUE, MOUSE

# Under no registered domain, so that no id of the sample can be one of Discover's.
_IDS = uuid.uuid5(uuid.NAMESPACE_DNS, "sample-world.invalid")


def _id(name: str) -> str:
    return str(uuid.uuid5(_IDS, name))


@dataclass(frozen=True)
class Release:
    """A census release; its date lies before the first real LTS (2023-05-15), on purpose."""

    version: str
    census_schema_version: str
    dataset_schema_version: str


OLDER = Release("2020-01-15", census_schema_version="2.3.0", dataset_schema_version="6.0.0")
NEWER = Release("2020-07-15", census_schema_version="2.4.0", dataset_schema_version="7.0.0")
RELEASES = (OLDER, NEWER)
"""Those of the demo's world."""

LATEST = Release("2021-01-15", census_schema_version="2.4.0", dataset_schema_version="7.1.0")
"""A release of a dataset schema with columns that LaminDB's module doesn't know; `add_latest` puts
it into a world."""


@dataclass(frozen=True)
class Collection:
    """A study. `doi` is empty when it is unpublished, as the Census writes it."""

    name: str
    doi: str = ""
    doi_label: str = ""

    @property
    def collection_id(self) -> str:
        """A UUID made from the name, equal in every world."""
        return _id(f"collection/{self.name}")


# 10.5555 is the prefix that DOI registrars keep for examples.
BLOOD = Collection(
    "Sample atlas of human blood, lung and liver",
    "10.5555/sample.2019.0001",
    "Sample Atlas Project (2019) Journal of Samples",
)
BRAIN = Collection(
    "Sample atlas of the mammalian brain",
    "10.5555/sample.2019.0002",
    "Sample Brain Project (2019) Journal of Samples",
)
CULTURES = Collection("Unpublished samples of cells in culture")
COLLECTIONS = (BLOOD, BRAIN, CULTURES)


@dataclass(frozen=True)
class Dataset:
    """A dataset of the sample.

    `versions` maps a release to the number of the file that it holds. `outcome` is what the
    ingestion of the newer release is made to give, None for a dataset that isn't in it;
    `noted` are terms that the outcome's notes must name. `valid` says whether CZI's validator
    accepts the newer file.
    """

    key: str
    title: str
    about: str
    organism: str
    collection: Collection
    versions: Mapping[Release, int] = field(hash=False)
    outcome: Outcome | None
    noted: tuple[str, ...] = field(default=())
    valid: bool = True

    @property
    def dataset_id(self) -> str:
        """A UUID made from the key, equal in every world."""
        return _id(f"dataset/{self.key}")

    def version_id(self, release: Release) -> str:
        """The dataset_version_id of the file that `release` holds."""
        return _id(f"version/{self.key}/{self.versions[release]}")


_NEW = {NEWER: 1}
_REVISED = {OLDER: 1, NEWER: 2}

DATASETS = (
    Dataset(
        "D01",
        "Blood of healthy adults",
        "the same file in both releases",
        HUMAN,
        BLOOD,
        {OLDER: 1, NEWER: 1},
        Outcome.UNCHANGED,
    ),
    Dataset(
        "D02",
        "Lung in chronic disease",
        "revised; some cells have two diseases",
        HUMAN,
        BLOOD,
        _REVISED,
        Outcome.REVISED,
    ),
    Dataset(
        "D03",
        "Liver of donors of several ethnicities",
        "several ethnicities in one value, and a term of AfPO",
        HUMAN,
        BLOOD,
        _NEW,
        Outcome.REGISTERED,
    ),
    Dataset(
        "D04",
        "Bone marrow with incomplete records",
        "unknown values, and categories that no cell uses",
        HUMAN,
        BLOOD,
        _NEW,
        Outcome.REGISTERED,
    ),
    Dataset(
        "D05",
        "Mouse brain at eight weeks",
        "ordinary mouse dataset, revised",
        MOUSE,
        BRAIN,
        _REVISED,
        Outcome.REVISED,
    ),
    Dataset(
        "D06",
        "Mouse cerebral cortex",
        "ordinary mouse dataset, new",
        MOUSE,
        BRAIN,
        _NEW,
        Outcome.REGISTERED,
    ),
    Dataset(
        "D07",
        "Rhesus macaque frontal cortex",
        "a third organism; stages from UBERON",
        MACAQUE,
        BRAIN,
        _NEW,
        Outcome.REGISTERED,
    ),
    Dataset(
        "D08",
        "Lung and cell lines side by side",
        "mostly cell lines (CVCL tissue, na elsewhere); the Census takes only the tissue cells",
        HUMAN,
        CULTURES,
        _NEW,
        Outcome.REGISTERED,
    ),
    Dataset(
        "D09",
        "Skin and cultured skin cells",
        "mostly primary cell culture (CL term in tissue); the Census takes only the tissue cells",
        HUMAN,
        CULTURES,
        _REVISED,
        Outcome.REVISED,
    ),
    Dataset(
        "D10",
        "Blood with spike-in controls",
        "ERCC genes among var",
        HUMAN,
        CULTURES,
        _NEW,
        Outcome.REGISTERED,
    ),
    Dataset(
        "D11",
        "Liver annotated with an outdated term",
        "one term that is deprecated at the pins of 7.0.0, everything else fine",
        HUMAN,
        CULTURES,
        _NEW,
        Outcome.REGISTERED,
        noted=("CL:0000627",),
        valid=False,
    ),
    Dataset(
        "D12",
        "Lung, copied incompletely",
        "a truncated HDF5 file; the Census was built before the copy broke",
        HUMAN,
        BLOOD,
        _NEW,
        Outcome.UNREADABLE,
        valid=False,
    ),
    Dataset(
        "W01",
        "Blood, withdrawn since",
        "in the older release only",
        HUMAN,
        BLOOD,
        {OLDER: 1},
        None,
    ),
)


_LATEST = {LATEST: 1}

LATEST_DATASETS = (
    Dataset(
        "D02",
        "Lung in chronic disease",
        "revised once more",
        HUMAN,
        BLOOD,
        {LATEST: 3},
        Outcome.REVISED,
    ),
    Dataset(
        "C01",
        "Lung under conditions",
        "a compound, a compound with a diet, proteins and antibodies, temperature",
        HUMAN,
        BLOOD,
        _LATEST,
        Outcome.REGISTERED,
    ),
    Dataset(
        "C02",
        "Liver in a CRISPR screen",
        "perturbations that a dictionary of uns explains",
        HUMAN,
        BLOOD,
        _LATEST,
        Outcome.REGISTERED,
    ),
    Dataset(
        "C03",
        "Blood before its analysis",
        "neither cell types nor embeddings",
        HUMAN,
        BLOOD,
        _LATEST,
        Outcome.REGISTERED,
    ),
    Dataset(
        "C04",
        "Mouse brain under no condition",
        "ordinary, of another organism",
        MOUSE,
        BRAIN,
        _LATEST,
        Outcome.REGISTERED,
    ),
    Dataset(
        "C05",
        "Blood under a forbidden condition",
        "a term that stands too high in its ontology to be one",
        HUMAN,
        CULTURES,
        _LATEST,
        Outcome.FAILED,
        valid=False,
    ),
)


def of_release(release: Release) -> tuple[Dataset, ...]:
    """The datasets of a release, in the order of the table."""
    return tuple(
        dataset for dataset in (*DATASETS, *LATEST_DATASETS) if release in dataset.versions
    )


def by_key(key: str) -> Dataset:
    """The dataset called `key`, e.g. D08."""
    return next(dataset for dataset in DATASETS if dataset.key == key)

"""A Census release's SOMA store, opened by the Census's own client: its tables of `census_info`.

See https://chanzuckerberg.github.io/cellxgene-census/cellxgene_census_docsite_schema.html. What a
store holds decides what can be read of it, never the census schema version that it names. Never
asks the live curation API, which describes another day.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from runners import settings
from runners.contract import ContractError, Manifest, Storage
from runners.h5ad.address import PrivateAddress, remedy
from runners.retries import OutageError, retry_outages

Result = TypeVar("Result")

COLUMNS = (
    "collection_id",
    "collection_name",
    "collection_doi",
    "dataset_id",
    "dataset_version_id",
    "dataset_title",
    "dataset_h5ad_path",
    "dataset_total_cell_count",
)
"""Those of `census_info/datasets` that are needed; all of them exist since census schema 1.1.0."""

NEEDED = (
    "dataset_id",
    "dataset_version_id",
    "dataset_h5ad_path",
    "collection_id",
    "dataset_total_cell_count",
)
"""Those that may not be empty."""

SILENT = re.compile(r"HTTP Response Code: (-1|429|5\d\d)\b", re.IGNORECASE)
"""How TileDB says, in the text of an error and nowhere else, that S3 does not answer."""

REFUSED = re.compile(
    r"HTTP Response Code: 40[13]\b|ExpiredToken|InvalidToken|InvalidAccessKeyId", re.IGNORECASE
)
"""How it says that S3 refuses whoever asks."""

WITHOUT_EARLY_MERGE = {"sm.query.sparse_global_order.preprocess_tile_merge": "0"}
"""TileDB 2.30.0, of tiledbsoma 2.3.0, may end a read or count of a table while a thread of its own
still merges tiles for it, which then dies of a segmentation fault: so none are merged beforehand.
Goes with a tiledbsoma whose TileDB has https://github.com/TileDB-Inc/TileDB/pull/5723.
"""

BUCKET = re.compile(r"\w+://[^/]*")


@dataclass(frozen=True)
class CensusDataset:
    """One row of `census_info/datasets`.

    `cell_count` counts after the Census's own filter: fewer cells than the file may hold.
    Without a title or name, dataset and collection go by their ids; `collection_doi` is empty where
    there is none.
    """

    dataset_id: str
    dataset_version_id: str
    title: str
    path: str
    collection_id: str
    collection_name: str
    collection_doi: str
    cell_count: int


def read_datasets(manifest: Manifest) -> tuple[CensusDataset, ...]:
    """The datasets of the manifest's release, by dataset id.

    Raises:
        ContractError: the store can't be opened, lacks a table or column, has two rows of one
            dataset or version, or holds another number of datasets than the manifest says; as an
            OutageError where S3 does not answer.
    """
    soma = manifest.storage.soma
    rows = read_store(
        manifest.storage,
        "census_info/datasets",
        lambda census: table_rows(census, soma, "datasets", COLUMNS),
    )
    datasets = tuple(sorted(map(_dataset, rows), key=lambda dataset: dataset.dataset_id))
    if len(datasets) != manifest.dataset_count:
        raise ContractError(
            f"{soma}: holds {len(datasets)} datasets, but the manifest's dataset_count is "
            f"{manifest.dataset_count}; correct the manifest or ask why the release changed."
        )
    for field in ("dataset_id", "dataset_version_id"):
        _check_distinct(datasets, field, soma)
    return datasets


def _check_distinct(datasets: Sequence[CensusDataset], field: str, soma: str) -> None:
    counts = Counter(getattr(dataset, field) for dataset in datasets)
    repeated = sorted(value for value, count in counts.items() if value and count > 1)
    if repeated:
        more = f" (and {len(repeated) - 1} more)" if repeated[1:] else ""
        raise ContractError(
            f"{soma}: the table census_info/datasets has the {field} {repeated[0]} in "
            f"{counts[repeated[0]]} rows{more}, where each must stand once; ask the Census's "
            "publisher which row is right."
        )


def read_store(storage: Storage, what: str, read: Callable[[Any], Result]) -> Result:
    """What `read` makes of the opened store; `what` it reads is named in errors.

    Raises:
        ContractError: the store can't be opened, or read; as an OutageError where S3 does not
            answer for all the time that it is asked.
    """
    seconds = settings.from_environment().patience_seconds
    return retry_outages(lambda: _read_once(storage, what, read), seconds=seconds)


def _read_once(storage: Storage, what: str, read: Callable[[Any], Result]) -> Result:
    try:
        with raise_outages(storage.soma), open_store(storage) as census:
            return read(census)
    except ContractError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        what_to_do = "check the field storage.soma of the manifest"
        if REFUSED.search(reason):
            reason, what_to_do = "the storage refuses it", remedy(anonymous=storage.anonymous)
        raise ContractError(
            f"{storage.soma}: {what} can't be read ({reason}); {what_to_do}."
        ) from error


@contextmanager
def open_store(storage: Storage) -> Iterator[Any]:
    """The release's SOMA store as its users open it: on S3 anonymously, unless the manifest says
    otherwise, and in the client's region where the manifest names none.
    """
    import cellxgene_census  # seconds, most of them tiledbsoma's: only where it is needed

    options = WITHOUT_EARLY_MERGE | (
        _s3_options(storage) if storage.soma.startswith("s3://") else {}
    )
    with cellxgene_census.open_soma(uri=storage.soma, tiledb_config=options) as census:
        yield census


@contextmanager
def raise_outages(soma: str) -> Iterator[None]:
    """Raises OutageError where S3 does not answer, which says nothing about the store."""
    try:
        yield
    except OutageError:
        raise
    except Exception as error:
        if not SILENT.search(str(error)):
            raise
        reason = " ".join(str(error).split())
        raise OutageError(
            f"{soma}: the storage does not answer ({reason}); run it again later."
        ) from error


def table_rows(census: Any, soma: str, name: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The columns of a table of `census_info`, a row each; `soma` names the store in errors.

    Raises:
        ContractError: the store lacks the table, or a column of it.
    """
    info = census.get("census_info", {})  # held: a chained read fails on a closed handle
    if name not in info:
        raise ContractError(
            f"{soma}: has no table census_info/{name}, so it isn't a Census as its schema "
            "describes it; correct the field storage.soma of the manifest."
        )
    table = info[name]
    if missing := [column for column in columns if column not in table.schema.names]:
        raise ContractError(
            f"{soma}: the table census_info/{name} has no column {', '.join(missing)}, as that of "
            "a Census since census schema 1.1.0 has; name a later release or, if it is only the "
            "one before, leave out the manifest's field previous."
        )
    rows: list[dict[str, Any]] = table.read(column_names=list(columns)).concat().to_pylist()
    return rows


def _s3_options(storage: Storage) -> dict[str, str]:
    """What differs from the client's own TileDB settings, which know no AWS_ENDPOINT_URL and sign
    nothing. Signed with what AWS's chain of providers finds.
    """
    options = {"vfs.s3.region": storage.region} if storage.region else {}
    if not storage.anonymous:
        options["vfs.s3.no_sign_request"] = "false"
    if endpoint := settings.from_environment().s3_endpoint:
        scheme, _, host = endpoint.partition("://")
        options |= {
            "vfs.s3.scheme": scheme,
            "vfs.s3.endpoint_override": host,
            "vfs.s3.use_virtual_addressing": "false",
        }
    return options


def _dataset(row: Mapping[str, object]) -> CensusDataset:
    _require_values(row)
    return CensusDataset(
        dataset_id=str(row["dataset_id"]),
        dataset_version_id=str(row["dataset_version_id"]),
        title=str(row["dataset_title"] or row["dataset_id"]),
        path=str(row["dataset_h5ad_path"]),
        collection_id=str(row["collection_id"]),
        collection_name=str(row["collection_name"] or row["collection_id"]),
        collection_doi=str(row["collection_doi"] or ""),
        cell_count=int(str(row["dataset_total_cell_count"])),
    )


def _require_values(row: Mapping[str, object]) -> None:
    """Refuses a row by which no dataset can be registered.

    Raises:
        ContractError: the dataset and the column are named.
    """
    named = f"census_info/datasets: dataset {row['dataset_id']!r} ({row['dataset_title']!r})"
    remedy = "have the release's publisher correct it, or name another release"
    for column in NEEDED:
        if row[column] in (None, ""):
            raise ContractError(f"{named}: column {column} is empty; {remedy}.")
    for column in COLUMNS:
        if "\0" in str(row[column]):  # PostgreSQL has no such text
            raise ContractError(f"{named}: column {column} has a NUL character; {remedy}.")


def location(manifest: Manifest, dataset: CensusDataset) -> str:
    """The address of the dataset's h5ad, as the client's `get_source_h5ad_uri` makes it."""
    return _address(manifest.storage, joined_address(manifest.storage.h5ads, dataset.path))


def store_address(storage: Storage) -> str:
    """The address of the SOMA store, without the slash that may stand at its end."""
    return _address(storage, storage.soma.rstrip("/"))


def _address(storage: Storage, address: str) -> str:
    return address if storage.anonymous else PrivateAddress(address)


def joined_address(folder: str, path: str) -> str:
    """The address of what lies at `path` in the folder, or in the folder's bucket if it begins with
    a slash; a path that is a whole address stands for itself.
    """
    if urlsplit(path).netloc:
        return path
    bucket = BUCKET.match(folder)
    if path.startswith("/"):
        return f"{bucket.group() if bucket else ''}{path}"
    return f"{folder.rstrip('/')}/{path}"

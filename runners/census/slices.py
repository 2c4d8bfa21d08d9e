"""A few cells of a store, read as the Census's users read them, by the Census's own client.

A store may open and yet be useless to them: a column that the client asks for is gone, or a matrix
has lost its files, which TileDB reads as zeros. So a cell's counts are read whole: only then does
`obs` say how many there must be.
"""

import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from runners.census.store import raise_outages
from runners.retries import OutageError

Result = TypeVar("Result")

CELLS = 3
"""At most, of one dataset of an experiment."""


class SliceError(Exception):
    """What a user of the store asks for isn't there; the text says what."""


def read_slice(census: Any, part: str, organism: str) -> None:
    """Reads a few cells of one dataset: their metadata by `get_obs`, their counts by `get_anndata`.

    Raises:
        SliceError: one of the two fails, or doesn't give what the store says of these cells.
        OutageError: S3 does not answer.
    """
    import cellxgene_census as client

    where = {"census": census, "organism": organism, "modality": part}
    few = _first_cells(census, part, organism)
    columns = ["soma_joinid", "dataset_id"]
    cells = _done("get_obs", lambda: client.get_obs(coords=few, column_names=columns, **where))
    if cells.empty:
        raise SliceError("get_obs gives no cell")
    dataset_id = str(cells["dataset_id"].iloc[0])
    only = f"dataset_id == '{dataset_id}'"
    what = f"get_anndata of dataset {dataset_id}"
    counts = _done(what, lambda: client.get_anndata(obs_coords=few, obs_value_filter=only, **where))
    expected = int((cells["dataset_id"] == dataset_id).sum())
    if wrong := _wrong(counts, expected):
        raise SliceError(f"{what} gives {wrong}")


def _first_cells(census: Any, part: str, organism: str) -> slice:
    """The coordinates of the first cells, with both ends, as SOMA has them."""
    collection = census[part]  # held: a chained read fails on a closed handle
    first = _done("obs", lambda: int(collection[organism].obs.non_empty_domain()[0][0]))
    return slice(first, first + CELLS - 1)


def _done(what: str, ask: Callable[[], Result]) -> Result:
    try:
        with raise_outages(what), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the client's own, on how anndata names cells
            return ask()
    except OutageError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise SliceError(f"{what} fails: {type(error).__name__}: {reason}") from error


def _wrong(counts: Any, expected: int) -> str | None:
    """What is wrong with the counts of so many cells, if anything is."""
    if counts.n_obs != expected:
        return f"{counts.n_obs} cells, not {expected}"
    if "feature_id" not in counts.var:
        return "genes without feature_id"
    found = np.asarray((counts.X != 0).sum(axis=1)).ravel()
    # obs has nnz since census schema 1.1.0; the Census takes no cell without a count
    right = counts.obs["nnz"].to_numpy() if "nnz" in counts.obs else found.clip(min=1)
    if (found != right).any():
        return f"cells with {_listed(found)} values, which should have {_listed(right)}"
    return None


def _listed(numbers: Any) -> str:
    return ", ".join(f"{number:,}" for number in numbers)

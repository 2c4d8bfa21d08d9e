"""What a release has gained and lost against the one before: the result of `compare`.

What could not be compared is None, and a sentence of `remarks` says why: nothing is never claimed
of what was not seen.
"""

from typing import Annotated

from pydantic import Field

from runners.contract.document import DatasetId, Document, ReleaseVersion

Count = Annotated[int, Field(ge=0)]


class ComparedDataset(Document):
    """A dataset with its cells after the Census's own filter; a withdrawn one as it was before."""

    dataset_id: DatasetId
    title: str = ""
    collection: str = ""
    cells: Count


class DatasetChanges(Document):
    """The datasets of both releases by their ids.

    `continued` are in both; of these, the `revised` ones have another version id.
    """

    count: Count
    before: Count
    new: tuple[ComparedDataset, ...]
    withdrawn: tuple[ComparedDataset, ...]
    continued: Count
    revised: tuple[ComparedDataset, ...] | None


class CellChanges(Document):
    """The cells of an organism, in all experiments of each release."""

    organism: str
    count: Count
    before: Count


class GeneChanges(Document):
    """The genes of an organism, with the ids (Ensembl's) of those that came and went."""

    organism: str
    count: Count
    before: Count
    gained: tuple[str, ...]
    lost: tuple[str, ...]


class ComparedAssay(Document):
    """An assay, with its cells in the release that has it."""

    ontology_id: str
    name: str
    cells: Count


class AssayChanges(Document):
    """The assays that only one of the two releases has cells of."""

    gained: tuple[ComparedAssay, ...]
    lost: tuple[ComparedAssay, ...]


class ReleaseComparison(Document):
    """A release beside the one before; `previous` is None where the manifest names none."""

    release: ReleaseVersion
    previous: ReleaseVersion | None
    datasets: DatasetChanges | None = None
    cells: tuple[CellChanges, ...] | None = None
    genes: tuple[GeneChanges, ...] | None = None
    assays: AssayChanges | None = None
    remarks: tuple[str, ...] = ()

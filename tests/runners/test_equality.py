"""Ours against LaminDB's own curator: the same files, each into an instance of its own, and every
row of every table compared.

What may differ stands in `DIFFERENCES` by name and with its reason, and nowhere else.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dumps
import instances
import pytest
from dumps import Dump, Row
from instances import Place

from runners.contract import Outcome
from runners.sample.datasets import NEWER, by_key, of_release

COMPARED = {"D01": "human", "D04": "human", "D05": "mouse", "D06": "mouse", "D09": "human",
            "D11": "human"}  # fmt: skip
"""What the curator can do: ordinary ones of both organisms, unknown values and categories that no
cell uses, cells in culture, a deprecated term."""

EXCLUDED = {
    "D02": ("human", "two diseases in one value never validate"),
    "D03": ("human", "two ethnicities in one value never validate"),
    "D08": ("human", "cell lines, and `na` for cell type and sex, never validate"),
    "D10": ("human", "spike-in genes never validate"),
}
"""Content that the schema allows and the curator refuses."""

UNCOMPARABLE = {
    "D07": "the curator has no schema for a third organism",
    "D12": "the file is broken",
}


@dataclass(frozen=True)
class Difference:
    """A difference that is meant: of whole rows of one side, or of a column that both have."""

    name: str
    why: str
    table: str
    only: str = ""
    rows: Callable[[dict[str, Any]], bool] = lambda row: True
    column: str = ""

    def explains(self, table: str, whose: str, row: dict[str, Any]) -> bool:
        return (table, whose) == (self.table, self.only) and self.rows(row)


def is_source_table(row: dict[str, Any]) -> bool:
    key = str(row["key"])
    return key.startswith("df_all__ncbitaxon__") or key.endswith("__Gene.parquet")


def is_unknown_to_curator(row: dict[str, Any]) -> bool:
    stages_of_others = ("bionty.DevelopmentalStage", "uberon")
    return row["name"] == "cellosaurus" or (row["entity"], row["name"]) == stages_of_others


def is_table_of_unknown(row: dict[str, Any]) -> bool:
    key = str(row["key"])
    return key.startswith("df_all__cellosaurus__") or (
        key.startswith("df_all__uberon__") and key.endswith("__DevelopmentalStage.parquet")
    )


DIFFERENCES = (
    Difference(
        "neutral features",
        "The curator writes the source of the organism at hand into the features that all share, "
        "and rewrites it for each organism; ours serve every organism at once.",
        table="lamindb_feature",
        column="_dtype_str",
    ),
    Difference(
        "empty extras of a schema",
        "LaminDB turns NULL into {} where it saves a schema again, which we don't.",
        table="lamindb_schema",
        column="_aux",
    ),
    Difference(
        "whether a source is whole",
        "bionty calls a source complete as soon as it holds as many records as were last asked "
        "for, which depends on the order of datasets.",
        table="bionty_source",
        column="in_db",
    ),
    Difference(
        "tables of sources",
        "The curator needs a table to look an organism or gene up in; ours come from the pinned "
        "reference data.",
        table="bionty_source",
        column="dataframe_artifact_id",
    ),
    Difference(
        "files of the tables of sources",
        "As above.",
        table="lamindb_artifact",
        only="theirs",
        rows=is_source_table,
    ),
    Difference(
        "sources that the curator does not know",
        "Cell lines, and stages of organisms without an ontology of their own: the schema allows "
        "both, so that their sources stand at the pins too.",
        table="bionty_source",
        only="ours",
        rows=is_unknown_to_curator,
    ),
    Difference(
        "sources that the curator does not know",
        "As above: it leaves bionty's own Cellosaurus in use.",
        table="bionty_source",
        only="theirs",
        rows=is_unknown_to_curator,
    ),
    Difference(
        "files of the sources that the curator does not know",
        "As above; and LaminDB keeps UBERON's table once, under the registry that came first.",
        table="lamindb_artifact",
        only="ours",
        rows=is_table_of_unknown,
    ),
    Difference(
        "UBERON's table",
        "As above.",
        table="lamindb_artifact",
        only="theirs",
        rows=lambda row: "__uberon__" in str(row["key"]),
    ),
    Difference(
        "organisms that no dataset has",
        "LaminDB saves seven as defaults; ours are made when a dataset has them.",
        table="bionty_organism",
        only="theirs",
        rows=lambda row: row["name"] not in {"human", "mouse"},
    ),
    Difference(
        "labels that no dataset has",
        "LaminDB saves all values of tissue_type and suspension_type as defaults.",
        table="lamindb_ulabel",
        only="theirs",
        rows=lambda row: row["name"] in {"organoid", "cell line", "na"},
    ),
    Difference(
        "references",
        "The curator attaches none, as the script never did.",
        table="lamindb_reference",
        only="ours",
    ),
    Difference(
        "links to references",
        "As above.",
        table="lamindb_artifactreference",
        only="ours",
    ),
)


def file_of(place: Place, key: str) -> Path:
    return place.world.newer.h5ads / f"{by_key(key).dataset_id}.h5ad"


def curate(place: Place, datasets: dict[str, str]) -> str:
    """What the curator says of those datasets (by key, with organism) that it refuses."""
    files = [f"{organism}={file_of(place, key)}" for key, organism in datasets.items()]
    script = str(Path(__file__).with_name("curate.py"))
    done = place.script(script, str(place.world.newer.h5ads), NEWER.version, *files)
    return instances.succeed(done).stdout


@pytest.fixture(scope="module")
def curated(empty: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An instance that LaminDB's curator has written, and beside it `ours`."""
    theirs = instances.copy(empty, tmp_path_factory.mktemp("theirs"))
    ours = instances.copy(empty, theirs.root / "ours")
    only = sorted(by_key(key).dataset_id for key in COMPARED)
    with ours.start(ours.request("ours", NEWER.version, only=only)) as working:
        assert curate(theirs, COMPARED) == ""
        said, _ = working.communicate()
    assert working.returncode == 0, said
    return theirs


@pytest.fixture(scope="module")
def both(curated: Place) -> tuple[Dump, Dump]:
    """Our rows and theirs, without the columns that are meant to differ."""
    ours = Place(curated.root / "ours", curated.world)
    found = [dumps.natural(place.database, storage=place.storage) for place in (ours, curated)]
    one, other = (without_columns(dump) for dump in found)
    return one, other


def without_columns(dump: Dump) -> Dump:
    dropped = {(d.table, d.column) for d in DIFFERENCES if d.column}
    return {
        table: Counter(
            tuple(pair for pair in row if (table, pair[0]) not in dropped)
            for row in rows.elements()
        )
        for table, rows in dump.items()
    }


def unexplained(both: tuple[Dump, Dump]) -> Iterator[tuple[str, str, Row]]:
    for table, whose, row in dumps.differences(*both):
        if not any(d.explains(table, whose, dict(row)) for d in DIFFERENCES):
            yield table, whose, row


def test_every_row_equals_the_curators_but_for_the_named_differences(
    both: tuple[Dump, Dump],
) -> None:
    assert list(unexplained(both)) == []


def test_every_named_difference_of_rows_is_there(both: tuple[Dump, Dump]) -> None:
    found = [(table, whose, dict(row)) for table, whose, row in dumps.differences(*both)]
    for difference in DIFFERENCES:
        if difference.only:
            assert any(difference.explains(*one) for one in found), difference.name


@pytest.mark.parametrize("difference", [d for d in DIFFERENCES if d.column], ids=lambda d: d.name)
def test_every_named_difference_of_a_column_is_there(
    curated: Place, difference: Difference
) -> None:
    ours = Place(curated.root / "ours", curated.world)
    one, other = (
        Counter(dict(row)[difference.column] for row in dump[difference.table].elements())
        for dump in (dumps.natural(place.database) for place in (ours, curated))
    )
    assert one != other


def test_features_differ_by_the_source_filter_alone(curated: Place) -> None:
    ours = Place(curated.root / "ours", curated.world)
    dtypes = []
    for place in (ours, curated):
        with closing(sqlite3.connect(place.database)) as connection:
            rows = connection.execute("select name, _dtype_str from lamindb_feature")
            dtypes.append({name: str(dtype).split("[source__uid=")[0] for name, dtype in rows})
    assert {name: dtype.rstrip("]") for name, dtype in dtypes[0].items()} == {
        name: dtype.rstrip("]") for name, dtype in dtypes[1].items()
    }


def test_there_was_something_to_compare(both: tuple[Dump, Dump]) -> None:
    ours = {table for table, rows in both[0].items() if rows}
    registries = ("celltype", "tissue", "disease", "developmentalstage", "phenotype", "ethnicity",
                  "experimentalfactor", "organism", "gene")  # fmt: skip
    assert {f"bionty_artifact{registry}" for registry in registries} <= ours
    assert {"lamindb_artifactulabel", "lamindb_artifactschema", "bionty_celltype_parents"} <= ours
    assert both[0]["lamindb_artifactschema"].total() == 3 * len(COMPARED)


def test_every_dataset_of_the_sample_is_compared_or_excluded_by_name() -> None:
    named = {*COMPARED, *EXCLUDED, *UNCOMPARABLE}
    assert named == {dataset.key for dataset in of_release(NEWER)}


@pytest.mark.prove
def test_the_curator_refuses_what_is_excluded_and_we_register_it(
    curated: Place, newer: Place, tmp_path: Path
) -> None:
    place = instances.copy(curated, tmp_path / "place")
    said = curate(place, {key: organism for key, (organism, _) in EXCLUDED.items()})
    refused = {key for key in EXCLUDED if str(file_of(place, key)) in said}
    assert refused == set(EXCLUDED)
    written = newer.journal("newer").datasets("written")
    ours = {key: written[by_key(key).dataset_id]["outcome"] for key in EXCLUDED}
    assert ours == {key: by_key(key).outcome for key in EXCLUDED}
    assert Outcome.FAILED not in ours.values()

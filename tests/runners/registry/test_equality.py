"""Ours against LaminDB's own curator: the same files, each into an instance of its own, and every
row of every table compared.

What may differ stands in `runners.registry.canary.differences` by name and with its reason, and
nowhere else.
"""

import re
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import dumps
import instances
import pytest
import trials
from dumps import Dump

from runners.contract import ContractError
from runners.registry import canary
from runners.registry.canary import scratch_instances
from runners.registry.canary.comparison import unlike
from runners.registry.canary.differences import (
    ROWS,
    SPECIAL_VALUES,
    VALUES,
    ExtraRows,
    OtherValues,
)
from runners.registry.canary.scratch_instances import OURS, THEIRS, Refusals, Trial
from runners.sample.datasets import NEWER
from runners.sample.world import World

pytestmark = pytest.mark.prove


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, world: World) -> Trial:
    return trials.make(tmp_path_factory.mktemp("trial"), world, trials.files_of_sample(world))


@pytest.fixture(scope="module")
def refusals(trial: Trial) -> tuple[Refusals, Refusals]:
    """What we and the curator refuse; both have written the rest."""
    with pytest.MonkeyPatch.context() as offline:
        for scheme in ("http", "https", "all"):
            offline.setenv(f"{scheme}_proxy", instances.NOWHERE)
        return scratch_instances.write_both(trial)


@pytest.fixture(scope="module")
def both(trial: Trial, refusals: tuple[Refusals, Refusals]) -> tuple[Dump, Dump]:
    """Our rows and theirs."""
    return trial.rows(OURS), trial.rows(THEIRS)


def test_every_row_equals_the_curators_but_for_the_named_differences(
    both: tuple[Dump, Dump],
) -> None:
    assert [str(one) for one in unlike(*both)] == []


def test_both_refuse_what_is_invalid_and_nothing_else(
    refusals: tuple[Refusals, Refusals],
) -> None:
    assert [set(refused) for refused in refusals] == [trials.REFUSED, trials.REFUSED]


def test_what_is_refused_leaves_its_artifact_and_its_terms(both: tuple[Dump, Dump]) -> None:
    """As the curator leaves them: asserted of ours, which equal the curator's."""
    rows = {table: [dict(row) for row in found] for table, found in both[0].items()}
    keys = {f"cell-census/{NEWER.version}/h5ads/{name}.h5ad" for name in trials.REFUSED}
    registered = {row["key"]: row["schema_id"] for row in rows["lamindb_artifact"]}
    assert {registered[key] for key in keys} == {None}
    assert {"CL:0000540", "CL:0000066"} <= {row["ontology_id"] for row in rows["bionty_celltype"]}
    linked = {row["artifact_id"] for row in rows["bionty_artifactcelltype"]}
    assert not {f"{key} / {NEWER.version}" for key in keys} & linked


@pytest.mark.parametrize(
    "difference", [one for one in ROWS if one not in SPECIAL_VALUES], ids=lambda one: one.name
)
def test_every_named_difference_of_rows_is_there(
    both: tuple[Dump, Dump], difference: ExtraRows
) -> None:
    found = [
        dict(row)
        for table, whose, row in dumps.differences(*both)
        if (table, whose) == (difference.table, difference.whose)
    ]
    assert any(map(difference.are, found))


@pytest.mark.parametrize("difference", VALUES, ids=lambda one: one.name)
def test_every_named_difference_of_a_column_is_there(
    both: tuple[Dump, Dump], difference: OtherValues
) -> None:
    one, other = (
        Counter(dict(row)[difference.column] for row in dump[difference.table].elements())
        for dump in both
    )
    assert one != other


def test_there_was_something_to_compare(both: tuple[Dump, Dump]) -> None:
    ours = {table for table, rows in both[0].items() if rows}
    registries = ("celltype", "tissue", "disease", "developmentalstage", "phenotype", "ethnicity",
                  "experimentalfactor", "organism", "gene")  # fmt: skip
    assert {f"bionty_artifact{registry}" for registry in registries} <= ours
    assert {"lamindb_artifactulabel", "lamindb_artifactschema", "bionty_celltype_parents"} <= ours
    assert both[0]["lamindb_artifactschema"].total() == 3 * len(trials.COMPARED)


ALTERED = {
    "a link is missing": (
        "delete from bionty_artifactcelltype where id in"
        " (select min(id) from bionty_artifactcelltype)",
        r"table bionty_artifactcelltype, expected \(curator\) \(artifact_id 'cell-census/"
        r".* / 2020-07-15', .*celltype_id 'CL:.*\), found \(ours\) no such row; ",
    ),
    "a category that no cell uses is linked": (
        "insert into bionty_artifacttissue (artifact_id, tissue_id, feature_id, created_by_id,"
        " created_at) select a.id, t.id, f.id, 1, '2020-01-01' from lamindb_artifact a,"
        " bionty_tissue t, lamindb_feature f where a.key like '%/D01.h5ad' and"
        " t.ontology_id = 'UBERON:0000955' and f.name = 'tissue_ontology_term_id'",
        r"table bionty_artifacttissue, expected \(curator\) no such row, found \(ours\) "
        r"\(artifact_id 'cell-census/2020-07-15/h5ads/D01.h5ad / 2020-07-15', .*"
        r"feature_id 'tissue_ontology_term_id'.*UBERON:0000955 / brain'.*\); ",
    ),
    "a link has another feature": (
        "update lamindb_artifactulabel set feature_id ="
        " (select id from lamindb_feature where name = 'tissue_type')"
        " where id in (select min(l.id) from lamindb_artifactulabel l join lamindb_feature f"
        " on f.id = l.feature_id where f.name = 'suspension_type')",
        r"table lamindb_artifactulabel, row \(.*artifact_id 'cell-census/.*\), "
        r"expected \(curator\) \(feature_id 'suspension_type'\), "
        r"found \(ours\) \(feature_id 'tissue_type'\); ",
    ),
    "a value of an artifact": (
        "update lamindb_artifact set n_observations = 7 where key like '%/D06.h5ad'",
        r"table lamindb_artifact, row \(.*key 'cell-census/2020-07-15/h5ads/D06.h5ad'.*\), "
        r"expected \(curator\) \(n_observations \d+\), found \(ours\) \(n_observations 7\); ",
    ),
    "a term under another name": (
        "update bionty_celltype set description = 'ours' where ontology_id = 'unknown'",
        r"table bionty_celltype, row \(.*name 'unknown'.*\), expected \(curator\) "
        r"\(description 'From CellxGene schema.'\), found \(ours\) \(description 'ours'\); ",
    ),
    "a feature of another type": (
        "update lamindb_feature set _dtype_str = 'cat[bionty.Tissue.ontology_id]'"
        " where name = 'development_stage_ontology_term_id'",
        r"table lamindb_feature, row \(.*name 'development_stage_ontology_term_id'.*\), "
        r"expected \(curator\) \(_dtype_str 'cat\[bionty.DevelopmentalStage.ontology_id\]'\), "
        r"found \(ours\) \(_dtype_str 'cat\[bionty.Tissue.ontology_id\]'\); ",
    ),
}


@pytest.mark.usefixtures("refusals")
@pytest.mark.parametrize(("statement", "told"), ALTERED.values(), ids=ALTERED)
def test_one_altered_row_stops_the_canary_and_is_told(
    trial: Trial, tmp_path: Path, statement: str, told: str
) -> None:
    other = copied(trial, tmp_path)
    with closing(sqlite3.connect(database(other, OURS))) as connection, connection:
        assert connection.execute(statement).rowcount == 1
    with pytest.raises(ContractError, match=f"^canary: {told}{re.escape(canary.REMEDY)}$"):
        canary.check_rows(other)


@pytest.mark.usefixtures("refusals")
def test_the_same_trial_unaltered_passes(trial: Trial, tmp_path: Path) -> None:
    canary.check_rows(copied(trial, tmp_path))


def database(trial: Trial, side: str) -> Path:
    return trial.storage(side) / ".lamindb" / "lamin.db"


def copied(trial: Trial, folder: Path) -> Trial:
    """The trial elsewhere: a database names the folder that it lies in."""
    other = replace(trial, folder=folder)
    for side in (OURS, THEIRS):
        database(other, side).parent.mkdir(parents=True)
        shutil.copy(database(trial, side), database(other, side))
        with closing(sqlite3.connect(database(other, side))) as connection, connection:
            connection.execute(
                "update lamindb_storage set root = ? where root = ?",
                (str(other.storage(side)), str(trial.storage(side))),
            )
    return other

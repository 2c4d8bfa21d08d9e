"""Both releases in an instance with a history (see `lived_in`): what is ours is as in a fresh one,
and of what is people's, no more is written than what the release needs of it.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import instances
import pytest
from instances import Place, succeed
from release_rows import STATEMENTS, own_rows

from runners.contract import Action, Outcome, Reason, Status
from runners.sample.datasets import NEWER, OLDER, by_key, of_release
from runners.sample.world import World

pytestmark = pytest.mark.prove

Changes = dict[str, set[str]]


@dataclass(frozen=True)
class Lived:
    """A place with its history, its rows before the newer release came, and what that changed."""

    place: Place
    before: Mapping[tuple[str, int], dict[str, Any]]
    changes: Changes


def rows(place: Place) -> dict[tuple[str, int], dict[str, Any]]:
    """Every row of every table, by table and id."""
    with closing(sqlite3.connect(place.database)) as connection:
        connection.row_factory = sqlite3.Row
        tables = connection.execute("select name from sqlite_master where sql like '%\"id\"%'")
        return {
            (table, row["id"]): dict(row)
            for (table,) in tables.fetchall()
            for row in connection.execute(f'select * from "{table}"')
            if "id" in dict(row)
        }


def changes(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> Changes:
    """Table -> the columns in which a row of before differs; or `gone`."""
    found: dict[str, set[str]] = {}
    for (table, key), row in before.items():
        now = after.get((table, key), {})
        columns = (
            {name for name, value in row.items() if now.get(name) != value} if now else {"gone"}
        )
        if columns:
            found.setdefault(table, set()).update(columns)
    return found


def roll_back(place: Place) -> None:
    """Takes the newer release back."""
    words = ("rollback", "--runs", str(place.root / "runs"), "--run", "newer", "--yes")
    succeed(place.script("-m", "runners", *words))


@pytest.fixture(scope="module")
def lived(older: Place, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    place = instances.copy(older, tmp_path_factory.mktemp("lived"))
    before = rows(place)
    succeed(place.ingest("newer", NEWER.version))
    return Lived(place, before, changes(before, rows(place)))


def test_the_rows_of_the_release_are_those_of_a_fresh_instance(lived: Lived, fresh: Place) -> None:
    found, expected = (own_rows(place, NEWER.version) for place in (lived.place, fresh))
    for statement in STATEMENTS:
        assert found[statement] == expected[statement], statement


def test_whose_older_artifact_is_gone_for_good_counts_as_new(lived: Lived) -> None:
    written = lived.place.journal("newer").datasets("written")
    expected = {dataset.dataset_id: dataset.outcome for dataset in of_release(NEWER)}
    expected[by_key("D01").dataset_id] = Outcome.REGISTERED
    assert {name: Outcome(line["outcome"]) for name, line in written.items()} == expected


def test_of_what_was_there_no_more_is_written_than_the_release_needs(lived: Lived) -> None:
    terms = (
        "cellline", "developmentalstage", "ethnicity", "experimentalfactor",
        "organism", "phenotype",
    )  # fmt: skip
    assert lived.changes == {
        **{f"bionty_{name}": {"ontology_id"} for name in terms},  # made by name alone
        "bionty_celltype": {"ontology_id", "branch_id"},  # was on a contributor's branch, too
        "bionty_gene": {"ensembl_gene_id", "branch_id"},
        "bionty_disease": {"branch_id"},  # were in the trash
        "bionty_tissue": {"branch_id"},
        "lamindb_ulabel": {"branch_id"},
        "lamindb_reference": {"branch_id"},
        "lamindb_schema": {"branch_id"},
        "lamindb_artifact": {"is_latest"},
        "lamindb_collection": {"is_latest"},
    }


def test_names_that_are_taken_are_told_from_ours_by_the_studys_id(lived: Lived) -> None:
    statement = """
        select key = 'cellxgene-census' or key like '%' || reference || ')', count(*)
        from lamindb_collection where version_tag = ? and description is not 'hers' group by 1"""
    with closing(sqlite3.connect(lived.place.database)) as connection:
        found = connection.execute(statement, (NEWER.version,)).fetchall()
    assert found == [(0, 1), (1, 3)]


def test_a_persons_version_of_a_collection_is_not_given_back_as_a_releases(lived: Lived) -> None:
    asked = f"print(collections.misplaced({OLDER.version!r}))"
    statement = f"from runners.registry import collections; {asked}"
    assert succeed(instances.connected(lived.place, statement)).stdout.splitlines()[-1] == "{}"


def test_taken_back_only_its_vocabulary_stays(lived: Lived, tmp_path: Path) -> None:
    place = instances.copy(lived.place, tmp_path / "place")
    roll_back(place)
    left = changes(lived.before, rows(place))
    left.pop("lamindb_storage")  # has the place's own folder
    assert left == {
        table: columns
        for table, columns in lived.changes.items()
        if table.startswith(("bionty_", "lamindb_ulabel"))
    }


def test_a_file_that_a_person_has_registered_is_taken_over_or_its_own_failure(
    older: Place, world: World, tmp_path: Path
) -> None:
    place = instances.copy(older, tmp_path / "place")
    ids = {key: by_key(key).dataset_id for key in ("D02", "D03", "D04", "D06", "D07")}
    files = {key: str(world.newer.h5ads / f"{name}.h5ad") for key, name in ids.items()}
    ensure = "lived_in.artifacts.ensure_storage"
    storage = f"{ensure}(lived_in.artifacts.storage_root(sys.argv[1]), None)"
    register = "ln.Artifact({}, run=False, description='hers', version_tag={}).save()"
    statements = (
        storage,
        register.format("sys.argv[1]", None),  # of a dataset that the older release has
        register.format("sys.argv[2]", None),
        register.format("sys.argv[3]", "'hers'"),
        register.format("sys.argv[4]", None),
        "newest = ln.Artifact.filter().order_by('-id').first()",
        "newest.schema = ln.Schema.filter().first(); newest.save()",
    )
    succeed(instances.connected(place, "\n".join(statements), *files.values()))
    before = rows(place)
    succeed(place.ingest("newer", NEWER.version, only=tuple(ids.values())))
    written = place.journal("newer").datasets("written")
    assert {key: written[dataset_id]["outcome"] for key, dataset_id in ids.items()} == {
        "D02": Outcome.FAILED,
        "D03": Outcome.REGISTERED,  # the row that was there
        "D04": Outcome.FAILED,
        "D06": Outcome.FAILED,  # has a schema
        "D07": Outcome.REGISTERED,
    }
    taken = {"D02": "no version", "D04": "version hers", "D06": "no version"}
    for key, version in taken.items():
        (reason,) = written[ids[key]]["reasons"]
        assert reason["reason"] == Reason.REGISTERED_OTHERWISE
        assert f" is {files[key]} already, of {version}; give it the version " in reason["detail"]
    changed = changes(before, rows(place))["lamindb_artifact"]
    assert changed == {"version_tag", "n_observations", "schema_id"}
    after = rows(place)
    hers = [row for (table, _), row in after.items() if row.get("description") == "hers"]
    taken_over = [row["key"] for row in hers if row.get("version_tag") == NEWER.version]
    assert [Path(key).stem for key in taken_over] == [ids["D03"]]
    roll_back(place)
    assert "lamindb_artifact" not in changes(before, rows(place))


def test_a_branch_whose_records_nobody_sees_is_refused(older: Place, tmp_path: Path) -> None:
    place = instances.copy(older, tmp_path / "place")
    succeed(instances.connected(place, "ln.setup.settings.branch = 'contribution'"))
    before = rows(place)
    done = place.ingest("run", NEWER.version)
    assert done.returncode == 2
    sentence = "instance anonymous/demo: the branch contribution is current here, whose records "
    assert sentence + "others don't see; run `lamin switch main` first." in done.stderr
    assert changes(before, rows(place)) == {}


def test_a_feature_that_is_something_else_is_refused(place: Place) -> None:
    statement = "update lamindb_feature set _dtype_str = 'str' where name = 'tissue_type'"
    with closing(sqlite3.connect(place.database)) as connection, connection:
        connection.execute(statement)
    before = rows(place)
    done = place.ingest("run", NEWER.version)
    assert done.returncode == 2
    assert "instance: feature tissue_type (uid " in done.stderr
    assert ") is str, and not cat[ULabel]; rename it, " in done.stderr
    assert "Traceback" not in done.stderr
    assert changes(before, rows(place)) == {}


def test_it_is_verified_as_in_a_fresh_one(lived: Lived) -> None:
    place = lived.place
    place.run("verify", place.request("verify", NEWER.version, action=Action.VERIFY))
    checks = {check.name: check for check in place.report("verify").checks}
    failed = {name for name, check in checks.items() if check.status is Status.FAILED}
    assert failed == {"datasets"}  # a file of it is broken
    told = "CL:0000182 is called 'liver cell', and now 'hepatocyte'"
    assert told in {offender.detail for offender in checks["terms"].offenders}

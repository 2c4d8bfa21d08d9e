"""What the canary takes for a difference: rows of two databases in their common form, and which of
those that differ no named difference explains. On tables of a few rows, without LaminDB.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runners import rules
from runners.contract import ContractError
from runners.registry import canary
from runners.registry.canary.comparison import Rows, Unlike, of_file, unlike
from runners.registry.canary.differences import (
    FROM_SCHEMA,
    ROWS,
    ExtraRows,
    known_to_lamindb,
    obstacles,
    unknown_to_lamindb,
)

RULES = rules.load("7.0.0")
GENES = "cat[bionty.Gene.ensembl_gene_id]"
OF_A, OF_B = (GENES.replace("]", f"[source__uid={uid}]]") for uid in "ab")
FEATURE, SCHEMA, SOURCE = "lamindb_feature", "lamindb_schema", "bionty_source"
TERM, NORMAL = {"description": "a", "ontology_id": "X:1"}, {"ontology_id": "PATO:0000461"}


def rows(table: str, *rows_of_table: Mapping[str, Any]) -> Rows:
    return {table: Counter(tuple(row.items()) for row in rows_of_table)}


@pytest.mark.parametrize(
    ("table", "ours", "theirs", "is_alike"),
    [
        (FEATURE, {"_dtype_str": GENES}, {"_dtype_str": OF_A}, True),
        (FEATURE, {"_dtype_str": OF_B}, {"_dtype_str": OF_A}, True),
        (FEATURE, {"_dtype_str": "str"}, {"_dtype_str": OF_A}, False),
        (FEATURE, {"_dtype_str": OF_A, "name": OF_A}, {"_dtype_str": OF_A, "name": OF_B}, False),
        (SCHEMA, {"_aux": None}, {"_aux": "{}"}, True),
        (SCHEMA, {"_aux": None}, {"_aux": '{"a": 1}'}, False),
        (SCHEMA, {"_aux": '{"a": 2}'}, {"_aux": '{"a": 1}'}, False),
        (SOURCE, {"in_db": 0}, {"in_db": 1}, True),
        (SOURCE, {"currently_used": 0}, {"currently_used": 1}, True),
        (SOURCE, {"dataframe_artifact_id": None}, {"dataframe_artifact_id": "a"}, True),
        (SOURCE, {"version": "1"}, {"version": "2"}, False),
        (SCHEMA, {"_aux": None, "in_db": 0}, {"_aux": None, "in_db": 1}, False),
    ],
)  # fmt: skip
def test_of_a_column_only_what_is_named_may_differ(
    table: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], is_alike: bool
) -> None:
    assert (unlike(rows(table, ours), rows(table, theirs)) == []) is is_alike


@pytest.mark.parametrize(
    ("table", "row", "only"),
    [
        ("lamindb_artifact", {"key": "df_all"}, "theirs"),
        ("lamindb_artifact", {"key": "cell-census/df_all"}, None),
        ("bionty_organism", {"name": "mouse"}, "theirs"),
        ("lamindb_ulabel", {"description": FROM_SCHEMA}, "theirs"),
        ("lamindb_ulabel", {"description": None}, None),
        ("bionty_celltype", {**TERM, "description": FROM_SCHEMA}, "theirs"),
        ("bionty_disease", {**TERM, **NORMAL}, "theirs"),
        ("bionty_phenotype", TERM, None),
        ("bionty_tissue", {**TERM, "description": FROM_SCHEMA}, None),
        ("lamindb_reference", {"name": "a"}, "ours"),
        ("lamindb_artifactreference", {"reference_id": "a"}, "ours"),
        ("lamindb_collection", {"key": "a"}, None),
    ],
)
def test_a_row_that_one_side_has_is_explained_of_that_side_alone(
    table: str, row: Mapping[str, Any], only: str | None
) -> None:
    one, none = rows(table, row), rows(table)
    assert (unlike(one, none) == []) is (only == "ours")
    assert (unlike(none, one) == []) is (only == "theirs")
    assert unlike(one, one) == []


@pytest.mark.parametrize("extra", ROWS, ids=lambda extra: extra.name)
def test_a_row_that_both_sides_have_is_no_extra_row(extra: ExtraRows) -> None:
    """Though such a row would be explained, if one side lacked it."""
    row = {"key": "df_a", "description": FROM_SCHEMA, "ontology_id": NORMAL["ontology_id"]}
    assert extra.are(row)
    (found,) = unlike(*(rows(extra.table, {**row, "name": name}) for name in "ab"))
    assert None not in (found.found, found.expected)


def test_a_row_that_one_side_has_twice_differs() -> None:
    row = {"key": "a"}
    (found,) = unlike(rows("lamindb_collection", row, row), rows("lamindb_collection", row))
    assert found == Unlike("lamindb_collection", None, (("key", "a"),))


def test_rows_that_have_half_in_common_are_told_as_one_and_others_alone() -> None:
    near, far = ({"a": 1, "b": 2, "c": 3, "d": n} for n in (4, 5))
    half, less = {"a": 1, "b": 2, "c": 0, "d": 0}, {"a": 1, "b": 0, "c": 0, "d": 1}
    for other in (far, half):
        (pair,) = unlike(rows("t", near), rows("t", other))
        assert (pair.found, pair.expected) == (tuple(near.items()), tuple(other.items()))
    lone = unlike(rows("t", near), rows("t", less))
    assert [(one.expected is None, one.found is None) for one in lone] == [
        (False, True),
        (True, False),
    ]
    (first, second) = unlike(rows("t", near), rows("t", half, far))
    assert first == Unlike("t", tuple(far.items()), tuple(near.items()))
    assert second == Unlike("t", tuple(half.items()), None)


@pytest.mark.parametrize(
    ("names", "more"), [("a", ""), ("ab", " (and 1 more rows)"), ("abc", " (and 2 more rows)")]
)
def test_the_first_row_that_differs_is_told_and_how_many_more(names: str, more: str) -> None:
    sides = {"ours": rows("t"), "theirs": rows("t", *({"name": name} for name in names))}
    trial: Any = SimpleNamespace(rows=sides.__getitem__)
    with pytest.raises(ContractError) as told:
        canary.check_rows(trial)
    assert f"found (ours) no such row{more}; {canary.REMEDY}" in str(told.value)


TABLES = """
    create table lamindb_feature (id integer primary key autoincrement, uid, name, created_at);
    create table lamindb_collection (id, uid, key, version_tag, created_at);
    create table lamindb_artifact (id, uid, key, version_tag, created_at);
    create table lamindb_schema (id, uid, hash, _aux);
    create table bionty_celltype (id, uid, ontology_id, name, updated_at);
    create table lamindb_link (id, artifact_id references lamindb_artifact,
        celltype_id references bionty_celltype, note);
    insert into lamindb_feature values (7, 'f1', 'tissue', 'now');
    insert into lamindb_artifact values (1, 'aaaa0000', 'late', '2', '2021'),
        (2, 'aaaa0001', 'first', '1', '2020'), (3, 'bbbb0000', 'other', '1', '2020');
    insert into lamindb_schema values (1, 's1', 'h', '{"a": "f1"}'), (2, 's2', 'h', 'f1');
    insert into bionty_celltype values (5, 'c1', 'CL:1', 'cell', 'now');
    insert into lamindb_link values (1, 2, 5, '/lab/storage/x'), (2, 1, null, null);
"""


def test_rows_are_told_by_what_they_mean(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as connection, connection:
        connection.executescript(TABLES)
    found = of_file(tmp_path / "db", storage=Path("/lab/storage"))
    told = {table: [dict(row) for row in own.elements()] for table, own in found.items()}
    assert told == {
        "bionty_celltype": [{"uid": "c1", "ontology_id": "CL:1", "name": "cell"}],
        "lamindb_artifact": [
            {"uid": "first 0001", "key": "late", "version_tag": "2"},
            {"uid": "first 0000", "key": "first", "version_tag": "1"},
            {"uid": "other 0000", "key": "other", "version_tag": "1"},
        ],
        "lamindb_collection": [],
        "lamindb_feature": [{"name": "tissue"}],
        "lamindb_link": [
            {"artifact_id": "first / 1", "celltype_id": "CL:1 / cell", "note": "STORAGE/x"},
            {"artifact_id": "late / 2", "celltype_id": None, "note": None},
        ],
        "lamindb_schema": [{"_aux": '{"a": "tissue"}'}, {"_aux": "f1"}],
    }


def test_without_a_storage_no_text_is_taken_for_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as connection, connection:
        connection.executescript(TABLES)
        connection.execute("insert into bionty_celltype values (6, 'c2', 'None', 'x', 'now')")
    (_, row) = of_file(tmp_path / "db")["bionty_celltype"]
    assert dict(row)["ontology_id"] == "None"


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        of_file(tmp_path / "db")
    assert not any(tmp_path.iterdir())


def test_a_table_that_one_side_lacks_is_told_row_by_row() -> None:
    (found,) = unlike({}, rows("t", {"a": 1}))
    assert (found.table, found.expected, found.found) == ("t", (("a", 1),), None)
    (found,) = unlike(rows("t", {"a": 1}), {})
    assert (found.table, found.expected, found.found) == ("t", None, (("a", 1),))


def test_what_lamindbs_module_does_not_declare_is_not_compared() -> None:
    known = known_to_lamindb(RULES)
    plain = [name for name, column in RULES.columns.items() if column.lamindb is None]
    assert plain
    assert all(known.columns[name].registry is None for name in plain)
    assert not any(known.columns[name].optional for name in known.columns if name not in plain)
    assert {*known.annotated()} <= {name for name in RULES.columns if name not in plain}
    assert {*unknown_to_lamindb(RULES)} == {*RULES.annotated()} & {*plain}


def test_a_column_that_is_gone_or_has_moved_is_an_obstacle() -> None:
    assert obstacles(RULES) == ()
    column = RULES.columns["tissue_type"]
    moved = {**RULES.columns, "tissue_type": column.model_copy(update={"slot": "var"})}
    other = RULES.model_copy(update={"columns": moved, "only_in_lamindb": ("donor_name",)})
    assert obstacles(other) == ("there is no donor_name", "tissue_type stands in var")

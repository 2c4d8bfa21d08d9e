"""An ingest beside bionty's own sources: whoever looks something up afterwards finds what was
found before; and each source of ours can be used as bionty uses it, whatever stood there before.
"""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import instances
import pytest
from instances import Place

from runners.contract import Action
from runners.sample.datasets import NEWER, by_key

pytestmark = pytest.mark.prove

LOOKUPS = Path(__file__).parents[1] / "lookups.py"

FROM_OURS = """
import json
from instances import INSTANCE
from runners.registry import connection
connection.connect(INSTANCE)
import bionty as bt

macaque = bt.Gene.filter(organism__name="rhesus macaque").first()
found = set(bt.Gene.public(organism="rhesus macaque").to_dataframe()["ensembl_gene_id"])
new = next(gene for gene in sorted(found) if not bt.Gene.filter(ensembl_gene_id=gene).exists())
(gene,) = bt.Gene.from_values([new], bt.Gene.ensembl_gene_id, organism="rhesus macaque")
cells = bt.Source.get(entity="bionty.CellType", version="2025-07-30")
(cell,) = bt.CellType.from_values(["CL:0000235"], bt.CellType.ontology_id, source=cells)
print(json.dumps([macaque.ensembl_gene_id in found, gene.source.uid == macaque.source.uid,
                  cell.name, cells.url]))
"""

LIVED_IN = """
    update bionty_source set url = null, currently_used = 0 where name = 'pato';
    insert into bionty_source (uid, entity, name, organism, version, currently_used, in_db,
        created_by_id, space_id, branch_id, created_on_id, is_locked, created_at, updated_at)
    select 'mine0001', 'bionty.Tissue', 'uberon', 'all', '2025-01-01', 1, 0, 1, 1, 1, 1, 0,
        '2026-01-01', '2026-01-01'
    union all
    select 'trash001', 'bionty.CellType', 'cl', 'all', '2025-07-30', 0, 0, 1, 1, -1, 1, 0,
        '2026-01-01', '2026-01-01';
"""
"""Two current tissues, one of them of no use; a pin without an address, and one in the trash."""


def lookups(place: Place, folder: Path) -> dict[str, Any]:
    """Look-up -> its answer, in a copy of the place."""
    place = instances.copy(place, folder)
    return dict(json.loads(instances.succeed(place.script(str(LOOKUPS))).stdout.splitlines()[-1]))


def query(place: Place, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(place.database)) as connection:
        return connection.execute(statement).fetchall()


def columns(place: Place, names: Iterable[str]) -> dict[str, tuple[Any, ...]]:
    """uid -> these columns, of each source."""
    rows = query(place, f"select uid, {', '.join(names)} from bionty_source")
    return {uid: tuple(values) for uid, *values in rows}


@pytest.fixture(scope="module")
def before(empty: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return lookups(empty, tmp_path_factory.mktemp("before"))


def test_public_look_ups_give_the_same_before_and_after_an_ingest(
    before: dict[str, Any], fresh: Place, tmp_path: Path
) -> None:
    assert lookups(fresh, tmp_path) == before


def test_the_look_ups_found_something(before: dict[str, Any]) -> None:
    nothing = {name for name, answer in before.items() if not answer or "Error" in str(answer)}
    assert nothing == set()


def test_of_bionty_s_own_sources_every_row_stays(empty: Place, fresh: Place) -> None:
    names = [name for _, name, *_ in query(empty, "pragma table_info(bionty_source)")]
    own, now = columns(empty, names), columns(fresh, names)
    assert {uid: now[uid] for uid in own} == own
    assert len(now) > len(own) > 0


def test_none_of_ours_is_current_and_each_can_be_used(empty: Place, fresh: Place) -> None:
    rows = columns(fresh, ("entity", "currently_used", "dataframe_artifact_id", "url"))
    ours = [row for uid, row in rows.items() if uid not in columns(empty, ("uid",))]
    assert {is_current for _, is_current, _, _ in ours} == {0}
    assert {entity for entity, _, table, _ in ours if table is None} == {"bionty.Organism"}
    assert all(url for entity, _, _, url in ours if entity == "bionty.Organism")


def test_what_only_we_have_a_source_of_is_found_in_it(fresh: Place) -> None:
    said = instances.succeed(fresh.script("-c", FROM_OURS)).stdout.splitlines()[-1]
    address = "http://purl.obolibrary.org/obo/cl/releases/2025-07-30/cl.owl"
    assert json.loads(said) == [True, True, "macrophage", address]


@pytest.fixture(scope="module")
def lived_in(empty: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An instance whose sources people have changed, after an ingest of a dataset."""
    place = instances.copy(empty, tmp_path_factory.mktemp("lived_in"))
    with closing(sqlite3.connect(place.database)) as connection:
        connection.executescript(LIVED_IN)
    instances.succeed(place.ingest("run", NEWER.version, only=(by_key("D04").dataset_id,)))
    return place


def test_several_current_ones_stop_nothing_stay_and_are_named(lived_in: Place) -> None:
    current = "select version from bionty_source where entity = 'bionty.Tissue' and currently_used"
    assert sorted(query(lived_in, current)) == [("2025-01-01",), ("2026-06-23",)]
    lived_in.run("verify", lived_in.request("verify", NEWER.version, action=Action.VERIFY))
    report = lived_in.report("verify")
    assert report.sources is not None
    several, useless = report.sources.remarks
    assert several.startswith("bionty.Tissue, all: uberon 2025-01-01 and uberon 2026-06-23 are")
    assert useless.startswith("bionty.Tissue, all: uberon 2025-01-01 is current, and has neither")
    tissues = [use for use in report.sources.uses if use.registry == "bionty.Tissue"]
    assert [(use.version, use.is_pinned, use.terms > 0, use.current) for use in tissues] == [
        ("2025-08-15", True, True, ("uberon 2025-01-01", "uberon 2026-06-23"))
    ]


def test_a_pin_that_nobody_could_use_has_a_table_and_isn_t_in_the_trash(lived_in: Place) -> None:
    statement = """select name, branch_id, currently_used, dataframe_artifact_id > 0
        from bionty_source where name = 'pato' or uid = 'trash001' order by name"""
    assert query(lived_in, statement) == [("cl", 1, 0, 1), ("pato", 1, 0, 1)]


def test_taken_back_and_registered_again_it_has_the_same_sources(
    lived_in: Place, tmp_path: Path
) -> None:
    place = instances.copy(lived_in, tmp_path / "again")
    words = ("rollback", "--runs", str(place.root / "runs"), "--run", "run", "--yes")
    instances.succeed(place.script("-m", "runners", *words))
    only = (by_key("D04").dataset_id,)
    instances.succeed(place.ingest("again", NEWER.version, only=only))
    names = ("version", "currently_used", "in_db", "url", "dataframe_artifact_id > 0", "branch_id")
    assert columns(place, names) == columns(lived_in, names)

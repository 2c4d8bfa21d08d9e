"""Two releases, one after the other, into a real instance: what is there afterwards, and what
doing it again changes.
"""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import dumps
import instances
import pytest
from instances import Place, succeed

from runners import rules
from runners.contract import (
    AcceptedException,
    Action,
    DatasetOutcome,
    ExceptionState,
    Outcome,
    Reason,
    RunReport,
    Status,
    Storage,
    Verdict,
)
from runners.h5ad.profile import read_profile
from runners.rules.reference import Reference, Term
from runners.sample import files
from runners.sample.datasets import (
    COLLECTIONS,
    NEWER,
    OLDER,
    Dataset,
    Release,
    by_key,
    of_release,
)
from runners.sample.files import Genes
from runners.sample.world import World, WorldRelease
from runners.settings import from_environment

Rows = list[tuple[Any, ...]]
BROKEN = by_key("D12")
PART = sorted(by_key(name).dataset_id for name in ("D01", "D02", "D05"))
READABLE = [dataset for dataset in of_release(NEWER) if dataset != BROKEN]


def query(place: Place, statement: str, *parameters: object) -> Rows:
    with closing(sqlite3.connect(place.database)) as connection:
        return connection.execute(statement, parameters).fetchall()


def key(dataset: Dataset, release: Release) -> str:
    return f"cell-census/{release.version}/h5ads/{dataset.dataset_id}.h5ad"


def uids(place: Place, release: Release) -> dict[str, str]:
    """Key -> uid of the h5ads of a release."""
    statement = "select key, uid from lamindb_artifact where version_tag = ? and suffix = '.h5ad'"
    return dict(query(place, statement, release.version))


def outcomes(place: Place, run_id: str) -> dict[str, Outcome]:
    written = place.journal(run_id).datasets("written")
    return {dataset_id: Outcome(line["outcome"]) for dataset_id, line in written.items()}


def labels(place: Place, dataset: Dataset, registry: str, column: str) -> set[str]:
    """Ontology ids that the dataset's artifact of the newer release is linked to, by feature."""
    statement = f"""
        select t.ontology_id from bionty_artifact{registry} l
        join bionty_{registry} t on t.id = l.{registry}_id
        join lamindb_feature f on f.id = l.feature_id
        join lamindb_artifact a on a.id = l.artifact_id
        where a.key = ? and f.name = ?"""
    return {term for (term,) in query(place, statement, key(dataset, NEWER), column)}


@pytest.fixture(scope="module")
def newer(fresh: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Both releases and nothing else, for these tests to run in: they say what all of it is."""
    return instances.copy(fresh, tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def report(newer: Place) -> RunReport:
    """The verification of the newer release: a file is broken, and it says so."""
    done = newer.run("verify", newer.root / "runs" / "newer" / "request.json")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "verdict: failed" in done.stdout
    return newer.report("newer")


def test_every_dataset_ends_in_the_outcome_that_the_sample_is_made_to_give(newer: Place) -> None:
    expected = {dataset.dataset_id: dataset.outcome for dataset in of_release(NEWER)}
    assert outcomes(newer, "newer") == expected
    assert set(outcomes(newer, "older").values()) == {Outcome.REGISTERED}


def test_an_outdated_term_is_noted_and_linked(newer: Place, report: RunReport) -> None:
    notes = {outcome.dataset_id: outcome.notes for outcome in report.outcomes}
    for dataset in of_release(NEWER):
        told = notes[dataset.dataset_id]
        of_terms = [note for note in told if not note.startswith("uns.schema_")]
        assert all(term_id in " ".join(of_terms) for term_id in dataset.noted)
        assert bool(of_terms) == bool(dataset.noted)
    linked = labels(newer, by_key("D11"), "celltype", "cell_type_ontology_term_id")
    assert "CL:0000627" in linked


def test_a_file_of_the_schema_before_is_noted_and_registered(report: RunReport) -> None:
    noted = {o.dataset_id: o for o in report.outcomes if "the file says 6.0.0" in str(o.notes)}
    assert set(noted) == {by_key("D01").dataset_id}  # the same file in both releases
    assert {outcome.outcome for outcome in noted.values()} == {Outcome.UNCHANGED}


def test_a_broken_file_is_unreadable_by_name_and_has_no_artifact(
    newer: Place, report: RunReport
) -> None:
    broken = next(o for o in report.outcomes if o.dataset_id == BROKEN.dataset_id)
    assert [finding.reason for finding in broken.reasons] == [Reason.FILE_UNREADABLE]
    assert "truncated" in str(broken.reasons[0].detail)
    assert key(BROKEN, NEWER) not in uids(newer, NEWER)


def test_verify_names_the_broken_file_and_nothing_else(report: RunReport) -> None:
    assert report.verdict is Verdict.FAILED
    fine = (Status.PASSED, Status.NOT_APPLICABLE)
    failed = [check for check in report.checks if check.status not in fine]
    assert [check.name for check in failed] == ["datasets"]
    assert [o.dataset_id for o in failed[0].offenders] == [BROKEN.dataset_id]
    assert (failed[0].expected, failed[0].found) == ("12", "11")


def test_the_report_is_whole(report: RunReport) -> None:
    assert report.request.run_id == "newer"
    assert [o.dataset_id for o in report.outcomes] == sorted(
        d.dataset_id for d in of_release(NEWER)
    )
    assert {o.title for o in report.outcomes} == {d.title for d in of_release(NEWER)}
    assert [(w.dataset_id, w.title) for w in report.withdrawn] == [
        (by_key("W01").dataset_id, by_key("W01").title)
    ]
    assert report.started_at <= report.ended_at
    told = {
        "lamindb",
        "bionty",
        "python",
        "dataset schema",
        "dataset schema rules",
        "ingestion bot",
    }
    assert told <= set(report.versions)
    assert report.changes["collections"] == 4
    assert report.dataset_count == len(of_release(NEWER))
    assert report.previous is not None
    assert (report.previous.release, report.previous.dataset_count) == (OLDER.version, 5)
    assert report.sources is not None
    assert any(use.terms and use.is_pinned for use in report.sources.uses)
    assert report.timeline is not None


def test_verify_passes_the_older_release(fresh_older: Place, tmp_path: Path) -> None:
    place = instances.copy(fresh_older, tmp_path / "place")
    request = place.request("verify", OLDER.version, action=Action.VERIFY)
    before = dumps.exact(place.database)
    succeed(place.run("verify", request))
    report = place.report("verify")
    assert report.verdict is Verdict.PASSED
    assert [o.outcome for o in report.outcomes] == [Outcome.REGISTERED] * 5
    assert dumps.exact(place.database) == before


def test_verify_passes_the_older_release_when_a_newer_one_has_come(
    fresh: Place, tmp_path: Path
) -> None:
    place = instances.copy(fresh, tmp_path / "place")
    request = place.request("verify-older", OLDER.version, action=Action.VERIFY)
    succeed(place.run("verify", request))
    assert place.report("verify-older").verdict is Verdict.PASSED


@pytest.fixture(scope="module")
def mended(newer: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Both releases, and another run `mended` after the broken file was copied again."""
    place = instances.copy(newer, tmp_path_factory.mktemp("mended"))
    h5ads = place.root / "cell-census" / NEWER.version / "h5ads"
    h5ads.mkdir(parents=True)
    for dataset in READABLE:
        name = f"{dataset.dataset_id}.h5ad"
        (h5ads / name).symlink_to(place.world.newer.h5ads / name)
    whole = files.make(BROKEN, NEWER, Genes(instances.REFERENCE))
    files.write(whole, h5ads / f"{BROKEN.dataset_id}.h5ad")
    soma = str(place.world.newer.soma)
    place.manifest(NEWER.version, storage=Storage(soma=soma, h5ads=str(h5ads)))
    succeed(place.ingest("mended", NEWER.version))
    return place


def test_a_mended_file_is_registered_and_joins_the_collections(mended: Place) -> None:
    assert outcomes(mended, "mended")[BROKEN.dataset_id] is Outcome.REGISTERED
    for name in ("cellxgene-census", BROKEN.collection.name):
        assert key(BROKEN, NEWER) in members(mended, NEWER)[name]
    assert members(mended, OLDER) == members_of_sample(OLDER)


def test_a_mended_release_passes(mended: Place) -> None:
    succeed(mended.run("verify", mended.root / "runs" / "mended" / "request.json"))
    assert mended.report("mended").verdict is Verdict.PASSED


def test_chains_continue_and_new_datasets_start_their_own(newer: Place) -> None:
    before, now = uids(newer, OLDER), uids(newer, NEWER)
    for dataset in READABLE:
        uid = now[key(dataset, NEWER)]
        if OLDER in dataset.versions:
            assert uid == before[key(dataset, OLDER)][:-4] + "0001", dataset.key
        else:
            assert uid.endswith("0000"), dataset.key
    assert len({uid[:-4] for uid in now.values()}) == len(READABLE)


def test_only_the_newest_of_a_chain_is_the_latest(newer: Place) -> None:
    statement = "select key, is_latest from lamindb_artifact where suffix = '.h5ad'"
    expected = {key(dataset, NEWER): 1 for dataset in READABLE}
    expected |= {key(d, OLDER): int(NEWER not in d.versions) for d in of_release(OLDER)}
    assert dict(query(newer, statement)) == expected


@pytest.mark.parametrize("release", [OLDER, NEWER], ids=lambda release: release.version)
def test_artifacts_say_what_the_files_hold(newer: Place, world: World, release: Release) -> None:
    place: WorldRelease = world.newer if release == NEWER else world.older
    statement = """
        select key, otype, description, n_observations, size, hash is not null
        from lamindb_artifact where version_tag = ? and suffix = '.h5ad'"""
    expected = set()
    for dataset in of_release(release):
        if dataset != BROKEN:
            file = place.h5ads / f"{dataset.dataset_id}.h5ad"
            cells = read_profile(str(file), []).n_observations
            size = file.stat().st_size
            expected.add((key(dataset, release), "AnnData", dataset.title, cells, size, 1))
    assert set(query(newer, statement, release.version)) == expected


def test_each_release_has_its_soma_store_in_one_chain(newer: Place) -> None:
    statement = "select version_tag, uid, otype from lamindb_artifact where key like '%/soma'"
    older, latest = sorted(query(newer, statement))
    assert (older[0], latest[0]) == (OLDER.version, NEWER.version)
    assert older[2] == latest[2] == "tiledbsoma"
    assert (older[1][-4:], latest[1]) == ("0000", older[1][:-4] + "0001")


def members(place: Place, release: Release) -> dict[str, set[str]]:
    """Key of each collection of the release -> keys of its members."""
    statement = """
        select c.key, a.key from lamindb_collection c
        join lamindb_collectionartifact l on l.collection_id = c.id
        join lamindb_artifact a on a.id = l.artifact_id where c.version_tag = ?"""
    found: dict[str, set[str]] = {}
    for collection, artifact in query(place, statement, release.version):
        found.setdefault(collection, set()).add(artifact)
    return found


@pytest.mark.parametrize("release", [OLDER, NEWER], ids=lambda release: release.version)
def test_collections_of_both_releases_stand_side_by_side(newer: Place, release: Release) -> None:
    assert members(newer, release) == members_of_sample(release)


def members_of_sample(release: Release) -> dict[str, set[str]]:
    """As `members`, of the files that aren't broken."""
    held = [dataset for dataset in of_release(release) if dataset != BROKEN]
    expected = {"cellxgene-census": {key(dataset, release) for dataset in held}}
    for collection in COLLECTIONS:
        own = {key(dataset, release) for dataset in held if dataset.collection == collection}
        expected[collection.name] = own
    return expected


def test_collections_have_chains_and_say_which_study_they_are_of(newer: Place) -> None:
    statement = "select key, uid, version_tag, reference, is_latest from lamindb_collection"
    rows = {(row[0], row[2]): row for row in query(newer, statement)}
    assert len(rows) == 8
    studies = {collection.name: collection.collection_id for collection in COLLECTIONS}
    for name in ("cellxgene-census", *studies):
        old, new = rows[name, OLDER.version], rows[name, NEWER.version]
        assert (old[1][-4:], new[1]) == ("0000", old[1][:-4] + "0001")
        assert old[3] == new[3] == studies.get(name)
        assert (old[4], new[4]) == (0, 1)


def test_the_newer_release_leaves_the_older_ones_rows_alone(
    fresh_older: Place, newer: Place
) -> None:
    before = dumps.natural(fresh_older.database, storage=fresh_older.storage)
    after = dumps.natural(newer.database, storage=newer.storage)
    lost = [
        (table, dict(row))
        for table, whose, row in dumps.differences(before, after)
        if whose == "ours"
    ]
    for table, row in lost:
        assert row["is_latest"] == 1, table  # another revision is the latest now
    assert {table for table, _ in lost} == {"lamindb_artifact", "lamindb_collection"}


def test_values_of_several_terms_are_linked_term_by_term(newer: Place) -> None:
    diseases = labels(newer, by_key("D02"), "disease", "disease_ontology_term_id")
    assert diseases == {
        "MONDO:0005002", "MONDO:0005044", "MONDO:0005148", "MONDO:0100096", "PATO:0000461",
    }  # fmt: skip
    column = "self_reported_ethnicity_ontology_term_id"
    assert labels(newer, by_key("D03"), "ethnicity", column) == {
        "AfPO:0000105", "HANCESTRO:0021", "HANCESTRO:0383", "HANCESTRO:0568", "HANCESTRO:0590",
    }  # fmt: skip


def test_categories_that_no_cell_uses_are_not_linked(newer: Place) -> None:
    used = labels(newer, by_key("D04"), "celltype", "cell_type_ontology_term_id")
    assert used == {"unknown", "CL:0000084", "CL:0000236"}


def test_a_tissue_may_be_a_cell_type_or_a_cell_line(newer: Place) -> None:
    column = "tissue_ontology_term_id"
    assert labels(newer, by_key("D09"), "tissue", column) == {"UBERON:0002097"}
    assert labels(newer, by_key("D09"), "celltype", column) == {"CL:0000057", "CL:0000312"}
    assert labels(newer, by_key("D08"), "tissue", column) == {"UBERON:0002048"}
    assert labels(newer, by_key("D08"), "cellline", column) == {"CVCL_0004", "CVCL_0023"}


def test_genes_are_linked_to_every_artifact_also_spike_ins_and_of_other_organisms(
    newer: Place,
) -> None:
    statement = """
        select o.ontology_id, count(*) from bionty_artifactgene l
        join bionty_gene g on g.id = l.gene_id join bionty_organism o on o.id = g.organism_id
        join lamindb_artifact a on a.id = l.artifact_id where a.key = ? group by 1"""
    genes: dict[str, dict[str, int]] = {
        d.key: dict(query(newer, statement, key(d, NEWER))) for d in READABLE
    }
    assert genes["D10"]["NCBITaxon:32630"] == 20
    assert set(genes["D10"]) == {"NCBITaxon:9606", "NCBITaxon:32630"}
    assert set(genes["D07"]) == {"NCBITaxon:9544"}
    assert set(genes["D05"]) == {"NCBITaxon:10090"}


@pytest.fixture(scope="module")
def sources() -> dict[tuple[str, str], Callable[[], Mapping[str, Term]]]:
    """The terms of each ontology at its pin, by the name and version of its source; read when they
    are asked for: all organisms' take a minute.
    """
    found: dict[tuple[str, str], Callable[[], Mapping[str, Term]]] = {}
    for version in (OLDER.dataset_schema_version, NEWER.dataset_schema_version):
        reference = Reference(rules.load(version), from_environment().reference)
        for name, ontology in reference.rules.ontologies.items():
            if ontology.source and not ontology.by_form:
                pin = reference.pin(name).removeprefix("v")
                found[ontology.source, pin] = partial(reference.terms, name)
    return found


@pytest.mark.parametrize(
    ("registry", "least"),
    [
        ("celltype", 60),
        ("tissue", 60),
        ("disease", 40),
        ("developmentalstage", 20),
        ("ethnicity", 9),
        ("experimentalfactor", 10),
    ],
)
def test_every_term_has_all_the_parents_that_its_source_has(
    newer: Place,
    sources: dict[tuple[str, str], Callable[[], Mapping[str, Term]]],
    registry: str,
    least: int,
) -> None:
    """But "normal" among diseases, which LaminDB has there alone, as a phenotype."""
    parents: dict[str, set[str]] = {"PATO:0000461": {"PATO:0000068"}}
    statement = f"""
        select child.ontology_id, parent.ontology_id from bionty_{registry}_parents l
        join bionty_{registry} child on child.id = l.from_{registry}_id
        join bionty_{registry} parent on parent.id = l.to_{registry}_id"""
    for child, parent in query(newer, statement):
        parents.setdefault(child, set()).add(parent)
    statement = f"""
        select t.ontology_id, s.name, s.version from bionty_{registry} t
        join bionty_source s on s.id = t.source_id where t.branch_id = 1"""
    held = query(newer, statement)
    for term_id, *source in held:
        term = sources[tuple(source)]()[term_id]
        assert parents.get(term_id, set()) == set(term.parents), term_id
    assert len(held) > least


def test_again_says_nothing_to_do_and_changes_no_row(newer: Place) -> None:
    before = dumps.exact(newer.database)
    journal = newer.journal("newer").lines
    done = succeed(newer.run("ingest", newer.root / "runs" / "newer" / "request.json"))
    assert "newer: ended before; nothing to do" in done.stderr
    assert dumps.exact(newer.database) == before
    assert newer.journal("newer").lines == journal


def test_another_run_of_the_same_release_changes_no_row(newer: Place) -> None:
    before = dumps.exact(newer.database)
    succeed(newer.ingest("newer-again", NEWER.version))
    assert dumps.exact(newer.database) == before
    assert outcomes(newer, "newer-again") == outcomes(newer, "newer")


@pytest.mark.prove
def test_where_batches_end_makes_no_difference(
    fresh_older: Place, newer: Place, tmp_path: Path
) -> None:
    place = instances.copy(fresh_older, tmp_path / "place")
    request = place.request("batches", NEWER.version)
    small = (
        "from runners import __main__; from runners.ingest import steps; "
        "steps.BATCH = 2; __main__.main()"
    )
    succeed(place.script("-c", small, *place.arguments("ingest", request)))
    one, many = (dumps.natural(p.database, storage=p.storage) for p in (newer, place))
    assert dumps.differences(one, many) == []


@pytest.fixture(scope="module")
def part(older: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A run `part` of the first two of three datasets, in another storage, which lacks a file."""
    place = instances.copy(older, tmp_path_factory.mktemp("part"))
    h5ads = place.root / "cell-census" / NEWER.version / "h5ads"
    h5ads.mkdir(parents=True)
    for name in PART[1:]:
        (h5ads / f"{name}.h5ad").symlink_to(place.world.newer.h5ads / f"{name}.h5ad")
    soma = str(place.world.newer.soma)
    place.manifest(NEWER.version, storage=Storage(soma=soma, h5ads=str(h5ads)))
    succeed(place.ingest("part", NEWER.version, only=PART, limit=2))
    return place


def test_a_part_of_a_release_makes_no_collections(part: Place) -> None:
    assert sorted(outcomes(part, "part")) == PART[:2]
    assert members(part, NEWER) == {}
    assert query(part, "select 1 from lamindb_artifact where key like '%07-15/soma'") == []


def test_a_file_that_is_not_there_is_missing_and_the_rest_goes_on(part: Place) -> None:
    found = outcomes(part, "part")
    assert found[PART[0]] is Outcome.MISSING
    assert found[PART[1]] in {Outcome.REVISED, Outcome.UNCHANGED}
    assert len(uids(part, NEWER)) == 1


def test_what_is_accepted_of_the_rest_of_a_release_holds_where_a_part_is_verified(
    part: Place, tmp_path: Path
) -> None:
    place = instances.copy(part, tmp_path / "place")
    one, other = (
        AcceptedException(dataset_id=name, reason=Reason.FILE_MISSING, until=date(2100, 1, 1))
        for name in (PART[0], PART[2])
    )
    place.manifest(NEWER.version, accepted=(one, other))
    request = place.request("look", NEWER.version, action=Action.VERIFY, only=PART, limit=2)
    succeed(place.run("verify", request))
    (use,) = place.report("look").exceptions
    assert (use.exception, use.state) == (one, ExceptionState.USED)


def test_a_part_is_verified_without_what_only_a_whole_release_is_compared_with(
    part: Place, tmp_path: Path
) -> None:
    """The store of the release before may be deleted by then."""
    place = instances.copy(part, tmp_path / "place")
    place.manifest(OLDER.version, storage=Storage(soma="/nowhere/soma", h5ads="/nowhere/h5ads"))
    request = place.request("look", NEWER.version, action=Action.VERIFY, only=PART[1:2])
    succeed(place.run("verify", request))
    report = place.report("look")
    assert report.verdict is Verdict.PASSED
    assert (report.previous, report.withdrawn) == (None, ())


def test_a_chain_continues_across_storages(part: Place) -> None:
    [(name, uid)] = uids(part, NEWER).items()
    before = uids(part, OLDER)[name.replace(NEWER.version, OLDER.version)]
    assert uid == before[:-4] + "0001"
    roots = query(part, "select root from lamindb_storage where root = ?", str(part.root))
    assert roots == [(str(part.root),)]


def test_nothing_of_the_run_is_lost_in_its_journal(newer: Place) -> None:
    record = newer.journal("newer")
    ids = {dataset.dataset_id for dataset in of_release(NEWER)}
    assert set(record.datasets("read")) == set(record.datasets("written")) == ids
    assert record.first("end") is not None
    for line in record.datasets("written").values():
        fields = {name: line[name] for name in ("dataset_id", "outcome", "reasons", "notes")}
        DatasetOutcome.from_mapping({**fields, "title": ""}, source="journal")

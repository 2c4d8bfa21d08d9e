"""What is found, made and told of a release among records that could be taken for its own: of
another type or organism, out of sight, of the same name (see `odd_records`). And what its
transactions leave in the journal, by which they can be taken back.
"""

import json
from itertools import pairwise
from typing import Any

import instances
import pytest
from instances import Place, succeed

from runners.records.snapshot import SOMA
from runners.records.transaction_log import SOURCES, Part, TransactionRecord, expanded
from runners.run.journal import COMMITTED, RECORDED
from runners.sample.datasets import NEWER, OLDER

HUMAN, MOUSE = "NCBITaxon:9606", "NCBITaxon:10090"
LATER, LAST, NEXT = "2021-01-15", "2021-02-15", "2021-03-15"
FOUR = [OLDER.version, NEWER.version, LATER, LAST]
ALL_BACK = [[1, False], [1, False], [1, True]]
IN_THE_WAY = "registered_otherwise: artifact uid is /{}.h5ad already"
GIVE_IT = f"give it the version {LATER} or delete it for good, and do this dataset again."
ANSWERS: dict[str, Any] = {
    # its type, which has none itself; found again; all labels of that name
    "label_of_its_type": ["SuspensionType", None, True, 3],
    "label_of_the_oldest": 1,  # 0 is in the trash
    # is hers, and the type of its type: when it was made and when found; types of that name
    "label_of_two_types_of_a_name": [[[False, None]] * 2, 2],
    "genes_of_their_organism": [
        {HUMAN: ["ENSG00"], MOUSE: ["ENSMUS"]},
        [["hers", MOUSE, 1], ["hidden", MOUSE, 1]],  # as they were, and in sight
        True,
        True,
        0,  # one stands under another organism, and one is in the trash
    ],
    "adopted_by_name": [[None, "X:1", None], "X:2", 1, 2],
    # whether its parents are the ontology's; all that is above is there, in the same records
    "adopted_with_what_is_above": [
        {
            **dict.fromkeys(("CL:0000171", "CL:0000101", "CL:0000746", "CL:0000775"), True),
            "CL:0000561": False,
            "CL:0000187": True,
        },
        *[True, True],
    ],
    # members, the hash is theirs, they are all, and the release: first of one file, then of three
    "hash_of_a_completed_collection": [
        *([count, True, False, LATER] for count in (1, 2)),
        *[[3, True, True, LATER]] * 2,
    ],
    "hash_after_a_person_s_removals": [[n, True] for n in (3, 1, 3, 2, 3)],
    "hash_that_another_has": [[LATER, False, True], [LAST, True, False]],
    # one chain, three uids, and the last release is the latest
    "collections_in_any_order": [[1, 3, [[LATER, False], [LAST, False], [NEXT, True]]]],
    "names_of_two_studies": [  # with their descriptions
        ["Empty", None],
        ["Hers (id of Hers)", None],
        ["Odd", "10.1/odd"],
        ["Odd (2)", None],
    ],
    "names_that_are_too_long": [
        *[[255, "n" * 15], [255, f"{'l' * 14}…"], [255, f"{'l' * 7}… (id 2)"]] * 2,
        *[[255, "n" * 15], [255, f"{'l' * 14}…"], [255, f"{'l' * 14}…"]],
    ],
    # branch and number of files: hers, the hidden one, the one in sight
    "two_of_a_release": [[1, 1], [-1, 1], [1, 2]],
    "revised_with_a_schema": [True, False],
    "statements_of_studies": [7, 0],  # more: one for each of seven more studies, then none
    "studies_of_datasets": [["id of a", ["1", "2"]], ["id of b", ["0", "3"]]],
    "collection_of_everything": [
        [True, False, True],  # of the release before; before and after it is made
        [True, True, False],  # the same chain; which is the latest
        [None, None, None],
        True,
        False,  # none of a person's chain
    ],
    "given_back": [
        [  # asked of five releases: what is misplaced; then by name, after each release's are back
            [
                {"first": FOUR[:3], "second": [FOUR[0], LATER], "third": [FOUR[0]]},
                {"every": FOUR[1:3], "first": FOUR[:3]},
                {"every": FOUR[1:3], "first": FOUR[:3], "second": [FOUR[0], LATER]},
                {},
                {"third": [FOUR[0]]},
            ],
            [["second", "third"], [], ["second"], [], ["third"]],
            [["third"], [], [], [], ["third"]],
            [[], [], [], [], []],
        ],
        [  # chains; then release, latest, whose files, how many, and whether the hash is theirs
            [
                1,
                *([release, False, [release], 2, True] for release in FOUR[:3]),
                [LAST, True, ["1", LAST], 3, False],
                [["id of Odd", "CELLxGENE Collection ID", "10.1/odd"]],
            ],
            [
                1,
                [FOUR[0], False, [FOUR[0]], 2, True],
                [LATER, True, [LATER], 2, True],
                [["id of Odd too", "CELLxGENE Collection ID", "10.1/odd"]],
            ],
            [
                1,
                [FOUR[0], True, [FOUR[0]], 3, False],
                [["id of Odd again", "CELLxGENE Collection ID", "10.1/odd"]],
            ],
        ],
    ],
    "one_of_a_release_for_a_dataset": [
        [True, True, True],
        [LATER, None],  # another release's of that address; none
        [5, [], 0],  # of the dataset, of one that isn't there, of no dataset
        True,
    ],
    "files_of_virtual_keys": [True, True],  # h5ads, stores
    "file_in_its_chain": [
        [True, True],
        [True, False],
        [LATER, "Odd", 5, 3, "md5-etag", None, "AnnData"],
    ],
    "file_of_a_person": [  # whether it is taken over; version, description, observations
        [
            [True, [LATER, "Odd", 5]],
            [True, [LATER, "hers", 7]],
            [False, ["hers", None, None]],
            *[[False, [None, None, None]]] * 4,
        ],
        2,
    ],
    "storages_of_addresses": [
        [
            *([root, "local", None, None] for root in ("/odd/folder", "/odd/folder-west")),
            *(
                [root, "s3", "us-west-2", None]
                for root in ("s3://odd-bucket", "s3://odd-bucket-west")
            ),
        ],
        True,
        "/a",
        "/a/b: has no folder cell-census; correct the field storage.h5ads of the manifest.",
    ],
    "stores_of_releases": [
        [[[OLDER.version, SOMA, -1, False], [NEWER.version, SOMA, 1, True]]] * 3,
        [  # hers has the place of the older one, which is made beside it
            [OLDER.version, SOMA, 1, False, f"Census {OLDER.version}"],
            ["hers", SOMA, 1, False, f"Census {OLDER.version}"],
            [NEWER.version, SOMA, 1, True, f"Census {NEWER.version}"],
        ],
        1,
        None,
        SOMA,
    ],
    # before and behind the releases asked for
    "stores_on_both_sides": [
        ["2019-01-15", NEWER.version],
        [NEWER.version, "2021-05-15"],
        [LATER, "2021-05-15"],
        [NEWER.version, "2021-05-15"],  # LATER's is in the trash
        [NEWER.version, "2021-05-15"],
        [LATER, "2021-05-15"],  # as are all before
    ],
    "one_of_a_key_whose_file_lies_elsewhere": [
        [["hers", "md5", True], ["ours", "md5", True]],
        2,
    ],
    "file_that_comes_late": [[True, False], [False, True], True],
    "statements_of_a_batch": [True, True, []],
    "genes_up_to_the_limit": True,
    "references_of_studies": [
        5,  # three, and the two of studies that share a new one
        [True, True, False],
        [
            *("Odd", "https://cellxgene.cziscience.com/collections/2", None),
            *("its text", "2020-02-03"),
        ],
        1,
    ],
    "reference_by_any_form_of_its_doi": [[*[True] * 5, "Ours", "Hers 0"], ["10.8/odd"]],
    # of what is held of an artifact its row, its links and its flag are the same; another's all
    "digests_of_an_earlier_release": [
        {
            "link": [[True, False, True], True],
            "exchange": [[True, False, True], True],
            "value": [[False, True, True], True],
            "flag": [[True, True, False], True],
            "nothing": [[True, True, True], True],
        },
        [[], [OLDER.version]],
        [OLDER.version],
    ],
    "labels_of_a_snapshot": [True, [["suspension_type", "odd"]], 0],
    "rows_of_any_table": [True] * 5,
    # whether it knows its flag; branch and flag of all three, whichever has come back
    "put_into_the_trash": [[1, True]],
    "brought_back": [
        [
            [False, ALL_BACK],
            [False, ALL_BACK],
            [True, ALL_BACK],
            [False, [[1, False], [1, True], [-1, False]]],
            [True, [[1, True], [1, True], [1, False]]],  # as they were
        ],
        True,
    ],
    "newest_by_its_moment": [True, False],
    # which in sight, then the values found: of those, of only hidden ones, of one in sight and not
    "first_in_sight": [
        *(1, 0, 1, None, 0),
        *([0, 1, 2], ["odd"], [0], ["odd"], [0], ["odd"], [1], ["odd"]),
    ],
    "told_of_what_is_hidden": [
        [[0], [1, 2, 3, 4, 5, 6, 7]],
        [
            "brought from trash to main: ULabel odd 1, odd 2, odd 3, odd 4, odd 5",
            "brought from trash to main: ULabel odd 6, odd 7",
            "brought from trash to main: Schema itsUid",
        ],
        ["0, 1, 2, 3, 4", "0, 1, 2, 3, 4 and 1 more"],
    ],
    "branch_to_write_on": [
        "",
        "instance a/b: the branch lab is current here, whose records others don't see; run "
        "`lamin switch main` first.",
    ],
    "of_the_connection": [False, False, "error"],
    "release_among_hidden_records": [
        [True, True],
        True,
        [True, True],
        [False, True],
        True,
        [None, False],
    ],
    "transform_of_its_code": [[True, True, 1], True],
    "parents_among_odd_records": [["X:child", "X:top"], [["X:child", 1]]],
    "organism_by_its_names": [
        [2, "X:1", True, None],  # 1 is in the trash
        [[None, 1], [None, -1], ["X:1", 1], [None, 1]],
        ["given their ids: Organism X:1"],
        "instance: Organism NCBITaxon:10090 (uid) stands where X:3 must; correct its ontology_id, "
        "or its names.",
    ],
    "term_of_a_uid": [
        [["X:1", "odd cell 0"], ["X:other", "odd cell 1"], [None, "odd cell 2"]],
        ["given their ids: CellType X:1"],
        "instance: CellType X:other (uid) stands where X:2 must; correct its ontology_id, or its "
        "names.",
    ],
    "order_of_a_snapshot": [True, True, True],
    "all_of_a_snapshot": [
        [True, True, True],
        [True, 1, [OLDER.version]],
        [".h5ad"],
        True,
        [["obs", "uns", "var"], True],
        [""],  # the term without an id
        [True, []],  # no organisms, no term that nothing of the release is linked to
        *[True] * 4,
    ],
    "written_while_reading": ["odd", "after"],
    "rows_of_a_batch": [
        [["registered", "failed"]] * 2,
        [[["nucleus", "suspension_type"]], []],
        [
            [[f"cell-census/{LATER}/h5ads/good.h5ad", slot] for slot in ("obs", "uns", "var")],
            True,
        ],
        ["AnnData", None],
        1,
        ["good", "wrong"],
    ],
    "file_that_was_replaced": [
        ["fine.h5ad", "hers.h5ad", "moved.h5ad"],  # are as they were
        True,
        [1, 0],  # statements
        [True] * 6,
    ],
    "outcomes_after_a_release_with_gaps": [  # with a previous release, and without
        {"both": "unchanged", "older": "revised", "none": "registered", "other": "revised"},
        {"both": "revised", "older": "revised", "none": "registered", "other": "revised"},
    ],
    # Run and space of a collection and an artifact: of two tracked runs, and of one that isn't
    "records_of_a_run": [
        [*[["odd", True]] * 2, *[["other", False]] * 2, *[[None, False]] * 2],
        [["odd", 0, True], ["other", 2, True]],
        True,
        [
            True,
            "python -m runners ingest",
            True,
            ["commit", "manifest", "request", "versions", "workflow"],
        ],
        "request odd: field space: anonymous/demo has no space 'no'; name one of Atlas, all.",
    ],
    "journal_that_a_run_goes_on_with": [
        "run one: its journal is short: it lacks transactions that the instance holds (1)",
        None,
    ],
    "runs_without_a_folder": [["two", "three"], True],
    # of everything, of the study, and of the other one
    "collections_of_a_part": [[], [[1, True]] * 2, [[3, True], [2, True], [1, True]]],
    "recorded_transactions": [
        [
            [RECORDED, 1],
            *[[step, number] for number in (2, 3, 4) for step in (RECORDED, COMMITTED)],
        ],
        *(True, 1, [2, 3, 4]),
        ["kept one", "kept two"],
    ],
    # each is of three releases: a row that stood and two new ones; two links of each of the latter
    "given_back_and_taken_back": [[2 * 3, 2 * 2 * 2], True],
    "source_out_of_sight": [True, 1, 1],
    "address_of_a_version": ["https://odd-2/2024-05-06/odd.owl", None],
    "schema_out_of_sight": [True, [1]],
    "feature_of_another_kind": [
        *("", {}),
        "instance: feature tissue_type (uid) is a type of features; rename it, or give it a type "
        "of its own, so that the schema's can be made.",
        {"tissue_type": "is a type of features"},
        "instance: feature tissue_type (uid) is float, and not cat[ULabel]; rename it, or give it "
        "a type of its own, so that the schema's can be made.",
        {"tissue_type": "is float, and not cat[ULabel]"},
    ],
    "feature_there_twice": [{}, {}],
    "genes_in_several_statements": True,
    "kept_of_runs": [  # runs of both releases, then openings and numbers of each; twice
        [["one", "two"], ["elsewhere", "newer"]],
        [["one", [1, 2]], ["two", [1, 2]], ["elsewhere", [1, 2]]],
        [["two"], ["elsewhere", "newer"]],
        [[None, []], ["two", [1, 2]], ["elsewhere", [1, 2]]],
        2,  # of somebody else
        "instance: what it keeps of transaction 2 of run two (a row of lamindb_jsonvalue) was "
        "changed; restore that row.",
    ],
    "rows_in_several_statements": [[f"odd {n}" for n in range(5)], ["odd"], True, 0],
    # of the second; of the first two; of the last and the first; of the third and the first
    "later_revisions_of_ours": [*[[["r2", "k2"], ["r3", "k3"]]] * 2, [], [["r3", "k3"]], []],
    "genes_made_in_bulk": [True, "lamindb 2.13.0"],
    # the same row, still current; its table: a file of such a name, kind and nobody's run
    "source_of_no_use": [
        [True, True, None],
        *[[True, True, [True, "__lamindb_run__", None]]] * 2,
    ],
    "source_of_genes": [["ensembl", "mouse", True, "bionty.Gene"], True],
    "digests_of_all_links": [True, True, True, True, False],  # the last of no change
    "digests_of_what_all_share": [
        *(True, ["current source", "feature", "schema", "storage"]),
        [OLDER.version],
    ],
    "counted_records": {
        "artifacts": 1,
        "collections": 0,
        "genes": 1,
        "references": 1,
        "sources": 1,
        "links": 4,
        "terms": 2,
    },
    "told_of_a_run_s_release": [[OLDER.version], [NEWER.version], True, {}, 2, True],
    "file_that_a_person_has_registered": [
        [
            ["failed", f"{IN_THE_WAY.format('other')}, of version hers; {GIVE_IT}"],
            [
                "failed",
                "gene_unknown: None",
                f"{IN_THE_WAY.format('hidden')}, of no version; {GIVE_IT}",
            ],
            ["registered"],
        ],
        [f"cell-census/{LATER}/h5ads/free.h5ad"],
    ],
    "slots_that_some_lack": [["obs", "uns", "var"]] * 2,
    "genes_of_two_organisms": [0, 4],  # links, of four genes: where three are annotated, and four
    "study_that_has_lost_its_doi": ["10.1/odd", None],
    "terms_of_one_name": [["X:1"], "X:1"],
    "organism_of_an_unknown_code": [True, [["ODD", "ODD"]], MOUSE],
    "storages_by_their_roots": [
        ["/odd/within/it", "/odd/within", "s3://odd/a", "/odd"],
        ["/odd", "/odd/within", "/odd/within/it", "/odd", None],
    ],
    "store_of_a_run": ["odd", True],
    "lock_that_is_lost": ["", "instance: its lock isn't held any more; run it again: it goes on."],
    "tables_to_itself": [True, True, False],
    "rows_that_a_lab_s_tables_point_to": [
        [["her table", None, True], ["hers", None, True]],
        [["hers", None, True]],
    ],
}


@pytest.fixture(scope="module")
def answers(fresh: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = instances.copy(fresh, tmp_path_factory.mktemp("odd") / "place")
    done = succeed(instances.connected(place, "import odd_records; odd_records.tell()"))
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.parametrize("question", ANSWERS)
def test_the_right_record_is_taken(answers: dict[str, Any], question: str) -> None:
    assert answers[question] == ANSWERS[question]


def test_every_question_has_its_answer(answers: dict[str, Any]) -> None:
    assert answers.keys() == ANSWERS.keys()


@pytest.fixture(scope="module")
def recordings(fresh: Place) -> list[TransactionRecord]:
    """Those of the newer release's run."""
    lines = fresh.journal("newer").all(RECORDED)
    facts = ({k: v for k, v in line.items() if k not in ("at", "step")} for line in lines)
    return [TransactionRecord.from_mapping(fact, source="journal") for fact in facts]


def test_each_transaction_stands_in_the_journal_before_and_after_its_commit(fresh: Place) -> None:
    lines = fresh.journal("newer").lines
    found = [(line["step"], line["number"]) for line in lines if "number" in line]
    numbers = range(1, len(found) // 2 + 1)
    assert found == [(step, number) for number in numbers for step in (RECORDED, COMMITTED)]
    assert len(found) > 2 * len(Part)


def test_each_recording_tells_its_rows_as_they_were_written(
    recordings: list[TransactionRecord],
) -> None:
    assert {recording.part for recording in recordings} == set(Part) - {Part.DEFINITIONS}
    for recording in recordings:
        for table, inserted in recording.inserted.items():
            is_told = recording.part is not Part.VOCABULARY or table == SOURCES
            count = len(expanded(inserted.ids))
            assert len(inserted.digests) in ((1, count) if is_told else (0,)), table
        assert recording.is_kept


def test_the_height_grows_by_each_row_of_whatever_table(
    recordings: list[TransactionRecord],
) -> None:
    for recording, following in pairwise(recordings):
        count = sum(len(expanded(inserted.ids)) for inserted in recording.inserted.values())
        assert (following.height or 0) - (recording.height or 0) >= count > 0


def test_a_witness_is_a_row_of_the_transaction(recordings: list[TransactionRecord]) -> None:
    for recording in recordings:
        if recording.part not in (Part.VOCABULARY, Part.DEFINITIONS):
            assert recording.witness is not None
            own = recording.inserted[recording.witness.table]
            assert recording.witness.id in expanded(own.ids)


def test_only_what_differs_is_recorded_as_changed(recordings: list[TransactionRecord]) -> None:
    changes = [
        change
        for recording in recordings
        for rows in recording.changed.values()
        for columns in rows.values()
        for change in columns.values()
    ]
    assert changes
    assert all(change.old != change.new for change in changes)


def test_the_newer_release_takes_the_latest_flags_and_nothing_else(
    recordings: list[TransactionRecord],
) -> None:
    changed = {
        (recording.part, table, column)
        for recording in recordings
        if recording.part is not Part.VOCABULARY
        for table, rows in recording.changed.items()
        for columns in rows.values()
        for column in columns
    }
    assert changed == {
        (Part.DATASETS, "lamindb_artifact", "is_latest"),
        (Part.COLLECTIONS, "lamindb_collection", "is_latest"),
        (Part.STORE, "lamindb_artifact", "is_latest"),
    }

"""A journal and what the instance keeps of the same run: what either lacks is added or named."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runners.contract import Action, ContractError, RunRequest
from runners.records.baseline import BASELINE, Baseline, store_baseline, stored_baseline
from runners.records.proof import KeptRun, KeptTransaction, Opening, kept, require_unchanged
from runners.records.transaction_log import Inserted, Part, TransactionRecord, ValueChange
from runners.run.completion import complete, first_kept, is_forgotten, recordings, shortage
from runners.run.journal import COMMITTED, RECORDED, START, Journal

REQUEST = RunRequest(
    run_id="run", action=Action.INGEST, release="2026-01-01", manifest="m.toml", instance="a/b"
)
HELD = Baseline(releases={"2025-01-01": {}}, shared={})
BEGUN = "2026-01-02T00:00:00.000+00:00"


def record(number: int, *, is_kept: bool = True) -> TransactionRecord:
    return TransactionRecord(
        number=number,
        part=Part.DATASETS,
        inserted={"lamindb_artifact": Inserted(ids=f"{number}", digests=("0123",))},
        changed={"lamindb_artifact": {number: {"is_latest": ValueChange(old=True, new=False)}}},
        is_kept=is_kept,
    )


def kept_run(*numbers: int, since: int = 1, **start: Any) -> KeptRun:
    first = {"at": BEGUN, "counts": {"artifacts": 0}, "chosen": ["d-1"], **start}
    opening = Opening(request=REQUEST, start=first, holdings=HELD, since=since)
    return KeptRun(opening, {number: kept(record(number), BEGUN) for number in numbers})


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "run" / "journal.jsonl")


def write(journal: Journal, *numbers: int, committed: int = 0, **fields: Any) -> None:
    """A journal that knows these transactions, and of so many that they were committed."""
    journal.write(START, at=BEGUN, counts={"artifacts": 0}, chosen=["d-1"], is_kept=True)
    for number in numbers:
        journal.write(RECORDED, **record(number, **fields).model_dump(mode="json"))
    for number in numbers[:committed]:
        journal.write(COMMITTED, number=number)


def test_a_journal_that_is_lost_is_made_anew(journal: Journal, tmp_path: Path) -> None:
    run = kept_run(1, 3)
    folder = tmp_path / "run"
    assert complete(folder, journal, REQUEST, run) == (
        "run run: its journal is short: it lacks transactions that the instance holds (1, 3)"
    )
    start = journal.first(START)
    assert start == {"step": START, **(run.opening.start if run.opening else {})}
    assert recordings(journal) == {1: record(1), 3: record(3)}
    assert [line["number"] for line in journal.all(COMMITTED)] == [1, 3]
    assert stored_baseline(folder) == HELD
    before = list(journal.lines)
    assert complete(folder, journal, REQUEST, run) is None
    assert journal.lines == before


def test_what_was_committed_and_not_yet_journalled_as_such_is_no_shortage(
    journal: Journal, tmp_path: Path
) -> None:
    write(journal, 1, 2, committed=1)
    (tmp_path / "run" / BASELINE).write_text(HELD.model_dump_json())
    assert complete(tmp_path / "run", journal, REQUEST, kept_run(1, 2)) is None
    assert [line["number"] for line in journal.all(COMMITTED)] == [1, 2]


def test_what_was_never_committed_stays_so(journal: Journal, tmp_path: Path) -> None:
    write(journal, 1, 2, committed=1)
    complete(tmp_path / "run", journal, REQUEST, kept_run(1))
    assert [line["number"] for line in journal.all(COMMITTED)] == [1]


def test_without_anything_kept_nothing_is_added(journal: Journal, tmp_path: Path) -> None:
    assert complete(tmp_path / "run", journal, REQUEST, KeptRun()) is None
    assert journal.lines == []
    assert shortage("run", []) is None


@pytest.mark.parametrize(
    ("numbers", "fields", "run", "said"),
    [
        ((1, 2), {"committed": 2}, kept_run(1), r"has transactions \(2\) that the instance holds"),
        ((1, 2), {"committed": 2}, KeptRun(), r"transactions \(1, 2\) that the instance holds no"),
        (
            (1,),
            {},
            kept_run(1, at="2026-01-03"),
            "another run of this name wrote .begun",
        ),
        ((3,), {}, kept_run(3, since=3), r"lacks transactions \(1, 2\) that were made before"),
        (
            (1,),
            {},
            KeptRun(kept_run().opening, {1: kept(record(2), BEGUN)}),
            "transaction 1 is another in its journal than in the instance",
        ),
    ],
)
def test_what_neither_has_whole_is_named(
    journal: Journal,
    tmp_path: Path,
    numbers: tuple[int, ...],
    fields: dict[str, Any],
    run: KeptRun,
    said: str,
) -> None:
    write(journal, *numbers, **fields)
    before = list(journal.lines)
    with pytest.raises(ContractError, match=said):
        complete(tmp_path / "run", journal, REQUEST, run)
    assert journal.lines == before


def test_another_request_of_the_same_name_is_another_run(journal: Journal, tmp_path: Path) -> None:
    other = REQUEST.model_copy(update={"only": ("d-2",)})
    with pytest.raises(ContractError, match="field run_id: the instance holds what another run"):
        complete(tmp_path / "run", journal, other, kept_run(1))


def test_what_older_code_wrote_is_in_the_journal_alone(journal: Journal, tmp_path: Path) -> None:
    write(journal, 1, 2, committed=2, is_kept=False)
    assert complete(tmp_path / "run", journal, REQUEST, KeptRun()) is None
    assert not is_forgotten(journal, KeptRun())
    assert complete(tmp_path / "run", journal, REQUEST, kept_run(3, since=3)) is not None


@pytest.mark.parametrize("unkept", [(), (1, 2)], ids=["from the first on", "after older code"])
def test_attempts_that_were_not_committed_are_not_missed_once_the_journal_is_lost(
    tmp_path: Path, unkept: tuple[int, ...]
) -> None:
    attempts = [len(unkept) + 1, len(unkept) + 2]
    journal = Journal(tmp_path / "first" / "journal.jsonl")
    write(journal, *unkept, committed=len(unkept), is_kept=False)
    for number in attempts:
        journal.write(RECORDED, **record(number).model_dump(mode="json"))
    since = first_kept(journal)
    other = Journal(tmp_path / "run" / "journal.jsonl")
    for line in journal.lines[: 1 + 2 * len(unkept)]:
        other.write(**line)
    assert complete(tmp_path / "run", other, REQUEST, kept_run(attempts[1], since=since))
    assert [line["number"] for line in other.all(COMMITTED)] == [*unkept, attempts[1]]


def test_what_was_kept_once_and_is_no_more_was_taken_back(journal: Journal) -> None:
    write(journal, 1, committed=1)
    assert is_forgotten(journal, KeptRun())
    assert not is_forgotten(journal, kept_run(1))


def test_a_record_that_was_changed_is_not_believed() -> None:
    whole = kept(record(1), BEGUN)
    require_unchanged("run", KeptTransaction.from_json(whole.to_json(), source="instance"))
    other = whole.model_copy(update={"record": record(1).model_copy(update={"number": 2})})
    with pytest.raises(
        ContractError, match=r"keeps of transaction 1 of run run \(a row of lamindb_js"
    ):
        require_unchanged("run", other)


def by_length(fields: Any) -> Any:
    """As PostgreSQL's jsonb gives it back: https://www.postgresql.org/docs/current/datatype-json.html"""
    if isinstance(fields, dict):
        in_order = sorted(fields.items(), key=lambda field: (len(field[0]), field[0]))
        return {name: by_length(value) for name, value in in_order}
    return [by_length(value) for value in fields] if isinstance(fields, list) else fields


def turned(fields: Any) -> Any:
    """In the opposite order of names."""
    if isinstance(fields, dict):
        return {name: turned(value) for name, value in reversed(fields.items())}
    return [turned(value) for value in fields] if isinstance(fields, list) else fields


@pytest.mark.parametrize("ordered", [by_length, turned])
def test_a_record_is_believed_in_whichever_order_the_database_gives_its_fields(
    ordered: Callable[[Any], Any], journal: Journal, tmp_path: Path
) -> None:
    change = ValueChange(old="x", new={"type": "y", "key": "z"})
    written = record(1).model_copy(
        update={
            "inserted": {
                table: Inserted(ids="1-2", digests=("0123", "4567"))
                for table in ("lamindb_storage", "lamindb_artifact", "bionty_gene")
            },
            "changed": {
                table: {key: {"uid": change, "description": change} for key in (12, 2)}
                for table in ("lamindb_artifact", "bionty_source")
            },
        }
    )
    told = json.loads(kept(written, BEGUN).to_json())
    found = KeptTransaction.from_json(json.dumps(ordered(told)), source="instance")
    assert list(found.record.inserted) != list(written.inserted)
    require_unchanged("run", found)
    write(journal)
    journal.write(RECORDED, **written.model_dump(mode="json"))
    journal.write(COMMITTED, number=1)
    run = replace(kept_run(), transactions={1: found})
    assert complete(tmp_path / "run", journal, REQUEST, run) is None


@pytest.mark.parametrize(
    "change",
    [
        {"part": Part.VOCABULARY},
        {"inserted": {"lamindb_artifact": Inserted(ids="1", digests=("4567",))}},
        {"inserted": {"lamindb_storage": Inserted(ids="1", digests=("0123",))}},
        {"changed": {"lamindb_artifact": {1: {"is_latest": ValueChange(old=False, new=True)}}}},
        {"height": 7},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_record_of_which_anything_was_changed_is_refused(change: dict[str, Any]) -> None:
    whole = kept(record(1), BEGUN)
    other = whole.model_copy(update={"record": record(1).model_copy(update=change)})
    with pytest.raises(ContractError, match="was changed; restore that row"):
        require_unchanged("run", other)


def test_a_number_beside_the_record_that_is_another_is_refused() -> None:
    """By it a transaction is told from the others."""
    other = kept(record(1), BEGUN).model_copy(update={"number": 2})
    with pytest.raises(ContractError, match=r"transaction 2 of run run .* was changed"):
        require_unchanged("run", other)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([{"step": START}], "none"),
        ([{"step": START}, {"step": RECORDED, "number": 2}], "2"),
        ([{"step": COMMITTED, "number": 1}], None),
        ([{"step": COMMITTED, "number": 1}, {"step": START}], "none"),
        ([{"step": RECORDED, "number": n} for n in (1, 3)], "1, 3"),
    ],
)
def test_what_a_journal_lacked_is_said_by_number_where_it_is_more_than_a_commits_answer(
    lines: list[dict[str, Any]], told: str | None
) -> None:
    said = shortage("run", lines)
    assert (said is None) if told is None else str(said).endswith(f"the instance holds ({told})")


def test_what_is_added_has_its_own_moment_and_stands_in_order(
    journal: Journal, tmp_path: Path
) -> None:
    """Whatever the order in which an instance gives them."""
    moments = {3: "2026-01-02T00:00:03", 1: "2026-01-02T00:00:01", 2: "2026-01-02T00:00:02"}
    transactions = {number: kept(record(number), at) for number, at in moments.items()}
    complete(tmp_path / "run", journal, REQUEST, KeptRun(kept_run().opening, transactions))
    found = [(line["number"], line["at"]) for line in journal.all(RECORDED)]
    assert found == [(number, moments[number]) for number in (1, 2, 3)]


def test_what_a_folder_has_of_how_it_was_before_stays(journal: Journal, tmp_path: Path) -> None:
    own = Baseline(releases={"2024-01-01": {}}, shared={})
    store_baseline(tmp_path / "run", own)
    complete(tmp_path / "run", journal, REQUEST, kept_run(1))
    assert stored_baseline(tmp_path / "run") == own


def test_a_start_that_is_known_is_not_written_again(journal: Journal, tmp_path: Path) -> None:
    """Though the instance may say less of it than a journal of later code."""
    write(journal, 1, committed=1)
    journal.lines[0] = {**journal.lines[0], "more": 1}
    assert complete(tmp_path / "run", journal, REQUEST, kept_run(1)) is None
    assert len(journal.all(START)) == 1


@pytest.mark.parametrize(
    ("unkept", "kept_ones", "first"),
    [((), (), 1), ((), (1, 2), 1), ((1, 2), (), 3), ((1, 2), (3, 4), 3), ((1, 2, 4), (3,), 5)],
)
def test_an_instance_keeps_all_after_the_last_that_older_code_wrote(
    journal: Journal, unkept: tuple[int, ...], kept_ones: tuple[int, ...], first: int
) -> None:
    for number in (*unkept, *kept_ones):
        line = record(number, is_kept=number in kept_ones)
        journal.write(RECORDED, **line.model_dump(mode="json"))
    assert first_kept(journal) == first


@pytest.mark.parametrize(
    ("number", "since", "is_refused"), [(1, 2, False), (1, 3, True), (2, 2, True), (1, 1, False)]
)
def test_what_no_instance_keeps_is_wanted_of_the_journal_up_to_the_first_that_one_keeps(
    journal: Journal, tmp_path: Path, number: int, since: int, is_refused: bool
) -> None:
    write(journal, number, committed=1, is_kept=False)
    run = kept_run(since, since=since) if since != number else kept_run(since=since)
    if is_refused:
        with pytest.raises(ContractError, match="that were made before the instance kept any"):
            complete(tmp_path / "run", journal, REQUEST, run)
    else:
        complete(tmp_path / "run", journal, REQUEST, run)


@pytest.mark.parametrize(
    ("count", "named"), [(10, r"\(1, .*, 9, 10\)"), (11, r"\(1, .*, 9, 10, \.\.\.\)")]
)
def test_of_many_that_are_lacking_the_first_ten_are_named(
    journal: Journal, tmp_path: Path, count: int, named: str
) -> None:
    with pytest.raises(ContractError, match=rf"its journal lacks transactions {named} that were"):
        complete(tmp_path / "run", journal, REQUEST, kept_run(since=count + 1))


@pytest.mark.parametrize(
    ("is_kept", "committed", "held", "is_so"),
    [
        (True, 1, (), True),
        (True, 0, (), False),  # it was never there
        (False, 1, (), False),  # older code kept nothing
        (True, 1, (1,), False),
    ],
)
def test_a_run_is_forgotten_where_something_that_was_kept_is_kept_no_more(
    journal: Journal, is_kept: bool, committed: int, held: tuple[int, ...], is_so: bool
) -> None:
    write(journal, 1, committed=committed, is_kept=is_kept)
    assert is_forgotten(journal, kept_run(*held)) is is_so


def test_of_what_was_recorded_twice_the_last_was_committed(journal: Journal) -> None:
    journal.write(RECORDED, **record(1).model_dump(mode="json"))
    other = record(1).model_copy(update={"height": 7})
    journal.write(RECORDED, **other.model_dump(mode="json"))
    assert recordings(journal) == {1: other}


def test_what_was_recorded_otherwise_is_refused_also_where_its_commit_is_not_journalled(
    journal: Journal, tmp_path: Path
) -> None:
    write(journal, 1)
    run = KeptRun(kept_run().opening, {1: kept(record(1).model_copy(update={"height": 7}), BEGUN)})
    with pytest.raises(ContractError, match="transaction 1 is another in its journal than in"):
        complete(tmp_path / "run", journal, REQUEST, run)

"""What of earlier runs is done again, told by their journals alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runners.contract import Action, ContractError, RunRequest
from runners.run.fingerprint import Fingerprint
from runners.run.journal import JournalLines
from runners.run.repeats import earlier_ingests, repeat, require_standing
from runners.run.request import REQUEST as FILE
from runners.run.request import RunFolder

NOW = Fingerprint.of("7.0.0")
REQUEST = RunRequest(
    run_id="one", action=Action.INGEST, release="2020-07-15", manifest="m.toml", instance="a/b"
)
IDS = ("good", "changed", "gone", "cut", "wrong", "open")
ENDS = {
    "good": "registered",
    "changed": "revised",
    "gone": "missing",
    "cut": "unreadable",
    "wrong": "failed",
}


def run(ends: dict[str, str], combination: Fingerprint | None, **facts: Any) -> RunFolder:
    start: dict[str, Any] = {"step": "start", "chosen": list(IDS), **facts}
    if combination is not None:
        start["combination"] = combination.to_mapping()
    lines = [{"step": "written", "dataset_id": i, "outcome": end} for i, end in ends.items()]
    return RunFolder(REQUEST, Path(), JournalLines([start, *lines]))


def test_what_a_repeat_can_mend_and_what_was_not_done_is_done_again() -> None:
    found = repeat(IDS, [run(ENDS, NOW)], NOW)
    assert found.again == {"gone": "missing", "cut": "unreadable", "open": "not done"}
    assert found.left == ("wrong",)
    assert str(found) == (
        "3 datasets are done again (1 missing, 1 not done, 1 unreadable); 1 are not, for they "
        f"failed for their content and no version has changed since: {NOW}"
    )


@pytest.mark.parametrize(
    ("reasons", "is_done_again"),
    [
        (("registered_otherwise",), True),
        (("term_unknown", "registered_otherwise"), True),
        (("term_unknown",), False),
    ],
)
def test_what_failed_for_a_record_of_the_instance_is_done_again(
    reasons: tuple[str, ...], is_done_again: bool
) -> None:
    first = run({"wrong": "failed"}, NOW)
    lines = [*first.journal.lines[:-1], {**first.journal.lines[-1], "reasons": named(*reasons)}]
    found = repeat(["wrong"], [replace(first, journal=JournalLines(lines))], NOW)
    assert found.again == ({"wrong": "failed"} if is_done_again else {})
    assert found.left == (() if is_done_again else ("wrong",))


def named(*reasons: str) -> list[dict[str, str]]:
    return [{"reason": reason} for reason in reasons]


def test_content_is_judged_again_when_anything_that_judges_it_has_changed() -> None:
    for field in ("lamindb", "bionty", "schema", "rules", "code"):
        before = replace(NOW, **{field: "another"})
        assert "wrong" in repeat(IDS, [run(ENDS, before)], NOW).again, field
    assert "wrong" in repeat(IDS, [run(ENDS, None)], NOW).again


def test_a_run_that_never_began_says_nothing_of_versions() -> None:
    lines = [{"step": "written", "dataset_id": "wrong", "outcome": "failed"}]
    found = repeat(["wrong"], [RunFolder(REQUEST, Path(), JournalLines(lines))], NOW)
    assert (found.again, found.left) == ({"wrong": "failed"}, ())


def test_a_dataset_that_no_run_knows_is_done_whatever_has_changed() -> None:
    assert repeat(["new"], [], NOW).again == {"new": "not done"}
    assert repeat(["new"], [run({}, NOW, chosen=["new"])], NOW).again == {"new": "not done"}


def test_the_last_word_on_a_dataset_counts_with_what_it_was_said_by() -> None:
    before = replace(NOW, code="another")
    first = run(ENDS, before)
    mended = run({"gone": "registered", "cut": "failed"}, NOW)
    found = repeat(IDS[:-1], [first, mended], NOW)
    assert found.again == {"wrong": "failed"}
    assert found.left == ("cut",)


def test_what_the_first_run_was_not_to_do_is_left_alone() -> None:
    runs = [
        run({"good": "registered"}, NOW, chosen=["good", "gone", "open"]),
        run({"gone": "missing"}, NOW, chosen=["gone"]),
    ]
    found = repeat(IDS, runs, NOW)
    assert found.again == {"gone": "missing", "open": "not done"}
    assert found.left == ()


def test_nothing_to_do_is_said() -> None:
    found = repeat(["good"], [run(ENDS, NOW)], NOW)
    assert found.again == {}
    assert str(found) == "0 datasets are done again"


def test_the_combination_notices_a_change_of_rules_and_versions() -> None:
    assert Fingerprint.of("6.0.0").rules != NOW.rules
    assert Fingerprint.of("7.0.0") == NOW
    assert NOW.lamindb in str(NOW)


def keep(runs: Path, run_id: str, **fields: Any) -> RunRequest:
    """A run's request, kept in its folder."""
    request = REQUEST.model_copy(update={"run_id": run_id, **fields})
    (runs / run_id).mkdir()
    (runs / run_id / FILE).write_text(request.to_json())
    return request


def test_a_run_goes_on_from_all_before_it_oldest_first(tmp_path: Path) -> None:
    keep(tmp_path, "one")
    keep(tmp_path, "two", failed_of="one")
    (tmp_path / "two" / "journal.jsonl").write_text('{"step": "start"}\n')
    three = keep(tmp_path, "three", failed_of="two")
    earlier = earlier_ingests(three, tmp_path)
    assert [run.request.run_id for run in earlier] == ["one", "two"]
    assert [len(run.journal.lines) for run in earlier] == [0, 1]
    assert earlier_ingests(earlier[0].request, tmp_path) == []


@pytest.mark.parametrize("place", ["its journal", "its note", "the other's"])
def test_what_was_rolled_back_is_not_gone_on_from(tmp_path: Path, place: str) -> None:
    """What a run says of the instance counts no more; also where only the note was put back."""
    keep(tmp_path, "one")
    two = keep(tmp_path, "two", failed_of="one")
    three = keep(tmp_path, "three", failed_of="two")
    require_standing(three, earlier_ingests(three, tmp_path))
    name = "two" if place == "the other's" else "one"
    if place == "its journal":
        (tmp_path / name / "journal.jsonl").write_text('{"step": "rolled back"}\n')
    else:
        (tmp_path / name / "rolled-back.json").write_text("{}")
    earlier = earlier_ingests(three, tmp_path)
    said = (
        f"request three: field failed_of: run {name} was rolled back, and what it registered isn't "
        "there any more; ask for only_missing instead."
    )
    with pytest.raises(ContractError) as refused:
        require_standing(three, earlier)
    assert str(refused.value) == said
    require_standing(two, [])


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ({"instance": "c/d"}, "run one has instance c/d, not a/b; name a run that has it"),
        ({"release": "2020-01-15"}, "run one has release 2020-01-15, not 2020-07-15; name a run"),
        ({"action": Action.VERIFY}, "run one only verified; name the run that ingested"),
        ({"failed_of": "one"}, "run one names itself; name the run that failed"),
        ({"failed_of": "two"}, "run one names itself; name the run that failed"),
        ({"failed_of": "none"}, "there is no run none in "),
    ],
)
def test_a_run_of_something_else_is_refused(
    tmp_path: Path, named: dict[str, Any], why: str
) -> None:
    keep(tmp_path, "one", **named)
    two = keep(tmp_path, "two", failed_of="one")
    with pytest.raises(ContractError) as refused:
        earlier_ingests(two, tmp_path)
    assert why in str(refused.value)
    assert ": field failed_of: " in str(refused.value)

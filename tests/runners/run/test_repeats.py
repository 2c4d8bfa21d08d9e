"""What of earlier runs is done again, told by their journals alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from runners.contract import Action, RunRequest
from runners.run.fingerprint import Fingerprint
from runners.run.journal import JournalLines
from runners.run.repeats import repeat
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


def run(ends: dict[str, str], combination: Fingerprint | None) -> RunFolder:
    start: dict[str, Any] = {"step": "start"}
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
        f"failed for their content and nothing has changed since: {NOW}"
    )


def test_content_is_judged_again_when_anything_that_judges_it_has_changed() -> None:
    for field in ("lamindb", "bionty", "schema", "rules", "code"):
        before = replace(NOW, **{field: "another"})
        assert "wrong" in repeat(IDS, [run(ENDS, before)], NOW).again, field
    assert "wrong" in repeat(IDS, [run(ENDS, None)], NOW).again


def test_the_last_word_on_a_dataset_counts_with_what_it_was_said_by() -> None:
    before = replace(NOW, code="another")
    first = run(ENDS, before)
    mended = run({"gone": "registered", "cut": "failed"}, NOW)
    found = repeat(IDS[:-1], [first, mended], NOW)
    assert found.again == {"wrong": "failed"}
    assert found.left == ("cut",)


def test_nothing_to_do_is_said() -> None:
    found = repeat(["good"], [run(ENDS, NOW)], NOW)
    assert found.again == {}
    assert str(found) == "0 datasets are done again"


def test_the_combination_notices_a_change_of_rules_and_versions() -> None:
    assert Fingerprint.of("6.0.0").rules != NOW.rules
    assert Fingerprint.of("7.0.0") == NOW
    assert NOW.lamindb in str(NOW)

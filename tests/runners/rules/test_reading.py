"""How a file of rules is found and read, with what persons have decided."""

import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from test_consistency import GOOD

from runners import rules
from runners.contract import ContractError
from runners.contract.decisions import Choice, Judgement, Override
from runners.contract.rules import Rules
from runners.rules import wheels
from runners.rules.wheels import newest_rules

ABSENT_OR_NOT = Judgement(
    id="cell type: presence",
    place="obs: cell_type",
    lines=(3, 4),
    text="who knows",
    choices=(
        Choice(answer="always", effect=""),
        Choice(
            answer="may be absent",
            effect="",
            changes={"columns/cell_type/optional": True, "columns/cell_type/special": ["na"]},
        ),
        Choice(answer="none", effect="", changes={"columns/cell_type": None}),
    ),
)
ANOTHER = ABSENT_OR_NOT.model_copy(update={"id": "another", "text": "who else knows"})


def mended(path: str, value: Any) -> dict[str, Any]:
    return {"overrides": (Override(path=path, value=value, because="it is so"),)}


def read(answer: str | None = None, **fields: Any) -> Rules:
    answered = {"answers": {ABSENT_OR_NOT.id: answer}, "judgements": (ABSENT_OR_NOT,)}
    given = {**(answered if answer is not None else {}), **fields}
    return rules.read(GOOD.model_copy(update=given).to_json(), source="x.json")


def test_rules_that_ask_nothing_are_as_they_stand() -> None:
    assert read() == GOOD


def test_an_answer_changes_what_it_names() -> None:
    assert read("always").columns["cell_type"] == GOOD.columns["cell_type"]
    column = read("may be absent").columns["cell_type"]
    assert (column.optional, column.special) == (True, ("na",))
    assert "cell_type" not in read("none").columns


@pytest.mark.parametrize(
    ("path", "value", "special"),
    [
        ("columns/cell_type/special", ["none"], ("none",)),  # over what an answer says
        ("columns/cell_type/special", None, ()),
        ("columns/tissue_type/special", ["none"], ("na",)),
    ],
)
def test_a_mended_rule_holds_over_an_answer(
    path: str, value: Any, special: tuple[str, ...]
) -> None:
    found = read("may be absent", **mended(path, value))
    assert found.columns["cell_type"].special == special
    assert found.columns["cell_type"].optional


def test_what_the_rules_lack_may_be_added_and_what_is_taken_away_must_be_there() -> None:
    new = {"slot": "obs", "dtype": "str"}
    assert read(**mended("columns/new", new)).columns["new"].slot == "obs"
    assert "spatial" not in read(**mended("columns/spatial", None)).columns
    with pytest.raises(ContractError) as refused:
        read(**mended("columns/absent", None))
    names = ", ".join(sorted(GOOD.columns))
    assert str(refused.value) == (
        "x.json: the path 'columns/absent' of an override has nothing to take away: there is no "
        f"'absent'; correct it to one of {names}."
    )


def test_an_answer_may_take_away_what_another_has_taken() -> None:
    both = {ABSENT_OR_NOT.id: "none", ANOTHER.id: "none"}
    found = read(answers=both, judgements=(ABSENT_OR_NOT, ANOTHER))
    assert "cell_type" not in found.columns


@pytest.mark.parametrize("path", ["nowhere/x", "columns/absent/slot", "columns/cell_type/slot/x"])
def test_a_path_that_leads_nowhere_is_refused(path: str) -> None:
    with pytest.raises(ContractError, match=f"the path '{path}' of an answer or override leads"):
        read(**mended(path, "x"))


@pytest.mark.parametrize("answers", [{}, {ABSENT_OR_NOT.id: ""}])
def test_an_open_question_is_asked_with_what_may_be_answered(answers: dict[str, str]) -> None:
    one = (
        "x.json: judgement on obs: cell_type is open, lines 3-4 of the schema document: who knows"
        "{}; set answers.cell type: presence to one of 'always', 'may be absent', 'none'."
    )
    with pytest.raises(ContractError) as refused:
        read(answers=answers, judgements=(ABSENT_OR_NOT,))
    assert str(refused.value) == one.format("")
    with pytest.raises(ContractError) as refused:
        read(answers=answers, judgements=(ABSENT_OR_NOT, ANOTHER))
    assert str(refused.value) == one.format(" (1 more)")


def test_an_answer_that_nobody_offered_is_refused_before_any_question() -> None:
    with pytest.raises(ContractError, match="'perhaps' is none of its choices"):
        read("perhaps", judgements=(ABSENT_OR_NOT, ANOTHER))


def test_rules_that_no_longer_hold_together_when_they_are_mended_are_refused() -> None:
    with pytest.raises(ContractError, match=r"^x.json: field columns.cell_type: slot 'obsm'"):
        read(**mended("columns/cell_type/slot", "obsm"))
    with pytest.raises(ContractError, match=r"^x.json"):
        read(**mended("columns/cell_type/slots", "obs"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where rules are looked for."""
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    return tmp_path


def put(folder: Path, version: str, **fields: Any) -> None:
    found = GOOD.model_copy(update={"dataset_schema_version": version, **fields})
    (folder / f"{version}.json").write_text(found.to_json())


def test_versions_are_in_the_order_of_their_numbers(folder: Path) -> None:
    for version in ("10.0.0", "9.10.0", "9.9.0"):
        put(folder, version)
    (folder / "kept.py").write_text("")
    assert rules.versions() == ("9.9.0", "9.10.0", "10.0.0")
    assert newest_rules().dataset_schema_version == "10.0.0"
    assert rules.load("9.9.0").dataset_schema_version == "9.9.0"
    with pytest.raises(ContractError) as refused:
        rules.load("8.0.0")
    assert str(refused.value) == (
        "runners/rules/8.0.0.json: no rules for dataset schema 8.0.0; there are 9.9.0, 9.10.0, "
        "10.0.0. Merge the rules of that version first."
    )


def test_rules_that_wait_for_a_person_are_not_the_newest(folder: Path) -> None:
    put(folder, "1.0.0")
    put(folder, "2.0.0")
    put(folder, "3.0.0", judgements=(ABSENT_OR_NOT,))
    assert newest_rules().dataset_schema_version == "2.0.0"


def test_where_all_rules_wait_the_oldest_says_for_what(folder: Path) -> None:
    put(folder, "1.0.0", judgements=(ABSENT_OR_NOT,))
    put(folder, "2.0.0", judgements=(ANOTHER,))
    with pytest.raises(ContractError, match=r"^runners/rules/1.0.0.json: judgement on"):
        newest_rules()


def test_where_there_are_no_rules_it_says_so(folder: Path) -> None:
    with pytest.raises(ContractError, match=r"^runners/rules: there are no rules"):
        newest_rules()


class Done:
    def __init__(self, returncode: int, stdout: str = "", stderr: str = "") -> None:
        self.returncode, self.stdout, self.stderr = returncode, stdout, stderr


@pytest.mark.parametrize(
    ("done", "health", "sentence"),
    [
        (Done(0), "ok", "it isn't here yet; the package registry has it."),
        (Done(1, "out", "first\nlast\n"), "missing", "can't be fetched (last); check the network"),
        (Done(1, "said\nso\n", " \n"), "missing", "can't be fetched (so); check the network"),
        (Done(2), "missing", "can't be fetched (without a word); check the network"),
        (None, "missing", "can't be fetched (no answer within 6 s); check the network"),
    ],
)
def test_whether_a_wheel_can_be_had_is_asked_without_installing_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    done: Done | None,
    health: str,
    sentence: str,
) -> None:
    asked: list[list[str]] = []

    def run(words: list[str], timeout: float, **_: Any) -> Done:
        asked.append(words)
        if done is None:
            raise subprocess.TimeoutExpired(words, timeout)
        return done

    monkeypatch.setattr(subprocess, "run", run)
    parts = list(wheels.examine(tmp_path))
    newest = newest_rules()
    both = (newest.ontology_guide, newest.gene_tables)
    assert [part.part for part in parts] == [f"{wheel.name} {wheel.version}" for wheel in both]
    assert {str(part.health) for part in parts} == {health}
    assert all(sentence in part.sentence for part in parts)
    assert all("--dry-run" in words and "--no-deps" in words for words in asked)
    assert sorted(words[-1] for words in asked) == sorted(f"{w.name}=={w.version}" for w in both)
    assert list(tmp_path.iterdir()) == []

"""The documents that go between the two sides: whole, or refused with one sentence."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from runners.contract import (
    LAUNCHED,
    Action,
    CheckResult,
    ContractError,
    DatasetOutcome,
    Decisions,
    Finding,
    Health,
    Manifest,
    Offender,
    Outcome,
    PartHealth,
    Reason,
    RunReport,
    RunRequest,
    Status,
    TrailLine,
    Verdict,
    cost,
    verdict_of,
)

MANIFEST: dict[str, Any] = {
    "release": "2020-07-15",
    "previous": "2020-01-15",
    "census_schema_version": "2.4.0",
    "dataset_schema_version": "7.0.0",
    "dataset_count": 12,
    "storage": {"soma": "s3://bucket/cell-census/soma", "h5ads": "s3://bucket/cell-census/h5ads"},
    "pins": {"CL": "2025-07-30"},
    "organisms": ["Homo sapiens"],
    "documents": [{"version": "7.0.0", "source": "schema.md", "blob_sha": "abc"}],
    "accepted": [{"dataset_id": "d-1", "reason": "term_unknown", "until": "2020-12-31"}],
}
REQUEST: dict[str, Any] = {
    "run_id": "2020-07-15-ingest-1",
    "action": "ingest",
    "release": "2020-07-15",
    "manifest": "runners/releases/2020-07-15.toml",
    "instance": "anonymous/demo",
    "thread": 3,
    "requested_by": "maintainer",
    "only": ["d-1"],
    "collection": ["10.5555/sample", "A name of several words"],
    "organism": ["homo_sapiens"],
    "limit": 5,
}
Wrong = tuple[str, Callable[[dict[str, Any]], Any]]


def check(status: Status) -> CheckResult:
    return CheckResult(name="n", title="t", status=status, expected="1", found="1")


def without(field: str) -> Callable[[dict[str, Any]], Any]:
    return lambda raw: raw.pop(field)


def having(**fields: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda raw: raw.update(fields)


MANIFEST_FAULTS: list[Wrong] = [
    ("release", without("release")),
    ("release", having(release="July 2020")),
    ("previous", having(previous="stable")),
    ("census_schema_version", having(census_schema_version="2.4")),
    ("dataset_schema_version", having(dataset_schema_version="v7.0.0")),
    ("dataset_count", having(dataset_count=-1)),
    ("dataset_count", having(dataset_count="many")),
    ("storage", without("storage")),
    ("storage.h5ads", having(storage={"soma": "s3://bucket/soma"})),
    (
        "storage.anonymous",
        having(storage={"soma": "a", "h5ads": "b", "anonymous": "sometimes"}),
    ),
    ("storage.secret", having(storage={"soma": "a", "h5ads": "b", "secret": "c"})),
    ("pins", having(pins=["CL"])),
    ("documents.0.version", having(documents=[{"version": "7", "source": "schema.md"}])),
    ("accepted.0.until", having(accepted=[{"dataset_id": "d-1", "reason": "term_unknown"}])),
    ("relese", having(relese="2020-07-15")),
]
REQUEST_FAULTS: list[Wrong] = [
    ("run_id", having(run_id="Run 1")),
    ("run_id", having(run_id="../elsewhere")),
    ("action", having(action="delete")),
    ("release", having(release="latest")),
    ("manifest", without("manifest")),
    ("instance", without("instance")),
    ("only.1", having(only=["d-1", "../d-2"])),
    ("collection.0", having(collection=["two\nlines"])),
    ("organism.1", having(organism=["homo_sapiens", " "])),
    ("limit", having(limit=0)),
    ("token", having(token="x")),
]


@pytest.mark.parametrize(("field", "spoil"), MANIFEST_FAULTS)
def test_a_wrong_field_of_a_manifest_gives_one_sentence_with_file_and_field(
    field: str, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    raw = json.loads(json.dumps(MANIFEST))
    spoil(raw)
    with pytest.raises(ContractError) as refused:
        Manifest.from_toml(tomli_w.dumps(raw), source="releases/2020-07-15.toml")
    is_one_sentence_on(str(refused.value), "releases/2020-07-15.toml", field)


@pytest.mark.parametrize(("field", "spoil"), REQUEST_FAULTS)
def test_a_wrong_field_of_a_request_gives_one_sentence_with_file_and_field(
    field: str, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    raw = dict(REQUEST)
    spoil(raw)
    with pytest.raises(ContractError) as refused:
        RunRequest.from_json(json.dumps(raw), source="runs/1/request.json")
    is_one_sentence_on(str(refused.value), "runs/1/request.json", field)


def is_one_sentence_on(text: str, file: str, field: str) -> None:
    assert text.startswith(f"{file}: field {field}: ")
    assert re.search(r"; (?:correct it|add it|leave it out|rename it to \w+)\.$", text)
    assert "\n" not in text


def test_a_sentence_says_what_was_found_and_stays_short() -> None:
    with pytest.raises(ContractError) as refused:
        RunRequest.from_mapping({**REQUEST, "release": "x" * 500}, source="request.json")
    assert "(got 'xxxx" in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("text", ["", "{", "[1, 2", "release = 1"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ContractError, match=r"^request\.json: not JSON .*write it again\.$"):
        RunRequest.from_json(text, source="request.json")


@pytest.mark.parametrize("text", ["[]", "7", "null", '"x"'])
def test_json_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ContractError, match=r"^request\.json: field \(whole document\): "):
        RunRequest.from_json(text, source="request.json")


def test_what_is_no_toml_is_refused() -> None:
    with pytest.raises(ContractError, match=r"^m\.toml: not TOML .*correct it\.$"):
        Manifest.from_toml("release = ", source="m.toml")


def test_a_manifest_survives_toml_and_json() -> None:
    manifest = Manifest.from_mapping(MANIFEST, source="test")
    assert Manifest.from_toml(tomli_w.dumps(manifest.to_mapping()), source="test") == manifest
    assert Manifest.from_json(manifest.to_json(), source="test") == manifest
    assert manifest.to_mapping() == MANIFEST


def test_a_manifest_of_a_private_bucket_survives_toml_and_json() -> None:
    private = {**MANIFEST, "storage": {**MANIFEST["storage"], "anonymous": False}}
    manifest = Manifest.from_mapping(private, source="test")
    assert not manifest.storage.anonymous
    assert Manifest.from_toml(tomli_w.dumps(manifest.to_mapping()), source="test") == manifest
    assert Manifest.from_json(manifest.to_json(), source="test") == manifest
    assert manifest.to_mapping() == private


def test_a_manifest_without_its_optional_fields_survives_toml() -> None:
    raw = {key: MANIFEST[key] for key in MANIFEST if key not in {"previous", "pins", "accepted"}}
    manifest = Manifest.from_mapping(raw, source="test")
    assert manifest.previous is None
    assert Manifest.from_toml(tomli_w.dumps(manifest.to_mapping()), source="test") == manifest


def test_a_request_survives_json() -> None:
    request = RunRequest.from_mapping(REQUEST, source="test")
    assert request.action is Action.INGEST
    assert RunRequest.from_json(request.to_json(), source="test") == request


def test_a_request_of_before_collections_could_be_named_loads() -> None:
    old = {key: REQUEST[key] for key in REQUEST if key not in {"collection", "organism"}}
    request = RunRequest.from_json(json.dumps(old), source="test")
    assert (request.collection, request.organism) == ((), ())
    assert request.is_part


@pytest.mark.parametrize(
    ("fields", "is_part"),
    [
        ({}, False),
        ({"only_missing": True}, False),
        ({"limit": 1}, True),
        ({"only": ["d"]}, True),
        ({"collection": ["c"]}, True),
        ({"organism": ["o"]}, True),
    ],
)
def test_a_request_tells_whether_it_is_for_a_part(fields: dict[str, Any], is_part: bool) -> None:
    whole = {k: v for k, v in REQUEST.items() if k not in {"only", "collection", "organism"}}
    request = RunRequest.from_mapping({**whole, "limit": None, **fields}, source="test")
    assert request.is_part is is_part


def test_a_report_survives_json() -> None:
    finding = Finding(reason=Reason.TERM_UNKNOWN, column="c", values=("a", "b"), count=7)
    report = RunReport(
        request=RunRequest.from_mapping(REQUEST, source="test"),
        started_at=datetime(2020, 7, 16, 8, tzinfo=UTC),
        ended_at=datetime(2020, 7, 16, 9, tzinfo=UTC),
        verdict=Verdict.FAILED,
        outcomes=(
            DatasetOutcome(
                dataset_id="d-1",
                title="a",
                outcome=Outcome.FAILED,
                reasons=(finding,),
                notes=("n",),
            ),
        ),
        withdrawn=(Offender(dataset_id="d-2"),),
        checks=(check(Status.FAILED),),
        changes={"artifacts": 3},
        versions={"lamindb": "2"},
    )
    text = report.to_json()
    assert RunReport.from_json(text, source="test") == report
    assert RunReport.from_json(text, source="test").to_json() == text


@pytest.mark.parametrize(
    ("reason", "column", "sentence"),
    [
        (Reason.COLUMN_MISSING, "uns.title", "uns.title: a required key is missing"),
        (Reason.COLUMN_UNEXPECTED, "uns.spatial", "uns.spatial: a key must not be in this dataset"),
        (Reason.COLUMN_TYPE, "uns.spatial", "uns.spatial: a key has the wrong type"),
        (Reason.COLUMN_TYPE, "sex", "sex: a column has the wrong type"),
        (Reason.CELLS_MISSING, None, "there are no cells"),
        (Reason.GENES_MISSING, None, "there are no genes"),
    ],
)
def test_what_stands_in_uns_is_a_key(reason: Reason, column: str | None, sentence: str) -> None:
    assert Finding(reason=reason, column=column).sentence() == sentence


def test_a_document_cannot_be_changed() -> None:
    request = RunRequest.from_mapping(REQUEST, source="test")
    with pytest.raises(ValueError, match="frozen"):
        request.limit = 3


def test_a_manifest_is_named_after_its_release(tmp_path: Path) -> None:
    path = tmp_path / "2020-07-15.toml"
    path.write_text(tomli_w.dumps(MANIFEST))
    assert Manifest.from_file(path).release == "2020-07-15"
    other = path.rename(tmp_path / "newest.toml")
    with pytest.raises(ContractError, match=r"newest\.toml: field release: '2020-07-15' is not"):
        Manifest.from_file(other)


def test_a_manifest_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"2020-07-15\.toml: can't be read .*; name "):
        Manifest.from_file(tmp_path / "2020-07-15.toml")


def test_a_manifest_of_other_bytes_than_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "2020-07-15.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ContractError, match="can't be read"):
        Manifest.from_file(tmp_path / "2020-07-15.toml")


PASSED, FAILED = Status.PASSED, Status.FAILED
NONE, UNCHECKED = Status.NOT_APPLICABLE, Status.UNCHECKED


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([PASSED], Verdict.PASSED),
        ([PASSED, NONE], Verdict.PASSED),
        ([PASSED, FAILED], Verdict.FAILED),
        ([PASSED, UNCHECKED], Verdict.UNCHECKED),
        ([FAILED, UNCHECKED], Verdict.FAILED),
        ([NONE], Verdict.UNCHECKED),
        ([], Verdict.UNCHECKED),
    ],
)
def test_a_verdict_passes_only_where_something_was_checked_and_all_of_it_passed(
    statuses: list[Status], verdict: Verdict
) -> None:
    assert verdict_of(tuple(check(status) for status in statuses)) is verdict


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("dataset_count", "dataset_cuont", "rename it to dataset_count"),
        ("previous", "previuos", "rename it to previous"),
        ("dataset_count", "foo", "leave it out"),
    ],
)
def test_a_field_that_nobody_knows_is_named_before_one_that_is_missing(
    name: str, wrong: str, said: str
) -> None:
    fields = {wrong if key == name else key: value for key, value in MANIFEST.items()}
    with pytest.raises(ContractError) as refused:
        Manifest.from_mapping(fields, source="m.toml")
    assert str(refused.value) == f"m.toml: field {wrong}: there is none of that name; {said}."


def test_a_nested_field_that_nobody_knows_is_named_with_the_missing_one_beside_it() -> None:
    fields = {**MANIFEST, "storage": {"some": "s3://a/b", "h5ads": "s3://a/c"}}
    said = r"^m\.toml: field storage\.some: there is none of that name; rename it to soma\.$"
    with pytest.raises(ContractError, match=said):
        Manifest.from_mapping(fields, source="m.toml")


def test_a_missing_field_is_named_without_all_the_others() -> None:
    fields = {key: value for key, value in MANIFEST.items() if key != "dataset_count"}
    with pytest.raises(ContractError) as refused:
        Manifest.from_mapping(fields, source="m.toml")
    assert str(refused.value) == "m.toml: field dataset_count: field required; add it."


@pytest.mark.parametrize(
    ("text", "sentence", "remedy"),
    [
        ("It is so; do `this`.", "It is so;", "do `this`."),
        ("It is so; or so; do this (or that).", "It is so; or so;", "do this (or that)."),
        ("It broke (a; b).", "It broke (a; b).", ""),
        ("It is so.", "It is so.", ""),
    ],
)
def test_what_mends_an_error_stands_behind_its_last_semicolon(
    text: str, sentence: str, remedy: str
) -> None:
    line = PartHealth.of_error("a part", Health.MISSING, text)
    assert (line.sentence, line.remedy) == (sentence, remedy)


def test_a_line_of_a_part_has_all_its_fields() -> None:
    line = PartHealth(part="a", health=Health.OK, sentence="It is.")
    assert line.to_line() == '{"part":"a","health":"ok","sentence":"It is.","remedy":""}'


@pytest.mark.parametrize(
    ("program", "bot", "runners"),
    [
        ("python -m bot", "python -m bot", "python -m runners"),
        (None, "python -m bot", "python -m runners"),
        ("cxg-bot", "cxg-bot", "cxg-ingest"),
        ("cxg-ingest", "cxg-bot", "cxg-ingest"),
    ],
)
def test_commands_in_a_line_are_called_as_its_reader_calls_them(
    program: str | None, bot: str, runners: str
) -> None:
    line = PartHealth(
        part="a",
        health=Health.MISSING,
        sentence="do `python -m runners reference` and",
        remedy="python -m bot doctor --aws",
    ).as_called(program)
    assert line.sentence == f"do `{runners} reference` and"
    assert line.remedy == f"{bot} doctor --aws"


@pytest.mark.parametrize(
    ("lines", "dollars"),
    [
        ([(0, LAUNCHED, 2.0), (5, "terminated", None)], 10.0),
        ([(0, LAUNCHED, 2.0), (3, LAUNCHED, 2.0), (5, "terminated", None)], 10.0),  # repeated
        ([(0, LAUNCHED, 2.0)], 12.0),  # goes on
        ([(-9, LAUNCHED, 2.0)], 16.0),  # its lifetime is over
        ([(-9, LAUNCHED, 2.0), (5, "ended", None)], 16.0),  # seen long after its lifetime
        ([(-9, LAUNCHED, 2.0), (1, "terminated", None)], 20.0),  # it had outlived it
        ([(5, LAUNCHED, 2.0), (3, "ended", None)], 0.0),  # its launch was noted late
        ([(0, LAUNCHED, None), (0, "launching", 2.0), (5, "ended", None)], 0.0),
    ],
)
def test_a_machine_costs_from_its_first_line_to_its_end(
    lines: list[tuple[int, str, float | None]], dollars: float
) -> None:
    """By the hour; it is six o'clock, and a machine lives for eight hours."""
    midnight = datetime(2026, 1, 1, tzinfo=UTC)
    trail = [
        TrailLine(
            at=midnight + timedelta(hours=at), run="r", act=act, machine="i-1", why="", price=price
        )
        for at, act, price in lines
    ]
    assert cost(trail, midnight + timedelta(hours=6), timedelta(hours=8)) == dollars


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_one_answer_takes_away_no_other_gives_back(order: tuple[int, int]) -> None:
    changes: list[dict[str, Any]] = [{"a": None, "b": 1}, {"a": 2, "c": None}]
    judgements = [
        {
            "id": str(n),
            "place": "here",
            "lines": [1, 2],
            "text": "?",
            "choices": [{"answer": "yes", "effect": "any", "changes": changes[n]}],
        }
        for n in order
    ]
    told = {"judgements": judgements, "answers": {"0": "yes", "1": "yes"}}
    set_last = dict(Decisions.from_mapping(told, source="test").changes())
    assert set_last == {"a": None, "b": 1, "c": None}

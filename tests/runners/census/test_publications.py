"""The publishers' words on studies, from a curation API of this test's own."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import documents
import httpx
import instances
import pytest
import stores
from full_disk import files_that_cannot_grow
from instances import Place
from loopback import LoopbackServer

from runners.census import publications
from runners.census.publications import DISCOVER, Publication, fetch, parse, publications_of_run
from runners.contract import Manifest, Storage
from runners.sample.datasets import NEWER, OLDER, of_release

LUNG: dict[str, Any] = {
    "authors": [
        {"given": "Kyle J.", "family": "Travaglini"},
        {"name": "A Consortium"},
        {"given": None, "family": "Nabhan"},
        {"given": "Mark A.", "family": "Krasnow"},
    ],
    "is_preprint": True,
    "journal": "Nature",
    "published_year": 2020,
    "published_month": 11,
    "published_day": 25,
}
TOLD = Publication(
    text="Kyle J. Travaglini, A Consortium, Nabhan et al., Nature, 2020, preprint",
    published=date(2020, 11, 25),
)


JOURNAL = Publication(text="J")
UNDATED = Publication(text="J, 2021")


def undated(year: object) -> Publication:
    return Publication(text=TOLD.text.replace("2020", str(year)))


@contextmanager
def api(content: bytes, status: int = 200, length: int | None = None) -> Iterator[str]:
    """An API that gives one answer; `length` is what it says of its size."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/v1/collections" else 404)
            self.send_header("Content-Length", str(length or len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = LoopbackServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def answer(metadata: object, collection_id: str = "c") -> bytes:
    return json.dumps([{"collection_id": collection_id, "publisher_metadata": metadata}]).encode()


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (LUNG, {"c": TOLD}),
        *(
            ({"authors": LUNG["authors"][:few]}, {"c": Publication(text=names)})
            for few, names in (
                (1, "Kyle J. Travaglini"),
                (2, "Kyle J. Travaglini, A Consortium"),
                (3, "Kyle J. Travaglini, A Consortium, Nabhan"),
            )
        ),
        ({"is_preprint": False, "journal": "J"}, {"c": JOURNAL}),
        ({"journal": "J", "published_year": 2021, "published_month": 2}, {"c": UNDATED}),
        (
            {
                "journal": "J",
                "published_year": "2021",
                "published_month": "2",
                "published_day": "3",
            },
            {"c": UNDATED.model_copy(update={"published": date(2021, 2, 3)})},
        ),
        ({"published_year": 2021}, {"c": Publication(text="2021")}),
        ({"journal": "J", "published_month": 13}, {"c": Publication(text="J")}),
        ({}, {}),
        (None, {}),
        ("text", {}),
        ({"authors": ["nobody", {}], "journal": None}, {}),
        *(
            ({"authors": odd, "journal": "J"}, {"c": JOURNAL})
            for odd in (3, True, "text", {"a": 1})
        ),
        ({"journal": "J\0"}, {"c": JOURNAL}),  # PostgreSQL has no such text
        ({"journal": "\ud800J"}, {"c": JOURNAL}),  # nor has UTF-8
        ({"journal": "\0"}, {}),
        *(
            ({**LUNG, "published_year": odd, "published_day": odd}, {"c": undated(odd)})
            for odd in (10**30, float("inf"), [2020])
        ),
    ],
)
def test_what_a_publisher_tells(metadata: object, expected: Mapping[str, Publication]) -> None:
    assert parse(json.loads(answer(metadata))) == expected


SAMPLES = {
    documents.OURS: {
        "The Sample Consortium*, Third, F. Fourth et al., Journal of Samples, 2022",
        "H. Sixth, Preprints, 2024, preprint",
    },
    documents.CORPUS: {
        "The Tabula Sapiens Consortium*, Robert C. Jones, Jim Karkanias, Science, 2022",
        "Kyle J. Travaglini, Ahmad N. Nabhan, Mark A. Krasnow, Nature, 2020",
    },
}
"""Of our answer of the API, and of the real one, which was recorded."""


@pytest.mark.parametrize(
    "path", list(documents.found("curation-api/collections.json")), ids=documents.name
)
def test_samples_are_understood(path: Path) -> None:
    found = parse(json.loads(path.read_text()))
    assert {one.text for one in found.values()} == SAMPLES[path.parents[1]]


@pytest.mark.parametrize(
    ("content", "status", "length"),
    [
        (b"[]", 500, None),
        (b"<html>", 200, None),
        (b'{"detail": "no"}', 200, None),
        (b"[", 200, 100),
        (b"[" + b" " * 6_000 + b"]", 200, None),
        (b"[" * 4_000, 200, None),
    ],
)
def test_an_api_that_fails_is_done_without(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
    status: int,
    length: int | None,
) -> None:
    monkeypatch.setattr(publications, "BYTES", 5_000)
    with api(content, status, length) as address:
        assert fetch(address) == {}
    assert "no publisher metadata" in "".join(capsys.readouterr())


def test_an_api_that_is_not_there_is_done_without() -> None:
    assert fetch("http://127.0.0.1:9/v1") == {}
    assert fetch("no address") == {}


ANSWER = [{"collection_id": "c", "publisher_metadata": LUNG}]


@pytest.mark.parametrize(
    ("collections", "expected"),
    [
        (ANSWER, {"c": TOLD}),
        ([*ANSWER, {"collection_id": "d", "publisher_metadata": {"journal": "J"}}, "text", None],
         {"c": TOLD, "d": JOURNAL}),
        ([{"collection_id": "c"}, {"collection_id": "d", "publisher_metadata": None}], {}),
        ([], {}),
    ],
)  # fmt: skip
def test_each_study_that_was_published_is_told_and_the_others_are_passed_over(
    collections: object, expected: Mapping[str, Publication]
) -> None:
    assert parse(collections) == expected


@pytest.mark.parametrize("end", ["", "/"])
def test_an_api_is_asked_at_its_address_with_or_without_a_slash(end: str) -> None:
    with api(answer(LUNG)) as address:
        assert fetch(f"{address}{end}") == {"c": TOLD}


def test_an_api_that_has_moved_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def moved(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        there = {"location": "https://there/collections"}
        return (
            httpx.Response(302, headers=there)
            if len(asked) == 1
            else httpx.Response(200, json=ANSWER)
        )

    with httpx.Client(transport=httpx.MockTransport(moved)) as client:
        monkeypatch.setattr(httpx, "stream", client.stream)
        assert fetch("https://here") == {"c": TOLD}
    assert asked == ["https://here/collections", "https://there/collections"]


def test_an_answer_that_comes_too_slowly_is_done_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(publications, "SECONDS", -1)
    with api(answer(LUNG)) as address:
        assert fetch(address) == {}
    assert "no publisher metadata (more than " in capsys.readouterr().err


def test_an_api_that_says_nothing_of_its_failure_is_told_by_the_failure_s_kind(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def silent(*_: object, **__: object) -> None:
        raise httpx.ReadTimeout("")

    monkeypatch.setattr(httpx, "stream", silent)
    assert fetch("https://here") == {}
    assert "https://here: no publisher metadata (ReadTimeout); " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("h5ads", "set_address", "asked"),
    [
        ("/folder/h5ads", None, []),
        ("s3://bucket/h5ads", None, [DISCOVER]),
        ("s3://bucket/h5ads", "http://here", ["http://here"]),
        ("/folder/h5ads", "http://here", ["http://here"]),
    ],
)
def test_whom_a_run_asks_and_that_also_no_answer_is_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    h5ads: str,
    set_address: str | None,
    asked: list[str],
) -> None:
    found: list[str] = []

    def fetched(address: str) -> Mapping[str, Publication]:
        found.append(address)
        return {}

    monkeypatch.setattr(publications, "fetch", fetched)
    monkeypatch.delenv("DISCOVER_API", raising=False)
    if set_address:
        monkeypatch.setenv("DISCOVER_API", set_address)
    storage = Storage(soma="s3://bucket/soma", h5ads=h5ads)
    manifest = stores.manifest(tmp_path).model_copy(update={"storage": storage})
    for _ in range(2):  # the second time what was kept is taken
        assert publications_of_run(manifest, tmp_path) == {}
    assert found == asked
    assert (tmp_path / publications.FILE).exists() is bool(asked)


def test_a_run_asks_once(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = Manifest.from_file(place.repository / f"{NEWER.version}.toml")
    assert (
        publications_of_run(manifest, tmp_path) == {}
    )  # a folder is no release that Discover knows
    with api(answer(LUNG)) as address:
        monkeypatch.setenv("DISCOVER_API", address)
        assert publications_of_run(manifest, tmp_path) == {"c": TOLD}
    assert publications_of_run(manifest, tmp_path) == {"c": TOLD}
    assert DISCOVER.startswith("https://")


def test_an_answer_that_was_cut_off_is_asked_for_again_and_kept(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was written by it yet: the answer is kept before the run's first writer is made."""
    manifest = Manifest.from_file(place.repository / f"{NEWER.version}.toml")
    (tmp_path / publications.FILE).write_text("{")
    with api(answer(LUNG)) as address:
        monkeypatch.setenv("DISCOVER_API", address)
        assert publications_of_run(manifest, tmp_path) == {"c": TOLD}
    assert publications_of_run(manifest, tmp_path) == {"c": TOLD}


def test_an_answer_is_kept_whole_or_not_at_all(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Manifest.from_file(place.repository / f"{NEWER.version}.toml")
    with api(answer(LUNG)) as address:
        monkeypatch.setenv("DISCOVER_API", address)
        with files_that_cannot_grow(), pytest.raises(OSError, match="File too large"):
            publications_of_run(manifest, tmp_path)
    assert not (tmp_path / publications.FILE).exists()


def test_a_reference_tells_how_its_study_was_published(empty: Place, tmp_path: Path) -> None:
    dataset = next(one for one in of_release(OLDER) if one.collection.doi)
    study = dataset.collection
    with api(answer(LUNG, study.collection_id)) as address:
        place = instances.copy(empty, tmp_path / "place", DISCOVER_API=address)
        instances.succeed(place.ingest("told", OLDER.version, only=(dataset.dataset_id,)))
    with closing(sqlite3.connect(place.database)) as database:
        query = "SELECT name, text, date FROM lamindb_reference WHERE doi = ?"
        rows = database.execute(query, [study.doi]).fetchall()
    assert rows == [(study.name, TOLD.text, "2020-11-25")]

"""The publishers' words on studies, from a curation API of this test's own."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import documents
import instances
import pytest
from full_disk import files_that_cannot_grow
from instances import Place
from loopback import LoopbackServer

from runners.census import publications
from runners.census.publications import DISCOVER, Publication, fetch, parse, publications_of_run
from runners.contract import Manifest
from runners.sample.datasets import NEWER, OLDER, of_release

LUNG = {
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
    with api(answer(metadata)) as address:
        assert fetch(address) == expected


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

"""The release directory, read by the Census's own client from a server on loopback."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import cellxgene_census
import documents
import instances
import pytest
import stores
from cellxgene_census import _release_directory, get_source_h5ad_uri
from instances import Place
from loopback import LoopbackServer

from runners.census.directory import Listing, listing_of, look_up, refuse_retracted
from runners.census.store import location, read_datasets
from runners.contract import ContractError, Manifest, Storage
from runners.run.journal import START
from runners.sample.datasets import NEWER, OLDER
from runners.sample.world import World

DIRECTORIES = [path.parent for path in documents.found("release-directory/mirrors.json")]
VERSION = "2025-01-30"
BUCKET = "s3://cellxgene-census-public-us-west-2"
MIRROR = {"provider": "S3", "base_uri": f"{BUCKET}/", "region": "us-west-2"}
MIRRORS = {"default": "AWS-S3-us-west-2", "AWS-S3-us-west-2": MIRROR}
RETRACTION = {
    "date": "2026-03-01",
    "reason": "duplicated cells",
    "info_permalink": "https://example.org/errata",
    "replaced_by": "2025-11-08",
}
SENTENCE = (
    f"release {VERSION} was retracted on 2026-03-01 (duplicated cells) and replaced by 2025-11-08, "
    "see https://example.org/errata"
)


def entry(version: str = VERSION, **fields: Any) -> dict[str, Any]:
    """An entry as the real directory has them; `fields` are added."""
    return {
        "release_date": None,
        "release_build": version,
        "soma": locator(version, "soma"),
        "h5ads": locator(version, "h5ads"),
        "do_not_delete": True,
        "flags": {"lts": True},
        **fields,
    }


def locator(version: str, kind: str) -> dict[str, str]:
    relative = f"/cell-census/{version}/{kind}/"
    return {"uri": f"{BUCKET}{relative}", "relative_uri": relative, "s3_region": "us-west-2"}


def manifest(**storage: str) -> Manifest:
    folder = f"{BUCKET}/cell-census/{VERSION}"
    given = {"soma": f"{folder}/soma/", "h5ads": f"{folder}/h5ads/", **storage}
    return Manifest(
        release=VERSION,
        census_schema_version="2.1.0",
        dataset_schema_version="5.2.0",
        dataset_count=1573,
        storage=Storage.model_validate(given),
    )


class Pages(LoopbackServer):
    """Serves release.json and mirrors.json, as text that need not be JSON."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.release = threading.Event()
        self.texts: Mapping[str, str] = {}

    def serve(self, releases: object, mirrors: object = MIRRORS) -> None:
        self.texts = {
            "/v1/release.json": json.dumps(releases),
            "/v1/mirrors.json": json.dumps(mirrors),
        }

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/release.json"

    @property
    def addresses(self) -> Mapping[str, str]:
        """By the names that the client gives them."""
        return {
            "CELL_CENSUS_RELEASE_DIRECTORY_URL": self.address,
            "CELL_CENSUS_MIRRORS_DIRECTORY_URL": urljoin(self.address, "mirrors.json"),
        }


class Handler(BaseHTTPRequestHandler):
    server: Pages

    def do_GET(self) -> None:
        text = self.server.texts.get(self.path)
        if text == '"hangs"':
            self.server.release.wait(30)
        self.send_response(200 if text is not None else 404)
        self.end_headers()
        self.wfile.write((text or "").encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    server = Pages()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("RELEASE_DIRECTORY", server.address)
    for name in server.addresses:
        monkeypatch.setattr(_release_directory, name, getattr(_release_directory, name))
    yield server
    server.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_release_that_stands_where_the_manifest_says_needs_no_word(pages: Pages) -> None:
    pages.serve({"stable": VERSION, VERSION: entry()})
    assert look_up(manifest()) == Listing()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"flags": {"lts": True, "retracted": True}, "retraction": RETRACTION}, SENTENCE),
        ({"retraction": RETRACTION}, SENTENCE),  # without its flag
        ({"flags": {"lts": True, "retracted": True}}, f"release {VERSION} was retracted"),
        (
            {"retraction": {"reason": "x", "info_url": "https://a.b"}},
            f"release {VERSION} was retracted (x), see https://a.b",
        ),
    ],
)
def test_a_retraction_stops_the_release(
    pages: Pages, fields: dict[str, Any], sentence: str
) -> None:
    pages.serve({VERSION: entry(**fields), "2025-11-08": entry("2025-11-08")})
    listing = look_up(manifest())
    assert listing == Listing(sentence)
    with pytest.raises(ContractError) as refused:
        refuse_retracted(manifest(), listing)
    assert str(refused.value) == (
        f"{sentence}; name another release. What was registered of it stays: "
        f"`runners rollback --release {VERSION}` takes it back."
    )


@pytest.mark.parametrize("gone", [{"soma": None}, {"h5ads": None}, {"h5ads": {}}, {"soma": "s3"}])
@pytest.mark.parametrize("is_retracted", [True, False])
def test_a_retraction_is_known_though_the_files_have_no_place_any_more(
    gone: dict[str, Any], is_retracted: bool
) -> None:
    flags = {"lts": True, "retracted": is_retracted}
    listing = listing_of(manifest(), ({VERSION: {**entry(flags=flags), **gone}}, {"AWS": MIRROR}))
    ((name, _),) = gone.items()
    (remark,) = listing.remarks
    assert remark.startswith(f"the manifest's {name} is ")
    assert remark.endswith(", the Census's release directory has none")
    assert bool(listing.retraction) is is_retracted


def test_a_mirror_is_as_good_as_the_first_address(pages: Pages) -> None:
    mirrors = {**MIRRORS, "other": {**MIRROR, "base_uri": "s3://elsewhere/"}}
    pages.serve({VERSION: entry()}, mirrors)
    folder = f"s3://elsewhere/cell-census/{VERSION}"
    assert look_up(manifest(soma=f"{folder}/soma", h5ads=f"{folder}/h5ads")) == Listing()


def test_another_address_is_said_and_stops_nothing(pages: Pages) -> None:
    """The old script's bucket holds the same release; a bucket that moves is an edit."""
    pages.serve({VERSION: entry()})
    old = f"s3://cellxgene-data-public/cell-census/{VERSION}/h5ads/"
    listing = look_up(manifest(h5ads=old))
    refuse_retracted(manifest(), listing)
    assert listing.sentences == (
        f"the manifest's h5ads is {old}, the Census's release directory has "
        f"{BUCKET}/cell-census/{VERSION}/h5ads",
    )


def test_a_release_that_is_not_lts_is_said(pages: Pages) -> None:
    pages.serve({VERSION: entry(flags={})})
    assert look_up(manifest()).sentences == (
        f"release {VERSION} isn't marked as LTS, so that it won't be kept for long",
    )


def test_a_release_that_is_not_listed_is_said(pages: Pages) -> None:
    pages.serve({"2025-11-08": entry("2025-11-08"), "stable": "2025-11-08"})
    assert look_up(manifest()).sentences == (
        f"the Census's release directory doesn't list release {VERSION}",
    )


@pytest.mark.parametrize("releases", [[], {VERSION: entry(flags=5)}, "hangs"])
def test_a_directory_that_cannot_be_read_stops_nothing(pages: Pages, releases: object) -> None:
    pages.serve(releases)
    listing = look_up(manifest(), seconds=0.5 if releases == "hangs" else 10)
    refuse_retracted(manifest(), listing)
    (said,) = listing.sentences
    assert said.startswith(
        f"whether release {VERSION} was retracted isn't known: "
        "the Census's release directory can't be read ("
    )


def test_nor_does_one_that_is_not_there(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASE_DIRECTORY", "http://127.0.0.1:9/release.json")
    assert "can't be read (ConnectionError: " in look_up(manifest()).sentences[0]


def test_nobody_is_asked_about_a_folder(
    tmp_path: Path, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RELEASE_DIRECTORY")
    assert look_up(stores.manifest(tmp_path)) == Listing()


@pytest.mark.parametrize("folder", DIRECTORIES, ids=documents.name)
@pytest.mark.parametrize("name", ["release.json", "release_retracted.json"])
def test_our_directories_and_the_real_ones(pages: Pages, folder: Path, name: str) -> None:
    mirrors = (folder / "mirrors.json").read_text()
    pages.texts = {
        "/v1/release.json": (folder / name).read_text(),
        "/v1/mirrors.json": mirrors,
    }
    (mirror,) = (one for one in json.loads(mirrors).values() if isinstance(one, dict))
    place = f"{mirror['base_uri']}cell-census/{VERSION}"
    listing = look_up(manifest(soma=f"{place}/soma/", h5ads=f"{place}/h5ads/"))
    assert listing.remarks == ()
    assert (listing.retraction is not None) == (name == "release_retracted.json")


@pytest.mark.parametrize(
    ("fields", "storage", "retraction", "remarks"),
    [
        ({}, {}, None, ()),
        ({"flags": {"lts": False}}, {}, None, ("isn't marked as LTS",)),
        ({"flags": None}, {}, None, ("isn't marked as LTS",)),
        ({}, {"soma": "s3://x/soma/"}, None, ("the manifest's soma is s3://x/soma/, the ",)),
        ({}, {"h5ads": "s3://x/h5ads"}, None, ("the manifest's h5ads is s3://x/h5ads, the ",)),
        ({"soma": {"uri": "s3://x/soma/"}}, {"soma": "s3://x/soma"}, None, ()),
        ({"soma": {"relative_uri": "/x/"}}, {"soma": f"{BUCKET}/x"}, None, ()),
        ({"flags": {"lts": True, "retracted": False}}, {}, None, ()),
        ({"retraction": {}}, {}, "was retracted", ()),
        ({"retraction": "a text"}, {}, "was retracted", ()),
        (
            {"retraction": {"replaced_by": "2025-11-08"}},
            {},
            "was retracted and replaced by 2025-11-08",
            (),
        ),
        ({"retraction": {"info_url": "a", "info_permalink": "b"}}, {}, "was retracted, see a", ()),
        (
            {"flags": {}, "retraction": RETRACTION},
            {"soma": "s3://x"},
            SENTENCE.partition(f"{VERSION} ")[2],
            ("isn't marked as LTS", "the manifest's soma is s3://x, the "),
        ),
    ],
)
def test_the_listing_of_an_entry(
    fields: dict[str, Any], storage: dict[str, str], retraction: str | None, remarks: Sequence[str]
) -> None:
    listing = listing_of(manifest(**storage), ({VERSION: entry(**fields)}, {"a mirror": MIRROR}))
    assert listing.retraction == (retraction and f"release {VERSION} {retraction}")
    assert len(listing.remarks) == len(remarks)
    for found, expected in zip(listing.remarks, remarks, strict=True):
        assert expected in found
    told = [listing.retraction] if listing.retraction else []
    assert listing.sentences == (*told, *listing.remarks)


def test_where_the_directory_has_several_addresses_all_are_named() -> None:
    other = {**MIRROR, "base_uri": "s3://elsewhere/"}
    told = listing_of(manifest(soma="s3://x"), ({VERSION: entry()}, {"b": MIRROR, "a": other}))
    assert told.remarks == (
        "the manifest's soma is s3://x, the Census's release directory has "
        f"{BUCKET}/cell-census/{VERSION}/soma or s3://elsewhere/cell-census/{VERSION}/soma",
    )


def test_of_a_release_on_s3_the_census_s_own_directory_is_asked_with_what_was_retracted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[dict[str, Any]] = []

    def directory(**words: Any) -> Mapping[str, Any]:
        asked.append(words)
        return {VERSION: entry(retraction=RETRACTION)}

    monkeypatch.delenv("RELEASE_DIRECTORY", raising=False)
    monkeypatch.setattr(cellxgene_census, "get_census_version_directory", directory)
    monkeypatch.setattr(cellxgene_census, "get_census_mirror_directory", lambda: {"a": MIRROR})
    assert look_up(manifest()) == Listing(SENTENCE)
    assert asked == [{"retracted": None}]


def in_folder(version: str, soma: Path, h5ads: Path, **fields: Any) -> dict[str, Any]:
    """An entry as those before mirrors: of addresses alone."""
    locators = {"soma": {"uri": f"{soma}/"}, "h5ads": {"uri": f"{h5ads}/"}}
    return entry(version, **locators, **fields)


@pytest.mark.parametrize(
    "path", ["d-1.h5ad", "of/d-1.h5ad", "/other/d-1.h5ad", "s3://bucket/d-1.h5ad", "d#1.h5ad"]
)
def test_h5ads_lie_where_the_client_says(
    tmp_path: Path, pages: Pages, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    soma = stores.write(tmp_path / "soma", paths=(path, "d-2.h5ad"))
    here = {"provider": "file", "base_uri": f"{tmp_path}/", "region": None}
    pages.serve(
        {VERSION: in_folder(VERSION, soma, tmp_path / "h5ads")}, {"default": "here", "here": here}
    )
    for name, url in pages.addresses.items():
        monkeypatch.setattr(_release_directory, name, url)
    of_client = get_source_h5ad_uri("d-1", census_version=VERSION)["uri"]
    of_store = stores.manifest(soma).model_copy(
        update={"storage": Storage(soma=str(soma), h5ads=str(tmp_path / "h5ads"))}
    )
    assert location(of_store, read_datasets(of_store)[0]) == of_client


@pytest.fixture
def retracted(pages: Pages, world: World) -> Pages:
    """A directory in which both of the sample's releases are retracted."""
    releases = (world.older, world.newer)
    pages.serve(
        {
            place.version: in_folder(place.version, place.soma, place.h5ads, retraction=RETRACTION)
            for place in releases
        }
    )
    return pages


def test_a_retracted_release_is_not_ingested(
    older: Place, tmp_path: Path, retracted: Pages
) -> None:
    place = instances.copy(older, tmp_path / "place", RELEASE_DIRECTORY=retracted.address)
    done = place.ingest("retracted", NEWER.version)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"release {NEWER.version} was retracted on 2026-03-01" in done.stderr.splitlines()[-1]
    assert place.journal("retracted").first(START) is None


def test_a_run_that_ended_is_still_no_work_to_do(
    older: Place, tmp_path: Path, retracted: Pages
) -> None:
    place = instances.copy(older, tmp_path / "place", RELEASE_DIRECTORY=retracted.address)
    done = instances.succeed(place.ingest("older", OLDER.version))
    assert "older: ended before; nothing to do" in done.stderr


@pytest.mark.prove
def test_verification_says_that_a_release_was_retracted(
    fresh_older: Place, tmp_path: Path, retracted: Pages
) -> None:
    place = instances.copy(fresh_older, tmp_path / "place", RELEASE_DIRECTORY=retracted.address)
    instances.succeed(place.run("verify", place.request("look", OLDER.version, action="verify")))
    notes = {check.name: check.note for check in place.report("look").checks}
    assert str(notes["store"]).startswith(f"release {OLDER.version} was retracted on 2026-03-01")

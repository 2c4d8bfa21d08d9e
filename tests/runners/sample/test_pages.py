"""What the bot reads of the sample is what the stores hold."""

from bot.census.directory import parse_directory
from bot.census.page import parse_page
from bot.schema.document import parse_document
from runners.contract import Manifest
from runners.sample.datasets import NEWER, OLDER
from runners.sample.world import World

from .test_store import places, table


def test_page_lists_both_releases_with_the_counts_of_their_stores(world: World) -> None:
    page = parse_page(world.page.read_text(encoding="utf-8"))
    assert page.warnings == ()
    listed = {release.version: release for release in page.releases}
    assert list(listed) == [NEWER.version, OLDER.version]
    for release, place in places(world):
        found = listed[release.version]
        assert found.census_schema_version == release.census_schema_version
        assert found.dataset_schema_version == release.dataset_schema_version
        assert found.dataset_count == len(table(place, "datasets"))
        counts = table(place, "summary_cell_counts")
        every = counts[counts["category"] == "all"]
        assert {name: (c.total, c.unique) for name, c in found.cell_counts.items()} == {
            row.organism: (row.total_cell_count, row.unique_cell_count)
            for row in every.itertuples()
        }


def test_directory_leads_to_the_stores(world: World) -> None:
    directory = parse_directory(world.directory.read_text(encoding="utf-8"))
    assert directory.aliases == {"stable": NEWER.version, "latest": NEWER.version}
    for release, place in places(world):
        entry = directory.entries[release.version]
        assert entry.lts
        assert entry.soma_uri == f"{place.soma}/"
        assert entry.h5ads_uri == f"{place.h5ads}/"


def test_documents_are_read_as_their_versions(world: World) -> None:
    for release, place in places(world):
        spec = parse_document(place.schema.read_text(encoding="utf-8"))
        assert spec.version == release.dataset_schema_version
        assert spec.discrepancies == ()


def test_manifest_pins_what_the_older_document_pins(world: World) -> None:
    spec = parse_document(world.older.schema.read_text(encoding="utf-8"))
    manifest = Manifest.from_file(world.manifests / "2020-01-15.toml")
    assert manifest.pins == {pin.prefix: pin.version for pin in spec.ontologies}

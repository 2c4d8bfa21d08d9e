"""Small pages of our own making: what counts as an entry, and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.census.page import PageError, parse_page
from bot.census.release import CellCount, OddityKind, Release


def _table(*rows: tuple[str, ...]) -> str:
    cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"


def _entry(version: str, count: str = "3", more: str = "", build: str = "") -> str:
    facts = _table(
        ("Information", "Value"),
        ("Census schema version", "2.0.0"),
        ("Census build date", build or version),
        ("Dataset schema version", "<a href='https://x/schema/7.0.0/schema.md'>7.0.0</a>"),
        ("Number of datasets", count),
    )
    counts = _table(
        ("Type", "<i>Homo sapiens</i>"), ("Total cells", "1,200"), ("Unique cells", "9")
    )
    return f"<h3>LTS {version}</h3><h4>Version information</h4>{facts}<h4>Cells</h4>{counts}{more}"


def _page(*entries: str, menu: str = "") -> str:
    intro = "<h1>Census data releases</h1><h2>Long-term supported (LTS) Census releases</h2>"
    tail = "<h2>Compatibility with package versions</h2><table><tr><td>1.17</td></tr></table>"
    listed = "<h2>List of LTS Census data releases</h2>" + "".join(entries)
    return f"<!doctype html><html><body>{menu}{intro}{listed}{tail}</body></html>"


def _release(version: str) -> Release:
    counts = {"Homo sapiens": CellCount(1200, 9)}
    return Release(version, version, "2.0.0", "7.0.0", 3, counts, ())


def test_releases_stand_in_the_pages_order() -> None:
    page = parse_page(_page(_entry("2026-05-01"), _entry("2025-11-08")))
    assert page.releases == (_release("2026-05-01"), _release("2025-11-08"))
    assert page.warnings == ()


def test_a_complete_page_without_releases_is_no_error() -> None:
    assert parse_page(_page()).releases == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ('{"stable": "2025-11-08"}', "neither HTML nor Markdown"),
        ("\x89PNG\r\n\x1a\n\0\0", "neither HTML nor Markdown"),
        (_page(_entry("2026-05-01")).replace("</html>", ""), "truncated"),
        ("<html><body><h1>Frequently asked questions</h1></body></html>", "isn't the release page"),
        (_page("<h3>LTS 2026-13-45</h3>"), "isn't a date"),
        (_page(_entry("2026-05-01") + "<!-- left open", _entry("2025-11-08")), "isn't closed"),
        (_page(_entry("2026-05-01") + "<!-- <!-- twice -->", _entry("2025-11-08")), "isn't closed"),
        (_page("<table><tr><td>", _entry("2025-11-08")), "within a table; is that left open"),
        (_page("<h3>What's new", _entry("2025-11-08")), "within a heading; is that left open"),
        (
            _page(_entry("2026-05-01"), _entry("2025-11-08")[len("<h3>LTS 2025-11-08</h3>") :]),
            "twice",
        ),
        (_page("<p>LTS 2026-05-01</p>"), "no heading of that name"),
        (_page("<h3>LTS 2026-05-01</h3><p>soon</p>"), "no table of any of them"),
        (_page(_entry("May 2026"), _entry("2025-11-08")), "beneath 'Version information'"),
        (_page(_entry("2025-11-08"), _entry("May 2026")), "beneath 'Version information'"),
    ],
)
def test_what_is_no_release_page_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(PageError, match=says):
        parse_page(text)


@pytest.mark.parametrize("place", [0, 1])
def test_a_malformed_new_entry_is_listed_with_what_is_missing(place: int) -> None:
    entries = [_entry("2025-11-08")]
    entries.insert(place, "<h3>LTS 2026-05-01</h3>" + _table(("Census build date", "soon")))
    page = parse_page(_page(*entries))
    assert _release("2025-11-08") in page.releases
    assert page.releases[place].version == "2026-05-01"
    assert page.releases[place].dataset_count is None
    kinds = {oddity.kind for oddity in page.warnings if oddity.version == "2026-05-01"}
    assert kinds == {OddityKind.MISSING_FACT, OddityKind.UNREADABLE_VALUE}


def test_errata_are_not_facts() -> None:
    errata = "<h4>Errata</h4><h5>Wrong number</h5>" + _table(("Number of datasets", "999"))
    whole = _entry("2025-11-08").replace("<h4>V", errata + "<h4>V", 1)
    assert parse_page(_page(whole)).releases == (_release("2025-11-08"),)


def test_a_dated_heading_within_an_entry_is_not_an_entry() -> None:
    more = "<h4>Duplicates since LTS 2023-05-15</h4><p>See there.</p>"
    assert len(parse_page(_page(_entry("2025-11-08", more=more))).releases) == 1


def test_a_menu_of_headings_does_not_hide_the_entries() -> None:
    menu = "<div><h3>LTS 2025-11-08</h3><h3>LTS 2023-05-15</h3></div>"
    page = parse_page(_page(_entry("2025-11-08"), _entry("2023-05-15"), menu=menu))
    assert page.releases == (_release("2025-11-08"), _release("2023-05-15"))


def test_a_build_date_is_not_the_version() -> None:
    page = parse_page(_page(_entry("2024-07-01", build="2024-05-20")))
    assert page.releases[0].build_date == "2024-05-20"
    assert [oddity.kind for oddity in page.warnings] == [OddityKind.BUILD_DATE_DIFFERS]


def test_spans_and_blanks_in_embeddings() -> None:
    table = (
        "<h4>Cell embbedings</h4><table>"
        "<tr><th>Method</th><th><i>Homo sapiens</i></th><th><i>Mus musculus</i></th></tr>"
        "<tr><td>scVI</td><td colspan=2><code>scvi</code></td></tr>"
        "<tr><td>NMF</td><td>nmf</td><td><em>N/A</em></td></tr></table>"
    )
    release = parse_page(_page(_entry("2025-11-08", more=table))).releases[0]
    assert release.embeddings == (
        {"level": "cells", "method": "scVI", "Homo sapiens": "scvi", "Mus musculus": "scvi"},
        {"level": "cells", "method": "NMF", "Homo sapiens": "nmf", "Mus musculus": None},
    )


MARKDOWN = """# Census data releases

## List of LTS Census data releases

### LTS 2025-11-08

| Information           | Value |
|-----------------------|-------|
| Census schema version | [2.0.0](https://x) |
| Census build date     | 2025-11-08 |
| Dataset schema version | [7.0.0](https://x/schema/7.0.0/schema.md) |
| Number of datasets    | 3 |

| Species        | Total cells | Unique cells |
|----------------|------------:|-------------:|
| _Homo sapiens_ | 1,200       | 9            |
"""


@pytest.mark.parametrize(
    ("count", "read"),
    [("12.5", None), ("1.845", 1845), ("1,845", 1845), ("12,5", None), ("3 sets", None)],
)
def test_a_count_is_a_whole_number_or_none(count: str, read: int | None) -> None:
    (release,) = (page := parse_page(_page(_entry("2025-11-08", count)))).releases
    assert release.dataset_count == read
    odd = [one.kind for one in page.warnings]
    assert odd == ([] if read else [OddityKind.UNREADABLE_VALUE])


@pytest.mark.parametrize("said", ["v7.0.0", "v. 7.0.0", "7.0.0 (draft)"])
def test_a_schema_version_is_read_without_what_stands_around_it(said: str) -> None:
    (release,) = parse_page(_page(_entry("2025-11-08").replace(">7.0.0<", f">{said}<"))).releases
    assert release.dataset_schema_version == "7.0.0"


@pytest.mark.parametrize("sign", ["\u00ad", "\u200b", "\u2060", "\ufeff"])
@pytest.mark.parametrize("text", ["LTS 2025", "Census build", "schema version", "7.0.0<", "1,200"])
def test_what_no_reader_sees_within_a_word_changes_nothing(text: str, sign: str) -> None:
    seen = _entry("2025-11-08")
    assert text in seen
    page = parse_page(_page(seen.replace(text, f"{text[0]}{sign}{text[1:-1]}{sign}{text[-1]}")))
    assert page.releases == (_release("2025-11-08"),)
    assert page.warnings == ()


def test_of_two_tables_of_cells_the_first_counts() -> None:
    """The second is of a part, or what was left of another entry."""
    part = _table(("Type", "<i>Homo sapiens</i>"), ("Total cells", "7"), ("Unique cells", "5"))
    page = parse_page(_page(_entry("2025-11-08", more=f"<h4>Without duplicates</h4>{part}")))
    assert page.releases == (_release("2025-11-08"),)
    assert [oddity.kind for oddity in page.warnings] == [OddityKind.REPEATED_TABLE]


def test_a_heading_of_two_dates_is_no_entry() -> None:
    compared = "<h3>LTS 2025-11-08 and LTS 2023-05-15 compared</h3><p>More of all.</p>"
    page = parse_page(_page(compared, _entry("2025-11-08"), _entry("2023-05-15")))
    assert page.releases == (_release("2025-11-08"), _release("2023-05-15"))
    assert page.warnings == ()


def test_the_markdown_source_says_the_same_as_the_page() -> None:
    assert parse_page(MARKDOWN).releases == (_release("2025-11-08"),)


def test_markdown_that_ends_within_a_row_is_refused() -> None:
    with pytest.raises(PageError, match="within a table's row"):
        parse_page(MARKDOWN.rstrip()[:-4])


NOISE = st.text(max_size=20) | st.sampled_from(["<table>", "</tr>", "<h3>", "<![x["])


def test_fuzzed_pages_raise_only_the_named_error_and_a_share_is_read() -> None:
    page = _page(_entry("2025-11-08"), _entry("2023-05-15"))
    read: list[bool] = []

    @settings(max_examples=60)
    @given(st.integers(0, len(page)), st.sampled_from([0, 1, 5, 20, 100]), NOISE)
    def fuzzed(start: int, length: int, noise: str) -> None:
        try:
            parse_page(page[:start] + noise + page[start + length :])
        except PageError:
            read.append(False)
        else:
            read.append(True)

    fuzzed()
    assert sum(read) > len(read) / 10

"""The whole report as a page and a table: every row, nothing from elsewhere, nothing that acts."""

import csv
import io
import re

import pytest
from bot_reports import HOSTILE, START, failing, hostile, titled

from bot.html.report_page import HEADER, files, offenders, page
from runners.contract import Timeline


@pytest.mark.parametrize("count", [0, 3, 1845])
def test_every_dataset_and_every_offender_is_on_the_page(count: int) -> None:
    html = page(failing(count))
    assert "more; the run's report" not in html
    assert "too long for here" not in html
    everything = html.split("<summary>All 1,845 datasets</summary>")[1].split("</details>")[0]
    assert everything.count("<tr>") == 1 + 1845
    lists = re.findall(r"<ul>.*?</ul>", html, re.DOTALL)
    named = [one.count("<li>") for one in lists if "<li>Atlas" in one]
    assert named == ([count, count] if count else [])
    assert html.count("<details>") == html.count("</details>")


@pytest.mark.parametrize("count", [0, 3, 1845])
def test_the_page_needs_nothing_else_and_runs_nothing(count: int) -> None:
    html = page(failing(count))
    assert "<script" not in html
    assert not re.findall(r"\b(?:src|srcset|action)=|url\(|@import|<link|<base|<iframe", html)
    assert not re.findall(r'href="(?!#)', html)
    assert "default-src 'none'" in html
    assert "prefers-color-scheme: dark" in html


@pytest.mark.parametrize("count", [0, 3, 1845])
def test_the_table_has_a_row_for_everybody_whom_a_check_names(count: int) -> None:
    rows = list(csv.reader(io.StringIO(offenders(failing(count)))))
    assert tuple(rows[0]) == HEADER
    assert len(rows) == 1 + 2 * count
    assert {len(row) for row in rows} == {len(HEADER)}
    assert {row[2] for row in rows[1:]} == {
        outcome.dataset_id for outcome in failing(count).outcomes[:count]
    }
    assert {(row[5], row[6]) for row in rows[1:]} <= {("failed", "term_unknown")}


def test_titles_are_shown_and_do_nothing() -> None:
    html = page(hostile())
    body = html.split("<body>")[1]
    assert "<img" not in body
    assert "<b>bold" not in body
    assert "&lt;img src=x onerror=alert(1)&gt;" in body
    for part in html.split("<table>")[1:]:
        rows = part.split("</table>")[0].split("<tr>")[1:]
        assert len({row.count("<td") + row.count("<th") for row in rows}) == 1


def test_a_spreadsheet_takes_no_title_for_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(offenders(hostile()))))
    assert [row[3] for row in rows[1:]] == titled(*HOSTILE)


def test_the_outcomes_are_a_picture_too() -> None:
    html = page(failing(3))
    assert '<figure class="parts">' in html
    assert "language-mermaid" not in html
    assert re.findall(r"flex-grow: (\d+)", html) == ["1842", "3"]


def test_both_are_files_beside_the_report() -> None:
    assert set(files(failing(0))) == {"report.html", "offenders.csv"}


def test_the_page_promises_no_ingest_that_the_repository_may_not_start() -> None:
    """It is made where no settings are read, and is opened beside either comment."""
    said = "When it is merged, say <code>/verify</code>, unless its merge starts an ingest:"
    assert said in page(failing(3))


def test_the_runs_course_is_drawn_and_said() -> None:
    course = Timeline(
        begun_at=START, seconds=60, read=(4, 2, 0), written=(0, 3, 2), failed=(0, 0, 1)
    )
    html = page(failing(0).model_copy(update={"timeline": course}))
    drawn = html.split('<figure class="timeline">')[1].split("</figure>")[0]
    said = "6 read, 5 written and 1 failed within 3 min; a bar is what was done in 1 min."
    assert f"<figcaption>{said}</figcaption>" in drawn
    assert f'aria-label="{said}"' in drawn
    heights = {
        kind: [float(h) for h in re.findall(rf'class="{kind}"[^>]* height="([\d.]+)"', drawn)]
        for kind in ("read", "written", "failed")
    }
    # of 60: as high as its share of the row's highest bar
    assert heights == {"read": [60, 30], "written": [60, 40], "failed": [20]}
    assert drawn.count("<rect") == 5
    assert "at most 4 in 1 min" in drawn
    assert "2026-03-01 12:00 UTC" in drawn
    assert "3 min later" in drawn


@pytest.mark.parametrize("read", [(), (5,)])
def test_a_course_of_one_step_is_not_drawn(read: tuple[int, ...]) -> None:
    nothing = (0,) * len(read)
    course = Timeline(begun_at=START, seconds=1, read=read, written=nothing, failed=nothing)
    html = page(failing(0).model_copy(update={"timeline": course}))
    assert '<figure class="timeline">' not in html

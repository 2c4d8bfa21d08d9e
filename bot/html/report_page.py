"""A run's report -> what is kept beside it: one HTML page with every row, and a table of offenders.

Pure. The page says what the comment says, without its limit.
"""

import csv
from collections.abc import Iterator, Mapping
from html import escape
from types import SimpleNamespace

from bot.comments import result
from bot.comments.markdown import one_line
from bot.html.rendering import framed, to_html
from bot.html.timeline import drawing
from runners.contract import DatasetOutcome, Offender, RunReport

PAGE, OFFENDERS = "report.html", "offenders.csv"
HEADER = ("check", "status", "dataset or record", "title", "detail", "outcome", "reasons")
FORMULA = ("=", "+", "-", "@")


def files(report: RunReport) -> Mapping[str, str]:
    """The files by name."""
    return {PAGE: page(report), OFFENDERS: offenders(report)}


def page(report: RunReport) -> str:
    """The whole report as a page that needs nothing else."""
    title = escape(one_line(f"Release {report.request.release} · {report.request.run_id}"))
    body = to_html(result.whole(report), by_bot=True)
    course = drawing(report.timeline) if report.timeline else ""
    return framed(title, f'<main class="report">\n{body}{course}</main>')


def offenders(report: RunReport) -> str:
    """Everybody whom a check names, one row each, as CSV."""
    lines: list[str] = []
    table = csv.writer(SimpleNamespace(write=lines.append), lineterminator="\n")
    table.writerow(HEADER)
    for row in _rows(report):
        table.writerow([_cell(cell) for cell in row])
    return "".join(lines)


def _rows(report: RunReport) -> Iterator[tuple[str, ...]]:
    ended = {outcome.dataset_id: outcome for outcome in report.outcomes}
    for check in report.checks:
        named = [(offender, str(check.status)) for offender in check.offenders]
        named += [(offender, "accepted") for offender in check.accepted]
        for named_by_check, status in named:
            yield (
                check.name,
                status,
                *_columns_of(named_by_check),
                *_ended(ended.get(named_by_check.dataset_id)),
            )


def _columns_of(offender: Offender) -> tuple[str, str, str]:
    return offender.dataset_id, offender.title, offender.detail


def _ended(outcome: DatasetOutcome | None) -> tuple[str, str]:
    if outcome is None:
        return "", ""
    return str(outcome.outcome), " ".join(str(finding.reason) for finding in outcome.reasons)


def _cell(text: str) -> str:
    """The text in one line; a spreadsheet must not take it for a formula."""
    line = one_line(text, 1000)
    return f"'{line}" if line.startswith(FORMULA) else line

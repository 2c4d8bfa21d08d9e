"""The parts of pages, in each of their forms."""

from datetime import UTC, date, datetime

from bot_reports import START, check, dataset, report

from bot.html import diagrams, timeline
from bot.html.report_page import files, offenders
from bot.html.thread_page import PageComment, PageThread, render
from runners.contract import (
    AcceptedException,
    ExceptionState,
    ExceptionUse,
    Finding,
    Offender,
    Outcome,
    Reason,
    Status,
    Timeline,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FIRST = PageComment(0, "b<o>t", True, NOON, None, (), "**Hello** <!-- x -->")
OTHER = PageComment(
    3, "li\nne", False, NOON, NOON.replace(hour=13), ("eyes", "<x>"), "<details>\n*there*"
)


def body(page: str) -> str:
    head, _, rest = page.partition("<body>")
    return head.partition("<title>")[2].partition("</title>")[0] + rest


DIAGRAMS = {
    "pie": 'pie showData\n    "a & b" : 1200\n    "c" : 0',
    "a pie of nothing": "pie showData\n",
    "slices of no pie": 'flowchart\n    "a" : 1',
    "a pie of fractions": 'pie\n    "a" : 1.5',
    "bars": 'xychart-beta\n    title "a & b"\n    x-axis ["c", "d<"]\n    bar [1200, 0.5]\n',
    "low bars": 'xychart-beta\n    title ""\n    x-axis ["c", "d"]\n    bar [0, 0]',
    "a bar": 'xychart-beta title "t" x-axis ["c"] bar [7]',
    "a bar too many": 'xychart-beta title "t" x-axis ["c"] bar [7, 8]',
    "a name too many": 'xychart-beta title "t" x-axis ["c", "d"] bar [7]',
}


def course(seconds: int, *steps: tuple[int, int, int]) -> str:
    read, written, failed = zip(*steps, strict=True)
    return timeline.drawing(
        Timeline(begun_at=START, seconds=seconds, read=read, written=written, failed=failed)
    )


COURSES = {
    "one step": course(60, (1, 1, 1)),
    "two steps": course(60, (1200, 0, 0), (0, 900, 300)),
    "three steps": course(7200, (1, 0, 0), (3, 2, 0), (0, 1, 2)),
    "many steps": course(1, *[(1, 1, 0)] * 90),
    **{
        f"{seconds} s": course(seconds, (1, 1, 0), (1, 1, 0)).rpartition("<figcaption>")[2]
        for seconds in (45, 60, 61, 90, 3600, 5400, 43200, 86400)
    },
}
NAMED = Offender(dataset_id=dataset(1, Outcome.FAILED).dataset_id, title="=T", detail="-d\ne")
ACCEPTED = AcceptedException(
    dataset_id=NAMED.dataset_id,
    reason=Reason.TERM_UNKNOWN,
    until=date(2026, 6, 1),
    because="it is so",
)
FAILED = report(
    (
        dataset(
            1,
            Outcome.FAILED,
            Finding(reason=Reason.TERM_UNKNOWN),
            Finding(reason=Reason.GENE_UNKNOWN),
        ),
    ),
    (
        check(Status.FAILED, name="+a", offenders=(NAMED, Offender(dataset_id="@x"))),
        check(Status.PASSED, name="b", accepted=(NAMED,)),
        check(name="c", offenders=(Offender(dataset_id="y", title="z" * 1001),)),
    ),
    exceptions=(ExceptionUse(exception=ACCEPTED, title="T", state=ExceptionState.USED),),
    timeline=Timeline(begun_at=START, seconds=1, read=(1, 1), written=(1, 1), failed=(0, 0)),
)
TEXTS = {
    "thread": body(render(PageThread(7, "T <1>\n2", ("a<b", "c"), FIRST, (OTHER,)))),
    "thread of nothing": body(render(PageThread(7, "T", (), OTHER, ()))),
    **{f"diagram: {name}": diagrams.drawn(text) for name, text in DIAGRAMS.items()},
    **{f"course: {name}": text for name, text in COURSES.items()},
    "offenders": offenders(FAILED),
    "report": body(files(FAILED)["report.html"]),
    "report without a course": body(files(report())["report.html"]),
}

"""A run's course as a drawing for its page: what was read, and what was written or given up.

Pure. One SVG without script, in the page's own colours; what it shows is also its text alternative.
"""

from collections.abc import Iterator, Sequence
from html import escape

from bot.comments.markdown import moment
from runners.contract import Timeline

WIDTH, HEIGHT, GAP, LINE = 600, 60, 2, 16
"""Of the drawing, of one row's highest bar, between bars, and of a line of text, in SVG's units."""

STYLE = """
.timeline svg { width: 100%; height: auto; } .timeline text { font-size: 11px; fill: var(--dim); }
.timeline .read { fill: #54aeff; } .timeline .written { fill: #0969da; }
.timeline .failed { fill: #bf8700; } .timeline .axis { stroke: var(--line); }
"""
"""What the page's style gains by it."""


def drawing(timeline: Timeline) -> str:
    """A figure in HTML; nothing where all fell into one step, which a drawing says nothing of."""
    if len(timeline.read) < 2:
        return ""
    ended = [sum(both) for both in zip(timeline.written, timeline.failed, strict=True)]
    read = _row(timeline, "read", max(timeline.read), 0, [(timeline.read, "read")])
    stacked = [(timeline.written, "written"), (timeline.failed, "failed")]
    below = _row(timeline, "written, and failed (at their foot)", max(ended), 1, stacked)
    height = 2 * (LINE + HEIGHT) + LINE
    return (
        f'<h3>The run\'s course</h3>\n<figure class="timeline">'
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(_said(timeline))}">'
        f"{read}{below}{_axis(timeline, height)}</svg>"
        f"<figcaption>{escape(_said(timeline))}</figcaption></figure>\n"
    )


Bars = Sequence[tuple[Sequence[int], str]]


def _row(timeline: Timeline, title: str, most: int, row: int, stacked: Bars) -> str:
    """One row of bars, whose highest is `most` datasets; the last of the stacked stands lowest."""
    top = row * (LINE + HEIGHT)
    foot = top + LINE + HEIGHT
    head = f'<text x="0" y="{top + 11}">{title}; at most {most:,} {_per(timeline)}</text>'
    line = f'<path class="axis" d="M0 {foot}H{WIDTH}"/>'
    return head + "".join(_bars(stacked, most, foot)) + line


def _bars(stacked: Bars, most: int, foot: int) -> Iterator[str]:
    width = WIDTH / len(stacked[0][0])
    for step in range(len(stacked[0][0])):
        at = float(foot)
        for counts, kind in reversed(stacked):
            if counts[step]:
                height = HEIGHT * counts[step] / most
                at -= height
                yield (
                    f'<rect class="{kind}" x="{step * width:.1f}" y="{at:.1f}" '
                    f'width="{width - min(GAP, width / 4):.1f}" height="{height:.1f}">'
                    f"<title>{counts[step]:,} {kind}</title></rect>"
                )


def _axis(timeline: Timeline, height: int) -> str:
    length = _duration(timeline.seconds * len(timeline.read))
    return (
        f'<text x="0" y="{height - 4}">{moment(timeline.begun_at)}</text>'
        f'<text x="{WIDTH}" y="{height - 4}" text-anchor="end">{length} later</text>'
    )


def _said(timeline: Timeline) -> str:
    read, written, failed = (
        sum(counts) for counts in (timeline.read, timeline.written, timeline.failed)
    )
    return (
        f"{read:,} read, {written:,} written and {failed:,} failed within "
        f"{_duration(timeline.seconds * len(timeline.read))}; a bar is what was done "
        f"{_per(timeline)}."
    )


def _per(timeline: Timeline) -> str:
    return f"in {_duration(timeline.seconds)}"


def _duration(seconds: int) -> str:
    """Such as `90 s`, `5 min`, `2 h` or `3 d`: the largest unit that needs no fraction, or two."""
    units = ((86400, "d"), (3600, "h"), (60, "min"))
    for size, unit in units:
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds // 60} min {seconds % 60} s" if seconds > 120 else f"{seconds} s"

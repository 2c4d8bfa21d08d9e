"""What the terminal shows, in each of its forms, on a screen of eighty columns."""

import os
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from bot.census.release import Oddity, OddityKind, Release, ReleasePage
from bot.cli import terminal
from bot.html.thread_page import PageComment, PageThread
from runners.contract import Health, PartHealth

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FOLDED = """**Hello** `you`
<details>
<summary>All of it</summary>

- inner
<details>
<summary>Deeper</summary>

deep
</details>
</details>
<!-- hidden -->
after <code>x</code>"""
BOT = PageComment(0, "b\not", True, NOON, None, (), FOLDED)
PERSON = PageComment(
    3, "[red]me[/]", False, NOON, None, ("eyes", "rocket"), "a\x1b[31m <details>b</details>\u200b"
)
THREAD = PageThread(7, "T [bold]1[/]\n2", ("a", "b"), BOT, (PERSON,))
PLAN = (
    "Because \\*this\\*.\n1. say `x` **so** &lt;b&gt; &amp; \\a\u200b "
    "<code>c</code><!-- d -->\x1b[0m"
)
FULL = Release("2026-02-01", None, "2.4.0", "[red]7[/]", 1845)
ODD = Oddity(OddityKind.MISSING_FACT, "2026-02-01", "a\nb")


def shown(show: Callable[[], None]) -> str:
    """What it prints, without the blanks at the ends of lines."""
    screen = {"COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1"}
    with patch.dict(os.environ, screen), redirect_stdout(StringIO()) as printed:
        show()
    return "\n".join(line.rstrip() for line in printed.getvalue().splitlines())


def thread(*, unfold: bool) -> str:
    return shown(lambda: terminal.show_thread(THREAD, Path("a/page.html"), unfold=unfold))


def health(of: Health, remedy: str, sentence: str = "It\nis.") -> str:
    line = PartHealth(part="p[red]", health=of, sentence=sentence, remedy=remedy)
    return shown(lambda: terminal.show_health(line))


TEXTS = {
    "plan": shown(lambda: terminal.show_plan(PLAN, dry_run=False)),
    "plan, dry": shown(lambda: terminal.show_plan(PLAN, dry_run=True)),
    "releases": shown(
        lambda: terminal.show_releases(
            {"[b]page": ReleasePage((FULL,), (ODD,)), "empty": ReleasePage(())}
        )
    ),
    "threads": shown(lambda: terminal.show_threads([THREAD])),
    "no threads": shown(lambda: terminal.show_threads([])),
    "thread": thread(unfold=False),
    "thread, unfolded": thread(unfold=True),
    "decisions": shown(lambda: terminal.show_decisions([("a\nb", "[red]c", "d")])),
    **{f"health: {one}": health(one, "do [it]") for one in Health},
    "health without a remedy": health(Health.OK, ""),
    "health, a long sentence": health(Health.MISSING, f"do{' this' * 80}", "x" * 601),
}

"""Prints plans, tables and threads to the terminal, by rich. Reads no files and no settings."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from bot.census.release import ReleasePage
from bot.comments.markdown import moment, one_line
from bot.html.thread_page import PageThread
from runners.contract import Health, PartHealth

FACTS = {
    "version": "Release",
    "build_date": "Built",
    "census_schema_version": "Census schema",
    "dataset_schema_version": "Dataset schema",
    "dataset_count": "Datasets",
}
LONGEST_SENTENCE = 600
SUMMARY = re.compile(r"<summary>(.*)</summary>")
HTML = re.compile(r"</?(?:details|code)>|<!--.*?-->")


def show_plan(text: str, dry_run: bool) -> None:
    """A plan, in the words of `describe`."""
    console = Console(soft_wrap=True)
    if dry_run:
        console.print("Dry run: nothing is changed.", markup=False, highlight=False)
    console.print(_plain(text), markup=False, highlight=False)


def show_releases(pages: Mapping[str, ReleasePage]) -> None:
    """One table per page, and its warnings beneath it."""
    console = Console()
    for name, page in pages.items():
        table = Table(title=escape(name), title_justify="left")
        for head in FACTS.values():
            table.add_column(head, justify="right" if head == "Datasets" else "left")
        for release in page.releases:
            values = (getattr(release, fact) for fact in FACTS)
            table.add_row(*("-" if v is None else escape(one_line(str(v))) for v in values))
        console.print(table if page.releases else f"{escape(name)}: no LTS release.")
        for warning in page.warnings:
            console.print(f"note: {one_line(str(warning))}", markup=False, highlight=False)


def show_threads(threads: Sequence[PageThread]) -> None:
    """One line per thread."""
    console = Console(soft_wrap=True)
    for thread in threads:
        labels = ", ".join(map(str, thread.labels))
        line = f"{thread.number}  {one_line(thread.title)}  [{labels}]"
        console.print(line, markup=False, highlight=False)
    if not threads:
        console.print("No threads yet: `detect` opens one for each new release.", markup=False)


def show_thread(thread: PageThread, page: Path, *, unfold: bool) -> None:
    """The thread's texts in order, and its page's path. With `unfold`, also what the bot folded."""
    console = Console()
    console.rule(f"[bold]{escape(one_line(thread.title))}[/] #{thread.number}", align="left")
    for comment in (thread.first, *thread.comments):
        reactions = f"  ({', '.join(comment.reactions)})" if comment.reactions else ""
        head = f"{one_line(comment.author)}, {moment(comment.created)}{reactions}"
        console.print(f"\n[bold cyan]{escape(head)}[/]")
        text = _printable(comment.body)
        console.print(Markdown(_without_html(text, unfold) if comment.by_bot else text))
    console.print(f"\nIn a browser: {page}", soft_wrap=True, markup=False, highlight=False)


def _without_html(markdown: str, unfold: bool) -> str:
    """The bot's text with what it folds either open or as its summary alone."""
    lines = []
    depth = 0
    for line in markdown.splitlines():
        summary = SUMMARY.fullmatch(line)
        depth += (line == "<details>") - (line == "</details>")
        if summary and (unfold or depth == 1):
            lines.append(f"**{summary[1]}**" if unfold else f"▸ {summary[1]} (folded)")
        elif unfold or not depth:
            lines.append(HTML.sub("", line))
    return "\n".join(lines)


def _printable(text: str) -> str:
    """The text without control characters, which could make the terminal do something."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable() or c == "\u200b")


def _plain(markdown: str) -> str:
    """The text as plain text: without backslashes, zero-width marks, emphasis and code marks."""
    text = re.sub(r"\\([^\w\s])", r"\1", HTML.sub("", _printable(markdown)))
    text = text.replace("\u200b", "").replace("**", "").replace("`", "")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def show_decisions(rows: Iterable[tuple[str, str, str]]) -> None:
    """Each rule, what it is, and who has decided it: a paragraph each."""
    console = Console(soft_wrap=True)
    for name, value, who in rows:
        console.print(
            f"{one_line(name)}\n  {one_line(value)}\n  {one_line(who)}",
            markup=False,
            highlight=False,
        )


COLOURS = {Health.OK: "green", Health.WARNING: "yellow", Health.MISSING: "red"}


def show_health(line: PartHealth) -> None:
    """One part of a set-up, and what mends it."""
    console = Console(soft_wrap=True, highlight=False)
    colour = COLOURS.get(line.health, "magenta")
    console.print(f"[{colour}]{line.health:>7}[/]  ", end="")
    # a remedy that is cut is none
    told = f"{line.part}: {one_line(line.sentence, LONGEST_SENTENCE)} {line.remedy}"
    console.print(one_line(told, len(told)), markup=False)

"""Threads as Markdown files in a folder, in place of GitHub's issues, each with an HTML page.

    threads/1/thread.md, threads/1/comments/0001.md, ..., threads/1/thread.html

A file begins with its facts (author, time, labels) as TOML between two lines of `+++`.
Must not let a person write as the bot.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomli_w

from bot.adapters.files import write, write_folder
from bot.errors import BotError
from bot.html.thread_page import PageComment, PageThread, render
from bot.model.labels import Label, Reaction, Topic
from bot.model.markers import Marker, last_marker
from bot.model.ports import ThreadComment

FENCE = "+++\n"


LABELS = frozenset(str(label) for label in Label)


def join_front_matter(facts: Mapping[str, object], body: str) -> str:
    """The file's text; `split_front_matter` gives the same facts and body back."""
    return f"{FENCE}{tomli_w.dumps(facts)}{FENCE}{body}"


def split_front_matter(path: Path) -> tuple[dict[str, Any], str]:
    """The file's facts and its text. Raises BotError if a person broke it."""
    try:
        text = path.read_bytes().decode("utf-8")
        head, facts, body = text.split(FENCE, 2)
        if head:
            raise ValueError("there is text before the first +++")
        read = tomllib.loads(facts)
        if not (isinstance(read.get("author"), str) and isinstance(read.get("created"), datetime)):
            raise ValueError("it lacks its author, or the time at which it was created")
        return read, body
    except (OSError, ValueError) as error:
        raise BotError(
            f"{path}: can't be read as a thread's file ({error}); put it right or remove it."
        ) from error


@dataclass(frozen=True, slots=True)
class LocalThreads:
    """The threads in a folder. `bot` is the bot's name, which no person may write under."""

    folder: Path
    bot: str
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    # --- the port ---------------------------------------------------------------------------------

    def marked(self) -> Mapping[Marker, int]:
        threads: dict[Marker, int] = {}
        for number, body in self.texts().items():
            marker = last_marker(body)
            if marker is not None:
                threads.setdefault(marker, number)
        return threads

    def texts(self) -> Mapping[int, str]:
        read = {number: split_front_matter(self._file(number)) for number in self.numbers()}
        return {n: body for n, (facts, body) in read.items() if facts.get("author") == self.bot}

    def closed(self) -> frozenset[int]:
        read = {number: split_front_matter(self._file(number)) for number in self.numbers()}
        return frozenset(number for number, (facts, _) in read.items() if "closed_by" in facts)

    def open(self, title: str, body: str, label: Label | Topic) -> int:
        facts = {**self._signed(self.bot), "title": title, "labels": [str(label)]}
        text = join_front_matter(facts, body)
        number = max(self.numbers(), default=0) + 1
        write_folder(self.folder / str(number), {"thread.md": text})
        self.render(number)
        return number

    def rewrite(self, thread: int, body: str) -> None:
        facts, _ = split_front_matter(self._file(thread))
        write(self._file(thread), join_front_matter(facts, body))
        self.render(thread)

    def address(self, thread: int) -> str:
        return str(self.page(thread))

    def public_address(self, thread: int) -> str | None:
        return None

    def close(self, thread: int) -> None:
        self.close_as(thread, self.bot)

    def comments(self, thread: int) -> tuple[ThreadComment, ...]:
        return tuple(
            ThreadComment(
                number, facts["author"], body, facts["author"] == self.bot, facts["created"]
            )
            for number, facts, body in self._comments(thread)
        )

    def comment(self, thread: int, body: str) -> int:
        return self._add(thread, self.bot, body)

    def edit(self, thread: int, comment_id: int, body: str) -> None:
        facts, _ = self._own_comment(thread, comment_id)
        facts["edited"] = self.now()
        write(self._comment_file(thread, comment_id), join_front_matter(facts, body))
        self.render(thread)

    def react(self, thread: int, comment_id: int, reaction: Reaction) -> None:
        path = self._comment_file(thread, comment_id)
        facts, body = split_front_matter(path)
        if str(reaction) not in facts.get("reactions", []):
            facts["reactions"] = [*facts.get("reactions", []), str(reaction)]
            write(path, join_front_matter(facts, body))
            self.render(thread)

    def label(self, thread: int, label: Label) -> None:
        facts, body = split_front_matter(self._file(thread))
        other_labels = [label for label in facts.get("labels", []) if label not in LABELS]
        if facts.get("labels") != [*other_labels, str(label)]:
            facts["labels"] = [*other_labels, str(label)]
            write(self._file(thread), join_front_matter(facts, body))
            self.render(thread)

    # --- what only the embedded bot has ----------------------------------------------------------

    def say(self, thread: int, author: str, body: str) -> int:
        """Adds a person's comment and returns its number. Nobody may speak as the bot."""
        if author == self.bot:
            raise BotError(f"{author!r} is the bot's own name; speak --as somebody else.")
        return self._add(thread, author, body)

    def close_as(self, thread: int, actor: str) -> None:
        """Closes the thread in the actor's name; one that is closed stays as it is."""
        self._check_there(thread)
        facts, body = split_front_matter(self._file(thread))
        if "closed_by" not in facts:
            facts["closed_by"] = actor
            write(self._file(thread), join_front_matter(facts, body))
            self.render(thread)

    def read(self, thread: int) -> PageThread:
        """The thread with everything in it."""
        self._check_there(thread)
        facts, body = split_front_matter(self._file(thread))
        comments = tuple(self._page_comment(n, f, b) for n, f, b in self._comments(thread))
        first = self._page_comment(0, facts, body)
        closed = ["closed"] if "closed_by" in facts else []
        labels = [*facts.get("labels", []), *closed]
        return PageThread(thread, facts.get("title", ""), labels, first, comments)

    def numbers(self) -> list[int]:
        """The numbers of all threads, in order."""
        names = (path.parent.name for path in self.folder.glob("*/thread.md"))
        return sorted(int(name) for name in names if name.isdecimal())

    def page(self, thread: int) -> Path:
        """Where the thread's page for the browser lies."""
        return self.folder / str(thread) / "thread.html"

    def render(self, thread: int) -> None:
        """Writes the thread's page anew."""
        write(self.page(thread), render(self.read(thread)))

    # --- files ------------------------------------------------------------------------------------

    def _add(self, thread: int, author: str, body: str) -> int:
        self._check_there(thread)
        number = max((n for n, _, _ in self._comments(thread)), default=0) + 1
        text = join_front_matter(self._signed(author), body)
        write(self._comment_file(thread, number), text)
        self.render(thread)
        return number

    def _signed(self, author: str) -> dict[str, object]:
        return {"author": author, "created": self.now().replace(microsecond=0)}

    def _own_comment(self, thread: int, comment_id: int) -> tuple[dict[str, Any], str]:
        facts, body = split_front_matter(self._comment_file(thread, comment_id))
        if facts.get("author") != self.bot:
            raise BotError(f"Comment {comment_id} of thread {thread} isn't the bot's; leave it.")
        return facts, body

    def _comments(self, thread: int) -> list[tuple[int, dict[str, Any], str]]:
        self._check_there(thread)
        paths = (self.folder / str(thread) / "comments").glob("*.md")
        numbered = sorted((int(path.stem), path) for path in paths if path.stem.isdecimal())
        return [(number, *split_front_matter(path)) for number, path in numbered]

    def _page_comment(self, number: int, facts: Mapping[str, Any], body: str) -> PageComment:
        author = str(facts.get("author", ""))
        return PageComment(
            number,
            author,
            author == self.bot,
            facts["created"],
            facts.get("edited"),
            tuple(facts.get("reactions", [])),
            body,
        )

    def _check_there(self, thread: int) -> None:
        if not self._file(thread).is_file():
            numbers = ", ".join(map(str, self.numbers())) or "none so far"
            raise BotError(f"There is no thread {thread} in {self.folder}; there is {numbers}.")

    def _file(self, thread: int) -> Path:
        return self.folder / str(thread) / "thread.md"

    def _comment_file(self, thread: int, comment_id: int) -> Path:
        return self.folder / str(thread) / "comments" / f"{comment_id:04}.md"

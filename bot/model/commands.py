"""The grammar of what a person may ask in a comment, and the least role that may ask it.

Text -> Command, Mistake or None. Must not know who spoke, nor what is going on: that is `plan`'s.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import IntEnum, StrEnum
from itertools import groupby
from typing import Any

DATASET_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*")
COMMAND = re.compile(r"/([A-Za-z][\w-]*)((?:\s.*)?)")
# A negative number is a (wrong) value; telephones turn two hyphens into a dash.
OPTION = re.compile(r"-[^0-9]|[\u2013\u2014]")
LIMIT = re.compile(r"[1-9][0-9]{0,6}")
RELEASE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
SCHEMA_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}")
# What stands between quotation marks is one word; telephones make curly ones of straight ones.
WORD = re.compile(r'(?:[^\s"\u201c]|"[^"]{0,500}"|\u201c[^\u201d]{0,500}\u201d|["\u201c])+')
QUOTES = '"\u201c\u201d'
# A collection's id or DOI, an organism's taxon or name: what says by itself where it ends.
IDENTIFIER = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:https?://(?:dx\.)?doi\.org/|doi:)?10\.\d+/\S+"
    r"|NCBITaxon:\d+|[a-z]+(?:_[a-z]+)+",
    re.IGNORECASE,
)
LONGEST_NAME = 500


class Role(IntEnum):
    """What a person may do in the repository; GitHub's `role_name`, in its order."""

    NONE = 0
    READ = 1
    TRIAGE = 2
    WRITE = 3
    MAINTAIN = 4
    ADMIN = 5


class Verb(StrEnum):
    """The commands, by the word after the slash."""

    INGEST = "ingest"
    VERIFY = "verify"
    RETRY = "retry"
    STATUS = "status"
    CANCEL = "cancel"
    DETECT = "detect"
    DIFF = "diff"
    THREAD = "thread"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """One line of the grammar, as `/help` and the documentation show it."""

    usage: str
    role: Role
    meaning: str


GRAMMAR = {
    Verb.INGEST: CommandHelp(
        "/ingest [--limit N] [--only ID...] [--collection NAME] [--organism NAME] [--dry-run]",
        Role.MAINTAIN,
        "Register this release and verify it. `--limit` takes the first N datasets, `--only` the "
        "named ones, `--collection` those of a collection (its id, DOI or exact name), "
        "`--organism` those of an organism (such as `homo_sapiens`); `--dry-run` only says what "
        "would be done.",
    ),
    Verb.VERIFY: CommandHelp(
        "/verify [RELEASE]",
        Role.WRITE,
        "Check what is registered of this release, or in the dashboard of RELEASE; writes nothing.",
    ),
    Verb.RETRY: CommandHelp(
        "/retry",
        Role.MAINTAIN,
        "Do again what failed in the last ingest, and what it didn't reach.",
    ),
    Verb.STATUS: CommandHelp(
        "/status", Role.READ, "Say what is running and how earlier runs ended."
    ),
    Verb.CANCEL: CommandHelp(
        "/cancel", Role.MAINTAIN, "End the ingest that is going on; what is done stays."
    ),
    Verb.DETECT: CommandHelp("/detect", Role.TRIAGE, "Look at the release page and directory now."),
    Verb.DIFF: CommandHelp(
        "/diff OLD NEW",
        Role.READ,
        "Explain what changed from one dataset schema version to another, as `/diff 6.0.0 7.0.0`.",
    ),
    Verb.THREAD: CommandHelp(
        "/thread RELEASE",
        Role.WRITE,
        "Open a thread about an LTS release that has none, because it is older than my threads.",
    ),
    Verb.HELP: CommandHelp("/help", Role.READ, "Show this table."),
}
DRY_RUN_ROLE = Role.WRITE
PART = ("only", "collection", "organism", "limit")
OPTIONS = ("--dry-run", "--limit", "--only", "--collection", "--organism")


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its options; `str()` gives it as a person types it."""

    verb: Verb
    limit: int | None = None
    only: tuple[str, ...] = ()
    dry_run: bool = False
    collection: tuple[str, ...] = ()
    organism: tuple[str, ...] = ()
    release: str | None = None
    versions: tuple[str, ...] = ()

    @property
    def part(self) -> dict[str, Any]:
        """What part of a release it names, by the fields of a run's request."""
        return {name: getattr(self, name) for name in PART}

    def __str__(self) -> str:
        words = [f"/{self.verb}", *([self.release] if self.release else []), *self.versions]
        words += [f"--limit {self.limit}"] if self.limit else []
        words += [f"--only {' '.join(self.only)}"] if self.only else []
        words += [f"--collection {_quoted(name)}" for name in self.collection]
        words += [f"--organism {_quoted(name)}" for name in self.organism]
        return " ".join([*words, "--dry-run"] if self.dry_run else words)


def _quoted(name: str) -> str:
    return name if IDENTIFIER.fullmatch(name) else f'"{name}"'


@dataclass(frozen=True, slots=True)
class Mistake:
    """A first line that was meant as a command. Both texts hold what was typed, unescaped."""

    problem: str
    suggestion: str | None = None


def parse(body: str) -> Command | Mistake | None:
    """What the first line asks; None if it doesn't begin with a slash and a word."""
    line = body.split("\n", 1)[0].strip("\r") if body else ""
    match = COMMAND.fullmatch(line)
    if match is None:
        return None
    name, words = match[1].lower(), WORD.findall(match[2])
    if name not in list(Verb):
        near = get_close_matches(name, list(Verb), n=1)
        return Mistake(f"there is no command /{match[1]}", f"/{near[0]}" if near else None)
    verb = Verb(name)
    if verb is Verb.INGEST:
        return _ingest(words)
    if verb is Verb.DIFF:
        return _diff(words)
    if verb is Verb.THREAD:
        return _thread(words)
    if verb is Verb.VERIFY and len(words) == 1 and RELEASE.fullmatch(words[0]):
        return Command(verb, release=words[0])
    if words:
        return Mistake(f"/{verb} takes no options, but {words[0]} was given", f"/{verb}")
    return Command(verb)


def _diff(words: list[str]) -> Command | Mistake:
    versions = tuple(word.removeprefix("v") for word in words)
    if len(versions) != 2 or not all(map(SCHEMA_VERSION.fullmatch, versions)):
        said = " ".join(words) or "nothing"
        problem = f"/diff wants two dataset schema versions, but got {said}"
        return Mistake(problem, "/diff 6.0.0 7.0.0")
    return Command(Verb.DIFF, versions=versions)


def _thread(words: list[str]) -> Command | Mistake:
    if len(words) != 1 or not RELEASE.fullmatch(words[0]):
        said = " ".join(words) or "nothing"
        return Mistake(f"/thread wants one LTS release, but got {said}", "/thread 2023-12-15")
    return Command(Verb.THREAD, release=words[0])


def _ingest(words: list[str]) -> Command | Mistake:
    command = Command(Verb.INGEST)
    rest = list(words)
    while rest:
        option, joined, value = rest.pop(0).partition("=")
        values = [value] if joined else _values(rest)
        step = _option(command, option, values)
        if isinstance(step, Mistake):
            return step
        command = step
    return command


def _values(rest: list[str]) -> list[str]:
    """Takes from `rest` what stands before the next option."""
    values = []
    while rest and not OPTION.match(rest[0]):
        values.append(rest.pop(0))
    return values


def _option(command: Command, option: str, values: list[str]) -> Command | Mistake:
    if option == "--dry-run":
        return _dry_run(command, values)
    if option == "--limit":
        return _limit(command, values)
    if option == "--only":
        return _only(command, values)
    if option in ("--collection", "--organism"):
        return _named(command, option, values)
    plain = "--" + option.lstrip("-\u2013\u2014").lower()
    near = get_close_matches(plain, OPTIONS, n=1)
    suggestion = " ".join(["/ingest", *near, *values]) if near else None
    return Mistake(f"/ingest has no option {option}", suggestion)


def _dry_run(command: Command, values: list[str]) -> Command | Mistake:
    if values:
        return Mistake(f"--dry-run takes no value, but {values[0]} was given", "/ingest --dry-run")
    return replace(command, dry_run=True)


def _limit(command: Command, values: list[str]) -> Command | Mistake:
    if len(values) != 1 or not LIMIT.fullmatch(values[0]):
        words = " ".join(values) or "nothing"
        return Mistake(f"--limit wants one number from 1 on, but got {words}", "/ingest --limit 10")
    return replace(command, limit=int(values[0]))


def _only(command: Command, values: list[str]) -> Command | Mistake:
    ids = [part for value in values for part in value.split(",") if part]
    if not ids:
        return Mistake("--only wants at least one dataset id", "/ingest --only DATASET_ID")
    wrong = next((dataset_id for dataset_id in ids if not DATASET_ID.fullmatch(dataset_id)), None)
    if wrong is not None:
        return Mistake(f"--only got {wrong}, which is no dataset id", "/ingest --only DATASET_ID")
    return replace(command, only=_together(command.only, ids))


def _together(before: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*before, *now)))


def _named(command: Command, option: str, values: list[str]) -> Command | Mistake:
    """Each identifier and each word in quotation marks; other words that stand together are one
    name.
    """
    names = [" ".join(name.split()) for name in _parts(values)]
    if not names or not all(names):
        return Mistake(f"{option} wants a name", f'/ingest {option} "NAME"')
    if any(set(name) & set(QUOTES) or len(name) > LONGEST_NAME for name in names):
        wrong = f"{option} got quotation marks within a name, or more than {LONGEST_NAME} letters"
        return Mistake(wrong, f"/ingest {option} ID")
    if option == "--collection":
        return replace(command, collection=_together(command.collection, names))
    return replace(command, organism=_together(command.organism, names))


def _parts(values: list[str]) -> list[str]:
    parts: list[str] = []
    for is_quoted, words in ((key, list(group)) for key, group in groupby(values, _is_quoted)):
        ids = [part for word in words for part in word.split(",") if part]
        if is_quoted:
            parts += [word[1:-1] for word in words]
        else:
            name = " ".join(words).strip(" ,")
            parts += ids if all(map(IDENTIFIER.fullmatch, ids)) else [name] if name else []
    return parts


def _is_quoted(word: str) -> bool:
    return word[:1] in (*QUOTES,) and word[-1:] in (*QUOTES,)

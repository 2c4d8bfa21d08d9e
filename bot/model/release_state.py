"""How far a release has come, as the dashboard tells it."""

from dataclasses import dataclass
from enum import StrEnum

from runners.contract import Action


class State(StrEnum):
    """Where a release stands; a person reads the word itself."""

    SEEN = "seen"
    PROPOSED = "proposed"
    DECLINED = "declined"
    BROKEN = "not usable"
    MERGED = "merged"
    RUNNING = "running"
    LOST = "without a result"
    PART = "a part verified"
    VERIFIED = "verified"
    FAILED = "failed"
    UNCHECKED = "incomplete"
    WITHDRAWN = "withdrawn"
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """One release. `thread` and `proposal` are numbers, of an issue and a pull request.

    `done` are those of its `datasets` that are registered, as far as its last run tells. `action`
    is what that run does or did. `cells` are without duplicates, of all organisms.
    """

    release: str
    state: State
    datasets: int | None = None
    done: int | None = None
    thread: int | None = None
    proposal: int | None = None
    action: Action | None = None
    cells: int | None = None

"""What the reaper printed -> what is said of it, and where. Pure.

Needs no facts but the threads' numbers: the job that says it may read nothing else.
"""

from collections.abc import Mapping

from bot.comments.status import machine_action
from bot.model.effects import Plan, UpsertComment
from bot.model.markers import Marker, MarkerKind
from runners.contract import ContractError, Reaped


def actions(text: str, source: str) -> tuple[tuple[Reaped, ...], tuple[str, ...]]:
    """The actions, and what is wrong with each other line: a killed reaper leaves half of one."""
    found, broken = [], []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            found.append(Reaped.from_json(line, source=f"{source}, line {number}"))
        except ContractError as error:
            broken.append(str(error))
    return tuple(found), tuple(broken)


def say(found: Reaped, threads: Mapping[Marker, int]) -> Plan:
    """A comment per machine and act, kept up to date, in the release's thread if it has one."""
    said = machine_action(found)
    thread = threads.get(Marker(MarkerKind.RELEASE, found.release or ""))
    if thread is None:
        return Plan((), f"{said} No thread is about its release.")
    key = f"{found.machine}-{found.act}".replace("_", "-")
    return Plan((UpsertComment(thread, Marker(MarkerKind.REAPED, key), said),), said)

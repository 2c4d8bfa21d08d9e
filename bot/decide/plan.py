"""An event and the facts -> a plan, by the module that decides on such events.

Equal events and facts give equal plans.
"""

from bot.decide.conversation import answer
from bot.decide.merge import manifest_merged
from bot.decide.release_policy import detection_failed, releases_read
from bot.decide.runs import run_begins, run_ended, run_goes_on, run_lost
from bot.model.effects import Plan
from bot.model.events import (
    CommentCreated,
    DetectionFailed,
    Event,
    ManifestMerged,
    ReleasesRead,
    RunAsked,
    RunEnded,
    RunGoesOn,
    RunLost,
)
from bot.model.facts import Facts


def plan(event: Event, facts: Facts) -> Plan:
    """What the bot does about the event.

    Raises:
        BotError: what was read can't be decided on; nothing is done then.
    """
    match event:
        case ReleasesRead():
            return releases_read(event, facts)
        case DetectionFailed():
            return detection_failed(event, facts)
        case CommentCreated():
            return answer(event, facts)
        case ManifestMerged():
            return manifest_merged(event, facts)
        case RunEnded():
            return run_ended(event, facts)
        case RunAsked():
            return run_begins(event, facts)
        case RunGoesOn():
            return run_goes_on(event, facts)
        case RunLost():
            return run_lost(event, facts)

"""What of a release's last ingest is to be done again, as far as its report tells. Pure.

A file that wasn't there may be now. A dataset that failed for its content fails again unless rules,
LaminDB or our code have changed: the machine knows that, and decides.
"""

from collections import Counter

from bot.model.facts import Facts, Repeat
from bot.model.ports import Run
from runners.contract import Action, Outcome, Reason, RunReport

MENDED_BY_A_REPEAT = (Outcome.MISSING, Outcome.UNREADABLE)


def last_ingest(release: str, facts: Facts, but: str) -> Run | None:
    """The newest ingest of the release that has ended, other than the run `but`."""
    ended = [
        run
        for run in facts.runs_of(release)
        if run.report and run.request.action is Action.INGEST and run.request.run_id != but
    ]
    return ended[-1] if ended else None


def repeat_of(report: RunReport) -> Repeat:
    """What a repeat of this run does, going by its report."""
    counts = Counter(one.outcome for one in report.outcomes)
    failed = [one for one in report.outcomes if one.outcome is Outcome.FAILED]
    reasons: Counter[Reason] = Counter()
    for one in failed:
        reasons.update(list(dict.fromkeys(found.reason for found in one.reasons)))
    return Repeat(
        report.request.run_id,
        {outcome: counts[outcome] for outcome in MENDED_BY_A_REPEAT if counts[outcome]},
        len(failed),
        dict(reasons.most_common()),
        report.cancelled,
    )

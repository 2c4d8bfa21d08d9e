"""A run begins, goes on, ended or was lost, or the reaper did something -> what is said of it.

Whether a run may begin is asked again in its own job: between the command and the job somebody else
may have been first, and whoever may dispatch a workflow needn't be one who may say the command.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.comments import result, status
from bot.comments.audit import audited
from bot.comments.markdown import code, mention
from bot.comments.pull_requests import open_rules_of
from bot.comments.status import machine_action
from bot.model.commands import GRAMMAR, Verb
from bot.model.effects import Comment, Conclude, Effect, Plan, SetLabel, UpsertComment
from bot.model.events import (
    RunAsked,
    RunEnded,
    RunGoesOn,
    RunLost,
)
from bot.model.facts import Facts
from bot.model.labels import Label
from bot.model.markers import Marker, MarkerKind
from bot.model.progress import Progress
from runners.contract import (
    Action,
    ContractError,
    Reaped,
    RunReport,
    RunRequest,
    Verdict,
    manifest_path,
)

ENDED = {
    Verdict.PASSED: Label.VERIFIED,
    Verdict.FAILED: Label.FAILED,
    Verdict.UNCHECKED: Label.UNCHECKED,
}


def run_begins(event: RunAsked, facts: Facts) -> Plan:
    """What is said of the run; a refusal keeps it from beginning.

    One that the bot has started begins without a word: what was asked of it is in the table.
    """
    request = event.request
    thread = facts.threads.get(request.release)
    obstacle = _obstacle(event, facts)
    reason = "begins." if obstacle is None else f"doesn't begin: {obstacle}"
    decided = Plan((), f"{request.run_id} {reason}", is_refusal=obstacle is not None)
    if thread is None or (event.by_bot and obstacle is None):
        return decided
    decided = replace(decided, effects=(_beginning_comment(event, obstacle, thread),))
    if event.by_bot:
        return decided
    return audited(
        decided,
        thread,
        who=event.actor,
        role=facts.role.name.lower(),
        line=f"start {request.run_id} by hand",
        run_id=request.run_id if obstacle is None else "",
    )


def _beginning_comment(event: RunAsked, obstacle: str | None, thread: int) -> Comment:
    """Why the run doesn't begin, or who has started it; once a person, and in no result's place.

    Whoever may repeat a workflow run that has ended mustn't thereby wipe out what came of it.
    """
    request = event.request
    who = "" if event.by_bot else f"-{re.sub('[^0-9a-z]', '-', event.actor.lower())}"
    if obstacle is not None:
        marker = Marker(MarkerKind.BEGUN, f"{request.run_id}{who}-refused")
        return Comment(thread, marker, status.not_begun(request, obstacle))
    marker = Marker(MarkerKind.BEGUN, f"{request.run_id}{who}")
    return Comment(thread, marker, status.begun_by_hand(request, event.actor))


def _obstacle(event: RunAsked, facts: Facts) -> str | None:
    request = event.request
    verb = Verb.VERIFY if request.action is Action.VERIFY else Verb.INGEST
    wanted = facts.minimum_roles.get(verb, GRAMMAR[verb].role)
    manifest = facts.manifests.get(request.release)
    running = facts.running()
    if not event.by_bot and facts.role < wanted:
        return (
            f"{mention(event.actor)} may not start it; ask somebody who is {wanted.name.lower()}."
        )
    if request.instance != facts.instance:
        return f"it is for {code(request.instance)}, and this bot works on {code(facts.instance)}."
    if manifest is None or request.manifest != manifest_path(request.release):
        return f"{code(request.manifest)} isn't the release's manifest on the default branch."
    if request.action is Action.INGEST:
        open_rules = open_rules_of(manifest.dataset_schema_version, facts)
        if open_rules is not None:
            return open_rules.why()
    if running is not None and running.request.run_id != request.run_id:
        return f"{code(running.request.run_id)} was asked for before, and an instance takes one."
    if not event.is_first:
        return "it was dispatched twice; the other one goes on."
    return None


def run_goes_on(event: RunGoesOn, facts: Facts) -> Plan:
    """The thread's status comment is rewritten."""
    request = event.request
    thread = facts.threads.get(request.release)
    if thread is None:
        return Plan((), f"{request.run_id} goes on; {request.release} has no thread of the bot's.")
    marker = Marker(MarkerKind.STATUS, request.run_id)
    body = status.status(request, event.progress, total_of(request, event.progress, facts))
    return Plan((UpsertComment(thread, marker, body),), f"{request.run_id} goes on.")


def run_lost(event: RunLost, facts: Facts) -> Plan:
    """A comment says what was and wasn't done, in the result's place."""
    request = event.request
    thread = facts.threads.get(request.release)
    if thread is None:
        return Plan((), f"{request.run_id} was lost; {request.release} has no thread of the bot's.")
    marker = Marker(MarkerKind.RESULT, request.run_id)
    total = total_of(request, event.progress, facts)
    body = status.lost(request, event.result, event.progress, total)
    effects: tuple[Effect, ...] = (UpsertComment(thread, marker, body), *settled(request, facts))
    running = facts.running()
    if running is None or running.request.run_id == request.run_id:
        effects = (*effects, SetLabel(thread, Label.UNCHECKED))
    return Plan(effects, f"{request.run_id} ended without a report ({event.result}).")


def settled(request: RunRequest, facts: Facts) -> tuple[Effect, ...]:
    """The status comment, if there is one, says that the run has ended."""
    thread = facts.threads.get(request.release)
    if thread is None or not facts.is_followed:
        return ()
    marker = Marker(MarkerKind.STATUS, request.run_id)
    return (UpsertComment(thread, marker, status.ended(request)),)


def total_of(request: RunRequest, progress: Progress, facts: Facts) -> int | None:
    """The datasets that the run does: as its journal tells or, before there is one, the manifest.

    None where only the release's own table could tell.
    """
    if progress.chosen is not None:
        return progress.chosen
    if request.collection or request.organism or request.failed_of or request.only_missing:
        return None
    manifest = facts.manifests.get(request.release)
    whole = manifest.dataset_count if manifest else 0
    wanted = len(request.only) or whole
    return min(wanted, request.limit) if request.limit else wanted


def run_ended(event: RunEnded, facts: Facts) -> Plan:
    """The result's comment, the mark on the merged manifest, and the thread's label."""
    request = event.report.request
    thread = facts.threads.get(request.release)
    if thread is None:
        return Plan(
            (), f"{request.run_id} ended, but {request.release} has no thread of the bot's."
        )
    body = result.body(event.report, _context(event, facts))
    comment = UpsertComment(thread, Marker(MarkerKind.RESULT, request.run_id), body)
    ended = Conclude(request.release, event.report.verdict, result.headline(event.report))
    effects: tuple[Effect, ...] = (comment, ended, *settled(request, facts))
    if facts.running() is None:
        effects = (*effects, SetLabel(thread, ENDED[event.report.verdict]))
    return Plan(effects, f"{request.run_id} ended with the verdict {event.report.verdict}.")


def _context(event: RunEnded, facts: Facts) -> result.ResultContext:
    """The last run of this release that ended before this one, and that of the release before."""
    report, run_id = event.report, event.report.request.run_id
    return result.ResultContext(
        earlier=_last(facts, report.request.release, report),
        before=_last(facts, report.previous.release, report) if report.previous else None,
        page=event.page,
        log=next((run.address for run in facts.runs if run.request.run_id == run_id), None),
        ingest_on_merge=facts.ingest_on_merge,
    )


def _last(facts: Facts, release: str, now: RunReport) -> RunReport | None:
    reports = [run.report for run in facts.runs_of(release) if run.report is not None]
    ended = [report for report in reports if report.ended_at < now.started_at]
    return max(ended, key=lambda report: report.ended_at, default=None)


def reaper_actions(text: str, source: str) -> tuple[tuple[Reaped, ...], tuple[str, ...]]:
    """The actions, and what is wrong with each other line: a killed reaper leaves half of one."""
    actions, broken = [], []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            actions.append(Reaped.from_json(line, source=f"{source}, line {number}"))
        except ContractError as error:
            broken.append(str(error))
    return tuple(actions), tuple(broken)


def reaper_comments(action: Reaped, threads: Mapping[Marker, int]) -> Plan:
    """A comment per machine and act, kept up to date, in the release's thread if it has one."""
    body = machine_action(action)
    thread = threads.get(Marker(MarkerKind.RELEASE, action.release or ""))
    if thread is None:
        return Plan((), f"{body} No thread is about its release.")
    key = f"{action.machine}-{action.act}".replace("_", "-")
    return Plan((UpsertComment(thread, Marker(MarkerKind.REAPED, key), body),), body)

"""A run begins, goes on, ended or was lost, or the reaper did something -> what is said of it.

Whether a run may begin is asked again in its own job: between the command and the job somebody else
may have been first, and whoever may dispatch a workflow needn't be one who may say the command.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.comments import replies, result, status
from bot.comments.audit import audited
from bot.comments.markdown import code, inert, mention
from bot.comments.pull_requests import open_rules_of
from bot.comments.status import machine_action
from bot.decide.conversation import minimum_role
from bot.model.audit_entry import proof_of
from bot.model.commands import Command, Verb, parse
from bot.model.effects import Comment, Conclude, Effect, Plan, SetLabel, UpsertComment
from bot.model.events import (
    RunAsked,
    RunEnded,
    RunGoesOn,
    RunLost,
)
from bot.model.facts import STARTING, Facts
from bot.model.labels import Label
from bot.model.markers import Marker, MarkerKind
from bot.model.places import foreign_places
from bot.model.ports import ThreadComment
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

ASKING_JOB = "plan"
"""The job that decides whether a run may begin; nothing is believed of one in which it failed."""

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
    effects: tuple[Effect, ...] = (_beginning_comment(event, obstacle, thread),)
    is_alone = event.is_first and not facts.is_worked_on(request)
    if event.by_bot and is_alone and unproved(request, facts) is None:
        # The command has set the label when it asked for the run.
        effects = (*effects, SetLabel(thread, _label_before(request, facts)))
    decided = replace(decided, effects=effects)
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
        # One that came twice goes on: of it nothing is settled by that.
        how = "refused" if event.is_first else "twice"
        marker = Marker(MarkerKind.BEGUN, f"{request.run_id}{who}-{how}")
        return Comment(thread, marker, status.not_begun(request, obstacle))
    marker = Marker(MarkerKind.BEGUN, f"{request.run_id}{who}")
    return Comment(thread, marker, status.begun_by_hand(request, event.actor))


def _obstacle(event: RunAsked, facts: Facts) -> str | None:
    request = event.request
    if not request.run_id.startswith(f"{request.release}-{request.action}-"):
        return "its name says another release or another action than its request."
    if event.by_bot and (why := unproved(request, facts)):
        return why
    wanted = minimum_role(Command(_verb_of(request)), facts)
    running = facts.running()
    if facts.role < wanted:
        name = request.requested_by if event.by_bot else event.actor
        who = mention(name) if name else "whoever asked for it"
        return f"{who} may not start it; ask somebody who is {wanted.name.lower()}."
    if request.instance != facts.instance:
        return f"it is for {code(request.instance)}, and this bot works on {code(facts.instance)}."
    if (why := _unfit_manifest(request, facts)) is not None:
        return why
    manifest = facts.manifests[request.release]
    if request.action is Action.INGEST:
        open_rules = open_rules_of(manifest.dataset_schema_version, facts)
        if open_rules is not None:
            return open_rules.why()
    if running is not None and running.request.run_id != request.run_id:
        return f"{code(running.request.run_id)} was asked for before, and an instance takes one."
    if not event.is_named:
        title = code(f"{request.run_id} in {request.instance}")
        return f"its workflow run must be called {title}, so that others see what is running."
    if not event.is_first:
        return "it was dispatched twice; the other one goes on."
    return None


def _verb_of(request: RunRequest) -> Verb:
    """The command that asks for such a run."""
    if request.action is Action.VERIFY:
        return Verb.VERIFY
    return Verb.INGEST if request.failed_of is None else Verb.RETRY


def _unfit_manifest(request: RunRequest, facts: Facts) -> str | None:
    """Why the run can't work by the manifest on the default branch, which must be as it was."""
    release = request.release
    if release in facts.broken:
        return f"the release's manifest can't be used: {inert(facts.broken[release])}"
    manifest = facts.manifests.get(release)
    if manifest is None or request.manifest != manifest_path(release):
        return f"{code(request.manifest)} isn't the release's manifest on the default branch."
    if request.manifest_blob is not None and request.manifest_blob != facts.blobs.get(release):
        return "the manifest was changed since it was asked for; say it again."
    if places := foreign_places(manifest, facts.places):
        return f"{replies.why_elsewhere(places, facts.places_unread)} {replies.ALLOW_PLACES}"
    return None


def unproved(request: RunRequest, facts: Facts) -> str | None:
    """Why a run that was started in the bot's name isn't taken for one of the bot's; None if it is.

    A job's own token dispatches as `github-actions[bot]`, whosever workflow it is in. So the bot
    must have left the request's proof in its answer, and the comment that it names, of a person's,
    must ask for just this. An App's comments nobody else can write.
    """
    if proof_of(request) not in facts.proofs:
        return (
            "no answer of mine in the thread says that I have started it, and any workflow of this "
            "repository could start one in my name. Say the command in the thread."
        )
    if request.comment is not None and not _is_asked(request, facts.command):
        return "the comment that it names doesn't ask for it, or no longer. Say the command again."
    return None


def _is_asked(request: RunRequest, comment: ThreadComment | None) -> bool:
    command = parse(comment.body) if comment is not None and not comment.by_bot else None
    if comment is None or not isinstance(command, Command) or command.dry_run:
        return False
    return (
        comment.author == request.requested_by
        and STARTING.get(command.verb) is request.action
        and request.run_id == f"{request.release}-{request.action}-{comment.comment_id}"
        and command.part == {name: getattr(request, name) for name in command.part}
    )


def run_goes_on(event: RunGoesOn, facts: Facts) -> Plan:
    """The thread's status comment is rewritten."""
    request = event.request
    thread = facts.threads.get(request.release)
    if thread is None:
        return Plan((), f"{request.run_id} goes on; {request.release} has no thread of the bot's.")
    marker = Marker(MarkerKind.STATUS, request.run_id)
    total = total_of(request, event.progress, facts)
    body = status.status(request, event.progress, total, event.log, event.job)
    return Plan((UpsertComment(thread, marker, body),), f"{request.run_id} goes on.")


def run_lost(event: RunLost, facts: Facts) -> Plan:
    """A comment says what was and wasn't done, in the result's place.

    The label stays as it is where a later run has reported before, as in `run_ended`.
    """
    request = event.request
    thread = facts.threads.get(request.release)
    if thread is None:
        return Plan((), f"{request.run_id} was lost; {request.release} has no thread of the bot's.")
    has_asked = event.ending.job != ASKING_JOB
    if not has_asked and unproved(request, facts):
        return Plan((), f"{request.run_id} isn't the bot's, and never began.")
    total = total_of(request, event.progress, facts)
    by, job, cost = facts.cancelled_by, event.job, event.cost
    body = status.lost(request, event.ending, event.progress, total, by, job, cost)
    effects: tuple[Effect, ...] = (_lost_comment(request, body, thread, has_asked=has_asked),)
    effects = (*effects, *settled(request, facts))
    if not facts.is_worked_on(request) and not facts.is_overtaken(request):
        effects = (*effects, SetLabel(thread, _label_without(event, facts)))
    return Plan(effects, f"{request.run_id} ended without a report ({event.ending}).")


def _label_without(event: RunLost, facts: Facts) -> Label:
    """The label as it was before where the run never began, since it has changed nothing."""
    has_begun = event.ending.has_begun(event.progress)
    return Label.UNCHECKED if has_begun else _label_before(event.request, facts)


def _label_before(request: RunRequest, facts: Facts) -> Label:
    """What the release's last run before came to, as far as any has: it reported, or was lost."""
    runs = facts.runs_of(request.release)
    earlier = [run for run in runs if run.request.run_id != request.run_id]
    if earlier and earlier[-1].is_lost:
        return Label.UNCHECKED
    ended = {
        run.report.ended_at if run.report else run.since: run.verdict
        for run in earlier
        if run.verdict
    }
    return ENDED[ended[max(ended)]] if ended else Label.MERGED


def _lost_comment(
    request: RunRequest, body: str, thread: int, *, has_asked: bool
) -> UpsertComment | Comment:
    """In the result's place; but not of a run that wasn't even allowed to have one."""
    if has_asked:
        return UpsertComment(thread, Marker(MarkerKind.RESULT, request.run_id), body)
    return Comment(thread, Marker(MarkerKind.BEGUN, f"{request.run_id}-failed"), body)


def settled(request: RunRequest, facts: Facts) -> tuple[Effect, ...]:
    """The status comment, if there is one, says that the run has ended."""
    thread = facts.threads.get(request.release)
    if thread is None or not facts.is_followed:
        return ()
    marker = Marker(MarkerKind.STATUS, request.run_id)
    return (UpsertComment(thread, marker, status.ended(request)),)


def total_of(request: RunRequest, progress: Progress | None, facts: Facts) -> int | None:
    """The datasets that the run does: as its journal tells or, before there is one, the manifest.

    None where only the release's own table could tell.
    """
    if progress is not None and progress.chosen is not None:
        return progress.chosen
    if request.collection or request.organism or request.failed_of or request.only_missing:
        return None
    manifest = facts.manifests.get(request.release)
    whole = manifest.dataset_count if manifest else 0
    wanted = len(request.only) or whole
    return min(wanted, request.limit) if request.limit else wanted


def run_ended(event: RunEnded, facts: Facts) -> Plan:
    """The result's comment, the mark on the merged manifest, and the thread's label.

    Mark and label stay as they are where a later run has reported before: that one's count.
    """
    request = event.report.request
    thread = facts.threads.get(request.release)
    if thread is None:
        return Plan(
            (), f"{request.run_id} ended, but {request.release} has no thread of the bot's."
        )
    body = result.body(event.report, _context(event, facts))
    comment = UpsertComment(thread, Marker(MarkerKind.RESULT, request.run_id), body)
    ended = Conclude(
        request.release,
        event.report.verdict,
        result.headline(event.report),
        request.manifest_commit,
    )
    effects: tuple[Effect, ...] = (comment, *settled(request, facts))
    reason = f"{request.run_id} ended with the verdict {event.report.verdict}."
    if facts.is_outdated(event.report):
        return Plan(effects, f"{reason} How {request.release} stands was said since.")
    if not facts.is_worked_on(request):
        effects = (*effects, SetLabel(thread, ENDED[event.report.verdict]))
    return Plan((*effects, ended), reason)


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

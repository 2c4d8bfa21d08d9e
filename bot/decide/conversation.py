"""A comment in a thread -> what the bot does and answers."""

import json
from collections import Counter

from bot.comments import replies
from bot.comments.audit import audited
from bot.comments.plan import describe_effect
from bot.comments.pull_requests import open_rules_of
from bot.decide.questions import (
    explain,
    look_now,
    open_thread,
    status_of_all,
    without_release,
)
from bot.decide.questions import refuse as _refuse
from bot.decide.questions import reply as _reply
from bot.model.commands import DRY_RUN_ROLE, GRAMMAR, Command, Mistake, Role, Verb, parse
from bot.model.effects import CancelRun, Comment, Effect, Plan, React, SetLabel, StartRun, Tabulate
from bot.model.events import CommentCreated
from bot.model.facts import STARTING, Facts, Repeat
from bot.model.labels import Label, Reaction
from bot.model.markers import reply_marker
from bot.model.places import foreign_places
from bot.model.ports import Run
from runners.contract import (
    MENDED_BY_REPEAT,
    OF_THE_INSTANCE,
    Action,
    DatasetOutcome,
    Manifest,
    Outcome,
    Reason,
    RunReport,
    RunRequest,
    manifest_path,
)

LONGEST_REQUEST = 64_000
"""Characters of a request as text within JSON. GitHub takes 65,535 of a dispatch's inputs:
https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
"""


def answer(event: CommentCreated, facts: Facts) -> Plan:
    """Nothing but for the first line of a new comment by a person in a thread of the bot's."""
    if event.is_bot or event.edited:
        return Plan((), "Comments of bots and edited comments don't count.")
    command = parse(event.body)
    if command is None:
        return Plan((), "The comment's first line is no command.")
    release = facts.release_of(event.thread)
    if release is None and event.thread not in facts.own:
        return Plan((), f"Thread {event.thread} isn't one of the bot's.")
    if facts.answered:
        reason = f"Comment {event.comment_id} was answered before."
        return Plan((Tabulate(event.thread),), reason)
    line = event.body.split("\n", 1)[0]
    decided = _decide(command, line, event, release, facts)
    role = facts.role.name.lower()
    return audited(decided, event.thread, who=event.actor, role=role, line=line)


def _decide(
    command: Command | Mistake, line: str, event: CommentCreated, release: str | None, facts: Facts
) -> Plan:
    if isinstance(command, Mistake):
        reply = replies.misunderstood(line, command)
        return _reply(event, Reaction.REFUSED, reply, "Not understood.")
    return _obey(command, event, release, facts)


def _obey(command: Command, event: CommentCreated, release: str | None, facts: Facts) -> Plan:
    wanted = minimum_role(command, facts)
    if facts.role < wanted:
        reply = replies.role_too_low(command, event.actor, facts.role, wanted)
        return _refuse(event, reply, f"{event.actor} may not say /{command.verb}.")
    if command.verb is Verb.HELP:
        reply = replies.grammar(facts.minimum_roles, of_release=release is not None)
        return _reply(event, Reaction.DONE, reply, "Asked for help.")
    if command.verb is Verb.DETECT:
        return look_now(command, event, facts)
    if command.verb is Verb.DIFF:
        return explain(command, event, facts)
    if command.verb is Verb.THREAD:
        return open_thread(command, event, facts)
    if command.verb is Verb.STATUS and release is None:
        return status_of_all(event, facts)
    release = facts.release_meant(command, event.thread)
    if release is None:
        return without_release(command, event, facts)
    if command.verb is Verb.STATUS:
        reply = replies.status(release, facts)
        return _reply(event, Reaction.DONE, reply, "Asked for the status.")
    if command.verb is Verb.CANCEL:
        return _cancel(command, event, release, facts)
    return _start(command, event, release, facts)


def minimum_role(command: Command, facts: Facts) -> Role:
    """The least role that may say this; a dry run changes nothing, so it asks for less."""
    wanted = facts.minimum_roles.get(command.verb, GRAMMAR[command.verb].role)
    return min(wanted, DRY_RUN_ROLE) if command.dry_run else wanted


def _start(command: Command, event: CommentCreated, release: str, facts: Facts) -> Plan:
    if release in facts.broken:
        reply = replies.broken(command, facts.broken[release])
        return _refuse(event, reply, f"The manifest of {release} is broken.")
    manifest = facts.manifests.get(release)
    if manifest is None:
        reply = replies.not_merged(
            command,
            manifest_path(release),
            facts.proposals.get(release),
            ingest_on_merge=facts.ingest_on_merge,
        )
        return _refuse(event, reply, f"The manifest of {release} isn't merged.")
    if places := foreign_places(manifest, facts.places):
        reply = replies.lies_elsewhere(command, places, facts.places_unread)
        return _refuse(event, reply, f"{release} lies where nobody has allowed it.")
    reason = open_rules_of(manifest.dataset_schema_version, facts)
    if STARTING[command.verb] is Action.INGEST and reason is not None:
        reply = replies.undecided(command, reason)
        return _refuse(event, reply, f"{release}: {reason.problem}")
    request = _request(command, event, release, facts)
    if len(json.dumps(request.to_line())) > LONGEST_REQUEST:
        reply = replies.too_long(command)
        return _refuse(event, reply, f"{len(command.only):,} ids are more than a run takes.")
    again = None
    if command.verb is Verb.RETRY:
        again = _repeat(request, facts)
        if again is None or again.is_empty():
            reply = replies.nothing_to_retry(command, again)
            return _refuse(event, reply, f"Nothing of {release} is to be done again.")
        request = request.model_copy(update={"failed_of": again.run_id})
    running = facts.running()
    if running and running.request.run_id != request.run_id:
        reply = replies.busy(command, running)
        return _refuse(event, reply, f"{running.request.run_id} is running.")
    effects = _effects(event, request, manifest, facts, again)
    if not command.dry_run:
        return Plan(effects, f"{event.actor} may say {command}: the run starts.")
    lasting = [describe_effect(effect) for effect in _lasting(effects)]
    reply = replies.would_do(command, lasting, facts.limits)
    return _reply(event, Reaction.SEEN, reply, f"{event.actor} asked what {command} would do.")


def _repeat(request: RunRequest, facts: Facts) -> Repeat | None:
    """What the release's last ingest left to be done again; None if none has ended."""
    last = last_ingest(request.release, facts, but=request.run_id)
    return repeat_of(last.report) if last and last.report else None


def _cancel(command: Command, event: CommentCreated, release: str, facts: Facts) -> Plan:
    running = facts.running()
    if running is None:
        reply = replies.nothing_to_cancel(command)
        return _refuse(event, reply, f"Nothing is running in {facts.instance}.")
    run_id = running.request.run_id
    if running.request.release != release:
        reply = replies.another_is_running(command, running, facts.threads)
        return _refuse(event, reply, f"{run_id} is of another release.")
    effects = (
        React(event.thread, event.comment_id, Reaction.SEEN),
        CancelRun(run_id),
        React(event.thread, event.comment_id, Reaction.ACCEPTED),
        Comment(
            event.thread, reply_marker(event.comment_id), replies.cancelling(running, event.actor)
        ),
    )
    return Plan(effects, f"{event.actor} may say {command}: {run_id} is asked to stop.")


def _effects(
    event: CommentCreated,
    request: RunRequest,
    manifest: Manifest,
    facts: Facts,
    again: Repeat | None,
) -> tuple[Effect, ...]:
    """The run before the words: a promise without a run would be the worse half of a crash."""
    ended = [run for run in facts.runs_of(request.release) if run.verdict is not None]
    thread = facts.threads.get(request.release, event.thread)
    where = "here" if thread == event.thread else f"in #{thread}"
    earlier = ended[-1] if ended else None
    reply = replies.accepted(request, manifest, earlier, again, where=where, limits=facts.limits)
    return (
        React(event.thread, event.comment_id, Reaction.SEEN),
        StartRun(request),
        SetLabel(thread, Label.RUNNING),
        React(event.thread, event.comment_id, Reaction.ACCEPTED),
        Comment(event.thread, reply_marker(event.comment_id), reply),
    )


def _lasting(effects: tuple[Effect, ...]) -> list[Effect]:
    return [effect for effect in effects if not isinstance(effect, React | Comment)]


def _request(command: Command, event: CommentCreated, release: str, facts: Facts) -> RunRequest:
    """The run that this comment asks for: the comment's number makes it the same each time."""
    action = STARTING[command.verb]
    return RunRequest(
        run_id=f"{release}-{action}-{event.comment_id}",
        action=action,
        release=release,
        manifest=manifest_path(release),
        instance=facts.instance,
        thread=event.thread,
        requested_by=event.actor,
        comment=event.comment_id,
        manifest_blob=facts.blobs.get(release),
        manifest_commit=facts.commit or None,
        **command.part,
    )


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
    counts = Counter(outcome.outcome for outcome in report.outcomes)
    failed = [outcome for outcome in report.outcomes if _failed_for_its_content(outcome)]
    counts[Outcome.FAILED] -= len(failed)
    reasons: Counter[Reason] = Counter()
    for dataset in failed:
        reasons.update(list(dict.fromkeys(finding.reason for finding in dataset.reasons)))
    return Repeat(
        report.request.run_id,
        {end: counts[end] for end in (*MENDED_BY_REPEAT, Outcome.FAILED) if counts[end]},
        len(failed),
        dict(reasons.most_common()),
        report.cancelled,
    )


def _failed_for_its_content(dataset: DatasetOutcome) -> bool:
    reasons = {finding.reason for finding in dataset.reasons}
    return dataset.outcome is Outcome.FAILED and not reasons & OF_THE_INSTANCE

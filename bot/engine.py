"""Handles an event: gathers facts, decides, and applies the plan's effects in order.

Each effect looks before it writes, so that applying a plan twice changes nothing.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from bot.comments.audit import lacking, refused_look
from bot.comments.pull_requests import THREAD, draft_not_proposed, draft_proposed
from bot.comments.release import PROPOSAL
from bot.decide.dashboard import concerns_dashboard, dashboard, looked
from bot.decide.plan import plan
from bot.errors import BotError, BusyError
from bot.gather.facts import gather, gather_failures, gather_states
from bot.gather.releases import read_releases
from bot.model import audit_entry
from bot.model.announcement import Announcement, hidden_announcement
from bot.model.effects import (
    CancelRun,
    CloseThread,
    Comment,
    Conclude,
    CountFailures,
    Draft,
    Effect,
    KeepThread,
    OpenThread,
    Plan,
    ProposeManifest,
    React,
    Refer,
    SetLabel,
    StartLook,
    StartRun,
    Tabulate,
    UpsertComment,
)
from bot.model.events import DetectionFailed, Event, ReleasesRead
from bot.model.facts import Facts
from bot.model.look import hidden_look
from bot.model.markers import Marker, MarkerKind, sign
from bot.model.own_comments import own_comment
from bot.model.ports import Ports, Threads, Upstream
from bot.outside import announce, announce_rest, owed, with_its_debt
from bot.settings import Settings

TABLE_TRIES = 20


def handle(event: Event, ports: Ports, settings: Settings, *, dry_run: bool = False) -> Plan:
    """The plan for the event, carried out unless `dry_run`.

    Where another run was started in between, facts and plan are made again, once.
    """
    decided = plan(event, gather(event, ports, settings))
    if dry_run:
        return decided
    try:
        apply(decided, ports)
    except BusyError:
        decided = plan(event, gather(event, ports, settings))
        apply(decided, ports)
    if settings.keeps_dashboard() and concerns_dashboard(event, decided):
        with suppress(BotError):  # The next event brings it up to date; the person was answered.
            keep_dashboard(event, ports, settings)
    return decided


def keep_dashboard(event: Event, ports: Ports, settings: Settings) -> None:
    """Makes the dashboard say how every release stands after the event, if a look has opened it."""
    facts, look = gather_states(event, ports, settings)
    if facts.dashboard is not None:
        _keep(dashboard(event, facts, look, _now(ports)), ports.threads)


def _now(ports: Ports) -> datetime:
    return ports.now() if ports.now else datetime.now(UTC)


def _keep_look(
    event: ReleasesRead | DetectionFailed,
    decided: Plan,
    known: Facts,
    ports: Ports,
    settings: Settings,
) -> None:
    """As `keep_dashboard`, with the look itself, which was decided by what was `known`."""
    if settings.keeps_dashboard():
        facts, last = gather_states(event, ports, settings)
        look = looked(event, decided, known, facts, last, _now(ports))
        _keep(dashboard(event, facts, look, look.at), ports.threads)


def detect(
    ports: Ports,
    settings: Settings,
    documents: Mapping[str, str] | None = None,
    *,
    dry_run: bool = False,
    is_counted: bool = True,
) -> Plan:
    """The plan for what page and directory say now, carried out unless `dry_run`. With `is_counted`
    it is counted how many looks in a row have failed, or left something unread.

    Raises:
        BotError: page or directory can't be read or is refused, or an effect is.
    """
    try:
        facts = gather(None, ports, settings)
    except BotError as error:
        if is_counted and not dry_run:
            _count_unfinished(error, ports, settings)
        raise
    try:
        read = read_releases(ports.pages, settings, facts, documents, ports.upstream)
        read = replace(read, is_counted=is_counted)
        decided = plan(read, facts)
        if not dry_run:
            _apply_look(decided, ports)
    except BotError as error:
        if is_counted and not dry_run:
            failed = DetectionFailed(str(error))
            with suppress(BotError):  # The look's own error is the one to tell.
                decided = plan(failed, facts)
                apply(decided, ports)
                _keep_look(failed, decided, facts, ports, settings)
        raise
    if is_counted and not dry_run:
        _keep_look(read, decided, facts, ports, settings)
    return decided


def _count_unfinished(error: BotError, ports: Ports, settings: Settings) -> None:
    """Counts a look that couldn't even gather, by the little that this takes.

    If that fails, too, the look's own error is the one to tell.
    """
    with suppress(BotError):
        facts = gather_failures(ports, settings)
        apply(plan(DetectionFailed(str(error)), facts), ports)


def _apply_look(decided: Plan, ports: Ports) -> None:
    """As `apply`; but what is refused of one answer keeps no other back, and is raised after them.

    How the look ended is counted only where nothing was refused.
    """
    effects, refusals = iter(decided.effects), list[BotError]()
    for size in decided.apart:
        answer = tuple(islice(effects, size))
        try:
            _apply_in_order(answer, ports)
        except BotError as error:
            refusals.append(error)
    if not refusals:
        _apply_in_order(effects, ports)
    announce_rest(ports)
    if refusals:
        raise BotError(" ".join(map(str, refusals))) from refusals[0]


def apply(plan: Plan, ports: Ports) -> None:
    """Applies the plan's effects in order. Raises BotError where an adapter refuses."""
    _apply_in_order(plan.effects, ports)


def _apply_in_order(effects: Iterable[Effect], ports: Ports) -> None:
    for effect in effects:
        debt = owed(effect, ports)
        _carry_out(with_its_debt(effect, debt), ports)
        if debt is not None:
            announce(effect, debt, ports)


def _carry_out(effect: Effect, ports: Ports) -> None:
    match effect:
        case OpenThread():
            _open(effect, ports)
        case KeepThread():
            _keep(effect, ports.threads)
        case CloseThread(thread):
            ports.threads.close(thread)
        case ProposeManifest():
            ports.repository.propose(effect)
        case Conclude(release, verdict, headline, commit):
            ports.repository.conclude(release, verdict, headline, commit)
        case Comment():
            _comment(effect, ports.threads)
        case Refer():
            _refer(effect, ports.threads)
        case UpsertComment():
            _upsert(effect, ports.threads)
        case Tabulate(thread):
            _tabulate(thread, ports.threads)
        case React(thread, comment_id, reaction):
            ports.threads.react(thread, comment_id, reaction)
        case SetLabel(thread, label):
            ports.threads.label(thread, label)
        case StartRun(request):
            ports.runs.start(request)
        case StartLook():
            _start_look(effect, ports)
        case CancelRun(run_id):
            ports.runs.cancel(run_id)
        case CountFailures(number):
            ports.tally.count(number)


def _open(effect: OpenThread, ports: Ports) -> None:
    marked = ports.threads.marked()
    if effect.marker in marked:
        return
    proposal = marked.get(Marker(MarkerKind.MANIFEST, effect.marker.key))
    body = effect.body.replace(PROPOSAL, "" if proposal is None else f" (#{proposal})")
    if effect.draft is not None and ports.upstream is not None:
        origin = None if proposal is None else ports.threads.public_address(proposal)
        body = f"{body}\n\n{_propose_draft(effect.draft, ports.upstream, origin)}"
    body = sign(body, effect.marker, _hidden(effect.record))
    thread = ports.threads.open(effect.title, body, effect.label)
    if proposal is not None and effect.marker.kind is MarkerKind.RELEASE:
        with suppress(BotError, KeyError):  # The thread names the proposal: that must do, then.
            text = ports.threads.texts()[proposal]
            ports.threads.rewrite(proposal, text.replace(THREAD, f"#{thread}"))


def _keep(effect: KeepThread, threads: Threads) -> None:
    body = sign(effect.body, effect.marker, hidden_look(effect.look) if effect.look else None)
    number = threads.marked().get(effect.marker)
    if number is None:
        threads.open(effect.title, body, effect.label)
    elif threads.texts().get(number) != body:
        threads.rewrite(number, body)


def _start_look(effect: StartLook, ports: Ports) -> None:
    """Where it can't be started, the refusal is said, and what would be said after it isn't."""
    try:
        if ports.clock is not None:
            ports.clock.look_now()
    except BotError as error:
        _comment(refused_look(effect.refusal, str(error)), ports.threads)


def _propose_draft(draft: Draft, upstream: Upstream, origin: str | None) -> str:
    """Proposes the patch; returns the text on it. An error mustn't keep the thread from opening."""
    try:
        pull_request = upstream.propose(draft, origin)
    except BotError as error:
        return draft_not_proposed(str(error))
    return draft_proposed(pull_request.address, is_open=pull_request.is_open)


def _comment(effect: Comment, threads: Threads) -> None:
    if own_comment(effect.thread, effect.marker, threads) is None:
        body = sign(effect.body, effect.marker, _hidden(effect.record, effect.entry))
        threads.comment(effect.thread, body)


def _refer(effect: Refer, threads: Threads) -> None:
    number = threads.marked().get(effect.target)
    if number is not None:
        body = effect.body.replace("{thread}", str(number))
        _comment(Comment(effect.thread, effect.marker, body), threads)


def _hidden(record: Announcement | None, entry: audit_entry.AuditEntry | None = None) -> str | None:
    if entry is not None:
        return audit_entry.hidden_audit_entry(entry)
    return hidden_announcement(record) if record else None


def _upsert(effect: UpsertComment, threads: Threads) -> None:
    body = sign(effect.body, effect.marker)
    comment = own_comment(effect.thread, effect.marker, threads)
    if comment is None:
        threads.comment(effect.thread, body)
    elif comment.body != body:
        threads.edit(effect.thread, comment.comment_id, body)


def _tabulate(thread: int, threads: Threads) -> None:
    """Adds the missing rows to the table. Looks again after each write: another job may write, too.

    What is still lacking after the last look is added with the thread's next answer.
    """
    for _ in range(TABLE_TRIES):
        lacking_rows = lacking(threads.comments(thread))
        if lacking_rows is None:
            return
        table, body = lacking_rows
        if table is None:
            threads.comment(thread, body)
        else:
            threads.edit(thread, table.comment_id, body)

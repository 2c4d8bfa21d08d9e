"""The thread's table of what was asked and decided, and the entries of which it is made.

Rows are added, never changed or taken away. Two answers at once may write the table over each
other. Each of them looks again afterwards and adds what is lacking, by the entries that the answers
themselves hold; so no row is lost for good.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.comments.markdown import LIMIT, code, inert, moment, one_line
from bot.model.audit_entry import AuditEntry, Decision, audit_entry_in, proof_of
from bot.model.effects import CancelRun, Comment, Effect, Plan, React, StartLook, StartRun, Tabulate
from bot.model.labels import Reaction
from bot.model.markers import Marker, MarkerKind, last_marker, sign
from bot.model.ports import ThreadComment

HEAD = (
    "### 🗒️ Asked and decided\n\n"
    "What was asked of me here, and what I decided, oldest first; I only ever add to it.\n\n"
    "| When | Who | Role | Asked | Decided | Run |\n"
    "| --- | --- | --- | --- | --- | --- |"
)
# The first cell is the bot's alone: what was typed stands in others.
ROW = re.compile(rf"\| [0-9: UTC-]+ <!-- ((?:{'|'.join(MarkerKind)}) [0-9a-z-]+) --> \| .*")


def lacking(comments: Sequence[ThreadComment]) -> tuple[ThreadComment | None, str] | None:
    """The table's comment with its text to be (None: one more comment); None if no row is lacking.

    Rows that don't fit into it are lacking afterwards, and go on in the next comment.
    """
    bot_comments = [comment for comment in comments if comment.by_bot]
    tables = [comment for comment in bot_comments if _kind(comment) is MarkerKind.AUDIT]
    present_keys = {key for table in tables for key, _ in _rows(table)}
    wanted = {key: row for key, row in _entries(bot_comments) if key not in present_keys}
    if not wanted:
        return None
    last = tables[-1] if tables else None
    text = "\n".join([HEAD, *(row for _, row in _rows(last))]) if last else HEAD
    if last and len(text) + len(next(iter(wanted.values()))) >= LIMIT:
        last, text = None, HEAD
    for row in wanted.values():
        if len(text) + len(row) < LIMIT:
            text = f"{text}\n{row}"
    number = _number(last) if last else len(tables) + 1
    return last, sign(text, Marker(MarkerKind.AUDIT, str(number)))


def _entries(bot_comments: Sequence[ThreadComment]) -> Iterator[tuple[str, str]]:
    """What identifies each answer that holds an entry, and its row."""
    for comment in bot_comments:
        marker, entry = last_marker(comment.body), audit_entry_in(comment.body)
        if marker is not None and entry is not None:
            yield f"{marker.kind} {marker.key}", _row(comment, marker, entry)


def _row(comment: ThreadComment, marker: Marker, entry: AuditEntry) -> str:
    cells = [
        f"{moment(comment.created)} <!-- {marker.kind} {marker.key} -->",
        code(entry.who, 60),
        entry.role,
        code(entry.asked, 200),
        f"{entry.decision}: {inert(entry.why, 200)}",
        code(entry.run_id),
    ]
    return "| " + " | ".join(cell or "-" for cell in cells) + " |"


def _rows(table: ThreadComment) -> Iterator[tuple[str, str]]:
    for line in table.body.splitlines():
        if match := ROW.fullmatch(line):
            yield match[1], line


def _kind(comment: ThreadComment) -> MarkerKind | None:
    marker = last_marker(comment.body)
    return marker.kind if marker else None


def _number(table: ThreadComment) -> int:
    marker = last_marker(table.body)
    return int(marker.key) if marker else 1


def audited(
    decided: Plan, thread: int, *, who: str, role: str, line: str, run_id: str = ""
) -> Plan:
    """The entry is hidden in what the plan says, and has its row in the thread's table.

    `run_id` is a run that was accepted without being started by the plan.
    """
    run_id = run_id or _run_of(decided)
    decision = Decision.ACCEPTED if run_id else _decision(decided)
    line, reason = one_line(line, 200), one_line(decided.reason)
    proof = next(
        (proof_of(one.request) for one in decided.effects if isinstance(one, StartRun)), ""
    )
    entry = AuditEntry(one_line(who, 60), role, line, decision, reason, run_id, proof)
    effects = (_with_entry(effect, entry) for effect in decided.effects)
    return replace(decided, effects=(*effects, Tabulate(thread)))


def _with_entry(effect: Effect, entry: AuditEntry) -> Effect:
    if isinstance(effect, Comment):
        return replace(effect, entry=entry)
    if isinstance(effect, StartLook):
        return replace(effect, refusal=replace(effect.refusal, entry=entry))
    return effect


def refused_look(refusal: Comment, reason: str) -> Comment:
    """The refusal with its reason, in its text and in its entry."""
    entry = refusal.entry
    if entry is not None:
        entry = replace(entry, decision=Decision.REFUSED, why=one_line(reason))
    body = refusal.body.replace("{reason}", inert(reason))
    return replace(refusal, body=body, entry=entry)


def _decision(decided: Plan) -> Decision:
    if any(isinstance(effect, StartLook) for effect in decided.effects):
        return Decision.ACCEPTED
    reactions = {effect.reaction for effect in decided.effects if isinstance(effect, React)}
    is_refused = Reaction.REFUSED in reactions or not reactions
    return Decision.REFUSED if is_refused else Decision.ANSWERED


def _run_of(decided: Plan) -> str:
    """The run that the plan starts or ends."""
    for effect in decided.effects:
        if isinstance(effect, StartRun):
            return effect.request.run_id
        if isinstance(effect, CancelRun):
            return effect.run_id
    return ""

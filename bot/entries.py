"""A plan -> the same plan, with what was asked and decided written down. Pure."""

from dataclasses import replace

from bot.comments.markdown import one_line
from bot.model.audit_entry import AuditEntry, Decision
from bot.model.effects import CancelRun, Comment, Plan, React, Reaction, StartRun, Tabulate


def audited(
    decided: Plan, thread: int, *, who: str, role: str, asked: str, run_id: str = ""
) -> Plan:
    """The entry is hidden in what the plan says, and has its row in the thread's table.

    `run_id` is a run that was accepted without being started by the plan.
    """
    run_id = run_id or _run_of(decided)
    decision = Decision.ACCEPTED if run_id else _decision(decided)
    asked, why = one_line(asked, 200), one_line(decided.reason)
    entry = AuditEntry(one_line(who, 60), role, asked, decision, why, run_id)
    effects = (
        replace(one, entry=entry) if isinstance(one, Comment) else one for one in decided.effects
    )
    return replace(decided, effects=(*effects, Tabulate(thread)))


def _decision(decided: Plan) -> Decision:
    reactions = [one.reaction for one in decided.effects if isinstance(one, React)]
    return Decision.ANSWERED if Reaction.DONE in reactions else Decision.REFUSED


def _run_of(decided: Plan) -> str:
    """The run that the plan starts or ends."""
    for one in decided.effects:
        if isinstance(one, StartRun):
            return one.request.run_id
        if isinstance(one, CancelRun):
            return one.run_id
    return ""

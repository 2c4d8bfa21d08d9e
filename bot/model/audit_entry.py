"""What was asked of the bot and what it decided <-> a hidden line of its own answer.

Pure. The answers hold the truth, one each; the thread's table (`comments/audit.py`) collects it. An
entry proves nothing by itself: whoever reads one must know that the bot wrote the text.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from pydantic import TypeAdapter, ValidationError

from bot.model.commands import Verb
from bot.model.markers import hidden_line
from runners.contract import RunRequest

LINE = re.compile(r"<!-- cellxgene-ingestion-bot: asked (\{.*\}) -->")


class Decision(StrEnum):
    """How the bot answered a request."""

    ACCEPTED = "accepted"
    ANSWERED = "answered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`who` asked, in the `role` that they then had ("" where none was asked for).

    `asked` and `why` hold what was typed, unescaped; `run_id` is the run that it started or ended,
    `proof` that of the request of one that was started.
    """

    who: str
    role: str
    asked: str
    decision: Decision
    why: str
    run_id: str = ""
    proof: str = ""

    @property
    def is_cancel(self) -> bool:
        """Whether the run was ended by it."""
        return self.decision is Decision.ACCEPTED and self.asked.lower().startswith(
            f"/{Verb.CANCEL}"
        )


def proof_of(request: RunRequest) -> str:
    """What tells this request from every other one, and needn't be secret."""
    return sha256(request.to_line().encode()).hexdigest()


_AUDIT_ENTRY = TypeAdapter(AuditEntry)


def hidden_audit_entry(entry: AuditEntry) -> str:
    """The entry as one line that Markdown doesn't show."""
    return hidden_line("asked", json.dumps(_AUDIT_ENTRY.dump_python(entry, mode="json")))


def audit_entry_in(body: str) -> AuditEntry | None:
    """The entry in the last line that holds one; None if there is none, or a person broke it."""
    match = next(filter(None, map(LINE.fullmatch, reversed(body.splitlines()))), None)
    try:
        return _AUDIT_ENTRY.validate_json(match[1]) if match else None
    except ValidationError:
        return None

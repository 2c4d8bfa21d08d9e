"""Is a release in the instance as it should be? One pure function per question.

Each takes the same facts (a snapshot of the instance, what the release itself says, what lies in
storage) and returns what it expected, what it found and who offends. Must not read a database, a
file or a clock.
"""

from collections.abc import Callable
from dataclasses import dataclass

from runners.contract import CheckResult, Status
from runners.records.snapshot import UnknownError
from runners.verification.checks import annotations, datasets, instance, storage
from runners.verification.checks.answer import Answer, NotApplicable
from runners.verification.facts import VerificationFacts


@dataclass(frozen=True)
class Check:
    """A question, under a name that stays and a title for people."""

    name: str
    title: str
    ask: Callable[[VerificationFacts], Answer | NotApplicable]


CHECKS = (
    Check("datasets", "Every dataset has its artifact", datasets.registered),
    Check("annotations", "Every required annotation is there", annotations.required),
    Check("slots", "Schema slots are complete", annotations.slots),
    Check("references", "References are attached", annotations.references),
    Check("lineage", "Revision chains continue", datasets.lineage),
    Check("duplicates", "Nothing is registered twice", datasets.duplicates),
    Check("collections", "Collections are complete", datasets.collections_complete),
    Check("store", "The SOMA store is registered", storage.store_registered),
    Check("content", "The SOMA store opens, and holds what it says", storage.content),
    Check("storage", "Storage holds what is registered", storage.files),
    Check("sources", "Sources at the pins are there, and usable", instance.sources),
    Check("terms", "Terms are current, and of the right organism", annotations.terms),
    Check("tracking", "The run is recorded", instance.tracking),
    Check("previous", "Previous releases are untouched", instance.previous),
)
"""In the order of the report."""


def run_checks(facts: VerificationFacts) -> tuple[CheckResult, ...]:
    """The result of every check. A check that errs could not be made, and is never a pass."""
    return tuple(_result_of(check, facts) for check in CHECKS)


def _result_of(check: Check, facts: VerificationFacts) -> CheckResult:
    try:
        answer = check.ask(facts)
    except UnknownError as error:
        return _without(check, Status.UNCHECKED, str(error))
    except Exception as error:
        return _without(check, Status.UNCHECKED, f"{type(error).__name__}: {error}")
    if isinstance(answer, NotApplicable):
        return _without(check, Status.NOT_APPLICABLE, answer.why)
    return CheckResult(
        name=check.name,
        title=check.title,
        status=answer.status,
        expected=answer.expected,
        found=answer.found,
        offenders=answer.offenders,
        note=answer.note,
    )


def _without(check: Check, status: Status, note: str) -> CheckResult:
    return CheckResult(
        name=check.name, title=check.title, status=status, expected="-", found="-", note=note
    )

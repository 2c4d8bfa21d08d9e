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
    """A question, under a name that stays and a title for people. `remedy`: what a maintainer does
    where it fails.
    """

    name: str
    title: str
    ask: Callable[[VerificationFacts], Answer | NotApplicable]
    remedy: str


CHECKS = (
    Check(
        "datasets",
        "Every dataset has its artifact",
        datasets.registered,
        "see why each dataset failed, mend that or accept it, then say `/ingest --only ID`",
    ),
    Check(
        "annotations",
        "Every required annotation is there",
        annotations.required,
        "say `/ingest`: what a run didn't come to is done; of a feature that is something "
        "else in the instance, give back its dtype first",
    ),
    Check(
        "slots",
        "Schema slots are complete",
        annotations.slots,
        "say `/ingest`: a run that was ended while it wrote goes on there",
    ),
    Check(
        "references",
        "References are attached",
        annotations.references,
        "say `/ingest`; if it stays so, see whether the Census's table has a citation for "
        "the dataset",
    ),
    Check(
        "lineage",
        "Revision chains continue",
        datasets.lineage,
        "see who has made the artifacts that are named; a chain that somebody else began "
        "isn't joined: delete theirs for good, then say `/ingest`",
    ),
    Check(
        "duplicates",
        "Nothing is registered twice",
        datasets.duplicates,
        "delete for good what was registered beside the bot's, then say `/verify`",
    ),
    Check(
        "collections",
        "Collections are complete",
        datasets.collections_complete,
        "say `/ingest`: collections are made at the end of a whole run; a person's of the "
        "same name is left alone",
    ),
    Check(
        "store",
        "The SOMA store is registered",
        storage.store_registered,
        "say `/ingest`; one that lies elsewhere than the manifest says is a person's to "
        "correct: the manifest or the artifact",
    ),
    Check(
        "content",
        "The SOMA store opens, and holds what it says",
        storage.content,
        "compare with the Census's own copy: a store that can't be read or lacks datasets "
        "is its publisher's to mend; then `/verify`",
    ),
    Check(
        "storage",
        "Storage holds what is registered",
        storage.files,
        "a file that is gone or was replaced is the publisher's to bring back; if it is "
        "to stay so, ingest the release that has it",
    ),
    Check(
        "sources",
        "Sources at the pins are there, and usable",
        instance.sources,
        "say `/ingest`: each run makes the pinned sources first, and gives them their tables",
    ),
    Check(
        "terms",
        "Terms are current, and of the right organism",
        annotations.terms,
        "nothing: it fails nothing. What is named is the publisher's content",
    ),
    Check(
        "tracking",
        "The run is recorded",
        instance.tracking,
        "somebody has taken the LaminDB run from the artifacts that are named: give it back, "
        "then say `/verify`",
    ),
    Check(
        "previous",
        "Previous releases are untouched",
        instance.previous,
        "see who has changed what is named since; what a run of ours did is taken back by "
        "`runners rollback`",
    ),
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

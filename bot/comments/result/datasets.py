"""The result comment's parts on datasets: failed ones, counts by outcome and reason, and each one.

Also the failures that the manifest accepts, and the lines by which it may accept others.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from bot.comments.markdown import code, collapsed, counted, inert, table
from bot.comments.outcomes import GOOD, OUTCOMES, excused, finding, reasons_of
from runners.contract import (
    MEANINGS,
    DatasetOutcome,
    ExceptionState,
    ExceptionUse,
    Outcome,
    RunReport,
)

MANY = 20
"""Rows that a reader is not made to scroll past."""


REVIEWED = timedelta(days=90)
"""After this long a person looks at an exception again."""

MOST_EXCEPTIONS = 20
"""Failures that are worth accepting one by one."""

STATES = {
    ExceptionState.USED: "in use",
    ExceptionState.UNNEEDED: "no longer needed: drop it from the manifest",
    ExceptionState.RUN_OUT: "has run out: mend the dataset, or set a later day",
    ExceptionState.UNKNOWN_DATASET: "not a dataset of this release: correct or drop it",
    ExceptionState.UNTOLD: "no run says why this dataset fails, so that nothing can be accepted",
}


def failed(report: RunReport, limit: int | None) -> str:
    """Those that aren't in the instance as they should be, each with why."""
    some = [outcome for outcome in report.outcomes if outcome.outcome not in GOOD]
    if not some:
        return ""
    until = accepted_until(report.exceptions, excused(report))
    rows = [
        [_dataset(entry), str(entry.outcome), reasons_of(entry), until(entry)] for entry in some
    ]
    text = table(["Dataset", "Outcome", "Why", "Accepted"], rows, limit)
    if len(some) > MANY:
        text = collapsed("Each with its reason", text)
    return f"### {counted(len(some), 'dataset')} not registered\n\n{text}"


def _dataset(outcome: DatasetOutcome) -> str:
    return named(outcome.title, outcome.dataset_id)


def named(title: str, dataset_id: str) -> str:
    """A dataset or record as people and machines call it."""
    return " ".join(part for part in (inert(title, 120), code(dataset_id)) if part)


def outcomes(report: RunReport, before: RunReport | None) -> str:
    """How many ended how, beside the release `before` where a run of it has a report."""
    if not report.outcomes:
        return ""
    counts, earlier = _counts(report), _counts(before) if before else Counter[Outcome]()
    rows = [
        [
            OUTCOMES[outcome],
            f"{counts[outcome]:,}",
            f"{earlier[outcome]:,}" if before else "",
            _reasons_counted(report.outcomes, outcome),
        ]
        for outcome in OUTCOMES
        if counts[outcome] or earlier[outcome]
    ]
    release = f"In {before.request.release}:" if before else ""
    text = table(["Outcome", "Datasets:", release, "Reasons"], rows)
    return "\n\n".join(
        part for part in ("### Datasets", _against(report), text, _chart(counts)) if part
    )


def _counts(report: RunReport) -> Counter[Outcome]:
    return Counter(outcome.outcome for outcome in report.outcomes)


def how_many(report: RunReport) -> int | None:
    """How many datasets the run was asked for; None if an older report of a run that was stopped
    doesn't say.
    """
    if report.dataset_count is None and not report.cancelled:
        return len(report.outcomes)
    return report.dataset_count


def _against(report: RunReport) -> str:
    before, total = report.previous, how_many(report)
    if before is None or total is None or total < before.continued:
        return ""
    gone, new = before.dataset_count - before.continued, total - before.continued
    return (
        f"{counted(total, 'dataset')} against {before.dataset_count:,} in {before.release}: "
        f"{before.continued:,} continue, {new:,} new, {gone:,} withdrawn."
    )


def _chart(counts: Counter[Outcome]) -> str:
    """A picture of the outcomes, where there are several."""
    if len(counts) < 2:
        return ""
    parts = [
        f'    "{OUTCOMES[outcome]}" : {counts[outcome]}' for outcome in OUTCOMES if counts[outcome]
    ]
    return "\n".join(["```mermaid", "pie showData", *parts, "```"])


def _reasons_counted(datasets: Sequence[DatasetOutcome], outcome: object) -> str:
    """The reasons by name, each with the number of datasets that have it."""
    mine = (dataset for dataset in datasets if dataset.outcome is outcome)
    counts = Counter(
        reason for dataset in mine for reason in {str(f.reason) for f in dataset.reasons}
    )
    return ", ".join(f"{code(reason)} {n:,}" for reason, n in sorted(counts.items()))


def withdrawn(report: RunReport, limit: int | None) -> str:
    """The datasets of the release before that aren't in this one."""
    if not report.withdrawn:
        return ""
    rows = [
        [named(offender.title, offender.dataset_id), inert(offender.detail, 160)]
        for offender in report.withdrawn
    ]
    head = f"### {counted(len(rows), 'dataset')} withdrawn since the release before"
    text = table(["Dataset", "Remarks"], rows, limit)
    if len(rows) > MANY:
        text = collapsed("Each of them", text)
    return f"{head}\n\nNot in this release; what was registered of them stays.\n\n{text}"


def everything(report: RunReport, limit: int | None) -> str:
    """Each dataset with its outcome and remarks, collapsed."""
    if not report.outcomes:
        return ""
    if limit == 0:
        return "The list of all datasets is too long for here; the run's report has it."
    rows = [
        [_dataset(outcome), str(outcome.outcome), _remarks(outcome)] for outcome in report.outcomes
    ]
    text = table(["Dataset", "Outcome", "Remarks"], rows, limit)
    return collapsed(f"All {counted(len(rows), 'dataset')}", text)


def _remarks(outcome: DatasetOutcome) -> str:
    notes = "; ".join(inert(note, 160) for note in outcome.notes[:5])
    return "; ".join(part for part in (*map(finding, outcome.reasons), notes) if part)


def accepted_until(
    exceptions: Sequence[ExceptionUse], accepted: Collection[str]
) -> Callable[[DatasetOutcome], str]:
    """Of a dataset: until when its failure is accepted; empty of one that is not `accepted`."""
    used = (use.exception for use in exceptions if use.state is ExceptionState.USED)
    # Of one reason that stands twice the latest day holds.
    days = {(one.dataset_id, one.reason): one.until for one in sorted(used, key=lambda o: o.until)}

    def until(dataset: DatasetOutcome) -> str:
        if dataset.dataset_id not in accepted:
            return ""
        return f"until {min(day for (one, _), day in days.items() if one == dataset.dataset_id)}"

    return until


def exceptions_used(report: RunReport, limit: int | None) -> str:
    """The manifest's exceptions, each with what came of it."""
    rows = [
        [
            " ".join(part for part in (inert(use.title, 120), code(exception.dataset_id)) if part),
            MEANINGS[exception.reason],
            f"{exception.until}",
            inert(exception.because or "", 160),
            STATES[use.state],
        ]
        for use in report.exceptions
        for exception in (use.exception,)
    ]
    if not rows:
        return ""
    header = ["Dataset", "Reason", "Until", "Because", "State"]
    return f"### Accepted exceptions\n\n{table(header, rows, limit)}"


def not_accepted(report: RunReport) -> list[DatasetOutcome]:
    """What isn't registered as it should be, and nobody has accepted so."""
    accepted = excused(report)
    return [
        outcome
        for outcome in report.outcomes
        if outcome.outcome not in GOOD and outcome.dataset_id not in accepted
    ]


def can_be_accepted(report: RunReport) -> bool:
    """Whether `exception_lines` has any."""
    failed = not_accepted(report)
    is_few = 0 < len(failed) <= MOST_EXCEPTIONS
    return is_few and not report.request.is_part and any(one.reasons for one in failed)


def exception_lines(report: RunReport, *, ingest_on_merge: bool | None) -> str:
    """The manifest's lines by which what failed would be accepted, to be copied."""
    if not can_be_accepted(report):
        return ""
    until = (report.ended_at + REVIEWED).date()
    entries = [
        f'[[accepted]]\ndataset_id = "{dataset.dataset_id}"\nreason = "{reason}"\n'
        f'until = {until}\nbecause = ""'
        for dataset in not_accepted(report)
        for reason in sorted({finding.reason for finding in dataset.reasons})
    ]
    then = {
        True: "Its merge starts an ingest, which leaves what is registered as it is and verifies "
        "all",
        False: "When it is merged, say `/verify`",
        None: "When it is merged, say `/verify`, unless its merge starts an ingest",
    }[ingest_on_merge]
    text = (
        f"If these failures are to stand, add this to {code(report.request.manifest)}, with why as "
        f"`because`, by a pull request. {then}:\n\n```toml\n" + "\n\n".join(entries) + "\n```"
    )
    return collapsed("To accept these failures", text)

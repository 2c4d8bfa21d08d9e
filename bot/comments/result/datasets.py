"""What became of the datasets: those that failed, all by outcome and reason, and each.

Failures that the manifest accepts, and the lines by which it may accept others."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

from bot.comments.markdown import code, collapsed, counted, inert, table
from bot.comments.outcomes import GOOD, OUTCOMES, REASONS, excused, finding, reasons_of
from runners.contract import DatasetOutcome, ExceptionState, Outcome, RunReport

MANY = 20
"""Rows that a reader is not made to scroll past."""


def failed(report: RunReport, limit: int | None) -> str:
    """Those that aren't in the instance as they should be, each with why."""
    some = [one for one in report.outcomes if one.outcome not in GOOD]
    if not some:
        return ""
    until = accepted_until(report)
    rows = [[_dataset(one), str(one.outcome), reasons_of(one), until(one)] for one in some]
    found = table(["Dataset", "Outcome", "Why", "Accepted"], rows, limit)
    if len(some) > MANY:
        found = collapsed("Each with its reason", found)
    return f"### {counted(len(some), 'dataset')} not registered\n\n{found}"


def _dataset(one: DatasetOutcome) -> str:
    return named(one.title, one.dataset_id)


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
            _why(report.outcomes, outcome),
        ]
        for outcome in OUTCOMES
        if counts[outcome] or earlier[outcome]
    ]
    release = f"In {before.request.release}:" if before else ""
    found = table(["Outcome", "Datasets:", release, "Reasons"], rows)
    return "\n\n".join(
        part for part in ("### Datasets", _against(report), found, _chart(counts)) if part
    )


def _counts(report: RunReport) -> Counter[Outcome]:
    return Counter(one.outcome for one in report.outcomes)


def _against(report: RunReport) -> str:
    before, total = report.previous, len(report.outcomes)
    if before is None:
        return ""
    gone, new = before.dataset_count - before.continued, total - before.continued
    return (
        f"{counted(total, 'dataset')} against {before.dataset_count:,} in {before.release}: "
        f"{before.continued:,} continue, {max(new, 0):,} new, {gone:,} withdrawn."
    )


def _chart(counts: Counter[Outcome]) -> str:
    """A picture of the outcomes, where there are several."""
    if len(counts) < 2:
        return ""
    parts = [f'    "{OUTCOMES[one]}" : {counts[one]}' for one in OUTCOMES if counts[one]]
    return "\n".join(["```mermaid", "pie showData", *parts, "```"])


def _why(datasets: Sequence[DatasetOutcome], outcome: object) -> str:
    """The reasons by name, each with the number of datasets that have it."""
    mine = (one for one in datasets if one.outcome is outcome)
    counts = Counter(reason for one in mine for reason in {str(f.reason) for f in one.reasons})
    return ", ".join(f"{code(reason)} {n:,}" for reason, n in sorted(counts.items()))


def withdrawn(report: RunReport, limit: int | None) -> str:
    """The datasets of the release before that aren't in this one."""
    if not report.withdrawn:
        return ""
    rows = [[named(one.title, one.dataset_id), inert(one.detail, 160)] for one in report.withdrawn]
    head = f"### {counted(len(rows), 'dataset')} withdrawn since the release before"
    found = table(["Dataset", "Remarks"], rows, limit)
    if len(rows) > MANY:
        found = collapsed("Each of them", found)
    return f"{head}\n\nNot in this release; what was registered of them stays.\n\n{found}"


def everything(report: RunReport, limit: int | None) -> str:
    """Each dataset with its outcome and remarks, collapsed."""
    if not report.outcomes:
        return ""
    if limit == 0:
        return "The list of all datasets is too long for here; the run's report has it."
    rows = [[_dataset(one), str(one.outcome), _remarks(one)] for one in report.outcomes]
    found = table(["Dataset", "Outcome", "Remarks"], rows, limit)
    return collapsed(f"All {counted(len(rows), 'dataset')}", found)


def _remarks(one: DatasetOutcome) -> str:
    notes = "; ".join(inert(note, 160) for note in one.notes[:5])
    return "; ".join(part for part in (*map(finding, one.reasons), notes) if part)


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


def accepted_until(report: RunReport) -> Callable[[DatasetOutcome], str]:
    """Of a dataset: until when its failure is accepted; empty if it isn't."""
    days = {use.exception.dataset_id: use.exception.until for use in report.exceptions}
    accepted = excused(report)
    return lambda one: f"until {days[one.dataset_id]}" if one.dataset_id in accepted else ""


def exceptions_used(report: RunReport, limit: int | None) -> str:
    """The manifest's exceptions, each with what came of it."""
    rows = [
        [
            " ".join(part for part in (inert(use.title, 120), code(one.dataset_id)) if part),
            REASONS[one.reason],
            f"{one.until}",
            inert(one.because or "", 160),
            STATES[use.state],
        ]
        for use in report.exceptions
        for one in (use.exception,)
    ]
    if not rows:
        return ""
    header = ["Dataset", "Reason", "Until", "Because", "State"]
    return f"### Accepted exceptions\n\n{table(header, rows, limit)}"


def exception_lines(report: RunReport) -> str:
    """The manifest's lines by which what failed would be accepted, to be copied."""
    request, accepted = report.request, excused(report)
    open_ones = [
        one for one in report.outcomes if one.outcome not in GOOD and one.dataset_id not in accepted
    ]
    if not 0 < len(open_ones) <= MOST_EXCEPTIONS or request.only or request.limit:
        return ""
    until = (report.ended_at + REVIEWED).date()
    entries = [
        f'[[accepted]]\ndataset_id = "{one.dataset_id}"\nreason = "{reason}"\n'
        f'until = {until}\nbecause = ""'
        for one in open_ones
        for reason in sorted({found.reason for found in one.reasons})
    ]
    text = (
        f"If these failures are to stand, add this to {code(request.manifest)} with a reason, and "
        "say `/verify` when it is merged:\n\n```toml\n" + "\n\n".join(entries) + "\n```"
    )
    return collapsed("To accept these failures", text) if entries else ""

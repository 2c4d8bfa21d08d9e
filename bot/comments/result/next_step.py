"""What a maintainer does after a run: one or two sentences with the exact command."""

from bot.comments.markdown import counted
from bot.comments.outcomes import UNSUPPORTED, excused
from bot.comments.result.datasets import can_be_accepted, not_accepted
from runners.contract import Action, DatasetOutcome, ExceptionState, RunReport, Verdict

NAMED = 5


def next_step(report: RunReport) -> str:
    """What to do next, as Markdown without a heading."""
    if report.cancelled:
        return "this run was stopped before its end; say `/retry` to go on with the rest."
    accepted = excused(report)
    failed = not_accepted(report)
    if report.request.is_part:
        return _after_part(bool(failed))
    if failed:
        return _after_failures(failed, can_be_accepted(report))
    if report.verdict is Verdict.PASSED:
        return _after_success(report, bool(accepted))
    if report.verdict is Verdict.UNCHECKED:
        return "some checks couldn't be made (see their notes); say `/verify` to make them again."
    if report.request.action is Action.VERIFY:
        return "say `/ingest` to register what is missing, or mend what the failed checks name."
    return "see what the failed checks below name; when that is mended, say `/verify`."


def _after_success(report: RunReport, is_accepted: bool) -> str:
    if any(use.state is not ExceptionState.USED for use in report.exceptions):
        return "the release is complete; drop from the manifest the exceptions that aren't in use."
    but = " but for what is accepted" if is_accepted else ""
    return f"nothing. The release is complete{but}, and this thread can be closed."


def _after_part(failed: bool) -> str:
    again = "say `/ingest` to register the whole release; what is done already stays as it is."
    if failed:
        return f"mend what failed below, then {again}"
    return f"this run took only a part of the release. If that looks right, {again}"


def _after_failures(failed: list[DatasetOutcome], can_stand: bool) -> str:
    ours = [dataset for dataset in failed if _is_unsupported(dataset)]
    theirs = [dataset for dataset in failed if not _is_unsupported(dataset)]
    steps = []
    if theirs:
        steps.append(
            f"{counted(len(theirs), 'dataset')} failed, for the reasons below; "
            f"when that is mended, say {_ingest(theirs)}"
            f"{', or accept them by the lines below' if can_stand else ''}."
        )
    if ours:
        steps.append(
            f"{counted(len(ours), 'dataset')} must wait for an update of the bot, which doesn't "
            "support what is in there yet; after it, say `/retry`."
        )
    return " ".join(steps)


def _is_unsupported(outcome: DatasetOutcome) -> bool:
    return bool(outcome.reasons) and all(
        finding.reason in UNSUPPORTED for finding in outcome.reasons
    )


def _ingest(datasets: list[DatasetOutcome]) -> str:
    """The command for these datasets; many are better done by a run over everything."""
    if len(datasets) > NAMED:
        return "`/ingest`, which leaves the others as they are"
    return f"`/ingest --only {' '.join(dataset.dataset_id for dataset in datasets)}`"

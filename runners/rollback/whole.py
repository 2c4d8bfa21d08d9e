"""Runs' folders made whole by what the instance keeps of the runs, before these are taken back.

Needs an instance that is connected, and held by whoever asks.
"""

from dataclasses import replace
from pathlib import Path

from runners import progress
from runners.contract import ContractError, RunRequest
from runners.files import write_whole
from runners.run.completion import complete
from runners.run.journal import JOURNAL, Journal, JournalLines
from runners.run.request import REQUEST, RunFolder


def whole(run: RunFolder) -> RunFolder:
    """The run with all that it wrote, which its folder then says, too.

    Raises:
        ContractError: what the journal and the instance hold aren't of one run, or neither has all.
    """
    from runners.registry import proofs

    kept = proofs.kept_run(run.request.run_id)
    with Journal(run.folder / JOURNAL) as journal:
        if lacked := complete(run.folder, journal, run.request, kept):
            progress.say(f"{lacked}; they are taken from there.")
        return replace(run, journal=JournalLines(journal.lines))


def lost_runs(like: RunRequest, runs: Path) -> list[RunFolder]:
    """The runs of a request's release that the instance keeps and `runs` has no folder of, or none
    whose request can be read, which are made there.
    """
    from runners.registry import proofs

    lost = []
    for run_id, request in proofs.runs_of(like.release).items():
        folder = runs / run_id
        if not _has_request(folder):
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / REQUEST, request.to_json())
            lost.append(RunFolder(request, folder, JournalLines([])))
    return lost


def _has_request(folder: Path) -> bool:
    try:
        RunRequest.from_file(folder / REQUEST)
    except ContractError:
        return False
    return True

"""A run's request: read with the documents that it names, found among other runs, or made.

A person's words on the command line make the same request as a comment of theirs would, and find
the run that they began, until it has ended. Reads files; touches no instance.
"""

import fcntl
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from runners import progress
from runners.contract import (
    ROLLED_BACK,
    Action,
    ContractError,
    Manifest,
    RunRequest,
    manifest_path,
)
from runners.run.journal import (
    END,
    JOURNAL,
    JournalLines,
    read_journal,
    was_cancelled,
    was_rolled_back,
)
from runners.run.stopping import is_cancelled

REQUEST = "request.json"


@dataclass(frozen=True)
class RunFolder:
    """A run as its folder tells of it."""

    request: RunRequest
    folder: Path
    journal: JournalLines

    @property
    def was_rolled_back(self) -> bool:
        """True if the run was taken back, or may have been. Where that was done in a copy of the
        runs, only the note comes back from it.
        """
        return was_rolled_back(self.journal) or (self.folder / ROLLED_BACK).is_file()

    @property
    def was_cancelled(self) -> bool:
        """True if the run was asked to end early, and did: also where a signal ended it before it
        could say so.
        """
        if was_cancelled(self.journal):
            return True
        is_asked = self.request.action is Action.INGEST and is_cancelled(self.folder)
        return is_asked and self.journal.first(END) is None


def runs_in(
    runs: Path,
    is_wanted: Callable[[RunRequest], bool],
    pass_over: Callable[[str], object] | None = None,
) -> list[RunFolder]:
    """The wanted runs among the folders of `runs`, by name.

    A request that can't be read is passed over: another run's is no business of whoever asks. So is
    a run whose journal can't, where `pass_over` takes the reason.

    Raises:
        ContractError: a journal can't be read, and nothing takes the reason.
    """
    matching = []
    for file in sorted(runs.glob(f"*/{REQUEST}")):
        try:
            request = RunRequest.from_file(file)
        except ContractError:
            continue
        if not is_wanted(request):
            continue
        try:
            journal = read_journal(file.parent / JOURNAL)
        except ContractError as error:
            if pass_over is None:
                raise
            pass_over(str(error))
        else:
            matching.append(RunFolder(request, file.parent, journal))
    return matching


@dataclass(frozen=True)
class Job:
    """A request with the documents that it names.

    `folder` is the run's own, for its journal. `workers` is the number of reading processes, if it
    is given, unless a Dask `scheduler` at an address has others.
    """

    request: RunRequest
    manifest: Manifest
    previous: Manifest | None
    folder: Path
    reference: Path
    workers: int | None
    scheduler: str | None = None


def load_job(
    request_file: Path,
    *,
    repository: Path,
    reference: Path,
    workers: int | None = 1,
    scheduler: str | None = None,
) -> Job:
    """The job of a request file; manifests lie in `repository`.

    Raises:
        ContractError: a document is missing or wrong, or they don't agree.
    """
    request = RunRequest.from_file(request_file)
    path = repository / request.manifest
    manifest = Manifest.from_file(path)
    if manifest.release != request.release:
        raise ContractError(
            f"{request_file}: field manifest: {path} is of release {manifest.release}, "
            f"not {request.release}; correct the request."
        )
    return Job(
        request=request,
        manifest=manifest,
        previous=previous_manifest(manifest, path),
        folder=_folder_of(request_file),
        reference=reference,
        workers=workers,
        scheduler=scheduler,
    )


def _folder_of(request_file: Path) -> Path:
    """The run's folder, in whose parent other runs are looked for: where it is named, though it may
    be a link to elsewhere.
    """
    folder = request_file.absolute().parent
    return folder.resolve() if folder.name == ".." else folder.parent.resolve() / folder.name


def previous_manifest(manifest: Manifest, path: Path) -> Manifest | None:
    """The manifest of the release before, which lies beside the manifest at `path`.

    Raises:
        ContractError: it doesn't, or can't be read.
    """
    if manifest.previous is None:
        return None
    previous = path.with_name(f"{manifest.previous}.toml")
    if not previous.exists():
        raise ContractError(
            f"{path}: field previous: there is no {previous.name} beside it; add the manifest of "
            f"{manifest.previous}, or drop the field."
        )
    return Manifest.from_file(previous)


def named_manifest(
    repository: Path, *, manifest: Path | None, new: str | None, previous: str | None
) -> Path:
    """The path of the manifest that is named by itself, or by its release `new`.

    Raises:
        ContractError: neither or both are named, there is none of that release, or its previous
            release is not `previous`.
    """
    if (manifest is None) == (new is None):
        raise ContractError("command line: name the release by --manifest or by --new; give one.")
    path = manifest if manifest is not None else repository / manifest_path(str(new))
    if manifest is None and not path.exists():
        raise ContractError(
            f"--new {new}: there is no {path}; name the folder that has {manifest_path(str(new))} "
            "by --repository, or the manifest by --manifest."
        )
    document = Manifest.from_file(path)
    if previous not in (None, document.previous):
        raise ContractError(
            f"{path}: field previous: is {document.previous}, not {previous}; "
            "leave --previous out or correct the manifest."
        )
    return path


def ensure_request_file(
    runs: Path, repository: Path, manifest: Path, now: datetime, **fields: Any
) -> Path:
    """The file of a run with these fields: of one in `runs` that has not ended and has a journal to
    go on by, else of a new one.

    Raises:
        ContractError: a field is wrong, or somebody has just made the same.
    """
    wanted = _request(repository, manifest, now, fields)
    for run in runs_in(runs, lambda request: _is_same(request, wanted), progress.say):
        if not _has_ended(run):
            return run.folder / REQUEST
    file = runs / wanted.run_id / REQUEST
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(wanted.to_json())
    except FileExistsError as error:
        raise ContractError(f"{file}: was made this second; say it again.") from error
    return file


@contextmanager
def kept_once_begun(runs: Path, file: Callable[[], Path]) -> Iterator[Path]:
    """Within, somebody works on the run whose request `file` gives. If that ends badly before
    anything was begun, a request that was made for it is taken away: nobody waits for that run.
    Of two who begin the same at once, neither takes it from the other.

    Raises:
        ContractError: the request was taken away before it could be held.
    """
    before = set(runs.glob(f"*/{REQUEST}"))
    request = file()
    with _hold(request) as stream:
        try:
            yield request
        except BaseException:
            folder = request.parent
            if request not in before and not _has_begun(folder) and _is_alone(stream):
                shutil.rmtree(folder, ignore_errors=True)
                progress.say(f"run {folder.name}: nothing was begun, so that it isn't kept")
            raise


def _hold(request: Path) -> TextIO:
    """The request's file, which is held while it is open. Raises ContractError if it is gone."""
    with suppress(FileNotFoundError):
        stream = request.open(encoding="utf-8")
        fcntl.flock(stream, fcntl.LOCK_SH)
        if request.exists():
            return stream
        stream.close()
    raise ContractError(f"{request}: was taken away this second; say it again.")


def _is_alone(stream: TextIO) -> bool:
    """Whether nobody else holds the request, who can't take hold of it from now on."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _has_begun(folder: Path) -> bool:
    journal = folder / JOURNAL
    return (folder / "report.json").exists() or (journal.exists() and journal.stat().st_size > 0)


def _request(
    repository: Path, manifest: Path, now: datetime, fields: Mapping[str, Any]
) -> RunRequest:
    path, root = manifest.resolve(), repository.resolve()
    release = Manifest.from_file(manifest).release
    return RunRequest.from_mapping(
        {
            "run_id": f"{release}-{fields['action']}-{now:%Y%m%d-%H%M%S}",
            "release": release,
            "manifest": str(path.relative_to(root) if path.is_relative_to(root) else path),
            **fields,
        },
        source="command line",
    )


def _is_same(request: RunRequest, wanted: RunRequest) -> bool:
    return request.model_copy(update={"run_id": wanted.run_id}) == wanted


def _has_ended(run: RunFolder) -> bool:
    if run.request.action is Action.VERIFY:
        return (run.folder / "report.json").exists()
    is_over = run.journal.first(END) is not None or run.was_rolled_back
    return is_cancelled(run.folder) or is_over

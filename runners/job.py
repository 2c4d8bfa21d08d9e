"""A run's request with the documents that it names: what every step of the run is given.

Must not touch an instance, nor read a release.
"""

from dataclasses import dataclass
from pathlib import Path

from runners.contract import ContractError, Manifest, RunRequest


@dataclass(frozen=True)
class Job:
    """A request with the documents that it names.

    `folder` is the run's own, for its journal. `workers` is the number of reading processes, unless
    a Dask `scheduler` at an address has others.
    """

    request: RunRequest
    manifest: Manifest
    previous: Manifest | None
    folder: Path
    reference: Path
    workers: int
    scheduler: str | None = None


def load_job(
    request_file: Path,
    *,
    repository: Path,
    reference: Path,
    workers: int = 1,
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
        previous=_previous(manifest, path),
        folder=request_file.parent,
        reference=reference,
        workers=workers,
        scheduler=scheduler,
    )


def _previous(manifest: Manifest, path: Path) -> Manifest | None:
    if manifest.previous is None:
        return None
    previous = path.with_name(f"{manifest.previous}.toml")
    if not previous.exists():
        raise ContractError(
            f"{path}: field previous: there is no {previous.name} beside it; add the manifest of "
            f"{manifest.previous}, or drop the field."
        )
    return Manifest.from_file(previous)

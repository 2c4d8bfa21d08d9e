"""Whose new records are: a LaminDB Run of our Transform, and a space.

The Run's params say what was asked for and by which versions it is done; the Transform has a
version for each version of our code, whose steps are its source. Terms, features, schemas and
references stay where everybody can use them: a space holds the release's artifacts and collections,
and the Run. Import it once an instance is connected.
"""

from datetime import UTC, datetime
from typing import Any

import lamindb as ln
from lamindb_setup.core.hashing import hash_string

from runners import settings
from runners.contract import ContractError, Manifest, RunRequest
from runners.run.fingerprint import SOURCE, Fingerprint, git_commit

TRANSFORM = "cellxgene-ingestion-bot"
ENTRYPOINT = "python -m runners ingest"
STEPS = SOURCE / "ingest" / "steps.py"
COMPLETED, ABORTED = 0, 2
"""LaminDB's codes of how a run ended, which it has no setter for."""

_space: Any = None


def begin_tracking(request: RunRequest, manifest: Manifest) -> None:
    """From now on new records belong to the request's Run and space, where it asks for them.

    A run that goes on finds the Run that it began, whatever code it began with.

    Raises:
        ContractError: the instance has no such space.
    """
    global _space
    _space = _find_space(request)
    if request.track:
        # `ln.track` goes on with a user's last run of a transform, which may be another
        begun = ln.Run.filter(transform__key=TRANSFORM, name=request.run_id).first()
        ln.context._run = begun or _begin_run(request, manifest)


def _begin_run(request: RunRequest, manifest: Manifest) -> Any:
    fingerprint = Fingerprint.of(manifest.dataset_schema_version)
    commit = git_commit()
    run = ln.Run(
        transform=_ensure_transform(fingerprint),
        name=request.run_id,
        entrypoint=ENTRYPOINT,
        params={
            "request": request.model_dump(mode="json"),
            "manifest": manifest.model_dump(mode="json"),
            "versions": fingerprint.to_mapping(),
            "commit": commit,
            "workflow": settings.from_environment().workflow,
        },
        reference=commit,
        reference_type=commit and "git commit",
        status="started",
    )
    return _claim_and_save(run)


def _ensure_transform(fingerprint: Fingerprint) -> Any:
    """Our Transform's version with this code; one that is there without source stays as it is."""
    source = f"# {TRANSFORM}, code {fingerprint.code}\n\n{STEPS.read_text(encoding='utf-8')}"
    own = ln.Transform.objects.filter(key=TRANSFORM)
    existing = own.filter(hash=hash_string(source)).first()
    return existing or _claim_and_save(
        ln.Transform(
            key=TRANSFORM,
            kind="pipeline",
            version=fingerprint.code,
            source_code=source,
            revises=own.filter(is_latest=True).order_by("-created_at").first(),
        )
    )


def _find_space(request: RunRequest) -> Any:
    if request.space is None:
        return None
    space = ln.Space.filter(name=request.space).one_or_none()
    if space is None:
        names = ", ".join(ln.Space.objects.order_by("name").values_list("name", flat=True))
        raise ContractError(
            f"request {request.run_id}: field space: {request.instance} has no space "
            f"{request.space!r}; name one of {names}."
        )
    return space


def _claim_and_save(record: Any) -> Any:
    claim(record)
    return record.save()


def claim(record: Any) -> None:
    """Gives a record that isn't saved yet to the Run and the space."""
    if not isinstance(record, ln.Run | ln.Transform):
        record.run = ln.context.run
    if _space is not None:
        record.space = _space


def finish_tracking(*, completed: bool) -> None:
    """Notes in the Run, if there is one, that it has ended."""
    run = ln.context.run
    if run is not None:
        run.finished_at = datetime.now(UTC)
        run._status_code = COMPLETED if completed else ABORTED
        run.save()

"""The request: what is asked of the machine."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from runners.contract.document import DatasetId, Document, ReleaseVersion, RunId


class Action(StrEnum):
    """What a run is asked to do."""

    INGEST = "ingest"
    VERIFY = "verify"


class RunRequest(Document):
    """One run, as the bot asks for it and the machine reads it.

    `only`, `limit`, `failed_of` (what failed in that earlier run) and `only_missing` (what the
    instance lacks) make it a part of the release. `track` records it as a LaminDB run; `space` is
    the LaminDB space that new records belong to.
    """

    run_id: RunId
    action: Action
    release: ReleaseVersion
    manifest: str
    instance: str
    thread: int | None = None
    requested_by: str | None = None
    only: tuple[DatasetId, ...] = ()
    limit: Annotated[int, Field(ge=1)] | None = None
    failed_of: RunId | None = None
    only_missing: bool = False
    track: bool = False
    space: str | None = None

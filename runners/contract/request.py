"""The request: what is asked of the machine."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from runners.contract.document import DatasetId, Document, ReleaseVersion, RunId

Name = Annotated[str, Field(pattern=r"^\S(.*\S)?$", max_length=500)]
"""What a person calls something: one line."""


GitSha = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class Action(StrEnum):
    """What a run is asked to do."""

    INGEST = "ingest"
    VERIFY = "verify"


ROLLED_BACK = "rolled-back.json"
"""What the file in a run's folder is called that says that the run was taken back."""


def lock_name(instance: str) -> str:
    """What the file beside the runs' folders is called that the writer of the instance keeps
    locked (flock), and has written its run's id into.
    """
    return f".{instance.replace('/', '--')}.lock"


class RunRequest(Document):
    """One run, as the bot asks for it and the machine reads it.

    `only` (dataset ids), `collection` (ids, DOIs or names), `organism`, `limit`, `failed_of` (what
    failed in that earlier run) and `only_missing` (what the instance lacks) make it a part of the
    release. A dataset is chosen if it is one of each of the first three that is given. `track`
    records it as a LaminDB run; `space` is the LaminDB space that new records belong to.

    `comment` is the command that asked for it, if it wasn't a merge. `manifest_blob` and
    `manifest_commit` are git's names for the manifest's text and for the state it was merged in.
    """

    run_id: RunId
    action: Action
    release: ReleaseVersion
    manifest: str
    instance: str
    thread: int | None = None
    requested_by: str | None = None
    only: tuple[DatasetId, ...] = ()
    collection: tuple[Name, ...] = ()
    organism: tuple[Name, ...] = ()
    limit: Annotated[int, Field(ge=1)] | None = None
    failed_of: RunId | None = None
    only_missing: bool = False
    track: bool = False
    space: str | None = None
    comment: int | None = None
    manifest_blob: GitSha | None = None
    manifest_commit: GitSha | None = None

    @property
    def is_selective(self) -> bool:
        """Whether it names some of the release's datasets, by themselves or by what they share."""
        return bool(self.only or self.collection or self.organism)

    @property
    def is_part(self) -> bool:
        """Whether it answers for a part of the release, as far as its own words tell."""
        return self.is_selective or self.limit is not None

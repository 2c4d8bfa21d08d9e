"""The manifest of one census release: what a maintainer reviews and merges."""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from runners.contract.document import (
    ContractError,
    DatasetId,
    Document,
    ReleaseVersion,
    SchemaVersion,
    text_of,
)
from runners.contract.outcomes import Reason

MANIFESTS = "runners/releases"
"""The folder of all manifests in the repository."""

_FILE = re.compile(rf"{re.escape(MANIFESTS)}/(\d{{4}}-\d{{2}}-\d{{2}})\.toml")


class Storage(Document):
    """Where a release lies; each is an s3:// address or a local folder.

    S3 is read `anonymous`ly, as the Census's buckets are and as needn't be written; else with the
    AWS credentials that the machine has.
    """

    soma: str
    h5ads: str
    region: str | None = None
    anonymous: Annotated[bool, Field(exclude_if=bool)] = True


class SchemaDocument(Document):
    """The dataset schema document that was read, so that a later edit of it shows."""

    version: SchemaVersion
    source: str
    blob_sha: str | None = None


class AcceptedException(Document):
    """A failure that a person has accepted, up to and including the day `until`.

    `reason` is the value of a `Reason`; `because` is the person's own words.
    """

    dataset_id: DatasetId
    reason: Reason
    until: date
    because: str | None = None

    def has_run_out(self, today: date) -> bool:
        return self.until < today


class Manifest(Document):
    """One census release, ready to be ingested. One TOML file in `runners/releases/`."""

    release: ReleaseVersion
    previous: ReleaseVersion | None = None
    census_schema_version: SchemaVersion
    dataset_schema_version: SchemaVersion
    previous_dataset_schema_version: SchemaVersion | None = None
    dataset_count: Annotated[int, Field(ge=0)]
    storage: Storage
    pins: Mapping[str, str] = Field(default_factory=dict)
    organisms: tuple[str, ...] = ()
    documents: tuple[SchemaDocument, ...] = ()
    accepted: tuple[AcceptedException, ...] = ()

    @classmethod
    def from_toml(cls, text: str, *, source: str) -> Self:
        """The manifest in `text`. Raises ContractError as `from_json` does."""
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ContractError(f"{source}: not TOML ({error}); correct it.") from error
        return cls.from_mapping(raw, source=source)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The manifest at `path`, which must be named after its release.

        Raises:
            ContractError: no such file, or as in `from_json`.
        """
        return cls.from_named(text_of(path), path=str(path))

    @classmethod
    def from_named(cls, text: str, *, path: str) -> Self:
        """The manifest in the text of the file at `path`, which must be named after its release.

        Raises:
            ContractError: it isn't, or as in `from_json`.
        """
        manifest = cls.from_toml(text, source=path)
        if Path(path).stem != manifest.release:
            raise ContractError(
                f"{path}: field release: {manifest.release!r} is not the file's name; "
                f"call the file {manifest.release}.toml or correct the field."
            )
        return manifest

    def to_table(self) -> dict[str, object]:
        """What its file holds, without empty lists: to `accepted = []`, TOML lets nobody append an
        `[[accepted]]`.
        """
        return {name: value for name, value in self.to_mapping().items() if value != []}


def manifest_path(release: str) -> str:
    """Where the release's manifest lies in the repository."""
    return f"{MANIFESTS}/{release}.toml"


def release_of(path: str) -> str | None:
    """The release whose manifest lies at the path in the repository; None for any other file."""
    match = _FILE.fullmatch(path)
    return match[1] if match else None

"""What the Census's release directory says of a manifest's release, by the Census's own client.

The manifest names the store, and a person has reviewed it: so another address is only said, and so
is a directory that can't be read. A retraction is the one thing that a manifest can't know of.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urljoin

from runners import settings
from runners.census.store import joined_address
from runners.contract import ContractError, Manifest

Result = TypeVar("Result")
Directory = tuple[Mapping[str, Any], Mapping[str, Any]]
"""The releases by version and the mirrors by name, as the client gives them."""

SECONDS = 60.0
"""At most, for the directory; the client itself would wait for ever."""


@dataclass(frozen=True)
class Listing:
    """What the directory says of a release: whether it was retracted, and what else is to be known,
    each in a sentence without its end.
    """

    retraction: str | None = None
    remarks: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of it, the retraction first."""
        return ((self.retraction,) if self.retraction else ()) + self.remarks


def look_up(manifest: Manifest, *, seconds: float = SECONDS) -> Listing:
    """The listing of the manifest's release. A directory that can't be read becomes a remark.

    The Census's own is asked only for a release on S3; another may be set (RELEASE_DIRECTORY).
    """
    address = settings.from_environment().release_directory
    if address is None and not manifest.storage.soma.startswith("s3://"):
        return Listing()
    try:
        return listing_of(manifest, _within(seconds, _reader(address)))
    except Exception as error:  # what the client raises is written nowhere
        reason = " ".join(str(error).split())
        return Listing(
            remarks=(
                f"whether release {manifest.release} was retracted isn't known: the Census's "
                f"release directory can't be read ({type(error).__name__}: {reason})",
            )
        )


def refuse_retracted(manifest: Manifest, listing: Listing) -> None:
    """Returns if the release stands.

    Raises:
        ContractError: it was retracted.
    """
    if listing.retraction:
        raise ContractError(
            f"{listing.retraction}; name another release. What was registered of it stays: "
            f"`runners rollback --release {manifest.release}` takes it back."
        )


def _reader(address: str | None) -> Callable[[], Directory]:
    """What reads the directory with its retracted releases, which the client hides unasked."""
    import cellxgene_census as client  # seconds, most of them tiledbsoma's; never in a thread
    from cellxgene_census import _release_directory

    if address is not None:  # the client has no parameter for it
        _release_directory.CELL_CENSUS_RELEASE_DIRECTORY_URL = address
        _release_directory.CELL_CENSUS_MIRRORS_DIRECTORY_URL = urljoin(address, "mirrors.json")
    return lambda: (
        client.get_census_version_directory(retracted=None),
        client.get_census_mirror_directory(),
    )


def _within(seconds: float, ask: Callable[[], Result]) -> Result:
    """What the function returns or raises; a TimeoutError if it takes longer."""
    future: Future[Result] = Future()

    def work() -> None:
        try:
            future.set_result(ask())
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except TimeoutError as error:
        raise TimeoutError(str(error) or f"no answer in {seconds:g} seconds") from error


def listing_of(manifest: Manifest, directory: Directory) -> Listing:
    """What the directory says of the manifest's release. Raises what a directory of another form
    makes it raise.
    """
    releases, mirrors = directory
    entry = releases.get(manifest.release)
    if entry is None:
        return Listing(
            remarks=(f"the Census's release directory doesn't list release {manifest.release}",)
        )
    flags = entry.get("flags") or {}
    return Listing(
        _retraction(manifest.release, flags, entry.get("retraction")),
        tuple(_remarks(manifest, entry, flags, mirrors)),
    )


def _retraction(
    release: str, flags: Mapping[str, Any], retraction: Mapping[str, Any] | None
) -> str | None:
    if retraction is None and not flags.get("retracted"):
        return None
    fields = retraction if isinstance(retraction, dict) else {}
    link = fields.get("info_url") or fields.get("info_permalink")
    return "".join(
        [
            f"release {release} was retracted",
            f" on {fields['date']}" if fields.get("date") else "",
            f" ({fields['reason']})" if fields.get("reason") else "",
            f" and replaced by {fields['replaced_by']}" if fields.get("replaced_by") else "",
            f", see {link}" if link else "",
        ]
    )


def _remarks(
    manifest: Manifest,
    entry: Mapping[str, Any],
    flags: Mapping[str, Any],
    mirrors: Mapping[str, Any],
) -> Iterator[str]:
    if not flags.get("lts"):
        yield f"release {manifest.release} isn't marked as LTS, so that it won't be kept for long"
    storage = manifest.storage
    for name, ours in (("soma", storage.soma), ("h5ads", storage.h5ads)):
        locator = entry.get(name)  # of a retracted release it may be gone
        addresses = _addresses(locator, mirrors) if isinstance(locator, dict) else set()
        if ours.rstrip("/") not in addresses:
            listed = " or ".join(sorted(addresses)) or "none"
            yield f"the manifest's {name} is {ours}, the Census's release directory has {listed}"


def _addresses(locator: Mapping[str, Any], mirrors: Mapping[str, Any]) -> set[str]:
    """Where the client finds what the locator names: in any mirror, or where it always was."""
    relative, found = locator.get("relative_uri"), [locator.get("uri")]
    if relative:
        found += [joined_address(mirror["base_uri"], relative) for mirror in mirrors.values()]
    return {address.rstrip("/") for address in found if address}

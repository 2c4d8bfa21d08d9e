"""Where a release may lie: an address, its bucket, and what isn't within places allowed. Pure."""

from collections.abc import Sequence

from runners.contract import Manifest


def bucket_of(address: str) -> str:
    """The bucket of an s3:// address; of anything else, the folder that it lies in."""
    if address.startswith("s3://"):
        return f"s3://{address.removeprefix('s3://').split('/', 1)[0]}/"
    return f"{address.rstrip('/').rpartition('/')[0]}/"


def foreign_places(manifest: Manifest, allowed: Sequence[str]) -> tuple[str, ...]:
    """The places of the manifest's storage that lie in none of those allowed."""
    places = dict.fromkeys((manifest.storage.soma, manifest.storage.h5ads))
    return tuple(place for place in places if not any(_within(place, one) for one in allowed))


def _within(place: str, allowed: str) -> bool:
    is_below = f"{place.rstrip('/')}/".startswith(f"{allowed.rstrip('/')}/")
    return is_below and ".." not in place.split("/")

"""What lies in storage now: size and hash of each registered file, as LaminDB would register it.

On S3 a folder is listed, a thousand files a request. A storage that doesn't answer is
no proof of anything: its files are Unknown. Never writes.
"""

import os
from collections import defaultdict
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
from lamindb_setup.core.hashing import hash_file
from lamindb_setup.core.upath import get_stat_file_cloud

from runners.h5ad.address import is_refused, remedy
from runners.records.snapshot import Stored, Unknown

CLIENT = {
    "connect_timeout": 10,
    "read_timeout": 60,
    "retries": {"mode": "standard", "total_max_attempts": 1},  # botocore rewrites `max_attempts`
}
"""Of botocore: seconds, and tries of each request."""

StoredFiles = Mapping[str, Stored | Unknown | None]

Stats = Mapping[str, int | str | None]
"""Size and hash of a file, in the words of LaminDB's `Artifact(_stats=...)`."""


def stats_of(files: Mapping[str, tuple[int, str | None]]) -> dict[str, Stats]:
    """Address -> its stats, of what was read there, by its size and entity tag; without a tag, of
    the local file.

    Raises:
        FileNotFoundError: a local file is gone.
    """
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        stats = threads.map(_stats, files, files.values())
        return dict(zip(files, stats, strict=True))


def _stats(address: str, seen: tuple[int, str | None]) -> Stats:
    size, etag = seen
    if etag is None:
        size, digest, kind = hash_file(Path(address))
    else:
        info = {"size": size, "ETag": etag}
        size, digest, kind = get_stat_file_cloud(info, protocol="s3")
    return {"size": size, "hash": digest, "hash_type": kind}


def stored_files(addresses: Collection[str], *, anonymous: bool = True) -> StoredFiles:
    """What lies at each address; None where nothing does. S3 is asked with or without credentials,
    whichever way the addresses were registered.
    """
    remote = [address for address in addresses if address.startswith("s3://")]
    local = [address for address in addresses if not address.startswith("s3://")]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        files: dict[str, Stored | Unknown | None] = dict(
            zip(local, threads.map(_file, local), strict=True)
        )
    folders: dict[str, list[str]] = defaultdict(list)
    for address in remote:
        folders[address.rpartition("/")[0]].append(address)
    for folder, members in folders.items():
        files |= _list_folder(folder, members, anonymous)
    return files


def _file(address: str) -> Stored | Unknown | None:
    try:
        size, digest, _ = hash_file(Path(address))
    except FileNotFoundError:
        return None
    except OSError as error:
        return Unknown(f"{address}: {error}")
    return Stored(size, digest)


def _list_folder(folder: str, addresses: Collection[str], anonymous: bool) -> StoredFiles:
    options = {"config_kwargs": CLIENT, "use_listings_cache": False}
    storage = fsspec.filesystem("s3", anon=anonymous, **options)
    try:
        files = storage.find(folder, detail=True)
    except Exception as error:
        reason = " ".join(str(error).split())
        if is_refused(error):
            reason = f"{reason} ({remedy(anonymous=anonymous)})"
        return dict.fromkeys(addresses, Unknown(f"{folder} can't be listed: {reason}"))
    return {address: _stored(files.get(address.removeprefix("s3://"))) for address in addresses}


def _stored(info: dict[str, Any] | None) -> Stored | None:
    if info is None:
        return None
    size, digest, _ = get_stat_file_cloud(info, protocol="s3")
    return Stored(size, digest)

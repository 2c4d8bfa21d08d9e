"""What is made of a file of the reference data, kept beside it: processes that come later map it
into their memory, which they share, instead of making it again.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from mmap import ACCESS_READ, mmap
from pathlib import Path
from tempfile import NamedTemporaryFile

Content = bytes | mmap


def kept_beside(file: Path, form: str, make: Callable[[], bytes]) -> Content:
    """What `make` makes of the file, in the form of that name.

    Size and moment of the file stand in the name of what is kept, so that another file is made of
    anew. Where nothing can be written, nothing is kept. Safe when killed, and by several at once.
    """
    source = file.stat()
    kept = file.with_name(f"{file.name}.{source.st_size}-{source.st_mtime_ns}.{form}")
    with suppress(OSError, ValueError):  # it isn't there, or empty
        return _mapped(kept)
    content = make()
    try:
        _keep(content, kept, source.st_mode)
        return _mapped(kept)
    except (OSError, ValueError):  # somebody else's folder, a full disk, or nothing to be mapped
        return content


def _mapped(path: Path) -> mmap:
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ)


def _keep(content: bytes, path: Path, mode: int) -> None:
    """Writes a file that appears whole or not at all."""
    with NamedTemporaryFile(dir=path.parent, prefix=".partial-", delete=False) as partial:
        try:
            partial.write(content)
            partial.flush()
            os.fsync(partial.fileno())
            os.fchmod(partial.fileno(), mode)
            Path(partial.name).rename(path)
        except BaseException:
            Path(partial.name).unlink()
            raise

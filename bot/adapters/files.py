"""Writes files and folders whole or not at all, even if the process is killed."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Writes the text to the file; whoever reads it meanwhile gets the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def check_place(path: Path) -> None:
    """Raises OSError unless `write` could make the file: what stands above it is a folder in which
    this user may write.
    """
    above = next(parent for parent in path.absolute().parents if os.path.lexists(parent))
    code = errno.ENOTDIR if not above.is_dir() else 0 if os.access(above, os.W_OK) else errno.EACCES
    if code:
        raise OSError(code, os.strerror(code), str(above))


@contextmanager
def secret_file(path: Path) -> Iterator[Callable[[str], None]]:
    """What writes a secret to the file, which nobody else may read. The file is made at once, so
    that nothing fails when the secret is there; without one it is gone again.

    Raises:
        FileExistsError: it exists already; it stays as it is.
    """
    has_text = False

    def write_secret(text: str) -> None:
        nonlocal has_text
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        has_text = True

    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        try:
            yield write_secret
        finally:
            if not has_text:
                path.unlink(missing_ok=True)


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Makes the folder with these files (name -> text), all at once.

    Raises:
        FileExistsError: it exists already; it stays as it is.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".writing-"))
    try:
        for name, text in files.items():
            write(temporary / name, text)
        temporary.chmod(0o755)
        # rename() replaces a folder that is empty.
        if folder.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Waits until no other process holds the folder; the lock ends with the process.

    A folder that wasn't there and got nothing in the meantime is gone again afterwards.
    """
    descriptor, is_new = _held(folder)
    try:
        yield
    finally:
        # Taken away while it is held, so that whoever waits for it finds it gone.
        if is_new:
            with suppress(OSError):
                folder.rmdir()
        os.close(descriptor)


def _held(folder: Path) -> tuple[int, bool]:
    """What holds the folder, and whether this made it. Another process may take it away between
    any two steps.
    """
    while True:
        folder.parent.mkdir(parents=True, exist_ok=True)
        is_new = False
        with suppress(FileExistsError):
            folder.mkdir()
            is_new = True
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            if folder.is_symlink():  # to nothing
                raise
            continue
        is_held = False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                is_held = os.path.samestat(os.fstat(descriptor), folder.stat())
        finally:
            if not is_held:
                os.close(descriptor)
        if is_held:
            return descriptor, is_new

"""GitHub's runner application as far as the bootstrap script knows it: a script in an archive."""

import gzip
import io
import tarfile


def archive(run_sh: str) -> bytes:
    """The archive with this `run.sh`; the same bytes each time."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo("run.sh")
        entry.size, entry.mode = len(run_sh), 0o755
        tar.addfile(entry, io.BytesIO(run_sh.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)

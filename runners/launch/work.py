"""The packed work of a run: code, rules, manifests, request and what was kept of earlier runs.

A job fetches it by its digest, and works by nothing else, so that what was merged yesterday reaches
an image that was built a year ago. run.yml's plan job packs it; by hand, the checkout is packed.
"""

import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

from runners.contract import ContractError, Manifest, RunRequest

FOLDER = "work"
"""Where packed work lies beside the runs, each under its digest."""

LOCKED = ("constraints.txt", "pyproject.toml")
"""What says which environment the code needs."""


@dataclass(frozen=True)
class PackedWork:
    """The bytes of work.tar; `commit` is where its code is from, if that is known."""

    content: bytes
    commit: str | None = None

    @property
    def digest(self) -> str:
        """Its SHA-256."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def name(self) -> str:
        """What it is called within FOLDER: equal work has one place, and nothing replaces it."""
        return f"{self.digest}.tar"

    @classmethod
    def from_file(cls, path: Path, commit: str | None = None) -> "PackedWork":
        """The work in a file. Raises ContractError: it can't be read."""
        try:
            return cls(path.read_bytes(), commit)
        except OSError as error:
            raise ContractError(
                f"{path}: can't be read ({error}); name the packed work."
            ) from error

    @classmethod
    def of_checkout(cls, code: Path, repository: Path, request: RunRequest) -> "PackedWork":
        """The code at `code` with the request, and its manifests as they lie in `repository`.

        Raises:
            ContractError: a manifest is missing or broken, or there is no checkout at `code`.
        """
        require_checkout(code)
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w") as archive:
            for name in ("runners", *LOCKED):
                archive.add(code / name, name, filter=_without_caches)
            for name, content in _documents(repository, request).items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return cls(data.getvalue())


def require_checkout(code: Path) -> None:
    """Raises ContractError if the code at `code` is no checkout, which says what it needs."""
    if missing := [name for name in LOCKED if not (code / name).is_file()]:
        raise ContractError(
            f"{code}: has no {' and no '.join(missing)}, by which a machine installs what the code "
            "needs; launch from a checkout, not by an installed wheel."
        )


def _without_caches(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in entry.name else entry


def _documents(repository: Path, request: RunRequest) -> dict[str, bytes]:
    """Request and manifests by their paths; of two members of one name, tar takes the last."""
    path = repository / request.manifest
    if Path(request.manifest).is_absolute() or ".." in Path(request.manifest).parts:
        raise ContractError(
            f"request.json: field manifest: {request.manifest} isn't within {repository}, and "
            "a job is given no other file; put it there, and make the request anew."
        )
    manifest = Manifest.from_file(path)
    files = {request.manifest: path.read_bytes(), "request.json": request.to_json().encode()}
    if manifest.previous:
        previous = path.with_name(f"{manifest.previous}.toml")
        if not previous.exists():
            raise ContractError(f"{path}: field previous: there is no {previous.name}; add it.")
        files[str(Path(request.manifest).with_name(previous.name))] = previous.read_bytes()
    return files

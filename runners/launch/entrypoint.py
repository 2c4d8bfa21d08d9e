"""What the image of runners/launch/Dockerfile does first: fetches the packed work by its digest,
refuses one that asks for another environment than the image has, and does it.

Stands alone, in the image: the code that works comes with the work. What ends it early is said in
the file that SageMaker gives back as ExitMessage, whose first kilobyte counts and which must be
UTF-8 and hold no secret: https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-metadata.html
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tomllib
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import IO, Any, NoReturn

REFUSED = 3
"""The exit code of a job that didn't begin."""

LAST_SECONDS = 1
"""What is waited for the last lines of work that has ended."""

MOST_BYTES = 1024
LOCKED = "constraints.txt"


def main(words: Sequence[str]) -> int:
    """The exit code of `python -m runners mirror WORDS`, as a shell says it."""
    _on_signals(lambda number, frame: sys.exit(128 + number))
    root = Path(os.environ.get("ROOT", "/opt/ingestion"))
    repository = root / "repository"
    archive = _fetch(root)
    shutil.rmtree(repository, ignore_errors=True)  # a container may be begun again
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(repository, filter="data")
    except (tarfile.TarError, OSError) as error:
        _refuse(f"the packed work can't be unpacked ({error}); launch a new run.")
    _compare(root / "lock", repository)
    python = str(root / "venv" / "bin" / "python")
    command = [str(root / "with-key.sh"), python, "-m", "runners", "mirror", *words]
    return _run(command, repository)


def _fetch(root: Path) -> Path:
    """The packed work, which is just what the run was launched with."""
    address, digest = os.environ.get("WORK", ""), os.environ.get("WORK_SHA256", "")
    if not address or not digest:
        _refuse("WORK or WORK_SHA256 is missing; launch the job by `python -m runners launch`.")
    archive = root / "work.tar"
    region = os.environ.get("AWS_REGION", "")
    fetch = ["aws", "s3", "cp", "--quiet", "--region", region, address, str(archive)]
    if subprocess.run(fetch, check=False).returncode:
        _refuse(f"{address} can't be fetched with this job's role; give it the right, and a way.")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != digest:
        _refuse(f"{address} is not what this run was launched with; launch a new run.")
    return archive


def _compare(image: Path, repository: Path) -> None:
    """Refuses work that wants other packages than the image has."""
    commit = os.environ.get("COMMIT", "the code")
    for name in (LOCKED, "pyproject.toml"):
        if _needs(image / name) != _needs(repository / name):
            _refuse(
                f"this image was built with another {name} than {commit} has, so its packages may "
                "be others; build the image anew from that commit, push it, and name it as "
                "[launch.sagemaker] image."
            )


def _needs(path: Path) -> Any:
    """What of the file says which packages are installed."""
    if path.name == LOCKED:
        return path.read_bytes()
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    project = read.get("project", {})
    named = [project.get(field) for field in ("requires-python", "dependencies")]
    return [read.get("dependency-groups"), *named]


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(f"entrypoint: {sentence}\n")
    _say(sentence)
    sys.exit(REFUSED)


def _say(sentence: str) -> None:
    folder = Path(os.environ.get("OUTPUT", "/opt/ml/output"))
    folder.mkdir(parents=True, exist_ok=True)
    sentence = re.sub(r"://\S*@", "://...@", sentence)  # a library may quote a database's address
    text = sentence.encode()[:MOST_BYTES].decode("utf-8", "ignore")
    (folder / "message").write_text(text, encoding="utf-8")


def _run(command: Sequence[str], folder: Path) -> int:
    """Runs it, passes signals on, and says the last line of its errors if it fails.

    It is waited for alone: what it leaves behind goes with the container, and would hold its errors
    open.
    """
    work = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE)
    _on_signals(lambda number, frame: work.send_signal(number))
    last = [b""]
    reader = Thread(target=_pass_on, args=(work.stderr, last), daemon=True)
    reader.start()
    code = work.wait()
    reader.join(LAST_SECONDS)
    if code < 0:
        hint = ": too little memory, often" if code == -signal.SIGKILL else ""
        _say(f"its process was ended by {signal.Signals(-code).name}{hint}")
        return 128 - code
    if code:
        _say(last[0].decode("utf-8", "replace"))
    return code


def _pass_on(errors: IO[bytes], last: list[bytes]) -> None:
    """Writes what is read to our own errors; `last` has the last line that isn't empty."""
    for line in errors:
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
        last[0] = line.strip() or last[0]


def _on_signals(do: Callable[[int, FrameType | None], object]) -> None:
    """This is the container's first process, to which the kernel delivers no signal that it hasn't
    asked for.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, do)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Exception as error:
        traceback.print_exc()
        _refuse(f"the job can't begin ({type(error).__name__}: {error}); see its log.")

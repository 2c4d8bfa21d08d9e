"""What the image does first, run as a process: the work is a stub that ends as it is told to."""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from launch.site import ROOT

COMMIT = "c" * 40
WORK = """\
import json, os, signal, sys, time
from pathlib import Path

told = {"words": sys.argv[1:], "folder": os.getcwd(), "since": os.environ["MACHINE_SINCE"]}
Path(os.environ["ROOT"], "told.json").write_text(json.dumps(told))
ends = os.environ["ENDS"]
if ends.startswith("SIG"):
    os.kill(os.getpid(), signal.Signals[ends])
print("the first line", file=sys.stderr)
if ends == "breaks":
    raise MemoryError("no room for 60,000 genes")
if ends == "blabs":
    raise RuntimeError("invalid dsn: postgresql://us:s3cr/t@db.lab:5432/lamin is none")
if ends == "waits":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    Path(os.environ["ROOT"], "ready").touch()
    time.sleep(60)
print("manifest: field release: it is missing; add it.", file=sys.stderr)
print("   \\n", file=sys.stderr)
sys.exit(int(ends))
"""
LEAVES_ONE_BEHIND = """\
import os, subprocess, sys
from pathlib import Path

left = subprocess.Popen(["sleep", "60"], start_new_session=True)
Path(os.environ["ROOT"], "left").write_text(str(left.pid))
sys.exit("its last words")
"""
PYPROJECT = """\
[project]
requires-python = ">=3.11"
description = "{description}"
[dependency-groups]
ingest = ["{needs}"]
"""


def packed(
    needs: str = "h5py>=3", lock: str = "h5py==3.1\n", description: str = "A bot"
) -> dict[str, str]:
    """The files of packed work."""
    return {
        "runners/__init__.py": "",
        "runners/__main__.py": WORK,
        "request.json": "{}",
        "constraints.txt": lock,
        "pyproject.toml": PYPROJECT.format(needs=needs, description=description),
    }


def archive(files: dict[str, str]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as work:
        for name, text in files.items():
            entry, content = tarfile.TarInfo(name), text.encode()
            entry.size = len(content)
            work.addfile(entry, io.BytesIO(content))
    return data.getvalue()


class Image:
    """A folder as the image has it, and the work where the job fetches it."""

    def __init__(self, root: Path) -> None:
        self.root, self.work = root, root / "packed.tar"
        (root / "venv/bin").mkdir(parents=True)
        (root / "venv/bin/python").symlink_to(sys.executable)
        shutil.copy2(ROOT / "runners/launch/with-key.sh", root)
        (root / "lock").mkdir()
        for name in ("constraints.txt", "pyproject.toml"):
            (root / "lock" / name).write_text(packed()[name])
        (root / "bin").mkdir()
        self.aws()
        self.packs(packed())

    def aws(self) -> None:
        """The command by which the work is fetched."""
        (self.root / "bin/aws").write_text('#!/bin/sh\nexec cp "$6" "$7"\n')
        (self.root / "bin/aws").chmod(0o755)

    def packs(self, files: dict[str, str]) -> None:
        self.work.write_bytes(archive(files))
        self.digest = hashlib.sha256(self.work.read_bytes()).hexdigest()

    def begins(self, ends: str = "0", **changes: str) -> "subprocess.Popen[str]":
        told = {
            "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
            "ROOT": str(self.root),
            "OUTPUT": str(self.root / "output"),
            "AWS_REGION": "us-west-2",
            "WORK": str(self.work),
            "WORK_SHA256": self.digest,
            "COMMIT": COMMIT,
            "ENDS": ends,
            **changes,
        }
        script = str(ROOT / "runners/launch/entrypoint.py")
        return subprocess.Popen(
            [sys.executable, script, "--run", "r", "launch"],
            env=told,
            cwd="/",
            stderr=subprocess.PIPE,
            text=True,
        )

    def runs(self, ends: str = "0", **changes: str) -> tuple[int, str]:
        """The exit code, and what SageMaker gives back as ExitMessage."""
        with self.begins(ends, **changes) as job:
            self.said = job.communicate(timeout=60)[1]
        message = self.root / "output/message"
        return job.returncode, message.read_text() if message.exists() else ""


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return Image(tmp_path)


def test_work_that_is_done_says_nothing_else(image: Image) -> None:
    assert image.runs() == (0, "")
    told = json.loads((image.root / "told.json").read_text())
    assert told["words"] == ["mirror", "--run", "r", "launch"]
    assert told["folder"] == str(image.root / "repository")
    assert told["since"]


@pytest.mark.parametrize(
    ("ends", "code", "message"),
    [
        ("1", 1, "manifest: field release: it is missing; add it."),
        ("2", 2, "manifest: field release: it is missing; add it."),
        ("breaks", 1, "MemoryError: no room for 60,000 genes"),
        ("blabs", 1, "RuntimeError: invalid dsn: postgresql://...@db.lab:5432/lamin is none"),
    ],
)
def test_work_that_fails_says_its_last_words(
    image: Image, ends: str, code: int, message: str
) -> None:
    """Also where it ends as a verification with a failed check does, which has a report."""
    assert image.runs(ends) == (code, message)
    assert "the first line" in image.said  # the log has it all


def test_what_breaks_before_the_work_is_said(image: Image) -> None:
    (image.root / "bin/aws").unlink()
    code, message = image.runs(PATH=str(image.root / "bin"))
    assert code == 3
    assert message.startswith("the job can't begin (FileNotFoundError: ")
    assert "Traceback" in image.said
    image.aws()
    image.packs({name: text for name, text in packed().items() if name != "pyproject.toml"})
    assert image.runs()[0] == 3
    assert "pyproject.toml" in (image.root / "output/message").read_text()


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ("SIGKILL", "its process was ended by SIGKILL: too little memory, often"),
        ("SIGTERM", "its process was ended by SIGTERM"),
        ("SIGSEGV", "its process was ended by SIGSEGV"),
    ],
)
def test_work_that_is_killed_says_by_what(image: Image, ends: str, message: str) -> None:
    assert image.runs(ends) == (128 + signal.Signals[ends], message)


@pytest.mark.parametrize("when", ["fetched", "works"])
def test_what_aws_stops_is_passed_on(image: Image, when: str) -> None:
    if when == "fetched":
        (image.root / "bin/aws").write_text(f"#!/bin/sh\ntouch {image.root}/ready\nexec sleep 60\n")
    with image.begins("waits") as job:
        while not (image.root / "ready").exists():
            assert job.poll() is None
            time.sleep(0.02)
        job.terminate()
        assert job.wait(timeout=30) == 143


def test_the_job_ends_with_its_work_whoever_it_leaves_behind(image: Image) -> None:
    """The processes of one that was killed, in a session of their own; the container takes them."""
    image.packs({**packed(), "runners/__main__.py": LEAVES_ONE_BEHIND})
    with image.begins() as job:
        assert job.wait(timeout=30) == 1
        os.kill(int((image.root / "left").read_text()), signal.SIGKILL)
    assert (image.root / "output/message").read_text() == "its last words"


def test_a_container_that_is_begun_again_works_by_the_same(image: Image) -> None:
    image.runs()
    (image.root / "repository/left-behind").touch()
    assert image.runs()[0] == 0
    assert not (image.root / "repository/left-behind").exists()


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (packed(lock="h5py==3.2\n"), "constraints.txt"),
        (packed(needs="h5py>=4"), "pyproject.toml"),
    ],
)
def test_work_that_wants_other_packages_is_refused(
    image: Image, files: dict[str, str], name: str
) -> None:
    image.packs(files)
    code, message = image.runs()
    assert code == 3
    assert message == (
        f"this image was built with another {name} than {COMMIT} has, so its packages may be "
        "others; build the image anew from that commit, push it, and name it as "
        "[launch.sagemaker] image."
    )
    assert not (image.root / "told.json").exists()


def test_what_changes_no_package_is_no_reason(image: Image) -> None:
    image.packs(packed(description="Another sentence"))
    assert image.runs()[0] == 0


def test_other_work_than_was_asked_for_is_refused(image: Image) -> None:
    image.work.write_bytes(archive({**packed(), "more": "x"}))
    code, message = image.runs()
    assert (code, message) == (
        3,
        f"{image.work} is not what this run was launched with; launch a new run.",
    )
    assert not (image.root / "told.json").exists()


def test_work_that_cant_be_fetched_is_said(image: Image) -> None:
    code, message = image.runs(WORK="/nowhere.tar")
    assert code == 3
    assert message.startswith("/nowhere.tar can't be fetched with this job's role")
    assert image.runs(WORK="")[1].startswith("WORK or WORK_SHA256 is missing")


def test_work_that_reaches_out_of_its_folder_is_refused(image: Image) -> None:
    image.packs({**packed(), "../outside": "x"})
    code, message = image.runs()
    assert code == 3
    assert "can't be unpacked" in message
    assert not (image.root / "outside").exists()


def test_a_message_is_what_aws_takes(image: Image) -> None:
    work = WORK.replace("add it.", "é" * 2000)
    image.packs({**packed(), "runners/__main__.py": work})
    _, message = image.runs("2", PYTHONIOENCODING="utf-8")
    assert 1000 < len(message.encode()) <= 1024

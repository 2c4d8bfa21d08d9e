"""The Dockerfile, built and run by buildah on a stand-in for its base image.

No registry is reached, so that the base is an empty image with this machine's /usr and Python in
it, and stand-ins for what comes from elsewhere: `dnf`, pip's registry (packages of a group are
linked out of the tests' own), AWS's command line (S3 and no more), CZI's wheels. What Amazon Linux
has or hasn't, and what a registry serves, isn't proved by it. Everything else is: the Dockerfile's
own steps, bootstrap.sh, the entrypoint, with-key.sh, and the group of packages.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, STDOUT

import psutil
from instances import REFERENCE

from launch.site import ROOT

BASE = "public.ecr.aws/amazonlinux/amazonlinux:2023"
SITE = Path(sysconfig.get_path("purelib")).resolve()
STAND_INS = {
    "dnf": "exit 0",
    "aws": 'PYTHONPATH="$CHECKOUT/tests/runners" exec "$TESTS_PYTHON" -m launch.machine_aws "$@"',
    "python3.11": """
[ "$2" = venv ] || exec "$PYTHON" "$@"
"$PYTHON" -m venv --without-pip "$3"
pip="$3/lib/python3.11/site-packages/pip"
mkdir "$pip" && touch "$pip/__init__.py"
cp "$CHECKOUT/tests/workflows/clean_pip.py" "$pip/__main__.py\"""",
}


@dataclass(frozen=True)
class Image:
    """An image in a store of its own, below `home`."""

    home: Path

    def buildah(self, *words: str, code: int | None = 0) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            self._command(*words), text=True, check=False, stdout=PIPE, stderr=STDOUT
        )
        assert code in (None, done.returncode), done.stdout[-8000:]
        return done

    def _command(self, *words: str) -> list[str]:
        store = ["--root", str(self.home / "store"), "--runroot", str(self.home / "run")]
        return ["buildah", *store, "--storage-driver", "vfs", *words]

    def build(self) -> None:
        """Builds the Dockerfile as it stands."""
        self._base()
        volumes = [word for one in _volumes() for word in ("--volume", one)]
        file = str(ROOT / "runners/launch/Dockerfile")
        isolated = ["--isolation", "chroot", "--pull-never", *volumes]
        self.buildah("bud", *isolated, "--file", file, "--tag", "ingestion", str(ROOT))

    def _base(self) -> None:
        root = self.home / "base"
        for name in ("usr", "etc", "tmp", "proc", "dev", "sys", "opt", "root", "var", "stand-ins"):
            (root / name).mkdir(parents=True)
        for name in ("bin", "sbin", "lib", "lib64"):
            (root / name).symlink_to(f"usr/{name}")
        for name in ("passwd", "group"):
            shutil.copy(Path("/etc") / name, root / "etc")
        for name, body in STAND_INS.items():
            (root / "stand-ins" / name).write_text(f"#!/bin/sh\nset -e\n{body}\n")
            (root / "stand-ins" / name).chmod(0o755)
        self.buildah("from", "--name", "base", "scratch")
        self.buildah("copy", "base", str(root), "/")
        told = {
            "PATH": "/stand-ins:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHON": str(Path(sys.executable).resolve()),
            "TESTS_PYTHON": str(SITE.parents[2] / "bin" / "python"),
            "SITE": str(SITE),
            "CHECKOUT": str(ROOT),
            "PAUSES": "0",
        }
        settings = [word for pair in told.items() for word in ("--env", "=".join(pair))]
        self.buildah("config", *settings, "base")
        self.buildah("commit", "base", BASE)

    def run(
        self,
        words: list[str],
        environment: Mapping[str, str],
        *places: Path,
        kill_when: Callable[[], bool] | None = None,
    ) -> tuple[int, str]:
        """The exit code of the image's entrypoint, and what it has said. `places` are shared.

        `kill_when` is asked again and again; then all processes of the container are killed, as
        when its machine is lost.
        """
        container = self.buildah("from", "ingestion").stdout.strip()
        inspected = json.loads(self.buildah("inspect", container).stdout)
        entrypoint = inspected["OCIv1"]["config"]["Entrypoint"]
        told = [word for pair in environment.items() for word in ("--env", "=".join(pair))]
        shared = [*_volumes(), *(f"{place}:{place}:rw" for place in places)]
        volumes = [word for one in shared for word in ("--volume", one)]
        isolated = ["--isolation", "chroot", *volumes, *told]
        command = self._command("run", *isolated, container, "--", *entrypoint, *words)
        log = self.home / "log"
        with log.open("wb") as said, subprocess.Popen(command, stdout=said, stderr=STDOUT) as work:
            while kill_when is not None and work.poll() is None:
                if kill_when():
                    _kill_with_children(work.pid)
                    break
                time.sleep(0.02)
        self.buildah("rm", container)
        return work.returncode, log.read_text()


def _kill_with_children(pid: int) -> None:
    parent = psutil.Process(pid)
    for process in (*parent.children(recursive=True), parent):
        process.kill()


def _volumes() -> list[str]:
    python = Path(sys.executable).resolve().parents[1]
    folders = {Path("/usr"), python, SITE.parents[2], ROOT}
    own = [f"{folder}:{folder}:ro" for folder in sorted(folders)]
    return [*own, f"{os.path.realpath(REFERENCE)}:/opt/ingestion/reference:ro"]

"""Plays AWS, GitHub and the machine while one run goes through the launcher `ec2`; for the demo.

moto starts no process, so that a stand-in boots the machine: it reads the user data back and runs
it, with stand-ins for what a machine has and this computer hasn't (packages, GitHub's runner, the
command line of AWS, a power switch). The run's steps are the real ones.
"""

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rich_click as click

from launch.fake_aws import fake_aws
from launch.fake_runner_api import fake_runner_api
from launch.runner_archive import archive
from launch.site import ROOT, LaunchSite
from runners.contract import RunRequest

PATIENCE = 300.0

# GitHub's runner, as far as the bootstrap script knows it: waits for one job, and does it.
RUN_SH = """#!/bin/bash
printf %s "$ACTIONS_RUNNER_INPUT_JITCONFIG" | sha256sum >"$STAND_INS/online"
unset ACTIONS_RUNNER_INPUT_JITCONFIG
until [ -e "$STAND_INS/job" ]; do /bin/sleep 0.1; done
"$ACTIONS_RUNNER_HOOK_JOB_STARTED" || exit 4
[ -e "$STAND_INS/keeps-aws" ] || unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
cd "$REPOSITORY"
bash "$STAND_INS/job"
echo $? >"$STAND_INS/ended"
"""
SHELL = {
    "curl": """
case "$*" in
  *api/token*) echo token ;;
  *instance-id*) echo "$HOST_ID" ;;
  *) while [ "$1" != --output ]; do shift; done; cp "$STAND_INS/archive" "$2" ;;
esac""",
    "aws": 'exec "$PYTHON" -m launch.machine_aws "$@"',
    "shutdown": '[ "$2" != now ] || exec "$PYTHON" -m launch.machine_aws off',
    "python3.11": 'mkdir -p "$3/bin"; ln -sf /bin/true "$3/bin/python"',
    "runuser": 'shift 3; exec "$@"',
    "sleep": '[ "$1" -gt 60 ] && exec /bin/sleep "$1"; exec /bin/sleep 0.2',
    "systemd-run": "true",
    **dict.fromkeys(("dnf", "useradd", "chown", "poweroff"), "true"),
}


@dataclass
class Machine:
    """A launched machine as a process of this one."""

    site: LaunchSite
    host_id: str
    key: str = "tests"

    @property
    def folder(self) -> Path:
        return self.site.root / "machines" / self.host_id

    def boot(self) -> "subprocess.Popen[bytes]":
        """Reads the machine's user data back, and runs it."""
        self.folder.mkdir(parents=True)
        for name, body in SHELL.items():
            (self.folder / name).write_text(f"#!/bin/bash\n{body}\n")
            (self.folder / name).chmod(0o755)
        (self.folder / "archive").write_bytes(archive(RUN_SH))
        attribute = self.site.amazon.client("ec2").describe_instance_attribute(
            InstanceId=self.host_id, Attribute="userData"
        )
        (self.folder / "user-data").write_bytes(base64.b64decode(attribute["UserData"]["Value"]))
        here = {
            **os.environ,
            **self.site.environment,
            "AWS_ACCESS_KEY_ID": self.key,
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests" / "runners")]),
            "ROOT": str(self.folder / "root"),
            "STAND_INS": str(self.folder),
            "HOST_ID": self.host_id,
            "PYTHON": sys.executable,
            "REPOSITORY": str(ROOT),
        }
        command = ["bash", str(self.folder / "user-data")]
        return subprocess.Popen(command, env=here, start_new_session=True)

    def said(self, name: str) -> str | None:
        path = self.folder / name
        return path.read_text().strip() if path.exists() else None


def until(what: str, happened: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """What `happened` gives once it gives something."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := happened():
            return found
        time.sleep(0.1)
    raise TimeoutError(f"{what}: not within {patience:g} s")


def _power_off(machine: "subprocess.Popen[bytes]") -> None:
    """Ends what the machine's script has left, as a switched-off machine would."""
    with suppress(ProcessLookupError):
        os.killpg(machine.pid, signal.SIGKILL)
    machine.wait()


@click.group()
def main() -> None:
    """The stand-ins of the demo."""


@main.command()
@click.option("--home", type=click.Path(path_type=Path), required=True)
@click.option("--request", "request_file", type=click.Path(path_type=Path), required=True)
@click.option("--repository", type=click.Path(path_type=Path), required=True)
def play(home: Path, request_file: Path, repository: Path) -> None:
    """Launch a machine for the run, let it work, and see that nothing is left."""
    with ExitStack() as closing:
        site = LaunchSite(
            home, closing.enter_context(fake_aws()), closing.enter_context(fake_runner_api())
        )
        site.runner_api.online_after = None
        site.amazon.client("iam").create_instance_profile(InstanceProfileName="ingestion-machine")
        site.configure(ec2__runner=pinned(), lamindb_secret=None)
        sys.exit(_played(site, request_file, repository, closing))


def _played(site: LaunchSite, request_file: Path, repository: Path, closing: ExitStack) -> int:
    """The exit code of the run's work."""
    run_id = RunRequest.from_file(request_file).run_id
    power = threading.Thread(target=boot_when_launched, args=(site, closing), daemon=True)
    power.start()
    launch = site.begin(site.launch_words(run_id))
    said, complaint = launch.communicate(timeout=PATIENCE)
    click.echo(complaint or said.strip())
    label = json.loads(said)["label"]
    machine = Machine(site, json.loads(said)["machine"]["id"])
    site.runner_api.named(label)["busy"] = True
    words = ["launch", "--launcher", "local", "--request", request_file, "--repository", repository]
    line = " ".join(f"'{word}'" for word in [sys.executable, "-m", "runners", *map(str, words)])
    (machine.folder / "job.partial").write_text(line)
    (machine.folder / "job.partial").rename(machine.folder / "job")
    code = int(until("the job", lambda: machine.said("ended"), patience=3600))
    site.runner_api.runners.clear()  # as GitHub does after a JIT runner's job
    until("the machine's own end", lambda: not site.live())
    for words_of in (site.words("terminate", "--run", run_id), site.words("reap")):
        said, complaint = site.begin(words_of).communicate(timeout=PATIENCE)
        click.echo((complaint + said).strip() or "Nothing was left.")
    site.assert_nothing_is_left()
    return code


def pinned() -> dict[str, str]:
    """The stand-in for GitHub's runner, as the configuration pins one."""
    return {"version": "2.337.0", "sha256": hashlib.sha256(archive(RUN_SH)).hexdigest()}


def boot_when_launched(site: LaunchSite, closing: ExitStack, key: str = "tests") -> None:
    """Boots the next machine, whose access key is `key`; its runner is online once it says so."""
    (host_id,) = until("a machine", site.live)
    machine = Machine(site, host_id, key)
    closing.callback(_power_off, machine.boot())
    told = until("its runner", lambda: machine.said("online")).split()[0]
    digests = [hashlib.sha256(secret.encode()).hexdigest() for secret in site.runner_api.secrets]
    site.runner_api.runners[digests.index(told) + 1]["status"] = "online"


if __name__ == "__main__":
    main()

"""The script that a launched machine runs, read back from its user data and run for real.

In a namespace without a network, with stand-ins for downloads, packages, AWS's command line and
`shutdown`; the shell, the checksums and the archive are real. Whatever goes wrong, it ends in a
shutdown, and no file but the secret's own holds the secret.
"""

import base64
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from launch.fake_aws import FakeAws
from launch.fake_runner_api import fake_runner_api
from launch.runner_archive import archive
from launch.site import RUN, LaunchSite
from runners.contract import Machine

SECRET = "JIT-SECRET-1"
KEY = "lamin-key-of-nobody"

RUN_SH = """#!/bin/bash
[ "$(id -u)" = 0 ] || exit 9
printf %s "$ACTIONS_RUNNER_INPUT_JITCONFIG" | sha256sum >"$ROOT/ran"
[ -e "$STAND_INS/nobody-comes" ] && exec /bin/sleep 1000
"$ACTIONS_RUNNER_HOOK_JOB_STARTED"
printf %s "$MACHINE" >"$ROOT/machine"
exit "$(cat "$STAND_INS/runner-code" 2>/dev/null || echo 0)"
"""

# Each notes how it was called. `shutdown now` ends what the runner waits in, as systemd would.
STAND_INS = {
    "aws": """
case "$1 $2" in
  "secretsmanager get-secret-value")
    [ -e "$STAND_INS/denied" ] && { echo AccessDeniedException >&2; exit 254; }
    cat "$STAND_INS/secret" ;;
  "s3 cp") cp "${@: -2:1}" "${@: -1}" ;;
  "logs put-log-events") printf %s "${@: -1}" >"$STAND_INS/events" ;;
esac""",
    "curl": """
case "$*" in
  *api/token*) echo imds-token ;;
  *instance-id*) echo "$HOST_ID" ;;
  *)
    tries=$(cat "$STAND_INS/failures" 2>/dev/null || echo 0)
    [ "$tries" -gt 0 ] && { echo $((tries - 1)) >"$STAND_INS/failures"; exit 22; }
    while [ "$1" != --output ]; do shift; done
    cp "$STAND_INS/archive" "$2" ;;
esac""",
    "python3.11": """
mkdir -p "$3/bin"
printf '#!/bin/bash\\necho "pip $*" >>"%s/calls"\\n' "$STAND_INS" >"$3/bin/python"
chmod +x "$3/bin/python\"""",
    "python3": 'exec "$PYTHON" "$@"',
    "runuser": 'shift 3; exec "$@"',
    "sleep": '[ "$1" = 1800 ] && [ ! -e "$STAND_INS/nobody-comes" ] && exec /bin/sleep 1000; true',
    "shutdown": """
[ "$2" = now ] && [ -e "$STAND_INS/nobody-comes" ] || exit 0
until pkill -x sleep; do :; done  # the runner may not be waiting yet
rm "$STAND_INS/nobody-comes\"""",
    **dict.fromkeys(("dnf", "useradd", "chown", "poweroff"), "true"),
}


@dataclass
class Rehearsal:
    """A launched machine's user data, and a folder to run it in."""

    folder: Path
    user_data: str
    host_id: str

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def stand_ins(self) -> Path:
        return self.folder / "stand-ins"

    def prepare(self) -> None:
        self.stand_ins.mkdir()
        for name, body in STAND_INS.items():
            path = self.stand_ins / name
            path.write_text(f'#!/bin/bash\necho "{name} $*" >>"$STAND_INS/calls"\n{body}\n')
            path.chmod(0o755)
        (self.stand_ins / "archive").write_bytes(archive(RUN_SH))
        (self.stand_ins / "secret").write_text(SECRET)
        (self.folder / "user-data").write_text(self.user_data)

    def run(self) -> list[str]:
        """What was called, in order, once the script has ended and its log is whole."""
        # Processes that outlive the script would be gone with the machine.
        script = 'bash "$1"; pkill -x sleep; while pgrep -x tee >/dev/null; do :; done'
        isolated = ["unshare", "-r", "-n", "-p", "-f", "--mount-proc", "--kill-child"]
        subprocess.run(
            [*isolated, "bash", "-c", script, "bash", str(self.folder / "user-data")],
            env={
                "PATH": f"{self.stand_ins}:/usr/bin:/bin",
                "ROOT": str(self.root),
                "STAND_INS": str(self.stand_ins),
                "HOST_ID": self.host_id,
                "PYTHON": sys.executable,
            },
            stdout=(self.folder / "console").open("w"),
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
        return (self.stand_ins / "calls").read_text().splitlines()

    @property
    def console(self) -> str:
        return (self.folder / "console").read_text()

    @property
    def ran(self) -> bool:
        """Whether the runner was started, with the secret that was meant for it."""
        path = self.root / "ran"
        return path.exists() and path.read_text().split()[0] == sha256(SECRET.encode())


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def launched(
    running_amazon: FakeAws, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """The user data of a machine that was launched, and its id."""
    running_amazon.reset()
    running_amazon.client("iam").create_instance_profile(InstanceProfileName="ingestion-machine")
    with fake_runner_api() as github:
        site = LaunchSite(tmp_path_factory.mktemp("launched"), running_amazon, github)
        runner = {"version": "2.337.0", "sha256": sha256(archive(RUN_SH))}
        site.configure(ec2__runner=runner, ec2__log_group="/ingestion/machines")
        site.ask()
        done = site.call(site.launch_words())
        assert done.exit_code == 0, done.output
        (host_id,) = site.live()
        attribute = running_amazon.client("ec2").describe_instance_attribute(
            InstanceId=host_id, Attribute="userData"
        )
        yield base64.b64decode(attribute["UserData"]["Value"]).decode(), host_id


@pytest.fixture
def machine(launched: tuple[str, str], tmp_path: Path) -> Rehearsal:
    made = Rehearsal(tmp_path, *launched)
    made.prepare()
    return made


def assert_it_went_away_and_kept_the_secret(machine: Rehearsal, calls: list[str]) -> None:
    assert calls[0].startswith("shutdown -P +720 ")  # armed before anything else
    assert calls[-1] == "shutdown -P now"
    (machine.stand_ins / "secret").unlink()
    for path in machine.folder.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_a_job_is_done_and_the_machine_goes_away(machine: Rehearsal) -> None:
    calls = machine.run()
    assert machine.ran, machine.console
    words = " ".join(calls)
    order = ["dnf install", "s3 cp", "--group ingest", "get-secret-value", "delete-secret"]
    assert sorted(order, key=words.index) == order
    assert words.index("delete-secret") < words.index("runuser -u runner -- ./run.sh")
    assert (machine.root / "job-started").exists()
    told = Machine.from_json((machine.root / "machine").read_text(), source="the job")
    assert (told.id, told.launcher) == (machine.host_id, "ec2")
    assert "the end, code 0" in machine.console
    assert "waiting for the job" in (machine.stand_ins / "events").read_text()
    assert_it_went_away_and_kept_the_secret(machine, calls)


def test_a_runner_that_fails_ends_the_machine(machine: Rehearsal) -> None:
    (machine.stand_ins / "runner-code").write_text("3")
    calls = machine.run()
    assert machine.ran
    assert "the end, code 3" in machine.console
    assert_it_went_away_and_kept_the_secret(machine, calls)


def test_a_flaky_download_is_tried_again(machine: Rehearsal) -> None:
    (machine.stand_ins / "failures").write_text("3")
    calls = machine.run()
    assert machine.ran
    assert sum("actions-runner" in call for call in calls) == 4
    assert_it_went_away_and_kept_the_secret(machine, calls)


def test_a_dead_download_is_given_up(machine: Rehearsal) -> None:
    (machine.stand_ins / "failures").write_text("99")
    calls = machine.run()
    assert not machine.ran
    assert "given up: curl" in machine.console
    assert_it_went_away_and_kept_the_secret(machine, calls)


def test_a_runner_with_another_checksum_is_not_started(machine: Rehearsal) -> None:
    (machine.stand_ins / "archive").write_bytes(archive(RUN_SH) + b"\0")
    calls = machine.run()
    assert not machine.ran
    assert "the runner's checksum is wrong: it is not started" in machine.console
    assert not any("get-secret-value" in call for call in calls)
    assert_it_went_away_and_kept_the_secret(machine, calls)


def test_another_lock_than_the_launched_one_is_not_installed(machine: Rehearsal) -> None:
    (runs,) = [
        line.removeprefix("RUNS=")
        for line in machine.user_data.splitlines()
        if line.startswith("RUNS=")
    ]
    lock = Path(runs.strip("'")) / RUN / "constraints.txt"
    before = lock.read_bytes()
    lock.write_bytes(before + b"evil==1.0\n")
    calls = machine.run()
    lock.write_bytes(before)
    assert not any("--group ingest" in call for call in calls)
    assert "the lock is not the one" in machine.console
    assert_it_went_away_and_kept_the_secret(machine, calls)


def test_a_machine_that_may_not_read_its_secret_goes_away(machine: Rehearsal) -> None:
    (machine.stand_ins / "denied").touch()
    calls = machine.run()
    assert not machine.ran
    assert sum("get-secret-value" in call for call in calls) == 180  # fifteen minutes, every five s
    assert "no runner was handed over within 900 s" in machine.console
    assert_it_went_away_and_kept_the_secret(machine, calls)


def test_a_runner_that_nobody_gives_a_job_goes_away(machine: Rehearsal) -> None:
    (machine.stand_ins / "nobody-comes").touch()
    calls = machine.run()
    assert "idle: no job within 1800 s" in machine.console
    assert_it_went_away_and_kept_the_secret(machine, calls)


def with_key(
    machine: Rehearsal, *command: str, secret: str = "ingestion/lamindb"
) -> "subprocess.CompletedProcess[str]":
    (machine.stand_ins / "secret").write_text(KEY)
    script = Path(__file__).resolve().parents[3] / "runners" / "launch" / "with-key.sh"
    return subprocess.run(
        [str(script), *command],
        env={
            "PATH": f"{machine.stand_ins}:/usr/bin:/bin",
            "STAND_INS": str(machine.stand_ins),
            "AWS_REGION": "us-west-2",
            "LAMINDB_SECRET": secret,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_lamindbs_key_is_in_the_environment_of_the_job_alone(machine: Rehearsal) -> None:
    done = with_key(machine, "bash", "-c", '[ "$LAMIN_API_KEY" = "$1" ]', "bash", KEY)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert KEY not in (machine.stand_ins / "calls").read_text()


def test_an_instance_that_needs_no_key_gets_none(machine: Rehearsal) -> None:
    done = with_key(machine, "bash", "-c", 'echo "${LAMIN_API_KEY-none}"', secret="")
    assert (done.returncode, done.stdout) == (0, "none\n")


def test_without_lamindbs_key_the_job_does_not_begin(machine: Rehearsal) -> None:
    (machine.stand_ins / "denied").touch()
    done = with_key(machine, "echo", "begun")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the secret ingestion/lamindb can't be read" in done.stderr

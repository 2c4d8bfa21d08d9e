"""The script that a launched machine runs, read back from its user data and run for real.

In a namespace without a network, with stand-ins for downloads, packages, AWS's command line and
`shutdown`; the shell, the checksums and the archive are real. Whatever goes wrong, it ends in a
shutdown, and no file but the secret's own holds the secret.
"""

import base64
import hashlib
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from launch.fake_aws import FakeAws
from launch.fake_runner_api import fake_runner_api
from launch.runner_archive import archive
from launch.site import JOB, RUN, LaunchSite
from runners.contract import Machine
from runners.launch.start import TOO_OLD

SECRET = "JIT-SECRET-1"
OFF = "shutdown -P now"
KEY = "lamin-key-of-nobody"

RUN_SH = """#!/bin/bash
[ "$(id -u)" = 0 ] || exit 9
printf %s "$ACTIONS_RUNNER_INPUT_JITCONFIG" | sha256sum >"$ROOT/ran"
[ -e "$STAND_INS/too-old" ] && { cat "$STAND_INS/too-old"; exit 1; }
[ -e "$STAND_INS/nobody-comes" ] && exec /bin/sleep 1000
set -a; . "$STAND_INS/github"; set +a
"$ACTIONS_RUNNER_HOOK_JOB_STARTED" || exit 4
printf %s "$MACHINE" >"$ROOT/machine"
if [ -e "$STAND_INS/works" ]; then
  folder="_work/census-bot/census-bot/work/runs/$(cat "$STAND_INS/works")"
  mkdir -p "$folder"
  looks=$(cat "$STAND_INS/looks" 2>/dev/null || echo 1000)
  until [ -e "$folder/cancel" ] || [ "$(grep -c '^sleep 5' "$STAND_INS/calls")" -ge "$looks" ]
  do /bin/sleep 0.05; done
  echo "the batch has ended" >"$ROOT/left"
fi
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
  *instance-action*) cat "$STAND_INS/notice" 2>/dev/null || exit 22 ;;
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
    "sleep": """
[ "$1" = 5 ] && [ -e "$ROOT/ran" ] && exec /bin/sleep 0.1
[ "$1" = 1800 ] && [ ! -e "$STAND_INS/nobody-comes" ] && exec /bin/sleep 1000
true""",
    "shutdown": """
[ -e "$STAND_INS/shutting-down" ] && exit 1
[ "$2" = now ] && [ -e "$STAND_INS/nobody-comes" ] || exit 0
until pkill -xf "/bin/sleep 1000"; do :; done  # the runner may not be waiting yet
rm "$STAND_INS/nobody-comes\"""",
    "systemd-run": '[ ! -e "$STAND_INS/no-systemd" ]',
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
        digest = sha256(archive(RUN_SH))
        (self.stand_ins / "secret").write_text(f"https://github.com/runner {digest} {SECRET}")
        self.give_job(JOB)
        (self.folder / "user-data").write_text(self.user_data)

    def give_job(self, variables: Mapping[str, str]) -> None:
        """What GitHub's variables say in the job that the runner is given."""
        lines = [f"{name}={value}\n" for name, value in variables.items()]
        (self.stand_ins / "github").write_text("".join(lines))

    def let_the_clock_jump(self, days: int) -> None:
        """Each call of `date` is told a time so many days after that of the call before."""
        path = self.stand_ins / "date"
        path.write_text(
            f'#!/bin/bash\nasked=$(cat "$STAND_INS/dates" 2>/dev/null || echo 0)\n'
            f'echo $((asked + 1)) >"$STAND_INS/dates"\n'
            f'exec /bin/date --date="2026-11-29 12:00 UTC $((asked * {days})) days" "$@"\n'
        )
        path.chmod(0o755)

    def change(self, old: str, new: str) -> None:
        """Changes the settings that the machine was launched with."""
        assert old in self.user_data
        (self.folder / "user-data").write_text(self.user_data.replace(old, new, 1))

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
        site.configure(ec2__log_group="/ingestion/laminlabs/census-bot", ec2__spot=True)
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
    # Armed before anything else, by a clock that nobody puts back.
    assert calls[0].startswith("systemd-run --quiet --on-active=720min systemctl poweroff")
    assert not any(call.startswith("shutdown -P +") for call in calls)
    assert [call for call in calls if not call.startswith(("sleep 5", "curl"))][-1] == OFF
    (machine.stand_ins / "secret").unlink()
    for path in machine.folder.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_a_job_is_done_and_the_machine_goes_away(machine: Rehearsal) -> None:
    calls = machine.run()
    assert machine.ran, machine.console
    words = " ".join(calls)
    order = ["dnf install", "s3 cp", "--group ingest", "get-secret-value", "runner.tar.gz"]
    assert sorted(order, key=words.index) == order
    assert words.index("delete-secret") < words.index("runuser -u runner -- ./run.sh")
    assert (machine.root / "runner" / "job-started").exists()
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
    assert sum("runner.tar.gz" in call for call in calls) == 4
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
    assert not any("runuser" in call for call in calls)
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


SETTINGS = (
    *("RUN_ID", "RUNS", "REGION", "LIFETIME_MINUTES", "IDLE_SECONDS", "ONLINE_SECONDS"),
    *("SECRET_PREFIX", "JOB", "SPOT", "LOCK_SUMS", "LAMINDB_SECRET", "LOG_GROUP", "MACHINE"),
)


def test_every_setting_is_taken_away_below(machine: Rehearsal) -> None:
    before = machine.user_data.partition("# shellcheck")[0]
    words = shlex.split(before.partition("\n")[2])
    assert tuple(word.partition("=")[0] for word in words) == SETTINGS


@pytest.mark.parametrize("name", SETTINGS)
def test_a_machine_without_one_of_its_settings_goes_away(machine: Rehearsal, name: str) -> None:
    machine.change(f"\n{name}=", "\nunset " + name + "; GONE=")
    calls = machine.run()
    assert OFF in calls
    assert calls[0].startswith("systemd-run --quiet --on-active=")


def test_a_machine_whose_systemd_refuses_a_timer_has_another(machine: Rehearsal) -> None:
    (machine.stand_ins / "no-systemd").touch()
    calls = machine.run()
    assert calls[1].startswith("shutdown -P +720 ")
    assert OFF in calls


@pytest.mark.parametrize("name", [*JOB, "none at all"])
def test_a_job_that_the_machine_is_not_for_is_refused(machine: Rehearsal, name: str) -> None:
    """Any job of the repository, or of its pull requests, could ask for the runner's label."""
    machine.give_job({**JOB, name: "another"} if name in JOB else {})
    calls = machine.run()
    assert machine.ran
    assert not (machine.root / "machine").exists()  # what the job would have done
    assert not (machine.root / "runner" / "job-started").exists()
    assert "::error::refused: this machine is for a job whose " in machine.console
    assert "the end, code 4" in machine.console
    assert_it_went_away_and_kept_the_secret(machine, calls)


@pytest.mark.parametrize("branch", ["rel=", "a=b", "two=="])
def test_a_job_of_any_branch_is_known_again(machine: Rehearsal, branch: str) -> None:
    """Git lets a branch be called so."""
    ref = f"{JOB['GITHUB_WORKFLOW_REF']}-{branch}"
    machine.change(JOB["GITHUB_WORKFLOW_REF"], ref)
    machine.give_job({**JOB, "GITHUB_WORKFLOW_REF": ref})
    machine.run()
    assert (machine.root / "machine").exists(), machine.console


def test_a_runner_that_github_refuses_is_said_to_be_too_old(machine: Rehearsal) -> None:
    words = "An error occured: Runner version v2.1.0 is deprecated and cannot receive messages."
    (machine.stand_ins / "too-old").write_text(words)
    calls = machine.run()
    assert TOO_OLD in machine.console
    assert_it_went_away_and_kept_the_secret(machine, calls)


def test_a_machine_that_aws_takes_back_ends_its_batch_and_leaves(machine: Rehearsal) -> None:
    (machine.stand_ins / "works").write_text(RUN)
    (machine.stand_ins / "notice").write_text('{"action": "terminate"}')
    calls = machine.run()
    assert (machine.root / "left").exists(), machine.console
    assert machine.console.count("AWS takes this machine back: {") == 1
    assert_it_went_away_and_kept_the_secret(machine, calls)


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_jumps_ends_nothing_early_and_keeps_nothing_alive(
    machine: Rehearsal, days: int
) -> None:
    machine.let_the_clock_jump(days)
    (machine.stand_ins / "works").write_text(RUN)
    (machine.stand_ins / "looks").write_text("4")  # at the lifetime, until the work is done
    calls = machine.run()
    assert len({line.partition("T")[0] for line in machine.console.splitlines()}) > 1  # it jumped
    assert (machine.root / "runner" / "job-started").exists()
    assert "the end, code 0" in machine.console
    assert "lifetime ends soon" not in machine.console
    assert_it_went_away_and_kept_the_secret(machine, calls)


def test_work_whose_machines_lifetime_ends_soon_ends_its_batch(machine: Rehearsal) -> None:
    machine.change("LIFETIME_MINUTES=720", "LIFETIME_MINUTES=10")
    machine.let_the_clock_jump(-400)
    (machine.stand_ins / "works").write_text(RUN)
    calls = machine.run()
    assert (machine.root / "left").exists(), machine.console
    assert "the machine's lifetime ends soon; the work ends after its batch" in machine.console
    assert OFF in calls


@pytest.mark.parametrize(("seconds", "is_told"), [(710 * 60 - 1, False), (710 * 60, True)])
def test_a_lifetime_begins_where_its_end_is_armed(
    machine: Rehearsal, seconds: int, is_told: bool
) -> None:
    """What a machine installs before its job takes a part of it."""
    machine.change("</proc/uptime", '<"$STAND_INS/uptime"')
    (machine.stand_ins / "uptime").write_text("100.5 0\n")
    installing = f'#!/bin/bash\necho "{100 + seconds}.5 0" >"$STAND_INS/uptime"\n'
    (machine.stand_ins / "dnf").write_text(installing)
    (machine.stand_ins / "works").write_text(RUN)
    (machine.stand_ins / "looks").write_text("4")
    machine.run()
    assert (machine.root / "left").exists(), machine.console
    assert ("the machine's lifetime ends soon" in machine.console) is is_told


def test_a_shutdown_that_is_under_way_is_given_time(machine: Rehearsal) -> None:
    """systemd refuses a second one; to force it would cut off what the job is keeping."""
    (machine.stand_ins / "shutting-down").touch()
    calls = machine.run()
    last = [call for call in calls if call.startswith(("shutdown", "sleep 60", "poweroff"))]
    assert last[-3:] == [OFF, "sleep 60", "poweroff -f"]


def with_key(
    machine: Rehearsal, *command: str, secret: str = "ingestion/lamindb", key: str = KEY
) -> "subprocess.CompletedProcess[str]":
    (machine.stand_ins / "secret").write_text(key)
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


@pytest.mark.parametrize("kept", ["None", ""])
def test_a_secret_without_a_text_is_no_key(machine: Rehearsal, kept: str) -> None:
    """As which aws prints one that is kept as bytes."""
    done = with_key(machine, "echo", "begun", key=kept)
    assert (done.returncode, done.stdout) == (2, "")
    said = "with-key: the secret ingestion/lamindb has no text; keep LaminDB's API key as its text"
    assert done.stderr == f"{said}\n"


def test_without_lamindbs_key_the_job_does_not_begin(machine: Rehearsal) -> None:
    (machine.stand_ins / "denied").touch()
    done = with_key(machine, "echo", "begun")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the secret ingestion/lamindb can't be read" in done.stderr

"""Detection, merge, `/ingest` and result in a scratch repository; then all that is taken away."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.model.labels import Label
from bot.model.markers import MarkerKind
from live.machines import Machines
from live.scratch import LiveError, Scratch
from runners.contract import manifest_path
from runners.run.journal import JOURNAL

BRANCH = "census/"
LOOK, ANSWER, WORK, END = 20, 10, 90, 25
"""Minutes that each may take."""

KEPT = "kept: by its journal, what the run wrote can be rolled back"


@dataclass
class Play:
    """`environment` is that of `runners rollback`, where LaminDB's login is. `on_aws`: on a machine
    that the repository's launcher starts there. `seen` has what was observed of each behaviour that
    the doubles model, `running` the machines that couldn't be ended, and `left` what else couldn't
    be taken away.
    """

    scratch: Scratch
    detect: str
    limit: int
    environment: Mapping[str, str]
    say: Callable[[str], None]
    on_aws: bool = False
    machines: Machines | None = None
    seen: dict[str, bool] = field(default_factory=dict)
    running: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    run_id: str = ""

    def ready(self) -> str:
        """The instance. Raises LiveError if the repository isn't one to play in."""
        if any(self.scratch.marked(kind) for kind in (MarkerKind.RELEASE, MarkerKind.MANIFEST)):
            raise LiveError(
                f"{self.scratch.name}: a release was announced there already, and none is twice; "
                "make a repository that is new."
            )
        variables = self.scratch.variables()
        if variables.get("BOT_INGEST_ON_MERGE") != "false":
            raise LiveError(
                "BOT_INGEST_ON_MERGE: must be false there: a merge would ingest a whole release."
            )
        is_elsewhere = variables.get("RUNS") or variables.get("LAUNCHER", "hosted") != "hosted"
        if is_elsewhere and not self.on_aws:
            raise LiveError(
                "RUNS, LAUNCHER: this plays on hosted runners alone; unset them there, or play "
                "on ec2 or sagemaker by AWS=1, which costs."
            )
        if not variables.get("BOT_INSTANCE"):
            raise LiveError("BOT_INSTANCE: missing there; set it to a scratch instance.")
        if self.on_aws:
            self.machines = Machines.of(self.scratch.name, variables, self.environment)
            self.machines.try_to_look()
        return variables["BOT_INSTANCE"]

    def play(self) -> str:
        """The result's headline."""
        scratch = self.scratch
        branch = scratch.ask("GET", "")["default_branch"]
        self.say("A person starts the look.")
        scratch.ask("POST", f"/actions/workflows/{self.detect}/dispatches", {"ref": branch})
        pull = scratch.wait("the proposal", self._pull, LOOK)
        release = pull["head"]["ref"].removeprefix(BRANCH)
        (thread,) = scratch.wait("the thread", lambda: self._thread() or None, LOOK)
        self.sees("a look opens one pull request and one thread", True)
        bot = thread["user"]
        self.sees("the bot speaks as a bot", bot["type"] == "Bot")
        self.sees("both have the same author", pull["user"]["login"] == bot["login"])
        self.say(f"A person merges the manifest of {release}.")
        scratch.ask("PUT", f"/pulls/{pull['number']}/merge", {"merge_method": "squash"})
        number = thread["number"]
        scratch.wait("the label of a merge", lambda: self._label(number, Label.MERGED), ANSWER)
        self.sees("a merge by a person's token starts `commands`", True)
        self.sees("with BOT_INGEST_ON_MERGE=false it starts no run", not self._ingestions())
        return self._ingested(number, release)

    def _ingested(self, thread: int, release: str) -> str:
        text = f"/ingest --limit {self.limit}"
        self.say(f"A person says {text}.")
        scratch = self.scratch
        said = scratch.ask("POST", f"/issues/{thread}/comments", {"body": text})
        self.run_id = f"{release}-ingest-{said['id']}"
        find = self._finder(thread)
        scratch.wait("the answer", lambda: find(MarkerKind.REPLY), ANSWER)
        own = scratch.ask("GET", f"/issues/comments/{said['id']}")
        self.sees("the command got its reaction", own["reactions"]["eyes"] == 1)
        result = scratch.wait("the result", lambda: self._result(find), WORK)
        self.sees("a dispatch by the job's own token starts the run", bool(self._ingestions()))
        if self.machines:
            self._sees_machine(self.machines)
        else:
            self.sees("the run is an artifact named after it", self._artifact() is not None)
        headline = str(result["body"].splitlines()[0])
        wanted = f"{self.limit} of {self.limit} datasets registered"
        self.sees(f"the result says “{wanted}”", wanted in headline)
        return headline

    def _result(self, find: Callable[[MarkerKind], Any]) -> Any:
        """With a look at the run's machine, which lives while there is none; AWS may fail once."""
        if self.machines:
            with suppress(LiveError):
                self.machines.live(self.run_id)
        return find(MarkerKind.RESULT)

    def _sees_machine(self, machines: Machines) -> None:
        self.sees(f"while the run went on, AWS had {machines.mark}", bool(machines.seen))
        for behaviour, is_so in machines.after_result(self.run_id).items():
            self.sees(behaviour, self._soon(is_so))

    def _soon(self, is_so: Callable[[], bool]) -> bool:
        """The run's last jobs may still be at work when it has said its result."""
        try:
            return self.scratch.wait("it", lambda: is_so() or None, ANSWER)
        except LiveError:
            return False

    def sees(self, behaviour: str, is_so: bool) -> None:
        self.seen[behaviour] = is_so

    def _finder(self, thread: int) -> Callable[[MarkerKind], Any]:
        return lambda kind: next(iter(self.scratch.comments(thread, kind)), None)

    def _thread(self) -> list[Any]:
        return self.scratch.marked(MarkerKind.RELEASE)

    def _pull(self) -> Any:
        pulls = self.scratch.listed("/pulls", state="all")
        return next((one for one in pulls if one["head"]["ref"].startswith(BRANCH)), None)

    def _label(self, thread: int, label: str) -> Any:
        labels = self.scratch.listed(f"/issues/{thread}/labels")
        return next((one for one in labels if one["name"] == label), None)

    def _ingestions(self) -> list[Any]:
        return [run for run in self.scratch.runs() if "-ingest-" in run["display_title"]]

    def _artifact(self) -> bytes | None:
        return self.scratch.artifact(f"run-{self.run_id}") if self.run_id else None

    # --- afterwards -------------------------------------------------------------------------------

    def take_away(self, instance: str) -> None:
        """Takes away all that can be, each whatever the others came to."""
        with self._trying("workflow runs that go on, and may do more"):
            self._stop_workflow_runs()
        machines = self.machines if self.run_id else None
        if machines:
            self._take_machine_away(machines)
        is_over = self._undo(instance) and not self.running
        if machines:
            self._take_objects_away(machines, is_over)
        pull: Any = None
        with self._trying("the pull request"):
            pull = self._pull()
        if pull:
            self._take_proposal_away(pull)
        with self._trying("the threads"):
            for kind in (MarkerKind.RELEASE, MarkerKind.DASHBOARD, MarkerKind.ALERT):
                for one in self.scratch.marked(kind):
                    self.scratch.ask("PATCH", f"/issues/{one['number']}", {"state": "closed"})
        with self._trying("the workflow runs"):
            self._take_workflow_runs_away(is_over or machines is not None)

    def _stop_workflow_runs(self) -> None:
        """Returns when none goes on: it could launch a machine, or write to the instance. One that
        another has dispatched may be seen a moment later, so that two looks must find none.
        """
        calm_looks = 0

        def is_calm() -> bool | None:
            nonlocal calm_looks
            runs = [run for run in self.scratch.runs() if run["status"] != "completed"]
            for run in runs:
                with suppress(LiveError):  # it has ended by now
                    self.scratch.ask("POST", f"/actions/runs/{run['id']}/cancel")
            calm_looks = 0 if runs else calm_looks + 1
            return calm_looks == 2 or None

        self.say("What goes on in the repository is cancelled, which may take minutes.")
        self.scratch.wait("their end", is_calm, END)

    def _take_machine_away(self, machines: Machines) -> None:
        with self._trying("the run's machine"):
            for name in machines.live(self.run_id):
                self.say(f"{name} is there, and is ended.")
        with self._trying("the machine, its runner and what was handed to it"):
            machines.end(self.run_id)
        with self._trying("whether a machine is left"):
            self.running = machines.still_run(self.run_id)

    def _take_objects_away(self, machines: Machines, is_over: bool) -> None:
        with self._trying(machines.place_of(self.run_id)):
            if not is_over:
                raise LiveError(KEPT)
            machines.delete(self.run_id)

    def _take_workflow_runs_away(self, is_over: bool) -> None:
        """What a run on hosted runners keeps is an artifact of its workflow run."""
        kept = [] if is_over else [run["id"] for run in self._ingestions()]
        for run in self.scratch.runs():
            with self._trying(f"workflow run {run['id']}"):
                if run["id"] in kept:
                    raise LiveError(KEPT)
                self.scratch.ask("DELETE", f"/actions/runs/{run['id']}")

    def _take_proposal_away(self, pull: Any) -> None:
        scratch, head = self.scratch, pull["head"]["ref"]
        with self._trying("the pull request"):
            if pull["state"] == "open":
                scratch.ask("PATCH", f"/issues/{pull['number']}", {"state": "closed"})
        with self._trying(f"the branch {head}"):
            scratch.ask("DELETE", f"/git/refs/heads/{head}")
        path = manifest_path(head.removeprefix(BRANCH))
        with self._trying(path):
            if sha := scratch.blob(path):
                # Or the push would start `commands`:
                # https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs
                message = "Take the live test's manifest away [skip ci]"
                scratch.ask("DELETE", f"/contents/{path}", {"message": message, "sha": sha})

    def _undo(self, instance: str) -> bool:
        """Rolls the run back, if it began; whether nobody needs its journal any more."""
        is_over = False
        with TemporaryDirectory() as folder, self._trying("the instance's records"):
            run = self._fetched(Path(folder))
            is_over = run is None or not (run / JOURNAL).exists()
            if run is not None:
                self._roll_back(instance, folder)
            return True
        return is_over

    def _fetched(self, folder: Path) -> Path | None:
        """The run's files, in a folder of its name; None if there are none."""
        if self.machines:
            is_there = self.run_id and self.machines.fetch(self.run_id, folder)
            return folder / self.run_id if is_there else None
        data = self._artifact()
        if data is None:
            return None
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(folder / self.run_id)
        return folder / self.run_id

    def _roll_back(self, instance: str, runs: str) -> None:
        """By the run's own journal, with the login to LaminDB that this machine has."""
        words = ["rollback", "--run", self.run_id, "--instance", instance, "--runs", runs]
        done = subprocess.run(
            [sys.executable, "-m", "runners", *words, "--yes"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        self.say(done.stdout.strip())
        if done.returncode:
            raise LiveError(f"`runners {' '.join(words)}`: {done.stderr.strip() or done.stdout}")

    @contextmanager
    def _trying(self, what: str) -> Iterator[None]:
        """Ctrl-C gives up this one thing, and the next is tried."""
        try:
            yield
        except (Exception, KeyboardInterrupt) as error:
            self.left.append(f"{what}: {str(error) or type(error).__name__}")

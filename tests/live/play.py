"""Detection, merge, `/ingest` and result in a scratch repository; then all that is taken away."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.model.labels import Label
from bot.model.markers import MarkerKind
from live.scratch import LiveError, Scratch
from runners.contract import manifest_path

BRANCH = "census/"
LOOK, ANSWER, WORK = 20, 10, 90
"""Minutes that each may take."""


@dataclass
class Play:
    """`environment` is that of `runners rollback`, where LaminDB's login is. `seen` has what was
    observed of each behaviour that the doubles model, and `left` what couldn't be taken away.
    """

    scratch: Scratch
    detect: str
    limit: int
    environment: Mapping[str, str]
    say: Callable[[str], None]
    seen: dict[str, bool] = field(default_factory=dict)
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
        if variables.get("RUNS") or variables.get("LAUNCHER", "hosted") != "hosted":
            raise LiveError("RUNS, LAUNCHER: this plays on hosted runners alone; unset them there.")
        if not variables.get("BOT_INSTANCE"):
            raise LiveError("BOT_INSTANCE: missing there; set it to a scratch instance.")
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
        result = scratch.wait("the result", lambda: find(MarkerKind.RESULT), WORK)
        self.sees("a dispatch by the job's own token starts the run", bool(self._ingestions()))
        self.sees("the run is an artifact named after it", self._artifact() is not None)
        headline = str(result["body"].splitlines()[0])
        wanted = f"{self.limit} of {self.limit} datasets registered"
        self.sees(f"the result says “{wanted}”", wanted in headline)
        return headline

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
        pull: Any = None
        with self._trying("the instance's records"):
            self._roll_back(instance)
        with self._trying("the pull request"):
            pull = self._pull()
        if pull:
            self._take_proposal_away(pull)
        with self._trying("the threads"):
            for kind in (MarkerKind.RELEASE, MarkerKind.DASHBOARD, MarkerKind.ALERT):
                for one in self.scratch.marked(kind):
                    self.scratch.ask("PATCH", f"/issues/{one['number']}", {"state": "closed"})
        with self._trying("the workflow runs"):
            runs = self.scratch.runs()
            for run in runs:
                with self._trying(f"workflow run {run['id']}"):
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

    def _roll_back(self, instance: str) -> None:
        """By the run's own journal, with the login to LaminDB that this machine has."""
        data = self._artifact()
        if data is None:
            return
        with TemporaryDirectory() as folder:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                archive.extractall(Path(folder) / self.run_id)
            words = ["rollback", "--run", self.run_id, "--instance", instance, "--runs", folder]
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
        try:
            yield
        except Exception as error:
            self.left.append(f"{what}: {error}")

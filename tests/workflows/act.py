"""A repository on this machine whose workflows run: the double's events in, what act did out.

repo.deliver()    # everything that waits, until nothing does
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGKILL
from sysconfig import get_path
from typing import Any

from fake_github import people
from fake_github.server import Server
from fake_github.state import ACTIONS, Delivery, Run

from workflows import workflow_files
from workflows.environments import Environment, Settings

ROOT = Path(__file__).resolve().parents[2]
CODE = ("bot", "runners", "pyproject.toml", "constraints.txt", ".github")
BOT = "OWNER/cellxgene-ingestion-bot"
# Workflows about this software itself, which would run these tests again.
OF_SOFTWARE = ("ci", "docs", "newest", "release")
STUBS = Path(__file__).parent / "stubs"
# What a hosted runner's image has anyway; jobs install their Python themselves.
PATH = "/usr/local/bin:/usr/bin:/bin"
LONGEST = 600
PATIENCE = 10
"""Seconds that act gets to end its steps."""


@dataclass
class Started:
    """A workflow run that act works on."""

    run: Run
    process: "subprocess.Popen[str]"
    log: Path

    def wait(self) -> str:
        """GitHub's word for how it ended."""
        code = self.process.wait(timeout=LONGEST)
        return "success" if code == 0 else "failure"


@dataclass
class ActRepository:
    """`variables` are the repository's; `environment` is the machine's own.

    `callers` are the workflow files of another repository, by name, which calls the bot's; without
    any, the repository is the bot's own. What starts one of the workflows in `held` is dropped.
    Workflows run on the default branch; a job gets what its environment gives it there.
    """

    home: Path
    server: Server
    variables: Mapping[str, str]
    environment: Mapping[str, str]
    callers: Mapping[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    secrets: Mapping[str, str] = field(default_factory=dict)
    environments: Mapping[str, Environment] = field(default_factory=dict)
    logs: list[Path] = field(default_factory=list)
    working: list[Started] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fake = self.server.fake
        found = (ROOT / ".github/workflows").glob("*.yml")
        self.files = {path.name: path.read_text() for path in found if path.stem not in OF_SOFTWARE}
        self.read = {name: workflow_files.read(text) for name, text in self.files.items()}
        texts = self.callers or self.files
        self.started = {name: workflow_files.read(text) for name, text in texts.items()}
        self.fake.run_names = dict.fromkeys(texts, _title)
        self.fake.find_artifacts = self._find_artifacts
        for one in self.read.values():
            for action in workflow_files.actions(one):
                assert (STUBS / _stub(action)).is_dir(), f"no stub stands for {action}"

    def deliver(self) -> list[str]:
        """Runs what the waiting events start, one by one; returns how each ended."""
        ended = []
        while self.fake.outbox:
            ended += [self.end(one) for one in self.start(self.fake.outbox.pop(0))]
        return ended

    def deliver_to(self, workflow: str) -> list[str]:
        """As `deliver`, but what starts another workflow than this goes on waiting."""
        waiting, self.fake.outbox = self.fake.outbox, []
        ended = [self.end(one) for event in waiting for one in self.start(event)]
        assert {one.split()[0] for one in ended} == {workflow}
        return ended

    def taken(self) -> list[Delivery]:
        """The events that wait, which then don't any more."""
        waiting, self.fake.outbox = self.fake.outbox, []
        return waiting

    def end_all(self, started: list[Started]) -> list[str]:
        return [self.end(one) for one in started]

    def told(self) -> str:
        """What the newest workflow run has printed, for a failing test."""
        return self.logs[-1].read_text()[-8000:] if self.logs else "nothing ran"

    def strikes(self, name: str) -> str:
        """The clock starts a workflow; returns how it ended."""
        return self.end(self.struck(name))

    def struck(self, name: str) -> Started:
        """The workflow run that the clock starts."""
        delivery = Delivery("schedule", "", {"schedule": "", "repository": self._repository()})
        return self._start(name, delivery)

    def start(self, delivery: Delivery) -> list[Started]:
        """The workflow runs that GitHub would start for the event."""
        paths = workflow_files.paths_of(self.fake, delivery)
        names = [
            n for n, one in self.started.items() if workflow_files.is_started(one, delivery, paths)
        ]
        if delivery.run is not None:
            names = [delivery.run.workflow]
        return [self._start(name, delivery) for name in sorted(set(names) - self.held)]

    def interrupt(self, started: Started, words: bytes) -> None:
        """What GitHub does first to a job that it cancels: SIGINT to the step's own process.

        act would end at once, and leave out the jobs that follow in any case.
        """
        home = str(started.log.with_suffix(".home"))
        places = {pid: Path(f"/proc/{pid}/cwd").readlink() for pid in _processes(words)}
        found = [pid for pid, place in places.items() if str(place).startswith(home)]
        assert found, f"{words!r} isn't running"
        os.kill(min(found), SIGINT)

    def stop(self) -> None:
        """Ends what still works, as where a person has interrupted it: act ends its steps."""
        for one in self.working:
            if one.process.poll() is None:
                os.killpg(one.process.pid, SIGINT)
        for one in self.working:
            try:
                one.process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(one.process.pid, SIGKILL)
                one.process.wait()

    def end(self, started: Started) -> str:
        """Waits for it; returns `success`, `failure`, or another's word, and a line of each job."""
        conclusion = started.wait()
        if started.run.status != "completed":
            people.end(self.fake, started.run, conclusion)
        return f"{started.run.workflow} {started.run.conclusion}"

    def _start(self, name: str, delivery: Delivery) -> Started:
        actor = self.fake.user(delivery.payload.get("sender", {}).get("login", ACTIONS))
        run = delivery.run or people.start(self.fake, name, delivery.name, actor)
        run.status, run.jobs = "in_progress", self._jobs()
        folder = self.home / f"act-{run.id}"
        self._check_out(folder, name)
        event = folder.with_suffix(".json")
        event.write_text(json.dumps(self._payload(delivery)))
        log = folder.with_suffix(".log")
        self.logs.append(log)
        with log.open("w") as out:
            process = subprocess.Popen(
                self._command(folder, name, delivery.name, event, run),
                cwd=folder,
                env=self._environment(folder),
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self.working.append(Started(run, process, log))
        return self.working[-1]

    def _jobs(self) -> dict[str, str]:
        """All as if in progress: act doesn't tell how far they are."""
        jobs = [job for one in self.read.values() for job in one["jobs"].values()]
        return {job["name"]: "in_progress" for job in jobs}

    def _payload(self, delivery: Delivery) -> dict[str, Any]:
        payload = dict(delivery.payload)
        if delivery.run is not None:
            payload["inputs"] = dict(delivery.run.inputs)
        return payload

    def _command(
        self, folder: Path, name: str, event_name: str, event: Path, run: Run
    ) -> list[str]:
        told = [
            str(ROOT / ".venv/bin/act"),
            event_name,
            "-W",
            f".github/workflows/{name}",
            "-e",
            str(event),
        ]
        told += ["--actor", run.actor.login, "-P", "ubuntu-latest=-self-hosted"]
        told += ["--no-cache-server", "--action-offline-mode", "--pull=false", "--rm"]
        told += ["--artifact-server-addr", "127.0.0.1", "--defaultbranch", "main"]
        told += ["--env", f"GITHUB_API_URL={self.fake.address}", "--env", f"GITHUB_RUN_ID={run.id}"]
        told += ["--env", f"ARTIFACTS={folder.with_suffix('.artifacts')}"]
        told += ["--env", f"CHECKOUT={folder}", "--env", f"CODE={folder.with_suffix('.code')}"]
        told += ["--env", f"PYTHON={sys.executable}", "--env", f"SITE={get_path('purelib')}"]
        told += ["--env", f"CLEAN_PIP={Path(__file__).with_name('clean_pip.py')}"]
        for variable, value in self.environment.items():
            told += ["--env", f"{variable}={value}"]
        for variable, value in self.variables.items():
            told += ["--var", f"{variable}={value}"]
        used = {action for one in self.read.values() for action in workflow_files.actions(one)}
        for action in sorted(used):
            told += ["--local-repository", f"{action}={STUBS / _stub(action)}"]
        return told

    def _environment(self, folder: Path) -> dict[str, str]:
        home = folder.with_suffix(".home")
        home.mkdir()
        return {"HOME": str(home), "PATH": PATH, "TERM": "dumb", "LANG": "C.UTF-8"}

    def _check_out(self, folder: Path, name: str) -> None:
        """The default branch, as a git repository of its own, and the bot's code.

        act looks for called workflows in the repository itself; GitHub finds them in the bot's.
        """
        code = folder.with_suffix(".code") if self.callers else folder
        code.mkdir(parents=True)
        for part in CODE:
            source = ROOT / part
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, code / part)
        for path, text in self.fake.files(self.fake.default_branch).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        workflows = folder / ".github/workflows"
        workflows.mkdir(parents=True, exist_ok=True)
        reference = f"{self.fake.full_name}/.github/workflows/{name}@refs/heads/main"
        settings = Settings(self.variables, self.secrets, self.environments)
        for file, text in self.files.items():
            granted = workflow_files.grants(self.read[file])
            tokens = {job: self.fake.token(told) for job, told in granted.items()}
            given = workflow_files.with_secrets(text, settings, self.fake.default_branch)
            (workflows / file).write_text(workflow_files.with_tokens(given, tokens, reference))
        for file, text in self.callers.items():
            (workflows / file).write_text(workflow_files.called_here(text, BOT))
        for repository in {code, folder}:
            self._commit(repository)

    def _commit(self, folder: Path) -> None:
        origin = f"https://github.com/{self.fake.full_name}.git"
        for words in (
            ["init", "--quiet", "--initial-branch", "main"],
            ["remote", "add", "origin", origin],
            ["add", "--all"],
            ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x"],
        ):
            subprocess.run(["git", *words], cwd=folder, check=True)

    def _find_artifacts(self) -> None:
        """What jobs have uploaded so far, as the double's artifacts."""
        known = {(one.run.id, one.name) for one in self.fake.artifacts.values()}
        for run in list(self.fake.runs.values()):
            for folder in (self.home / f"act-{run.id}.artifacts").glob("*"):
                if (run.id, folder.name) not in known and folder.name.startswith("run-"):
                    files = {path.name: path.read_text() for path in folder.iterdir()}
                    people.upload(self.fake, run, folder.name, files)

    def _repository(self) -> dict[str, Any]:
        return {"default_branch": self.fake.default_branch, "full_name": self.fake.full_name}


def _processes(words: bytes) -> list[int]:
    """The processes of this machine whose command line has these words."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if words in path.read_bytes().replace(b"\0", b" "):
                found.append(int(path.parent.name))
    return found


def _title(inputs: Mapping[str, Any]) -> str:
    return str(inputs.get("title", ""))


def _stub(action: str) -> str:
    """`actions/checkout@SHA` -> actions-checkout."""
    return action.split("@")[0].replace("/", "-")

"""The launcher `local`: which steps it does, and what becomes of them where it is stopped."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from runners.contract import Action, RunRequest
from runners.launch import local
from runners.launch.local import LocalLauncher, run_step
from runners.run.stopping import StoppedError


def test_a_step_ends_with_whoever_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec sleep 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    steps: list[subprocess.Popen[str]] = []
    wait = subprocess.Popen.wait

    def stopped(step: "subprocess.Popen[str]", timeout: float | None = None) -> int:
        steps.append(step)
        if len(steps) == 1:
            raise StoppedError(128 + signal.SIGTERM)
        return wait(step, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", stopped)
    with pytest.raises(StoppedError):
        run_step(["verify"])
    assert steps[0].returncode == -signal.SIGTERM


@pytest.mark.parametrize(
    ("action", "codes", "done"),
    [
        (Action.INGEST, [0, 0, 0], ["ingest --smoke", "ingest", "verify"]),
        (Action.INGEST, [3], ["ingest --smoke"]),
        (Action.INGEST, [0, 2], ["ingest --smoke", "ingest"]),
        (Action.VERIFY, [1], ["verify"]),
    ],
)
def test_the_first_step_that_fails_ends_the_run_with_its_code(
    monkeypatch: pytest.MonkeyPatch, action: Action, codes: list[int], done: list[str]
) -> None:
    steps, left = [], iter(codes)

    def step(words: Sequence[str]) -> int:
        steps.append(" ".join(words).partition(" --request")[0])
        return next(left)

    monkeypatch.setattr(local, "run_step", step)
    monkeypatch.setattr(local, "load_job", lambda *_, **__: None)
    request = RunRequest(
        run_id="run", action=action, release="2020-07-15", manifest="m.toml", instance="a/b"
    )
    launched = LocalLauncher(Path("request.json"), Path(), Path()).launch(request)
    assert (steps, launched.exit_code) == (done, codes[-1])

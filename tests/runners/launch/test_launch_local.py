"""The launcher `local`: what becomes of its steps where it is stopped."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runners.launch.local import run_step
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

"""What the code here says of itself: its lock and what is installed, the variables that its
workflow files read, and whether its other half finds anything missing.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.model.set_up import Checkout
from bot.settings import LAUNCH_FILE, environment
from runners.contract import ContractError, Health, PartHealth

ROOT = Path(__file__).resolve().parents[2]
GROUP = "bot"
SECONDS = 90
"""How long the other half may look; AWS's parts take the longest."""


def read_checkout(root: Path = ROOT) -> Checkout:
    """The checkout's own facts; of an installed wheel those that it has."""
    rules = (path.stem for path in (root / "runners/rules").glob("*.json"))
    wheel = Checkout(
        python=sys.version_info[:2],
        oldest_python=sys.version_info[:2],  # the installer has compared it
        group=GROUP,
        locked={},
        wanted=None,
        installed={_plain(one.name): one.version for one in distributions()},
        variables=None,
        schema=max(rules, key=lambda name: tuple(map(int, name.split("."))), default=None),
    )
    project, lock = root / "pyproject.toml", root / "constraints.txt"
    return _with_project(wheel, root) if project.is_file() and lock.is_file() else wheel


def _with_project(wheel: Checkout, root: Path) -> Checkout:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    lock = (root / "constraints.txt").read_text(encoding="utf-8")
    files = (root / ".github/workflows").glob("*.yml")
    workflows = "\n".join(path.read_text(encoding="utf-8") for path in files)
    least = re.search(r"(\d+)\.(\d+)", project["project"]["requires-python"])
    return replace(
        wheel,
        oldest_python=(int(least[1]), int(least[2])) if least else (3, 0),
        locked=dict(re.findall(r"(?m)^([\w.-]+)==([^\s\\;]+)", lock)),
        wanted=frozenset(_name(text) for text in project["dependency-groups"][GROUP]),
        variables=frozenset(re.findall(r"\bvars\.([A-Z_]+)", workflows)),
    )


def _name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    return _plain(found[0] if found else requirement)


def _plain(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()


def ask_runners(part: str, *words: str, launch_toml: str | None = None) -> Sequence[PartHealth]:
    """What `python -m runners doctor` says; where it says nothing, that alone, for the part. It is
    called in a folder that has `launch_toml`, if that text is given, else in this one.
    """
    given = environment()
    path = os.pathsep.join(filter(None, [str(ROOT), given.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "runners", "doctor", *words, "--json"]
    try:
        with TemporaryDirectory() as folder:
            if launch_toml is not None:
                (Path(folder) / LAUNCH_FILE).write_text(launch_toml, encoding="utf-8")
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
                cwd=None if launch_toml is None else folder,
                env={**given, "PYTHONPATH": path},
            )
    except subprocess.TimeoutExpired:
        return [_unknown(part, f"no answer within {SECONDS} s", words)]
    found = list(_lines(done.stdout))
    if done.returncode in (0, 1) and found:
        return found
    last = (done.stderr.strip() or "without a word").splitlines()[-1]
    if done.returncode == 2:  # a sentence for a person, with its remedy
        return [*found, PartHealth.of_error(part, Health.MISSING, last)]
    if "ModuleNotFoundError" in last:
        last = f"its packages aren't installed here ({last})"
    return [*found, _unknown(part, last, words)]


def _unknown(part: str, why: str, words: Sequence[str]) -> PartHealth:
    extra = "ingest" if "instance" in words else "launch"
    installed = f"cellxgene-ingestion-bot[{extra}] is installed"
    where = "`make setup` was run" if (ROOT / "pyproject.toml").is_file() else installed
    return PartHealth(
        part=part,
        health=Health.UNKNOWN,
        sentence=f"it couldn't be looked at ({why}); see for yourself, where {where}:",
        remedy=f"python -m runners doctor {' '.join(words)}",
    )


def _lines(text: str) -> Iterator[PartHealth]:
    for line in text.splitlines():
        try:
            yield PartHealth.from_mapping(json.loads(line), source="runners doctor")
        except (ValueError, ContractError):
            continue

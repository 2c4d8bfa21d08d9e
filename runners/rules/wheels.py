"""The two wheels of CZI's that rules name: unpacked into a folder, or whether they can be.

Loads with any dependency group. They are never installed: see `reference`.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runners import progress, rules
from runners.contract import ContractError, Health, PartHealth
from runners.contract.rules import Rules, Wheel

SECONDS = 6
"""How long the package registry may take to answer."""


def unpack(wheel: Wheel, root: Path) -> Path:
    """The folder below `root` that holds the unpacked wheel, fetched by pip or uv if need be.

    Repeatable, and safe when killed: the folder appears whole or not at all. The installer checks
    the wheel's hash.

    Raises:
        ContractError: the wheel can't be had, or its hash differs from the rules'.
    """
    folder = root / f"{wheel.name}-{wheel.version}"
    if folder.is_dir():
        return folder
    progress.say(f"fetching {wheel.name} {wheel.version}")
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".partial-") as partial:
        target = _install(wheel, Path(partial))
        try:
            target.rename(folder)
        except OSError:
            if not folder.is_dir():  # another process was faster
                raise
    return folder


def _install(wheel: Wheel, folder: Path) -> Path:
    """A new folder within `folder` that the wheel is installed into, its hash checked."""
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    target = folder / "unpacked"
    command = [*_installer(), "--no-deps", "--require-hashes", "--target", str(target)]
    installation = subprocess.run(
        [*command, "-r", str(requirements)], capture_output=True, text=True, check=False
    )
    if installation.returncode:
        reason = (installation.stderr.strip() or installation.stdout.strip()).splitlines()[-1:]
        raise ContractError(
            f"{wheel.name} {wheel.version} can't be fetched from the package registry "
            f"({' '.join(reason)}); check the network, then run `make setup` again."
        )
    return target


def _installer() -> list[str]:
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def newest_rules() -> Rules:
    """The rules of the newest dataset schema version of which nothing waits for a person.

    Raises:
        ContractError: there are none.
    """
    problem = ContractError("runners/rules: there are no rules; copy the bot's own.")
    for version in reversed(rules.versions()):
        try:
            return rules.load(version)
        except ContractError as error:
            problem = error
    raise problem


def examine(root: Path) -> Iterator[PartHealth]:
    """A line a wheel, looked for side by side; `root` is where they are unpacked.

    Raises:
        ContractError: there are no rules that could name one.
    """
    decided = newest_rules()
    wheels = (decided.ontology_guide, decided.gene_tables)
    with ThreadPoolExecutor(len(wheels)) as pool:
        yield from pool.map(lambda wheel: _found(wheel, root), wheels)


def _found(wheel: Wheel, root: Path) -> PartHealth:
    part, remedy = f"{wheel.name} {wheel.version}", "python -m runners reference"
    if (root / f"{wheel.name}-{wheel.version}").is_dir():
        return PartHealth(part=part, health=Health.OK, sentence="it is unpacked here.")
    problem = _problem(wheel)
    if problem is None:
        sentence = "it isn't here yet; the package registry has it."
        return PartHealth(part=part, health=Health.OK, sentence=sentence)
    sentence = f"it isn't here, and can't be fetched ({problem}); check the network, then say:"
    return PartHealth(part=part, health=Health.MISSING, sentence=sentence, remedy=remedy)


def _problem(wheel: Wheel) -> str | None:
    """Why the installer couldn't have the wheel; it resolves it, and installs nothing."""
    with tempfile.TemporaryDirectory() as folder:
        words = [*_installer(), "--dry-run", "--no-deps", "--target", folder]
        try:
            done = subprocess.run(
                [*words, f"{wheel.name}=={wheel.version}"],
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            return f"no answer within {SECONDS} s"
    if done.returncode == 0:
        return None
    return (done.stderr.strip() or done.stdout.strip() or "without a word").splitlines()[-1]

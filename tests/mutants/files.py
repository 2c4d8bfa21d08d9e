"""How many faults of workflow files and CloudFormation templates the quick tests notice.

    PYTHONPATH=tests python -m mutants.files --seed 1 --count 40

Each fault of the sample is put into a copy of the tracked files, where only those tests run that
look at such files, after they have passed without any. A test that can't be collected has noticed
nothing. Prints each fault that no test noticed, and the shares; exits 1 below `--least`.
"""

import argparse
import random
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from mutants import stack_rules, workflow_rules

ROOT = Path(__file__).parents[2]
FAILED_TEST = re.compile(r"^(?:FAILED|ERROR) \S+::", re.MULTILINE)
ACCEPTED = Path(__file__).parent / "accepted_files.txt"
"""Faults that change nothing, each with its reason: `file: what; reason`."""
TESTS = {
    ".github": [
        "tests/workflows/test_meaning.py", "tests/workflows/test_workflow_files.py",
        "tests/workflows/test_codebuild.py", "tests/workflows/test_which_jobs_start.py",
    ],
    "runners": [
        "tests/workflows/test_meaning.py", "tests/workflows/test_codebuild.py",
        "tests/runners/launch/test_stack.py",
    ],
}  # fmt: skip
RULES: list[tuple[str, Callable[[str], Iterator[tuple[str, str]]]]] = [
    (".github/workflows/*.yml", workflow_rules.faults),
    ("runners/launch/aws/*.yaml", stack_rules.faults),
]


def mutants() -> Iterator[tuple[str, str, str]]:
    """(file, what is wrong, the file's faulty text), of every file and rule."""
    for pattern, rules in RULES:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            yield from ((name, what, text) for what, text in rules(path.read_text()))


def sample(seed: int, count: int) -> list[tuple[str, str, str]]:
    """As many of each file as it has a share of all, two at least."""
    files = defaultdict(list)
    for one in mutants():
        files[one[0]].append(one)
    whole, pick = sum(map(len, files.values())), random.Random(seed)
    chosen: list[tuple[str, str, str]] = []
    for file, faults in files.items():
        right, some = (ROOT / file).read_text(), pick.sample(faults, len(faults))
        real = (one for one in some if workflow_rules.is_fault(right, one[2]))
        chosen += islice(real, max(2, count * len(faults) // whole))
    return chosen


def copy_to(folder: Path) -> None:
    """The tracked files, and links to what isn't tracked and tests need."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            copyfile(ROOT / name, folder / name)
    for name in (".venv", ".reference"):
        if (ROOT / name).exists():
            (folder / name).symlink_to((ROOT / name).resolve())


def is_killed(copy: Path, file: str, text: str) -> bool:
    """Whether a test fails with this text in place of the file's."""
    right = (copy / file).read_text()
    (copy / file).write_text(text)
    try:
        return failed(copy, TESTS[file.split("/")[0]])
    finally:
        (copy / file).write_text(right)


def failed(copy: Path, tests: list[str]) -> bool:
    """Whether one of the tests fails, rather than a file of them."""
    words = ["-q", "-x", "-m", "not prove and not live", "-p", "no:cacheprovider"]
    here = [one for one in tests if (copy / one).exists()]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, f"--basetemp={copy}-tests", *here],
        cwd=copy,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode == 0:
        return False
    # With -x pytest ends with 1 for a file that can't be collected, too; it names no test then.
    return done.returncode == 1 and FAILED_TEST.search(done.stdout) is not None


def is_sound(copy: Path) -> bool:
    """Whether all these tests can be run, and pass, without any fault."""
    every = sorted({one for tests in TESTS.values() for one in tests})
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not prove and not live", *every]
    command += ["-p", "no:cacheprovider", f"--basetemp={copy}-tests"]
    return subprocess.run(command, cwd=copy, capture_output=True, check=False).returncode == 0


def main() -> int:
    """Plays the sample, and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--least", type=float, default=0.9)
    asked = parser.parse_args()
    results: dict[str, list[bool]] = defaultdict(list)
    accepted = ACCEPTED.read_text() if ACCEPTED.exists() else ""
    with TemporaryDirectory() as temporary:
        copy = Path(temporary) / "copy"
        copy.mkdir()
        copy_to(copy)
        if not is_sound(copy):
            sys.exit("The tests of these files fail without any fault: nothing can be said of one.")
        for file, what, text in sample(asked.seed, asked.count):
            if f"{file}: {what.split(': ', 1)[1]}; " in accepted:
                continue
            results[file].append(is_killed(copy, file, text))
            print("killed  " if results[file][-1] else "SURVIVED", file, what, flush=True)  # noqa: T201
    for file, killed in results.items():
        print(f"{sum(killed):3} of {len(killed):3}  {file}")  # noqa: T201
    every = [one for killed in results.values() for one in killed]
    print(f"{sum(every)} of {len(every)}: {sum(every) / len(every):.0%}")  # noqa: T201
    return int(sum(every) < asked.least * len(every))


if __name__ == "__main__":
    sys.exit(main())

"""pip in a job's own Python, without a registry: installs out of the tests' own environment.

    python -m pip install --group bot --constraint constraints.txt

What a dependency group of pyproject.toml needs, with all that this needs in turn, is linked into
the Python that runs this, and nothing else: a job that installs too little fails as on GitHub.
Stands alone, as the file pip/__main__.py: knows the tests' packages by the variable SITE alone.
"""

import re
import sys
import sysconfig
import tomllib
from importlib.metadata import Distribution, distributions
from itertools import pairwise
from os import environ
from pathlib import Path

SITE = Path(environ["SITE"])
sys.path.append(str(SITE))

from packaging.requirements import Requirement  # noqa: E402


def main(words: list[str]) -> None:
    """Installs the group that --group names; another package that is named is pip itself."""
    options = dict(pairwise(words))
    if words[:1] != ["install"] or ("--group" not in options and "pip>=25.1" not in words):
        sys.exit(f"no registry here: {' '.join(words)}")
    if "--group" in options:
        assert "constraints.txt" in options["--constraint"], "what is installed must be locked"
        groups = tomllib.loads(Path("pyproject.toml").read_text())["dependency-groups"]
        link(needed(_of_group(groups, options["--group"])))


def _of_group(groups: dict[str, list[object]], name: str) -> list[Requirement]:
    found = []
    for entry in groups[name]:
        if isinstance(entry, dict):
            found += _of_group(groups, entry["include-group"])
        else:
            found.append(Requirement(str(entry)))
    return found


def needed(wanted: list[Requirement]) -> list[Distribution]:
    """What has to be there for the requirements, each once."""
    there = {_name(one.name): one for one in distributions(path=[str(SITE)])}
    seen: set[tuple[str, str]] = set()
    while wanted:
        one = wanted.pop()
        for extra in ("", *one.extras):
            key = (_name(one.name), extra)
            if key in seen:
                continue
            seen.add(key)
            lines = (Requirement(line) for line in there[key[0]].requires or ())
            wanted += [r for r in lines if r.marker is None or r.marker.evaluate({"extra": extra})]
    return [there[name] for name in sorted({name for name, _ in seen})]


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def link(found: list[Distribution]) -> None:
    """Links the distributions' files into this Python; its commands, too, run by this Python."""
    site, scripts = (Path(sysconfig.get_path(name)) for name in ("purelib", "scripts"))
    for one in found:
        for name in {file.parts[0] for file in one.files or () if file.parts[0] != ".."}:
            if not (site / name).exists():
                (site / name).symlink_to(SITE / name)
        for entry in one.entry_points.select(group="console_scripts"):
            module, _, function = entry.value.partition(":")
            (scripts / entry.name).write_text(
                f"#!{sys.executable}\nimport sys\nfrom {module} import {function}\n"
                f"if __name__ == '__main__':\n    sys.exit({function}())\n"
            )
            (scripts / entry.name).chmod(0o755)


if __name__ == "__main__":
    main(sys.argv[1:])

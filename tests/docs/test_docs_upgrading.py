"""The notes on LaminDB's versions are of the locked one, and name what tells of the next."""

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "upgrading-lamindb.md").read_text(encoding="utf-8")
ROWS = {row[0]: row for row in re.findall(r"^\| (2\S+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)}
LOCKED = dict(
    re.findall(r"^([\w-]+)==(\S+) ", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
)


def newest_migration(package: str) -> str:
    """Of what is installed; not imported, because Django would be wanted."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "migrations"
    names = {path.stem for path in folder.glob("[0-9]*.py")}
    return max(name for name in names if "squashed" not in name)


def test_each_version_within_the_bound_has_a_row_and_so_has_the_next() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["dependency-groups"]["ingest"]
    (bound,) = (one for one in wanted if str(one).startswith("lamindb>"))
    assert f"`{bound}`" in PAGE
    oldest, newest = re.fullmatch(r"lamindb>=([\d.]+),<([\d.]+)", bound).groups()  # type: ignore[union-attr]
    assert {f"{oldest}.0", LOCKED["lamindb"], newest} <= ROWS.keys()
    assert all(version.startswith(f"{oldest}.") for version in ROWS if version != newest)


@pytest.mark.parametrize("package", ["lamindb", "bionty"])
def test_the_row_of_the_locked_version_has_its_migrations(package: str) -> None:
    migrations = ROWS[LOCKED["lamindb"]][1]
    assert f"`{newest_migration(package)}`" in migrations
    assert package == "lamindb" or f"{package} {LOCKED[package]} " in migrations


def test_what_tells_of_the_next_version_is_named() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "newest.yml").read_text())
    (title,) = (step["env"]["TITLE"] for step in workflow["jobs"]["tell"]["steps"] if "env" in step)
    assert f"*{title}*" in " ".join(PAGE.split())
    named = re.findall(r"`(runners/\S+\.py)`", PAGE)
    assert "runners/registry/canary/differences.py" in named
    assert all((ROOT / path).is_file() for path in named)

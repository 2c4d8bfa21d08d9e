"""The wheel, as somebody has it who installed it: unpacked, in a folder of Python's path."""

import os
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from instances import REFERENCE, REPOSITORY

from bot.wheel import scripts
from runners.sample.datasets import NEWER
from runners.sample.world import World
from runners.settings import Settings, from_environment


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "-o", str(folder)]
    subprocess.run([*command, str(REPOSITORY)], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With packages of somebody else's that have our names."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    for name in ("bot", "runners"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise RuntimeError('not ours')\n")
    return folder


def call(
    installed: Path, program: str, *arguments: str, options: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    """What came of the program, as the script calls it that an installer makes."""
    function = {"cxg-bot": "bot", "cxg-ingest": "ingest"}[program]
    script = installed / program
    script.write_text(
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        f"from cxg_ingestion_bot import {function}\n"
        f"if __name__ == '__main__': sys.exit({function}())\n"
    )
    kept = {name: os.environ[name] for name in ("PATH", "HOME")}
    return subprocess.run(
        [sys.executable, *options, str(script), *arguments],
        cwd=installed,
        env={**kept, "REFERENCE": str(REFERENCE), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_its_names_are_its_own_and_its_extras_the_groups(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        told = Parser().parsestr(archive.read(metadata).decode())
    assert {top for top in tops if not top.endswith(".dist-info")} == {"cxg_ingestion_bot"}
    groups = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["dependency-groups"]
    for extra in ("bot", "launch", "ingest", "dask"):
        needed = [
            line for line in told.get_all("Requires-Dist", []) if f"extra == '{extra}'" in line
        ]
        assert len(needed) == len(groups[extra])


@pytest.mark.parametrize(
    ("program", "heading"), [("cxg-bot", "Read and compare"), ("cxg-ingest", "Machines")]
)
def test_its_programs_say_what_they_can(installed: Path, program: str, heading: str) -> None:
    done = call(installed, program, "--help")
    assert done.returncode == 0, done.stderr
    assert program in done.stdout
    assert heading in done.stdout
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    done = call(installed, program, "--version")
    assert (done.returncode, done.stdout) == (0, f"{program}, version {project['version']}\n")


def test_its_readers_read_beside_packages_of_the_same_names(installed: Path, world: World) -> None:
    file = next(iter(sorted(world.newer.h5ads.glob("*.h5ad"))))
    schema = NEWER.dataset_schema_version
    done = call(installed, "cxg-ingest", "check", str(file), "--schema", schema)
    assert done.returncode in (0, 1), done.stderr
    assert file.stem in done.stdout


def test_without_its_packages_it_says_what_to_install(installed: Path) -> None:
    done = call(installed, "cxg-bot", "--help", options=("-I", "-S"))
    assert done.returncode == 1
    assert done.stderr.strip().endswith("with its packages: cellxgene-ingestion-bot[bot].")


KEPT = "cellxgene-ingestion-bot"


@pytest.mark.parametrize(
    ("given", "reference", "canary"),
    [
        ({}, f"home/.cache/{KEPT}/reference", f"home/.cache/{KEPT}/canary"),
        ({"XDG_CACHE_HOME": "cache"}, f"cache/{KEPT}/reference", f"cache/{KEPT}/canary"),
        ({"REFERENCE": "shared"}, "shared", f"home/.cache/{KEPT}/canary"),
        ({"CANARY": "shared"}, f"home/.cache/{KEPT}/reference", "shared"),
        (
            {"REFERENCE": "", "CANARY": ""},
            f"home/.cache/{KEPT}/reference",
            f"home/.cache/{KEPT}/canary",
        ),
    ],
)
def test_what_is_fetched_once_lies_where_somebody_says_or_in_the_users_cache(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], reference: str, canary: str
) -> None:
    for name in ("REFERENCE", "CANARY", "XDG_CACHE_HOME", "PYTHONPATH"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "home")
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    found = list[Settings]()
    monkeypatch.setattr("bot.__main__.cli", lambda **_: found.append(from_environment()))
    scripts.bot()
    assert [(str(one.reference), str(one.canary)) for one in found] == [(reference, canary)]

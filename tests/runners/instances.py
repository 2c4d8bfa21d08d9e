"""Places to ingest in: a repository, runs and a LaminDB instance of its own, in one folder.

LaminDB allows one instance in a process, so that everything here runs in a process of its own. A
proxy that isn't there stands before the network: who asks for it fails.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forked
import tomli_w

from runners.contract import Action, Manifest, RunReport, RunRequest
from runners.run.journal import JournalLines, read_journal
from runners.sample.datasets import NEWER, OLDER, of_release
from runners.sample.world import World
from runners.settings import from_environment

REPOSITORY = Path(__file__).resolve().parents[2]
REFERENCE = from_environment().reference
INSTANCE = "anonymous/demo"
NOWHERE = "http://127.0.0.1:9"
Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Place:
    """A folder with all that a run needs. `world` is shared, and never written to.

    `variables` are added to the environment of what runs here.
    """

    root: Path
    world: World
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def storage(self) -> Path:
        return self.root / "storage"

    @property
    def database(self) -> Path:
        return self.storage / ".lamindb" / "lamin.db"

    @property
    def repository(self) -> Path:
        return self.root / "repository"

    def request(self, run_id: str, release: str, **fields: Any) -> Path:
        """The file of a request of its own folder; `fields` replaces or adds some."""
        request = RunRequest(
            **{
                "run_id": run_id,
                "action": Action.INGEST,
                "release": release,
                "manifest": f"{release}.toml",
                "instance": INSTANCE,
                **fields,
            }
        )
        file = self.root / "runs" / run_id / "request.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(request.to_json())
        return file

    def manifest(self, release: str, **fields: Any) -> Manifest:
        """The release's manifest, written again with `fields` replaced."""
        path = self.repository / f"{release}.toml"
        manifest = Manifest.from_file(path).model_copy(update=fields)
        path.write_text(tomli_w.dumps(manifest.to_table()))
        return manifest

    def run(self, command: str, request: Path) -> Done:
        """What came of `python -m runners COMMAND` on a request."""
        return self.script("-m", "runners", *self.arguments(command, request))

    def ingest(self, run_id: str, release: str, **fields: Any) -> Done:
        return self.run("ingest", self.request(run_id, release, **fields))

    def start(self, request: Path) -> subprocess.Popen[str]:
        """A running ingest."""
        return subprocess.Popen(
            [sys.executable, "-m", "runners", *self.arguments("ingest", request)],
            cwd=self.root,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def script(self, *arguments: str) -> Done:
        """What came of this Python with the arguments, in this place."""
        return forked.run(arguments, cwd=self.root, env=self.environment)

    def journal(self, run_id: str) -> JournalLines:
        return read_journal(self.root / "runs" / run_id / "journal.jsonl")

    def report(self, run_id: str) -> RunReport:
        file = self.root / "runs" / run_id / "report.json"
        return RunReport.from_json(file.read_text(), source=str(file))

    @property
    def environment(self) -> Mapping[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), NOWHERE)
        return {
            **kept,
            **proxies,
            **{name.upper(): value for name, value in proxies.items()},
            "no_proxy": "127.0.0.1" if self.variables else "",
            "LAMIN_SETTINGS_DIR": str(self.root / "lamin"),
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(Path(__file__).parent)]),
            "REFERENCE": str(REFERENCE),
            **dict(self.variables),
        }

    def arguments(self, command: str, request: Path) -> list[str]:
        """What follows `python -m runners`."""
        arguments = [command, "--request", str(request), "--repository", str(self.repository)]
        # each reader loads the ontologies, which takes longer here than reading
        return [*arguments, "--workers", "1"] if command == "ingest" else arguments


def make(root: Path, world: World, *options: str) -> Place:
    """A place with both manifests, and an instance that holds nothing, made with the options."""
    place = Place(root, world)
    place.repository.mkdir(parents=True)
    older = Manifest.from_file(world.manifests / f"{OLDER.version}.toml")
    for manifest in (older, newer_manifest(world)):
        text = tomli_w.dumps(manifest.to_table())
        (place.repository / f"{manifest.release}.toml").write_text(text)
    succeed(place.script("-m", "runners", "instance", "demo", str(place.storage), *options))
    return place


def newer_manifest(world: World) -> Manifest:
    return Manifest.from_mapping(
        {
            "release": NEWER.version,
            "previous": OLDER.version,
            "census_schema_version": NEWER.census_schema_version,
            "dataset_schema_version": NEWER.dataset_schema_version,
            "previous_dataset_schema_version": OLDER.dataset_schema_version,
            "dataset_count": len(of_release(NEWER)),
            "organisms": ["Homo sapiens", "Mus musculus", "Macaca mulatta"],
            # with the slash at the end that the release directory writes
            "storage": {"soma": f"{world.newer.soma}/", "h5ads": f"{world.newer.h5ads}/"},
        },
        source="test",
    )


def copy(place: Place, root: Path, **variables: str) -> Place:
    """The same place elsewhere, with an instance that is the copy's own.

    LaminDB notes where an instance lies in two places: its settings file names the folder of
    storage and database, and the database's first Storage row names it again. `storage_uid.txt`
    holds no path. With a LAMIN_ENV among the variables the settings file is looked for by its name.
    """
    shutil.copytree(place.root, root, dirs_exist_ok=True)
    other = Place(root, place.world, tuple(variables.items()))
    settings = root / "lamin" / ".lamin" / "instance--anonymous--demo.env"
    text = settings.read_text().replace(str(place.storage), str(other.storage))
    settings.write_text(text)
    if hub := variables.get("LAMIN_ENV"):
        settings.with_name(f"{hub}--{settings.name}").write_text(text)
    with closing(sqlite3.connect(other.database)) as connection, connection:
        connection.execute(
            "update lamindb_storage set root = ? where root = ?",
            (str(other.storage), str(place.storage)),
        )
    return other


def change(place: Place, *statements: str) -> None:
    """Executes statements in the instance's database, behind LaminDB's back."""
    with closing(sqlite3.connect(place.database)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def live_in(place: Place) -> None:
    """Gives a place that holds nothing its history, with our older release in the midst of it."""
    succeed(connected(place, "lived_in.before(sys.argv[1])", str(place.world.older.soma)))
    succeed(place.ingest("older", OLDER.version))
    succeed(connected(place, "lived_in.between()"))


def connected(place: Place, statement: str, *arguments: str) -> Done:
    """What came of a statement in this place's instance, with `sys`, `ln` and `lived_in`."""
    connect = (
        f"import sys; from runners.registry import connection; connection.connect({INSTANCE!r})"
    )
    script = "\n".join((connect, "import lamindb as ln, lived_in", statement))
    return place.script("-c", script, *arguments)


def succeed(done: Done) -> Done:
    assert done.returncode == 0, done.stdout + done.stderr
    return done

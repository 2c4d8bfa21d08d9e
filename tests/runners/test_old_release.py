"""A release that the old script registered, verified as it stands: its faults, by name.

No run of ours came before, and no request file: a manifest and an instance are all there is.
"""

import shutil
from pathlib import Path

import dumps
import instances
import pytest
from instances import INSTANCE, Done, Place

from runners.contract import RunReport, Status, Storage
from runners.sample import World, WorldRelease
from runners.sample.datasets import BLOOD, NEWER, OLDER, by_key

HELD = {OLDER: ("D01", "D09"), NEWER: ("D01", "D03", "D09")}
"""The files that lie in storage; of the rest of the release, the script heard nothing."""

LIVE = by_key("D01").dataset_id
"""The only dataset that the live API still has."""


def some_files(root: Path, release: WorldRelease, keys: tuple[str, ...]) -> Path:
    folder = root / "cell-census" / release.version / "h5ads"
    folder.mkdir(parents=True)
    for key in keys:
        shutil.copy(release.h5ads / f"{by_key(key).dataset_id}.h5ad", folder)
    return folder


@pytest.fixture(scope="module")
def left(empty: Place, world: World, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An instance with both releases, as the old script left them."""
    place = instances.copy(empty, tmp_path_factory.mktemp("left"))
    older = some_files(place.root, world.older, HELD[OLDER])
    newer = some_files(place.root, world.newer, HELD[NEWER])
    words = (OLDER.version, "none", str(older), str(world.older.soma), LIVE)
    put = "import sys, old_script; old_script.put(*sys.argv[1:])"
    instances.succeed(place.script("-c", put, *words))
    script = str(Path(__file__).with_name("old_script.py"))
    words = (NEWER.version, OLDER.version, str(newer), str(world.newer.soma), LIVE)
    instances.succeed(place.script(script, *words))
    place.manifest(NEWER.version, storage=Storage(soma=str(world.newer.soma), h5ads=str(newer)))
    return place


def verify(place: Place) -> Done:
    manifest = str(place.repository / f"{NEWER.version}.toml")
    words = ("--manifest", manifest, "--instance", INSTANCE)
    return place.script("-m", "runners", "verify", *words, "--runs", str(place.root / "found"))


@pytest.fixture(scope="module")
def found(left: Place) -> tuple[Done, RunReport]:
    before = dumps.exact(left.database)
    done = verify(left)
    assert dumps.exact(left.database) == before
    assert done.returncode == 1, done.stdout + done.stderr
    (file,) = (left.root / "found").glob("*/report.json")
    return done, RunReport.from_file(file)


def offenders(report: RunReport, name: str) -> dict[str, str]:
    check = next(check for check in report.checks if check.name == name)
    return {one.dataset_id: one.detail for one in check.offenders}


def test_it_names_the_faults_and_no_others(found: tuple[Done, RunReport]) -> None:
    _, report = found
    status = {check.name: check.status for check in report.checks}
    failed = {name for name, one in status.items() if one is Status.FAILED}
    assert failed == {
        "datasets",
        "annotations",
        "slots",
        "references",
        "collections",
        "store",
        "sources",  # the script leaves to a person what the curator doesn't use
    }
    assert {name for name, one in status.items() if one is Status.NOT_APPLICABLE} == {
        "tracking",
        "previous",
    }
    assert report.outcomes == ()


def test_datasets_that_were_registered_but_never_annotated(found: tuple[Done, RunReport]) -> None:
    unfinished = {by_key(key).dataset_id for key in ("D03", "D09")}
    assert offenders(found[1], "slots").keys() == unfinished
    assert offenders(found[1], "annotations").keys() >= unfinished


def test_the_collection_that_was_taken_from_the_release_before(
    found: tuple[Done, RunReport],
) -> None:
    wrong = offenders(found[1], "collections")[BLOOD.collection_id]
    assert wrong.endswith(
        f"is that of {OLDER.version}, marked as this release's: that release has lost it"
    )


def test_references_are_nowhere_and_the_store_has_no_otype(
    found: tuple[Done, RunReport],
) -> None:
    held = {by_key(key).dataset_id for key in HELD[NEWER]}
    assert offenders(found[1], "references").keys() == held
    (store,) = offenders(found[1], "store").values()
    assert store == "is of otype None"


def test_it_says_the_command_that_mends_what_is_missing(found: tuple[Done, RunReport]) -> None:
    assert found[0].stdout.splitlines()[-1] == (
        "no run registered this release; what is missing is filled in by: python -m runners ingest "
        f"--manifest repository/{NEWER.version}.toml --instance {INSTANCE} --only-missing"
    )

"""The image is built by its Dockerfile and does a job's work: a proof, of some minutes."""

import io
import shutil
import sqlite3
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from signal import SIGKILL

import dumps
import instances
import pytest
from instances import Place

from launch.image import Image
from launch.job_site import JobSite, done, place
from launch.site import ROOT, request
from runners.contract import Action, RunReport, Status, Verdict
from runners.sample.datasets import NEWER, OLDER, of_release

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(
        shutil.which("buildah") is None,
        reason="the image is built by buildah, which isn't installed: apt-get install buildah",
    ),
]
__all__ = ["place"]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    made = Image(tmp_path_factory.mktemp("image"))
    begun = time.monotonic()
    made.build()
    print(f"built in {time.monotonic() - begun:.0f} s")  # noqa: T201 - shown by -s
    yield made
    made.buildah("rm", "--all")


def works(
    site: JobSite,
    image: Image,
    here: Place,
    release: str,
    *more: str,
    action: Action = Action.VERIFY,
    kill_when: Callable[[], bool] | None = None,
) -> tuple[int, str, str]:
    """The exit code, output and ExitMessage of a job that works on a release in an instance."""
    asked = request(run_of(release, action), release).model_copy(
        update={"action": action, "instance": instances.INSTANCE}
    )
    file = site.root / "request.json"
    file.write_text(asked.to_json())
    for manifest in here.repository.glob("*.toml"):
        shutil.copy(manifest, site.root / "runners/releases")
    words = ["--request", str(file), "--repository", str(site.root), *more]
    done(site.call(site.words("launch", "--launcher", "sagemaker", *words)))
    (job,) = site.sagemaker.jobs.values()
    output = site.root / "output"
    output.mkdir(exist_ok=True)
    kept = {k: v for k, v in here.environment.items() if k not in {"PATH", "PYTHONPATH"}}
    environment = {
        **{k: v for k, v in kept.items() if k in {"HOME", "NO_PROXY", "no_proxy"} or "LAMIN" in k},
        **{k: v for k, v in site.environment.items() if k.startswith("AWS_")},
        **job.asked["Environment"],
        "LAMINDB_SECRET": "",
        "COMMIT": "c" * 40,
        "OUTPUT": str(output),
    }
    arguments = job.asked["AppSpecification"]["ContainerArguments"]
    places = (site.root, here.root, here.world.root)
    code, said = image.run(arguments, environment, *places, kill_when=kill_when)
    message = output / "message"
    return code, said, message.read_text() if message.exists() else ""


def run_of(release: str, action: Action) -> str:
    return f"{release}-{action}-2"


def report(site: JobSite, release: str, action: Action = Action.VERIFY) -> RunReport:
    text = site.kept("report.json", run_of(release, action)).decode()
    return RunReport.from_json(text, source="S3")


def test_the_image_verifies_by_the_work_that_it_is_given(
    place: JobSite, image: Image, empty: Place, tmp_path: Path
) -> None:
    release, earlier = OLDER.version, f"{OLDER.version}-ingest-1"
    here = instances.copy(empty, tmp_path / "here", **place.environment)
    instances.succeed(here.ingest(earlier, release))
    s3 = place.amazon.client("s3")
    for one in (here.root / "runs" / earlier).iterdir():
        s3.put_object(Bucket="our-runs", Key=f"census/{earlier}/{one.name}", Body=one.read_bytes())
    code, said, message = works(place, image, here, release)
    assert (code, message) == (0, ""), said
    told = report(place, release)
    assert told.verdict is Verdict.PASSED
    assert len(told.outcomes) == len(of_release(OLDER))  # the earlier run's journal has them
    assert told.versions["ingestion bot, commit"] == "c" * 40


def test_a_verification_that_does_not_pass_is_code_1_and_a_report(
    place: JobSite, image: Image, older: Place, tmp_path: Path
) -> None:
    here = instances.copy(older, tmp_path / "here", **place.environment)
    code, said, message = works(place, image, here, NEWER.version)
    assert (code, message) == (1, ""), said
    assert report(place, NEWER.version).verdict is Verdict.FAILED


def artifacts(here: Place) -> int:
    with closing(sqlite3.connect(f"file:{here.database}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute("select count(*) from lamindb_artifact").fetchone()
    return int(count)


def test_a_container_that_is_lost_half_way_is_begun_again_and_goes_on(
    place: JobSite, image: Image, older: Place, tmp_path: Path
) -> None:
    straight = instances.copy(older, tmp_path / "straight")
    instances.succeed(straight.ingest("straight", NEWER.version))
    here = instances.copy(older, tmp_path / "here", **place.environment)
    before = artifacts(here)
    assert works(
        place, image, here, NEWER.version, action=Action.INGEST,
        kill_when=lambda: artifacts(here) > before,
    )[0] == -SIGKILL  # fmt: skip
    kept = f"{run_of(NEWER.version, Action.INGEST)}/journal.jsonl"
    assert kept not in place.names() or b'"end"' not in place.kept("journal.jsonl", kept[:-14])
    code, said, message = works(place, image, here, NEWER.version, action=Action.INGEST)
    assert (code, message) == (1, ""), said  # one of the sample's files can't be read
    found = report(place, NEWER.version, Action.INGEST)
    assert [check.name for check in found.checks if check.status is Status.FAILED] == ["datasets"]
    rows, expected = (dumps.natural(p.database, storage=p.storage) for p in (here, straight))
    assert dumps.differences(rows, expected) == []


def test_work_with_another_lock_is_refused_by_the_image(
    place: JobSite, image: Image, older: Place, tmp_path: Path
) -> None:
    here = instances.copy(older, tmp_path / "here", **place.environment)
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.add(ROOT / "pyproject.toml", "pyproject.toml")
        archive.addfile(tarfile.TarInfo("constraints.txt"))
    packed = place.root / "work.tar"
    packed.write_bytes(data.getvalue())
    code, _, message = works(place, image, here, OLDER.version, "--work", str(packed))
    assert code == 3
    assert message.startswith("this image was built with another constraints.txt than")

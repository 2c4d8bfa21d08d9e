"""How long a verification of 1,845 datasets takes, beside the runbook's own loop on the same rows.

Both in one process, on one SQLite instance that was filled past LaminDB's constructors. The
runbook's snippet is that of laminlabs/cellxgene-lamin, asked of one release (it asks all), and with
the names that LaminDB has (`versions` for `previous_versions`); its assertions are left out.
Asserts nothing: machines are noisy.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

from .release import REPOSITORY

DATASETS = 1845
LINKS = (
    "cell_types",
    "diseases",
    "tissues",
    "experimental_factors",
    "developmental_stages",
    "phenotypes",
    "ethnicities",
    "organisms",
)


def measure(folder: Path) -> dict[str, float]:
    """`verify_statements`, `verify_seconds`, `runbook_verify_seconds`."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(folder)],
        env={**os.environ, "LAMIN_SETTINGS_DIR": str(folder / "lamin")},
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(folder: Path) -> None:
    """Measures in this process, which has one instance, and prints the numbers as JSON."""
    with redirect_stdout(sys.stderr):
        found = _measured(folder)
    sys.stdout.write(json.dumps(found))


def _measured(folder: Path) -> dict[str, float]:
    import filled

    from runners.registry import connection
    from runners.verification.verify import verify

    connection.create("demo", folder / "storage")
    filled.connect()
    job = filled.fill(folder / "filled", DATASETS)
    start = time.perf_counter()
    with filled.counted() as sent:
        verify(job)
    middle = time.perf_counter()
    runbook(job.manifest.release)
    return {
        "verify_statements": len(sent),
        "verify_seconds": middle - start,
        "runbook_verify_seconds": time.perf_counter() - middle,
    }


def runbook(release: str) -> None:
    """What the runbook's snippet asks, one artifact after the other."""
    import lamindb as ln

    artifacts = ln.Artifact.filter(otype="AnnData", version_tag=release)
    artifacts.count()
    missing: dict[str, list[str]] = {}
    for artifact in artifacts.all():
        for link in LINKS:
            if not getattr(artifact, link, None) or getattr(artifact, link).count() == 0:
                missing.setdefault(link, []).append(artifact.uid)
    [one.uid for one in artifacts.all() if one.references.count() == 0]
    [one.uid for one in artifacts.all() if one.schema is None]
    new = artifacts.order_by("-created_at")[:DATASETS]
    [one.uid for one in new if one.stem_uid is not None and one.versions.count() == 0]
    keys = list(artifacts.values_list("key", flat=True))
    [key for key in set(keys) if keys.count(key) > 1]
    ln.Artifact.filter(otype="tiledbsoma").order_by("-created_at").first()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

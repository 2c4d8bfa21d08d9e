"""`make bench`: LaminDB's curator and ours on the same files, side by side in one run.

Seconds per dataset of 60,000 genes, marginal (the median after each side's first dataset, which
pays for set-up: imports, sources, gene records): the released curator, the same with its one
quadratic line mended in memory, and ours with one and two reading processes. Each side works in a
SQLite instance of its own, in processes of its own, one after the other. Prints a table and writes
`.bench/results.json`. Asserts nothing: machines are noisy.
"""

import argparse
import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / ".bench" / "results.json"
GENES, CELLS = 60_000, 2_000
BATCH = 10
RELEASE = "2020-07-15"
SIDES = ("released", "fixed", "ours-1", "ours-2")
QUADRATIC = (
    r"( *)non_validated_values = \[\s*"
    r"i for i in remaining_values if i not in existing_and_public_values\s*\]"
)
MENDED = (
    r"\1known = set(existing_and_public_values)\n"
    r"\1non_validated_values = [i for i in remaining_values if i not in known]"
)


def main() -> None:
    """Runs every side on its number of files and prints the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--released", type=int, default=3, help="files for the released curator")
    parser.add_argument("--fixed", type=int, default=11, help="files for the mended curator")
    parser.add_argument("--ours", type=int, default=41, help="files for ours")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    counts = {
        "released": options.released,
        "fixed": options.fixed,
        "ours-1": options.ours,
        "ours-2": options.ours,
    }
    if options.side:
        times = measure(options.side, options.folder, counts[options.side])
        sys.stdout.write(json.dumps(times))
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        make_files(Path(folder) / "cell-census" / RELEASE / "h5ads", max(counts.values()))
        report({side: run_side(side, Path(folder), counts) for side in SIDES})


def run_side(side: str, folder: Path, counts: Mapping[str, int]) -> list[float]:
    """Seconds per dataset, measured by a process of its own."""
    tell(f"{side}: {counts[side]} datasets")
    words = [f"--{name.split('-')[0]}={count}" for name, count in counts.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--side", side, "--folder", str(folder), *words],
        env={
            **os.environ,
            "LAMIN_SETTINGS_DIR": str(folder / side),
            "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'tests' / 'runners'}",
        },
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    times: list[float] = json.loads(done.stdout.splitlines()[-1])
    return times


def measure(side: str, folder: Path, count: int) -> list[float]:
    """Seconds per dataset of one side, in this process."""
    from runners.registry import instance

    name, _, workers = side.partition("-")
    with silenced():
        slug = instance.create(name + workers, folder / side / "storage")
        instance.connect(slug)
        files = sorted((folder / "cell-census" / RELEASE / "h5ads").glob("*.h5ad"))[:count]
        if name == "ours":
            return list(ours(files, int(workers)))
        return list(curator(files, folder, is_fixed=name == "fixed"))


def ours(files: list[Path], workers: int) -> Iterator[float]:
    """Batches as in an ingest; each dataset is told its share of its batch."""
    from runners import rules
    from runners.census import CensusDataset
    from runners.contract import Manifest, Storage
    from runners.execution import Readers
    from runners.reference import Reference
    from runners.registry.writer import Writer
    from runners.settings import from_environment

    datasets = [
        CensusDataset(f.stem, f.stem, f.stem, f.name, "bench", "Bench", "", CELLS) for f in files
    ]
    storage = Storage(soma=str(files[0].parents[1] / "soma"), h5ads=str(files[0].parent))
    manifest = Manifest(
        release=RELEASE,
        census_schema_version="2.4.0",
        dataset_schema_version="7.0.0",
        dataset_count=len(files),
        organisms=("Homo sapiens",),
        storage=storage,
    )
    root = from_environment().reference
    start = time.perf_counter()
    writer = Writer(manifest, Reference(rules.load("7.0.0"), root), datasets, {})
    writer.prepare()
    readers = Readers("7.0.0", root, workers)
    tasks = [(d, str(f)) for d, f in zip(datasets, files, strict=True)]
    judged = readers.judged(tasks)
    while batch := list(islice(judged, BATCH)):
        writer.write(batch)
        now = time.perf_counter()
        yield from [(now - start) / len(batch)] * len(batch)
        start = now


def curator(files: list[Path], folder: Path, *, is_fixed: bool) -> Iterator[float]:
    """LaminDB's own way, as the script goes it, with its sources made to work offline."""
    import lamindb as ln
    from lamindb.examples.cellxgene import create_cellxgene_schema

    from runners import rules
    from runners.reference import Reference
    from runners.registry import artifacts
    from runners.registry.canary.curator import prepare
    from runners.settings import from_environment

    prepare(Reference(rules.load("7.0.0"), from_environment().reference), ("Homo sapiens",))
    artifacts.ensure_storage(str(folder), None)
    if is_fixed:
        mend_quadratic_line()
    for file in files:
        start = time.perf_counter()
        artifact = ln.Artifact(str(file), version_tag=RELEASE, run=False).save()
        schema = create_cellxgene_schema(field_types="ontology_id", organism="human")
        curator = ln.curators.AnnDataCurator(artifact, schema)
        curator.validate()
        curator.save_artifact()
        yield time.perf_counter() - start


def mend_quadratic_line() -> None:
    """Makes the curator's list-in-list test a test in a set; everything else stays."""
    from lamindb.curators import core

    source = textwrap.dedent(inspect.getsource(core.CatVector._add_validated))
    mended, count = re.subn(QUADRATIC, MENDED, source)
    assert count == 1, "this LaminDB has no such line: nothing to compare with"
    scope: dict[str, Any] = {}
    exec(compile(mended, core.__file__, "exec"), core.__dict__, scope)
    core.CatVector._add_validated = scope["_add_validated"]


def make_files(folder: Path, count: int) -> None:
    """Human h5ads that differ in their genes and cell types, and hold no counts."""
    import anndata
    import numpy as np
    import pandas as pd
    from scipy import sparse

    from runners import rules
    from runners.reference import Reference
    from runners.settings import from_environment

    tell(f"making {count} files of {GENES:,} genes")
    folder.mkdir(parents=True)
    chance = np.random.default_rng(0)
    reference = Reference(rules.load("7.0.0"), from_environment().reference)
    genes = np.array(list(reference.genes("homo_sapiens")))
    cell_types = [t for t in reference.terms("CL") if t > "CL:0000600" and t < "CL:0002000"]
    counts = sparse.csr_matrix((CELLS, GENES), dtype="float32")
    for number in range(count):
        values: dict[str, Sequence[str]] = {
            "assay_ontology_term_id": ["EFO:0009899", "EFO:0009922"],
            "cell_type_ontology_term_id": chance.choice(cell_types, 20, replace=False).tolist(),
            "development_stage_ontology_term_id": ["HsapDv:0000258"],
            "disease_ontology_term_id": ["MONDO:0005105", "PATO:0000461"],
            "donor_id": ["one", "two"],
            "self_reported_ethnicity_ontology_term_id": ["unknown"],
            "sex_ontology_term_id": ["PATO:0000383", "PATO:0000384"],
            "suspension_type": ["cell"],
            "tissue_ontology_term_id": ["UBERON:0000178", "UBERON:0002048"],
            "tissue_type": ["tissue"],
        }
        obs = pd.DataFrame(
            {name: pd.Categorical(np.resize(np.array(own), CELLS)) for name, own in values.items()},
            index=[f"cell-{cell}" for cell in range(CELLS)],
        ).assign(is_primary_data=True)
        own_genes = np.sort(chance.choice(genes, GENES, replace=False))
        var = pd.DataFrame({"feature_is_filtered": False}, index=own_genes)
        data = anndata.AnnData(counts, obs=obs, var=var)
        data.uns = {"organism_ontology_term_id": "NCBITaxon:9606", "title": f"{number}"}
        data.write_h5ad(folder / f"{number:04}.h5ad")


def report(times: Mapping[str, list[float]]) -> None:
    """Prints the table and keeps the numbers."""
    marginal = {side: median(found[1:] or found) for side, found in times.items()}
    best = min(marginal["ours-1"], marginal["ours-2"])
    results = {
        "seconds_per_dataset": marginal,
        "seconds_in_all": {side: sum(found) for side, found in times.items()},
        "datasets": {side: len(found) for side, found in times.items()},
        "speedup_vs_released": marginal["released"] / best,
        "speedup_vs_fixed": marginal["fixed"] / best,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    tell(f"{'side':>10} {'datasets':>9} {'s/dataset':>10} {'s in all':>9} {'x released':>11}")
    for side in SIDES:
        ratio = marginal["released"] / marginal[side]
        tell(
            f"{side:>10} {len(times[side]):>9} {marginal[side]:>10.3f} "
            f"{sum(times[side]):>9.1f} {ratio:>11.1f}"
        )
    tell(f"ours is {results['speedup_vs_released']:.0f} times the released curator, ")
    tell(f"{results['speedup_vs_fixed']:.0f} times the mended one; numbers in {RESULTS}")


@contextmanager
def silenced() -> Iterator[None]:
    """LaminDB's remarks go to standard error: standard output is for the result."""
    with redirect_stdout(sys.stderr):
        yield


def tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()

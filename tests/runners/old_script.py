"""`python old_script.py RELEASE PREVIOUS H5ADS SOMA LIVE...`: a release as the old script left it.

Makes the calls of laminlabs/cellxgene-lamin's register-annotate-new-release.py in its order, with
its faults: it annotates what the live API (here: the dataset ids LIVE) still has, attaches no
reference, takes a study's collection for the one of the release before where its files are the
same, and lets the SOMA store be of no otype. Where the script would end in an error for a dataset
that is new, this goes on, as its users made it.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from instances import INSTANCE, REFERENCE

from runners import rules
from runners.registry import connection
from runners.rules.reference import Reference
from runners.sample.datasets import DATASETS, Dataset
from runners.sample.vocabulary import HUMAN, MOUSE


def main(release: str, previous: str, h5ads: str, soma: str, *live: str) -> None:
    """Registers, collects and annotates, in that order."""
    put(release, previous, h5ads, soma, *live)
    from runners.registry.canary import curator

    curator.prepare(Reference(rules.load("7.0.0"), REFERENCE), ("Homo sapiens",))
    annotate(of(live), release)


def put(release: str, previous: str, h5ads: str, soma: str, *live: str) -> None:
    """All of it but the annotation."""
    connection.connect(INSTANCE)
    from runners.registry import artifacts

    artifacts.ensure_storage(artifacts.storage_root(h5ads), None)
    artifacts.ensure_storage(artifacts.storage_root(soma), None)
    for path in sorted(Path(h5ads).glob("*.h5ad")):
        register(path, release, previous)
    collect(of(live), release, previous)
    register_store(soma, release, previous)


def of(live: Iterable[str]) -> list[Dataset]:
    return [dataset for dataset in DATASETS if dataset.dataset_id in live]


def register(path: Path, release: str, previous: str) -> None:
    import lamindb as ln

    before = ln.Artifact.filter(key__endswith=path.name, key__contains=previous).one_or_none()
    artifact = ln.Artifact(path, revises=before, run=False)
    artifact.version_tag = release
    artifact.save()


def collect(known: Iterable[Dataset], release: str, previous: str) -> None:
    import lamindb as ln

    new = ln.Artifact.filter(key__contains=release)
    everything = ln.Collection(
        new,
        key="cellxgene-census",
        revises=ln.Collection.filter(key="cellxgene-census", version_tag=previous).one_or_none(),
        run=False,
    )
    everything.version_tag = release
    everything.save()
    studies: dict[Any, list[str]] = {}
    for dataset in known:
        key = f"cell-census/{release}/h5ads/{dataset.dataset_id}.h5ad"
        studies.setdefault(dataset.collection, []).append(key)
    for study, keys in studies.items():
        same = ln.Collection.filter(reference=study.collection_id, version_tag=previous)
        collection = ln.Collection(
            new.filter(key__in=keys),
            key=study.name,
            description=study.doi,
            reference=study.collection_id,
            reference_type="CELLxGENE Collection ID",
            revises=same.one_or_none(),
            run=False,
        )
        collection.version_tag = release
        collection.save()


def register_store(soma: str, release: str, previous: str) -> None:
    import lamindb as ln

    before = ln.Artifact.filter(description=f"Census {previous}").one_or_none()
    artifact = ln.Artifact(soma, description=f"Census {release}", revises=before, run=False)
    artifact.version_tag = release
    artifact.save()


def annotate(known: Iterable[Dataset], release: str) -> None:
    import lamindb as ln
    from lamindb.examples.cellxgene import create_cellxgene_schema

    for dataset in known:
        artifact = ln.Artifact.filter(
            key__contains=dataset.dataset_id, version_tag=release
        ).one_or_none()
        if artifact is None:
            continue
        organism = {HUMAN: "human", MOUSE: "mouse"}[dataset.organism]
        schema = create_cellxgene_schema(field_types="ontology_id", organism=organism)
        curator = ln.curators.AnnDataCurator(artifact, schema)
        curator.validate()
        curator.save_artifact()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What is wrong with what we replace: `python faults.py script STORE`, or `... curator`.

The lines are those of laminlabs/cellxgene-lamin's registration script and of LaminDB's runbook, and
calls of LaminDB's curator; nothing of ours decides what they do. Prints what came of each, as JSON.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from instances import INSTANCE, REFERENCE

from runners import rules
from runners.registry import connection
from runners.rules.reference import Reference
from runners.sample.datasets import NEWER, OLDER, by_key

NEXT = "2020-12-31"


def of_script(soma: str) -> dict[str, Any]:
    """In an instance that holds both releases. `soma`: a store that it doesn't know."""
    import lamindb as ln
    from django.core.exceptions import FieldError

    found: dict[str, Any] = {}
    new = by_key("D10").dataset_id
    try:
        ln.Artifact.filter(key__endswith=f"{new}.h5ad", key__contains=OLDER.version).one()
    except ln.errors.ObjectDoesNotExist as error:
        found["a new dataset"] = type(error).__name__
    found["otype of the store"] = ln.Artifact(soma, description=f"Census {NEXT}").otype
    tagged = ln.Artifact.filter(version_tag=NEWER.version, otype="AnnData")
    found["counted by the runbook"] = ln.Artifact.filter(suffix=".h5ad").count()
    found["counted by release"] = tagged.count()
    artifact = tagged.first()
    found["previous_versions"] = hasattr(artifact, "previous_versions")
    found["versions"] = artifact.versions.count() > 0
    try:
        ln.Artifact.filter(version=NEWER.version).count()
    except (FieldError, ln.errors.InvalidArgument) as error:
        found["filter by version"] = type(error).__name__
    found["collections before"], found["collections after"] = collections(ln)
    return found


def collections(ln: Any) -> tuple[int, int]:
    """How many collections the last release has, before and after the next one, of which one
    study's files are the same.
    """
    last = ln.Collection.filter(version_tag=NEWER.version)
    before = last.count()
    previous = last.exclude(reference=None).first()
    record = ln.Collection(
        list(previous.artifacts.all()),
        key=previous.key,
        description=previous.description,
        reference=previous.reference,
        reference_type="CELLxGENE Collection ID",
        revises=previous,
    )
    record.version_tag = NEXT
    record.save()
    return before, ln.Collection.filter(version_tag=NEWER.version).count()


def of_curator() -> dict[str, Any]:
    """In an instance that holds nothing."""
    import lamindb as ln
    from lamindb.examples.cellxgene import create_cellxgene_schema

    from runners.registry.canary import curator

    found: dict[str, Any] = {}
    reference = Reference(rules.load("7.0.0"), REFERENCE)
    curator.prepare(reference, ("Homo sapiens", "Mus musculus"))
    try:
        create_cellxgene_schema(field_types="ontology_id", organism="rhesus macaque")
    except Exception as error:
        found["a third organism"] = type(error).__name__
    filters = []
    for organism in ("human", "mouse"):
        schema = create_cellxgene_schema(field_types="ontology_id", organism=organism)
        filters.append((schema.uid, ln.Feature.get(name="var_index")._dtype_str))
    found["one schema"] = filters[0][0] == filters[1][0]
    found["one filter"] = filters[0][1] == filters[1][1]
    return found


def main(what: str, file: str = "") -> None:
    connection.connect(INSTANCE)
    if what == "script":
        store = Path(file).parent / "unknown" / "soma"
        shutil.copytree(file, store)
        (store / "more").write_text("another content than that of the store which is registered")
        found = of_script(str(store))
    else:
        found = of_curator()
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])

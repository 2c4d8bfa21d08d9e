"""An instance filled past LaminDB's constructors: releases of as many datasets as are wanted.

In seconds, for measuring and counting what a verification does. The rows hold what checks look at,
and pass them all; what they don't look at is made up. The files are a few bytes each.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow as pa
import tiledbsoma
from django.db.backends.utils import CursorWrapper
from instances import INSTANCE, REFERENCE
from scipy import sparse

from runners import rules
from runners.contract import Action, Manifest, RunRequest, Storage
from runners.contract.rules import ORGANISM
from runners.records.baseline import store_baseline
from runners.registry import connection
from runners.run.journal import JOURNAL, START, Journal
from runners.run.request import Job

OLDER, NEWER = "2020-01-15", "2020-07-15"
RULES = rules.load("7.0.0")
STUDIES = 300
REGISTRIES = {
    "assay_ontology_term_id": "ExperimentalFactor",
    "cell_type_ontology_term_id": "CellType",
    "development_stage_ontology_term_id": "DevelopmentalStage",
    "disease_ontology_term_id": "Disease",
    ORGANISM: "Organism",
    "self_reported_ethnicity_ontology_term_id": "Ethnicity",
    "sex_ontology_term_id": "Phenotype",
    "suspension_type": "ULabel",
    "tissue_ontology_term_id": "Tissue",
    "tissue_type": "ULabel",
}
TERMS = {"CellType": 25, "DevelopmentalStage": 10, "ExperimentalFactor": 3, "Tissue": 6}
"""Terms of a dataset, of registries where it isn't one; together about as many as in a real one."""


def fill(root: Path, count: int) -> Job:
    """The job of verifying the newer of two releases of `count` datasets, in a connected instance.

    May be called again with a greater count: the newer datasets come on top.
    """
    older, newer = (_release(root, release, count) for release in (OLDER, NEWER))
    _fill(root, older)
    _begin(root)
    _fill(root, newer)
    request = _request(Action.VERIFY)
    folder = root / "runs" / request.run_id
    folder.mkdir(parents=True, exist_ok=True)
    return Job(request, newer, older, folder, REFERENCE, workers=1)


def _request(action: Action) -> RunRequest:
    return RunRequest(
        run_id=f"filled-{action}",
        action=action,
        release=NEWER,
        manifest="unread.toml",
        instance=INSTANCE,
    )


def _begin(root: Path) -> None:
    """A run of the newer release that has noted what the older one holds, and done no more."""
    from runners.registry import baseline

    request = _request(Action.INGEST)
    folder = root / "runs" / request.run_id
    with Journal(folder / JOURNAL) as journal:
        journal.write(START)
    (folder / "request.json").write_text(request.to_json())
    store_baseline(folder, baseline.take_baseline(before=NEWER))


def _release(root: Path, release: str, count: int) -> Manifest:
    soma = root / "cell-census" / release / str(count) / "soma"
    soma.parent.mkdir(parents=True, exist_ok=True)
    h5ads = root / "cell-census" / release / "h5ads"
    h5ads.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (h5ads / f"d-{number:04}.h5ad").write_text(f"{release} {number}")
    write_store(soma, count)
    return Manifest(
        release=release,
        previous=OLDER if release == NEWER else None,
        census_schema_version="2.4.0",
        dataset_schema_version="7.0.0",
        dataset_count=count,
        storage=Storage(soma=str(soma), h5ads=str(h5ads)),
        organisms=("Homo sapiens",),
    )


def write_store(path: Path, count: int) -> None:
    """A SOMA store with as many datasets, of one cell each, which has one gene."""
    from runners.sample.store import _write_matrix, _write_table

    names = [f"d-{number:04}" for number in range(count)]
    datasets = pd.DataFrame(
        {
            "soma_joinid": range(count),
            "collection_id": [f"study-{number % STUDIES}" for number in range(count)],
            "collection_name": [f"Study {number % STUDIES}" for number in range(count)],
            "collection_doi": "",
            "dataset_id": names,
            "dataset_version_id": names,
            "dataset_title": [f"Dataset {number}" for number in range(count)],
            "dataset_h5ad_path": [f"{name}.h5ad" for name in names],
            "dataset_total_cell_count": 1,
        }
    )
    summary = pd.DataFrame(
        {"soma_joinid": [0], "label": ["total_cell_count"], "value": [str(count)]}
    )
    with tiledbsoma.Collection.create(str(path)) as census:
        info = census.add_new_collection("census_info")
        _write_table(info, "datasets", datasets)
        _write_table(info, "summary", summary)
        data = census.add_new_collection("census_data")
        human = data.add_new_collection("homo_sapiens", tiledbsoma.Experiment)
        obs = datasets[["soma_joinid", "dataset_id"]]
        _write_table(human, "obs", obs, {"dataset_id"})
        rna = human.add_new_collection("ms").add_new_collection("RNA", tiledbsoma.Measurement)
        _write_table(rna, "var", pd.DataFrame({"soma_joinid": [0], "feature_id": ["ENSG1"]}))
        counts = sparse.csr_matrix(np.ones((count, 1), np.float32))
        _write_matrix(rna.add_new_collection("X"), "raw", counts, pa.float32())


def _fill(root: Path, manifest: Manifest) -> None:
    import lamindb as ln

    from runners.registry import artifacts

    artifacts.ensure_storage(str(root), None)
    storage = ln.Storage.filter(root=str(root)).one()
    release, later = manifest.release, manifest.release == OLDER
    present = set(ln.Artifact.objects.filter(version_tag=release).values_list("key", flat=True))
    rows = [
        _artifact(root, storage.id, release, number, is_latest=not later)
        for number in range(manifest.dataset_count)
    ]
    rows = [row for row in rows if row["key"] not in present]
    _insert(ln.Artifact, rows)
    _store(storage.id, manifest)
    ids = dict(ln.Artifact.objects.filter(version_tag=release).values_list("key", "id"))
    _describe([ids[row["key"]] for row in rows])
    _collect(manifest, ids)
    _pin(manifest)


def _artifact(
    root: Path, storage: int, release: str, number: int, *, is_latest: bool
) -> dict[str, Any]:
    name = f"d-{number:04}"
    key = f"cell-census/{release}/h5ads/{name}.h5ad"
    content = (root / key).read_bytes()
    return {
        "uid": f"filled{number:010}{_revision(release)}",
        "key": key,
        "storage_id": storage,
        "otype": "AnnData",
        "suffix": ".h5ad",
        "size": len(content),
        "hash": _hash(content),
        "version_tag": release,
        "is_latest": is_latest,
        "description": f"Dataset {number}",
    }


def _revision(release: str) -> str:
    """The end of a uid."""
    return "0000" if release == OLDER else "0001"


def _hash(content: bytes) -> str:
    from lamindb_setup.core.hashing import to_b64_str

    return str(to_b64_str(hashlib.md5(content).digest()))[:22]


def _store(storage: int, manifest: Manifest) -> None:
    """The release's only store: the one of an earlier call makes way."""
    import lamindb as ln

    _drop(ln.Artifact, version_tag=manifest.release, otype="tiledbsoma")
    key = manifest.storage.soma.partition("/cell-census/")[2]
    row = {
        "uid": f"soma{manifest.dataset_count:012}{_revision(manifest.release)}",
        "key": f"cell-census/{key}",
        "storage_id": storage,
        "otype": "tiledbsoma",
        "suffix": "",
        "version_tag": manifest.release,
        "is_latest": True,
    }
    _insert(ln.Artifact, [row])


def _describe(artifact_ids: Sequence[int]) -> None:
    """Labels for every required feature, the slots, and a reference."""
    import lamindb as ln

    from runners.registry import registries
    from runners.registry.schema import ensure_schema

    schema = ensure_schema(RULES)
    for feature, registry in REGISTRIES.items():
        terms = _terms(feature, registry)
        link, _ = registries.links(registry)
        _insert(
            link,
            (
                {
                    "artifact_id": pk,
                    f"{registry.lower()}_id": term,
                    "feature_id": schema.features[feature],
                }
                for pk in artifact_ids
                for term in terms
            ),
        )
    slots = (
        {"artifact_id": pk, "slot": slot, "schema_id": schema.slots[slot]}
        for pk in artifact_ids
        for slot in sorted(RULES.slots())
    )
    _insert(ln.models.ArtifactSchema, slots)
    reference = ln.Reference.filter(name="Filled").one_or_none()
    reference = reference or ln.Reference(name="Filled", _skip_validation=True).save()
    attached = ({"artifact_id": pk, "reference_id": reference.id} for pk in artifact_ids)
    _insert(ln.Artifact.references.through, attached)


def _terms(feature: str, registry: str) -> list[int]:
    """Ids of the terms that every dataset has."""
    import bionty as bt
    import lamindb as ln

    model = ln.ULabel if registry == "ULabel" else getattr(bt, registry)
    found = []
    for number in range(TERMS.get(registry, 1)):
        name = f"{feature} {number}"
        if registry == "Organism":
            own = {"ontology_id": "NCBITaxon:9606", "name": "human"}
        elif registry == "ULabel":
            own = {"name": name}
        else:
            own = {"name": name, "ontology_id": f"X:{name}"}
        record = model.objects.filter(name=own["name"]).first()
        if record is None:
            uid = hashlib.md5(name.encode()).hexdigest()[:8]
            _insert(model, [{**own, "uid": uid}])
            record = model.objects.get(name=own["name"])
        found.append(record.id)
    return found


def _collect(manifest: Manifest, ids: dict[str, int]) -> None:
    import lamindb as ln

    old = ln.Collection.objects.filter(version_tag=manifest.release).values_list("id", flat=True)
    _drop(ln.models.CollectionArtifact, collection_id__in=list(old))
    _drop(ln.Collection, version_tag=manifest.release)
    studies: dict[str, list[int]] = {"cellxgene-census": []}
    for number in range(manifest.dataset_count):
        pk = ids[f"cell-census/{manifest.release}/h5ads/d-{number:04}.h5ad"]
        studies["cellxgene-census"].append(pk)
        studies.setdefault(f"study-{number % STUDIES}", []).append(pk)
    rows = [
        {
            "uid": f"{hashlib.md5(name.encode()).hexdigest()[:16]}{_revision(manifest.release)}",
            "key": name,
            "reference": name if name.startswith("study") else None,
            "version_tag": manifest.release,
            "is_latest": manifest.release == NEWER,
        }
        for name in studies
    ]
    _insert(ln.Collection, rows)
    keys = dict(ln.Collection.objects.filter(version_tag=manifest.release).values_list("key", "id"))
    members = (
        {"collection_id": keys[name], "artifact_id": pk}
        for name, own in studies.items()
        for pk in own
    )
    _insert(ln.models.CollectionArtifact, members)


def _pin(manifest: Manifest) -> None:
    """Sources at the pins, each with an address."""
    import bionty as bt

    from runners.rules import vocabulary
    from runners.rules.reference import Reference

    reference = Reference(vocabulary.rules_of(manifest), REFERENCE)
    for (entity, name, organism), version in vocabulary.pinned_sources(
        reference, manifest.organisms
    ).items():
        key = {"entity": entity, "name": name, "organism": organism}
        if not bt.Source.objects.filter(**key, version=version).exists():
            bt.Source(**key, version=version, url=f"http://127.0.0.1/{name}").save()


def _insert(model: Any, rows: Iterable[dict[str, Any]]) -> None:
    """Rows past the model's constructor; what they leave out is as a constructor would have it."""
    from django.db import connection, transaction

    given = list(rows)
    if not given:
        return
    fields = model._meta.concrete_fields
    defaults = {field.attname: _default(field) for field in fields if not field.primary_key}
    columns = {field.attname: field.column for field in fields if not field.primary_key}
    names = ", ".join(f'"{column}"' for column in columns.values())
    places = ", ".join(["%s"] * len(columns))
    values = [[{**defaults, **row}[name] for name in columns] for row in given]
    # one transaction, else each row waits for the disk
    with transaction.atomic(), connection.cursor() as cursor:
        statement = f'insert into "{model._meta.db_table}" ({names}) values ({places})'
        cursor.executemany(statement, values)


def _drop(model: Any, **which: Any) -> None:
    """Takes rows away past LaminDB, which would ask what becomes of their files."""
    model.objects.filter(**which)._raw_delete("default")


def _default(field: Any) -> Any:
    from django.db import connection

    if field.attname in ("created_at", "updated_at"):
        return datetime.now(UTC).isoformat()
    if field.attname in ("created_by_id", "branch_id", "created_on_id", "space_id"):
        return 1
    value = field.get_default() if field.has_default() else None
    if value is None and not field.null:
        return False if "Boolean" in type(field).__name__ else ""
    return field.get_db_prep_save(value, connection)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile, over whichever connection."""
    sent: list[str] = []
    execute = CursorWrapper.execute

    def noted(self: CursorWrapper, sql: str, params: Any = None) -> Any:
        sent.append(sql)
        return execute(self, sql, params)

    with patch.object(CursorWrapper, "execute", noted):
        yield sent


def connect() -> None:
    """The instance of this place, in this process."""
    connection.connect(INSTANCE)


assert set(REGISTRIES) == set(RULES.labelled())

"""Questions about artifacts and what they are linked to, which `odd_records` asks."""

from datetime import date
from pathlib import Path
from typing import Any

import lamindb as ln
from odd_collections import LATER, TRASH, Question, copied, failure, h5ads, study

from runners.census.publications import Publication
from runners.records.snapshot import SOMA
from runners.registry import annotations, artifacts, locations
from runners.registry.revisions import Neighbours, neighbours
from runners.registry.storage import Stats
from runners.sample.datasets import NEWER, OLDER


def one_of_a_release_for_a_dataset() -> Any:
    """Of several artifacts of a dataset and release, one in sight counts, of those the newest; none
    of a file whose name only ends so.
    """
    (first, *_), release = h5ads(NEWER.version), NEWER.version
    name = first.key.rpartition("/")[2].removesuffix(".h5ad")
    shown = copied(first, 1)
    copied(first, 2, branch_id=TRASH)
    copied(first, 3, version_tag=LATER)
    copied(first, 4, version_tag="hers", key=f"a/cell-census/{name}.h5ad", _real_key=None)
    copied(first, 5, version_tag=None, key=f"a/cell-census/my-{name}.h5ad", _real_key=None)
    rows = artifacts.known([name, "none"])
    chosen = [
        artifacts.registered(release)[name],
        artifacts.of_release(rows[name], release),
        artifacts.registered_otherwise(rows[name], first.address, LATER),
        artifacts.registered_otherwise(rows[name], first.address, release),
    ]
    others = artifacts.registered_otherwise(rows[name][:1], first.address, release)
    of_release = {file.key.rpartition("/")[2].removesuffix(".h5ad") for file in h5ads(release)}
    return [
        [c.uid == shown.uid for c in chosen[:3]],
        [chosen[3].version_tag, others],
        [len(rows[name]), list(rows["none"]), artifacts.of_datasets([]).count()],
        artifacts.registered(release).keys() == of_release,
    ]


def one_of_a_key_whose_file_lies_elsewhere() -> Any:
    """A person's artifact of a new file's key, and a file of other content: two, each the latest of
    its own chain.
    """
    (first, *_), address = h5ads(NEWER.version), "{root}/cell-census/{release}/h5ads/odd.h5ad"
    address = address.format(root=first.storage.root, release=NEWER.version)
    key = address.removeprefix(f"{first.storage.root}/")
    hers = ln.Artifact.objects.get(pk=first.pk)
    hers.pk, hers.uid, hers.hash, hers.version_tag = None, "odd-key000000000000", "hers", None
    hers.key, hers._real_key = key, "elsewhere/odd.h5ad"
    ln.Artifact.objects.bulk_create([hers])
    place = neighbours(artifacts.known(["odd"])["odd"], NEWER.version)
    stats: Stats = {"size": 3, "hash": "ours", "hash_type": "md5"}
    new = artifacts.NewArtifact(address, first.storage, stats, "Odd", 5, place)
    artifacts.register([new], NEWER.version)
    fields = ("hash", "_hash_type", "is_latest")
    made = ln.Artifact.objects.filter(key=key).order_by("id")
    return [list(made.values_list(*fields)), len({each.stem_uid for each in made})]


def files_of_virtual_keys() -> Any:
    """What has a virtual key, as an uploaded file has, is the Census's only where LaminDB knows
    another key, at which it lies.
    """
    found, store = [], locations.stores().first()
    places = (h5ads(NEWER.version)[0], locations.h5ads), (store, locations.stores)
    for number, (first, ours) in enumerate(places):
        key = first.address.removeprefix(f"{first.storage.root}/")
        own = {"key": key, "_real_key": None, "_key_is_virtual": True}
        copied(first, 10 * number, **own)
        linked = copied(first, 10 * number + 1, **{**own, "key": "hers", "_real_key": key})
        plain = copied(first, 10 * number + 2, **{**own, "_key_is_virtual": False})
        made = ours().filter(address=first.address).order_by("id")
        found.append([row.pk for row in made] == [first.pk, linked.pk, plain.pk])
    return found


def file_in_its_chain() -> Any:
    """A revision of a dataset's artifact, and whose flag it takes."""
    first = h5ads(NEWER.version)[0]
    name, root = Path(first.key).stem, first.storage.root
    address = f"{root}/cell-census/{LATER}/h5ads/{name}.h5ad"
    stats: Stats = {"size": 3, "hash": "ours", "hash_type": "md5-etag"}
    place = neighbours(artifacts.known([name])[name], LATER)
    new = artifacts.NewArtifact(address, first.storage, stats, "Odd", 5, place)
    (made,) = artifacts.register([new], LATER)
    row = locations.h5ads().get(pk=made.pk)
    first.refresh_from_db()
    fields = ("version_tag", "description", "n_observations", "size", "_hash_type", "run", "otype")
    return [
        [row.address == address, row.stem_uid == first.stem_uid],
        [row.is_latest, first.is_latest],
        [getattr(row, field) for field in fields],
    ]


def file_that_comes_late() -> Any:
    """An artifact of a dataset that only a later release has: below it, in its chain."""
    first = h5ads(NEWER.version)[0]
    key = f"cell-census/{LATER}/h5ads/late.h5ad"
    later = copied(first, 1, version_tag=LATER, key=key, _real_key=None)
    address = f"{first.storage.root}/cell-census/{NEWER.version}/h5ads/late.h5ad"
    stats: Stats = {"size": 3, "hash": "late", "hash_type": "md5"}
    place = neighbours(artifacts.known(["late"])["late"], NEWER.version)
    new = artifacts.NewArtifact(address, first.storage, stats, "Late", 5, place)
    (made,) = artifacts.register([new], NEWER.version)
    later.refresh_from_db()
    return [
        [made.stem_uid == later.stem_uid, made.uid == later.uid],
        [made.is_latest, later.is_latest],
        made.created_at < later.created_at,
    ]


def file_of_a_person() -> Any:
    """Which of the artifacts that a person has made of a file becomes the release's, and as what;
    neither one of another version, nor with a schema, nor hidden, nor one that revises another, nor
    one in whose stead another chain is continued.
    """
    first, schema = h5ads(NEWER.version)[0], ln.Schema.objects.first()
    bare: dict[str, Any] = {
        "version_tag": None,
        "schema": None,
        "description": None,
        "n_observations": None,
    }
    cases: list[tuple[dict[str, Any], Neighbours]] = [
        ({}, Neighbours()),
        ({"description": "hers", "n_observations": 7}, Neighbours()),
        ({"version_tag": "hers"}, Neighbours()),
        ({"schema": schema}, Neighbours()),
        ({"branch_id": TRASH}, Neighbours()),
        ({"uid": f"{first.stem_uid}odd1"}, Neighbours()),
        ({}, Neighbours(first)),
    ]
    found = []
    for number, (fields, place) in enumerate(cases):
        hers = copied(first, number, **{**bare, **fields})
        adopted = artifacts.adopted(hers, LATER, "Odd", 5, place)
        hers.refresh_from_db()
        told = [hers.version_tag, hers.description, hers.n_observations]
        found.append([adopted == hers, told])
    return [found, ln.Artifact.objects.filter(version_tag=LATER).count()]


def storages_of_addresses() -> Any:
    """Which records of storage are made of roots: none of what lies in one, and none's own; one of
    a bucket or folder whose name only begins as another's.
    """
    root = h5ads(NEWER.version)[0].storage.root
    others = ("s3://odd-bucket-west", "/odd/folder-west")
    before = set(ln.Storage.objects.values_list("pk", flat=True))
    for each in (root, f"{root}/within", "s3://odd-bucket", "/odd/folder", *others):
        artifacts.ensure_storage(each, "us-west-2")
    made = ln.Storage.objects.exclude(pk__in=before).order_by("root")
    fields = ("root", "type", "region", "instance_uid")
    twice = artifacts.storage_root("/a/cell-census/b/cell-census/c")
    lost = failure(lambda: artifacts.storage_root("/a/b"))
    return [list(made.values_list(*fields)), {len(row.uid) for row in made} == {12}, twice, lost]


def stores_of_releases() -> Any:
    """The row of a release's store: that of the release, or a maintainer's at its place, which gets
    what it lacks; else a new one at its place in the chain.
    """
    older, newer = (locations.stores().get(version_tag=r) for r in (OLDER.version, NEWER.version))
    both = ln.Artifact.objects.filter(pk__in=[older.pk, newer.pk]).order_by("id")
    everything = locations.stores().order_by("created_at")
    fields, found = ("version_tag", "otype", "branch_id", "is_latest"), []
    elsewhere = copied(newer, 1, version_tag=None, key="a/cell-census/x/soma", _real_key=None)
    lacking = {"version_tag": None, "otype": None}
    moved = {"key": "a/soma", "_real_key": None, "hash": "odd"}
    for fields_of_newer in ({"branch_id": TRASH}, lacking, moved):
        both.filter(pk=newer.pk).update(**fields_of_newer)
        both.filter(pk=older.pk).update(branch_id=TRASH)  # its chain is continued all the same
        artifacts.register_store(newer.address, release=NEWER.version)
        found.append(list(everything.exclude(pk=elsewhere.pk).values_list(*fields)))
    both.filter(pk=older.pk).update(version_tag="hers", branch_id=1, hash="odd too")
    artifacts.register_store(older.address, release=OLDER.version)
    rows = everything.exclude(pk__in=[elsewhere.pk])
    told = list(rows.values_list(*fields, "description"))
    elsewhere.refresh_from_db()
    return [found, told, len({row.stem_uid for row in rows}), elsewhere.version_tag, SOMA]


def stores_on_both_sides() -> Any:
    """Between which stores a release's stands: those of the nearest releases; a hidden one only
    where no other is earlier.
    """
    newer = locations.stores().get(version_tag=NEWER.version)
    for number, release in enumerate(("2019-01-15", LATER, "2021-05-15")):
        key = f"a/cell-census/{release}/soma"
        copied(newer, number, version_tag=None, key=key, _real_key=None)
    places = locations.stores().order_by("place")

    def neighbours_of(release: str) -> list[str | None]:
        found = artifacts._neighbouring_stores(release)
        addresses = dict(places.values_list("pk", "place"))
        return [row and addresses[row.pk].split("/")[2] for row in found]

    told = [neighbours_of(release) for release in (OLDER.version, LATER, "2021-03-15")]
    places.filter(place__contains=LATER).update(branch_id=TRASH)
    told += [neighbours_of(release) for release in ("2020-09-15", "2021-03-15")]
    places.filter(place__lt=f"/cell-census/{LATER}").update(branch_id=TRASH)
    return [*told, neighbours_of("2021-03-15")]


def references_of_studies() -> Any:
    """A study's reference by its DOI, one in sight before one in the trash; another's by its page;
    and one that two studies share.
    """
    files = h5ads(OLDER.version)[:3]
    gone = ln.Reference(name="Gone", doi="10.1/odd", _skip_validation=True).save()
    ln.Reference.objects.filter(pk=gone.pk).update(branch_id=TRASH)
    hers = ln.Reference(name="Hers", doi="10.1/odd", _skip_validation=True).save()
    named = ln.Reference(name="Odd", _skip_validation=True).save()
    studies = [
        study("Odd", "10.1/odd"),
        study("Odd", collection_id="2"),
        study("Third", "10.1/odd"),
    ]
    of = {file.pk: own for file, own in zip(files, studies, strict=True)}
    link = ln.Artifact.references.through
    feature = ln.Feature.objects.first()
    link.objects.bulk_create([link(artifact=files[0], reference=hers, feature=feature)])
    before = set(link.objects.values_list("id", flat=True))
    published = {"2": Publication(text="its text", published=date(2020, 2, 3))}
    for _ in range(2):
        annotations.attach_references(of, published)
    new = link.objects.exclude(id__in=before).order_by("artifact_id")
    found = dict(new.values_list("artifact_id", "reference_id"))
    made = ln.Reference.objects.get(pk=found[files[1].pk])
    same = [found[files[0].pk] == hers.pk, found[files[2].pk] == hers.pk, made.pk == named.pk]
    both = [study("One", "10.2/odd"), study("Other", "10.2/odd")]
    annotations.attach_references(dict(zip(of, both, strict=False)), {})
    shared = ln.Reference.objects.filter(doi="10.2/odd").count()
    told = [made.name, made.url, made.doi, made.text, str(made.date)]
    return [new.count(), same, told, shared]


def reference_by_any_form_of_its_doi() -> Any:
    """Which reference is a study's, whose DOI people write as LaminDB lets them; and one of the
    study's own form before an older one, unless it is in the trash.
    """
    (file, *_), found = h5ads(OLDER.version), []
    forms = ("10.9/OdD-{}", "https://doi.org/10.9/odd-{}", "http://dx.doi.org/10.9/Odd-{}",
             "doi:10.9/odd-{}", "DOI:10.9/ODD-{}")  # fmt: skip
    link = ln.Artifact.references.through.objects.filter(artifact=file, feature=None)
    before = list(link.values_list("id", flat=True))
    for number, form in enumerate(forms):
        hers = ln.Reference(name=f"Hers {number}", doi=form.format(number)).save()
        annotations.attach_references({file.pk: study("Odd", f"10.9/odd-{number}")}, {})
        found.append(link.exclude(id__in=before).latest("id").reference_id == hers.pk)
    ours = ln.Reference(name="Ours", doi="10.9/odd-0", _skip_validation=True)
    other = ln.Reference(name="Other", doi="10.10.9/odd-0", _skip_validation=True)
    ln.Reference.objects.bulk_create([other, ours])
    for branch in (1, TRASH):
        ln.Reference.objects.filter(pk=ours.pk).update(branch_id=branch)
        link.exclude(id__in=before).delete()
        annotations.attach_references({file.pk: study("Odd", "10.9/odd-0")}, {})
        found.append(link.exclude(id__in=before).get().reference.name)
    both = [study("One", "10.8/odd"), study("Other", "10.8/ODD")]
    of = dict(zip([each.pk for each in h5ads(OLDER.version)], both, strict=False))
    annotations.attach_references(of, {})
    made = ln.Reference.objects.filter(doi__iexact="10.8/odd")
    return [found, list(made.values_list("doi", flat=True))]


ARTIFACTS: tuple[Question, ...] = (
    one_of_a_release_for_a_dataset,
    one_of_a_key_whose_file_lies_elsewhere,
    file_that_comes_late,
    files_of_virtual_keys,
    file_in_its_chain,
    file_of_a_person,
    storages_of_addresses,
    stores_of_releases,
    stores_on_both_sides,
    references_of_studies,
    reference_by_any_form_of_its_doi,
)

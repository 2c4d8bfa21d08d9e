"""Questions about collections, which `odd_records` asks, and what its others need as well."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import lamindb as ln
from django.db import transaction
from filled import counted
from lamindb_setup.core.hashing import hash_set

from runners.census.store import CensusDataset
from runners.contract import ContractError
from runners.registry import annotations, collections, locations
from runners.registry.branches import MAIN
from runners.registry.collections import TOP_LEVEL
from runners.registry.revisions import restored_in_chain
from runners.sample.datasets import NEWER, OLDER

LATER, LAST, NEXT = "2021-01-15", "2021-02-15", "2021-03-15"
TRASH = -1
Question = Callable[[], Any]


def h5ads(release: str) -> list[Any]:
    return list(locations.h5ads().filter(version_tag=release, branch_id=1).order_by("key"))


def copied(artifact: Any, number: int, **fields: Any) -> Any:
    """Another artifact, of other content, saved with these fields; `number` is its own."""
    other = ln.Artifact.objects.get(pk=artifact.pk)
    other.pk, other.uid, other.hash = None, f"odd{number:013}0000", f"odd {number}"
    for name, value in fields.items():
        setattr(other, name, value)
    ln.Artifact.objects.bulk_create([other])
    return other


def study(name: str, doi: str = "", collection_id: str = "") -> CensusDataset:
    return CensusDataset("d", "d-v1", "T", "d.h5ad", collection_id or f"id of {name}", name, doi, 1)


def failure(question: Question) -> str:
    """What stops the question, without uids."""
    try:
        with transaction.atomic():
            question()
    except ContractError as error:
        return re.sub(r"uid \w+", "uid", str(error))
    return ""


def hash_of_a_completed_collection() -> Any:
    """A study's collection after its first file, after one more alone, as a part of a release adds
    it, after the others, and told once more.
    """
    files, found = h5ads(NEWER.version)[:3], []
    wanted = {file.hash for file in files}
    without_hash = copied(files[0], 1, hash=None, version_tag=LATER)
    for some in (files[:1], files[1:2], [*files, without_hash], files):
        collections.ensure_studies([(study("Odd"), some)], release=LATER)
        (made,) = ln.Collection.objects.filter(key="Odd")
        members = set(made.artifacts.exclude(hash=None).values_list("hash", flat=True))
        whole = made.hash == hash_set(members)
        found.append([len(members), whole, members == wanted, made.version_tag])
    return found


def hash_after_a_person_s_removals() -> Any:
    """Of a collection of three files from which a person has removed one, or all, when it is told
    of some: how many it has then, and whether the hash is theirs.
    """
    files, found = h5ads(NEWER.version)[:3], list[list[object]]()
    one, others = files[:1], files[1:]
    for removed, told in ((one, files), (files, one), (files, files), (one, others), ([], files)):
        name = f"Odd {len(found)}"
        collections.ensure_studies([(study(name), files)], release=LATER)
        made = ln.Collection.objects.get(key=name)
        link = ln.models.CollectionArtifact
        link.objects.filter(collection=made, artifact__in=removed).delete()
        collections.ensure_studies([(study(name), told)], release=LATER)
        made.refresh_from_db()
        members = set(made.artifacts.values_list("hash", flat=True))
        found.append([len(members), made.hash == hash_set(members)])
    return found


def hash_that_another_has() -> Any:
    """Of two releases' collections of the same key and files the first has the hash."""
    files = h5ads(NEWER.version)[:2]
    for release in (LATER, LAST):
        collections.ensure_studies([(study("Odd"), files)], release=release)
    made = ln.Collection.objects.filter(key="Odd").order_by("version_tag")
    fields = ("version_tag", "is_latest", "hash")
    return [[tag, latest, digest is not None] for tag, latest, digest in made.values_list(*fields)]


def collections_in_any_order() -> Any:
    """The chain of three releases' collections, whichever comes first: by release, which is the
    latest, and LaminDB's order.
    """
    found = set()
    releases, files = (LATER, LAST, NEXT), h5ads(NEWER.version)[:2]
    for number, order in enumerate(permutations(releases)):
        name = f"Odd {number}"
        for release in order:
            collections.ensure_studies([(study(name), files)], release=release)
        made = ln.Collection.objects.filter(key=name).order_by("created_at")
        chain = tuple(made.values_list("version_tag", "is_latest"))
        found.add((len({row.stem_uid for row in made}), len({row.uid for row in made}), chain))
    return sorted(found)


def names_of_two_studies() -> Any:
    """Two studies of a name, one of a name that a person has given to a collection, and one of the
    name of another without files.
    """
    files = h5ads(NEWER.version)[:2]
    ln.Collection([files[0]], key="Hers", skip_hash_lookup=True, run=False).save()
    one, other = (study("Odd", doi, number) for doi, number in (("10.1/odd", "1"), ("", "2")))
    empty, full = (study("Empty", collection_id=number) for number in ("3", "4"))
    filled = [(own, files) for own in (one, other, study("Hers"), full)]
    collections.ensure_studies([(empty, []), *filled], release=LATER)
    made = ln.Collection.objects.filter(version_tag=LATER).order_by("key")
    return list(made.values_list("key", "description"))


def names_that_are_too_long() -> Any:
    """Of studies whose names are as long as LaminDB's tables allow, longer, and begin as another's:
    the keys of two releases' collections and the references' names, from their 240th character on.
    """
    files = h5ads(NEWER.version)[:3]
    names = ("n" * 255, "l" * 256, "l" * 300)
    studies = [study(name, collection_id=f"id {n}") for n, name in enumerate(names)]
    for release in (LATER, LAST):
        own = [(each, [file]) for each, file in zip(studies, files, strict=True)]
        collections.ensure_studies(own, release=release)
        annotations.attach_references({f.pk: s for s, (f,) in own}, {})
    made = ln.Collection.objects.filter(version_tag__in=[LATER, LAST]).order_by("id")
    pages = [annotations.PAGE.format(collection_id=each.collection_id) for each in studies]
    references = ln.Reference.objects.filter(url__in=pages).order_by("id")
    texts = [*made.values_list("key", flat=True), *references.values_list("name", flat=True)]
    return [[len(text), text[240:]] for text in texts]


def two_of_a_release() -> Any:
    """Of two collections of a release and study the one in sight counts; one that a person has
    given the study's id, and another meaning of it, is none.
    """
    files = h5ads(NEWER.version)[:2]
    ours, lab = {"reference": "id of Odd", "reference_type": "lab"}, study("Odd")
    hers = ln.Collection([files[0]], key="Hers", run=False, skip_hash_lookup=True, **ours).save()
    ln.Collection.objects.filter(pk=hers.pk).update(version_tag=LATER)
    collections.ensure_studies([(lab, files[:1])], release=LATER)
    hidden = ln.Collection.objects.get(key="Odd")
    shown = ln.Collection.objects.get(key="Odd")
    shown.pk, shown.uid, shown.hash = None, f"{shown.stem_uid}odd2", None
    ln.Collection.objects.bulk_create([shown])
    ln.Collection.objects.filter(pk=hidden.pk).update(branch_id=TRASH)
    collections.ensure_studies([(lab, files)], release=LATER)
    rows = ln.Collection.objects.filter(pk__in=[hers.pk, hidden.pk, shown.pk]).order_by("id")
    return [[row.branch_id, row.artifacts.count()] for row in rows]


def revised_with_a_schema() -> Any:
    """A person's schema of an earlier release's collection is neither the next one's nor lost."""
    files = h5ads(NEWER.version)[:2]
    collections.ensure_studies([(study("Odd"), files)], release=LATER)
    schema = ln.Schema.objects.first()
    ln.Collection.objects.filter(key="Odd").update(schema=schema)
    collections.ensure_studies([(study("Odd"), files)], release=LAST)
    made = ln.Collection.objects.filter(key="Odd").order_by("version_tag")
    return [row.schema == schema for row in made]


def statements_of_studies() -> Any:
    """How many make the collections of two studies, and of nine; and look at them once more."""
    files, numbers = h5ads(NEWER.version)[:2], []
    for count in (2, 9):
        studies = [(study(f"Odd {count} {number}"), files) for number in range(count)]
        for _ in range(2):
            with counted() as sent:
                collections.ensure_studies(studies, release=LATER)
            numbers.append(len(sent))
    return [numbers[2] - numbers[0], numbers[3] - numbers[1]]


def studies_of_datasets() -> Any:
    """The datasets of each study in their order, and the studies by their ids."""
    datasets = [replace(study(name), dataset_id=str(number)) for number, name in enumerate("baab")]
    found = collections.by_study(datasets)
    return [[name, [one.dataset_id for one in own]] for name, own in found.items()]


def brought_back() -> Any:
    """Of three releases' collections one in the trash: it comes to main, and the newest of the
    chain in sight is the latest alone, whichever had the flag. Not so of one that was in sight.
    """
    files, found = h5ads(NEWER.version)[:2], []
    for release in (LATER, LAST, NEXT):
        collections.ensure_studies([(study("Odd"), files)], release=release)
    others = ln.Collection.objects.exclude(key="Odd").filter(is_latest=True)
    chain, before = ln.Collection.objects.filter(key="Odd").order_by("version_tag"), others.count()
    first, second, newest = chain
    # of two of a moment the one that was made last is the newest
    chain.filter(pk=newest.pk).update(created_at=second.created_at)
    for hidden in ([first], [second], [newest], [first, newest], []):
        chain.update(is_latest=True, branch_id=MAIN)
        chain.filter(pk=newest.pk).update(is_latest=False)
        chain.filter(pk__in=[row.pk for row in hidden]).update(branch_id=TRASH)
        back = restored_in_chain(ln.Collection.objects.get(pk=(hidden or [second])[0].pk))
        found.append([back.is_latest, list(chain.values_list("branch_id", "is_latest"))])
    return [found, others.count() == before]


def put_into_the_trash() -> Any:
    """A release's collection that somebody has put there comes back where the release is
    registered again.
    """
    wanted = [(study("Odd"), h5ads(NEWER.version)[:2])]
    collections.ensure_studies(wanted, release=LATER)
    ln.Collection.objects.filter(key="Odd").update(branch_id=TRASH)
    collections.ensure_studies(wanted, release=LATER)
    return list(ln.Collection.objects.filter(key="Odd").values_list("branch_id", "is_latest"))


def newest_by_its_moment() -> Any:
    """The latest of a chain is the one that was made last, whatever its id."""
    files = h5ads(NEWER.version)[:2]
    for release in (LATER, LAST):
        collections.ensure_studies([(study("Odd"), files)], release=release)
    first, last = ln.Collection.objects.filter(key="Odd").order_by("id")
    moment, chain = last.created_at + timedelta(days=1), ln.Collection.objects.filter(key="Odd")
    chain.filter(pk=first.pk).update(created_at=moment, branch_id=TRASH)
    restored_in_chain(ln.Collection.objects.get(pk=first.pk))
    return list(chain.order_by("id").values_list("is_latest", flat=True))


def collection_of_everything() -> Any:
    """A release's, in the chain of the earlier ones; not another collection of the release's."""
    files = h5ads(NEWER.version)[:2]
    before = ln.Collection.objects.get(key=TOP_LEVEL, version_tag=NEWER.version)
    collections.ensure_studies([(study("Odd"), files)], release=LATER)
    there = [collections.exist(release) for release in (NEWER.version, LATER)]
    for some in (files[:1], files):
        collections.ensure_top_level(some, release=LATER)
    there.append(collections.exist(LATER))
    made = ln.Collection.objects.get(key=TOP_LEVEL, version_tag=LATER)
    before.refresh_from_db()
    ln.Collection.objects.filter(key=TOP_LEVEL).update(version_tag="v1")  # are a person's then
    collections.ensure_top_level(files, release=LAST)
    first = ln.Collection.objects.get(key=TOP_LEVEL, version_tag=LAST)
    return [
        there,
        [made.stem_uid == before.stem_uid, made.is_latest, before.is_latest],
        [made.reference, made.reference_type, made.description],
        set(made.artifacts.all()) == set(files),
        first.stem_uid == before.stem_uid,
    ]


def taken(name: str, *later_tags: str) -> Any:
    """A study's collection of the older release that LaminDB's constructor has taken for others:
    it has their artifacts, too, and is called by the last.
    """
    files = h5ads(OLDER.version)[:2]
    collections.ensure_studies([(study(name, "10.1/odd"), files)], release=OLDER.version)
    row = ln.Collection.objects.get(key=name)
    for tag in later_tags:
        hold(row, *ln.Artifact.objects.filter(version_tag=tag, suffix=".h5ad").order_by("key")[:2])
    ln.Collection.objects.filter(pk=row.pk).update(version_tag=later_tags[-1])
    return row


def hold(row: Any, *artifacts: Any) -> None:
    """Links artifacts to a collection, and does no more."""
    link = ln.models.CollectionArtifact
    link.objects.bulk_create(link(collection=row, artifact=artifact) for artifact in artifacts)


def given_back() -> Any:
    """Three collections that later releases have taken, among others that hold what isn't theirs: a
    person's, one of a tag that is no release, and two releases' own with a file too many.
    """
    old, own = h5ads(OLDER.version), h5ads(NEWER.version)[:3]
    for number, file in enumerate(own):
        copied(file, number, version_tag=LATER)
    last = copied(own[0], 9, version_tag=LAST)
    first, second = taken("Odd", NEWER.version, LATER), taken("Odd too", LATER)
    collections.ensure_studies([(study("Odd", "10.1/odd"), [last])], release=LAST)
    hers = ln.Collection([old[0]], key="Hers", skip_hash_lookup=True, run=False).save()
    tagged = taken("Tagged", LATER)
    ln.Collection.objects.filter(pk=hers.pk).update(version_tag=LATER)
    ln.Collection.objects.filter(pk=tagged.pk).update(version_tag="v2")
    studies = ln.Collection.objects.filter(reference_type=collections.REFERENCE_TYPE)
    of_both = studies.filter(version_tag=OLDER.version, description__isnull=False).values(
        "reference"
    )
    hold(studies.filter(version_tag=NEWER.version, reference__in=of_both)[0], old[0])
    every = ln.Collection.objects.get(key=TOP_LEVEL, version_tag=NEWER.version)
    hold(every, ln.Artifact.objects.filter(version_tag=LATER).first())
    ln.Collection.objects.filter(pk=every.pk).update(version_tag=LATER)
    note = copied(own[0], 7, version_tag="1", key="note.h5ad", _real_key=None)
    unversioned = copied(own[1], 8, version_tag=None)
    for row in ln.Collection.objects.filter(key="Odd", version_tag=LAST):
        hold(row, note, unversioned)
    third = taken("Odd again", NEXT)
    hold(third, unversioned)  # the only one beside the older release's
    names = {first.uid: "first", second.uid: "second", third.uid: "third", every.uid: "every"}

    def asked() -> list[Any]:
        releases = (OLDER.version, NEWER.version, LATER, LAST, NEXT)
        found = map(collections.misplaced, releases)
        return [{names.get(uid, uid): held for uid, held in each.items()} for each in found]

    told = [asked()]
    for release in (NEWER.version, LATER, NEXT):
        collections.give_back(release)
        told.append([sorted(each) for each in asked()])
    return [told, [chain(key) for key in ("Odd", "Odd too", "Odd again")]]


def chain(key: str) -> list[Any]:
    """What the collections of a key are, in LaminDB's order, and whether they are one chain."""
    rows = list(ln.Collection.objects.filter(key=key).order_by("created_at"))
    found: list[Any] = [len({row.stem_uid for row in rows})]
    for row in rows:
        held = list(row.artifacts.values_list("version_tag", "hash"))
        is_whole = row.hash == hash_set({digest for _, digest in held})
        releases = sorted({tag for tag, _ in held if tag})
        found.append([row.version_tag, row.is_latest, releases, len(held), is_whole])
    told = {(row.reference, row.reference_type, row.description) for row in rows}
    return [*found, sorted(map(list, told))]


COLLECTIONS: tuple[Question, ...] = (
    hash_of_a_completed_collection,
    hash_after_a_person_s_removals,
    hash_that_another_has,
    collections_in_any_order,
    names_of_two_studies,
    names_that_are_too_long,
    two_of_a_release,
    revised_with_a_schema,
    statements_of_studies,
    studies_of_datasets,
    brought_back,
    put_into_the_trash,
    newest_by_its_moment,
    collection_of_everything,
    given_back,
)

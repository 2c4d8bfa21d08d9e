"""Questions about what a run writes as its own, which `odd_records` asks."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from unittest.mock import patch

import lamindb as ln
from django.db.transaction import atomic
from filled import counted
from full_disk import files_that_cannot_grow
from instances import INSTANCE, REFERENCE
from lamindb_setup.core.hashing import hash_set
from odd_collections import LAST, LATER, NEXT, Question, copied, failure, h5ads, study, taken

from runners import rules
from runners.census.store import CensusDataset
from runners.contract import Action, Finding, Manifest, Reason, RunRequest, Storage
from runners.records.baseline import Baseline
from runners.records.proof import Opening, kept
from runners.records.transaction_log import Part, TransactionRecord, expanded
from runners.registry import artifacts, collections, exclusive, lock, proofs, rows, tracking
from runners.registry.recorder import Recorder
from runners.registry.revisions import Neighbours
from runners.registry.storage import Stats, stats_of
from runners.registry.writer import Writer
from runners.rollback import whole
from runners.rules.reference import Reference
from runners.run.fingerprint import Fingerprint
from runners.run.journal import JOURNAL, RECORDED, START, Journal, JournalLines
from runners.run.request import REQUEST, RunFolder
from runners.sample.datasets import NEWER
from runners.validation.validate import Annotation, Validation
from runners.validation.validated import ValidatedDataset
from runners.verification import gather

RULES = rules.load(NEWER.dataset_schema_version)


def manifest(release: str = LATER, previous: str | None = None) -> Manifest:
    """Of a release that is nowhere."""
    folder = f"{h5ads(NEWER.version)[0].storage.root}/cell-census/{release}"
    return Manifest(
        release=release,
        previous=previous,
        census_schema_version="2.4.0",
        dataset_schema_version=NEWER.dataset_schema_version,
        dataset_count=9,
        storage=Storage(soma=f"{folder}/soma", h5ads=f"{folder}/h5ads"),
        organisms=("Homo sapiens",),
    )


def request(run_id: str, **fields: Any) -> RunRequest:
    own = {"release": LATER, "manifest": "unread.toml", "instance": INSTANCE}
    return RunRequest(run_id=run_id, action=Action.INGEST, **{**own, **fields})


def dataset(name: str, number: int = 0, *findings: Finding) -> ValidatedDataset:
    """One that is nowhere, with an annotation; each of a study of its own."""
    label = Annotation("suspension_type", "ULabel", "nucleus", None)
    return ValidatedDataset(
        CensusDataset(name, name, name, f"{name}.h5ad", name, name, "", 1),
        Validation(findings, (), (label,), {}),
        size=number,
        etag=f"{number:032x}",
    )


def statements_of_a_batch() -> Any:
    """How many write two datasets, and nine, each of a study of its own; of which none reads links
    of the new artifacts.
    """
    writer = Writer(manifest(), Reference(RULES, REFERENCE), {})
    writer.prepare()
    numbers, read = [], []
    for count in (1, 2, 9):  # the first time LaminDB asks for more
        batch = [dataset(f"batch-{count}-{number}", number) for number in range(count)]
        with counted() as sent:
            writer.write(batch)
        links = "artifactulabel", "artifactreference", "artifactschema"
        numbers.append(len(sent))
        read += [s for s in sent if s.startswith("SELECT") and any(f"_{w}" in s for w in links)]
    return [numbers[1] == numbers[2], numbers[1] <= 20, read]


def rows_of_a_batch() -> Any:
    """What is written of a valid dataset and of one with a finding: both are registered, and one is
    annotated. Done again, it is the same.
    """
    writer = Writer(manifest(), Reference(RULES, REFERENCE), {})
    writer.prepare()
    before = ln.Artifact.objects.exclude(schema=None).count()
    batch = [dataset("good"), dataset("wrong", 1, Finding(reason=Reason.GENE_UNKNOWN))]
    outcomes = [[str(one.outcome) for one in writer.write(batch)] for _ in range(2)]
    good, wrong = ln.Artifact.objects.filter(version_tag=LATER).order_by("key")
    links = [list(row.ulabels.through.objects.filter(artifact=row)) for row in (good, wrong)]
    slots = ln.models.ArtifactSchema.objects.filter(artifact__in=[good, wrong]).order_by("slot")
    of_slots = ln.models.ArtifactSchema.objects.filter(artifact=h5ads(NEWER.version)[0])
    expected = dict(of_slots.values_list("slot", "schema"))
    return [
        outcomes,
        [[[link.ulabel.name, link.feature.name] for link in own] for own in links],
        [
            list(slots.values_list("artifact__key", "slot")),
            {s.slot: s.schema_id for s in slots} == expected,
        ],
        [good.schema and good.schema.otype, wrong.schema],
        ln.Artifact.objects.exclude(schema=None).count() - before,
        [row.references.get().name for row in (good, wrong)],
    ]


def file_that_was_replaced() -> Any:
    """Files that are of other content when they are done again: two that had failed, of which one
    does again, and one that had not; one that is registered from another bucket; and one of whose
    new content a person has an artifact. Then, what the collections' hashes are of.
    """
    wrong, names = Finding(reason=Reason.GENE_UNKNOWN), ["mended", "wrong", "fine", "moved", "hers"]
    writer = Writer(manifest(), Reference(RULES, REFERENCE), {})
    writer.prepare()
    bad = [dataset(name, n, *[wrong] * (name != "fine")) for n, name in enumerate(names, 1)]
    new = [dataset(name, 10 + n, *[wrong] * (name == "wrong")) for n, name in enumerate(names, 1)]
    writer.write(bad)
    writer.collections([one.dataset for one in bad], is_whole=True)
    rows = {row.key.split("/")[-1]: row for row in ln.Artifact.objects.filter(version_tag=LATER)}
    ln.Artifact.objects.filter(pk=rows["moved.h5ad"].pk).update(key=f"a/{rows['moved.h5ad'].key}")
    stats = stats_of({"hers": (new[-1].size, new[-1].etag)})["hers"]
    copied(rows["hers.h5ad"], 1, hash=stats["hash"], version_tag=None)
    updates = []
    for _ in range(2):  # the second time nothing is changed
        with counted() as sent:
            writer.write([replace(one, n_observations=7) for one in new])
        updates.append(sum("SET" in s and '"size"' in s for s in sent))
    writer.collections([one.dataset for one in new], is_whole=True)
    fields = ("size", "hash", "_hash_type", "n_observations")
    now = {row.key.split("/")[-1]: row for row in ln.Artifact.objects.filter(version_tag=LATER)}
    kept = [name for name, row in rows.items() if row.hash == now[name].hash]
    mended = now["mended.h5ad"]
    expected = stats_of({"mended": (new[0].size, new[0].etag)})["mended"]
    made = ln.Collection.objects.filter(version_tag=LATER)
    digests = [set(row.artifacts.values_list("hash", flat=True)) for row in made]
    return [
        sorted(kept),
        [getattr(mended, field) for field in fields]
        == [expected["size"], expected["hash"], expected["hash_type"], 7],
        updates,
        [row.hash == hash_set(own) for row, own in zip(made, digests, strict=True)],
    ]


def outcomes_after_a_release_with_gaps() -> Any:
    """Of three datasets of the same version in all releases, and one of another, what comes of each
    where the instance has it of the previous release, of an older one, or of none.
    """
    held = {LATER: ["both", "other", "older"], LAST: ["both", "other"]}
    versions = {"both": "both", "older": "older", "none": "none", "other": "before"}
    numbers = {name: number for number, name in enumerate(versions)}
    for release, names in held.items():
        writer = Writer(manifest(release), Reference(RULES, REFERENCE), {})
        writer.prepare()
        writer.write([dataset(name, numbers[name]) for name in names])
    found = []
    for previous in (LAST, None):
        of_previous = versions if previous else {}
        writer = Writer(manifest(NEXT, previous), Reference(RULES, REFERENCE), of_previous)
        writer.prepare()
        written = writer.write([dataset(name, numbers[name]) for name in versions])
        found.append({one.dataset_id: str(one.outcome) for one in written})
    return found


def transform_of_its_code() -> Any:
    """Three versions of our code each find their own again, and a person's isn't in their chain."""
    ln.Transform(key="hers", kind="pipeline", source_code="hers").save()
    begun = [Fingerprint.of(NEWER.dataset_schema_version)] * 4
    begun[1:4:2] = [replace(begun[1], code=code) for code in ("another", "third")]
    made = [tracking._ensure_transform(fingerprint) for fingerprint in begun]
    chain = ln.Transform.objects.filter(key=tracking.TRANSFORM).order_by("id")
    fields = list(chain.values_list("version_tag", "is_latest"))
    return [
        [made[0].pk == made[2].pk, made[0].pk != made[1].pk, len({t.stem_uid for t in made})],
        fields == [(begun[0].code, False), ("another", False), ("third", True)],
    ]


def records_of_a_run() -> Any:
    """What a tracked run makes is its own and in its space; the run says what was asked for and
    how it ended. One that isn't tracked makes nobody's.
    """
    space = ln.Space(name="Atlas", uid="atlas0000000").save()
    (first, *_), tracked = h5ads(NEWER.version), request("odd", track=True, space="Atlas")
    unknown = failure(lambda: tracking.begin_tracking(request("odd", space="no"), manifest()))
    ln.Run(transform=ln.Transform(key="hers", kind="pipeline").save(), name="odd").save()
    owners, states = [], []
    try:
        for number, each in enumerate((tracked, request("other", track=True), request("none"))):
            ln.context._run = None  # each is a process of its own
            tracking.begin_tracking(each, manifest())
            release = f"2021-0{number + 1}-15"
            collections.ensure_studies([(study("Odd"), [first])], release=release)
            file = _new(f"{first.storage.root}/cell-census/{release}/h5ads/odd.h5ad", first.storage)
            artifacts.register([file], release)
            for registry in (ln.Collection, ln.Artifact):
                row = registry.objects.get(version_tag=release)
                owners.append([row.run and row.run.name, row.space == space])
            tracking.finish_tracking(completed=each == tracked)
        begun = ln.Run.objects.filter(transform__key=tracking.TRANSFORM)
        for run in begun.order_by("id"):
            states.append([run.name, run._status_code, run.finished_at is not None])
        run = begun.get(name="odd")
        ln.context._run = None
        tracking.begin_tracking(tracked, manifest())
        is_same = ln.context.run == run
    finally:
        ln.context._run = tracking._space = None
    asked = RunRequest.from_mapping(run.params["request"], source="run") == tracked
    told = [asked, run.entrypoint, run.space == space, sorted(run.params)]
    return [owners, states, is_same, told, unknown]


def _new(address: str, storage: Any) -> artifacts.NewArtifact:
    stats: Stats = {"size": 3, "hash": address, "hash_type": "md5"}
    return artifacts.NewArtifact(address, storage, stats, "Odd", 5, Neighbours())


def kept_of_runs() -> Any:
    """What the instance keeps of two runs of a release and one of another, among values that say
    the same of something else; then without one of them; then changed by somebody.
    """
    runs = [request("one"), request("two"), request("elsewhere", release=NEWER.version)]
    records = [
        TransactionRecord(number=n, part=Part.STORE, inserted={}, changed={}) for n in (1, 2)
    ]
    for run in runs:
        own = Opening(request=run, start={}, holdings=Baseline(releases={}, shared={}), since=1)
        proofs.keep(run, kept(records[0], "now"), own)
        proofs.keep(run, kept(records[1], "then"))
    values = ln.models.JsonValue.objects
    row = values.filter(value__run="one").order_by("id").first()
    hers = {"kind": "lab", "run": "one", "release": LATER}
    for number, value in enumerate((hers, row.value)):
        feature = ln.Feature.objects.first() if number else None
        values.bulk_create([ln.models.JsonValue(value=value, feature=feature, hash=f"{number}")])

    def asked() -> list[Any]:
        found = [proofs.kept_run(run.run_id) for run in runs]
        return [
            [sorted(proofs.runs_of(release)) for release in (LATER, NEWER.version)],
            [[run.opening and run.opening.request.run_id, [*run.transactions]] for run in found],
        ]

    told = asked()
    proofs.forget(["one"])
    told += [*asked(), values.filter(value__run="one").count()]
    row = values.filter(value__run="two", value__transaction__number=2).get()
    row.value["transaction"]["record"]["part"] = Part.DATASETS
    values.filter(pk=row.pk).update(value=row.value)
    return [*told, failure(lambda: proofs.kept_run("two"))]


def journal_that_a_run_goes_on_with() -> Any:
    """What a verification holds against a run that has written since its journal was read; and
    against one whose journal lacks that.
    """
    run, told = request("one"), []
    record = TransactionRecord(number=1, part=Part.STORE, inserted={}, changed={}, is_kept=True)
    with TemporaryDirectory() as root:
        folder = RunFolder(run, Path(root), JournalLines([]))
        with Journal(folder.folder / JOURNAL) as journal:
            at = journal.write(START)["at"]
            own = Baseline(releases={}, shared={})
            opening = Opening(request=run, start={"at": at}, holdings=own, since=1)
            proofs.keep(run, kept(record, at), opening)
            told.append(gather._shortage(folder))
            journal.write(RECORDED, **record.model_dump(mode="json"))
        told.append(gather._shortage(folder))
    return told


def collections_of_a_part() -> Any:
    """A part of a release makes no collection before a whole run has; then it adds to those, and
    makes that of a study whose first file it has. How many members each has, and whether its hash
    is theirs.
    """
    files = [copied(file, n, version_tag=LATER) for n, file in enumerate(h5ads(NEWER.version)[:3])]
    names, studies = [Path(file.key).stem for file in files], ("odd", "odd", "other")
    datasets = [
        CensusDataset(name, "v", "T", "p", study, study, "", 1)
        for name, study in zip(names, studies, strict=True)
    ]
    writer = Writer(manifest(), Reference(RULES, REFERENCE), {})
    made, told = ln.Collection.objects.filter(version_tag=LATER).order_by("id"), []
    for some, is_whole in ((datasets, False), (datasets[:1], True), (datasets[1:], False)):
        writer.collections(some, is_whole=is_whole)
        members = [set(row.artifacts.values_list("hash", flat=True)) for row in made.all()]
        rows = zip(made.all(), members, strict=True)
        told.append([[len(own), row.hash == hash_set(own)] for row, own in rows])
    return told


class Full(JournalLines):
    """A journal on a disk that is full."""

    def write(self, step: str, **facts: object) -> None:
        raise OSError(errno.ENOSPC, step)


@contextmanager
def uncommitted(_: object) -> Iterator[None]:
    """A transaction whose commit fails."""
    with atomic():
        yield
        raise ConnectionError


def recorded_transactions() -> Any:
    """What a transaction leaves that can't be journalled: no row. And five of a run, of which the
    first can't be committed, the next writes nothing, and the last only changes a row: the run's
    opening is kept with the first that writes, once.
    """
    run, told = request("odd"), list[Any]()
    lock.take_database_lock(run.run_id)
    opening = Opening(request=run, start={}, holdings=Baseline(releases={}, shared={}), since=1)
    recorder = Recorder(cast("Journal", Full([])))
    recorder.begin(run, opening)
    with suppress(OSError), recorder.transaction(Part.STORE):
        ln.ULabel(name="lost").save()
    with TemporaryDirectory() as root, Journal(Path(root) / JOURNAL) as journal:
        recorder = Recorder(journal)
        recorder.begin(run, opening)
        failing = patch.object(exclusive, "transaction_beside_others", uncommitted)
        with failing, suppress(ConnectionError), recorder.transaction(Part.STORE):
            ln.ULabel(name="lost").save()
        for names in ((), ("one",), ("two",)):
            with recorder.transaction(Part.STORE):
                for name in names:
                    ln.ULabel(name=f"kept {name}").save()
        own = ln.ULabel.objects.filter(name="kept one")
        with recorder.transaction(Part.STORE, own.all()):
            own.update(description="odd")
        told.append([[line["step"], line["number"]] for line in journal.lines])
    of_run = proofs.kept_run(run.run_id)
    openings = proofs._values(run=run.run_id, opening__isnull=False).count()
    labels = ln.ULabel.objects.filter(name__in=("lost", "kept one", "kept two"))
    rows = list(labels.order_by("id").values_list("name", flat=True))
    return [*told, of_run.opening == opening, openings, [*of_run.transactions], rows]


def given_back_and_taken_back() -> Any:
    """How many collections and links a run makes or changes that gives two collections back, and
    whether all are as they were, once its journal's transaction is undone.
    """
    for number, file in enumerate(h5ads(NEWER.version)[:3]):
        copied(file, number, version_tag=LATER)
    for name in ("Odd", "Odd too"):
        taken(name, NEWER.version, LATER)
    run, both = request("odd", release=NEWER.version), (ln.Collection, ln.models.CollectionArtifact)
    lock.take_database_lock(run.run_id)
    opening = Opening(request=run, start={}, holdings=Baseline(releases={}, shared={}), since=1)

    def standing() -> list[set[tuple[int, Any]]]:
        return [set(rows.rows_of(table.objects.all()).items()) for table in both]

    before = standing()
    with TemporaryDirectory() as root, Journal(Path(root) / JOURNAL) as journal:
        writer = Writer(manifest(NEWER.version), Reference(RULES, REFERENCE), {}, journal)
        writer.begin(run, opening)
        writer.give_back()
        (line,) = journal.all(RECORDED)
    differing = [len(now - was) for now, was in zip(standing(), before, strict=True)]
    for table, changes in line["changed"].items():
        olds = {
            int(key): {column: change["old"] for column, change in of_row.items()}
            for key, of_row in changes.items()
        }
        rows.restore_rows({table: olds})
    inserted = {table: set(expanded(own["ids"])) for table, own in line["inserted"].items()}
    rows.delete_rows(inserted)
    return [differing, standing() == before]


def runs_without_a_folder() -> Any:
    """Of three runs of a release that the instance keeps those whose request lies nowhere, which is
    made from what it keeps: also where only a report has been brought back, and where the disk was
    full at first.
    """
    runs = [request(name) for name in ("one", "two", "three")]
    record = TransactionRecord(number=1, part=Part.STORE, inserted={}, changed={})
    for run in runs:
        own = Opening(request=run, start={}, holdings=Baseline(releases={}, shared={}), since=1)
        proofs.keep(run, kept(record, run.run_id), own)
    with TemporaryDirectory() as root:
        for name in ("one", "two"):
            (Path(root) / name).mkdir()
        (Path(root) / "one" / REQUEST).write_text(runs[0].to_json())
        with files_that_cannot_grow(), suppress(OSError):
            whole.lost_runs(runs[0], Path(root))
        lost = whole.lost_runs(runs[0], Path(root))
        files = [RunRequest.from_file(Path(root) / run.run_id / REQUEST) for run in runs]
    return [[run.request.run_id for run in lost], files == runs]


RUNS: tuple[Question, ...] = (
    statements_of_a_batch,
    rows_of_a_batch,
    file_that_was_replaced,
    outcomes_after_a_release_with_gaps,
    transform_of_its_code,
    records_of_a_run,
    kept_of_runs,
    journal_that_a_run_goes_on_with,
    runs_without_a_folder,
    recorded_transactions,
    given_back_and_taken_back,
    collections_of_a_part,
)

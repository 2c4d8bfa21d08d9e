"""Gathers what a verification looks at: instance, storage, SOMA store, reference data.

Reads only. What can't be had becomes an Unknown, so that the rest can still be judged.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from runners.census import content, directory
from runners.census.store import CensusDataset
from runners.contract import ContractError, DatasetOutcome, Manifest
from runners.records.baseline import (
    BASELINE,
    CURRENT_SOURCES,
    Baseline,
    left_by_runs,
    stored_baseline,
)
from runners.records.snapshot import Snapshot, StoreContent, Stored, Unknown
from runners.rules import vocabulary
from runners.rules.reference import Reference, Term
from runners.run.completion import missing_lines, shortage
from runners.run.journal import COMMITTED, JOURNAL, START, WRITTEN, read_journal
from runners.run.request import Job, RunFolder
from runners.verification.checks.datasets import ONLY_A_PART
from runners.verification.facts import VerificationFacts

Value = TypeVar("Value")


def gather(
    job: Job,
    datasets: Sequence[CensusDataset],
    outcomes: Sequence[DatasetOutcome],
    ingests: Sequence[RunFolder],
    unread: Sequence[str],
    *,
    is_whole: bool,
) -> VerificationFacts:
    """The facts of a release, or of a part where it isn't verified whole; `ingests` are oldest
    first, `unread` says why others were passed over.

    Raises:
        ContractError: the instance can't be connected to, or there are no rules.
    """
    from runners.registry import connection, failures

    failures.patiently(lambda: connection.connect(job.request.instance))
    # no LaminDB models before it is connected
    from runners.registry import schema, snapshot, storage

    release = job.manifest.release
    baseline = _baseline(ingests)
    held = _or_none(baseline, lambda stored: stored.releases)
    taken = _or_unknown(
        "the instance can't be read",
        lambda: failures.patiently(
            lambda: snapshot.take_snapshot(release, with_earlier=held is not None)
        ),
    )
    reference = Reference(vocabulary.rules_of(job.manifest), job.reference)
    return VerificationFacts(
        taken=taken,
        datasets=datasets,
        outcomes=outcomes,
        rules=reference.rules,
        soma=job.manifest.storage.soma.rstrip("/"),
        is_whole=is_whole,
        stored=_stored(
            taken, datasets, partial(storage.stored_files, anonymous=job.manifest.storage.anonymous)
        ),
        content=_content(job.manifest) if is_whole else Unknown(ONLY_A_PART.why),
        pins=_or_unknown(
            "the pins can't be read",
            lambda: vocabulary.pinned_sources(reference, job.manifest.organisms),
        ),
        old_terms=_or_unknown(
            "the ontologies can't be read", lambda: _old_terms(taken, job.manifest, reference)
        ),
        held=held,
        was_current=_or_none(baseline, lambda stored: frozenset(stored.shared[CURRENT_SOURCES])),
        tracked=_tracked(ingests),
        given_back=_given_back(ingests),
        left=_or_unknown(
            "what runs left can't be read",
            lambda: [left.releases for left in left_by_runs(job.folder.parent)],
        ),
        differing=_or_unknown(
            "the features can't be read", lambda: schema.differing_features(reference.rules)
        ),
        listed=directory.look_up(job.manifest).sentences,
        short=_or_unknown(
            "what the instance keeps of runs can't be read",
            lambda: failures.patiently(lambda: _shortages(ingests, unread)),
        ),
    )


def _or_unknown(what: str, gather_one: Callable[[], Value]) -> Value | Unknown:
    try:
        return gather_one()
    except Exception as error:
        reason = " ".join(str(error).split())
        kind = "" if isinstance(error, ContractError) else f"{type(error).__name__}: "
        return Unknown(f"{what}: {kind}{reason}")


def _content(manifest: Manifest) -> StoreContent | Unknown:
    """What the release's store holds."""
    return _or_unknown("the store can't be read", lambda: content.read_content(manifest.storage))


def _baseline(ingests: Sequence[RunFolder]) -> Baseline | Unknown | None:
    """What the instance held before the first run of this release began; one that wrote nothing,
    and lost its note of that, leaves it to the next.
    """
    if not ingests:
        return None
    telling = (r for r in ingests if (r.folder / BASELINE).exists() or r.journal.first(COMMITTED))
    first = next(telling, ingests[0])
    return _or_unknown(
        "what earlier releases held can't be read", lambda: stored_baseline(first.folder)
    )


def _shortages(ingests: Iterable[RunFolder], unread: Iterable[str]) -> list[str]:
    left_out = [f"left out: {sentence.rstrip('.')}" for sentence in unread]
    return [*left_out, *filter(None, map(_shortage, ingests))]


def _shortage(run: RunFolder) -> str | None:
    """What the run's journal and the instance don't both have of it, for a person."""
    from runners.registry import proofs

    try:
        kept = proofs.kept_run(run.request.run_id)
        # read after it: a run that goes on writes its journal first
        journal = read_journal(run.folder / JOURNAL)
        return shortage(run.request.run_id, list(missing_lines(journal, run.request, kept)))
    except ContractError as error:
        return str(error).rstrip(".")


def _or_none(
    baseline: Baseline | Unknown | None, part: Callable[[Baseline], Value]
) -> Value | Unknown | None:
    return part(baseline) if isinstance(baseline, Baseline) else baseline


def _given_back(ingests: Iterable[RunFolder]) -> frozenset[str]:
    starts = (run.journal.first(START) or {} for run in ingests)
    return frozenset(uid for start in starts for uid in start.get("given_back", ()))


def _tracked(ingests: Iterable[RunFolder]) -> frozenset[str] | None:
    """The datasets that a tracked run was the first to register; None without such a run."""
    seen: set[str] = set()
    datasets: set[str] | None = None
    for run in ingests:
        new = run.journal.datasets(WRITTEN).keys() - seen
        seen |= new
        if run.request.track:
            datasets = (datasets or set()) | new
    return None if datasets is None else frozenset(datasets)


def _stored(
    taken: Snapshot | Unknown,
    datasets: Sequence[CensusDataset],
    look: Callable[[list[str]], Mapping[str, Stored | Unknown | None]],
) -> Mapping[str, Stored | Unknown | None]:
    """What lies where the datasets' artifacts are."""
    if isinstance(taken, Unknown):
        return {}
    ids = {dataset.dataset_id for dataset in datasets}
    addresses = [row.address for row in taken.artifacts if row.dataset_id in ids]
    files = _or_unknown("storage can't be read", lambda: look(addresses))
    return dict.fromkeys(addresses, files) if isinstance(files, Unknown) else files


def _old_terms(
    taken: Snapshot | Unknown, manifest: Manifest, reference: Reference
) -> Mapping[str, str]:
    """Those of the linked terms that the pinned ontologies call deprecated, or otherwise: term ->
    what is old.
    """
    if isinstance(taken, Unknown):
        return {}
    linked = {term for labels in taken.labels.values() for _, term in labels}
    # a file has terms of other prefixes than its own: ZFA's stages, HANCESTRO's of AfPO
    names = {name for _, name in vocabulary.needed_sources(reference.rules, manifest.organisms)}
    tables = [reference.terms(name) for name in sorted(names)]
    return {
        term: problem
        for term in sorted(linked)
        for table in tables
        if term in table and (problem := _old(table[term], taken.names.get(term, frozenset())))
    }


def _old(term: Term, names: Collection[str]) -> str:
    if term.deprecated:
        return "is deprecated"
    if names and term.label not in names:
        return f"is called {', '.join(sorted(names))!r}, and now {term.label!r}"
    return ""

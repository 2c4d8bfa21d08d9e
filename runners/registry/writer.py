"""Writes validated datasets into the connected instance, in batches, repeatable after a crash.

The order within a batch: terms with their ancestors, genes, artifacts, links, schema slots. Must
not read datasets or decide what is valid. Import it once an instance is connected.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import bionty as bt
import lamindb as ln

from runners.census.publications import Publications
from runners.census.store import CensusDataset, location, store_address
from runners.contract import DatasetOutcome, Finding, Manifest, Outcome, Reason, RunRequest
from runners.records.baseline import Baseline
from runners.records.proof import Opening
from runners.records.snapshot import Snapshot
from runners.records.transaction_log import Part
from runners.registry import (
    annotations,
    artifacts,
    baseline,
    branches,
    collections,
    locations,
    schema,
    snapshot,
    storage,
    tracking,
)
from runners.registry.recorder import Recorder
from runners.registry.revisions import Neighbours, neighbours, restored_in_chain
from runners.registry.storage import Stats
from runners.registry.terms import Terms
from runners.rules.gene_tables import Genes
from runners.rules.reference import Reference
from runners.run.journal import Journal
from runners.validation.validate import Validation
from runners.validation.validated import ValidatedDataset, outcome_of


class Writer:
    """The one writer of a run into the connected instance."""

    def __init__(
        self,
        manifest: Manifest,
        reference: Reference,
        previous_versions: Mapping[str, str],
        journal: Journal | None = None,
        publications: Publications = MappingProxyType({}),
    ) -> None:
        """`previous_versions`: dataset id -> dataset version id in the previous release.

        Every transaction is recorded in the `journal` before its commit, where there is one.
        """
        self.manifest = manifest
        self.reference = reference
        self._storage = artifacts.storage_root(manifest.storage.h5ads)
        self._previous_versions = previous_versions
        self._terms = Terms(reference)
        self._recorder = Recorder(journal)
        self._publications = publications

    def begin(self, request: RunRequest, opening: Opening | None = None) -> None:
        """From now on new records belong to the request's LaminDB Run and space, if it has any; and
        the instance keeps the run's transactions, before the first of them its opening.
        """
        tracking.begin_tracking(request, self.manifest)
        self._recorder.begin(request, opening)

    def misplaced(self) -> list[str]:
        """uids of the collections that this release has of an earlier one, or a later one of it."""
        return sorted(collections.misplaced(self.manifest.release))

    def give_back(self) -> None:
        """Gives the earlier releases these collections again."""
        release = self.manifest.release
        watched = (ln.Collection.objects.all(), collections.links_since(release))
        with self._recorder.transaction(Part.COLLECTIONS, *watched):
            collections.give_back(release)

    def prepare(self) -> None:
        """What all datasets need: storage, schema and sources. Comes before `write`."""
        models = (ln.Storage, ln.Feature, ln.Schema)
        with self._recorder.transaction(Part.DEFINITIONS, *(m.objects.all() for m in models)):
            artifacts.ensure_storage(self._storage, self.manifest.storage.region)
            self._schema = schema.ensure_schema(self.reference.rules)
        for registry, ontology in self._terms.sources.needed(self.manifest.organisms):
            with self._recorder.transaction(Part.VOCABULARY, bt.Source.objects.all()):
                self._terms.sources.pinned(registry, ontology)

    def finish(self, *, completed: bool) -> None:
        """Notes in the LaminDB Run that it has ended."""
        tracking.finish_tracking(completed=completed)

    def counts(self) -> dict[str, int]:
        """How many records of each kind the instance holds."""
        return snapshot.count_records()

    def holdings(self) -> Baseline:
        """What the instance holds of earlier releases."""
        return baseline.take_baseline(before=self.manifest.release)

    def left(self) -> Baseline:
        """What the instance holds of the release."""
        return baseline.take_left(self.manifest.release)

    def snapshot(self) -> Snapshot:
        """What the instance holds of the release."""
        return snapshot.take_snapshot(self.manifest.release, with_earlier=False)

    def write(self, batch: Sequence[ValidatedDataset]) -> list[DatasetOutcome]:
        """The outcomes of a batch, all of it written, or none where this raises."""
        with self._recorder.transaction(Part.VOCABULARY, bt.Source.objects.all()):
            # those of what failed too, as the curator leaves them
            self._ensure_terms([j.validation for j in batch if j.validation])
        readable = [j for j in batch if j.validation]
        stats = storage.stats_of({self._address(j): (j.size, j.etag) for j in readable})
        ids = [j.dataset.dataset_id for j in batch]
        # locked: a person's edit waits for the commit, where it would have ended this transaction
        chains = artifacts.chains(artifacts.stems(artifacts.of_datasets(ids)))
        chains = chains.select_for_update(no_key=True)
        references = branches.hidden(ln.Reference.objects.all())
        with self._recorder.transaction(Part.DATASETS, chains, references):
            # read in the transaction that writes: people are at work between two batches
            known = artifacts.known(ids)
            places = {i: neighbours(rows, self.manifest.release) for i, rows in known.items()}
            in_the_way = self._write(batch, known, places, stats)
        return [self._outcome(judged, places, in_the_way) for judged in batch]

    def _outcome(
        self,
        judged: ValidatedDataset,
        places: Mapping[str, Neighbours],
        in_the_way: Mapping[str, Finding],
    ) -> DatasetOutcome:
        dataset_id = judged.dataset.dataset_id
        outcome = outcome_of(judged, self._success(judged.dataset, places[dataset_id]))
        if dataset_id not in in_the_way:
            return outcome
        reasons = (*outcome.reasons, in_the_way[dataset_id])
        return outcome.model_copy(update={"outcome": Outcome.FAILED, "reasons": reasons})

    def _ensure_terms(self, validations: Sequence[Validation]) -> None:
        self._terms.ensure({a for validation in validations for a in validation.annotations})
        genes: dict[str, list[Genes]] = defaultdict(list)
        for validation in validations:
            for taxon, of_taxon in validation.genes.items():
                genes[taxon].append(of_taxon)
        for taxon in sorted(genes):
            self._terms.ensure_genes(taxon, genes[taxon])

    def _write(
        self,
        batch: Sequence[ValidatedDataset],
        known: Mapping[str, Sequence[Any]],
        places: Mapping[str, Neighbours],
        stats: Mapping[str, Stats],
    ) -> dict[str, Finding]:
        """Writes what can be written; returns what another's artifact stands in the way of."""
        readable = {judged.dataset.dataset_id: judged for judged in batch if judged.validation}
        found, in_the_way = self._found(readable.values(), known, places, stats)
        lacking = [j for name, j in readable.items() if name not in {*found, *in_the_way}]
        made = self._registered(lacking, places, stats)
        by_artifact = {row.id: readable[name] for name, row in (found | made).items()}
        new = {row.id for row in made.values()}
        of_artifacts = {pk: judged.dataset for pk, judged in by_artifact.items()}
        annotations.attach_references(of_artifacts, self._publications, new)
        valid = {
            pk: judged.validation
            for pk, judged in by_artifact.items()
            if judged.validation is not None and not judged.validation.findings
        }
        annotations.annotate(valid, self._terms, self._schema, new)
        return in_the_way

    def _address(self, judged: ValidatedDataset) -> str:
        return location(self.manifest, judged.dataset)

    def _found(
        self,
        readable: Iterable[ValidatedDataset],
        known: Mapping[str, Sequence[Any]],
        places: Mapping[str, Neighbours],
        stats: Mapping[str, Stats],
    ) -> tuple[dict[str, Any], dict[str, Finding]]:
        """Dataset id -> the artifact that is there, or what stands in its way."""
        release = self.manifest.release
        found: dict[str, Any] = {}
        in_the_way, read = {}, []
        for judged in readable:
            name, rows = judged.dataset.dataset_id, known[judged.dataset.dataset_id]
            address, own = self._address(judged), artifacts.of_release(rows, release)
            other = artifacts.registered_otherwise(rows, address, release)
            if own is not None:
                found[name] = restored_in_chain(own)
                if own.address == address:  # it may be registered from another bucket
                    read.append((own, stats[address], judged.n_observations))
            elif other is not None:
                title, n_observations = judged.dataset.title, judged.n_observations
                artifact = artifacts.adopted(other, release, title, n_observations, places[name])
                if artifact is None:
                    in_the_way[name] = self._registered_otherwise(other)
                else:
                    found[name] = artifact
        artifacts.correct(read)
        return found, in_the_way

    def _registered(
        self,
        new: Sequence[ValidatedDataset],
        places: Mapping[str, Neighbours],
        stats: Mapping[str, Stats],
    ) -> dict[str, Any]:
        """Dataset id -> the artifact that is made of it."""
        storages = locations.storages() if new else []
        files = [
            artifacts.NewArtifact(
                address=(address := self._address(judged)),
                storage=locations.storage_of(address, storages),
                stats=stats[address],
                title=judged.dataset.title,
                n_observations=judged.n_observations,
                place=places[judged.dataset.dataset_id],
            )
            for judged in new
        ]
        names = (judged.dataset.dataset_id for judged in new)
        return dict(zip(names, artifacts.register(files, self.manifest.release), strict=True))

    def _registered_otherwise(self, other: Any) -> Finding:
        is_of = f"of version {other.version_tag}" if other.version_tag else "of no version"
        detail = (
            f"artifact {other.uid} is {other.address} already, {is_of}; give it the version "
            f"{self.manifest.release} or delete it for good, and do this dataset again."
        )
        return Finding(reason=Reason.REGISTERED_OTHERWISE, detail=detail)

    def _success(self, dataset: CensusDataset, place: Neighbours) -> Outcome:
        if place.earlier is None:
            return Outcome.REGISTERED
        same = self._previous_versions.get(dataset.dataset_id) == dataset.dataset_version_id
        # what the previous release holds says nothing of an older one, which is revised without it
        is_of_previous = place.earlier.version_tag == self.manifest.previous
        return Outcome.UNCHANGED if same and is_of_previous else Outcome.REVISED

    def collections(self, datasets: Sequence[CensusDataset], *, is_whole: bool) -> None:
        """The release's own collections: of all its artifacts, and of each study's.

        A part of a release makes none before a whole run has; then it adds its artifacts to those,
        and makes that of a study of which nothing was registered before.
        """
        release = self.manifest.release
        if not is_whole and not collections.exist(release):
            return
        present = artifacts.registered(release)

        def of(members: Sequence[CensusDataset]) -> list[Any]:
            return [present[d.dataset_id] for d in members if d.dataset_id in present]

        with self._recorder.transaction(Part.COLLECTIONS, ln.Collection.objects.all()):
            collections.ensure_top_level(of(datasets), release=release)
            studies = collections.by_study(datasets).values()
            collections.ensure_studies(
                [(members[0], of(members)) for members in studies], release=release
            )

    def store(self) -> None:
        """The release's SOMA store as an artifact."""
        chains = artifacts.chains(artifacts.stems(locations.stores()))
        with self._recorder.transaction(Part.STORE, chains):
            address = store_address(self.manifest.storage)
            artifacts.register_store(address, release=self.manifest.release)

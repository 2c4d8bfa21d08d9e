"""Are the artifacts described as they must be? Pure.

By feature, never by registry: the tissue of a culture is a cell type or a cell line.
"""

from collections.abc import Iterable, Iterator, Mapping

from runners.contract import Status
from runners.contract.rules import ORGANISM, Rules, Terms
from runners.records.snapshot import ArtifactRow, Label, value_or_raise
from runners.rules.vocabulary import entries_for
from runners.run.timeline import DONE
from runners.verification.checks.answer import (
    Answer,
    Bad,
    of_artifacts,
    offenders_of,
    own_artifacts,
)
from runners.verification.facts import VerificationFacts


def required(facts: VerificationFacts) -> Answer:
    """Each artifact has a label for each feature that its rules demand of its dataset, and each
    feature is what the rules make of it.
    """
    features = facts.snapshot.features
    bad = [
        (row.dataset_id, "without " + ", ".join(sorted(missing)))
        for row in own_artifacts(facts)
        if (missing := _demanded(row, facts) - features.get(row.id, frozenset()))
    ]
    return of_artifacts(facts, [*bad, *_of_differing_features(facts)])


def _of_differing_features(facts: VerificationFacts) -> Iterator[Bad]:
    """The artifacts with labels of features that are something else in the instance."""
    differing, features = value_or_raise(facts.differing), facts.snapshot.features
    for row in own_artifacts(facts):
        for name in sorted(features.get(row.id, frozenset()) & differing.keys()):
            yield row.dataset_id, f"its feature {name} {differing[name]}"


def _demanded(row: ArtifactRow, facts: VerificationFacts) -> set[str]:
    """The features of columns that the dataset has: all, but for those of which the run that
    annotated it says that it lacks them. Where none says, those that every dataset has.
    """
    outcomes = {o.dataset_id: o for o in facts.outcomes if o.outcome in DONE}
    outcome = outcomes.get(row.dataset_id)
    absent = set(outcome.absent) if outcome else set()
    return {
        name
        for name, column in facts.rules.labelled().items()
        if column.stands_always or (outcome is not None and name not in absent)
    }


def slots(facts: VerificationFacts) -> Answer:
    """Each artifact has all slots of its schema, which are written last."""
    wanted = facts.rules.slots()
    bad = [
        (row.dataset_id, "without slot " + ", ".join(sorted(missing)))
        for row in own_artifacts(facts)
        if (missing := wanted - facts.snapshot.slots.get(row.id, frozenset()))
    ]
    return of_artifacts(facts, bad)


def references(facts: VerificationFacts) -> Answer:
    """Each artifact has a reference."""
    attached = facts.snapshot.with_reference
    bad = [
        (row.dataset_id, "without a reference")
        for row in own_artifacts(facts)
        if row.id not in attached
    ]
    return of_artifacts(facts, bad)


def terms(facts: VerificationFacts) -> Answer:
    """Which artifacts have deprecated or renamed terms, or terms or genes of another organism.

    They are the publisher's content: named, and no failure.
    """
    old_terms = value_or_raise(facts.old_terms)
    bad = [
        (row.dataset_id, odd) for row in own_artifacts(facts) for odd in _odd(row, facts, old_terms)
    ]
    total, who = len(own_artifacts(facts)), len({name for name, _ in bad})
    note = (
        f"{who:,} of {total:,} have outdated terms, or some of another organism, as they were "
        "published; they are named, and fail nothing"
        if bad
        else None
    )
    return Answer(f"{total:,}", f"{total - who:,}", Status.PASSED, offenders_of(facts, bad), note)


def _odd(row: ArtifactRow, facts: VerificationFacts, old_terms: Mapping[str, str]) -> Iterator[str]:
    labels = facts.snapshot.labels.get(row.id, frozenset())
    linked = {term for _, term in labels}
    yield from (f"{term} {old}" for term, old in sorted(old_terms.items()) if term in linked)
    taxa = [term for feature, term in labels if feature == ORGANISM]
    if len(taxa) == 1 and taxa[0] in facts.rules.organisms:
        foreign = sorted(set(_foreign(labels, taxa[0], facts.rules)))
        genes = facts.snapshot.gene_taxa.get(row.id, frozenset()) - {taxa[0]}
        foreign += [f"genes of {taxon}" for taxon in sorted(genes - set(facts.rules.foreign_genes))]
        if foreign:
            yield f"not of {taxa[0]}: {', '.join(foreign)}"


def _foreign(labels: Iterable[Label], taxon: str, rules: Rules) -> Iterator[str]:
    """The terms that their column takes for other organisms only, by their prefixes."""
    for feature, term in labels:
        column = rules.columns.get(feature)
        if column is None or not column.terms:
            continue
        entries = entries_for(column.terms, taxon)
        prefix = _prefix(term)
        everywhere = {name for some in column.terms.values() for name in _prefixes(some)}
        if prefix in everywhere - _prefixes(entries) or (not entries and prefix != term):
            yield term


def _prefixes(entries: Iterable[Terms]) -> set[str]:
    """Those of the ontologies and of the branches that entries name: stages in ZFA are ZFS."""
    names = (name for e in entries for name in (e.ontology, *e.under, *e.only))
    return {_prefix(name) for name in names}


def _prefix(term: str) -> str:
    return term.replace("_", ":").partition(":")[0]

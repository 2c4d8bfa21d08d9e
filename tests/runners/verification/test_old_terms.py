"""Which of a release's terms the pinned ontologies call deprecated, or otherwise."""

from dataclasses import replace

from test_checks import RULES, SNAPSHOT

from runners.contract import Manifest, Storage
from runners.records.snapshot import Unknown
from runners.rules.reference import Reference
from runners.settings import from_environment
from runners.verification.gather import _old_terms

MANIFEST = Manifest(
    release="2026-02-01",
    census_schema_version="2.4.0",
    dataset_schema_version=RULES.dataset_schema_version,
    dataset_count=1,
    storage=Storage(soma="s3://a/soma", h5ads="s3://a/h5ads"),
    organisms=("Homo sapiens",),
)


def test_what_the_ontologies_call_deprecated_or_otherwise() -> None:
    """Of a term that they don't have, or whose name isn't known here, nothing is said."""
    reference = Reference(RULES, from_environment().reference)
    cells = reference.terms("CL")
    old = next(term for term in cells.each() if term.deprecated)
    current, renamed, unnamed, *_ = (term for term in cells.each() if not term.deprecated)
    ids = [term.term_id for term in (old, current, renamed, unnamed)] + ["CL:none", "own"]
    taken = replace(
        SNAPSHOT,
        labels={1: frozenset({("cell_type", term_id) for term_id in ids})},
        names={
            current.term_id: frozenset({current.label, "beside it"}),
            renamed.term_id: frozenset({"b", "a"}),
        },
    )
    assert _old_terms(taken, MANIFEST, reference) == {
        old.term_id: "is deprecated",
        renamed.term_id: f"is called 'a, b', and now {renamed.label!r}",
    }
    assert _old_terms(Unknown("why"), MANIFEST, reference) == {}


def test_a_term_is_looked_for_in_files_of_another_prefix() -> None:
    """HANCESTRO's file has terms of AfPO; all ethnicities of a release may be such."""
    reference = Reference(RULES, from_environment().reference)
    term = next(t for t in reference.terms("HANCESTRO").each() if t.term_id.startswith("AfPO:"))
    taken = replace(
        SNAPSHOT,
        labels={1: frozenset({("self_reported_ethnicity_ontology_term_id", term.term_id)})},
        names={term.term_id: frozenset({"as it was called"})},
    )
    assert _old_terms(taken, MANIFEST, reference) == {
        term.term_id: f"is called 'as it was called', and now {term.label!r}"
    }

"""For all terms of all pinned ontologies: what validation accepts, the writer has a row for."""

import pytest

from runners import rules
from runners.contract.rules import LABELS
from runners.rules.consistency import entries_of
from runners.rules.reference import Reference
from runners.rules.vocabulary import Vocabulary
from runners.settings import from_environment

pytestmark = pytest.mark.prove


@pytest.mark.parametrize("version", rules.versions())
def test_every_accepted_term_has_a_named_row_in_the_table_of_its_source(version: str) -> None:
    vocabulary = Vocabulary(Reference(rules.load(version), from_environment().reference))
    found = vocabulary.rules
    entries = {
        entry for column in found.columns.values() for entry in entries_of(column) if entry.registry
    }
    assert entries
    for entry in entries:
        meta, terms = found.ontologies[entry.ontology], vocabulary.reference.terms(entry.ontology)
        assert entry.registry == LABELS or meta.source, entry
        values = (entry.prefix + term_id for term_id in terms)
        accepted = [value for value in values if vocabulary.entry([entry], value)]
        assert accepted, entry
        rows = (terms[value.removeprefix(entry.prefix)] for value in accepted)
        assert [row.term_id for row in rows if not row.is_named] == []


@pytest.mark.parametrize("version", rules.versions())
def test_no_accepted_disease_but_normal_is_of_pato(version: str) -> None:
    vocabulary = Vocabulary(Reference(rules.load(version), from_environment().reference))
    entries = vocabulary.rules.columns["disease_ontology_term_id"].terms["*"]
    terms = vocabulary.reference.terms("PATO")
    assert [value for value in terms if vocabulary.entry(entries, value)] == ["PATO:0000461"]

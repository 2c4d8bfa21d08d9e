"""Every rules file: whole, and naming only what the pinned reference data has."""

from collections.abc import Iterator

import pytest

from runners import rules
from runners.contract import ContractError
from runners.contract.rules import Rules, Terms
from runners.rules.reference import Reference
from runners.settings import from_environment

VERSIONS = ("5.2.0", "5.3.0", "6.0.0", "7.0.0", "7.1.0")


@pytest.fixture(scope="module", params=VERSIONS)
def reference(request: pytest.FixtureRequest) -> Reference:
    return Reference(rules.load(request.param), from_environment().reference)


def entries(found: Rules) -> Iterator[tuple[str, Terms]]:
    for name, column in found.columns.items():
        for by_taxon in (column.terms, *(case.terms for case in column.cases)):
            for taxon, terms in by_taxon.items():
                yield from ((f"{name} of {taxon}", entry) for entry in terms)


def test_there_are_rules_for_the_versions_that_we_ingest() -> None:
    assert rules.versions() == VERSIONS


def test_rules_are_of_the_version_that_names_their_file(reference: Reference) -> None:
    assert reference.rules.dataset_schema_version in VERSIONS
    assert rules.load(reference.rules.dataset_schema_version) == reference.rules


def test_every_ontology_of_the_rules_has_a_source_and_a_pin(reference: Reference) -> None:
    named = {entry.ontology for _, entry in entries(reference.rules)}
    assert named <= set(reference.rules.ontologies)
    for ontology in reference.rules.ontologies:
        assert reference.pin(ontology)


def test_every_term_of_the_rules_stands_in_its_pinned_ontology(reference: Reference) -> None:
    absent = [
        (where, entry.ontology, term_id)
        for where, entry in entries(reference.rules)
        for term_id in (*entry.under, *entry.only, *entry.without, *entry.without_under)
        if term_id not in reference.terms(entry.ontology)
    ]
    assert absent == []


def test_every_root_of_the_rules_has_terms_below_it(reference: Reference) -> None:
    for where, entry in entries(reference.rules):
        terms = reference.terms(entry.ontology)
        for root in entry.under:
            assert any(root in terms[term_id].ancestors for term_id in terms), where


def test_every_organism_of_the_rules_has_a_gene_table(reference: Reference) -> None:
    found = reference.rules
    for organism in (*found.organisms.values(), *found.foreign_genes.values()):
        assert reference.genes(organism.genes), organism.name


def test_columns_name_only_organisms_that_there_are(reference: Reference) -> None:
    for name, column in reference.rules.columns.items():
        assert set(column.terms) <= {*reference.rules.organisms, "*"}, name


def test_a_version_without_rules_gives_one_sentence() -> None:
    with pytest.raises(ContractError) as refused:
        rules.load("99.0.0")
    assert str(refused.value) == (
        "runners/rules/99.0.0.json: no rules for dataset schema 99.0.0; there are 5.2.0, "
        "5.3.0, 6.0.0, 7.0.0, 7.1.0. Merge the rules of that version first."
    )


def test_organisms_that_the_document_says_so_of_allow_their_descendants() -> None:
    for version in ("6.0.0", "7.0.0", "7.1.0"):
        found = rules.load(version).organisms
        above = {meta.name for meta in found.values() if meta.descendants}
        assert above == {
            "crab-eating macaque", "rhesus macaque", "mouse", "rabbit", "chimpanzee", "rat", "pig",
        }  # fmt: skip


def test_cases_look_at_columns_that_the_rules_have(reference: Reference) -> None:
    columns = reference.rules.columns
    for name, column in columns.items():
        where = [one for case in column.cases for one in case.where]
        assert {one.column for one in (*where, *column.present_where)} <= set(columns), name

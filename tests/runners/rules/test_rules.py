"""Every rules file: whole, and naming only what the pinned reference data has."""

from collections.abc import Iterator

import pytest

from runners import rules
from runners.contract import ContractError
from runners.contract.rules import Rules, Terms, is_pinned
from runners.rules.reference import Reference
from runners.settings import from_environment

VERSIONS = ("5.2.0", "5.3.0", "6.0.0", "7.0.0", "7.1.0")


@pytest.fixture(
    scope="module",
    params=[*(pytest.param(one, marks=pytest.mark.prove) for one in VERSIONS[:-1]), VERSIONS[-1]],
)
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


MONTHS = ["Jan", "feb", "MAR", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@pytest.mark.parametrize(("number", "month"), list(enumerate(MONTHS, start=1)), ids=MONTHS)
@pytest.mark.parametrize(("written", "day"), [("8", "08"), ("08", "08"), ("18", "18")])
def test_a_day_that_is_pinned_by_its_name_is_the_version_of_that_day(
    written: str, day: str, number: int, month: str
) -> None:
    pin = f"{written}-{month}-2025 2025_04"
    assert is_pinned(f"2025-{number:02}-{day}", pin)
    assert is_pinned("2025_04", pin)
    assert not is_pinned(f"2025-{number % 12 + 1:02}-{day}", pin)
    assert not is_pinned(f"2025-{number:02}-28", pin)
    assert not is_pinned(f"2024-{number:02}-{day}", pin)


@pytest.mark.parametrize(
    ("version", "pin", "is_it"),
    [
        ("v3.82.0", "2025-09-15 EFO 3.82.0", True),
        ("3.82.0", "v3.82.0", True),
        ("2025-09-15", "2025-09-15 EFO 3.82.0", True),
        ("v3.8", "2025-09-15 EFO 3.82.0", False),
        ("2025-10-08", "08-Okt-2025", False),  # no month, which is no error
        ("08-Okt-2025", "08-Okt-2025", True),
    ],
)
def test_a_version_is_pinned_where_it_is_a_word_of_the_pin(
    version: str, pin: str, is_it: bool
) -> None:
    assert is_pinned(version, pin) is is_it


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

"""What the vocabulary makes of obsolete terms: allowed by what is still known of them, or not."""

import pytest

from runners import rules
from runners.contract import ContractError, Manifest
from runners.contract.rules import Circumstance, Terms
from runners.rules.reference import Reference, Term
from runners.rules.vocabulary import Vocabulary, needed_sources, rules_of
from runners.settings import from_environment

ASSAYS = Terms(ontology="EFO", under=("EFO:0002772", "EFO:0010183"))
CELL_TYPES = Terms(ontology="CL", without=("CL:0000255", "CL:0000257", "CL:0000548"))
SEXES = Terms(ontology="PATO", only=("PATO:0000383", "PATO:0000384", "PATO:0001340"))
PHENOTYPIC_SEXES = Terms(ontology="PATO", under=("PATO:0001894",))
STAGES = Terms(ontology="HsapDv", under=("HsapDv:0000001",))
TISSUES = Terms(ontology="UBERON", under=("UBERON:0001062",))


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary(Reference(rules.load("7.0.0"), from_environment().reference))


@pytest.mark.parametrize(
    ("entry", "term_id", "is_allowed"),
    [
        (ASSAYS, "EFO:0009310", True),  # 10x v2, replaced by a term below the same root
        (ASSAYS, "EFO:0003761", False),  # replaced by a disease of another ontology
        (SEXES, "PATO:0000003", False),  # "obsolete assay", replaced by nothing
        (PHENOTYPIC_SEXES, "PATO:0000003", False),
        (STAGES, "HsapDv:0000004", True),
        (STAGES, "HsapDv:0000080", False),  # others are to be considered, which proves nothing
        (CELL_TYPES, "CL:0000627", True),  # the whole ontology is allowed
        (CELL_TYPES, "CL:0000004", True),
        (CELL_TYPES, "CL:0000009", False),  # replaced by a part of plants
        (TISSUES, "UBERON:0000032", False),  # replaced by nothing
        (TISSUES, "UBERON:0000027", False),  # its name is lost: it would be recorded by its id
    ],
)
def test_an_obsolete_term_keeps_its_branch(
    vocabulary: Vocabulary, entry: Terms, term_id: str, *, is_allowed: bool
) -> None:
    assert vocabulary.reference.terms(entry.ontology)[term_id].deprecated
    assert vocabulary.entry([entry], term_id) == (entry if is_allowed else None)


def test_what_replaces_a_forbidden_term_is_forbidden(vocabulary: Vocabulary) -> None:
    terms = vocabulary.reference.terms("EFO")
    new = terms["EFO:0009310"].replaced_by
    assert new is not None
    assert vocabulary.entry([ASSAYS.model_copy(update={"without": (new,)})], "EFO:0009310") is None
    above = sorted(terms[new].ancestors - set(ASSAYS.under))[:1]
    under = ASSAYS.model_copy(update={"without_under": tuple(above)})
    assert vocabulary.entry([under], "EFO:0009310") is None


def test_only_a_whole_ontology_has_terms_of_which_nothing_is_known(vocabulary: Vocabulary) -> None:
    less = CELL_TYPES.model_copy(update={"without_under": ("CL:0000084",)})
    assert vocabulary.entry([less], "CL:0000004") is None
    assert vocabulary.entry([less], "CL:0000236") == less


@pytest.mark.parametrize(
    ("chain", "found"),
    [
        ({"A": None}, "A"),
        ({"A": "B", "B": None}, "B"),
        ({"A": "B", "B": "A"}, "B"),
        ({"A": "elsewhere"}, None),
    ],
)
def test_a_chain_of_replacements_is_followed_to_its_end(
    vocabulary: Vocabulary,
    monkeypatch: pytest.MonkeyPatch,
    chain: dict[str, str | None],
    found: str | None,
) -> None:
    terms = {
        term_id: Term(term_id, term_id, True, (), frozenset(), (), "", replaced_by)
        for term_id, replaced_by in chain.items()
    }
    monkeypatch.setattr(vocabulary.reference, "terms", lambda _: terms)
    successor = vocabulary.reference.successor("any", terms["A"])
    assert (successor and successor.term_id) == found


@pytest.mark.parametrize("is_allowed", [True, False])
def test_a_term_that_a_root_replaced_is_allowed_as_that_root_is(
    vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch, *, is_allowed: bool
) -> None:
    """A root has no ancestors either; but of it all is known."""
    terms = {
        "CL:1": Term("CL:1", "old", True, (), frozenset(), (), "", "CL:2"),
        "CL:2": Term("CL:2", "root", False, (), frozenset(), (), ""),
    }
    monkeypatch.setattr(vocabulary.reference, "terms", lambda _: terms)
    only = ("CL:2",) if is_allowed else ("CL:3",)
    entry = Terms(ontology="CL", under=("CL:4",), only=only)
    assert vocabulary.entry([entry], "CL:1") == (entry if is_allowed else None)


def test_an_obsolete_assay_meets_what_its_replacement_meets(vocabulary: Vocabulary) -> None:
    new = vocabulary.reference.terms("EFO")["EFO:0009310"].replaced_by
    assert new is not None
    column = "assay_ontology_term_id"
    for circumstance in (
        Circumstance(column=column, among=(new,)),
        Circumstance(column=column, under=("EFO:0030080",)),
    ):
        assert vocabulary.holds(circumstance, "EFO:0009310", "NCBITaxon:9606")
    elsewhere = Circumstance(column=column, under=("EFO:0010961",))
    assert not vocabulary.holds(elsewhere, "EFO:0009310", "NCBITaxon:9606")


def test_ids_of_terms_to_consider_are_written_as_ids(vocabulary: Vocabulary) -> None:
    terms = vocabulary.reference.terms("HsapDv")
    assert terms["HsapDv:0000081"].consider == ("HsapDv:0000264", "HsapDv:0000265")


@pytest.mark.parametrize(
    ("pins", "is_same"),
    [
        ({}, True),
        ({"EFO": "3.82.0"}, True),
        ({"EFO": "2025-09-15 EFO 3.82.0"}, True),
        ({"EFO": "EFO 3.83.0"}, False),  # of another file, with a word in common
        ({"EFO": "3.83.0"}, False),
        ({"NONE": "1"}, True),
    ],
)
def test_a_manifest_has_the_pins_of_its_rules(pins: dict[str, str], is_same: bool) -> None:
    storage = {"soma": "/nowhere/soma", "h5ads": "/nowhere/cell-census/h5ads"}
    fields = {"release": "2025-11-08", "census_schema_version": "2.4.0", "dataset_count": 1}
    given = {**fields, "dataset_schema_version": "7.0.0", "storage": storage, "pins": pins}
    manifest = Manifest.from_mapping(given, source="test")
    if is_same:
        assert rules_of(manifest).dataset_schema_version == "7.0.0"
    else:
        with pytest.raises(ContractError, match=r"^manifest 2025-11-08: field pins.EFO: '"):
            rules_of(manifest)


@pytest.mark.parametrize("unknown", ["human", "homo_sapiens", "homo sapiens", "Gorilla gorilla"])
def test_an_organism_by_a_name_that_the_rules_lack_needs_all_sources(unknown: str) -> None:
    schema = rules.load("7.0.0")
    every = needed_sources(schema, ())
    assert needed_sources(schema, ["Homo sapiens"]) < every
    assert needed_sources(schema, [unknown]) == every
    assert needed_sources(schema, ["Homo sapiens", unknown]) == every

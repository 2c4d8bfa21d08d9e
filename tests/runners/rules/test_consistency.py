"""Rules that don't hold together are refused in one sentence; and what they need of LaminDB."""

from typing import Any

import pytest

from runners import rules
from runners.contract import ContractError
from runners.contract.rules import (
    LABELS,
    ORGANISM,
    Case,
    Circumstance,
    Column,
    Declaration,
    LabelType,
    Ontology,
    Organism,
    Rules,
    Terms,
    Wheel,
)
from runners.rules.consistency import (
    check_whole,
    entries_of,
    modules_of,
    package_of,
    registries_of,
)

HUMAN = "NCBITaxon:9606"
WHEEL = Wheel(name="guide", version="1", sha256="a")
LABEL = LabelType(name="Kind", description="of what")
CELL_TYPES = Terms(ontology="CL", registry="CellType")
TISSUE_TYPE = Column(slot="obs", registry=LABELS, labels=LABEL, values=("tissue", "organoid"))
GOOD = Rules(
    dataset_schema_version="1.0.0",
    ontology_guide=WHEEL,
    gene_tables=WHEEL.model_copy(update={"name": "genes"}),
    ontologies={
        "CL": Ontology(source="cl"),
        "XX": Ontology(),
        "CVCL": Ontology(by_form=True),
    },
    organisms={HUMAN: Organism(name="human", scientific_name="Homo sapiens", genes="human")},
    foreign_genes={},
    columns={
        ORGANISM: Column(slot="uns", registry="Organism"),
        "cell_type": Column(slot="obs", registry="CellType", terms={"*": (CELL_TYPES,)}),
        "tissue_type": TISSUE_TYPE,
        "spatial": Column(slot="uns", dtype="dict"),
    },
)


def problems(found: Rules) -> str | None:
    try:
        check_whole(found, "x.json")
    except ContractError as error:
        return str(error)
    return None


def with_column(**fields: Any) -> Rules:
    """The rules with one more column, of nothing but these."""
    mine = Column(**{"slot": "obs", **fields})
    return GOOD.model_copy(update={"columns": {**GOOD.columns, "mine": mine}})


def looks(column: str = "cell_type", **fields: Any) -> Circumstance:
    return Circumstance(column=column, **fields)


def case(**fields: Any) -> dict[str, Any]:
    return {"cases": (Case(**{"where": (looks(among=("x",)),), **fields}),)}


def terms(ontology: str = "CL", taxon: str = "*", **fields: Any) -> dict[str, Any]:
    return {"terms": {taxon: (Terms(ontology=ontology, **fields),)}}


@pytest.mark.parametrize(
    "good",
    [
        GOOD,
        *(with_column(slot=slot) for slot in ("obs", "var", "uns")),
        *(
            with_column(dtype=dtype)
            for dtype in ("categorical", "str", "bool", "int", "number", "dict", "list")
        ),
        with_column(delimiter=" || "),
        with_column(present_where=(looks(among=("x",)),)),
        with_column(present_where=(looks(under=("CL:0",)),)),
        with_column(present_where=(looks(present=True),)),
        with_column(present_where=(looks("spatial", present=True, otherwise=True),)),
        with_column(keys_of="spatial"),
        with_column(registry="CellType", **terms("CL", registry="CellType")),
        with_column(**terms(taxon=HUMAN)),
        with_column(registry="pertdb.Compound"),
        with_column(registry="CellType", borrowed={"na": "Tissue"}),
        with_column(registry=LABELS, labels=LABEL, **terms("CVCL", registry=LABELS)),
        with_column(registry=LABELS, labels=LABEL, **terms("XX", registry=LABELS)),
        # an ontology that bionty hasn't may stand in a registry of another package
        with_column(registry="pertdb.Compound", **terms("XX", registry="pertdb.Compound")),
        # what isn't annotated needs no registry that there is
        with_column(**terms("CL", registry="Nothing")),
        with_column(**case(between=(1, 2))),
        with_column(**case(between=(2, 2))),
        with_column(lamindb=Declaration(slot="obs", registries=("str", "bool", "int", "float"))),
        with_column(lamindb=Declaration(slot="obs", registries=("CellType", "ULabel"))),
    ],
)
def test_rules_that_hold_together_are_taken(good: Rules) -> None:
    assert problems(good) is None


NO_LABELS = "is annotated by labels, but labels names no type for them"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"slot": "obsm"}, "slot 'obsm' is none of obs, var, uns"),
        ({"dtype": "set"}, "dtype 'set' is none of categorical, str, bool, int, number, dict"),
        ({"delimiter": ""}, "delimiter is empty"),
        (
            {"present_where": (looks("absent", present=True),)},
            "looks at 'absent', which is no column of these rules",
        ),
        (case(where=(looks("absent", among=("x",)),)), "looks at 'absent', which is no column"),
        (
            {"present_where": (looks("tissue_type", under=("CL:0",)),)},
            "looks at terms of 'tissue_type', which has none",
        ),
        (case(where=(looks(),)), "looks at 'cell_type' for nothing"),
        ({"present_where": (looks("mine", present=True),)}, "depends on itself"),
        ({"keys_of": "absent"}, "keys_of 'absent' is no column"),
        ({"keys_of": ORGANISM}, f"keys_of '{ORGANISM}' is no dictionary"),
        (terms("YY"), "ontology 'YY' is not among the ontologies"),
        (case(**terms("YY")), "ontology 'YY' is not among the ontologies"),
        (terms(taxon="NCBITaxon:2"), "terms of NCBITaxon:2, which is none of the organisms"),
        (case(**terms(taxon="NCBITaxon:2")), "terms of NCBITaxon:2, which is none of the"),
        (case(between=(2, 1)), "between [2, 1] isn't a lower and an upper number"),
        (case(between=(1,)), "between [1] isn't a lower and an upper number"),
        (case(between=(1, 2, 3)), "between [1, 2, 3] isn't a lower and an upper number"),
        ({"registry": ""}, "registry is empty; leave it out where the column isn't annotated"),
        ({"registry": "Nothing"}, "registry 'Nothing' is not in the installed bionty"),
        (
            {"registry": "CellType", "borrowed": {"na": "Nothing"}},
            "registry 'Nothing' is not in the installed bionty",
        ),
        (
            {"registry": "CellType", **terms(registry="Nothing")},
            "registry 'Nothing' is not in the installed bionty",
        ),
        # a link or a base of registries is none
        ({"registry": "BioRecord"}, "registry 'BioRecord' is not in the installed bionty"),
        ({"registry": "other.Thing"}, "registry 'other.Thing' is not in the installed other"),
        (
            {"lamindb": Declaration(slot="obs", registries=("str", "Nothing"))},
            "registry 'Nothing' is not in the installed bionty",
        ),
        ({"registry": LABELS}, NO_LABELS),
        ({"registry": "CellType", **terms("CVCL", registry=LABELS)}, NO_LABELS),
        (
            {"registry": "CellType", **terms("CVCL", registry="CellType")},
            f"terms of CVCL can only be labels ({LABELS}), for no file has their names",
        ),
        (
            {"registry": "CellType", **terms("XX", registry="CellType")},
            "terms of XX can't stand in CellType: the ontology has no source of bionty",
        ),
    ],
)
def test_a_column_that_doesn_t_go_with_the_others_is_refused(
    fields: dict[str, Any], problem: str
) -> None:
    assert str(problems(with_column(**fields))).startswith(f"x.json: field columns.mine: {problem}")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"organisms": {}}, "field organisms: there is none"),
        (
            {"columns": {"tissue_type": TISSUE_TYPE}},
            f"field columns: has no {ORGANISM}",
        ),
        (
            {"ontology_guide": Wheel(name="guide", version="", sha256="a")},
            "guide: names no version",
        ),
        ({"gene_tables": Wheel(name="genes", version="1", sha256="")}, "genes: names no"),
    ],
)
def test_rules_that_lack_what_all_have_are_refused(fields: dict[str, Any], problem: str) -> None:
    assert str(problems(GOOD.model_copy(update=fields))).startswith(f"x.json: {problem}")


def test_of_several_problems_the_first_is_told_and_how_many_more_there_are() -> None:
    one = with_column(slot="obsm")
    assert str(problems(one)).endswith("var, uns; correct it, or add an override.")
    two = with_column(slot="obsm", dtype="set", delimiter="")
    assert str(problems(two)).endswith("var, uns (and 2 more); correct it, or add an override.")


def test_what_a_column_says_of_terms_it_says_in_its_cases_too() -> None:
    column = Column(
        slot="obs",
        terms={"*": (CELL_TYPES,), HUMAN: (Terms(ontology="A"),)},
        cases=(Case(where=(), terms={"*": (Terms(ontology="B"),)}),),
    )
    assert [entry.ontology for entry in entries_of(column)] == ["CL", "A", "B"]


@pytest.mark.parametrize(
    ("registry", "package"),
    [
        ("Tissue", ("bionty", "Tissue")),
        ("pertdb.Compound", ("pertdb", "Compound")),
        (LABELS, ("lamindb", LABELS)),
    ],
)
def test_a_registry_is_bionty_s_unless_it_says_otherwise(
    registry: str, package: tuple[str, str]
) -> None:
    assert package_of(registry) == package


def test_rules_need_the_modules_of_their_registries_and_bionty_always() -> None:
    labels_alone = GOOD.model_copy(update={"columns": {"tissue_type": TISSUE_TYPE}})
    assert modules_of(labels_alone) == {"bionty"}
    assert modules_of(with_column(registry="pertdb.Compound")) == {"bionty", "pertdb"}
    unannotated = with_column(**terms("XX", registry="pertdb.Compound"))
    assert modules_of(unannotated) == {"bionty"}


def test_registries_are_the_classes_that_have_terms() -> None:
    assert {"CellType", "Tissue", "Gene", "Organism"} <= (registries_of("bionty") or set())
    assert registries_of("lamindb") == frozenset({LABELS})
    assert registries_of("nobody's") == frozenset()
    for link in ("BioRecord", "Source", "ArtifactCellType", "RecordCellType"):
        assert link not in (registries_of("bionty") or set())


def test_the_committed_rules_hold_together_and_come_in_their_order() -> None:
    assert [tuple(map(int, each.split("."))) for each in rules.versions()] == sorted(
        tuple(map(int, each.split("."))) for each in rules.versions()
    )
    for version in rules.versions():
        assert problems(rules.load(version)) is None

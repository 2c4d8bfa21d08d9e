"""Proposals of registries: the table against the installed packages, and what each is made for."""

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from schema_documents import OBS, ONTOLOGIES, document

from bot.schema.diff import diff
from bot.schema.document import parse_document
from bot.schema.impact import Effort, impact
from bot.schema.impact.registries import (
    ELSEWHERE,
    ID_FIELDS,
    PERTURBATIONS,
    SOURCES,
    of_field,
    of_ontology,
)
from bot.schema.rules import rules_of
from bot.schema.spec import Ontology

MUST = "Curator MUST annotate."
STR = "categorical with <code>str</code> categories. "
# Entities of bionty that hold no terms of an ontology.
NO_ONTOLOGIES = {"BFXPipeline", "BioSample"}


def folder(package: str) -> Path:
    """The package's folder, found without importing it."""
    spec = find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else Path("none")


needs_bionty = pytest.mark.skipif(not folder("bionty").is_dir(), reason="no bionty in .venv")
needs_pertdb = pytest.mark.skipif(not folder("pertdb").is_dir(), reason="no pertdb in .venv")


def registries(package: str) -> dict[str, set[str]]:
    """The fields that each class of the package's models declares, with those of its bases."""
    tree = ast.parse((folder(package) / "models.py").read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    own = {
        name: {
            target.id
            for part in node.body
            for target in _targets(part)
            if isinstance(target, ast.Name)
        }
        for name, node in classes.items()
    }
    bases = {
        name: [base.id for base in node.bases if isinstance(base, ast.Name)]
        for name, node in classes.items()
    }
    with_ids = {name for name in classes if "HasOntologyId" in bases[name]}
    return {
        name: fields | ({"ontology_id"} if name in with_ids else set())
        for name, fields in own.items()
    }


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.AnnAssign):
        return [node.target]
    return list(node.targets) if isinstance(node, ast.Assign) else []


@needs_bionty
def test_the_table_has_what_the_installed_bionty_has() -> None:
    listed = yaml.safe_load((folder("bionty") / "base" / "sources.yaml").read_text())
    has = {
        (key, entity, source["name"])
        for entity, sources in listed.items()
        if entity != "version" and entity not in NO_ONTOLOGIES
        for key, source in sources.items()
    }
    table = {(key, source.entity, source.name) for key, source in SOURCES.items()}
    # Organisms and genes are of Ensembl both; a key has one entity here.
    assert has - table == {("ensembl", "Organism", "Ensembl")}
    assert table <= has


@needs_bionty
def test_each_entity_has_a_registry_found_by_its_field_or_stands_elsewhere() -> None:
    models = registries("bionty")
    for entity in {source.entity for source in SOURCES.values()} - ELSEWHERE.keys():
        assert ID_FIELDS.get(entity, "ontology_id") in models[entity], entity
    assert not ELSEWHERE.keys() & models.keys()


@needs_pertdb
def test_the_registries_of_perturbations_are_pertdbs() -> None:
    models = registries("pertdb")
    for each in PERTURBATIONS:
        assert each.id_field in models[each.name], each.name
        assert each.source is None or each.source in SOURCES
    assert set(ELSEWHERE.values()) <= models.keys()


def test_an_ontology_is_found_by_its_prefix_or_its_name() -> None:
    by_prefix = of_ontology(Ontology("GO", "Gene Ontology (GO)", "1", 1))
    assert by_prefix == (
        'bionty has it as source "go" of Pathway; bionty.Pathway could hold its terms by '
        "ontology_id"
    )
    by_name = of_ontology(Ontology("RX", "Drug Ontology", "1", 1))
    assert by_name is not None
    assert "without a registry; pertdb.Compound could hold its terms by ontology_id" in by_name
    assert of_ontology(Ontology("XAO", "Made-up Ontology", "1", 1)) is None


PINS = (
    ("Cell Ontology", "CL:", "1"),
    ("Gene Ontology", "GO:", "1"),
    ("Experimental Factor Ontology", "EFO:", "1"),
    ("Drug Ontology", "DRON:", "1"),
    ("Made-up Ontology", "XAO:", "1"),
)


@pytest.mark.parametrize(
    ("name", "value", "proposals"),
    [
        ("a", "This MUST be a GO term.", ("bionty.Pathway for GO (source go)",)),
        (
            "a",
            'This MUST be a descendant of <code>"DRON:00000001"</code> or a XAO term.',
            ("pertdb.Compound for DRON (source dron)", "none that we know of for XAO"),
        ),
        (
            "a",
            "A perturbation. This MUST be an EFO term.",
            ("bionty.ExperimentalFactor or pertdb.EnvironmentalPerturbation for EFO (source efo)",),
        ),
        (
            "compound_id",
            'This MUST be <code>"na"</code> or a name.',
            ("pertdb.Compound by its name",),
        ),
        (
            "a",
            'This MUST be <code>"b"</code> or <code>"c"</code>.',
            ("ULabel for its enumeration",),
        ),
        (
            "a",
            'This MUST be a GO term. This MUST NOT be <code>"EFO:0001702"</code>.',
            ("bionty.Pathway for GO (source go)",),
        ),
        ("a", "This MUST be a name.", ()),
        ("biologics", "This MUST be a name.", ("pertdb.Biologic by its name",)),
        ("genetic_perturbation", "A name.", ("pertdb.GeneticPerturbation by its name",)),
        ("genetic_perturbations", "A name.", ("pertdb.GeneticPerturbation by its name",)),
        ("Perturbations (genetic)", "A name.", ("pertdb.GeneticPerturbation by its name",)),
        (
            "compounds_perturbations",
            "A name.",
            ("pertdb.Compound by its name", "pertdb.CompoundPerturbation by its name"),
        ),
        ("genetic_strategy", "A name.", ()),
        ("genetically_perturbed", "A name.", ()),
    ],
)
def test_a_field_is_proposed_the_registries_of_its_terms(
    name: str, value: str, proposals: tuple[str, ...]
) -> None:
    spec = parse_document(document(obs=[*OBS, (name, MUST, f"{STR}{value}")], ontologies=PINS))
    field = next(field for field in spec.fields() if field.name == name)
    assert of_field(field, spec) == proposals


@pytest.mark.parametrize(
    ("pins", "said", "proposals"),
    [
        ([("", "GO:", "1")], "GO", ("bionty.Pathway for GO (source go)",)),
        ([("Gene Ontology", "GX:", "1")], "Gene", ("bionty.Pathway for GX (source go)",)),
        ([("Gene Ontology", "GX:", "1"), ("Gene Names", "GN:", "1")], "Gene", ()),
        (
            [("Gene Ontology", "GX:", "1"), ("", "GN:", "1")],
            "Gene",
            ("bionty.Pathway for GX (source go)",),
        ),
    ],
)
def test_an_ontology_is_called_by_its_prefix_or_by_the_first_word_that_is_its_alone(
    pins: list[tuple[str, str, str]], said: str, proposals: tuple[str, ...]
) -> None:
    value = f"{STR}This MUST be a {said} term."
    text = document(obs=[*OBS, ("a", MUST, value)], ontologies=[*ONTOLOGIES, *pins])
    spec = parse_document(text.replace("| [] |", "|  |"))
    assert of_field(next(field for field in spec.fields() if field.name == "a"), spec) == proposals


def test_a_new_ontology_is_a_persons_and_says_where_its_terms_could_stand() -> None:
    old, new = (
        parse_document(document(version, ontologies=pins))
        for version, pins in (("1.0.0", PINS[:1]), ("1.1.0", PINS))
    )
    found = impact(diff(old, new), old, new)
    reasons = {
        one.subject: (one.effort, one.reason)
        for one in found.consequences
        if one.category == "Ontologies added"
    }
    assert reasons["GO"][0] is reasons["XAO"][0] is Effort.PERSON
    assert "bionty.Pathway could hold its terms" in reasons["GO"][1]
    assert "the installed bionty has no source for it" in reasons["XAO"][1]


def test_only_terms_themselves_move_to_another_registry() -> None:
    """What a prefix stands before is a label of ours, whatever registry has the term."""
    value = (
        "categorical with <code>str</code> categories. This MUST be a CHEBI term, a CL term or a "
        'CHEBI term prefixed with <code>"drug:"</code>.'
    )
    pins = [*ONTOLOGIES, ("Chemical Entities", "CHEBI:", "1")]
    rules = rules_of(parse_document(document(obs=[("dose", MUST, value)], ontologies=pins)))
    (asked,) = (one for one in rules.judgements if one.id == "obs.dose: annotation")
    (chosen,) = (one for one in asked.choices if one.answer == "pertdb.Compound")
    ((path, terms),) = chosen.changes.items()
    assert path == "columns/dose/terms"
    kinds = {(one.get("prefix", ""), one["ontology"]): one["registry"] for one in terms["*"]}
    assert kinds == {
        ("", "CHEBI"): "pertdb.Compound",
        ("", "CL"): "CellType",
        ("drug:", "CHEBI"): "ULabel",
    }


@pytest.mark.parametrize("prefixed", ["", ' prefixed with <code>"anti-"</code>'])
def test_a_registry_of_terms_is_proposed_with_a_prefix_before_them_or_without(
    prefixed: str,
) -> None:
    value = f"{STR}This MUST be a CHEBI term{prefixed}."
    pins = [*ONTOLOGIES, ("Chemical Entities", "CHEBI:", "1")]
    spec = parse_document(document(obs=[("dose", MUST, value)], ontologies=pins))
    (dose,) = (one for one in spec.fields() if one.name == "dose")
    found = "; ".join(of_field(dose, spec))
    assert "pertdb.Compound" in found

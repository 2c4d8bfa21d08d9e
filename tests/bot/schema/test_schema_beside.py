"""A document beside an older one, and beside its witnesses: what is said once and not twice."""

import pytest
from fields import field_of
from schema_documents import GENES, OBS, document, field

from bot.schema.diff import diff
from bot.schema.document import parse_document
from bot.schema.matching import match
from bot.schema.spec import Component, Lines, Spec
from bot.schema.witnesses import WitnessError, compare_definition, compare_genes, compare_pins

MUST = "Curator MUST annotate."
A_OR_B = '<code>str</code>. This MUST be <code>"a"</code> or <code>"b"</code>.'


def read(**parts: object) -> Spec:
    return parse_document(document(**parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ("obs.ethnicity", "obs.self_reported_ethnicity", 1),
        ("obs.ethnicity", "uns.self_reported_ethnicity", 0),
        ("obs.city", "obs.ethnicity", 0),
        ("obs.title", "uns.title", 1),
        ("obs.index", "var.index", 0),
        ("obsm.title", "uns.title", 0),
    ],
)
def test_which_field_goes_on_as_another(old: str, new: str, pairs: int) -> None:
    values = {"obs": "It MUST be red.", "uns": "It MAY be so. It MUST be blue or green."}
    before, after = (
        field_of(values.get(place, "x"), component=place, name=name)
        for place, name in (old.split("."), new.split("."))
    )
    found = match(_of(before), _of(after))
    assert len(found.renamed) == pairs


def test_the_likelier_of_two_renames_is_one_and_each_field_is_taken_once() -> None:
    said = "It MUST be the name of the donor's own hospital, in lower case."
    old = [field_of(said, name="donor"), field_of(said, name="hospital_donor_name")]
    new = [
        field_of(said, name="the_hospital_donor"),
        field_of(said, name="hospital_donor_id"),
        field_of("x", name="new"),
    ]
    found = match(_of(*old), _of(*new))
    assert {(one.old.name, one.new.name) for one in found.renamed} == {
        ("donor", "the_hospital_donor"),
        ("hospital_donor_name", "hospital_donor_id"),
    }
    assert [one.name for one in found.added] == ["new"]
    assert found.removed == ()


def test_only_what_reads_alike_was_renamed() -> None:
    was = field_of("It MUST be the age of the donor in years.", name="donor_age")
    for said, pairs in (
        ("It MUST be the age of the donor in years!", 1),
        ("It MUST be the name of the donor, in capitals.", 0),
    ):
        assert len(match(_of(was), _of(field_of(said, name="donor_years"))).renamed) == pairs


def test_columns_of_terms_are_not_alike_because_they_are_columns_of_terms() -> None:
    said = "It MUST be a term, in lower case."
    was, now = (field_of(said, name=f"{name}_ontology_term_id") for name in ("donor", "city"))
    assert match(_of(was), _of(now)).renamed == ()


def test_a_gene_reference_is_called_by_its_newer_name() -> None:
    (taxon, _, version) = GENES[0]
    one, other = read(genes=[(taxon, "Human", version)]), read(genes=[(taxon, "Homo", "v1")])
    (change,) = diff(one, other).gene_references_changed
    assert change.either.organism == "Homo"


def test_a_renamed_field_is_shown_by_the_documents() -> None:
    old = read(obs=[*OBS, ("ethnicity", MUST, A_OR_B)])
    item = "* obs\n  * Updated `self_reported_ethnicity`"
    assert told(item, old=old, obs=[*OBS, ("self_reported_ethnicity", MUST, A_OR_B)]) == []


def _of(*fields: object) -> Spec:
    part = Component("obs", fields, "", Lines(1, 2))  # type: ignore[arg-type]
    return Spec("1.0.0", (part,), (), (), (), (), (), ())


def test_what_is_gone_and_what_came_of_pins_genes_and_organisms() -> None:
    (_, name, version) = GENES[0]
    more = ("NCBITaxon:10090", "Mus musculus", "GENCODE vM37")
    found = diff(
        read(genes=GENES), read(version="1.1.0", genes=[more, (GENES[0][0], name, version + " x")])
    )
    assert [(one.either.taxon, one.cosmetic) for one in found.gene_references_changed] == [
        ("NCBITaxon:10090", False),
        ("NCBITaxon:9606", True),
    ]
    back = diff(read(genes=[*GENES, more]), read(version="1.1.0", genes=GENES))
    (gone,) = back.gene_references_changed
    assert (gone.new, gone.either.taxon, gone.cosmetic) == (None, "NCBITaxon:10090", False)


@pytest.mark.parametrize(("was", "now"), [("v48", "v49"), ("v48 (p14)", "v48"), ("v48", "v48.1")])
def test_another_number_of_a_gene_reference_is_more_than_its_wording(was: str, now: str) -> None:
    one, other = ([(*GENES[0][:2], version)] for version in (was, now))
    (change,) = diff(read(genes=one), read(genes=other)).gene_references_changed
    assert not change.cosmetic


def test_fields_that_changed_stand_in_the_order_of_the_newer_document() -> None:
    old = [("a", MUST, "It MUST be x."), ("b", MUST, "It MUST be x.")]
    new = [("b", MUST, "It MUST be y."), ("a", MUST, "It MUST be y.")]
    found = diff(read(obs=old), read(obs=new)).fields_changed
    assert [one.new.name for one in found] == ["b", "a"]


def test_a_renamed_field_is_named_so_by_others_and_another_name_that_holds_it_is_not() -> None:
    said = "It is the <code>ethnicity</code>. It MUST NOT be <code>my_ethnicity</code>."
    old = [("ethnicity", MUST, A_OR_B), ("b", MUST, said)]
    renamed = said.replace(">ethnicity<", ">self_reported_ethnicity<")
    new = [("self_reported_ethnicity", MUST, A_OR_B), ("b", MUST, renamed)]
    found = diff(read(obs=old), read(obs=new))
    assert [one.new.name for one in found.fields_renamed] == ["self_reported_ethnicity"]
    assert found.fields_changed == ()


def test_what_holds_for_all_embeddings_and_what_a_key_of_them_no_longer_says() -> None:
    old = "It MUST be dense. It MUST be small.\n\n" + field("X_{suffix}", MUST, "It MUST be real.")
    new = "It MUST be dense. It MAY be big.\n\n" + field("X_{suffix}", MUST, "It MAY be real.")
    found = diff(read(obsm=old), read(obsm=new)).embeddings_changed
    assert [(one.key, one.what) for one in found] == [
        ("X_{suffix}", "It MAY be real.; no longer: It MUST be real."),
        ("*", "It MAY be big.; no longer: It MUST be small."),
    ]
    worded = new.replace("It MAY be real.", "This MAY be real.")
    assert diff(read(obsm=new), read(obsm=worded)).embeddings_changed == ()


def test_notes_are_of_both_documents() -> None:
    link = "[CL:0000002](https://x/CL_0000001)"
    one, other = read(version="1.0.0", general=link), read(version="1.1.0", general=link)
    notes = [note.split(",")[0] for note in diff(one, other).notes]
    assert notes == ["1.0.0", "1.1.0"]


def test_a_reserved_name_is_another_by_its_component_and_its_version() -> None:
    def reserving(component: str, version: str) -> Spec:
        head = "| Reserved name | AnnData | Deprecated in |\n|--|--|--|\n"
        return read(general=f"{head}| a | {component} | {version} |\n| | | |\n")

    base = reserving("obs", "1.0.0")
    assert diff(base, reserving("obs", "1.0.0")).reserved_names_added == ()
    for other in (reserving("uns", "1.0.0"), reserving("obs", "2.0.0")):
        changes = diff(base, other)
        assert len(changes.reserved_names_added) == len(changes.reserved_names_removed) == 1


# --- witnesses ------------------------------------------------------------------------------------


def told(
    *items: str, version: str = "2.0.0", old: Spec | None = None, **parts: object
) -> list[str]:
    """What the changelog's items of 2.0.0 say otherwise than the documents of 1.0.0 and it."""
    lines = "\n".join(items)
    changelog = f"# Appendix A. Changelog\n\n### schema v2.0.0\n\n{lines}\n"
    new = parse_document(document(version, **parts) + changelog)  # type: ignore[arg-type]
    before = old or read()
    return [one.what.partition("\u201d, but ")[2] for one in diff(before, new).doubts]


VALUE = ("tissue_type", MUST, 'This MUST be <code>"tissue"</code> or <code>"cell"</code>.')
MANY = ("tissue_type", MUST, 'Comma-separated. This MUST be <code>"tissue"</code>.')
NONE_SHOWN = ["the documents differ in wording at most."]


@pytest.mark.parametrize(
    ("obs", "obsm", "item", "says"),
    [
        ([OBS[0], VALUE], "", "* obs\n  * Updated `tissue_type`", []),
        ([OBS[0], MANY], "", "* obs\n  * Updated `tissue_type`", []),
        (OBS, "", "* obs\n  * Updated `tissue_type`", NONE_SHOWN),
        (OBS, "", "* obs\n  * We like `tissue_type`", []),
        (OBS, "", "* obs\n  * Updated `schema_version`", []),
        (OBS, "", '* obs\n  * Added `"x"` to `tissue_type`', NONE_SHOWN),
        (OBS, "", "* obs\n  * Removed advice on `tissue_type`", NONE_SHOWN),
        (OBS, field("X_a", MUST, "x"), "* obsm\n  * Updated `X_a`", []),
        (OBS, "", "* var\n  * Removed `tissue_type`", []),
        (OBS, "", "* obs\n  * Deleted `tissue_type`", ["the document still describes it."]),
        (OBS, "", "* obs\n  * Deprecated `tissue_type`", ["the document still describes it."]),
        (OBS, "", "* obs\n  * Added `nothing`", ["the document doesn't describe it."]),
    ],
)
def test_what_a_changelog_says_of_a_field_is_doubted_if_no_document_shows_it(
    obs: object, obsm: str, item: str, says: list[str]
) -> None:
    assert told(item, obs=obs, obsm=obsm) == says


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("Updated Cell Ontology (CL) to release 2025-07-30", ["1.0.0 pins the same."]),
        ("Updated Cell Ontology to release 2025-01-01", ["the document pins 2025-07-30."]),
        ("The Cell Ontology (CL) has a release 2025-01-01", []),
        ("Updated the text", []),
    ],
)
def test_what_a_changelog_says_of_an_ontology(item: str, says: list[str]) -> None:
    assert told(f"* Required Ontologies\n  * {item}") == says


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("Updated Homo sapiens to GENCODE v48", ["1.0.0 pins the same."]),
        ("Updated GENCODE (Human) to GENCODE v47", ["the document pins GENCODE v48 "]),
        ("Updated Mus musculus to GENCODE vM1", []),
    ],
)
def test_what_a_changelog_says_of_genes(item: str, says: list[str]) -> None:
    found = told(f"* Required Gene Annotations\n  * {item}")
    assert len(found) == len(says)
    assert all(one.startswith(start) for one, start in zip(found, says, strict=True))


def test_an_older_document_or_one_without_a_changelog_raises_no_doubt() -> None:
    assert told("* obs\n  * Added `x`", version="2.0.0", old=read(version="2.0.0")) == []
    assert diff(read(), read(version="2.0.0")).doubts == ()
    assert diff(read(version="10.0.0"), read(version="9.0.0")).doubts == ()


def test_a_guide_may_have_several_prefixes_in_one_ontology_in_any_case() -> None:
    guide = (
        '{"1.0.0": {"ontologies": {"cl": {"version": "v2025-07-30", '
        '"additional_ontologies": ["cvcl"]}, "XX": {"version": "1"}}}}'
    )
    assert compare_pins(read(), guide) == (
        "CVCL: the document pins 53.0 (line 16), it has v2025-07-30",
        "XX 1: the document doesn't pin it",
    )
    with pytest.raises(WitnessError, match=r"knows 1\.0\.0, not 1\.1\.0"):
        compare_pins(read(version="1.1.0"), guide)


ENSEMBL = "https://x/Danio_rerio.{}.{}.gtf.gz"


@pytest.mark.parametrize(
    ("description", "url", "pinned", "says"),
    [
        ("danio_rerio", ENSEMBL.format("GRCz11", 114), "GRCz11 Ensembl 114", ""),
        ("danio_rerio", ENSEMBL.format("GRCz11", 113), "GRCz11 Ensembl 114", "GRCz11, Ensembl 113"),
        ("danio_rerio", ENSEMBL.format("GRCz10", 114), "GRCz11 Ensembl 114", "GRCz10, Ensembl 114"),
        ("danio_rerio", ENSEMBL.format("GRCz11", 113), "GRCz11", ""),
        ("danio", ENSEMBL.format("GRCz10", 1), "GRCz11 Ensembl 114", "GRCz10, Ensembl 1"),
        ("dan", ENSEMBL.format("GRCz10", 1), "GRCz11 Ensembl 114", ""),
        ("mus_musculus", ENSEMBL.format("GRCz10", 1), "GRCz11 Ensembl 114", ""),
        ("danio_rerio", "https://x/other.gz", "GRCz11 Ensembl 114", ""),
    ],
)
def test_the_annotation_of_an_organism_is_that_of_the_gene_table_named_after_it(
    description: str, url: str, pinned: str, says: str
) -> None:
    spec = read(genes=[("NCBITaxon:7955", "Danio rerio", pinned)])
    found = compare_genes(spec, f"x:\n  description: {description}\n  url: {url}\n")
    assert [one.partition("it has ")[2] for one in found] == ([says] if says else [])


TITLED = "title: Corpora schema version {}\ncomponents:\n"


@pytest.mark.parametrize(
    ("definition", "says"),
    [
        ("  obs:\n    columns:\n      x: {enum: [a, b]}\n", ""),
        ("  obs:\n    keys:\n      x: {enum: [a]}\n", "it doesn't take b"),
        (
            "  obs:\n    columns:\n      x: {enum: [a, b, c]}\n",
            "it takes c, which the document doesn't name",
        ),
        ("  obs:\n    columns:\n      x: {}\n", ""),
        (
            "  obs:\n    columns:\n      x: {dependencies: [{rule: {delimiter: ','}}]}\n",
            "its delimiter is ',', the document's none",
        ),
        ("  uns:\n    columns:\n      x: {enum: [a]}\n", ""),
    ],
)
def test_the_values_that_the_validator_lists_are_the_documents(definition: str, says: str) -> None:
    said = A_OR_B + ' It MUST NOT be <code>"d"</code>.'
    spec = read(obs=[*OBS, ("x", MUST, said)])
    found = compare_definition(spec, TITLED.format("1.0.0") + definition)
    assert [one.partition("): ")[2] for one in found] == ([says] if says else [])
    with pytest.raises(WitnessError, match=r"is of 2\.0\.0, not 1\.0\.0"):
        compare_definition(spec, TITLED.format("2.0.0") + definition)

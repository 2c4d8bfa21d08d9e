"""Parts of a document that only some versions have, as they are read; and what they are beside."""

from collections import Counter

import pytest
from fields import field_of
from schema_documents import GENES, OBS, UNS, document, field

from bot.schema.document import parse_document, read_changelog
from bot.schema.pinned import normalised, read_organisms
from bot.schema.spec import Component, DocumentError, GeneReference, Lines, Spec

MUST = "Curator MUST annotate."


def read(**parts: object) -> Spec:
    return parse_document(document(**parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("Document Status: _Approved_", "Approved"),
        ("**Document Status:** _Draft (as of 2024)_", "Draft (as of 2024)"),
        ("Document Status (Draft)", "Draft"),
        ("| Document Status | Approved |", "Approved"),
        ("The document status is told elsewhere.", ""),
    ],
)
def test_the_status_is_the_words_of_its_line(line: str, status: str) -> None:
    text = document().replace("Version: 1.0.0", f"Version: 1.0.0\n\n{'x ' * 300}\n\n{line}")
    assert parse_document(text).status == status


CHANGELOG = """\
# Appendix A. Changelog

* obs
  * before any version

### schema v2.0.0

* obs (Cell metadata)
   * [Added](https://x) `a`
      * deeper
  * less deep
* uns
  * b

## schema v1.0.0

  * without a chapter
"""


def test_a_changelog_is_the_items_right_beneath_its_chapters() -> None:
    found = [(one.version, one.chapter, one.text, one.line) for one in read_changelog(CHANGELOG)]
    assert found == [
        ("2.0.0", "obs (Cell metadata)", "Added `a`", 9),
        ("2.0.0", "obs (Cell metadata)", "less deep", 11),
        ("2.0.0", "uns", "b", 13),
        ("1.0.0", "", "without a chapter", 17),
    ]


def test_what_the_appendix_or_the_changelog_holds_is_no_part_of_the_document() -> None:
    for title in ("Appendix A", "**Appendix**", "Changelog"):
        spec = parse_document(document() + f"# {title}\n\n## Notes\n\nThis MUST be so.\n")
        assert not any("MUST be so" in part.prose for part in spec.rules)


@pytest.mark.parametrize(
    ("word", "stated"), [("MAY", "MAY"), ("SHOULD", "MAY"), ("MUST", "unstated")]
)
def test_a_sentence_above_fields_says_how_far_its_annotator_is_bound(
    word: str, stated: str
) -> None:
    heading = f"### All\n\nCurators {word} also annotate the following:\n\n"
    one, other = field("one", "Curator", "x"), field("other", "Curator MUST annotate.", "x")
    last = f"### Rest\n\nCurators MUST annotate the following:\n\n{field('last', 'Curator', 'x')}"
    before = f"## `uns` (Dataset)\n\n{field('title', MUST, 'x')}"
    text = document(uns=()) + before + heading + one + other + last
    text = text.replace("## `uns` (Dataset)\n\nprose\n\n", "")
    found = {each.name: each.requirement for each in parse_document(text).fields()}
    assert (found["one"], found["other"], found["last"]) == (stated, "MUST", "unstated")


def test_the_prose_around_a_fields_table_is_its_components_and_a_chapters_is_a_rule() -> None:
    text = document().replace(
        "### tissue_type\n\n", "### tissue_type\n\nBefore it MUST be.\n\n"
    ) + field("x", MUST, "y").replace("<br>", "Behind it MUST be.")
    spec = parse_document(text)
    obs, uns = spec.component("obs"), spec.component("uns")
    assert obs is not None
    assert "Before it MUST be." in obs.prose
    assert uns is not None
    assert "Behind it MUST be." in uns.prose
    assert "tissue_type" not in obs.prose


def test_a_table_of_keys_beneath_a_chapter_of_rules_is_its_text_and_no_field() -> None:
    spec = read(general=field("remark", "Curator MUST annotate a remark.", "x", level=3))
    assert "remark" not in {one.name for one in spec.fields()}
    assert any("Curator MUST annotate a remark." in part.prose for part in spec.rules)


def test_fields_of_one_name_may_stand_in_two_components_and_not_in_one() -> None:
    assert len(read(uns=[*UNS, OBS[0]]).fields()) == 5
    with pytest.raises(DocumentError, match="has a second field 'tissue_type'"):
        read(obs=[*OBS, OBS[1]])


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ('<a href="https://x/CL_0000001">CL:0000002</a>', [("CL:0000002", "CL:0000001")]),
        ("[CL:0000002](https://x/CL%3A0000001)", [("CL:0000002", "CL:0000001")]),
        ('<a href="https://x/cl_0000001">CL:0000001</a>', []),
        ("[CVCL_0001](https://x/CVCL_0001)", []),
        ('<a href="https://x/CL_0000001_CL_0000003">CL:0000002</a>', []),
        ('<a href="https://x/CL_0000001">CL:0000002 and CL:0000003</a>', []),
        ('<a href="https://x">CL:0000002</a>', []),
    ],
)
def test_a_link_is_doubted_if_it_goes_to_one_other_term(
    link: str, told: list[tuple[str, str]]
) -> None:
    text = document(general=f"x\n{link}")
    (line,) = [number for number, one in enumerate(text.splitlines(), 1) if one == link]
    found = parse_document(text).discrepancies
    assert [(one.text, one.link) for one in found] == told
    assert {one.line for one in found} <= {line}


def test_discrepancies_stand_in_the_order_of_the_document() -> None:
    links = ['[CL:0000002](x/CL_0000001)\n<a href="x/CL_0000003">CL:0000004</a>', ""]
    found = read(general="\n".join([*links, "[CL:0000006](x/CL_0000005)"])).discrepancies
    assert [one.text for one in found] == ["CL:0000002", "CL:0000004", "CL:0000006"]


# --- pins -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "prefixes"),
    [
        ("CL:", ["CL"]),
        ("CVCL_", ["CVCL"]),
        ("HsapDv: (MmusDv:)", ["HsapDv", "MmusDv"]),
        ("CL, UBERON", ["CL", "UBERON"]),
        ("CL and UBERON", ["CL", "UBERON"]),
        ("`CL`*", ["CL"]),
    ],
)
def test_the_prefixes_of_a_row(cell: str, prefixes: list[str]) -> None:
    found = read(ontologies=[("An ontology", cell, "v1.2")]).ontologies
    assert [(pin.prefix, pin.name, pin.version) for pin in found] == [
        (prefix, "An ontology", "v1.2") for prefix in prefixes
    ]


@pytest.mark.parametrize("end", ["owl", "obo", "json"])
def test_the_file_before_a_release_is_no_part_of_it(end: str) -> None:
    assert read(ontologies=[("X", "CL", f"cl.{end} : 2021-08-10")]).ontologies[0].version == (
        "2021-08-10"
    )


@pytest.mark.parametrize(
    ("pins", "says"),
    [
        ([("X", "CL", "")], "lacks its prefix or version"),
        ([("X", ":", "1")], "lacks its prefix or version"),
        ([("X", "C-L", "1")], "names 'C-L', which is no prefix"),
        ([("X", "CL", "1"), ("Y", "CL:", "2")], "CL is pinned a second time"),
    ],
)
def test_a_pin_that_is_not_whole_or_not_the_only_one_is_refused(
    pins: list[tuple[str, str, str]], says: str
) -> None:
    with pytest.raises(DocumentError, match=says):
        read(ontologies=pins)


def test_an_organism_is_pinned_once() -> None:
    with pytest.raises(DocumentError, match="NCBITaxon:9606 is pinned a second time"):
        read(genes=[*GENES, *GENES])


@pytest.mark.parametrize(
    ("source", "taxon"),
    [
        ("Human GENCODE", "NCBITaxon:9606"),
        ("GENCODE (MOUSE)", "NCBITaxon:10090"),
        ("SARS reference", "NCBITaxon:2697049"),
        ("COVID-19", "NCBITaxon:2697049"),
        ("ThermoFisher ERCC spike-ins", "NCBITaxon:32630"),
    ],
)
def test_older_documents_name_an_organism_by_a_familiar_word(source: str, taxon: str) -> None:
    table = "| Source | Required version | Download |\n|:--|:--|:--|\n"
    head, _, rest = document().partition("| NCBITaxon | Source")
    rest = rest[rest.index("\n\n") :]
    (gene,) = parse_document(f"{head}{table}| {source} | v1 | x |{rest}").gene_references
    assert (gene.taxon, gene.version) == (taxon, "v1")


def test_an_unfamiliar_source_without_a_taxon_is_refused() -> None:
    with pytest.raises(DocumentError, match="names no organism that is known"):
        parse_document(document().replace("`NCBITaxon:9606`<br>for <i>Homo sapiens</i>", "x"))


@pytest.mark.parametrize(
    ("version", "pin"),
    [("2025-09-15 EFO 3.82.0", "2025-09-15"), ("v53.0", "53.0"), ("`(3.0)`", "3.0")],
)
def test_a_version_without_what_stands_around_it(version: str, pin: str) -> None:
    assert normalised(version) == pin


HUMAN = GeneReference("NCBITaxon:9606", "Homo sapiens", "v48", 7)
ERCC = GeneReference("NCBITaxon:32630", "", "v1", 8)
ORGANISM = "organism_ontology_term_id"


def test_without_a_list_organisms_are_those_of_genes_and_what_sentences_allow() -> None:
    value = 'This MUST be a child of `"NCBITaxon:33208"`.\nIt MUST be short.'
    told = Component("General", (), "Data MUST be from a Metazoan organism. X.", Lines(3, 5))
    one = field_of(value, name=ORGANISM)
    found = read_organisms((one,), (HUMAN, ERCC), (told,), Counter())
    assert [(each.name, each.taxon, each.line) for each in found] == [
        ("Homo sapiens", "NCBITaxon:9606", 7),
        ('This MUST be a child of `"NCBITaxon:33208"`.', None, 1),
        ("Data MUST be from a Metazoan organism.", None, 3),
    ]
    assert read_organisms((field_of(value),), (HUMAN,), (told,), Counter()) == ()


def test_a_table_of_organisms_is_all_that_there_are() -> None:
    table = (
        "<table><tr><th>For</th><th>Use</th></tr>"
        '<tr><td>Homo sapiens</td><td><code>"NCBITaxon:9605"</code></td></tr>'
        "<tr><td>Mus musculus and its descendants</td><td>NCBITaxon:10091 NCBITaxon:10090</td></tr>"
        "<tr><td>NCBITaxon:1</td><td>x</td></tr></table>"
    )
    spec = read(uns=[(ORGANISM, MUST, f"x {table}")], general="`NCBITaxon:10090`")
    assert [(one.name, one.taxon) for one in spec.organisms] == [
        ("Homo sapiens", "NCBITaxon:9606"),
        ("Mus musculus", "NCBITaxon:10090"),
    ]


def test_a_taxon_counts_in_a_link_as_well() -> None:
    table = (
        "<table><tr><th>For</th><th>Use</th></tr><tr><td>Mus musculus</td>"
        "<td>NCBITaxon:10091 NCBITaxon:10090</td></tr></table>"
    )
    spec = read(uns=[(ORGANISM, MUST, f"x {table}")], general="[it](https://x/NCBITaxon%3A10090)")
    assert [one.taxon for one in spec.organisms] == ["NCBITaxon:10090"]

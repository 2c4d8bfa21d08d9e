"""What is read from a document, and which sentence refuses what can't be read."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruled import A_OR_B, MUST
from schema_documents import GENES, OBS, ONTOLOGIES, document, field

from bot.schema.diff import diff
from bot.schema.document import parse_document
from bot.schema.pinned import pins_of
from bot.schema.spec import Discrepancy, DocumentError, Requirement, ReservedName, Spec


def test_a_document_is_read_into_its_parts() -> None:
    spec = parse_document(document("2.3.4"))
    assert spec.version == "2.3.4"
    assert [(one.component, one.name) for one in spec.fields()] == [
        ("obs", "cell_type_ontology_term_id"),
        ("obs", "tissue_type"),
        ("var", "feature_name"),
        ("uns", "title"),
    ]
    assert pins_of(spec) == {"CL": "2025-07-30", "CVCL": "53.0"}
    gene = spec.gene_references[0]
    assert (gene.taxon, gene.organism) == ("NCBITaxon:9606", "Homo sapiens")
    assert gene.version == "GENCODE v48 (GRCh38.p14) Ensembl 114"


def test_two_prefixes_in_one_cell_are_two_pins() -> None:
    spec = parse_document(document(ontologies=[("Zebrafish", "ZFA:<br>ZFS:", "2025-09-05")]))
    assert pins_of(spec) == {"ZFA": "2025-09-05", "ZFS": "2025-09-05"}


RULE = "\n|:--|:--|:--|:--|\n"
HEADS = (
    ("Ontologies", f"| Ontology | Prefix | Release | Download |{RULE}"),
    ("Gene Annotations", f"| NCBITaxon | Source | Required version | Download |{RULE}"),
)


@pytest.mark.parametrize(
    "between",
    [
        "\n",
        "\nThose of fishes:\n\n",
        "\n#### More\n\n",
        "\n## More\n\n### {title}\n\n",
        "\n| Old term | New term |\n|:--|:--|\n| A1 | B2 |\n\n",
    ],
)
def test_pins_in_several_tables_are_all_pinned_and_no_prose(between: str) -> None:
    text = document(ontologies=[*ONTOLOGIES, ("Zebrafish", "ZFA:", "2025-09-05")])
    fish, genes = (f"{between.format(title=f'Required {title}')}{head}" for title, head in HEADS)
    text = text.replace("| [Zebrafish]", f"{fish}| [Zebrafish]")
    ercc = f"{genes}| `NCBITaxon:32630` | E | ERCC92 | |\n"
    spec = parse_document(text.replace("Ensembl 114 | |\n", f"Ensembl 114 | |\n{ercc}"))
    assert [pin.prefix for pin in spec.ontologies] == ["CL", "CVCL", "ZFA"]
    assert [gene.taxon for gene in spec.gene_references] == ["NCBITaxon:9606", "NCBITaxon:32630"]
    prose = " ".join(part.prose for part in spec.rules)
    assert "ZFA" not in prose
    assert "32630" not in prose


@pytest.mark.parametrize(
    ("section", "head"),
    [
        (0, "Those that were replaced:\n\n| Old term | New term |"),
        (0, "#### Imported terms\n\n| Ontology | Imports |"),
        (1, "| Chromosome | Length |"),
        (1, "| Prefix | Organism |"),
    ],
)
def test_another_table_beneath_those_of_pins_is_prose(section: int, head: str) -> None:
    ends = "[Cell Ontology]: https://x\n", "Ensembl 114 | |\n"
    other = f"{ends[section]}\n{head}\n|:--|:--|\n| A1 | B2 |\n| | |\n\n"
    text = document().replace(ends[section], other)
    spec = parse_document(text)
    assert [pin.prefix for pin in spec.ontologies] == ["CL", "CVCL"]
    assert [gene.taxon for gene in spec.gene_references] == ["NCBITaxon:9606"]
    prose = next(part.prose for part in spec.rules if part.name == "Integration Metadata")
    told = [line for line in prose.splitlines() if line.startswith("|")]
    assert told == [head.splitlines()[-1], "| A1 | B2 |"]
    (change,) = diff(spec, parse_document(text.replace("B2", "B3"))).component_rules_changed
    assert (change.removed, change.added) == (("| A1 | B2 |",), ("| A1 | B3 |",))


@pytest.mark.parametrize(
    ("cell", "prefixes"),
    [
        ("HANCESTRO: (AfPO:)", ["HANCESTRO", "AfPO"]),
        ("HANCESTRO(AfPO)", ["HANCESTRO", "AfPO"]),
        ("CL*", ["CL"]),
        ("CL:*, UBERON:*", ["CL", "UBERON"]),
        ("CL,UBERON;", ["CL", "UBERON"]),
    ],
)
def test_marks_around_prefixes_are_no_part_of_them(cell: str, prefixes: list[str]) -> None:
    spec = parse_document(document(ontologies=[("Cells", cell, "2025-09-05")]))
    assert [pin.prefix for pin in spec.ontologies] == prefixes


@pytest.mark.parametrize("between", [", ", " or ", " and ", "<br>", "<br>or<br>", "; ", " / "])
def test_prefixes_of_one_row_stand_between_marks_and_words(between: str) -> None:
    pins = [("Fishes", f"ZFA:{between}ZFS:", "2025-09-05"), ("Cells", f"CL:{between}CVCL_", "1.0")]
    assert [*pins_of(parse_document(document(ontologies=pins)))] == ["ZFA", "ZFS", "CL", "CVCL"]


@pytest.mark.parametrize(
    ("version", "pin"),
    [
        ("2025-09-15 EFO 3.82.0", "2025-09-15"),
        ("efo.owl : 2021-08-16 EFO 3.33.0", "2021-08-16"),
        ("3.0", "3.0"),
        ("v3.0", "3.0"),
    ],
)
def test_a_pin_is_a_date_where_it_has_one(version: str, pin: str) -> None:
    assert pins_of(parse_document(document(ontologies=[("E", "EFO", version)]))) == {"EFO": pin}


@pytest.mark.parametrize("header", ["Organism", "Taxon", ""])
def test_the_column_of_taxa_is_known_by_what_stands_in_it(header: str) -> None:
    """CZI's drafts with more organisms head it so."""
    text = document()
    assert text.count("| NCBITaxon |") == 1
    renamed = parse_document(text.replace("| NCBITaxon |", f"| {header} |"))
    assert renamed.gene_references == parse_document(text).gene_references


def test_a_row_of_two_taxa_is_two_references() -> None:
    pigs = "NCBITaxon:9823`<br>for <i>Sus scrofa</i> or<br> `NCBITaxon:9825"
    genes = [*GENES, (pigs, "Sus scrofa domesticus", "Sscrofa11.1")]
    found = parse_document(document(genes=genes)).gene_references[len(GENES) :]
    assert [(gene.taxon, gene.organism, gene.version) for gene in found] == [
        ("NCBITaxon:9823", "Sus scrofa", "Sscrofa11.1"),
        ("NCBITaxon:9825", "Sus scrofa domesticus", "Sscrofa11.1"),
    ]


@pytest.mark.parametrize("between", [" or ", " and ", ", ", ", or ", "; "])
def test_organisms_of_one_row_are_named_without_what_stands_between_them(between: str) -> None:
    pigs = f"NCBITaxon:9823` for <i>Sus scrofa</i>{between}`NCBITaxon:9825"
    genes = [*GENES, (pigs, "Sus scrofa domesticus", "Sscrofa11.1")]
    found = parse_document(document(genes=genes)).gene_references[len(GENES) :]
    assert [gene.organism for gene in found] == ["Sus scrofa", "Sus scrofa domesticus"]


def test_an_organism_before_its_taxon_is_its_name() -> None:
    text = document().replace(
        "| `NCBITaxon:9606`<br>for <i>Homo sapiens</i> |", "| Homo sapiens `NCBITaxon:9606` |"
    )
    assert "| Homo sapiens `" in text
    assert parse_document(text).gene_references[0].organism == "Homo sapiens"


def test_a_row_without_its_last_bar_is_read() -> None:
    text = document().replace("| [2025-07-30](https://x) | |", "| [2025-07-30](https://x)")
    assert pins_of(parse_document(text))["CL"] == "2025-07-30"


@pytest.mark.parametrize(
    ("annotation", "requirement"),
    [
        ("Curator", Requirement.UNSTATED),
        ("Curator MUST annotate.", Requirement.MUST),
        ("Curator MAY annotate.", Requirement.MAY),
        ("Curator MUST annotate if x; otherwise, this key MUST NOT be present.", "MUST else"),
        ("Curator MAY annotate only if x; otherwise this key MUST NOT be present.", "MAY else"),
        ("This key MUST NOT be present if x; otherwise, Curator MUST annotate.", "MUST else"),
        ("This key MUST NOT be present when x. Otherwise Curator MAY annotate.", "MAY else"),
        ("Curator MUST NOT annotate if x; otherwise, Curator MUST annotate.", "MUST else"),
        ("Curator MUST NOT annotate if x.", Requirement.MUST_NOT),
    ],
)
def test_a_requirement_is_read_from_the_annotators_sentence(
    annotation: str, requirement: Requirement | str
) -> None:
    obs = [("a", annotation, "<code>int</code>. A number.")]
    found = parse_document(document(obs=obs)).fields()[0]
    conditional = {
        "MUST else": Requirement.CONDITIONAL_MUST_ELSE_NOT,
        "MAY else": Requirement.CONDITIONAL_MAY_ELSE_NOT,
    }
    assert found.requirement == conditional.get(requirement, requirement)
    assert (found.annotator, found.type) == ("curator", "int")


@pytest.mark.parametrize(
    ("annotation", "annotator"),
    [
        ("CELLxGENE Discover MUST annotate if the curator has set <code>b</code>.", "discover"),
        ("Curator MUST annotate if CELLxGENE Discover has set <code>b</code>.", "curator"),
        ("The Data Portal MAY annotate if the curator doesn't.", "data portal"),
        ("This key MUST NOT be present if x; otherwise, Curator MUST annotate.", "curator"),
        (
            "This key MUST NOT be present if the curator has set <code>b</code>; otherwise, "
            "CELLxGENE Discover MUST annotate.",
            "discover",
        ),
    ],
)
def test_the_annotator_is_who_is_told_to_and_not_who_stands_in_the_condition(
    annotation: str, annotator: str
) -> None:
    found = parse_document(document(obs=[("a", annotation, "x")])).fields()[0]
    assert found.annotator == annotator


def test_names_are_headings_without_markup() -> None:
    obs = [
        ("index of pandas.DataFrame", "Curator MUST annotate.", "x"),
        ("spatial[_library_id_]['images']", "Curator MUST annotate.", "x"),
        ("genetic[<i>id</i>]", "Curator MUST annotate.", "x"),
    ]
    names = [one.name for one in parse_document(document(obs=obs)).fields()][:3]
    assert names == ["index", "spatial[library_id]['images']", "genetic[id]"]


def test_an_inner_table_stays_within_its_value() -> None:
    inner = "Use:<table><tr><th>For</th><th>Use</th></tr><tr><td>a</td><td>b</td></tr></table>end"
    found = parse_document(document(obs=[("a", "Curator", inner)])).fields()[0]
    assert found.value == "Use:\n| For | Use\n| a | b\nend"
    assert found.tables[0].rows == (("a", "b"),)


@pytest.mark.parametrize(
    "fence",
    [
        "```\n{}\n```",
        "~~~ text\n{}\n~~~",
        "```\n~~~\n{}\n```",  # of other marks
        "~~~\n```\n{}\n~~~",
        "````\n```\n{}\n````",  # of fewer
        "```\n``` text\n{}\n```",  # what stands behind makes it no end
        "```\n~~~\n{}\n~~~\n{}\n`````  ",
        "```code``` in a line\n```\n{}\n```",  # that begins none
    ],
)
def test_a_heading_within_a_fence_heads_nothing(fence: str) -> None:
    text = fence.replace("{}", "## A comment")
    rules = parse_document(document(general=f"{text}\n\n## A chapter\n\nx")).rules
    names = [chapter.name for chapter in rules]
    assert "A chapter" in names
    assert "A comment" not in names


def test_the_sentence_after_a_table_is_prose_of_the_component() -> None:
    text = document().replace("<br>\n\n### tissue_type", "Curators MAY add.\n\n### tissue_type")
    obs = parse_document(text).component("obs")
    assert obs is not None
    assert "Curators MAY add." in obs.prose


def test_an_escaped_bar_parts_no_cells() -> None:
    (pin,) = parse_document(document(ontologies=[(r"Cell \| Ontology", "CL:", "1.0")])).ontologies
    assert (pin.prefix, pin.version) == ("CL", "1.0")


def test_reserved_names_are_read_and_empty_rows_are_not() -> None:
    row = "<tr><td>{}</td><td>{}</td><td>{}</td></tr>"
    rows = row.format("organism", "obs", "6.0.0") + row.format("", "", "")
    head = "<table><tr><th>Reserved Name</th><th>AnnData</th><th>Deprecated in</th></tr>"
    spec = parse_document(document(general=head + rows + "</table>"))
    assert [(n.component, n.name, n.deprecated_in) for n in spec.reserved_names] == [
        ("obs", "organism", "6.0.0")
    ]
    assert isinstance(spec.reserved_names[0], ReservedName)
    more = parse_document(
        document(
            general=f"{head}{rows}</table>\n\n### More\n\n{head}"
            f"{row.format('sex', 'obs', '7.0.0')}</table>"
        )
    )
    assert [name.name for name in more.reserved_names] == ["organism", "sex"]


def _organisms(taxon: str) -> str:
    link = f'<a href="https://x?obo_id=NCBITaxon%3A6239"><code>"{taxon}"</code></a>'
    return (
        "One of: <table><tr><th>For Organism</th><th>MUST Use</th></tr>"
        f"<tr><td><i>Caenorhabditis elegans</i></td><td>{link}</td></tr></table>"
    )


def test_a_mistyped_taxon_is_told_and_not_taken() -> None:
    uns = [("organism_ontology_term_id", "Curator MUST annotate.", _organisms("NCBITaxon:6293"))]
    genes = (*GENES, ("NCBITaxon:6239", "Caenorhabditis elegans", "WBcel235"))
    spec = parse_document(document(uns=uns, genes=genes))
    assert [(organism.name, organism.taxon) for organism in spec.organisms] == [
        ("Caenorhabditis elegans", "NCBITaxon:6239")
    ]
    line = spec.fields()[-1].lines.last - 2
    assert spec.discrepancies == (Discrepancy("NCBITaxon:6293", "NCBITaxon:6239", line),)


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://x/CL_0000066"><code>"CL:0000084"</code></a>',
        "[CL:0000084](https://x/CL_0000066)",
        "[`CL:0000084` for x](https://x?obo_id=CL%3A0000066)",
    ],
)
def test_a_link_that_goes_to_another_term_is_told(link: str) -> None:
    general = f"See [this](https://x/CL_0000066), [CL:0000084](https://x/CL_0000084) or\n{link}."
    spec = parse_document(document(general=general))
    (found,) = spec.discrepancies
    assert (found.text, found.link) == ("CL:0000084", "CL:0000066")
    assert document(general=general).splitlines()[found.line - 1] == f"{link}."


def test_of_two_taxa_in_a_row_the_one_that_stands_elsewhere_is_taken() -> None:
    row = _organisms("NCBITaxon:6293 or NCBITaxon:6239")
    uns = [("organism_ontology_term_id", "Curator MUST annotate.", row)]
    genes = (*GENES, ("NCBITaxon:6239", "C. elegans", "WBcel235"))
    (organism,) = parse_document(document(uns=uns, genes=genes)).organisms
    assert (organism.name, organism.taxon) == ("Caenorhabditis elegans", "NCBITaxon:6239")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("# Readme\n\nHello.", "no line 'Version: x.y.z'"),
        ("<html><body>Version 1.0.0</body></html>", "no line 'Version: x.y.z'"),
        ("# Schema\n\nVersion: 1.1.0\n\n## Schema", "no section 'Required Ontologies'"),
        (document().replace("| Release |", "| Pinned |"), "unknown column 'pinned'"),
        (document().replace("| Required version |", "| Source |"), "no column for version"),
        (document().replace("| CL: |", "|  |"), "lacks its prefix or version"),
        (document(genes=[*GENES, *GENES]), "NCBITaxon:9606 is pinned a second time"),
        (document(ontologies=[*ONTOLOGIES, ONTOLOGIES[0]]), "CL is pinned a second time"),
        (document(ontologies=[("C", "CL: (see below)", "1.0")]), "'\\(see', which is no prefix"),
        (document().replace("Ontologies\n", "Ontologies\n\n| A |\n|:-|\n", 1), "column 'a'"),
        (document().replace("\n[Cell", "\n| Release | B |\n|:--|:--|\n\n[Cell"), "column 'b'"),
        (document(ontologies=[]), "holds no table with a row"),
        (document().replace("<th>Annotator</th>", "<th>Who</th>"), "has a row 'Who'"),
        (document().replace("<th>Annotator</th>", "<th>Value</th>"), "a second row 'Value'"),
        (document().replace("<th>Key</th>", "<th>Name</th>"), "no row Key"),
        (document(obs=[("a", "Curator", " ")]), "has no value row"),
        (document(obs=[OBS[0], OBS[0]]), "a second field 'cell_type_ontology_term_id'"),
        (document(uns=[]), "no field of `uns`"),
        (document().replace("</td>\n</tr>", "</td>It MUST be CL:0000001.\n</tr>"), "outside of"),
        (document() + "\n## `varp`\n\n### b\n\n<table><tr><th>Key</th><td>b", "no annotation row"),
        (document(general="See the [Changelog](#appendix-a-changelog)."), "truncated"),
        (document() + "### c\n\n" + field("c", "Curator", "x<table>").split("\n", 2)[2], "trunc"),
    ],
)
def test_what_is_no_schema_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(DocumentError, match=says):
        parse_document(text)


@pytest.mark.parametrize("component", ["obs", "var", "uns"])
def test_a_document_without_a_field_of_obs_var_or_uns_is_refused_by_that_name(
    component: str,
) -> None:
    """Its fields would otherwise be taken for dropped ones."""
    renamed = document().replace(f"## `{component}`", f"## Of {component}")
    assert renamed != document()
    none: dict[str, Any] = {component: []}
    for text in (document(**none), renamed):
        with pytest.raises(DocumentError, match=f"describes no field of `{component}`"):
            parse_document(text)


@pytest.mark.parametrize(
    ("outside", "lost"),
    [
        ("It MUST be right.", "MUST"),
        ("CL:0000001", "CL:0000001"),
        ("CVCL_0001 and no other", "CVCL_0001"),
    ],
)
def test_what_stands_outside_of_every_cell_is_missed_though_a_cell_says_the_same(
    outside: str, lost: str
) -> None:
    said = "<code>str</code>. This MUST be CL:0000001 or CVCL_0001."
    whole, torn = (
        document(obs=[("mood", MUST, value), *OBS])
        for value in (f"{said} {outside}", f"{said}</td>{outside}")
    )
    assert parse_document(whole).fields()[0].value.endswith(outside)
    with pytest.raises(DocumentError, match=f"of field 'mood' holds {lost} outside of its cells"):
        parse_document(torn)


def test_a_table_that_is_left_open_doesnt_take_the_next_field_along() -> None:
    whole = document()
    field = whole[whole.index("### tissue_type") :]
    swallowed = field[field.index("<table>") : field.index("</table>") + 8]
    text = whole.replace("A CL term.</td>", f"A CL term. {swallowed}</td>", 1)
    assert text != whole
    with pytest.raises(DocumentError, match="holds that of another field; close it"):
        parse_document(text)


def test_a_refusal_names_the_line() -> None:
    text = document().replace("<th>Annotator</th>", "<th>Who</th>")
    line = text.splitlines().index("<th>Who</th>") + 1
    with pytest.raises(DocumentError, match=f"^Line {line}: "):
        parse_document(text)


TAGS = ["<table>", "</table>", "<td>", "</tr>", "<th>", "|", "###", "<!--", "```", "`", "[", "("]
NOISE = st.text(max_size=15) | st.lists(st.sampled_from(TAGS)).map("".join)


def test_fuzzed_documents_raise_only_the_named_error_and_a_share_is_read() -> None:
    text = document()
    refused: list[str] = []

    @settings(max_examples=150)
    @given(st.integers(0, len(text)), st.sampled_from([0, 1, 5, 50, 500]), NOISE)
    def fuzzed(start: int, length: int, noise: str) -> None:
        try:
            parse_document(text[:start] + noise + text[start + length :])
        except DocumentError as error:
            refused.append(str(error))
        else:
            refused.append("")

    fuzzed()
    assert all(why.endswith(".") for why in refused if why)
    assert refused.count("") > len(refused) / 10


def names(spec: Spec) -> set[str]:
    return {each.name for each in spec.fields()}


def test_a_line_within_a_table_heads_nothing() -> None:
    value = "<code>str</code>. This MUST be\n# a\nor b."
    spec = parse_document(document(obs=[("mood", MUST, value), *OBS]))
    assert names(spec) >= {"mood", *(name for name, _, _ in OBS)}
    (mood,) = (each for each in spec.fields() if each.name == "mood")
    assert mood.value == "`str`. This MUST be # a or b."
    assert [part.name for part in spec.rules] == [p.name for p in parse_document(document()).rules]


OPEN_TABLE = "<table>\n<tr><td>\n# not one\n</td>\n\n# One\n\n<tr>\n# not one\n</table>\n# None\n"


def test_a_blank_line_ends_what_a_tag_began_so_that_an_open_table_hides_no_heading() -> None:
    """https://spec.commonmark.org/0.31.2/#html-blocks, the sixth kind."""
    text = document(general=OPEN_TABLE)
    assert [part.name for part in parse_document(text).rules if "ne" in part.name][1:] == [
        "One",
        "None",
    ]


@pytest.mark.parametrize("part", [field("mood", MUST, A_OR_B), "Version: 9.9.9\n", "## Chapter\n"])
def test_what_is_commented_out_is_not_there(part: str) -> None:
    before = document()
    commented = before.replace("## `var`", f"<!--\n{part}\n-->\n\n## `var`")
    assert commented != before
    there = parse_document(commented)
    assert names(there) == names(parse_document(before))
    assert there.version == "1.0.0"
    assert not diff(parse_document(before), there).component_rules_changed


@pytest.mark.parametrize("mark", ["**", "*", "_", "`"])
def test_version_and_appendix_may_be_emphasised(mark: str) -> None:
    appendix = (
        "## Appendix A. Changelog\n\n### schema v1.0.0\n\n* Required Ontologies\n"
        "  * Updated CL to release 2025-07-30\n"
    )
    bare = f"{document()}{appendix}"
    marked = bare.replace("Version: 1.0.0", f"Version: {mark}1.0.0{mark}").replace(
        "Appendix A. Changelog", f"{mark}Appendix A. Changelog{mark}"
    )
    whole = bare.replace("Version: 1.0.0", f"{mark}Version: 1.0.0{mark}").replace(
        "### schema v1.0.0", f"### {mark}schema v1.0.0{mark}"
    )
    plain = parse_document(bare)
    assert len(plain.changelog) == 1
    for text in (marked, whole):
        found = parse_document(text)
        assert (found.version, found.changelog) == (plain.version, plain.changelog)
        assert found.rules == plain.rules


@pytest.mark.parametrize("stray", ["</table>", "</table>\n</table>", "</tbody></table>"])
def test_a_table_behind_a_stray_end_is_read(stray: str) -> None:
    mood = field("mood", MUST, A_OR_B).replace("<table>", f"{stray}\n\n<table>", 1)
    spec = parse_document(document().replace("## `var`", f"{mood}## `var`"))
    (found,) = (each for each in spec.fields() if each.name == "mood")
    assert found.annotation == MUST


@pytest.mark.parametrize(
    "end", ["</table><br>", "</table></div>", "</table> See below.", "</table>"]
)
def test_a_heading_right_behind_a_table_heads_its_field(end: str) -> None:
    text = document().replace("</table>\n<br>\n\n###", f"{end}\n###")
    assert f"{end}\n### tissue_type" in text
    assert names(parse_document(text)) == names(parse_document(document()))


def test_a_table_in_a_fence_hides_no_heading() -> None:
    fence = "```\n<table>\n# a comment\n```\n"
    text = document().replace("### tissue_type", f"{fence}### tissue_type")
    assert names(parse_document(text)) == names(parse_document(document()))


def test_a_field_without_a_heading_of_its_own_is_not_lost() -> None:
    text = document().replace("### tissue_type\n\n", "")
    with pytest.raises(DocumentError) as refused:
        parse_document(text)
    assert "beneath 'cell_type_ontology_term_id' stand the tables of 2 fields" in str(refused.value)

"""What other sources say of a document: what is told, and what is passed over."""

import json
from collections.abc import Callable
from pathlib import Path

import documents
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schema_documents import GENES, OBS, ONTOLOGIES, document

from bot.schema.diff import diff
from bot.schema.document import parse_document
from bot.schema.spec import Spec
from bot.schema.witnesses import (
    WitnessError,
    agree,
    compare_definition,
    compare_genes,
    compare_pins,
)
from runners import rules

REFERENCE = Path(__file__).parents[3] / ".reference"


def spec(version: str) -> Spec:
    return parse_document(documents.text(version))


@pytest.mark.parametrize(
    ("version", "other", "does"),
    [
        ("v2025-07-30", "2025-07-30", True),
        ("v3.82.0", "2025-09-15 EFO 3.82.0", True),
        ("vWS298", "2025-08-12 WS298", True),
        ("248", "2026-01-06\n248", True),
        ("2025-01-2", "2025-01-23", False),
        ("53.0", "55.0", False),
        ("2025-08-08", "2025-08-15", False),
        ("v2025-02-02", "2025-02-13 WS298", False),
        ("2025-01-02", "2025-02-01", False),
        ("3.3", "3.0", False),
        ("v3.8.3", "2025-09-15 EFO 3.8.0", False),
        ("EFO 3.82.0 (2025-09-15)", "2025-09-15 EFO v3.82.0", True),
        ("vM37", "GENCODE vM37 (GRCm39)", True),
        ("BDGP6.54", "BDGP6.54, Ensembl 114", True),
        ("Macaca_fascicularis_6.", "Macaca_fascicularis_6.0 (GCA_011100615.1)", True),
        ("53", "53.0", True),
        ("5", "53.0", False),
        ("", "2025-09-15", False),
        ("2025/03/01", "2025-09-15", False),
        ("2025_03_01", "2025-09-15", False),
        ("2025.09.15", "2025-09-15", True),
        ("2025/09/15", "v2025_09_15 EFO 3.82.0", True),
        ("2025-01-29", "08-Oct-2025 2025_04", False),
        ("2025-03", "08-Oct-2025 2025_04", False),
        ("2025_04", "08-Oct-2025 2025_04", True),
        ("2025-09", "2025-09-15", True),
        ("2025-03", "2025-09-15", False),
    ],
)
def test_versions_agree_if_they_can_be_the_same(version: str, other: str, does: bool) -> None:
    assert agree(version, other) is agree(other, version) is does


# --- the changelog --------------------------------------------------------------------------------


def told(*items: str, old: str = document("1.0.0"), **changed: object) -> list[tuple[str, bool]]:
    """The doubts about what the changelog of 2.0.0 says beneath these chapters, and denials."""
    lines = "\n".join(items)
    text = document("2.0.0", **changed)  # type: ignore[arg-type]
    text += f"## Appendix A. Changelog\n\n### schema v2.0.0\n\n{lines}\n\n### schema v1.0.0\n"
    found = diff(parse_document(old), parse_document(text))
    for doubt in found.doubts:
        assert doubt.line is None or text.splitlines()[doubt.line - 1].strip().startswith("*")
    return [(doubt.what, doubt.is_denied) for doubt in found.doubts]


def test_what_the_documents_show_is_no_doubt() -> None:
    added = (*OBS, ("donor_age", "Curator MUST annotate.", "<code>str</code>."))
    pins = (("Cell Ontology", "CL:", "2025-09-01"), ONTOLOGIES[1])
    items = (
        "* Required Ontologies",
        "  * Updated Cell Ontology (CL) to release 2025-09-01",
        "* obs (Cell metadata)",
        "  * Added <code>donor_age</code>",
        "    * Added nothing else to `sex`",
        "  * Something else entirely",
        "* scATAC-seq assets",
        "  * Added `fragments`",
    )
    assert told(*items, obs=added, ontologies=pins) == []


@pytest.mark.parametrize(
    ("item", "why", "is_denied"),
    [
        ("Added `donor_age`", "the document doesn't describe it", True),
        ("**Breaking change**. Removed `tissue_type`", "the document still describes it", True),
        ("Added `tissue_type`", "1.0.0 describes it, too", True),
        ("Updated the requirements for `tissue_type`", "differ in wording at most", False),
        ('Added `"cell line"` to `tissue_type`', "differ in wording at most", False),
        ("Removed guidance in `tissue_type`", "differ in wording at most", False),
    ],
)
def test_a_field_that_the_changelog_alone_changes(item: str, why: str, is_denied: bool) -> None:
    (found,) = told("* obs (Cell metadata)", f"  * {item}")
    assert found[0].startswith("2.0.0, obs (Cell metadata): \u201c")
    assert found[0].endswith(f"{why}.")
    assert found[1] is is_denied


@pytest.mark.parametrize(
    ("chapter", "item", "why", "is_denied"),
    [
        ("Ontologies", "Updated CL to the 2025-08-01 release", "pins 2025-07-30", True),
        ("Ontologies", "Added Cellosaurus release 55.0", "pins 53.0", True),
        ("Ontologies", "Updated Cellosaurus to release 53.0", "1.0.0 pins the same", False),
        ("Gene Annotations", "Updated *Homo sapiens* to GENCODE v49", "pins GENCODE v48", True),
    ],
)
def test_a_pin_that_the_changelog_alone_has(
    chapter: str, item: str, why: str, is_denied: bool
) -> None:
    (found,) = told(f"* Required {chapter}", f"  * {item}")
    assert why in found[0]
    assert found[1] is is_denied


@pytest.mark.parametrize("indents", [(2, 4), (4, 2)])
def test_each_chapter_of_a_changelog_has_its_own_indentation(indents: tuple[int, int]) -> None:
    items = (
        f"* {part}\n{' ' * indent}* Added `donor_{part}`\n{' ' * (indent + 2)}* Added `remark`"
        for part, indent in zip(("obs", "uns"), indents, strict=True)
    )
    found = [what.partition(": ")[2] for what, _ in told(*items)]
    assert [what.partition("\u201d")[0] for what in found] == [
        "\u201cAdded `donor_obs`",
        "\u201cAdded `donor_uns`",
    ]


def test_what_an_earlier_version_changed_may_have_been_changed_again() -> None:
    items = (
        "* obs",
        "  * Updated `sex`",
        "### schema v1.5.0",
        "* obs (Cell metadata)",
        "  * Added `donor_age`",
        "  * Removed `tissue_type`",
        "* Required Ontologies",
        "  * Updated CL to release 2025-01-01",
        "### schema v0.9.0",
        "* obs",
        "  * Added `donor_height`",
        "### schema v2.5.0",  # of a draft that comes after it
        "* obs",
        "  * Added `donor_width`",
    )
    doubts = told(*items)
    assert [(what[:5], is_denied) for what, is_denied in doubts] == [("1.5.0", False)] * 3


def test_of_several_versions_statements_the_newest_counts() -> None:
    later = (
        "* obs",
        "  * Removed `donor_age`",
        "* Required Ontologies",
        "  * Updated CL to release 2025-07-30",
    )
    earlier = (
        "### schema v1.5.0",
        "* obs",
        "  * Added `donor_age`",
        "* Required Ontologies",
        "  * Updated CL to release 2025-01-01",
    )
    was = document("1.0.0", ontologies=(("Cell Ontology", "CL:", "2024-01-04"), ONTOLOGIES[1]))
    assert told(*later, *earlier, old=was) == []


def test_a_missing_entry_is_said_and_an_older_document_isnt_asked() -> None:
    newer = document("2.0.0") + "## Appendix A. Changelog\n\n### schema v1.0.0\n\n* obs\n  * X\n"
    one, other = parse_document(document("1.0.0")), parse_document(newer)
    (found,) = diff(one, other).doubts
    assert (found.what, found.is_denied) == ("The changelog has no entry for 2.0.0.", False)
    assert diff(other, one).doubts == ()


DOUBTS = [("1.0.0", "2.0.0", 1), ("2.0.0", "2.1.0", 0)]
DOUBTS += [("5.0.0", "5.2.0", 0), ("6.0.0", "7.0.0", 0), ("5.2.0", "7.0.0", 1)]


@pytest.mark.parametrize(("old", "new", "doubts"), documents.here(*DOUBTS))
def test_changelogs_raise_few_doubts(old: str, new: str, doubts: int) -> None:
    found = diff(spec(old), spec(new)).doubts
    # A misprint of the real changelog, for 2025-01-23, which ours has too.
    assert ["release 2025-01-2\u201d" in one.what for one in found] == [True] * doubts
    assert not any(one.is_denied for one in found)


# --- other sources --------------------------------------------------------------------------------

SPEC = parse_document(
    document(
        "7.0.0",
        obs=(
            ("tissue_type", "Curator MUST annotate.", 'This MUST be <code>"tissue"</code>.'),
            (
                "disease",
                "Curator MUST annotate.",
                'One or more, separated by the delimiter <code>" || "</code>.',
            ),
            (
                "suspension",
                "Curator MUST annotate.",
                'MUST be <code>"cell"</code>. MUST NOT be <code>"na"</code>.',
            ),
        ),
        genes=(*GENES, ("NCBITaxon:7955", "Danio rerio", "GRCz11 (GCA_1.4)<br>Ensembl 114")),
    )
)


def guide(**pins: str) -> str:
    told = {prefix: {"version": version} for prefix, version in pins.items()}
    return json.dumps({"7.0.0": {"ontologies": told}})


def test_the_guide_s_pins() -> None:
    assert compare_pins(SPEC, guide(CL="v2025-07-30", CVCL="53.0")) == ()
    assert compare_pins(SPEC, guide(CL="v2025-04-10", PATO="x")) == (
        "CL: the document pins 2025-07-30 (line 15), it has v2025-04-10",
        "CVCL: it doesn't have it",
        "PATO x: the document doesn't pin it",
    )
    more = {"CL": {"version": "v2025-07-30", "additional_ontologies": ["CVCL"]}}
    assert compare_pins(SPEC, json.dumps({"7.0.0": {"ontologies": more}})) == (
        "CVCL: the document pins 53.0 (line 16), it has v2025-07-30",
    )


def definition(column: str, title: str = "7.0.0") -> str:
    return (
        f"title: Corpora schema version {title}\n"
        f"components: {{obs: {{columns: {{{column}}}}}, uns: {{keys: }}}}\n"
    )


BOTH = 'tissue_type: {enum: [tissue]}, disease: {a: [{multi_term: {delimiter: " || "}}]}'


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (BOTH, ()),
        ("tissue_type: {enum: [tissue, x]}", ("it takes x, which the document doesn't name",)),
        (
            "tissue_type: {enum: [organoid]}",
            ("it takes organoid, which the document doesn't name", "it doesn't take tissue"),
        ),
        ("disease: {delimiter: ','}", ("its delimiter is ',', the document's ' || '",)),
        ("suspension: {enum: [cell]}", ()),
        ("suspension: {enum: [cell, na]}", ()),  # the document names it, as forbidden
        ("disease: {}", ("its delimiter is none, the document's ' || '",)),
    ],
)
def test_the_definition_s_values_and_delimiters(columns: str, says: tuple[str, ...]) -> None:
    found = compare_definition(SPEC, definition(columns))
    assert tuple(one.partition("): ")[2] for one in found) == says
    assert compare_definition(SPEC, definition(columns, title="5.X.X")) == found


def genes(human: str = "48", fish: str = "Danio_rerio.GRCz11.114") -> str:
    return (
        f"human: {{description: homo_sapiens, version: {human}, url: x}}\n"
        f"zebrafish: {{description: danio_rerio, url: 'https://e/danio_rerio/{fish}.gtf.gz'}}\n"
        "ercc: {description: ercc, url: y}\n"
        "other: {description: homo_erectus, version: 1, url: x}\n"
    )


def test_the_gene_tables_annotations() -> None:
    assert compare_genes(SPEC, genes()) == ()
    (human,) = compare_genes(SPEC, genes(human="44"))
    assert human.startswith("Homo sapiens: the document pins GENCODE v48 (GRCh38.p14) Ensembl 114")
    assert human.endswith("it has GENCODE 44")
    (fish,) = compare_genes(SPEC, genes(fish="Danio_rerio.GRCz12.115"))
    assert fish.endswith("it has GRCz12, Ensembl 115")
    (fish,) = compare_genes(SPEC, genes(fish="Danio_rerio.GRCz11.115"))
    assert fish.endswith("it has GRCz11, Ensembl 115")


Compare = Callable[[Spec, str], tuple[str, ...]]


@pytest.mark.parametrize(
    ("compare", "text", "says"),
    [
        (compare_pins, guide().replace("7.0.0", "6.0.0"), "knows 6.0.0, not 7.0.0"),
        (compare_pins, "<html>", "isn't an ontology guide"),
        (compare_pins, '{"7.0.0": {"ontologies": {"CL": {}}}}', "isn't an ontology guide"),
        (compare_definition, definition("", "7.1.0"), "is of 7.1.0, not 7.0.0"),
        (compare_definition, "a: [", "isn't a schema definition"),
        (compare_definition, "<html>", "isn't a schema definition"),
        (compare_genes, "<html>", "isn't a list of gene annotations"),
        (compare_genes, "a: {b: c}", "isn't a list of gene annotations"),
    ],
)
def test_what_isnt_the_source_says_so(compare: Compare, text: str, says: str) -> None:
    with pytest.raises(WitnessError, match=says):
        compare(SPEC, text)


WORDS = (
    *("7.0.0", "ontologies", "version", "additional_ontologies", "title", "components", "obs"),
    *("columns", "tissue_type", "enum", "description", "url"),
)
JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)
    ),
    max_leaves=12,
)


Wrapped = Callable[[object], object]
WHOLE: list[tuple[Compare, Wrapped]] = [
    (compare_pins, lambda value: {"7.0.0": {"ontologies": {"CL": {"version": value}}}}),
    (
        compare_definition,
        lambda value: {
            "title": "Corpora schema version 7.0.0",
            "components": {"obs": {"columns": {"tissue_type": value, "disease": value}}},
        },
    ),
    (compare_genes, lambda value: {"human": {"description": "homo_sapiens", "version": value}}),
]
"""Each source, with anything where it may say anything."""


@pytest.mark.parametrize(("compare", "wrapped"), WHOLE)
def test_fuzzed_sources_raise_only_the_named_error_and_a_share_is_read(
    compare: Compare, wrapped: Wrapped
) -> None:
    read: list[bool] = []

    @settings(max_examples=40)
    @given(JSON)
    def fuzzed(value: object) -> None:
        is_read(compare, value)
        is_read(compare, {"a": value})
        read.append(is_read(compare, wrapped(value)))

    fuzzed()
    assert sum(read) > len(read) / 20


def is_read(compare: Compare, value: object) -> bool:
    try:
        found = compare(SPEC, json.dumps(value))
    except WitnessError:
        return False
    assert all(isinstance(says, str) for says in found)
    return True


@documents.need("6.0.0", "7.0.0")
@pytest.mark.skipif(not REFERENCE.is_dir(), reason="no .reference: run make setup")
@pytest.mark.parametrize("version", ["6.0.0", "7.0.0"])
def test_the_real_sources_agree_with_the_real_documents(version: str) -> None:
    guides = REFERENCE.glob("cellxgene-ontology-guide-*/*/data/ontology_info.json")
    texts = [text for text in (one.read_text() for one in guides) if version in json.loads(text)]
    assert texts
    assert [compare_pins(spec(version), text) for text in texts] == [()] * len(texts)
    tables = rules.load(version).gene_tables.version
    (found,) = REFERENCE.glob(f"cellxgene-schema-{tables}/**/schema_definition.yaml")
    assert compare_definition(spec(version), found.read_text()) == ()


def test_what_was_taken_away_and_came_again_is_no_doubt() -> None:
    age = (*OBS, ("donor_age", "Curator MUST annotate.", "<code>str</code>."))
    text = document("3.0.0", obs=age) + (
        "## Appendix A. Changelog\n\n"
        "### schema v3.0.0\n\n* obs (Cell metadata)\n  * Added `donor_age`\n\n"
        "### schema v2.0.0\n\n* obs (Cell metadata)\n  * Removed `donor_age`\n"
    )
    before = parse_document(document("1.0.0", obs=age))
    denied = [doubt.what for doubt in diff(before, parse_document(text)).doubts if doubt.is_denied]
    assert denied == []
    once = text.replace("  * Removed `donor_age`\n", "  * Updated `tissue_type`\n")
    (doubt,) = (one for one in diff(before, parse_document(once)).doubts if one.is_denied)
    assert doubt.what.endswith("1.0.0 describes it, too.")

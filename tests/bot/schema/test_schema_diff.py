"""One change at a time: in which category it shows, and that nothing else does."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schema_documents import GENES, OBS, ONTOLOGIES, UNS, document

from bot.schema.changelog import doubts
from bot.schema.changes import SchemaDiff
from bot.schema.diff import diff
from bot.schema.diff_json import to_json
from bot.schema.document import parse_document
from bot.schema.spec import Spec

MUST = "Curator MUST annotate."
PROSE = {"old", "new", "document_status", "notes", "not_compared", "changelog_disagreements"}
# What stands with a field that is new, and is looked at on its own.
SUMMARY = {"presence", "number", "allowed", "forbidden", "demands"}


def _diff(old: dict[str, Any], new: dict[str, Any]) -> SchemaDiff:
    return diff(parse_document(document(**old)), parse_document(document(**new)))


def _changed(old: dict[str, Any], new: dict[str, Any]) -> dict[str, list[Any]]:
    """The categories that have entries, without their line numbers."""
    report = to_json(_diff(old, new))
    return {name: _bare(rows) for name, rows in report.items() if name not in PROSE and rows}


def _bare(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told = {"lines", "line", "what", "requirement", "type", "annotator", *SUMMARY}
    return [{key: value for key, value in row.items() if key not in told} for row in rows]


def _value(text: str, name: str = "a") -> dict[str, Any]:
    return {"obs": [(name, MUST, text)]}


def test_a_field_added_and_its_mirror_image() -> None:
    more = {"obs": [*OBS, ("donor_id", MUST, "<code>str</code>.")]}
    entry = [{"component": "obs", "name": "donor_id"}]
    assert _changed({}, more) == {"fields_added": entry}
    assert _changed(more, {}) == {"fields_removed": entry}


def test_a_field_that_moves_is_neither_added_nor_removed() -> None:
    organism = ("organism", "Curator", "categorical with <code>str</code> categories.")
    moved = _changed({"obs": [*OBS, organism]}, {"uns": [*UNS, organism]})
    assert moved == {
        "fields_renamed": [
            {
                "kind": "move",
                "component_old": "obs",
                "old": "organism",
                "component_new": "uns",
                "new": "organism",
            }
        ]
    }


def test_a_qualified_name_is_a_rename_and_a_new_one_is_not() -> None:
    before, after = _value("x", "ethnicity"), _value("x", "self_reported_ethnicity")
    assert set(_changed(before, after)) == {"fields_renamed"}
    other = _changed(before, _value("y", "experimental_condition"))
    assert set(other) == {"fields_added", "fields_removed"}
    elsewhere = {"obs": [OBS[0]], "uns": [*UNS, ("self_reported_ethnicity", MUST, "x")]}
    before = {"obs": [OBS[0], ("ethnicity", MUST, "x")]}
    assert set(_changed(before, elsewhere)) == {"fields_added", "fields_removed"}


def test_of_several_that_it_may_be_called_now_the_most_alike_is_the_rename() -> None:
    names = ("donor_reported_ethnicity", "reported_ethnicity", "self_reported_ethnicity")
    after = {"obs": [*OBS, *((name, MUST, "x") for name in names)]}
    found = _diff({"obs": [*OBS, ("ethnicity", MUST, "x")]}, after)
    assert [change.new.name for change in found.fields_renamed] == ["reported_ethnicity"]
    assert [field.name for field in found.fields_added] == [names[0], names[2]]


def test_a_rename_changes_no_field_that_only_names_it() -> None:
    rule = 'MUST be <code>"x"</code> if <code>{}</code> is <code>"y"</code>.'
    when = "Curator MUST annotate if <code>obs['{}']</code> is present."
    before, after = (
        {"obs": [(name, MUST, "x"), ("b", when.format(name), rule.format(name))]}
        for name in ("mood", "reported_mood")
    )
    assert set(_changed(before, after)) == {"fields_renamed", "fields_changed_editorial"}
    other = {"obs": [("reported_mood", MUST, "x"), ("b", when.format("c"), rule.format("c"))]}
    assert set(_changed(before, other)) == {"fields_renamed", "fields_changed"}


def test_a_move_changes_no_field_that_only_names_its_place() -> None:
    rule = 'MUST be <code>"x"</code> if <code>{}[\'mood\']</code> is <code>"y"</code>.'
    when = "Curator MUST annotate if <code>{}['mood']</code> is present."

    def of(slot: str, named: str) -> dict[str, Any]:
        parts: dict[str, Any] = {"obs": [*OBS], "uns": [*UNS]}
        parts[slot] = [*parts[slot], ("mood", MUST, "x")]
        parts["obs"] = [*parts["obs"], ("b", when.format(named), rule.format(named))]
        return parts

    moved = {"fields_renamed", "cardinality_changed"}
    assert set(_changed(of("obs", "obs"), of("uns", "uns"))) == {*moved, "fields_changed_editorial"}
    assert set(_changed(of("obs", "var"), of("uns", "uns"))) == {*moved, "fields_changed"}


ASK = "The curator MUST ask the donor."


@pytest.mark.parametrize(
    ("old", "new", "aspects", "removed", "added"),
    [
        ((MUST, "x MUST be y."), (MUST, f"x MUST be y. {ASK}"), ("values",), (), (ASK,)),
        ((MUST, f"x MUST be y. {ASK}"), (MUST, "x MUST be y."), ("values",), (ASK,), ()),
        ((MUST, "x."), ("Curator MAY annotate.", "x."), ("annotator",), (), ()),
        (
            (MUST, "x."),
            ("Curator MAY annotate.", f"x. {ASK}"),
            ("annotator", "values"),
            (),
            (ASK,),
        ),
    ],
)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("obs", "ethnicity"), ("obs", "self_reported_ethnicity")),
        (("obs", "index_of_mood"), ("uns", "index_of_mood")),
    ],
)
def test_what_else_changed_of_a_field_that_is_renamed_or_moved_is_told(
    before: tuple[str, str],
    after: tuple[str, str],
    old: tuple[str, str],
    new: tuple[str, str],
    aspects: tuple[str, ...],
    removed: tuple[str, ...],
    added: tuple[str, ...],
) -> None:
    # A column's type is a key's, once it has moved.
    types = {"obs": "categorical with <code>str</code> categories.", "uns": "<code>str</code>."}

    def of(place: tuple[str, str], said: tuple[str, str]) -> dict[str, Any]:
        component, name = place
        fields: dict[str, Any] = {"obs": [*OBS], "uns": [*UNS]}
        itself = f"{types[component]} <code>{name}</code> MUST be there and {name}_id too."
        fields[component].append((name, said[0], f"{itself} {said[1]}"))
        fields["obs"].append((f"{name}_id", MUST, f"<code>str</code>. Goes with {name}_id."))
        return fields

    report = _diff(of(before, old), of(after, new))
    assert (before[1], after[1]) in [(one.old.name, one.new.name) for one in report.fields_renamed]
    (change,) = report.fields_changed
    assert (change.old.name, change.new.name) == (before[1], after[1])
    assert (change.aspects, change.removed, change.added) == (aspects, removed, added)
    assert report.fields_changed_editorial == ()


@pytest.mark.parametrize(
    ("said", "aspects"),
    [("categorical with <code>bool</code> categories.", ("values",)), ("<code>str</code>.", ())],
)
def test_a_column_that_moves_may_change_its_type_beside(
    said: str, aspects: tuple[str, ...]
) -> None:
    old = {"obs": [*OBS, ("mood", MUST, said)]}
    changes = _diff(old, {"uns": [*UNS, ("mood", MUST, "<code>str</code>.")]})
    assert [change.aspects for change in changes.fields_changed] == [aspects] * bool(aspects)


def test_organisms_of_a_field_that_moves_are_told_as_such_and_what_else_it_says_is_not() -> None:
    (_, who, rows), *_ = _list(("Homo sapiens", "NCBITaxon:9606"))["uns"]
    name, column = "organism_ontology_term_id", "categorical with <code>str</code> categories."
    before = {"obs": [*OBS, (name, who, f"{column} A descendant of NCBITaxon:33208.")]}
    changes = _diff(before, {"uns": [*UNS, (name, who, f"<code>str</code>. {rows}")]})
    assert changes.organisms_removed
    assert (changes.fields_changed, changes.fields_changed_editorial) == ((), ())
    told = _diff(before, {"uns": [*UNS, (name, who, f"<code>str</code>. {rows} {ASK}")]})
    assert [(one.removed, one.added) for one in told.fields_changed] == [((), (ASK,))]


def test_pins_by_prefix_whatever_the_header_and_its_colon() -> None:
    new = [("Cell Ontology", "CL", "2026-01-01"), ("Zebrafish", "ZFA:<br>ZFS:", "2025-09-05")]
    assert _changed({}, {"ontologies": new}) == {
        "ontology_pins_changed": [{"prefix": "CL", "old": "2025-07-30", "new": "2026-01-01"}],
        "ontologies_added": [
            {"prefix": "ZFA", "name": "Zebrafish", "version": "2025-09-05"},
            {"prefix": "ZFS", "name": "Zebrafish", "version": "2025-09-05"},
        ],
        "ontologies_removed": [{"prefix": "CVCL", "name": "Cellosaurus", "version": "53.0"}],
    }


def test_a_point_parts_the_numbers_of_a_version() -> None:
    one, other = ({"ontologies": [("X", "X", version)]} for version in ("12.5", "125"))
    assert _changed(one, other) == {
        "ontology_pins_changed": [{"prefix": "X", "old": "12.5", "new": "125"}]
    }


def test_a_gene_reference_that_is_only_worded_anew_is_cosmetic() -> None:
    reworded = [("NCBITaxon:9606", "Homo sapiens", "Human GRCh38.p14 (GENCODE v48/Ensembl 114)")]
    newer = [("NCBITaxon:9606", "Homo sapiens", "GENCODE v49 (GRCh38.p14) Ensembl 115")]
    more = [(*GENES[0][:2], f"{GENES[0][2]}<br>(GRCh37)")]
    pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {"genes": reworded}),
        ({}, {"genes": newer}),
        ({}, {"genes": more}),
        ({"genes": more}, {}),
    ]
    changes = [_diff(*pair).gene_references_changed for pair in pairs]
    assert [[change.cosmetic for change in one] for one in changes] == [
        [True],
        [False],
        [False],
        [False],
    ]


def _list(*organisms: tuple[str, str]) -> dict[str, Any]:
    rows = "".join(f"<tr><td>{name}</td><td>{taxon}</td></tr>" for name, taxon in organisms)
    text = f"One of: <table><tr><th>For Organism</th><th>MUST Use</th></tr>{rows}</table>"
    return {"uns": [("organism_ontology_term_id", MUST, text)]}


def test_an_open_rule_that_closes_loses_the_rule_and_gains_the_organisms() -> None:
    before = {"uns": [("organism_ontology_term_id", MUST, "A descendant of NCBITaxon:33208.")]}
    after = _list(("Homo sapiens", "NCBITaxon:9606"), ("Danio rerio", "NCBITaxon:7955"))
    report = _changed(before, after)
    assert report["organisms_added"] == [{"organism": "Danio rerio", "taxon": "NCBITaxon:7955"}]
    assert report["organisms_removed"] == [{"organism": "A descendant of NCBITaxon:33208."}]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("the most accurate child of CL:0000001", "the most accurate descendant of CL:0000001"),
        ("This MUST be x.", 'The value <b>MUST</b> be "x" .'),
        ("This MUST be x. It MAY be y.", "It MAY be y.<br>This MUST be x."),
        ("This MUST be x (e.g. CL:0000001).", "This MUST be x (e.g. CL:0000002)."),
        ("This MUST be x. For example, it is y.", "This MUST be x."),
        ("The final matrix MUST be x.", "The normalized matrix MUST be x."),
        (
            'MUST be <code>"na"</code> or <code>"unknown"</code> if set in <code>b</code>.',
            'MUST be <code>"na"</code> if the value of <code>b</code> is <code>"na"</code>. MUST '
            'be <code>"unknown"</code> if the value of <code>b</code> is <code>"unknown"</code>.',
        ),
    ],
)
def test_editing_is_no_change(old: str, new: str) -> None:
    changes = _diff(_value(old), _value(new))
    assert changes.is_empty()
    assert [change.new.name for change in changes.fields_changed_editorial] == ["a"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("This must be x.", "This MUST be x."),
        ("This MUST not be x.", "This MUST NOT be x."),
        ("It may be y.", "It MAY be y."),
        ("It is strongly recommended.", "It is STRONGLY RECOMMENDED."),
        ("MUST be x if <code>b != 3</code>.", "MUST be x if <code>b = 3</code>."),
        ("MUST be x. If y, this MUST be z.", "MUST be x. Otherwise, if y, this MUST be z."),
    ],
)
def test_what_demands_otherwise_is_a_change(old: str, new: str) -> None:
    for before, after in ((old, new), (new, old)):
        changes = _diff(_value(before), _value(after))
        assert [change.new.name for change in changes.fields_changed] == ["a"]
        assert changes.fields_changed_editorial == ()


@pytest.mark.parametrize(
    ("old", "new", "empty"),
    [
        ("Curator", "Curator MUST annotate.", True),
        ("Data Portal", "CELLxGENE Discover MUST annotate.", True),
        ("Curator", "CELLxGENE Discover", False),
        ("Curator MUST annotate.", "Curator MAY annotate.", False),
        ("Curator MUST annotate.", "Curator MUST annotate if x is y.", False),
    ],
)
def test_who_annotates_and_when(old: str, new: str, empty: bool) -> None:
    assert _diff({"obs": [("a", old, "x")]}, {"obs": [("a", new, "x")]}).is_empty() is empty


def test_a_documents_own_number_is_no_change() -> None:
    old, new = ('This MUST be <code>"1.0.0"</code>.', 'This MUST be <code>"2.0.0"</code>.')
    assert not _changed(*({"uns": [("schema_version", MUST, text)]} for text in (old, new)))


def test_who_fills_in_a_documents_own_number_is_a_change() -> None:
    old, new = (
        {"uns": [("schema_version", who, f'This MUST be <code>"{number}"</code>.')]}
        for who, number in (("Curator", "1.0.0"), ("CELLxGENE Discover", "2.0.0"))
    )
    (change,) = _diff(old, new).fields_changed
    assert (change.aspects, change.removed, change.added) == (("annotator",), (), ())
    assert set(_changed(old, new)) == {"fields_changed"}


def test_what_changed_of_a_field_says_its_annotator_and_its_values() -> None:
    often = "Curator MUST annotate if <code>x</code> is <code>1</code>."
    old = {"obs": [("a", MUST, "This MUST be b. It MAY be c.")]}
    new = {"obs": [("a", often, "This MUST be b. It MAY be d.")]}
    (change,) = _diff(old, new).fields_changed
    assert change.text == "Curator MUST annotate if `x` is `1`.; It MAY be d."


def test_a_fields_name_is_no_part_of_its_values() -> None:
    before, after = (_value(f"{type_}. This MUST be b.") for type_ in ("categorical", "str"))
    (change,) = _diff(before, after).fields_changed
    assert change.removed == ("categorical.",)


def test_a_delimiter_is_a_cardinality_and_no_value() -> None:
    many = 'One or more terms in ascending lexical order, delimiter <code>" || "</code>'
    changes = _diff(_value("This MUST be a term."), _value(f"This MUST be {many}."))
    assert [change.is_now for change in changes.cardinality_changed] == [
        ("delimiter ' || '", "many", "sorted")
    ]
    assert not changes.allowed_values_changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('One or more terms, separated by <code>" || "</code>.', '<code>" | "</code>.'),
        ('One or more terms, separated by <code>","</code>.', '<code>";"</code>.'),
        ('STRAND MUST be <code>"(+)"</code>.', '<code>"(-)"</code>.'),
    ],
)
def test_another_mark_is_another_rule(old: str, new: str) -> None:
    changes = _diff(_value(old), _value(old[: old.index("<")] + new))
    assert [change.new.name for change in changes.fields_changed] == ["a"]
    assert not changes.fields_changed_editorial


def _row(assay: str, *values: str) -> str:
    return f"<tr><td>{assay}</td><td>{' or '.join(f'<code>{v}</code>' for v in values)}</td></tr>"


@pytest.mark.parametrize(
    ("old", "new", "added", "removed"),
    [
        ('MUST be <code>"a"</code>.', 'MUST be <code>"a"</code> or <code>"b"</code>.', ["b"], []),
        (
            "This MUST be the most accurate HsapDv term.",
            "This MUST be the most accurate descendant of HsapDv:0000001.",
            ["descendant of HsapDv:0000001"],
            ["HsapDv terms"],
        ),
        (
            "A CL term MUST be used.",
            "A CL term MUST be used. These MUST NOT be used:<ul><li>CL:0000255</li></ul>",
            ["not CL:0000255"],
            [],
        ),
        (
            f"<table>{_row('x [EFO:0000001]', '&quot;cell&quot;')}</table>",
            f"<table>{_row('y [EFO:0000002]', '&quot;cell&quot;')}</table>",
            ["y [EFO:0000002] -> cell"],
            ["x [EFO:0000001] -> cell"],
        ),
        (
            "This MUST be a CL term.",
            "This MUST be a CL term. If it is unknown, then it is STRONGLY RECOMMENDED to use "
            '<code>"CL:0000003"</code> for cell.',
            ["CL:0000003"],
            [],
        ),
        (
            "This MUST be a CL term, with the following RECOMMENDED: <table><tr><th>For</th>"
            "<th>Use</th></tr><tr><td>blood</td><td>CL:0000081</td></tr></table>",
            "This MUST be the most accurate descendant of CL:0000003.",
            ["descendant of CL:0000003"],
            ["CL terms", "blood -> CL:0000081"],
        ),
        (
            "This MUST be the most accurate descendant of CL:0000003.",
            "<table><tr><th>For</th><th>Value</th></tr><tr><td>worms</td><td>MUST be either a CL "
            "term or the most accurate descendant of WBbt:0004017</td></tr><tr><td>fish</td><td>"
            "MUST be a ZFA term, a descendant of ZFA:0009000</td></tr></table>For all others, this "
            "MUST be the most accurate descendant of CL:0000003.",
            ["CL terms", "descendant of WBbt:0004017", "descendant of ZFA:0009000"],
            [],
        ),
        (
            'This MUST be <code>"x"</code>. <code>" (b)"</code> or <code>" (c)"</code> MUST be '
            "appended if present in <code>d</code>.",
            'This MUST be <code>"x"</code>.',
            [],
            [],
        ),
        (
            '<table><tr><td>Organoid</td><td>MUST be a CL term appended with <code>" (o)"</code>'
            "<br>(e.g. <code>CL:0000081 (o)</code>)</td></tr></table>",
            "This MUST be a CL term.",
            ["CL terms"],
            ["CL terms appended with ' (o)'"],
        ),
        (
            "A CL term MUST be used. <table><tr><td>blood</td><td>A term from the set of cells "
            "(in the adult; e.g. CL:0000081)</td></tr></table>",
            "A CL term MUST be used.",
            [],
            [],
        ),
        (
            "The value MUST be in the range between <code>0</code> and <code>77</code>.",
            "The value MUST be in the range between <code>0</code> and <code>127</code>.",
            ["0 to 127"],
            ["0 to 77"],
        ),
        (
            "This MUST be an EFO term.",
            'This MUST be an EFO term. If <code>a</code> is <code>"EFO:0010961"</code>, then all '
            "observations MUST contain the same value.",
            [],
            [],
        ),
        (
            'MUST be <code>"na"</code>.',
            'MUST be <code>"na"</code> if <code>b</code> is <code>"cell line"</code>.',
            [],
            [],
        ),
        (
            "This MUST be a descendant of CL:0000001.",
            "This MUST be a descendant of CL:0000001 excluding CL:0000002 for x or a descendant of "
            "CL:0000003.",
            ["descendant of CL:0000003", "not CL:0000002"],
            [],
        ),
        (
            "This MUST be a descendant of CL:0000001.",
            "This MUST be a descendant of CL:0000001 excluding CL:0000002 while allowing its "
            "descendant CL:0000003.",
            ["descendant of CL:0000003", "not CL:0000002"],
            [],
        ),
    ],
)
def test_allowed_values(old: str, new: str, added: list[str], removed: list[str]) -> None:
    changes = _diff(_value(old), _value(new))
    assert changes.fields_changed
    assert [text for one in changes.allowed_values_changed for text in one.added] == added
    assert [text for one in changes.allowed_values_changed for text in one.removed] == removed


def test_a_chapter_that_came_or_went_is_told_by_its_rules() -> None:
    rule = "Every gene MUST be named."
    more = {"general": f"## Genes\n\n{rule}"}
    (came,) = _diff({}, more).component_rules_changed
    assert (came.component, came.removed, came.added) == ("Genes", (), (rule,))
    (went,) = _diff(more, {}).component_rules_changed
    assert (went.component, went.removed, went.added) == ("Genes", (rule,), ())


def test_keys_of_obsm_are_embeddings_and_not_fields() -> None:
    key = "### spatial\n\n<table><tr><th>Key</th><td>spatial</td></tr><tr><th>Annotator</th><td>"
    key += "Curator</td></tr><tr><th>Value</th><td>x</td></tr></table>\n"
    entry = [{"key": "spatial"}]
    assert _changed({"obsm": "It MUST be."}, {"obsm": "It MUST be.\n\n" + key}) == {
        "embeddings_changed": entry
    }
    assert _changed({"obsm": "It MUST be."}, {"obsm": "It MAY be."})["embeddings_changed"] == [
        {"key": "*"}
    ]


def _key_of_obsm(annotator: str, value: str) -> dict[str, Any]:
    rows = (("Key", "spatial"), ("Annotator", annotator), ("Value", value))
    cells = "".join(f"<tr><th>{key}</th><td>{text}</td></tr>" for key, text in rows)
    return {"obsm": f"prose\n\n### spatial\n\n<table>{cells}</table>\n"}


def test_a_new_key_of_obsm_says_when_it_must_and_may_be_there_and_how_its_arrays_are() -> None:
    when = "Curator MUST annotate if <code>x</code> is <code>1</code>. Curator MAY annotate if "
    when += "<code>x</code> is <code>2</code>. Otherwise, this key MUST NOT be present."
    kinds = 'be a <code>numpy.dtype.kind</code> of <code>"f"</code> or <code>"i"</code>'
    array = f"<code>numpy.ndarray</code> with these:<ul><li>MUST {kinds}</li></ul>"
    (change,) = _diff({"obsm": "prose"}, _key_of_obsm(when, array)).embeddings_changed
    assert change.what == (
        "new key: Curator MUST annotate if `x` is `1`. Curator MAY annotate if `x` is `2`. "
        "Otherwise, this key MUST NOT be present; `numpy.ndarray` with these: "
        'MUST be a `numpy.dtype.kind` of `"f"` or `"i"`'
    )


Choice = st.lists(st.sampled_from(["a", "b", "c_d", "d", "e"]), unique=True, min_size=1)
Text = st.sampled_from(
    ["x MUST be y.", 'MUST be <code>"na"</code>.', "A CL term MUST be used.", "CL:0000001 or more."]
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    def fields(names: Sequence[str]) -> list[tuple[str, str, str]]:
        return [(name, MUST, draw(Text)) for name in names]

    pins = draw(st.lists(st.sampled_from(ONTOLOGIES), unique=True, min_size=1))
    return document(
        obs=fields(draw(Choice)), uns=fields(draw(Choice)), ontologies=pins, genes=GENES
    )


MIRRORED = [
    ("fields_added", "fields_removed"),
    ("ontologies_added", "ontologies_removed"),
    ("organisms_added", "organisms_removed"),
    ("reserved_names_added", "reserved_names_removed"),
]


def test_what_went_is_told_beside_what_came() -> None:
    was = {"obsm": "It MUST be x.", "obs": [("a", MUST, "MUST be y.")], "general": "MUST be z."}
    now = {"obsm": "It MUST be p.", "obs": [("a", "Curator MAY annotate.", "MUST be q.")]}
    report = to_json(_diff(was, {**now, "general": "MUST be r."}))
    (field,), (embedding,) = report["fields_changed"], report["embeddings_changed"]
    (rule,) = (one for one in report["component_rules_changed"] if "z" in str(one["removed"]))
    assert (field["what"], field["removed"]) == (
        "Curator MAY annotate.; MUST be q.",
        [MUST, "MUST be y."],
    )
    assert embedding["what"] == "It MUST be p.; no longer: It MUST be x."
    assert (rule["what"], rule["removed"]) == ("MUST be r.", ["MUST be z."])


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("MUST be x.", "MUST be y.", "MUST be y.; no longer: MUST be x."),
        ("MUST be x. MAY be z.", "MUST be x.", "no longer: MAY be z."),
        ("MUST be x.", "MUST be x. MAY be z.", "MAY be z."),
    ],
)
def test_what_a_key_of_obsm_no_longer_says_is_told(old: str, new: str, what: str) -> None:
    (change,) = _diff(_key_of_obsm(MUST, old), _key_of_obsm(MUST, new)).embeddings_changed
    assert (change.key, change.what) == ("spatial", what)


SYMMETRIC = ["ontology_pins_changed", "cardinality_changed", "embeddings_changed"]
SYMMETRIC += ["fields_renamed", "fields_changed", "allowed_values_changed"]


@settings(max_examples=60)
@given(documents(), documents())
def test_a_diff_mirrors_its_reverse_and_nothing_differs_from_itself(text: str, other: str) -> None:
    a, b = parse_document(text), parse_document(other)
    assert diff(a, a).is_empty()
    there, back = diff(a, b), diff(b, a)
    for added, removed in MIRRORED:
        assert set(getattr(there, added)) == set(getattr(back, removed))
        assert set(getattr(there, removed)) == set(getattr(back, added))
    for category in SYMMETRIC:
        assert len(_of_old_fields(there, category)) == len(_of_old_fields(back, category))


def _of_old_fields(changes: SchemaDiff, category: str) -> list[Any]:
    """Without what is told of fields that are new: of those that went, nothing is."""
    return [one for one in getattr(changes, category) if getattr(one, "old", one) is not None]


def test_two_chapters_of_one_title_are_both_compared() -> None:
    def of(first: str, second: str) -> Spec:
        notes = f"\n## Notes\n\n{first}\n\n## Notes\n\n{second}\n"
        return parse_document(document() + notes)

    before = of("Each file MUST be small.", "Each name MUST be short.")
    for after in (
        of("Each file MUST be tiny.", "Each name MUST be short."),
        of("Each file MUST be small.", "Each name MUST be odd."),
    ):
        (change,) = diff(before, after).component_rules_changed
        assert change.component == "Notes"
        assert (len(change.removed), len(change.added)) == (1, 1)


def test_an_organism_without_a_name_is_not_what_every_sentence_is_about() -> None:
    genes = (
        ("NCBITaxon:32630", "", "ThermoFisher ERCC"),
        ("NCBITaxon:9606", "Homo sapiens", "GENCODE v48"),
    )
    said = (
        "## Appendix A. Changelog\n\n### schema v2.0.0\n\n* Required Gene Annotations\n"
        "  * Updated GENCODE (Human) to v48\n"
    )
    old = (genes[0], ("NCBITaxon:9606", "Homo sapiens", "GENCODE v44"))
    before = parse_document(document("1.0.0", genes=old))
    after = parse_document(document("2.0.0", genes=genes) + said)
    assert doubts(diff(before, after), before, after) == ()


def test_a_field_that_names_itself_is_known_again_whatever_its_case() -> None:
    value = (
        '<code>str</code>. The value of <code>{0}</code> MUST be <code>"count"</code> or '
        '<code>"normal"</code>. If <code>{0}</code> is <code>"count"</code>, <code>{0}</code> '
        "stays."
    )

    def of(name: str) -> Spec:
        return parse_document(document(uns=[("title", MUST, "<code>str</code>."),
                                            (name, MUST, value.format(name))]))  # fmt: skip

    old, new = of("X_approximate_distribution"), of("X_assumed_distribution_of_all_values")
    (pair,) = diff(old, new).fields_renamed
    assert (pair.old.name, pair.new.name) == (
        "X_approximate_distribution",
        "X_assumed_distribution_of_all_values",
    )


@pytest.mark.parametrize(
    ("second", "third", "told"),
    [
        ("first", None, ["first"]),
        ("third", "first", []),  # a ring of three says of none when
        ("third", None, []),
    ],
)
def test_two_fields_that_wait_for_each_other_are_told(
    second: str, third: str | None, told: list[str]
) -> None:
    def waits(name: str, other: str | None) -> tuple[str, str, str]:
        here = f"Curator MUST annotate if <code>{other}</code> is present." if other else MUST
        return name, here, "<code>str</code>."

    obs = [waits("first", "second"), waits("second", second), waits("third", third), *OBS]
    found = diff(parse_document(document()), parse_document(document("2.0.0", obs=obs)))
    waiting = [one.field.name for one in found.contradictions if "when must they be" in one.what]
    assert waiting == told


IF_X = "Curator MUST annotate if <code>tissue_type</code> is present."


@pytest.mark.parametrize(
    ("old", "new", "is_rule"),
    [
        ("Curator", MUST, False),
        (MUST, "Curator", False),
        ("Curator", IF_X, True),
        (IF_X, "Curator", True),
        ("Curator", IF_X.replace(" if ", " when "), True),
        (MUST, IF_X, True),
        ("Curator", "CELLxGENE Discover", True),
        ("Curator", "Curator MAY annotate.", True),
        ("Curator SHOULD annotate.", "Curator", True),
        ("Curator", "Curator MUST NOT annotate.", True),
    ],
)
def test_a_bare_name_says_who_always_does_and_a_condition_more(
    old: str, new: str, is_rule: bool
) -> None:
    specs = [
        parse_document(document(obs=[*OBS, ("mood", who, "<code>str</code>.")]))
        for who in (old, new)
    ]
    found = diff(*specs)
    assert [change.new.name for change in found.fields_changed] == (["mood"] if is_rule else [])


OPTIONAL = "Curators MAY also\nannotate the following optional keys and values in `uns`."
AGAIN = "Curators MUST annotate the following keys and values in `uns`."


@pytest.mark.parametrize(
    ("before", "old", "new", "is_rule"),
    [
        (OPTIONAL, "Curator", "Curator MAY annotate.", False),
        (OPTIONAL, "Curator", MUST, True),
        (OPTIONAL, "Curator", IF_X, True),
        (OPTIONAL, MUST, "Curator MAY annotate.", True),
        (f"{OPTIONAL}\n\n{AGAIN}", "Curator", "Curator MAY annotate.", True),
        (f"{OPTIONAL}\n\n{AGAIN}", "Curator", MUST, False),
    ],
)
def test_a_bare_name_is_that_of_who_may_where_the_chapter_says_so(
    before: str, old: str, new: str, *, is_rule: bool
) -> None:
    specs = []
    for bare, who in (("Curator", old), (MUST, new)):
        uns = [("title", bare, "<code>str</code>."), ("mood", who, "<code>str</code>.")]
        text = document(uns=uns).replace("### mood", f"{before}\n\n### mood")
        specs.append(parse_document(text))
    found = diff(*specs)
    assert [change.new.name for change in found.fields_changed] == (["mood"] if is_rule else [])


def test_a_rename_renames_no_value_and_what_went_is_told_as_it_was_written() -> None:
    rule = (
        'categorical with <code>str</code> categories. This MUST be <code>"ethnicity"</code>. It '
        "MUST stand beside <code>ethnicity</code>{0}."
    )

    def of(name: str, said: str) -> Spec:
        return parse_document(document(obs=[*OBS, (name, MUST, said)]))

    plain, longer = (of("ethnicity", rule.format(more)) for more in ("", ", at once"))
    said = rule.format("").replace("<code>ethnicity<", "<code>self_reported_ethnicity<")
    renamed = of("self_reported_ethnicity", said)
    assert diff(plain, renamed).fields_changed == ()
    (change,) = diff(longer, renamed).fields_changed
    assert change.removed == ("It MUST stand beside `ethnicity`, at once.",)
    assert change.added == ("It MUST stand beside `self_reported_ethnicity`.",)

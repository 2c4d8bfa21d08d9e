"""What a report says of the sources of a release's terms, and of those that are current."""

from dataclasses import replace

from test_checks import OWN, PINNED, WHOLE, given, snapshot

from runners.contract import SourcesReport, SourceUse
from runners.records.snapshot import SourceRow, Unknown
from runners.verification.facts import VerificationFacts
from runners.verification.sources import report_sources


def told(*rows: SourceRow, was_current: frozenset[str] | None = None) -> SourcesReport:
    facts = replace(snapshot(sources=rows)(WHOLE), was_current=was_current)
    report = report_sources(facts)
    assert report is not None
    return report


def test_the_pinned_source_stands_beside_the_current_one() -> None:
    use = SourceUse(
        registry="bionty.CellType",
        organism="all",
        name="cl",
        version="2025-07-30",
        terms=3,
        is_pinned=True,
        current=("cl 2026-06-08",),
    )
    assert told(PINNED, OWN, was_current=frozenset({"own"})) == SourcesReport(uses=(use,))


def test_a_source_of_older_terms_is_told_and_one_that_no_term_is_from_is_not() -> None:
    older = replace(PINNED, uid="older", version="2024-01-04")
    uses = told(PINNED, OWN, older, replace(older, version="2023-01-04", terms=0)).uses
    assert [(use.version, use.is_pinned) for use in uses] == [
        ("2025-07-30", True),
        ("2024-01-04", False),
    ]


def test_a_pinned_source_is_told_though_no_term_is_from_it() -> None:
    (use,) = told(replace(PINNED, terms=0), OWN).uses
    assert (use.version, use.terms, use.is_pinned) == ("2025-07-30", 0, True)


def test_a_term_s_source_stands_beside_the_current_one_of_its_organism_alone() -> None:
    of_mouse = replace(OWN, uid="mouse", key=("bionty.CellType", "cl", "mouse"))
    of_tissues = replace(OWN, uid="tissues", key=("bionty.Tissue", "cl", "all"))
    (use,) = told(PINNED, of_mouse, of_tissues).uses
    assert use.current == ()


def test_one_that_nobody_looks_up_in_may_be_of_no_use() -> None:
    assert told(replace(PINNED, is_usable=False), OWN).remarks == ()


def test_several_current_ones_are_amiss() -> None:
    other = replace(OWN, uid="other", key=("bionty.CellType", "mine", "all"), version="1")
    assert told(PINNED, OWN, other).remarks == (
        "bionty.CellType, all: cl 2026-06-08 and mine 1 are current at once, so that look-ups of "
        "one fail; make one of them current.",
    )
    of_mouse = replace(OWN, uid="mouse", key=("bionty.CellType", "cl", "mouse"))
    assert told(PINNED, OWN, of_mouse).remarks == ()


def test_a_current_one_that_bionty_can_t_use_is_amiss() -> None:
    (remark,) = told(PINNED, replace(OWN, is_usable=False)).remarks
    assert remark.startswith("bionty.CellType, all: cl 2026-06-08 is current, and has neither")


def test_what_others_made_current_or_put_aside_is_told() -> None:
    since = "since the first run of this release began, which no run of ours does."
    assert told(PINNED, OWN, was_current=frozenset({"pinned"})).remarks == (
        f"bionty.CellType, all: cl 2025-07-30 was put aside {since}",
        f"bionty.CellType, all: cl 2026-06-08 was made current {since}",
    )


def test_what_is_as_it_was_is_not_told() -> None:
    other = replace(PINNED, uid="never current")
    assert told(PINNED, other, OWN, was_current=frozenset({"own", "gone"})).remarks == ()


def test_where_nobody_knows_what_was_current_nothing_is_said_to_have_moved() -> None:
    facts = snapshot(sources=(PINNED, OWN))(replace(WHOLE, was_current=Unknown("it is gone")))
    report = report_sources(facts)
    assert report is not None
    assert report.remarks == ()


def test_what_can_t_be_read_isn_t_told() -> None:
    unknown: VerificationFacts = given(pins=Unknown("it is on fire"))(WHOLE)
    assert report_sources(unknown) is None
    assert report_sources(given(taken=Unknown("it is on fire"))(WHOLE)) is None

"""The result comment: whole, and within GitHub's limit whatever happened."""

import html
import re
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from bot_reports import START, check, dataset, failing, hostile, report, request

from bot.comments import result
from bot.comments.markdown import LIMIT
from bot.comments.outcomes import OUTCOMES, SIGNS
from bot.comments.result import ResultContext
from bot.comments.result.datasets import STATES
from bot.html.rendering import to_html
from bot.model.markers import last_marker
from runners.contract import (
    MEANINGS,
    AcceptedException,
    Action,
    ExceptionState,
    ExceptionUse,
    Finding,
    Machine,
    Manifest,
    Offender,
    Outcome,
    PreviousRelease,
    Reason,
    RunReport,
    SourcesReport,
    SourceUse,
    Status,
    Verdict,
)

EXPECTED = Path(__file__).parent / "expected"


@pytest.mark.parametrize("count", [0, 3, 300, 1845])
def test_it_fits_whatever_failed(count: int) -> None:
    body = result.body(failing(count))
    assert len(body) <= LIMIT
    good = 1845 - count
    assert f", {good:,} of 1,845 datasets registered" in body.splitlines()[0]
    assert body.count("<details>") == body.count("</details>")
    # Every table is whole: as many cells in each row as in its head.
    for part in to_html(body, by_bot=True).split("<table>")[1:]:
        rows = part.split("</table>")[0].split("<tr>")[1:]
        assert len({row.count("<td") + row.count("<th") for row in rows}) == 1
    if count in (0, 3):
        assert "too long for here" not in body or "All 1,845 datasets" not in body


def test_it_is_whole_as_long_as_github_takes_it() -> None:
    told = failing(30, total=40)
    room = LIMIT - len(result.body(told, ResultContext(page="x"))) + 1
    for length, is_whole in ((room, True), (room + 1, False)):
        context = ResultContext(page="x" * length)
        assert (result.body(told, context) == result.whole(told, context)) is is_whole
        assert len(result.body(told, context)) <= LIMIT
    top = result.body(told, ResultContext(page="x" * LIMIT))
    assert top == "\n\n".join(
        part
        for part in result.whole(told, ResultContext(page="x" * LIMIT)).split("\n\n")
        if part.startswith(("## ", "**", "Run `"))
    )


@pytest.mark.parametrize("count", [0, 3])
def test_a_small_result_says_all_of_it(count: int) -> None:
    told = result.body(failing(count, total=4), ResultContext(ingest_on_merge=True))
    assert told == (EXPECTED / f"{count}_failed.md").read_text()


def test_a_result_of_failures_only_says_most_at_its_top() -> None:
    told = result.body(failing(1845))
    rows = re.findall(r"^\| Atlas \d+: .* \|$", told, re.MULTILINE)
    counted = [int(n.replace(",", "")) for n in re.findall(r"and ([\d,]+) more; the run's", told)]
    assert len(rows) + len(re.findall(r"^- Atlas", told, re.MULTILINE)) + sum(counted) == 4 * 1845
    top = told.split("\n\n")
    assert top[0].startswith(
        "## ❌ Release 2026-02-01 failed its verification: 0 of 2 checks passed"
    )
    assert top[1].endswith("say `/ingest`, which leaves the others as they are.")
    assert "| failed | 1,845 | `term_unknown` 1,845 |" in told


def test_what_is_left_out_is_counted() -> None:
    body = result.body(failing(1845))
    rows = body.split("### 1,845 datasets not registered")[1].split("### Checks")[0]
    shown = rows.count("Atlas")
    assert f"… and {1845 - shown:,} more; the run's report has them all." in rows
    assert shown >= 10


def test_the_failed_checks_come_first() -> None:
    checks = (
        check(title="Fine"),
        check(Status.NOT_APPLICABLE, title="Beside the point", note="there is no earlier release"),
        check(Status.UNCHECKED, title="Unknown", note="the connection was lost"),
        check(Status.FAILED, title="Wrong", expected="3", found="2"),
    )
    table = result.body(report(checks=checks)).split("### Checks\n\n")[1].split("\n\n")[0]
    assert table.splitlines()[2:] == [
        "| ❌ Wrong | 3 | 2 | failed |",
        "| ❔ Unknown | 1 | 1 | could not be checked: the connection was lost |",
        "| ✅ Fine | 1 | 1 | passed |",
        "| ⚪ Beside the point | 1 | 1 | not applicable: there is no earlier release |",
    ]


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (
            report((dataset(1, Outcome.REGISTERED),), (check(),)),
            "## ✅ Release 2026-02-01 passed its verification: "
            "1 of 1 check passed, 1 of 1 dataset registered",
        ),
        (
            report((), (check(Status.UNCHECKED),)),
            "## ❔ Release 2026-02-01 couldn't be verified completely: 0 of 1 check passed",
        ),
        (
            report((), ()),
            "## ❔ Release 2026-02-01 couldn't be verified completely: 0 of 0 checks passed",
        ),
        (
            report((), (check(), check(Status.FAILED), check(Status.NOT_APPLICABLE))),
            "## ❌ Release 2026-02-01 failed its verification: 1 of 2 checks passed",
        ),
    ],
)
def test_the_verdict_is_the_first_line(told: RunReport, line: str) -> None:
    assert result.body(told).splitlines()[0] == line
    assert result.verdict_in(result.body(told)) is told.verdict


@pytest.mark.parametrize("body", ["", "## 🛑 Run `r-1` ended without a report", "✅ Release 1"])
def test_other_comments_have_no_verdict(body: str) -> None:
    assert result.verdict_in(body) is None


UNREADABLE = Finding(reason=Reason.FILE_UNREADABLE)
CELL_LINE = Finding(reason=Reason.UNSUPPORTED_CELL_LINE, column="tissue")
FIRST = "00000001-0000-4000-8000-000000000000"
SECOND = "00000002-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("told", "step"),
    [
        (
            report((dataset(1, Outcome.REVISED),), (check(),)),
            "nothing. The release is complete, and this thread can be closed.",
        ),
        (
            report((dataset(1, Outcome.UNREADABLE, UNREADABLE),), (check(Status.FAILED),)),
            "1 dataset failed, for the reasons below; when that is mended, "
            f"say `/ingest --only {FIRST}`, or accept them by the lines below.",
        ),
        (
            report(
                (
                    dataset(1, Outcome.FAILED, CELL_LINE),
                    dataset(2, Outcome.FAILED, CELL_LINE, UNREADABLE),
                ),
                (check(Status.FAILED),),
            ),
            "1 dataset failed, for the reasons below; when that is mended, "
            f"say `/ingest --only {SECOND}`, or accept them by the lines below. "
            "1 dataset must wait for an update of the bot, which doesn't support what is in there "
            "yet; after it, say `/retry`.",
        ),
        (
            report((), (check(Status.UNCHECKED),)),
            "some checks couldn't be made (see their notes); say `/verify` to make them again.",
        ),
        (
            report((), (check(Status.FAILED),)),
            "see what the failed checks below name; when that is mended, say `/verify`.",
        ),
        (
            report((), (check(Status.FAILED),), request(Action.VERIFY)),
            "say `/ingest` to register what is missing, or mend what the failed checks name.",
        ),
        (
            report((dataset(1, Outcome.REVISED),), (check(Status.FAILED),), request(limit=1)),
            "this run took only a part of the release. If that looks right, say `/ingest` to "
            "register the whole release; what is done already stays as it is.",
        ),
        (
            report((dataset(1, Outcome.MISSING),), (check(Status.FAILED),), request(only=["d"])),
            "mend what failed below, then say `/ingest` to register the whole release; "
            "what is done already stays as it is.",
        ),
    ],
)
def test_the_next_step_is_said_exactly(told: RunReport, step: str) -> None:
    assert result.body(told).split("\n\n")[1] == f"**Next:** {step}"


def test_many_failures_are_done_again_by_a_run_over_everything() -> None:
    assert "say `/ingest`, which leaves the others as they are, or accept" in result.body(
        failing(6)
    )


def test_every_member_has_its_words() -> None:
    assert set(OUTCOMES) == set(Outcome)
    assert set(MEANINGS) == set(Reason)
    assert set(SIGNS) == {*Status, *Verdict}


def test_a_reason_shows_where_and_what() -> None:
    found = Finding(
        reason=Reason.VALUE_NOT_ALLOWED,
        column="sex",
        values=("a", "b", "c", "d"),
        count=9,
        detail="only | these",
    )
    body = result.body(report((dataset(1, Outcome.FAILED, found),), (check(Status.FAILED),)))
    assert (
        "| failed | a value isn't allowed in `sex`: `a`, `b`, `c` and 6 more (only \\| these) |"
    ) in body


# --- accepted exceptions --------------------------------------------------------------------------


def use(
    number: int, state: ExceptionState, reason: Reason = Reason.TERM_UNKNOWN, month: int = 6
) -> ExceptionUse:
    one = dataset(number, Outcome.FAILED)
    accepted = AcceptedException(
        dataset_id=one.dataset_id,
        reason=reason,
        until=date(2026, month, 1),
        because="CZI | mends it",
    )
    return ExceptionUse(exception=accepted, title=one.title, state=state)


def with_accepted(**fields: object) -> RunReport:
    """Two datasets, one of which failed in an accepted way."""
    found = Finding(reason=Reason.TERM_UNKNOWN)
    broken = dataset(1, Outcome.FAILED, found)
    excused = (Offender(dataset_id=broken.dataset_id),)
    checks = (check(name="slots", accepted=excused), check(name="annotations", accepted=excused))
    told = report((broken, dataset(2, Outcome.REVISED)), checks)
    return told.model_copy(update={"exceptions": (use(1, ExceptionState.USED),), **fields})


def test_a_verdict_says_how_many_are_accepted() -> None:
    told = result.body(with_accepted())
    assert told.splitlines()[0] == (
        "## ✅ Release 2026-02-01 passed with 1 accepted: "
        "2 of 2 checks passed, 1 of 2 datasets registered"
    )
    assert "**Next:** nothing. The release is complete but for what is accepted" in told
    assert "| until 2026-06-01 |" in told
    assert "| passed, 1 accepted |" in told
    assert "CZI \\| mends it | in use |" in told
    assert "To accept these failures" not in told


@pytest.mark.parametrize("turn", [1, -1])
def test_a_failure_is_accepted_until_the_first_of_its_reasons_isnt(turn: int) -> None:
    """What has no effect says nothing, and of one reason the latest day holds."""
    uses = (
        use(1, ExceptionState.RUN_OUT, month=1),
        use(1, ExceptionState.USED, month=5),
        use(1, ExceptionState.USED, month=7),
        use(1, ExceptionState.USED, Reason.GENE_UNKNOWN, month=8),
        use(1, ExceptionState.UNNEEDED, Reason.FILE_UNREADABLE, month=2),
        use(1, ExceptionState.UNTOLD, Reason.TERM_OBSOLETE, month=9),
        use(2, ExceptionState.USED, month=3),
    )
    told = result.body(with_accepted(exceptions=uses[::turn]))
    assert "| until 2026-07-01 |" in told


def test_what_is_accepted_already_isnt_to_be_accepted_again() -> None:
    told = with_accepted()
    other = dataset(3, Outcome.FAILED, Finding(reason=Reason.GENE_UNKNOWN))
    lines = result.body(told.model_copy(update={"outcomes": (*told.outcomes, other)}))
    assert lines.count("[[accepted]]") == 1
    assert f'dataset_id = "{other.dataset_id}"' in lines


@pytest.mark.parametrize("state", [one for one in ExceptionState if one is not ExceptionState.USED])
def test_an_exception_that_does_nothing_is_named(state: ExceptionState) -> None:
    told = result.body(with_accepted(exceptions=(use(1, ExceptionState.USED), use(2, state))))
    assert f"| {STATES[state]} |" in told
    assert "drop from the manifest the exceptions that aren't in use" in told.split("\n\n")[1]


def test_the_lines_that_accept_a_failure_are_the_manifests() -> None:
    found = (Finding(reason=Reason.TERM_UNKNOWN), Finding(reason=Reason.GENE_UNKNOWN))
    told = result.body(report((dataset(1, Outcome.FAILED, *found),), (check(Status.FAILED),)))
    lines = told.split("```toml\n")[1].split("```")[0]
    manifest = Manifest.from_mapping(
        {
            "release": "2026-02-01",
            "census_schema_version": "2.4.0",
            "dataset_schema_version": "7.0.0",
            "dataset_count": 1,
            "storage": {"soma": "s", "h5ads": "h"},
            **tomllib.loads(lines),
        },
        source="test",
    )
    assert [one.reason for one in manifest.accepted] == [Reason.GENE_UNKNOWN, Reason.TERM_UNKNOWN]
    assert {one.until for one in manifest.accepted} == {START.date() + timedelta(days=90)}


# --- beside other runs ----------------------------------------------------------------------------


def test_it_says_what_is_better_and_worse_than_after_the_run_before() -> None:
    earlier = report(
        (dataset(1, Outcome.FAILED), dataset(2, Outcome.REVISED), dataset(3, Outcome.REVISED)),
        (check(Status.FAILED, name="a"), check(name="b")),
        request(run_id="2026-02-01-ingest-1"),
    )
    now = report(
        (dataset(1, Outcome.REVISED), dataset(2, Outcome.FAILED), dataset(3, Outcome.REVISED)),
        (check(name="a"), check(Status.FAILED, name="b")),
    )
    told = result.body(now, ResultContext(earlier=earlier)).split("\n\n")[2]
    assert told == (
        "**Since run** `2026-02-01-ingest-1` (2026-03-01 14:10 UTC, ❌ failed, in an earlier "
        "comment): 1 dataset mended, 1 dataset newly failed, 1 check newly passed, "
        "1 check newly failed."
    )
    same = result.body(now, ResultContext(earlier=now)).split("\n\n")[2]
    assert same.endswith("nothing is better or worse.")


def test_outcomes_stand_beside_those_of_the_release_before() -> None:
    before = report((dataset(1, Outcome.REGISTERED), dataset(4, Outcome.FAILED)), asked=request())
    now = report(
        (dataset(1, Outcome.REVISED), dataset(2, Outcome.REGISTERED)),
        (check(),),
        previous=PreviousRelease(release="2025-08-01", dataset_count=2, continued=1),
    )
    told = result.body(now, ResultContext(before=before))
    assert "2 datasets against 2 in 2025-08-01: 1 continue, 1 new, 1 withdrawn." in told
    assert "| Outcome | Datasets | In 2026-02-01 |" in told
    assert "| failed | 0 | 1 |" in told


@pytest.mark.parametrize("cancelled", [True, False])
@pytest.mark.parametrize(
    ("dataset_count", "registered", "compared"),
    [
        (1845, "2 of 1,845 datasets registered", "1,845 datasets against 1,573 in 2025-08-01"),
        (None, {True: "2 datasets registered", False: "2 of 2 datasets registered"}, ""),
    ],
)
def test_what_was_asked_for_is_counted_and_not_what_was_done_of_it(
    cancelled: bool,
    dataset_count: int | None,
    registered: str | dict[bool, str],
    compared: str,
) -> None:
    """Of a run that was stopped, and of a release that was ingested in part."""
    now = report(
        (dataset(1, Outcome.REGISTERED), dataset(2, Outcome.REGISTERED)),
        (check(),),
        cancelled=cancelled,
        dataset_count=dataset_count,
        previous=PreviousRelease(release="2025-08-01", dataset_count=1573, continued=1500),
    )
    counted = registered if isinstance(registered, str) else registered[cancelled]
    told = result.body(now)
    assert told.splitlines()[0].endswith(f", {counted}")
    lines = [line for line in told.splitlines() if "against" in line]
    more = ": 1,500 continue, 345 new, 73 withdrawn."
    assert lines == ([compared + more] if compared else [])


def source(version: str, *current: str, terms: int = 4, is_pinned: bool = True) -> SourceUse:
    return SourceUse(
        registry="bionty.Tissue",
        organism="all",
        name="uberon",
        version=version,
        terms=terms,
        is_pinned=is_pinned,
        current=current,
    )


def test_sources_of_terms_stand_beside_the_current_ones() -> None:
    own = "uberon 2026-06-23"
    uses = (
        source("2025-08-15", own, terms=1200),
        source("2026-06-23", own, is_pinned=False),
        source("2024-01-01", is_pinned=False),
    )
    said = result.body(report(sources=SourcesReport(uses=uses)))
    assert "3 sources, of which 2 aren't current" in said
    rows = [line for line in said.splitlines() if line.startswith("| bionty.Tissue")]
    assert [[cell.strip() for cell in row.split("|")[3:7]] for row in rows] == [
        ["uberon 2025-08-15", "1,200", "yes", own],
        ["uberon 2026-06-23", "4", "", "the same"],
        ["uberon 2024-01-01", "4", "", "none"],
    ]
    assert "no run changes it" in said
    assert "⚠️" not in said


def test_one_of_several_current_sources_is_current() -> None:
    uses = (source("1", "uberon 2", "uberon 1"),)
    said = result.body(report(sources=SourcesReport(uses=uses)))
    assert "1 sources, of which 0 aren't current" in said
    assert "| the same |" in said


def test_what_is_amiss_with_current_sources_is_named_and_counted() -> None:
    remarks = tuple(f"source {number} @everybody" for number in range(12))
    said = result.body(report(sources=SourcesReport(uses=(source("1"),), remarks=remarks)))
    assert said.count("- ⚠️ source ") == 10
    assert "- … and 2 more." in said
    assert "@everybody" not in said


def test_the_whole_report_is_linked() -> None:
    told = result.body(report((), (check(),)), ResultContext(page="../../runs/x/report.html"))
    assert "**Everything:** [the whole report](../../runs/x/report.html)" in told


# --- the run --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (Machine(launcher="local"), " On this local machine."),
        (
            Machine(
                launcher="ec2",
                type="m7i.2xlarge",
                region="us-west-2",
                id="i-1",
                spot=True,
                hours=2.2,
                price=0.4032,
                priced_on=date(2026, 2, 1),
            ),
            " On `m7i.2xlarge` (spot) in us-west-2, `i-1`: 2.20 h at $0.4032 an hour, an "
            "estimated $0.89 in all, by our table of 2026-02-01.",
        ),
        (Machine(launcher="ec2", type="m7i.2xlarge", hours=1), " On `m7i.2xlarge`: 60 min."),
        (  # hours times price is what it says, however short
            Machine(launcher="sagemaker", type="ml.r5.8xlarge", hours=0.05, price=2.4),
            " On `ml.r5.8xlarge`: 180 s at $2.4000 an hour, an estimated $0.12 in all.",
        ),
        (
            Machine(launcher="ec2", hours=0.05, price=2.1716),
            " On this ec2 machine: 180 s at $2.1716 an hour, an estimated $0.11 in all.",
        ),
    ],
)
def test_the_machine_and_its_cost_are_told(machine: Machine, said: str) -> None:
    assert result.body(report((), (check(),), machine=machine)).endswith(said)


def test_titles_that_mean_harm_break_no_table_and_ping_nobody() -> None:
    told = result.body(hostile())
    assert last_marker(told) is None
    rendered = to_html(told, by_bot=True)
    # in code GitHub sees neither names nor numbers
    shown = html.unescape(re.sub(r"<code>.*?</code>|<[^>]*>", " ", rendered, flags=re.DOTALL))
    assert "maintainer" in shown
    assert not re.search(r"[@#]\w|GH-\d|https:", shown)
    assert "<a " not in rendered
    assert rendered.count("<details>") == told.count("\n</details>")
    for part in rendered.split("<table>")[1:]:
        rows = part.split("</table>")[0].split("<tr>")[1:]
        assert len({row.count("<td") + row.count("<th") for row in rows}) == 1

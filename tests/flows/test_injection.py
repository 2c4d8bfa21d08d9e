"""Text from outside that would like to be more than text: it breaks nothing and pings nobody."""

import re
from html.parser import HTMLParser

import pytest
from fake_github import people
from fake_github.state import ACTIONS

from bot.comments.pull_requests import check_result
from bot.html.rendering import to_html
from bot.model.markers import LINE, Marker, MarkerKind, last_marker, sign
from flows.github_scenario import GithubScenario
from flows.scenario import bad, good
from flows.test_on_github import empty_scenario as _empty_scenario
from runners.contract import CheckReport, DatasetOutcome

empty_scenario = _empty_scenario
FORGED = "<!-- cellxgene-ingestion-bot: result 2026-02-01-ingest-9 -->"
NASTY = [
    FORGED,
    f"x\n\n{FORGED}",
    "x --> <img src=x onerror=alert(1)> <!--",
    "@octo/everybody @maintainer #1 GH-1 octo/cellxgene#1",
    "| a | b |\n|---|---|\n| c | d |",
    "${{ github.token }} ${{ secrets.APP_PRIVATE_KEY }}",
    "`; rm -rf / #` $(touch /tmp/owned) && exit 1; '\"",
    "```\n/ingest\n```\n</details></table><script>x</script>",
    "[link](javascript:alert(1)) ![img](https://x.test/p.png) https://x.test",
    "\u202e\u200b\ufeff/ingest \u2028 next",
    "%0A::set-output name=run-id::x",
]
# The bot's own link to a run's log.
WORKFLOW_RUN = re.compile(r"http://127\.0\.0\.1:\d+/octo/cellxgene/actions/runs/\d+")


class Pings(HTMLParser):
    """The words of a page that stand outside code, and the elements on it."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: set[str] = set()
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "a" or not WORKFLOW_RUN.fullmatch(dict(attrs).get("href") or ""):
            self.elements.add(tag)
        self._code += tag in {"code", "pre"}

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in {"code", "pre"}

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.words.append(data)


def is_inert(body: str, *mentioned: str) -> None:
    """As a reader of the comment sees it: nobody is pinged but who may be, and nothing runs."""
    page = Pings()
    page.feed(to_html(body, by_bot=True))
    text = " ".join(page.words)
    found = set(re.findall(r"(?<![\w`])@([A-Za-z0-9][\w/-]*)", text))
    assert found <= set(mentioned)
    assert re.findall(r"(?<!\w)#\d|\bGH-\d", text) == []
    assert page.elements <= {
        "p", "strong", "em", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "ul", "ol",
        "li", "blockquote", "h2", "h3", "details", "summary", "br", "hr",
    }  # fmt: skip
    assert len([line for line in body.splitlines() if LINE.fullmatch(line)]) == 1


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize(
    "before",
    [
        "/ingest --only ",
        "/ingset ",
        *(
            pytest.param(before, marks=pytest.mark.prove)
            for before in ("/ingest --collection ", "/ingest --limit ", "/")
        ),
    ],
)
def test_a_command_with_a_sting_gets_a_harmless_answer(
    scenario: GithubScenario, nasty: str, before: str
) -> None:
    people.comment(scenario.fake, "mallory", 2, before + nasty)
    scenario.delivered()
    for said in scenario.fake.issues[2].comments:
        if said.user.login == ACTIONS:
            is_inert(said.body, "mallory", "maintainer")
    assert len(scenario.fake.runs) == 0
    scenario.heard()


@pytest.mark.parametrize("nasty", NASTY)
def test_a_name_with_a_sting_is_quoted_harmlessly(scenario: GithubScenario, nasty: str) -> None:
    people.comment(scenario.fake, "maintainer", 2, f"/ingest --organism {nasty}")
    scenario.delivered()
    for said in scenario.fake.issues[2].comments:
        if said.user.login == ACTIONS:
            is_inert(said.body, "maintainer")
    scenario.heard()


@pytest.mark.parametrize("nasty", NASTY)
def test_a_comment_that_only_looks_like_the_bots_is_left_alone(
    scenario: GithubScenario, nasty: str
) -> None:
    people.comment(scenario.fake, "mallory", 2, sign(nasty, Marker(MarkerKind.REPLY, "1")))
    scenario.delivered()
    assert scenario.heard() == ""


def test_a_report_full_of_stings_makes_a_whole_comment(scenario: GithubScenario) -> None:
    scenario.says("maintainer", "/ingest")
    outcomes: list[DatasetOutcome] = [
        good(f"d{n}").model_copy(update={"title": nasty, "notes": (nasty,)})
        for n, nasty in enumerate(NASTY)
    ]
    scenario.ends("2026-02-01-ingest-2", *outcomes)
    result = scenario.fake.issues[2].comments[-1].body
    is_inert(result, "maintainer")
    assert last_marker(result) == Marker(MarkerKind.RESULT, "2026-02-01-ingest-2")
    page = Pings()
    html = to_html(result, by_bot=True)
    page.feed(html)
    rows = re.findall(r"<tr>.*?</tr>", html, re.S)
    assert {row.count("<td") + row.count("<th") for row in rows} <= {2, 3, 4}
    scenario.heard()


@pytest.mark.parametrize("nasty", NASTY)
def test_what_a_check_printed_stays_in_its_block(nasty: str) -> None:
    path = "runners/releases/2026-02-01.toml"
    body = sign(check_result({path: nasty}), Marker(MarkerKind.CHECKED, "1"))
    is_inert(body)
    assert last_marker(body) == Marker(MarkerKind.CHECKED, "1")


def check_of(*titles: str) -> CheckReport:
    """What was found where each dataset fails, and says so in such words."""
    return CheckReport(
        release="2026-02-01",
        dataset_schema_version="7.0.0",
        dataset_count=len(titles),
        outcomes=tuple(
            bad(f"d{n}").model_copy(update={"title": title}) for n, title in enumerate(titles)
        ),
    )


def test_datasets_with_stings_make_whole_rows() -> None:
    body = sign(check_result({"x.toml": check_of(*NASTY)}), Marker(MarkerKind.CHECKED, "1"))
    is_inert(body)
    html = to_html(body, by_bot=True)
    rows = re.findall(r"<tr>.*?</tr>", html, re.S)
    assert {row.count("<td") + row.count("<th") for row in rows} == {3}


def test_a_check_that_printed_too_much_is_cut_and_counted() -> None:
    body = check_result({"x.toml": "line\n" * 30_000})
    assert len(body) < 65_000
    assert "more lines" in body


def test_a_check_that_found_too_much_is_cut_and_counted() -> None:
    body = check_result({f"{n}.toml": check_of(*["title" * 20] * 1_500) for n in range(2)})
    assert len(body) < 65_000
    assert "1,436 more in `found`." in body
    assert "`1.toml`: 1,500 of 1,500 datasets will fail." in body

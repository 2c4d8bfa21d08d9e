"""Nothing that the bot says leaves a person without the next step."""

import re

from bot.model.endings import Ending
from bot.model.events import RunLost
from bot.model.progress import Progress
from flows import test_on_github, world
from flows.github_scenario import GithubScenario
from flows.scenario import bad, good
from flows.test_failing_looks import BOTH, broken, mended

empty_scenario = test_on_github.empty_scenario
# What asks for nothing, refuses with its remedy, or is the table of commands.
OTHERS = re.compile(r"⛔ .*\n\n.+|🤔 .*\n\n.+|\*\*Commands:|📢 .* #\d+|### 🗒️|\*\*Now:", re.DOTALL)


def everything_said(scenario: GithubScenario) -> list[str]:
    return [
        text
        for issue in scenario.fake.issues.values()
        for text in (issue.body, *(c.body for c in issue.comments if c.user.login.endswith("]")))
    ]


def test_every_text_says_what_to_do_next(empty_scenario: GithubScenario) -> None:
    scenario = empty_scenario
    scenario.set(dashboard=True, ingest_on_merge=False)
    scenario.the_clock_strikes()
    for said in ("/ingest", "/status", "/diff 6.0.0 7.0.0", "/detect"):
        scenario.says("maintainer", said)
    scenario.merges("maintainer", "2026-02-01")
    for said in ("/status", "/ingest --dry-run", "/retry", "/verify", "/ingest", "/cancel", "/x"):
        scenario.says("maintainer", said)
    first = next(r.request for r in scenario.adapters.runs.all())
    scenario.happens(RunLost(first, Ending("work", "failure", ""), Progress()))
    scenario.fake.runs[max(scenario.fake.runs)].status = "completed"
    ingest = scenario.says("maintainer", "/ingest")
    scenario.says("maintainer", "/status")
    scenario.says("maintainer", "/cancel")
    scenario.ends(f"2026-02-01-ingest-{ingest.comment_id}", good("d1"), bad("d2"))
    for said in ("/status", "/help", "/retry", "/status"):
        scenario.says("maintainer", said)
    hosted = world.directory(BOTH, v2026_02_01="x")
    scenario.pages.texts[world.DIRECTORY] = hosted
    scenario.pages.texts[world.PAGE] = world.page(*(world.entry(v, cells="1") for v in BOTH))
    scenario.the_clock_strikes()
    broken(scenario)
    for _ in range(3):
        scenario.is_refused()
    mended(scenario)
    scenario.the_clock_strikes()
    texts = everything_said(scenario)
    assert len(texts) > 20
    assert [t for t in texts if "**Next:**" not in t and not OTHERS.match(t)] == []
    scenario.heard()

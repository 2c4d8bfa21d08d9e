"""What the bot says in pull requests and of plans."""

import json
from datetime import date

from bot_reports import dataset, request
from texts_of_answers import number
from texts_of_releases import RELEASED

from bot.comments import onboarding, plan, pull_requests
from bot.comments.comparison import comparison_comment
from bot.comments.pull_requests import OpenRules
from bot.model import effects
from bot.model.effects import Draft, ProposeManifest
from bot.model.facts import Facts
from bot.model.labels import Label, Reaction, Topic
from bot.model.markers import Marker, MarkerKind
from runners.contract import (
    AcceptedException,
    AssayChanges,
    CellChanges,
    CheckReport,
    ComparedAssay,
    ComparedDataset,
    DatasetChanges,
    DatasetOutcome,
    ExceptionState,
    ExceptionUse,
    Finding,
    GeneChanges,
    Health,
    Outcome,
    PartHealth,
    Reason,
    ReleaseComparison,
    Verdict,
)

QUESTION = {
    "id": "obs.mood: " + "annotation " * 12,
    "place": "obs: mood",
    "lines": [1, 2],
    "text": "a *person* must say it",
    "choices": [
        {"answer": "labels" * 17, "effect": "each *value* becomes one", "proposed": True},
        {"answer": "none", "effect": "nothing"},
    ],
}


def proposal(answer: str | None) -> ProposeManifest:
    rules = {"judgements": [QUESTION], "answers": {QUESTION["id"]: answer}}
    beside = {} if answer is None else {"rules/9.1.0.json": json.dumps(rules), "diff.md": ""}
    return ProposeManifest("2026-08-01", "release = 1\n", beside)


UNREAD = Finding(reason=Reason.FILE_UNREADABLE)
BROKEN, DONE = dataset(1, Outcome.FAILED, UNREAD), dataset(2, Outcome.REGISTERED)


def checked(*outcomes: DatasetOutcome, uses: tuple[ExceptionUse, ...] = ()) -> CheckReport:
    return CheckReport(
        release="2026-02-01",
        dataset_schema_version="7.0.0",
        dataset_count=9,
        outcomes=outcomes,
        exceptions=uses,
    )


def use(name: str, state: ExceptionState) -> ExceptionUse:
    reason, until = Reason.FILE_UNREADABLE, date(2026, 5, 1)
    exception = AcceptedException(dataset_id=name, reason=reason, until=until)
    return ExceptionUse(exception=exception, title="A *title*", state=state)


ACCEPTED = use(BROKEN.dataset_id, ExceptionState.USED)
IDLE = (
    use(DONE.dataset_id, ExceptionState.UNNEEDED),
    use("nobody", ExceptionState.UNKNOWN_DATASET),
)
M = "runners/releases/2026-02-01.toml"
RULES = "runners/rules/9.1.0.json"
LINES = "a\tb\x1b\n" + "x" * 301 + "\n```\n" + "y" * 199 + "\n"
CHECKS: dict[str, dict[str, CheckReport | str]] = {
    "nothing": {},
    "no dataset": {M: checked()},
    "all is well": {M: checked(DONE), RULES: " \n"},
    "rules alone": {RULES: ""},
    "some fail": {M: checked(BROKEN, DONE)},
    "all fail": {M: checked(BROKEN)},
    "one is accepted": {M: checked(BROKEN, DONE, uses=(ACCEPTED,))},
    "one of two is accepted": {
        M: checked(BROKEN, dataset(3, Outcome.FAILED, UNREAD), DONE, uses=(ACCEPTED, *IDLE))
    },
    "all are accepted": {M: checked(BROKEN, uses=(ACCEPTED,))},
    "accepted without need": {M: checked(DONE, uses=IDLE)},
    "rules are broken": {M: checked(DONE), RULES: LINES},
    "a manifest is broken": {M: LINES, RULES: ""},
    "one fails, one is broken": {M: checked(BROKEN, DONE), "n.toml": "no *TOML*"},
}
OPEN = {
    "no rules": OpenRules("7.0.0", None),
    "broken": OpenRules("7.0.0", None, "no *JSON*"),
    "one": OpenRules("7.0.0", ("*a*",)),
    "ten": OpenRules("7.0.0", number(10)),
    "eleven": OpenRules("7.0.0", number(11)),
}
RULES_KNOWN = Facts("demo", rules={"1.0.0": (), "2.0.0": ("a",)}, broken_rules={"3.0.0": "why"})
DRAFT = Draft("6.0.0", "7.0.0", "abc", "text", ("*Edit*.",), ("obs.x" * 17, "obs.y"))
DRAFTS = {
    "edits": DRAFT,
    "overdue, too": Draft(
        "6.0.0", "7.0.0", "abc", "text", number(61), number(61), overdue=("Old.",)
    ),
    "overdue only": Draft("6.0.0", "7.0.0", "abc", "text", (), (), overdue=number(60)),
    "nothing": Draft("6.0.0", "7.0.0", "abc", "text", (), ()),
}
PROPOSALS = {
    "bare": pull_requests.manifest_body(proposal(None)),
    "asks": pull_requests.manifest_body(proposal("")),
    "answered": pull_requests.manifest_body(proposal("labels" * 17)),
    "its title": pull_requests.manifest_title(proposal(None)),
    "its branch": pull_requests.manifest_branch("2026-08-01"),
    "draft is open": pull_requests.draft_proposed("https://pull.test", is_open=True),
    "draft is closed": pull_requests.draft_proposed("https://pull.test", is_open=False),
    "no draft": pull_requests.draft_not_proposed("it *failed*."),
    "a long block": pull_requests.block("\n".join(["y" * 200] * 101)).replace("y" * 200, "y"),
    "as long as a block is": pull_requests.block("y" * 200 + "\n" + "z" * 9, room=209),
    "longer than a block is": pull_requests.block("y" * 200 + "\n" + "z" * 10, room=209),
}


def compared(name: str) -> ComparedDataset:
    return ComparedDataset(dataset_id=name, title="T *1*", collection="C" * 121, cells=1200)


def assays(count: int) -> tuple[ComparedAssay, ...]:
    return tuple(ComparedAssay(ontology_id=f"E:{n}", name="*x*", cells=n) for n in range(count))


def changed(withdrawn: int, of: int) -> ReleaseComparison:
    some = tuple(compared(f"d{n}") for n in range(withdrawn))
    return ReleaseComparison(
        release="2026-02-01",
        previous="2025-06-01",
        datasets=DatasetChanges(
            count=1, before=1200, new=(), withdrawn=some, continued=0, revised=()
        ),
        cells=(CellChanges(organism="homo_sapiens", count=1200, before=0),),
        genes=(GeneChanges(organism="mus_musculus", count=1200, before=2, gained=("a",), lost=()),),
        assays=AssayChanges(gained=assays(of), lost=assays(1)),
    )


COMPARED = {
    "as many as stand open": comparison_comment({M: changed(20, 30)}),
    "one more": comparison_comment({M: changed(21, 31)}),
    "the first": comparison_comment(
        {M: ReleaseComparison(release="2026-02-01", previous=None, remarks=("*first* " * 80,))}
    ),
    "not compared": comparison_comment({M: "no *store*", "n": changed(0, 0)}),
}
HEALTH = [
    PartHealth(part="p*a*rt", health=health, sentence="It *is*.", remedy=remedy)
    for health in Health
    for remedy in ("", "gh secret set X", "https://a.test", "https://a.test or https://b.test")
]
ONBOARDING = {
    "all": onboarding.onboarding_body(
        ["a.yml"], ["b.yml"], HEALTH, ["gh *one*", "gh two"], " # Look\n"
    ),
    "all is well": onboarding.onboarding_body([], [], [], [], "x" * 10_000)[-300:],
    "a long look": onboarding.onboarding_body([], [], [], [], "[a](b) `c`\n" * 999)[-220:],
    "one line too many": onboarding.onboarding_body([], [], [], [], "x\n" * 5001)[-190:],
    "long": onboarding.onboarding_body([], [], HEALTH * 99, [], "y")[-450:],
}
ALERT = Marker(MarkerKind.ALERT, "x")
EFFECTS: list[effects.Effect] = [
    effects.OpenThread(RELEASED, "Census *1*", "", Label.PROPOSED),
    effects.OpenThread(RELEASED, "Census", "", Label.PROPOSED, draft=DRAFT),
    effects.KeepThread(Marker(MarkerKind.DASHBOARD, "all"), "Census *1*", "", Topic.DASHBOARD),
    effects.CloseThread(7),
    proposal(None),
    ProposeManifest("2026-08-01", "", {"diff.json": ""}),
    effects.Conclude("2026-08-01", Verdict.PASSED, "x"),
    effects.Comment(7, ALERT, "\nfirst\nsecond"),
    effects.Refer(7, ALERT, RELEASED, "x"),
    effects.UpsertComment(7, ALERT, "first\nsecond"),
    effects.Tabulate(7),
    effects.React(7, 8, Reaction.SEEN),
    effects.SetLabel(7, Label.RUNNING),
    effects.StartRun(request(only=("a",), failed_of="r-1", limit=1200)),
    effects.StartLook(effects.Comment(7, ALERT, "x")),
    effects.CancelRun("r-1"),
    effects.CountFailures(1200),
]
TEXTS = {
    **{f"proposal: {name}": text for name, text in PROPOSALS.items()},
    **{f"check: {name}": pull_requests.check_result(found) for name, found in CHECKS.items()},
    **{
        f"obstacles: {name}": "\n".join(pull_requests.obstacles(found))
        for name, found in CHECKS.items()
    },
    **{
        f"open rules: {name}": f"{one.problem}\n{one.why()}\n{one.remedy()}"
        for name, one in OPEN.items()
    },
    **{
        f"open rules of: {version}": str(pull_requests.open_rules_of(version, RULES_KNOWN))
        for version in ("1.0.0", "2.0.0", "3.0.0", "4.0.0")
    },
    **{
        f"patch: {name}": "\n\n".join(
            [
                pull_requests.patch_branch(draft),
                pull_requests.patch_title(draft),
                pull_requests.patch_body(draft),
                pull_requests.patch_body(draft, "https://pull.test").rpartition("\n\n")[2],
            ]
        )
        for name, draft in DRAFTS.items()
    },
    **{f"compared: {name}": text for name, text in COMPARED.items()},
    **{f"onboarding: {name}": text for name, text in ONBOARDING.items()},
    "plan": plan.describe(effects.Plan(tuple(EFFECTS), "Because.")),
}

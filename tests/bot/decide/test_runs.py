"""How many datasets a run does, and who ended it: by what can be believed."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.decide.runs import total_of
from bot.gather.facts import cancelled_by
from bot.model.audit_entry import AuditEntry, Decision, hidden_audit_entry
from bot.model.facts import Facts
from bot.model.ports import Run, ThreadComment
from bot.model.progress import Progress
from runners.contract import Action, Manifest, RunRequest, Storage, Verdict

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RELEASE = "2026-02-01"
MANIFEST = Manifest(
    release=RELEASE,
    census_schema_version="2.4.0",
    dataset_schema_version="7.0.0",
    dataset_count=12,
    storage=Storage(soma="s3://census/soma", h5ads="s3://census/h5ads"),
)
FACTS = Facts(instance="demo", manifests={RELEASE: MANIFEST})
RUN = f"{RELEASE}-ingest-1"


def request(**fields: Any) -> RunRequest:
    known: dict[str, Any] = {"run_id": RUN, "action": Action.INGEST, "release": RELEASE}
    return RunRequest(**{**known, "manifest": "m.toml", "instance": "demo", **fields})


@pytest.mark.parametrize(
    ("fields", "total"),
    [
        ({}, 12),
        ({"only": ("a", "b")}, 2),
        ({"limit": 5}, 5),
        ({"limit": 50}, 12),
        ({"only": ("a", "b", "c"), "limit": 2}, 2),
        ({"only": ("a",), "limit": 2}, 1),
        ({"collection": ("x",)}, None),
        ({"organism": ("x",)}, None),
        ({"failed_of": "run"}, None),
        ({"only_missing": True}, None),
        ({"release": "2020-01-01"}, 0),
    ],
)
def test_a_run_does_what_its_request_selects(fields: dict[str, Any], total: int | None) -> None:
    assert total_of(request(**fields), None, FACTS) == total
    assert total_of(request(**fields), Progress(), FACTS) == total


@pytest.mark.parametrize("fields", [{}, {"only": ("a",)}, {"organism": ("x",)}])
def test_once_there_is_a_journal_it_knows_better(fields: dict[str, Any]) -> None:
    assert total_of(request(**fields), Progress(chosen=7), FACTS) == 7
    assert total_of(request(**fields), Progress(chosen=0), FACTS) == 0


def test_what_ran_before_a_rollback_says_nothing_of_the_instance() -> None:
    first, taken_back, last = (
        Run(request(run_id=f"{RELEASE}-ingest-{hour}"), NOON + timedelta(hours=hour))
        for hour in (1, 2, 4)
    )
    taken_back = replace(taken_back, taken_back=NOON + timedelta(hours=3))
    facts = replace(FACTS, runs=(first, taken_back, last))
    assert facts.runs_of(RELEASE) == (last,)
    assert facts.taken_back(RELEASE) == (taken_back,)


@pytest.mark.parametrize("hours", [(3, 6), (6, 3)], ids=["in-their-order", "the-later-one-first"])
def test_only_what_ran_since_the_last_of_several_rollbacks_counts(hours: tuple[int, int]) -> None:
    """Also where a run between them passed, and was itself never marked."""
    runs = [
        Run(request(run_id=f"r-{at}"), NOON + timedelta(hours=at), last_verdict=Verdict.PASSED)
        for at in (1, 2, 4, 5, 7)
    ]
    for place, hour in enumerate(hours):
        runs[place] = replace(runs[place], taken_back=NOON + timedelta(hours=hour))
    facts = replace(FACTS, runs=tuple(runs))
    assert facts.runs_of(RELEASE) == (runs[-1],)
    assert facts.is_ingested(RELEASE)
    before = replace(facts, runs=tuple(runs[:-1]))
    assert before.runs_of(RELEASE) == ()
    assert not before.is_ingested(RELEASE)


REPEATS: list[tuple[dict[str, dict[str, Any]], bool]] = [
    ({"r-1": {}, "r-2": {"failed_of": "r-1"}}, False),
    ({"r-1": {"limit": 2}, "r-2": {"failed_of": "r-1"}}, True),
    ({"r-1": {"only": ("a",)}, "r-2": {"failed_of": "r-1"}, "r-3": {"failed_of": "r-2"}}, True),
    ({"r-1": {}, "r-2": {"failed_of": "r-1", "limit": 1}, "r-3": {"failed_of": "r-2"}}, True),
    ({"r-2": {"failed_of": "r-1"}}, True),  # nobody knows what that was for
    ({"r-1": {"failed_of": "r-2"}, "r-2": {"failed_of": "r-1"}}, True),
    ({"r-1": {"failed_of": "r-1"}}, True),
]


@pytest.mark.parametrize(("runs", "is_part"), REPEATS)
def test_what_repeats_a_part_is_a_part(runs: dict[str, dict[str, Any]], is_part: bool) -> None:
    made = [Run(request(run_id=name, **fields), NOON) for name, fields in runs.items()]
    last = replace(made[-1], last_verdict=Verdict.PASSED)
    facts = replace(FACTS, runs=(*made[:-1], last))
    assert facts.is_part(last.request) is is_part
    assert facts.is_ingested(RELEASE) is not is_part


ENTRY = AuditEntry("maintainer", "maintain", "/cancel", Decision.ACCEPTED, "yes", RUN)


@dataclass
class Comments:
    """A thread's comments; there is none but these."""

    told: dict[int, list[ThreadComment]]

    def comments(self, thread: int) -> list[ThreadComment]:
        return self.told[thread]


def comment(entry: AuditEntry, *, by_bot: bool = True) -> ThreadComment:
    return ThreadComment(1, "somebody", hidden_audit_entry(entry), by_bot, NOON)


def who(*told: ThreadComment, numbers: tuple[int | None, ...] = (None, 1)) -> str:
    return cancelled_by(RUN, numbers, Comments({1: list(told), 2: []}))  # type: ignore[arg-type]


def test_who_ended_a_run_is_who_the_bot_says_it_was() -> None:
    assert who(comment(ENTRY)) == "maintainer"
    assert who(comment(replace(ENTRY, asked="/Cancel please"))) == "maintainer"
    assert who(comment(replace(ENTRY, who="first")), comment(ENTRY)) == "first"
    assert who(comment(ENTRY), numbers=(2, None)) == ""


@pytest.mark.parametrize(
    "told",
    [
        comment(ENTRY, by_bot=False),
        comment(replace(ENTRY, decision=Decision.REFUSED)),
        comment(replace(ENTRY, run_id=f"{RUN}0")),
        comment(replace(ENTRY, asked="/ingest")),
        ThreadComment(1, "bot", "nothing hidden", True, NOON),
    ],
)
def test_nothing_else_says_it(told: ThreadComment) -> None:
    assert who(told) == ""

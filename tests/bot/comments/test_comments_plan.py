"""A plan in words, for whoever asks what the bot would do."""

from typing import Any

import pytest
from bot_reports import failing

from bot.comments.plan import describe_effect
from bot.comments.result.datasets import MANY, failed
from bot.model.effects import StartRun
from runners.contract import Action, RunRequest

RUN = "start run `2026-02-01-ingest-1`: ingest release 2026-02-01 in `demo`"


@pytest.mark.parametrize(
    ("fields", "some"),
    [
        ({}, ""),
        ({"only": ("a",)}, " (only a)"),
        ({"only": ("a",) * 20}, f" (only {', '.join('a' * 20)})"),
        ({"only": ("a",) * 21}, f" (only {', '.join('a' * 20)}…)"),
        ({"limit": 1500}, " (at most 1,500 datasets)"),
        ({"failed_of": "2026-02-01-ingest-0"}, " (what failed in 2026-02-01-ingest-0)"),
        ({"collection": ("x",), "limit": 2}, " (of the collection `x`; at most 2 datasets)"),
        (
            {"collection": ("x", "y"), "organism": ("human", "mouse")},
            " (of the collections `x` and `y`; of the organisms `human` and `mouse`)",
        ),
    ],
)
def test_a_run_is_told_with_the_part_that_it_takes(fields: dict[str, Any], some: str) -> None:
    request = RunRequest(
        run_id="2026-02-01-ingest-1",
        action=Action.INGEST,
        release="2026-02-01",
        manifest="m.toml",
        instance="demo",
        **fields,
    )
    assert describe_effect(StartRun(request)) == RUN + some


@pytest.mark.parametrize(("count", "is_folded"), [(0, False), (MANY, False), (MANY + 1, True)])
def test_many_failures_are_folded_and_few_stand_open(count: int, is_folded: bool) -> None:
    text = failed(failing(count), None)
    assert ("<details>" in text) is is_folded
    assert (text == "") is (count == 0)

"""What the bot says in the pull request of a manifest: what a person must decide, and how."""

import json

from bot.comments.pull_requests import manifest_body
from bot.model.effects import ProposeManifest

ASKED = {
    "id": "obs.mood: annotation",
    "place": "obs: mood",
    "lines": [1, 2],
    "text": "a person must say in which registry its values stand",
    "choices": [
        {"answer": "labels", "effect": "each value becomes a label", "proposed": True},
        {"answer": "none", "effect": "its values are checked and not annotated"},
    ],
}


def body(answer: str) -> str:
    rules = {"judgements": [ASKED], "answers": {ASKED["id"]: answer}}
    beside = {"rules/9.1.0.json": json.dumps(rules), "diff.md": ""}
    return manifest_body(ProposeManifest("2026-08-01", "release = 1\n", beside))


def test_each_question_stands_with_its_answers_and_what_each_does() -> None:
    told = body("")
    assert "### What a person must decide in `runners/rules/9.1.0.json`\n\n" in told
    assert (
        "| `obs.mood: annotation` | a person must say in which registry its values stand | "
        "`labels` (proposed): each value becomes a label. `none`: its values are checked and not "
        "annotated. |"
    ) in told
    assert "set each question under `answers` to one of its answers" in told


def test_answered_rules_say_so() -> None:
    told = body("labels")
    assert "`runners/rules/9.1.0.json` leaves nothing open." in told
    assert "What a person must decide" not in told


def test_without_rules_nothing_is_asked() -> None:
    told = manifest_body(ProposeManifest("2026-08-01", "release = 1\n", {"diff.md": ""}))
    assert "decide" not in told

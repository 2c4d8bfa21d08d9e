"""Events from a file: what is believed, and what is refused by name."""

import json

import pytest

from bot.errors import BotError
from bot.gather.events import event_from_json
from bot.model.events import CommentCreated, Event, ManifestMerged


def read(**fields: object) -> Event:
    return event_from_json(json.dumps(fields), source="event.json")


def test_a_comment() -> None:
    fields = {"thread": 1, "comment_id": 2, "actor": "maintainer", "body": "/help"}
    assert read(event="comment_created", **fields) == CommentCreated(1, 2, "maintainer", "/help")
    edited = read(event="comment_created", edited=True, **fields)
    assert edited == CommentCreated(1, 2, "maintainer", "/help", edited=True)


def test_a_merge() -> None:
    event = read(event="manifest_merged", release="2026-02-01", actor="maintainer", commit="abc")
    assert event == ManifestMerged("2026-02-01", "maintainer", "abc")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "event.json: not JSON"),
        ("[]", "event.json: not a JSON object; give one with the field event."),
        ("{}", "field event: None is no event; use comment_created, manifest_merged or run_ended"),
        ('{"event": "pushed"}', "field event: 'pushed' is no event"),
        ('{"event": "manifest_merged"}', "field release: missing; give text."),
        (
            '{"event": "comment_created", "thread": true, "comment_id": 1,'
            ' "actor": "", "body": ""}',
            "field thread: True is not a whole number.",
        ),
        ('{"event": "run_ended", "report": 3}', "field report: 3 is not an object."),
    ],
)
def test_what_isnt_an_event_is_refused(text: str, says: str) -> None:
    with pytest.raises(BotError) as refusal:
        event_from_json(text, source="event.json")
    assert says in str(refusal.value)

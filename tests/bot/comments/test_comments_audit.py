"""The audit table as a value: rows are added and never lost, whoever writes at the same time."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from bot_reports import request
from hypothesis import example, given
from hypothesis import strategies as st

from bot.comments.audit import ROW, audited, lacking, refused_look
from bot.comments.markdown import LIMIT
from bot.html.rendering import to_html
from bot.model.audit_entry import (
    AuditEntry,
    Decision,
    audit_entry_in,
    hidden_audit_entry,
    proof_of,
)
from bot.model.effects import (
    CancelRun,
    Comment,
    Effect,
    Plan,
    React,
    StartLook,
    StartRun,
    Tabulate,
    UpsertComment,
)
from bot.model.labels import Reaction
from bot.model.markers import Marker, MarkerKind, last_marker, sign
from bot.model.ports import ThreadComment

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Thread:
    said: list[ThreadComment] = field(default_factory=list)

    def adds(self, body: str, *, by_bot: bool = True) -> None:
        self.said.append(ThreadComment(len(self.said), "x", body, by_bot, NOON))

    def answers(self, key: str, asked: str = "/help", why: str = "") -> None:
        entry = AuditEntry("maintainer", "maintain", asked, Decision.ANSWERED, why)
        self.adds(sign("Yes.", Marker(MarkerKind.REPLY, key), hidden_audit_entry(entry)))

    def writes(self, found: tuple[ThreadComment | None, str]) -> None:
        table, body = found
        if table is None:
            self.adds(body)
        else:
            place = next(n for n, one in enumerate(self.said) if one.comment_id == table.comment_id)
            self.said[place] = ThreadComment(table.comment_id, "x", body, True, NOON)

    def tabulated(self) -> "Thread":
        for _ in range(20):
            found = lacking(self.said)
            if found is None:
                return self
            self.writes(found)
        raise AssertionError("rows are lacking whatever is written")

    def rows(self) -> list[str]:
        tables = [marker.body for marker in self.said if _is_table(marker)]
        lines = "\n".join(tables).splitlines()
        return [found[1] for line in lines if (found := ROW.fullmatch(line))]


def _is_table(comment: ThreadComment) -> bool:
    marker = last_marker(comment.body)
    return marker is not None and marker.kind is MarkerKind.AUDIT


def test_a_thread_without_an_answer_has_no_table() -> None:
    thread = Thread()
    thread.adds("Hello", by_bot=False)
    assert lacking(thread.said) is None


def test_what_a_person_wrote_is_neither_an_entry_nor_the_table() -> None:
    thread = Thread()
    thread.answers("1")
    thread.tabulated()
    forged = Thread([replace(one, by_bot=False) for one in thread.said])
    assert lacking(forged.said) is None
    forged.answers("1")
    assert forged.tabulated().said[-1] == replace(thread.said[-1], comment_id=3)


def test_a_table_that_is_full_goes_on_in_another_comment() -> None:
    thread = Thread()
    for number in range(400):
        thread.answers(str(number), asked="/ingest " + "<" * 190, why="&" * 200)
    thread.tabulated()
    tables = [marker.body for marker in thread.said if _is_table(marker)]
    assert len(tables) > 1
    assert all(len(table) <= LIMIT + 100 for table in tables)
    assert [str(last_marker(table)) for table in tables] == [
        str(Marker(MarkerKind.AUDIT, str(n))) for n in range(1, len(tables) + 1)
    ]
    assert thread.rows() == [f"reply {number}" for number in range(400)]
    before = list(tables)
    thread.answers("400")
    thread.tabulated()
    after = [marker.body for marker in thread.said if _is_table(marker)]
    assert after[:-1] == before[:-1]
    assert thread.rows()[-1] == "reply 400"


@given(st.lists(st.integers(0, 3), max_size=60))
def test_answers_at_once_leave_every_row(steps: list[int]) -> None:
    """Each of four writers answers, looks, writes, looks again: in any order, one at a time."""
    thread = Thread()
    thread.answers("first")
    thread.tabulated()
    seen: dict[int, tuple[ThreadComment | None, str] | None] = {}
    begun: set[int] = set()
    ended: set[int] = set()
    for who in [*steps, *([0, 1, 2, 3] * 12)]:
        if who not in begun:
            begun.add(who)
            thread.answers(str(who))
        elif who in ended:
            continue
        elif who not in seen:
            seen[who] = lacking(thread.said)
            if seen[who] is None:
                ended.add(who)
        else:
            found = seen.pop(who)
            assert found is not None
            thread.writes(found)
    assert ended == {0, 1, 2, 3}
    assert sorted(thread.rows()) == ["reply 0", "reply 1", "reply 2", "reply 3", "reply first"]


@example("\x85", "\u2028", "\x0b")
@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_whatever_was_typed_makes_one_row_of_six_cells(who: str, asked: str, why: str) -> None:
    entry = AuditEntry(who, "read", asked, Decision.REFUSED, why, "")
    body = sign("No.", Marker(MarkerKind.REPLY, "1"), hidden_audit_entry(entry))
    assert audit_entry_in(body) == entry
    thread = Thread([ThreadComment(1, "x", body, True, NOON)]).tabulated()
    assert thread.rows() == ["reply 1"]
    html = to_html(thread.said[-1].body, by_bot=True)
    assert html.count("<td") == 6
    assert html.count("<tr") == 2
    assert "<!--" not in html
    assert "&lt;!-- reply 1" not in html


def test_what_a_person_broke_is_no_entry() -> None:
    body = sign("No.", Marker(MarkerKind.REPLY, "1"), hidden_audit_entry(_entry()))
    assert audit_entry_in(body.replace('"decision": "refused"', '"decision": "perhaps"')) is None
    assert audit_entry_in("Nothing is hidden here.") is None


def _entry() -> AuditEntry:
    return AuditEntry("who", "read", "/help", Decision.REFUSED, "why")


ANSWER = Comment(7, Marker(MarkerKind.REPLY, "1"), "Not {reason}.")
OTHER = UpsertComment(7, Marker(MarkerKind.STATUS, "r"), "...")
RUN = request()


def reacted(reaction: Reaction) -> React:
    return React(7, 8, reaction)


@pytest.mark.parametrize(
    ("effects", "accepted", "decision", "run_id", "proof"),
    [
        ((), "", "refused", "", ""),
        ((reacted(Reaction.SEEN),), "", "answered", "", ""),
        ((reacted(Reaction.SEEN), reacted(Reaction.REFUSED)), "", "refused", "", ""),
        ((StartLook(ANSWER), reacted(Reaction.REFUSED)), "", "accepted", "", ""),
        ((OTHER, StartRun(RUN)), "", "accepted", RUN.run_id, proof_of(RUN)),
        ((CancelRun("r-1"), reacted(Reaction.DONE)), "", "accepted", "r-1", ""),
        ((reacted(Reaction.REFUSED),), "r-2", "accepted", "r-2", ""),
        ((StartRun(RUN),), "r-2", "accepted", "r-2", proof_of(RUN)),
    ],
)
def test_what_was_decided_is_hidden_in_what_is_said_of_it(
    effects: tuple[Effect, ...], accepted: str, decision: str, run_id: str, proof: str
) -> None:
    plan = Plan((ANSWER, *effects), "because\n" + "x" * 300, is_refusal=True)
    line = "/ingest\t" + "y" * 200
    done = audited(plan, 7, who="w" * 61, role="maintain", line=line, run_id=accepted)
    entry = AuditEntry(
        "w" * 59 + "…",
        "maintain",
        "/ingest " + "y" * 191 + "…",
        Decision(decision),
        "because " + "x" * 291 + "…",
        run_id,
        proof,
    )
    said = replace(ANSWER, entry=entry)
    kept = [StartLook(said) if isinstance(one, StartLook) else one for one in effects]
    assert done == replace(plan, effects=(said, *kept, Tabulate(7)))


def test_a_look_that_could_not_be_started_is_refused_with_its_reason() -> None:
    entry = replace(_entry(), decision=Decision.ACCEPTED, run_id="r")
    refused = refused_look(replace(ANSWER, entry=entry), "it is\n*off*")
    told = replace(entry, decision=Decision.REFUSED, why="it is *off*")
    assert refused == replace(ANSWER, body="Not it is \\*off\\*.", entry=told)
    assert refused_look(ANSWER, "x") == replace(ANSWER, body="Not x.")

"""What is asked of whom for a decision, and what of it gets into the facts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from bot_reports import report, request
from flows import world

from bot.census.release import Release
from bot.errors import BotError
from bot.gather.facts import gather, gather_failures, gather_states, who_asks
from bot.model.announcement import Announcement, hidden_announcement
from bot.model.audit_entry import AuditEntry, Decision, hidden_audit_entry, proof_of
from bot.model.commands import Role
from bot.model.endings import Ending
from bot.model.events import (
    CommentCreated,
    Event,
    ManifestMerged,
    RunAsked,
    RunEnded,
    RunGoesOn,
    RunLost,
)
from bot.model.facts import Facts
from bot.model.limits import RunLimits
from bot.model.look import Look, hidden_look
from bot.model.markers import DASHBOARD, Marker, MarkerKind, reply_marker, sign
from bot.model.ports import MergedManifests, MergedRules, Page, Ports, Run, ThreadComment
from bot.model.progress import Progress
from bot.settings import Settings, load_settings
from runners.contract import Manifest, RunRequest, Storage

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RELEASE = "2026-02-01"
OWN = Marker(MarkerKind.RELEASE, RELEASE)
PROPOSAL = Marker(MarkerKind.MANIFEST, RELEASE)
ALERT = Marker(MarkerKind.ALERT, "x")
NOTICE = Marker(MarkerKind.NOTICE, "2026-08-01")
RUN = request(run_id=f"{RELEASE}-ingest-5", requested_by="octocat", thread=2, comment=5)
ENTRY = AuditEntry("octocat", "maintain", "/cancel", Decision.ACCEPTED, "", RUN.run_id)


def manifest(soma: str = "s3://ours/soma") -> Manifest:
    return Manifest(
        release=RELEASE,
        census_schema_version="2.4.0",
        dataset_schema_version="7.0.0",
        dataset_count=12,
        storage=Storage(soma=soma, h5ads="s3://ours/h5ads"),
    )


def said(number: int, body: str, *, by_bot: bool = True, author: str = "bot") -> ThreadComment:
    return ThreadComment(number, author, body, by_bot, NOON)


@dataclass
class World:
    """All ports in one, which counts what it is asked."""

    marks: Mapping[Marker, int] = field(
        default_factory=lambda: {OWN: 2, PROPOSAL: 1, ALERT: 3, NOTICE: 4, DASHBOARD: 9}
    )
    said: dict[int, list[ThreadComment]] = field(default_factory=dict)
    bodies: dict[int, str] = field(default_factory=dict)
    whole: dict[str, Manifest] = field(default_factory=lambda: {RELEASE: manifest()})
    runs: tuple[Run, ...] = ()
    roles: dict[str, Role] = field(default_factory=lambda: {"octocat": Role.MAINTAIN})
    directory: str = ""
    asked: list[str] = field(default_factory=list)

    def ports(self, *, has_clock: bool = True) -> Ports:
        port: Any = self
        return Ports(port, port, port, port, port, port, clock=port if has_clock else None)

    def marked(self) -> Mapping[Marker, int]:
        return self.marks

    def texts(self) -> Mapping[int, str]:
        return {number: self.bodies.get(number, "") for number in self.marks.values()}

    def closed(self) -> frozenset[int]:
        return frozenset({4})

    def comments(self, thread: int) -> tuple[ThreadComment, ...]:
        self.asked.append(f"comments {thread}")
        return tuple(self.said.get(thread, ()))

    def role_of(self, actor: str) -> Role:
        self.asked.append(f"role {actor}")
        return self.roles.get(actor, Role.READ)

    def manifests(self) -> MergedManifests:
        return MergedManifests(self.whole, {"2020-01-01": "no"}, {RELEASE: "a" * 40})

    def rules(self) -> MergedRules:
        return MergedRules({"7.0.0": ()}, {"8.0.0": "no"})

    def merged_in(self, release: str) -> str:
        self.asked.append(f"merged {release}")
        return "c" * 40

    def all(self) -> tuple[Run, ...]:
        return self.runs

    def failures(self) -> int:
        return 2

    def get(self, address: str) -> Page:
        self.asked.append(f"page {address}")
        if not self.directory:
            raise BotError("it is gone.")
        return Page(address, self.directory.encode())


def settings(**fields: Any) -> Settings:
    given = {"storage": ("s3://ours/",), "release_directory": "r.json", "instance": "demo"}
    return replace(load_settings(environ={}), **{**given, **fields})


def facts(event: Event | None, of: World | None = None, **fields: Any) -> Facts:
    return gather(event, (of or World()).ports(), settings(**fields))


def comment(text: str, thread: int = 2, actor: str = "octocat", **fields: bool) -> CommentCreated:
    return CommentCreated(thread, 5, actor, text, **fields)


def test_what_is_known_of_every_event() -> None:
    found = facts(RunGoesOn(RUN, None), World(runs=(Run(RUN, NOON),)))
    assert found == Facts(
        "demo",
        manifests={RELEASE: manifest()},
        broken={"2020-01-01": "no"},
        blobs={RELEASE: "a" * 40},
        threads={RELEASE: 2},
        proposals={RELEASE: 1},
        own=frozenset({1, 2, 3, 4, 9}),
        dashboard=9,
        runs=(Run(RUN, NOON),),
        ingest_on_merge=settings().ingest_on_merge,
        limits=found.limits,
        minimum_roles=settings().minimum_roles,
        previous=settings().previous,
        rules={"7.0.0": ()},
        broken_rules={"8.0.0": "no"},
    )
    assert not gather(None, World().ports(has_clock=False), settings()).can_look
    assert facts(RunGoesOn(RUN, None), launcher=None).limits is None
    limits = facts(RunGoesOn(RUN, None), launcher="hosted").limits
    assert limits == RunLimits("runner of GitHub's", 6.0)


@pytest.mark.parametrize(
    ("event", "who"),
    [
        (None, None),
        (comment("x"), "octocat"),
        (ManifestMerged(RELEASE, "me", "c" * 40), "me"),
        (RunAsked(RUN, "me", False, True), "me"),
        (RunAsked(RUN, "bot", True, True), "octocat"),
        (RunGoesOn(RUN, None), None),
        (RunEnded(report(asked=RUN)), None),
        (RunLost(RUN, Ending("work", "failure", ""), Progress()), None),
    ],
)
def test_the_role_is_that_of_who_asks(event: Event | None, who: str | None) -> None:
    assert who_asks(event) == who
    world_ = World()
    found = facts(event, world_)
    assert [one for one in world_.asked if one.startswith("role")] == (
        [f"role {who}"] if who else []
    )
    assert found.role is {"octocat": Role.MAINTAIN, None: Role.NONE}.get(who, Role.READ)


def test_a_deleted_account_has_no_role_and_is_not_asked_for() -> None:
    world_ = World()
    assert facts(comment("x", actor="ghost"), world_).role is Role.NONE
    assert "role ghost" not in world_.asked


def test_a_comment_is_answered_by_the_bots_own_reply_in_its_own_thread() -> None:
    reply = sign("x", reply_marker(5))
    for thread, one, answered in (
        (2, said(1, reply), True),
        (2, said(1, reply, by_bot=False), False),
        (2, said(1, sign("x", reply_marker(6))), False),
        (7, said(1, reply), False),
    ):
        assert facts(comment("x", thread), World(said={thread: [one]})).answered is answered


def test_a_merge_is_answered_by_the_bots_own_words_on_its_commit_in_the_releases_thread() -> None:
    event = ManifestMerged(RELEASE, "octocat", "c" * 40)
    answer = sign("x", Marker(MarkerKind.MERGED, event.commit))
    for thread, one, answered in (
        (2, said(1, answer), True),
        (2, said(1, answer, by_bot=False), False),
        (2, said(1, sign("x", Marker(MarkerKind.MERGED, "d" * 40))), False),
        (1, said(1, answer), False),
    ):
        assert facts(event, World(said={thread: [one]})).answered is answered
    unknown = replace(event, release="2025-02-01")
    assert not facts(unknown, World(said={2: [said(1, answer)]})).answered


@pytest.mark.parametrize(
    ("event", "commit"),
    [
        (comment("/ingest"), "c" * 40),
        (comment("/retry"), "c" * 40),
        (comment("/verify 2026-02-01", 9), "c" * 40),
        (comment("/verify", 9), ""),
        (comment("/status"), ""),
        (comment("/ingst"), ""),
        (comment("hello"), ""),
        (ManifestMerged(RELEASE, "octocat", "d" * 40), "d" * 40),
        (ManifestMerged("2020-01-01", "octocat", "d" * 40), ""),
        (RunAsked(RUN, "octocat", False, True), "c" * 40),
        (RunGoesOn(RUN, None), ""),
    ],
)
def test_what_may_start_a_run_is_looked_at_closer(event: Event, commit: str) -> None:
    found = facts(event)
    assert (found.commit, found.places) == (commit, ("s3://ours/",) if commit else ())


def test_the_directory_is_asked_for_places_that_are_not_allowed() -> None:
    here = World()
    assert facts(comment("/ingest"), here).places == ("s3://ours/",)
    assert not [one for one in here.asked if one.startswith("page")]
    foreign = {RELEASE: manifest("s3://theirs/soma")}
    hosted = world.directory(["2026-02-01"])
    found = facts(comment("/ingest"), World(whole=foreign, directory=hosted))
    assert found.places[0] == "s3://ours/"
    assert list(found.places[1:]) == sorted(found.places[1:])
    assert len(found.places) == len(set(found.places)) > 1
    assert found.places_unread == ""
    of_files = re.sub(r's3://[^"]*/h5ads', "s3://files/h5ads", hosted)
    of_both = facts(comment("/ingest"), World(whole=foreign, directory=of_files)).places
    assert set(of_both) == {*found.places, "s3://files/"}
    unread = facts(comment("/ingest"), World(whole=foreign))
    assert (unread.places, unread.places_unread) == (("s3://ours/",), "it is gone.")


STARTED = sign("x", reply_marker(5), hidden_audit_entry(replace(ENTRY, proof=proof_of(RUN))))
CANCELLED = sign("x", reply_marker(6), hidden_audit_entry(ENTRY))
PERSON = said(5, "/ingest", by_bot=False, author="octocat")


@pytest.mark.parametrize(
    ("of", "is_proved"),
    [
        (RUN, True),
        (RUN.model_copy(update={"thread": 9}), True),
        (RUN.model_copy(update={"thread": None}), False),
        (RUN.model_copy(update={"thread": 7}), False),
        (RUN.model_copy(update={"release": "2025-02-01"}), False),
    ],
)
def test_a_run_is_proved_by_what_the_bot_said_in_a_thread_of_its_own(
    of: RunRequest, is_proved: bool
) -> None:
    forged = said(8, STARTED.replace(proof_of(RUN), "f" * 64), by_bot=False)
    comments = [PERSON, said(6, STARTED), said(7, CANCELLED), said(9, "x"), forged]
    here = World(said=dict.fromkeys((2, 7, 9), comments))
    here.whole = {RELEASE: manifest(), "2025-02-01": manifest()}
    found = facts(RunAsked(of, "bot", True, True), here)
    assert found.proofs == (frozenset({proof_of(RUN)}) if is_proved else frozenset())
    assert found.command == (PERSON if is_proved else None)
    lost = facts(RunLost(of, Ending("work", "failure", ""), Progress()), here)
    assert lost.proofs == found.proofs
    here.whole = {}  # a push has broken or removed the manifests since
    assert facts(RunAsked(of, "bot", True, True), here).proofs == found.proofs


def test_of_a_lost_run_it_is_known_who_ended_it_in_either_thread() -> None:
    event = RunLost(RUN, Ending("work", "failure", ""), Progress())
    for thread, who in ((2, "octocat"), (1, "octocat"), (9, "")):
        assert facts(event, World(said={thread: [said(1, CANCELLED)]})).cancelled_by == who


@pytest.mark.parametrize(
    ("key", "thread", "by_bot", "is_followed"),
    [
        (RUN.run_id, 2, True, True),
        (RUN.run_id, 2, False, False),
        (RUN.run_id, 1, True, False),
        ("other", 2, True, False),
    ],
)
def test_a_run_is_followed_by_its_status(
    key: str, thread: int, by_bot: bool, is_followed: bool
) -> None:
    status = said(1, sign("x", Marker(MarkerKind.STATUS, key)), by_bot=by_bot)
    here = World(said={thread: [status]})
    ended = (RunEnded(report(asked=RUN)), RunLost(RUN, Ending("", "lost", ""), Progress()))
    assert [facts(event, here).is_followed for event in ended] == [is_followed] * 2
    assert not facts(RunGoesOn(RUN, None), here).is_followed


@pytest.mark.parametrize(
    ("event", "is_read"),
    [
        (comment("/diff 1.0.0 2.0.0"), True),
        (comment("/diff 1.0.0 2.0.0", 7), False),
        (comment("/diff 1.0.0 2.0.0", is_bot=True), False),
        (comment("/diff 1.0.0 2.0.0", edited=True), False),
        (comment("/diff 1.0.0"), False),
        (comment("/help"), False),
    ],
)
def test_documents_are_read_for_who_may_hear_of_them(event: CommentCreated, is_read: bool) -> None:
    here = World()
    found = facts(event, here, schema_document="spec/{version}.md")
    assert found.explanation == ("it is gone." if is_read else None)
    pages = [one for one in here.asked if one.startswith("page")]
    assert pages == (["page spec/1.0.0.md"] if is_read else [])


RECORD = Announcement(
    Release(RELEASE, RELEASE, "2.4.0", "7.0.0", 12),
    "s3://a",
    "s3://b",
    None,
    retracted=False,
    after="2025-02-01",
)


def test_a_look_has_what_was_said_so_far() -> None:
    newer = replace(RECORD, soma="s3://newer")
    alert = sign("x", Marker(MarkerKind.SETTLED, "x"))
    here = World(
        bodies={2: sign("x", OWN, hidden_announcement(RECORD))},
        said={
            2: [
                said(1, sign("x", reply_marker(1), hidden_announcement(newer))),
                said(2, sign("x", reply_marker(2), hidden_announcement(RECORD)), by_bot=False),
                said(3, "no marker"),
            ],
            3: [said(1, alert)],
        },
    )
    found = facts(None, here)
    assert found.records == {RELEASE: newer}
    assert found.markers == {reply_marker(1), Marker(MarkerKind.SETTLED, "x")}
    assert (found.notices, found.alerts) == ({"2026-08-01": 4}, {"x": 3})
    assert (found.closed, found.failures) == (frozenset({4}), 2)
    assert facts(None).records == {}
    counted = gather_failures(here.ports(), settings())
    assert counted == Facts(
        "demo",
        alerts={"x": 3},
        markers=frozenset({Marker(MarkerKind.SETTLED, "x")}),
        failures=2,
    )


def test_a_thread_that_is_gone_a_moment_later_says_nothing() -> None:
    """A person may delete or transfer an issue while the bot reads."""

    @dataclass
    class Shrinking(World):
        def texts(self) -> Mapping[int, str]:
            return {}

    assert facts(None, Shrinking()).records == {}
    found, remembered = gather_states(RunGoesOn(RUN, None), Shrinking().ports(), settings())
    assert (found.dashboard, remembered) == (9, None)


def test_the_dashboard_remembers_its_look() -> None:
    look = Look(NOON, "ended")
    here = World(bodies={9: sign("x", DASHBOARD, hidden_look(look))})
    event = RunGoesOn(RUN, None)
    found, remembered = gather_states(event, here.ports(), settings())
    assert remembered == look
    assert (found.notices, found.alerts, found.closed) == (
        {"2026-08-01": 4}, {"x": 3}, frozenset({4})
    )  # fmt: skip
    none = World(marks={OWN: 2})
    found, remembered = gather_states(event, none.ports(), settings())
    assert (found.dashboard, remembered) == (None, None)

"""What is decided on each event, by facts of each kind. Of a text, its first words stand here."""

import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot_reports import check, dataset, report, request

from bot.decide.plan import plan
from bot.decide.runs import reaper_actions, reaper_comments
from bot.model.audit_entry import proof_of
from bot.model.commands import Role, Verb
from bot.model.effects import Plan
from bot.model.endings import GIVEN_UP, Ending
from bot.model.events import (
    CommentCreated,
    ManifestMerged,
    RunAsked,
    RunEnded,
    RunGoesOn,
    RunLost,
)
from bot.model.facts import Facts
from bot.model.markers import Marker, MarkerKind
from bot.model.ports import Run, ThreadComment
from bot.model.progress import Progress
from runners.contract import (
    Action,
    Finding,
    Manifest,
    Outcome,
    PreviousRelease,
    Reaped,
    Reason,
    RunReport,
    RunRequest,
    Status,
    Storage,
    Verdict,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RELEASE, OTHER = "2026-02-01", "2025-06-01"
FIRST_WORDS = 90


def manifest(release: str, soma: str = "s3://ours/soma") -> Manifest:
    return Manifest(
        release=release,
        census_schema_version="2.4.0",
        dataset_schema_version="7.0.0",
        dataset_count=12,
        storage=Storage(soma=soma, h5ads="s3://ours/h5ads/"),
    )


def words(value: object) -> str:
    """The value in one line: of a text the first words, of values of ours what they hold."""
    if isinstance(value, RunRequest):
        given = value.model_dump(mode="json", exclude_defaults=True)
        return " ".join(f"{name}={one}" for name, one in given.items())
    if isinstance(value, RunReport):
        return f"report({value.verdict})"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, Marker):
            return f"{value.kind} {value.key}"
        fields = dataclasses.fields(value)
        held = [(f.name, getattr(value, f.name)) for f in fields]
        kept = [f"{name}: {words(one)}" for name, one in held if one not in (None, "", ())]
        return f"{type(value).__name__}({', '.join(kept)})"
    if isinstance(value, Mapping):
        return str({str(name): str(one) for name, one in value.items()})
    line = " ".join(str(value).split())
    return line if len(line) <= FIRST_WORDS else f"{line[:FIRST_WORDS]}…"


def told(decided: Plan) -> str:
    refusal = "Refused: " if decided.is_refusal else ""
    return "\n".join([f"{refusal}{decided.reason}", *map(words, decided.effects)])


# --- comments -------------------------------------------------------------------------------------

FACTS = Facts(
    "demo",
    manifests={RELEASE: manifest(RELEASE), OTHER: manifest(OTHER)},
    blobs={RELEASE: "a" * 40},
    commit="b" * 40,
    threads={RELEASE: 2, OTHER: 3},
    proposals={RELEASE: 1, "2026-08-01": 4},
    own=frozenset({1, 2, 3, 4, 9}),
    dashboard=9,
    role=Role.MAINTAIN,
    rules={"7.0.0": ()},
    places=("s3://ours",),
)
ASKED = request(requested_by="octocat", thread=2)


def run(
    number: int = 1,
    status: Status | None = None,
    *outcomes: Any,
    release: str = RELEASE,
    **fields: Any,
) -> Run:
    """Of this number; ended with a check of this status, if one is given."""
    action = fields.pop("action", Action.INGEST)
    of = request(
        action,
        run_id=f"{release}-{action}-{number}",
        release=release,
        instance=fields.pop("instance", "demo"),
        limit=fields.pop("limit", None),
    )
    when = NOON + timedelta(hours=number)
    given = report(outcomes, (check(status),), of) if status else None
    if given is not None:
        given = given.model_copy(
            update={
                "started_at": when,
                "ended_at": when + timedelta(minutes=30),
                "cancelled": fields.pop("cancelled", False),
            }
        )
    return Run(of, when, given, **fields)


BROKEN = dataset(1, Outcome.FAILED, *[Finding(reason=Reason.TERM_UNKNOWN)] * 2)
GONE, UNREAD = dataset(2, Outcome.MISSING), dataset(3, Outcome.UNREADABLE)
DONE = dataset(4, Outcome.REVISED)
RETRIED = replace(FACTS, runs=(run(1, Status.FAILED, BROKEN, GONE, UNREAD, DONE),))
RUNNING = replace(FACTS, runs=(run(1, Status.PASSED, DONE), run(2)))
OTHER_RUNNING = replace(FACTS, runs=(run(1, release=OTHER),))
BOTH_RUNNING = replace(FACTS, runs=(run(1, release=OTHER), run(2)))


def said(text: str, facts: Facts = FACTS, thread: int = 2, **fields: bool) -> str:
    event = CommentCreated(thread, 5, "octocat", text, **fields)
    return told(plan(event, facts))


COMMENTS = {
    "a bot's": said("/status", is_bot=True),
    "edited": said("/status", edited=True),
    "no command": said("hello"),
    "elsewhere": said("/status", thread=7),
    "answered": said("/status", replace(FACTS, answered=True)),
    "misunderstood": said("/ingst"),
    "no role": said("/help", replace(FACTS, role=Role.NONE)),
    "another least role": said("/status", replace(FACTS, minimum_roles={Verb.STATUS: Role.ADMIN})),
    "a dry run by a writer": said("/ingest --dry-run", replace(FACTS, role=Role.WRITE)),
    "a dry run by a reader": said("/ingest --dry-run", replace(FACTS, role=Role.READ)),
    "a dry run where readers ingest": said(
        "/ingest --dry-run",
        replace(FACTS, role=Role.READ, minimum_roles={Verb.INGEST: Role.READ}),
    ),
    "ingest by a writer": said("/ingest", replace(FACTS, role=Role.WRITE)),
    "help": said("/help"),
    "help in the dashboard": said("/help", thread=9),
    "detect": said("/detect"),
    "detect in a folder": said("/detect", replace(FACTS, can_look=False)),
    "diff that can't be read": said("/diff 6.0.0 7.0.0", replace(FACTS, explanation="no")),
    "diff of nothing": said("/diff 6.0.0 7.0.0"),
    "status": said("/status"),
    "status of all": said("/status", thread=9),
    "status of a proposal": said("/status", thread=1),
    "verify in the dashboard": said("/verify 2026-02-01", thread=9),
    "verify of another": said("/verify 2025-06-01"),
    "verify of none": said("/verify", thread=9),
    "verify of an unknown one": said("/verify 2031-01-01", thread=9),
    "broken": said("/ingest", replace(FACTS, broken={RELEASE: "no"})),
    "not merged": said("/ingest", replace(FACTS, manifests={})),
    "elsewhere kept": said(
        "/verify", replace(FACTS, manifests={RELEASE: manifest(RELEASE, "s3://theirs")})
    ),
    "undecided": said("/ingest", replace(FACTS, rules={"7.0.0": ("q",)})),
    "undecided, to retry": said("/retry", replace(RETRIED, rules={})),
    "undecided, to verify": said("/verify", replace(FACTS, rules={})),
    "ingest": said("/ingest"),
    "ingest in the proposal": said("/ingest", thread=1),
    "ingest some": said(
        '/ingest --only a b --limit 2 --collection "C D" --organism homo_sapiens\nplease'
    ),
    "ingest again": said("/ingest", replace(FACTS, runs=(run(5),))),
    "ingest while another runs": said("/ingest", RUNNING),
    "ingest while another instance runs": said(
        "/ingest", replace(FACTS, runs=(run(1, instance="other"),))
    ),
    "ingest after a lost one": said("/ingest", replace(FACTS, runs=(run(1, is_lost=True),))),
    "ingest after one": said("/ingest", RETRIED),
    "ingest after one without its report": said(
        "/ingest", replace(FACTS, runs=(run(1, last_verdict=Verdict.PASSED),))
    ),
    "dry run": said("/ingest --dry-run"),
    "too many": said(f"/ingest --only {' '.join(f'd{n:0>40}' for n in range(1600))}"),
    "retry": said("/retry", RETRIED),
    "retry of nothing": said("/retry"),
    "retry of what is done": said("/retry", replace(FACTS, runs=(run(1, Status.PASSED, DONE),))),
    "retry of what was stopped": said(
        "/retry", replace(FACTS, runs=(run(1, Status.PASSED, DONE, cancelled=True),))
    ),
    "retry of the last ingest": said(
        "/retry",
        replace(
            FACTS,
            runs=(
                run(1, Status.FAILED, GONE),
                run(2, Status.FAILED, BROKEN),
                run(3, Status.FAILED, UNREAD, action=Action.VERIFY),
                run(5, Status.FAILED, DONE),
                run(6, is_lost=True),
            ),
        ),
    ),
    "cancel": said("/cancel", RUNNING),
    "cancel nothing": said("/cancel", RETRIED),
    "cancel another's": said("/cancel", RUNNING, thread=3),
}

# --- merges ---------------------------------------------------------------------------------------

MERGED = ManifestMerged(RELEASE, "octocat", "c" * 40, "a" * 40)


def merged(facts: Facts = FACTS, event: ManifestMerged = MERGED) -> str:
    return told(plan(event, facts))


MERGES = {
    "starts": merged(),
    "without a blob": merged(event=replace(MERGED, blob="")),
    "answered": merged(replace(FACTS, answered=True)),
    "answered, by hand": merged(replace(FACTS, answered=True, ingest_on_merge=False)),
    "answered, and broken": merged(replace(FACTS, answered=True, broken={RELEASE: "no"})),
    "again": merged(replace(FACTS, runs=(run(1, Status.FAILED, BROKEN),))),
    "again, without a report": merged(replace(FACTS, runs=(run(1, last_verdict=Verdict.FAILED),))),
    "changed since": merged(event=replace(MERGED, blob="d" * 40)),
    "broken": merged(replace(FACTS, broken={RELEASE: "no"})),
    "no thread": merged(replace(FACTS, threads={})),
    "no thread and broken": merged(replace(FACTS, threads={}, broken={RELEASE: "no"})),
    "no manifest": merged(replace(FACTS, manifests={})),
    "by hand": merged(replace(FACTS, ingest_on_merge=False)),
    "by hand, again": merged(replace(RETRIED, ingest_on_merge=False)),
    "role too low": merged(replace(FACTS, role=Role.WRITE)),
    "elsewhere": merged(replace(FACTS, places=("s3://our",))),
    "undecided": merged(replace(FACTS, rules={})),
    "busy": merged(RUNNING),
    "its own run": merged(
        replace(FACTS, runs=(Run(request(run_id=f"{RELEASE}-ingest-cccccccc"), NOON),))
    ),
}

# --- runs -----------------------------------------------------------------------------------------

OWN = request(
    run_id=f"{RELEASE}-ingest-5",
    requested_by="octocat",
    thread=2,
    comment=5,
    manifest_blob="a" * 40,
)
COMMAND = ThreadComment(5, "octocat", "/ingest", False, NOON)
PROVED = replace(FACTS, proofs=frozenset({proof_of(OWN)}), command=COMMAND)


def begins(facts: Facts = PROVED, of: RunRequest = OWN, **fields: Any) -> str:
    if facts.proofs and of is not OWN:
        facts = replace(facts, proofs=frozenset({proof_of(of)}))
    event = RunAsked(of, **{"actor": "bot", "by_bot": True, "is_first": True, **fields})
    return told(plan(event, facts))


def by_hand(facts: Facts = FACTS, **fields: Any) -> str:
    return begins(facts, actor="Octo.Cat", by_bot=False, **fields)


def changed(**fields: Any) -> RunRequest:
    return OWN.model_copy(update=fields)


BEGINNINGS = {
    "the bot's": begins(),
    "the bot's, without a thread": begins(replace(PROVED, threads={})),
    "by hand": by_hand(),
    "by hand, without a thread": by_hand(replace(FACTS, threads={})),
    "by hand, by a writer": by_hand(replace(FACTS, role=Role.WRITE)),
    "a verification by a writer": begins(
        replace(FACTS, role=Role.WRITE),
        request(Action.VERIFY, run_id=f"{RELEASE}-verify-1"),
        actor="octocat",
        by_bot=False,
    ),
    "another release in its name": begins(of=changed(run_id=f"{OTHER}-ingest-5")),
    "another action in its name": begins(of=changed(run_id=f"{RELEASE}-verify-5")),
    "not proved": begins(replace(PROVED, proofs=frozenset())),
    "its comment is gone": begins(replace(PROVED, command=None)),
    "its comment is the bot's": begins(replace(PROVED, command=replace(COMMAND, by_bot=True))),
    "its comment is another's": begins(replace(PROVED, command=replace(COMMAND, author="x"))),
    "its comment is a dry run": begins(
        replace(PROVED, command=replace(COMMAND, body="/ingest --dry-run"))
    ),
    "its comment asks for less": begins(
        replace(PROVED, command=replace(COMMAND, body="/ingest --limit 1"))
    ),
    "its comment asks for another": begins(
        replace(PROVED, command=replace(COMMAND, body="/verify"))
    ),
    "its comment is a retry": begins(replace(PROVED, command=replace(COMMAND, body="/retry"))),
    "its comment is another one": begins(replace(PROVED, command=replace(COMMAND, comment_id=6))),
    "without a comment": begins(of=changed(comment=None)),
    "asked for by a writer": begins(replace(PROVED, role=Role.WRITE)),
    "a retry by a writer, who may": begins(
        replace(
            PROVED,
            role=Role.WRITE,
            minimum_roles={Verb.RETRY: Role.WRITE},
            command=replace(COMMAND, body="/retry"),
        ),
        changed(failed_of=f"{RELEASE}-ingest-1"),
    ),
    "a retry by a maintainer, who may not": begins(
        replace(
            PROVED, minimum_roles={Verb.RETRY: Role.ADMIN}, command=replace(COMMAND, body="/retry")
        ),
        changed(failed_of=f"{RELEASE}-ingest-1"),
    ),
    "an ingest by a writer, who may retry": begins(
        replace(PROVED, role=Role.WRITE, minimum_roles={Verb.RETRY: Role.WRITE})
    ),
    "by hand, what failed by a writer, who may retry": begins(
        replace(FACTS, role=Role.WRITE, minimum_roles={Verb.RETRY: Role.WRITE}),
        changed(failed_of=f"{RELEASE}-ingest-1"),
        actor="Octo.Cat",
        by_bot=False,
    ),
    "asked for by nobody": begins(
        replace(PROVED, role=Role.NONE), changed(requested_by=None, comment=None)
    ),
    "of another instance": begins(of=changed(instance="other")),
    "broken": begins(replace(PROVED, broken={RELEASE: "no *TOML*"})),
    "no manifest": begins(replace(PROVED, manifests={})),
    "another manifest": begins(of=changed(manifest="m.toml")),
    "a manifest that was changed": begins(replace(PROVED, blobs={})),
    "without a blob": begins(replace(PROVED, blobs={}), changed(manifest_blob=None)),
    "elsewhere": begins(replace(PROVED, places=(), places_unread="it is down.")),
    "undecided": begins(replace(PROVED, rules={})),
    "undecided, of a verified release": begins(
        replace(PROVED, rules={}, runs=(run(1, Status.PASSED, DONE), run(5)))
    ),
    "undecided, after one that was lost": begins(
        replace(PROVED, rules={}, runs=(run(1, Status.PASSED, DONE), run(3, is_lost=True), run(5)))
    ),
    "undecided, to verify": by_hand(
        replace(FACTS, rules={}),
        of=request(Action.VERIFY, run_id=f"{RELEASE}-verify-5", manifest_blob=None),
    ),
    "another runs": begins(replace(PROVED, runs=(run(1),))),
    "another release's runs": begins(replace(PROVED, runs=OTHER_RUNNING.runs)),
    "another release's and another run": begins(replace(PROVED, runs=BOTH_RUNNING.runs)),
    "itself runs": begins(replace(PROVED, runs=(run(5),))),
    "not named": begins(is_named=False),
    "twice": begins(is_first=False),
    "by hand, refused": by_hand(is_first=False),
}

PROGRESS = Progress(3, 2, NOON, NOON + timedelta(hours=1), chosen=9)


def ended_as(ending: Ending, facts: Facts = FACTS, **fields: Any) -> str:
    return told(plan(RunLost(OWN, ending, PROGRESS, **fields), facts))


def given_up(facts: Facts) -> str:
    return told(plan(RunLost(OWN, GIVEN_UP, Progress()), facts))


FOLLOWED = replace(FACTS, is_followed=True)
WORK = Ending("work", "failure", "https://log.test")
BEFORE = PreviousRelease(release=OTHER, dataset_count=3, continued=1)


def ended(status: Status, facts: Facts = FACTS, **fields: Any) -> str:
    of = report((DONE,), (check(status),), OWN, previous=BEFORE).model_copy(update=fields)
    return told(plan(RunEnded(of, "page.html"), facts))


def compared(*runs: Run) -> str:
    """What the result says of runs before it."""
    of = report((DONE,), (check(),), OWN, previous=BEFORE).model_copy(
        update={"started_at": NOON + timedelta(hours=4)}
    )
    (comment, *_) = plan(RunEnded(of), replace(FACTS, runs=runs)).effects
    lines = getattr(comment, "body").splitlines()  # noqa: B009
    return "\n".join(x for x in lines if x.startswith(("**Since", "| Outcome", "Run")))


RUNS = {
    "goes on": told(plan(RunGoesOn(OWN, PROGRESS, "https://log.test"), FACTS)),
    "goes on unseen": told(plan(RunGoesOn(OWN, None), replace(FACTS, threads={}))),
    "lost": ended_as(WORK),
    "lost, followed": ended_as(WORK, replace(FOLLOWED, runs=(run(5),))),
    "lost while another runs": ended_as(WORK, RUNNING),
    "lost while another release's runs": ended_as(WORK, OTHER_RUNNING),
    "lost while another release's and another run": ended_as(WORK, BOTH_RUNNING),
    "lost without a thread": ended_as(WORK, replace(FOLLOWED, threads={})),
    "lost, and another has reported since": ended_as(
        WORK, replace(FACTS, runs=(run(5, is_lost=True), run(6, Status.PASSED, DONE)))
    ),
    "lost, and another was lost since": ended_as(
        WORK, replace(FACTS, runs=(run(5, is_lost=True), run(6, is_lost=True)))
    ),
    "lost after another had reported": ended_as(
        WORK, replace(FACTS, runs=(run(1, Status.PASSED, DONE), run(5, is_lost=True)))
    ),
    "lost before a rollback": ended_as(
        WORK,
        replace(
            FACTS,
            runs=(
                run(4, Status.PASSED, taken_back=NOON + timedelta(hours=9)),
                run(5, is_lost=True),
            ),
        ),
    ),
    "lost before it was asked": ended_as(replace(WORK, job="plan")),
    "lost before it was asked, the bot's": ended_as(replace(WORK, job="plan"), PROVED),
    **{
        f"never begun ({job}), {name}": told(
            plan(
                RunLost(OWN, Ending(job, "failure", "https://log.test"), Progress()),
                replace(PROVED, runs=(*before, run(5, is_lost=True))),
            )
        )
        for job in ("plan", "smoke", "launch")
        for name, before in {
            "the first": (),
            "after another": (run(1, Status.PASSED, DONE),),
            "after a lost one": (run(1, Status.PASSED, DONE), run(2, is_lost=True)),
            "after a lost one and another": (run(1, is_lost=True), run(2, Status.PASSED, DONE)),
            "after one that never began": (
                run(1, Status.PASSED, DONE),
                run(2, is_lost=True, has_begun=False),
            ),
        }.items()
    },
    "lost by /cancel": ended_as(WORK, replace(FACTS, cancelled_by="octocat"), cost=2.0),
    "given up": given_up(replace(FACTS, cancelled_by="octocat")),
    "given up, after another": given_up(
        replace(FACTS, runs=(run(1, Status.PASSED, DONE), run(5, is_lost=True)))
    ),
    "given up, after others without their reports": given_up(
        replace(
            FACTS,
            runs=(
                run(1, last_verdict=Verdict.PASSED),
                run(2, last_verdict=Verdict.FAILED),
                run(5, is_lost=True),
            ),
        )
    ),
    **{f"ended, {one}": ended(one) for one in (Status.PASSED, Status.FAILED, Status.UNCHECKED)},
    "ended, followed": ended(Status.PASSED, FOLLOWED),
    "ended while another runs": ended(Status.PASSED, RUNNING),
    "ended while another release's runs": ended(Status.PASSED, OTHER_RUNNING),
    "ended while another release's and another run": ended(Status.PASSED, BOTH_RUNNING),
    "ended, and another since": ended(
        Status.PASSED, replace(FOLLOWED, runs=(run(99, Status.FAILED, BROKEN),))
    ),
    "ended without a thread": ended(Status.PASSED, replace(FOLLOWED, threads={})),
    "ended, of a commit": ended(Status.PASSED, request=changed(manifest_commit="d" * 40)),
    "ended alone": compared(),
    "ended after others": compared(
        run(1, Status.FAILED, BROKEN),
        run(2, Status.PASSED, DONE),
        run(3, is_lost=True),
        run(4, Status.FAILED, BROKEN),
        run(1, Status.FAILED, DONE, release=OTHER),
        run(5, address="https://log.test"),
    ),
}
ACTION = Reaped(
    act="terminate_expired",  # type: ignore[arg-type]
    machine="i-1",
    run="r",
    release=RELEASE,
    why="w",
    result="done",
)
THREADS = {Marker(MarkerKind.RELEASE, RELEASE): 2}

TEXTS = {
    **{f"comment: {name}": text for name, text in COMMENTS.items()},
    **{f"merge: {name}": text for name, text in MERGES.items()},
    **{f"begins: {name}": text for name, text in BEGINNINGS.items()},
    **{f"run: {name}": text for name, text in RUNS.items()},
    "reaped": told(reaper_comments(ACTION, THREADS)),
    "reaped without a thread": told(reaper_comments(ACTION, {})),
    "reaped without a release": told(
        reaper_comments(ACTION.model_copy(update={"release": None}), THREADS)
    ),
    "reaper's lines": str([len(x) for x in reaper_actions(f"{ACTION.to_line()}\n{{\n", "f")]),
}

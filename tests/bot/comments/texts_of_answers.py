"""What the bot answers to commands and merges, in each of its forms."""

from datetime import UTC, datetime
from typing import Any

from bot_reports import check, report, request

from bot.comments import last_words, merges, questions, replies
from bot.comments.pull_requests import OpenRules
from bot.model.commands import Command, Mistake, Role, Verb
from bot.model.events import MERGE_QUEUE
from bot.model.facts import Facts, Repeat
from bot.model.limits import RunLimits
from bot.model.ports import Run
from runners.contract import Action, Manifest, Outcome, Reason, RunRequest, Status, Storage, Verdict

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RELEASE = "2026-02-01"
MANIFEST = Manifest(
    release=RELEASE,
    census_schema_version="2.4.0",
    dataset_schema_version="7.0.0",
    dataset_count=1845,
    storage=Storage(soma="s3://soma", h5ads="s3://h5ads"),
)
INGEST, VERIFY = Command(Verb.INGEST), Command(Verb.VERIFY)
DIFF = Command(Verb.DIFF, versions=("6.0.0", "9.9.9"))


def asked(action: Action = Action.INGEST, **fields: object) -> RunRequest:
    return request(action, **{"requested_by": "octocat", **fields})


def run(of: RunRequest, status: Status | None = None, **fields: Any) -> Run:
    """Going on, or ended with a check of this status."""
    told = None if status is None else report((), (check(status),), of)
    return Run(of, NOON, told, **fields)


def number(count: int) -> tuple[str, ...]:
    return tuple(f"d{each}" for each in range(count))


GOING_ON = run(asked(), address="https://log.test/1")
BY_MERGE = run(asked(requested_by=None))
PASSED = run(asked(run_id="2026-02-01-ingest-1"), Status.PASSED, address="https://log.test/1")
OPEN = OpenRules("7.0.0", number(11))

ACCEPTED = {
    "all of it": replies.accepted(asked(), MANIFEST, None),
    "after a merge": replies.accepted(
        asked(requested_by=None), MANIFEST, None, where="in thread #2"
    ),
    "after an earlier run": replies.accepted(asked(limit=1845), MANIFEST, PASSED),
    "after one that goes on": replies.accepted(asked(limit=1844), MANIFEST, GOING_ON),
    "verify": replies.accepted(asked(Action.VERIFY), MANIFEST, PASSED),
    "only twenty": replies.accepted(asked(only=number(20), limit=1000), MANIFEST, None),
    "only twenty-one": replies.accepted(asked(only=number(21)), MANIFEST, None),
    "by name": replies.accepted(
        asked(collection=("A", "B"), organism=("homo_sapiens",)), MANIFEST, None
    ),
}
AGAIN = {
    "some": Repeat("r-1", {Outcome.MISSING: 1, Outcome.UNREADABLE: 1200}, 0, {}, is_cut=False),
    "stopped": Repeat("r-1", {}, 0, {}, is_cut=True),
    "content": Repeat(
        "r-1", {}, 1, {Reason.TERM_UNKNOWN: 1200, Reason.GENE_UNKNOWN: 1}, is_cut=False
    ),
    "content without reasons": Repeat("r-1", {}, 2, {}, is_cut=False),
    "registered otherwise": Repeat("r-1", {Outcome.FAILED: 1}, 0, {}, is_cut=False),
    "everything": Repeat(
        "r-1",
        {Outcome.MISSING: 2, Outcome.FAILED: 3},
        2,
        {Reason.TERM_UNKNOWN: 2},
        is_cut=True,
    ),
}
LIMITS = {
    "unread": RunLimits("machine of EC2"),
    "hours": RunLimits("runner of GitHub's", 6.0),
    "price": RunLimits("machine of EC2", 1.5, 1200.5),
    "price with the disk": RunLimits("runner of CodeBuild's", 8.0, 0.1, is_whole=True),
    "budget": RunLimits("machine of EC2", 12.0, budget=1500),
}
FACTS = Facts(
    "demo",
    manifests={RELEASE: MANIFEST},
    proposals={"2026-08-01": 4},
    broken={"2025-06-01": "its file is *empty*"},
    runs=(PASSED,),
)
WITH_RUN = Facts("demo", manifests={RELEASE: MANIFEST}, runs=(PASSED, BY_MERGE))


def ended(count: int, *more: Run) -> Facts:
    some = (run(asked(run_id=f"2026-02-01-ingest-{n}"), Status.FAILED) for n in range(1, count + 1))
    return Facts("demo", manifests={RELEASE: MANIFEST}, runs=(*some, *more))


LOST = run(asked(Action.VERIFY, run_id="2026-02-01-verify-9"), is_lost=True)
STATUS = {
    "nothing merged": replies.status("2026-09-01", FACTS),
    "proposed": replies.status("2026-08-01", FACTS),
    "broken": replies.status("2025-06-01", FACTS),
    "no run": replies.status(RELEASE, Facts("demo", manifests={RELEASE: MANIFEST})),
    "of another instance": replies.status(
        RELEASE, Facts("other", manifests={RELEASE: MANIFEST}, runs=(PASSED, GOING_ON))
    ),
    "running": replies.status(RELEASE, WITH_RUN),
    "ten runs": replies.status(RELEASE, ended(10)),
    "eleven runs": replies.status(RELEASE, ended(11)),
    "lost": replies.status(RELEASE, ended(1, LOST)),
    "without its report": replies.status(
        RELEASE, ended(0, run(asked(), last_verdict=Verdict.UNCHECKED))
    ),
    "by a merge": replies.status(
        RELEASE,
        Facts("demo", manifests={RELEASE: MANIFEST}, runs=(run(BY_MERGE.request, Status.PASSED),)),
    ),
}

REPLIES = {
    "nothing known to retry": replies.nothing_to_retry(Command(Verb.RETRY), None),
    "nothing failed": replies.nothing_to_retry(
        Command(Verb.RETRY), Repeat("r-1", {}, 0, {}, is_cut=False)
    ),
    "nothing to cancel": replies.nothing_to_cancel(Command(Verb.CANCEL)),
    "another's": replies.another_is_running(Command(Verb.CANCEL), GOING_ON, {RELEASE: 7}),
    "another's without thread": replies.another_is_running(Command(Verb.CANCEL), BY_MERGE, {}),
    "cancelling": replies.cancelling(GOING_ON, "octocat"),
    "cancelling a verification": replies.cancelling(run(asked(Action.VERIFY)), "octocat"),
    "dry run": replies.would_do(Command(Verb.INGEST, limit=2, dry_run=True), ["A.", "B."]),
    "dry run with limits": replies.would_do(
        Command(Verb.INGEST, dry_run=True), ["A."], LIMITS["hours"]
    ),
    "role too low": replies.role_too_low(INGEST, "octocat", Role.READ, Role.MAINTAIN),
    "no role": replies.role_too_low(VERIFY, "octocat", Role.NONE, Role.WRITE),
    "status of all": replies.status_of_all(None, None, 3),
    "status of all, here": replies.status_of_all(GOING_ON, 3, 3),
    "status of all, elsewhere": replies.status_of_all(None, 4, 3),
    "not merged": replies.not_merged(INGEST, "m.toml"),
    "proposed, its merge starts": replies.not_merged(INGEST, "m.toml", 4, ingest_on_merge=True),
    "proposed, its merge starts another": replies.not_merged(
        Command(Verb.INGEST, limit=3), "m.toml", 4, ingest_on_merge=True
    ),
    "proposed, its merge starts nothing": replies.not_merged(INGEST, "m.toml", 0),
    "broken": replies.broken(INGEST, "m.toml: *no* release"),
    "elsewhere": replies.lies_elsewhere(INGEST, ["s3://a", "s3://b"], ""),
    "elsewhere, directory unread": replies.lies_elsewhere(INGEST, ["s3://a"], "it *timed* out"),
    "too long": replies.too_long(Command(Verb.INGEST, only=number(2000))),
    "undecided": replies.undecided(INGEST, OPEN),
    "busy": replies.busy(INGEST, GOING_ON),
    "misunderstood": replies.misunderstood("/ingst *x*", Mistake("no /ingst", "/ingest")),
    "misunderstood without suggestion": replies.misunderstood("/x " * 99, Mistake("no /x")),
    "grammar": replies.grammar({}),
    "grammar of no release": replies.grammar({Verb.STATUS: Role.ADMIN}, of_release=False),
}
MERGES = {
    "merged": merges.merged(RELEASE, "octocat"),
    "merged again": merges.merged(RELEASE, "octocat", has_run=True),
    "busy": merges.but_busy(RELEASE, BY_MERGE),
    "role too low": merges.by_another_role(RELEASE, "octocat", Role.WRITE, Role.MAINTAIN),
    "no role": merges.by_another_role(RELEASE, "octocat", Role.NONE, Role.MAINTAIN),
    "a queue": merges.by_another_role(RELEASE, MERGE_QUEUE, Role.NONE, Role.MAINTAIN),
    "broken": merges.but_broken(RELEASE, "m.toml: *no* release"),
    "undecided": merges.but_undecided(RELEASE, OpenRules("7.0.0", ("a",))),
}
THREADS = {f"20{year}-02-01": year for year in range(20, 26)}
QUESTIONS = {
    "looking": questions.looking("octocat", None),
    "looking, with a dashboard": questions.looking("octocat", 0),
    "look refused": questions.look_refused(Command(Verb.DETECT)),
    "no clock": questions.no_clock(Command(Verb.DETECT)),
    "opening": questions.opening(RELEASE, "octocat", 0, can_look=True),
    "opening, without a dashboard": questions.opening(RELEASE, "octocat", None, can_look=False),
    "has a thread": questions.has_thread(Command(Verb.THREAD, release=RELEASE), 0),
    "not explained": questions.not_explained(DIFF, f"9.9.9 isn't *there*: {'x' * 600}"),
    "no release meant": questions.no_release(VERIFY, THREADS),
    "none known": questions.no_release(VERIFY, {}),
    "another's thread": questions.no_release(Command(Verb.VERIFY, release="2021-02-01"), THREADS),
    "unknown release": questions.no_release(Command(Verb.VERIFY, release="2031-02-01"), THREADS),
}
LONG = "it *broke* " * 99
LAST_WORDS = {
    "unanswered": last_words.unanswered("/ingest *x*", LONG, "https://log.test"),
    "merge": last_words.unhandled_merge(LONG, "https://log.test"),
    "run": last_words.unsaid("r-1", LONG, "https://log.test"),
    "look": last_words.unlooked(LONG, "https://log.test"),
}
TEXTS = {
    **{f"accepted: {name}": text for name, text in ACCEPTED.items()},
    **{
        f"again: {name}": replies.accepted(asked(), MANIFEST, None, again)
        for name, again in AGAIN.items()
    },
    **{
        f"at most: {name}": replies.accepted(asked(), MANIFEST, None, limits=limits)
        for name, limits in LIMITS.items()
    },
    **{f"status: {name}": text for name, text in STATUS.items()},
    **{f"reply: {name}": text for name, text in REPLIES.items()},
    **{f"merge: {name}": text for name, text in MERGES.items()},
    **{f"question: {name}": text for name, text in QUESTIONS.items()},
    **{f"last word: {name}": text for name, text in LAST_WORDS.items()},
}

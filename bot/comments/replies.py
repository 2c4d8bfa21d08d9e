"""What the bot says to a command."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.comments.markdown import code, counted, inert, joined, mention, moment, table
from bot.comments.plan import selected_by_name
from bot.comments.pull_requests import OpenRules
from bot.model.commands import GRAMMAR, Command, Mistake, Role, Verb
from bot.model.facts import Facts, Repeat
from bot.model.limits import RunLimits
from bot.model.ports import Run
from runners.contract import MEANINGS, Action, Manifest, Outcome, RunRequest, manifest_path

WITHOUT_RELEASE = frozenset(
    {Verb.VERIFY, Verb.STATUS, Verb.DETECT, Verb.DIFF, Verb.THREAD, Verb.HELP}
)
"""Commands that work where no single release is meant."""

DOING = {Action.INGEST: "ingesting", Action.VERIFY: "verifying"}


def accepted(
    request: RunRequest,
    manifest: Manifest,
    earlier: Run | None,
    again: Repeat | None = None,
    *,
    where: str = "here",
    limits: RunLimits | None = None,
) -> str:
    """That a run was asked for, what it will do, and what it may take at most.

    `again`, if it repeats an earlier one; `where` its result is posted.
    """
    who = f", as {mention(request.requested_by)} asked" if request.requested_by else ""
    activity = f"{DOING[request.action]} release {request.release}"
    lines = [
        f"🚀 **Accepted:** {activity} in {code(request.instance)}{who}.",
        "",
        f"- Run: {code(request.run_id)}",
        *([f"- Datasets: {_datasets(request, manifest)}"] if again is None else _again(again)),
        f"- Manifest: {code(request.manifest)}, dataset schema {manifest.dataset_schema_version}",
        *([f"- At most: {at_most(limits)}"] if limits else []),
        *_earlier(request, earlier),
        "",
        f"**Next:** nothing; I'll post the result {where}. Until then no other run starts in this "
        f"instance; `/status` says how it stands{_early_end(request)}.",
    ]
    return "\n".join(lines)


def _early_end(request: RunRequest) -> str:
    return ", `/cancel` ends it early" if request.action is Action.INGEST else ""


def at_most(limits: RunLimits) -> str:
    """The time, and the money where the configuration gives a price or a budget."""
    if limits.hours is None:
        return f"what `launch.toml` says, which I can't read here, on one {limits.machine}"
    text = f"{limits.hours:g} hours on one {limits.machine}"
    if limits.dollars is not None:
        cost = limits.hours * limits.dollars
        text += f" at ${limits.dollars:,.2f} an hour, ${cost:,.2f} in all"
        text += "" if limits.is_whole else " beside its disk"
    if limits.budget is not None:
        text += f"; a launch that may cost more than ${limits.budget:,.2f} is refused"
    return text


def _datasets(request: RunRequest, manifest: Manifest) -> str:
    if request.is_selective:
        limit = f"; at most {request.limit:,} of them" if request.limit else ""
        return f"only {', '.join([*_only(request), *selected_by_name(request)])}{limit}"
    if request.limit and request.limit < manifest.dataset_count:
        return f"the first {request.limit:,} of {manifest.dataset_count:,}"
    return f"all {manifest.dataset_count:,} of the release"


def _only(request: RunRequest) -> list[str]:
    if not request.only:
        return []
    named = joined([code(dataset_id) for dataset_id in request.only[:20]])
    left = len(request.only) - 20
    return [f"{named}{f', and {left:,} more' if left > 0 else ''}"]


def _earlier(request: RunRequest, earlier: Run | None) -> list[str]:
    if earlier is None or earlier.verdict is None or request.action is Action.VERIFY:
        return []
    return [
        f"- Earlier: {named_run(earlier)} ended with the verdict *{earlier.verdict}*. What it "
        "registered and is unchanged stays as it is."
    ]


def _again(again: Repeat) -> list[str]:
    """What is done again, and what only may be."""
    ends = {Outcome.FAILED: "registered as something else"}
    parts = [
        f"{counted(number, 'dataset')} {ends.get(outcome, outcome)}"
        for outcome, number in again.ended.items()
    ]
    parts += ["what the run didn't reach before it was stopped"] if again.is_cut else []
    lines = [f"- Datasets: what failed in {code(again.run_id)}"]
    lines += [f"- Done again: {joined(parts)}"] if parts else []
    if again.failed:
        reasons = "; ".join(
            f"{MEANINGS[reason]} ({number:,})" for reason, number in again.content.items()
        )
        lines.append(
            f"- Failed for their content: {counted(again.failed, 'dataset')}"
            f"{f' ({reasons})' if reasons else ''}. The machine does them again only if rules, "
            "LaminDB or our code have changed since; the result says how they stand"
        )
    return lines


def nothing_to_retry(command: Command, again: Repeat | None) -> str:
    """That no ingest has left a report, or that nothing failed in the last one."""
    if again is None:
        return refused(
            str(command),
            "no ingest of this release has left a report here, so it isn't known what failed.",
            "Say `/ingest`: it leaves what is unchanged as it is. `/status` says what is going on.",
        )
    return refused(
        str(command),
        f"in {code(again.run_id)}, the last ingest of this release, no dataset failed.",
        "Say `/ingest` to do all of it again, or `/verify` to check what is registered.",
    )


def nothing_to_cancel(command: Command) -> str:
    """That nothing is running that could be stopped."""
    return refused(
        str(command), "nothing is running in this instance.", "`/status` says how runs ended."
    )


def another_is_running(command: Command, running: Run, threads: Mapping[str, int]) -> str:
    """That what is going on is another release's."""
    thread = threads.get(running.request.release)
    where = f"thread #{thread}" if thread else "the thread of that release"
    return refused(str(command), taken(running), f"Say {code(str(command))} in {where} instead.")


def cancelling(running: Run, actor: str) -> str:
    """That the run was asked to end early, and what that leaves."""
    asked = f"{code(running.request.run_id)} ends early, as {mention(actor)} asked."
    if running.request.action is Action.VERIFY:
        return (
            f"🛑 **Asked to stop:** {asked} A verification writes nothing.\n\n"
            "**Next:** say `/verify` when it is to be done."
        )
    return (
        f"🛑 **Asked to stop:** {asked} What it has registered stays.\n\n"
        "**Next:** wait; I'll post what was done and what wasn't, and which command goes on with "
        "the rest."
    )


def would_do(command: Command, effects: Sequence[str], limits: RunLimits | None = None) -> str:
    """What a command would do, for `--dry-run`; `effects` are finished sentences."""
    listed = "\n".join(f"{number}. {effect}" for number, effect in enumerate(effects, 1))
    limit = f"\n\nIt would take at most {at_most(limits)}." if limits else ""
    return (
        f"🔍 **Dry run:** {code(str(command))} changed nothing. "
        f"Without `--dry-run` it would now:\n\n{listed}{limit}\n\n"
        f"**Next:** say {code(str(replace(command, dry_run=False)))} to have it done."
    )


def refused(quoted: str, why: str, remedy: str) -> str:
    """That a command isn't carried out, why, and what would help. All but `quoted` is Markdown."""
    return f"⛔ **Not done:** {why}\n\n{remedy}\n\n> You said: {code(quoted, 200)}"


def role_too_low(command: Command, actor: str, role: Role, wanted: Role) -> str:
    """That the person's role doesn't allow the command; `wanted` is the least that does."""
    has = f"has the role *{role.name.lower()}*" if role else "has no role here"
    return refused(
        str(command),
        f"`/{command.verb}` needs the role *{wanted.name.lower()}*; {mention(actor)} {has}.",
        f"Ask somebody with the role *{wanted.name.lower()}* to say it.",
    )


def status_of_all(running: Run | None, dashboard: int | None, thread: int) -> str:
    """What is running, and where it stands how each release is."""
    now = taken(running) if running else "nothing is running in this instance."
    where = "above" if dashboard == thread else f"in #{dashboard}"
    told = f" How every release stands is told {where}." if dashboard is not None else ""
    return f"**Now:** {now}{told}"


def not_merged(
    command: Command, path: str, proposal: int | None = None, *, ingest_on_merge: bool = False
) -> str:
    """That the manifest at `path` must be merged first; `proposal` is its pull request."""
    what = "the manifest" if proposal is None else f"#{proposal}"
    is_whole = command == Command(Verb.INGEST)
    then = (
        "that starts the ingest"
        if ingest_on_merge and is_whole
        else f"then say {code(str(command))} again"
    )
    return refused(
        str(command),
        f"the manifest {code(path)} isn't on the default branch.",
        f"Review and merge {what} first; {then}.",
    )


def broken(command: Command, problem: str) -> str:
    """That the release's manifest can't be used; `problem` names its file."""
    return refused(
        str(command),
        f"the release's manifest on the default branch can't be used: {inert(problem)}",
        f"Correct it there, by a pull request, then say {code(str(command))} again.",
    )


def why_elsewhere(places: Sequence[str], unread: str) -> str:
    """That a release lies in places that nobody has allowed; `unread`: why that may be wrong."""
    listed = joined([code(place) for place in places])
    why = (
        f"its manifest says that it lies in {listed}: that is in no bucket of the release "
        "directory, and the setting `storage` doesn't name it."
    )
    return f"{why} The release directory couldn't be read: {inert(unread)}" if unread else why


ALLOW_PLACES = (
    "If it is to be read from there, somebody who may change the repository's variables adds the "
    "place to `BOT_STORAGE`."
)


def lies_elsewhere(command: Command, places: Sequence[str], unread: str) -> str:
    """That a release in places that nobody has allowed isn't read."""
    again = f"Then say {code(str(command))} again."
    return refused(str(command), why_elsewhere(places, unread), f"{ALLOW_PLACES} {again}")


def too_long(command: Command) -> str:
    """That a run can't be asked for by so many ids."""
    return refused(
        f"/{command.verb} --only ...",
        f"you named {counted(len(command.only), 'dataset')}, and a run's request has room for "
        "about 1,500.",
        "Name fewer, and the rest when that run has ended; or say `--collection NAME` or "
        "`--organism NAME`, or all of the release with `/ingest`.",
    )


def undecided(command: Command, reason: OpenRules) -> str:
    """That the rules of the release's dataset schema must be decided first."""
    again = f"Then say {code(str(command))} again."
    return refused(str(command), reason.why(), f"{reason.remedy()} {again}")


def busy(command: Command, running: Run) -> str:
    """That the instance is taken by the run `running`."""
    again = f"Say {code(str(command))} again when its result is here{or_end(running)}."
    return refused(str(command), taken(running), again)


def or_end(running: Run) -> str:
    """What else than waiting a person may do about a run, as the rest of a sentence."""
    if running.request.action is Action.VERIFY:
        return ""
    return "; `/cancel` in the thread of its release ends it early"


def named_run(run: Run) -> str:
    """The run's name, linked to its log where there is one."""
    name = code(run.request.run_id)
    return f"[{name}]({run.address})" if run.address else name


def taken(running: Run) -> str:
    """That the run has its instance, since when and for whom."""
    request = running.request
    who = f", asked for by {code(request.requested_by)}" if request.requested_by else ""
    return (
        f"{named_run(running)} has been {DOING[request.action]} release {request.release} in "
        f"{code(request.instance)} since {moment(running.since)}{who}; "
        "an instance takes one run at a time."
    )


def misunderstood(line: str, mistake: Mistake) -> str:
    """What was wrong with a command, and what was probably meant."""
    problem = inert(mistake.problem)
    hint = f" Did you mean {code(mistake.suggestion)}?" if mistake.suggestion else ""
    return (
        f"🤔 **Not understood:** {problem}.{hint}\n\n`/help` lists the commands.\n\n"
        f"> You said: {code(line, 200)}"
    )


def grammar(minimum_roles: Mapping[Verb, Role], *, of_release: bool = True) -> str:
    """The commands that work here, what they do and who may use them.

    Not `of_release`: the thread is about no single release.
    """
    rows = [
        [code(entry.usage), entry.meaning, minimum_roles.get(verb, entry.role).name.lower()]
        for verb, entry in GRAMMAR.items()
        if of_release or verb in WITHOUT_RELEASE
    ]
    elsewhere = (
        "`/ingest --dry-run` needs *write* only."
        if of_release
        else "What writes to the instance is said in the thread of its release."
    )
    return "\n\n".join(
        [
            "**Commands:** one per comment, on its first line.",
            table(["Command", "What it does", "Least role"], rows),
            f"{elsewhere} Quoted text, code and edited comments don't count.",
        ]
    )


def status(release: str, facts: Facts) -> str:
    """How the release stands: manifest, what is running in the instance, and earlier runs."""
    running, runs = facts.running(), facts.runs_of(release)
    merged = "on the default branch" if release in facts.manifests else "not merged yet"
    if release in facts.broken:
        merged = f"on the default branch, but can't be used ({inert(facts.broken[release])})"
    now = taken(running) if running else "nothing is running in this instance."
    lines = [f"**Release {release}:** the manifest is {merged}; {now}"]
    ended = [run for run in (*facts.taken_back(release), *runs) if run.verdict is not None]
    if ended:
        rows = [_ended(run) for run in reversed(ended[-10:])]
        lines.append(table(["Run", "Asked for by", "Ended", "Verdict"], rows))
        left = len(ended) - len(rows)
        lines += [f"{counted(left, 'earlier run')} left out."] if left else []
    else:
        lines.append("No run of this release has ended so far.")
    return "\n\n".join([*lines, f"**Next:** {_after_status(release, facts)}"])


AFTER_ROLLBACK = (
    "say `/ingest` to register the release anew, or `/verify` to see what the instance holds."
)


def rolled_back(run: Run) -> str:
    """That somebody has taken a run back by hand."""
    when = f" at {moment(run.taken_back)}" if run.taken_back else ""
    return (
        f"↩️ **Rolled back:** {named_run(run)} was taken back by hand{when}. What it had written "
        f"isn't in {code(run.request.instance)} any more, and what was said of it here no longer "
        f"holds.\n\n**Next:** {AFTER_ROLLBACK}"
    )


def _after_status(release: str, facts: Facts) -> str:
    running, runs = facts.running(), facts.runs_of(release)
    if running is not None:
        return f"wait for the result of what is running{or_end(running)}."
    if release in facts.broken:
        return f"correct {code(manifest_path(release))} by a pull request, and merge it."
    if release not in facts.manifests:
        proposal = facts.proposals.get(release)
        return f"review and merge {'the manifest' if proposal is None else f'#{proposal}'}."
    if not runs and facts.taken_back(release):
        return AFTER_ROLLBACK
    if not runs:
        return "say `/ingest` to register the release."
    if runs[-1].verdict is None:
        return (
            f"say `/{runs[-1].request.action}`: the last run was lost, and it goes on from there."
        )
    return "what the newest result says."


def _ended(run: Run) -> list[str]:
    ended_at: datetime | None = run.report.ended_at if run.report else None
    return [
        named_run(run),
        code(run.request.requested_by or "the merge"),
        moment(ended_at) if ended_at else "its report isn't kept any more",
        _verdict(run),
    ]


def _verdict(run: Run) -> str:
    verdict = str(run.verdict or "")
    return f"{verdict}; rolled back {moment(run.taken_back)}" if run.taken_back else verdict

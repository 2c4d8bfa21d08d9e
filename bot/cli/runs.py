"""The commands that workflow files call about runs that go on, and those that nobody waits for.

Nothing is remembered between two calls: threads, workflow runs and the store of runs say it all.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import rich_click as click

from bot.adapters.files import write
from bot.adapters.github.ports import Github
from bot.cli.context import LazyContext, on_github, with_clear_errors
from bot.cli.terminal import show_plan
from bot.comments.plan import describe
from bot.comments.status import LOST
from bot.comments.status import ended as settled
from bot.engine import handle
from bot.errors import BotError
from bot.gather.facts import cancelled_by
from bot.html import report_page
from bot.model.effects import Plan
from bot.model.endings import Ending
from bot.model.events import Event, RunGoesOn, RunLost
from bot.model.labels import Label
from bot.model.markers import NOT_BEGUN, Marker, MarkerKind
from bot.model.own_comments import own_comment
from bot.model.ports import Run
from bot.model.progress import progress_of
from bot.settings import Settings
from runners.contract import JobState, RemoteJob, RunReport, RunRequest

OUTPUT = click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="The file for the job's outputs: GITHUB_OUTPUT.",
)


def handled(event: Event, bot: Github, settings: Settings) -> Plan:
    """The plan for the event, carried out and shown."""
    decided = handle(event, bot.ports(), settings)
    show_plan(describe(decided), dry_run=False)
    return decided


def put(output: Path | None, values: Mapping[str, str]) -> None:
    """Adds outputs to the job's file of them, if there is one."""
    if output is not None:
        with output.open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in values.items())


def write_report(report: RunReport, folder: Path) -> None:
    """Writes the report and its page into the folder."""
    for name, text in {"report.json": report.to_json(), **report_page.files(report)}.items():
        write(folder / name, text)


def going_on(request: RunRequest, job: RemoteJob | None, bot: Github) -> RunGoesOn:
    """That the run goes on, in its `job` if no workflow run waits for it."""
    journal = bot.runs.journal(request.run_id)
    is_known = journal is not None or bot.runs.are_read_live()
    address = bot.workflows.address_of(request.run_id)
    return RunGoesOn(request, progress_of(journal or "") if is_known else None, address, job)


def lost(request: RunRequest, ending: Ending, job: RemoteJob | None, bot: Github) -> RunLost:
    """That the run ended without a report, and what its machines have cost; of one that had a job,
    what that said of its end.
    """
    if job is not None and ending.job == "launch":
        ending = Ending(ending.job, ending.result, ending.log, job.reason or "")
    elif job is not None:
        why = job.reason or "it ended as if its work were done, and left no report"
        ending = Ending("", "ended", job.log or ending.log, why)
    progress = progress_of(bot.runs.journal(request.run_id) or "")
    cost = bot.runs.cost(request.run_id, bot.runs.now())
    return RunLost(request, ending, progress, job, cost)


@click.command(name="progress")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0),
    default=0,
    help="Look again until this is over, or nothing goes on any more.",
)
@click.option(
    "--every", type=click.FloatRange(min=0), default=10, show_default=True, help="Minutes between."
)
@OUTPUT
@click.pass_obj
@with_clear_errors
def progress(lazy: LazyContext, minutes: float, every: float, output: Path | None) -> None:
    """Update the status comment of every run that is going on (output `going-on`, if one still is,
    or if the result of one that nobody waits for is to be said).

    One that has ended without anybody saying so, in a thread that is labelled as running, is said
    to be lost. If one can't be told of, the others still are. A look that fails is made again.
    Runs whose journal can be read only at their end are told of once, and aren't waited for.
    """
    bot, settings = on_github(lazy)
    ends, is_wanted, problem = monotonic() + minutes * 60, False, ""
    while True:
        try:
            runs, problem = _told_of_runs(bot, settings)
            goes_on = bot.runs.are_read_live() and any(run.is_going_on() for run in runs)
            is_wanted = goes_on or any(_is_unsaid(run, bot) for run in runs)
        except BotError as error:
            goes_on, problem = True, str(error)
        if not (goes_on or problem) or monotonic() + every * 60 > ends:
            break
        sleep(every * 60)
    if is_wanted:
        put(output, {"going-on": "true"})
    if problem:
        raise BotError(problem)


def _told_of_runs(bot: Github, settings: Settings) -> tuple[tuple[Run, ...], str]:
    """All runs, and what couldn't be said; each status comment is rewritten."""
    runs, problems = bot.runs.all(), []
    for run in runs:
        try:
            if run.is_going_on():
                handled(going_on(run.request, run.job, bot), bot, settings)
            elif run.is_lost and _is_untold(run, bot):
                log = bot.workflows.address_of(run.request.run_id) or ""
                event = lost(run.request, Ending("", "lost", log), run.job, bot)
                handled(event, bot, settings)
        except BotError as error:
            problems.append(str(error))
    return runs, " ".join(problems)


def _is_untold(run: Run, bot: Github) -> bool:
    """Whether the release's thread still says that the run goes on."""
    thread = _thread(run, bot)
    if thread is None or thread not in bot.threads.labelled(Label.RUNNING):
        return False
    run_id = run.request.run_id
    unbegun = [Marker(MarkerKind.BEGUN, f"{run_id}-{how}") for how in NOT_BEGUN]
    told = [Marker(MarkerKind.RESULT, run_id), *unbegun]
    return not any(own_comment(thread, marker, bot.threads) for marker in told)


def _is_unsaid(run: Run, bot: Github) -> bool:
    """Whether the run's job has left a report whose result isn't in the release's thread.

    One that somebody has deleted there isn't said again: the status comment still says that it was.
    """
    thread = _thread(run, bot)
    if run.job is None or run.report is None or thread is None:
        return False
    run_id = run.request.run_id
    if result := own_comment(thread, Marker(MarkerKind.RESULT, run_id), bot.threads):
        return result.body.startswith(LOST)
    status = own_comment(thread, Marker(MarkerKind.STATUS, run_id), bot.threads)
    return status is None or not status.body.startswith(settled(run.request))


def _thread(run: Run, bot: Github) -> int | None:
    return bot.threads.marked().get(Marker(MarkerKind.RELEASE, run.request.release))


@click.command(name="jobs")
@OUTPUT
@click.pass_obj
@with_clear_errors
def jobs(lazy: LazyContext, output: Path | None) -> None:
    """Name the runs whose job nobody waits for, and that somebody has said `/cancel` to.

    Outputs: `open`, if the end of any job isn't known; `stop`, such runs, parted by commas.
    """
    bot, _ = on_github(lazy)
    known = [run for run in bot.runs.all() if run.job and run.job.state is not JobState.ENDED]
    unwanted = [run.request.run_id for run in known if _is_cancelled(run, bot)]
    if known:
        put(output, {"open": "true", "stop": ",".join(unwanted)})
    for run in known:
        stop = " is to end" if run.request.run_id in unwanted else ""
        click.echo(f"{run.request.run_id}{stop}")


def _is_cancelled(run: Run, bot: Github) -> bool:
    marked, release = bot.threads.marked(), run.request.release
    kinds = (MarkerKind.RELEASE, MarkerKind.MANIFEST)
    numbers = [marked.get(Marker(kind, release)) for kind in kinds]
    return bool(cancelled_by(run.request.run_id, numbers, bot.threads))


@click.command(name="ended")
@click.argument("request_file", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@OUTPUT
@click.pass_obj
@with_clear_errors
def ended(lazy: LazyContext, request_file: Path, folder: Path, output: Path | None) -> None:
    """Write the request and report of a run whose result nobody has said (output `run-id`).

    It is one that nobody waited for. `end` says it, as of any other run; the next look finds the
    next one.
    """
    bot, _ = on_github(lazy)
    run = next((run for run in bot.runs.all() if _is_unsaid(run, bot)), None)
    if run is None or run.report is None:
        return
    write(request_file, run.request.to_json())
    write_report(run.report, folder)
    put(output, {"run-id": run.request.run_id, "page": report_page.PAGE})


@click.command(name="watch")
@click.pass_obj
@with_clear_errors
def watch(lazy: LazyContext) -> None:
    """Start the workflow that says how far runs are, and ends machines that nobody needs.

    Nothing is started where runs are kept as artifacts: there is nothing to be read meanwhile.
    """
    bot, _ = on_github(lazy)
    if bot.runs.are_read_live():
        bot.workflows.watch()


def rejoin(bot: Github) -> None:
    """Asks for a look at jobs that nobody waits for: whoever looked before may have been killed."""
    with suppress(BotError):  # whoever asked for something else has their answer
        if bot.runs.are_read_live() and any(
            run.job is not None and run.is_going_on() for run in bot.runs.all()
        ):
            bot.workflows.watch()


COMMANDS = (progress, jobs, ended, watch)

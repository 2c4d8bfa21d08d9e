"""The commands that workflow files call, one for each step.

python -m bot handle --event NAME --payload FILE
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

from bot.adapters.files import write
from bot.adapters.github.ports import Github
from bot.cli import checks, runs
from bot.cli.context import LazyContext, on_github, with_clear_errors
from bot.cli.last_word import or_last_word
from bot.cli.runs import OUTPUT, going_on, handled, lost, put, rejoin, write_report
from bot.cli.terminal import show_plan
from bot.comments.plan import describe
from bot.comments.result import headline
from bot.comments.status import machine_action
from bot.decide.runs import reaper_actions, reaper_comments
from bot.engine import apply
from bot.errors import BotError
from bot.gather.events import events_of
from bot.html import report_page
from bot.model.audit_entry import audit_entry_in, proof_of
from bot.model.commands import parse
from bot.model.endings import ending_of
from bot.model.events import CommentCreated, Event, RunAsked, RunEnded
from bot.model.labels import Reaction
from bot.model.markers import Marker, MarkerKind
from bot.settings import Settings
from runners.contract import Document, RunRequest

PROOF_PAUSE = 5.0
Result = TypeVar("Result", bound=Document)

LOG = click.option("--log", default="", help="The address of the job's log, to be linked.")

SUMMARY = click.option(
    "--summary",
    type=click.Path(path_type=Path),
    help="The file for the job's summary: GITHUB_STEP_SUMMARY.",
)


@click.command(name="handle")
@click.option("--event", "name", required=True, help="The event's name: GITHUB_EVENT_NAME.")
@click.option(
    "--payload", required=True, help="The file of the event's payload: GITHUB_EVENT_PATH."
)
@LOG
@click.pass_obj
@with_clear_errors
def handle_event(lazy: LazyContext, name: str, payload: str, log: str) -> None:
    """Do what a comment or a merge asks for. With the same payload again, it changes nothing.

    A command gets its reaction before anything else; where it can't be carried out, its thread says
    why.
    """
    with or_last_word(log=log, event=name, payload=payload):
        bot, settings = on_github(lazy)
        document = _json(bot, payload)
        _react_first(name, document, bot, settings)
        events = events_of(name, document, bot.repository.changed_manifests)
        for event in events:
            handled(event, bot, settings)
        if events:
            rejoin(bot)
        if not events:
            click.echo(f"{name}: nothing that concerns the bot.")


def _react_first(name: str, payload: Mapping[str, Any], bot: Github, settings: Settings) -> None:
    """Shows who has said a command in a thread of the bot's that it was seen."""
    event = next(iter(events_of(name, payload, _no_change)), None) if name != "push" else None
    if not isinstance(event, CommentCreated) or event.is_bot or event.edited:
        return
    author = (payload["issue"].get("user") or {}).get("login")
    if author == settings.bot and parse(event.body) is not None:
        # The answer will say what this may only hint at.
        with suppress(BotError):
            bot.threads.react(event.thread, event.comment_id, Reaction.SEEN)


def _no_change(_before: str, _after: str) -> Mapping[str, str]:
    return {}


def _json(bot: Github, path: str) -> Mapping[str, Any]:
    try:
        document = json.loads(bot.pages.get(path).text())
    except ValueError as error:
        raise BotError(f"{path}: not JSON ({error}); give GitHub's payload.") from error
    if not isinstance(document, dict):
        raise BotError(f"{path}: not a JSON object; give GitHub's payload.")
    return document


@click.command()
@click.argument("request_file", type=click.Path(path_type=Path))
@click.option("--actor", required=True, help="The login of who started the workflow run.")
@click.option("--workflow-run", type=int, required=True, help="The workflow run: GITHUB_RUN_ID.")
@click.option(
    "--documents",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write manifests and rules to: where the code, of another repository, is.",
)
@click.option(
    "--wait",
    type=float,
    default=30.0,
    show_default=True,
    help="Seconds to wait for the bot's answer, which it gives after the dispatch.",
)
@OUTPUT
@click.pass_obj
@with_clear_errors
def begin(
    lazy: LazyContext,
    request_file: Path,
    actor: str,
    workflow_run: int,
    documents: Path | None,
    wait: float,
    output: Path | None,
) -> None:
    """Decide whether the run of REQUEST_FILE may begin (output `run-id`), and say why not."""
    bot, settings = on_github(lazy)
    request = RunRequest.from_file(request_file)
    by_bot = actor == settings.bot
    is_first = bot.runs.workflow_of(request.run_id) in {None, workflow_run}
    is_named = bot.runs.is_named(request, workflow_run)
    event = RunAsked(request, actor, by_bot, is_first, is_named)
    if event.by_bot:
        _wait_for_proof(request, bot, wait)
    if handled(event, bot, settings).is_refusal:
        return
    if documents is not None:
        for path, text in bot.repository.documents(request).items():
            write(documents / path, text)
    put(output, {"run-id": request.run_id, "action": str(request.action)})


def _wait_for_proof(request: RunRequest, bot: Github, seconds: float) -> None:
    """Until the answer is there that says that the bot has started the run, or that long."""
    while seconds > 0 and request.thread is not None:
        own = (comment for comment in bot.threads.comments(request.thread) if comment.by_bot)
        entries = (audit_entry_in(comment.body) for comment in own)
        if any(entry is not None and entry.proof == proof_of(request) for entry in entries):
            return
        bot.threads.patience.sleep(PROOF_PAUSE)
        seconds -= PROOF_PAUSE


@click.command(name="fetch-report")
@click.argument("request_file", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@OUTPUT
@click.pass_obj
@with_clear_errors
def fetch_report(lazy: LazyContext, request_file: Path, folder: Path, output: Path | None) -> None:
    """Write the report of the run of REQUEST_FILE and its page to FOLDER (output `page`)."""
    bot, _ = on_github(lazy)
    report = bot.runs.report(RunRequest.from_file(request_file).run_id)
    if report is None:
        return
    write_report(report, folder)
    put(output, {"page": report_page.PAGE})


@click.command(name="end")
@click.argument("request_file", type=click.Path(path_type=Path))
@click.option("--jobs", required=True, help="How the jobs before ended: toJSON(needs).")
@LOG
@SUMMARY
@click.option("--page", help="The address of the whole report, an artifact.")
@click.pass_obj
@with_clear_errors
def end(
    lazy: LazyContext,
    request_file: Path,
    jobs: str,
    log: str,
    summary: Path | None,
    page: str | None,
) -> None:
    """Post the result of the run of REQUEST_FILE: its report, or that there is none.

    Of one whose job works on by itself it is said that it does.
    """
    with or_last_word(log=log, request=str(request_file)):
        bot, settings = on_github(lazy)
        request = RunRequest.from_file(request_file)
        report = bot.runs.report(request.run_id)
        ending = ending_of(jobs, log)
        job = bot.runs.job(request.run_id)
        event: Event
        if report:  # a page that the job didn't give is an empty word
            event, line = RunEnded(report, page or None), headline(report)
        elif job is not None and job.is_alive(bot.runs.now()):
            event, line = (
                going_on(request, job, bot),
                f"## Run {request.run_id} works in {job.name}",
            )
        else:
            event = lost(request, ending, job, bot)
            line = f"## Run {request.run_id}: no report ({event.ending})"
        handled(event, bot, settings)
        thread = bot.threads.marked().get(Marker(MarkerKind.RELEASE, request.release))
        place = "" if thread is None else f"\n\nIn its thread: {bot.threads.address(thread)}"
        _summarise(summary, f"{line}{place}")


@click.command(name="keep-alive")
@click.pass_obj
@with_clear_errors
def keep_alive(lazy: LazyContext) -> None:
    """Enable the workflows that the clock starts, which GitHub disables after 60 quiet days."""
    bot, _ = on_github(lazy)
    for name in bot.workflows.keep_alive():
        click.echo(f"{name}: enabled.")


@click.command(name="fetch-runs")
@click.argument("request_file", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
@with_clear_errors
def fetch_runs(lazy: LazyContext, request_file: Path, folder: Path) -> None:
    """Write what was kept of earlier runs to FOLDER, where runs are kept as artifacts.

    The job that works on REQUEST_FILE can't ask GitHub for them, and may go on from one of them.
    """
    bot, _ = on_github(lazy)
    folder.mkdir(parents=True, exist_ok=True)
    if not bot.runs.are_read_live():
        for path, text in bot.runs.kept(RunRequest.from_file(request_file).release):
            write(folder / path, text)


@click.command(name="reaped")
@click.argument("actions_file", type=click.Path(path_type=Path))
@SUMMARY
@click.pass_obj
@with_clear_errors
def reaped(lazy: LazyContext, actions_file: Path, summary: Path | None) -> None:
    """Post what the reaper did to each machine (JSON lines of ACTIONS_FILE) in its thread.

    The job's summary has all of it, also where there is no thread. If one can't be posted, the
    others still are. Run again, it changes nothing.
    """
    bot, _ = on_github(lazy)
    actions, unreadable = reaper_actions(bot.pages.get(str(actions_file)).text(), str(actions_file))
    _summarise(summary, "\n".join(f"- {machine_action(action)}" for action in actions))
    ports, problems = bot.ports(), list(unreadable)
    threads = ports.threads.marked()
    for decided in (reaper_comments(action, threads) for action in actions):
        try:
            apply(decided, ports)
            show_plan(describe(decided), dry_run=False)
        except BotError as error:
            problems.append(str(error))
    if problems:
        raise BotError(" ".join(problems))


def _summarise(summary: Path | None, text: str) -> None:
    if summary is not None:
        with summary.open("a", encoding="utf-8") as file:
            file.write(text + "\n")


COMMANDS = (
    handle_event,
    begin,
    fetch_runs,
    *runs.COMMANDS,
    keep_alive,
    fetch_report,
    end,
    *checks.COMMANDS,
    reaped,
)

"""Commands for the bot that works in a folder: detection, and what people do in its threads."""

import sys

import rich_click as click

from bot.adapters.local.runs import LocalRuns
from bot.cli.context import LazyContext, with_clear_errors
from bot.cli.terminal import show_plan, show_thread, show_threads
from bot.comments.plan import describe
from bot.engine import detect as detect_releases
from bot.gather.events import event_from_json
from bot.gather.schema_documents import read_spec
from bot.html import report_page
from bot.model.endings import GIVEN_UP
from bot.model.events import CommentCreated, ManifestMerged, RunEnded, RunLost
from bot.model.progress import Progress

DRY_RUN = click.option("--dry-run", is_flag=True, help="Print the plan and change nothing.")
AS = click.option("--as", "actor", required=True, help="The person who does it, by name.")


@click.command()
@DRY_RUN
@click.option("--page", help="The release page, instead of the setting `release_page`.")
@click.option("--page-source", help="The page's Markdown, where the page is refused.")
@click.option("--directory", help="The release directory, instead of `release_directory`.")
@click.option("--schema-document", help="The address of schema documents, with {version} in it.")
@click.option("--old-spec", help="The document of the earlier schema version: a file or address.")
@click.option("--new-spec", help="The document of the newer schema version: a file or address.")
@click.pass_obj
@with_clear_errors
def detect(
    lazy: LazyContext,
    dry_run: bool,
    page: str | None,
    page_source: str | None,
    directory: str | None,
    schema_document: str | None,
    old_spec: str | None,
    new_spec: str | None,
) -> None:
    """Look for new LTS releases; open a thread (an issue) and propose a manifest for each.

    If a release that was announced before is corrected, retracted or removed, its thread says so,
    once. Run again, it changes nothing. Three failures in a row open a thread, too; those with
    another page or directory than the settings' don't count. Exit code 1: something couldn't be
    read, and the rest was seen to.
    """
    elsewhere = {
        "release_page": page,
        "release_page_source": page_source,
        "release_directory": directory,
        "schema_document": schema_document,
    }
    context = lazy.load(**elsewhere)
    paths = [path for path in (old_spec, new_spec) if path is not None]
    with context.exclusive():
        ports = context.ports()
        documents = {read_spec(ports.pages.get(value)).version: value for value in paths}
        is_usual = not any(elsewhere.values())
        decided = detect_releases(
            ports, context.settings, documents, dry_run=dry_run, is_counted=is_usual
        )
    show_plan(describe(decided), dry_run)
    if decided.is_incomplete:  # On GitHub a failed look is one whose job has failed.
        sys.exit(1)


@click.command()
@click.argument("thread", type=int, required=False)
@click.option("--all", "unfold", is_flag=True, help="Show what is folded, too.")
@click.pass_obj
@with_clear_errors
def show(lazy: LazyContext, thread: int | None, unfold: bool) -> None:
    """Show the thread with the number THREAD; without one, list all threads."""
    threads = lazy.load().local.threads
    if thread is None:
        show_threads([threads.read(number) for number in threads.numbers()])
    else:
        threads.render(thread)
        show_thread(threads.read(thread), threads.page(thread), unfold=unfold)


@click.command()
@click.argument("thread", type=int)
@click.argument("text")
@AS
@click.pass_obj
@with_clear_errors
def say(lazy: LazyContext, thread: int, text: str, actor: str) -> None:
    """Write the comment TEXT in THREAD as a person, and let the bot answer it.

    For example: say 1 "/ingest --dry-run" --as maintainer
    """
    context = lazy.load()
    with context.exclusive():
        number = context.local.threads.say(thread, actor, text)
        decided = context.handle(CommentCreated(thread, number, actor, text))
    show_plan(describe(decided), dry_run=False)


@click.command()
@click.argument("release")
@AS
@click.pass_obj
@with_clear_errors
def merge(lazy: LazyContext, release: str, actor: str) -> None:
    """Merge the proposed manifest of RELEASE as a person (on GitHub: its pull request)."""
    context = lazy.load()
    with context.exclusive():
        commit = context.local.repository.merge(release)
        decided = context.handle(ManifestMerged(release, actor, commit))
    show_plan(describe(decided), dry_run=False)


@click.command()
@click.argument("thread", type=int)
@AS
@click.pass_obj
@with_clear_errors
def close(lazy: LazyContext, thread: int, actor: str) -> None:
    """Close THREAD as a person. The bot leaves it closed, and announces nothing in it again."""
    context = lazy.load()
    with context.exclusive():
        context.local.threads.close_as(thread, actor)


@click.command()
@DRY_RUN
@click.argument("event_file")
@click.pass_obj
@with_clear_errors
def plan(lazy: LazyContext, dry_run: bool, event_file: str) -> None:
    """Decide on the event in EVENT_FILE (JSON), print the plan and carry it out.

    The field `event` is comment_created (with thread, comment_id, actor, body), manifest_merged
    (with release, actor, commit) or run_ended (with report). The actor's role isn't in the file:
    the settings have it, or GitHub.
    """
    context = lazy.load()
    text = context.local.pages.get(event_file).text()
    event = event_from_json(text, source=event_file)
    with context.exclusive():
        decided = context.handle(event, dry_run=dry_run)
    show_plan(describe(decided), dry_run)


@click.command()
@click.argument("run_id")
@click.option(
    "--page",
    help="The address of the run's whole report. Default: a page that is written beside it.",
)
@click.pass_obj
@with_clear_errors
def report(lazy: LazyContext, run_id: str, page: str | None) -> None:
    """Post the result of the run RUN_ID in its release's thread, or update that comment.

    Of a run that was cancelled before anybody began it, that it ended so.
    """
    context = lazy.load()
    with context.exclusive():
        decided = context.handle(_ended(context.local.runs, run_id, page))
    show_plan(describe(decided), dry_run=False)


def _ended(runs: LocalRuns, run_id: str, page: str | None) -> RunEnded | RunLost:
    """How the run ended, with its report's page. Raises BotError if it goes on."""
    given_up = runs.given_up(run_id)
    if given_up is not None:
        return RunLost(given_up, GIVEN_UP, Progress())
    report = runs.report(run_id)
    return RunEnded(report, page or runs.publish(run_id, report_page.files(report)))


COMMANDS = (detect, show, say, merge, close, plan, report)

"""The command line: reads the settings, builds the adapters, prints. Decides nothing.

Whatever a person can mend ends in one sentence on stderr and exit code 2, with nothing changed.
"""

import json
from pathlib import Path

import rich_click as click

from bot.adapters.files import write
from bot.census.release import page_to_json
from bot.comments.plan import describe
from bot.comments.schema_diff import render_diff
from bot.engine import detect as look
from bot.errors import BotError
from bot.gather.events import event_from_json
from bot.gather.releases import read_page
from bot.gather.schema_documents import patch_of, read_spec, read_witnesses
from bot.house import Lazy, sentences
from bot.html import report_page
from bot.jobs import jobs
from bot.model.events import CommentCreated, ManifestMerged, RunEnded
from bot.schema.diff import diff as compare
from bot.schema.diff_json import to_json
from bot.schema.rules import rules_of, to_text
from bot.schema.rules.answers import AnswersError, with_answers
from bot.terminal import show_plan, show_releases, show_thread, show_threads
from runners.contract import RunReport

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Print the plan and change nothing.")
AS = click.option("--as", "actor", required=True, help="The person who does it, by name.")


@click.group()
@click.option(
    "--settings",
    "path",
    type=click.Path(path_type=Path),
    help="The settings file (TOML). Default: what BOT_SETTINGS names, else bot.toml if it exists.",
)
@click.pass_context
def cli(context: click.Context, path: Path | None) -> None:
    """Notices a new CELLxGENE Census LTS release, explains it, and asks for its registration.

    It keeps threads, proposals and runs in a folder (setting `home`). Start with `detect`, read
    with `show`, answer with `say 1 /help --as NAME`.
    """
    context.obj = Lazy(path)


@cli.command()
@AS_JSON
@click.argument("pages", nargs=-1, required=True, metavar="PAGE...")
@click.pass_obj
@sentences
def releases(lazy: Lazy, as_json: bool, pages: tuple[str, ...]) -> None:
    """List the LTS releases that each release PAGE (a file or an address) tells of."""
    reader = lazy.house().local.pages
    found = {page: read_page(reader, page) for page in pages}
    if as_json:
        told = {page: page_to_json(one) for page, one in found.items()}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        show_releases(found)


@cli.command()
@AS_JSON
@click.option("--witnesses", is_flag=True, help="Ask the sources of the setting `witnesses`, too.")
@click.argument("old")
@click.argument("new")
@click.pass_obj
@sentences
def diff(lazy: Lazy, as_json: bool, witnesses: bool, old: str, new: str) -> None:
    """Compare two dataset schema documents, and the newer one's changelog with both.

    OLD and NEW are files, addresses, or bare versions such as 5.2.0, which are looked up where the
    setting `schema_document` says.
    """
    house = lazy.house()
    older, newer = house.specs(old, new)
    found = compare(older, newer)
    heard = read_witnesses(newer, house.local.pages, house.settings.witnesses) if witnesses else ()
    if as_json:
        click.echo(json.dumps(to_json(found, heard), indent=2, ensure_ascii=False))
    else:
        click.echo(render_diff(found, heard).rstrip())


@cli.command()
@click.option("--lamindb", help="LaminDB's _cellxgene.py. Default: the installed one.")
@click.argument("old")
@click.argument("new")
@click.pass_obj
@sentences
def patch(lazy: Lazy, lamindb: str | None, old: str, new: str) -> None:
    """Print a patch that fits LaminDB's CELLxGENE module to a newer dataset schema.

    OLD and NEW are as for `diff`. `git apply` takes the patch in LaminDB's repository; where
    nothing is to be done, nothing is printed.
    """
    house = lazy.house(lamindb=lamindb)
    if house.settings.lamindb is None:
        raise BotError("LaminDB isn't installed here; name its _cellxgene.py with --lamindb.")
    source = house.local.pages.get(house.settings.lamindb)
    click.echo(patch_of(source, *house.specs(old, new)), nl=False)


@cli.command()
@click.option("--answers", help="Reviewed rules. Default: those of the version in runners/rules/.")
@click.argument("document")
@click.pass_obj
@sentences
def rules(lazy: Lazy, answers: str | None, document: str) -> None:
    """Print the rules that a dataset schema document gives, for a person to review.

    DOCUMENT is as for `diff`. Answers that the reviewed rules hold are kept where what is asked is
    the same.
    """
    house = lazy.house()
    (spec,) = house.specs(document)
    reviewed = Path(answers) if answers else house.local.repository.rules_of(spec.version)
    made = to_text(rules_of(spec))
    if answers or reviewed.is_file():
        try:
            made = with_answers(made, house.local.pages.get(str(reviewed)).text())
        except AnswersError as error:
            raise BotError(f"{reviewed}: {error}") from error
    click.echo(made, nl=False)


@cli.command()
@DRY_RUN
@click.option("--page", help="The release page, instead of the setting `release_page`.")
@click.option("--page-source", help="The page's Markdown, where the page is refused.")
@click.option("--directory", help="The release directory, instead of `release_directory`.")
@click.option("--schema-document", help="Where documents are, with {version} in it.")
@click.option("--old-spec", help="The document of the earlier schema version: a file or address.")
@click.option("--new-spec", help="The document of the newer schema version: a file or address.")
@click.pass_obj
@sentences
def detect(
    lazy: Lazy,
    dry_run: bool,
    page: str | None,
    page_source: str | None,
    directory: str | None,
    schema_document: str | None,
    old_spec: str | None,
    new_spec: str | None,
) -> None:
    """Look for a new LTS release; open a thread and propose a manifest for each.

    Of what was announced before it says what was corrected, retracted or taken away, once: run
    again, it changes nothing. Three looks that fail in a row open a thread, too; those at another
    page or directory than the settings' don't count.
    """
    elsewhere = {
        "release_page": page,
        "release_page_source": page_source,
        "release_directory": directory,
        "schema_document": schema_document,
    }
    house = lazy.house(**elsewhere)
    given = [one for one in (old_spec, new_spec) if one is not None]
    with house.alone():
        ports = house.ports()
        documents = {read_spec(ports.pages.get(one)).version: one for one in given}
        is_usual = not any(elsewhere.values())
        decided = look(ports, house.settings, documents, dry_run=dry_run, is_counted=is_usual)
    show_plan(describe(decided), dry_run)


@cli.command()
@DRY_RUN
@click.argument("event_file")
@click.pass_obj
@sentences
def plan(lazy: Lazy, dry_run: bool, event_file: str) -> None:
    """Decide on the event in EVENT_FILE (JSON), print the plan and carry it out.

    The field `event` is comment_created (with thread, comment_id, actor, body), manifest_merged
    (with release, actor, commit) or run_ended (with report). What the actor may do isn't taken
    from the file, but asked for.
    """
    house = lazy.house()
    text = house.local.pages.get(event_file).text()
    event = event_from_json(text, source=event_file)
    with house.alone():
        decided = house.handle(event, dry_run=dry_run)
    show_plan(describe(decided), dry_run)


@cli.command()
@click.argument("run_id")
@click.option(
    "--page",
    help="Where readers find the run's whole report. Default: a page that this puts beside it.",
)
@click.pass_obj
@sentences
def report(lazy: Lazy, run_id: str, page: str | None) -> None:
    """Post what came of run RUN_ID in its release's thread, or bring that comment up to date."""
    house = lazy.house()
    with house.alone():
        found = house.local.runs.report(run_id)
        page = page or house.local.runs.publish(run_id, report_page.files(found))
        decided = house.handle(RunEnded(found, page))
    show_plan(describe(decided), dry_run=False)


@cli.command()
@click.argument("report_file", type=click.Path(path_type=Path))
@sentences
def page(report_file: Path) -> None:
    """Write a run's whole report as a page and a table of offenders, beside its REPORT_FILE.

    report.html needs nothing else to be read; offenders.csv has a row for everybody whom a check
    names. No settings are read: any report.json will do.
    """
    for name, text in report_page.files(RunReport.from_file(report_file)).items():
        write(report_file.with_name(name), text)
        click.echo(str(report_file.with_name(name)))


@cli.command()
@click.argument("thread", type=int)
@click.argument("text")
@AS
@click.pass_obj
@sentences
def say(lazy: Lazy, thread: int, text: str, actor: str) -> None:
    """Comment TEXT in THREAD as a person, and let the bot answer.

    For example: say 1 "/ingest --dry-run" --as maintainer
    """
    house = lazy.house()
    with house.alone():
        number = house.local.threads.say(thread, actor, text)
        decided = house.handle(CommentCreated(thread, number, actor, text))
    show_plan(describe(decided), dry_run=False)


@cli.command()
@click.argument("thread", type=int)
@AS
@click.pass_obj
@sentences
def close(lazy: Lazy, thread: int, actor: str) -> None:
    """Close THREAD as a person. The bot leaves it closed, and announces nothing in it again."""
    house = lazy.house()
    with house.alone():
        house.local.threads.close_as(thread, actor)


@cli.command()
@click.argument("release")
@AS
@click.pass_obj
@sentences
def merge(lazy: Lazy, release: str, actor: str) -> None:
    """Merge the proposed manifest of RELEASE into the local default branch, as a person."""
    house = lazy.house()
    with house.alone():
        commit = house.local.repository.merge(release)
        decided = house.handle(ManifestMerged(release, actor, commit))
    show_plan(describe(decided), dry_run=False)


@cli.command()
@click.argument("thread", type=int, required=False)
@click.option("--all", "unfold", is_flag=True, help="Show what is folded, too.")
@click.pass_obj
@sentences
def show(lazy: Lazy, thread: int | None, unfold: bool) -> None:
    """Show THREAD in the terminal, or the list of threads without one."""
    threads = lazy.house().local.threads
    if thread is None:
        show_threads([threads.read(number) for number in threads.numbers()])
    else:
        threads.render(thread)
        show_thread(threads.read(thread), threads.page(thread), unfold=unfold)


for one in jobs.commands.values():
    cli.add_command(one)


if __name__ == "__main__":
    cli(prog_name="python -m bot")

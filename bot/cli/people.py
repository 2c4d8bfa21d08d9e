"""Commands that read and compare pages and documents. They change no thread."""

import json
from pathlib import Path

import rich_click as click

from bot.adapters.files import write
from bot.census.release import page_to_json
from bot.cli.context import LazyContext, with_clear_errors
from bot.cli.terminal import show_decisions, show_releases
from bot.comments.schema_diff import render_diff
from bot.errors import BotError
from bot.gather.releases import read_page
from bot.gather.schema_documents import left_without_patch, patch_of, read_witnesses
from bot.html import report_page
from bot.schema.diff import diff as compare
from bot.schema.diff_json import to_json
from bot.schema.rules import rules_of, to_text
from bot.schema.rules.answers import AnswersError, explained, with_answers, with_proposals
from runners.contract import RunReport

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")


@click.command()
@AS_JSON
@click.argument("pages", nargs=-1, required=True, metavar="PAGE...")
@click.pass_obj
@with_clear_errors
def releases(lazy: LazyContext, as_json: bool, pages: tuple[str, ...]) -> None:
    """List the LTS releases on each release PAGE (a file or an address)."""
    reader = lazy.load().local.pages
    release_pages = {page: read_page(reader, page) for page in pages}
    if as_json:
        values = {page: page_to_json(release_page) for page, release_page in release_pages.items()}
        click.echo(json.dumps(values, indent=2, ensure_ascii=False))
    else:
        show_releases(release_pages)


@click.command()
@AS_JSON
@click.option("--witnesses", is_flag=True, help="Ask the sources of the setting `witnesses`, too.")
@click.argument("old")
@click.argument("new")
@click.pass_obj
@with_clear_errors
def diff(lazy: LazyContext, as_json: bool, witnesses: bool, old: str, new: str) -> None:
    """Compare two dataset schema documents, and check the newer one's changelog against them.

    OLD and NEW are files, addresses, or bare versions such as 5.2.0, which are looked up where the
    setting `schema_document` says.
    """
    context = lazy.load()
    older, newer = context.specs(old, new)
    schema_diff = compare(older, newer)
    witness_results = (
        read_witnesses(newer, context.local.pages, context.settings.witnesses) if witnesses else ()
    )
    if as_json:
        click.echo(json.dumps(to_json(schema_diff, witness_results), indent=2, ensure_ascii=False))
    else:
        click.echo(render_diff(schema_diff, witness_results).rstrip())


@click.command()
@click.option("--lamindb", help="LaminDB's _cellxgene.py. Default: the installed one.")
@click.argument("old")
@click.argument("new")
@click.pass_obj
@with_clear_errors
def patch(lazy: LazyContext, lamindb: str | None, old: str, new: str) -> None:
    """Print a patch that adapts LaminDB's CELLxGENE module to a newer dataset schema.

    OLD and NEW are as for `diff`. Apply the patch with `git apply` in LaminDB's repository; before
    it stands what it does and what it leaves to a person. If nothing has to change, no patch is
    printed, and what is left goes to stderr.
    """
    context = lazy.load(lamindb=lamindb)
    if context.settings.lamindb is None:
        raise BotError("LaminDB isn't installed here; name its _cellxgene.py with --lamindb.")
    source = context.local.pages.get(context.settings.lamindb)
    older, newer = context.specs(old, new)
    text = patch_of(source, older, newer)
    click.echo(text, nl=False)
    if not text:
        # On stderr, because what is printed may go to `git apply`.
        click.echo(left_without_patch(source, older, newer), nl=False, err=True)


@click.command()
@click.option("--answers", help="Reviewed rules. Default: those of the version in runners/rules/.")
@click.option("--accept", is_flag=True, help="Answer what is open with what is proposed.")
@click.option("--write", "to_file", is_flag=True, help="Write them to runners/rules/ instead.")
@click.option("--explain", is_flag=True, help="Print who has decided what, instead of the rules.")
@click.argument("document")
@click.pass_obj
@with_clear_errors
def rules(
    lazy: LazyContext,
    answers: str | None,
    accept: bool,
    to_file: bool,
    explain: bool,
    document: str,
) -> None:
    """Print the rules made from a dataset schema document, for a person to review.

    DOCUMENT is as OLD for `diff`. Answers and mended rules of a review are kept, answers where the
    question is the same. docs/how-to/judgements.md says how a person decides what is open.
    """
    if explain and to_file:
        raise BotError("--explain, --write: one prints what the other writes; leave out one.")
    context = lazy.load()
    (spec,) = context.specs(document)
    own = context.local.repository.rules_of(spec.version)
    reviewed = Path(answers) if answers else own
    rules_text = to_text(rules_of(spec))
    if answers or reviewed.is_file():
        try:
            rules_text = with_answers(rules_text, context.local.pages.get(str(reviewed)).text())
        except AnswersError as error:
            raise BotError(f"{reviewed}: {error}") from error
    rules_text = with_proposals(rules_text) if accept else rules_text
    if explain:
        show_decisions(explained(rules_text, source=document))
    elif to_file:
        write(own, rules_text)
        click.echo(str(own))
    else:
        click.echo(rules_text, nl=False)


@click.command()
@click.argument("report_file", type=click.Path(path_type=Path))
@with_clear_errors
def page(report_file: Path) -> None:
    """Write report.html and offenders.csv beside a run's REPORT_FILE (its report.json).

    report.html is the whole report in one file; offenders.csv has a row for each offender that a
    check names. No settings are read: any report.json will do.
    """
    for name, text in report_page.files(RunReport.from_file(report_file)).items():
        write(report_file.with_name(name), text)
        click.echo(str(report_file.with_name(name)))


COMMANDS = (releases, diff, patch, rules, page)

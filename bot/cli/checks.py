"""The commands of check.yml: what a pull request's manifests and rules would lead to.

python -m bot fetch-manifests PULL changed
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import rich_click as click

from bot.adapters.files import write
from bot.cli.context import LazyContext, on_github, with_clear_errors
from bot.comments import pull_requests as comment
from bot.comments.comparison import comparison_comment
from bot.engine import apply
from bot.errors import BotError
from bot.model.effects import Plan, UpsertComment
from bot.model.markers import Marker, MarkerKind
from runners.contract import (
    CheckReport,
    ContractError,
    Document,
    Manifest,
    ReleaseComparison,
    manifest_path,
)

Result = TypeVar("Result", bound=Document)


@click.command(name="fetch-manifests")
@click.argument("pull", type=int)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--code",
    type=click.Path(path_type=Path, file_okay=False),
    help="The code's folder, whose manifests and rules become those of the pull request's head.",
)
@click.pass_obj
@with_clear_errors
def fetch_manifests(lazy: LazyContext, pull: int, folder: Path, code: Path | None) -> None:
    """Write the manifests that pull request PULL adds or changes to FOLDER, as in its head, and the
    rules to its folder rules; with the manifests that go by such rules.
    """
    if code is not None and not code.is_dir():
        raise BotError(f"--code: {code} is no folder; name the code's.")
    bot, _ = on_github(lazy)
    folder.mkdir(parents=True, exist_ok=True)
    changed, there = bot.repository.changed_documents(pull), bot.repository.documents()
    for path, text in {**goes_by(changed, there), **changed}.items():
        place = folder / "rules" if path.endswith(".json") else folder
        write(place / Path(path).name, text)
    if code is not None:
        for path, text in {**there, **changed}.items():
            write(code / path, text)


@click.command(name="checked")
@click.argument("pull", type=int)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
@with_clear_errors
def checked(lazy: LazyContext, pull: int, folder: Path) -> None:
    """Post the comparisons and the checks in FOLDER to pull request PULL.

    FOLDER has a NAME.txt for each manifest, and a NAME.json if the check could be made; its folder
    `compared` has the same of comparisons. Its folder `rules` has a NAME.txt for each file of
    rules, which is empty if they hold together.
    """
    compared, checks = _found(folder / "compared", ReleaseComparison), _checks(folder)
    bot, _ = on_github(lazy)
    comments = [
        UpsertComment(pull, Marker(kind, str(pull)), body)
        for kind, results, body in (
            (MarkerKind.COMPARED, compared, comparison_comment(compared)),
            (MarkerKind.CHECKED, checks, comment.check_result(checks)),
        )
        if results
    ]
    apply(Plan(tuple(comments), ""), bot.ports())


@click.command(name="judge")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@with_clear_errors
def judge(folder: Path) -> None:
    """Say whether the checks in FOLDER (see `checked`) let a pull request pass. Exit code 1: no."""
    problems = comment.obstacles(_checks(folder))
    for problem in problems:
        click.echo(problem)
    sys.exit(1 if problems else 0)


def _checks(folder: Path) -> dict[str, CheckReport | str]:
    """Those that the folder has; none where it is the check's own, and nothing was to be checked.

    Raises:
        BotError: it isn't there, or no check was ever written to it.
    """
    if not (folder / "rules").is_dir() and not any(folder.glob("*.txt")):
        raise BotError(f"{folder}: holds no check; name the folder that checks were written to.")
    rules = sorted((folder / "rules").glob("*.txt"))
    return {
        **_found(folder, CheckReport),
        **{_rules_path(file.stem): file.read_text(encoding="utf-8") for file in rules},
    }


def _found(folder: Path, kind: type[Result]) -> dict[str, Result | str]:
    """By manifest, what `runners` wrote as JSON; where it wrote none, the text that it printed."""
    results: dict[str, Result | str] = {}
    for printed in sorted(folder.glob("*.txt")):
        written = printed.with_suffix(".json")
        results[manifest_path(printed.stem)] = (
            kind.from_file(written)
            if written.is_file()
            else printed.read_text(encoding="utf-8", errors="replace")
        )
    return results


def _rules_path(version: str) -> str:
    return f"runners/rules/{version}.json"


def goes_by(changed: Mapping[str, str], there: Mapping[str, str]) -> dict[str, str]:
    """Path -> text of the manifests there whose dataset schema's rules are changed."""
    return {
        path: text
        for path, text in there.items()
        if path.endswith(".toml") and _rules_path(_schema_of(text, path)) in changed
    }


def _schema_of(manifest: str, path: str) -> str:
    """The dataset schema version; of a manifest that is broken, which is another matter, none."""
    try:
        return Manifest.from_toml(manifest, source=path).dataset_schema_version
    except ContractError:
        return ""


COMMANDS = (fetch_manifests, checked, judge)

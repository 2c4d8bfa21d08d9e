"""What commands share: how they report errors and end on a signal, and the options that tell
`ingest` and `verify` what to do (a request file, or options from which one is made).

Must load fast: every command imports it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any, NoReturn

import rich_click as click

from runners import progress
from runners.contract import Action, ContractError, disk
from runners.run.stopping import ends_in_time

CHECK_FAILED, WRONG_INPUT = 1, 2
"""Exit codes."""


def with_clear_errors(command: Callable[..., None]) -> Callable[..., None]:
    """The command, ending on bad input, and on a disk that is full or refuses to be written, with a
    sentence on standard error and exit code 2.
    """

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            with ends_in_time():
                command(*args, **kwargs)
        except ContractError as error:
            _end_with(error)
        except OSError as error:
            explained = disk.explained(error)
            if explained is None:
                raise
            _end_with(explained)

    return wrapped


def _end_with(error: ContractError) -> NoReturn:
    click.echo(str(error), err=True)
    sys.exit(WRONG_INPUT)


Command = Callable[..., None]

WORKERS = click.option(
    "--workers",
    type=click.IntRange(min=1),
    show_default="one per core; of files on S3 more, as memory allows",
    help="Processes that read files.",
)

CONFIGURATION = click.option(
    "--config",
    "configuration_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("launch.toml"),
    show_default=True,
    help="The file that has the [launch] table.",
)

RUN_OPTIONS = (
    click.option(
        "--request",
        "request_file",
        type=click.Path(path_type=Path),
        help="The run's request.json; journal and report are kept beside it. Instead of the rest.",
    ),
    click.option("--manifest", type=click.Path(path_type=Path), help="The release's manifest."),
    click.option("--new", help="The release, whose manifest lies in runners/releases."),
    click.option("--previous", help="The release before, as the manifest must have it."),
    click.option("--instance", help="The LaminDB instance, owner/name."),
    click.option(
        "--runs",
        type=click.Path(path_type=Path, file_okay=False),
        help="The folder of all runs. The same command goes on with the run that it began.  "
        "[default: runs]",
    ),
)
SELECTION_OPTIONS = (
    click.option("--only", multiple=True, metavar="ID", help="Only this dataset; may be repeated."),
    click.option(
        "--collection",
        multiple=True,
        metavar="NAME",
        help="Only datasets of this collection: its id, DOI or exact name; may be repeated.",
    ),
    click.option(
        "--organism",
        multiple=True,
        metavar="NAME",
        help="Only datasets of this organism, as homo_sapiens, human or NCBITaxon:9606; may be "
        "repeated.",
    ),
    click.option("--limit", type=click.IntRange(min=1), help="Only the first N datasets."),
    click.option("--only-missing", is_flag=True, help="Only what the instance lacks."),
    click.option("--failed-of", metavar="RUN", help="Only what failed in that run."),
    click.option("--track", is_flag=True, help="Record the run in LaminDB."),
    click.option("--space", help="The LaminDB space that new records belong to."),
)
REPOSITORY = click.option(
    "--repository",
    default=".",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder in which manifests are found.",
)
FIELDS = (
    "instance",
    "only",
    "collection",
    "organism",
    "limit",
    "only_missing",
    "failed_of",
    "track",
    "space",
)
"""Of the options, those that are fields of a request."""


def request_options(action: Action) -> Callable[[Command], Command]:
    """Adds the options of `action`; the command gets `request_file` and `repository`."""
    options = (
        (*RUN_OPTIONS, *SELECTION_OPTIONS, REPOSITORY)
        if action is Action.INGEST
        else (*RUN_OPTIONS, REPOSITORY)
    )

    def decorate(command: Command) -> Command:
        @wraps(command)
        def wrapped(
            *,
            request_file: Path | None,
            repository: Path,
            manifest: Path | None,
            new: str | None,
            previous: str | None,
            runs: Path | None,
            **other_options: Any,
        ) -> None:
            fields = {name: other_options.pop(name) for name in FIELDS if name in other_options}
            named = {"manifest": manifest, "new": new, "previous": previous}
            options_given = [
                name for name, value in {**named, "runs": runs, **fields}.items() if value
            ]
            if request_file is not None and options_given:
                words = ", ".join(f"--{name.replace('_', '-')}" for name in options_given)
                raise ContractError(f"command line: --request says it all; leave out {words}.")
            if request_file is not None:
                command(request_file=request_file, repository=repository, **other_options)
                return
            fields["action"] = action
            with _made_request(repository, runs or Path("runs"), named, fields) as file:
                command(request_file=file, repository=repository, **other_options)

        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped

    return decorate


@contextmanager
def _made_request(
    repository: Path, runs: Path, named: dict[str, Any], fields: dict[str, Any]
) -> Iterator[Path]:
    from runners.run.request import ensure_request_file, kept_once_begun, named_manifest

    if fields["instance"] is None:
        raise ContractError("command line: name the instance by --instance, or a --request.")
    path, now = named_manifest(repository, **named), datetime.now(UTC)
    make = partial(ensure_request_file, runs, repository, path, now, **fields)
    with kept_once_begun(runs, make) as file:
        progress.say(f"run {file.parent.name}; it is kept in {file.parent}")
        yield file

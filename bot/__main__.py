"""The command line, with its commands in groups: `python -m bot --help`."""

import sys
from pathlib import Path

try:
    import rich_click as click

    from bot.cli import doctor, embedded, onboarding, people, workflow
    from bot.cli.context import LazyContext
    from runners.contract import programs
    from runners.contract.version import own_version
except ModuleNotFoundError as error:
    sys.exit(
        f"{sys.executable}: {error}; do `make setup` in the checkout, and call .venv/bin/python or "
        "activate .venv"
    )

NAMES = programs.BOT

GROUPS = {
    "Set up": (*doctor.COMMANDS, *onboarding.COMMANDS),
    "Read and compare": people.COMMANDS,
    "The bot in a folder": embedded.COMMANDS,
    "Called by workflow files": workflow.COMMANDS,
}
for name in NAMES:
    click.rich_click.COMMAND_GROUPS[name] = [
        {"name": title, "commands": [str(command.name) for command in commands]}
        for title, commands in GROUPS.items()
    ]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(own_version())
@click.option(
    "--settings",
    "path",
    type=click.Path(path_type=Path),
    help="The settings file (TOML). Default: what BOT_SETTINGS names, else bot.toml if it exists.",
)
@click.pass_context
def cli(context: click.Context, path: Path | None) -> None:
    """Notices a new CELLxGENE Census LTS release, explains it, and asks for its registration.

    On GitHub, workflow files call it. Without GitHub it keeps threads, proposals and runs in a
    folder (setting `home`): start with `detect`, read with `show`, answer with
    `say 1 /help --as NAME`.
    """
    context.obj = LazyContext(path)


for commands in GROUPS.values():
    for command in commands:
        cli.add_command(command)


if __name__ == "__main__":
    cli(prog_name=NAMES[0])

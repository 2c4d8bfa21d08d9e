"""The command `stack`: what makes the stack at AWS, and launch.toml from what AWS says of it.

Must load nothing but the dependency group `launch`, as the rest of launching.
"""

import re
from pathlib import Path
from typing import Any

import rich_click as click

from runners.cli.options import with_clear_errors
from runners.contract import ContractError
from runners.contract.launch_toml import REGION
from runners.launch.stack import (
    TEMPLATE,
    Stack,
    WantedStack,
    as_toml,
    commands,
    launch_table,
    variables,
)

FORMS = {
    "repository": r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+",
    "region": REGION,
    "subnets": r"subnet-[0-9a-f]+",
    "image": r"ami-[0-9a-f]+",
}


@click.group()
def stack() -> None:
    """Machines' stack at AWS: the commands that make it, and launch.toml from it."""


@stack.command(name="commands")
@click.option("--repository", required=True, help="The repository on GitHub, as OWNER/NAME.")
@click.option("--region", required=True, help="The region, as us-west-2.")
@click.option("--runs", required=True, help="Where runs are kept, as s3://BUCKET/PREFIX.")
@click.option(
    "--storage",
    required=True,
    multiple=True,
    help="What the LaminDB instance writes to, as s3://...",
)
@click.option(
    "--subnet",
    "subnets",
    required=True,
    multiple=True,
    help="A subnet that reaches the internet; several times, if needed.",
)
@click.option(
    "--secret", default="ingestion/lamindb", show_default=True, help="That of LaminDB's API key."
)
@click.option("--image", help="An Amazon Linux 2023 for x86-64.  [default: AWS's newest]")
@click.option("--type", "types", multiple=True, help="A machine's type; several in their order.")
@click.option("--branch", default="main", show_default=True, help="The default branch.")
@click.option("--environment", default="", help="What the variable BOT_ENVIRONMENT says.")
@click.option(
    "--provider", help="The ARN of GitHub's identity provider, where the account has one already."
)
@with_clear_errors
def print_commands(**options: Any) -> None:
    """Print the shell commands that make or update the stack. Runs none of them.

    They ask AWS and GitHub for the numbers that the stack wants, and write stack.json, of which
    `stack configuration` makes launch.toml.
    """
    for name, form in FORMS.items():
        given = options[name] if isinstance(options[name], tuple) else [options[name] or ""]
        for text in filter(None, given):
            if re.fullmatch(form, text) is None:
                raise ContractError(f"--{name.rstrip('s')}: {text!r} is none; correct it.")
    near = TEMPLATE.is_relative_to(Path.cwd())
    template = TEMPLATE.relative_to(Path.cwd()) if near else TEMPLATE
    click.echo("\n".join(["set -eu", *commands(WantedStack(**options), str(template))]))


@stack.command()
@click.option(
    "--outputs",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="What `aws cloudformation describe-stacks` has printed of the stack, as JSON.",
)
@click.option(
    "--budget",
    required=True,
    type=click.FloatRange(min=0, min_open=True),
    help="What a release may cost, in US dollars.",
)
@click.option(
    "--hours", default=24.0, show_default=True, help="No machine lives longer than so many hours."
)
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("launch.toml"),
    show_default=True,
    help="The new file.",
)
@with_clear_errors
def configuration(outputs: Path, budget: float, hours: float, to: Path) -> None:
    """Write launch.toml from what the stack says, and print the variables that are to be set."""
    found = Stack.from_file(outputs)
    text = as_toml(launch_table(found, budget=budget, hours=hours)) + "\n"
    settings = list(variables(found, to))
    try:
        with to.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ContractError(f"{to}: is there, and left so; name another by --to.") from None
    click.echo(f"wrote: {to}\n\nThen:")
    for line in settings:
        click.echo(f"  {line}")

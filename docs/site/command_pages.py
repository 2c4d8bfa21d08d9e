"""Click's own help as Markdown, and the commands of a thread from their grammar."""

import re
from collections.abc import Iterator, Mapping, Sequence

import click
from reference_tables import cell, table

from bot.model.commands import GRAMMAR


def thread_commands() -> str:
    """The table of `/help`."""
    rows = [[f"`{one.usage}`", one.role.name.lower(), one.meaning] for one in GRAMMAR.values()]
    return table(["command", "least role", "what it does"], rows)


def commands_page(group: click.Group, name: str, groups: Mapping[str, Sequence[str]]) -> str:
    """Each command of a command line under its heading, in the groups of its help."""
    context = click.Context(group, info_name=name)
    return "\n\n".join(["\n\n".join(_options(group, context)), *_grouped(group, context, groups)])


def _grouped(
    group: click.Group, context: click.Context, groups: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    for title, names in groups.items():
        yield f"## {title}"
        for name in names:
            yield from _command(group.commands[name], context, name)


def _command(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    yield f"### {name}"
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```text\n{context.command_path} {usage}\n```"
    yield _text(command.help or "")
    if isinstance(command, click.Group):
        for below, one in command.commands.items():
            yield from _command(one, context, below)
    yield from _options(command, context)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    records = (
        parameter.get_help_record(context)
        for parameter in command.get_params(context)
        if parameter.param_type_name == "option" and "--help" not in parameter.opts
    )
    rows = [[f"`{cell(names)}`", cell(said)] for names, said in filter(None, records)]
    if rows:
        yield table(["option", "what it does"], rows)


def _text(help_text: str) -> str:
    r"""Click's paragraphs; one that is marked by `\b` keeps its lines."""
    paragraphs = re.split(r"\n\s*\n", help_text.strip())
    return "\n\n".join(
        f"```text\n{part[1:].strip()}\n```" if part.startswith("\b") else " ".join(part.split())
        for part in paragraphs
    )

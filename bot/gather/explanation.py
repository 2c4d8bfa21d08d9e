"""Reads the two schema documents that `/diff` asks about. Must not fetch but through Pages."""

from bot.errors import BotError
from bot.gather.schema_documents import document_address, read_spec
from bot.model.commands import Command, Verb, parse
from bot.model.events import CommentCreated
from bot.model.ports import Pages
from bot.schema.changes import SchemaDiff
from bot.schema.diff import diff
from bot.schema.impact import Impact, impact
from bot.settings import Settings


def read_explanation(
    event: CommentCreated, pages: Pages, settings: Settings
) -> tuple[SchemaDiff, Impact] | str | None:
    """What the documents say, or why one can't be read; None for any other comment.

    The grammar lets versions through and nothing else, so that no comment names an address.
    """
    command = parse(event.body)
    if not isinstance(command, Command) or command.verb is not Verb.DIFF:
        return None
    template = settings.schema_document
    try:
        old, new = (
            read_spec(pages.get(document_address(version, template)))
            for version in command.versions
        )
    except BotError as error:
        return str(error)
    found = diff(old, new)
    return found, impact(found, old, new)

"""The two programs by their names, which commands in sentences begin with."""

BOT = ("python -m bot", "cxg-bot")
RUNNERS = ("python -m runners", "cxg-ingest")
"""In a checkout, and installed (`bot.wheel.scripts`)."""


def as_called(text: str, program: str | None) -> str:
    """The text, with its commands as they are called where `program` is one of the installed."""
    installed = {name for _, name in (BOT, RUNNERS)}
    if program in installed:
        for in_checkout, name in (BOT, RUNNERS):
            text = text.replace(in_checkout, name)
    return text

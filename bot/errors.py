"""The errors that end the bot with a sentence for a person, rather than with a traceback."""


class BotError(Exception):
    """One sentence: the place, what is wrong there, and what corrects it. Exit code 2."""


class BusyError(BotError):
    """A run isn't started, as another one is going on in its instance."""

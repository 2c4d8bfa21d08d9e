"""What stops the bot with a sentence for a person, rather than with a traceback."""


class BotError(Exception):
    """One sentence that names the place, what is wrong there, and what mends it. Exit code 2."""


class BusyError(BotError):
    """A run isn't started: another one goes on in its instance."""

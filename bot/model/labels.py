"""The labels of the bot's threads, and its reactions to comments, by GitHub's names."""

from enum import StrEnum


class Reaction(StrEnum):
    """GitHub's names; seen, accepted, done, refused."""

    SEEN = "eyes"
    ACCEPTED = "rocket"
    DONE = "hooray"
    REFUSED = "confused"


class Label(StrEnum):
    """The labels that are the bot's; a thread has one of them at most. It leaves others alone."""

    PROPOSED = "manifest proposed"
    MERGED = "manifest merged"
    RUNNING = "running"
    VERIFIED = "verified"
    FAILED = "verification failed"
    UNCHECKED = "verification incomplete"


class Topic(StrEnum):
    """The labels of the bot's threads that aren't a release's."""

    NOTICE = "early notice"
    ALERT = "needs a person"
    DASHBOARD = "dashboard"

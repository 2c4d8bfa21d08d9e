"""Early notices of a release that the page doesn't list yet, and the alert on failing looks."""

from bot.census.directory import DirectoryEntry
from bot.comments.markdown import code, counted, inert

FAILING = "The bot can't read all of page, directory and schema documents"
WORKING = (
    "✅ **Everything can be read again.** The last look was complete; what it found, if "
    "anything, stands in the releases' own threads.\n\n**Next:** nothing."
)


def title(entry: DirectoryEntry) -> str:
    """The title of an early notice's thread."""
    return f"Early notice: Census {entry.version} is hosted as LTS, but not announced"


def body(entry: DirectoryEntry) -> str:
    """That the directory knows an LTS release which the page doesn't list."""
    build = "" if entry.release_build == entry.version else f", built {inert(entry.release_build)}"
    region = f" ({inert(entry.soma_region)})" if entry.soma_region else ""
    return (
        f"🔭 **The release directory has LTS release {inert(entry.version)}{build}; the release "
        "page doesn't list it yet.** It may still change, so nothing is proposed.\n\n"
        "**Next:** nothing. When the page lists it, it gets a thread of its own with what changed "
        "and the proposed manifest, and this one refers to it.\n\n"
        f"Storage{region}: {code(entry.h5ads_uri)} and {code(entry.soma_uri)}."
    )


def listed(version: str) -> str:
    """That the release has a thread of its own; `{thread}` stands for its number."""
    return f"📢 The release page lists {version} now: it goes on in thread #{{thread}}."


def failing(reasons: list[str], times: int) -> str:
    """That looks have failed in a row, and what a person can do about it."""
    listed = "\n".join(f"- {inert(reason, 600)}" for reason in reasons[:20])
    left = len(reasons) - 20
    more = f"\n- … and {left:,} more." if left > 0 else ""
    return (
        f"🚨 **{counted(times, 'look')} in a row couldn't read all of page, directory and schema "
        "documents.** What can't be read is left alone, so a release may go unnoticed until this "
        "is mended.\n\n"
        f"{listed}{more}\n\n"
        "**Next:** a person must look. If the address is wrong, correct the bot's settings; if the "
        "page has a new form, its parser must learn it; if a server is down, wait. `/detect` looks "
        "at once; I'll say here when a look succeeds."
    )

"""What the bot says where it failed before it could say anything else.

Needs nothing but Python itself: it must be said where nothing could be installed.
"""

from bot.comments.markdown import code, inert

UNKNOWN = "its job failed before it could say why."


def unanswered(line: str, why: str, log: str) -> str:
    """That a command wasn't carried out; `why` is a sentence, `log` where the job's log is."""
    return (
        f"⚠️ **Not answered:** I couldn't carry this out: {inert(why, 1000)}\n\n"
        f"**Next:** [the log]({log}) has it all. When that is mended, say it again.\n\n"
        f"> You said: {code(line, 200)}"
    )


def unhandled_merge(why: str, log: str) -> str:
    """That a merge was left alone."""
    return (
        f"⚠️ **Not answered:** I couldn't see to this merge: {inert(why, 1000)}\n\n"
        f"**Next:** [the log]({log}) has it all. When that is mended, say `/ingest` in the "
        "release's thread."
    )


def unsaid(run_id: str, why: str, log: str) -> str:
    """That a run ended, and what came of it couldn't be said."""
    return (
        f"⚠️ **Not said:** {code(run_id)} has ended, and I couldn't say what came of it: "
        f"{inert(why, 1000)}\n\n"
        f"**Next:** [the log]({log}) has it all. Repeat the run's job *Say*, or say `/status` or "
        "`/verify` here."
    )


def unlooked(why: str, log: str) -> str:
    """That a look for releases failed before it could be remembered as a failed one."""
    return (
        f"⚠️ **Not looked:** this look for releases didn't come to its end: {inert(why, 1000)}\n\n"
        f"**Next:** [the log]({log}) has it all. When that is mended, say `/detect` here. I don't "
        "repeat this until a look has come to its end."
    )

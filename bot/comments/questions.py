"""What the bot says to commands that start no run, and to what names no release."""

from collections.abc import Mapping

from bot.comments.markdown import code, inert, mention
from bot.comments.replies import refused
from bot.model.commands import Command


def looking(actor: str, dashboard: int | None) -> str:
    """That a look was started, and where it is told what came of it."""
    where = f"dashboard (#{dashboard})" if dashboard is not None else "log of the workflow `detect`"
    return (
        f"🔭 **Looking:** page and directory are read now, as {mention(actor)} asked.\n\n"
        f"**Next:** wait a few minutes; the {where} then says how that look ended. A new release "
        "gets a thread of its own."
    )


def look_refused(command: Command) -> str:
    """That a look couldn't be started; `{reason}` stands for why."""
    return refused(
        str(command),
        "a look can't be started: {reason}",
        "Start the workflow that looks by hand, under Actions; the clock starts it every day, too.",
    )


def no_clock(command: Command) -> str:
    """That nothing is there that could look: the bot lives in a folder."""
    return refused(
        str(command),
        "no workflow looks at page and directory here.",
        "Say `python -m bot detect` where the bot is.",
    )


def opening(release: str, actor: str, dashboard: int | None, *, can_look: bool) -> str:
    """That the release gets a thread, and when."""
    how = (
        "wait a few minutes for the look that begins now, or for the clock's"
        if can_look
        else "say `python -m bot detect` where the bot is"
    )
    told = f"; the dashboard (#{dashboard}) then says where it is" if dashboard is not None else ""
    return (
        f"🧵 **Asked for:** the next look at page and directory opens a thread about {release}, as "
        f"{mention(actor)} asked.\n\n**Next:** {how}{told}."
    )


def has_thread(command: Command, thread: int) -> str:
    """That the release has a thread."""
    return refused(str(command), "that release has one.", f"It is #{thread}; go on there.")


def not_explained(command: Command, reason: str) -> str:
    """That a schema document can't be read."""
    return refused(
        str(command),
        f"a schema document can't be read: {inert(reason, 600)}",
        "Give versions that CZI has published, as `/diff 6.0.0 7.0.0`.",
    )


def no_release(command: Command, threads: Mapping[str, int]) -> str:
    """That the command doesn't say of which release, and where it can be said."""
    plain = f"/{command.verb}"
    if command.release is None:
        why = f"{code(plain)} is about one release, and this thread is about none."
    elif command.release in threads:
        why = "this thread is about another release."
    else:
        why = f"I have no thread about {inert(command.release)}."
    meant = {name: thread for name, thread in threads.items() if name == command.release}
    newest = sorted((meant or threads).items(), reverse=True)[:5]
    places = [f"#{number} ({inert(release)})" for release, number in newest]
    remedy = (
        f"Say {code(plain)} in {' or '.join(places)}." if places else "No release is known yet."
    )
    return refused(str(command), why, remedy)

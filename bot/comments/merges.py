"""What the bot says when a manifest was merged."""

from bot.comments.markdown import code, inert, mention
from bot.comments.pull_requests import OpenRules
from bot.comments.replies import or_end, taken
from bot.model.commands import Role
from bot.model.events import MERGE_QUEUE
from bot.model.ports import Run


def merged(release: str, actor: str, *, has_run: bool = False) -> str:
    """That a manifest was merged, where a person starts the ingestion.

    If the release `has_run`, failures may have been accepted: that needs no new ingest.
    """
    following = (
        "say `/verify` if it only accepts failures, else `/ingest`; what is registered and "
        "unchanged stays as it is."
        if has_run
        else "say `/ingest` to register the release, or `/ingest --dry-run` to see what that "
        "would do."
    )
    return f"✅ The manifest of {release} was merged by {code(actor)}.\n\n**Next:** {following}"


def but_busy(release: str, running: Run) -> str:
    """That a merged manifest isn't ingested, as another run has the instance."""
    return not_started(
        release, taken(running), f"say `/ingest` when that result is here{or_end(running)}."
    )


def not_started(release: str, why: str, remedy: str) -> str:
    """That a merged manifest isn't ingested for this reason, and what would help."""
    return (
        f"⏳ The manifest of {release} was merged, but its ingestion isn't started: {why}\n\n"
        f"**Next:** {remedy}"
    )


def by_another_role(release: str, actor: str, role: Role, wanted: Role) -> str:
    """That whoever merged a manifest may not start its ingestion."""
    needs = wanted.name.lower()
    has = f"has the role *{role.name.lower()}*" if role else "has no role here"
    why = f"{mention(actor)}, who merged it, {has}, and starting it needs *{needs}*."
    if actor == MERGE_QUEUE:
        why = "GitHub's merge queue merged it, and doesn't say who had put it there."
    return not_started(release, why, f"somebody with the role *{needs}* says `/ingest`.")


def but_broken(release: str, problem: str) -> str:
    """That a merged manifest can't be used; `problem` names its file."""
    return not_started(
        release, f"it can't be used: {inert(problem)}", "correct it, by another pull request."
    )


def but_undecided(release: str, reason: OpenRules) -> str:
    """That a merged manifest isn't ingested before its rules are decided."""
    return not_started(release, reason.why(), f"{reason.remedy()} Then say `/ingest`.")

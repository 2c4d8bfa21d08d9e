"""What the bot says in the thread of a release that it has announced: corrections and alerts."""

from bot.census.directory import DirectoryEntry
from bot.census.release import Release
from bot.comments.markdown import code, inert, joined, table
from bot.comments.outcomes import GOOD
from bot.model.facts import Facts
from bot.model.releases import COMPARED_FACTS, FactChange
from runners.contract import manifest_path

NONE = "\u2013"
ROWS = 60
IN_MANIFEST = {
    "dataset_count": "dataset_count",
    "census_schema_version": "census_schema_version",
    "dataset_schema_version": "dataset_schema_version",
    "storage.soma": "storage",
    "storage.h5ads": "storage",
    "storage.region": "storage",
}


def title(matter: str, version: str) -> str:
    """The title of an alert about a release without a thread."""
    return f"Census {version}: {matter}"


def corrected(version: str, changes: tuple[FactChange, ...], facts: Facts) -> str:
    """What was announced, and what page and directory say now."""
    rows = [
        [inert(change.what), _shown(change.old), _shown(change.new)] for change in changes[:ROWS]
    ]
    left = len(changes) - ROWS
    more = f"\n\n… and {left:,} more changes." if left > 0 else ""
    where = {change.field.startswith("storage") for change in changes}
    who = " and ".join(
        name
        for name, differs in (
            ("release page", False in where),
            ("release directory", True in where),
        )
        if differs
    )
    return (
        f"✏️ **The {who} now say{'s' if len(where) == 1 else ''} otherwise of {version}.**\n\n"
        f"{_next(version, changes, facts)}\n\n"
        f"{table(['', 'Announced', 'Now'], rows)}{more}"
    )


def restored(release: Release, differs: tuple[FactChange, ...] | None) -> str:
    """That what was remembered is lost, and how the merged manifest (if any) differs from today."""
    version = release.version
    path = code(manifest_path(version))
    if differs is None:
        rows = [[name, _fact_text(release, field)] for field, name in COMPARED_FACTS.items()]
        facts = table(["", "Now"], rows)
        rest = f"**Next:** check the proposed manifest {path} against this.\n\n{facts}"
    elif differs:
        rows = [
            [inert(change.what), _shown(change.old), _shown(change.new)]
            for change in differs[:ROWS]
        ]
        facts = table(["", "Manifest", "Now"], rows)
        rest = f"**Next:** a person decides whether {path} is to be corrected.\n\n{facts}"
    else:
        rest = f"**Next:** nothing; {path} says the same as page and directory."
    return (
        f"📌 **I can't tell any more what I announced of {version}: the hidden line in my text was "
        "edited.** From now on I compare with what page and directory say today; if they were "
        f"corrected meanwhile, I have missed it.\n\n{rest}"
    )


def _fact_text(release: Release, field: str) -> str:
    value = getattr(release, field)
    return f"{value:,}" if isinstance(value, int) else inert(value)


def _shown(value: str | None) -> str:
    return inert(value) if value else NONE


def _next(version: str, changes: tuple[FactChange, ...], facts: Facts) -> str:
    fields = dict.fromkeys(IN_MANIFEST[c.field] for c in changes if c.field in IN_MANIFEST)
    if not fields:
        return "**Next:** nothing; the manifest doesn't hold this."
    named = joined([code(field) for field in fields])
    path = code(manifest_path(version))
    if facts.is_ingested(version):
        return (
            f"**Next:** a person decides. The release is registered as it was announced ({named}); "
            f"if that is wrong now, correct {named} in {path}{_then_ingest(facts)}."
        )
    state = "merged" if version in facts.manifests else "proposed"
    again = (
        " What was said above of the dataset schema holds for the announced version only."
        if "dataset_schema_version" in fields
        else ""
    )
    return f"**Next:** correct {named} in the {state} manifest {path}; I don't change it.{again}"


def _then_ingest(facts: Facts) -> str:
    return ": its merge starts an ingest" if facts.ingest_on_merge else " and say `/ingest`"


def retracted(entry: DirectoryEntry, facts: Facts) -> str:
    """That a known release was withdrawn."""
    retraction = entry.retraction
    facts_of_it = []
    if retraction is not None:
        when = f" on {inert(retraction.date)}" if retraction.date else ""
        reason = f": {inert(retraction.reason)}" if retraction.reason else ""
        facts_of_it = [f"The release directory calls it retracted{when}{reason}."]
        facts_of_it += (
            [f"It was replaced by {inert(retraction.replaced_by)}."]
            if retraction.replaced_by
            else []
        )
        facts_of_it += [f"More: {code(retraction.info_url)}"] if retraction.info_url else []
    version = inert(entry.version)
    return "\n\n".join(
        part
        for part in (
            f"🚨 **Release {version} was retracted. A person must decide what becomes of it.**",
            f"**Next:** {_decision(entry.version, facts)}",
            " ".join(facts_of_it),
        )
        if part
    )


def vanished(version: str, facts: Facts) -> str:
    """That the page lists a release no longer."""
    return (
        f"🚨 **The release page lists {version} no longer. A person must find out why.**\n\n"
        f"**Next:** {_decision(version, facts)}\n\n"
        "The page was read whole, with other releases in it. This is said once."
    )


def unhosted(version: str, facts: Facts) -> str:
    """That the directory knows a release no longer."""
    return (
        f"🚨 **The release directory has {version} no longer. A person must find out why.**\n\n"
        f"**Next:** {_decision(version, facts)}\n\n"
        "Without its entry nobody can say where its files lie. This is said once."
    )


def _decision(version: str, facts: Facts) -> str:
    path = code(manifest_path(version))
    if version not in facts.manifests:
        return f"don't merge the proposed manifest {path} before that is known."
    running = facts.running()
    if running is not None and running.request.release == version:
        return f"{code(running.request.run_id)} is going on; decide whether it may go on."
    if facts.is_ingested(version):
        return (
            f"it is registered in {code(facts.instance)}; decide whether it stays. "
            "The bot takes nothing away."
        )
    if holds := _holds_some(version, facts):
        return (
            f"don't say `/ingest`: a part of it {holds} registered in {code(facts.instance)}; "
            "decide whether that stays. The bot takes nothing away."
        )
    return f"don't say `/ingest`, and take {path} off the default branch unless it is to stay."


def _holds_some(version: str, facts: Facts) -> str:
    """What is known of datasets that a run has registered, or found there; "" if there are none."""
    runs = facts.runs_of(version)
    outcomes = (one.outcome for run in runs if run.report for one in run.report.outcomes)
    if any(outcome in GOOD for outcome in outcomes):
        return "is"
    return "may be" if any(run.report is None for run in runs) else ""

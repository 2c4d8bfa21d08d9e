"""Whether a LaminDB instance can take a release of the newest rules, a line a part.

The checks are those that a run makes before its first write. Reads only, as a verification does.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from runners.contract import ContractError, Health, PartHealth
from runners.contract.rules import Rules
from runners.records.snapshot import SourceRow
from runners.retries import OutageError
from runners.rules import vocabulary
from runners.rules.reference import Reference
from runners.rules.wheels import newest_rules
from runners.verification.sources import of_look_ups


class Seen(NamedTuple):
    """How a part is, and the text that says so, with what mends it behind its last semicolon."""

    health: Health
    text: str


def examine(instance: str, reference: Path) -> Iterator[PartHealth]:
    """Each part that a run needs of the instance; only the first ones where it can't be connected
    to. `reference` is where the pinned ontologies are unpacked.
    """
    connecting = _connected(instance)
    yield from connecting
    if connecting[-1].health is not Health.OK:
        return
    from runners.registry import branches, role, rows, schema, sequences  # LaminDB has models now

    yield _found("branch", partial(_passed, lambda: branches.require_main(instance), "main."))
    yield _found("role", partial(_passed, role.require_writing, "it may write."))
    ahead = partial(_passed, lambda: sequences.require_ahead(rows.highest_ids()), "none is behind.")
    yield _found("sequences", ahead)
    try:
        rules = newest_rules()
    except ContractError as error:
        yield PartHealth.of_error("rules", Health.MISSING, str(error))
        return
    yield _found("modules", lambda: _modules(rules))
    yield _found("features", lambda: _features(schema.differing_features(rules)))
    yield _found("sources", lambda: _sources(rules, reference))
    yield _found("trash", _trash)
    yield _found("registered", _registered)


def _connected(instance: str) -> list[PartHealth]:
    from runners.registry import connection, migrations

    line = PartHealth.of_error
    connects = line("instance", Health.OK, f"{instance} can be connected to.")
    try:
        connection.connect(instance)
    except OutageError as error:
        return [line("instance", Health.UNKNOWN, str(error))]
    except migrations.OtherTablesError as error:
        return [connects, line("migrations", Health.MISSING, str(error))]
    except ContractError as error:
        return [line("instance", Health.MISSING, str(error))]
    return [connects, line("migrations", Health.OK, "they are those of the installed lamindb.")]


def _found(part: str, look: Callable[[], Seen]) -> PartHealth:
    """The part's line; a check that refuses is what is missing, a fault of ours is unknown."""
    from runners.registry import failures

    try:
        with failures.explained():
            seen = look()
    except OutageError as error:
        seen = Seen(Health.UNKNOWN, str(error))
    except ContractError as error:
        seen = Seen(Health.MISSING, str(error))
    except Exception as error:
        reason = " ".join(str(error).split())
        seen = Seen(Health.UNKNOWN, f"it can't be read ({type(error).__name__}: {reason}).")
    if seen.health is Health.OK:
        return PartHealth(part=part, health=seen.health, sentence=seen.text)
    return PartHealth.of_error(part, seen.health, seen.text)


def _passed(check: Callable[[], None], sentence: str) -> Seen:
    check()
    return Seen(Health.OK, sentence)


def _modules(rules: Rules) -> Seen:
    from runners.registry import registries

    names = {name for column in rules.annotated().values() for name in column.registries()}
    packages = sorted({registries.model(name)._meta.app_label for name in names})
    return Seen(Health.OK, f"{', '.join(packages)}, as the rules need them.")


def _features(differing: Mapping[str, str]) -> Seen:
    if not differing:
        return Seen(Health.OK, "none of the schema's names is something else here.")
    told = "; ".join(f"{name} {problem}" for name, problem in differing.items())
    remedy = "rename them, or give them a type of their own, so that the schema's can be made"
    return Seen(Health.MISSING, f"feature {told}; {remedy}.")


def _sources(rules: Rules, reference: Path) -> Seen:
    rows = _source_rows()
    remarks = of_look_ups(rows)
    if remarks:
        return Seen(Health.WARNING, " ".join(remarks))
    wheels = (rules.ontology_guide, rules.gene_tables)
    if not all((reference / f"{wheel.name}-{wheel.version}").is_dir() for wheel in wheels):
        sentence = "the rules' pins aren't unpacked here; run `python -m runners reference` first."
        return Seen(Health.UNKNOWN, sentence)
    pins = vocabulary.pinned_sources(Reference(rules, reference), ())
    held = sum(row.is_current and pins.get(row.key) == row.version for row in rows)
    schema = rules.dataset_schema_version
    return Seen(
        Health.OK,
        f"{held} of {len(pins)} pins of dataset schema {schema} are current; a run adds the others "
        "beside what is current, and leaves that.",
    )


def _source_rows() -> tuple[SourceRow, ...]:
    from runners.registry import snapshot

    return snapshot.take_snapshot("", with_earlier=False).sources


def _trash() -> Seen:
    """What users of main don't see of the Census: a run brings back what its release needs."""
    from runners.registry import branches, locations

    count = branches.hidden(locations.census()).count()
    if not count:
        return Seen(Health.OK, "no artifact of the Census is in the trash or on another branch.")
    return Seen(
        Health.WARNING,
        f"{count:,} artifacts of the Census are in the trash or on another branch, of which a run "
        "brings back those of its own release; restore the others or delete them for good, "
        "whichever is meant.",
    )


def _registered() -> Seen:
    from runners.registry import branches, locations

    rows = branches.visible(locations.h5ads()).values_list("version_tag", flat=True)
    counts = Counter(release or "no version" for release in rows)
    told = ", ".join(f"{release} ({count:,} datasets)" for release, count in sorted(counts.items()))
    return Seen(Health.OK, f"{told}." if told else "no release yet.")

"""Embeddings, reserved names and rules in prose -> what each change asks of LaminDB.

Must not look at fields.
"""

import re
from collections.abc import Iterator

from bot.schema.changes import RuleChange, SchemaDiff
from bot.schema.impact.context import is_curated
from bot.schema.impact.fields import MINIMAL
from bot.schema.impact.model import Consequence, Effort
from bot.schema.spec import Lines

MATRICES = {"X", "obsm", "obsp", "varm", "varp", "layers"}
NAMED = re.compile(r"`(\w+)`")


def prose(diff: SchemaDiff) -> Iterator[Consequence]:
    for change in diff.embeddings_changed:
        reason = "LaminDB's schema has no slot obsm"
        title, lines = "Embeddings changed", change.new_lines
        yield Consequence(title, change.key, change.what, Effort.NOTHING, reason, lines)
    for name in diff.reserved_names_added:
        told, lines = f"deprecated in {name.deprecated_in}", Lines(name.line, name.line)
        where = f"{name.component}: {name.name}"
        yield Consequence("Reserved names added", where, told, Effort.NOTHING, MINIMAL, lines)
    for name in diff.reserved_names_removed:
        where = f"{name.component}: {name.name}"
        yield Consequence("Reserved names removed", where, "free", Effort.NOTHING, MINIMAL)
    yield from (_rule(change) for change in diff.component_rules_changed)


def _rule(change: RuleChange) -> Consequence:
    told = "; ".join(change.added or change.removed)
    if change.component in MATRICES:
        effort, reason = Effort.NOTHING, "LaminDB's schema has no slot for it"
    elif any(map(_concerns_curators, change.added)):
        effort, reason = Effort.PERSON, "a demand on fields that LaminDB curates, told in words"
    else:
        effort, reason = Effort.NOTHING, "it demands nothing of fields that LaminDB curates"
    return Consequence("Rules in prose changed", change.component, told, effort, reason)


def _concerns_curators(sentence: str) -> bool:
    """Whether it demands something of a field that LaminDB has, or of terms in general."""
    if "MUST" not in sentence or "Discover MUST" in sentence:
        return False
    return "ontology term" in sentence or any(map(is_curated, NAMED.findall(sentence)))

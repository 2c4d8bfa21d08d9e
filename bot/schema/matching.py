"""Which field of the older document is which of the newer one: same, moved, renamed, or neither.

Must not say what differs between the two.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.schema.changes import FieldRename
from bot.schema.spec import Field, Spec
from bot.schema.wording import statements

SIMILAR = 0.85


@dataclass(frozen=True, slots=True)
class Matching:
    """Which field of the older document is which of the newer; `same` holds (old, new) pairs."""

    same: tuple[tuple[Field, Field], ...]
    renamed: tuple[FieldRename, ...]
    added: tuple[Field, ...]
    removed: tuple[Field, ...]


def match(old: Spec, new: Spec) -> Matching:
    """Pairs all fields but the keys of obsm, which are told as embeddings."""
    before = {(f.component, f.name): f for f in old.fields() if f.component != "obsm"}
    after = {(f.component, f.name): f for f in new.fields() if f.component != "obsm"}
    same = tuple((before[key], field) for key, field in after.items() if key in before)
    gone = [field for key, field in before.items() if key not in after]
    come = [field for key, field in after.items() if key not in before]
    renamed = _pairs(gone, come)
    left = {id(rename.old) for rename in renamed} | {id(rename.new) for rename in renamed}
    added, removed = (tuple(f for f in some if id(f) not in left) for some in (come, gone))
    return Matching(same, tuple(renamed), added, removed)


def _pairs(gone: Iterable[Field], come: Iterable[Field]) -> list[FieldRename]:
    """The likeliest pairs first; each field is taken once."""
    come = list(come)
    scored = [(_likeness(old, new), old, new) for old in gone for new in come]
    pairs: list[FieldRename] = []
    taken: set[int] = set()
    for score, old, new in sorted(scored, key=lambda pair: -pair[0]):
        if score and not {id(old), id(new)} & taken:
            taken |= {id(old), id(new)}
            pairs.append(FieldRename(old, new))
    return sorted(pairs, key=lambda pair: pair.new.lines.first)


def _likeness(old: Field, new: Field) -> float:
    """0 for unlike fields; a field that only moved is more alike than one that was renamed."""
    if old.name == new.name:
        return 0.0 if old.name == "index" else 2.0
    if old.component != new.component:
        return 0.0
    shorter, longer = sorted((old.name, new.name), key=len)
    # A rename that qualifies a name keeps its head noun last: ethnicity, self_reported_ethnicity.
    if longer.endswith("_" + shorter):
        return 1.0 + len(shorter) / len(longer)
    if not set(_words(old.name)) & set(_words(new.name)):
        return 0.0
    alike = SequenceMatcher(None, _masked(old), _masked(new), autojunk=False).ratio()
    return alike if alike >= SIMILAR else 0.0


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]{3,}", name.removesuffix("_ontology_term_id").lower())


def _masked(field: Field) -> str:
    return "\n".join(sorted(statements(field.value))).replace(field.name.lower(), "*")

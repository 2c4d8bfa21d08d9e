"""LaminDB's sources at the pins of a dataset schema, each with its table of terms.

A source that is current without a table breaks `from_values` and `public` for everybody
(https://docs.lamin.ai/bionty). Must not make terms.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import bionty as bt
import lamindb as ln
import pandas as pd
from bionty.base._public_ontology import encode_filenames

from runners.contract.rules import LABELS
from runners.registry.registries import key, model, stored_id
from runners.rules.reference import Reference, Term
from runners.rules.vocabulary import entity_of, needed_sources


class Sources:
    """The sources of one run, made when they are asked for."""

    def __init__(self, reference: Reference, *, leaves_current: bool) -> None:
        """`leaves_current`: as in `Terms`."""
        self.reference = reference
        self.rules = reference.rules
        self._leaves_current = leaves_current

    def needed(self, organisms: Collection[str]) -> list[tuple[str, str]]:
        """Registry and ontology of every source that datasets of these organisms (by scientific
        name) may need; without organisms, of all that the rules know.

        Made all at once and in this order: what an instance ends up with must not depend on which
        dataset comes first.
        """
        return sorted(needed_sources(self.rules, organisms))

    def has(self, registry: str, ontology: str) -> bool:
        """Whether a registry has a source for the ontology."""
        return registry != LABELS and self.rules.ontologies[ontology].source is not None

    def pinned(self, registry: str, ontology: str) -> Any:
        """The source of `ontology` at its pin, made current for `registry` if it may be."""
        meta = self.rules.ontologies[ontology]
        fields = {
            "entity": entity_of(registry),
            "name": meta.source,
            "version": self.reference.pin(ontology).removeprefix("v"),
            "organism": meta.organism,
        }
        source = bt.Source.filter(**fields).one_or_none()
        if source is None or source.dataframe_artifact_id is None:
            frame = _frame(registry, self.reference.terms(ontology).values())
            source = _with_table(registry, source or bt.Source(**fields), frame)
        self._make_current(source)
        return source

    def _make_current(self, source: Any) -> None:
        """At most one current source for an entity, a name and an organism."""
        same = {key: getattr(source, key) for key in ("entity", "name", "organism")}
        others = bt.Source.filter(**same, currently_used=True).exclude(id=source.id)
        if self._leaves_current and others.exists():
            return
        others.update(currently_used=False)
        if not source.currently_used:
            source.currently_used = True
            source.save()

    def bare(self, registry: str, name: str, version: str, organism: str = "all") -> Any:
        """A current source that only says where records are from, without a table of terms."""
        fields = {
            "entity": entity_of(registry),
            "name": name,
            "version": version.removeprefix("v"),
            "organism": organism,
        }
        source = bt.Source.filter(**fields).one_or_none()
        if source is None:
            source = bt.Source(**fields).save()
        self._make_current(source)
        return source


def _with_table(registry: str, source: Any, frame: pd.DataFrame) -> Any:
    """The source with its table of terms, saved."""
    if not model(registry).require_organism():
        return model(registry).add_source(source, df=frame)
    # add_source looks the organism up in public, and "all" is none
    source.save()
    file, _ = encode_filenames(source.organism, source.name, source.version, source.entity)
    table = ln.Artifact.from_dataframe(frame, key=file, run=False)
    table.kind = "__lamindb_run__"
    source.dataframe_artifact = table.save()
    return source.save()


def _frame(registry: str, terms: Iterable[Term]) -> pd.DataFrame:
    """The terms in the columns that bionty reads."""
    field = key(registry)
    rows: list[Mapping[str, object]] = [
        {
            field: stored_id(registry, term.term_id),
            "name": term.label,
            "definition": term.definition or None,
            "synonyms": "|".join(term.synonyms) or None,
            "parents": list(term.parents),
        }
        for term in terms
    ]
    return pd.DataFrame(rows).set_index(field)

"""A SchemaDiff as JSON values: one list per category, each entry with its lines in both documents.

Must not leave a category out because it is empty, nor add what the SchemaDiff doesn't hold.
"""

from collections.abc import Sequence
from typing import Any

from bot.schema.changes import NOT_COMPARED, GeneReferenceChange, SchemaDiff
from bot.schema.field_summary import summary
from bot.schema.field_values import allowed_values
from bot.schema.spec import Field, Lines, Ontology, Organism, ReservedName
from bot.schema.witnesses import Witness

Json = dict[str, Any]


def to_json(diff: SchemaDiff, witnesses: Sequence[Witness] = ()) -> Json:
    """The diff's categories under their names; `not_compared` tells what no category covers.

    `witnesses` are those that were asked about the newer document.
    """
    return {
        "old": diff.old,
        "new": diff.new,
        "document_status": {"old": diff.status.old, "new": diff.status.new},
        **_fields(diff),
        **_pins(diff),
        **_rules(diff),
        "contradictions": [
            {
                **_named(one.field),
                "what": one.what,
                "lines": _lines(None, one.field.lines),
            }
            for one in diff.contradictions
        ],
        "changelog_disagreements": [
            {"what": doubt.what, "line": doubt.line, "denied": doubt.is_denied}
            for doubt in diff.doubts
        ],
        "witnesses": [_witness(witness) for witness in witnesses],
        "notes": list(diff.notes),
        "not_compared": dict(NOT_COMPARED),
    }


def _witness(witness: Witness) -> Json:
    return {
        "name": witness.name,
        "address": witness.address,
        "disagreements": list(witness.says),
        "problem": witness.problem,
    }


def _fields(diff: SchemaDiff) -> Json:
    return {
        "fields_added": [
            {**_field(field, None, field.lines), **_summary(field)} for field in diff.fields_added
        ],
        "fields_removed": [_field(field, field.lines, None) for field in diff.fields_removed],
        "fields_renamed": [
            {
                "kind": pair.kind,
                "component_old": pair.old.component,
                "old": pair.old.name,
                "component_new": pair.new.component,
                "new": pair.new.name,
                "lines": _lines(pair.old.lines, pair.new.lines),
            }
            for pair in diff.fields_renamed
        ],
        "fields_changed": [
            {
                **_named(change.new),
                "what": change.text,
                "removed": [
                    *([change.old.annotation] if change.is_of_annotator else []),
                    *change.removed,
                ],
                "aspect": ", ".join(change.aspects),
                "lines": _lines(change.old.lines, change.new.lines),
            }
            for change in diff.fields_changed
        ],
        "fields_changed_editorial": [
            {**_named(change.new), "lines": _lines(change.old.lines, change.new.lines)}
            for change in diff.fields_changed_editorial
        ],
    }


def _pins(diff: SchemaDiff) -> Json:
    return {
        "ontologies_added": [_ontology(pin) for pin in diff.ontologies_added],
        "ontologies_removed": [_ontology(pin) for pin in diff.ontologies_removed],
        "ontology_pins_changed": [
            {
                "prefix": pin.new.prefix,
                "old": pin.old.version,
                "new": pin.new.version,
                "lines": _lines(_line(pin.old.line), _line(pin.new.line)),
            }
            for pin in diff.ontology_pins_changed
        ],
        "gene_references_changed": [_gene(change) for change in diff.gene_references_changed],
        "organisms_added": [_organism(organism) for organism in diff.organisms_added],
        "organisms_removed": [_organism(organism) for organism in diff.organisms_removed],
    }


def _rules(diff: SchemaDiff) -> Json:
    return {
        "cardinality_changed": [
            {
                "component": change.new.component,
                "field": change.new.name,
                "old": (", ".join(change.was) or "one value") if change.old else None,
                "new": ", ".join(change.is_now) or "one value",
                "lines": _lines(_of(change.old), change.new.lines),
            }
            for change in diff.cardinality_changed
        ],
        "embeddings_changed": [
            {
                "key": change.key,
                "what": change.what,
                "lines": _lines(change.old_lines, change.new_lines),
            }
            for change in diff.embeddings_changed
        ],
        "allowed_values_changed": [
            {
                "component": change.new.component,
                "field": change.new.name,
                "kind": change.kind,
                "old": _allowed(change.old, change.kind),
                "added": list(change.added),
                "removed": list(change.removed),
                "lines": _lines(_of(change.old), change.new.lines),
            }
            for change in diff.allowed_values_changed
        ],
        "reserved_names_added": [_reserved(name) for name in diff.reserved_names_added],
        "reserved_names_removed": [_reserved(name) for name in diff.reserved_names_removed],
        "component_rules_changed": [
            {
                "component": change.component,
                "what": change.text,
                "removed": list(change.removed),
            }
            for change in diff.component_rules_changed
        ],
    }


def _field(field: Field, old: Lines | None, new: Lines | None) -> Json:
    return {
        **_named(field),
        "annotator": field.annotator,
        "requirement": str(field.requirement),
        "type": field.type,
        "lines": _lines(old, new),
    }


def _summary(field: Field) -> Json:
    """What a curator must know of a field that is new."""
    known = summary(field)
    return {
        "presence": known.presence,
        "number": list(known.number),
        "allowed": list(known.allowed),
        "forbidden": list(known.forbidden),
        "demands": list(known.demands),
    }


def _allowed(field: Field | None, kind: str) -> list[str] | None:
    """The values of that kind that the field allowed; None of a field that is new."""
    if field is None:
        return None
    return sorted(text for of_kind, text in allowed_values(field) if of_kind == kind)


def _of(field: Field | None) -> Lines | None:
    return field.lines if field else None


def _named(field: Field) -> Json:
    return {"component": field.component, "name": field.name}


def _ontology(pin: Ontology) -> Json:
    return {"prefix": pin.prefix, "name": pin.name, "version": pin.version, "line": pin.line}


def _gene(change: GeneReferenceChange) -> Json:
    old, new = change.old, change.new
    return {
        "organism": change.either.organism,
        "taxon": change.either.taxon,
        "old": old.version if old else None,
        "new": new.version if new else None,
        "cosmetic": change.cosmetic,
        "lines": _lines(_line(old.line) if old else None, _line(new.line) if new else None),
    }


def _organism(organism: Organism) -> Json:
    """An open rule has no taxon, so it gets no key for one."""
    taxon = {"taxon": organism.taxon} if organism.taxon else {}
    return {"organism": organism.name, **taxon, "line": organism.line}


def _reserved(name: ReservedName) -> Json:
    return {
        "name": name.name,
        "component": name.component,
        "deprecated_in": name.deprecated_in,
        "line": name.line,
    }


def _line(line: int) -> Lines:
    return Lines(line, line)


def _lines(old: Lines | None, new: Lines | None) -> Json:
    """The first and last line in each document, null where the part isn't in it."""
    return {
        "old": [old.first, old.last] if old else None,
        "new": [new.first, new.last] if new else None,
    }

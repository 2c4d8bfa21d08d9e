"""A Spec -> the rules that datasets of that version are validated by, for a person to review.

What the document says comes from the document; what only LaminDB or CZI's wheels say, from one
table (`lamindb.py`). Where neither decides, the rules hold an open judgement. Must not guess.
"""

from collections.abc import Mapping

from bot.schema.pinned import ORGANISM_FIELD as ORGANISM
from bot.schema.rules.columns import column
from bot.schema.rules.demands import Demands, gather
from bot.schema.rules.document_terms import DocumentTerms, document_terms, ontologies
from bot.schema.rules.lamindb import DECLARED, NOT_RULED
from bot.schema.rules.model import Column, Judgement, Rules, to_json, to_text
from bot.schema.rules.organisms import organisms_of
from bot.schema.rules.presence import Presence, presence, where_of
from bot.schema.rules.wheels import choose_guide, choose_tables
from bot.schema.spec import Field, Requirement, Spec

__all__ = ["Rules", "rules_of", "to_json", "to_text"]

UNRULED = {Requirement.MUST_NOT}


def rules_of(spec: Spec) -> Rules:
    """The document's rules, as the proposed choice of each judgement has them."""
    document = document_terms(spec)
    judgements: list[Judgement] = []
    pinned = ontologies(spec, document)
    guide = choose_guide(spec, pinned, judgements)
    tables = choose_tables(spec, judgements)
    organisms, foreign = organisms_of(spec, judgements)
    demands = {document.path(field): _read(field, document) for field in _ruled(spec, document)}
    columns = {name: _column(each, demands, document) for name, each in demands.items()}
    return Rules(
        dataset_schema_version=spec.version,
        status=spec.status,
        ontology_guide=guide,
        gene_tables=tables,
        ontologies=pinned,
        organisms=organisms,
        foreign_genes=foreign,
        columns=columns,
        only_in_lamindb=tuple(sorted(DECLARED.keys() - columns.keys())),
        lines={name: each.source.lines for name, each in demands.items()},
        judgements=(*judgements, *(j for each in demands.values() for j in each.judgements)),
        unchecked=tuple(remark for each in demands.values() for remark in each.unchecked),
    )


def _read(field: Field, document: DocumentTerms) -> Demands:
    # which organisms there are, the Spec knows already
    return Demands(field) if field.name == ORGANISM else gather(field, document)


def _column(demands: Demands, every: Mapping[str, Demands], document: DocumentTerms) -> Column:
    if demands.source.name in NOT_RULED or demands.source.annotator != "curator":
        stands = Presence(where_of(demands.source.annotation, document))
    else:
        stands = presence(demands, document)
    return column(demands, every, stands)


def _ruled(spec: Spec, document: DocumentTerms) -> list[Field]:
    """The fields that rules say something of: first what stands in every dataset, then the rest."""
    ruled = [field for field in spec.fields() if _is_ruled(field, document)]
    names = {field.name for field in ruled}
    wanted = {
        circumstance.column
        for field in ruled
        for circumstance in where_of(field.annotation, document)
    }
    others = [
        field
        for field in spec.fields()
        if field.name not in names and document.path(field) in wanted
    ]
    everywhere = [field for field in ruled if field.name not in NOT_RULED]
    return [*everywhere, *(field for field in ruled if field.name in NOT_RULED), *others]


def _is_ruled(field: Field, document: DocumentTerms) -> bool:
    """Whether a curator fills it in; what describes the file or a spot of a slide, only where the
    document says in which datasets. Keys within a key are told by the key itself.
    """
    if field.annotator != "curator" or field.requirement in UNRULED or "[" in field.name:
        return False
    if field.component not in ("obs", "var", "uns"):
        return False
    exclusive = field.requirement is Requirement.CONDITIONAL_MUST_ELSE_NOT
    return field.name not in NOT_RULED or (
        exclusive and field.component != "var" and bool(where_of(field.annotation, document))
    )

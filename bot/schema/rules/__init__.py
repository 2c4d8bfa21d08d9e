"""A Spec -> the rules that datasets of that version are validated by, for a person to review.

What the document says comes from the document; what only LaminDB or CZI's wheels say, from one
table (`lamindb.py`). Where neither decides, the rules hold an open judgement. Must not guess.
"""

from collections.abc import Iterator, Mapping

from bot.schema.field_table import is_conditional
from bot.schema.pinned import ORGANISM_FIELD as ORGANISM
from bot.schema.rules.columns import column
from bot.schema.rules.demands import Demands, leave_what_looks_elsewhere, looked_at
from bot.schema.rules.document_terms import DocumentTerms, document_terms, ontologies
from bot.schema.rules.lamindb import DECLARED, NOT_RULED
from bot.schema.rules.organisms import of_datasets, organisms_of
from bot.schema.rules.presence import Presence, is_optional, presence, where_of
from bot.schema.rules.reading import gather
from bot.schema.rules.rules_file import to_json, to_text
from bot.schema.rules.wheels import choose_guide, choose_tables
from bot.schema.spec import Field, Lines, Requirement, Spec
from runners.contract import Judgement
from runners.contract.rules import Column, Remark, Rules

__all__ = ["Rules", "rules_of", "to_json", "to_text"]

INDEX = "index"
OTHER_ANNOTATORS = {"discover", "data portal", "explorer"}


def rules_of(spec: Spec) -> Rules:
    """The document's rules, as the proposed choice of each judgement has them."""
    document = document_terms(spec)
    judgements: list[Judgement] = []
    pinned = ontologies(spec, document)
    guide = choose_guide(spec, pinned, judgements)
    tables = choose_tables(spec, judgements)
    organisms, foreign = organisms_of(spec, judgements)
    demands = _demands(spec, document)
    columns = {name: _column(each, demands, document) for name, each in demands.items()}
    asked = (*judgements, *(j for each in demands.values() for j in each.judgements))
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
        lines=dict(_lines(spec, demands, document)),
        judgements=asked,
        answers={judgement.id: "" for judgement in asked},
        unchecked=(
            *(remark for each in demands.values() for remark in each.unchecked),
            *(_unread(field) for field in spec.fields() if _is_unread(field, demands, document)),
        ),
    )


def _lines(
    spec: Spec, demands: Mapping[str, Demands], document: DocumentTerms
) -> Iterator[tuple[str, Lines]]:
    """The document's lines of each rule, by its path."""
    yield from ((f"columns.{name}", each.source.lines) for name, each in demands.items())
    for pin in spec.ontologies:
        yield f"ontologies.{document.files[pin.prefix]}", Lines(pin.line, pin.line)
    own = of_datasets(spec)
    for gene in spec.gene_references:
        part = "organisms" if gene.taxon in own else "foreign_genes"
        yield f"{part}.{gene.taxon}", Lines(gene.line, gene.line)


def _demands(spec: Spec, document: DocumentTerms) -> dict[str, Demands]:
    """What each ruled field says, by its path; and the fields that their conditions look at."""
    demands: dict[str, Demands] = {}
    for field in _ruled(spec, document):
        demands.setdefault(document.path(field), _read(field, document))
    by_path = {document.path(field): field for field in reversed(spec.fields())}
    wanted = {name: None for each in demands.values() for name in looked_at(each)}
    for name in wanted:
        if name not in demands and name in by_path:
            demands[name] = _read(by_path[name], document)
    for each in demands.values():
        leave_what_looks_elsewhere(each, demands)
    return demands


def _is_unread(field: Field, demands: Mapping[str, Demands], document: DocumentTerms) -> bool:
    """Whether a curator must fill it in, and no rule says anything of it."""
    read = demands.get(document.path(field))
    is_ruled = read is not None and read.source == field
    is_known = NOT_RULED.get(field.name) == field.component or field.name == INDEX
    if is_ruled or is_known or field.component not in ("obs", "var", "uns"):
        return False
    demanded = field.annotator not in OTHER_ANNOTATORS and not is_optional(field)
    return demanded and not _is_never_there(field)


def _unread(field: Field) -> Remark:
    text = f"no rule looks at it: {field.annotation}"
    return Remark(place=f"{field.component}: {field.name}", lines=field.lines, text=text)


def _read(field: Field, document: DocumentTerms) -> Demands:
    # which organisms there are, the Spec knows already
    return Demands(field) if field.name == ORGANISM else gather(field, document)


def _column(demands: Demands, every: Mapping[str, Demands], document: DocumentTerms) -> Column:
    source = demands.source
    described = NOT_RULED.get(source.name) == source.component
    if described or source.annotator in OTHER_ANNOTATORS:
        stands = Presence(where_of(source.annotation, document), is_optional(source))
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
    of_files = [field for field in ruled if NOT_RULED.get(field.name) == field.component]
    return [*(field for field in ruled if field not in of_files), *of_files, *others]


def _is_ruled(field: Field, document: DocumentTerms) -> bool:
    """Whether a curator fills it in; what describes the file or a spot of a slide, only where the
    document says in which datasets. Keys within a key are told by the key itself.
    """
    if field.annotator in OTHER_ANNOTATORS or "[" in field.name or field.name == INDEX:
        return False
    if field.component not in ("obs", "var", "uns") or _is_never_there(field):
        return False
    known = NOT_RULED.get(field.name) == field.component
    return not known or (field.component != "var" and bool(where_of(field.annotation, document)))


def _is_never_there(field: Field) -> bool:
    return field.requirement is Requirement.MUST_NOT and not is_conditional(field.annotation)

"""What the bot says of two dataset schema documents: ours, and changes of each kind."""

from dataclasses import replace
from typing import Any

from documents import OURS
from texts_of_releases import OLD as BEFORE
from texts_of_releases import READING, announced, beside
from texts_of_releases import news as unchanged

from bot.comments.added_fields import open_points, render_added_fields
from bot.comments.pull_requests import OpenRules
from bot.comments.schema_diff import escaped, explained_diff, render_diff, render_impact
from bot.model.releases import NewRelease
from bot.schema.changes import (
    CardinalityChange,
    Contradiction,
    Doubt,
    EmbeddingChange,
    FieldChange,
    FieldRename,
    GeneReferenceChange,
    PinChange,
    RuleChange,
    SchemaDiff,
    StatusChange,
    ValuesChange,
)
from bot.schema.diff import diff
from bot.schema.document import parse_document
from bot.schema.impact import impact
from bot.schema.impact.model import Consequence, Effort, Impact
from bot.schema.rules import rules_of
from bot.schema.spec import (
    Field,
    GeneReference,
    Lines,
    Ontology,
    Organism,
    Requirement,
    ReservedName,
    Spec,
)
from bot.schema.witnesses import Witness


def spec(version: str) -> Spec:
    path = OURS / "specs" / f"{version}.md"
    return parse_document(path.read_text(encoding="utf-8"))


OLD, NEW = spec("1.0.0"), spec("2.0.0")
SAME, CHANGED = diff(OLD, OLD), diff(OLD, NEW)
MEANS = impact(CHANGED, OLD, NEW)


def field(name: str, last: int = 9, annotator: str = "curator", value: str = "`str`.") -> Field:
    return Field(
        component="obs",
        name=name,
        key=name,
        annotator=annotator,
        annotation="Curator *MUST* annotate.",
        requirement=Requirement.MUST,
        type="str",
        value=value,
        tables=(),
        lines=Lines(9, last),
    )


A, B = field("a|b"), field("*b*", 12)
DISCOVER = field("c", annotator="discover")
DEMANDING = field("d", value="`str`. The value MUST be nice. It MUST be long.")
PIN, NEWER = Ontology("CL", "*Cell*", "1", 3), Ontology("CL", "*Cell*", "2", 4)
GENES = GeneReference("NCBITaxon:9606", "Homo *sapiens*", "v1", 5)
LATER = replace(GENES, version="v2")
RESERVED = ReservedName("obs", "*old*", "1.0.0", 6)


def alone(**changes: Any) -> SchemaDiff:
    """A difference of just these things."""
    return replace(SAME, old="1.0.0", new="2.0.0", **changes)


DIFFS = {
    "nothing": alone(),
    "fields added": alone(fields_added=(A, DISCOVER)),
    "of others only": alone(fields_added=(DISCOVER,)),
    "eight fields": alone(fields_added=tuple(field(f"f{n}") for n in range(8))),
    "nine fields": alone(fields_added=tuple(field(f"f{n}") for n in range(9))),
    "demands": alone(fields_added=(DEMANDING, replace(A, type="dict"))),
    "fields removed": alone(fields_removed=(A, B)),
    "fields renamed": alone(
        fields_renamed=(FieldRename(A, B), FieldRename(A, replace(A, component="uns")))
    ),
    "fields changed": alone(
        fields_changed=(
            FieldChange(A, B, ("value", "type"), ("*was*",), ("is", "now")),
            FieldChange(A, B, (), ("was",), ()),
        )
    ),
    "only how it is worded": alone(
        fields_changed_editorial=(FieldChange(A, A, (), ("x",), ("y",)),),
        component_rules_changed=(RuleChange("obs", ("*x*",), ("y",)),),
    ),
    "ontologies": alone(
        ontologies_added=(PIN,),
        ontologies_removed=(NEWER,),
        ontology_pins_changed=(PinChange(PIN, NEWER),),
    ),
    "genes": alone(
        gene_references_changed=(
            GeneReferenceChange(None, LATER, cosmetic=False),
            GeneReferenceChange(GENES, None, cosmetic=False),
            GeneReferenceChange(GENES, LATER, cosmetic=True),
        )
    ),
    "organisms": alone(
        organisms_added=(Organism("*Mus*", "NCBITaxon:10090", 7),),
        organisms_removed=(Organism("any", None, 8),),
    ),
    "number": alone(
        cardinality_changed=(
            CardinalityChange(A, B, (), ("several", "*sorted*")),
            CardinalityChange(A, B, ("several",), ()),
            CardinalityChange(None, B, (), ("several",)),
        )
    ),
    "values": alone(
        allowed_values_changed=(
            ValuesChange(A, B, "special_values", ("*x*", "y"), ()),
            ValuesChange(None, B, "terms", ("z",), ()),
        )
    ),
    "embeddings": alone(embeddings_changed=(EmbeddingChange("*", "*may* be", None, Lines(1, 1)),)),
    "reserved names": alone(
        reserved_names_added=(RESERVED,), reserved_names_removed=(RESERVED, RESERVED)
    ),
    "notes": alone(notes=("*one*", "two"), fields_removed=(A,)),
    "doubts": alone(
        fields_removed=(A,),
        doubts=(Doubt("*shown* nowhere", None, False), Doubt("*denied*", 12, True)),
    ),
    "contradictions": alone(
        fields_removed=(A,), contradictions=(Contradiction(A, "is *it*?"), Contradiction(B, "one"))
    ),
    "a draft": alone(status=StatusChange("Approved", "*Draft*")),
    "a draft as before": alone(status=StatusChange("Draft", "Draft"), fields_removed=(A,)),
    "approved now": alone(status=StatusChange("", "approved"), fields_removed=(A,)),
    "approved as before": alone(status=StatusChange("Approved", "Approved"), fields_removed=(A,)),
    "no status any more": alone(status=StatusChange("Approved", ""), fields_removed=(A,)),
}
WITNESSES = (
    Witness("the *guide*", "https://guide.test", says=("*no*", "yes")),
    Witness("genes", "https://g*e*nes.test", problem="it is *gone*."),
)


def consequences(effort: Effort, count: int, lines: Lines | None = None) -> tuple[Consequence, ...]:
    one = Consequence("Fields added", "obs: *x*", "it *is* new", effort, "a *reason*", lines)
    return (one,) * count


IMPACTS = {
    "nothing": (),
    "one of each": tuple(one for effort in Effort for one in consequences(effort, 1, Lines(3, 4))),
    "two edits": consequences(Effort.CODE, 2),
    "data": consequences(Effort.SOURCE, 2) + consequences(Effort.NOTHING, 1),
    "two for a person": consequences(Effort.PERSON, 2),
}
ESCAPED = {
    "plain": "a_b 1.5 & c",
    "markup": "|`*[]~\\! _a_ <b> &lt; -x-",
    "formula": "MUST match $x^2$ or ^[a-z]$",
    "calls": "@team #1 GH-3 gh-4 https://a.b www.c.d &#35;",
    "three hundred": "x" * 300,
    "more": "x" * 298 + " yz",
    "lines": " a\n\tb ",
}


def news() -> NewRelease:
    return unchanged(before=replace(BEFORE, dataset_schema_version="6.0.0"))


READ = replace(READING, diff=CHANGED, impact=MEANS, rules=rules_of(NEW), witnesses=WITNESSES)
SURE = replace(READ, witnesses=())
DOUBTS = tuple(Doubt(f"*{n}*", n, n % 2 == 0) for n in range(40))
ANNOUNCED = {
    "without what it means": announced(news(), replace(SURE, impact=None)),
    "wording only": announced(news(), replace(SURE, impact=None, diff=DIFFS["nothing"])),
    "as many doubts as are shown": announced(
        news(), replace(SURE, impact=None, diff=alone(doubts=DOUBTS[:39]))
    ),
    "more doubts": announced(
        news(), replace(SURE, impact=None, diff=alone(doubts=(*DOUBTS, DOUBTS[0])))
    ),
    "changes of each kind": announced(
        news(),
        replace(
            SURE,
            impact=None,
            diff=alone(
                **{
                    name: getattr(one, name)
                    for one in DIFFS.values()
                    for name in SchemaDiff.__dataclass_fields__
                    if name.endswith(("added", "removed", "renamed", "changed"))
                    and getattr(one, name)
                }
            ),
        ),
    ),
    "thirteen fields": announced(
        news(),
        replace(
            SURE, impact=None, diff=alone(fields_added=tuple(field(f"{n}") for n in range(13)))
        ),
    ),
}
_ALL = {
    "announced, ours": beside(announced(news(), READ, undecided=OpenRules("7.0.0", None))),
    "ours, explained": explained_diff(CHANGED, MEANS)[-900:],
    "the same, explained": explained_diff(SAME, impact(SAME, OLD, OLD)),
    **{f"diff: {name}": render_diff(one) for name, one in DIFFS.items()},
    **{f"added: {name}": render_added_fields(one) for name, one in DIFFS.items()},
    **{f"open: {name}": "\n".join(open_points(one)) for name, one in DIFFS.items()},
    **{
        f"impact: {name}": render_impact(Impact("1.0.0", "2.0.0", some))
        for name, some in IMPACTS.items()
    },
    **{f"escaped: {name}": escaped(text) for name, text in ESCAPED.items()},
    **{f"announced: {name}": beside(text) for name, text in ANNOUNCED.items()},
}
TEXTS = {name: text for name, text in _ALL.items() if text}

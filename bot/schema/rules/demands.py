"""What a field's text allows, by organism and circumstance; and what stays open.

Must not know registries, nor how organisms inherit from "all others".
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from bot.schema.pinned import ORGANISM_FIELD as ORGANISM
from bot.schema.rules.clauses import OTHERS
from bot.schema.spec import Field
from runners.contract import Choice, Judgement
from runners.contract.rules import Circumstance, Remark

Hows = dict[str, list[str]]
Where = tuple[Circumstance, ...]


@dataclass(slots=True)
class Demands:
    """`allowed` and `refused` by taxon (None: any organism) and ontology; `follows` are fields.

    `cases` hold the same of circumstances; `stated` says of each literal where it may stand.
    `prefixes`: a prefix and its ontology, by what both are called in `allowed`. `only_where`: the
    values that other columns must have where this one stands. If all observations have a value of
    `absent_if_all`, the column must be absent; of `not_alone`, that must not be.
    `refused_otherwise`: literals that a sentence refuses where the one before it doesn't hold, with
    that sentence. `free_somewhere`: the sentences that allow any text in a circumstance, or of one
    organism. `own`: the organisms that have rules of their own; the rest have those of all others,
    too.
    """

    source: Field
    allowed: dict[str | None, dict[str, Hows]] = field(default_factory=dict)
    refused: dict[str | None, dict[str, Hows]] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    literals: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    follows: list[str] = field(default_factory=list)
    prefixes: dict[str, tuple[str, str]] = field(default_factory=dict)
    free_text: bool = False
    free_somewhere: list[str] = field(default_factory=list)
    keys_of: str | None = None
    not_alone: list[str] = field(default_factory=list)
    absent_if_all: list[str] = field(default_factory=list)
    only_where: dict[str, list[str]] = field(default_factory=dict)
    delimiter: str | None = None
    alone_terms: frozenset[str] = frozenset()
    ordered: bool = True
    distinct: bool = True
    between: tuple[int, ...] = ()
    refused_otherwise: dict[str, str] = field(default_factory=dict)
    alone: tuple[str, ...] = ()
    single: bool = False
    cases: dict[Where, "Demands"] = field(default_factory=dict)
    stated: dict[str, list[Where]] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)
    unchecked: list[Remark] = field(default_factory=list)

    def remark(self, text: str) -> Remark:
        """A remark at this field, with the field's lines."""
        return Remark(
            place=f"{self.source.component}: {self.source.name}", lines=self.source.lines, text=text
        )

    def judge(self, what: str, text: str, *choices: Choice) -> None:
        """Notes what a person must decide, once."""
        remark = self.remark(f"a person must say {text}")
        if any(judgement.text == remark.text for judgement in self.judgements):
            return
        taken = {judgement.id for judgement in self.judgements}
        name, number = f"{self.id}: {what}", 1
        while name in taken:
            number += 1
            name = f"{self.id}: {what} {number}"
        self.judgements.append(
            Judgement(
                place=remark.place,
                lines=remark.lines,
                text=remark.text,
                id=name,
                choices=choices,
            )
        )

    @property
    def id(self) -> str:
        """The field's name with its component, as judgements are named after it."""
        return f"{self.source.component}.{self.source.name}"

    def path(self, part: str) -> str:
        """The path of a part of the field's column in the rules."""
        return f"columns/{self.source.name}/{part}"

    def leave(self, text: str) -> None:
        """Notes what the form of the rules can't express, once."""
        if (remark := self.remark(text)) not in self.unchecked:
            self.unchecked.append(remark)

    def case(self, where: Where) -> "Demands":
        """What is gathered under these circumstances; remarks stand with the whole."""
        new = Demands(
            self.source, own=self.own, judgements=self.judgements, unchecked=self.unchecked
        )
        return self.cases.setdefault(where, new)


def note_literals(
    demands: Demands, values: list[str], taxon: str | None, where: Where | None
) -> None:
    """Adds literals that are allowed, and where: for the taxon, and under the circumstances."""
    demands.literals += [value for value in values if value not in demands.literals]
    scope = () if taxon is None else (Circumstance(column=ORGANISM, among=(taxon,)),)
    for value in values:
        demands.stated.setdefault(value, []).append((*scope, *(where or ())))


def refuse_elsewhere(demands: Demands) -> None:
    """A literal that is told only under some circumstances must not stand under others."""
    taxa = tuple(taxon for taxon in demands.allowed if taxon in demands.own)
    for literal, places in demands.stated.items():
        if () in places:
            if literal in demands.refused_otherwise:
                demands.leave(demands.refused_otherwise[literal])
            continue
        if any(len(place) > 1 for place in places):
            demands.leave(f'"{literal}" stands only where the document says so')
            continue
        if not taxa and any(place[0].among == (OTHERS,) for place in places):
            demands.leave(f'"{literal}" stands only with other organisms than some unnamed ones')
            continue
        elsewhere = tuple(dict.fromkeys(_negated(place[0], taxa) for place in places))
        demands.case(elsewhere).forbidden.append(literal)


def _negated(circumstance: Circumstance, taxa: tuple[str, ...]) -> Circumstance:
    """That the circumstance isn't met; "all other organisms" are those but `taxa`."""
    if circumstance.among == (OTHERS,):
        return circumstance.model_copy(update={"among": taxa})
    return circumstance.negated()


def looked_at(demands: Demands) -> Iterator[str]:
    """The columns that the field's cases and keys look at."""
    for where in demands.cases:
        yield from (circumstance.column for circumstance in where)
    if demands.keys_of is not None:
        yield demands.keys_of


def leave_what_looks_elsewhere(demands: Demands, there: Collection[str]) -> None:
    """Takes away the cases that look at columns which rules can't have, and notes them."""
    for where in [*demands.cases]:
        absent = [c.column for c in where if c.column not in there]
        if absent:
            del demands.cases[where]
            demands.leave(f"what it must be by {', '.join(absent)}, which isn't read")
    if demands.keys_of is not None and demands.keys_of not in there:
        demands.leave(f"its values are keys of uns['{demands.keys_of}'], which isn't described")
        demands.keys_of = None

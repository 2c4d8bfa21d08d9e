"""What a field's clauses say, put together by organism, ontology and circumstance.

Must not read text.
"""

from dataclasses import dataclass, field, replace

from bot.schema.organisms import FIELD as ORGANISM
from bot.schema.rules.clauses import OTHERS
from bot.schema.rules.model import Circumstance, Remark
from bot.schema.spec import Field

Hows = dict[str, list[str]]
Where = tuple[Circumstance, ...]


@dataclass(slots=True)
class Gathered:
    """`allowed` and `refused` by taxon (None: any organism) and ontology; `follows` are fields.

    `cases` hold the same of circumstances; `told` says of each literal where it may stand.
    """

    source: Field
    allowed: dict[str | None, dict[str, Hows]] = field(default_factory=dict)
    refused: dict[str | None, dict[str, Hows]] = field(default_factory=dict)
    literals: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    follows: list[str] = field(default_factory=list)
    free_text: bool = False
    delimiter: str | None = None
    between: tuple[int, ...] = ()
    alone: tuple[str, ...] = ()
    single: bool = False
    cases: dict[Where, "Gathered"] = field(default_factory=dict)
    told: dict[str, list[Where]] = field(default_factory=dict)
    judgements: list[Remark] = field(default_factory=list)
    unchecked: list[Remark] = field(default_factory=list)

    def remark(self, text: str) -> Remark:
        return Remark(f"{self.source.component}: {self.source.name}", self.source.lines, text)

    def judge(self, text: str) -> None:
        if (remark := self.remark(f"a person must say {text}")) not in self.judgements:
            self.judgements.append(remark)

    def leave(self, text: str) -> None:
        if (remark := self.remark(text)) not in self.unchecked:
            self.unchecked.append(remark)

    def case(self, where: Where) -> "Gathered":
        """What is gathered under these circumstances; remarks stand with the whole."""
        new = Gathered(self.source, judgements=self.judgements, unchecked=self.unchecked)
        return self.cases.setdefault(where, new)


def note_literals(
    found: Gathered, values: list[str], taxon: str | None, where: Where | None
) -> None:
    """Adds literals that are allowed, and where: for the taxon, and under the circumstances."""
    found.literals += [one for one in values if one not in found.literals]
    scope = () if taxon is None else (Circumstance(ORGANISM, among=(taxon,)),)
    for one in values:
        found.told.setdefault(one, []).append((*scope, *(where or ())))


def refuse_elsewhere(found: Gathered) -> None:
    """A literal that is told only under some circumstances must not stand under others."""
    taxa = tuple(taxon for taxon in found.allowed if taxon not in (None, OTHERS))
    for literal, places in found.told.items():
        if () in places:
            continue
        if any(len(place) > 1 for place in places):
            found.leave(f'"{literal}" stands only where the document says so')
            continue
        elsewhere = tuple(dict.fromkeys(_negated(place[0], taxa) for place in places))
        found.case(elsewhere).forbidden.append(literal)


def _negated(one: Circumstance, taxa: tuple[str, ...]) -> Circumstance:
    """That the circumstance isn't met; "all other organisms" are those but `taxa`."""
    if one.among == (OTHERS,):
        return replace(one, among=taxa)
    return replace(one, otherwise=not one.otherwise)

"""A field's text -> clauses: each demand with the organism and the condition that it is made for.

A clause inherits from the sentence above its list or table. Must not know which values there are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.schema.field_values import (
    CONDITION_ITEM,
    CONDITION_LIST,
    LEADING_CONDITION,
    TRAILING_CONDITION,
    apart,
)
from bot.schema.pinned import TAXON
from bot.schema.rules.conditions import BY_COLUMN, NAMED, THEIR_DESCENDANTS, term_phrases
from bot.schema.spec import Field
from bot.schema.wording import sentences

OTHERS = "*"
ONE_TAXON = r"`\"NCBITaxon:\d+\"`(?: for [\w .'-]+?)?"
ORGANISM = re.compile(
    r"(?:otherwise, )?if `organism_onto\w+_term_id` is (NOT )?(?:either |one of )?"
    rf"({ONE_TAXON}(?:(?:,? or|,) {ONE_TAXON})*)[^,`]*,\s*(?:then )?",
    re.I,
)
OTHER_ORGANISMS = re.compile(r"(?:otherwise, )?for all other organisms,?\s*", re.I)
OTHERWISE = re.compile(r"otherwise,?\s+", re.I)
# As the documents write it with a comma and without.
QUOTED = r"`\"[^`]*\"`"
IS = rf"(?:the corresponding value of )?{NAMED} is (?:not )?{QUOTED}(?:(?:, or |, | or ){QUOTED})*"
OTHER_COLUMN = re.compile(
    rf"if {IS}(?:,? (?:and|or) (?:if |when )?{IS})*(?!,? (?:and|or)\b),?\s*(?:then\b:?\s*)?", re.I
)
# An alternative: a value that the list begins with, whatever is said of it behind.
VALUE_ITEM = re.compile(r"^- `\"(?!\w+:\d)[^`\"]+\"`(?! is\b)")
# "A descendant of either:" above a list holds for each of its items.
BELOW = re.compile(
    r"\b(?:descendants?|child(?:ren)?) of(?: either| one of| any of)?(?: the following)?"
    r"(?: terms)?:$"
)
BY_ORGANISM = re.compile(r"\| For `organism_onto\w+_term_id` \|", re.I)
OTHER_SUBJECT = re.compile(
    r"^the (?:corresponding|value of|corresponding value of) `(\w+)` MUST (?:NOT )?be\b", re.I
)
EXAMPLES = re.compile(r",? such as (?:`[^`]*`(?:,? (?:and|or) )?)+")
DEMAND = re.compile(r"\b(?:MUST|MAY)\b")
REFUSAL = re.compile(r"\bMUST NOT\b(?!.*\bMUST be\b)")


@dataclass(frozen=True, slots=True)
class Clause:
    """`taxon` is None for whatever organism, or several between spaces; `condition` is what else it
    depends on, or empty.

    `subject` is the column whose values it is about, or empty: the field's own. `excepted` is the
    organism that "all others" are told apart from, where the sentence names it.
    """

    text: str
    sentence: str
    taxon: str | None = None
    condition: str = ""
    refused: bool = False
    table: str = ""
    subject: str = ""
    excepted: str = ""

    @property
    def on_other_data(self) -> bool:
        """Whether its condition is on another column."""
        return "`" in self.condition


NOTHING = Clause("", "")


def clauses(field: Field) -> Iterator[Clause]:
    """Every demand of the field's text, in order; advice and examples are none."""
    headers = {"| " + " | ".join(table.header) for table in field.tables}
    head, table = NOTHING, ""
    for sentence in sentences(field.value):
        if sentence in headers:
            table = sentence
            if not (BY_ORGANISM.match(table) or BY_COLUMN.match(table)) and "MUST" in table:
                yield Clause("", table, table=table)
        elif sentence.startswith("| "):
            yield from _row(sentence, table, head)
        elif sentence.startswith("- "):
            for half in apart(sentence):
                yield from _item(half, head)
        else:
            halves = [_clause(half, head) for half in apart(sentence)]
            yield from (half for half in halves if DEMAND.search(half.sentence))
            head = halves[-1]


def told_apart(every: list[Clause]) -> tuple[set[str], dict[str, Clause]]:
    """The organisms that have rules of their own, and those that are only refused something (with
    where) before all others are spoken of: what they may have, no clause says.

    Of the former a clause demands something, or permits it before all others are spoken of.
    """
    own: set[str] = set()
    refused: dict[str, Clause] = {}
    for place, clause in enumerate(every):
        own |= {*clause.excepted.split()}
        named = _before_others(clause, every[:place]) if clause.taxon == OTHERS else [clause]
        for each in named:
            taxa = (each.taxon or "").split()
            if not each.refused and (clause.taxon == OTHERS or _demands_all(each)):
                own |= {*taxa}
            elif clause.taxon == OTHERS:
                refused |= dict.fromkeys(taxa, each)
    return own, {taxon: clause for taxon, clause in refused.items() if taxon not in own}


def _before_others(others: Clause, before: list[Clause]) -> list[Clause]:
    """The clauses of organisms that "all others" are told apart from: a row's stand in its table,
    and "otherwise" means the last one.
    """
    named = [clause for clause in before if clause.taxon not in (None, OTHERS)]
    if others.table:
        return [clause for clause in named if clause.table == others.table]
    is_last = OTHERWISE.match(others.sentence) and not OTHER_ORGANISMS.match(others.sentence)
    return named[-1:] if is_last else named


def _demands_all(clause: Clause) -> bool:
    """Whether it demands something, and not only where nothing else is available."""
    has_all = clause.table or not clause.condition or [*term_phrases(clause.text)]
    return bool(has_all) and re.search(r"\bMUST\b(?! NOT\b)", clause.text) is not None


def _row(sentence: str, table: str, head: Clause) -> Iterator[Clause]:
    """A row for an organism; of other tables, a row that demands something of its own."""
    first, _, cells = sentence.removeprefix("| ").partition(" | ")
    for rest in apart(cells):
        yield from _cells(first, rest, sentence, table, head)


def _cells(first: str, rest: str, sentence: str, table: str, head: Clause) -> Iterator[Clause]:
    if BY_ORGANISM.match(table):
        scope = " ".join(TAXON.findall(first)) or OTHERS
        refused = bool(REFUSAL.search(rest))
        # "If the tissue type is ... then:" stands above the whole table.
        if head.text or not head.condition:
            yield Clause(rest, sentence, scope, refused=refused, table=table)
        else:
            yield Clause(rest, head.sentence, scope, head.condition, refused, table)
    elif re.search(r"\bMUST\b", rest) or (BY_COLUMN.match(table) and "MUST" in table):
        yield Clause(rest, sentence, head.taxon, first, bool(REFUSAL.search(rest)), table)


def _item(sentence: str, head: Clause) -> Iterator[Clause]:
    """An alternative; or one of the circumstances of the demand above the list."""
    if VALUE_ITEM.match(sentence) and not CONDITION_LIST.search(head.sentence):
        bare = TRAILING_CONDITION.sub("", sentence)
        condition = sentence.removeprefix(bare).strip(" ,")
        yield replace(head, text=bare, sentence=sentence, condition=condition or head.condition)
    elif CONDITION_LIST.search(head.sentence) or CONDITION_ITEM.match(sentence):
        if "`" in sentence:
            text, condition = head.text.rstrip(":"), sentence.removeprefix("- ")
            yield replace(head, text=text, sentence=sentence, condition=condition)
    elif DEMAND.search(head.sentence) or DEMAND.search(sentence):
        text = TRAILING_CONDITION.sub("", sentence)
        if BELOW.search(head.sentence):
            text = text.replace("- ", "- a descendant of ", 1)
        if THEIR_DESCENDANTS.search(head.sentence):
            text += " and its descendants"
        yield replace(head, text=text, sentence=sentence)


def _clause(sentence: str, before: Clause) -> Clause:
    taxon, rest, excepted = _scope(sentence, before)
    bare = OTHER_COLUMN.sub("", rest, count=1) if OTHER_COLUMN.match(rest) else rest
    for _ in range(3):
        bare = LEADING_CONDITION.sub("", bare)
    leading = rest.removesuffix(bare)
    text = TRAILING_CONDITION.sub("", bare)
    trailing = TRAILING_CONDITION.search(bare)
    condition = f"{leading}{trailing[0] if trailing else ''}".strip(" ,")
    if OTHER_ORGANISMS.match(sentence) and not before.text:
        # "If the tissue type is ... then:" stands above the table before it, too.
        condition = condition or before.condition
    subject = OTHER_SUBJECT.match(bare)
    return Clause(
        EXAMPLES.sub("", text),
        sentence,
        taxon,
        condition,
        bool(REFUSAL.search(text)),
        subject=subject[1] if subject else "",
        excepted=excepted,
    )


def _scope(sentence: str, before: Clause) -> tuple[str | None, str, str]:
    """The organism that a sentence is about, the sentence without it, and the organism that others
    are told apart from.
    """
    if match := ORGANISM.match(sentence):
        rest, taxa = sentence[match.end() :], " ".join(TAXON.findall(match[2]))
        return (OTHERS, rest, taxa) if match[1] else (taxa, rest, "")
    if match := OTHER_ORGANISMS.match(sentence):
        return OTHERS, sentence[match.end() :], ""
    if match := OTHERWISE.match(sentence):
        return _otherwise(before), sentence[match.end() :], ""
    return None, sentence, ""


def _otherwise(before: Clause) -> str | None:
    """It negates the nearest condition: "X if unavailable; otherwise" stays with the organism."""
    if before.taxon is None or before.condition:
        return before.taxon
    return before.excepted or OTHERS

"""What a field's text allows: its values by kind, and how many of them in which form.

Reads the rules sentence by sentence; what stands in a condition ("if the tissue type is ...") is no
value of the field. Must not compare two documents.
"""

import re
from collections.abc import Iterator
from enum import StrEnum

from bot.schema.field_table import TERM
from bot.schema.spec import Field
from bot.schema.wording import sentences

LITERAL = re.compile(r"`\"([^`\"]*)\"?[.,;]?`")
NUMBER = re.compile(r"`(-?\d+(?:\.\d+)?)`")
KIND_OF_TERM = re.compile(r"\b((?:[A-Za-z]+ or )?[A-Z][A-Za-z]+) terms?\b")
LEADING_CONDITION = re.compile(
    r"^(?:- )?(?:otherwise, )?(?:if|when|where|for)\b.*?(?:,|\bthen\b)\s*"
    r"(?=(?:then |otherwise, )?(?:this|the|it|these|all|each|either|there|one|a|an|MUST)\b)",
    re.I,
)
TRAILING_CONDITION = re.compile(r"\s(?:if|when|where|unless|but then)\b.*?(?=, or `|$)", re.I)
REQUIRES = re.compile(r"\b(?:MUST|MAY|SHOULD|RECOMMENDED|ONLY|one of)\b")
SAME_RELATION = re.compile(r"[`\"]*\s*(?:for [\w\s'-]+?)?,?\s+(?:or|and)\s+[`\"]*")
CONDITION_ITEM = re.compile(r"^- (?:if\b|.*`[^`]+` (?:is|are)\b)", re.I)
CONDITION_LIST = re.compile(r"\b(?:if|when|where)(?: any of| one of)?:$", re.I)
DELIMITER = re.compile(r"delimiter `\"([^`\"]*)\"`")
PRINTED = re.compile(r"'[^'`\"\s]*'")
PER_CELL = {"obs", "var", "obsm"}


class Kind(StrEnum):
    """What sort of value came or went."""

    ALLOWED_TERMS = "allowed_terms"
    SPECIAL_VALUE = "special_value"
    MAPPING_ROW = "mapping_row"
    RANGE = "range"


Value = tuple[Kind, str]


def allowed_values(field: Field) -> frozenset[Value]:
    """Every value that the field's rules name, as (kind, text)."""
    allowed: set[Value] = set()
    heading = ""
    for sentence in sentences(field.value):
        item = sentence.startswith("- ")
        heading = heading if item else sentence
        if sentence.startswith("| "):
            allowed |= set(_row(sentence))
        elif item and not CONDITION_LIST.search(heading) and not CONDITION_ITEM.match(sentence):
            allowed |= set(_values(_unconditional(sentence), _role(heading)))
        elif not item and REQUIRES.search(sentence):
            rest = _unconditional(sentence)
            allowed |= set(_values(rest, _role(rest)))
    return frozenset(_relevant(field, allowed))


def _role(sentence: str) -> str:
    """What a list inherits from the sentence above it, and a value from its own."""
    return "not " if re.search(r"\bMUST NOT\b(?!.*\bMUST be\b)", sentence) else ""


def _unconditional(sentence: str) -> str:
    """What the sentence says, without the circumstances in which it says it."""
    rest = sentence
    for _ in range(3):
        rest = LEADING_CONDITION.sub("", rest)
    if re.match(r"(?:- )?(?:if|when)\b", rest, re.I):
        return ""
    return TRAILING_CONDITION.sub("", rest)


def _values(text: str, role: str = "") -> Iterator[Value]:
    # What stands between single quotes is what Python prints in an example.
    bare = PRINTED.sub("", DELIMITER.sub("", text))
    end, relation = 0, ""
    for term in TERM.finditer(bare):
        if not SAME_RELATION.fullmatch(bare[end : term.start()]):
            relation = role or _relation(bare[: term.start()])
        end = term.end()
        yield Kind.ALLOWED_TERMS, relation + term[0]
    for literal in LITERAL.findall(bare):
        if not TERM.fullmatch(literal):
            yield Kind.SPECIAL_VALUE, literal
    for kind in [] if role else KIND_OF_TERM.findall(bare):
        for prefix in kind.split(" or "):
            yield Kind.ALLOWED_TERMS, f"{prefix} terms"
    if re.search(r"\brange\b", bare) and (numbers := NUMBER.findall(bare)):
        yield Kind.RANGE, " to ".join(numbers)


def _relation(before: str) -> str:
    """What the words before a term say of it."""
    if "excluding" in re.split(r"\bor\b|\bwhile allowing\b", before)[-1]:
        return "not "
    near = re.split(r"\bor\b|\band\b|,", before)[-1].lower()
    return "descendant of " if re.search(r"\b(descendant|child)", near) else ""


def _row(row: str) -> Iterator[Value]:
    """A row that maps something to values is one value; so is a row that maps to a rule."""
    cells = [cell.strip() for cell in row.strip("| ").split(" | ")]
    text = " -> ".join(re.sub(r"[`\"]", "", re.sub(r" / ", " ", cell)) for cell in cells)
    folded = re.sub(r"\bchildren\b", "descendants", " ".join(text.split()))
    if len(cells) < 2 or not (TERM.search(row) or LITERAL.search(row) or "MUST" in row):
        return
    if NUMBER.search(cells[-1]):
        yield Kind.RANGE, folded
    elif "MUST" in row and not LITERAL.search(cells[-1]):
        yield from _values(cells[-1])
    else:
        yield Kind.MAPPING_ROW, folded


def _relevant(field: Field, allowed: set[Value]) -> Iterator[Value]:
    """Without what says nothing of its own about the field."""
    prefixes = {_prefix(text) for _, text in allowed if not text.startswith("not ")}
    for kind, text in allowed:
        # What a feature may be named is told by the gene references, compared on their own.
        if field.component == "var" and (kind is Kind.ALLOWED_TERMS or "NCBITaxon" in text):
            continue
        # "a MONDO term" says nothing once the allowed MONDO terms are named.
        if text.endswith(" terms") and text.removesuffix(" terms") in prefixes:
            continue
        yield kind, text


def _prefix(text: str) -> str:
    match = TERM.search(text)
    return re.split("[:_]", match[0])[0] if match else ""


def cardinality(field: Field) -> frozenset[str]:
    """How many values, in which form: "many", "delimiter ...", "sorted", "per dataset" ..."""
    text = "\n".join(sentences(field.value))
    facts = set()
    delimiters = [f"delimiter '{delimiter}'" for delimiter in DELIMITER.findall(text)]
    if re.search(r"\bcomma-separated\b", text):
        delimiters.append("delimiter ','")
    if delimiters:
        facts |= {"many", *delimiters}
        facts |= {"sorted"} if re.search(r"\b(ascending|descending|lexical) ", text) else set()
        facts |= {"in the order of its terms"} if "in the same order" in text else set()
        facts |= {"unique"} if re.search(r"\bno duplicat", text) else set()
    if re.match(r"list\b", field.type):
        facts.add("list")
    # What an uns key holds is one value for the whole dataset, if its type isn't still a column's.
    if field.component not in PER_CELL and not field.type.startswith("categorical"):
        facts.add("per dataset")
    return frozenset(facts)

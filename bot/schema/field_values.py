"""What a field's text allows: its values by kind, and how many of them in which form.

Reads the rules sentence by sentence; what stands in a condition ("if the tissue type is ...") is no
value of the field. Must not compare two documents.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.schema.field_table import PYTHON, TERM
from bot.schema.spec import Field
from bot.schema.wording import sentences

LITERAL = re.compile(r"`\"([^`\"]*)\"?[.,;]?`")
NUMBER = re.compile(r"`(-?\d+(?:\.\d+)?)`")
NAME = r"[A-Z][A-Za-z]+"
BETWEEN_NAMES = r"(?:,? or |, )(?:an? )?"
# A comma alone may stand behind another word: "Otherwise, CL terms".
NAMES = rf"(?<![Ff]or )(?<![Ii]n )(?:{NAME}{BETWEEN_NAMES})*{NAME},? or (?:an? )?"
KIND_OF_TERM = re.compile(rf"\b((?:{NAMES}|[A-Za-z]+ or )?{NAME}) terms?\b")
LEADING_CONDITION = re.compile(
    r"^(?:- )?(?:otherwise, )?(?:if|when|where|for)\b.*?(?:,|\bthen\b)\s*"
    r"(?=(?:then |otherwise, )?(?:this|the|it|these|all|each|either|there|one|a|an|MUST)\b)",
    re.I,
)
TRAILING_CONDITION = re.compile(r"\s(?:if|when|where|unless|but then)\b.*?(?=, or `|$)", re.I)
REQUIRES = re.compile(r"\b(?:MUST|MAY|SHOULD|RECOMMENDED|ONLY|one of)\b")
DEMANDS = re.compile(r"\b(?:MUST|ONLY|one of)\b")
SAME_RELATION = re.compile(r"[`\"]*\s*(?:for [\w\s'-]+?)?,?\s+(?:or|and)\s+[`\"]*")
CONDITION_ITEM = re.compile(r"^- (?:if\b|.*`[^`\"]+` (?:is|are)\b)", re.I)
CONDITION_LIST = re.compile(r"\b(?:if|when|where)(?: any of| one of)?:$", re.I)
DELIMITER = re.compile(
    r"\b(?:delimiter|separator|(?:delimited|separated|joined) (?:by|with))"
    r"(?: is| are| being| MUST be)?:?(?: an?| the)?(?: delimiter| separator)?"
    r"(?: comma| semicolon| pipe| space)? \(?`\"?(?P<mark>[^`\"]*)\"?`\)?"
    r"|`\"(?P<first>[^\w`\"]+)\"` (?:MUST be used )?as (?:the |a )?(?:delimiter|separator)"
)
SPELLED = re.compile(r"\b(comma|semicolon|pipe)-separated\b")
MARK = {"comma": ",", "semicolon": ";", "pipe": "|"}
CODES = r"`[^`]*`(?:(?:, (?:or |and )?| or | and )`[^`]*`)*"
EXAMPLES = re.compile(rf"\b(?:such as|as in|for example,?) {CODES}", re.I)
# A part of a value, or the form that it has.
FORM = re.compile(
    r"\b(?:formatted as|prefix(?:ed)?(?: with| of)?|suffix(?:ed)?(?: with| of)?|appended with|"
    rf"(?:start|begin|end)s?(?:ing)? with) `[^`]*`|{CODES} MUST be (?:ap|pre)pended\b"
)
FORMED = re.compile(r" (?:(prefixed|appended) with|with the (prefix)) `\"?([^`\"]+)\"?`")
ITS_DESCENDANTS = re.compile(
    r"[`\"]*(?: for [^`;:.|]*?)?,? (?:and|or)(?: preferably)?(?: one of)? (?:all )?(?:of )?its "
    r"(?:most accurate )?(?:descendants?|child(?:ren)?)\b"
)
# What the sentence demands something of: a part of the value, all cells at once, or what becomes of
# another value.
NAMED = re.compile(rf"`(?!{PYTHON})((?:obs|var|uns)?(?:\['?\w+'?\])+|[a-z]\w*(?:\[[^`]*\])?)`")
IDENTIFIER = re.compile(r"[A-Za-z][\w-]*:[A-Za-z]*\d\w*")
PART = re.compile(r"[A-Z][A-Z_]+\b(?<!\bMUST)(?: (?:and|or) [A-Z_]+)*$")
WHOLE_COLUMN = re.compile(r"\ball observations\b", re.I)
OF_AN_ATTRIBUTE = re.compile(rf"\bMUST be an? `{PYTHON}[^`]*` of\b")
MADE_OF = re.compile(r"\bMUST be (?:updated|removed|encoded|converted|renamed|replaced)\b")
PRINTED = re.compile(r"'[^'`\"\s]*'")
MUST = re.compile(r"\bMUST\b")
AND_MUST = re.compile(r",? (?:and|but) (?:(?:it|this) )?(?=MUST (?:NOT )?(?:be|equal)\b)")
OTHERWISE = re.compile(r"\botherwise\b", re.I)
UNIQUE = re.compile(
    r"\b(?:(?:no|without)(?: any)? duplicat|duplicates? MUST NOT|one or more unique|"
    r"MUST NOT (?:be |contain )?duplicat)",
    re.I,
)
PER_CELL = {"obs", "var", "obsm"}
NUMBERS = ("int", "uint", "float", "numpy")
# What a value is for, which may be "a drug or a diet".
PURPOSE = re.compile(r"(?<=`) (?:is |are )?for\b[^`,;:]*")
# What a value is called before it is named: "the correct type: ", "the literal string value".
VALUE = r"(?:type|value|state|category)"
BEFORE_VALUE = (
    rf"(?:(?!or\b)\w+ ){{0,2}}(?:`|{VALUE}:? `\")|(?:correct|matching) {VALUE} for\b(?!.*`\")"
)
# What a value is instead of one that is named: any text, or something of a kind.
UNNAMED = re.compile(
    r"(?<!NOT be )\bfree[- ]text\b"
    rf"|\b(?:MUST be|or)(?: either)? (?:an?|the|any) (?!{BEFORE_VALUE})"
)


class Kind(StrEnum):
    """What sort of value came or went."""

    ALLOWED_TERMS = "allowed_terms"
    SPECIAL_VALUE = "special_value"
    MAPPING_ROW = "mapping_row"
    RANGE = "range"


Value = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class _Mention:
    """A value that a sentence names; in general or under a condition, as a demand or as advice.

    In a row it may be a whole ontology, whatever terms of it other rows and sentences name.
    """

    value: Value
    is_general: bool
    is_demanded: bool
    is_whole: bool = False


def allowed_values(field: Field) -> frozenset[Value]:
    """Every value that the field's rules name, as (kind, text)."""
    named = list(_named(field))
    return frozenset(_relevant(field, {one.value for one in named}, named))


def forbidden(value: Value) -> str | None:
    """The value that must not be used; None of one that may be."""
    kind, text = value
    refused = text.startswith("not ") if kind is Kind.ALLOWED_TERMS else text.startswith('not "')
    return text.removeprefix("not ").strip('"') if refused else None


def values_of_new(field: Field) -> frozenset[Value]:
    """What a field that is new may hold: its enumeration, special values and terms.

    A value that only goes with a value of another field, where nothing is said in general, is none;
    nor is a range: what it may hold then is told in words.
    """
    named = list(_named(field))
    if not any(one.is_general or one.value[0] is not Kind.SPECIAL_VALUE for one in named):
        return frozenset()
    values = {one.value for one in named if _is_listed(*one.value)}
    return frozenset(_relevant(field, values, named))


def has_unnamed_values(field: Field) -> bool:
    """Whether it may hold values that its text doesn't name: numbers, any text, kinds of things."""
    heading = ""
    for sentence in sentences_of(field):
        item = sentence.startswith("- ")
        heading = heading if item else sentence
        if sentence.startswith("| ") or not REQUIRES.search(heading):
            continue
        if is_about_values(heading, field) and _is_unnamed(sentence, heading):
            return True
    return field.type.startswith(NUMBERS)


def _is_unnamed(sentence: str, heading: str) -> bool:
    if not sentence.startswith("- "):
        return bool(UNNAMED.search(PURPOSE.sub("", _unconditional(sentence))))
    # An item explains its value after it.
    before, code, _ = sentence.partition("`")
    is_value = heading.endswith(":") and not (_role(heading) or CONDITION_LIST.search(heading))
    return bool(UNNAMED.search(before)) or (is_value and not code)


def _is_listed(kind: Kind, text: str) -> bool:
    """Whether the value is one of a list: no range, and no rule that stands in a table."""
    return kind is not Kind.RANGE and not (kind is Kind.MAPPING_ROW and "MUST" in text)


def sentences_of(field: Field) -> Iterator[str]:
    """The field's sentences; one that demands and forbids is two, but for rows of tables."""
    for sentence in sentences(field.value):
        yield from (sentence,) if sentence.startswith("| ") else apart(sentence)


def apart(sentence: str) -> tuple[str, ...]:
    """What a sentence demands and what it forbids, each with the circumstances and the subject that
    it begins with; the sentence, if it doesn't do both.
    """
    parts = AND_MUST.split(sentence)
    if len(parts) != 2:
        return (sentence,)
    first, second = parts
    word = OTHERWISE.search(sentence)
    # A demand that begins with it is all of the other case; what is forbidden there alone may stand
    # in the first one.
    if word and (word.start() > len("- ") or "MUST NOT" in first):
        return (sentence,)
    condition = LEADING_CONDITION.match(first)
    must = MUST.search(first, condition.end() if condition else 0)
    if must is None or ("MUST NOT" in first) == second.startswith("MUST NOT"):
        return (sentence,)
    return f"{first}.", f"{first[: must.start()] or 'This '}{second}"


def _named(field: Field) -> Iterator[_Mention]:
    heading, head_row = "", ""
    for sentence in sentences_of(field):
        item = sentence.startswith("- ")
        heading = heading if item else sentence
        head_row = (head_row or sentence) if sentence.startswith("| ") else ""
        demanded = bool(DEMANDS.search((head_row or heading) + sentence))
        if head_row:
            row = list(_row(sentence))
            own = {_prefix(text) for _, text in row}
            yield from (
                _Mention(value, True, demanded, _ontology(value[1]) not in own) for value in row
            )
        elif not is_about_values(heading, field) or OF_AN_ATTRIBUTE.search(sentence):
            continue
        elif item and not CONDITION_LIST.search(heading) and not CONDITION_ITEM.match(sentence):
            found = _values(_unconditional(sentence), _role(heading))
            yield from (_Mention(value, True, demanded) for value in found)
        elif not item and REQUIRES.search(sentence):
            rest = _unconditional(sentence)
            general = "otherwise" in sentence or not LEADING_CONDITION.match(sentence)
            found = _values(rest, _role(rest))
            yield from (_Mention(value, general, demanded) for value in found)


def is_about_values(sentence: str, field: Field) -> bool:
    """Whether a sentence's demand is on the field's value as a whole, and on no other field's."""
    rest = _unconditional(sentence).removeprefix("- ")
    subject = re.split(r"\b(?:MUST|MAY|SHOULD)\b", rest)[0]
    names = {field.name, field.key, _last_key(field.name)}
    others = [name for name in NAMED.findall(subject) if _last_key(name) not in names]
    about_another = bool(others) and subject != rest
    return not (
        about_another
        or PART.search(subject.strip())
        or WHOLE_COLUMN.search(subject)
        or MADE_OF.search(rest)
    )


def is_conditional(sentence: str) -> bool:
    """Whether the sentence demands something under a condition only."""
    return _unconditional(sentence) != sentence


def _last_key(name: str) -> str:
    """`uns['a']['b']` -> b; a column's name as it is."""
    keys = re.findall(r"'(\w+)'", name)
    return keys[-1] if keys else name


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
    whole = EXAMPLES.sub("", PRINTED.sub("", DELIMITER.sub("", text)))
    bare = FORM.sub("", whole)
    end, relation = 0, ""
    for term in TERM.finditer(bare):
        if not SAME_RELATION.fullmatch(bare[end : term.start()]):
            said = _relation(bare[: term.start()])
            # What a refusal excludes isn't refused.
            relation = "" if role and said == role else role + said
        end = term.end()
        yield Kind.ALLOWED_TERMS, relation + term[0] + _below(relation, bare[end:])
    for literal in LITERAL.findall(bare):
        if not TERM.fullmatch(literal):
            is_term = bool(IDENTIFIER.fullmatch(literal))
            kind = Kind.ALLOWED_TERMS if is_term else Kind.SPECIAL_VALUE
            # A value may begin with "not", as "not reported" does: a forbidden one is quoted.
            yield kind, f'{role}"{literal}"' if role and not is_term else role + literal
    for kind_of_term in [] if role else KIND_OF_TERM.finditer(whole):
        formed = FORMED.match(whole, kind_of_term.end())
        form = f" {'prefixed' if formed[2] else formed[1]} with '{formed[3]}'" if formed else ""
        for prefix in names_of_terms(kind_of_term):
            yield Kind.ALLOWED_TERMS, f"{prefix} terms{form}"
    if re.search(r"\brange\b", bare) and (numbers := NUMBER.findall(bare)):
        yield Kind.RANGE, " to ".join(numbers)


def names_of_terms(kind_of_term: re.Match[str]) -> list[str]:
    """`a CL, UBERON or PATO term` -> CL, UBERON, PATO."""
    return re.split(BETWEEN_NAMES, kind_of_term[1])


def _below(relation: str, after: str) -> str:
    """Whether the descendants of a term are meant with it, by the words behind it."""
    if relation.endswith("descendant of ") or not ITS_DESCENDANTS.match(after):
        return ""
    return " and its descendants"


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
    if len(cells) < 2 or not any(mark.search(cells[-1]) for mark in (TERM, LITERAL, NUMBER, MUST)):
        return
    if NUMBER.search(cells[-1]):
        yield Kind.RANGE, folded
    elif "MUST" in row and not LITERAL.search(FORM.sub("", cells[-1])):
        yield from _values(cells[-1])
    else:
        yield Kind.MAPPING_ROW, folded


def _relevant(field: Field, allowed: set[Value], named: list[_Mention]) -> Iterator[Value]:
    """Without what says nothing of its own about the field."""
    demanded = (one.value[1] for one in named if one.is_demanded)
    prefixes = {_prefix(text) for text in demanded if not text.startswith("not ")}
    whole = {one.value for one in named if one.is_whole}
    for kind, text in allowed:
        # What a feature may be named is told by the gene references, compared on their own.
        if field.component == "var" and (kind is Kind.ALLOWED_TERMS or "NCBITaxon" in text):
            continue
        # "a MONDO term" says nothing once it is named which of them it MUST be.
        if (kind, text) not in whole and _ontology(text) in prefixes:
            continue
        yield kind, text


def _ontology(text: str) -> str | None:
    """The prefix of which all terms are meant, if they are."""
    return text.removesuffix(" terms") if text.endswith(" terms") else None


def _prefix(text: str) -> str:
    match = TERM.search(text)
    return re.split("[:_]", match[0])[0] if match else ""


def cardinality(field: Field) -> frozenset[str]:
    """How many values, in which form: "many", "delimiter ...", "sorted", "per dataset" ..."""
    text = "\n".join(sentences(field.value))
    facts = set()
    marks = [match["mark"] or match["first"] for match in DELIMITER.finditer(text)]
    marks += [MARK[word] for word in SPELLED.findall(text)]
    delimiters = [f"delimiter '{mark}'" for mark in marks]
    if delimiters:
        facts |= {"many", *delimiters}
        facts |= {order} if (order := _order(text)) else set()
        facts |= {"in the order of its terms"} if "in the same order" in text else set()
        facts |= {"unique"} if UNIQUE.search(text) else set()
    if re.match(r"list\b", field.type):
        facts.add("list")
    # What an uns key holds is one value for the whole dataset, if its type isn't still a column's.
    if field.component not in PER_CELL and not field.type.startswith("categorical"):
        facts.add("per dataset")
    return frozenset(facts)


def _order(text: str) -> str:
    """`sorted` is in ascending order, as the documents have it everywhere."""
    if re.search(r"\bdescending (?:lexical )?order", text):
        return "sorted descending"
    return "sorted" if re.search(r"\b(ascending|lexical) |\bsorted\b", text) else ""

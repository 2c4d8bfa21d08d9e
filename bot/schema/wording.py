"""Texts of the document as comparable statements: two that mean the same are made equal.

What is folded is what editors change without changing a rule: case (but of key words and of values
in quotes), quotes, articles, examples, order, where a sentence is cut. Must not fold a name, a
term, a number or a requirement.
"""

import re
from collections import Counter
from functools import lru_cache

TEXTS = 4096
"""Of so many what was found is kept: each question about two documents asks for the same ones."""

EXAMPLE = re.compile(r"(for example|to illustrate|e\.g\.|warning:)", re.I)
# One that is left open ends with its sentence or its cell, and holds no demand.
PARENTHESISED_EXAMPLE = re.compile(
    r"(?: /)?[ \t]*\(\s*e\.g\.(?:[^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)"
    r"|(?:(?!\b(?:MUST|MAY|SHOULD)\b)[^\n])*?(?=[.;](?:\s|$)| \| |$))"
    r"|;\s+e\.g\.[^();\n]*(?=\))",
    re.M,
)
# What stands behind a colon in code is what the sentence is about.
SENTENCE_END = re.compile(
    r"(?<=[.;])\s+(?=[A-Z`\"(]|otherwise|this )|(?<=:)\s+(?=[A-Z(]|otherwise|this )|(?<=`\.)\s+"
)
CODE = re.compile(r"`([^`]*)`")
# Code that is nothing but marks: a delimiter.
MARKS = re.compile(r"`\"?([^\w`\"]+)\"?`")
# Key words demand something only in capitals (https://www.rfc-editor.org/rfc/rfc8174). In another
# case a value in quotes is another one, and a term isn't.
AS_WRITTEN = re.compile(
    r"(\b(?:(?:MUST|SHALL|SHOULD)(?: NOT)?|REQUIRED|(?:NOT )?RECOMMENDED|MAY|OPTIONAL)\b"
    r"|\"[A-Za-z0-9][A-Za-z0-9 '()/.+-]*\")"
)
SET_IN = re.compile(r"((?:`\"[^`\"]+\"`(?:, or |, | or )?)+) if set in (`[^`]+`)")
FOLDS = (
    (re.compile(r"\bchild(ren)?\b"), "descendant"),
    (re.compile(r"\bdescendants\b"), "descendant"),
    # Terms that the documents renamed "for clarity", by their own changelogs.
    (re.compile(r"\bfinal (?=matrix\b)"), "normalized "),
    (re.compile(r"\b(cellxgene )?(data portal|discover)\b"), "cellxgene"),
    (re.compile(r"\b(this|it|these|(the )?(str )?value) (?=must\b|may\b|should\b)", re.I), ""),
    (re.compile(r"\b(a|an|the|then|also|otherwise(?! (?:if|when)\b))\b"), " "),
)


@lru_cache(maxsize=TEXTS)
def sentences(text: str) -> tuple[str, ...]:
    """The text's sentences, list items and table rows, without those that only give an example."""
    bare = PARENTHESISED_EXAMPLE.sub("", "\n".join(joined(text)))
    result: list[str] = []
    for line in bare.splitlines():
        parts = [line] if line.startswith("| ") else _cut(line)
        result += [part for part in _without_examples(parts) if part.strip()]
    return tuple(result)


def _cut(line: str) -> list[str]:
    """The line's sentences; none ends within code, which may be a delimiter such as " ; "."""
    masked = CODE.sub(lambda code: f"`{'_' * len(code[1])}`", line)
    starts = [0, *(match.end() for match in SENTENCE_END.finditer(masked))]
    ends = [*(match.start() for match in SENTENCE_END.finditer(masked)), len(line)]
    return [line[start:end] for start, end in zip(starts, ends, strict=True)]


def _without_examples(parts: list[str]) -> list[str]:
    rules = (part for part in parts if not EXAMPLE.match(part.strip('- `"(')))
    return [spelled for part in rules for spelled in _spelled_out(part)]


def joined(text: str) -> list[str]:
    """The text's lines; one that a line break cut within a sentence is put together again."""
    lines: list[str] = []
    for line in text.splitlines():
        goes_on = lines and not line.startswith(("- ", "| ")) and not lines[-1].startswith("| ")
        if goes_on and (lines[-1].endswith(",") or line[:1].islower()):
            lines[-1] += " " + line
        else:
            lines.append(line)
    return lines


def _spelled_out(sentence: str) -> list[str]:
    """`"a" or "b" if set in X` as the two sentences that it is short for."""
    short = SET_IN.search(sentence)
    if short is None:
        return [sentence]
    before, after = sentence[: short.start()], sentence[short.end() :]
    literals = re.findall(r"`\"[^`\"]+\"`", short[1])
    spelled = [f"{before}{literal} if the value of {short[2]} is {literal}" for literal in literals]
    return [*spelled, *filter(str.strip, [after.strip(" ;.,")])]


@lru_cache(maxsize=TEXTS)
def canonical(sentence: str) -> str:
    """The sentence with everything folded that editors may change without changing a rule."""
    text = MARKS.sub(lambda code: f" mark{'-'.join(map(str, map(ord, code[1])))} ", sentence)
    text = "".join(
        part if AS_WRITTEN.fullmatch(part) else part.lower() for part in AS_WRITTEN.split(text)
    )
    text = re.sub(r"(?:[^\w|{}\[\]@#%&=<>+/:.*!-]|!(?!=))+", " ", text)
    text = re.sub(r"(?<=\w)[<>](?!\w)", " ", text)
    text = re.sub(r"(?<!\w)[-/*.:]+(?!\w)|(?<=\w)[.:](?=\s|$)", " ", text)
    for pattern, replacement in FOLDS:
        text = pattern.sub(replacement, text)
    return " ".join(text.split())


def statements(text: str) -> Counter[str]:
    """The text's canonical statements, in no order."""
    return Counter(filter(None, (canonical(sentence) for sentence in sentences(text))))


def originals(text: str) -> dict[str, str]:
    """Each canonical statement with the sentence that it was made from."""
    return {canonical(sentence): sentence for sentence in sentences(text)}


def folded(version: str) -> str:
    """A version with its punctuation folded to single spaces."""
    return " ".join(re.sub(r"[^\w]+", " ", version).split())

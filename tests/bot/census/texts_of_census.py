"""What is read of pages and directories, each with one thing that is odd in it."""

import json
from collections.abc import Callable
from typing import Any

from bot.census.directory import DirectoryError, parse_directory
from bot.census.outline import Table, outline, read_soup
from bot.census.page import PageError, parse_page
from bot.census.release import page_to_json


def html(body: str) -> str:
    return f"<!DOCTYPE html><html><body>{body}</body></html>"


def rows(*some: str) -> str:
    """A table; a cell ends with a bar."""
    cells = ("".join(f"<td>{cell}</td>" for cell in row.split("|")) for row in some)
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"


# --- the outline ----------------------------------------------------------------------------------

PARTS = {
    "text": "a<b>b</b> <p>c</p>d",
    "headings": "<h1>a <i>b</i></h1>x<h6>c</h6><h7>d</h7>",
    "headings by role": '<p role="heading">a</p><p role="heading" aria-level="4">b</p>'
    '<p role="heading" aria-level="x">c</p><p role="note">d</p>',
    "what is skipped": "a<nav>b</nav><script>c</script><style>d</style><template>e</template>"
    "<noscript>f</noscript><!-- g -->h",
    "blanks and dashes": "<p>a\u00a0b\u2009 c\u200bd\u00ade "
    "\u2010\u2011\u2012\u2013\u2014\u2212</p>",
    "folded letters": "<p>\ufb01 \u00b2 \uff21</p>",
    "a table in a table": "<table><tr><td>a<table><tr><td>b</td></tr></table></td></tr></table>",
    "a table in parts": "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr>"
    "</tbody><tfoot><tr><td>c</td></tr></tfoot></table>",
    "an empty table": "<table></table>x",
    "a short row": rows("a|b", "c"),
    "a cell of lines": "<table><tr><td>a<br>b<br/>c</td></tr></table>",
    "a cell of links": '<table><tr><td><a href="x">a</a> <a>b</a> <a href="y">c</a></td></tr>'
    "</table>",
    "across": '<table><tr><td colspan="2">a</td><td>b</td></tr><tr><td>c</td></tr></table>',
    "down": '<table><tr><td rowspan="2">a</td><td>b</td></tr><tr><td>c</td></tr></table>',
    "both": '<table><tr><td>a</td><td rowspan="2" colspan="2">b</td></tr><tr><td>c</td>'
    "<td>d</td></tr></table>",
    "spans that are none": '<table><tr><td colspan="0">a</td><td colspan="-1">b</td>'
    '<td colspan="x">c</td></tr></table>',
}
WIDE = '<table><tr><td colspan="{}">a</td></tr></table>'


def read(text: str) -> str:
    try:
        return "\n".join(map(repr, outline(read_soup(text))))
    except PageError as error:
        return f"PageError: {error}"


def width(span: int) -> str:
    *_, table = outline(read_soup(html(WIDE.format(span))))
    assert isinstance(table, Table)
    return str(len(table.rows[0]))


WHOLES = {
    "nothing": " \n ",
    "no page": "hello",
    "Markdown": "# a\n\nb `c`\n\n| d | e |\n|--|--|\n| f | g |\n",
    "Markdown deep down": "x\n###### a\n",
    "Markdown too deep": "####### a\n",
    "Markdown without a blank": "#a\n",
    "Markdown with a zero": "# a\n\0",
    "Markdown cut in a row": "# a\n\n| d | e |\n|--|--|\n| f | g",
    "Markdown that ends with a row": "# a\n\n| d | e |\n|--|--|\n  | f | g |  ",
    "no end": "<html><body><h1>a</h1>",
    "two ends": "<html><body></html><h1>a</h1></html>",
    "more after the end": "<html></html><h1>a</h1>",
    "a table after the end": "<html></html ><TABLE></TABLE>",
    "text after the end": "<html><p>a</p></html>\n<p>b</p>",
    "an end in a comment": "<html><h1>a</h1><!-- </html> -->",
    "an end in a script": "<html><h1>a</h1><script>'</html>'</script>",
    "an end in a script, and one": "<html><h1>a</h1><script>'</html>'</script></html>",
    "an open comment": "<html><h1>a</h1><!-- b </html>",
    "a comment in a comment": "<html><!-- a <!-- b --></html>",
    "two comments": "<html><!-- a --><!-- b -->c</html>",
    "an open comment behind": "<html><!-- a -->c</html><!-- b",
    "XML": '<?xml version="1.0"?>\n<html><p>a</p></html>',
    "a head": "<head></head><p>a</p></html>",
    "a body": "<body><p>a</p></html>",
    "a part of a page": "<p>a</p>",
}

# --- the page -------------------------------------------------------------------------------------

LIST = "<h1>Census data releases</h1><h2>LTS Census data releases</h2>"
FACTS = (
    "Information|Value",
    "Census schema version|2.4.0",
    "Census build date|2025-11-08",
    "Dataset schema version|<a href='https://x/schema/7.0.0/schema.md'>7.0.0</a>",
    "Number of datasets|1,845",
)
COUNTS = ("Species|Total cells|Unique cells", "Homo sapiens|1,200|900", "Mus musculus|50|40")
BASE = rows(*FACTS) + rows(*COUNTS)


def facts(**changes: str) -> str:
    """The table of facts with other rows in their places; an empty one is left out."""
    lines = list(FACTS)
    for name, line in changes.items():
        lines[["head", "census", "built", "schema", "datasets"].index(name)] = line
    return rows(*filter(None, lines))


def entry(body: str = BASE, heading: str = "<h3>LTS 2025-11-08</h3>") -> str:
    return html(f"{LIST}{heading}{body}")


def beneath(more: str) -> str:
    return entry(BASE + more)


EMBEDDED = rows("Method|Homo sapiens|Mus musculus", "scVI|a|n/a", "NMF|-|b")
PAGES = {
    "as it is": entry(),
    "none": html(LIST),
    "another page": html("<h1>Frequently asked</h1>"),
    "no LTS": html("<h1>Census data releases</h1>"),
    "no title": html("<h1>LTS</h1>"),
    "named in its text": html(f"{LIST}<p>LTS: 2025-11-08 and LTS 2025-01-30</p>"),
    "transposed": entry(
        rows("|Total cells|Unique cells", "Homo sapiens|1|2")
        + rows("|Census build date|Number of datasets", "Value|2025-11-08|3")
    ),
    "no facts": entry(rows(*COUNTS)),
    "no counts": entry(rows(*FACTS)),
    "nothing": entry(""),
    "another build date": entry(facts(built="Build date|2025-11-01") + rows(*COUNTS)),
    "no build date": entry(facts(built="Census build date|soon") + rows(*COUNTS)),
    "another link": entry(
        facts(schema="Dataset schema|<a href='https://x/schema/6.0.0/s'>7.0.0</a>") + rows(*COUNTS)
    ),
    "a link that begins alike": entry(
        facts(schema="Dataset schema|<a href='https://x/schema/7.0.01/s'>7.0.0</a>") + rows(*COUNTS)
    ),
    "no link": entry(facts(schema="data set schema version:|v7.0.0-rc1") + rows(*COUNTS)),
    "no version": entry(facts(schema="Dataset schema|none", census="Census schema|7")),
    "half a count": entry(facts(datasets="Total number of datasets|18,45")),
    "a label that goes on": entry(facts(datasets="Number of datasets and more|5")),
    "without one fact": entry(facts(census="")),
    "facts twice": beneath(facts(datasets="Number of datasets|7")),
    "facts twice, the same": beneath(rows(*FACTS)),
    "a fact twice": beneath(rows("Number of datasets|7")),
    "a row of one cell": beneath(rows("Number of datasets")),
    "counts twice": beneath(rows("Species|Total cells", "Homo sapiens|7", "Macaca mulatta|8")),
    "a count that is none": entry(rows(*FACTS) + rows("Species|Total cells|Unique", "Homo|x|2")),
    "a blank count": entry(rows(*FACTS, "") + rows("Species|Total cells|", "Homo sapiens|-|7")),
    "an unknown table": beneath(rows("Colour|Number", "red|1")),
    "categories": beneath(rows("Category|Number", "a|1")),
    "donors": beneath(rows("a|Number of donors", "b|1")),
    "cell types": beneath(rows("Cell type|Homo sapiens", "neuron|7")),
    "cell metadata": beneath("<h4>Cell metadata</h4>" + rows("Colour|Number", "red|1")),
    "errata": beneath("<h4>Errata</h4>" + rows("Number of datasets|7") + rows("Colour", "red")),
    "embeddings": beneath(EMBEDDED),
    "embeddings of genes": beneath(f"<h4>Feature embeddings</h4>{EMBEDDED}"),
    "embeddings of both": beneath(f"<h4>Gene models</h4><h5>Cell embeddings</h5>{EMBEDDED}"),
    "embeddings, misspelt": beneath("<h4>Emmbeding</h4>" + rows("Colour|Homo sapiens", "red|a")),
    "embeddings, transposed": beneath(
        rows("Method|scVI|NMF", "Homo sapiens|a|", "Mus musculus|n/a|b")
    ),
    "embeddings twice": beneath(EMBEDDED + EMBEDDED),
    "embeddings of another heading": beneath(
        f"<h4>Gene embeddings</h4>{EMBEDDED}<h4>Others</h4>{EMBEDDED}"
    ),
    "an empty row": beneath(rows("Model|Homo sapiens|", "|", "x|y|z")),
    "opened by another": beneath('<p>open(census_version = "2025-01-30")</p>'),
    "opened by itself": beneath('<p>open(census_version="2025-11-08")</p>'),
    "named but not listed": beneath("<p>LTS 2024-07-01 and LTS 2023-12-15</p>"),
    "two": html(f"{LIST}<h3>LTS 2025-11-08</h3>{BASE}<h3>LTS 2025-01-30</h3>{rows(*FACTS)}"),
    "twice, the same": html(LIST + f"<h3>LTS 2025-11-08</h3>{BASE}" * 2),
    "twice, otherwise": html(
        f"{LIST}<h3>LTS 2025-11-08</h3>{BASE}<h3>LTS 2025-11-08</h3>{rows(*COUNTS)}"
    ),
    "in a menu first": html(f"<h3>LTS 2025-11-08</h3>{LIST}<h3>LTS 2025-11-08</h3>{BASE}"),
    "a deeper one": html(
        f"{LIST}<h3>LTS 2025-11-08</h3>{BASE}<h4>LTS 2025-01-30</h4><p>x</p><h2>End</h2>"
        f"<h5>LTS 2024-07-01</h5>{BASE}"
    ),
    "all of one level": html(
        f"{LIST}<h2>LTS 2025-11-08</h2><h2>Facts</h2>{BASE}<h2>LTS 2025-01-30</h2>{BASE}"
        f"<h1>End</h1>{rows('Colour', 'red')}"
    ),
    "beside it": html(
        f"{LIST}<h3>LTS 2025-11-08</h3><h4>Facts</h4>{BASE}<h3>End</h3>{rows('Colour', 'red')}"
    ),
    "facts of nobody": html(f"{LIST}<h3>LTS 2025-11-08</h3>{BASE}<h2>{'x' * 70}</h2>{BASE}"),
    "a fact of nobody": html(
        f"{LIST}<h3>LTS 2025-11-08</h3>{BASE}<h2>x</h2>{rows('Number of datasets|7')}"
    ),
    "no readable one": html(f"{LIST}<h3>LTS 2025-11-08</h3><h3>LTS 2025-01-30</h3>x"),
    "an open table": html(f"{LIST}<table><tr><td><h3>LTS 2025-11-08</h3></td></tr></table>"),
    "an open heading": html(f"{LIST}<h2>x<h3>LTS 2025-11-08 {'x' * 70}</h3></h2>"),
}
HEADINGS = (
    "LTS 2025-11-08 (retracted)",
    "Long-term supported release 2025-11-08",
    "Census 2025-11-08",
    "LTS: 2025-11-08",
    "What LTS 2025-11-08 means",
    "- LTS 2025-11-08, with more",
    "LTS 2025-11-08 and 2025-01-30",
    "LTS 2025-11-8",
    "LTS 2025-13-08",
    "LTS 2025-11-080",
    "LTS 12025-11-08",
    "LTSX 2025-11-08",
)


def told(parse: Callable[[str], Any], text: str) -> str:
    try:
        return str(parse(text))
    except (PageError, DirectoryError) as error:
        return f"{type(error).__name__}: {error}"


def page(text: str) -> str:
    """Each release and each warning a line."""
    found = page_to_json(parse_page(text))
    return "\n".join([*(json.dumps(one) for one in found["releases"]), *found["warnings"]])


# --- the directory --------------------------------------------------------------------------------

PLACE = {"uri": "s3://b/soma/", "s3_region": "us-west-2"}
WEEKLY = {"release_build": "b", "soma": PLACE, "h5ads": {"uri": "s3://b/h5ads/"}}
ENTRY = {**WEEKLY, "flags": {"lts": True}}
HALF = "\ud800"
ENTRIES: dict[str, object] = {
    "as it is": WEEKLY,
    "nothing": {},
    "no entry": 3,
    "null": None,
    "LTS": {**ENTRY, "flags": {"lts": True, "do_not_delete": True}},
    "retracted": {**ENTRY, "flags": {"lts": True, "retracted": True}},
    "retracted for a reason": {
        **ENTRY,
        "retraction": {"date": "d", "reason": "r", "info_url": "u", "replaced_by": "v"},
    },
    "retracted with a permalink": {**ENTRY, "retraction": {"info_permalink": "p", "info_url": ""}},
    "null flags": {**ENTRY, "flags": None, "retraction": None},
    "flags of text": {**ENTRY, "flags": "lts"},
    "a flag of a number": {**ENTRY, "flags": {"lts": 1}},
    "no build": {**ENTRY, "release_build": ""},
    "no soma": {**ENTRY, "soma": None},
    "a soma of text": {**ENTRY, "soma": "s3://x"},
    "no address": {**ENTRY, "soma": {}},
    "no region": {**ENTRY, "soma": {"uri": "x"}},
    "a region of numbers": {**ENTRY, "soma": {**PLACE, "s3_region": 1}},
    "half a character": {**ENTRY, "h5ads": {"uri": f"s3://{HALF}"}},
    "half a character at the end": {**ENTRY, "h5ads": {"uri": "\udfff"}},
    "whole characters": {**ENTRY, "h5ads": {"uri": "\ud7ff\ue000"}},
    "a reason of numbers": {**ENTRY, "retraction": {"reason": 1}},
}
DIRECTORIES = {
    "no JSON": "{",
    "too deep": "[" * 100_000,
    "a list": "[]",
    "nothing": "{}",
    "aliases alone": '{"a": "b", "b": "a"}',
    "a weekly build that can't be read": json.dumps({"w": {**WEEKLY, "soma": {}}, "x": ENTRY}),
    "an alias of what can't be read": json.dumps({"a": "w", "w": {}, "x": ENTRY}),
    "an alias of itself": json.dumps({"a": "a", "x": ENTRY}),
    "an alias of an alias": json.dumps({"a": "b", "b": "x", "x": ENTRY}),
    "an alias of nothing": json.dumps({"a": "b", "b": "c", "x": ENTRY}),
}


def ascii_only(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


TEXTS = {
    **{f"outline: {name}": read(html(text)) for name, text in PARTS.items()},
    **{f"outline: as wide as {n}": width(n) for n in (49, 50, 51, 9999, 10000)},
    **{f"page as such: {name}": read(text) for name, text in WHOLES.items()},
    **{f"page: {name}": told(page, text) for name, text in PAGES.items()},
    **{f"heading: {text}": told(page, entry(BASE, f"<h3>{text}</h3>")) for text in HEADINGS},
    **{
        f"directory: {name}": ascii_only(told(parse_directory, json.dumps({"x": fields})))
        for name, fields in ENTRIES.items()
    },
    **{f"directory: {name}": told(parse_directory, text) for name, text in DIRECTORIES.items()},
}

"""Release pages, a release directory and schema documents, small and made up."""

import json
from collections.abc import Iterable

PAGE = "https://census.test/releases.html"
SOURCE = "https://census.test/releases.md"
DIRECTORY = "https://census.test/release.json"
TEMPLATE = "https://schemas.test/{version}/schema.md"


Rows = list[tuple[str, ...]]


def entry(version: str, **told: str) -> str:
    """One release's section of the release page; `told` is as for `tables`."""
    rows = ("".join(map(_html, table)) for table in tables(version, **told))
    return f"<h3>LTS {version}</h3>" + "".join(f"<table>{table}</table>" for table in rows)


def tables(
    version: str,
    *,
    schema: str = "7.0.0",
    census: str = "2.4.0",
    datasets: str = "12",
    cells: str = "900",
    embedding: str = "",
) -> list[Rows]:
    """The tables of a release's section."""
    facts: Rows = [
        ("Census schema version", census),
        ("Census build date", version),
        ("Dataset schema version", schema),
        ("Number of datasets", datasets),
    ]
    counts: Rows = [("Type", "Homo sapiens"), ("Total cells", cells), ("Unique cells", "800")]
    embeddings: Rows = [("Method", "Homo sapiens"), ("scVI", embedding)]
    return [facts, counts, embeddings] if embedding else [facts, counts]


def _html(row: tuple[str, ...]) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"


def source(versions: Iterable[str], **told: str) -> str:
    """The page's Markdown source."""
    lines = ["# Census data releases", "", "## List of LTS Census data releases", ""]
    for version in versions:
        lines += [f"### LTS {version}", ""]
        for facts, *rows in tables(version, **told):
            lines += [_markdown(facts), "|---|---|", *map(_markdown, rows), ""]
    return "\n".join(lines)


def _markdown(row: tuple[str, ...]) -> str:
    return f"| {' | '.join(row)} |"


def page(*entries: str) -> str:
    """A whole release page."""
    return (
        "<!doctype html><html><body><h1>Census data releases</h1>"
        "<h2>List of LTS Census data releases</h2>" + "".join(entries) + "</body></html>\n"
    )


def directory(versions: Iterable[str], bucket: str = "census", **retracted: str) -> str:
    """A release directory; `retracted` gives reasons, with `_` for `-` and `v` before a version."""
    reasons = {name[1:].replace("_", "-"): why for name, why in retracted.items()}
    return json.dumps({v: _hosted(v, bucket, reasons.get(v)) for v in versions})


def _hosted(version: str, bucket: str, retracted: str | None) -> dict[str, object]:
    base = f"s3://{bucket}/cell-census/{version}"
    hosted: dict[str, object] = {
        "release_build": version,
        "soma": {"uri": f"{base}/soma/", "s3_region": "us-west-2"},
        "h5ads": {"uri": f"{base}/h5ads/", "s3_region": "us-west-2"},
        "flags": {"lts": True, "retracted": retracted is not None},
    }
    if retracted is not None:
        hosted["retraction"] = {"date": "2026-02-03", "reason": retracted}
    return hosted


def document(version: str, *, cl: str = "2025-04-10", fields: Iterable[str] = ()) -> str:
    """A dataset schema document with two fields, and those named besides."""
    named = "\n\n".join(_field(name) for name in ("donor_id", "cell_type", *fields))
    return f"""# Schema

Version: {version}

## General Requirements

Reserved Names:

<table><thead><tr><th>Reserved Name</th><th>AnnData</th><th>Deprecated in</th></tr></thead>
<tbody><tr><td>ethnicity</td><td>obs</td><td>3.0.0</td></tr></tbody></table>

## Integration Metadata

### Required Ontologies

| Ontology | OBO Prefix | Release | Download |
|:--|:--|:--|:--|
| Cell Ontology | CL | [{cl}](https://x.test/{cl}) | [cl.owl](https://x.test/cl.owl) |

### Required Gene Annotations

| NCBITaxon | Source | Required version | Download |
|:--|:--|:--|:--|
| [NCBITaxon:9606]<br>Homo sapiens | ENSEMBL | [GRCh38.p14 Ensembl 114] | [x](https://x.test/g) |

## `obs` (Cell Metadata)

{named}

## `var` (Gene Metadata)

{_field("feature_name")}

## `uns` (Dataset Metadata)

### organism_ontology_term_id

<table><tbody>
<tr><th>Key</th><td>organism_ontology_term_id</td></tr>
<tr><th>Annotator</th><td>Curator MUST annotate.</td></tr>
<tr><th>Value</th><td><code>str</code>. This MUST be one of
<ul><li><code>"NCBITaxon:9606"</code> for <i>Homo sapiens</i></li></ul></td></tr>
</tbody></table>
"""


def _field(name: str) -> str:
    return (
        f"### {name}\n\n<table><tbody>\n<tr><th>Key</th><td>{name}</td></tr>\n"
        "<tr><th>Annotator</th><td>Curator MUST annotate.</td></tr>\n"
        "<tr><th>Value</th><td>categorical with <code>str</code> categories.</td></tr>\n"
        "</tbody></table>"
    )

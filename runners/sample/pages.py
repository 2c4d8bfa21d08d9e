"""The release page and the release directory of the sample, in the form of the real ones.

Counts are read back from the stores. The older entry has the transposed counts table that the
real page had before 2025-11-08.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

import pandas as pd
import tiledbsoma as soma

from runners.sample.datasets import Release

COLUMNS = (
    "assay",
    "cell_type",
    "development_stage",
    "disease",
    "self_reported_ethnicity",
    "sex",
    "suspension_type",
    "tissue",
    "tissue_general",
)


_GLYPH = "\uf0c1"
_CURATION = "https://github.com/chanzuckerberg/single-cell-curation/blob/main/schema"
_CENSUS = "https://github.com/chanzuckerberg/cellxgene-census/blob/main/docs"
_NUMBERED = ("id1", "cell-and-donor-counts", "id2")


@dataclass(frozen=True)
class Counts:
    """What a store says of itself; `cells` is organism -> (total, unique)."""

    datasets: int
    cells: Mapping[str, tuple[int, int]]
    values: Mapping[str, Mapping[str, int]]


def read_counts(soma_path: Path) -> Counts:
    """The counts in the store at `soma_path`."""
    with soma.open(str(soma_path)) as census:
        info, data = census["census_info"], census["census_data"]
        table = info["summary_cell_counts"].read().concat().to_pandas()
        names = info["organisms"].read().concat().to_pandas().set_index("organism_label")
        every = table[table["category"] == "all"].set_index("organism")
        every = every.sort_values("total_cell_count", ascending=False)
        values = {
            label: _distinct(data[name].obs.read(column_names=list(COLUMNS)).concat().to_pandas())
            for label, name in names["organism"].items()
        }
        return Counts(
            datasets=info["datasets"].read(column_names=["dataset_id"]).concat().num_rows,
            cells={
                label: (int(row["total_cell_count"]), int(row["unique_cell_count"]))
                for label, row in every.iterrows()
            },
            values=values,
        )


def _distinct(obs: pd.DataFrame) -> dict[str, int]:
    """How many values each column has; a value that joins several counts as each of them."""
    parts = {column: obs[column].astype(str).str.split(" || ", regex=False) for column in COLUMNS}
    return {column: values.explode().nunique() for column, values in parts.items()}


def release_page(counts: Mapping[Release, Counts]) -> str:
    """The page as HTML, newest release first."""
    newest_first = sorted(counts, key=lambda release: release.version, reverse=True)
    newest = newest_first[0]
    template = (resources.files(__package__) / "documents" / "release_info.html").read_text("utf-8")
    return Template(template).substitute(
        glyph=_GLYPH,
        edited=newest.version,
        sidebar="\n".join(_sidebar(release) for release in newest_first),
        releases="\n".join(
            _entry(release, counts[release], newest=release == newest) for release in newest_first
        ),
    )


def release_directory(roots: Mapping[Release, Path]) -> str:
    """release.json of releases, oldest first; addresses are folders below the release's root."""
    newest = [*roots][-1].version
    entries: dict[str, object] = {"stable": newest, "latest": newest}
    for release, root in roots.items():
        entries[release.version] = {
            "release_date": None,
            "release_build": release.version,
            "soma": _locator(root, release, "soma"),
            "h5ads": _locator(root, release, "h5ads"),
            "do_not_delete": True,
            "flags": {"lts": True},
        }
    return json.dumps(entries, indent=2) + "\n"


def _locator(root: Path, release: Release, kind: str) -> dict[str, str | None]:
    relative = f"/cell-census/{release.version}/{kind}/"
    return {"uri": f"{root}{relative}", "relative_uri": relative, "s3_region": None}


def _sidebar(release: Release) -> str:
    name = f"LTS {release.version}"
    link = f'<a class="reference internal" href="#{_anchor(name)}">{name}</a>'
    return f'<li class="toctree-l3">{link}</li>'


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _entry(release: Release, counts: Counts, *, newest: bool) -> str:
    title = f"LTS {release.version}"
    opened = "".join(
        f'<span class="pre">{part}</span> '
        for part in ("census_version", "=", f"&quot;{release.version}&quot;")
    ).rstrip()
    # Sphinx keeps ids made of titles for the newest section and numbers those of the others.
    ids = iter(["version-information", "cell-counts", "cell-metadata"] if newest else _NUMBERED)
    cells = _cells_by_row(counts) if newest else _cells_by_column(counts)
    return _section(
        _anchor(title),
        "h3",
        title,
        f'<p>Open this data release by specifying <code class="docutils literal notranslate">'
        f"{opened}</code> in future calls to <code>open_soma()</code>.</p>",
        _section(next(ids), "h4", "Version information", _versions(release, counts)),
        _section(next(ids), "h4", "Cell counts" if newest else "Cell and donor counts", cells),
        _section(next(ids), "h4", "Cell metadata", _metadata(counts)),
    )


def _section(anchor: str, level: str, title: str, *body: str) -> str:
    permalink = (
        f'<a class="headerlink" href="#{anchor}" title="Permalink to this heading">{_GLYPH}</a>'
    )
    heading = f"<{level}>{title}{permalink}</{level}>"
    return "\n".join([f'<section id="{anchor}">', heading, *body, "</section>"])


def _versions(release: Release, counts: Counts) -> str:
    census = _link(f"{_CENSUS}/cellxgene_census_schema.md", release.census_schema_version)
    version = release.dataset_schema_version
    rows = [
        ("Census schema version", census),
        ("Census build date", f"<strong>{release.version}</strong>"),
        ("Dataset schema version", _link(f"{_CURATION}/{version}/schema.md", version)),
        ("Number of datasets", f"<strong>{counts.datasets}</strong>"),
    ]
    return _table(("Information", "Value"), rows)


def _link(address: str, text: str) -> str:
    return f'<a class="reference external" href="{address}"><strong>{text}</strong></a>'


def _cells_by_row(counts: Counts) -> str:
    rows = [(_italic(label), *map(_thousands, cells)) for label, cells in counts.cells.items()]
    return _table(("Species", "Total cells", "Unique cells"), rows)


def _cells_by_column(counts: Counts) -> str:
    totals, uniques = zip(*counts.cells.values(), strict=True)
    rows = [
        ("Total cells", *map(_thousands, totals)),
        ("Unique cells", *map(_thousands, uniques)),
    ]
    return _table(("Type", *map(_italic, counts.cells)), rows)


def _metadata(counts: Counts) -> str:
    rows = [
        (_words(column), *(str(values[column]) for values in counts.values.values()))
        for column in COLUMNS
    ]
    return _table(("Category", *map(_italic, counts.values)), rows)


def _words(column: str) -> str:
    return column.replace("self_reported", "self-reported").replace("_", " ").capitalize()


def _italic(label: str) -> str:
    return f"<em>{label}</em>"


def _thousands(count: int) -> str:
    return f"{count:,}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [_row(head, "odd", lambda cell: f'<th class="head"><p>{cell}</p></th>')]
    for number, row in enumerate(rows):
        parity = "odd" if number % 2 else "even"
        lines.append(_row(row, parity, lambda cell: f"<td><p>{cell}</p></td>"))
    return "\n".join(
        [
            '<table class="docutils align-default">',
            "<thead>",
            lines[0],
            "</thead>",
            "<tbody>",
            *lines[1:],
            "</tbody>",
            "</table>",
        ]
    )


def _row(cells: Sequence[str], parity: str, cell: Callable[[str], str]) -> str:
    return f'<tr class="row-{parity}">' + "\n".join(map(cell, cells)) + "</tr>"

"""The rows of a release by their natural keys, in statements that SQLite and PostgreSQL take."""

import sqlite3
from contextlib import closing
from typing import Any

from instances import Place

ARTIFACTS = """
    select key, description, n_observations, otype, hash, is_latest, branch_id
    from lamindb_artifact where key like 'cell-census/%' and version_tag = :release"""

COLLECTIONS = """
    select coalesce(c.reference, c.key), c.is_latest, c.branch_id, c.hash, a.key
    from lamindb_collection as c
    join lamindb_collectionartifact as link on link.collection_id = c.id
    join lamindb_artifact as a on a.id = link.artifact_id
    where c.version_tag = :release and (c.reference is not null or c.key = 'cellxgene-census')"""

LINKS = """
    select a.key, f.name, f.type_id, f.branch_id, t.{key}, t.branch_id
    from {link} as link
    join lamindb_artifact as a on a.id = link.artifact_id
    join lamindb_feature as f on f.id = link.feature_id
    join {terms} as t on t.id = link.{column}
    where a.version_tag = :release"""

TERMS = {
    **{
        f"bionty_artifact{name}": (f"bionty_{name}", f"{name}_id", "ontology_id")
        for name in (
            "organism", "tissue", "celltype", "disease", "cellline", "phenotype",
            "experimentalfactor", "developmentalstage", "ethnicity",
        )
    },
    "bionty_artifactgene": ("bionty_gene", "gene_id", "ensembl_gene_id"),
    "lamindb_artifactulabel": ("lamindb_ulabel", "ulabel_id", "name"),
}  # fmt: skip
"""Table of links -> table of terms, column of the term, and the term's key."""

STATEMENTS = (
    ARTIFACTS,
    COLLECTIONS,
    *(
        LINKS.format(link=link, terms=terms, column=column, key=key)
        for link, (terms, column, key) in TERMS.items()
    ),
)


def own_rows(place: Place, release: str) -> dict[str, list[tuple[Any, ...]]]:
    """Statement -> the release's rows, in a place on SQLite."""
    with closing(sqlite3.connect(place.database)) as connection:
        return read(connection.cursor(), release)


def read(cursor: Any, release: str, parameter: str = "?") -> dict[str, list[tuple[Any, ...]]]:
    """As `own_rows`, by a cursor of any database, whose statements take a parameter so."""
    found = {}
    for statement in STATEMENTS:
        text = statement if parameter == "?" else statement.replace("%", "%%")
        cursor.execute(text.replace(":release", parameter), (release,))
        found[statement] = sorted(cursor.fetchall(), key=repr)
    return found

"""`python curate.py STORAGE RELEASE ORGANISM=H5AD...`: datasets by LaminDB's own curator.

Registers and annotates each file in the instance of this place, and prints why it refuses one.
"""

import sys
from pathlib import Path

from instances import INSTANCE, REFERENCE

from runners import rules
from runners.registry import connection
from runners.rules.reference import Reference

ORGANISMS = ("Homo sapiens", "Mus musculus", "Macaca mulatta")
"""Those of the newer release, as its manifest names them."""


def main(storage: str, release: str, *files: str) -> None:
    """Curates the files in order; prints a line for each that isn't valid."""
    connection.connect(INSTANCE)
    import anndata

    from runners.registry import artifacts
    from runners.registry.canary import curator

    curator.prepare(Reference(rules.load("7.0.0"), REFERENCE), ORGANISMS)
    artifacts.ensure_storage(artifacts.storage_root(storage), None)
    for file in files:
        organism, _, path = file.partition("=")
        title = anndata.read_h5ad(path, backed="r").uns["title"]
        if refusal := curator.curate(Path(path), release=release, title=title, organism=organism):
            print(f"{path}: {refusal}")  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])

"""`python lookups.py`: what bionty's public look-ups answer in the instance of this place, as JSON.

bionty's bucket of tables is played by a few made-up rows, in the tables of bionty's own sources and
in no others: whoever asks it for another version gets nothing, as of a version that isn't there.
Saves what LaminDB's example saves.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from instances import INSTANCE

from runners.registry import connection
from runners.registry.canary.differences import DEFAULT_ORGANISMS

GENES = {"human": "ENSG90000000001", "mouse": "ENSMUSG9000000001"}
TERMS = {
    "CellType": "CL:9000001",
    "DevelopmentalStage": "HsapDv:9000001",
    "Disease": "MONDO:9000001",
    "Ethnicity": "HANCESTRO:9000001",
    "ExperimentalFactor": "EFO:9000001",
    "Phenotype": "PATO:0000461",
    "Tissue": "UBERON:9000001",
}
"""An id that stands in the played table of bionty's own source of each registry."""


def main() -> None:
    """Prints a line of JSON: look-up -> its answer, or how it fails."""
    connection.connect(INSTANCE)
    import lamindb as ln
    from bionty.base import _public_ontology
    from bionty.base.entities import _gene, _organism

    ln.settings.creation.search_names = True  # as by default; else each call makes new Features

    for module in (_public_ontology, _gene, _organism):
        module.s3_bionty_assets = _played_bucket
    _public_ontology.url_download = _nothing_there
    answers = {name: _answer(ask) for name, ask in _lookups()}
    print(json.dumps(answers))  # noqa: T201


def _answer(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _lookups() -> Iterator[tuple[str, Callable[[], Any]]]:
    import bionty as bt

    for registry, term_id in TERMS.items():
        yield from _of_registry(getattr(bt, registry), term_id)
    for organism, gene_id in GENES.items():
        yield from _of_genes(organism, gene_id)
    yield "Organism.public", lambda: _told(bt.Organism.public())
    for name in ("pato", "ncbitaxon", "uberon", "hsapdv"):
        yield f"Source.get {name}", partial(_current_version, name)
    yield "the cellxgene example", _cellxgene_example
    yield "current", _current


def _of_registry(registry: Any, term_id: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    name, ids = registry.__name__, [term_id]
    yield f"{name}.public", lambda: _told(registry.public())
    yield f"{name}.from_values", lambda: _rows(registry.from_values(ids, "ontology_id"))
    yield f"{name}.from_source", lambda: _rows([registry.from_source(ontology_id=term_id)])
    yield f"{name}.standardize", lambda: registry.standardize([f"a synonym of {term_id}"])
    yield f"{name}.inspect", lambda: registry.inspect(ids, "ontology_id").non_validated


def _of_genes(organism: str, gene_id: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    import bionty as bt

    field, ids = bt.Gene.ensembl_gene_id, [gene_id, "ENSG1"]
    asked = {"organism": organism, "mute": True}
    yield f"Gene.public {organism}", lambda: _told(bt.Gene.public(organism=organism))
    yield f"Gene.from_values {organism}", lambda: _rows(bt.Gene.from_values(ids, field, **asked))
    yield f"Gene.inspect {organism}", lambda: bt.Gene.inspect(ids, field, **asked).non_validated


def _current_version(name: str) -> str:
    import bionty as bt

    return str(bt.Source.get(name=name, currently_used=True).version)


def _cellxgene_example() -> list[Any]:
    import bionty as bt
    import lamindb as ln
    from lamindb.examples.cellxgene import create_cellxgene_schema, save_cellxgene_defaults

    save_cellxgene_defaults()
    schemas = [create_cellxgene_schema(organism=organism) for organism in GENES]
    taxa = bt.Organism.filter(ontology_id__in=DEFAULT_ORGANISMS).values_list(
        "ontology_id", flat=True
    )
    feature = ln.Feature.get(name="development_stage_ontology_term_id")
    return [sorted(taxa), [schema.name for schema in schemas], feature._dtype_str]


def _current() -> list[list[str]]:
    import bionty as bt

    sources = bt.Source.filter(currently_used=True)
    return sorted(map(list, sources.values_list("entity", "organism", "uid")))


def _told(public: Any) -> list[Any]:
    ids = sorted(map(str, public.to_dataframe().index))
    return [public.organism, public.source, public.version, ids]


def _rows(records: Any) -> list[list[str | None]]:
    return [[record.uid, record.source and record.source.version] for record in records]


def _played_bucket(filename: str, localpath: Path, **options: Any) -> Path:
    from bionty.base import display_sources

    _, name, version, entity = filename.removesuffix(".parquet").split("__")
    own = display_sources().reset_index()
    is_own = bool(((own["name"] == name) & (own["version"] == version)).any())
    if is_own and filename.endswith(".parquet"):
        localpath.parent.mkdir(parents=True, exist_ok=True)
        _table(entity, filename).to_parquet(localpath)
    return localpath


def _table(entity: str, filename: str) -> pd.DataFrame:
    if entity == "Organism":
        rows = [(taxon, *names) for taxon, names in DEFAULT_ORGANISMS.items()]
        return pd.DataFrame(rows, columns=["ontology_id", "name", "scientific_name"])
    if entity == "Gene":
        ids = [gene for organism, gene in GENES.items() if f"_{organism}__" in filename]
        columns = ("ensembl_gene_id", "symbol", "biotype", "ncbi_gene_id")
        return pd.DataFrame(dict.fromkeys(columns, ids))
    term_id = TERMS[entity]
    row = (term_id, f"name of {term_id}", None, f"a synonym of {term_id}", list[str]())
    return pd.DataFrame([row], columns=["ontology_id", "name", "definition", "synonyms", "parents"])


def _nothing_there(url: str, *_: Any, **__: Any) -> None:
    raise FileNotFoundError(url)


if __name__ == "__main__":
    main()

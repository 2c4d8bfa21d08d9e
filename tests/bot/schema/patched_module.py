"""`python patched_module.py MODULE FOLDER`: a patched module at work in a LaminDB of its own.

Saves the defaults and makes every schema, then prints as JSON what the instance holds. LaminDB
allows one instance in a process, so this is a process. Its sources are a few made-up rows: it is
the module that is tried, not an ontology.
"""

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from runners.registry import connection

TAXA = ("9606", "10090", "9544", "9825", "9823", "9598", "9483", "7955")


def main(module: str, folder: str) -> None:
    slug = connection.create("patched", Path(folder))
    connection.connect(slug)
    import bionty as bt
    import lamindb as ln

    source(bt.Phenotype, "pato", "all", ["PATO:0000461"])
    source(bt.Organism, "ncbitaxon", "all", [f"NCBITaxon:{one}" for one in TAXA])
    source(bt.DevelopmentalStage, "hsapdv", "human", ["HsapDv:0000001"])
    taxonomy = bt.Source.get(name="ncbitaxon", currently_used=True)
    bt.Organism.from_source(name="human", source=taxonomy).save()
    source(bt.Gene, "ensembl", "human", ["ENSG00000000001"])
    patched = imported(module)
    patched.save_cellxgene_defaults()
    kinds: list[Any] = ["ontology_id", "name", ["name", "ontology_id"]]
    schemas = {
        str(kind): patched.create_cellxgene_schema(field_types=kind, spatial_library_id="library")
        for kind in kinds
    }
    obs = {kind: names(schema.slots["obs"]) for kind, schema in schemas.items()}
    features = {one.name: one._dtype_str for one in ln.Feature.filter()}
    models = (bt.CellType, bt.DevelopmentalStage, bt.Ethnicity, bt.Phenotype)
    special = {model.__name__: sorted(model.filter().to_list("name")) for model in models}
    taxa = sorted(bt.Organism.filter().to_list("ontology_id"))
    optional = schemas["ontology_id"].slots["obs"].optionals.get().to_list("name")
    told = {"obs": obs, "features": features, "special": special, "taxa": taxa}
    told["optional"] = optional
    print("\n" + json.dumps(told))  # noqa: T201


def names(schema: Any) -> list[str]:
    return [member.name for member in schema.members]


def source(registry: Any, name: str, organism: str, ids: list[str]) -> None:
    """A current source with a row for each id."""
    import bionty as bt
    import pandas as pd

    index = "ensembl_gene_id" if registry is bt.Gene else "ontology_id"
    entity = f"bionty.{registry.__name__}"
    bt.Source.filter(entity=entity, organism=organism).update(currently_used=False)
    # bionty looks an organism up by name before it takes genes of it
    names = ["human" if one == "NCBITaxon:9606" else one for one in ids]
    table = pd.DataFrame({index: ids, "name": names, "scientific_name": names})
    table["parents"] = [[] for _ in ids]
    key = bt.Source(entity=entity, name=name, version="test", organism=organism)
    added = registry.add_source(key, df=table.set_index(index))
    added.currently_used = True
    added.save()


def imported(path: str) -> Any:
    spec = spec_from_file_location("patched_cellxgene", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(*sys.argv[1:])

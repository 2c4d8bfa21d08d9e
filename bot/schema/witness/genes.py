"""CZI's `gene_info.yml`: which gene annotation each organism's table was made from.

Must not judge who is right.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from bot.schema.spec import GeneReference, Spec
from bot.schema.witness.model import FORMLESS, WitnessError, agree

FILE = re.compile(r"/[A-Za-z]+_[A-Za-z_]*?(?:_\d)?\.([^/]+?)\.(\d+)\.gtf\.gz$")
ENSEMBL = re.compile(r"\bEnsembl (\d+)", re.I)


def compare_genes(spec: Spec, text: str) -> tuple[str, ...]:
    """Where a table's annotation differs. Raises WitnessError if the text is no such list."""
    try:
        told = {str(one["description"]): one for one in yaml.safe_load(text).values()}
        return _compared(spec, told)
    except (yaml.YAMLError, *FORMLESS) as error:
        raise WitnessError(f"isn't a list of gene annotations ({type(error).__name__})") from error


def _compared(spec: Spec, told: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(
        f"{gene.organism}: the document pins {' '.join(gene.version.split())} "
        f"(line {gene.line}), it has {says}"
        for gene in spec.gene_references
        for name, one in told.items()
        if _is_of(name, gene)
        for says in _otherwise(gene, str(one.get("version") or ""), str(one.get("url") or ""))
    )


def _is_of(name: str, gene: GeneReference) -> bool:
    """Whether `homo_sapiens` is the organism; a third word is a subspecies."""
    own = re.sub(r"\W+", "_", gene.organism.lower())
    return own == name or own.startswith(f"{name}_")


def _otherwise(gene: GeneReference, version: str, url: str) -> Iterator[str]:
    if version:
        if not agree(f"v{version}", gene.version):
            yield f"GENCODE {version}"
        return
    found = FILE.search(url)
    if found is None:
        return
    assembly, release = found.groups()
    stated = ENSEMBL.search(gene.version)
    if not agree(assembly, gene.version) or (stated and stated[1] != release):
        yield f"{assembly}, Ensembl {release}"

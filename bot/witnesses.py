"""The sources beside a schema document, fetched and heard: what each says otherwise.

Fetches through the Pages port only. None of them may keep a release back: one that is out of reach,
or isn't what it should be, says why.
"""

from collections.abc import Callable, Mapping

from bot.errors import BotError
from bot.model.ports import Pages
from bot.schema.spec import Spec
from bot.schema.witnesses import (
    Witness,
    WitnessError,
    compare_definition,
    compare_genes,
    compare_pins,
)

KNOWN: Mapping[str, Callable[[Spec, str], tuple[str, ...]]] = {
    "schema_definition": compare_definition,
    "ontology_guide": compare_pins,
    "gene_info": compare_genes,
}


def hear(spec: Spec, pages: Pages, addresses: Mapping[str, str]) -> tuple[Witness, ...]:
    """What each source says of the document; `{version}` in an address is the document's."""
    return tuple(
        _hear(name, address.replace("{version}", spec.version), spec, pages)
        for name, address in addresses.items()
    )


def _hear(name: str, address: str, spec: Spec, pages: Pages) -> Witness:
    try:
        return Witness(name, address, KNOWN[name](spec, pages.get(address).text()))
    except (BotError, WitnessError) as error:
        return Witness(name, address, problem=str(error).removeprefix(f"{address}: "))

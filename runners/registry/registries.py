"""LaminDB's registries by the names that rules have for them: class, key and links to artifacts.

The keys come from the classes themselves. Must not write.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import lamindb as ln
from django.apps import apps

from runners.contract import ContractError
from runners.contract.rules import LABELS
from runners.rules.consistency import package_of

WITH_TERMS = ("bionty", "pertdb")
"""The modules whose registries hold terms."""


def model(registry: str) -> Any:
    """The class of a registry.

    Raises:
        ContractError: the instance hasn't got the module.
    """
    package, name = package_of(registry)
    if registry == LABELS:
        return ln.ULabel
    if not apps.is_installed(package) and package not in apps.app_configs:
        raise ContractError(
            f"instance: has no module {package}, and the rules put terms into {registry}; add the "
            "module to the instance, or answer the rules' judgement on it with labels."
        )
    return apps.get_model(package, name)


@cache
def key(registry: str) -> str:
    """The field that a registry's records are found by: the ontology's id, of a label its name."""
    return "name" if registry == LABELS else str(model(registry)._ontology_id_field)


def stored_id(registry: str, term_id: str) -> str:
    """The id as the registry has it: bionty keeps a protein's without its prefix."""
    return term_id.partition(":")[2] if key(registry) == "uniprotkb_id" else term_id


def links(registry: str) -> tuple[Any, str]:
    """The table that links artifacts to a registry's records, and its column of the record."""
    through = model(registry).artifacts.through
    target = next(f for f in through._meta.fields if f.related_model is model(registry))
    return through, target.name


def fitted(model: Any, field: str, text: str, end: str = "") -> str:
    """The text and its end as a field of a model can hold them, else with less of the text:
    PostgreSQL refuses a longer one, and SQLite doesn't.
    """
    room = model._meta.get_field(field).max_length - len(end)
    return f"{text if len(text) <= room else f'{text[: room - 1]}…'}{end}"


@cache
def of_terms() -> tuple[str, ...]:
    """Every registry of the instance with terms that artifacts can be linked to by a feature; genes
    aside, which have no feature of the rules.
    """
    return tuple(sorted([LABELS, *_of_modules()]))


def _of_modules() -> Iterator[str]:
    for package in WITH_TERMS:
        if package in apps.app_configs:
            for each in apps.get_app_config(package).get_models():
                if _has_terms(each) and each.__name__ != "Gene":
                    yield each.__name__ if package == "bionty" else f"{package}.{each.__name__}"


def _has_terms(model: Any) -> bool:
    if not hasattr(model, "_ontology_id_field") or not hasattr(model, "artifacts"):
        return False
    names = {field.name for field in model.artifacts.through._meta.fields}
    return {"artifact", "feature"} <= names

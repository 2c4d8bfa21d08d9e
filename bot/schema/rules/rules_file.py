"""Rules -> the text of their file in `runners/rules/`. What is as usual isn't written."""

import json
from collections.abc import Mapping
from typing import Any

from runners.contract.rules import Rules, Terms

Json = dict[str, Any]


def to_json(rules: Rules) -> Json:
    """The rules as JSON values: every part, and in the parts what isn't as usual."""
    unusual = rules.model_dump(mode="json", exclude_defaults=True)
    return {name: unusual.get(name, whole) for name, whole in rules.model_dump(mode="json").items()}


def to_text(rules: Rules) -> str:
    """The rules as the text of their file."""
    return json.dumps(to_json(rules), indent=1, ensure_ascii=False) + "\n"


def terms_to_json(terms: Mapping[str, tuple[Terms, ...]]) -> Json:
    """Allowed terms by taxon as JSON values, as they stand in the file."""
    return {
        taxon: [entry.model_dump(mode="json", exclude_defaults=True) for entry in entries]
        for taxon, entries in terms.items()
    }

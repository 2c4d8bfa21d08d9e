"""A Spec's pinned ontologies as the manifest states them: prefix -> version.

Must not know where an ontology of that version is to be had.
"""

import re
from collections.abc import Mapping

from bot.schema.spec import Spec

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def pins(spec: Spec) -> Mapping[str, str]:
    """Each prefix with its pinned version, in the document's order."""
    return {pin.prefix: normalised(pin.version) for pin in spec.ontologies}


def normalised(version: str) -> str:
    """The release's date where it has one ("2025-09-15 EFO 3.82.0"), else its number ("53.0")."""
    date = DATE.search(version)
    return date[0] if date else version.strip("`() ").removeprefix("v")

"""The ontology guide's `ontology_info.json`: which release of each ontology a version is pinned to.

Must not judge who is right.
"""

import json
from collections.abc import Iterator, Mapping

from bot.schema.spec import Spec
from bot.schema.witness.model import FORMLESS, WitnessError, agree


def compare_pins(spec: Spec, text: str) -> tuple[str, ...]:
    """Where the guide pins otherwise. Raises WitnessError if it doesn't know this version."""
    pins = _pins(spec.version, text)
    guide = {prefix.lower(): pin for prefix, pin in pins.items()}
    own = {pin.prefix.lower(): pin for pin in spec.ontologies}
    differs = [
        f"{pin.prefix}: the document pins {pin.version} (line {pin.line}), it has {guide[prefix]}"
        for prefix, pin in own.items()
        if prefix in guide and not agree(pin.version, guide[prefix])
    ]
    missing = [f"{pin.prefix}: it doesn't have it" for p, pin in own.items() if p not in guide]
    more = [
        f"{prefix} {pin}: the document doesn't pin it"
        for prefix, pin in pins.items()
        if prefix.lower() not in own
    ]
    return (*differs, *missing, *more)


def _pins(version: str, text: str) -> Mapping[str, str]:
    try:
        known = dict(json.loads(text))
        if version in known:
            return dict(_each(known[version]["ontologies"]))
    except FORMLESS as error:
        name = type(error).__name__
        raise WitnessError(f"isn't an ontology guide's list of pins ({name})") from error
    raise WitnessError(f"knows {', '.join(map(str, known)) or 'no version'}, not {version}")


def _each(ontologies: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, str]]:
    for prefix, told in ontologies.items():
        more = told.get("additional_ontologies") or []
        for one in (prefix, *more):  # type: ignore[misc]
            yield str(one), str(told["version"])

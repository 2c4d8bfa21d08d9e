"""Sources beside a schema document, and what each says otherwise; who is right isn't judged here.

The ontology guide's `ontology_info.json` has pins, CZI's `gene_info.yml` gene annotations, and the
validator's `schema_definition.yaml` values and delimiters, of which only what it lists outright is
compared.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from bot.schema.field_values import LITERAL, Kind, allowed_values, cardinality, forbidden
from bot.schema.spec import Field, GeneReference, Spec

# What reading a value of an unknown form can raise; a list may hold itself.
FORMLESS = (TypeError, KeyError, AttributeError, ValueError, RecursionError)
FILE = re.compile(r"/[A-Za-z]+_[A-Za-z_]*?(?:_\d)?\.([^/]+?)\.(\d+)\.gtf\.gz$")
ENSEMBL = re.compile(r"\bEnsembl (\d+)", re.I)
TITLE = re.compile(r"\bversion (\d+\.\d+\.\d+)\b")
DATE = re.compile(r"(?<!\d)(\d{4})[-/._](\d\d)[-/._](\d\d)(?!\d)")
MONTH = re.compile(r"\d{4}-\d\d")
DELIMITER = re.compile(r"delimiter '(.*)'")


class WitnessError(ValueError):
    """The text isn't what the source should be; one clause, without its place."""


@dataclass(frozen=True, slots=True)
class Witness:
    """`says` is what it says otherwise than the document; `problem`, why it couldn't be heard."""

    name: str
    address: str
    says: tuple[str, ...] = ()
    problem: str | None = None


def agree(text: str, other: str) -> bool:
    """Whether two versions can be of the same release: the parts of one are among the other's."""
    few, many = sorted((_parts(text), _parts(other)), key=len)
    return bool(few) and all(any(_begins(one, other) for other in many) for one in few)


def _begins(one: str, other: str) -> bool:
    """Whether one part is the other, or its beginning: 6 of 6.0, and of a date no less than its
    month.
    """
    shorter, longer = sorted((one, other), key=len)
    ends = (".", "-") if MONTH.fullmatch(shorter) else (".",)
    return longer == shorter or longer.startswith(tuple(f"{shorter}{end}" for end in ends))


def _parts(version: str) -> set[str]:
    """`v2025-09-15 EFO 3.82.0` as its date, name and number, without the v that some write."""
    without_v = re.sub(r"(?<![0-9a-z])v(?=[0-9a-z]*\d)", "", version.lower())
    without_v = DATE.sub(r"\1-\2-\3", without_v)
    return set(re.findall(r"\d+(?:[.-]\d+)+(?![0-9a-z])|[0-9a-z]+", without_v))


def compare_pins(spec: Spec, text: str) -> tuple[str, ...]:
    """Where the guide pins otherwise. Raises WitnessError if it doesn't know this version."""
    pins = _pins(spec.version, text)
    guide = {prefix.lower(): pin for prefix, pin in pins.items()}
    document_pins = {pin.prefix.lower(): pin for pin in spec.ontologies}
    differs = [
        f"{pin.prefix}: the document pins {pin.version} (line {pin.line}), it has {guide[prefix]}"
        for prefix, pin in document_pins.items()
        if prefix in guide and not agree(pin.version, guide[prefix])
    ]
    missing = [
        f"{pin.prefix}: it doesn't have it" for p, pin in document_pins.items() if p not in guide
    ]
    more = [
        f"{prefix} {pin}: the document doesn't pin it"
        for prefix, pin in pins.items()
        if prefix.lower() not in document_pins
    ]
    return (*differs, *missing, *more)


def _pins(version: str, text: str) -> Mapping[str, str]:
    try:
        pins_by_version = dict(json.loads(text))
        if version in pins_by_version:
            return dict(_each(pins_by_version[version]["ontologies"]))
    except FORMLESS as error:
        name = type(error).__name__
        raise WitnessError(f"isn't an ontology guide's list of pins ({name})") from error
    raise WitnessError(
        f"knows {', '.join(map(str, pins_by_version)) or 'no version'}, not {version}"
    )


def _each(ontologies: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, str]]:
    for prefix, entry in ontologies.items():
        more = entry.get("additional_ontologies") or []
        for name in (prefix, *more):  # type: ignore[misc]
            yield str(name), str(entry["version"])


def compare_genes(spec: Spec, text: str) -> tuple[str, ...]:
    """Where a table's annotation differs. Raises WitnessError if the text is no such list."""
    try:
        by_description = {
            str(gene_info["description"]): gene_info for gene_info in yaml.safe_load(text).values()
        }
        return _compare_gene_references(spec, by_description)
    except (yaml.YAMLError, *FORMLESS) as error:
        raise WitnessError(f"isn't a list of gene annotations ({type(error).__name__})") from error


def _compare_gene_references(
    spec: Spec, gene_infos: Mapping[str, Mapping[str, Any]]
) -> tuple[str, ...]:
    return tuple(
        f"{gene.title}: the document pins {' '.join(gene.version.split())} "
        f"(line {gene.line}), it has {says}"
        for gene in spec.gene_references
        for name, gene_info in gene_infos.items()
        if _is_of(name, gene)
        for says in _otherwise(
            gene, str(gene_info.get("version") or ""), str(gene_info.get("url") or "")
        )
    )


def _is_of(name: str, gene: GeneReference) -> bool:
    """Whether `homo_sapiens` is the organism; a third word is a subspecies."""
    organism_name = re.sub(r"\W+", "_", gene.organism.lower())
    return organism_name == name or organism_name.startswith(f"{name}_")


def _otherwise(gene: GeneReference, version: str, url: str) -> Iterator[str]:
    if version:
        if not agree(f"v{version}", gene.version):
            yield f"GENCODE {version}"
        return
    match = FILE.search(url)
    if match is None:
        return
    assembly, release = match.groups()
    stated = ENSEMBL.search(gene.version)
    if not agree(assembly, gene.version) or (stated and stated[1] != release):
        yield f"{assembly}, Ensembl {release}"


def compare_definition(spec: Spec, text: str) -> tuple[str, ...]:
    """Where it takes otherwise. Raises WitnessError if it isn't this version's definition."""
    try:
        definition = yaml.safe_load(text)
        of = TITLE.search(str(definition["title"]))
        if of is None or of[1] == spec.version:
            return _compare_fields(spec, definition["components"])
    except (yaml.YAMLError, *FORMLESS) as error:
        raise WitnessError(f"isn't a schema definition ({type(error).__name__})") from error
    raise WitnessError(f"is of {of[1]}, not {spec.version}")


def _compare_fields(spec: Spec, definition: Mapping[str, Any]) -> tuple[str, ...]:
    components = {str(name): dict(_fields(component)) for name, component in definition.items()}
    return tuple(
        f"{field.component}.{field.name} (line {field.lines.first}): {says}"
        for field in spec.fields()
        if (stated_field := components.get(field.component, {}).get(field.name)) is not None
        for says in (*_values(field, stated_field), *_delimiters(field, stated_field))
    )


def _fields(component: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for part in ("columns", "keys"):
        yield from (component.get(part) or {}).items()


def _values(field: Field, stated: Mapping[str, Any]) -> Iterator[str]:
    """Compares the values that hold for the whole field; those of a condition are left alone."""
    listed = {str(value) for value in stated.get("enum") or ()}
    if not listed:
        return
    named = set(LITERAL.findall(field.value))
    values = (value for value in allowed_values(field) if not forbidden(value))
    allowed = {text for kind, text in values if kind is Kind.SPECIAL_VALUE}
    if more := sorted(listed - named):
        yield f"it takes {', '.join(more)}, which the document doesn't name"
    if fewer := sorted(allowed - listed):
        yield f"it doesn't take {', '.join(fewer)}"


def _delimiters(field: Field, definition: Mapping[str, Any]) -> Iterator[str]:
    listed = set(_values_under(definition, "delimiter"))
    stated = {match[1] for fact in cardinality(field) if (match := DELIMITER.fullmatch(fact))}
    if listed != stated:
        yield f"its delimiter is {_shown(listed)}, the document's {_shown(stated)}"


def _values_under(value: object, key: str) -> Iterator[str]:
    """Every value of that key, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from [str(inner)] if name == key else _values_under(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _values_under(inner, key)


def _shown(delimiters: set[str]) -> str:
    return ", ".join(f"'{delimiter}'" for delimiter in sorted(delimiters)) or "none"

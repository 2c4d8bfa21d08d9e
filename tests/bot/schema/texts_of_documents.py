"""What follows from our own schema documents, whole: fields, differences, impact, patch."""

import json
from collections.abc import Iterator
from typing import Any

from documents import OURS
from schema_documents import SMALL

from bot.schema.diff import diff
from bot.schema.diff_json import to_json
from bot.schema.document import parse_document
from bot.schema.field_summary import summary
from bot.schema.impact import impact, read_curator
from bot.schema.patch import patch_text
from bot.schema.spec import Spec

SPECS = {
    version: parse_document((OURS / "specs" / f"{version}.md").read_text(encoding="utf-8"))
    for version in ("1.0.0", "2.0.0", "2.1.0")
}
PAIRS = [("1.0.0", "2.0.0"), ("2.0.0", "1.0.0"), ("2.0.0", "2.1.0"), ("2.1.0", "2.1.0")]


def rows(report: dict[str, Any]) -> str:
    """A line for each entry of each category."""
    return "\n".join(_rows(report))


def _rows(report: dict[str, Any]) -> Iterator[str]:
    for category, value in report.items():
        if isinstance(value, list) and value:
            yield f"{category}:"
            yield from (f"- {json.dumps(one, ensure_ascii=False)}" for one in value)
        else:
            yield f"{category}: {json.dumps(value, ensure_ascii=False)}"


def asked(old: str, new: str, module: str | None) -> str:
    """What the changes ask of LaminDB, where its module is known or isn't."""
    before, after = SPECS[old], SPECS[new]
    curator = read_curator(module) if module else None
    return rows(impact(diff(before, after), before, after, curator).to_json())


def fields(spec: Spec) -> str:
    """What is known of each field."""
    return "\n".join(f"{one.component} {one.name}: {summary(one)}" for one in spec.fields())


UNKNOWN = ("2.0.0", "2.1.0")
TEXTS = {
    **{f"diff {a} {b}": rows(to_json(diff(SPECS[a], SPECS[b]))) for a, b in PAIRS},
    **{f"impact {a} {b}": asked(a, b, SMALL) for a, b in PAIRS},
    "impact on an unknown module": asked(*UNKNOWN, None),
    **{f"patch {a} {b}": patch_text(SMALL, SPECS[a], SPECS[b]) for a, b in PAIRS},
    **{f"fields {version}": fields(SPECS[version]) for version in ("1.0.0", "2.1.0")},
}

"""What is proposed for a new release, as files that a person reviews. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from bot.comments.schema_diff import render_diff, render_impact
from bot.detection import manifest_of, manifest_toml
from bot.model.effects import ProposeManifest
from bot.model.events import SchemaReading
from bot.model.facts import Facts
from bot.model.releases import NewRelease
from bot.schema.diff_json import to_json
from bot.schema.rules import to_text


def proposal(news: NewRelease, schema: SchemaReading, facts: Facts) -> ProposeManifest:
    """The manifest, and beside it what was compared, what follows from it, and rules if missing."""
    manifest = manifest_toml(manifest_of(news, schema))
    return ProposeManifest(news.release.version, manifest, _beside(schema, facts))


def _beside(schema: SchemaReading, facts: Facts) -> Mapping[str, str]:
    files: dict[str, str] = {}
    if schema.diff is not None:
        files["diff.json"] = _text(to_json(schema.diff, schema.witnesses))
        files["diff.md"] = render_diff(schema.diff, schema.witnesses)
    if schema.impact is not None:
        files["impact.json"] = _text(schema.impact.to_json())
        files["impact.md"] = render_impact(schema.impact)
    if schema.patch:
        files["lamindb.patch"] = schema.patch
    if schema.rules is not None and schema.new.version not in facts.rules:
        files[f"rules/{schema.new.version}.json"] = to_text(schema.rules)
    return files


def _text(told: Mapping[str, Any]) -> str:
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"

"""What a dataset must hold by one dataset schema version, and how it is annotated in LaminDB: one
reviewed JSON file per version.

Made by `bot rules` from CZI's documents
(https://github.com/chanzuckerberg/single-cell-curation/tree/main/schema), with the answers and
mended rules of persons, which are applied when it is read. Must not know how a dataset is read or
stored.
"""

from importlib import resources
from typing import Any

from runners.contract import ContractError, Decisions
from runners.contract.rules import Rules
from runners.rules.consistency import check_whole


def versions() -> tuple[str, ...]:
    """The dataset schema versions that have rules, in order."""
    files = (entry.name for entry in resources.files(__name__).iterdir())
    versions_found = (name.removesuffix(".json") for name in files if name.endswith(".json"))
    return tuple(sorted(versions_found, key=lambda version: tuple(map(int, version.split(".")))))


def load(version: str) -> Rules:
    """The rules of dataset schema `version`, with what persons have decided.

    Raises:
        ContractError: there are none for it, or as in `read`.
    """
    file = resources.files(__name__) / f"{version}.json"
    if not file.is_file():
        raise ContractError(
            f"runners/rules/{version}.json: no rules for dataset schema {version}; there are "
            f"{', '.join(versions())}. Merge the rules of that version first."
        )
    return read(file.read_text(encoding="utf-8"), source=f"runners/rules/{version}.json")


def read(text: str, *, source: str) -> Rules:
    """The rules in `text`, with what persons have decided.

    Raises:
        ContractError: a field is wrong, a judgement open, an answer none of the choices, or the
            rules don't hold together.
    """
    printed = Rules.from_json(text, source=source)
    decisions = Decisions.from_mapping(printed.model_dump(), source=source)
    _check_decided(decisions, source)
    values = printed.model_dump(mode="json")
    for path, value in decisions.changes():
        _set(values, path, value, source)
    for override in decisions.overrides:
        _set(values, override.path, override.value, source, must_be_there=override.value is None)
    rules = Rules.from_mapping(values, source=source)
    check_whole(rules, source)
    return rules


def _check_decided(decisions: Decisions, source: str) -> None:
    for problem in decisions.problems(source):
        raise ContractError(problem)
    open_judgements = decisions.unanswered()
    if open_judgements:
        first = open_judgements[0]
        more = f" ({len(open_judgements) - 1} more)" if open_judgements[1:] else ""
        offered = ", ".join(repr(choice.answer) for choice in first.choices)
        raise ContractError(
            f"{source}: judgement on {first.place} is open, "
            f"lines {first.lines[0]}-{first.lines[1]} of the schema document: "
            f"{first.text}{more}; set answers.{first.id} to one of {offered}."
        )


def _set(
    values: dict[str, Any], path: str, value: Any, source: str, *, must_be_there: bool = False
) -> None:
    """Sets or takes away what is at the path, whose parts stand between slashes."""
    *folders, name = path.split("/")
    place = values
    for folder in folders:
        if not isinstance(place.get(folder), dict):
            raise ContractError(
                f"{source}: the path {path!r} of an answer or override leads nowhere: there is no "
                f"{folder!r}; correct it to e.g. columns/tissue_type/values."
            )
        place = place[folder]
    if must_be_there and name not in place:
        raise ContractError(
            f"{source}: the path {path!r} of an override has nothing to take away: there is no "
            f"{name!r}; correct it to one of {', '.join(sorted(place))}."
        )
    if value is None:
        place.pop(name, None)
    else:
        place[name] = value

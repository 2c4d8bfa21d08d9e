"""The lines themselves, in short."""

from runners.contract import Health, PartHealth


def ok(part: str, sentence: str) -> PartHealth:
    """The part is as it should be."""
    return PartHealth(part=part, health=Health.OK, sentence=sentence)


def warning(part: str, sentence: str, remedy: str = "") -> PartHealth:
    """Releases go through all the same."""
    return PartHealth(part=part, health=Health.WARNING, sentence=sentence, remedy=remedy)


def missing(part: str, sentence: str, remedy: str = "") -> PartHealth:
    """Something that is needed isn't there."""
    return PartHealth(part=part, health=Health.MISSING, sentence=sentence, remedy=remedy)


def unknown(part: str, sentence: str, remedy: str = "") -> PartHealth:
    """It couldn't be looked at."""
    return PartHealth(part=part, health=Health.UNKNOWN, sentence=sentence, remedy=remedy)


def settings_named(names: list[str]) -> str:
    """As a sentence begins with them."""
    return f"the setting{'s' if len(names) > 1 else ''} {shortened(names)}"


def shortened(names: list[str], most: int = 4) -> str:
    """The names in a sentence, of many the first."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more

"""The machine that this process works on, as it was told when it was launched."""

from datetime import datetime

from runners.contract import ContractError, Machine
from runners.settings import Settings


def here(settings: Settings, now: datetime) -> Machine | None:
    """The machine with the hours of its life so far; None where none was launched.

    Raises:
        ContractError: what it was told makes no sense.
    """
    if settings.machine is None:
        return None
    machine = Machine.from_json(settings.machine, source="environment, MACHINE")
    if settings.machine_since is None:
        return machine
    try:
        since = datetime.fromisoformat(settings.machine_since)
        hours = (now - since).total_seconds() / 3600
    except (TypeError, ValueError) as error:
        raise ContractError(
            f"environment, MACHINE_SINCE: {settings.machine_since!r} is no time with its zone; "
            "give one such as 2026-01-01T12:00:00Z."
        ) from error
    return machine.model_copy(update={"hours": round(max(hours, 0), 3)})

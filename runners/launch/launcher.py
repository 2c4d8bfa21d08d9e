"""The protocol behind which machines come from EC2, SageMaker or this very computer."""

from dataclasses import dataclass
from typing import Any, Protocol

from runners.contract import RunRequest


@dataclass(frozen=True)
class Launched:
    """What a workflow reads of a launch; `exit_code` is that of work that has been done already."""

    document: dict[str, Any] | None
    exit_code: int = 0


class Launcher(Protocol):
    """Every method may raise ContractError."""

    def shown(self, request: RunRequest) -> dict[str, Any]:
        """The exact requests that `launch` would make, and what they may cost. Asks nobody."""

    def launch(self, request: RunRequest) -> Launched:
        """What the run works on from now on; the same request again gives the same."""

    def terminate(self, run_id: str) -> tuple[str, ...]:
        """What the run had worked on, all of which has ended."""

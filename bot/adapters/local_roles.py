"""Who may do what, as the settings say: stands in for GitHub's permission API."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.model.commands import Role


@dataclass(frozen=True, slots=True)
class LocalRoles:
    """Whoever isn't named may read, as in a public repository."""

    roles: Mapping[str, Role]

    def role_of(self, actor: str) -> Role:
        return self.roles.get(actor, Role.READ)

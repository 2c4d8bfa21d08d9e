"""Who may do what, by GitHub's permission API, asked at the moment of use."""

from dataclasses import dataclass

from github.GithubException import GithubException
from github.Repository import Repository

from bot.adapters.github.speaking import clear
from bot.model.commands import Role

BY_NAME = {role.name.lower(): role for role in Role}


@dataclass(frozen=True, slots=True)
class GithubRoles:
    repo: Repository

    @clear
    def role_of(self, actor: str) -> Role:
        """By `role_name`: the coarse `permission` calls a maintainer a writer.

        A role that the organisation made itself counts as what it was made from.
        """
        try:
            name = self.repo.get_collaborator_role_name(actor)
            return BY_NAME.get(name) or BY_NAME[self.repo.get_collaborator_permission(actor)]
        except GithubException as error:
            if error.status == 404:
                return Role.NONE
            raise

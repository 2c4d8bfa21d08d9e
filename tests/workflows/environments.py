"""Environments of a repository: what a job gets of their secrets, and whether it may start. Pure.

A job that names an environment is sent to a runner, and can read the environment's secrets, only
once its protection rules pass:
https://docs.github.com/en/actions/concepts/workflows-and-actions/deployment-environments
One from a branch that the environment doesn't allow fails without a step ("any job deploying to the
environment from a branch that does not match the rule will fail"):
https://github.com/github/roadmap/issues/164
A reviewer who rejects a job makes it fail, too:
https://docs.github.com/en/actions/how-tos/deploy/configure-and-manage-deployments/review-deployments
A workflow of `issue_comment` or `schedule` belongs to the default branch:
https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows

Doesn't know: wait timers, tags, rules of Apps, patterns of branches.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workflows.expressions import Functions, evaluate


@dataclass(frozen=True)
class Environment:
    """`branches` may use it; every branch without any. `is_rejected`: its reviewer says no."""

    secrets: Mapping[str, str] = field(default_factory=dict)
    branches: frozenset[str] = frozenset()
    is_rejected: bool = False


@dataclass(frozen=True)
class Settings:
    """The repository's variables, its secrets, and its environments by name."""

    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    environments: Mapping[str, Environment] = field(default_factory=dict)

    def environment_of(self, job: Mapping[str, Any]) -> Environment | None:
        """The job's environment; GitHub makes one that isn't there, without any rule:
        https://docs.github.com/en/actions/how-tos/deploy/configure-and-manage-deployments/manage-environments
        A job names it alone, or as `name` beside a `url`:
        https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idenvironment

        A name that is empty is none. No document says so: docs/how-to/github.md, "Environments".
        """
        named = job.get("environment", "")
        name = self._value(str(named["name"] if isinstance(named, Mapping) else named))
        return self.environments.get(name, Environment()) if name else None

    def refusal(self, job: Mapping[str, Any], branch: str) -> str:
        """Why GitHub doesn't start a job of this branch; nothing if it does."""
        environment = self.environment_of(job)
        if environment is None:
            return ""
        if environment.branches and branch not in environment.branches:
            return (
                f'Branch "{branch}" is not allowed to deploy due to environment protection rules.'
            )
        return "The deployment was rejected." if environment.is_rejected else ""

    def secrets_of(self, job: Mapping[str, Any], branch: str) -> dict[str, str]:
        """What the job can read as `secrets.NAME`: an environment's goes before the repository's.

        https://docs.github.com/en/actions/reference/security/secrets#naming-your-secrets
        """
        if self.refusal(job, branch):
            return {}
        environment = self.environment_of(job)
        return {**self.secrets, **(environment.secrets if environment else {})}

    def _value(self, text: str) -> str:
        if "${{" not in text:
            return text
        functions: Functions = {}
        return str(evaluate(text, {"vars": self.variables}, functions) or "")

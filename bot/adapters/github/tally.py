"""How many looks have failed in a row: GitHub itself remembers how the workflow's runs ended."""

from dataclasses import dataclass
from itertools import takewhile

from github.Repository import Repository

from bot.adapters.github.speaking import clear

WORKFLOW = "detect.yml"
ENOUGH = 20


@dataclass(frozen=True, slots=True)
class GithubTally:
    """A detection that fails ends its workflow run as a failure; nothing is written."""

    repo: Repository

    @clear
    def failures(self) -> int:
        ended = self.repo.get_workflow(WORKFLOW).get_runs(status="completed")
        told = [one.conclusion for one, _ in zip(ended, range(ENOUGH), strict=False)]
        return sum(1 for _ in takewhile(lambda conclusion: conclusion == "failure", told))

    def count(self, failures: int) -> None:
        """Nothing: the workflow run's own end is the count."""

"""The settings of `runners`, from environment variables, which no other module should read."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runners.contract import ContractError

_OF_A_RUN = ("GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_SHA", "GITHUB_WORKFLOW_REF")
REPOSITORY = Path(__file__).resolve().parents[1]
VARIABLES = {
    "REFERENCE": "the folder of the unpacked ontologies and gene tables; else `.reference`",
    "CANARY": "the folder of what the smoke test has compared; else `.canary`",
    "PATIENCE_SECONDS": "how long a storage or database that does not answer is asked again; 600",
    "FILE_SECONDS": "a reader that sits longer over one file is taken for stuck; 600",
    "READER_MEGABYTES": "memory that a reader may use; 3072",
    "LAMIN_API_KEY": "what LaminDB logs in with where nobody has; a secret",
    "RUNNERS_TOKEN": "a token that may administer GitHub's runners; a secret",
    "RELEASE_DIRECTORY": "a release.json in place of the Census's, with a mirrors.json beside it",
    "DISCOVER_API": "the curation API's address, if not CZI's",
    "AWS_ENDPOINT_URL": "an address that speaks S3 in Amazon's place",
    "MACHINE": "what this works on, as JSON; set by the machine",
    "MACHINE_SINCE": "since when; set by the machine",
    "COMMIT": "the commit of this code, where no checkout says it",
    "GITHUB_API_URL": "GitHub's API; set by GitHub",
    "GITHUB_REPOSITORY": "the workflow's repository; set by GitHub",
    "GITHUB_RUN_ID": "the workflow run; set by GitHub",
    "GITHUB_SHA": "the workflow's commit; set by GitHub",
    "GITHUB_WORKFLOW_REF": "the workflow's file; set by GitHub",
}
"""What each variable of the environment says, and what holds without it."""


@dataclass(frozen=True)
class Settings:
    """Where things lie on this machine, and how patient it is; `VARIABLES` says what each is.

    Neither secret may be shown. `workflow` is the repository and commit of the workflow that runs
    this. `job` has those of GitHub's variables that are the same in all jobs of a workflow run.
    """

    reference: Path
    canary: Path
    s3_endpoint: str | None
    file_seconds: float = 600
    reader_megabytes: float = 3072
    discover: str | None = None
    release_directory: str | None = None
    patience_seconds: float = 600
    github_api: str = "https://api.github.com"
    runners_token: str | None = field(default=None, repr=False)
    lamin_api_key: str | None = field(default=None, repr=False)
    workflow: str | None = None
    commit: str | None = None
    machine: str | None = None
    machine_since: str | None = None
    job: Mapping[str, str] = field(default_factory=dict)


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process."""
    return Settings(
        reference=Path(environment.get("REFERENCE") or REPOSITORY / ".reference"),
        canary=Path(environment.get("CANARY") or REPOSITORY / ".canary"),
        s3_endpoint=environment.get("AWS_ENDPOINT_URL") or None,
        file_seconds=_seconds(environment, "FILE_SECONDS", Settings.file_seconds),
        reader_megabytes=_positive(
            environment, "READER_MEGABYTES", Settings.reader_megabytes, "megabytes"
        ),
        discover=environment.get("DISCOVER_API") or None,
        release_directory=environment.get("RELEASE_DIRECTORY") or None,
        patience_seconds=_seconds(environment, "PATIENCE_SECONDS", Settings.patience_seconds),
        github_api=environment.get("GITHUB_API_URL") or Settings.github_api,
        runners_token=environment.get("RUNNERS_TOKEN") or None,
        lamin_api_key=environment.get("LAMIN_API_KEY") or None,
        workflow=_workflow(environment),
        commit=environment.get("COMMIT") or None,
        machine=environment.get("MACHINE") or None,
        machine_since=environment.get("MACHINE_SINCE") or None,
        job={name: environment[name] for name in _OF_A_RUN if environment.get(name)},
    )


def _workflow(environment: Mapping[str, str]) -> str | None:
    names = [environment.get(name, "") for name in ("GITHUB_REPOSITORY", "GITHUB_SHA")]
    return "@".join(names) if all(names) else None


def _seconds(environment: Mapping[str, str], name: str, usual: float) -> float:
    return _positive(environment, name, usual, "seconds")


def _positive(environment: Mapping[str, str], name: str, usual: float, unit: str) -> float:
    """A positive number of the unit.

    Raises:
        ContractError: it isn't one.
    """
    text = environment.get(name) or str(usual)
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < float("inf"):
        raise ContractError(f"{name}: {text!r} is no number of {unit}; set it to one above 0.")
    return number

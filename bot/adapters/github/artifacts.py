"""The files of runs as artifacts of their workflow runs, where no other place is given for them.

Such a run's files can be read when its job has ended, and not before; GitHub deletes them after
some months. An artifact counts only if the workflow run that was dispatched for the run has made
it: any pull request's own workflows may upload one of any name.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import httpx
from github.Artifact import Artifact
from github.Repository import Repository

from bot.adapters.github.client import RetryPolicy, with_clear_refusals
from bot.adapters.github.workflows import GithubWorkflows
from bot.adapters.web import certificates
from bot.errors import BotError

PREFIX = "run-"
NEWEST = 1000
LARGEST = 500_000_000
EXPECTED = ("request.json", "journal.jsonl", "report.json")
SECONDS = 120.0


def _client() -> httpx.Client:
    # It leaves the token out where GitHub sends it on to another host, which would refuse it.
    return httpx.Client(verify=certificates(), timeout=SECONDS, follow_redirects=True)


@dataclass(frozen=True, slots=True)
class ArtifactStore:
    """A store whose runs are artifacts named run-ID.

    `listed` has those of the last listing, `fetched` what was downloaded once.
    """

    repo: Repository
    workflows: GithubWorkflows
    token: str
    patience: RetryPolicy
    is_live: bool = False
    client: httpx.Client = field(default_factory=_client)
    listed: dict[str, Artifact] = field(default_factory=dict)
    fetched: dict[int, dict[str, str]] = field(default_factory=dict)

    def modified(self) -> dict[str, datetime]:
        """Of an artifact that can't be fetched, the files that each has: their text tells why."""
        self.listed.clear()
        self.listed.update(self._artifacts())
        return {
            f"{run_id}/{name}": artifact.created_at
            for run_id, artifact in self.listed.items()
            for name in self._names(artifact)
        }

    def _names(self, artifact: Artifact) -> Iterable[str]:
        try:
            return self._files(artifact)
        except BotError:
            return EXPECTED

    def text(self, path: str) -> str:
        """Of what `modified` has found last."""
        run_id, name = path.split("/", 1)
        artifact = self.listed.get(run_id)
        files = self._files(artifact) if artifact else {}
        if name not in files:
            raise BotError(f"artifact {PREFIX}{run_id}: has no {name}, or is deleted by now.")
        return files[name]

    @with_clear_refusals
    def _artifacts(self) -> dict[str, Artifact]:
        """Run id -> its newest artifact.

        See https://docs.github.com/en/rest/actions/artifacts#list-artifacts-for-a-repository
        """
        made_by = {
            workflow_run.id: run_id
            for run_id, workflow_runs in self.workflows.by_run_id().items()
            for workflow_run in workflow_runs
        }
        if not made_by:
            return {}
        newest: dict[str, Artifact] = {}
        for artifact in islice(self.repo.get_artifacts(), NEWEST):
            run_id = made_by.get(artifact.workflow_run.id) if artifact.workflow_run else None
            if run_id and artifact.name == f"{PREFIX}{run_id}" and not artifact.expired:
                newest.setdefault(run_id, artifact)
        return newest

    def _files(self, artifact: Artifact) -> dict[str, str]:
        if artifact.id not in self.fetched:
            self.fetched[artifact.id] = dict(_unpacked(self._download(artifact), artifact.name))
        return self.fetched[artifact.id]

    def _download(self, artifact: Artifact) -> bytes:
        """See https://docs.github.com/en/rest/actions/artifacts#download-an-artifact"""
        problem = ""
        for attempt in range(self.patience.attempts):
            if attempt:
                self.patience.sleep(self.patience.backoff * 2.0 ** (attempt - 1))
            try:
                answer = self.client.get(
                    artifact.archive_download_url, headers={"Authorization": f"Bearer {self.token}"}
                )
            except httpx.TransportError as error:
                problem = type(error).__name__
                continue
            if answer.is_success:
                return answer.content
            problem = str(answer.status_code)
            if answer.status_code < 500 and answer.status_code != 429:
                break
        raise BotError(f"artifact {artifact.name}: can't be fetched ({problem}); try again later.")


def _unpacked(data: bytes, name: str) -> Iterator[tuple[str, str]]:
    """The files at the artifact's root that are text. Raises BotError if it is no such archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if "/" not in member.filename]
            if sum(member.file_size for member in members) > LARGEST:
                raise BotError(f"artifact {name}: has more than {LARGEST:,} bytes; look at it.")
            for member in members:
                yield member.filename, archive.read(member).decode("utf-8")
    except BotError:
        raise
    except Exception as error:  # zipfile and what it unpacks by have many for a broken archive
        raise BotError(f"artifact {name}: can't be read ({error}).") from error

"""Manifests and rules on the default branch, and pull requests for new ones.

Reads by GitHub's API: a checkout in a job is as old as the event that started it. Texts come in
and go out.
"""

from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from github.CheckRun import CheckRun
from github.Commit import Commit
from github.GithubException import UnknownObjectException
from github.GitTreeElement import GitTreeElement
from github.PullRequest import PullRequest
from github.Repository import Repository

from bot.adapters.github.client import (
    RetryPolicy,
    base_of,
    ensure_branch,
    login_of,
    make_once,
    pulls_from,
    with_clear_refusals,
)
from bot.comments.pull_requests import (
    manifest_body,
    manifest_branch,
    manifest_title,
)
from bot.errors import BotError
from bot.model.effects import ProposeManifest
from bot.model.markers import Marker, MarkerKind, sign
from bot.model.ports import MergedManifests, MergedRules
from bot.schema.rules.answers import open_judgements
from runners.contract import (
    MANIFESTS,
    ContractError,
    Manifest,
    RunRequest,
    Verdict,
    manifest_path,
    release_of,
)

RULES = "runners/rules"
CONCLUSIONS = {
    Verdict.PASSED: "success",
    Verdict.FAILED: "failure",
    Verdict.UNCHECKED: "neutral",
}


class _NoTextError(BotError):
    """What lies there isn't UTF-8."""


@dataclass(frozen=True, slots=True)
class GithubRepository:
    """The repository that manifests and rules are in; `bot` is the login that proposes them."""

    repo: Repository
    bot: str
    patience: RetryPolicy

    @with_clear_refusals
    def manifests(self) -> MergedManifests:
        """The manifests on the default branch. A broken one keeps no other from being read."""
        whole, broken = {}, {}
        blobs = self._manifest_blobs(self.repo.default_branch)
        for release, blob in blobs.items():
            path = manifest_path(release)
            try:
                whole[release] = Manifest.from_named(self._text(blob, path), path=path)
            except (ContractError, BotError) as error:
                broken[release] = str(error)
        return MergedManifests(whole, broken, blobs)

    @with_clear_refusals
    def changed_manifests(self, before: str, after: str) -> Mapping[str, str]:
        """Release -> the blob of its manifest in commit `after`, where `before` had another.

        A branch that is new, or was pushed with force, has a `before` that isn't there: then what
        the commit `after` itself changed. Trees are compared rather than asked for with `compare`,
        which names 300 files at most. See
        https://docs.github.com/en/rest/commits/commits#compare-two-commits
        """
        new = self._manifest_blobs(after)
        old = self._blobs_of(before)
        if old is None:
            parents = self.repo.get_git_commit(after).parents
            old = (self._blobs_of(parents[0].sha) if parents else None) or {}
        return {release: blob for release, blob in new.items() if old.get(release) != blob}

    def _blobs_of(self, commit: str) -> Mapping[str, str] | None:
        """As `_manifest_blobs`; None if there is no such commit any more."""
        if not commit.strip("0"):
            return None
        try:
            return self._manifest_blobs(commit)
        except UnknownObjectException:
            return None

    def _manifest_blobs(self, ref: str) -> dict[str, str]:
        """Release -> the name of its manifest's text, in a branch or commit."""
        blobs = self._blobs_in(MANIFESTS, ref)
        named = ((release_of(path), sha) for path, sha in blobs.items())
        return {release: sha for release, sha in sorted(named, key=str) if release is not None}

    def _blobs_in(self, folder: str, ref: str) -> dict[str, str]:
        """Path -> the name of the text, of the files right in the folder, in a branch or commit.

        Folder by folder: the list of a whole repository ends after 100,000 entries or 7 MB. See
        https://docs.github.com/en/rest/git/trees#get-a-tree
        """
        entries = self._entries(ref, "")
        for name in folder.split("/"):
            inner = (one.sha for one in entries if (one.path, one.type) == (name, "tree"))
            sha = next(inner, None)
            if sha is None:
                return {}
            entries = self._entries(sha, name)
        return {f"{folder}/{one.path}": one.sha for one in entries if one.type == "blob"}

    def _entries(self, name: str, folder: str) -> list[GitTreeElement]:
        """What lies right in a folder, by its own name or by a branch or commit."""
        tree = self.repo.get_git_tree(name)
        if tree.raw_data["truncated"]:
            raise BotError(
                f"{self.repo.full_name}: the folder {folder or 'at the root'} has more files than "
                "GitHub lists (100,000 entries or 7 MB); move some elsewhere."
            )
        return tree.tree

    @with_clear_refusals
    def proposed(self) -> frozenset[str]:
        """The releases whose manifest waits in an open pull request, from this repository."""
        heads = (pull.head for pull in self.repo.get_pulls(state="open"))
        own = {head.ref for head in heads if head.label == f"{self._owner}:{head.ref}"}
        prefix = manifest_branch("")
        return frozenset(ref.removeprefix(prefix) for ref in own if ref.startswith(prefix))

    @property
    def _owner(self) -> str:
        return self.repo.full_name.split("/")[0]

    @with_clear_refusals
    def merged_in(self, release: str) -> str:
        """The commit of the default branch that changed the release's manifest last."""
        commits = self.repo.get_commits(path=manifest_path(release))
        return next((commit.sha for commit in commits), "")

    @with_clear_refusals
    def rules(self) -> MergedRules:
        """The rules on the default branch. Broken ones keep no others from being read."""
        left, broken = {}, {}
        for path, blob in self._blobs_of_kind(RULES, ".json").items():
            version = path.rsplit("/", 1)[-1].removesuffix(".json")
            try:
                left[version] = open_judgements(self._text(blob, path), source=path)
            except BotError as error:
                broken[version] = str(error)
        return MergedRules(left, broken)

    @with_clear_refusals
    def propose(self, proposal: ProposeManifest) -> None:
        """Opens the pull request for a release's manifest, unless there is or was one."""
        head = manifest_branch(proposal.release)
        if self._pull(head) is not None:
            return
        base = base_of(self.repo)
        ensure_branch(
            self.repo, head, base, _placed(proposal), manifest_title(proposal), self.patience
        )
        text = sign(manifest_body(proposal), Marker(MarkerKind.MANIFEST, proposal.release))
        target = self.repo.default_branch

        def make() -> PullRequest:
            return self.repo.create_pull(target, head, title=manifest_title(proposal), body=text)

        make_once(make, lambda: self._pull(head), self.patience)

    @with_clear_refusals
    def conclude(self, release: str, verdict: Verdict, headline: str, commit: str | None) -> None:
        """Makes or updates the check run on the commit, or on what last changed the manifest.

        See https://docs.github.com/en/rest/checks/runs
        """
        sha = commit or self.merged_in(release)
        if not sha:
            return
        # Asks nothing by itself: only the check runs of it are wanted.
        marked = Commit(self.repo.requester, url=f"{self.repo.url}/commits/{sha}")
        name = f"Census {release}"
        output = {"title": headline[:255], "summary": headline}
        own = (run for run in marked.get_check_runs(check_name=name) if self._is_own(run))
        if (check_run := next(own, None)) is not None:
            check_run.edit(status="completed", conclusion=CONCLUSIONS[verdict], output=output)
            return
        conclusion = CONCLUSIONS[verdict]

        def make() -> bool:
            self.repo.create_check_run(
                name, sha, status="completed", conclusion=conclusion, output=dict(output)
            )
            return True

        def look() -> bool | None:
            return any(map(self._is_own, marked.get_check_runs(check_name=name))) or None

        make_once(make, look, self.patience)

    def _is_own(self, check_run: CheckRun) -> bool:
        """GitHub lets only the App that made a check run change it, and any may use its name."""
        return check_run.app is None or f"{check_run.app.slug}[bot]" == self.bot

    @with_clear_refusals
    def changed_documents(self, pull: int) -> Mapping[str, str]:
        """Path -> text of the manifests and rules that a pull request adds or changes."""
        files = self.repo.get_pull(pull).get_files()
        paths = {
            file.filename: file.sha
            for file in files
            if _is_document(file.filename) and file.status != "removed"
        }
        return {path: self._text(sha, path) for path, sha in paths.items()}

    @with_clear_refusals
    def documents(self, request: RunRequest | None = None) -> Mapping[str, str]:
        """The manifests and rules on the default branch: path -> text, but for what is none.

        The manifest of a request's release is the one that the request names by its blob.
        """
        texts = {**self._files(MANIFESTS, ".toml"), **self._files(RULES, ".json")}
        if request is not None and request.manifest_blob is not None:
            texts[request.manifest] = self._text(request.manifest_blob, request.manifest)
        return texts

    def _files(self, folder: str, ending: str) -> dict[str, str]:
        """Path -> text of the files right in the folder, on the default branch."""
        texts = {}
        for path, blob in self._blobs_of_kind(folder, ending).items():
            with suppress(_NoTextError):  # a release that needs it is refused, and says so
                texts[path] = self._text(blob, path)
        return texts

    def _blobs_of_kind(self, folder: str, ending: str) -> dict[str, str]:
        """As `_blobs_in`, on the default branch, of the files with this ending, by their names."""
        blobs = self._blobs_in(folder, self.repo.default_branch)
        return {path: blob for path, blob in sorted(blobs.items()) if path.endswith(ending)}

    def _text(self, blob: str, path: str) -> str:
        """Raises BotError if what lies at the path is no text."""
        try:
            return b64decode(self.repo.get_git_blob(blob).content).decode("utf-8")
        except UnicodeDecodeError as error:
            raise _NoTextError(
                f"{path}: isn't text in UTF-8 (byte {error.start}); save it as UTF-8."
            ) from error

    def _pull(self, head: str) -> PullRequest | None:
        """The bot's pull request from this branch, open or not."""
        pulls = pulls_from(self.repo, head)
        return next((pull for pull in pulls if login_of(pull.user) == self.bot), None)


def _is_document(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return (folder == MANIFESTS and name.endswith(".toml")) or (
        folder == RULES and name.endswith(".json")
    )


def _placed(proposal: ProposeManifest) -> dict[str, str]:
    """Path -> text: the manifest, rules among the rules, the rest in a folder of the release's."""
    files = {manifest_path(proposal.release): proposal.manifest_toml}
    for name, text in proposal.beside.items():
        is_rule = name.startswith("rules/")
        files[f"runners/{name}" if is_rule else f"{MANIFESTS}/{proposal.release}/{name}"] = text
    return files

"""Which releases an instance holds, whoever registered them, and the manifest of each: a bot that
begins with an instance that has a history then knows it. Reads the instance and the stores; writes
manifests and reports.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import tomli_w

from runners import rules, settings
from runners.census.store import read_store, table_rows
from runners.contract import (
    Action,
    ContractError,
    Manifest,
    RunReport,
    Status,
    Storage,
    manifest_path,
)
from runners.files import write_whole
from runners.run.request import ensure_request_file, kept_once_begun, load_job
from runners.validation.check import judge_accepted
from runners.verification.backfill import ReleaseState, commands
from runners.verification.verify import verify

H5AD = re.compile(
    r"(?P<root>.*/cell-census/(?P<release>\d{4}-\d\d-\d\d))/h5ads/(?P<file>[^/]+\.h5ad)"
)
LABELS = ("census_schema_version", "dataset_schema_version")


@dataclass(frozen=True)
class HeldRelease:
    """A release, the folder or s3:// address that has its files, and the names of those h5ads of
    it that the instance has, wherever they lie.
    """

    release: str
    root: str
    files: frozenset[str]

    @property
    def storage(self) -> Storage:
        return Storage(soma=f"{self.root}/soma/", h5ads=f"{self.root}/h5ads/")


@dataclass(frozen=True)
class StoredRelease:
    """What a release's store says of it: its manifest, and the ids of its datasets of which the
    instance has no file.
    """

    manifest: Manifest
    missing: tuple[str, ...]


def held_releases(instance: str) -> list[HeldRelease]:
    """The releases of which the instance has h5ads, oldest first. Of one that lies in several
    places, the place of most.

    Raises:
        ContractError: the instance can't be connected to.
    """
    from runners.registry import connection, failures

    failures.patiently(lambda: connection.connect(instance))
    from runners.registry import branches, locations  # LaminDB has models now

    addresses = branches.visible(locations.h5ads()).values_list("address", flat=True)
    roots: dict[str, Counter[str]] = defaultdict(Counter)
    files: dict[str, set[str]] = defaultdict(set)
    for match in filter(None, map(H5AD.fullmatch, failures.patiently(lambda: list(addresses)))):
        roots[match["release"]][match["root"]] += 1
        files[match["release"]].add(match["file"])
    return [
        HeldRelease(release, roots[release].most_common(1)[0][0], frozenset(names))
        for release, names in sorted(files.items())
    ]


def stored_releases(
    held: list[HeldRelease],
) -> Iterator[tuple[HeldRelease, StoredRelease | ContractError]]:
    """Of each release what its store says, its manifest after that of the one before it that has
    one; or why there is none.
    """
    previous: Manifest | None = None
    for one in held:
        try:
            stored = _stored(one, previous)
        except ContractError as error:
            yield one, error
            continue
        yield one, stored
        previous = stored.manifest


def _stored(held: HeldRelease, previous: Manifest | None) -> StoredRelease:
    soma = held.storage.soma

    def read(census: Any) -> tuple[dict[str, str], dict[str, str], tuple[str, ...]]:
        summary = table_rows(census, soma, "summary", ["label", "value"])
        datasets = table_rows(census, soma, "datasets", ["dataset_id", "dataset_h5ad_path"])
        files = {row["dataset_id"]: str(row["dataset_h5ad_path"]) for row in datasets}
        organisms = sorted(census.get("census_data", {}))
        return {row["label"]: row["value"] for row in summary}, files, tuple(organisms)

    summary, files, organisms = read_store(held.storage, "census_info", read)
    if missing := [label for label in LABELS if not summary.get(label)]:
        raise ContractError(
            f"{soma}: its summary has no {', '.join(missing)}; write {held.release}.toml by hand."
        )
    manifest = Manifest.from_mapping(
        {
            "release": held.release,
            **{label: summary[label] for label in LABELS},
            "dataset_count": len(files),
            "organisms": [name.replace("_", " ").capitalize() for name in organisms],
            "storage": held.storage.to_mapping(),
            **_after(previous),
        },
        source=soma,
    )
    lacking = [name for name, path in files.items() if PurePosixPath(path).name not in held.files]
    return StoredRelease(manifest, tuple(sorted(lacking)))


def _after(previous: Manifest | None) -> dict[str, str]:
    if previous is None:
        return {}
    return {
        "previous": previous.release,
        "previous_dataset_schema_version": previous.dataset_schema_version,
    }


@dataclass(frozen=True)
class Survey:
    """What is done of each release, and where."""

    instance: str
    repository: Path
    runs: Path
    is_real: bool
    verifies: bool

    def look(
        self, held: HeldRelease, stored: StoredRelease | ContractError
    ) -> tuple[ReleaseState, list[str]]:
        """How the release stands, and sentences that say so. Writes manifest and report."""
        release, registered = held.release, len(held.files)
        if isinstance(stored, ContractError):
            problem = f"no manifest ({stored})"
            sentence = f"{release}: {registered} datasets registered; {problem}"
            return ReleaseState(release, registered, problem=problem, is_left=True), [sentence]
        file = self.repository / manifest_path(release)
        accepted = _accepted(file, datetime.now(UTC).date())
        state = ReleaseState(
            release,
            registered,
            stored.manifest.dataset_count,
            tuple(name for name in stored.missing if name not in accepted),
        )
        kept = _keep(file, stored.manifest, is_real=self.is_real)
        sentences = [f"{release}: {registered} of {state.datasets} datasets; {kept}"]
        version = stored.manifest.dataset_schema_version
        if version not in rules.versions() and (self.verifies or not state.is_whole):
            problem = f"there are no rules for its dataset schema {version}, so that it is left"
            state = replace(state, problem=problem, is_left=True)
            return state, [*sentences, f"{release}: {problem}"]
        report = None
        if self.verifies and file.exists():
            try:
                report = _verified(file, self.instance, self.repository, self.runs)
            except ContractError as error:
                problem = f"can't be verified: {error}"
                return replace(state, problem=problem), [*sentences, f"{release}: {problem}"]
            state = replace(
                state,
                verdict=report.verdict,
                failed=_offending(report),
                report=str(self.runs / report.request.run_id / "report.json"),
            )
            sentences.append(f"{release}: {_verdict(report)} ({state.report})")
        if not state.is_whole:
            words = commands(release, self.instance, self.repository, self.runs, report)
            state = replace(state, commands=words)
        return state, sentences


def _accepted(file: Path, today: date) -> set[str]:
    """The datasets whose failure the manifest accepts by now, as far as there is one that can be
    read.
    """
    with suppress(ContractError):
        accepted = Manifest.from_file(file).accepted
        return {entry.dataset_id for entry in accepted if not entry.has_run_out(today)}
    return set()


def _keep(file: Path, manifest: Manifest, *, is_real: bool) -> str:
    """Writes the manifest unless there is one; what came of it."""
    if file.exists():
        return f"{file} is there, and left as it is"
    if not is_real:
        return f"--yes writes {file}"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, tomli_w.dumps(manifest.to_table()))
    return f"wrote {file}"


def _verified(file: Path, instance: str, repository: Path, runs: Path) -> RunReport:
    """The report of a release. Files whose failure is accepted are read, to see that they fail for
    that. Raises ContractError: there is none.
    """
    reference, now = settings.from_environment().reference, datetime.now(UTC)
    fields = {"action": Action.VERIFY, "instance": instance}
    make = partial(ensure_request_file, runs, repository, file, now, **fields)
    with kept_once_begun(runs, make) as request:
        job = load_job(request, repository=repository, reference=reference)
        return verify(job, judge_accepted(job.manifest, reference=reference))


def _offending(report: RunReport) -> tuple[str, ...]:
    offending = (Status.FAILED, Status.UNCHECKED)
    return tuple(check.title for check in report.checks if check.status in offending)


def _verdict(report: RunReport) -> str:
    """The verdict in short: the checks that weren't passed, and how many failures are accepted."""
    offending = _offending(report)
    what = f": {'; '.join(offending)}" if offending else ""
    accepted = {offender.dataset_id for check in report.checks for offender in check.accepted}
    what += f", with {len(accepted)} accepted" if accepted else ""
    return f"{report.verdict.value}{what}"

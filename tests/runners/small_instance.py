"""An instance in memory, in the place of one that LaminDB is connected to: what a rollback asks it
for, and what it then holds.
"""

import copy
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runners import registry
from runners.contract import Action, RunRequest, lock_name
from runners.records.baseline import Baseline, RecordDigest, store_baseline
from runners.records.proof import KeptRun, Opening, kept
from runners.records.transaction_log import (
    Inserted,
    Part,
    TransactionRecord,
    ValueChange,
    compressed,
    digest,
)
from runners.run.journal import COMMITTED, JOURNAL, RECORDED, START, Journal, read_journal
from runners.run.request import REQUEST, RunFolder

ARTIFACTS = "lamindb_artifact"
INSTANCE, BEFORE, RELEASE = "a/b", "2020-01-15", "2020-07-15"
Rows = dict[int, dict[str, Any]]


def artifact(key: int, release: str = RELEASE, *, is_latest: bool = True) -> dict[str, Any]:
    return {"id": key, "uid": f"u{key}", "key": f"a{key}", "in": release, "is_latest": is_latest}


@dataclass
class SmallInstance:
    """Holds two artifacts of an earlier release. `events` are what it was asked to do, in order;
    `on_delete` comes with rows that are deleted, as a trigger does.
    """

    runs: Path
    artifacts: Rows = field(default_factory=lambda: {n: artifact(n, BEFORE) for n in (1, 2)})
    kept: dict[str, KeptRun] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    locks: list[str] = field(default_factory=list)
    later: list[tuple[str, str]] = field(default_factory=list)
    users: list[tuple[str, int | None, int]] = field(default_factory=list)
    on_delete: Callable[[Rows], object] = len
    is_given_up: bool = False

    def write(self, run_id: str, *, demotes: int, adds: int = 1, is_kept: bool = True) -> RunFolder:
        """A run that adds artifacts and takes from another that it is the latest."""
        folder = self.runs / run_id
        folder.mkdir()
        request = RunRequest(
            run_id=run_id, action=Action.INGEST, release=RELEASE, manifest="m", instance=INSTANCE
        )
        (folder / REQUEST).write_text(request.to_json())
        holdings = self.take_baseline(before=RELEASE)
        store_baseline(folder, holdings)
        keys = [max(self.artifacts) + 1 + n for n in range(adds)]
        self.artifacts |= {key: artifact(key) for key in keys}
        self.artifacts[demotes]["is_latest"] = False
        rows = [tuple(self.artifacts[key].values()) for key in keys]
        record = TransactionRecord(
            number=1,
            part=Part.DATASETS,
            inserted={ARTIFACTS: Inserted(ids=compressed(keys), digests=tuple(map(digest, rows)))},
            changed={ARTIFACTS: {demotes: {"is_latest": ValueChange(old=True, new=False)}}},
            is_kept=is_kept,
        )
        with Journal(folder / JOURNAL) as journal:
            start = journal.write(START, is_kept=is_kept)
            line = journal.write(RECORDED, **record.model_dump(mode="json"))
            journal.write(COMMITTED, number=1)
        if is_kept:
            told = {name: value for name, value in start.items() if name != "step"}
            opening = Opening(request=request, start=told, holdings=holdings, since=1)
            self.kept[run_id] = KeptRun(opening, {1: kept(record, line["at"])})
        return self.folder(run_id)

    def folder(self, run_id: str) -> RunFolder:
        """The run as its folder tells of it by now."""
        folder = self.runs / run_id
        request = RunRequest.from_file(folder / REQUEST)
        return RunFolder(request, folder, read_journal(folder / JOURNAL))

    def steps(self, run_id: str) -> list[str]:
        """The steps that the run's journal has."""
        return [line["step"] for line in self.folder(run_id).journal.lines]

    def state(self) -> tuple[Rows, dict[str, KeptRun]]:
        """All that it holds."""
        return copy.deepcopy(self.artifacts), dict(self.kept)

    def take_baseline(self, before: str) -> Baseline:
        releases: dict[str, dict[str, RecordDigest]] = {}
        for row in self.artifacts.values():
            if row["in"] < before:
                own = RecordDigest(row["key"], is_latest=row["is_latest"])
                releases.setdefault(row["in"], {})[row["uid"]] = own
        return Baseline(releases=releases, shared={})

    @contextmanager
    def transaction(self, wanted: Mapping[str, set[int]]) -> Iterator[None]:
        self.events.append(f"begin, with {', '.join(wanted)} to itself")
        before, self.is_given_up = self.state(), False
        try:
            yield
        except BaseException:
            self.artifacts, self.kept = before
            raise
        if self.is_given_up:
            self.artifacts, self.kept = before
        self.events.append("give up" if self.is_given_up else "commit")

    def connect(self, name: str) -> None:
        self.events.append(f"connect {name}")
        self.locks.append((self.runs / lock_name(name)).read_text())

    def forget(self, run_ids: tuple[str, ...]) -> None:
        self.events.append(f"forget {', '.join(run_ids)}")
        for run_id in run_ids:
            self.kept.pop(run_id, None)

    def delete_rows(self, ids: Mapping[str, set[int]]) -> None:
        for key in ids.get(ARTIFACTS, ()):
            del self.artifacts[key]
        self.on_delete(self.artifacts)

    def restore_rows(self, values: Mapping[str, Rows]) -> None:
        for key, fields in values.get(ARTIFACTS, {}).items():
            self.artifacts[key] |= fields

    def read_rows(self, wanted: Mapping[str, set[int]]) -> dict[str, Rows]:
        ids = wanted.get(ARTIFACTS, set()) & self.artifacts.keys()
        return {ARTIFACTS: {key: dict(self.artifacts[key]) for key in sorted(ids)}}

    def users_of(
        self, table: str, ids: set[int], ours: Mapping[str, set[int]]
    ) -> Iterator[tuple[str, int | None, int]]:
        for user, key, to in self.users:
            if table == ARTIFACTS and to in ids and key not in ours.get(user, ()):
                yield user, key, to

    def stand_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Puts it in the place of the modules that want an instance."""

        def give_up() -> None:
            self.is_given_up = True

        doubles: dict[str, dict[str, Any]] = {
            "connection": {"connect": self.connect},
            "lock": {"take_database_lock": lambda run_id: self.events.append(f"lock as {run_id}")},
            "proofs": {
                "kept_run": lambda run_id: self.kept.get(run_id, KeptRun()),
                "runs_of": lambda release: {
                    run_id: run.opening.request
                    for run_id, run in self.kept.items()
                    if run.opening and run.opening.request.release == release
                },
                "forget": self.forget,
            },
            "baseline": {"take_baseline": self.take_baseline},
            "exclusive": {
                "transaction": self.transaction,
                "check_references": lambda: self.events.append("check"),
            },
            "rows": {
                "models": lambda: {ARTIFACTS: object},
                "columns": lambda _: tuple(artifact(0)),
                "read_rows": self.read_rows,
                "users": self.users_of,
                "continuing": lambda _: iter(self.later),
                "delete_rows": self.delete_rows,
                "restore_rows": self.restore_rows,
                "give_up": give_up,
            },
        }
        for name, functions in doubles.items():
            double = SimpleNamespace(**functions)
            monkeypatch.setitem(sys.modules, f"runners.registry.{name}", double)
            monkeypatch.setattr(registry, name, double, raising=False)

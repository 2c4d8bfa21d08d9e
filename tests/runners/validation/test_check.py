"""`runners check`: what would come of a release or of single files, without an instance."""

import shutil
import signal
from datetime import date
from pathlib import Path
from typing import Any

import deadly
import h5py
import pytest
import tomli_w
from click.testing import CliRunner, Result
from instances import REFERENCE, Place

from runners import rules
from runners.cli.commands import main
from runners.contract import (
    AcceptedException,
    CheckReport,
    ExceptionState,
    FilesReport,
    Manifest,
    Outcome,
    Reason,
)
from runners.sample.datasets import NEWER, by_key, of_release
from runners.sample.world import World
from runners.settings import REPOSITORY
from runners.validation import check as module
from runners.validation.readers import Readers
from runners.validation.validate import Validation
from runners.validation.validated import ValidatedDataset, unread


def test_it_says_what_would_come_of_each_dataset(place: Place) -> None:
    manifest = place.repository / f"{NEWER.version}.toml"
    before = place.database.read_bytes()
    done = place.script("-m", "runners", "check", str(manifest), "--json", "check.json")
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1] == "11 registered, 1 unreadable"
    report = CheckReport.from_file(place.root / "check.json")
    assert (report.release, report.dataset_schema_version) == (NEWER.version, "7.0.0")
    assert report.dataset_count == len(report.outcomes) == len(of_release(NEWER))
    broken = {outcome.dataset_id: outcome.outcome for outcome in report.outcomes if outcome.reasons}
    assert broken == {by_key("D12").dataset_id: Outcome.UNREADABLE}
    assert place.database.read_bytes() == before
    d11, d12 = by_key("D11"), by_key("D12")
    assert f"{d11.dataset_id}  {d11.title}: registered\n    note: " in done.stdout
    assert f"{d12.dataset_id}  {d12.title}: unreadable\n    the file can't be" in done.stdout


def test_what_the_manifest_accepts_fails_no_check(place: Place) -> None:
    """And what it accepts without need is said."""
    file = place.repository / f"{NEWER.version}.toml"
    d01, d12 = (by_key(key).dataset_id for key in ("D01", "D12"))
    why = f'reason = "{Reason.FILE_UNREADABLE}"\nuntil = 9999-12-31\n'
    accepted = (f'\n[[accepted]]\ndataset_id = "{name}"\n{why}' for name in (d12, d01))
    file.write_text(file.read_text() + "".join(accepted))
    done = place.script("-m", "runners", "check", str(file), "--json", "check.json")
    assert done.returncode == 0, done.stdout
    assert f"{by_key('D12').title}: unreadable (accepted)\n" in done.stdout
    assert done.stdout.count("accepted") == 2
    assert f"\n{d01}: accepted to no effect: no longer needed\n" in done.stdout
    report = CheckReport.from_file(place.root / "check.json")
    assert [use.state for use in report.exceptions] == [
        ExceptionState.USED,
        ExceptionState.UNNEEDED,
    ]
    assert report.excused() == {d12}


@pytest.mark.parametrize("limit", [None, 1])
def test_what_is_accepted_of_a_dataset_that_was_not_looked_at_is_not_judged(
    limit: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But what needs no look is said."""
    datasets = [dataset for dataset, _ in deadly.tasks([0, 0])]
    monkeypatch.setattr(module, "read_datasets", lambda _: datasets)
    monkeypatch.setattr(module, "location", lambda *_: "")
    monkeypatch.setattr(
        Readers,
        "judged",
        lambda _, tasks: (unread(dataset, Reason.FILE_MISSING, "") for dataset, _ in tasks),
    )
    accepted = tuple(
        AcceptedException(dataset_id=dataset_id, reason=Reason.FILE_MISSING, until=until)
        for dataset_id, until in [
            ("d-0", date.max),
            ("d-1", date.max),
            ("d-1", date.min),
            ("d-2", date.max),
        ]
    )
    manifest = Manifest.from_file(REPOSITORY / "tests" / "flows" / "expected" / "2026-02-01.toml")
    report = module.check(
        manifest.model_copy(update={"accepted": accepted}),
        reference=REFERENCE,
        workers=1,
        limit=limit,
    )
    used, run_out, unknown = (
        ExceptionState.USED,
        ExceptionState.RUN_OUT,
        ExceptionState.UNKNOWN_DATASET,
    )
    wanted = [used, *([] if limit else [used]), run_out, unknown]
    assert [use.state for use in report.exceptions] == wanted
    assert len(report.outcomes) == (limit or 2)


@pytest.mark.parametrize(
    ("failing", "accepted", "code"),
    [
        ((), (), 0),
        (("d-0",), (), 1),
        (("d-0", "d-1"), ("d-0", "d-1"), 0),
        (("d-0", "d-1"), ("d-1",), 1),
        (("d-0",), ("d-1",), 1),  # of what doesn't fail
        (("d-0",), ("d-0", "d-1"), 0),
    ],
)
def test_a_release_passes_once_each_dataset_that_fails_is_accepted(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    failing: tuple[str, ...],
    accepted: tuple[str, ...],
    code: int,
) -> None:
    datasets = [dataset for dataset, _ in deadly.tasks([0, 0, 0])]
    monkeypatch.setattr(module, "read_datasets", lambda _: datasets)
    monkeypatch.setattr(module, "location", lambda *_: "")
    monkeypatch.setattr(
        Readers,
        "judged",
        lambda _, tasks: (
            unread(dataset, Reason.FILE_MISSING, "")
            if dataset.dataset_id in failing
            else ValidatedDataset(dataset, Validation((), (), (), {}))
            for dataset, _ in tasks
        ),
    )
    known = Manifest.from_file(REPOSITORY / "tests" / "flows" / "expected" / "2026-02-01.toml")
    exceptions = [
        AcceptedException(dataset_id=name, reason=Reason.FILE_MISSING, until=date.max)
        for name in accepted
    ]
    manifest = known.model_copy(update={"accepted": tuple(exceptions)})
    file = tmp_path / "2026-02-01.toml"
    file.write_text(tomli_w.dumps(manifest.to_table()))
    done = check(file)
    assert done.exit_code == code, done.output
    assert done.stdout.count(": missing") == len(failing)
    assert done.stdout.count("(accepted)") == len({*failing} & {*accepted})


@pytest.mark.parametrize("file", ["absent/check.json", "."])
def test_a_file_that_cant_be_written_is_told_in_a_sentence(place: Place, file: str) -> None:
    manifest = str(place.repository / f"{NEWER.version}.toml")
    done = place.script("-m", "runners", "check", manifest, "--limit", "1", "--json", file)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def check(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


@pytest.fixture
def file(world: World, tmp_path: Path) -> Path:
    """A file of the newer release, of the test's own."""
    source = Path(world.newer.h5ads) / f"{by_key('D02').dataset_id}.h5ad"
    return Path(shutil.copy(source, tmp_path / "mine.h5ad"))


def copy(file: Path, name: str) -> Path:
    return Path(shutil.copy(file, file.parent / name))


def say_version(file: Path, version: str | None) -> Path:
    with h5py.File(file, "a") as h5ad:
        del h5ad["uns/schema_version"]
        if version is not None:
            h5ad["uns/schema_version"] = version
    return file


def spoil(file: Path) -> Path:
    """The file with a label in place of a term, and without a column."""
    with h5py.File(file, "a") as h5ad:
        h5ad["obs/cell_type_ontology_term_id/categories"][0] = "T cell"
        del h5ad["obs/suspension_type"]
    return file


def test_each_file_is_checked_by_the_schema_that_it_says_or_else_the_newest(file: Path) -> None:
    bad = spoil(copy(file, "bad.h5ad"))
    silent = say_version(copy(file, "silent.h5ad"), None)
    old = say_version(copy(file, "old.h5ad"), "3.1.0")
    absent = file.parent / "absent.h5ad"
    report_file = file.parent / "report.json"
    done = check(file, bad, silent, old, absent, "--json", report_file)
    newest = rules.versions()[-1]
    new_column = "    uns.is_pre_analysis: a required key is missing"
    assert done.exit_code == 1, done.output
    assert done.stdout.splitlines() == [
        f"{file}: passes dataset schema 7.0.0",
        f"{bad}: fails dataset schema 7.0.0",
        "    cell_type_ontology_term_id: a term isn't in its ontology: 'T cell' "
        "(looks like a label; the id of T cell is CL:0000084)",
        "    suspension_type: a required column is missing",
        f"{silent}: fails dataset schema {newest}",
        new_column,
        f"{old}: fails dataset schema {newest}",
        new_column,
        "    note: uns.schema_version: the file says 3.1.0, and was checked against dataset "
        f"schema {newest}",
        f"{absent}: is missing",
        f"    there is no file in the storage ({absent})",
        "1 of 5 files pass",
    ]
    report = FilesReport.from_file(report_file)
    failed = Outcome.FAILED
    assert [(each.file, each.outcome) for each in report.files] == [
        (str(file), Outcome.REGISTERED),
        (str(bad), failed),
        (str(silent), failed),
        (str(old), failed),
        (str(absent), Outcome.MISSING),
    ]
    assert [finding.reason for finding in report.files[1].reasons] == [
        Reason.TERM_UNKNOWN,
        Reason.COLUMN_MISSING,
    ]


def test_the_version_of_a_file_is_read_within_the_same_limits(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of time and memory: a file may hang, or ask for any amount, wherever it is read first."""
    limits: list[object] = []

    def read(*_: object) -> None:
        limits.append(signal.getitimer(signal.ITIMER_REAL)[0] > 0)
        raise ValueError

    monkeypatch.setenv("READER_MEGABYTES", "1234")
    monkeypatch.setattr(module, "limit_memory", limits.append)
    monkeypatch.setattr(module, "read_profile", read)
    monkeypatch.setattr(module, "judge_by_version", lambda version, *_: version)
    ((dataset, _),) = deadly.tasks([0])
    found: Any = module.judge_by_own_version("7.0.0", REFERENCE, dataset, str(file))
    assert (found, limits) == ("7.0.0", [1234, True])


def test_without_rules_that_are_decided_it_says_so(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "versions", tuple)
    done = check(file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "runners/rules: there are no rules; copy the bot's own.\n"


def test_the_schema_that_is_named_counts(file: Path) -> None:
    done = check(say_version(file, "7.1.0"), "--schema", "7.0.0", "--workers", "1")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"{file}: passes dataset schema 7.0.0",
        "    note: uns.schema_version: the file says 7.1.0, and was checked against dataset "
        "schema 7.0.0",
        "1 of 1 files pass",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("a.h5ad", "--schema", "9.9.9"), "no rules for dataset schema 9.9.9"),
        (("a.h5ad", "--limit", "1"), "--limit goes with a manifest"),
        (("a.toml", "b.h5ad"), "a manifest is checked alone"),
        (("a.toml", "--schema", "7.0.0"), "the manifest names its schema"),
        (("absent.toml",), "absent.toml: can't be read"),
    ],
)
def test_what_does_not_go_together_is_told_in_a_sentence(
    arguments: tuple[str, ...], sentence: str
) -> None:
    done = check(*arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1

"""What `make demo` says at its end: as the sample is made, not so, or verified since."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runners.cli.commands import main
from runners.contract import (
    Action,
    CheckResult,
    DatasetOutcome,
    Offender,
    RunReport,
    RunRequest,
    Status,
    Verdict,
)
from runners.sample.datasets import DATASETS, NEWER, OLDER

NOW = datetime(2026, 3, 1, tzinfo=UTC)
AS_MADE = "Verdict 'failed': the one that the sample is made to give.\n"
VERIFIED = "Verdict 'passed': all of the sample is registered and verified.\n"


def report(verdict: Verdict, **fields: object) -> RunReport:
    """What a run over the newer release says; only its check of datasets may fail."""
    request = {"run_id": f"{NEWER.version}-ingest-1", "action": Action.INGEST, **fields}
    where = {"manifest": "m.toml", "instance": "anonymous/demo", "release": NEWER.version}
    status = Status.PASSED if verdict is Verdict.PASSED else Status.FAILED
    check = CheckResult(name="datasets", title="Datasets", status=status, expected="12", found="11")
    gone = [d.dataset_id for d in DATASETS if d.versions.keys() == {OLDER}]
    return RunReport(
        request=RunRequest.from_mapping({**where, **request}, source="test"),
        started_at=NOW,
        ended_at=NOW,
        verdict=verdict,
        outcomes=tuple(
            DatasetOutcome(dataset_id=d.dataset_id, title="", outcome=d.outcome, notes=d.noted)
            for d in DATASETS
            if NEWER in d.versions and d.outcome is not None
        ),
        withdrawn=tuple(Offender(dataset_id=dataset_id) for dataset_id in gone),
        checks=(check,),
    )


def compare(told: RunReport, folder: Path, *words: str) -> Result:
    file = folder / "report.json"
    file.write_text(told.to_json())
    return CliRunner().invoke(main, ["sample", str(folder), "--compare", str(file), *words])


@pytest.mark.parametrize("words", [(), ("--later",)])
def test_what_the_sample_is_made_to_give_is_said(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = compare(report(Verdict.FAILED), tmp_path, *words)
    assert (done.exit_code, done.stdout) == (0, AS_MADE)


def test_a_later_run_may_have_verified_all(tmp_path: Path) -> None:
    """Somebody has accepted the broken file, or put a whole one in its place."""
    done = compare(report(Verdict.PASSED), tmp_path, "--later")
    assert (done.exit_code, done.stdout) == (0, VERIFIED)


@pytest.mark.parametrize(("words", "fields"), [((), {}), (("--later",), {"limit": 2})])
def test_neither_a_first_run_nor_a_part_may(
    tmp_path: Path, words: tuple[str, ...], fields: dict[str, object]
) -> None:
    done = compare(report(Verdict.PASSED, **fields), tmp_path, *words)
    assert done.exit_code == 1
    assert "not as the sample is made: the verdict is passed, not failed" in done.stdout

"""`runners check`: what would come of a release, without an instance."""

import pytest
from instances import Place

from runners.contract import CheckReport, Outcome
from runners.sample.datasets import NEWER, by_key, of_release


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


@pytest.mark.parametrize("file", ["absent/check.json", "."])
def test_a_file_that_cant_be_written_is_told_in_a_sentence(place: Place, file: str) -> None:
    manifest = str(place.repository / f"{NEWER.version}.toml")
    done = place.script("-m", "runners", "check", manifest, "--limit", "1", "--json", file)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr

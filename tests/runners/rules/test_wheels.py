"""`runners doctor reference`: whether CZI's wheels are here or can be had; it installs nothing."""

import json
from pathlib import Path

from click.testing import CliRunner

from runners.cli.commands import main
from runners.rules.wheels import newest_rules

NOWHERE = "http://127.0.0.1:9"


def found(root: Path, code: int) -> list[dict[str, str]]:
    environment = {
        "REFERENCE": str(root),
        "PIP_INDEX_URL": NOWHERE,
        "PIP_RETRIES": "0",
        "UV_DEFAULT_INDEX": NOWHERE,
    }
    done = CliRunner().invoke(main, ["doctor", "reference", "--json"], env=environment)
    assert done.exit_code == code, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_wheel_that_is_neither_here_nor_to_be_had_is_missing(tmp_path: Path) -> None:
    here, away = newest_rules().ontology_guide, newest_rules().gene_tables
    (tmp_path / f"{here.name}-{here.version}").mkdir()
    first, second = found(tmp_path, 1)
    assert first["health"] == "ok"
    assert (second["part"], second["health"], second["remedy"]) == (
        f"{away.name} {away.version}",
        "missing",
        "python -m runners reference",
    )
    assert "can't be fetched (" in second["sentence"]
    assert [path.name for path in tmp_path.iterdir()] == [f"{here.name}-{here.version}"]


def test_what_is_unpacked_is_asked_of_nobody(tmp_path: Path) -> None:
    for wheel in (newest_rules().ontology_guide, newest_rules().gene_tables):
        (tmp_path / f"{wheel.name}-{wheel.version}").mkdir()
    assert {line["health"] for line in found(tmp_path, 0)} == {"ok"}

"""What a release of this software says of itself."""

from pathlib import Path

import pytest

from bot.wheel.notes import notes

CHANGELOG = """# Changelog

## Unreleased

- not yet

## 1.2.0 - 2026-05-01

### Added

- one thing

## 1.1.0 - 2026-01-01

- another
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def test_they_are_the_versions_section(root: Path) -> None:
    assert notes("v1.2.0", root) == "### Added\n\n- one thing\n"


def test_a_tag_of_another_version_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match=r"tag v1\.1\.0: .* tag v1\.2\.0\."):
        notes("v1.1.0", root)


@pytest.mark.parametrize("old", ["## 1.2.0 - 2026-05-01", "### Added\n\n- one thing\n"])
def test_a_version_of_which_nothing_is_told_is_refused(root: Path, old: str) -> None:
    (root / "CHANGELOG.md").write_text(CHANGELOG.replace(old, ""))
    with pytest.raises(ValueError, match=r"CHANGELOG.md: has no section '## 1\.2\.0"):
        notes("v1.2.0", root)

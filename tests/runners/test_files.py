"""Files that appear whole or not at all."""

from pathlib import Path

import pytest

from runners.files import write_whole


def test_whoever_reads_the_file_meanwhile_has_the_whole_one_before(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    with path.open() as reading:
        write_whole(path, "after")
        assert reading.read() == "before"
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "after\ud800")
    assert path.read_text() == "before"

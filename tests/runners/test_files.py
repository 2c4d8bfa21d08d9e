"""Files that appear whole or not at all."""

from pathlib import Path

import pytest
from full_disk import files_that_cannot_grow

from runners.files import write_whole


@pytest.mark.parametrize("before", [None, "before"])
def test_what_cannot_be_written_whole_leaves_what_was_there(
    tmp_path: Path, before: str | None
) -> None:
    path = tmp_path / "report.json"
    if before is not None:
        path.write_text(before)
    with files_that_cannot_grow(), pytest.raises(OSError, match="File too large"):
        write_whole(path, "after")
    assert (path.read_text() if path.exists() else None) == before
    write_whole(path, "after")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {path.name: "after"}

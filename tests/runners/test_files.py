"""Files that appear whole or not at all."""

import os
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


def test_the_whole_text_is_on_disk_before_the_file_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that dies keeps what was synced, and may keep the name before the rest."""
    path, seen = tmp_path / "file", list[tuple[int, dict[str, str]]]()
    path.write_text("before")

    def sync(descriptor: int) -> None:
        texts = {file.name: file.read_text() for file in tmp_path.iterdir()}
        seen.append((os.fstat(descriptor).st_ino, texts))

    monkeypatch.setattr(os, "fsync", sync)
    write_whole(path, "after")
    assert seen == [(path.stat().st_ino, {"file": "before", "file.partial": "after"})]


def test_a_name_without_an_ending_or_with_two_is_kept(tmp_path: Path) -> None:
    for name in ("file", "a.b.json"):
        write_whole(tmp_path / name, "é")
        assert (tmp_path / name).read_bytes() == "é".encode()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.b.json", "file"]


def test_what_cannot_be_written_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "after\ud800")
    assert path.read_text() == "before"

"""What is made of a file once is there for the next process, and never instead of another file."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runners.rules.kept import kept_beside


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "source"
    file.write_text("one")
    file.chmod(0o640)
    return file


def upper(file: Path) -> Callable[[], bytes]:
    return lambda: file.read_text().upper().encode()


def unexpected() -> bytes:
    raise AssertionError("made again")


def test_it_is_made_once_and_read_by_whoever_reads_the_file(source: Path) -> None:
    for make in (upper(source), unexpected):
        assert bytes(kept_beside(source, "upper", make)) == b"ONE"
    (kept,) = source.parent.glob("*.upper")
    assert kept.stat().st_mode == source.stat().st_mode
    assert bytes(kept_beside(source, "lower", lambda: b"one")) == b"one"


def test_of_another_file_it_is_made_anew(source: Path) -> None:
    kept_beside(source, "upper", upper(source))
    source.write_text("another")
    assert bytes(kept_beside(source, "upper", upper(source))) == b"ANOTHER"
    source.write_text("of_same")
    os.utime(source, (0, 0))
    assert bytes(kept_beside(source, "upper", upper(source))) == b"OF_SAME"


def test_it_is_synced_before_it_has_its_name(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that dies would leave a name without content, which nobody makes anew."""
    synced: list[tuple[int, int]] = []

    def sync(descriptor: int) -> None:
        assert not list(source.parent.glob("*.upper"))
        status = os.fstat(descriptor)
        synced.append((status.st_ino, status.st_size))

    monkeypatch.setattr(os, "fsync", sync)
    kept_beside(source, "upper", upper(source))
    (kept,) = source.parent.glob("*.upper")
    assert synced == [(kept.stat().st_ino, len("ONE"))]


def test_an_empty_one_is_replaced(source: Path) -> None:
    kept_beside(source, "upper", upper(source))
    (kept,) = source.parent.glob("*.upper")
    kept.write_bytes(b"")
    for make in (upper(source), unexpected):
        assert bytes(kept_beside(source, "upper", make)) == b"ONE"


def test_nothing_is_made_of_a_file_as_well(source: Path) -> None:
    for _ in range(2):
        assert kept_beside(source, "none", lambda: b"") == b""


def test_where_it_cannot_be_kept_it_is_made_each_time(source: Path) -> None:
    kept_beside(source, "upper", upper(source))
    (kept,) = source.parent.glob("*.upper")
    kept.unlink()
    kept.mkdir()
    for make in (upper(source), lambda: b"again"):
        assert kept_beside(source, "upper", make) == make()
    assert {*source.parent.iterdir()} == {source, kept}


def test_a_name_that_is_as_long_as_may_be_is_no_error(tmp_path: Path) -> None:
    source = tmp_path / ("x" * 255)
    source.write_text("one")
    assert kept_beside(source, "upper", upper(source)) == b"ONE"

"""One entry out of a large file: in whichever piece it stands, and across two of them."""

import io
import json

import pytest

from runners.rules import reference
from runners.rules.reference import find_entry

ENTRIES = {f"T:{n}": {"ancestors": {"T:1": n, "T:0": n + 1}, "label": f"é{n}"} for n in range(60)}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("piece", [160, 161, 163, 200, 10_000])
def test_every_entry_is_found_whole_wherever_pieces_end(
    monkeypatch: pytest.MonkeyPatch, piece: int, indent: int | None
) -> None:
    monkeypatch.setattr(reference, "PIECE", piece)
    content = json.dumps(ENTRIES, indent=indent, ensure_ascii=False).encode()
    for term_id, value in ENTRIES.items():
        assert find_entry(io.BytesIO(content), term_id) == value
    assert find_entry(io.BytesIO(content), "T:60") is None
    assert find_entry(io.BytesIO(content), "T:") is None


def test_a_term_that_only_others_name_has_no_entry() -> None:
    assert find_entry(io.BytesIO(b'{"T:1": {"ancestors": {"T:2": 1}}}'), "T:2") is None

"""Markers: found in the last line and nowhere else."""

import pytest

from bot.comments.markers import Marker, MarkerKind, find, sign

MARKER = Marker(MarkerKind.RELEASE, "2026-02-01")


def test_a_signed_text_gives_its_marker_back() -> None:
    assert find(sign("Hello.\n\n", MARKER)) == MARKER
    assert sign("Hello.\n\n", MARKER) == (
        "Hello.\n\n<!-- cellxgene-ingestion-bot: release 2026-02-01 -->\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Hello.",
        f"{MARKER}\nand more",
        f"> {MARKER}",
        f"`{MARKER}`",
        f" {MARKER}x",
        "<!-- cellxgene-ingestion-bot: release -->",
        "<!-- cellxgene-ingestion-bot: other 2026-02-01 -->",
        "<!-- cellxgene-ingestion-bot: release 2026-02-01 --> <!-- -->",
    ],
)
def test_anything_else_has_none(body: str) -> None:
    assert find(body) is None

"""What a snapshot's plain values say of themselves."""

import pytest

from runners.records.snapshot import (
    ArtifactRow,
    Snapshot,
    Unknown,
    UnknownError,
    value_or_raise,
)


@pytest.mark.parametrize(
    ("uid", "is_first"), [("abcdefgh0000", True), ("abcdefgh0001", False), ("abcdefgh0010", False)]
)
def test_revisions_share_all_but_four_signs_of_their_uid(uid: str, is_first: bool) -> None:
    row = ArtifactRow(1, uid, "k", None, None, True, "/a", "d-1")
    assert (row.stem, row.is_first) == ("abcdefgh", is_first)


def test_an_artifact_has_the_features_that_it_has_labels_for() -> None:
    labels = {
        1: frozenset({("tissue", "UBERON:1"), ("tissue", "UBERON:2"), ("sex", "PATO:1")}),
        2: frozenset[tuple[str, str]](),
    }
    own = Snapshot("2020-07-15", (), (), (), labels, {}, frozenset(), (), {}, {}, ())
    assert own.features == {1: {"tissue", "sex"}, 2: set()}


def test_what_could_not_be_gathered_is_no_value_but_says_why() -> None:
    assert value_or_raise(()) == ()
    with pytest.raises(UnknownError, match="the storage is silent"):
        value_or_raise(Unknown("the storage is silent"))

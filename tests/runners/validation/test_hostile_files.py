"""Files in which something else stands in the place of a node: each has a named outcome.

What HDF5 allows to stand there is put in the place of every node in turn; none of it may take
much memory, be a fault of ours, or show what stands in another file.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice, product
from pathlib import Path

import pytest
from hostile_files import POINTING, SECRET, WRONG, nodes, opened_files, replace, secret_files, whole
from peak_memory import forget_peak, peak_megabytes

from runners import rules
from runners.census.store import CensusDataset
from runners.contract import Reason
from runners.rules.reference import Reference
from runners.rules.vocabulary import Vocabulary
from runners.settings import from_environment
from runners.validation.validated import ValidatedDataset, read_and_validate

NAMED = {
    None,
    Reason.FILE_UNREADABLE,
    Reason.FILE_POINTS_ELSEWHERE,
    Reason.FILE_TOO_LARGE,
}
STEP = 47
"""Of the files of the proof, each so-manieth is read in the short tests; a prime number, so that
they differ in node and in what stands there.
"""


@cache
def vocabulary() -> Vocabulary:
    return Vocabulary(Reference(rules.load("7.0.0"), from_environment().reference))


def judged(path: Path) -> ValidatedDataset:
    dataset = CensusDataset(path.stem, "v", "T", path.name, "c", "C", "", 30)
    return read_and_validate(dataset, str(path), vocabulary())


def outcomes(folder: Path, step: int = 1) -> Iterator[tuple[str, str, Reason | None]]:
    """Node, what stands there instead, and what came of it."""
    secrets, source = secret_files(folder / "secrets"), whole(folder / "whole.h5ad")
    assert judged(source).validation is not None
    for node, how in islice(product(nodes(source), WRONG), 0, None, step):
        path = replace(source, folder / "dataset.h5ad", node, WRONG[how], secrets)
        with opened_files(secrets) as opened:
            found = judged(path)
        assert opened == [], f"{node} as {how}"
        assert SECRET not in repr(found), f"{node} as {how}"
        yield node, how, found.problem.reason if found.problem else None


def refused_by_name(found: list[tuple[str, str, Reason | None]]) -> Counter[Reason | None]:
    """How many ended how, if all ended as they may."""
    unnamed = [each for each in found if each[2] not in NAMED]
    assert unnamed == []
    pointing = {reason for _, how, reason in found if how in POINTING}
    assert pointing == {Reason.FILE_POINTS_ELSEWHERE}
    return Counter(reason for _, _, reason in found)


def test_some_wrong_nodes_have_named_outcomes(tmp_path: Path) -> None:
    found = refused_by_name(list(outcomes(tmp_path, STEP)))
    assert found.total() >= 40
    assert set(found) == NAMED


@pytest.mark.prove
def test_every_wrong_node_has_a_named_outcome(tmp_path: Path) -> None:
    forget_peak()
    before = peak_megabytes()
    found = refused_by_name(list(outcomes(tmp_path)))
    assert found.total() > 1_000
    assert peak_megabytes() - before < 1_000  # of which most is the vocabulary

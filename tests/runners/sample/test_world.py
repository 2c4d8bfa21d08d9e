"""Building: whole or not at all, once, and always the same."""

from pathlib import Path

import pytest

from runners.contract import ContractError
from runners.sample import build, read
from runners.sample.world import World

from .conftest import REFERENCE, tree


class KilledError(Exception):
    pass


def kill_at_second_file(step: str) -> None:
    if step.startswith("sample world: 2020-01-15 h5ads 2/"):
        raise KilledError


def no_step(step: str) -> None:
    pytest.fail(f"did something: {step}")


def test_second_build_changes_nothing(world: World) -> None:
    before = tree(world.root)
    assert build(world.root, REFERENCE, no_step) == world
    assert tree(world.root) == before


def test_read_finds_what_was_built(world: World) -> None:
    assert read(world.root) == world


def test_read_refuses_a_folder_without_a_world(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no sample world here"):
        read(tmp_path)


def test_build_refuses_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ContractError, match="something else than a sample world"):
        build(tmp_path, REFERENCE, no_step)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """Where an older builder has built, and a build that was to replace it was killed."""
    root = tmp_path / "world"
    root.mkdir()
    (root / "builder.sha256").write_text("of an older builder\n")
    (root / "left.txt").write_text("of an older builder\n")
    with pytest.raises(KilledError):
        build(root, REFERENCE, kill_at_second_file)
    return root


def test_killed_build_leaves_the_old_world(killed: Path) -> None:
    assert {path.name for path in killed.iterdir()} == {"builder.sha256", "left.txt"}
    assert (killed / "left.txt").read_text() == "of an older builder\n"


@pytest.mark.prove
def test_the_next_one_is_whole(killed: Path, world: World, tmp_path: Path) -> None:
    root = killed

    again = build(root, REFERENCE, lambda step: None)
    assert [path.name for path in tmp_path.iterdir()] == ["world"]
    # The stores differ: TileDB names fragments by time. The rest names its own folder.
    for part in ("schema", "cell-census/2020-01-15/h5ads", "cell-census/2020-07-15/h5ads"):
        assert tree(again.root / part) == tree(world.root / part)
    assert again.page.read_bytes() == world.page.read_bytes()
    for name in ("directory", "manifests"):
        own, other = getattr(again, name), getattr(world, name)
        assert _texts(own, root) == _texts(other, world.root)


def _texts(path: Path, root: Path) -> list[str]:
    found = sorted(path.iterdir()) if path.is_dir() else [path]
    return [file.read_text().replace(str(root), "ROOT") for file in found]

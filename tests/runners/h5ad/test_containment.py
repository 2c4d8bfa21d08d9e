"""What a file says to lie in another file of the machine is never opened, wherever it says so."""

from pathlib import Path

import h5py
import pandas as pd
import pytest
from h5ad_files import obs_of, write
from hostile_files import (
    POINTING,
    SECRET,
    opened_files,
    replace,
    secret_files,
    with_link_of_unknown_class,
)

from runners import rules
from runners.h5ad.containment import ElsewhereError, part, refuse_parts_elsewhere
from runners.h5ad.errors import FilePointsElsewhereError
from runners.h5ad.profile import read_profile
from runners.registry.canary.subset import read_subset

ASKED = ["column", "title", "deep", "deep.a", "feature_is_filtered"]
PLACES = (
    "X",
    "obs",
    "obs/_index",
    "obs/column",
    "obs/column/codes",
    "obs/column/categories",
    "obs/plain",
    "obsm",
    "uns",
    "uns/title",
    "uns/deep",
    "uns/deep/a",
    "var/_index",
)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    return secret_files(tmp_path / "secrets")


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    obs = obs_of(column=pd.Categorical(["x", "y"]), plain=[True, False])
    return write(tmp_path / "whole.h5ad", obs, uns={"title": "T", "deep": {"a": "b"}})


def refused(path: Path, secrets: Path) -> str:
    """What is said of the file, after which nobody has opened a secret one."""
    with opened_files(secrets) as opened, pytest.raises(FilePointsElsewhereError) as error:
        read_profile(str(path), ASKED)
    assert opened == []
    assert SECRET not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("how", POINTING)
def test_what_points_to_another_file_is_refused_by_name_wherever_it_stands(
    tmp_path: Path, whole: Path, secrets: Path, how: str
) -> None:
    for place in PLACES:
        path = replace(whole, tmp_path / "dataset.h5ad", place, POINTING[how], secrets)
        said = refused(path, secrets)
        assert said.startswith(f"{path}: ")
        assert f": {'elsewhere' if how.startswith('soft') else place} is a" in said
        assert said.endswith("; store its data in it.")


def test_opening_a_secret_file_would_be_seen(secrets: Path) -> None:
    with opened_files(secrets) as opened:
        (secrets / "secret.txt").read_text()
    assert opened == ["secret.txt"]


def test_a_link_of_a_class_that_somebody_has_made_is_refused(tmp_path: Path, whole: Path) -> None:
    path = with_link_of_unknown_class(whole, tmp_path / "dataset.h5ad")
    with pytest.raises(FilePointsElsewhereError, match="uns/user-link is a link of an unknown cl"):
        read_profile(str(path), ASKED)


@pytest.mark.parametrize("index", ["/elsewhere/secret", "below/it", "../obs/below/it"])
def test_an_index_named_by_a_path_leads_to_no_other_file(
    whole: Path, secrets: Path, index: str
) -> None:
    with h5py.File(whole, "r+") as file:
        file["elsewhere"] = h5py.ExternalLink(secrets / "secret.h5", "/")
        file["obs"].create_group("below")["it"] = h5py.SoftLink("/elsewhere/secret")
        file["obs"].attrs["_index"] = index
    assert "elsewhere is an external link" in refused(whole, secrets)


def test_categories_of_old_files_lead_to_no_other_file(whole: Path, secrets: Path) -> None:
    with h5py.File(whole, "r+") as file:
        del file["obs/column"]
        file["obs/column"] = [0, 0]
        POINTING["external storage"](file["obs"].create_group("__categories"), "column", secrets)
    assert "obs/__categories/column is a dataset with external storage" in refused(whole, secrets)


def test_it_is_refused_through_a_file_object_too(whole: Path, secrets: Path) -> None:
    with h5py.File(whole, "r+") as file:
        file["obs/other"] = h5py.ExternalLink(secrets / "secret.h5", "secret")
    with (
        whole.open("rb") as stream,
        h5py.File(stream, "r") as file,
        pytest.raises(ElsewhereError, match="obs/other is an external link"),
    ):
        refuse_parts_elsewhere(file)


@pytest.mark.parametrize("how", POINTING)
@pytest.mark.parametrize("way", ["{}", "/{}", "again/{}", "./{}"])
def test_no_part_of_another_file_is_opened_where_the_whole_is_not_looked_at(
    tmp_path: Path, whole: Path, secrets: Path, how: str, way: str
) -> None:
    """As on S3, also along soft links."""
    for place in PLACES:
        path = replace(whole, tmp_path / "dataset.h5ad", place, POINTING[how], secrets)
        with h5py.File(path, "r+") as file:
            file["again"] = h5py.SoftLink("/")
        with opened_files(secrets) as opened, h5py.File(path, "r") as file:
            with pytest.raises(ElsewhereError) as error:
                part(file, way.format(place))
            assert opened == []
        said = "elsewhere" if how.startswith("soft") else place
        assert str(error.value).startswith(f"{said} is a")


def test_a_part_that_is_not_there_is_none_and_a_ring_is_refused(whole: Path) -> None:
    with h5py.File(whole, "r+") as file:
        file["ring"] = h5py.SoftLink("ring")
        file["nowhere"] = h5py.SoftLink("/obs/absent")
        for path in ("absent", "obs/absent", "obs/plain/below", "nowhere", "uns/../obs"):
            assert part(file, path) is None
        with pytest.raises(ValueError, match="ring leads through too many soft links"):
            part(file, "ring")


def test_links_within_the_file_are_followed(whole: Path) -> None:
    with h5py.File(whole, "r+") as file:
        file["obs"].move("column", "moved")
        file["obs/column"] = h5py.SoftLink("/obs/moved")
        file["uns/again"] = file["obs"]  # a second name, and a ring
        file["obs/ring"] = file["/"]
    assert read_profile(str(whole), ASKED).obs["column"].values == ("x", "y")


def test_the_canary_reads_no_other_file_either(whole: Path, secrets: Path) -> None:
    with h5py.File(whole, "r+") as file:
        file["obs/other"] = h5py.ExternalLink(secrets / "secret.h5", "secret")
    with opened_files(secrets) as opened, pytest.raises(FilePointsElsewhereError):
        read_subset(str(whole), rules.load("7.0.0"))
    assert opened == []

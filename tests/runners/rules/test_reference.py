"""Fetching the pinned wheels, from an index in a folder; and reading what they hold."""

import base64
import hashlib
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from runners import rules
from runners.contract import ContractError
from runners.contract.rules import Wheel
from runners.rules.reference import Reference
from runners.rules.wheels import unpack
from runners.settings import from_environment

NAME, VERSION = "sample-ontologies", "1.2.3"


def make_wheel(index: Path, content: str = "{}") -> Wheel:
    """A wheel with one data file in the folder `index`, and how the rules would name it."""
    stem = f"{NAME.replace('-', '_')}-{VERSION}"
    files = {
        "sample_ontologies/data.json": content,
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{stem}.dist-info/RECORD"
    lines = [f"{name},{_digest(text)},{len(text)}" for name, text in files.items()]
    path = index / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, record: "\n".join([*lines, f"{record},,\n"])}.items():
            wheel.writestr(name, text)
    return Wheel(name=NAME, version=VERSION, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


@pytest.fixture(params=["pip", "uv"])
def index(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the only index that the installer knows."""
    if request.param == "pip":
        if find_spec("pip") is None:
            pytest.skip("pip isn't here: uv made this environment; then uv is used, and tested")
        monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    elif shutil.which("uv") is None:
        pytest.skip("uv isn't here; then pip is used, and tested")
    folder = tmp_path / "index"
    folder.mkdir()
    for tool in ("PIP", "UV"):
        monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return folder


def test_a_wheel_is_unpacked_whole_and_nothing_else_is_left(index: Path, tmp_path: Path) -> None:
    folder = unpack(make_wheel(index), tmp_path / "reference")
    assert folder == tmp_path / "reference" / f"{NAME}-{VERSION}"
    assert (folder / "sample_ontologies" / "data.json").read_text() == "{}"
    assert list((tmp_path / "reference").iterdir()) == [folder]


def test_a_wrong_hash_is_refused_and_nothing_is_left(index: Path, tmp_path: Path) -> None:
    wheel = make_wheel(index)
    make_wheel(index, content='{"forged": true}')
    with pytest.raises(ContractError) as refused:
        unpack(wheel, tmp_path / "reference")
    text = str(refused.value)
    assert text.startswith(f"{NAME} {VERSION} can't be fetched from the package registry (")
    assert "\n" not in text
    assert list((tmp_path / "reference").iterdir()) == []


def test_an_absent_wheel_is_refused_and_nothing_is_left(index: Path, tmp_path: Path) -> None:
    wheel = Wheel(name="no-such-wheel", version="1.0.0", sha256="0" * 64)
    with pytest.raises(ContractError, match=r"^no-such-wheel 1\.0\.0 can't be fetched"):
        unpack(wheel, tmp_path / "reference")
    assert list((tmp_path / "reference").iterdir()) == []


def test_a_folder_that_is_there_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_NO_INDEX", "1")
    there = tmp_path / f"{NAME}-{VERSION}"
    there.mkdir()
    (there / "data.json").write_text("kept")
    assert unpack(Wheel(name=NAME, version=VERSION, sha256="0" * 64), tmp_path) == there
    assert (there / "data.json").read_text() == "kept"


def test_two_at_once_end_with_one_whole_folder(index: Path, tmp_path: Path) -> None:
    wheel = make_wheel(index)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(unpack, wheel, tmp_path / "reference") for _ in range(2)]
    assert {done.result() for done in both} == {tmp_path / "reference" / f"{NAME}-{VERSION}"}
    assert [path.name for path in (tmp_path / "reference").iterdir()] == [f"{NAME}-{VERSION}"]
    assert (tmp_path / "reference" / f"{NAME}-{VERSION}" / "sample_ontologies").is_dir()


@pytest.fixture(scope="module")
def newer() -> Reference:
    return Reference(rules.load("7.0.0"), from_environment().reference)


def test_terms_know_parents_ancestors_and_age(newer: Reference) -> None:
    terms = newer.terms("CL")
    t_cell, obsolete = terms["CL:0000084"], terms["CL:0000627"]
    assert (t_cell.label, t_cell.deprecated) == ("T cell", False)
    assert t_cell.parents == ("CL:0000542",)
    assert terms["CL:0000129"].parents == ("CL:0000125", "CL:0000878")  # of microglial cells
    assert set(t_cell.parents) < t_cell.ancestors <= set(terms)
    assert "CL:0000000" in t_cell.ancestors
    assert obsolete.deprecated


def test_the_two_ontology_guides_are_read_alike(newer: Reference) -> None:
    older = Reference(rules.load("6.0.0"), from_environment().reference)
    assert older.pin("CL") != newer.pin("CL")
    assert not older.terms("CL")["CL:0000627"].deprecated


def test_genes_of_every_kind_of_table(newer: Reference) -> None:
    human = newer.genes("homo_sapiens")["ENSG00000141510"]
    assert (human.gene_id, human.symbol) == ("ENSG00000141510", "TP53")
    assert human.length > 0
    assert all(gene_id.startswith("ERCC-") for gene_id in newer.genes("ercc"))
    assert newer.genes("sars_cov_2")
    assert newer.gene_table("homo_sapiens").ids == (*newer.genes("homo_sapiens"),)

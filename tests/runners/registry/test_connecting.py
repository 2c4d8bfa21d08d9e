"""What is asked of LaminDB to make an instance and to connect to one, and what becomes of its
answer, without an instance.
"""

import errno
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lamindb_setup
import pytest

from runners.contract import ContractError
from runners.registry import connection
from runners.retries import OutageError
from runners.run.stopping import StoppedError


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Makes LaminDB answer, or raise, and gives what it is asked for from then on."""
    monkeypatch.setenv("LAMIN_CURRENT_INSTANCE", "")  # which connect() sets

    def answering(answer: Any) -> list[str]:
        asked: list[str] = []

        def answered(slug: str) -> Any:
            asked.append(slug)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        monkeypatch.setattr(connection, "_open", answered)
        return asked

    return answering


@pytest.mark.parametrize("slug", ["demo", "/demo", "lab/", "/", ""])
def test_what_is_no_owner_and_name_is_refused_before_anybody_is_asked(
    opened: Callable[..., list[str]], slug: str
) -> None:
    asked = opened(None)
    with pytest.raises(ContractError, match=f"^instance '{slug}': is not owner/name; write e.g. "):
        connection.connect(slug)
    assert asked == []


@pytest.mark.parametrize(("slug", "is_on_hub"), [("anonymous/demo", False), ("lab/demo", True)])
def test_of_an_instance_of_nobody_laminhub_is_not_asked(
    opened: Callable[..., list[str]], slug: str, is_on_hub: bool
) -> None:
    instance = SimpleNamespace(slug=slug, _is_on_hub=True)
    assert opened(instance) == []
    connection.connect(slug)
    assert instance._is_on_hub is is_on_hub


def test_another_instance_than_the_one_that_was_asked_for_is_refused(
    opened: Callable[..., list[str]],
) -> None:
    opened(SimpleNamespace(slug="lab/other", _is_on_hub=True))
    with pytest.raises(ContractError) as refused:
        connection.connect("lab/demo")
    assert str(refused.value) == (
        "instance 'lab/demo': this process is connected to 'lab/other'; unset "
        "LAMIN_CURRENT_INSTANCE or name that instance."
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("there is none.\nask somebody"), "(there is none)"),
        (SystemExit("no database"), "(no database)"),
        (SystemExit(), "(SystemExit)"),
        (KeyError(), "(KeyError)"),
        (OSError("who knows"), "(who knows)"),
    ],
)
def test_what_lamindb_refuses_is_told_with_where_its_settings_lie(
    opened: Callable[..., list[str]], error: BaseException, said: str
) -> None:
    opened(error)
    with pytest.raises(ContractError) as refused:
        connection.connect("lab/demo")
    assert str(refused.value).startswith(f"instance 'lab/demo': can't be connected to {said}. What")
    assert "LAMIN_SETTINGS_DIR" in str(refused.value)


@pytest.mark.parametrize(
    "error",
    [
        ContractError("a sentence already"),
        OutageError("one that passes"),
        StoppedError(15),
        OSError(errno.ENOSPC, "full", "a/file"),
    ],
    ids=repr,
)
def test_what_has_a_sentence_of_its_own_or_is_a_signal_stays_as_it_is(
    opened: Callable[..., list[str]], error: BaseException
) -> None:
    opened(error)
    with pytest.raises(type(error)) as found:
        connection.connect("lab/demo")
    assert found.value is error


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What LaminDB is asked to make, and where."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(
        lamindb_setup, "init", lambda **words: asked.append({"where": Path.cwd(), **words})
    )
    monkeypatch.setattr(connection, "_storage_of", lambda _: None)
    return asked


def test_an_instance_is_made_in_its_own_folder_with_what_it_is_asked_to_have(
    tmp_path: Path, made: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, before = tmp_path / "a" / "b", Path.cwd()
    assert connection.create("demo", Path("a/b")) == "anonymous/demo"
    assert (
        connection.create("x1_.-Y", folder, "address", ("pertdb", "bionty")) == "anonymous/x1_.-Y"
    )
    own = {"where": folder, "storage": str(folder)}
    assert made == [
        {**own, "name": "demo", "modules": "bionty", "db": None},
        {**own, "name": "x1_.-Y", "modules": "bionty,pertdb", "db": "address"},
    ]
    assert Path.cwd() == before


def test_one_that_is_there_in_that_folder_is_not_made_again(
    tmp_path: Path, made: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_storage_of", lambda _: str(tmp_path / "there"))
    assert connection.create("demo", tmp_path / "x" / ".." / "there") == "anonymous/demo"
    with pytest.raises(ContractError, match="is there already, with its storage in "):
        connection.create("demo", tmp_path / "elsewhere")
    assert (made, list(tmp_path.iterdir())) == ([], [])


def test_after_a_refusal_the_process_is_where_it_was(
    tmp_path: Path, made: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(lamindb_setup, "init", refuse)
    before = Path.cwd()
    with pytest.raises(ContractError, match=r"can't be made in .* \(no\); correct NAME, STORAGE, "):
        connection.create("demo", tmp_path / "new")
    assert Path.cwd() == before


@pytest.mark.parametrize("name", ["", ".x", "-x", "_x", "a b", "a/b", "é", "x\n"])
def test_a_name_that_is_none_makes_nothing(
    tmp_path: Path, made: list[dict[str, Any]], name: str
) -> None:
    with pytest.raises(ContractError, match="is no such name; take letters, digits"):
        connection.create(name, tmp_path / "new")
    assert (made, list(tmp_path.iterdir())) == ([], [])

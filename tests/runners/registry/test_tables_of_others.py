"""Whether an instance's tables are those that are written here, by a loader of migrations and a
role of the test's own.
"""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from runners.contract import ContractError
from runners.registry import migrations, role, rows
from runners.registry.migrations import OtherTablesError, require_same

Migration = tuple[str, str]
SQUASHED, LAST = ("lamindb", "0200_squashed"), ("lamindb", "0201_last")
BIONTY = ("bionty", "0065_squashed")
HERE = {LAST, BIONTY}
GONE = ("lamindb", "0199_gone")


def loader(applied: set[Migration]) -> Any:
    """What is known here: two modules that we write, of which one has replaced a migration; and one
    that we don't.
    """
    files = {one: SimpleNamespace(replaces=[]) for one in (LAST, BIONTY, ("lab", "0001_hers"))}
    files[SQUASHED] = SimpleNamespace(replaces=[("lamindb", "0300_replaced")])
    leaves = [LAST, BIONTY, ("lab", "0001_hers")]
    graph = SimpleNamespace(leaf_nodes=lambda: leaves)
    return SimpleNamespace(graph=graph, disk_migrations=files, applied_migrations=applied)


@pytest.mark.parametrize(
    ("applied", "said"),
    [
        (HERE, ""),
        ({*HERE, SQUASHED, GONE, ("lamindb", "0300_replaced")}, ""),
        ({*HERE, ("lab", "9999_other"), ("lab", "0001_hers")}, ""),
        ({*HERE, ("lamindb", "initial")}, ""),  # without a number
        ({LAST}, "lacks the migration 0065_squashed of bionty 2."),
        ({BIONTY, SQUASHED}, "lacks the migration 0201_last of lamindb 2."),
        (set(), "lacks the migration 0201_last of lamindb 2."),
        (
            {*HERE, ("lamindb", "0202_new")},
            "has the migration 0202_new of lamindb, which lamindb 2.",
        ),
        (
            {*HERE, ("bionty", "0066_b"), ("bionty", "0067_c")},
            "has the migration 0067_c of bionty, ",
        ),
        ({BIONTY, ("lamindb", "0201_other")}, "has the migration 0201_other of lamindb, which "),
    ],
)
def test_an_instance_is_refused_that_is_newer_or_else_older_than_what_is_installed(
    monkeypatch: pytest.MonkeyPatch, applied: set[Migration], said: str
) -> None:
    monkeypatch.setattr(migrations, "MigrationLoader", lambda _: loader(applied))
    if not said:
        require_same("a/b")
        return
    with pytest.raises(OtherTablesError) as refused:
        require_same("a/b")
    assert str(refused.value).startswith(f"instance 'a/b': its database {said}")
    remedy = "; install the " if said.startswith("has") else "let its administrator run `lamin mig"
    assert remedy in str(refused.value)


@pytest.mark.parametrize(
    ("read_only", "lacking", "said"),
    [
        ("off", (), ""),
        (
            "on",
            ("a",),
            "the database can only be read by me: its transactions are read-only; name the ",
        ),
        ("off", ("a",), "the role me may not read and write a; grant it select, insert, update "),
        ("off", tuple("abcdefg"), "the role me may not read and write a, b, c, d, e and 2 more; "),
    ],
)
def test_a_role_is_refused_that_may_only_read_or_lacks_rights_on_a_table(
    monkeypatch: pytest.MonkeyPatch, read_only: str, lacking: tuple[str, ...], said: str
) -> None:
    asked: list[Any] = []
    cursor = SimpleNamespace(
        execute=lambda *words: asked.append(words),
        fetchone=lambda: ("me", read_only),
        fetchall=lambda: [(table,) for table in lacking],
    )
    connection = SimpleNamespace(vendor="postgresql", cursor=lambda: nullcontext(cursor))
    monkeypatch.setattr(role, "connection", connection)
    monkeypatch.setattr(rows, "models", lambda: {"one": None, "other": None})
    if said:
        with pytest.raises(ContractError) as refused:
            role.require_writing()
        assert str(refused.value).startswith(said)
    else:
        role.require_writing()
    assert asked[-1] == (role.LACKING, [["one", "other"]])


def test_a_file_that_can_only_be_read_is_refused_by_a_statement_that_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    cursor = SimpleNamespace(execute=asked.append)
    connection = SimpleNamespace(vendor="sqlite", cursor=lambda: nullcontext(cursor))
    monkeypatch.setattr(role, "connection", connection)
    role.require_writing()
    assert asked == ["update django_migrations set name = name where false"]

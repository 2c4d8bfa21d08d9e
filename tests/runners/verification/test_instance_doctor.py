"""`runners doctor instance` names what a release would stumble over, and changes nothing."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import instances
import pytest
from instances import INSTANCE, Done, Place

from runners import registry
from runners.contract import ContractError, Health, PartHealth
from runners.retries import OutageError
from runners.verification import doctor

WORDS = ("-m", "runners", "doctor", "instance", "--instance")


def lines(done: Done) -> dict[str, tuple[str, str]]:
    """Part -> how it is, and its sentence with the remedy, which each has that isn't well."""
    assert done.stderr == ""
    read = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(bool(line["remedy"]) is (line["health"] != "ok") for line in read)
    texts = {line["part"]: f"{line['sentence']} {line['remedy']}".rstrip() for line in read}
    return {line["part"]: (line["health"], texts[line["part"]]) for line in read}


def examined(place: Place, code: int = 0, instance: str = INSTANCE) -> dict[str, tuple[str, str]]:
    done = place.script(*WORDS, instance, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    return lines(done)


@pytest.fixture
def own(empty: Place, tmp_path: Path) -> Place:
    """A copy of an instance that holds nothing."""
    return instances.copy(empty, tmp_path / "own")


def test_an_instance_that_lacks_nothing_is_fine_and_stays_as_it_is(own: Place) -> None:
    before = own.database.read_bytes()
    found = examined(own)
    assert {health for health, _ in found.values()} == {"ok"}
    assert list(found) == [
        "instance", "migrations", "branch", "role", "sequences", "modules", "features", "sources",
        "trash", "registered",
    ]  # fmt: skip
    assert found["registered"][1] == "no release yet."
    assert own.database.read_bytes() == before


def test_what_is_registered_is_told_by_release(fresh: Place) -> None:
    assert examined(fresh)["registered"] == (
        "ok",
        "2020-01-15 (5 datasets), 2020-07-15 (11 datasets).",
    )


def of_later(place: Place) -> None:
    row = "('lamindb', '9999_of_later', '2030-01-01')"
    instances.change(place, f"insert into django_migrations (app, name, applied) values {row}")


def of_former(place: Place) -> None:
    instances.change(place, "delete from django_migrations where app = 'lamindb'")


def with_another_dtype(place: Place) -> None:
    make = "ln.Feature(name='donor_id', dtype='float').save()"
    instances.succeed(instances.connected(place, make))


def with_two_current(place: Place) -> None:
    """Another version of a source that is current already."""
    with closing(sqlite3.connect(place.database)) as connection, connection:
        connection.row_factory = sqlite3.Row
        query = "select * from bionty_source where currently_used order by id"
        row = dict(connection.execute(query).fetchone())
        row |= {"id": 100_000, "uid": "another1", "version": "another"}
        marks = ", ".join("?" * len(row))
        connection.execute(f"insert into bionty_source values ({marks})", tuple(row.values()))


def in_the_trash(place: Place) -> None:
    statement = (
        "import pathlib; file = pathlib.Path('cell-census/2020-01-15/h5ads/x.h5ad');"
        "file.parent.mkdir(parents=True); file.write_text('x');"
        "ln.Artifact(file, key=str(file), key_is_virtual=False, run=False).save().delete()"
    )
    instances.succeed(instances.connected(place, statement))


@pytest.mark.parametrize(
    ("spoil", "code", "part", "health", "said"),
    [
        (of_later, 1, "migrations", "missing", "install the lamindb that the instance was"),
        (of_former, 1, "migrations", "missing", "let its administrator run `lamin migrate deploy`"),
        (with_another_dtype, 1, "features", "missing", "feature donor_id is float, and not"),
        (with_two_current, 0, "sources", "warning", "are current at once"),
        (in_the_trash, 0, "trash", "warning", "1 artifacts of the Census are in the trash"),
    ],
)
def test_what_a_run_would_stumble_over_is_named(
    own: Place, spoil: Callable[[Place], None], code: int, part: str, health: str, said: str
) -> None:
    spoil(own)
    before = own.database.read_bytes()
    found = examined(own, code)
    assert found[part][0] == health
    assert said in found[part][1]
    others = {health for name, (health, _) in found.items() if name != part}
    assert others == {"ok"}
    assert own.database.read_bytes() == before


@pytest.mark.parametrize("spoil", [of_later, of_former])
def test_no_more_is_read_of_tables_that_are_others(
    own: Place, spoil: Callable[[Place], None]
) -> None:
    spoil(own)
    assert list(examined(own, 1)) == ["instance", "migrations"]


def test_an_instance_of_another_name_is_named_with_what_to_do(own: Place) -> None:
    found = examined(own, 1, "anonymous/dmeo")
    assert list(found) == ["instance"]
    assert "name another instance, or log in by `lamin login`." in found["instance"][1]


@pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("unshare") is None,
    reason="root may write any file, and there is no unshare to be somebody else",
)
def test_a_role_that_may_only_read_is_named(own: Place) -> None:
    """SQLite's roles are the rights of files; PostgreSQL's are in test_postgres."""
    for path in (own.database, own.database.parent):
        path.chmod(path.stat().st_mode & ~0o222)
    other = ["unshare", "-U", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
    try:
        done = subprocess.run(
            [*other, sys.executable, *WORDS, INSTANCE, "--json"],
            cwd=own.root,
            env=own.environment,
            text=True,
            capture_output=True,
            check=False,
        )
    finally:
        for path in (own.database, own.database.parent):
            path.chmod(path.stat().st_mode | 0o200)
    found = lines(done)
    assert done.returncode == 1
    assert found["role"][0] == "missing"
    assert "can only be read" in found["role"][1]


@pytest.mark.parametrize(
    ("error", "health"),
    [
        (OutageError("the database does not answer; run it again later."), Health.UNKNOWN),
        (ContractError("the role may only read; grant it more."), Health.MISSING),
        (RuntimeError("of ours"), Health.UNKNOWN),
    ],
)
@pytest.mark.parametrize("part", ["branch", "role", "sequences"])
def test_what_does_not_answer_is_unknown_and_only_what_is_refused_is_missing(
    monkeypatch: pytest.MonkeyPatch, part: str, error: Exception, health: Health
) -> None:
    def fail(*_: object) -> None:
        raise error

    checks = {"branch": "require_main", "role": "require_writing", "sequences": "require_ahead"}
    checked: dict[str, Any] = dict.fromkeys(checks.values(), lambda *_: None)
    checked |= {checks[part]: fail, "highest_ids": dict}
    for name in ("branches", "role", "rows", "schema", "sequences"):
        double = SimpleNamespace(**checked)
        monkeypatch.setitem(sys.modules, f"runners.registry.{name}", double)
        monkeypatch.setattr(registry, name, double, raising=False)
    connected = PartHealth.of_error("instance", Health.OK, "it can be connected to.")
    monkeypatch.setattr(doctor, "_connected", lambda _: [connected])
    found = dict.fromkeys(["instance", *checks], Health.OK) | {part: health}
    lines_of_three = islice(doctor.examine(INSTANCE, Path()), len(found))
    assert {line.part: line.health for line in lines_of_three} == found

"""Changes an artifact's description in transactions of the run's kind, while a person works on the
same table; for `instances.connected`, which has made LaminDB's models.
"""

import sys
from contextlib import closing
from typing import Any
from unittest.mock import patch

import lamindb as ln
import psycopg2
from django.db import OperationalError
from psycopg2.errors import LockNotAvailable

from runners.registry import exclusive, lock
from runners.retries import OutageError

TABLE = "lamindb_artifact"
EDIT = f"update {TABLE} set description = 'hers' where id = %s"


def play(address: str) -> None:
    """Writes a line a transaction: what came of her edit in the midst of it, and of ours."""
    lock.take_database_lock("overtaken")
    own, other = ln.Artifact.objects.order_by("id").values_list("id", flat=True)[:2]
    soon = patch.object(exclusive, "LOCK_SECONDS", 0.2)
    with soon, closing(psycopg2.connect(address)) as hers, hers.cursor() as person:
        hers.autocommit = True
        person.execute("set lock_timeout = '0.1s'")
        for edited in (own, own, other, own):
            tell(person, own, edited)
        hers.autocommit = False
        person.execute(EDIT, [other])
        for _ in range(2):
            tell(person, own, None)


def tell(person: Any, own: int, edited: int | None) -> None:
    her_end, our_end = "nothing", "written"
    try:
        with exclusive.transaction_beside_others([TABLE]):
            ln.Artifact.objects.get(id=own)
            if edited is not None:
                her_end = edit(person, edited)
            ln.Artifact.objects.filter(id=own).update(description="ours")
    except OperationalError as error:
        our_end = str(error).splitlines()[0]
    except OutageError as error:
        our_end = str(error)
    sys.stdout.write(f"{her_end} | {our_end}\n")


def edit(person: Any, key: int) -> str:
    try:
        person.execute(EDIT, [key])
    except LockNotAvailable:
        return "waits"
    return "written"

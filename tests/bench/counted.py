"""`python -m tests.bench.counted RESULT MODULE ARGUMENT...`: a module with its SQL counted.

Runs the module as `python -m` would; writes the number of SQL statements to RESULT at its end.
"""

import json
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db.backends.signals import connection_created

from . import working

SAVEPOINTS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


class Counter:
    """Statements of all connections of this process; those about transactions aren't any."""

    def __init__(self) -> None:
        self.statements = 0

    def watch(self, connection: Any, **_: object) -> None:
        """Counts from now on what the connection executes."""
        if self not in connection.execute_wrappers:
            connection.execute_wrappers.append(self)

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self.statements += not sql.startswith(SAVEPOINTS)
        return execute(sql, params, many, context)


def main(result: str, module: str, *arguments: str) -> None:
    """Runs the module, then says what was counted, however it ended."""
    counter = Counter()
    connection_created.connect(counter.watch)
    if working.NOTES in os.environ:
        working.watch()
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        Path(result).write_text(json.dumps({"statements": counter.statements}))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""How every command says a refusal and ends when it is told to. Must load in no time."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import rich_click as click

from runners.contract import ContractError
from runners.run.stopping import ends_in_time

WRONG_INPUT = 2


def with_clear_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Bad input is one sentence on standard error and exit code 2, never a traceback."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            with ends_in_time():
                command(*args, **kwargs)
        except ContractError as error:
            click.echo(str(error), err=True)
            sys.exit(WRONG_INPUT)

    return wrapped

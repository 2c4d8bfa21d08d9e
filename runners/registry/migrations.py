"""Whether the instance's tables are those that the installed lamindb and its modules write.

LaminDB itself only hints at it. Reads the database's list of applied migrations; Django must be set
up, and nothing may have been written yet.
"""

from collections.abc import Collection
from importlib.metadata import version

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from runners.contract import ContractError

MODULES = ("lamindb", "bionty", "pertdb")
"""Those whose tables we write; an instance may have others."""

Migration = tuple[str, str]
"""A module and the name of one of its migrations, which begins with its number."""


class OtherTablesError(ContractError):
    """The instance is older or newer than what is installed here."""


def require_same(slug: str) -> None:
    """Refuses an instance that is older or newer than what is installed here.

    Raises:
        OtherTablesError: it is; the migration and both remedies are named.
    """
    loader = MigrationLoader(connection)
    leaves = [leaf for leaf in loader.graph.leaf_nodes() if leaf[0] in MODULES]
    known = {*loader.disk_migrations, *_replaced(loader)}
    if newer := _newer(loader.applied_migrations, known, leaves):
        module, name = newer[-1]
        raise OtherTablesError(
            f"instance {slug!r}: its database has the migration {name} of {module}, which "
            f"{module} {version(module)} here doesn't know; install the {module} that the instance "
            "was migrated with."
        )
    missing = [leaf for leaf in leaves if leaf not in loader.applied_migrations]
    if missing:
        module, name = missing[0]
        raise OtherTablesError(
            f"instance {slug!r}: its database lacks the migration {name} of {module} "
            f"{version(module)}; let its administrator run `lamin migrate deploy`, or install the "
            f"{module} that the instance was migrated with."
        )


def _replaced(loader: MigrationLoader) -> Collection[Migration]:
    squashed = loader.disk_migrations.values()
    return {old for migration in squashed for old in migration.replaces}


def _newer(
    applied: Collection[Migration], known: Collection[Migration], leaves: Collection[Migration]
) -> list[Migration]:
    """Those that come after what is known; lower numbers are of squashed ones that are gone."""
    last = {module: _number(name) for module, name in leaves}
    return sorted(
        (module, name)
        for module, name in applied
        if module in last and (module, name) not in known and _number(name) >= last[module]
    )


def _number(name: str) -> int:
    digits = name.partition("_")[0]
    return int(digits) if digits.isdigit() else 0

"""Connects this process to a LaminDB instance by its slug, or creates a local one.

Must not register anything.
"""

import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from runners import settings
from runners.contract import ContractError, disk
from runners.registry import failures
from runners.run.stopping import StoppedError

NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)


def create(
    name: str,
    storage: Path,
    database: str | None = None,
    modules: Collection[str] = ("bionty",),
) -> str:
    """The slug of a local instance with its default storage in `storage`, made if absent, with
    these modules of LaminDB's.

    It is kept in SQLite there, or in the PostgreSQL `database` (an address with 127.0.0.1: LaminDB
    takes a socket for remote). LaminDB's settings go where LAMIN_SETTINGS_DIR says, else to the
    user's home.

    Raises:
        ContractError: the name is none, or LaminDB refuses folder, database or modules.
    """
    if NAME.fullmatch(name) is None:
        raise ContractError(
            f"instance {name!r}: is no such name; take letters, digits, and . _ - within."
        )
    import lamindb_setup

    lamindb_setup.logger.set_verbosity(0)
    slug = f"anonymous/{name}"
    root, known = str(storage.resolve()), _storage_of(slug)  # before the folder is changed to
    if known not in (None, root):
        raise ContractError(
            f"instance {slug!r}: is there already, with its storage in {known}; name that folder, "
            "or another NAME."
        )
    if known is None:
        storage.mkdir(parents=True, exist_ok=True)
        try:
            # `init` writes a .lamin folder where it is called
            with _inside(storage), failures.explained(is_connected=False):
                lamindb_setup.init(
                    storage=root,
                    name=name,
                    modules=",".join(sorted(modules)),
                    db=database,
                )
        except (Exception, SystemExit) as error:
            if not _is_refusal(error):
                raise
            raise ContractError(
                f"instance {slug!r}: can't be made in {storage} ({_reason(error)}); "
                f"{_remedy(error)}, and run it again."
            ) from error
    return slug


def connect(slug: str) -> None:
    """Makes `slug` (owner/name) this process's instance; nothing is written to one that is older
    or newer than what is installed here.

    Raises:
        ContractError: there is none of that name, its tables are others, or the process has another
            instance already; as an OutageError where its database does not answer.
    """
    owner, _, name = slug.partition("/")
    if not owner or not name:
        raise ContractError(
            f"instance {slug!r}: is not owner/name; write e.g. laminlabs/cellxgene."
        )
    # else LaminDB has the registries of bionty alone, whatever modules the instance has
    os.environ["LAMIN_CURRENT_INSTANCE"] = slug
    try:
        with failures.explained(is_connected=False):
            connected = _open(slug)
    except (Exception, SystemExit) as error:  # LaminDB ends the process without a database
        if not _is_refusal(error):
            raise
        raise ContractError(
            f"instance {slug!r}: can't be connected to ({_reason(error)}). What LaminDB knows of "
            f"instances and logins is read from {_settings_folder()}; say LAMIN_SETTINGS_DIR where "
            "it lies elsewhere, name another instance, or log in by `lamin login`."
        ) from error
    if connected.slug != slug:
        raise ContractError(
            f"instance {slug!r}: this process is connected to {connected.slug!r}; "
            "unset LAMIN_CURRENT_INSTANCE or name that instance."
        )
    if owner == "anonymous":
        # else saving a Storage asks LaminHub over the network whether it knows the instance
        connected._is_on_hub = False


def _open(slug: str) -> Any:
    """LaminDB's settings of the instance, once it is connected to."""
    import lamindb_setup

    from runners.registry import waiting  # psycopg2, which takes a moment

    lamindb_setup.logger.set_verbosity(0)  # else it says so where we print
    waiting.begin()
    import lamindb as ln
    from lamindb_setup.core import django

    from runners.registry import migrations, session  # need Django's settings

    ln.settings.verbosity = "error"
    # before LaminDB writes who connects; SQLite would make a database that isn't there
    if is_checked := django.IS_SETUP and _is_there(ln.setup.settings.instance, slug):
        migrations.require_same(slug)
    ln.connect(slug)
    if not is_checked:
        migrations.require_same(slug)
    session.prepare()
    ln.settings.creation.search_names = False  # a search for similar names per new record
    return ln.setup.settings.instance


def _is_there(instance: Any, slug: str) -> bool:
    """False of another instance, or of one on SQLite without its file."""
    if instance.slug != slug:
        return False
    return bool(instance.dialect != "sqlite" or instance._sqlite_file_local.exists())


def _is_refusal(error: BaseException) -> bool:
    """Whether it is LaminDB's own, rather than a sentence already, a signal, or the disk's."""
    if isinstance(error, ContractError | StoppedError):
        return False
    return not (isinstance(error, OSError) and disk.explained(error))


def _reason(error: BaseException) -> str:
    """What LaminDB says, in a line; of a field of a wrong form, which it is, without its value."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{one['loc'][0]}: {one['msg']}".rstrip(" :") for one in error.errors())
    lines = str(error).strip().splitlines()
    return _without_key(lines[0].rstrip(".") if lines else type(error).__name__)


def _remedy(error: BaseException) -> str:
    """What corrects a new instance that LaminDB refuses."""
    from lamindb_setup.errors import StorageAlreadyManaged

    if isinstance(error, StorageAlreadyManaged):
        return "name a folder that is no other instance's"
    if isinstance(error, ImportError):
        return "name in --modules what is installed"
    if isinstance(error, ValidationError):
        return "give --db as postgresql://USER:PASSWORD@127.0.0.1:PORT/DATABASE"
    return "correct NAME, STORAGE, --db or --modules"


def _without_key(text: str) -> str:
    """The text as it may be logged: LaminDB logs in with the key that the environment holds."""
    key = settings.from_environment().lamin_api_key
    return text.replace(key, "(API key)") if key else text


def _settings_folder() -> Path:
    from lamindb_setup.core._settings_store import settings_dir

    return Path(settings_dir)


def _storage_of(slug: str) -> str | None:
    """The root of the default storage, as LaminDB knows it here; None of what it doesn't know."""
    from lamindb_setup.core._settings_store import InstanceSettingsStore, instance_settings_file

    owner, _, name = slug.partition("/")
    file = instance_settings_file(name, owner)
    if not file.exists():
        return None
    return str(InstanceSettingsStore.from_env_file(file, "lamindb_instance_").storage_root)


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)

"""Where runs are kept, as `doctor` sees it from here."""

import shlex
from pathlib import Path
from tempfile import NamedTemporaryFile

from bot.doctor.lines import missing, ok, unknown
from bot.model.limits import MACHINES
from bot.settings import LAUNCH_FILE, Settings
from runners.contract import Health, PartHealth

S3 = "s3://"
OTHER = "export BOT_RUNS=FOLDER"


def may_launch(settings: Settings) -> bool:
    """Whether there is, or must be, a launch.toml, by which AWS is looked at."""
    return settings.launcher in MACHINES or bool(settings.launch_toml) or LAUNCH_FILE.is_file()


def kept_in_folder(folder: Path) -> PartHealth:
    """Where a bot without GitHub keeps its runs, which it makes when there is one."""
    there = next(place for place in (folder, *folder.resolve().parents) if place.exists())
    return _written(folder, there, "export BOT_HOME=FOLDER")


def kept(settings: Settings) -> PartHealth:
    """Where a repository's runs are kept, by its settings."""
    if settings.launcher in MACHINES:
        return unknown("AWS", "it wasn't looked at; do:", "python -m bot doctor --aws")
    if settings.runs is None:
        return ok("runs", "they are kept as artifacts of their workflow runs.")
    if settings.runs.startswith(S3):
        sentence = f"whether {settings.runs} can be written wasn't tried; do:"
        return unknown("runs", sentence, "python -m bot doctor --aws")
    folder = Path(settings.runs)
    if not folder.exists():
        above = next(place for place in folder.resolve().parents if place.exists())
        found = _written(folder, above, OTHER)
        if found.health is not Health.OK:
            return found
        sentence = f"the folder {folder} isn't there; make it:"
        return missing("runs", sentence, f"mkdir -p {shlex.quote(str(folder))}")
    return _written(folder, folder, OTHER)


def _written(folder: Path, there: Path, other: str) -> PartHealth:
    """Whether a file can be written `there`, where the folder is or is to be, and read back: rights
    alone don't say it, above all not root's. `other` is what names another folder.
    """
    text = "doctor"
    try:
        with NamedTemporaryFile("w+", prefix=".doctor-", dir=there, encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if Path(file.name).read_text(encoding="utf-8") == text:
                return ok("runs", f"they are kept in the folder {folder}.")
            why = "what was read isn't what was written"
    except PermissionError:
        sentence = f"they are kept in the folder {folder}, and {there} can't be written; allow it:"
        return missing("runs", sentence, f"chmod u+wx {shlex.quote(str(there))}")
    except OSError as error:
        why = error.strerror or type(error).__name__
    sentence = f"they are kept in the folder {folder}, and {there} can't be written ({why}); name"
    return missing("runs", f"{sentence} another:", other)

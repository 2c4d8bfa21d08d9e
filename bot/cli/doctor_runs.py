"""Where runs are kept, as `doctor` sees it from here."""

import os
import shlex
from pathlib import Path

from bot.doctor.lines import missing, ok, unknown
from bot.model.limits import MACHINES
from bot.settings import Settings
from runners.contract import PartHealth


def kept_in_folder(folder: Path) -> PartHealth:
    """Where a bot without GitHub keeps its runs, which it makes when there is one."""
    there = next(place for place in (folder, *folder.resolve().parents) if place.exists())
    if os.access(there, os.W_OK | os.X_OK):
        return ok("runs", f"they are kept in the folder {folder}.")
    sentence = f"they are kept in the folder {folder}, and {there} can't be written; allow it:"
    return missing("runs", sentence, f"chmod u+wx {shlex.quote(str(there))}")


def kept(settings: Settings) -> PartHealth:
    """Where a repository's runs are kept, by its settings."""
    if settings.launcher in MACHINES:
        return unknown("AWS", "it wasn't looked at; do:", "python -m bot doctor --aws")
    if settings.runs is None:
        return ok("runs", "they are kept as artifacts of their workflow runs.")
    if settings.runs.startswith("s3://"):
        sentence = f"whether {settings.runs} can be written shows when it is tried:"
        return unknown("runs", sentence, "python -m bot doctor --aws")
    if not Path(settings.runs).is_dir():
        sentence = f"the folder {settings.runs} isn't there; make it:"
        return missing("runs", sentence, f"mkdir -p {shlex.quote(settings.runs)}")
    if not os.access(settings.runs, os.W_OK | os.X_OK):
        sentence = f"the folder {settings.runs} can't be written; allow it:"
        return missing("runs", sentence, f"chmod u+wx {shlex.quote(settings.runs)}")
    return ok("runs", f"they are kept in the folder {settings.runs}.")

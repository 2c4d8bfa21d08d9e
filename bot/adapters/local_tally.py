"""How many looks have failed in a row, in a small file. Stands in for a file beside the runs."""

import json
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.files import write


@dataclass(frozen=True, slots=True)
class LocalTally:
    """A file that is missing or broken counts as nothing having failed."""

    file: Path

    def failures(self) -> int:
        try:
            found = json.loads(self.file.read_text(encoding="utf-8"))["failed_in_a_row"]
        except (OSError, ValueError, TypeError, KeyError):
            return 0
        return found if isinstance(found, int) and found > 0 else 0

    def count(self, failures: int) -> None:
        if failures != self.failures():
            write(self.file, json.dumps({"failed_in_a_row": failures}) + "\n")

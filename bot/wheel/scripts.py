"""The programs `cxg-bot` and `cxg-ingest` of the wheel, where this is `cxg_ingestion_bot`.

The packages `bot` and `runners` lie in a folder beside it. Only these programs and what they start
have that folder on their path: everybody else's packages of these names stay what they are.
"""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

CODE = Path(__file__).with_name("code")


def bot() -> None:
    """As `python -m bot` in a checkout."""
    _prepare("bot")
    import_module("bot.__main__").cli(prog_name="cxg-bot")


def ingest() -> None:
    """As `python -m runners` in a checkout."""
    _prepare("ingest")
    import_module("runners.cli.commands").main(prog_name="cxg-ingest")


def _prepare(extra: str) -> None:
    """Gives this process and those that it starts the packages, and a place for reference data."""
    if missing := [name for name in ("pydantic", "rich_click") if find_spec(name) is None]:
        sys.exit(
            f"{missing[0]} isn't installed; install this program with its packages: "
            f"cellxgene-ingestion-bot[{extra}]."
        )
    sys.path.insert(0, str(CODE))
    paths = [str(CODE), os.environ.get("PYTHONPATH")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for name in ("reference", "canary"):
        if not os.environ.get(name.upper()):
            os.environ[name.upper()] = str(cache / "cellxgene-ingestion-bot" / name)

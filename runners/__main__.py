"""The command line: `python -m runners --help`."""

import sys

try:
    from runners.cli.commands import NAMES, main
except ModuleNotFoundError as error:
    sys.exit(
        f"{sys.executable}: {error}; do `make setup` in the checkout, and call .venv/bin/python or "
        "activate .venv"
    )

if __name__ == "__main__":
    main(prog_name=NAMES[0])

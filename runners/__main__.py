"""The command line: `python -m runners --help`."""

from runners.cli.commands import NAMES, main

if __name__ == "__main__":
    main(prog_name=NAMES[0])

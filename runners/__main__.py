"""The command line: `python -m runners --help`."""

from runners.cli.commands import NAME, main

if __name__ == "__main__":
    main(prog_name=NAME)

"""Prints a part of the reference, as the site has it: `make reference PART=NAME`."""

import sys

import click
from hooks import PARTS


def main(name: str) -> int:
    """Prints the part of this name; without one that there is, which there are."""
    if name not in PARTS:
        click.echo(f"PART: say one of: {', '.join(map(repr, PARTS))}.", err=True)
        return 2
    click.echo(PARTS[name]())
    return 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
